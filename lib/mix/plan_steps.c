/* SPDX-License-Identifier: MIT */
/* From tokens to steps: batches of whole rows, and which step a row is in. */
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "base/err.h"
#include "mix/plan.h"

/* More sizes than this in a phase is no plan that a person wants. */
enum { MAX_BATCHES = 1 << 16 };

/* The piece of the batch line that holds after t tokens. */
static uint32_t
piece_of(const struct recipe *r, uint64_t t)
{
	uint32_t i;

	for (i = 0; i + 1 < r->nbatch && r->batches[i + 1].tokens <= t; i++)
		;
	return i;
}

/* Rows a step after t tokens, in piece i: to the nearest, at least one. */
static uint64_t
rows_after(const struct recipe *r, uint32_t i, uint64_t t, uint32_t seq)
{
	const struct recipe_batch *a = &r->batches[i], *b = a + 1;
	__int128 size = a->size, per = 1, rows;

	if (i + 1 < r->nbatch && b->ramp) {
		per = b->tokens - a->tokens;
		size = a->size * per +
		       ((__int128)b->size - a->size) * (t - a->tokens);
	}
	rows = (2 * size + per * seq) / (2 * per * seq);
	return rows ? (uint64_t)rows : 1;
}

/* After how many tokens the rows a step change, or the piece ends. */
static uint64_t
change_after(const struct recipe *r, uint32_t i, uint64_t t, uint32_t seq)
{
	uint64_t rows = rows_after(r, i, t, seq), lo = t, hi, mid;

	if (i + 1 == r->nbatch)
		return UINT64_MAX;
	hi = r->batches[i + 1].tokens;
	while (hi - lo > 1) {
		mid = lo + (hi - lo) / 2;
		if (rows_after(r, i, mid, seq) == rows)
			lo = mid;
		else
			hi = mid;
	}
	return hi;
}

static int
add_batch(struct plan *p, struct plan_phase *ph, uint64_t rows, struct err *e)
{
	struct plan_batch *more = ph->batches;
	uint32_t n = ph->nbatch;

	if (n && ph->batches[n - 1].rows == rows)
		return 0;
	if (n == MAX_BATCHES)
		return err_set(e, ERR_CHECK,
		    "phase %s: more than %d sizes of a batch: let the ramp be "
		    "shorter or the rows longer",
		    ph->name, MAX_BATCHES);
	if ((n & (n - 1)) == 0) { /* room for twice as many */
		more = arena_alloc(
		    &p->arena, (n ? 2 * (size_t)n : 1) * sizeof(*more));
		if (!more)
			return err_nomem(e, "a plan");
		if (n)
			memcpy(more, ph->batches, n * sizeof(*more));
		ph->batches = more;
	}
	ph->batches[ph->nbatch++] =
	    (struct plan_batch){ ph->steps, ph->rows, (uint32_t)rows };
	return 0;
}

/* Steps of one size, as many as hold until it changes or the phase ends. */
static int
add_steps(struct plan *p, struct plan_phase *ph, const struct recipe *r,
    bool *ended, struct err *e)
{
	uint64_t done = ph->rows * ph->seq, t = ph->tokens_before + done;
	uint32_t piece = piece_of(r, t);
	uint64_t rows = rows_after(r, piece, t, ph->seq);
	uint64_t change = change_after(r, piece, t, ph->seq);
	uint64_t per = rows * ph->seq, left, steps;

	left = ph->asked > done ? ph->asked - done : 0;
	steps = left / per + (left % per >= per - per / 2);
	*ended = true;
	if (change != UINT64_MAX && steps >= (change - t - 1) / per + 1) {
		steps = (change - t - 1) / per + 1;
		*ended = false;
	}
	if (steps == 0 && ph->steps)
		return 0;
	steps = steps ? steps : 1;
	if (add_batch(p, ph, rows, e) < 0)
		return e->code;
	ph->steps += steps;
	ph->rows += steps * rows;
	return 0;
}

/* Tokens to whole steps of whole rows, at least one. */
int
plan_steps(struct plan *p, struct plan_phase *ph, const struct recipe *r,
    const struct recipe_phase *from, struct err *e)
{
	bool ended = false;

	*ph = (struct plan_phase){ .name = from->blend.name.p,
		.asked = from->tokens,
		.seq = from->seq,
		.first_step = p->steps,
		.tokens_before = p->tokens,
		.lr = { from->lr[0], from->lr[1] },
		.lr_part = { from->lr_part[0], from->lr_part[1] },
		.curve = from->curve,
		.objective = from->objective,
		.line = from->blend.line };
	while (!ended)
		if (add_steps(p, ph, r, &ended, e) < 0)
			return err_prefix(e, "%s:%u", r->file, ph->line);
	ph->lr_rows = ph->rows;
	p->steps += ph->steps;
	p->tokens += ph->rows * ph->seq;
	if (p->tokens >= 1ull << 61)
		return err_set(e, ERR_CHECK, "%s:%u: more than 2^61 tokens",
		    r->file, ph->line);
	ph->shares = arena_alloc(
	    &p->arena, (from->blend.n + from->nwhole) * sizeof(*ph->shares));
	return ph->shares ? 0 : err_nomem(e, "a plan");
}

/*
 * The last of n things of this size whose number at `field` is <= x; the
 * numbers rise, and the first's always is.
 */
static const void *
last_up_to(const void *v, uint32_t n, size_t size, size_t field, uint64_t x)
{
	const char *at = v;
	uint32_t lo = 0, hi = n, mid;
	uint64_t value;

	while (hi - lo > 1) {
		mid = lo + (hi - lo) / 2;
		memcpy(&value, at + mid * size + field, sizeof(value));
		if (value <= x)
			lo = mid;
		else
			hi = mid;
	}
	return at + lo * size;
}

const struct plan_phase *
plan_phase_of(const struct plan *p, uint64_t step)
{
	return last_up_to(p->phases, p->nphase, sizeof(*p->phases),
	    offsetof(struct plan_phase, first_step), step);
}

const struct plan_batch *
plan_batch_of(const struct plan_phase *ph, uint64_t step)
{
	return last_up_to(ph->batches, ph->nbatch, sizeof(*ph->batches),
	    offsetof(struct plan_batch, step), step);
}

const struct plan_batch *
plan_batch_of_row(const struct plan_phase *ph, uint64_t row)
{
	return last_up_to(ph->batches, ph->nbatch, sizeof(*ph->batches),
	    offsetof(struct plan_batch, row), row);
}

/* By the tokens before the step, so that the last one still learns. */
double
plan_lr(const struct plan_phase *ph, uint64_t step)
{
	const struct plan_batch *b = plan_batch_of(ph, step);
	double at =
	    (double)(ph->lr_first + b->row + (step - b->step) * b->rows);
	double part = at / (double)ph->lr_rows;

	part = ph->lr_part[0] + part * (ph->lr_part[1] - ph->lr_part[0]);
	if (ph->curve == CURVE_COSINE)
		part = (1 - cos(3.14159265358979323846 * part)) / 2;
	return ph->lr[0] + part * (ph->lr[1] - ph->lr[0]);
}
