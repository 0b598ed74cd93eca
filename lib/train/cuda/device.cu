/* SPDX-License-Identifier: MIT */
#include <cuda_runtime.h>
#include <stdio.h>

#include "base/err.h"
#include "train/cuda/device.h"
#include "train/cuda/launch.h"
#include "train/cuda/table.h"

static char failure[160];
static void *scratch;
static size_t scratch_size;
static uint64_t moved;
static bool rehearsing;
static size_t noted; /* most of scratch memory meanwhile */

void
device_fail(const char *what)
{
	if (device_recording())
		device_spoil();
	if (!failure[0])
		snprintf(failure, sizeof(failure), "%s", what);
}

void
device_check(cudaError_t rc)
{
	if (rc != cudaSuccess)
		device_fail(cudaGetErrorString(rc));
}

void *
device_alloc(size_t n)
{
	void *p;

	return cudaMalloc(&p, n) == cudaSuccess ? p : nullptr;
}

void
device_free(void *p)
{
	cudaFree(p);
}

/* Where nothing is, as aligned as memory is. */
enum { REHEARSED = 1 << 20 };

void
device_rehearse(void)
{
	rehearsing = true;
	noted = 0;
}

uint64_t
device_rehearsed(void)
{
	rehearsing = false;
	/* It doesn't shrink below what there is. */
	return WORKSPACE + (noted > scratch_size ? noted : scratch_size);
}

bool
device_rehearsing(void)
{
	return rehearsing;
}

/* Grows, and stays: an operation of a step asks again in the next one. */
void *
device_scratch(size_t size)
{
	if (rehearsing) {
		noted = size > noted ? size : noted;
		return (void *)REHEARSED;
	}
	if (size <= scratch_size)
		return scratch;
	if (device_recording()) {
		device_spoil();
		return nullptr;
	}
	moved++;
	device_check(cudaDeviceSynchronize()); /* it may be in use */
	cudaFree(scratch);
	scratch = device_alloc(size);
	scratch_size = scratch ? size : 0;
	if (!scratch)
		device_fail("out of memory for partial results");
	return scratch;
}

uint64_t
device_scratch_moved(void)
{
	return moved;
}

void
device_put(void *dev, const void *host, size_t n)
{
	device_check(cudaMemcpyAsync(
	    dev, host, n, cudaMemcpyDefault, device_stream));
	device_check(cudaStreamSynchronize(device_stream));
}

void
device_get(void *host, const void *dev, size_t n)
{
	if (rehearsing)
		return;
	device_check(cudaMemcpyAsync(
	    host, dev, n, cudaMemcpyDefault, device_stream));
	device_check(cudaStreamSynchronize(device_stream));
}

int
device_sync(struct err *e)
{
	return device_surface(cudaStreamSynchronize(device_stream), e);
}

int
device_surface(cudaError_t rc, struct err *e)
{
	device_check(rc);
	device_check(cudaGetLastError()); /* of launches */
	if (!failure[0])
		return 0;
	err_set(e, ERR_IO, "cuda: %s", failure);
	failure[0] = '\0';
	return e->code;
}

uint64_t
device_memory(void)
{
	size_t unused = 0, total = 0;

	device_check(cudaMemGetInfo(&unused, &total));
	return unused;
}

static __global__ void
answer(int *yes)
{
	if (yes)
		*yes = 1;
}

cudaError_t
device_start(void)
{
	cudaError_t rc;

	rc = device_start_queues();
	if (rc != cudaSuccess)
		return rc;
	LAUNCH(answer, 1, 1, 0, (int *)nullptr);
	rc = cudaGetLastError();
	return rc == cudaSuccess ? cudaDeviceSynchronize() : rc;
}
