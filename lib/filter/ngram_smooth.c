/* SPDX-License-Identifier: MIT */
/* Discounts, and what each n-gram keeps of its own probability. */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "filter/ngram_train_impl.h"

/* Chen and Goodman's equation 26; false if the counts give none. */
static bool
estimate(struct ngram_stats *s)
{
	float y = (float)s->with[1] /
		  (float)((double)s->with[1] + 2.0 * (double)s->with[2]);
	unsigned i;

	for (i = 1; i < 4; i++) {
		if (s->with[i] == 0)
			return false;
		s->discount[i] = (float)i - (float)(i + 1) * y *
						(float)s->with[i + 1] /
						(float)s->with[i];
		if (!(s->discount[i] >= 0 && s->discount[i] <= (float)i))
			return false;
	}
	return true;
}

int
ngram_discounts(struct ngram_train *t, struct err *e)
{
	static const float fallback[4] = { 0, 0.5f, 1, 1.5f };
	struct ngram_stats *s;
	unsigned n;

	for (n = 1; n <= t->o.order; n++) {
		s = &t->stats[n - 1];
		if (estimate(s))
			continue;
		if (!t->o.fallback)
			return err_set(e, ERR_FORMAT,
			    "no discounts follow from the counts of %u-grams "
			    "(%llu met once, %llu twice, %llu three times, "
			    "%llu four): too little text, or copies of it; "
			    "give more, or --discount-fallback",
			    n, (unsigned long long)s->with[1],
			    (unsigned long long)s->with[2],
			    (unsigned long long)s->with[3],
			    (unsigned long long)s->with[4]);
		memcpy(s->discount, fallback, sizeof(fallback));
	}
	return 0;
}

static float
discounted(const struct ngram_stats *s, uint64_t count)
{
	return (float)count - s->discount[count < 3 ? count : 3];
}

/* All that follows a context. */
struct context {
	uint32_t words[NGRAM_ORDER_MAX];
	uint64_t sum, pruned, with[4]; /* with: not pruned, by count */
	float weight;                  /* of what is shorter */
};

static void
add_count(struct context *c, uint64_t payload)
{
	uint64_t count = payload & ~NGRAM_PRUNED;

	c->sum += count;
	if (payload & NGRAM_PRUNED)
		c->pruned += count;
	else
		c->with[count < 3 ? count : 3]++;
}

/* Single precision, in this order, as lmplz has it. */
static void
weigh(const struct ngram_stats *s, struct context *c)
{
	unsigned i;

	c->weight = 0;
	for (i = 1; i < 4; i++)
		c->weight += s->discount[i] * (float)c->with[i];
	c->weight += (float)c->pruned;
	c->weight /= (float)c->sum;
}

/* An order's n-grams, read twice: sums of a context, then its n-grams. */
struct smooth {
	struct ngram_train *t;
	unsigned n;
	struct ngram_reader ahead, behind;
	const uint32_t *next; /* of ahead; NULL at the end */
};

static int
step(struct smooth *s, struct err *e)
{
	int rc = ngram_reader_next(&s->ahead, &s->next, e);

	if (rc == 0)
		s->next = NULL;
	return rc;
}

/* Sum up the next context; 0 at the end. */
static int
next_context(struct smooth *s, struct context *c, uint64_t *n, struct err *e)
{
	unsigned words = s->n - 1;

	if (!s->next)
		return 0;
	*c = (struct context){ 0 };
	memcpy(c->words, s->next, words * sizeof(*c->words));
	*n = 0;
	do {
		add_count(c, ngram_payload(s->next, s->n));
		++*n;
		if (step(s, e) < 0)
			return e->code;
	} while (s->next && ngram_compare(s->next, c->words, words) == 0);
	weigh(&s->t->stats[s->n - 1], c);
	return 1;
}

/* The n-grams of a context that are not pruned. */
static int
put_ngrams(struct smooth *s, const struct context *c, uint64_t n, struct err *e)
{
	const struct ngram_stats *stats = &s->t->stats[s->n - 1];
	uint32_t key[NGRAM_ORDER_MAX];
	const uint32_t *record;
	uint64_t payload;

	while (n-- > 0) {
		if (ngram_reader_next(&s->behind, &record, e) < 0)
			return e->code;
		payload = ngram_payload(record, s->n);
		if (payload & NGRAM_PRUNED)
			continue;
		key[0] = record[s->n - 1];
		memcpy(key + 1, record, (s->n - 1) * sizeof(*key));
		if (ngram_sort_put(&s->t->by_end[s->n - 1], key,
			ngram_pack(discounted(stats, payload) / (float)c->sum,
			    c->weight),
			e) < 0)
			return e->code;
	}
	return 0;
}

static int
smooth_order(struct smooth *s, struct err *e)
{
	struct context c;
	uint64_t n;
	int rc;

	if (step(s, e) < 0)
		return e->code;
	while ((rc = next_context(s, &c, &n, e)) > 0)
		if (put_ngrams(s, &c, n, e) < 0 ||
		    ngram_sort_put(&s->t->weights[s->n - 2], c.words,
			ngram_pack(c.weight, 0), e) < 0)
			return e->code;
	return rc;
}

int
ngram_smooth(struct ngram_train *t, struct err *e)
{
	struct smooth s = { .t = t };
	int rc = 0;

	for (s.n = 2; rc == 0 && s.n <= t->o.order; s.n++) {
		rc = ngram_sort_end(&t->by_context[s.n - 1], e);
		if (rc == 0)
			rc = ngram_reader_open(
			    &s.ahead, &t->by_context[s.n - 1], e);
		if (rc == 0)
			rc = ngram_reader_open(
			    &s.behind, &t->by_context[s.n - 1], e);
		if (rc == 0)
			rc = smooth_order(&s, e);
		ngram_reader_free(&s.ahead);
		ngram_reader_free(&s.behind);
		ngram_sort_free(&t->by_context[s.n - 1]);
		if (rc == 0)
			rc = ngram_sort_end(&t->by_end[s.n - 1], e);
		if (rc == 0)
			rc = ngram_sort_end(&t->weights[s.n - 2], e);
	}
	return rc;
}
