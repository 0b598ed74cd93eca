/* SPDX-License-Identifier: MIT */
#include "train/cuda/device.h"
#include "train/cuda/number.h"
#include "train/ops.h"

/* out = a * x + b * y; four elements a thread. */
template <typename number>
static __global__ void
combine(number *out, const number *x, const number *y, size_t n, float a,
    float b, bool aligned)
{
	size_t i = element() * 4;
	struct four u, v;

	if (i >= n)
		return;
	u = get_four(x + i, n - i, aligned);
	v = get_four(y + i, n - i, aligned);
	UNROLL
	for (int k = 0; k < 4; k++)
		u.v[k] = a * u.v[k] + b * v.v[k];
	put_four(out + i, u, n - i, aligned);
}

template <typename number>
static void
scaled_add(
    void *out, const void *x, const void *y, size_t n, double a, double b)
{
	bool aligned = fours((number *)out, 0) && fours((number *)x, 0) &&
		       fours((number *)y, 0);

	LAUNCH(combine<number>, blocks_of_fours(n), THREADS, 0, (number *)out,
	    (const number *)x, (const number *)y, n, (float)a, (float)b,
	    aligned);
}

template <typename number>
static void
add(void *out, const void *a, const void *b, size_t n)
{
	scaled_add<number>(out, a, b, n, 1, 1);
}

TYPED(scaled_add,
    (void *out, const void *x, const void *y, size_t n, double a, double b),
    (out, x, y, n, a, b))
TYPED(add, (void *out, const void *a, const void *b, size_t n), (out, a, b, n))

/* out = in, rounded. */
template <typename number>
static __global__ void
narrowed(number *out, const float *in, size_t n, bool aligned)
{
	size_t i = element() * 4;

	if (i < n)
		put_four(out + i, get_four(in + i, n - i, aligned), n - i, aligned);
}

template <typename number>
static void
narrow(void *out, const void *in, size_t n)
{
	bool aligned = fours((number *)out, 0) && fours((float *)in, 0);

	LAUNCH(narrowed<number>, blocks_of_fours(n), THREADS, 0,
	    (number *)out, (const float *)in, n, aligned);
}

TYPED(narrow, (void *out, const void *in, size_t n), (out, in, n))

void
cuda_zero(void *x, size_t n)
{
	if (!device_rehearsing())
		cudaMemsetAsync(x, 0, n * sizeof(float), device_stream);
}

void
cuda_copy(void *out, const void *in, size_t n)
{
	if (!device_rehearsing())
		cudaMemcpyAsync(out, in, n * sizeof(float), cudaMemcpyDeviceToDevice,
	    device_stream);
}

void
cuda_blend(
    void *out, const void *x, const void *y, size_t n, double a, double b)
{
	scaled_add<float>(out, x, y, n, a, b);
}
