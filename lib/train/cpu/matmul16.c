/* SPDX-License-Identifier: MIT */
/*
 * Panels of both factors are rounded into scratch memory, by all threads, then
 * multiplied tile by tile.  Panels end where the shape alone says, so the order
 * of sums does not depend on threads.
 */
#include <omp.h>

#include "train/cpu/gemm.h"
#include "train/cpu/matmul16.h"
#include "train/cpu/round.h"
#include "train/cpu/scratch.h"
#include "train/cpu/tiles.h"
#include "train/ops.h"

enum { PANEL = 2048, EDGES = 4 };

/* How the rounded factors are held, and multiplied. */
enum form { NATIVE_BF16, FLOAT_BF16, FLOAT_F16 };

struct panel {
	const float *x;
	size_t rows, cols, ld; /* as it lies in memory */
};

struct product {
	enum form form;
	bool ta, tb, add;
	size_t m, n, k, ldc; /* of the panels and of c */
	struct panel a, b;
	float *c;
	char *ra, *rb; /* the panels, rounded, dense */
	char *each;    /* scratch of each thread */
};

static size_t
element(enum form f)
{
	return f == NATIVE_BF16 ? sizeof(uint16_t) : sizeof(float);
}

static void
round_row(char *to, const struct panel *p, size_t i, enum form f)
{
	const float *x = p->x + i * p->ld;
	char *row = to + i * p->cols * element(f);

	if (f == NATIVE_BF16)
		round_bf16((uint16_t *)(void *)row, x, p->cols);
	else if (f == FLOAT_BF16)
		round_as_bf16((float *)(void *)row, x, p->cols);
	else
		round_as_f16((float *)(void *)row, x, p->cols);
}

/* Threads meet once for both; rows of the two differ in length. */
static void
round_panels(const struct product *p, bool b_too)
{
	size_t rows = b_too ? p->b.rows : 0, i;

#pragma omp parallel for schedule(static, 8)
	for (i = 0; i < rows + p->a.rows; i++)
		if (i < rows)
			round_row(p->rb, &p->b, i, p->form);
		else
			round_row(p->ra, &p->a, i - rows, p->form);
}

/* Where a tile's rows of A and columns of B begin in the rounded panels. */
static const void *
tile_a(const struct product *p, const struct tile *t)
{
	return p->ra + (p->ta ? t->i : t->i * p->k) * element(p->form);
}

static const void *
tile_b(const struct product *p, const struct tile *t)
{
	return p->rb + (p->tb ? t->j * p->k : t->j) * element(p->form);
}

static void
multiply_floats(const struct product *p, const struct tiles *cuts)
{
	int t;

#pragma omp parallel for schedule(dynamic)
	for (t = 0; t < cuts->total; t++) {
		struct tile x = tiles_at(cuts, t);
		struct gemm g = { .ta = p->ta,
			.tb = p->tb,
			.m = x.m,
			.n = x.n,
			.k = p->k,
			.alpha = 1,
			.beta = p->add ? 1 : 0,
			.a = tile_a(p, &x),
			.lda = p->ta ? p->m : p->k,
			.b = tile_b(p, &x),
			.ldb = p->tb ? p->k : p->n,
			.c = p->c + x.i * p->ldc + x.j,
			.ldc = p->ldc };

		gemm(&g);
	}
}

/* Tiles at the lower and the right edge are smaller: four shapes at most. */
static int
edge(const struct tiles *cuts, const struct tile *t)
{
	return (t->m < (size_t)cuts->m) * 2 + (t->n < (size_t)cuts->n);
}

static bool
take_shapes(struct gemm_bf16 *shape[EDGES], const struct product *p,
    const struct tiles *cuts)
{
	int t, at;

	for (t = 0; t < cuts->total; t++) {
		struct tile x = tiles_at(cuts, t);
		struct gemm_shape s = { p->ta, p->tb, p->add, x.m, x.n, p->k,
			p->ta ? p->m : p->k, p->tb ? p->k : p->n, p->ldc };

		at = edge(cuts, &x);
		if (!shape[at] && !(shape[at] = gemm_bf16_take(&s)))
			return false;
	}
	return true;
}

static bool
run_tiles(const struct product *p, const struct tiles *cuts,
    struct gemm_bf16 *const shape[EDGES])
{
	bool ok = true;
	size_t most = 0, n;
	struct scratch s;
	int t;

	for (t = 0; t < EDGES; t++)
		if (shape[t] && (n = gemm_bf16_scratch(shape[t])) > most)
			most = n;
	most = (most + 63) / 64 * 64;
	s = scratch_take(most * (size_t)omp_get_max_threads() + 64);
	if (!s.p)
		return false;
#pragma omp parallel for schedule(dynamic) reduction(&& : ok)
	for (t = 0; t < cuts->total; t++) {
		struct tile x = tiles_at(cuts, t);

		ok = gemm_bf16_run(shape[edge(cuts, &x)], tile_a(p, &x),
			 tile_b(p, &x), p->c + x.i * p->ldc + x.j,
			 (char *)s.p + most * (size_t)omp_get_thread_num()) &&
		     ok;
	}
	scratch_give(s);
	return ok;
}

static void
multiply_bf16(const struct product *p, const struct tiles *cuts)
{
	struct gemm_bf16 *shape[EDGES] = { NULL };
	int i;

	if (!take_shapes(shape, p, cuts) || !run_tiles(p, cuts, shape))
		scratch_fail();
	for (i = 0; i < EDGES; i++)
		if (shape[i])
			gemm_bf16_give(shape[i]);
}

static size_t
lesser(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* The panel of A or B whose rows and columns begin at i and j. */
static struct panel
cut_panel(const float *x, size_t ld, bool transposed, size_t i, size_t j,
    size_t rows, size_t cols)
{
	if (transposed)
		return (struct panel){ x + j * ld + i, cols, rows, ld };
	return (struct panel){ x + i * ld + j, rows, cols, ld };
}

/* The factors as a whole. */
struct factors {
	const float *a, *b;
	float *c;
	size_t m, n, k;
	bool ta, tb, add;
};

/* All panels of one piece of k and n: that of B is rounded once. */
static void
down_panels(const struct factors *f, struct product *p, size_t k0, size_t n0)
{
	struct tiles cuts;
	size_t m0;

	p->k = lesser(PANEL, f->k - k0);
	p->n = lesser(PANEL, f->n - n0);
	p->add = f->add || k0 > 0;
	p->b = cut_panel(f->b, f->tb ? f->k : f->n, f->tb, k0, n0, p->k, p->n);
	for (m0 = 0; m0 < f->m; m0 += PANEL) {
		p->m = lesser(PANEL, f->m - m0);
		p->a = cut_panel(
		    f->a, f->ta ? f->m : f->k, f->ta, m0, k0, p->m, p->k);
		round_panels(p, m0 == 0);
		p->c = f->c + m0 * f->n + n0;
		cuts = tiles_cut((int)p->m, (int)p->n);
		if (p->form == NATIVE_BF16)
			multiply_bf16(p, &cuts);
		else
			multiply_floats(p, &cuts);
	}
}

static void
multiply(const struct factors *f, enum form form)
{
	struct product p = {
		.form = form, .ta = f->ta, .tb = f->tb, .ldc = f->n
	};
	size_t k = lesser(PANEL, f->k), k0, n0;
	size_t a = lesser(PANEL, f->m) * k * element(form);
	size_t b = lesser(PANEL, f->n) * k * element(form);
	struct scratch s;

	a = (a + 63) / 64 * 64;
	s = scratch_take(a + b);
	if (!s.p)
		return;
	p.ra = s.p;
	p.rb = p.ra + a;
	for (k0 = 0; k0 < f->k; k0 += PANEL)
		for (n0 = 0; n0 < f->n; n0 += PANEL)
			down_panels(f, &p, k0, n0);
	scratch_give(s);
}

size_t
matmul16_scratch(bool native)
{
	size_t panel = (size_t)PANEL * PANEL;

	return 2 * panel * element(native ? NATIVE_BF16 : FLOAT_BF16);
}

void
bf16_matmul(void *c, const void *a, const void *b, int m, int n, int k, int ta,
    int tb, int how)
{
	const struct factors f = { a, b, c, (size_t)m, (size_t)n, (size_t)k, ta,
		tb, how & MATMUL_ADD };

	multiply(&f, gemm_has_bf16() ? NATIVE_BF16 : FLOAT_BF16);
}

void
f16_matmul(void *c, const void *a, const void *b, int m, int n, int k, int ta,
    int tb, int how)
{
	const struct factors f = { a, b, c, (size_t)m, (size_t)n, (size_t)k, ta,
		tb, how & MATMUL_ADD };

	multiply(&f, FLOAT_F16);
}
