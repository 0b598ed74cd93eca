/* SPDX-License-Identifier: MIT */
/*
 * Radix sort of numbers by key, a byte of the key a pass.  A thread owns a
 * value of the byte and walks its block's numbers in order: nothing is atomic,
 * and equal keys stay in order.
 */
#include "train/cuda/sort.h"

#include "train/cuda/launch.h"

static const int DIGITS = 256, PIECE = 1024, PASSES = 4;

static_assert(DIGITS == THREADS, "a thread a digit");

static unsigned
pieces(int n)
{
	return (unsigned)((n + PIECE - 1) / PIECE);
}

size_t
sort_size(int n)
{
	return (2 * (size_t)n + (size_t)DIGITS * pieces(n)) * sizeof(int32_t);
}

/* The digits of this block's numbers; from: the numbers in order, or NULL. */
static __device__ int
load_digits(
    uint8_t *digit, const int32_t *from, const int32_t *keys, int n, int shift)
{
	int at = blockIdx.x * PIECE, here = min(PIECE, n - at);

	for (int i = threadIdx.x; i < here; i += THREADS)
		digit[i] =
		    (uint8_t)(keys[from ? from[at + i] : at + i] >> shift);
	__syncthreads();
	return here;
}

/* counts (DIGITS, pieces) */
static __global__ void
count_digits(
    int32_t *counts, const int32_t *from, const int32_t *keys, int n, int shift)
{
	__shared__ uint8_t digit[PIECE];
	int here = load_digits(digit, from, keys, n, shift), count = 0;

	for (int i = 0; i < here; i++)
		count += digit[i] == threadIdx.x;
	counts[(size_t)threadIdx.x * gridDim.x + blockIdx.x] = count;
}

/* Each count becomes where its numbers begin; one block, a thread a digit. */
static __global__ void
counts_to_places(int32_t *counts, int blocks_counted)
{
	__shared__ int32_t total[DIGITS];
	int32_t *row = counts + (size_t)threadIdx.x * blocks_counted;
	int32_t sum = 0, count;

	for (int i = 0; i < blocks_counted; i++)
		sum += row[i];
	total[threadIdx.x] = sum;
	__syncthreads();
	sum = 0;
	for (unsigned d = 0; d < threadIdx.x; d++)
		sum += total[d];
	for (int i = 0; i < blocks_counted; i++) {
		count = row[i];
		row[i] = sum;
		sum += count;
	}
}

static __global__ void
scatter(int32_t *to, const int32_t *from, const int32_t *places,
    const int32_t *keys, int n, int shift)
{
	__shared__ uint8_t digit[PIECE];
	int here = load_digits(digit, from, keys, n, shift);
	int at = blockIdx.x * PIECE;
	int32_t place = places[(size_t)threadIdx.x * gridDim.x + blockIdx.x];

	for (int i = 0; i < here; i++)
		if (digit[i] == threadIdx.x)
			to[place++] = from ? from[at + i] : at + i;
}

const int32_t *
sort_tokens(void *memory, const int32_t *keys, int n)
{
	int32_t *a = (int32_t *)memory, *b = a + n, *counts = b + n, *to;
	const int32_t *from = nullptr;

	for (int pass = 0; pass < PASSES; pass++) {
		to = pass % 2 ? a : b;
		LAUNCH(count_digits, pieces(n), THREADS, 0, counts, from, keys,
		    n, 8 * pass);
		LAUNCH(counts_to_places, 1, THREADS, 0, counts, (int)pieces(n));
		LAUNCH(scatter, pieces(n), THREADS, 0, to, from, counts, keys,
		    n, 8 * pass);
		from = to;
	}
	return from;
}
