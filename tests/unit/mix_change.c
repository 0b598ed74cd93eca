/* SPDX-License-Identifier: MIT */
/*
 * Shares changed on the way: what is before a change stays, nothing is read
 * twice in an epoch, and places lead back, over random plans.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "mix/plan.h"
#include "tap.h"

enum { SOURCES = 3, MAX_ROWS = 40000 };

static uint64_t state = 17;

static uint64_t
draw(uint64_t n)
{
	return mix64(state += 0x9e3779b97f4a7c15u) % n;
}

/* One row of a run as it is laid out. */
struct laid {
	uint32_t source, seq;
	uint64_t step, epoch, token;
	double lr;
};

/* All rows of the plan, in order; and whether plan_find() agrees. */
static size_t
lay_out(const struct plan *p, struct laid *out, bool *back)
{
	uint64_t n = 0, row, rank, at, col;
	const struct plan_phase *ph;
	const struct plan_batch *b;
	struct blend_table t;
	struct plan_row r;
	struct err e;
	uint32_t i, s;

	for (i = 0; i < p->nphase; i++) {
		ph = &p->phases[i];
		t = (struct blend_table){ 0 };
		for (row = 0; row < ph->rows; row++) {
			s = 0;
			rank = row;
			if (ph->blend.k > 1) {
				if (row >= t.at.first + t.at.rows) {
					blend_table_free(&t);
					blend_table(&ph->blend, row, &t, &e);
					blend_reach(
					    &ph->blend, &t, t.at.rows, &e);
				}
				s = t.slots[row - t.at.first].source;
				rank = t.before[s] +
				       t.slots[row - t.at.first].rank;
			}
			r = plan_row(p, ph, s, rank);
			b = plan_batch_of_row(ph, row);
			out[n] = (struct laid){ ph->shares[s].source, ph->seq,
				ph->first_step + b->step +
				    (row - b->row) / b->rows,
				r.epoch, r.token, 0 };
			out[n].lr = plan_lr(ph, out[n].step - ph->first_step);
			*back =
			    *back && rank < ph->shares[s].rows &&
			    plan_find(p, ph, s, r.epoch, r.token, &at, &col) &&
			    at == rank && col == 0;
			n++;
		}
		blend_table_free(&t);
	}
	return n;
}

static int
by_place(const void *a, const void *b)
{
	const struct laid *x = a, *y = b;

	if (x->source != y->source)
		return x->source < y->source ? -1 : 1;
	if (x->epoch != y->epoch)
		return x->epoch < y->epoch ? -1 : 1;
	return x->token < y->token ? -1 : x->token > y->token;
}

static bool
overlap(struct laid *v, size_t n)
{
	size_t i;

	qsort(v, n, sizeof(*v), by_place);
	for (i = 1; i < n; i++)
		if (v[i].source == v[i - 1].source &&
		    v[i].epoch == v[i - 1].epoch &&
		    v[i].token < v[i - 1].token + v[i - 1].seq)
			return true;
	return false;
}

static void
put_recipe(struct buf *b, bool adapts)
{
	static const char *const seqs[] = { "8", "16", "8->32", "32->16" };
	int i, n = 1 + (int)draw(3);

	buf_printf(b, "%%mix 1\nseed %d\nbatch %d\n", (int)draw(99),
	    64 + (int)draw(200));
	for (i = 0; i < SOURCES; i++)
		buf_printf(
		    b, "source s%d x%s\n", i, draw(4) ? "" : " order=len");
	if (adapts)
		buf_puts(b, "adapt odm\n");
	for (i = 0; i < n; i++)
		buf_printf(b, "phase p%d %d seq=%s s0:%d s1:%d s2:rest%s\n", i,
		    3000 + (int)draw(20000), seqs[draw(4)], 20 + (int)draw(30),
		    20 + (int)draw(20), draw(3) ? "" : " lr=linear:0.1");
}

/* A change at a random step behind the last; the counts of its shares. */
static int
change(struct plan *p, const struct recipe *r, uint64_t *step, struct err *e)
{
	const uint32_t source[] = { 2, 0, 1 };
	uint64_t w[3] = { 1 + draw(50), 1 + draw(20), 1 + draw(5) };
	struct plan_change c = {
		.k = 2 + (uint32_t)draw(2), .source = source, .w = w
	};
	uint32_t i;

	for (i = 0; i < c.k; i++)
		c.d += w[i];
	*step += draw(p->steps > *step ? p->steps - *step : 1);
	c.step = *step;
	if (plan_change(p, &c, e) < 0)
		return e->code;
	return plan_settle(p, r, e);
}

/* One plan, changed several times. */
static bool
try_plan(bool *back, bool *twice, bool *sums, bool *refused)
{
	uint64_t tokens[SOURCES], step = 0, used;
	struct laid *before = calloc(MAX_ROWS, sizeof(*before));
	struct laid *after = calloc(MAX_ROWS, sizeof(*after));
	struct buf text = { 0 };
	struct recipe r;
	struct plan p;
	struct err e = { 0 };
	size_t n, i, same;
	bool stays = true;
	int k;

	put_recipe(&text, draw(2));
	for (i = 0; i < SOURCES; i++)
		tokens[i] = 500 + draw(20000);
	if (recipe_parse(&r, "r.mix", text.p, text.n, NULL, &e) < 0 ||
	    plan_make(&p, &r, tokens, NULL, &e) < 0) {
		printf("# %s\n%s", e.msg, text.p);
		stays = false;
		goto end;
	}
	n = lay_out(&p, before, back);
	for (k = 0; k < 4; k++) {
		if (change(&p, &r, &step, &e) < 0) {
			printf("# %s\n", e.msg);
			stays = false;
			break;
		}
		if (lay_out(&p, after, back) != n)
			stays = false;
		for (same = 0; same < n && before[same].step < step; same++)
			if (memcmp(&before[same], &after[same],
				sizeof(*after)) != 0)
				stays = false;
		memcpy(before, after, n * sizeof(*before));
	}
	for (i = 0; i < SOURCES; i++) {
		for (same = used = 0; same < n; same++)
			used += after[same].source == i ? after[same].seq : 0;
		*sums &= used == p.sources[i].used;
	}
	*refused &= plan_change(&p, &(struct plan_change){ .step = p.steps },
			&e) == ERR_ARG;
	*twice |= overlap(after, n);
	plan_free(&p);
end:
	recipe_free(&r);
	buf_free(&text);
	free(before);
	free(after);
	return stays;
}

int
main(void)
{
	bool stays = true, back = true, twice = false, sums = true, no = true;
	int i;

	for (i = 0; i < 150; i++)
		stays &= try_plan(&back, &twice, &sums, &no);
	OK(stays, "rows before a change stay, and its rate, to the bit");
	OK(!twice, "no token is an input twice in an epoch");
	OK(back, "rows are found where they are");
	OK(sums, "what is read adds up");
	OK(no, "no change beyond the run");
	return tap_end();
}
