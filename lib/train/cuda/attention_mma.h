/* SPDX-License-Identifier: MIT */
/*
 * Attention on the tensor cores, of queries, keys and values of 16 bits: tiles
 * in shared memory, sums in registers (mma.h says which thread has what).
 */
#ifndef TRAIN_CUDA_ATTENTION_MMA_H
#define TRAIN_CUDA_ATTENTION_MMA_H

#include "train/cuda/attention.h"
#include "train/cuda/mma.h"

static const float LOG2_E = 1.4426950408889634f, LN_2 = .6931471805599453f;

/* Numbers from one row of a tile to the next: an odd number of 16 bytes, so
 * that eight rows' 16 bytes lie in different banks. */
static constexpr __host__ __device__ int
pitch(int D)
{
	return (D / 8 | 1) * 8;
}

/* Do these kernels know such heads?  Nor do they drop weights. */
static inline bool
mma_fits(const struct attention *o)
{
	int D = o->D;

	return (D == 64 || D == 80 || D == 96 || D == 128) && o->scale > 0 &&
	       o->drop.rate <= 0;
}

/*
 * tile (ROWS_, D) = rows at p, p + stride ..., zeros beyond count; begun by a
 * block of N threads.
 */
template <int D, int ROWS_, int N, typename number>
static __device__ __forceinline__ void
fetch(uint16_t *tile, const number *p, int stride, int count)
{
	constexpr int CHUNKS = D / 8, AT_ONCE = N / CHUNKS;
	int row = threadIdx.x / CHUNKS, c = threadIdx.x % CHUNKS * 8;

	if (row >= AT_ONCE)
		return;
	UNROLL
	for (int r = row; r < row + ROWS_; r += AT_ONCE) {
		bool there = r < count;

		if (ROWS_ % AT_ONCE == 0 || r < ROWS_)
			copy_16_bytes(tile + r * pitch(D) + c,
			    p + (size_t)((there ? r : 0) * stride) + c, there);
	}
}

/*
 * x += A * B': 16 rows of A for each m, `apart` rows from one to the next, D
 * columns; B (8 N, D).
 */
template <typename Number, int D, int M, int N>
static __device__ __forceinline__ void
times_rows(float (&x)[M][N][4], const uint16_t *a, int apart, const uint16_t *b)
{
	int lane = threadIdx.x % WARP;

	a += lane % 16 * pitch(D) + lane / 16 * 8;
	b += (lane % 8 + lane / 16 * 8) * pitch(D) + lane / 8 % 2 * 8;
	UNROLL
	for (int k = 0; k < D; k += 16) {
		uint32_t of_a[M][4], of_b[4];

		UNROLL
		for (int m = 0; m < M; m++)
			load_matrices(of_a[m], a + m * apart * pitch(D) + k);
		UNROLL
		for (int n = 0; n < N; n += 2) {
			load_matrices(of_b, b + n * 8 * pitch(D) + k);
			UNROLL
			for (int m = 0; m < M; m++) {
				Number::multiply(x[m][n], of_a[m], of_b);
				Number::multiply(
				    x[m][n + 1], of_a[m], of_b + 2);
			}
		}
	}
}

/* The first factor of a product from sums, rounded: columns 16 k .. in a[k]. */
template <typename Number, int M, int N>
static __device__ __forceinline__ void
as_factor(uint32_t (&a)[M][N / 2][4], const float (&x)[M][N][4])
{
	UNROLL
	for (int m = 0; m < M; m++)
		UNROLL
	for (int k = 0; k < N / 2; k++)
		UNROLL
	for (int i = 0; i < 4; i++) {
		const float *p = x[m][2 * k + i / 2];

		a[m][k][i] = Number::pack(p[i % 2 * 2], p[i % 2 * 2 + 1]);
	}
}

/* out += A * B; A (.., 16 K) in registers, B (16 K, 8 N), rows of P numbers. */
template <typename Number, int P, int M, int N, int K>
static __device__ __forceinline__ void
times_columns(
    float (&out)[M][N][4], const uint32_t (&a)[M][K][4], const uint16_t *b)
{
	b += threadIdx.x % WARP * P;
	UNROLL
	for (int k = 0; k < K; k += 2)
		UNROLL
	for (int n = 0; n < N; n++) {
		uint32_t of_b[4];

		load_transposed(of_b, b + k * 16 * P + n * 8);
		UNROLL
		for (int m = 0; m < M; m++) {
			Number::multiply(out[m][n], a[m][k], of_b);
			Number::multiply(out[m][n], a[m][k + 1], of_b + 2);
		}
	}
}

/* Sum and maximum over the four threads that share a row of sums. */
static __device__ __forceinline__ float
row_sum(float x)
{
	return warp_sum(x, 4);
}

static __device__ __forceinline__ float
row_max(float x)
{
	return warp_max(x, 4);
}

/* Two numbers side by side, the first at an even place. */
static __device__ __forceinline__ void
put_pair(float *p, float a, float b)
{
	*(float2 *)p = { a, b };
}

template <typename number>
static __device__ __forceinline__ void
put_pair(number *p, float a, float b)
{
	*(uint32_t *)p = number::pack(a, b);
}

/* CALL(number of channels) for those that mma_fits() allows. */
#define BY_HEAD(D, call) \
	do { \
		if ((D) == 64) { \
			call(64); \
		} else if ((D) == 80) { \
			call(80); \
		} else if ((D) == 96) { \
			call(96); \
		} else { \
			call(128); \
		} \
	} while (0)

/*
 * Attention as ops.def says, if mma_fits(), by bf16 and f16; else they return
 * false and did nothing.
 */
template <typename number>
bool mma_attention_fwd(
    number *out, float *lse, const struct scene<number> &s, int B);
template <typename number>
bool mma_attention_bwd(number *dqkv, const number *dout, const number *out,
    const struct scene<number> &s, const float *lse, int B);

static inline bool
mma_attention_fwd(float *, float *, const struct scene<float> &, int)
{
	return false;
}

static inline bool
mma_attention_bwd(float *, const float *, const float *,
    const struct scene<float> &, const float *, int)
{
	return false;
}

#endif
