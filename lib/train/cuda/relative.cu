/* SPDX-License-Identifier: MIT */
#include "train/cuda/device.h"
#include "train/cuda/launch.h"
#include "train/ops.h"

static __global__ void
relative(float *bias, const float *table, const int32_t *bucket, int H, int n)
{
	size_t i = element();

	if (i < (size_t)H * n)
		bias[i] = table[bucket[i % n] * H + i / n];
}

/* sum (H,n) = dbias (B,H,n) over the rows */
static __global__ void
sum_rows(float *sum, const float *dbias, int B, size_t n)
{
	size_t i = element();
	float x = 0;

	if (i >= n)
		return;
	for (int b = 0; b < B; b++)
		x += dbias[b * n + i];
	sum[i] = x;
}

/* A thread a head: it owns a column of the table. */
static __global__ void
add_buckets(
    float *dtable, const float *sum, const int32_t *bucket, int H, int n)
{
	int h = (int)element();

	for (int i = 0; h < H && i < n; i++)
		dtable[bucket[i] * H + h] += sum[(size_t)h * n + i];
}

void
cuda_relative_fwd(
    void *bias, const void *table, const int32_t *bucket, int H, int n)
{
	LAUNCH(relative, blocks((size_t)H * (size_t)n), THREADS, 0,
	    (float *)bias, (const float *)table, bucket, H, n);
}

void
cuda_relative_bwd(void *dtable, const void *dbias, const int32_t *bucket, int B,
    int H, int T, int span)
{
	size_t n = (size_t)H * 2 * (size_t)T;
	float *sum = (float *)device_scratch(n * sizeof(float));

	if (!sum)
		return;
	LAUNCH(
	    sum_rows, blocks(n), THREADS, 0, sum, (const float *)dbias, B, n);
	LAUNCH(add_buckets, blocks((size_t)H), THREADS, 0, (float *)dtable, sum,
	    bucket + span - T, H, 2 * T);
}
