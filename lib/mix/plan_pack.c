/* SPDX-License-Identifier: MIT */
/* Sources whose documents are packed: which windows a phase reads. */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "mix/plan.h"
#include "mix/shuffle.h"

const struct plan_counts *
plan_counts(const struct plan_source *s, uint32_t seq)
{
	uint32_t i;

	for (i = 0; i < s->ncount; i++)
		if (s->counts[i].seq == seq)
			return &s->counts[i];
	return NULL;
}

static int
count(struct plan *p, struct plan_source *s, uint32_t seq, uint32_t most,
    struct err *e)
{
	struct plan_counts *c;
	uint64_t i;

	if (plan_counts(s, seq))
		return 0;
	if (!s->counts)
		s->counts = arena_alloc(&p->arena, most * sizeof(*s->counts));
	if (!s->counts)
		return err_nomem(e, "a plan");
	c = &s->counts[s->ncount];
	*c = (struct plan_counts){ .seq = seq };
	if (pack_count(s->pack, seq, &c->rows, &c->targets, e) < 0)
		return err_prefix(e, "source %s", s->name);
	s->ncount++;
	c->ends = calloc(s->pack->windows + 1, sizeof(*c->ends));
	if (!c->ends)
		return err_nomem(e, "a plan");
	for (i = 0; i < s->pack->windows; i++) {
		c->all += c->rows[i];
		c->ends[i] = c->all;
	}
	return 0;
}

int
plan_count_windows(struct plan *p, const struct recipe *r, struct err *e)
{
	const struct recipe_phase *ph;
	struct plan_source *s;
	uint32_t i, j;

	for (i = 0; i < r->nphase; i++) {
		ph = &r->phases[i];
		for (j = 0; j < ph->blend.n + ph->nwhole; j++) {
			s = &p->sources[j < ph->blend.n
					    ? ph->blend.v[j].source
					    : ph->whole[j - ph->blend.n]
						  .source];
			if (s->pack && count(p, s, ph->seq, r->nphase, e) < 0)
				return e->code;
		}
	}
	for (i = 0; i < p->nsource; i++) {
		s = &p->sources[i];
		if (!s->pack || !s->ncount)
			continue;
		if (s->counts[0].all)
			s->epochs.den = s->pack->targets;
		else
			plan_problem(p, r, r->sources[i].line,
			    "source %s has no document of two tokens or more",
			    s->name);
	}
	return 0;
}

/* The window at a place of an epoch's order, and the other way round. */
static uint64_t
window_at(const struct plan *p, const struct plan_source *s, uint64_t epoch,
    uint64_t place)
{
	struct shuffle order;
	uint64_t key[2];

	if (s->ordered)
		return place;
	plan_key(p->seed, s->key, epoch, USE_BLOCKS, 0, key);
	shuffle_init(&order, s->pack->windows, key);
	return shuffle_at(&order, place);
}

static uint64_t
place_of(const struct plan *p, const struct plan_source *s, uint64_t epoch,
    uint64_t window)
{
	struct shuffle order;
	uint64_t key[2];

	if (s->ordered)
		return window;
	plan_key(p->seed, s->key, epoch, USE_BLOCKS, 0, key);
	shuffle_init(&order, s->pack->windows, key);
	return shuffle_of(&order, window);
}

/* A phase's share in the making. */
struct taking {
	struct plan *p;
	struct plan_source *s;
	struct plan_place *at;
	struct plan_share *sh;
	const struct plan_counts *c;
	uint32_t seq;
	struct packed packed;
};

/* The run of a share's rows from where the source stands. */
static struct plan_run *
new_run(struct taking *t, uint64_t windows, uint64_t left)
{
	struct plan_run *r = &t->sh->runs[t->sh->nrun++];

	*r = (struct plan_run){ .epoch = t->at->epoch,
		.epochs = 1,
		.first = t->at->window,
		.windows = windows,
		.cuts = t->at->cuts,
		.ncut = t->at->ncut,
		.before = t->sh->rows - left };
	return r;
}

/* Whole epochs, as many as fit. */
static uint64_t
take_whole(struct taking *t, uint64_t left)
{
	uint64_t n = left / t->c->all;
	struct plan_run *r;

	if (n == 0 || t->at->window || t->at->ncut)
		return left;
	r = new_run(t, t->s->pack->windows, left);
	r->whole = true;
	r->epochs = n;
	r->rows = t->c->all;
	r->ends = t->c->ends;
	t->at->epoch += n;
	return left - n * t->c->all;
}

/* Rows and targets of the window at a place of the epoch's order. */
static int
window_size(struct taking *t, const struct pack_window *w, uint64_t *rows,
    uint64_t *targets, struct err *e)
{
	if (w->ncut == 0) {
		*rows = t->c->rows[w->number];
		*targets = t->c->targets[w->number];
		return 0;
	}
	if (pack_lay(t->s->pack, w, t->seq, &t->packed, e) < 0)
		return e->code;
	*rows = t->packed.rows;
	*targets = packed_targets(&t->packed, t->packed.rows);
	return 0;
}

/* The phase stops within a window: what it has read of it. */
static int
stop_in(
    struct taking *t, const struct pack_window *w, uint32_t rows, struct err *e)
{
	struct pack_cut *cuts =
	    arena_alloc(&t->p->arena, (w->ncut + 1) * sizeof(*cuts));

	if (!cuts)
		return err_nomem(e, "a plan");
	if (pack_lay(t->s->pack, w, t->seq, &t->packed, e) < 0)
		return e->code;
	t->at->at += packed_targets(&t->packed, rows);
	if (w->ncut)
		memcpy(cuts, w->cuts, w->ncut * sizeof(*cuts));
	cuts[w->ncut] = (struct pack_cut){ t->seq, rows };
	t->at->cuts = cuts;
	t->at->ncut = w->ncut + 1;
	return 0;
}

/* Windows of the epoch begun, up to its end or that of the share. */
static int
take_part(struct taking *t, uint64_t *left, struct err *e)
{
	uint64_t most = t->s->pack->windows - t->at->window, rows = 0;
	uint64_t targets = 0;
	struct plan_run *r = new_run(t, 0, *left);
	uint64_t *ends = malloc((most + 1) * sizeof(*ends)), *kept;
	struct pack_window w;
	int rc = ends ? 0 : err_nomem(e, "a plan");

	while (rc == 0 && r->rows < *left && r->windows < most) {
		w = (struct pack_window){ .number = window_at(t->p, t->s,
					      r->epoch, t->at->window) };
		if (r->windows == 0 && r->ncut) {
			w.cuts = r->cuts;
			w.ncut = r->ncut;
		}
		rc = window_size(t, &w, &rows, &targets, e);
		if (rc < 0)
			break;
		if (r->rows + rows > *left) {
			rc = stop_in(t, &w, (uint32_t)(*left - r->rows), e);
			r->rows = *left;
		} else {
			r->rows += rows;
			t->at->at += targets;
			t->at->ncut = 0;
			t->at->window++;
		}
		ends[r->windows++] = r->rows;
	}
	kept = rc == 0
		   ? arena_alloc(&t->p->arena, (r->windows + 1) * sizeof(*kept))
		   : NULL;
	if (rc == 0 && !kept)
		rc = err_nomem(e, "a plan");
	if (rc == 0)
		memcpy(kept, ends, r->windows * sizeof(*kept));
	free(ends);
	r->ends = kept;
	*left -= r->rows;
	return rc;
}

int
plan_take_packed(struct plan *p, struct plan_place *at, struct plan_share *sh,
    uint32_t seq, struct err *e)
{
	struct taking t = { p, &p->sources[sh->source], at, sh, NULL, seq,
		{ 0 } };
	uint64_t left = sh->rows, before = at->at, whole;
	int rc = 0;

	t.c = plan_counts(t.s, seq);
	/* What is left of an epoch, whole ones, a part of one more. */
	sh->runs = arena_alloc(&p->arena, 3 * sizeof(*sh->runs));
	if (!sh->runs)
		return err_nomem(e, "a plan");
	before = at->epoch * t.s->epochs.den + at->at;
	while (rc == 0 && left) {
		whole = left;
		left = take_whole(&t, left);
		if (left && left == whole)
			rc = take_part(&t, &left, e);
		if (rc == 0 && at->window == t.s->pack->windows) {
			at->epoch++;
			at->at = at->window = 0;
		}
	}
	packed_free(&t.packed);
	t.s->used += sh->rows * seq;
	t.s->padding +=
	    sh->rows * seq - (at->epoch * t.s->epochs.den + at->at - before);
	return rc;
}

/* The first of n rising numbers that is > x. */
static uint64_t
first_above(const uint64_t *v, uint64_t n, uint64_t x)
{
	uint64_t lo = 0, hi = n, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (v[mid] <= x)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* The order of an epoch's rows of a run: where row i goes, or came from. */
static uint64_t
run_order(const struct plan *p, const struct plan_phase *ph,
    const struct plan_source *s, const struct plan_run *r, uint64_t epoch,
    uint64_t i, bool back)
{
	struct shuffle order;
	uint64_t key[2];

	if (s->ordered)
		return i;
	plan_key(p->seed, s->key, epoch, USE_ROWS, ph->id, key);
	shuffle_init(&order, r->rows, key);
	return back ? shuffle_of(&order, i) : shuffle_at(&order, i);
}

/* A run's window at a place in it. */
static struct pack_window
run_window(const struct plan *p, const struct plan_source *s,
    const struct plan_run *r, uint64_t epoch, uint64_t place)
{
	struct pack_window w = { .number = place };

	if (!r->whole)
		w.number = window_at(p, s, epoch, r->first + place);
	if (place == 0) {
		w.cuts = r->cuts;
		w.ncut = r->ncut;
	}
	return w;
}

struct plan_row
plan_packed_row(const struct plan *p, const struct plan_phase *ph, uint32_t i,
    uint64_t rank)
{
	const struct plan_share *sh = &ph->shares[i];
	const struct plan_source *s = &p->sources[sh->source];
	const struct plan_run *r = sh->runs;
	struct plan_row row = { 0 };
	uint64_t place;

	while (rank >= r->before + r->epochs * r->rows)
		r++;
	rank -= r->before;
	row.epoch = r->epoch + rank / r->rows;
	rank = run_order(p, ph, s, r, row.epoch, rank % r->rows, false);
	place = first_above(r->ends, r->windows, rank);
	row.window = run_window(p, s, r, row.epoch, place);
	row.row = (uint32_t)(rank - (place ? r->ends[place - 1] : 0));
	return row;
}

/* The run of an epoch and the window's place in it. */
static const struct plan_run *
find_place(const struct plan *p, const struct plan_phase *ph, uint32_t i,
    uint64_t epoch, uint64_t window, uint64_t *place)
{
	const struct plan_share *sh = &ph->shares[i];
	const struct plan_source *s = &p->sources[sh->source];
	const struct plan_run *r;
	uint64_t at = window;

	for (r = sh->runs; r < sh->runs + sh->nrun; r++) {
		if (epoch < r->epoch || epoch - r->epoch >= r->epochs)
			continue;
		if (!r->whole)
			at = place_of(p, s, epoch, window);
		*place = at - r->first;
		return at >= r->first && *place < r->windows ? r : NULL;
	}
	return NULL;
}

bool
plan_find_window(const struct plan *p, const struct plan_phase *ph, uint32_t i,
    uint64_t epoch, uint64_t window, struct pack_window *w, uint32_t *rows)
{
	const struct plan_source *s = &p->sources[ph->shares[i].source];
	const struct plan_run *r;
	uint64_t place;

	r = find_place(p, ph, i, epoch, window, &place);
	if (!r)
		return false;
	*w = run_window(p, s, r, epoch, place);
	*rows = (uint32_t)(r->ends[place] - (place ? r->ends[place - 1] : 0));
	return true;
}

uint64_t
plan_packed_rank(const struct plan *p, const struct plan_phase *ph, uint32_t i,
    uint64_t epoch, uint64_t window, uint32_t row)
{
	const struct plan_source *s = &p->sources[ph->shares[i].source];
	const struct plan_run *r;
	uint64_t place, at;

	r = find_place(p, ph, i, epoch, window, &place);
	at = run_order(
	    p, ph, s, r, epoch, (place ? r->ends[place - 1] : 0) + row, true);
	return r->before + (epoch - r->epoch) * r->rows + at;
}
