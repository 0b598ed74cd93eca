/* SPDX-License-Identifier: MIT */
/*
 * Queues beside that of operations: copies go on while kernels run, one queue
 * for each direction, since a card has an engine for each.
 */
#include <cuda_runtime.h>

#include "base/err.h"
#include "train/cuda/device.h"
#include "train/cuda/grid.h"
#include "train/cuda/table.h"

cudaStream_t device_stream;
static cudaStream_t copies[OPS_QUEUES];
static cudaEvent_t mark;

/* One of each for the process, however often its operations are asked for. */
cudaError_t
device_start_queues(void)
{
	cudaError_t rc = cudaSuccess;

	if (mark)
		return rc;
	for (int q = OPS_COMPUTE; q < OPS_QUEUES && rc == cudaSuccess; q++)
		rc = cudaStreamCreateWithFlags(
		    &copies[q], cudaStreamNonBlocking);
	device_stream = copies[OPS_COMPUTE];
	if (rc == cudaSuccess)
		rc = cudaEventCreateWithFlags(&mark, cudaEventDisableTiming);
	return rc;
}

void *
device_pin(size_t n)
{
	void *p = nullptr;

	if (cudaHostAlloc(&p, n, cudaHostAllocDefault) == cudaSuccess)
		return p;
	cudaGetLastError(); /* it is told by nullptr */
	return nullptr;
}

void
device_unpin(void *p)
{
	cudaFreeHost(p);
}

void
device_carry(enum ops_queue q, void *to, const void *from, size_t n)
{
	device_check(
	    cudaMemcpyAsync(to, from, n, cudaMemcpyDefault, copies[q]));
}

/* A mark may be made again as soon as somebody waits for it. */
void
device_follow(enum ops_queue q, enum ops_queue other)
{
	device_check(cudaEventRecord(mark, copies[other]));
	device_check(cudaStreamWaitEvent(copies[q], mark, 0));
}

/* Another thread's: errors of operations are for those who sync. */
int
device_wait(enum ops_queue q, struct err *e)
{
	cudaError_t rc = cudaStreamSynchronize(copies[q]);

	if (rc == cudaSuccess)
		return 0;
	return err_set(e, ERR_IO, "cuda: %s", cudaGetErrorString(rc));
}

void *
device_queue(void)
{
	return device_stream;
}

/* With an error there is nothing to wait for. */
bool
device_idle(void)
{
	return cudaStreamQuery(device_stream) != cudaErrorNotReady;
}
