/* SPDX-License-Identifier: MIT */
/* A text in tokens of each kind. */
#include <stdlib.h>

#include "base/bytes.h"
#include "base/err.h"
#include "filter/meter.h"
#include "filter/spaces.h"
#include "filter/unicode_words.h"

/* Room for `more` parts behind n. */
static inline int
parts_room(struct parts *x, size_t n, size_t more, struct err *e)
{
	size_t cap = tokens_more(x->cap);
	struct str *v;

	if (x->cap - n >= more)
		return 0;
	v = realloc(x->v, cap * sizeof(*v));
	if (!v)
		return err_nomem(e, "a text");
	x->v = v;
	x->cap = cap;
	return 0;
}

/* A stretch of text, a bit a byte: where is white space? */
enum { STRETCH = 64 };

/* May white space beyond ASCII begin with one of these bytes? */
static inline bytes
may_be_space(bytes v)
{
	return (bytes)((v == 0xc2) | (v - 0xe1 < 3));
}

/* Does some, by its bytes?  One or two behind the stretch count. */
static bool
has_other_space(const char *p, const char *end)
{
	bytes a, b, c, found = { 0 };
	int i;

	if (end - p < STRETCH + 2)
		return true;
	for (i = 0; i < STRETCH; i += BYTES) {
		a = bytes_load(p + i);
		b = bytes_load(p + i + 1);
		c = bytes_load(p + i + 2);
		found |= (bytes)(((a == 0xc2) & ((b == 0x85) | (b == 0xa0))) |
				 ((a == 0xe1) & (b == 0x9a)) |
				 ((a == 0xe2) &
				     ((c < 0x8b) | (c == 0x9f) |
					 ((c & 0xfe) == 0xa8) | (c == 0xaf))) |
				 ((a == 0xe3) & (b == 0x80) & (c == 0x80)));
	}
	return bytes_any(found);
}

static inline bytes
ascii_space(bytes v)
{
	return (bytes)((v == ' ') | (v - 9 < 5) | (v - 0x1c < 4));
}

/* The same byte by byte, and of what is beyond ASCII; *stop: behind the last
 * character; *n: of white space, counts on. */
static uint64_t
look_for_spaces(const char *p, const char *end, const char **stop, uint64_t *n)
{
	const char *at = p, *to = end - p > STRETCH ? p + STRETCH : end;
	uint64_t spaces = 0;
	size_t len;

	/* The rest of a character that is none. */
	while (at < to && ((unsigned char)*at & 0xc0) == 0x80)
		at++;
	for (; at < to; at += len)
		if (space_at(at, end, &len)) {
			spaces |= ((UINT64_C(1) << len) - 1) << (at - p);
			++*n;
		}
	*stop = at;
	return spaces;
}

/* Without the instruction, which not all processors have. */
static inline uint64_t
count_bits(uint64_t v)
{
	v -= v >> 1 & UINT64_C(0x5555555555555555);
	v = (v & UINT64_C(0x3333333333333333)) +
	    (v >> 2 & UINT64_C(0x3333333333333333));
	return ((v + (v >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f)) *
		   UINT64_C(0x0101010101010101) >>
	       56;
}

static inline uint64_t
find_spaces(const char *p, const char *end, const char **stop, uint64_t *n)
{
	bytes v, others = { 0 };
	uint64_t spaces = 0;
	int i;

	if (end - p < STRETCH)
		return look_for_spaces(p, end, stop, n);
	for (i = 0; i < STRETCH; i += BYTES) {
		v = bytes_load(p + i);
		others |= may_be_space(v);
		spaces |= (uint64_t)bytes_mask(ascii_space(v)) << i;
	}
	if (bytes_any(others) && has_other_space(p, end))
		return look_for_spaces(p, end, stop, n);
	*stop = p + STRETCH;
	*n += count_bits(spaces);
	return spaces;
}

/* What white space parts, and what is known of it so far. */
struct cut {
	struct str *v;
	const char *from; /* where the last begins, if it goes on; or NULL */
	size_t longest;   /* bytes */
};

static inline void
add_cut(struct cut *c, const char *p, const char *stop)
{
	size_t size = (size_t)(stop - p);

	c->longest = size > c->longest ? size : c->longest;
	*c->v++ = (struct str){ p, size };
}

/* A stretch of n bytes, or a few more, at p. */
static inline void
cut_stretch(struct cut *c, const char *p, size_t n, uint64_t spaces)
{
	uint64_t before = spaces << 1 | !c->from, starts = ~spaces & before,
		 stops = spaces & ~before;

	if (n < STRETCH)
		starts &= (UINT64_C(1) << n) - 1;
	if (c->from && stops) {
		add_cut(c, c->from, p + __builtin_ctzll(stops));
		stops &= stops - 1;
		c->from = NULL;
	}
	for (; stops; stops &= stops - 1, starts &= starts - 1)
		add_cut(
		    c, p + __builtin_ctzll(starts), p + __builtin_ctzll(stops));
	if (starts)
		c->from = p + __builtin_ctzll(starts);
}

/*
 * What white space parts, in m->spaced.  The last character of a stretch may
 * reach further, and then is no part of the next.
 */
static int
part_at_spaces(struct meter *m, size_t *n, struct err *e)
{
	const char *p = m->text.p, *end = p + m->text.n, *stop;
	struct cut c = { 0 };
	uint64_t spaces;

	m->spaces = 0;
	for (*n = 0; p < end; p = stop) {
		if (parts_room(&m->spaced, *n, STRETCH, e) < 0)
			return e->code;
		c.v = m->spaced.v + *n;
		spaces = find_spaces(p, end, &stop, &m->spaces);
		cut_stretch(&c, p, (size_t)(stop - p), spaces);
		if (stop == end && c.from)
			add_cut(&c, c.from, end);
		*n = (size_t)(c.v - m->spaced.v);
	}
	m->longest = c.longest;
	return 0;
}

static int
part_words(struct meter *m, size_t *n, struct err *e)
{
	struct unicode_words it = { m->text };
	struct str word;

	for (*n = 0; unicode_words_begun(&it, &word);) {
		if (parts_room(&m->unicode, *n, 1, e) < 0)
			return e->code;
		m->unicode.v[(*n)++] = word;
	}
	return 0;
}

/* Room for what is known of n tokens. */
static int
make_room(struct meter *m, struct token_set *t, size_t n, struct err *e)
{
	/* Texts grow by turns, but not so that half of it is empty. */
	size_t cap = n + n / 4 + 1024;

	if (n > t->cap) {
		free(t->tokens);
		t->cap = 0;
		t->tokens = malloc((cap + 1) * sizeof(*t->tokens));
		if (!t->tokens)
			return err_nomem(e, "a text");
		t->cap = (uint32_t)cap;
	}
	if (t->cap > m->room) {
		free(m->scratch);
		m->room = 0;
		m->scratch = malloc(t->cap * sizeof(*m->scratch));
		if (!m->scratch)
			return err_nomem(e, "a text");
		m->room = t->cap;
	}
	return 0;
}

int
meter_split(struct meter *m, struct token_set *t, struct err *e)
{
	size_t n = 0;

	if (t->split)
		return 0;
	switch (t->words) {
	case WORDS_TREEBANK:
		if (treebank_split(&m->treebank, m->text, e) < 0)
			return e->code;
		t->v = m->treebank.v;
		n = m->treebank.n;
		break;
	case WORDS_SPACES:
		if (part_at_spaces(m, &n, e) < 0)
			return e->code;
		t->v = m->spaced.v;
		break;
	case WORDS_UNICODE:
		if (part_words(m, &n, e) < 0)
			return e->code;
		t->v = m->unicode.v;
		break;
	default:
		if (tokens_split(&m->english, m->text, e) < 0)
			return e->code;
		t->v = m->english.v;
		n = m->english.n;
	}
	if (make_room(m, t, n ? n : 1, e) < 0)
		return e->code;
	t->n = (uint32_t)n;
	t->split = true;
	return 0;
}
