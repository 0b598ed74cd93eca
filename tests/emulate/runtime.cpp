/* SPDX-License-Identifier: MIT */
/*
 * Memory, copies and errors of the emulated card.  The environment says what is
 * wrong with it:
 *
 *	EMULATE_MEMORY=BYTES     it has so much memory
 *	EMULATE_DEVICES=N        N cards; "old": the driver is too old
 *	EMULATE_CAPABILITY=7.5   compute capability
 *	EMULATE_NO_CODE=1        kernels have no code for it
 *	EMULATE_FAIL=N           the N-th launch reads where it may not: from
 *	                         then on everything fails, as on a card
 */
#include <stdio.h>
#include <stdlib.h>

#include <map>

#include "train/cuda/grid.h"

static std::map<void *, size_t> blocks;
static size_t used;
static cudaError_t broken, last; /* broken: for good */
static unsigned long long launches;

static size_t
number_of(const char *name, size_t otherwise)
{
	const char *s = getenv(name);

	return s ? strtoull(s, NULL, 10) : otherwise;
}

static size_t
all_memory(void)
{
	return number_of("EMULATE_MEMORY", (size_t)4 << 30);
}

/* What every call answers once the card is broken. */
static cudaError_t
answer(cudaError_t rc)
{
	if (broken)
		rc = broken;
	if (rc)
		last = rc;
	return rc;
}

void
emulate_launch(
    dim3 grid, dim3 block, size_t shared, const std::function<void()> &thread)
{
	if (getenv("EMULATE_NO_CODE")) {
		last = cudaErrorNoKernelImageForDevice;
		return;
	}
	if (++launches == number_of("EMULATE_FAIL", 0))
		broken = cudaErrorIllegalAddress;
	if (!broken)
		emulate_blocks(grid, block, shared, thread);
}

cudaError_t
cudaMalloc(void **p, size_t n)
{
	*p = NULL;
	if (broken)
		return answer(broken);
	if (n > all_memory() - used)
		return answer(cudaErrorMemoryAllocation);
	*p = malloc(n ? n : 1);
	if (!*p)
		return answer(cudaErrorMemoryAllocation);
	memset(*p, 0xff, n); /* NaN */
	blocks[*p] = n;
	used += n;
	return cudaSuccess;
}

cudaError_t
cudaFree(void *p)
{
	auto block = blocks.find(p);

	if (!p)
		return answer(cudaSuccess);
	if (block == blocks.end())
		return answer(cudaErrorInvalidValue);
	used -= block->second;
	blocks.erase(block);
	free(p);
	return answer(cudaSuccess);
}

cudaError_t
cudaMemcpy(void *to, const void *from, size_t n, int)
{
	if (!broken)
		memcpy(to, from, n);
	return answer(cudaSuccess);
}

cudaError_t
cudaMemcpyAsync(void *to, const void *from, size_t n, int kind, cudaStream_t)
{
	return cudaMemcpy(to, from, n, kind);
}

cudaError_t
cudaMemsetAsync(void *p, int byte, size_t n, cudaStream_t)
{
	if (!broken)
		memset(p, byte, n);
	return answer(cudaSuccess);
}

cudaError_t
cudaDeviceSynchronize(void)
{
	return answer(cudaSuccess);
}

cudaError_t
cudaGetLastError(void)
{
	cudaError_t rc = last;

	last = broken;
	return rc;
}

cudaError_t
cudaGetDeviceCount(int *n)
{
	const char *s = getenv("EMULATE_DEVICES");

	*n = s ? atoi(s) : 1;
	if (s && strcmp(s, "old") == 0)
		return cudaErrorInsufficientDriver;
	return *n ? cudaSuccess : cudaErrorNoDevice;
}

cudaError_t
cudaGetDeviceProperties(struct cudaDeviceProp *p, int)
{
	const char *s = getenv("EMULATE_CAPABILITY");

	*p = { "emulated", all_memory(), 9, 0, 2 };
	if (s)
		sscanf(s, "%d.%d", &p->major, &p->minor);
	return cudaSuccess;
}

cudaError_t
cudaMemGetInfo(size_t *unused, size_t *total)
{
	*total = all_memory();
	*unused = *total - used;
	return answer(cudaSuccess);
}

const char *
cudaGetErrorString(cudaError_t rc)
{
	switch (rc) {
	case cudaErrorMemoryAllocation:
		return "out of memory";
	case cudaErrorInsufficientDriver:
		return "the driver is older than the run time";
	case cudaErrorNoDevice:
		return "no device";
	case cudaErrorNoKernelImageForDevice:
		return "no code for this device";
	case cudaErrorIllegalAddress:
		return "an illegal address";
	case cudaErrorStreamCaptureUnsupported:
	case cudaErrorStreamCaptureInvalidated:
		return "not while a stream is captured";
	default:
		return "an invalid value";
	}
}
