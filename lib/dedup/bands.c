/* SPDX-License-Identifier: MIT */
#include <omp.h>
#include <stdlib.h>

#include "base/err.h"
#include "dedup/bands.h"
#include "dedup/budget.h"
#include "dedup/sort.h"

/* Groups whose keys share a block; there they stand band by band. */
enum { BLOCK = 1024 };

int
bands_init(struct bands *b, struct budget *budget, size_t nband, struct err *e)
{
	*b = (struct bands){ .budget = budget, .nband = nband };
	b->v = calloc(nband, sizeof(*b->v));
	return b->v ? 0 : err_nomem(e, "bands");
}

void
bands_free(struct bands *b)
{
	size_t i;

	for (i = 0; i < b->nblock; i++)
		free(b->blocks[i]);
	free(b->blocks);
	for (i = 0; b->v && i < b->nband; i++) {
		free(b->v[i].members);
		free(b->v[i].start);
		free(b->v[i].fill);
	}
	free(b->v);
}

static uint64_t *
slot(const struct bands *b, size_t band, size_t group)
{
	return &b->blocks[group / BLOCK][band * BLOCK + group % BLOCK];
}

static int
add_block(struct bands *b, struct err *e)
{
	uint64_t **more;

	more = budget_grow(b->budget, b->blocks, &b->block_cap, b->nblock + 1,
	    sizeof(*more), "signatures", e);
	if (!more)
		return e->code;
	b->blocks = more;
	more[b->nblock] = budget_calloc(
	    b->budget, b->nband * BLOCK, sizeof(**more), "signatures", e);
	if (!more[b->nblock])
		return e->code;
	b->nblock++;
	return 0;
}

int
bands_add(struct bands *b, const uint64_t *keys, struct err *e)
{
	size_t i;

	if (b->n == b->nblock * BLOCK && add_block(b, e) < 0)
		return e->code;
	for (i = 0; i < b->nband; i++)
		*slot(b, i, b->n) = keys[i];
	b->n++;
	return 0;
}

/* Length of the run of equal keys that begins at i. */
static size_t
run_at(const struct keyed *v, size_t i, size_t n)
{
	size_t from = i;

	while (++i < n && v[i].key == v[from].key)
		;
	return i - from;
}

/* Turn one band's sorted keys into numbers of buckets. */
static int
make_buckets(struct bands *b, size_t nth, const struct keyed *v)
{
	struct band *x = &b->v[nth];
	size_t i, k, len, total = 0;

	for (i = 0; i < b->n; i += len) {
		len = run_at(v, i, b->n);
		x->nbucket += len > 1;
	}
	x->start = calloc((size_t)x->nbucket + 1, sizeof(*x->start));
	x->fill = calloc((size_t)x->nbucket + 1, sizeof(*x->fill));
	if (!x->start || !x->fill)
		return -1;
	x->nbucket = 0;
	for (i = 0; i < b->n; i += len) {
		len = run_at(v, i, b->n);
		for (k = 0; k < len; k++)
			*slot(b, nth, v[i + k].group) =
			    len > 1 ? x->nbucket : NO_BUCKET;
		if (len == 1)
			continue;
		x->start[x->nbucket++] = (uint32_t)total;
		total += len;
	}
	x->start[x->nbucket] = (uint32_t)total;
	x->members = calloc(total ? total : 1, sizeof(*x->members));
	return x->members ? 0 : -1;
}

/* v and tmp have room for all groups. */
static int
sort_band(struct bands *b, size_t nth, struct keyed *v, struct keyed *tmp)
{
	size_t i;

	for (i = 0; i < b->n; i++)
		v[i] = (struct keyed){ *slot(b, nth, i), (uint32_t)i };
	sort_keyed(v, tmp, b->n);
	return make_buckets(b, nth, v);
}

static int
sort_bands(struct bands *b, struct keyed *scratch, int nthread)
{
	size_t i;
	int lost = 0;

#pragma omp parallel for num_threads(nthread) schedule(dynamic) \
    reduction(+ : lost)
	for (i = 0; i < b->nband; i++) {
		struct keyed *v =
		    scratch + 2 * b->n * (size_t)omp_get_thread_num();

		lost += sort_band(b, i, v, v + b->n) < 0;
	}
	return lost ? -1 : 0;
}

static uint64_t
bucket_bytes(const struct bands *b)
{
	uint64_t n = 0;
	size_t i;

	for (i = 0; i < b->nband; i++)
		n += b->v[i].start[b->v[i].nbucket] + 2 * b->v[i].nbucket;
	return n * sizeof(uint32_t);
}

int
bands_sort(struct bands *b, int nthread, struct err *e)
{
	struct keyed *scratch;
	size_t n;
	int rc;

	if ((size_t)nthread > b->nband)
		nthread = (int)b->nband;
	n = 2 * b->n * (size_t)nthread;
	scratch = budget_calloc(b->budget, n, sizeof(*scratch), "sorting", e);
	if (!scratch)
		return e->code;
	rc = sort_bands(b, scratch, nthread);
	free(scratch);
	budget_give(b->budget, n * sizeof(*scratch));
	if (rc < 0)
		return err_nomem(e, "buckets");
	return budget_take(b->budget, bucket_bytes(b), "buckets", e);
}

uint32_t
bands_bucket(const struct bands *b, size_t band, uint32_t group)
{
	return (uint32_t)*slot(b, band, group);
}

void
bands_put(struct bands *b, uint32_t group)
{
	struct band *x;
	uint32_t to;
	size_t i;

	for (i = 0; i < b->nband; i++) {
		to = bands_bucket(b, i, group);
		if (to == NO_BUCKET)
			continue;
		x = &b->v[i];
		x->members[x->start[to] + x->fill[to]++] = group;
	}
}
