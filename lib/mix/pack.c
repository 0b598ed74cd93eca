/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/num.h"
#include "mix/pack.h"

/* Everything that packing a window needs, for as many pieces as came so far. */
struct packer {
	size_t cap; /* pieces */
	uint32_t n;
	struct pack_piece *piece; /* (n): of the documents, in order */
	uint64_t *key;            /* (n): to sort by length */
	uint64_t *room;           /* (n): bins by what is free in them */
	uint32_t *bin;            /* (n): the bin of a piece */
	uint32_t *free_of;        /* (n): columns, of a bin */
	uint32_t *row_of;         /* (n): of a bin */
	struct pack_piece *v;     /* (n): the result */
	uint32_t *row;            /* (n + 1) */
};

static void
packer_free(struct packer *k)
{
	if (!k)
		return;
	free(k->piece);
	free(k->key);
	free(k->room);
	free(k->bin);
	free(k->free_of);
	free(k->row_of);
	free(k->v);
	free(k->row);
	free(k);
}

void
packed_free(struct packed *p)
{
	packer_free(p->scratch);
	*p = (struct packed){ 0 };
}

static bool
grow(void *array, size_t n, size_t size)
{
	void **v = array, *more = realloc(*v, n * size);

	if (!more)
		return false;
	*v = more;
	return true;
}

static int
packer_reserve(struct packer *k, size_t n, struct err *e)
{
	size_t cap = k->cap ? k->cap : 1024;

	if (n <= k->cap)
		return 0;
	while (cap < n)
		cap *= 2;
	if (!grow(&k->piece, cap, sizeof(*k->piece)) ||
	    !grow(&k->key, cap, sizeof(*k->key)) ||
	    !grow(&k->room, cap, sizeof(*k->room)) ||
	    !grow(&k->bin, cap, sizeof(*k->bin)) ||
	    !grow(&k->free_of, cap, sizeof(*k->free_of)) ||
	    !grow(&k->row_of, cap, sizeof(*k->row_of)) ||
	    !grow(&k->v, cap, sizeof(*k->v)) ||
	    !grow(&k->row, cap + 1, sizeof(*k->row)))
		return err_nomem(e, "a window of documents");
	k->cap = cap;
	return 0;
}

/* n tokens from `at` on, in pieces that fit into rows of seq inputs. */
static int
add_pieces(
    struct packer *k, uint64_t at, uint64_t n, uint32_t seq, struct err *e)
{
	uint64_t need = n < 2 ? 0 : (n - 2) / seq + 1, take;

	if (packer_reserve(k, k->n + need, e) < 0)
		return e->code;
	for (; need; need--, at += seq, n -= seq) {
		take = need > 1 ? (uint64_t)seq + 1 : n;
		k->piece[k->n++] = (struct pack_piece){ at, take };
	}
	return 0;
}

static int
by_key(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* The first of n rising keys that is >= x. */
static uint32_t
first_of(const uint64_t *v, uint32_t n, uint64_t x)
{
	uint32_t lo = 0, hi = n, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (v[mid] < x)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* Bins that have room for more, rising by how much: free << 32 | bin. */
static uint32_t
put_bin(struct packer *k, uint32_t rooms, uint32_t free_now, uint32_t bin)
{
	uint64_t key = (uint64_t)free_now << 32 | bin;
	uint32_t at = first_of(k->room, rooms, key);

	k->free_of[bin] = free_now;
	if (free_now < 2) /* no piece is so short */
		return rooms;
	memmove(
	    k->room + at + 1, k->room + at, (rooms - at) * sizeof(*k->room));
	k->room[at] = key;
	return rooms + 1;
}

static uint32_t
best_fit(struct packer *k, uint32_t width)
{
	uint32_t bins = 0, rooms = 0, i, at, bin, n;

	for (i = 0; i < k->n; i++)
		k->key[i] = (uint64_t)(UINT32_MAX - k->piece[i].n) << 32 | i;
	qsort(k->key, k->n, sizeof(*k->key), by_key);
	for (i = 0; i < k->n; i++) {
		n = (uint32_t)k->piece[(uint32_t)k->key[i]].n;
		at = first_of(k->room, rooms, (uint64_t)n << 32);
		if (at == rooms) {
			bin = bins++;
			rooms = put_bin(k, rooms, width - n, bin);
		} else {
			bin = (uint32_t)k->room[at];
			memmove(k->room + at, k->room + at + 1,
			    (--rooms - at) * sizeof(*k->room));
			rooms = put_bin(k, rooms, k->free_of[bin] - n, bin);
		}
		k->bin[(uint32_t)k->key[i]] = bin;
	}
	return bins;
}

/* Bins become rows in the order of their first pieces. */
static void
order_rows(struct packer *k, uint32_t bins)
{
	uint32_t rows = 0, i, r;

	memset(k->row_of, 0xff, bins * sizeof(*k->row_of));
	memset(k->row, 0, ((size_t)bins + 1) * sizeof(*k->row));
	for (i = 0; i < k->n; i++) {
		if (k->row_of[k->bin[i]] == UINT32_MAX)
			k->row_of[k->bin[i]] = rows++;
		k->row[k->row_of[k->bin[i]] + 1]++;
	}
	for (r = 0; r < bins; r++)
		k->row[r + 1] += k->row[r];
	/* key: where the next piece of a row goes */
	for (r = 0; r < bins; r++)
		k->key[r] = k->row[r];
	for (i = 0; i < k->n; i++)
		k->v[k->key[k->row_of[k->bin[i]]]++] = k->piece[i];
}

static void
lay(const struct pack *p, struct packer *k, uint32_t seq, struct packed *out)
{
	uint32_t i;

	out->rows = k->n;
	if (p->kind == PACK_FIT)
		out->rows = best_fit(k, seq + 1);
	else
		for (i = 0; i < k->n; i++)
			k->bin[i] = i;
	order_rows(k, out->rows);
	out->v = k->v;
	out->row = k->row;
}

/* Document i of the source. */
static int
document(const struct pack *p, uint64_t i, uint64_t *at, uint64_t *n,
    size_t *shard, struct err *e)
{
	if (p->s->pick) {
		*at = p->s->start[i];
		*n = p->s->start[i + 1] - *at;
		return 0;
	}
	while (i >= p->docs_before[*shard + 1])
		++*shard;
	if (shard_doc_range(&p->s->shards[*shard], i - p->docs_before[*shard],
		at, n, e) < 0)
		return e->code;
	*at += p->s->first[*shard];
	return 0;
}

/* A window's documents as pieces for rows of seq. */
static int
take_documents(const struct pack *p, uint64_t window, struct packer *k,
    uint32_t seq, struct err *e)
{
	uint64_t doc = window * p->window, end = doc + p->window, at, n;
	size_t shard = source_search(p->docs_before, p->s->n, doc);

	k->n = 0;
	end = end < p->docs ? end : p->docs;
	for (; doc < end; doc++)
		if (document(p, doc, &at, &n, &shard, e) < 0 ||
		    add_pieces(k, at, n, seq, e) < 0)
			return e->code;
	return 0;
}

/* What rows from `used` on hold, as pieces for rows of seq. */
static int
take_rest(struct packer *k, const struct packed *from, uint32_t used,
    uint32_t seq, struct err *e)
{
	uint32_t i = from->row[used < from->rows ? used : from->rows];
	uint32_t end = from->row[from->rows];
	struct pack_piece *rest = malloc((end - i + 1) * sizeof(*rest));
	uint32_t n = end - i;
	int rc = 0;

	if (!rest)
		return err_nomem(e, "a window of documents");
	memcpy(rest, from->v + i, n * sizeof(*rest));
	k->n = 0;
	for (i = 0; rc == 0 && i < n; i++)
		rc = add_pieces(k, rest[i].at, rest[i].n, seq, e);
	free(rest);
	return rc;
}

int
pack_lay(const struct pack *p, const struct pack_window *w, uint32_t seq,
    struct packed *out, struct err *e)
{
	uint32_t i, first = w->ncut ? w->cuts[0].seq : seq;

	if (!out->scratch)
		out->scratch = calloc(1, sizeof(*out->scratch));
	if (!out->scratch)
		return err_nomem(e, "a window of documents");
	if (packer_reserve(out->scratch, 1, e) < 0 ||
	    take_documents(p, w->number, out->scratch, first, e) < 0)
		return e->code;
	lay(p, out->scratch, first, out);
	for (i = 0; i < w->ncut; i++) {
		first = i + 1 < w->ncut ? w->cuts[i + 1].seq : seq;
		if (take_rest(out->scratch, out, w->cuts[i].rows, first, e) < 0)
			return e->code;
		lay(p, out->scratch, first, out);
	}
	return 0;
}

uint64_t
packed_targets(const struct packed *p, uint32_t rows)
{
	uint64_t targets = 0;
	uint32_t i;

	for (i = 0; i < p->row[rows]; i++)
		targets += p->v[i].n - 1;
	return targets;
}

uint64_t
pack_window_of(const struct pack *p, uint64_t at)
{
	size_t shard = source_search(p->s->first, p->s->n, at);

	if (p->s->pick)
		return source_search(p->s->start, p->s->docs, at) / p->window;
	return (p->docs_before[shard] + shard_doc_of(&p->s->shards[shard],
					    at - p->s->first[shard])) /
	       p->window;
}

int
pack_open(struct pack *p, const struct source *s, enum recipe_packing kind,
    uint64_t window, struct err *e)
{
	uint64_t i, at, n;
	size_t shard = 0;

	*p = (struct pack){ .s = s, .kind = kind, .window = window };
	p->docs_before = calloc(s->n + 1, sizeof(*p->docs_before));
	if (!p->docs_before)
		return err_nomem(e, "documents");
	for (i = 0; i < s->n; i++)
		p->docs_before[i + 1] = p->docs_before[i] + s->shards[i].docs;
	p->docs = s->pick ? s->docs : p->docs_before[s->n];
	p->windows = p->docs / window + (p->docs % window != 0);
	for (i = 0; i < p->docs; i++) {
		if (document(p, i, &at, &n, &shard, e) < 0)
			return e->code;
		p->targets += n ? n - 1 : 0;
	}
	return 0;
}

void
pack_close(struct pack *p)
{
	free(p->docs_before);
	*p = (struct pack){ 0 };
}

/* Windows from .. to - 1. */
static int
count_some(const struct pack *p, uint32_t seq, uint64_t from, uint64_t to,
    uint32_t *rows, uint64_t *targets, struct err *e)
{
	struct pack_window w = { from, NULL, 0 };
	struct packed out = { 0 };
	int rc = 0;

	for (; rc == 0 && w.number < to; w.number++) {
		rc = pack_lay(p, &w, seq, &out, e);
		if (rc == 0) {
			rows[w.number] = out.rows;
			targets[w.number] = packed_targets(&out, out.rows);
		}
	}
	packed_free(&out);
	return rc;
}

enum { COUNT_AT_ONCE = 64 };

int
pack_count(const struct pack *p, uint32_t seq, uint32_t **rows,
    uint64_t **targets, struct err *e)
{
	uint64_t parts = (p->windows + COUNT_AT_ONCE - 1) / COUNT_AT_ONCE, i;
	int rc = 0;

	*rows = calloc(p->windows + 1, sizeof(**rows));
	*targets = calloc(p->windows + 1, sizeof(**targets));
	if (!*rows || !*targets)
		rc = err_nomem(e, "windows of documents");
#pragma omp parallel for schedule(dynamic)
	for (i = 0; i < parts; i++) {
		uint64_t from = i * COUNT_AT_ONCE, to = from + COUNT_AT_ONCE;
		struct err bad;

		if (count_some(p, seq, from, to < p->windows ? to : p->windows,
			*rows, *targets, &bad) < 0) {
#pragma omp critical(pack_count)
			{
				*e = bad;
				rc = bad.code;
			}
		}
	}
	if (rc < 0) {
		free(*rows);
		free(*targets);
		*rows = NULL;
		*targets = NULL;
	}
	return rc;
}
