/* SPDX-License-Identifier: MIT */
#include "filter/ngram_sort.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "io/scratch.h"

enum {
	MEMORY_LEAST = 1 << 16,
	CHUNK = 1 << 18,     /* bytes written at a time */
	SMALL = 12,          /* records: insertion is faster */
	TASK_LEAST = 1 << 14 /* records: worth handing to a thread */
};

/* A record's place and the two numbers of its key that are looked at. */
struct ngram_item {
	uint64_t part;
	size_t at;
};

void
ngram_sort_init(
    struct ngram_sort *s, unsigned key, bool add, uint64_t memory, int threads)
{
	*s = (struct ngram_sort){ .key = key,
		.add = add,
		.threads = threads,
		.record = key + 2,
		.fd = -1 };
	if (memory < MEMORY_LEAST)
		memory = MEMORY_LEAST;
	s->cap = memory / (4 * s->record + sizeof(struct ngram_item));
}

void
ngram_sort_free(struct ngram_sort *s)
{
	free(s->mem);
	free(s->items);
	free(s->ends);
	if (s->record && s->fd >= 0)
		close(s->fd);
	*s = (struct ngram_sort){ .fd = -1 };
}

/* ---- in memory: quicksort by two numbers after the other ---- */

static uint64_t
part_of(const struct ngram_sort *s, size_t at, unsigned depth)
{
	const uint32_t *v = s->mem + at * s->record + depth;

	return (uint64_t)v[0] << 32 | (depth + 1 < s->key ? v[1] : 0);
}

static bool
item_before(const struct ngram_sort *s, const struct ngram_item *a,
    const struct ngram_item *b, unsigned depth)
{
	if (a->part != b->part || depth + 2 >= s->key)
		return a->part < b->part;
	return ngram_compare(s->mem + a->at * s->record + depth + 2,
		   s->mem + b->at * s->record + depth + 2,
		   s->key - depth - 2) < 0;
}

static void
insertion(
    const struct ngram_sort *s, struct ngram_item *v, size_t n, unsigned depth)
{
	struct ngram_item x;
	size_t i, j;

	for (i = 1; i < n; i++) {
		x = v[i];
		for (j = i; j && item_before(s, &x, &v[j - 1], depth); j--)
			v[j] = v[j - 1];
		v[j] = x;
	}
}

static uint64_t
median(uint64_t a, uint64_t b, uint64_t c)
{
	uint64_t low = a < b ? a : b, high = a < b ? b : a;

	return c < low ? low : c > high ? high : c;
}

static void
swap_items(struct ngram_item *a, struct ngram_item *b)
{
	struct ngram_item x = *a;

	*a = *b;
	*b = x;
}

/* Less | equal | greater than a pivot. */
static void
part_items(struct ngram_item *v, size_t n, size_t *less, size_t *more)
{
	size_t low = 0, at = 0, high = n;
	uint64_t pivot = median(v[0].part, v[n / 2].part, v[n - 1].part);

	while (at < high)
		if (v[at].part < pivot)
			swap_items(&v[low++], &v[at++]);
		else if (v[at].part > pivot)
			swap_items(&v[at], &v[--high]);
		else
			at++;
	*less = low;
	*more = high;
}

static void
sort_items(
    const struct ngram_sort *s, struct ngram_item *v, size_t n, unsigned depth)
{
	size_t less, more, i;

	while (n > SMALL) {
		part_items(v, n, &less, &more);
#pragma omp task firstprivate(s, v, less, depth) if (less > TASK_LEAST)
		sort_items(s, v, less, depth);
#pragma omp task firstprivate(s, v, n, more, depth) if (n - more > TASK_LEAST)
		sort_items(s, v + more, n - more, depth);
		v += less;
		n = more - less;
		depth += 2;
		if (depth >= s->key)
			return;
		for (i = 0; i < n; i++)
			v[i].part = part_of(s, v[i].at, depth);
	}
	insertion(s, v, n, depth);
}

static const uint32_t *
sorted_record(const struct ngram_sort *s, size_t i)
{
	return s->mem + s->items[i].at * s->record;
}

static void
add_payload(const struct ngram_sort *s, uint32_t *to, const uint32_t *from)
{
	uint64_t sum = ngram_payload(to, s->key) + ngram_payload(from, s->key);

	to[s->key] = (uint32_t)sum;
	to[s->key + 1] = (uint32_t)(sum >> 32);
}

/* Records of equal keys become one. */
static void
add_up(struct ngram_sort *s)
{
	uint32_t *last = NULL;
	size_t i, n = 0;

	for (i = 0; i < s->n; i++) {
		if (last &&
		    ngram_compare(last, sorted_record(s, i), s->key) == 0) {
			add_payload(s, last, sorted_record(s, i));
			continue;
		}
		last = s->mem + s->items[i].at * s->record;
		s->items[n++] = s->items[i];
	}
	s->n = n;
}

/* Records stay where they are; the items say in which order. */
static void
sort_memory(struct ngram_sort *s)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		s->items[i] = (struct ngram_item){ part_of(s, i, 0), i };
#pragma omp parallel num_threads(s->threads)
#pragma omp single
	sort_items(s, s->items, s->n, 0);
	if (s->add)
		add_up(s);
}

/* ---- runs ---- */

static int
write_sorted(struct ngram_sort *s, uint64_t *at, struct err *e)
{
	size_t bytes = 4 * s->record, most = CHUNK / bytes, i, n = 0;
	uint32_t *chunk = malloc(CHUNK);
	int rc = chunk ? 0 : err_nomem(e, "n-grams");

	for (i = 0; rc == 0 && i < s->n; i++) {
		memcpy(chunk + n++ * s->record, sorted_record(s, i), bytes);
		if (n < most && i + 1 < s->n)
			continue;
		rc = scratch_write(s->fd, chunk, n * bytes, *at, e);
		*at += n * bytes;
		n = 0;
	}
	free(chunk);
	return rc;
}

static int
spill(struct ngram_sort *s, struct err *e)
{
	uint64_t at = s->nrun ? s->ends[s->nrun - 1] : 0;
	uint64_t *ends = realloc(s->ends, (s->nrun + 1) * sizeof(*ends));

	if (!ends)
		return err_nomem(e, "n-grams");
	s->ends = ends;
	if (s->fd < 0 && scratch_open(&s->fd, e) < 0)
		return e->code;
	sort_memory(s);
	if (write_sorted(s, &at, e) < 0)
		return e->code;
	s->ends[s->nrun++] = at;
	s->n = 0;
	return 0;
}

int
ngram_sort_put(
    struct ngram_sort *s, const uint32_t *key, uint64_t payload, struct err *e)
{
	uint32_t *to;

	if (!s->mem) {
		/* Pages are taken as they are written to. */
		s->mem = malloc(s->cap * s->record * 4);
		s->items = malloc(s->cap * sizeof(*s->items));
		if (!s->mem || !s->items)
			return err_nomem(e, "n-grams");
	}
	if (s->n == s->cap && spill(s, e) < 0)
		return e->code;
	to = s->mem + s->n++ * s->record;
	memcpy(to, key, 4 * (size_t)s->key);
	to[s->key] = (uint32_t)payload;
	to[s->key + 1] = (uint32_t)(payload >> 32);
	s->total++;
	return 0;
}

int
ngram_sort_end(struct ngram_sort *s, struct err *e)
{
	if (s->nrun == 0) {
		sort_memory(s);
		return 0;
	}
	if (s->n && spill(s, e) < 0)
		return e->code;
	free(s->mem);
	free(s->items);
	s->mem = NULL;
	s->items = NULL;
	return 0;
}

/* ---- reading ---- */

struct ngram_run {
	uint64_t at, end; /* bytes of the file that are left */
	uint32_t *buf;
	size_t i, n, cap; /* records */
};

static const uint32_t *
run_head(const struct ngram_reader *r, size_t run)
{
	return r->runs[run].buf + r->runs[run].i * r->s->record;
}

/* The run's next record; 0 at its end. */
static int
run_fill(const struct ngram_reader *r, struct ngram_run *run, struct err *e)
{
	size_t bytes = 4 * r->s->record;

	if (run->i < run->n)
		return 1;
	run->i = 0;
	run->n = (run->end - run->at) / bytes;
	if (run->n > run->cap)
		run->n = run->cap;
	if (run->n == 0)
		return 0;
	if (scratch_read(r->s->fd, run->buf, run->n * bytes, run->at, e) < 0)
		return e->code;
	run->at += run->n * bytes;
	return 1;
}

static bool
run_before(const struct ngram_reader *r, size_t a, size_t b)
{
	int c = ngram_compare(run_head(r, a), run_head(r, b), r->s->key);

	return c < 0 || (c == 0 && a < b);
}

static void
sink(struct ngram_reader *r, size_t i)
{
	size_t x = r->heap[i], child;

	while ((child = 2 * i + 1) < r->nheap) {
		child += child + 1 < r->nheap &&
			 run_before(r, r->heap[child + 1], r->heap[child]);
		if (run_before(r, x, r->heap[child]))
			break;
		r->heap[i] = r->heap[child];
		i = child;
	}
	r->heap[i] = x;
}

static int
open_runs(struct ngram_reader *r, struct err *e)
{
	const struct ngram_sort *s = r->s;
	size_t i, cap = s->cap / s->nrun;
	int rc;

	r->runs = calloc(s->nrun, sizeof(*r->runs));
	r->heap = calloc(s->nrun, sizeof(*r->heap));
	r->record = calloc(s->record, 4);
	if (!r->runs || !r->heap || !r->record)
		return err_nomem(e, "n-grams");
	for (i = 0; i < s->nrun; i++) {
		r->runs[i] = (struct ngram_run){ .at = i ? s->ends[i - 1] : 0,
			.end = s->ends[i],
			.cap = cap ? cap : 1 };
		r->runs[i].buf = malloc(r->runs[i].cap * s->record * 4);
		if (!r->runs[i].buf)
			return err_nomem(e, "n-grams");
		rc = run_fill(r, &r->runs[i], e);
		if (rc < 0)
			return rc;
		if (rc)
			r->heap[r->nheap++] = i;
	}
	for (i = r->nheap / 2; i-- > 0;)
		sink(r, i);
	return 0;
}

int
ngram_reader_open(
    struct ngram_reader *r, const struct ngram_sort *s, struct err *e)
{
	*r = (struct ngram_reader){ .s = s };
	return s->nrun ? open_runs(r, e) : 0;
}

/* Behind the record at the front. */
static int
advance(struct ngram_reader *r, struct err *e)
{
	struct ngram_run *run = &r->runs[r->heap[0]];
	int rc;

	run->i++;
	rc = run_fill(r, run, e);
	if (rc < 0)
		return rc;
	if (rc == 0)
		r->heap[0] = r->heap[--r->nheap];
	if (r->nheap)
		sink(r, 0);
	return 0;
}

int
ngram_reader_next(
    struct ngram_reader *r, const uint32_t **record, struct err *e)
{
	const struct ngram_sort *s = r->s;

	if (s->nrun == 0) {
		if (r->at == s->n)
			return 0;
		*record = sorted_record(s, r->at++);
		return 1;
	}
	if (r->nheap == 0)
		return 0;
	memcpy(r->record, run_head(r, r->heap[0]), 4 * s->record);
	if (advance(r, e) < 0)
		return e->code;
	while (s->add && r->nheap &&
	       ngram_compare(r->record, run_head(r, r->heap[0]), s->key) == 0) {
		add_payload(s, r->record, run_head(r, r->heap[0]));
		if (advance(r, e) < 0)
			return e->code;
	}
	*record = r->record;
	return 1;
}

void
ngram_reader_free(struct ngram_reader *r)
{
	size_t i;

	for (i = 0; r->runs && i < r->s->nrun; i++)
		free(r->runs[i].buf);
	free(r->runs);
	free(r->heap);
	free(r->record);
	*r = (struct ngram_reader){ 0 };
}
