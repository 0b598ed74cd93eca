/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/simd.h"
#include "filter/lang_sums.h"

enum {
	BATCHES = 256, /* of 4 x 31, fit 16 bits */
	NEAR = 64,     /* rows left waiting, since their bytes may be far yet */
	COLUMNS = 16,  /* of a row, looked at together */
};

typedef int8_t bytes16 __attribute__((vector_size(16), aligned(16)));
typedef int16_t shorts16 __attribute__((vector_size(32), aligned(2)));

static void
flush(struct lang_sums *s)
{
	unsigned k;

	for (k = 0; k < LANG_CLASSES; k++)
		s->total[k] += s->part[k];
	memset(s->part, 0, sizeof(s->part));
	s->batches = 0;
}

/*
 * Add n rows, a multiple of LANG_BATCH, of a width that the compiler knows: the
 * sums stay in registers.  Bytes are added up first, then widened.
 */
static inline __attribute__((always_inline)) void
add_rows(struct lang_sums *s, unsigned n, unsigned width)
{
	shorts16 *part = (shorts16 *)s->part, sum[LANG_CLASSES / COLUMNS];
	const int8_t *table = s->g->rows;
	const uint32_t *row = s->queue, *end = row + n;
	unsigned k, i;

	for (k = 0; k < width / COLUMNS; k++)
		sum[k] = part[k];
	for (; row < end; row += LANG_BATCH)
#pragma GCC unroll 4
		for (k = 0; k < width / COLUMNS; k++) {
			bytes16 v = { 0 };

#pragma GCC unroll 4
			for (i = 0; i < LANG_BATCH; i++)
				v += *(const bytes16 *)(table +
							(size_t)row[i] * width +
							COLUMNS * k);
			sum[k] += __builtin_convertvector(v, shorts16);
		}
	for (k = 0; k < width / COLUMNS; k++)
		part[k] = sum[k];
}

SIMD static void
add_any(struct lang_sums *s, unsigned n)
{
	switch (s->g->width / COLUMNS) {
	case 1:
		add_rows(s, n, COLUMNS);
		break;
	case 2:
		add_rows(s, n, 2 * COLUMNS);
		break;
	case 3:
		add_rows(s, n, 3 * COLUMNS);
		break;
	default:
		add_rows(s, n, LANG_CLASSES);
		break;
	}
}

/* Add the n rows that have waited longest, a multiple of LANG_BATCH. */
static void
add_waiting(struct lang_sums *s, unsigned n)
{
	s->batches += n / LANG_BATCH;
	if (s->batches > BATCHES) {
		flush(s);
		s->batches = n / LANG_BATCH;
	}
	add_any(s, n);
	s->waiting -= n;
	memmove(s->queue, s->queue + n, s->waiting * sizeof(*s->queue));
}

void
lang_sums_init(struct lang_sums *s, const struct lang_group *g)
{
	memset(s, 0, offsetof(struct lang_sums, queue));
	s->g = g;
}

void
lang_sums_word(struct lang_sums *s, const struct lang_word *w)
{
	const struct lang_group *g = s->g;
	uint32_t *rows = s->queue + s->waiting;
	unsigned n = lang_word_rows(w, g->grams, rows), i;

	for (i = 0; i < n; i++)
		__builtin_prefetch(g->rows + (size_t)rows[i] * g->width);
	s->rows += n;
	s->waiting += n;
	if (s->waiting >= LANG_QUEUE)
		add_waiting(s, (s->waiting - NEAR) / LANG_BATCH * LANG_BATCH);
}

void
lang_sums_end(struct lang_sums *s)
{
	while (s->waiting % LANG_BATCH)
		s->queue[s->waiting++] = (uint32_t)1 << s->g->grams.bits;
	add_waiting(s, s->waiting);
	flush(s);
}
