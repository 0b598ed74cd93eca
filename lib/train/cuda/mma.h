/* SPDX-License-Identifier: MIT */
/*
 * What the tensor cores and the copies around them are asked in PTX, one
 * instruction a function.  The tests have a file of the same name that does the
 * same on the processor.
 *
 * A warp holds small matrices together, lane l = 4 g + c:
 *	A (16,16)	a[0]: row g, columns 2c and 2c + 1; a[1]: row g + 8;
 *			a[2]: row g, columns 2c + 8 and 2c + 9; a[3]: row g + 8
 *	B (16,8)	b[0]: column g, rows 2c and 2c + 1; b[1]: rows 2c + 8 ..
 *	sums (16,8)	d[0], d[1]: row g, columns 2c and 2c + 1; d[2], d[3]:
 *			row g + 8
 * Source: PTX ISA 9.0, "Matrix Fragments for mma.m16n8k16", "ldmatrix",
 * "cp.async", "red".
 */
#ifndef TRAIN_CUDA_MMA_H
#define TRAIN_CUDA_MMA_H

#include <cuda_runtime.h>
#include <stdint.h>

/* The formats of 16 bits; two numbers a word, the first in the low half. */
struct bf16 {
	uint16_t bits;

	static __device__ __forceinline__ uint32_t
	pack(float low, float high)
	{
		uint32_t u;

		asm("cvt.rn.bf16x2.f32 %0, %1, %2;"
		    : "=r"(u)
		    : "f"(high), "f"(low));
		return u;
	}
	static __device__ __forceinline__ float
	low(uint32_t u)
	{
		return __uint_as_float(u << 16);
	}
	static __device__ __forceinline__ float
	high(uint32_t u)
	{
		return __uint_as_float(u & 0xffff0000);
	}
	/* d += A * B */
	static __device__ __forceinline__ void
	multiply(float (&d)[4], const uint32_t *a, const uint32_t *b)
	{
		asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16."
			     "f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, "
			     "{%0,%1,%2,%3};"
			     : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
			     : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]),
			     "r"(b[0]), "r"(b[1]));
	}
};

struct f16 {
	uint16_t bits;

	static __device__ __forceinline__ uint32_t
	pack(float low, float high)
	{
		uint32_t u;

		asm("cvt.rn.f16x2.f32 %0, %1, %2;"
		    : "=r"(u)
		    : "f"(high), "f"(low));
		return u;
	}
	static __device__ __forceinline__ float
	low(uint32_t u)
	{
		float x;

		asm("{ .reg .b16 l, h; mov.b32 {l, h}, %1; cvt.f32.f16 %0, l; }"
		    : "=f"(x)
		    : "r"(u));
		return x;
	}
	static __device__ __forceinline__ float
	high(uint32_t u)
	{
		return low(u >> 16);
	}
	static __device__ __forceinline__ void
	multiply(float (&d)[4], const uint32_t *a, const uint32_t *b)
	{
		asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16."
			     "f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, "
			     "{%0,%1,%2,%3};"
			     : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
			     : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]),
			     "r"(b[0]), "r"(b[1]));
	}
};

static __device__ __forceinline__ uint32_t
shared_address(const void *p)
{
	return (uint32_t)__cvta_generic_to_shared(p);
}

/*
 * Four matrices (8,8) of 16-bit numbers from shared memory: lane l says where
 * row l % 8 of matrix l / 8 lies, 16 bytes, aligned.  r[i]: row g of matrix i,
 * columns 2c and 2c + 1.
 */
static __device__ __forceinline__ void
load_matrices(uint32_t (&r)[4], const uint16_t *row)
{
	asm volatile(
	    "ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
	    : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
	    : "r"(shared_address(row))
	    : "memory");
}

/* The same of their transposes: r[i]: column g, rows 2c and 2c + 1. */
static __device__ __forceinline__ void
load_transposed(uint32_t (&r)[4], const uint16_t *row)
{
	asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 "
		     "{%0,%1,%2,%3}, [%4];"
		     : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
		     : "r"(shared_address(row))
		     : "memory");
}

/*
 * 16 bytes to shared memory while the thread goes on; zeros unless
 * `there`, and then nothing is read.
 */
static __device__ __forceinline__ void
copy_16_bytes(void *shared, const void *global, bool there)
{
	asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(
			 shared_address(shared)),
		     "l"(__cvta_generic_to_global(global)), "r"(there ? 16 : 0)
		     : "memory");
}

/* Waits until this thread's copies are there; then a barrier shows them all. */
static __device__ __forceinline__ void
wait_for_copies(void)
{
	asm volatile("cp.async.wait_all;" ::: "memory");
}

/* 2^x, to 2 units in the last place; what is below 2^-126 is 0. */
static __device__ __forceinline__ float
power_of_2(float x)
{
	float y;

	asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
	return y;
}

/* p[0] += a, p[1] += b in the device's memory, by none else at the time. */
static __device__ __forceinline__ void
add_pair(float *p, float a, float b)
{
#if __CUDA_ARCH__ >= 900
	asm volatile("red.relaxed.gpu.global.add.v2.f32 [%0], {%1, %2};" ::"l"(
			 __cvta_generic_to_global(p)),
		     "f"(a), "f"(b)
		     : "memory");
#else
	atomicAdd(p, a);
	atomicAdd(p + 1, b);
#endif
}

/* The next number; the first is what *counter was set to. */
static __device__ __forceinline__ int
take_number(int *counter)
{
	return atomicAdd(counter, 1);
}

/*
 * One thread waits until *counter is n, which blocks with lower numbers count
 * up to; what they wrote before is then to be seen by this block, after a
 * barrier.
 */
static __device__ __forceinline__ void
wait_for_turn(const int *counter, int n)
{
	int at;

	do
		asm volatile("ld.acquire.gpu.global.b32 %0, [%1];"
			     : "=r"(at)
			     : "l"(__cvta_generic_to_global(counter))
			     : "memory");
	while (at != n);
}

/* One thread, after a barrier, lets the next one have its turn: what the others
 * wrote before the barrier is released with it. */
static __device__ __forceinline__ void
end_turn(int *counter)
{
	asm volatile("red.release.gpu.global.add.s32 [%0], 1;" ::"l"(
	    __cvta_generic_to_global(counter))
		     : "memory");
}

#endif
