/* SPDX-License-Identifier: MIT */
#include "extract/builder.h"
#include "extract/entity.h"
#include "extract/field.h"

enum { PIECE = 4096 }; /* of a text, for which room is made at a time */

/* Where words go: the block's text, or the page's title. */
struct sink {
	struct builder *b;
	struct buf *to;
	char *w; /* next byte; there is room */
	bool text;
};

/* The space that is due; links side by side are words of their own. */
static inline void
put_gap(struct sink *k)
{
	struct builder *b = k->b;
	size_t at = (size_t)(k->w - k->to->p);

	if ((b->space || (b->after_link && b->link)) && at &&
	    !(k->text && at == b->start) && k->w[-1] != '\n')
		*k->w++ = ' ';
	b->space = b->after_link = false;
}

static inline void
count_link(struct sink *k, size_t n)
{
	if (k->b->link && k->text)
		k->b->link_bytes += (uint32_t)n;
}

static void
put_few(struct sink *k, const char *s, size_t n)
{
	if (!n)
		return;
	put_gap(k);
	memcpy(k->w, s, n);
	k->w += n;
	count_link(k, n);
}

/* Bytes that need no thought. */
static inline bool
is_plain(unsigned char c)
{
	return c > ' ' && c != '&' && c != 0xc2;
}

/* Behind the blanks at s, of which there are often many: pages are indented. */
static const char *
skip_blanks(const char *s, const char *end)
{
	static const char eight[8] = { ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ' };

	while (end - s >= 8 && memcmp(s, eight, 8) == 0)
		s += 8;
	while (s < end && (unsigned char)*s <= ' ' && *s)
		s++;
	return s;
}

static const char *
put_run(struct sink *k, const char *s, const char *end)
{
	const char *p = s;

	put_gap(k);
	do
		*k->w++ = *p++;
	while (p < end && is_plain((unsigned char)*p));
	count_link(k, (size_t)(p - s));
	return p;
}

/* A character of two bytes below U+00C0: s[0] is 0xc2. */
static size_t
put_latin(struct sink *k, const char *s, size_t n)
{
	unsigned char c = n > 1 ? (unsigned char)s[1] : 0;
	const char *as;

	if (c == 0xa0) {
		k->b->space = true;
	} else if (c >= 0x80 && c < 0xa0) { /* meant as windows-1252 */
		as = entity_c1(c);
		put_few(k, as, strlen(as));
	} else {
		put_few(k, s, n < 2 ? 1 : 2);
	}
	return n < 2 ? 1 : 2;
}

static size_t
put_reference(struct sink *k, struct str s, bool refs)
{
	char text[ENTITY_BYTES];
	size_t n, used = refs ? entity_read(s, ENTITY_TEXT, text, &n) : 0;

	if (!used)
		put_few(k, s.p, 1);
	else if ((unsigned char)text[0] <= ' ')
		k->b->space = true;
	else if ((unsigned char)text[0] == 0xc2)
		put_latin(k, text, n);
	else
		put_few(k, text, n);
	return used ? used : 1;
}

/* From s up to `stop`, or a little farther, but not behind `end`. */
static const char *
put_piece(
    struct sink *k, const char *s, const char *stop, const char *end, bool refs)
{
	while (s < stop) {
		unsigned char c = (unsigned char)*s;

		if (is_plain(c)) {
			s = put_run(k, s, stop);
		} else if (c == 0) {
			s++;
		} else if (c <= ' ') {
			k->b->space = true;
			s = skip_blanks(s + 1, stop);
		} else if (c == '&') {
			s += put_reference(
			    k, (struct str){ s, (size_t)(end - s) }, refs);
		} else {
			s += put_latin(k, s, (size_t)(end - s));
		}
	}
	return s;
}

static void
put_words(struct builder *b, struct str s, bool refs)
{
	struct sink k = { .b = b, .text = !b->title };
	const char *p = s.p, *end = s.p + s.n, *stop;

	k.to = k.text ? &b->page->text : &b->page->title;
	while (p < end) {
		stop = end - p > PIECE ? p + PIECE : end;
		/* Twice: no character grows by more. */
		k.w = buf_room(k.to, 2 * (size_t)(stop - p) + 2 * ENTITY_BYTES);
		if (!k.w)
			return;
		p = put_piece(&k, p, stop, end, refs);
		k.to->n = (size_t)(k.w - k.to->p);
	}
}

/* White space stays; line ends become LF. */
static void
put_pre(struct builder *b, struct str s, bool refs)
{
	struct buf *t = &b->page->text;
	size_t n, used, before = t->n;
	char text[ENTITY_BYTES];

	if (t->n == b->start) { /* the newline behind <pre> is none */
		s.n -= str_starts(s, STR("\r\n"));
		s.p += str_starts(s, STR("\r\n"));
		s.n -= str_starts(s, STR("\n"));
		s.p += str_starts(s, STR("\n"));
	}
	while (s.n) {
		for (n = 0;
		     n < s.n && s.p[n] != '&' && s.p[n] != '\r' && s.p[n]; n++)
			;
		buf_put(t, s.p, n);
		s.p += n;
		s.n -= n;
		if (!s.n)
			break;
		used = refs && s.p[0] == '&'
			   ? entity_read(s, ENTITY_TEXT, text, &n)
			   : 0;
		if (used)
			buf_put(t, text, n);
		else if (s.p[0] == '&')
			buf_putc(t, '&');
		else if (s.p[0] == '\r' && (s.n < 2 || s.p[1] != '\n'))
			buf_putc(t, '\n');
		used = used ? used : 1;
		s.p += used;
		s.n -= used;
	}
	if (b->link)
		b->link_bytes += (uint32_t)(t->n - before);
}

static void
put_formula(struct buf *to, struct str s, bool refs)
{
	if (refs)
		entity_decode(s, ENTITY_TEXT, to);
	else
		buf_str(to, s);
}

void
builder_text(struct builder *b, struct str s, bool refs)
{
	if (b->skip)
		return;
	if (b->math)
		put_formula(b->note ? &b->tex : &b->formula, s, refs);
	else if (b->pre && !b->title)
		put_pre(b, s, refs);
	else
		put_words(b, s, refs);
}

/* "{\\displaystyle x}", which Wikipedia writes, as "x". */
static struct str
bare_tex(struct str s)
{
	static const struct str style = STR("{\\displaystyle");

	s = field_trim(s);
	if (str_starts(s, style) && s.p[s.n - 1] == '}')
		s = field_trim(
		    (struct str){ s.p + style.n, s.n - style.n - 1 });
	return s;
}

/* As one word, whatever it holds. */
static void
put_whole(struct builder *b, struct str s)
{
	struct sink k = { .b = b, .text = !b->title };

	k.to = k.text ? &b->page->text : &b->page->title;
	k.w = buf_room(k.to, s.n + 1);
	if (!k.w || !s.n)
		return;
	put_few(&k, s.p, s.n);
	k.to->n = (size_t)(k.w - k.to->p);
}

void
builder_math(struct builder *b)
{
	struct str tex = bare_tex(buf_view(&b->tex));
	const char *mark = b->display ? "$$" : "$";

	if (!tex.n) {
		put_whole(b, field_trim(buf_view(&b->formula)));
		return;
	}
	buf_clear(&b->formula);
	buf_puts(&b->formula, mark);
	buf_str(&b->formula, tex);
	buf_puts(&b->formula, mark);
	put_whole(b, buf_view(&b->formula));
}
