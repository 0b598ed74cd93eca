/* SPDX-License-Identifier: MIT */
/*
 * Attention on Hopper's own instructions (hopper.h), of queries, keys and
 * values of 16 bits.
 */
#ifndef TRAIN_CUDA_ATTENTION_WGMMA_H
#define TRAIN_CUDA_ATTENTION_WGMMA_H

#include "train/cuda/attention_weigh.h"
#include "train/cuda/hopper.h"

/* Channels a tile has: whole panels; what is beyond D isn't looked at. */
static constexpr __host__ __device__ int
wide(int D)
{
	return (D + PANEL - 1) / PANEL * PANEL;
}

/* Begins to bring ROWS_ rows from y on of D channels from x on, all panels. */
template <int D, int ROWS_>
static __device__ __forceinline__ void
bring(uint16_t *tile, const CUtensorMap *map, int x, int y, int z,
    struct barrier *there)
{
	UNROLL
	for (int p = 0; p < wide(D); p += PANEL)
		bring_panel(tile + p * ROWS_, map, x + p, y, z, there);
}

/*
 * x (64, 8 N) = A * B'; a: 64 rows of a tile of IN_A rows; b: 8 N rows of one
 * of IN_B; D columns each.
 */
template <typename Number, int D, int IN_A, int IN_B, int N>
static __device__ __forceinline__ void
times_rows(float (&x)[1][N][4], const uint16_t *a, const uint16_t *b)
{
	uint64_t of_a = factor_at(a, 16, PATTERN);
	uint64_t of_b = factor_at(b, 16, PATTERN);

	UNROLL
	for (int k = 0; k < D; k += 16) {
		int panel = k / PANEL * PANEL * 2, on = k % PANEL * 2;

		product<Number, 0, 0>(x[0], factor_on(of_a, panel * IN_A + on),
		    factor_on(of_b, panel * IN_B + on), k > 0);
	}
}

/* out (64, 8 N) += A * B; A (64, 16 K) in registers; b: a tile of IN_B rows. */
template <typename Number, int IN_B, int N, int K>
static __device__ __forceinline__ void
times_columns(
    float (&out)[1][N][4], const uint32_t (&a)[1][K][4], const uint16_t *b)
{
	uint64_t of_b = factor_at(b, IN_B * PANEL * 2, PATTERN);

	UNROLL
	for (int k = 0; k < K; k++)
		product<Number, 1>(
		    out[0], a[0][k], factor_on(of_b, k * 16 * PANEL * 2));
}

/*
 * How the copy engine finds panels of `rows` rows in x (B, T, channels), rows
 * `stride` numbers apart; false if it can't: the driver doesn't know it, or x
 * lies awkwardly.
 */
bool map_panels(CUtensorMap *map, const void *x, int channels, int T, int B,
    int stride, int rows);

/*
 * As mma_attention_fwd() and _bwd(), where the card has the instructions and
 * the map can be made; else they return false and did nothing.
 */
template <typename number>
bool wgmma_attention_fwd(
    number *out, float *lse, const struct scene<number> &s, int B);

template <typename number>
bool wgmma_attention_bwd(number *dqkv, const number *dout, const number *out,
    const struct scene<number> &s, const float *lse, int B);

static inline bool
wgmma_attention_bwd(float *, const float *, const float *,
    const struct scene<float> &, const float *, int)
{
	return false;
}

static inline bool
wgmma_attention_fwd(float *, float *, const struct scene<float> &, int)
{
	return false;
}

#endif
