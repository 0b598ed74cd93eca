/* SPDX-License-Identifier: MIT */
/*
 * Signatures: text to words, shingles and the keys of its bands, on one core.
 * Goal: >= 50 MB/s with 112 values.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/progress.h"
#include "dedup/shingles.h"
#include "dedup/signer.h"

enum { TEXTS = 400, WORDS = 1000, ROUNDS = 20 };

static const char *const syllables[] = { "mil", "ler", "gra", "in", "wa", "ter",
	"sto", "ne", "the", "of", "and", "tur", "ning", "ri", "ver", "whe" };

/* English has 4.7 letters a word; so have these, nearly. */
static void
make_text(struct buf *b, uint64_t *seed)
{
	uint64_t x;
	size_t i, k;

	for (i = 0; i < WORDS; i++) {
		x = mix64(++*seed);
		for (k = 0; k <= (x & 3) % 3; k++)
			buf_puts(b, syllables[x >> (8 + 4 * k) & 15]);
		buf_puts(b, i % 11 == 10 ? ". " : " ");
	}
}

/* Seconds for all texts, once. */
static double
once(const struct buf *texts, struct shingles *s, const struct signer *g,
    uint64_t *signature, uint64_t *keys, struct err *e)
{
	double start = progress_now();
	size_t i;

	for (i = 0; i < TEXTS; i++) {
		if (shingles_of(s, buf_view(&texts[i]), e) < 0)
			return -1;
		if (g)
			signer_keys(g, s->v, s->n, signature, keys);
	}
	return progress_now() - start;
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void
measure(const struct buf *texts, double mb, const char *what, enum unit unit,
    size_t nband, size_t nrow)
{
	struct signer g = { 0 };
	struct shingles s = { 0 };
	uint64_t signature[256];
	uint64_t keys[64];
	double t[ROUNDS];
	struct err e;
	int i;

	if (shingles_init(&s, unit, 5, &e) < 0)
		return;
	if (nband &&
	    (unit == UNIT_JOINED ? signer_init_datatrove(&g, nband, nrow, &e)
				 : signer_init(&g, nband, nrow, 0, &e)) < 0)
		return;
	for (i = 0; i < ROUNDS; i++)
		t[i] = once(texts, &s, nband ? &g : NULL, signature, keys, &e);
	qsort(t, ROUNDS, sizeof(*t), by_value);
	printf("%s, one core: %.0f MB/s (median of %d; best %.0f)\n", what,
	    mb / t[ROUNDS / 2], ROUNDS, mb / t[0]);
	signer_free(&g);
	shingles_free(&s);
}

int
main(void)
{
	static struct buf texts[TEXTS];
	uint64_t seed = 0;
	double mb = 0;
	size_t i;

	for (i = 0; i < TEXTS; i++) {
		make_text(&texts[i], &seed);
		mb += (double)texts[i].n / 1e6;
	}
	measure(texts, mb, "shingles", UNIT_WORDS, 0, 0);
	measure(texts, mb, "shingles and 112 values", UNIT_WORDS, 14, 8);
	measure(texts, mb, "shingles and 160 values", UNIT_WORDS, 40, 4);
	measure(texts, mb, "tokens and 112 values", UNIT_TOKENS, 14, 8);
	measure(texts, mb, "datatrove's 112 values", UNIT_JOINED, 14, 8);
	for (i = 0; i < TEXTS; i++)
		buf_free(&texts[i]);
	return 0;
}
