/* SPDX-License-Identifier: MIT */
#include <cuda_runtime.h>

#include "base/err.h"
#include "train/ops.h"

/* An operation without a twin yet is a null pointer: ops_complete(). */
#define OP(name, args) extern "C" __attribute__((weak)) void cuda_##name args;
#include "train/ops.def"
#undef OP

static void *
device_alloc(size_t n)
{
	void *p;

	return cudaMalloc(&p, n) == cudaSuccess ? p : nullptr;
}

static void
device_free(void *p)
{
	cudaFree(p);
}

static void
put(void *dev, const void *host, size_t n)
{
	cudaMemcpy(dev, host, n, cudaMemcpyHostToDevice);
}

static void
get(void *host, const void *dev, size_t n)
{
	cudaMemcpy(host, dev, n, cudaMemcpyDeviceToHost);
}

/* Launches that failed are found here too: their error stays. */
static int
device_sync(struct err *e)
{
	cudaError_t rc = cudaDeviceSynchronize();

	if (rc == cudaSuccess)
		rc = cudaGetLastError();
	return rc == cudaSuccess
		   ? 0
		   : err_set(e, ERR_IO, "cuda: %s", cudaGetErrorString(rc));
}

static const struct ops cuda = {
	OPS_VERSION,
	"cuda",
	sizeof(float),
	device_alloc,
	device_free,
	put,
	get,
	device_sync,
#define OP(name, args) cuda_##name,
#include "train/ops.def"
#undef OP
};

/* The plugin's only exported name; lib/train/plugin.c looks it up. */
extern "C" __attribute__((visibility("default"))) const struct ops *
quern_ops_cuda(struct err *e)
{
	int n = 0;
	cudaError_t rc = cudaGetDeviceCount(&n);

	if (rc != cudaSuccess || n == 0) {
		err_set(e, ERR_IO, "cuda: %s",
		    rc != cudaSuccess ? cudaGetErrorString(rc) : "no device");
		return nullptr;
	}
	return &cuda;
}
