/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include <xxhash.h>

#include "base/err.h"
#include "base/num.h"
#include "base/text/lower.h"
#include "base/text/uni.h"
#include "base/text/utf8.h"
#include "base/text/words.h"
#include "dedup/shingles.h"
#include "dedup/simple.h"
#include "dedup/sort.h"

/* Odd, and 1 less is 4 times an odd number: swapping words changes the sum. */
#define BASE 0x9e3779b97f4a7c15u

int
shingles_init(struct shingles *s, enum unit unit, size_t nword, struct err *e)
{
	size_t i;

	*s = (struct shingles){ .unit = unit, .nword = nword, .power = 1 };
	s->ring = calloc(nword, sizeof(*s->ring));
	if (!s->ring)
		return err_nomem(e, "shingles");
	for (i = 1; i < nword; i++)
		s->power *= BASE;
	return 0;
}

void
shingles_free(struct shingles *s)
{
	free(s->v);
	free(s->ring);
	hashset_free(&s->table);
	buf_free(&s->low);
	buf_free(&s->simple);
	buf_free(&s->joined);
	tokens_free(&s->tokens);
}

static int
add(struct shingles *s, uint64_t h, struct err *e)
{
	size_t cap, bytes;
	uint64_t *v;

	if (s->n == s->cap) {
		cap = s->cap ? s->cap * 2 : 1024;
		if (!num_mul(cap, sizeof(*v), &bytes))
			return err_nomem(e, "shingles");
		v = realloc(s->v, bytes);
		if (!v)
			return err_nomem(e, "shingles");
		s->v = v;
		s->cap = cap;
	}
	s->v[s->n++] = h + !h; /* 0 marks an empty place in the table */
	return 0;
}

/* The next word, by its hash. */
static inline int
roll(struct shingles *s, uint64_t x, struct err *e)
{
	s->sum = (s->sum - s->ring[s->at] * s->power) * BASE + x;
	s->ring[s->at] = x;
	s->at = s->at + 1 == s->nword ? 0 : s->at + 1;
	return ++s->seen >= s->nword ? add(s, mix64(s->sum), e) : 0;
}

static int
roll_words(struct shingles *s, struct str text, struct err *e)
{
	struct plain_words words;
	struct str word;

	if (plain_words_init(&words, text, &s->low, e) < 0)
		return e->code;
	while (plain_words_next(&words, &word))
		if (roll(s, hash64(word.p, word.n, 0), e) < 0)
			return e->code;
	return 0;
}

/* Split the text's simple form into s->tokens. */
static int
simple_tokens(struct shingles *s, struct str text, struct err *e)
{
	buf_clear(&s->simple);
	if (simple_form(text, &s->low, &s->simple, e) < 0)
		return e->code;
	return tokens_split(&s->tokens, buf_view(&s->simple), e);
}

static int
roll_tokens(struct shingles *s, struct str text, struct err *e)
{
	const struct str *token;
	size_t i;

	if (simple_tokens(s, text, e) < 0)
		return e->code;
	for (i = 0; i < s->tokens.n; i++) {
		token = &s->tokens.v[i];
		if (roll(s, hash64(token->p, token->n, 0), e) < 0)
			return e->code;
	}
	return 0;
}

/* Code points; or only those that belong to words. */
static int
roll_points(struct shingles *s, struct str text, bool words, struct err *e)
{
	const char *p = text.p, *end = text.p + text.n;
	uint32_t cp;
	size_t len;

	for (; p < end; p += len) {
		cp = utf8_get(p, end, &len);
		if (words && (cp == '_' || !uni_is_word(cp)))
			continue;
		if (roll(s, mix64(cp + 1), e) < 0)
			return e->code;
	}
	return 0;
}

static int
roll_chars(struct shingles *s, struct str text, struct err *e)
{
	buf_clear(&s->low);
	if (text_lower(text, &s->low, e) < 0)
		return e->code;
	return roll_points(s, buf_view(&s->low), true, e);
}

/*
 * Tokens with a blank between: a shingle is a piece of that.  The ring has the
 * places where the last nword tokens begin.
 */
static int
join_tokens(struct shingles *s, struct str text, struct err *e)
{
	struct buf *j = &s->joined;
	size_t from, i;

	buf_clear(j);
	if (simple_tokens(s, text, e) < 0)
		return e->code;
	for (i = 0; i < s->tokens.n; i++) {
		if (j->n)
			buf_putc(j, ' ');
		s->ring[s->at] = j->n;
		buf_str(j, s->tokens.v[i]);
		if (buf_ok(j, e) < 0)
			return e->code;
		s->at = s->at + 1 == s->nword ? 0 : s->at + 1;
		from = s->ring[s->at];
		if (++s->seen >= s->nword &&
		    add(s, XXH64(j->p + from, j->n - from, 0), e) < 0)
			return e->code;
	}
	return 0;
}

/* Every shingle of the text, in order, repeated ones too. */
static int
collect(struct shingles *s, struct str text, struct err *e)
{
	int rc = 0;

	s->seen = s->at = 0;
	s->sum = 0;
	memset(s->ring, 0, s->nword * sizeof(*s->ring));
	switch (s->unit) {
	case UNIT_JOINED:
		return join_tokens(s, text, e);
	case UNIT_WORDS:
		rc = roll_words(s, text, e);
		break;
	case UNIT_TOKENS:
		rc = roll_tokens(s, text, e);
		break;
	case UNIT_CHARS:
		rc = roll_chars(s, text, e);
		break;
	case UNIT_POINTS:
		rc = roll_points(s, text, false, e);
		break;
	}
	if (rc == 0 && s->seen && s->seen < s->nword)
		return add(s, mix64(s->sum), e);
	return rc;
}

static int
drop_repeated(struct shingles *s, struct err *e)
{
	size_t i, n = 0;

	if (hashset_clear(&s->table, s->n, e) < 0)
		return e->code;
	for (i = 0; i < s->n; i++)
		if (hashset_add(&s->table, s->v[i]))
			s->v[n++] = s->v[i];
	s->n = n;
	return 0;
}

int
shingles_of(struct shingles *s, struct str text, struct err *e)
{
	s->n = 0;
	if (collect(s, text, e) < 0)
		return e->code;
	return drop_repeated(s, e);
}

void
shingles_sort(struct shingles *s)
{
	/* The table has room for twice the set, and is done with. */
	if (s->n)
		sort_hashes(s->v, s->table.v, s->n);
}

struct hash128
shingles_key(const struct shingles *s)
{
	struct hash128 key = { s->n, 0 };
	size_t i;

	for (i = 0; i < s->n; i++) {
		key.lo += s->v[i];
		key.hi += mix64(s->v[i]);
	}
	key.lo = mix64(key.lo);
	return key;
}

double
jaccard(
    const uint64_t *a, size_t na, const uint64_t *b, size_t nb, double least)
{
	/* |a and b| must be at least this, by |a or b| = na + nb - both. */
	size_t need = (size_t)(least * (double)(na + nb) / (1 + least));
	size_t i = 0, j = 0, both = 0, spare_a, spare_b;
	uint64_t x, y;

	if (need > na || need > nb)
		return 0;
	spare_a = na - need;
	spare_b = nb - need;
	/* Without branches that depend on the hashes: they can't be guessed. */
	while (i < na && j < nb) {
		x = a[i];
		y = b[j];
		both += x == y;
		i += x <= y;
		j += y <= x;
		if (i - both > spare_a || j - both > spare_b)
			return 0;
	}
	return (double)both / (double)(na + nb - both);
}
