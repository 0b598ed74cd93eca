/* SPDX-License-Identifier: MIT */
/*
 * Memory, copies and errors of the emulated card.  The environment says what is
 * wrong with it:
 *
 *	EMULATE_MEMORY=BYTES     it has so much memory
 *	EMULATE_DEVICES=N        N cards; "old": the driver is too old
 *	EMULATE_CAPABILITY=7.5   compute capability
 *	EMULATE_NO_CODE=1        kernels have no code for it
 *	EMULATE_NO_CAPTURE=1     it records nothing
 *	EMULATE_PINNED=BYTES     so much of the host's memory can be pinned
 *	EMULATE_EAGER=1          copies beside kernels are done when asked for,
 *	                         not when somebody waits for them
 *	EMULATE_TELL=FILE        what was done goes there, as JSON
 *	EMULATE_FAIL=N           the N-th launch reads where it may not: from
 *	                         then on everything fails, as on a card
 */
#include <stdio.h>
#include <stdlib.h>

#include <deque>
#include <map>
#include <mutex>
#include <vector>

#include "train/cuda/grid.h"

static std::map<void *, size_t> blocks, pinned;
static size_t used, used_pinned;
static cudaError_t broken, last; /* broken: for good */
static unsigned long long launches;

/*
 * Work of the device's stream is done when it is asked for; that of others when
 * somebody waits for it, so that a wait left out shows.
 */
struct emulated_stream {
	bool spoilt; /* what is captured can't be */
	std::deque<std::function<void()>> waiting;
	unsigned long long asked, done;
};

/* So much of a stream. */
struct emulated_event {
	cudaStream_t of;
	unsigned long long upto;
};

static std::vector<cudaStream_t> streams;
static std::recursive_mutex lock; /* of streams: a thread may wait for one */

static void
run_stream(cudaStream_t s, unsigned long long upto)
{
	std::lock_guard<std::recursive_mutex> held(lock);

	while (s && s->done < upto) {
		std::function<void()> work = s->waiting.front();

		s->waiting.pop_front();
		s->done++;
		work();
	}
}

static void
run_all_streams(void)
{
	for (cudaStream_t s : streams)
		run_stream(s, s->asked);
}

static void
ask_stream(cudaStream_t s, const std::function<void()> &work)
{
	std::lock_guard<std::recursive_mutex> held(lock);

	s->waiting.push_back(work);
	s->asked++;
	if (getenv("EMULATE_EAGER"))
		run_stream(s, s->asked);
}

struct emulated_graph {
	std::vector<std::function<void()>> work;
};

/* What was done, told at the end. */
static struct told {
	unsigned long long captures, plays, spoilt;
	size_t most, pinned; /* bytes in use */

	~told()
	{
		const char *file = getenv("EMULATE_TELL");
		FILE *f = file ? fopen(file, "w") : NULL;

		if (!f)
			return;
		fprintf(f,
		    "{\"launches\":%llu,\"captures\":%llu,\"plays\":%llu,"
		    "\"spoilt\":%llu,\"bytes\":%zu,\"pinned\":%zu}\n",
		    launches, captures, plays, spoilt, most, pinned);
		fclose(f);
	}
} told;

static cudaStream_t capturing; /* or none */
static cudaGraph_t captured;

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

bool
emulate_work(cudaStream_t s, const std::function<void()> &work)
{
	if (capturing && s == capturing)
		captured->work.push_back(work);
	else if (capturing && !s)
		capturing->spoilt = true; /* it waits for all other streams */
	else if (!broken)
		work();
	return !broken && !(capturing && !s);
}

/* What a capture forbids; true if there is one. */
static bool
forbidden(void)
{
	if (capturing)
		capturing->spoilt = true;
	return capturing;
}

void
emulate_launch(
    dim3 grid, dim3 block, size_t shared, const std::function<void()> &thread)
{
	if (getenv("EMULATE_NO_CODE")) {
		last = cudaErrorNoKernelImageForDevice;
		return;
	}
	emulate_work(device_stream, [=] {
		if (++launches == number_of("EMULATE_FAIL", 0))
			broken = cudaErrorIllegalAddress;
		if (!broken)
			emulate_blocks(grid, block, shared, thread);
	});
}

cudaError_t
cudaStreamCreateWithFlags(cudaStream_t *s, unsigned)
{
	*s = new emulated_stream();
	streams.push_back(*s);
	return answer(cudaSuccess);
}

cudaError_t
cudaStreamSynchronize(cudaStream_t s)
{
	if (capturing && s == capturing && forbidden())
		return answer(cudaErrorStreamCaptureUnsupported);
	run_stream(s, s->asked);
	return answer(cudaSuccess);
}

cudaError_t
cudaStreamQuery(cudaStream_t)
{
	return answer(cudaSuccess);
}

cudaError_t
cudaSetDevice(int)
{
	return cudaSuccess;
}

cudaError_t
cudaEventCreateWithFlags(cudaEvent_t *v, unsigned)
{
	*v = new emulated_event();
	return answer(cudaSuccess);
}

cudaError_t
cudaEventRecord(cudaEvent_t v, cudaStream_t s)
{
	*v = { s, s->asked };
	return answer(cudaSuccess);
}

cudaError_t
cudaStreamWaitEvent(cudaStream_t s, cudaEvent_t v, unsigned)
{
	emulated_event now = *v;

	if (s == device_stream)
		run_stream(now.of, now.upto);
	else if (now.of != s)
		ask_stream(s, [=] { run_stream(now.of, now.upto); });
	return answer(cudaSuccess);
}

cudaError_t
cudaHostAlloc(void **p, size_t n, unsigned)
{
	if (n > number_of("EMULATE_PINNED", (size_t)4 << 30) - used_pinned)
		return answer(cudaErrorMemoryAllocation);
	*p = malloc(n ? n : 1);
	if (!*p)
		return answer(cudaErrorMemoryAllocation);
	memset(*p, 0xff, n);
	pinned[*p] = n;
	used_pinned += n;
	told.pinned = std::max(told.pinned, used_pinned);
	return cudaSuccess;
}

cudaError_t
cudaFreeHost(void *p)
{
	auto block = pinned.find(p);

	run_all_streams();
	if (block == pinned.end())
		return answer(cudaErrorInvalidValue);
	used_pinned -= block->second;
	pinned.erase(block);
	free(p);
	return answer(cudaSuccess);
}

cudaError_t
cudaStreamBeginCapture(cudaStream_t s, enum cudaStreamCaptureMode)
{
	if (!s || capturing || getenv("EMULATE_NO_CAPTURE"))
		return answer(cudaErrorStreamCaptureUnsupported);
	capturing = s;
	s->spoilt = false;
	captured = new emulated_graph();
	told.captures++;
	return answer(cudaSuccess);
}

cudaError_t
cudaStreamEndCapture(cudaStream_t s, cudaGraph_t *g)
{
	if (!s || s != capturing)
		return answer(cudaErrorInvalidValue);
	told.spoilt += s->spoilt;
	*g = s->spoilt ? NULL : captured;
	if (s->spoilt)
		delete captured;
	capturing = NULL;
	captured = NULL;
	return answer(
	    s->spoilt ? cudaErrorStreamCaptureInvalidated : cudaSuccess);
}

cudaError_t
cudaGraphInstantiate(cudaGraphExec_t *e, cudaGraph_t g, unsigned long long)
{
	*e = new emulated_graph(*g);
	return answer(cudaSuccess);
}

cudaError_t
cudaGraphLaunch(cudaGraphExec_t e, cudaStream_t s)
{
	if (forbidden())
		return answer(cudaErrorStreamCaptureUnsupported);
	told.plays++;
	for (const std::function<void()> &work : e->work)
		emulate_work(s, work);
	return answer(cudaSuccess);
}

cudaError_t
cudaGraphExecDestroy(cudaGraphExec_t e)
{
	delete e;
	return answer(cudaSuccess);
}

cudaError_t
cudaGraphDestroy(cudaGraph_t g)
{
	delete g;
	return answer(cudaSuccess);
}

cudaError_t
cudaMalloc(void **p, size_t n)
{
	if (forbidden())
		return answer(cudaErrorStreamCaptureUnsupported);
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
	told.most = std::max(told.most, used);
	return cudaSuccess;
}

cudaError_t
cudaFree(void *p)
{
	auto block = blocks.find(p);

	if (forbidden())
		return answer(cudaErrorStreamCaptureUnsupported);
	if (!p)
		return answer(cudaSuccess);
	if (block == blocks.end())
		return answer(cudaErrorInvalidValue);
	run_all_streams();
	used -= block->second;
	blocks.erase(block);
	free(p);
	return answer(cudaSuccess);
}

cudaError_t
cudaMemcpyAsync(void *to, const void *from, size_t n, int, cudaStream_t s)
{
	if (s == device_stream)
		emulate_work(s, [=] { memcpy(to, from, n); });
	else if (!broken)
		ask_stream(s, [=] { memcpy(to, from, n); });
	return answer(cudaSuccess);
}

cudaError_t
cudaMemsetAsync(void *p, int byte, size_t n, cudaStream_t s)
{
	emulate_work(s, [=] { memset(p, byte, n); });
	return answer(cudaSuccess);
}

cudaError_t
cudaDeviceSynchronize(void)
{
	if (forbidden())
		return answer(cudaErrorStreamCaptureUnsupported);
	run_all_streams();
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
