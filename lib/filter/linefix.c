/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/text/english.h"
#include "base/text/lines.h"
#include "base/text/uni.h"
#include "base/text/utf8.h"
#include "filter/linefix.h"
#include "filter/spaces.h"

static int
add_line(struct linefix_result *r, struct str line, struct err *e)
{
	size_t cap = r->cap ? 2 * r->cap : 64;
	struct str *more;

	if (r->n == r->cap) {
		more = realloc(r->lines, cap * sizeof(*more));
		if (!more)
			return err_nomem(e, "a text");
		r->lines = more;
		r->cap = cap;
	}
	r->lines[r->n++] = line;
	return 0;
}

static int
part_lines(struct linefix_result *r, struct str text, struct err *e)
{
	const char *p = text.p ? text.p : "", *end = p + text.n, *stop;

	for (r->n = 0;; p = stop + 1) {
		stop = memchr(p, '\n', (size_t)(end - p));
		if (add_line(r,
			(struct str){ p, (size_t)((stop ? stop : end) - p) },
			e) < 0)
			return e->code;
		if (!stop)
			return 0;
	}
}

/* No white space around all lines. */
static void
strip(struct linefix_result *r)
{
	size_t from = 0;

	while (from < r->n && !text_lstrip(r->lines[from]).n)
		from++;
	while (r->n > from && !text_lstrip(r->lines[r->n - 1]).n)
		r->n--;
	r->n -= from;
	if (from)
		memmove(r->lines, r->lines + from, r->n * sizeof(*r->lines));
	if (!r->n)
		return;
	r->lines[0] = text_lstrip(r->lines[0]);
	r->lines[r->n - 1] = text_rstrip(r->lines[r->n - 1]);
}

/* Title case, neither upper nor lower. */
static bool
is_title(uint32_t cp)
{
	return cp == 0x1c5 || cp == 0x1c8 || cp == 0x1cb || cp == 0x1f2 ||
	       (cp >= 0x1f88 && cp <= 0x1faf && cp & 8) || cp == 0x1fbc ||
	       cp == 0x1fcc || cp == 0x1ffc;
}

/* Beyond ASCII. */
static bool
is_upper(uint32_t cp)
{
	return uni_lower(cp) != cp && !is_title(cp);
}

/* Decimal digits, and those that stand above, below, or in a circle; beyond
 * ASCII. */
static bool
is_digit(uint32_t cp)
{
	static const uint32_t runs[][2] = { { 0xb2, 0xb3 }, { 0xb9, 0xb9 },
		{ 0x1369, 0x1371 }, { 0x19da, 0x19da }, { 0x2070, 0x2070 },
		{ 0x2074, 0x2079 }, { 0x2080, 0x2089 }, { 0x2460, 0x2468 },
		{ 0x2474, 0x247c }, { 0x2488, 0x2490 }, { 0x24ea, 0x24ea },
		{ 0x24f5, 0x24fd }, { 0x24ff, 0x24ff }, { 0x2776, 0x277e },
		{ 0x2780, 0x2788 }, { 0x278a, 0x2792 }, { 0x10a40, 0x10a43 },
		{ 0x10e60, 0x10e68 }, { 0x11052, 0x1105a },
		{ 0x1f100, 0x1f10a } };
	size_t i;

	for (i = 0; i < sizeof(runs) / sizeof(*runs); i++)
		if (cp >= runs[i][0] && cp <= runs[i][1])
			return true;
	return uni_class(cp) & UNI_DIGIT;
}

/* Are more than `most` of the line's characters capitals, or digits? */
static bool
is_mostly(struct str line, bool digits, double most)
{
	/* Others may be no more than this, and one that hides rounding. */
	double others_most = (1 - most) * (double)line.n + 1;
	uint64_t others = 0, all = 0, limit;
	const char *p = line.p, *end = p + line.n;
	char low = digits ? '0' : 'A', high = digits ? '9' : 'Z';
	uint32_t cp;
	size_t len;

	limit = others_most < 0                ? 0
		: others_most < (double)line.n ? (uint64_t)others_most
					       : line.n;
	for (; p < end && others <= limit; p += len, all++) {
		len = 1;
		if ((unsigned char)*p < 0x80) {
			others += *p < low || *p > high;
			continue;
		}
		cp = utf8_get(p, end, &len);
		others += !(digits ? is_digit(cp) : is_upper(cp));
	}
	return p == end && all && (double)(all - others) / (double)all > most;
}

static bool
class_at(const char *p, const char *end, unsigned class, size_t *len)
{
	return english_class(utf8_get(p, end, len)) & class;
}

/* What is c in other letters: those whose lower case is, those that fold. */
enum alike { LOWER, FOLDED };

/* Bytes of the character at p if it is c, whatever its case; else 0. */
static size_t
matches(const char *p, const char *end, char c, enum alike alike)
{
	size_t len;
	uint32_t cp;

	if (p == end)
		return 0;
	cp = utf8_get(p, end, &len);
	if (cp >= 'A' && cp <= 'Z')
		cp |= 0x20;
	if (cp == (unsigned char)c)
		return len;
	if (c == 'k' && cp == 0x212a) /* the kelvin sign */
		return len;
	return alike == FOLDED && ((c == 'i' && (cp == 0x130 || cp == 0x131)) ||
				      (c == 's' && cp == 0x17f))
		   ? len
		   : 0;
}

static const char *
word_end(const char *p, const char *end, const char *word, enum alike alike)
{
	size_t len;

	for (; *word; word++, p += len)
		if (!(len = matches(p, end, *word, alike)))
			return NULL;
	return p;
}

static const char *
skip(const char *p, const char *end, unsigned class, bool while_is)
{
	size_t len;

	while (p < end && class_at(p, end, class, &len) == while_is)
		p += len;
	return p;
}

/* A number, perhaps k, m or b, white space, what is counted; marks around. */
static bool
is_counter(struct str line)
{
	static const char *const counted[] = { "likes", "shares", "comments",
		"retweets", "reposts", "quotes", "bookmarks", "upvotes",
		"downvotes", "downloads", "views", "followers" };
	const char *p = line.p, *end = p + line.n, *q;
	size_t i, len;

	p = skip(p, end, ENG_WORD, false);
	if (p == end || !class_at(p, end, ENG_DIGIT, &len))
		return false;
	while (p < end &&
	       (*p == ',' || *p == '.' || class_at(p, end, ENG_DIGIT, &len)))
		p += *p == ',' || *p == '.' ? 1 : len;
	if ((len = matches(p, end, 'k', LOWER)) ||
	    (len = matches(p, end, 'm', LOWER)) ||
	    (len = matches(p, end, 'b', LOWER)))
		p += len;
	for (q = p; p < end && text_is_space(utf8_get(p, end, &len));)
		p += len;
	for (i = 0; p > q && i < sizeof(counted) / sizeof(*counted); i++) {
		const char *behind = word_end(p, end, counted[i], LOWER);

		if (behind && skip(behind, end, ENG_WORD, false) == end)
			return true;
	}
	return false;
}

/* The fraction of a text's words that isn't left. */
static double
removed_of(struct str text, struct str left)
{
	double before = (double)count_begun(text, UINT64_MAX);

	return (before - (double)count_begun(left, UINT64_MAX)) / before;
}

/* White space, of one character, before p or at p; or p. */
static const char *
before_space(const char *start, const char *p)
{
	const char *q = p;
	size_t len;

	if (p == start)
		return p;
	do
		q--;
	while (q > start && ((unsigned char)*q & 0xc0) == 0x80);
	return text_is_space(utf8_get(q, p, &len)) ? q : p;
}

static const char *
behind_space(const char *p, const char *end)
{
	size_t len;

	return p < end && text_is_space(utf8_get(p, end, &len)) ? p + len : p;
}

/* "items in cart" and a space before it, all of them; *out may move. */
static void
drop_cart(struct str *line, struct buf *out)
{
	const char *p = line->p, *end = p + line->n, *from = p, *q, *cut;
	size_t start = out->n, len;

	for (; p < end; p += len) {
		utf8_get(p, end, &len);
		q = word_end(p, end, "items in cart", FOLDED);
		if (!q)
			continue;
		cut = before_space(from, p);
		buf_put(out, from, (size_t)(cut - from));
		from = q;
		len = (size_t)(q - p);
	}
	if (from == line->p)
		return;
	buf_put(out, from, (size_t)(end - from));
	*line = (struct str){ out->p + start, out->n - start };
}

/* "read more" and three characters at the end. */
static struct str
drop_more(struct str line)
{
	const char *p = line.p, *end = p + line.n, *q;
	size_t i, len;

	for (; p < end; p += len) {
		utf8_get(p, end, &len);
		q = word_end(p, end, "read more", FOLDED);
		for (i = 0; q && q < end && i < 3; i++, q += len)
			utf8_get(q, end, &len);
		if (q == end && i == 3)
			return (struct str){ line.p,
				(size_t)(before_space(line.p, p) - line.p) };
		utf8_get(p, end, &len);
	}
	return line;
}

static struct str
drop_sign_in(struct str line)
{
	const char *end = line.p + line.n;
	const char *q = word_end(line.p, end, "sign-in", FOLDED);

	if (!q)
		return line;
	q = behind_space(q, end);
	return (struct str){ q, (size_t)(end - q) };
}

/* Do the letters a and b of ASCII stand behind each other, whatever their
 * case? */
static bool
has_pair(struct str line, unsigned char a, unsigned char b)
{
	const char *end = line.p + line.n;

	return bytes_pair(line.p, end, a, b, 0x20) < end;
}

enum edit { CART, MORE_DOTS, SIGN_IN };

/* May there be something to edit?  Tells by letters that are of ASCII in any
 * case. */
static bool
may_edit(struct str line, enum edit what)
{
	switch (what) {
	case CART:
		return has_pair(line, 'c', 'a');
	case MORE_DOTS:
		return has_pair(line, 'm', 'o');
	default:
		return word_end(line.p, line.p + line.n, "sign-in", FOLDED);
	}
}

/* False if nothing is left of a line that had something. */
static bool
edit_line(struct str *line, enum edit what, uint32_t most, struct buf *out)
{
	if (!line->n)
		return true;
	if (may_edit(*line, what) && !has_words(*line, (uint64_t)most + 1)) {
		if (what == CART)
			drop_cart(line, out);
		else
			*line = what == MORE_DOTS ? drop_more(*line)
						  : drop_sign_in(*line);
	}
	return text_lstrip(*line).n != 0;
}

static bool
stays(const struct linefix *f, struct str line, int step)
{
	switch (step) {
	case 0:
		return !is_mostly(line, false, f->upper);
	case 1:
		return !is_mostly(line, true, f->digits);
	case 2:
		return !is_counter(line);
	default:
		return !line.n || has_words(line, f->words);
	}
}

/* Steps 1 to 4, then 5's three; false when nothing is left. */
static bool
correct(const struct linefix *f, struct linefix_result *r)
{
	size_t i, n;
	int step;
	bool stay;

	for (step = 0; step < 7; step++) {
		for (n = i = 0; i < r->n; i++) {
			stay = step < 4 ? stays(f, r->lines[i], step)
					: edit_line(&r->lines[i],
					      (enum edit)(step - 4), f->edit,
					      &r->edits);
			if (stay)
				r->lines[n++] = r->lines[i];
		}
		r->n = n;
		if (step != 3)
			strip(r);
		if (!r->n || (r->n == 1 && !r->lines[0].n))
			return false;
	}
	return true;
}

static void
reject(struct linefix_result *r, const char *reason, double value,
    double threshold)
{
	r->reason = reason;
	r->value = value;
	r->threshold = threshold;
}

int
linefix_clean(const struct linefix *f, struct str text,
    struct linefix_result *r, struct err *e)
{
	double removed;
	size_t i;

	r->reason = NULL;
	r->left = text;
	r->changed = false;
	buf_clear(&r->text);
	buf_clear(&r->edits);
	/* Edits must not move. */
	if (!buf_room(&r->edits, text.n + 1))
		return err_nomem(e, "a text");
	if (part_lines(r, text, e) < 0)
		return e->code;
	if (!correct(f, r) || !count_begun(text, 1)) {
		reject(r, "empty", 0, 0);
		return 0;
	}
	for (i = 0; i < r->n; i++) {
		if (i)
			buf_putc(&r->text, '\n');
		buf_str(&r->text, r->lines[i]);
	}
	if (buf_ok(&r->text, e) < 0 || buf_ok(&r->edits, e) < 0)
		return e->code;
	r->left = buf_view(&r->text);
	r->changed = !str_eq(r->left, text);
	removed = r->changed ? removed_of(text, r->left) : 0;
	if (removed > f->removed)
		reject(r, "corrected", removed, f->removed);
	return 0;
}

void
linefix_free(struct linefix_result *r)
{
	free(r->lines);
	buf_free(&r->text);
	buf_free(&r->edits);
}
