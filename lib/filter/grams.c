/* SPDX-License-Identifier: MIT */
/* The most frequent runs of 2 to 4 tokens. */
#include <stdlib.h>

#include "base/err.h"
#include "filter/meter.h"

static int
make_numbers(struct numbers *x, uint32_t n, struct err *e)
{
	uint32_t **const arrays[] = { &x->ids, &x->counts, &x->first };
	size_t i;

	for (i = 0; i < 3; i++) {
		free(*arrays[i]);
		*arrays[i] = malloc(n * sizeof(**arrays[i]));
		if (!*arrays[i])
			return err_nomem(e, "a text");
	}
	return 0;
}

static int
make_room(struct meter *m, uint32_t n, struct err *e)
{
	if (n <= m->numbers.cap)
		return 0;
	m->numbers.cap = 0;
	if (make_numbers(&m->numbers.ids, n, e) < 0 ||
	    make_numbers(&m->numbers.grams, n, e) < 0)
		return e->code;
	m->numbers.cap = n;
	return 0;
}

static int
number_tokens(struct meter *m, struct token_set *t, struct err *e)
{
	if (m->numbers.of == t)
		return 0;
	m->numbers.of = NULL;
	if (meter_lay_out(m, t, e) < 0 || meter_want(m, t, METER_SIZE, e) < 0 ||
	    make_room(m, t->cap, e) < 0 || pairs_begin(&m->pairs, t->n, e) < 0)
		return e->code;
	pairs_number(&m->pairs, t->v, t->n, &m->numbers.ids);
	m->numbers.of = t;
	m->numbers.n = 0;
	return 0;
}

/* Number the n-grams, by those of one token less. */
static int
number_grams(
    struct meter *m, const struct token_set *t, uint32_t n, struct err *e)
{
	const uint32_t *ids = m->numbers.ids.ids;

	if (m->numbers.n == n)
		return 0;
	/* No deeper than n: those of n - 1 are there, or are made first. */
	if (n > 2 && number_grams(m, t, n - 1, e) < 0)
		return e->code;
	if (pairs_begin(&m->pairs, t->n, e) < 0)
		return e->code;
	pairs_join(&m->pairs, n == 2 ? ids : m->numbers.grams.ids, ids + n - 1,
	    t->n - n + 1, &m->numbers.grams);
	m->numbers.n = n;
	return 0;
}

struct signal_span
meter_gram_span(
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
	const struct numbers *grams = &m->numbers.grams;
	uint32_t i, best = 0, at;

	if (number_tokens(m, t, e) < 0)
		return e->code;
	if (t->n < n)
		return 0;
	if (number_grams(m, t, n, e) < 0)
		return e->code;
	/* Numbers are in the order of first places. */
	for (i = 1; i < grams->made; i++)
		if (grams->counts[i] > grams->counts[best])
			best = i;
	at = grams->first[best];
	t->s.v[sig] = meter_ratio(
	    (uint64_t)grams->counts[best] * (meter_chars_of(t, at, n) + n - 1),
	    (uint64_t)m->s.v[SIG_chars]);
	t->s.where[sig] = meter_gram_span(m, t, at, n);
	return 0;
}

/* Of the most frequent n-grams, the longest: its characters times its count. */
static uint64_t
copied_top(
    const struct meter *m, const struct token_set *t, uint32_t n, uint32_t *at)
{
	const struct numbers *g = &m->numbers.grams;
	uint32_t i, most = 0;
	uint64_t size, best = 0;

	for (i = 0; i < g->made; i++)
		if (g->counts[i] > most)
			most = g->counts[i];
	for (i = 0; i < g->made && most > 1; i++) {
		size = (uint64_t)most * meter_chars_of(t, g->first[i], n);
		if (g->counts[i] == most && size > best) {
			best = size;
			*at = g->first[i];
		}
	}
	return best;
}

int
meter_copied_top(
    struct meter *m, struct token_set *t, uint32_t n, struct err *e)
{
	enum signal sig = SIG_copied_top_2gram + (n - 2);
	uint64_t chars;
	uint32_t at = 0;

	if (number_tokens(m, t, e) < 0)
		return e->code;
	if (t->n < n)
		return 0;
	if (number_grams(m, t, n, e) < 0)
		return e->code;
	chars = copied_top(m, t, n, &at);
	t->s.v[sig] = meter_ratio(chars, t->tokens[t->n].chars);
	if (chars)
		t->s.where[sig] = meter_gram_span(m, t, at, n);
	return 0;
}
