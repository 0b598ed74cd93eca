/* SPDX-License-Identifier: MIT */
/* One row: which tokens it has, and what is told of them. */
#include <string.h>

#include "base/err.h"
#include "mix/mix_impl.h"

void
row_maker_free(struct row_maker *k)
{
	packed_free(&k->packed);
	spans_free(&k->base);
	spans_free(&k->made);
}

const struct recipe_objective *
mix_objective(const struct mix *m, const struct plan_phase *ph, uint32_t i)
{
	const struct recipe_objective *o = &ph->objective;

	if (o->task == TASK_NONE)
		o = &m->recipe.sources[ph->shares[i].source].objective;
	return o->task > TASK_CAUSAL ? o : NULL;
}

bool
mix_is_plain(const struct mix *m, const struct plan_phase *ph, uint32_t i)
{
	return !m->plan.sources[ph->shares[i].source].pack &&
	       !mix_objective(m, ph, i);
}

/* Where a row stands. */
static struct plan_row
place(const struct mix *m, const struct plan_phase *ph, struct slot slot,
    struct row_maker *k)
{
	return plan_next_row(&m->plan, ph, slot.i, slot.rank,
	    &k->epochs[ph->shares[slot.i].source % MIX_EPOCHS]);
}

/* n tokens from `at` on, document by document. */
static int
add_documents(const struct source *s, uint64_t at, uint64_t n,
    struct spans *out, struct err *e)
{
	struct span x = { .flags = SPAN_BEGINS };
	struct source_place p;

	for (; n; n -= x.n, at += x.n) {
		if (source_find(s, at, &p, e) < 0)
			return e->code;
		x.at = at;
		x.n = (uint32_t)(p.left < n ? p.left : n);
		x.flags = SPAN_BEGINS | (p.left <= n ? SPAN_ENDS : 0);
		if (spans_add(out, x, e) < 0)
			return e->code;
	}
	return 0;
}

static int
add_pieces(const struct mix *m, const struct plan_row *row, uint32_t source,
    uint32_t seq, struct row_maker *k, struct err *e)
{
	const struct pack_piece *p, *end;

	if (pack_lay(&m->packs[source], &row->window, seq, &k->packed, e) < 0)
		return e->code;
	p = k->packed.v + k->packed.row[row->row];
	end = k->packed.v + k->packed.row[row->row + 1];
	for (; p < end; p++)
		if (add_documents(
			&m->sources[source], p->at, p->n, &k->base, e) < 0)
			return e->code;
	return 0;
}

/* Exactly n tokens: what is too much is cut off, what lacks is padding. */
static int
fit(struct spans *s, uint64_t n, int64_t end_text, struct err *e)
{
	struct span pad = { .token = end_text < 0 ? 0 : (uint32_t)end_text,
		.flags = SPAN_BEGINS | SPAN_TOKEN | SPAN_GIVEN };
	size_t i;

	for (i = 0; i < s->n && s->v[i].n < n; i++)
		n -= s->v[i].n;
	if (i < s->n) {
		s->v[i].n = (uint32_t)n;
		s->n = i + 1;
		return 0;
	}
	pad.n = (uint32_t)n;
	return spans_add(s, pad, e);
}

/* Of the row's place: the same in every layout, another in each epoch. */
static uint64_t
row_key(const struct mix *m, const struct plan_row *row, uint32_t source,
    const struct spans *s)
{
	uint64_t key[2];

	plan_key(m->plan.seed, m->plan.sources[source].key, row->epoch,
	    USE_OBJECTIVE, s->n ? s->v[0].at : 0, key);
	return key[0];
}

int
mix_make_row(const struct mix *m, const struct plan_phase *ph, struct slot slot,
    struct row_maker *k, struct err *e)
{
	struct plan_row row = place(m, ph, slot, k);
	const struct recipe_objective *o = mix_objective(m, ph, slot.i);
	uint32_t source = ph->shares[slot.i].source;
	const struct source *s = &m->sources[source];
	int64_t end = s->shards[0].head.end_text;
	struct spans *out = &k->base;
	int rc;

	k->base.n = k->made.n = 0;
	k->apart = m->plan.sources[source].pack != NULL;
	rc = k->apart ? add_pieces(m, &row, source, ph->seq, k, e)
		      : add_documents(
			    s, row.token, (uint64_t)ph->seq + 1, &k->base, e);
	if (rc == 0 && o) {
		rc = objective_apply(o, &m->recipe.specials,
		    row_key(m, &row, source, &k->base), end, &k->base, &k->made,
		    e);
		out = &k->made;
	}
	k->spans = out;
	return rc < 0 ? rc : fit(out, (uint64_t)ph->seq + 1, end, e);
}

void
mix_hint_row(const struct mix *m, const struct plan_phase *ph, struct slot slot)
{
	struct plan_row row = plan_row(&m->plan, ph, slot.i, slot.rank);
	const struct source *s = &m->sources[ph->shares[slot.i].source];
	struct source_place p;
	uint64_t first, n;
	struct err e;

	/* Packing is the larger part of the work for packed rows. */
	if (m->plan.sources[ph->shares[slot.i].source].pack ||
	    source_find(s, row.token, &p, &e) < 0 ||
	    shard_doc_range(&s->shards[p.shard], p.document, &first, &n, &e) <
		0)
		return;
	shard_hint(&s->shards[p.shard], first + p.token, (uint64_t)ph->seq + 1);
}

static int
fill_tokens(const struct source *s, const struct spans *row, uint32_t *out,
    struct err *e)
{
	const struct span *x = row->v;
	uint32_t i;

	for (; x < row->v + row->n; out += x->n, x++) {
		for (i = 0; x->flags & SPAN_TOKEN && i < x->n; i++)
			out[i] = x->token;
		if (!(x->flags & SPAN_TOKEN) &&
		    source_read(s, x->at, x->n, out, e) < 0)
			return e->code;
	}
	return 0;
}

static void
fill_first(const struct spans *row, uint32_t T, int32_t *first)
{
	const struct span *x = row->v;
	uint32_t t = 0, end = 0;
	int32_t begin = 0;

	for (; x < row->v + row->n; x++) {
		begin = x->flags & SPAN_BEGINS ? (int32_t)t : begin;
		for (end += x->n; t < end && t < T; t++)
			first[t] = begin;
	}
}

/* From the end on, so that the end of what sees both ways is known. */
static void
fill_last(const struct spans *row, uint32_t T, int32_t *last)
{
	const struct span *x = row->v + row->n;
	uint32_t end = T + 1, sees = 0, t;

	while (x-- > row->v) {
		if (!(x->flags & SPAN_TWO_WAY))
			sees = 0;
		else if (!sees)
			sees = end < T ? end : T;
		for (t = end - x->n; t < end && t < T; t++)
			last[t] = (int32_t)(sees ? sees - 1 : t);
		end -= x->n;
		if (x->flags & SPAN_BEGINS)
			sees = 0;
	}
}

static void
fill_loss(const struct spans *row, bool apart, uint8_t *loss)
{
	const struct span *x = row->v;
	uint32_t t = 0, i;

	for (; x < row->v + row->n; x++)
		for (i = 0; i < x->n; i++, t++)
			if (t)
				loss[t - 1] = !(x->flags & SPAN_GIVEN) &&
					      !(apart && i == 0 &&
						  x->flags & SPAN_BEGINS);
}

/* What is told of tokens of the source that follow each other. */
static int
mark_plain(const struct source *s, uint64_t at, uint32_t T, struct row_maker *k,
    const struct rows *out, size_t j, struct err *e)
{
	size_t to = j * (size_t)T;
	uint32_t t;

	k->base.n = 0;
	if (out->first) {
		if (add_documents(s, at, T, &k->base, e) < 0)
			return e->code;
		fill_first(&k->base, T, out->first + to);
	}
	for (t = 0; out->last && t < T; t++)
		out->last[to + t] = (int32_t)t;
	if (out->loss)
		memset(out->loss + to, 1, T);
	return 0;
}

static int
fill_made(const struct mix *m, const struct plan_phase *ph, struct slot slot,
    struct row_maker *k, const struct rows *out, size_t j, struct err *e)
{
	const struct source *s = &m->sources[ph->shares[slot.i].source];
	size_t T = ph->seq, at = j * T;

	if (mix_make_row(m, ph, slot, k, e) < 0 ||
	    fill_tokens(s, k->spans, out->tokens + j * (T + 1), e) < 0)
		return e->code;
	if (out->first)
		fill_first(k->spans, ph->seq, out->first + at);
	if (out->last)
		fill_last(k->spans, ph->seq, out->last + at);
	if (out->loss)
		fill_loss(k->spans, k->apart, out->loss + at);
	return 0;
}

int
mix_fill_rows(const struct mix *m, const struct plan_phase *ph,
    const struct slot *slots, uint32_t n, struct row_maker *k,
    const struct rows *out, size_t j, struct err *e)
{
	size_t width = (size_t)ph->seq + 1;
	uint64_t at[MIX_ROWS];
	const struct source *s;
	uint32_t i;
	int rc = 0;

	/* All places first, so that a row is on its way while one is read. */
	for (i = 0; i < n; i++)
		if (mix_is_plain(m, ph, slots[i].i))
			at[i] = place(m, ph, slots[i], k).token;
	for (i = 0; rc == 0 && i < n; i++, j++) {
		s = &m->sources[ph->shares[slots[i].i].source];
		if (out->info)
			out->info[j].source = ph->shares[slots[i].i].source;
		if (!mix_is_plain(m, ph, slots[i].i)) {
			rc = fill_made(m, ph, slots[i], k, out, j, e);
			continue;
		}
		rc = source_read(s, at[i], width, out->tokens + j * width, e);
		if (rc == 0)
			rc = mark_plain(s, at[i], ph->seq, k, out, j, e);
	}
	return rc;
}
