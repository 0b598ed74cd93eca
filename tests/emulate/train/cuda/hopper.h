/* SPDX-License-Identifier: MIT */
/*
 * Takes the place of lib/train/cuda/hopper.h where kernels are emulated: the
 * same functions by the text of the PTX ISA.  Descriptors are read as the
 * hardware reads them, bit by bit.  Products are made when they are waited for,
 * of what is in memory and registers then; copies arrive late, in any order,
 * and spoil where they go to from the moment they are begun.
 */
#ifndef EMULATE_HOPPER_H
#define EMULATE_HOPPER_H

#include <cuda.h>

#include "train/cuda/mma.h"

static constexpr bool HOPPER = true;

enum { GROUP = 128, PANEL = 64, PATTERN = 1024 };

static inline unsigned char *
panel_aligned(unsigned char *p)
{
	return p + (-shared_address(p) & (PATTERN - 1));
}

struct barrier {
	uint64_t state;

	void init(int arrivals);
	void arrive(void);
	void arrive_expecting(int bytes);
	void wait(int parity);
};

static inline void
show_barriers(void)
{
}

static inline void
show_writes(void)
{
}

void bring_panel(void *panel, const CUtensorMap *map, int x, int y, int z,
    struct barrier *b);
void bring_bytes(void *to, const void *from, int bytes, struct barrier *b);
void wait_for_threads(int id, int number);

template <int N>
static inline void
fewer_registers(void)
{
	static_assert(N % 8 == 0 && N >= 24 && N <= 256, "");
}

template <int N>
static inline void
more_registers(void)
{
	static_assert(N % 8 == 0 && N >= 24 && N <= 256, "");
}

static inline uint64_t
factor_at(const void *tile, int lead, int stride)
{
	return (shared_address(tile) & 0x3ffff) >> 4 |
	       (uint64_t)(lead >> 4) << 16 | (uint64_t)(stride >> 4) << 32 |
	       1ull << 62;
}

static inline uint64_t
factor_on(uint64_t factor, int bytes)
{
	return factor + (uint64_t)(bytes >> 4);
}

/* A product that a thread began: of 64 rows by `columns`, 16 deep. */
struct emulated_product {
	float *d;
	const uint32_t *a; /* in registers, or NULL */
	uint64_t of_a, of_b;
	int columns, a_by_k, b_by_k;
	bool add;
	float (*low)(uint32_t), (*high)(uint32_t); /* of its kind of numbers */
};

void begin_products(void);
void commit_products(void);
void emulate_product(const struct emulated_product *p);
void emulate_wait_for_products(int but);

template <int N, int M>
static inline void
wait_for_products(float (&)[1][M][4])
{
	emulate_wait_for_products(N);
}

template <typename Number, int A, int B, int N>
static inline void
product(float (&d)[N][4], uint64_t a, uint64_t b, bool add)
{
	struct emulated_product p = { d[0], nullptr, a, b, 8 * N, A, B, add,
		Number::low, Number::high };

	emulate_product(&p);
}

template <typename Number, int B, int N>
static inline void
product(float (&d)[N][4], const uint32_t (&a)[4], uint64_t b)
{
	struct emulated_product p = { d[0], a, 0, b, 8 * N, 0, B, true,
		Number::low, Number::high };

	emulate_product(&p);
}

#endif
