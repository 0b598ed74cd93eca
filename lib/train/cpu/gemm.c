/* SPDX-License-Identifier: MIT */
#include <dnnl.h>
#include <omp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "train/cpu/gemm.h"

/*
 * The library would split a product among threads as it sees fit, sums
 * included.  Inside a parallel region it stays on its thread; outside, ours is
 * the only one there is (matmul.c always opens one).
 */
void
gemm(const struct gemm *g)
{
	dnnl_sgemm(g->ta ? 'T' : 'N', g->tb ? 'T' : 'N', (dnnl_dim_t)g->m,
	    (dnnl_dim_t)g->n, (dnnl_dim_t)g->k, g->alpha, g->a,
	    (dnnl_dim_t)g->lda, g->b, (dnnl_dim_t)g->ldb, g->beta, g->c,
	    (dnnl_dim_t)g->ldc);
}

bool
gemm_has_bf16(void)
{
	unsigned isa = (unsigned)dnnl_get_effective_cpu_isa();
	unsigned need = (unsigned)dnnl_cpu_isa_avx512_core_bf16;

	return (isa & need) == need;
}

/*
 * Setting one up takes longer than running a small one: they are kept.  Those
 * in use are never thrown out, so there may be more than slots.
 */
struct gemm_bf16 {
	struct gemm_shape shape;
	dnnl_primitive_t primitive;
	dnnl_memory_desc_t a, b, c, scratch;
	unsigned users;
	bool kept;
};

enum { SLOTS = 128 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct gemm_bf16 *slot[SLOTS];
static unsigned next_out;
static dnnl_engine_t engine;
static dnnl_stream_t stream; /* of the processor's engine: holds no state */

static bool
same_shape(const struct gemm_shape *x, const struct gemm_shape *y)
{
	return x->ta == y->ta && x->tb == y->tb && x->add == y->add &&
	       x->m == y->m && x->n == y->n && x->k == y->k &&
	       x->lda == y->lda && x->ldb == y->ldb && x->ldc == y->ldc;
}

static bool
start_library(void)
{
	return engine ||
	       (dnnl_engine_create(&engine, dnnl_cpu, 0) == dnnl_success &&
		   dnnl_stream_create(&stream, engine,
		       dnnl_stream_default_flags) == dnnl_success);
}

/* (rows, cols), its rows ld apart, or those of its transpose. */
static bool
describe(dnnl_memory_desc_t *d, dnnl_data_type_t type, size_t rows, size_t cols,
    size_t ld, bool transposed)
{
	const dnnl_dims_t dims = { (dnnl_dim_t)rows, (dnnl_dim_t)cols };
	const dnnl_dims_t by_row = { (dnnl_dim_t)ld, 1 };
	const dnnl_dims_t by_column = { 1, (dnnl_dim_t)ld };

	return dnnl_memory_desc_init_by_strides(d, 2, dims, type,
		   transposed ? by_column : by_row) == dnnl_success;
}

/* What the caller's memory adds to, and who owns scratch memory. */
static dnnl_primitive_attr_t
attributes(bool add)
{
	dnnl_primitive_attr_t attr = NULL;
	dnnl_post_ops_t ops = NULL;
	bool ok = dnnl_primitive_attr_create(&attr) == dnnl_success &&
		  dnnl_primitive_attr_set_scratchpad_mode(
		      attr, dnnl_scratchpad_mode_user) == dnnl_success;

	if (ok && add)
		ok =
		    dnnl_post_ops_create(&ops) == dnnl_success &&
		    dnnl_post_ops_append_sum(ops, 1) == dnnl_success &&
		    dnnl_primitive_attr_set_post_ops(attr, ops) == dnnl_success;
	dnnl_post_ops_destroy(ops);
	if (ok)
		return attr;
	dnnl_primitive_attr_destroy(attr);
	return NULL;
}

static bool
make_primitive(struct gemm_bf16 *g)
{
	dnnl_primitive_attr_t attr = attributes(g->shape.add);
	dnnl_primitive_desc_t pd = NULL;
	dnnl_matmul_desc_t d;
	bool ok;

	ok = attr &&
	     dnnl_matmul_desc_init(&d, &g->a, &g->b, NULL, &g->c) ==
		 dnnl_success &&
	     dnnl_primitive_desc_create(&pd, &d, attr, engine, NULL) ==
		 dnnl_success &&
	     dnnl_primitive_create(&g->primitive, pd) == dnnl_success;
	if (ok)
		g->scratch = *dnnl_primitive_desc_query_md(
		    pd, dnnl_query_scratchpad_md, 0);
	dnnl_primitive_desc_destroy(pd);
	dnnl_primitive_attr_destroy(attr);
	return ok;
}

static void
destroy(struct gemm_bf16 *g)
{
	if (g)
		dnnl_primitive_destroy(g->primitive);
	free(g);
}

/* The library plans for as many threads as it could have: it gets one. */
static struct gemm_bf16 *
make(const struct gemm_shape *s)
{
	struct gemm_bf16 *g = calloc(1, sizeof(*g));
	int threads = omp_get_max_threads();
	bool ok;

	if (!g)
		return NULL;
	g->shape = *s;
	omp_set_num_threads(1);
	ok = start_library() &&
	     describe(&g->a, dnnl_bf16, s->m, s->k, s->lda, s->ta) &&
	     describe(&g->b, dnnl_bf16, s->k, s->n, s->ldb, s->tb) &&
	     describe(&g->c, dnnl_f32, s->m, s->n, s->ldc, false) &&
	     make_primitive(g);
	omp_set_num_threads(threads);
	if (ok)
		return g;
	destroy(g);
	return NULL;
}

/* Into a slot that is free, or whose product nobody uses. */
static void
keep(struct gemm_bf16 *g)
{
	unsigned i, at;

	for (i = 0; i < SLOTS; i++) {
		at = (next_out + i) % SLOTS;
		if (slot[at] && slot[at]->users)
			continue;
		destroy(slot[at]);
		slot[at] = g;
		g->kept = true;
		next_out = (at + 1) % SLOTS;
		return;
	}
}

struct gemm_bf16 *
gemm_bf16_take(const struct gemm_shape *s)
{
	struct gemm_bf16 *g = NULL;
	int i;

	pthread_mutex_lock(&lock);
	for (i = 0; i < SLOTS && !g; i++)
		if (slot[i] && same_shape(&slot[i]->shape, s))
			g = slot[i];
	if (!g && (g = make(s)))
		keep(g);
	if (g)
		g->users++;
	pthread_mutex_unlock(&lock);
	return g;
}

void
gemm_bf16_give(struct gemm_bf16 *g)
{
	pthread_mutex_lock(&lock);
	if (--g->users == 0 && !g->kept)
		destroy(g);
	pthread_mutex_unlock(&lock);
}

size_t
gemm_bf16_scratch(const struct gemm_bf16 *g)
{
	return dnnl_memory_desc_get_size(&g->scratch);
}

bool
gemm_bf16_run(const struct gemm_bf16 *g, const uint16_t *a, const uint16_t *b,
    float *c, void *scratch)
{
	const dnnl_memory_desc_t *d[] = { &g->a, &g->b, &g->c, &g->scratch };
	void *at[] = { (void *)(uintptr_t)a, (void *)(uintptr_t)b, c, scratch };
	dnnl_exec_arg_t args[] = { { DNNL_ARG_SRC, NULL },
		{ DNNL_ARG_WEIGHTS, NULL }, { DNNL_ARG_DST, NULL },
		{ DNNL_ARG_SCRATCHPAD, NULL } };
	bool ok = true;
	int i;

	for (i = 0; i < 4; i++)
		ok = dnnl_memory_create(&args[i].memory, d[i], engine, at[i]) ==
			 dnnl_success &&
		     ok;
	ok = ok && dnnl_primitive_execute(g->primitive, stream, 4, args) ==
		       dnnl_success;
	for (i = 0; i < 4; i++)
		dnnl_memory_destroy(args[i].memory);
	return ok;
}
