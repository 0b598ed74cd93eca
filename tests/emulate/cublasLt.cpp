/* SPDX-License-Identifier: MIT */
/*
 * It refuses what the library refuses: factors that don't fit each other, an
 * algorithm that wasn't asked for.
 */
#include <cublasLt.h>

#include "round.h"
#include "train/cuda/grid.h"

enum { CHOSEN = 4711 };

/* What lives as long as a plan of the twin: to the end. */
static emulated_product products[1024];
static emulated_layout layouts[4096];
static int n_products, n_layouts;

cublasStatus_t
cublasLtCreate(cublasLtHandle_t *h)
{
	*h = 1;
	return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t
cublasLtMatmulDescCreate(
    cublasLtMatmulDesc_t *d, cublasComputeType_t, cudaDataType_t)
{
	*d = &products[n_products++];
	return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t
cublasLtMatmulDescSetAttribute(
    cublasLtMatmulDesc_t d, int what, const void *value, size_t size)
{
	memcpy(&d->op[what == CUBLASLT_MATMUL_DESC_TRANSB], value, size);
	return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t
cublasLtMatrixLayoutCreate(cublasLtMatrixLayout_t *l, cudaDataType_t type,
    uint64_t rows, uint64_t cols, int64_t ld)
{
	if ((uint64_t)ld < rows)
		return CUBLAS_STATUS_INVALID_VALUE;
	*l = &layouts[n_layouts++];
	**l = { rows, cols, ld, type };
	return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t
cublasLtMatmulPreferenceCreate(cublasLtMatmulPreference_t *p)
{
	*p = 1;
	return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t
cublasLtMatmulPreferenceSetAttribute(
    cublasLtMatmulPreference_t, int, const void *, size_t)
{
	return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t
cublasLtMatmulPreferenceDestroy(cublasLtMatmulPreference_t)
{
	return CUBLAS_STATUS_SUCCESS;
}

/* Rows (of = 0) or columns (of = 1) of a factor as it is used. */
static uint64_t
extent(cublasLtMatrixLayout_t l, cublasOperation_t op, int of)
{
	return (op == CUBLAS_OP_T) != (of == 1) ? l->cols : l->rows;
}

cublasStatus_t
cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t, cublasLtMatmulDesc_t d,
    cublasLtMatrixLayout_t a, cublasLtMatrixLayout_t b,
    cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t,
    cublasLtMatmulPreference_t, int most,
    cublasLtMatmulHeuristicResult_t *results, int *found)
{
	if (extent(a, d->op[0], 1) != extent(b, d->op[1], 0) ||
	    extent(a, d->op[0], 0) != c->rows ||
	    extent(b, d->op[1], 1) != c->cols)
		return CUBLAS_STATUS_INVALID_VALUE;
	for (*found = 0; *found < most && *found < 3; ++*found)
		results[*found].algo.chosen = CHOSEN;
	return CUBLAS_STATUS_SUCCESS;
}

/* Sign, exponent and fraction of 16 bits: 8 and 7 of bf16, 5 and 10 of fp16. */
static double
number_of(uint16_t u, bool bf16)
{
	int bits = bf16 ? 7 : 10, bias = bf16 ? 127 : 15;
	int e = (u & 0x7fff) >> bits, f = u & ((1 << bits) - 1);
	double x;

	if (e == 2 * bias + 1)
		x = f ? NAN : INFINITY;
	else
		x = ldexp(e ? f + (1 << bits) : f, (e ? e : 1) - bias - bits);
	return u >> 15 ? -x : x;
}

static double
element_of(const void *p, cublasLtMatrixLayout_t l, cublasOperation_t op,
    uint64_t row, uint64_t col)
{
	if (op == CUBLAS_OP_T)
		std::swap(row, col);
	row += col * (uint64_t)l->ld;
	if (l->type == CUDA_R_32F)
		return ((const float *)p)[row];
	return number_of(((const uint16_t *)p)[row], l->type == CUDA_R_16BF);
}

static void
put_element(void *p, cublasLtMatrixLayout_t l, uint64_t at, float x)
{
	if (l->type == CUDA_R_32F)
		((float *)p)[at] = x;
	else
		((uint16_t *)p)[at] =
		    l->type == CUDA_R_16BF ? bits_bf16(x) : bits_f16(x);
}

static void
multiply(cublasLtMatmulDesc_t d, float scale, const void *a,
    cublasLtMatrixLayout_t la, const void *b, cublasLtMatrixLayout_t lb,
    float keep, const void *c, cublasLtMatrixLayout_t lc, void *out)
{
	uint64_t inner = extent(la, d->op[0], 1);

	for (uint64_t col = 0; col < lc->cols; col++)
		for (uint64_t row = 0; row < lc->rows; row++) {
			uint64_t at = row + col * (uint64_t)lc->ld;
			double sum = 0;

			for (uint64_t i = 0; i < inner; i++)
				sum += element_of(a, la, d->op[0], row, i) *
				       element_of(b, lb, d->op[1], i, col);
			sum *= scale;
			if (keep != 0)
				sum += keep *
				       element_of(c, lc, CUBLAS_OP_N, row, col);
			put_element(out, lc, at, (float)sum);
		}
}

cublasStatus_t
cublasLtMatmul(cublasLtHandle_t, cublasLtMatmulDesc_t d, const void *alpha,
    const void *a, cublasLtMatrixLayout_t la, const void *b,
    cublasLtMatrixLayout_t lb, const void *beta, const void *c,
    cublasLtMatrixLayout_t lc, void *out, cublasLtMatrixLayout_t,
    const cublasLtMatmulAlgo_t *algo, void *, size_t, cudaStream_t s)
{
	float scale = *(const float *)alpha, keep = *(const float *)beta;

	if (algo->chosen != CHOSEN)
		return CUBLAS_STATUS_INVALID_VALUE;
	return emulate_work(s,
		   [=] { multiply(d, scale, a, la, b, lb, keep, c, lc, out); })
		   ? CUBLAS_STATUS_SUCCESS
		   : CUBLAS_STATUS_INVALID_VALUE;
}
