/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/text/english.h"
#include "base/text/lines.h"
#include "base/text/punkt.h"
#include "base/text/utf8.h"

struct case_run {
	uint32_t first, last, step;
};
#include "base/text/punkt.def"

/* In which places, and how written, a word stood in the model's text. */
enum {
	BEGINS_UPPER = 2,
	WITHIN_UPPER = 4,
	ANY_UPPER = 8,
	BEGINS_LOWER = 16,
	WITHIN_LOWER = 32,
	ANY_LOWER = 64,
	UPPER = BEGINS_UPPER | WITHIN_UPPER | ANY_UPPER,
	LOWER = BEGINS_LOWER | WITHIN_LOWER | ANY_LOWER
};

static bool
one_of(char c, const char *set, size_t n)
{
	return memchr(set, c, n) != NULL;
}
#define ONE_OF(c, set) one_of(c, set, sizeof(set) - 1)

static inline bool
space_at(const char *p, const char *end, size_t *len)
{
	*len = 1;
	if ((unsigned char)*p > ' ' && (unsigned char)*p < 0x80)
		return false;
	return text_is_space(utf8_get(p, end, len));
}

/* No word holds these. */
static inline bool
parts_words(char c)
{
	static const bool parts[256] = { [')'] = true,
		['"'] = true,
		[';'] = true,
		['}'] = true,
		[']'] = true,
		['*'] = true,
		[':'] = true,
		['@'] = true,
		['\''] = true,
		['('] = true,
		['{'] = true,
		['['] = true,
		['!'] = true,
		['?'] = true };

	return parts[(unsigned char)c];
}

/* Most differ in their first byte. */
static inline int
compare(struct str a, struct str b)
{
	int c = (unsigned char)*a.p - (unsigned char)*b.p;

	return c ? c : str_cmp(a, b);
}

static bool
in_list(const struct str *list, size_t n, struct str s)
{
	size_t low = 0, mid;
	int c;

	if (!s.n)
		return false;
	while (low < n) {
		mid = low + (n - low) / 2;
		c = compare(s, list[mid]);
		if (c == 0)
			return true;
		if (c < 0)
			n = mid;
		else
			low = mid + 1;
	}
	return false;
}
#define IN_LIST(list, s) in_list(list, sizeof(list) / sizeof(*(list)), s)

/* What the model knows of a word: a record is the word, flags, a space. */
static unsigned
context_of(struct str word)
{
	const char *low = contexts, *high = contexts + sizeof(contexts) - 1;
	const char *at, *stop;
	int c;

	while (low < high) {
		for (at = low + (high - low) / 2; at > low && at[-1] != ' ';)
			at--;
		stop = strchr(at, ' ');
		c = str_cmp(word, (struct str){ at, (size_t)(stop - 1 - at) });
		if (c == 0)
			return (unsigned)(stop[-1] - '0') * 2;
		if (c < 0)
			high = at;
		else
			low = stop + 1;
	}
	return 0;
}

static bool
in_runs(const struct case_run *runs, size_t n, uint32_t cp)
{
	size_t low = 0, mid;

	while (low < n) {
		mid = low + (n - low) / 2;
		if (cp < runs[mid].first)
			n = mid;
		else if (cp > runs[mid].last)
			low = mid + 1;
		else
			return (cp - runs[mid].first) % runs[mid].step == 0;
	}
	return false;
}

static bool
begins_upper(struct str s)
{
	size_t len;
	uint32_t cp = utf8_get(s.p, s.p + s.n, &len);

	return cp < 0x80 ? cp >= 'A' && cp <= 'Z'
			 : in_runs(upper_runs,
			       sizeof(upper_runs) / sizeof(*upper_runs), cp);
}

static bool
begins_lower(struct str s)
{
	size_t len;
	uint32_t cp = utf8_get(s.p, s.p + s.n, &len);

	return cp < 0x80 ? cp >= 'a' && cp <= 'z'
			 : in_runs(lower_runs,
			       sizeof(lower_runs) / sizeof(*lower_runs), cp);
}

/* Bytes of the dashes, or the dots that one white space may part, at p; or 0 */
static size_t
marks_at(const char *p, const char *end)
{
	const char *q = p, *last = p;
	size_t len, n = 0;

	if (*p != '-' && *p != '.')
		return 0;
	while (q < end && *q == *p)
		q++;
	if (q - p > 1)
		return (size_t)(q - p);
	if (*p == '-')
		return 0;
	/* q, behind a dot; last, the dot before that */
	for (; q < end && *q != '\n' && space_at(q, end, &len); n++) {
		if (q + len == end || q[len] != '.')
			break;
		last = q + len;
		q = last + 1;
	}
	return n >= 2 ? (size_t)(last + 1 - p) : 0;
}

/* Does a word end before p? */
static bool
word_ends(const char *p, const char *end)
{
	size_t len;

	if (p == end || parts_words(*p) || space_at(p, end, &len))
		return true;
	if (*p == ',' &&
	    (p + 1 == end || parts_words(p[1]) || space_at(p + 1, end, &len) ||
		marks_at(p + 1, end)))
		return true;
	return marks_at(p, end) != 0;
}

struct punkt_token {
	struct str s;
	bool abbreviation, ellipsis, ends; /* ... a sentence */
};

/* The next token from *p on; false at the end. */
static bool
next_token(const char **p, const char *end, struct punkt_token *t)
{
	const char *q = *p, *start;
	size_t len;

	while (q < end && space_at(q, end, &len))
		q += len;
	if (q == end)
		return false;
	start = q;
	len = marks_at(q, end);
	if (!len)
		utf8_get(q, end, &len);
	else
		goto done;
	if (!ONE_OF(*q, "(\"`{[:;&#*@)}]-,"))
		while (!word_ends(q + len, end)) {
			q += len;
			utf8_get(q, end, &len);
		}
done:
	q += len;
	*t = (struct punkt_token){ .s = { start, (size_t)(q - start) } };
	*p = q;
	return true;
}

static bool
is_digit_at(const char *p, const char *end, size_t *len)
{
	return english_class(utf8_get(p, end, len)) & ENG_DIGIT;
}

/* -?[.,]?\d[\d,.-]* */
static bool
is_number(struct str s)
{
	const char *p = s.p, *end = p + s.n;
	size_t len;

	p += p < end && *p == '-';
	p += p < end && (*p == '.' || *p == ',');
	if (p == end || !is_digit_at(p, end, &len))
		return false;
	for (p += len; p < end; p += len)
		if (!is_digit_at(p, end, &len) && !ONE_OF(*p, ",.-"))
			return false;
	return true;
}

/* One letter and a full stop. */
static bool
is_initial(struct str s)
{
	size_t len;
	unsigned c = english_class(utf8_get(s.p, s.p + s.n, &len));

	return len + 1 == s.n && s.p[len] == '.' && c & ENG_WORD &&
	       !(c & ENG_DIGIT);
}

enum { KEY = 64 };

/* As the model's lists have it: lower case, numbers alike; empty if long. */
static struct str
key_of(struct str s, char *key)
{
	size_t i, n = 0;

	if (s.n > KEY)
		return (struct str){ key, 0 };
	for (i = 0; i < s.n; i++) {
		if (s.n - i >= 3 && memcmp(s.p + i, "\xe2\x84\xaa", 3) == 0) {
			key[n++] = 'k'; /* the kelvin sign */
			i += 2;
			continue;
		}
		key[n++] = s.p[i] >= 'A' && s.p[i] <= 'Z'
			       ? (char)(s.p[i] | 0x20)
			       : s.p[i];
	}
	return (struct str){ key, n };
}

static struct str
type_of(struct str s, bool drop_stop, char *key)
{
	if (is_number(s))
		return STR("##number##");
	if (drop_stop && s.n > 1 && s.p[s.n - 1] == '.')
		s.n--;
	return key_of(s, key);
}

static bool
is_abbreviation(struct str s)
{
	char key[KEY];
	struct str k = key_of(s, key);
	size_t i;

	if (IN_LIST(abbreviations, k))
		return true;
	for (i = k.n; i > 0 && k.p[i - 1] != '-';)
		i--;
	return i && IN_LIST(abbreviations, ((struct str){ k.p + i, k.n - i }));
}

static void
look_alone(struct punkt_token *t)
{
	struct str s = t->s;
	bool stop = s.p[s.n - 1] == '.';

	if (s.n == 1 && ONE_OF(*s.p, ".?!")) {
		t->ends = true;
	} else if (s.n > 1 && stop && s.p[0] == '.' && s.p[1] == '.') {
		t->ellipsis = true;
	} else if (stop && s.p[s.n - 2] != '.') {
		t->abbreviation = is_abbreviation((struct str){ s.p, s.n - 1 });
		t->ends = !t->abbreviation;
	}
}

enum starts { NO, YES, MAYBE };

/* By how words are written: does this one begin a sentence? */
static enum starts
starts_sentence(const struct punkt_token *t, unsigned context)
{
	if (t->s.n == 1 && ONE_OF(*t->s.p, ";:,.!?"))
		return NO;
	if (begins_upper(t->s) && context & LOWER && !(context & WITHIN_UPPER))
		return YES;
	if (begins_lower(t->s) &&
	    (context & UPPER || !(context & BEGINS_LOWER)))
		return NO;
	return MAYBE;
}

static bool
is_collocation(struct str a, struct str b)
{
	char both[2 * KEY + 1];

	if (a.n > KEY || b.n > KEY)
		return false;
	memcpy(both, a.p, a.n);
	both[a.n] = '\t';
	memcpy(both + a.n + 1, b.p, b.n);
	return IN_LIST(collocations, ((struct str){ both, a.n + 1 + b.n }));
}

/* Does a sentence end between a and b? */
static bool
parts(const struct punkt_token *a, const struct punkt_token *b)
{
	char key[KEY], key2[KEY];
	struct str type, next;
	bool initial;
	enum starts s;
	unsigned context;

	if (a->s.p[a->s.n - 1] != '.')
		return a->ends;
	type = type_of(a->s, true, key);
	next = type_of(b->s, b->ends, key2);
	if (is_collocation(type, next))
		return false;
	initial = is_initial(a->s);
	/* What most are. */
	if (!a->abbreviation && !a->ellipsis && !initial &&
	    !str_eq(type, STR("##number##")))
		return a->ends;
	context = context_of(next);
	s = starts_sentence(b, context);
	if ((a->abbreviation || a->ellipsis) && !initial &&
	    (s == YES || (begins_upper(b->s) && IN_LIST(starters, next))))
		return true;
	if (!initial && !str_eq(type, STR("##number##")))
		return a->ends;
	if (s == NO)
		return false;
	if (s == MAYBE && initial && begins_upper(b->s) && !(context & LOWER))
		return false;
	return a->ends;
}

/* Does a sentence end in this stretch, before its last token? */
static bool
has_end(const char *p, const char *end)
{
	struct punkt_token a, b;

	if (!next_token(&p, end, &a))
		return false;
	for (look_alone(&a); next_token(&p, end, &b); a = b) {
		look_alone(&b);
		if (parts(&a, &b))
			return true;
	}
	return false;
}

/* A mark that may end a sentence, and what it is judged by. */
struct candidate {
	const char *word; /* starts here */
	const char *mark;
	const char *next; /* the next token, if white space is before it */
	const char *end;  /* of what is looked at */
};

/* What follows the mark: another mark, or white space and a token? */
static bool
look_behind(struct candidate *c, const char *end)
{
	const char *p = c->mark + 1;
	size_t len;

	c->next = NULL;
	if (p < end && parts_words(*p)) {
		c->end = p + 1;
		return true;
	}
	while (p < end && space_at(p, end, &len))
		p += len;
	if (p == c->mark + 1 || p == end)
		return false;
	for (c->next = p; p < end && !space_at(p, end, &len);)
		p += len;
	c->end = p;
	return true;
}

static int
add_sentence(struct punkt *s, const char *from, const char *to, struct err *e)
{
	size_t cap = s->cap ? 2 * s->cap : 64;
	struct str *more;

	if (s->n == s->cap) {
		more = realloc(s->v, cap * sizeof(*more));
		if (!more)
			return err_nomem(e, "sentences");
		s->v = more;
		s->cap = cap;
	}
	s->v[s->n++] = (struct str){ from, (size_t)(to - from) };
	return 0;
}

/* Where the word before a mark starts: the last one began at c->word. */
static const char *
word_before(const struct candidate *c, const char *mark)
{
	const char *p = mark;

	while (p > c->mark && p[-1] != ' ' && (unsigned char)(p[-1] - 9) > 4)
		p--;
	/* White space that comes first doesn't count. */
	return p > c->mark + 1 ? p : c->word;
}

/* End a sentence that began at *from at the mark, if one ends there. */
static int
try_end(struct punkt *s, const struct candidate *c, const char **from,
    struct err *e)
{
	if (!has_end(c->word, c->end))
		return 0;
	if (add_sentence(s, *from, c->mark + 1, e) < 0)
		return e->code;
	*from = c->next ? c->next : c->mark + 1;
	return 0;
}

/* The first . ? or ! from p on, or end. */
static inline const char *
next_mark(const char *p, const char *end)
{
	bytes v, hit;

	for (; end - p >= BYTES; p += BYTES) {
		v = bytes_load(p);
		hit = (bytes)((v == '.') | (v == '?') | (v == '!'));
		if (bytes_mask(hit))
			return p + bytes_first(hit);
	}
	while (p < end && *p != '.' && *p != '?' && *p != '!')
		p++;
	return p;
}

static int
find_sentences(struct punkt *s, struct str text, struct err *e)
{
	const char *p = text.p, *end = p + text.n, *from = p;
	struct candidate last = { .word = p, .mark = p }, now;
	bool any = false;

	for (p = next_mark(p, end); p < end; p = next_mark(p + 1, end)) {
		now.mark = p;
		if (!look_behind(&now, end))
			continue;
		now.word = word_before(&last, p);
		/* Of marks within one word, the last. */
		if (any && last.mark <= now.word &&
		    try_end(s, &last, &from, e) < 0)
			return e->code;
		last = now;
		any = true;
	}
	if (any && try_end(s, &last, &from, e) < 0)
		return e->code;
	text = text_rstrip(text);
	end = text.p + text.n;
	return add_sentence(s, from, end > from ? end : from, e);
}

/* Bytes of closing marks at the start of s that belong to what is before. */
static size_t
closing_marks(struct str s)
{
	size_t n = 0, len;

	while (n < s.n && ONE_OF(s.p[n], "\"')]}"))
		n++;
	if (n == 0 || n == s.n || space_at(s.p + n, s.p + s.n, &len))
		return n;
	return s.n - n >= 2 && s.p[n] == '-' && s.p[n + 1] == '-' ? n : 0;
}

/* Closing marks go to the sentence that they close; empty ones go. */
static void
realign(struct punkt *s)
{
	size_t i, n = 0, marks = 0, skip;
	struct str a, rest;

	for (i = 0; i < s->n; i++) {
		a = s->v[i];
		skip = marks < a.n ? marks : a.n;
		a = (struct str){ a.p + skip, a.n - skip };
		marks = 0;
		if (i + 1 < s->n && (skip = closing_marks(s->v[i + 1]))) {
			a.n = (size_t)(s->v[i + 1].p + skip - a.p);
			rest = s->v[i + 1];
			rest.p += skip;
			rest.n -= skip;
			marks = s->v[i + 1].n - text_lstrip(rest).n;
		}
		if (a.n)
			s->v[n++] = a;
	}
	s->n = n;
}

int
punkt_split(struct punkt *s, struct str text, struct err *e)
{
	s->n = 0;
	if (!text.n)
		return 0;
	if (find_sentences(s, text, e) < 0)
		return e->code;
	realign(s);
	return 0;
}

void
punkt_free(struct punkt *s)
{
	free(s->v);
	*s = (struct punkt){ 0 };
}
