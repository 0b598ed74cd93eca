/* SPDX-License-Identifier: MIT */
/*
 * Passes as graphs: the card is told once what a pass does, and then only to do
 * it, where it would wait for the processor to start each of some thousand
 * kernels.  Numbers that kernels were started with stay as they were: what
 * changes from one time to the next lies in arrays.
 */
#include <cuda_runtime.h>
#include <stdlib.h>

#include "train/cuda/device.h"
#include "train/cuda/grid.h"
#include "train/cuda/table.h"

struct recording {
	cudaGraphExec_t graph;
	uint64_t moved; /* where scratch memory was */
};

static bool recording, spoilt;

bool
device_recording(void)
{
	return recording;
}

void
device_spoil(void)
{
	spoilt = true;
}

/* Other threads may go on copying. */
bool
device_record(void)
{
	recording = cudaStreamBeginCapture(device_stream,
			cudaStreamCaptureModeThreadLocal) == cudaSuccess;
	spoilt = false;
	if (!recording)
		cudaGetLastError();
	return recording;
}

/* nullptr: something in it can't be; then it is done as ever. */
static cudaGraph_t
graph_of_capture(void)
{
	cudaGraph_t graph = nullptr;

	if (cudaStreamEndCapture(device_stream, &graph) == cudaSuccess)
		return graph;
	cudaGetLastError();
	return nullptr;
}

void *
device_recorded(void)
{
	cudaGraph_t graph = graph_of_capture();
	struct recording *r =
	    graph && !spoilt ? (struct recording *)calloc(1, sizeof(*r)) : nullptr;

	recording = false;
	if (r && cudaGraphInstantiate(&r->graph, graph, 0) != cudaSuccess) {
		cudaGetLastError();
		free(r);
		r = nullptr;
	}
	if (r)
		r->moved = device_scratch_moved();
	if (graph)
		cudaGraphDestroy(graph);
	return r;
}

bool
device_play(void *p)
{
	struct recording *r = (struct recording *)p;

	if (r->moved != device_scratch_moved())
		return false;
	device_check(cudaGraphLaunch(r->graph, device_stream));
	return true;
}

void
device_erase(void *p)
{
	struct recording *r = (struct recording *)p;

	if (r)
		cudaGraphExecDestroy(r->graph);
	free(r);
}
