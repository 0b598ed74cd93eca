/* SPDX-License-Identifier: MIT */
/*
 * The library counts by columns: a row-major (m,n) is its (n,m), so that it is
 * asked for the transpose of the product, B's before A's.
 */
#include <cublasLt.h>
#include <cuda_runtime.h>

#include "train/cuda/device.h"
#include "train/ops.h"

enum { PLANS = 256, WORKSPACE = 32 << 20 };

/* A product's shape, and how the library does it. */
struct plan {
	int m, n, k, ta, tb, made;
	cublasLtMatmulDesc_t desc;
	cublasLtMatrixLayout_t a, b, c;
	cublasLtMatmulAlgo_t algo;
};

static cublasLtHandle_t handle;
static void *workspace;
static struct plan plans[PLANS];

static bool
failed(cublasStatus_t rc)
{
	if (rc != CUBLAS_STATUS_SUCCESS)
		device_fail("the matrix product failed");
	return rc != CUBLAS_STATUS_SUCCESS;
}

static bool
start(void)
{
	if (handle)
		return true;
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
 * fixed order.
 */
static bool
choose(struct plan *p)
{
	size_t size = WORKSPACE;
	uint32_t schemes = CUBLASLT_REDUCTION_SCHEME_MASK &
			   ~CUBLASLT_REDUCTION_SCHEME_INPLACE;
	cublasLtMatmulPreference_t wish;
	cublasLtMatmulHeuristicResult_t best;
	int found = 0;
	cublasStatus_t rc;

	if (failed(cublasLtMatmulPreferenceCreate(&wish)))
		return false;
	cublasLtMatmulPreferenceSetAttribute(wish,
	    CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &size, sizeof(size));
	cublasLtMatmulPreferenceSetAttribute(wish,
	    CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK, &schemes,
	    sizeof(schemes));
	rc = cublasLtMatmulAlgoGetHeuristic(handle, p->desc, p->b, p->a, p->c,
	    p->c, wish, 1, &best, &found);
	cublasLtMatmulPreferenceDestroy(wish);
	p->algo = best.algo;
	return !failed(rc) && (found || (device_fail("no algorithm for a "
						     "matrix product"),
					    false));
}

static bool
make(struct plan *p)
{
	cublasOperation_t first = p->tb ? CUBLAS_OP_T : CUBLAS_OP_N;
	cublasOperation_t second = p->ta ? CUBLAS_OP_T : CUBLAS_OP_N;
	uint64_t m = (uint64_t)p->m, n = (uint64_t)p->n, k = (uint64_t)p->k;

	if (failed(cublasLtMatmulDescCreate(
		&p->desc, CUBLAS_COMPUTE_32F, CUDA_R_32F)) ||
	    failed(cublasLtMatmulDescSetAttribute(p->desc,
		CUBLASLT_MATMUL_DESC_TRANSA, &first, sizeof(first))) ||
	    failed(cublasLtMatmulDescSetAttribute(p->desc,
		CUBLASLT_MATMUL_DESC_TRANSB, &second, sizeof(second))))
		return false;
	if (failed(cublasLtMatrixLayoutCreate(&p->b, CUDA_R_32F, p->tb ? k : n,
		p->tb ? n : k, (int64_t)(p->tb ? k : n))) ||
	    failed(cublasLtMatrixLayoutCreate(&p->a, CUDA_R_32F, p->ta ? m : k,
		p->ta ? k : m, (int64_t)(p->ta ? m : k))) ||
	    failed(cublasLtMatrixLayoutCreate(
		&p->c, CUDA_R_32F, n, m, (int64_t)n)))
		return false;
	p->made = choose(p);
	return p->made;
}

/* A model has few shapes; the table never fills in one run. */
static struct plan *
plan_for(int m, int n, int k, int ta, int tb)
{
	for (struct plan *p = plans; p < plans + PLANS; p++) {
		if (p->made && p->m == m && p->n == n && p->k == k &&
		    p->ta == ta && p->tb == tb)
			return p;
		if (p->made)
			continue;
		p->m = m, p->n = n, p->k = k, p->ta = ta, p->tb = tb;
		return make(p) ? p : nullptr;
	}
	device_fail("more shapes of matrix products than there is room for");
	return nullptr;
}

void
cuda_matmul(void *c, const void *a, const void *b, int m, int n, int k, int ta,
    int tb, int accumulate)
{
	float one = 1, beta = accumulate ? 1 : 0;
	struct plan *p = start() ? plan_for(m, n, k, ta, tb) : nullptr;

	if (p)
		failed(cublasLtMatmul(handle, p->desc, &one, b, p->b, a, p->a,
		    &beta, c, p->c, c, p->c, &p->algo, workspace, WORKSPACE,
		    0));
}
