/* SPDX-License-Identifier: MIT */
/* Recipes: parsed and planned over sources of several sizes. */
#include <stdint.h>
#include <stdlib.h>

#include "base/err.h"
#include "mix/plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* The first and last row of each source of a phase, there and back. */
static void
try_phase(const struct plan *p, const struct plan_phase *ph)
{
	uint64_t rank, column;
	struct plan_row row;
	uint32_t i, j;

	for (i = 0; i < ph->blend.k; i++)
		for (j = 0; j < 2 && ph->shares[i].rows; j++) {
			row =
			    plan_row(p, ph, i, j ? ph->shares[i].rows - 1 : 0);
			if (!plan_find(p, ph, i, row.epoch, row.token, &rank,
				&column) ||
			    column != 0 ||
			    rank != (j ? ph->shares[i].rows - 1 : 0))
				abort();
		}
}

/* Other shares from the middle of the run on, which may be refused. */
static void
try_change(struct plan *p, const struct recipe *r)
{
	const struct plan_phase *ph = plan_phase_of(p, p->steps / 2);
	uint32_t source[64], i;
	uint64_t w[64];
	struct plan_change c = {
		.step = p->steps / 2, .source = source, .w = w
	};
	struct err e;

	for (; c.k < ph->blend.k && c.k < 64; c.k++) {
		source[c.k] = ph->shares[ph->blend.k - 1 - c.k].source;
		w[c.k] = 1 + c.k % 7;
		c.d += w[c.k];
	}
	if (p->tokens > 1000000 || plan_change(p, &c, &e) < 0 ||
	    plan_settle(p, r, &e) < 0)
		return;
	for (i = 0; i < p->nphase; i++)
		try_phase(p, &p->phases[i]);
}

static void
try_plan(const struct recipe *r, uint64_t tokens)
{
	uint64_t *sizes = calloc((size_t)r->nsource + 1, sizeof(*sizes));
	struct plan p = { 0 };
	struct err e;
	uint32_t i;

	for (i = 0; sizes && i < r->nsource; i++)
		sizes[i] = tokens;
	if (sizes && plan_make(&p, r, sizes, NULL, &e) == 0 && !p.nproblem) {
		for (i = 0; i < p.nphase; i++)
			try_phase(&p, &p.phases[i]);
		try_change(&p, r);
	}
	plan_free(&p);
	free(sizes);
}

/* Source i has 1000 * 2^i tokens. */
static int
size_of(void *ctx, const struct recipe *r, uint32_t i, uint64_t *tokens,
    struct err *e)
{
	(void)ctx;
	(void)r;
	(void)e;
	*tokens = 1000ull << (i < 20 ? i : 20);
	return 0;
}

static const struct recipe_sizes sizes = { size_of, NULL };

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct recipe r;
	struct err e;

	if (recipe_parse(&r, "fuzz.mix", (const char *)data, n, &sizes, &e) ==
	    0) {
		try_plan(&r, 0);
		try_plan(&r, 5000);
		try_plan(&r, 1ull << 50);
	}
	recipe_free(&r);
	return 0;
}
