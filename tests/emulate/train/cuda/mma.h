/* SPDX-License-Identifier: MIT */
/*
 * Takes the place of lib/train/cuda/mma.h where kernels are emulated: the same
 * functions by the tables of the PTX ISA.  Sums of products are made in
 * float, as the tensor cores do, but one after the other.  Copies that nobody
 * waited for haven't happened.
 */
#ifndef EMULATE_MMA_H
#define EMULATE_MMA_H

#include <cuda_runtime.h>

#include "round.h"

/*
 * What each lane of the warp brings to an instruction: numbers of A and B, or
 * where a row lies.  All may read it until all have.
 */
struct emulate_share {
	float a[8], b[4];
	const uint16_t *row;
};
const struct emulate_share *emulate_exchange(const struct emulate_share *mine);
void emulate_exchanged(void);
/* At the latest when the thread waits. */
void emulate_copy(void *to, const void *from, int n, bool there);
void emulate_copy_wait(void);
[[noreturn]] void emulate_fail(const char *why);
/* Where it lies in the window of shared memory, as instructions say it. */
uint32_t emulate_address(const void *shared);

static inline uint32_t
shared_address(const void *p)
{
	return emulate_address(p);
}

static inline float
emulate_f16(uint32_t u)
{
	int e = u >> 10 & 31, f = u & 1023;
	float x = e == 0    ? ldexpf((float)f, -24)
		  : e == 31 ? f ? NAN : INFINITY
			    : ldexpf((float)(f | 1024), e - 25);

	return u >> 15 & 1 ? -x : x;
}

template <typename Number>
static inline void
emulate_multiply(float (&d)[4], const uint32_t *a, const uint32_t *b)
{
	int g = (int)emulate_lane() / 4, c = (int)emulate_lane() % 4;
	const struct emulate_share *all;
	struct emulate_share mine;

	for (int i = 0; i < 8; i++)
		mine.a[i] =
		    i % 2 ? Number::high(a[i / 2]) : Number::low(a[i / 2]);
	for (int i = 0; i < 4; i++)
		mine.b[i] =
		    i % 2 ? Number::high(b[i / 2]) : Number::low(b[i / 2]);
	all = emulate_exchange(&mine);
	for (int k = 0; k < 16; k++) {
		int of = k / 2 % 4, i = k / 8 * 4 + k % 2,
		    j = k / 8 * 2 + k % 2;
		const float *x = all[4 * g + of].a + i;
		float y = all[8 * c + of].b[j], z = all[8 * c + 4 + of].b[j];

		d[0] += x[0] * y;
		d[1] += x[0] * z;
		d[2] += x[2] * y;
		d[3] += x[2] * z;
	}
	emulate_exchanged();
}

struct bf16 {
	uint16_t bits;

	static uint32_t
	pack(float low, float high)
	{
		return bits_bf16(low) | (uint32_t)bits_bf16(high) << 16;
	}
	static float
	low(uint32_t u)
	{
		return __uint_as_float(u << 16);
	}
	static float
	high(uint32_t u)
	{
		return __uint_as_float(u & 0xffff0000);
	}
	static void
	multiply(float (&d)[4], const uint32_t *a, const uint32_t *b)
	{
		emulate_multiply<bf16>(d, a, b);
	}
};

struct f16 {
	uint16_t bits;

	static uint32_t
	pack(float low, float high)
	{
		return bits_f16(low) | (uint32_t)bits_f16(high) << 16;
	}
	static float
	low(uint32_t u)
	{
		return emulate_f16(u & 0xffff);
	}
	static float
	high(uint32_t u)
	{
		return emulate_f16(u >> 16);
	}
	static void
	multiply(float (&d)[4], const uint32_t *a, const uint32_t *b)
	{
		emulate_multiply<f16>(d, a, b);
	}
};

static inline void
emulate_matrices(uint32_t (&r)[4], const uint16_t *row, bool transposed)
{
	int g = (int)emulate_lane() / 4, c = (int)emulate_lane() % 4;
	const struct emulate_share *all;
	struct emulate_share mine;

	mine.row = row;
	if ((uintptr_t)row % 16)
		emulate_fail("a row of a matrix that isn't aligned");
	all = emulate_exchange(&mine);
	for (int i = 0; i < 4; i++) {
		const uint16_t *a = all[8 * i + g].row + 2 * c, *b = a + 1;

		if (transposed) {
			a = all[8 * i + 2 * c].row + g;
			b = all[8 * i + 2 * c + 1].row + g;
		}
		r[i] = *a | (uint32_t)*b << 16;
	}
	emulate_exchanged();
}

static inline void
load_matrices(uint32_t (&r)[4], const uint16_t *row)
{
	emulate_matrices(r, row, false);
}

static inline void
load_transposed(uint32_t (&r)[4], const uint16_t *row)
{
	emulate_matrices(r, row, true);
}

static inline void
copy_16_bytes(void *shared, const void *global, bool there)
{
	emulate_copy(shared, global, 16, there);
}

static inline void
wait_for_copies(void)
{
	emulate_copy_wait();
}

static inline float
power_of_2(float x)
{
	return exp2f(x);
}

static inline void
add_pair(float *p, float a, float b)
{
	p[0] += a;
	p[1] += b;
}

static inline int
take_number(int *counter)
{
	return (*counter)++;
}

static inline void
wait_for_turn(const int *counter, int n)
{
	if (*counter != n)
		emulate_fail("waits for a block that hasn't begun");
}

static inline void
end_turn(int *counter)
{
	++*counter;
}

#endif
