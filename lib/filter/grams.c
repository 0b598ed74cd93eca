/* SPDX-License-Identifier: MIT */
/* Runs of n tokens: the most frequent ones, and those that repeat. */
#include <stdlib.h>

#include "base/err.h"
#include "base/hash.h"
#include "filter/meter.h"

/* No run of 5 to 10 tokens of fewer bytes is looked for by its beginning. */
enum { BEGINNING = 16 };

static int
number_tokens(struct meter *m, struct token_set *t, struct err *e)
{
	if (t->numbered)
		return 0;
	if (meter_want(m, t, METER_TOKENS, e) < 0 ||
	    meter_want(m, t, METER_SIZE, e) < 0 ||
	    pairs_begin(&m->pairs, t->n, e) < 0)
		return e->code;
	pairs_number(&m->pairs, t->v, t->n, &t->ids);
	t->numbered = true;
	return 0;
}

/* Number the n-grams, by those of one token less. */
static int
number_grams(struct meter *m, struct token_set *t, uint32_t n, struct err *e)
{
	if (t->grams_n == n)
		return 0;
	/* No deeper than n: those of n - 1 are there, or are made first. */
	if (n > 2 && number_grams(m, t, n - 1, e) < 0)
		return e->code;
	if (pairs_begin(&m->pairs, t->n, e) < 0)
		return e->code;
	pairs_join(&m->pairs, n == 2 ? t->ids.ids : t->grams.ids,
	    t->ids.ids + n - 1, t->n - n + 1, &t->grams);
	t->grams_n = n;
	return 0;
}

/* Characters of the n tokens from i on. */
static inline uint32_t
chars_of(const struct token_set *t, uint32_t i, uint32_t n)
{
	return t->tokens[i + n].chars - t->tokens[i].chars;
}

/* Bytes of the text that the n tokens from i on take. */
static struct signal_span
gram_span(
    const struct meter *m, const struct token_set *t, uint32_t i, uint32_t n)
{
	const struct str *first = &t->v[i], *last = &t->v[i + n - 1];

	if (t->words == WORDS_TREEBANK) /* not in the text */
		return (struct signal_span){ 0 };
	return (struct signal_span){ (uint32_t)(first->p - m->text.p),
		(uint32_t)(last->p + last->n - first->p) };
}

/*
 * The most frequent n-gram, of equals the first: its length, joined by spaces,
 * times its count.
 */
int
meter_top(struct meter *m, struct token_set *t, uint32_t n, struct err *e)
{
	enum signal sig = SIG_top_2gram + (n - 2);
	uint32_t i, best = 0, at;

	if (number_tokens(m, t, e) < 0)
		return e->code;
	if (t->n < n)
		return 0;
	if (number_grams(m, t, n, e) < 0)
		return e->code;
	/* Numbers are in the order of first places. */
	for (i = 1; i < t->grams.made; i++)
		if (t->grams.counts[i] > t->grams.counts[best])
			best = i;
	at = t->grams.first[best];
	t->s.v[sig] = meter_ratio(
	    (uint64_t)t->grams.counts[best] * (chars_of(t, at, n) + n - 1),
	    (uint64_t)m->s.v[SIG_chars]);
	t->s.where[sig] = gram_span(m, t, at, n);
	return 0;
}

/* An n-gram is no more frequent than the rarest of its tokens. */
int
meter_top_bound(struct meter *m, struct token_set *t, uint32_t n, double *bound,
    struct err *e)
{
	uint64_t most = 0, size;
	uint32_t i, k, count;

	*bound = t->bounds[n - 2];
	if (*bound >= 0)
		return 0;
	if (number_tokens(m, t, e) < 0)
		return e->code;
	for (i = 0; i + n <= t->n; i++) {
		count = t->ids.counts[t->ids.ids[i]];
		for (k = 1; k < n; k++)
			if (t->ids.counts[t->ids.ids[i + k]] < count)
				count = t->ids.counts[t->ids.ids[i + k]];
		size = (uint64_t)count * (chars_of(t, i, n) + n - 1);
		if (size > most)
			most = size;
	}
	*bound = meter_ratio(most, (uint64_t)m->s.v[SIG_chars]);
	t->bounds[n - 2] = *bound;
	return 0;
}

static int
make_joined_room(struct token_set *t, size_t n, struct err *e)
{
	char *more;

	if (n <= t->joined_text.room)
		return 0;
	more = realloc(t->joined_text.p, n);
	if (!more)
		return err_nomem(e, "a text");
	t->joined_text.p = more;
	t->joined_text.room = n;
	return 0;
}

/* Copy a token, and what is behind it in the text if that saves counting: there
 * are BEGINNING bytes of room at `to`.  end: of the text, NULL if the token is
 * not in it. */
static inline void
copy_token(char *to, struct str token, const char *end)
{
	if (end && token.n <= BEGINNING && end - token.p >= BEGINNING)
		memcpy(to, token.p, BEGINNING);
	else
		memcpy(to, token.p, token.n);
}

/* The tokens without gaps, and room to read a beginning anywhere. */
static int
join_tokens(struct meter *m, struct token_set *t, struct err *e)
{
	/* The Treebank's tokens are not in the text. */
	const char *end =
	    t->words == WORDS_TREEBANK ? NULL : m->text.p + m->text.n;
	char *p;
	uint32_t i;

	if (t->joined)
		return 0;
	if (make_joined_room(t, t->tokens[t->n].at + BEGINNING, e) < 0)
		return e->code;
	p = t->joined_text.p;
	for (i = 0; i < t->n; p += t->v[i++].n)
		copy_token(p, t->v[i], end);
	memset(p, 0, BEGINNING);
	t->joined = true;
	return 0;
}

/* A hash of what stands at p. */
static inline uint64_t
beginning(const char *p)
{
	uint64_t a, b;

	memcpy(&a, p, 8);
	memcpy(&b, p + 8, 8);
	a = (a ^ b * UINT64_C(0xbf58476d1ce4e5b9)) *
	    UINT64_C(0x94d049bb133111eb);
	return a ^ a >> 32;
}

static int
make_list_room(struct token_set *t, struct err *e)
{
	if (t->list_cap >= t->cap)
		return 0;
	free(t->list);
	t->list_cap = 0;
	t->list = malloc(t->cap * sizeof(*t->list));
	if (!t->list)
		return err_nomem(e, "a text");
	t->list_cap = t->cap;
	return 0;
}

/*
 * Where an n-gram may begin that stands there twice: where what it begins with
 * does, or where five tokens are shorter than that.
 */
static int
list_places(struct meter *m, struct token_set *t, struct err *e)
{
	const char *p;
	uint32_t i;

	if (t->listed)
		return 0;
	if (meter_want(m, t, METER_TOKENS, e) < 0 ||
	    meter_want(m, t, METER_SIZE, e) < 0 || join_tokens(m, t, e) < 0 ||
	    make_list_room(t, e) < 0 || again_begin(&m->again, t->n, e) < 0)
		return e->code;
	p = t->joined_text.p;
	for (i = 0; i < t->n; i++)
		again_add(&m->again, beginning(p + t->tokens[i].at));
	for (t->nlist = i = 0; i + 5 <= t->n; i++)
		if (t->tokens[i + 5].at - t->tokens[i].at < BEGINNING ||
		    again_seen(&m->again, beginning(p + t->tokens[i].at)))
			t->list[t->nlist++] = i;
	t->listed = true;
	return 0;
}

/*
 * Characters in n-grams whose joined bytes were seen before; what is counted
 * is skipped, so that no character counts twice.
 */
int
meter_dup(struct meter *m, struct token_set *t, uint32_t n, struct err *e)
{
	const struct meter_token *at;
	enum signal sig = SIG_dup_5gram + (n - 5);
	uint32_t i, k, next = 0;
	uint64_t chars = 0;

	if (list_places(m, t, e) < 0 ||
	    seen_begin(&m->seen, t->joined_text.p, t->nlist, e) < 0)
		return e->code;
	for (k = 0; k < t->nlist; k++) {
		i = t->list[k];
		if (i < next)
			continue;
		if (i + n > t->n)
			break;
		at = &t->tokens[i];
		if (seen_add(&m->seen, at->at, at[n].at - at->at)->count == 1)
			continue;
		if (chars == 0)
			t->s.where[sig] = gram_span(m, t, i, n);
		chars += chars_of(t, i, n);
		next = i + n;
	}
	t->s.v[sig] = meter_ratio(chars, (uint64_t)m->s.v[SIG_chars]);
	return 0;
}

/* Of the most frequent n-grams, the longest: its characters times its count. */
static uint64_t
copied_top(const struct token_set *t, uint32_t n, uint32_t *at)
{
	const struct numbers *g = &t->grams;
	uint32_t i, most = 0;
	uint64_t size, best = 0;

	for (i = 0; i < g->made; i++)
		if (g->counts[i] > most)
			most = g->counts[i];
	for (i = 0; i < g->made && most > 1; i++) {
		size = (uint64_t)most * chars_of(t, g->first[i], n);
		if (g->counts[i] == most && size > best) {
			best = size;
			*at = g->first[i];
		}
	}
	return best;
}

/* Characters of the tokens that n-grams cover which stand there twice. */
static uint64_t
copied_all(const struct token_set *t, uint32_t n, uint32_t *at)
{
	uint32_t i, from, covered = 0;
	uint64_t chars = 0;

	for (i = 0; i + n <= t->n; i++) {
		if (t->grams.counts[t->grams.ids[i]] < 2)
			continue;
		if (!chars)
			*at = i;
		from = i > covered ? i : covered;
		chars += chars_of(t, from, i + n - from);
		covered = i + n;
	}
	return chars;
}

int
meter_copied(struct meter *m, struct token_set *t, uint32_t n, struct err *e)
{
	enum signal sig = n <= 4 ? SIG_copied_top_2gram + (n - 2)
				 : SIG_copied_5gram + (n - 5);
	uint64_t chars;
	uint32_t at = 0;

	if (number_tokens(m, t, e) < 0)
		return e->code;
	if (t->n < n)
		return 0;
	if (number_grams(m, t, n, e) < 0)
		return e->code;
	chars = n <= 4 ? copied_top(t, n, &at) : copied_all(t, n, &at);
	t->s.v[sig] = meter_ratio(chars, t->tokens[t->n].chars);
	if (chars)
		t->s.where[sig] = gram_span(m, t, at, n);
	return 0;
}
