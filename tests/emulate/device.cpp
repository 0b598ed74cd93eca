/* SPDX-License-Identifier: MIT */
/*
 * Blocks run one after the other.  A block's threads are contexts of one
 * thread of the processor: each runs until it ends or waits at a barrier.
 * They are made once, by makecontext(), and then left and entered by the
 * compiler's own setjmp: that asks nothing of the system, nor of the address
 * sanitizer, which would clear its marks of the whole stack each time.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>

#include <vector>

#include "emulate.h"
#include "train/cuda/grid.h"
#include "train/cuda/mma.h"

enum { STACK = 128 << 10, MOST_THREADS = 1024, MOST_SHARED = 227 << 10 };

enum state { READY, AT_BLOCK, AT_WARP, LOOKING, ENDED };

struct fiber {
	void *at[5];
	dim3 index;
	unsigned shuffles;
	enum state state;
	bool made;
};

dim3 threadIdx, blockIdx, blockDim, gridDim;

static void *scheduler[5];
static fiber fibers[MOST_THREADS];
/* What threads bring to a shuffle, by whether it is their odd or even one: who
 * brings to the next one leaves alone what others have yet to take. */
static uint64_t slots[2][MOST_THREADS];
static char *stacks;
static unsigned current, n_fibers;
static const std::function<void()> *body;
/* Kernels get it from SHARED_FROM on: a launch promises no more alignment. */
enum { SHARED_FROM = 128 };
alignas(1024) static unsigned char shared_memory[SHARED_FROM + MOST_SHARED];
static unsigned order = 1;
/* What threads that look for something may have waited for. */
static unsigned long long events;

[[noreturn]] static void
fail(const char *why)
{
	fprintf(stderr,
	    "emulated kernel: %s (block %u,%u,%u of %u threads, thread %u)\n",
	    why, blockIdx.x, blockIdx.y, blockIdx.z, n_fibers, current);
	abort();
}

/*
 * What jumps is a function of its own that may change any register, whatever
 * the compiler sees it do.
 */
#define JUMPS __attribute__((noipa, no_sanitize("address")))

JUMPS static void
jump(void **to)
{
	__builtin_longjmp(to, 1);
}

JUMPS static void
wait_as(enum state state)
{
	fibers[current].state = state;
	if (!__builtin_setjmp(fibers[current].at))
		jump(scheduler);
}

/* A fiber's life: one thread after the other. */
static void
live(void)
{
	for (;;) {
		(*body)();
		wait_as(ENDED);
	}
}

/* The first entry, on a stack of its own; live() never returns. */
static void
make_fiber(unsigned i)
{
	static ucontext_t first, unused;

	if (!stacks)
		stacks = (char *)mmap(NULL, (size_t)MOST_THREADS * STACK,
		    PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	fibers[i].made = true;
	getcontext(&first);
	first.uc_stack.ss_sp = stacks + (size_t)i * STACK;
	first.uc_stack.ss_size = STACK;
	first.uc_link = NULL;
	makecontext(&first, live, 0);
	swapcontext(&unused, &first);
}

JUMPS static void
resume(unsigned i)
{
	current = i;
	threadIdx = fibers[i].index;
	if (__builtin_setjmp(scheduler))
		return;
	if (fibers[i].made)
		jump(fibers[i].at);
	make_fiber(i);
}

void
__syncthreads(void)
{
	wait_as(AT_BLOCK);
}

void
__syncwarp(unsigned)
{
	wait_as(AT_WARP);
}

unsigned
emulate_lane(void)
{
	return current % warpSize;
}

uint64_t
emulate_shuffle(uint64_t mine, unsigned from)
{
	unsigned first = current - current % warpSize, at = first + from;
	unsigned turn = fibers[current].shuffles++ % 2;

	slots[turn][current] = mine;
	wait_as(AT_WARP);
	if (at >= n_fibers || from >= warpSize ||
	    fibers[at].shuffles < fibers[current].shuffles)
		fail("a shuffle from a thread that isn't there");
	return slots[turn][at];
}

/* A copy that was begun and not waited for. */
struct copying {
	void *to;
	const void *from;
	int n;
};

static std::vector<struct copying> copies[MOST_THREADS];
static struct emulate_share shares[MOST_THREADS];

const struct emulate_share *
emulate_exchange(const struct emulate_share *mine)
{
	unsigned first = current - current % warpSize;

	shares[current] = *mine;
	wait_as(AT_WARP);
	for (unsigned i = first; i < first + warpSize; i++)
		if (i >= n_fibers || fibers[i].state == ENDED)
			fail("a warp's instruction without all of the warp");
	return shares + first;
}

void
emulate_exchanged(void)
{
	wait_as(AT_WARP);
}

void
emulate_copy(void *to, const void *from, int n, bool there)
{
	if ((uintptr_t)to % (unsigned)n || (uintptr_t)from % (unsigned)n)
		fail("a copy that isn't aligned");
	copies[current].push_back({ to, there ? from : NULL, n });
}

void
emulate_copy_wait(void)
{
	for (const struct copying &c : copies[current])
		if (c.from)
			memcpy(c.to, c.from, (size_t)c.n);
		else
			memset(c.to, 0, (size_t)c.n);
	copies[current].clear();
}

void
emulate_look_again(void)
{
	wait_as(LOOKING);
}

void
emulate_event(void)
{
	events++;
}

unsigned
emulate_thread(void)
{
	return current;
}

uint32_t
emulate_address(const void *p)
{
	size_t at = (size_t)((const unsigned char *)p - shared_memory);

	if (at < SHARED_FROM || at >= sizeof(shared_memory))
		fail("an address that isn't in shared memory");
	return (uint32_t)at + 1024; /* the system has the first of it */
}

unsigned char *
emulate_place(uint32_t address)
{
	if (address < 1024 + SHARED_FROM ||
	    address >= 1024 + sizeof(shared_memory))
		fail("shared memory beyond what there is");
	return shared_memory + (address - 1024);
}

void
emulate_fail(const char *why)
{
	fail(why);
}

void *
emulate_shared(void)
{
	return shared_memory + SHARED_FROM;
}

static void
start(unsigned i)
{
	fibers[i].state = READY;
	fibers[i].shuffles = 0;
	fibers[i].index = dim3(i % blockDim.x, i / blockDim.x % blockDim.y,
	    i / blockDim.x / blockDim.y);
}

/* Frees from .. to if each of them waits so, or ended; how many were freed. */
static unsigned
release(unsigned from, unsigned to, enum state waiting)
{
	unsigned i, n = 0;

	for (i = from; i < to; i++)
		if (fibers[i].state != waiting && fibers[i].state != ENDED)
			return 0;
	for (i = from; i < to; i++)
		if (fibers[i].state == waiting)
			fibers[i].state = READY, n++;
	return n;
}

/* Each ready thread to its next barrier, every time in another order. */
static void
round_of_threads(void)
{
	unsigned step, i, k;

	order = order * 1664525u + 1013904223u;
	step = order >> 9 & 1 ? 1 : n_fibers - 1;
	i = (order >> 10) % n_fibers;
	for (k = 0; k < n_fibers; k++, i = (i + step) % n_fibers)
		if (fibers[i].state == READY)
			resume(i);
}

static bool
all_ended(void)
{
	for (unsigned i = 0; i < n_fibers; i++)
		if (fibers[i].state != ENDED)
			return false;
	return true;
}

/* Those that look for something look again; how many. */
static unsigned
let_look(void)
{
	unsigned i, n = 0;

	for (i = 0; i < n_fibers; i++)
		if (fibers[i].state == LOOKING)
			fibers[i].state = READY, n++;
	return n;
}

static void
run_block(size_t shared)
{
	unsigned long long before;
	unsigned i, freed;

	memset(shared_memory + SHARED_FROM, 0xff, shared); /* NaN */
	emulate_begin_block();
	for (i = 0; i < n_fibers; i++)
		start(i);
	for (;;) {
		before = events;
		round_of_threads();
		if (all_ended())
			break;
		freed = release(0, n_fibers, AT_BLOCK);
		for (i = 0; i < n_fibers; i += warpSize)
			freed += release(
			    i, std::min(i + warpSize, n_fibers), AT_WARP);
		/* The copy engine takes its time, and any order. */
		if ((!freed && events == before) || (order >> 20 & 7) == 0)
			emulate_engine(order >> 8);
		if (!let_look() && !freed)
			fail("threads wait at different barriers");
		if (!freed && events == before)
			fail("threads wait for what never comes");
	}
	emulate_end_block();
	for (i = 0; i < n_fibers; i++)
		if (!copies[i].empty())
			fail("a copy that nobody waited for");
}

void
emulate_blocks(
    dim3 grid, dim3 block, size_t shared, const std::function<void()> &thread)
{
	n_fibers = block.x * block.y * block.z;
	if (!n_fibers || n_fibers > MOST_THREADS || shared > MOST_SHARED ||
	    !grid.x || grid.y > 65535 || grid.z > 65535)
		fail("a launch that a card refuses");
	body = &thread;
	gridDim = grid;
	blockDim = block;
	for (blockIdx.z = 0; blockIdx.z < grid.z; blockIdx.z++)
		for (blockIdx.y = 0; blockIdx.y < grid.y; blockIdx.y++)
			for (blockIdx.x = 0; blockIdx.x < grid.x; blockIdx.x++)
				run_block(shared);
}
