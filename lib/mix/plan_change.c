/* SPDX-License-Identifier: MIT */
/* Other shares from a step on: a phase becomes two. */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "mix/plan.h"

uint64_t
plan_row_of_step(const struct plan_phase *ph, uint64_t step)
{
	const struct plan_batch *b;

	if (step >= ph->first_step + ph->steps)
		return ph->rows;
	b = plan_batch_of(ph, step - ph->first_step);
	return b->row + (step - ph->first_step - b->step) * b->rows;
}

/* Room for one more phase behind the i-th, a copy of it. */
static int
open_gap(struct plan *p, uint32_t i, struct err *e)
{
	struct plan_phase *more = p->phases;

	if (p->nphase == p->phase_room) {
		more = arena_alloc(
		    &p->arena, 2 * (size_t)p->phase_room * sizeof(*more));
		if (!more)
			return err_nomem(e, "a plan");
		memcpy(more, p->phases, p->nphase * sizeof(*more));
		p->phases = more;
		p->phase_room *= 2;
	}
	memmove(more + i + 1, more + i, (p->nphase - i) * sizeof(*more));
	p->nphase++;
	return 0;
}

/* Rows of each of the phase's sources among its first n rows: out is (k). */
static int
count_rows(
    const struct plan_phase *ph, uint64_t n, uint64_t *out, struct err *e)
{
	struct blend_table t;
	uint64_t i;
	int rc;

	if (ph->blend.k == 1) {
		out[0] = n;
		return 0;
	}
	if (blend_table(&ph->blend, n, &t, e) < 0)
		return e->code;
	n -= t.at.first;
	rc = blend_reach(&ph->blend, &t, n, e);
	memcpy(out, t.before, ph->blend.k * sizeof(*out));
	for (i = 0; rc == 0 && i < n; i++)
		out[t.slots[i].source]++;
	blend_table_free(&t);
	return rc;
}

/* The batches from a step of the phase on, counted from there. */
static int
later_batches(
    struct plan *p, struct plan_phase *ph, uint64_t step, struct err *e)
{
	const struct plan_batch *from = plan_batch_of(ph, step);
	uint32_t n = ph->nbatch - (uint32_t)(from - ph->batches), i;
	uint64_t row = from->row + (step - from->step) * from->rows;
	struct plan_batch *b = arena_alloc(&p->arena, n * sizeof(*b));

	if (!b)
		return err_nomem(e, "a plan");
	for (i = 0; i < n; i++)
		b[i] = (struct plan_batch){ i ? from[i].step - step : 0,
			i ? from[i].row - row : 0, from[i].rows };
	ph->batches = b;
	ph->nbatch = n;
	return 0;
}

/* Cut the i-th phase in two at a step within it. */
static int
split(struct plan *p, uint32_t i, uint64_t step, struct err *e)
{
	struct plan_phase *a, *b;
	uint64_t steps, rows, *counts;
	uint32_t j;
	int rc;

	if (open_gap(p, i, e) < 0)
		return e->code;
	a = &p->phases[i];
	b = a + 1;
	steps = step - a->first_step;
	rows = plan_row_of_step(a, step);
	counts = calloc(a->blend.k, sizeof(*counts));
	rc = counts ? count_rows(a, rows, counts, e) : err_nomem(e, "a plan");
	if (rc == 0)
		rc = later_batches(p, b, steps, e);
	for (j = 0; rc == 0 && j < a->blend.k; j++)
		a->shares[j].rows = counts[j];
	free(counts);
	if (rc < 0)
		return rc;
	a->nbatch = (uint32_t)(plan_batch_of(a, steps - 1) - a->batches) + 1;
	a->steps = steps;
	a->rows = rows;
	b->first_step += steps;
	b->steps -= steps;
	b->rows -= rows;
	b->tokens_before += rows * b->seq;
	b->lr_first += rows;
	b->asked = a->asked > rows * a->seq ? a->asked - rows * a->seq : 0;
	a->asked -= b->asked;
	return 0;
}

/* The change's shares for a whole phase; sources may get no row. */
static int
set_shares(struct plan *p, struct plan_phase *ph, const struct plan_change *c,
    struct err *e)
{
	uint64_t *w = arena_alloc(&p->arena, c->k * sizeof(*w)), *counts;
	uint32_t i;
	int rc;

	ph->shares = arena_alloc(&p->arena, c->k * sizeof(*ph->shares));
	counts = calloc(c->k, sizeof(*counts));
	rc = w && ph->shares && counts ? 0 : err_nomem(e, "a plan");
	if (rc == 0) {
		memcpy(w, c->w, c->k * sizeof(*w));
		rc = blend_init(&ph->blend, c->k, w, NULL, c->d, ph->rows, e);
	}
	if (rc == 0)
		rc = blend_before(&ph->blend, ph->rows, counts, e);
	for (i = 0; rc == 0 && i < c->k; i++)
		ph->shares[i] = (struct plan_share){ .source = c->source[i],
			.rows = counts[i],
			.planned = counts[i] };
	ph->changed = true;
	free(counts);
	return rc;
}

static int
check_change(const struct plan *p, const struct plan_change *c, struct err *e)
{
	if (c->step >= p->steps)
		return err_set(e, ERR_ARG,
		    "step %llu: the run has %llu, from 0",
		    (unsigned long long)c->step, (unsigned long long)p->steps);
	if (c->step < p->last_change)
		return err_set(e, ERR_ARG,
		    "step %llu: shares were changed from step %llu on, and "
		    "changes come in order",
		    (unsigned long long)c->step,
		    (unsigned long long)p->last_change);
	return 0;
}

/* Blocks of the sources have to be made of the phase's rows. */
static int
check_sources(const struct plan *p, const struct plan_phase *ph,
    const struct plan_change *c, struct err *e)
{
	const struct plan_source *s;
	uint32_t i;

	for (i = 0; i < ph->blend.k; i++) {
		s = &p->sources[ph->shares[i].source];
		if (s->pack)
			return err_set(e, ERR_ARG,
			    "source %s of phase %s is packed: shares of such "
			    "can't change on the way",
			    s->name, ph->name);
	}
	for (i = 0; i < c->k; i++) {
		s = &p->sources[c->source[i]];
		if (!s->blocks || s->block % ph->seq)
			return err_set(e, ERR_ARG,
			    "source %s is not read by phase %s, and can't be "
			    "from now on",
			    s->name, ph->name);
	}
	return 0;
}

int
plan_change(struct plan *p, const struct plan_change *c, struct err *e)
{
	uint32_t i, j, line;

	if (check_change(p, c, e) < 0)
		return e->code;
	i = (uint32_t)(plan_phase_of(p, c->step) - p->phases);
	line = p->phases[i].line;
	for (j = i; j < p->nphase && p->phases[j].line == line; j++)
		if (check_sources(p, &p->phases[j], c, e) < 0)
			return e->code;
	if (c->step > p->phases[i].first_step && split(p, i++, c->step, e) < 0)
		return e->code;
	/* What is before the change stays as it is. */
	if (plan_take(p, i, p->taken, e) < 0)
		return e->code;
	p->settled = i;
	p->last_change = c->step;
	for (; i < p->nphase && p->phases[i].line == line; i++)
		if (set_shares(p, &p->phases[i], c, e) < 0)
			return e->code;
	return 0;
}
