/* SPDX-License-Identifier: MIT */
/* From a place in the run to documents, and back. */
#include <stdlib.h>

#include "base/err.h"
#include "mix/mix_impl.h"

/* Cut n tokens of a source into pieces of documents. */
static int
each_piece(struct mix *m, struct mix_piece *p, uint64_t at, uint32_t n,
    int (*each)(void *, const struct mix_piece *, struct err *), void *ctx,
    struct err *e)
{
	const struct source *s = &m->sources[p->source];
	struct source_place here;
	struct arena a = { 0 };
	int rc = 0;

	for (; n && rc == 0; n -= p->n, at += p->n, p->column += p->n) {
		arena_reset(&a);
		p->n = 0;
		rc = source_find(s, at, &here, e);
		if (rc < 0)
			break;
		p->shard = &s->shards[here.shard];
		p->document = here.document;
		p->token = here.token;
		p->n = here.left < n ? (uint32_t)here.left : n;
		rc = shard_doc_read(p->shard, p->document, &a, &p->doc, e);
		if (rc == 0)
			rc = each(ctx, p, e);
	}
	arena_free(&a);
	return rc;
}

/* The same of a row that is made: n columns from p->column on. */
static int
each_span(struct mix *m, struct mix_piece *p, const struct plan_phase *ph,
    struct slot slot, uint32_t n,
    int (*each)(void *, const struct mix_piece *, struct err *), void *ctx,
    struct err *e)
{
	uint32_t from = p->column, to = p->column + n, at = 0, a, b;
	struct row_maker k = { 0 };
	const struct span *x;
	size_t i;
	int rc = mix_make_row(m, ph, slot, &k, e);

	for (i = 0; rc == 0 && i < k.spans->n; i++, at += x->n) {
		x = &k.spans->v[i];
		a = at > from ? at : from;
		b = at + x->n < to ? at + x->n : to;
		p->column = a;
		if (a < b && !(x->flags & SPAN_TOKEN))
			rc = each_piece(
			    m, p, x->at + (a - at), b - a, each, ctx, e);
	}
	row_maker_free(&k);
	return rc;
}

int
mix_at(struct mix *m, uint64_t step, uint32_t row, uint32_t first, uint32_t n,
    int (*each)(void *ctx, const struct mix_piece *p, struct err *e), void *ctx,
    struct err *e)
{
	const struct plan_phase *ph;
	struct mix_piece piece = { .column = first };
	struct plan_row at;
	struct slot slot;
	uint64_t nth;

	if (mix_find_rows(m, step, row, 1, &ph, &nth, e) < 0 ||
	    mix_slots(m, ph, nth, 1, &slot, e) < 0)
		return e->code;
	if (first > ph->seq || n > ph->seq + 1 - first)
		return err_set(e, ERR_ARG, "column %u: a row has %u tokens",
		    first, ph->seq + 1);
	at = plan_row(&m->plan, ph, slot.i, slot.rank);
	piece.source = ph->shares[slot.i].source;
	piece.epoch = at.epoch;
	if (mix_is_plain(m, ph, slot.i))
		return each_piece(m, &piece, at.token + first, n, each, ctx, e);
	return each_span(m, &piece, ph, slot, n, each, ctx, e);
}

/* What mix_seen() looks for, and where it is. */
struct search {
	struct mix *m;
	int (*each)(void *, const struct mix_place *, struct err *);
	void *ctx;
	uint64_t documents;
	uint32_t source;
	size_t shard;
};

/* The row of a phase that is the rank-th of its i-th source. */
static int
row_of_rank(struct mix *m, const struct plan_phase *ph, uint32_t i,
    uint64_t rank, uint64_t *row, struct err *e)
{
	const struct blend_table *t = NULL;
	struct blend_period p;
	uint64_t j, n;
	int rc;

	*row = rank;
	if (ph->blend.k == 1)
		return 0;
	if (blend_period_of_rank(&ph->blend, i, rank, &p, e) < 0)
		return e->code;
	pthread_mutex_lock(&m->lock);
	rc = mix_table(m, ph, p.first, 1, &t, e);
	for (j = 0, n = 0; rc == 0 && j < p.rows; j++) {
		if (j == n) {
			n = j + 4096 < p.rows ? j + 4096 : p.rows;
			rc = mix_table(m, ph, p.first, n, &t, e);
		}
		if (rc == 0 && t->slots[j].source == i &&
		    t->before[i] + t->slots[j].rank == rank)
			break;
	}
	*row = p.first + j;
	pthread_mutex_unlock(&m->lock);
	return rc;
}

/* A token of the document that is an input here: tell it and those after. */
static int
tell_place(struct search *s, struct mix_place *at, const struct plan_phase *ph,
    uint32_t i, uint64_t rank, struct err *e)
{
	const struct plan_batch *b;
	uint64_t row = 0;

	if (row_of_rank(s->m, ph, i, rank, &row, e) < 0)
		return e->code;
	b = plan_batch_of_row(ph, row);
	at->step = ph->first_step + b->step + (row - b->row) / b->rows;
	at->row = (uint32_t)((row - b->row) % b->rows);
	return s->each(s->ctx, at, e);
}

/* Where a made row has tokens first .. first + n of the source as inputs. */
static int
tell_row(struct search *s, struct mix_place *at, const struct plan_phase *ph,
    struct slot slot, uint64_t first, uint64_t n, struct row_maker *k,
    struct err *e)
{
	uint64_t column = 0, a, b;
	const struct span *x;
	size_t i;
	int rc = mix_make_row(s->m, ph, slot, k, e);

	for (i = 0; rc == 0 && i < k->spans->n; i++, column += x->n) {
		x = &k->spans->v[i];
		a = x->at > first ? x->at : first;
		b = x->at + x->n < first + n ? x->at + x->n : first + n;
		if (x->flags & SPAN_TOKEN || a >= b)
			continue;
		at->token = a - first;
		at->column = (uint32_t)(column + (a - x->at));
		if (at->column >= ph->seq)
			continue;
		at->n = (uint32_t)(b - a);
		if (at->n > ph->seq - at->column)
			at->n = ph->seq - at->column;
		rc = tell_place(s, at, ph, slot.i, slot.rank, e);
	}
	return rc;
}

/* The rows of a window that have pieces of these tokens. */
static int
seen_packed(struct search *s, struct mix_place *at, const struct plan_phase *ph,
    uint32_t i, uint64_t first, uint64_t n, struct err *e)
{
	const struct pack *p = &s->m->packs[s->source];
	uint64_t window = pack_window_of(p, first);
	struct row_maker k = { 0 };
	struct packed laid = { 0 };
	struct slot slot = { .i = i };
	struct pack_window w;
	uint32_t rows, r, j;
	int rc = 0;

	if (!plan_find_window(&s->m->plan, ph, i, at->epoch, window, &w, &rows))
		return 0;
	rc = pack_lay(p, &w, ph->seq, &laid, e);
	for (r = 0; rc == 0 && r < rows; r++) {
		for (j = laid.row[r]; j < laid.row[r + 1]; j++)
			if (laid.v[j].at < first + n &&
			    laid.v[j].at + laid.v[j].n > first)
				break;
		if (j == laid.row[r + 1])
			continue;
		slot.rank =
		    plan_packed_rank(&s->m->plan, ph, i, at->epoch, window, r);
		rc = tell_row(s, at, ph, slot, first, n, &k, e);
	}
	packed_free(&laid);
	row_maker_free(&k);
	return rc;
}

/*
 * The rows that have these tokens before an objective changes them; also the
 * one in which the first of them is the last target, since it may be moved.
 */
static int
seen_made(struct search *s, struct mix_place *at, const struct plan_phase *ph,
    uint32_t i, uint64_t first, uint64_t n, struct err *e)
{
	uint64_t token = first - (first > 0), take, column, last = UINT64_MAX;
	struct row_maker k = { 0 };
	struct slot slot = { .i = i };
	int rc = 0;

	for (; rc == 0 && token < first + n; token += take) {
		take = 1;
		if (!plan_find(&s->m->plan, ph, i, at->epoch, token, &slot.rank,
			&column))
			continue;
		take = ph->seq - column;
		if (slot.rank != last)
			rc = tell_row(s, at, ph, slot, first, n, &k, e);
		last = slot.rank;
	}
	row_maker_free(&k);
	return rc;
}

/* Tokens first .. first + n of the source, in one epoch of one phase. */
static int
seen_in_epoch(struct search *s, struct mix_place *at,
    const struct plan_phase *ph, uint32_t i, uint64_t first, uint64_t n,
    struct err *e)
{
	uint64_t done, rank, column, take;
	int rc = 0;

	if (s->m->plan.sources[s->source].pack)
		return seen_packed(s, at, ph, i, first, n, e);
	if (mix_objective(s->m, ph, i))
		return seen_made(s, at, ph, i, first, n, e);
	for (done = 0; rc == 0 && done < n; done += take) {
		take = 1;
		if (!plan_find(&s->m->plan, ph, i, at->epoch, first + done,
			&rank, &column))
			continue;
		take = ph->seq - column;
		take = take < n - done ? take : n - done;
		at->token = done;
		at->column = (uint32_t)column;
		at->n = (uint32_t)take;
		rc = tell_place(s, at, ph, i, rank, e);
	}
	return rc;
}

static int
seen_in_phase(struct search *s, struct mix_place *at,
    const struct plan_phase *ph, uint64_t first, uint64_t n, struct err *e)
{
	uint64_t last;
	uint32_t i;
	int rc = 0;

	for (i = 0; i < ph->blend.k; i++)
		if (ph->shares[i].source == s->source)
			break;
	if (i == ph->blend.k)
		return 0;
	last = plan_last_epoch(&s->m->plan, ph, i);
	for (at->epoch = ph->shares[i].epoch; rc == 0 && at->epoch <= last;
	     at->epoch++)
		rc = seen_in_epoch(s, at, ph, i, first, n, e);
	return rc;
}

static int
seen_doc(void *ctx, uint64_t i, const struct shard_doc *d, struct err *e)
{
	struct search *s = ctx;
	const struct source *src = &s->m->sources[s->source];
	const struct shard *x = &src->shards[s->shard];
	struct mix_place at = {
		.source = s->source, .shard = x, .doc = d, .document = i
	};
	uint64_t first, n;
	uint32_t j;
	int rc = 0;

	s->documents++;
	if (source_doc(src, s->shard, i, &first, &n, e) < 0)
		return e->code;
	for (j = 0; rc == 0 && n && j < s->m->plan.nphase; j++)
		rc = seen_in_phase(s, &at, &s->m->plan.phases[j], first, n, e);
	return rc;
}

int
mix_seen(struct mix *m, struct str name,
    int (*each)(void *ctx, const struct mix_place *p, struct err *e), void *ctx,
    uint64_t *documents, struct err *e)
{
	struct search s = { .m = m, .each = each, .ctx = ctx };
	int rc = 0;

	for (; rc == 0 && s.source < m->nsource; s.source++)
		for (s.shard = 0; rc == 0 && s.shard < m->sources[s.source].n;
		     s.shard++)
			rc = shard_docs_find(
			    &m->sources[s.source].shards[s.shard], name,
			    seen_doc, &s, e);
	*documents = s.documents;
	return rc;
}
