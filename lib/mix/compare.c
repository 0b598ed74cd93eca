/* SPDX-License-Identifier: MIT */
/* Where two recipes part. */
#include <stddef.h>
#include <string.h>

#include "base/err.h"
#include "mix/audit.h"
#include "mix/mix_impl.h"

typedef unsigned long long ull;

enum { BATCH = 64 };

/* One of the two, at a step. */
struct side {
	struct mix *m;
	const struct plan_phase *ph;
	struct slot slots[BATCH];
};

/* The same shards, as far as their digests tell. */
static bool
same_source(const struct source *a, const struct source *b)
{
	size_t i;

	if (a->n != b->n || !str_eq(buf_view(&a->keys), buf_view(&b->keys)))
		return false;
	for (i = 0; i < a->n; i++)
		if (a->shards[i].tokens != b->shards[i].tokens ||
		    strcmp(a->shards[i].bin_sha256, b->shards[i].bin_sha256))
			return false;
	return true;
}

static bool
same_window(const struct pack_window *a, const struct pack_window *b)
{
	return a->number == b->number && a->ncut == b->ncut &&
	       (a->ncut == 0 ||
		   memcmp(a->cuts, b->cuts, a->ncut * sizeof(*a->cuts)) == 0);
}

static bool
same_ratio(struct ratio a, struct ratio b)
{
	return a.num == b.num && a.den == b.den;
}

/* What is made of the rows of a source of each. */
static bool
same_objective(const struct side *a, const struct side *b, uint32_t j)
{
	const struct recipe_objective *x, *y;
	const struct recipe_specials *s = &a->m->recipe.specials;
	const struct recipe_specials *t = &b->m->recipe.specials;

	x = mix_objective(a->m, a->ph, a->slots[j].i);
	y = mix_objective(b->m, b->ph, b->slots[j].i);
	if (!x || !y)
		return !x && !y;
	return x->task == y->task && same_ratio(x->rate, y->rate) &&
	       same_ratio(x->spm, y->spm) && same_ratio(x->noise, y->noise) &&
	       same_ratio(x->mean, y->mean) &&
	       memcmp(s, t, offsetof(struct recipe_specials, line)) == 0;
}

/* The same shards, packed the same way. */
static bool
same_pack(const struct side *a, const struct side *b, uint32_t x, uint32_t y)
{
	const struct pack *p = a->m->plan.sources[x].pack;
	const struct pack *q = b->m->plan.sources[y].pack;

	if (!p || !q)
		return !p && !q;
	return p->kind == q->kind && p->window == q->window;
}

static bool
same_row(const struct side *a, const struct side *b, uint32_t j)
{
	uint32_t x = a->ph->shares[a->slots[j].i].source;
	uint32_t y = b->ph->shares[b->slots[j].i].source;
	struct plan_row u, v;

	if (strcmp(a->m->plan.sources[x].name, b->m->plan.sources[y].name) !=
		0 ||
	    !same_source(&a->m->sources[x], &b->m->sources[y]) ||
	    !same_pack(a, b, x, y) || !same_objective(a, b, j))
		return false;
	u = plan_row(&a->m->plan, a->ph, a->slots[j].i, a->slots[j].rank);
	v = plan_row(&b->m->plan, b->ph, b->slots[j].i, b->slots[j].rank);
	return u.epoch == v.epoch && u.token == v.token && u.row == v.row &&
	       same_window(&u.window, &v.window);
}

static int
same_rows(struct side *a, struct side *b, uint64_t step, uint32_t rows,
    bool *same, struct err *e)
{
	uint32_t first, n, j;
	uint64_t x, y;

	for (first = 0; *same && first < rows; first += n) {
		n = rows - first < BATCH ? rows - first : BATCH;
		if (mix_find_rows(a->m, step, first, n, &a->ph, &x, e) < 0 ||
		    mix_find_rows(b->m, step, first, n, &b->ph, &y, e) < 0 ||
		    mix_slots(a->m, a->ph, x, n, a->slots, e) < 0 ||
		    mix_slots(b->m, b->ph, y, n, b->slots, e) < 0)
			return e->code;
		for (j = 0; j < n; j++)
			*same = *same && same_row(a, b, j);
	}
	return 0;
}

static int
same_step(
    struct side *a, struct side *b, uint64_t step, bool *same, struct err *e)
{
	struct row_source x, y;
	struct step_info s, t;

	mix_rows(a->m, &x);
	mix_rows(b->m, &y);
	if (x.step(x.ctx, step, &s, e) < 0 || y.step(y.ctx, step, &t, e) < 0)
		return e->code;
	*same = s.rows == t.rows && s.seq == t.seq && s.lr_scale == t.lr_scale;
	return *same ? same_rows(a, b, step, s.rows, same, e) : 0;
}

static int
find_step(struct mix *a, struct mix *b, uint64_t *step, struct err *e)
{
	struct side x = { .m = a }, y = { .m = b };
	uint64_t most = a->plan.steps, all = b->plan.steps;
	bool same = true;

	*step = UINT64_MAX;
	if (strcmp(a->digest, b->digest) == 0)
		return 0;
	most = most < all ? most : all;
	for (*step = 0; *step < most; ++*step) {
		if (same_step(&x, &y, *step, &same, e) < 0)
			return e->code;
		if (!same)
			return 0;
	}
	if (a->plan.steps == b->plan.steps)
		*step = UINT64_MAX;
	return 0;
}

static const struct plan_source *
find_source(const struct mix *m, const char *name)
{
	uint32_t i;

	for (i = 0; i < m->plan.nsource; i++)
		if (strcmp(m->plan.sources[i].name, name) == 0)
			return &m->plan.sources[i];
	return NULL;
}

static void
put_source(const char *name, const struct plan_source *a,
    const struct plan_source *b, struct buf *out)
{
	static const struct plan_source none = { .epochs = { 0, 1 } };

	a = a ? a : &none;
	b = b ? b : &none;
	buf_printf(out, "%-16s %14llu %14llu %8.4f %8.4f\n", name, (ull)a->used,
	    (ull)b->used, a->block ? ratio_double(a->epochs) : 0,
	    b->block ? ratio_double(b->epochs) : 0);
}

static void
put_table(const struct mix *a, const struct mix *b, struct buf *out)
{
	const char *name;
	uint32_t i;

	buf_printf(out, "\n%-16s %14s %14s %8s %8s\n", "source", "tokens, A",
	    "tokens, B", "epochs A", "B");
	for (i = 0; i < a->plan.nsource; i++) {
		name = a->plan.sources[i].name;
		put_source(
		    name, &a->plan.sources[i], find_source(b, name), out);
	}
	for (i = 0; i < b->plan.nsource; i++) {
		name = b->plan.sources[i].name;
		if (!find_source(a, name))
			put_source(name, NULL, &b->plan.sources[i], out);
	}
	buf_printf(out, "%-16s %14llu %14llu\n", "all", (ull)a->plan.tokens,
	    (ull)b->plan.tokens);
}

int
mix_diff(struct mix *a, struct mix *b, uint64_t *step, struct buf *out,
    struct err *e)
{
	if (find_step(a, b, step, e) < 0)
		return e->code;
	if (*step == UINT64_MAX)
		buf_printf(out, "the same stream: %llu steps, %llu tokens\n",
		    (ull)a->plan.steps, (ull)a->plan.tokens);
	else
		buf_printf(out,
		    "the same until step %llu; A has %llu steps, B %llu\n",
		    (ull)*step, (ull)a->plan.steps, (ull)b->plan.steps);
	put_table(a, b, out);
	return buf_ok(out, e);
}
