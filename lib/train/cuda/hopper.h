/* SPDX-License-Identifier: MIT */
/*
 * What cards of compute capability 9.0 alone are asked in PTX (sm_90a), one
 * instruction a function: products by groups of four warps, whose factors lie
 * in shared memory; tiles that the copy engine brings; barriers that count
 * bytes.  The tests have a file of the same name that does the same on the
 * processor.
 *
 * A tile is panels of 64 channels, one behind the other; a panel is rows of 128
 * bytes, and begins where 1024 divides the address.  In a row the 16 bytes
 * number i lie at number i ^ (address / 128 % 8): eight rows' 16 bytes lie in
 * different banks.  Copy engine and products both know it by its name, swizzle
 * of 128 bytes.
 * Source: PTX ISA 9.0, "wgmma.mma_async", "Matrix Descriptor", "Canonical
 * Layouts", "mbarrier", "cp.async.bulk.tensor", "setmaxnreg".
 */
#ifndef TRAIN_CUDA_HOPPER_H
#define TRAIN_CUDA_HOPPER_H

#include <cuda.h>

#include "train/cuda/mma.h"

/* Is this code for such a card?  Kernels are empty for others. */
#ifdef __CUDA_ARCH_FEAT_SM90_ALL
static constexpr bool HOPPER = true;
#else
static constexpr bool HOPPER = false;
#endif

/* Threads that make products together, numbers in a row of a panel, and bytes
 * after which a panel's pattern is the same again. */
enum { GROUP = 128, PANEL = 64, PATTERN = 1024 };

/* The first place from p on where a panel may begin. */
static __device__ __forceinline__ unsigned char *
panel_aligned(unsigned char *p)
{
	return p + (-shared_address(p) & (PATTERN - 1));
}

/*
 * Counts arrivals and bytes; when both are complete, its phase is over and the
 * next one has begun.  Phases are told apart by their parity, the first is 0.
 */
struct barrier {
	uint64_t state;

	__device__ __forceinline__ void
	init(int arrivals)
	{
		asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(
				 shared_address(&state)),
			     "r"(arrivals)
			     : "memory");
	}
	__device__ __forceinline__ void
	arrive(void)
	{
		asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(
		    shared_address(&state))
			     : "memory");
	}
	/* ... and that so many bytes are to come. */
	__device__ __forceinline__ void
	arrive_expecting(int bytes)
	{
		asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, "
			     "[%0], %1;" ::"r"(shared_address(&state)),
			     "r"(bytes)
			     : "memory");
	}
	/*
	 * Until the phase of that parity is over: at once if it was.  Each try
	 * takes a while; a kernel that waits for what never comes is stopped,
	 * which the device's sync tells.
	 */
	__device__ __forceinline__ void
	wait(int parity)
	{
		asm volatile("{ .reg .pred over, last;\n"
			     ".reg .u32 tries;\n"
			     "mov.u32 tries, 0x4000000;\n"
			     "again: mbarrier.try_wait.parity.shared::cta.b64 "
			     "over, [%0], %1;\n"
			     "@over bra there;\n"
			     "sub.u32 tries, tries, 1;\n"
			     "setp.ne.u32 last, tries, 0;\n"
			     "@last bra again;\n"
			     "trap;\n"
			     "there: }" ::"r"(shared_address(&state)),
			     "r"(parity)
			     : "memory");
	}
};

/* One thread, after it made barriers and before the block's barrier. */
static __device__ __forceinline__ void
show_barriers(void)
{
	asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
	asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
}

/* What this thread wrote to shared memory: products and the copy engine may
 * read it after a barrier. */
static __device__ __forceinline__ void
show_writes(void)
{
	asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
}

/*
 * Begins to copy a panel: channels x .. x + 63 of the rows y .. of batch z, as
 * many as the map says, zeros where there are none.
 */
static __device__ __forceinline__ void
bring_panel(
    void *panel, const CUtensorMap *map, int x, int y, int z, struct barrier *b)
{
	asm volatile("cp.async.bulk.tensor.3d.shared::cluster.global.tile."
		     "mbarrier::complete_tx::bytes [%0], [%1, {%2, %3, %4}], "
		     "[%5];" ::"r"(shared_address(panel)),
		     "l"(map), "r"(x), "r"(y), "r"(z),
		     "r"(shared_address(&b->state))
		     : "memory");
}

/* Begins to copy bytes that lie side by side, a multiple of 16, so aligned. */
static __device__ __forceinline__ void
bring_bytes(void *to, const void *from, int bytes, struct barrier *b)
{
	asm volatile("cp.async.bulk.shared::cluster.global.mbarrier::"
		     "complete_tx::bytes [%0], [%1], %2, [%3];" ::"r"(
			 shared_address(to)),
		     "l"(__cvta_generic_to_global(from)), "r"(bytes),
		     "r"(shared_address(&b->state))
		     : "memory");
}

/* Threads number, a multiple of a warp's, wait for each other; id: 1 .. 15. */
static __device__ __forceinline__ void
wait_for_threads(int id, int number)
{
	asm volatile("bar.sync %0, %1;" ::"r"(id), "r"(number) : "memory");
}

/* A group of warps gives back registers, or takes more; so many a thread. */
template <int N>
static __device__ __forceinline__ void
fewer_registers(void)
{
	asm volatile("setmaxnreg.dec.sync.aligned.u32 %0;" ::"n"(N));
}

template <int N>
static __device__ __forceinline__ void
more_registers(void)
{
	asm volatile("setmaxnreg.inc.sync.aligned.u32 %0;" ::"n"(N));
}

/*
 * A factor in shared memory from `tile` on.  Rows of it side by side in k:
 * `stride` bytes from eight rows to the next eight.  Rows that are k's: `lead`
 * bytes from a panel to the next, `stride` from eight rows to the next.
 */
static __device__ __forceinline__ uint64_t
factor_at(const void *tile, int lead, int stride)
{
	return (shared_address(tile) & 0x3ffff) >> 4 |
	       (uint64_t)(lead >> 4) << 16 | (uint64_t)(stride >> 4) << 32 |
	       1ull << 62;
}

/* The factor that begins so many bytes further on. */
static __device__ __forceinline__ uint64_t
factor_on(uint64_t factor, int bytes)
{
	return factor + (uint64_t)(bytes >> 4);
}

/* Before the first product that reads registers which were written since. */
static __device__ __forceinline__ void
begin_products(void)
{
	asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
}

/* Those since the last time are a batch. */
static __device__ __forceinline__ void
commit_products(void)
{
	asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
}

/* Until all but the last N batches are done; then x may be read. */
template <int N, int M>
static __device__ __forceinline__ void
wait_for_products(float (&x)[1][M][4])
{
	asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(N) : "memory");
	/* Nothing that reads x moves before the wait. */
	UNROLL
	for (int i = 0; i < M; i++)
		asm volatile(""
			     : "+f"(x[0][i][0]), "+f"(x[0][i][1]),
			     "+f"(x[0][i][2]), "+f"(x[0][i][3])::"memory");
}

#define SUMS_2(i) \
	"+f"(d[i][0]), "+f"(d[i][1]), "+f"(d[i][2]), "+f"(d[i][3]), \
	    "+f"(d[i + 1][0]), "+f"(d[i + 1][1]), "+f"(d[i + 1][2]), \
	    "+f"(d[i + 1][3])
#define SUMS_4(i) SUMS_2(i), SUMS_2(i + 2)
#define NAMES_16 "%0,%1,%2,%3,%4,%5,%6,%7,%8,%9,%10,%11,%12,%13,%14,%15"
#define NAMES_32 \
	NAMES_16 ",%16,%17,%18,%19,%20,%21,%22,%23,%24,%25,%26,%27,%28,%29," \
		 "%30,%31"
#define NAMES_40 NAMES_32 ",%32,%33,%34,%35,%36,%37,%38,%39"
#define NAMES_48 NAMES_40 ",%40,%41,%42,%43,%44,%45,%46,%47"
#define NAMES_64 \
	NAMES_48 ",%48,%49,%50,%51,%52,%53,%54,%55,%56,%57,%58,%59,%60,%61," \
		 "%62,%63"

/* d, of so many columns and names, by both factors in shared memory; the
 * operands behind d's are numbered P, Q .. T. */
#define BY_SHARED(type, columns, names, P, Q, R, S, T, ...) \
	asm volatile("{ .reg .pred add; setp.ne.b32 add, %" #R ", 0;\n" \
		     "wgmma.mma_async.sync.aligned.m64n" #columns \
		     "k16.f32." type "." type " {" names "}, %" #P ", %" #Q \
		     ", add, 1, 1, %" #S ", %" #T "; }" \
		     : __VA_ARGS__ \
		     : "l"(a), "l"(b), "r"((int)add), "n"(A), "n"(B))
/* ... by the first in registers. */
#define BY_REGISTERS(type, columns, names, P, Q, R, S, T, U, ...) \
	asm volatile( \
	    "{ .reg .pred add; setp.ne.b32 add, 1, 0;\n" \
	    "wgmma.mma_async.sync.aligned.m64n" #columns "k16.f32." type \
	    "." type " {" names "}, {%" #P ", %" #Q ", %" #R ", %" #S \
	    "}, %" #T ", add, 1, 1, %" #U "; }" \
	    : __VA_ARGS__ \
	    : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "n"(B))
#define EACH_WIDTH(type) \
	do { \
		if constexpr (N == 4) \
			PRODUCT(type, 32, NAMES_16, 16, 17, 18, 19, 20, 21, \
			    SUMS_4(0)); \
		else if constexpr (N == 8) \
			PRODUCT(type, 64, NAMES_32, 32, 33, 34, 35, 36, 37, \
			    SUMS_4(0), SUMS_4(4)); \
		else if constexpr (N == 10) \
			PRODUCT(type, 80, NAMES_40, 40, 41, 42, 43, 44, 45, \
			    SUMS_4(0), SUMS_4(4), SUMS_2(8)); \
		else if constexpr (N == 12) \
			PRODUCT(type, 96, NAMES_48, 48, 49, 50, 51, 52, 53, \
			    SUMS_4(0), SUMS_4(4), SUMS_4(8)); \
		else \
			PRODUCT(type, 128, NAMES_64, 64, 65, 66, 67, 68, 69, \
			    SUMS_4(0), SUMS_4(4), SUMS_4(8), SUMS_4(12)); \
	} while (0)

template <typename Number> static constexpr bool is_bf16 = false;
template <> constexpr bool is_bf16<struct bf16> = true;

/*
 * d (64, 8 N) = A * B, or += ; A (64,16), B (16, 8 N).  A warp has 16 rows, and
 * of them what mma.h says of sums; nothing may touch d before the wait.
 * A, B: 1 where rows of the factor in memory are k's, 0 where they are its own.
 */
template <typename Number, int A, int B, int N>
static __device__ __forceinline__ void
product(float (&d)[N][4], uint64_t a, uint64_t b, bool add)
{
	static_assert(N == 4 || N == 8 || N == 10 || N == 12 || N == 16, "");
#define PRODUCT(type, columns, names, P, Q, R, S, T, U, ...) \
	BY_SHARED(type, columns, names, P, Q, R, S, T, __VA_ARGS__)
	if constexpr (is_bf16<Number>)
		EACH_WIDTH("bf16");
	else
		EACH_WIDTH("f16");
#undef PRODUCT
}

/* d += A * B, A in registers as mma.h says; nothing may touch them either. */
template <typename Number, int B, int N>
static __device__ __forceinline__ void
product(float (&d)[N][4], const uint32_t (&a)[4], uint64_t b)
{
	static_assert(N == 4 || N == 8 || N == 10 || N == 12 || N == 16, "");
#define PRODUCT BY_REGISTERS
	if constexpr (is_bf16<Number>)
		EACH_WIDTH("bf16");
	else
		EACH_WIDTH("f16");
#undef PRODUCT
}

#endif
