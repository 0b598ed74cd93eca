/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/hash.h"
#include "dedup/budget.h"
#include "dedup/twice.h"

enum { PER_WORD = 32, MOST_PROBES = 64, AHEAD = 8 };

/* Bits of a place. */
enum { SEEN = 1, AGAIN = 2 };

static uint32_t
probes(double bound)
{
	double k = ceil(-log2(bound));

	return k < 1 ? 1 : k > MOST_PROBES ? MOST_PROBES : (uint32_t)k;
}

/* (1 - e^(-k (n + 1/2) / (m - 1)))^k */
static double
chance(double n, double m, double k)
{
	return pow(-expm1(-k * (n + .5) / (m - 1)), k);
}

uint64_t
twice_places(uint64_t n, double bound)
{
	double k = probes(bound);

	return 2 + (uint64_t)ceil(
		       k * ((double)n + .5) / -log1p(-pow(bound, 1 / k)));
}

int
twice_init(struct twice *t, struct budget *b, uint64_t n, double bound,
    uint64_t most, struct err *e)
{
	uint64_t m = twice_places(n, bound), nword;

	*t = (struct twice){ .budget = b, .nprobe = probes(bound) };
	nword = m / PER_WORD + 1;
	if (nword > most / sizeof(*t->words))
		nword = most / sizeof(*t->words);
	if (nword == 0)
		nword = 1;
	t->words = budget_calloc(
	    b, nword, sizeof(*t->words), "what comes more than once", e);
	if (!t->words)
		return e->code;
	t->nplace = nword * PER_WORD;
	/* A filter too small for so many places does best with fewer. */
	while (t->nprobe > 1 &&
	       (double)t->nprobe * (double)n > .75 * (double)t->nplace)
		t->nprobe--;
	return 0;
}

void
twice_free(struct twice *t)
{
	if (t->words)
		budget_give(t->budget, twice_bytes(t));
	free(t->words);
	t->words = NULL;
}

static inline uint64_t
place_of(const struct twice *t, uint64_t key, uint32_t i)
{
	uint64_t h = mix64(key + (i + 1) * 0x9e3779b97f4a7c15u);

	return (uint64_t)((unsigned __int128)h * t->nplace >> 64);
}

/* Has the key all its places marked so? */
static inline bool
marked(const struct twice *t, uint64_t key, uint64_t mark)
{
	uint64_t at;
	uint32_t i;

	for (i = 0; i < t->nprobe; i++) {
		at = place_of(t, key, i);
		if (!(t->words[at / PER_WORD] >> at % PER_WORD * 2 & mark))
			return false;
	}
	return true;
}

void
twice_add(struct twice *t, const uint64_t *keys, size_t n)
{
	uint64_t at, mark;
	uint32_t k;
	size_t i;

	for (i = 0; i < n; i++) {
		for (k = 0; i + AHEAD < n && k < t->nprobe; k++)
			__builtin_prefetch(
			    &t->words[place_of(t, keys[i + AHEAD], k) /
				      PER_WORD],
			    1);
		mark = marked(t, keys[i], SEEN) ? SEEN | AGAIN : SEEN;
		for (k = 0; k < t->nprobe; k++) {
			at = place_of(t, keys[i], k);
			t->words[at / PER_WORD] |= mark << at % PER_WORD * 2;
		}
	}
	t->n += n;
}

bool
twice_has(const struct twice *t, uint64_t key)
{
	return marked(t, key, AGAIN);
}

uint64_t
twice_bytes(const struct twice *t)
{
	return t->nplace / PER_WORD * sizeof(*t->words);
}

double
twice_bound(const struct twice *t)
{
	double n = (double)t->n;

	return chance(n, (double)t->nplace, t->nprobe) + ldexp(n, -64);
}
