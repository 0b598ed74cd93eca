/* SPDX-License-Identifier: MIT */
/*
 * The library counts by columns: a row-major (m,n) is its (n,m), so that it is
 * asked for the transpose of the product, B's before A's.
 */
#include <cublasLt.h>
#include <cuda_runtime.h>
#include <stdlib.h>
#include <string.h>

#include <algorithm>

#include "train/cuda/device.h"
#include "train/cuda/number.h"
#include "train/ops.h"

enum { PLANS = 256, GUESSES = 8 };

/* A product's shape; what its matrices are made of, rows of lda and ldb. */
struct shape {
	int m, n, k, ta, tb;
	enum ops_type type, c; /* of the factors, of the result */
	int lda, ldb;
	uint32_t align; /* of all three matrices, in bytes */
};

/* ... and how the library does it. */
struct plan {
	struct shape s;
	bool made;
	cublasLtMatmulDesc_t desc;
	cublasLtMatrixLayout_t a, b, c;
	cublasLtMatmulAlgo_t algo;
};

static cublasLtHandle_t handle;
static void *workspace;
/* Which of the library's guesses is taken; sums may meet in any order. */
static int guess;
static bool any_order;
static struct plan plans[PLANS];

static bool
failed(cublasStatus_t rc)
{
	if (rc != CUBLAS_STATUS_SUCCESS)
		device_fail("the matrix product failed");
	return rc != CUBLAS_STATUS_SUCCESS;
}

/* The environment's, for measuring (tests/gpu/bench.sh). */
static bool
read_choice(void)
{
	const char *s = getenv("QUERN_CUDA_GEMM");

	any_order = s && strcmp(s, "any-order") == 0;
	guess = s && s[0] >= '0' && s[0] < '0' + GUESSES && !s[1] ? s[0] - '0' : 0;
	if (!s || any_order || guess || strcmp(s, "0") == 0)
		return true;
	device_fail("QUERN_CUDA_GEMM is a number from 0 to 7 or any-order");
	return false;
}

static bool
start(void)
{
	if (handle)
		return true;
	if (!read_choice())
		return false;
	if (failed(cublasLtCreate(&handle)))
		return false;
	if (cudaMalloc(&workspace, WORKSPACE) != cudaSuccess) {
		device_fail("out of memory for matrix products");
		workspace = nullptr;
	}
	return workspace != nullptr;
}

/*
 * The best guess of the library, out of those whose partial sums meet in a
 * fixed order.  It is made of the shape alone, not of a clock: so every restart,
 * and every rank, has the same bits.
 */
static bool
choose(struct plan *p)
{
	size_t size = WORKSPACE;
	uint32_t schemes = CUBLASLT_REDUCTION_SCHEME_MASK &
			   ~(any_order ? 0 : CUBLASLT_REDUCTION_SCHEME_INPLACE);
	static const cublasLtMatmulPreferenceAttributes_t matrices[] = {
		CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES,
		CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES,
		CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES,
		CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES
	};
	cublasLtMatmulPreference_t wish;
	cublasLtMatmulHeuristicResult_t best[GUESSES];
	int found = 0;
	cublasStatus_t rc;

	if (failed(cublasLtMatmulPreferenceCreate(&wish)))
		return false;
	cublasLtMatmulPreferenceSetAttribute(wish,
	    CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &size, sizeof(size));
	cublasLtMatmulPreferenceSetAttribute(wish,
	    CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK, &schemes,
	    sizeof(schemes));
	for (size_t i = 0; i < sizeof(matrices) / sizeof(*matrices); i++)
		cublasLtMatmulPreferenceSetAttribute(
		    wish, matrices[i], &p->s.align, sizeof(p->s.align));
	rc = cublasLtMatmulAlgoGetHeuristic(
	    handle, p->desc, p->b, p->a, p->c, p->c, wish, guess + 1, best,
	    &found);
	cublasLtMatmulPreferenceDestroy(wish);
	if (found)
		p->algo = best[std::min(guess, found - 1)].algo;
	return !failed(rc) && (found || (device_fail("no algorithm for a "
						     "matrix product"),
					    false));
}

static bool
make(struct plan *p)
{
	static const cudaDataType_t types[OPS_TYPES] = { CUDA_R_32F,
		CUDA_R_16BF, CUDA_R_16F };
	const struct shape &s = p->s;
	cublasOperation_t first = s.tb ? CUBLAS_OP_T : CUBLAS_OP_N;
	cublasOperation_t second = s.ta ? CUBLAS_OP_T : CUBLAS_OP_N;
	uint64_t m = (uint64_t)s.m, n = (uint64_t)s.n, k = (uint64_t)s.k;

	if (failed(cublasLtMatmulDescCreate(
		&p->desc, CUBLAS_COMPUTE_32F, CUDA_R_32F)) ||
	    failed(cublasLtMatmulDescSetAttribute(
		p->desc, CUBLASLT_MATMUL_DESC_TRANSA, &first, sizeof(first))) ||
	    failed(cublasLtMatmulDescSetAttribute(
		p->desc, CUBLASLT_MATMUL_DESC_TRANSB, &second, sizeof(second))))
		return false;
	if (failed(cublasLtMatrixLayoutCreate(
		&p->b, types[s.type], s.tb ? k : n, s.tb ? n : k, s.ldb)) ||
	    failed(cublasLtMatrixLayoutCreate(
		&p->a, types[s.type], s.ta ? m : k, s.ta ? k : m, s.lda)) ||
	    failed(cublasLtMatrixLayoutCreate(
		&p->c, types[s.c], n, m, (int64_t)n)))
		return false;
	p->made = choose(p);
	return p->made;
}

static bool
same(const struct shape &x, const struct shape &y)
{
	return x.m == y.m && x.n == y.n && x.k == y.k && x.ta == y.ta &&
	       x.tb == y.tb && x.type == y.type && x.c == y.c &&
	       x.lda == y.lda && x.ldb == y.ldb && x.align == y.align;
}

/* A model has few shapes; the table never fills in one run. */
static struct plan *
plan_for(const struct shape &s)
{
	for (struct plan *p = plans; p < plans + PLANS; p++) {
		if (p->made && same(p->s, s))
			return p;
		if (p->made)
			continue;
		p->s = s;
		return make(p) ? p : nullptr;
	}
	device_fail("more shapes of matrix products than there is room for");
	return nullptr;
}

/* The largest power of two, up to the library's 256, that divides them all. */
static uint32_t
alignment(const void *a, const void *b, const void *c)
{
	uintptr_t u = (uintptr_t)a | (uintptr_t)b | (uintptr_t)c | 256;

	return (uint32_t)(u & -u);
}

static void
multiply(void *c, const void *a, const void *b, struct shape s, int how)
{
	float one = 1, beta = how & MATMUL_ADD ? 1 : 0;

	if (device_rehearsing())
		return;

	s.align = alignment(a, b, c);
	struct plan *p = start() ? plan_for(s) : nullptr;

	if (p)
		failed(cublasLtMatmul(handle, p->desc, &one, b, p->b, a, p->a,
		    &beta, c, p->c, c, p->c, &p->algo, workspace, WORKSPACE,
		    device_stream));
}

/* Rows of ld, a multiple of 4, with zeros behind their cols. */
template <typename number>
static __global__ void
round_rows(number *to, const float *x, size_t n, int cols, int ld, bool aligned)
{
	size_t i = element() * 4, c = i % ld, left = c < cols ? cols - c : 0;

	if (i < n)
		put_aligned(
		    to + i, get_four(x + i / ld * cols + c, left, aligned));
}

/* The library is fastest with rows of whole 16 bytes. */
static int
padded(int cols)
{
	return (cols + 7) / 8 * 8;
}

/* A factor as the library gets it. */
struct factor {
	const void *x;
	int rows, cols, ld;
	bool act; /* as it is, else rounded first */
	size_t n; /* elements of the rounded one */
};

static struct factor
factor_of(const void *x, int rows, int cols, bool act)
{
	struct factor f = { x, rows, cols, act ? cols : padded(cols), act, 0 };

	if (!act)
		f.n = (size_t)rows * (size_t)f.ld;
	return f;
}

template <typename number>
static void
round_factor(number *to, struct factor *f)
{
	const float *x = (const float *)f->x;

	if (f->act)
		return;
	LAUNCH(round_rows<number>, blocks_of_fours(f->n), THREADS, 0, to, x,
	    f->n, f->cols, f->ld, fours(x, f->cols));
	f->x = to;
}

template <typename number>
static void
multiply_typed(
    void *c, const void *a, const void *b, struct shape s, int how)
{
	struct factor x = factor_of(
	    a, s.ta ? s.k : s.m, s.ta ? s.m : s.k, how & MATMUL_A);
	struct factor y = factor_of(
	    b, s.tb ? s.n : s.k, s.tb ? s.k : s.n, how & MATMUL_B);
	number *r = nullptr;

	if (x.n + y.n) {
		r = (number *)device_scratch((x.n + y.n) * sizeof(*r));
		if (!r)
			return;
	}
	round_factor(r, &x);
	round_factor(r + x.n, &y);
	s.lda = x.ld;
	s.ldb = y.ld;
	s.c = how & MATMUL_C ? s.type : OPS_F32;
	multiply(c, x.x, y.x, s, how);
}

void
cuda_matmul(void *c, const void *a, const void *b, int m, int n, int k, int ta,
    int tb, int how)
{
	multiply(c, a, b,
	    { m, n, k, ta, tb, OPS_F32, OPS_F32, ta ? m : k, tb ? k : n, 0 },
	    how);
}

void
bf16_matmul(void *c, const void *a, const void *b, int m, int n, int k, int ta,
    int tb, int how)
{
	multiply_typed<bf16>(
	    c, a, b, { m, n, k, ta, tb, OPS_BF16, OPS_F32, 0, 0, 0 }, how);
}

void
f16_matmul(void *c, const void *a, const void *b, int m, int n, int k, int ta,
    int tb, int how)
{
	multiply_typed<f16>(
	    c, a, b, { m, n, k, ta, tb, OPS_F16, OPS_F32, 0, 0, 0 }, how);
}
