/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/err.h"
#include "base/num.h"
#include "dedup/evals.h"
#include "dedup/overlap.h"

uint64_t
overlaps_bytes(const struct evals *v)
{
	return (uint64_t)v->nkey * 3 * sizeof(uint32_t) +
	       (uint64_t)v->npassage * sizeof(uint32_t);
}

int
overlaps_init(struct overlaps *o, const struct evals *v, struct err *e)
{
	size_t i, nkey = v->nkey ? v->nkey : 1,
		  n = v->npassage ? v->npassage : 1;

	*o = (struct overlaps){ .evals = v };
	o->seen = calloc(nkey, sizeof(*o->seen));
	o->first = calloc(nkey, sizeof(*o->first));
	o->leaked = calloc(nkey, sizeof(*o->leaked));
	o->tried = calloc(n, sizeof(*o->tried));
	if (!o->seen || !o->first || !o->leaked || !o->tried) {
		overlaps_free(o);
		return err_nomem(e, "threads");
	}
	for (i = 0; i <= v->ngram; i++)
		o->power[i] = folded_power(i);
	return 0;
}

void
overlaps_free(struct overlaps *o)
{
	free(o->v);
	free(o->places);
	free(o->hits);
	free(o->seen);
	free(o->first);
	free(o->tried);
	free(o->leaked);
	folded_free(&o->words);
	*o = (struct overlaps){ 0 };
}

/* Room for one more in the array *p of *cap elements. */
static int
more(void **p, size_t *cap, size_t n, size_t size, struct err *e)
{
	size_t want = *cap ? 2 * *cap : 64, bytes;
	void *q;

	if (n < *cap)
		return 0;
	q = num_mul(want, size, &bytes) ? realloc(*p, bytes) : NULL;
	if (!q)
		return err_nomem(e, "overlaps");
	*p = q;
	*cap = want;
	return 0;
}

static int
add_hit(
    struct overlaps *o, uint32_t gram, size_t word, size_t len, struct err *e)
{
	if (more((void **)&o->hits, &o->hit_cap, o->nhit, sizeof(*o->hits), e) <
	    0)
		return e->code;
	if (o->seen[gram] != o->doc) {
		o->seen[gram] = o->doc;
		o->first[gram] = (uint32_t)o->nhit;
	}
	o->hits[o->nhit++] =
	    (struct gram_hit){ gram, (uint32_t)word, (uint32_t)len };
	return 0;
}

/* Every run of len words that is a gram. */
static int
find_grams(struct overlaps *o, size_t len, struct err *e)
{
	const struct folded *f = &o->words;
	uint64_t power = o->power[len];
	uint32_t gram;
	size_t i;

	for (i = 0; i + len <= f->n; i++) {
		gram = evals_find(o->evals, folded_gram(f, i, len, power));
		if (gram != NO_GRAM && add_hit(o, gram, i, len, e) < 0)
			return e->code;
	}
	return 0;
}

/* Does the answer of p begin within EVAL_NEAR words from word `from` on? */
static bool
answer_near(const struct folded *f, const struct passage *p, size_t from)
{
	size_t i;

	for (i = from; i < from + EVAL_NEAR && i + p->nanswer <= f->n; i++)
		if (folded_gram(f, i, p->nanswer, p->answer_power) == p->answer)
			return true;
	return false;
}

static int
add_overlap(struct overlaps *o, const struct overlap *x, struct err *e)
{
	if (more((void **)&o->v, &o->cap, o->n, sizeof(*o->v), e) < 0)
		return e->code;
	o->v[o->n++] = *x;
	o->nleaked += x->leaked;
	return 0;
}

/* How much of a passage that a hit suggests is there. */
static int
measure(struct overlaps *o, uint32_t passage, struct err *e)
{
	const struct passage *p = &o->evals->passages[passage];
	const uint32_t *grams = o->evals->grams + p->at;
	struct overlap x = { .passage = passage, .start = UINT32_MAX };
	const struct gram_hit *h;
	uint32_t i, at;

	for (i = 0; i < p->n; i++) {
		if (o->seen[grams[i]] != o->doc)
			continue;
		x.n++;
		h = &o->hits[o->first[grams[i]]];
		at = o->words.start[h->word];
		x.start = at < x.start ? at : x.start;
		at = o->words.end[h->word + h->len - 1];
		x.end = at > x.end ? at : x.end;
	}
	x.leaked = x.n >= p->need;
	return add_overlap(o, &x, e);
}

/* A short text counts where its answer is near; each hit has to be tried. */
static int
try_short(struct overlaps *o, const struct gram_hit *h, uint32_t passage,
    struct err *e)
{
	const struct passage *p = &o->evals->passages[passage];
	struct overlap x = { .passage = passage,
		.leaked = true,
		.n = 1,
		.start = o->words.start[h->word],
		.end = o->words.end[h->word + h->len - 1] };

	if (!answer_near(&o->words, p, (size_t)h->word + h->len))
		return 0;
	o->tried[passage] = o->doc;
	return add_overlap(o, &x, e);
}

static int
try_hit(struct overlaps *o, const struct gram_hit *h, struct err *e)
{
	const struct evals *v = o->evals;
	uint64_t i;
	uint32_t p;
	int rc;

	for (i = v->postings[h->gram]; i < v->postings[h->gram + 1]; i++) {
		p = v->posted[i];
		if (o->tried[p] == o->doc)
			continue;
		if (v->passages[p].nanswer) {
			rc = try_short(o, h, p, e);
		} else {
			o->tried[p] = o->doc;
			rc = measure(o, p, e);
		}
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int
by_passage(const void *a, const void *b)
{
	const struct overlap *x = a, *y = b;

	return (x->passage > y->passage) - (x->passage < y->passage);
}

/* New stamps; after 2^32 documents they begin again. */
static void
next_stamp(struct overlaps *o)
{
	const struct evals *v = o->evals;

	if (++o->doc)
		return;
	memset(o->seen, 0, v->nkey * sizeof(*o->seen));
	memset(o->leaked, 0, v->nkey * sizeof(*o->leaked));
	memset(o->tried, 0, v->npassage * sizeof(*o->tried));
	o->doc = 1;
}

int
overlaps_of(struct overlaps *o, struct str text, struct err *e)
{
	size_t len, i;

	next_stamp(o);
	o->n = o->nleaked = o->nhit = o->nplace = 0;
	if (folded_of(&o->words, text, e) < 0)
		return e->code;
	for (len = 1; len <= o->evals->ngram; len++)
		if (o->evals->lengths[len / 64] >> len % 64 & 1 &&
		    find_grams(o, len, e) < 0)
			return e->code;
	for (i = 0; i < o->nhit; i++)
		if (try_hit(o, &o->hits[i], e) < 0)
			return e->code;
	if (o->n > 1)
		qsort(o->v, o->n, sizeof(*o->v), by_passage);
	return 0;
}

static int
by_start(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return (x->end > y->end) - (x->end < y->end);
}

/* Words that touch, with nothing but blanks and marks between, are one place.
 */
static void
join_places(struct overlaps *o)
{
	struct place *v = o->places;
	size_t i, n = 0;

	for (i = 0; i < o->nplace; i++) {
		if (n && v[i].start <= v[n - 1].end) {
			if (v[i].end > v[n - 1].end)
				v[n - 1].end = v[i].end;
		} else {
			v[n++] = v[i];
		}
	}
	o->nplace = n;
}

static void
mark_leaked(struct overlaps *o)
{
	const struct passage *p;
	size_t i;
	uint32_t k;

	for (i = 0; i < o->n; i++) {
		if (!o->v[i].leaked)
			continue;
		p = &o->evals->passages[o->v[i].passage];
		for (k = 0; k < p->n; k++)
			o->leaked[o->evals->grams[p->at + k]] = o->doc;
	}
}

int
overlaps_places(struct overlaps *o, struct err *e)
{
	const struct folded *f = &o->words;
	const struct gram_hit *h;

	mark_leaked(o);
	o->nplace = 0;
	for (h = o->hits; h < o->hits + o->nhit; h++) {
		if (o->leaked[h->gram] != o->doc)
			continue;
		if (more((void **)&o->places, &o->place_cap, o->nplace,
			sizeof(*o->places), e) < 0)
			return e->code;
		o->places[o->nplace++] = (struct place){ f->start[h->word],
			f->end[h->word + h->len - 1] };
	}
	if (o->nplace > 1)
		qsort(o->places, o->nplace, sizeof(*o->places), by_start);
	join_places(o);
	return 0;
}
