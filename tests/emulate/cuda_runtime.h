/* SPDX-License-Identifier: MIT */
/*
 * The part of the CUDA run time that lib/train/cuda uses, on the processor: so
 * the kernels' arithmetic, indices and barriers are tested where no card is,
 * and under the sanitizers.  It says nothing about speed, nor of what a real
 * card does with two threads at once; the threads of a block run in another
 * order after each barrier, so that a barrier left out shows.
 */
#ifndef EMULATE_CUDA_RUNTIME_H
#define EMULATE_CUDA_RUNTIME_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <algorithm>

#define __global__
#define __device__
#define __host__
#define __shared__ static
#define __forceinline__ inline
#define __launch_bounds__(...)
#define __align__(n) alignas(n)
#define __grid_constant__

struct dim3 {
	unsigned x, y, z;

	dim3(unsigned a = 1, unsigned b = 1, unsigned c = 1) : x(a), y(b), z(c)
	{
	}
};

struct alignas(8) float2 {
	float x, y;
};

struct alignas(16) float4 {
	float x, y, z, w;
};

struct alignas(8) uint2 {
	uint32_t x, y;
};

struct alignas(16) uint4 {
	uint32_t x, y, z, w;
};

static inline uint4
make_uint4(uint32_t x, uint32_t y, uint32_t z, uint32_t w)
{
	return { x, y, z, w };
}

static inline uint2
make_uint2(uint32_t x, uint32_t y)
{
	return { x, y };
}

static inline float4
make_float4(float x, float y, float z, float w)
{
	return { x, y, z, w };
}

extern dim3 threadIdx, blockIdx, blockDim, gridDim;
enum { warpSize = 32 };

/* Wait for the block's threads, or the warp's; threads that ended don't count.
 */
void __syncthreads(void);
void __syncwarp(unsigned mask = 0xffffffff);
/* The bits that the warp's thread of that lane brought. */
uint64_t emulate_shuffle(uint64_t mine, unsigned from);
unsigned emulate_lane(void);

template <typename value>
static inline value
__shfl_sync(unsigned, value v, unsigned from)
{
	uint64_t bits = 0;

	static_assert(sizeof(v) <= sizeof(bits), "too wide for a shuffle");
	memcpy(&bits, &v, sizeof(v));
	bits = emulate_shuffle(bits, from);
	memcpy(&v, &bits, sizeof(v));
	return v;
}

template <typename value>
static inline value
__shfl_xor_sync(unsigned mask, value v, unsigned with)
{
	return __shfl_sync(mask, v, emulate_lane() ^ with);
}

template <typename value>
static inline value
__ldg(const value *p)
{
	return *p;
}

static inline uint32_t
__float_as_uint(float x)
{
	uint32_t u;

	memcpy(&u, &x, sizeof(u));
	return u;
}

static inline float
__uint_as_float(uint32_t u)
{
	float x;

	memcpy(&x, &u, sizeof(x));
	return x;
}

static inline float
rsqrtf(float x)
{
	return 1 / sqrtf(x);
}

static inline float
normcdff(float x)
{
	return .5f * erfcf(-x * (float)M_SQRT1_2);
}

using std::max;
using std::min;

typedef int cudaError_t;
typedef struct emulated_stream *cudaStream_t;
enum {
	cudaSuccess,
	cudaErrorInvalidValue,
	cudaErrorMemoryAllocation,
	cudaErrorInsufficientDriver = 35,
	cudaErrorNoDevice = 100,
	cudaErrorNoKernelImageForDevice = 209,
	cudaErrorNotReady = 600,
	cudaErrorIllegalAddress = 700,
	cudaErrorStreamCaptureUnsupported = 900,
	cudaErrorStreamCaptureInvalidated
};
enum {
	cudaMemcpyHostToDevice,
	cudaMemcpyDeviceToHost,
	cudaMemcpyDeviceToDevice,
	cudaMemcpyDefault
};
enum {
	cudaStreamNonBlocking = 1,
	cudaEventDisableTiming = 2,
	cudaHostAllocDefault = 0
};
typedef struct emulated_event *cudaEvent_t;
enum { cudaFuncAttributeMaxDynamicSharedMemorySize };
typedef struct emulated_graph *cudaGraph_t, *cudaGraphExec_t;
enum cudaStreamCaptureMode {
	cudaStreamCaptureModeGlobal,
	cudaStreamCaptureModeThreadLocal
};

struct cudaDeviceProp {
	char name[256];
	size_t totalGlobalMem;
	int major, minor, multiProcessorCount;
};

cudaError_t cudaMalloc(void **p, size_t n);
cudaError_t cudaFree(void *p);
cudaError_t cudaMemcpyAsync(
    void *to, const void *from, size_t n, int kind, cudaStream_t s = 0);
cudaError_t cudaMemsetAsync(void *p, int byte, size_t n, cudaStream_t s = 0);
cudaError_t cudaDeviceSynchronize(void);
cudaError_t cudaGetLastError(void);
cudaError_t cudaGetDeviceCount(int *n);
cudaError_t cudaGetDeviceProperties(struct cudaDeviceProp *p, int device);
cudaError_t cudaMemGetInfo(size_t *unused, size_t *total);
const char *cudaGetErrorString(cudaError_t rc);
cudaError_t cudaStreamCreateWithFlags(cudaStream_t *s, unsigned flags);
cudaError_t cudaStreamSynchronize(cudaStream_t s);
cudaError_t cudaStreamQuery(cudaStream_t s);
cudaError_t cudaSetDevice(int device);
cudaError_t cudaStreamWaitEvent(cudaStream_t s, cudaEvent_t v, unsigned flags);
cudaError_t cudaEventCreateWithFlags(cudaEvent_t *v, unsigned flags);
cudaError_t cudaEventRecord(cudaEvent_t v, cudaStream_t s);
cudaError_t cudaHostAlloc(void **p, size_t n, unsigned flags);
cudaError_t cudaFreeHost(void *p);
cudaError_t
cudaStreamBeginCapture(cudaStream_t s, enum cudaStreamCaptureMode mode);
cudaError_t cudaStreamEndCapture(cudaStream_t s, cudaGraph_t *g);
cudaError_t cudaGraphInstantiate(
    cudaGraphExec_t *e, cudaGraph_t g, unsigned long long flags);
cudaError_t cudaGraphLaunch(cudaGraphExec_t e, cudaStream_t s);
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t e);
cudaError_t cudaGraphDestroy(cudaGraph_t g);

enum { cudaEnableDefault };
enum cudaDriverEntryPointQueryResult {
	cudaDriverEntryPointSuccess,
	cudaDriverEntryPointSymbolNotFound
};
/* A function of the driver (cuda.h). */
cudaError_t
cudaGetDriverEntryPointByVersion(const char *name, void **f, unsigned version,
    unsigned long long flags, enum cudaDriverEntryPointQueryResult *found);

template <typename kernel>
static inline cudaError_t
cudaFuncSetAttribute(kernel, int, int)
{
	return cudaSuccess;
}

#endif
