/* SPDX-License-Identifier: MIT */
/* The keyed permutation: bijective, invertible, without structure. */
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "mix/shuffle.h"
#include "tap.h"

static bool
is_permutation(uint64_t n, uint64_t seed)
{
	uint64_t key[2] = { seed, mix64(seed) }, i, v;
	unsigned char *seen = calloc(n, 1);
	struct shuffle s;
	bool ok = true;

	shuffle_init(&s, n, key);
	for (i = 0; i < n && ok; i++) {
		v = shuffle_at(&s, i);
		ok = v < n && !seen[v] && shuffle_of(&s, v) == i;
		if (v < n)
			seen[v] = 1;
	}
	free(seen);
	return ok;
}

/* Forward only, a bit a value. */
static bool
is_injective(uint64_t n, uint64_t seed)
{
	uint64_t key[2] = { seed, mix64(seed) }, i, v;
	unsigned char *seen = calloc(n / 8 + 1, 1);
	struct shuffle s;
	bool ok = true;

	shuffle_init(&s, n, key);
	for (i = 0; i < n && ok; i++) {
		v = shuffle_at(&s, i);
		ok = v < n && !(seen[v / 8] >> v % 8 & 1);
		if (v < n)
			seen[v / 8] |= (unsigned char)(1 << v % 8);
	}
	free(seen);
	return ok;
}

static void
test_bijective(void)
{
	uint64_t n, bad = 0, seed;

	for (n = 1; n <= 400; n++)
		for (seed = 0; seed < 5; seed++)
			bad += !is_permutation(n, seed);
	OK(bad == 0, "every size from 1 to 400 is permuted, and back");
	OK(is_permutation(65535, 1) && is_permutation(65536, 2) &&
		is_permutation(65537, 3),
	    "so are sizes about 2^16");
	OK(is_permutation(1 << 20, 4) && is_injective(1ull << 26, 5),
	    "2^20, and no value twice of 2^26");
}

static void
test_large(void)
{
	static const uint64_t sizes[] = { 1ull << 32, (1ull << 40) + 12345,
		1ull << 59, (1ull << 62) - 1 };
	uint64_t key[2] = { 5, 6 }, i, x, v, bad = 0;
	struct shuffle s;

	for (i = 0; i < 4; i++) {
		shuffle_init(&s, sizes[i], key);
		for (x = 0; x < 1000; x++) {
			v = shuffle_at(&s, mix64(x) % sizes[i]);
			bad += v >= sizes[i] ||
			       shuffle_of(&s, v) != mix64(x) % sizes[i];
		}
	}
	OK(bad == 0, "sizes up to 2^62 go there and back");
}

/*
 * P[pi(i) = pi(i + d) mod 16] is 1/16 in a random permutation: a weak round
 * function shows here.
 */
static double
same_residue(const struct shuffle *s, uint64_t d)
{
	uint64_t i, same = 0, n = s->n - d;

	for (i = 0; i < n; i++)
		same += shuffle_at(s, i) % 16 == shuffle_at(s, i + d) % 16;
	return (double)same / (double)n;
}

static void
test_structure(void)
{
	static const uint64_t sizes[] = { 10000, 16384, 65536, 100003 };
	static const uint64_t steps[] = { 1, 2, 16, 100, 128, 256, 317 };
	double p, worst = 0, sigma;
	uint64_t key[2] = { 0, 0 };
	struct shuffle s;
	size_t i, j;

	for (i = 0; i < 4; i++) {
		key[0] = i;
		shuffle_init(&s, sizes[i], key);
		/* (p - 1/16) in standard deviations */
		sigma = 0.242061 / __builtin_sqrt((double)sizes[i]);
		for (j = 0; j < 7; j++) {
			p = (same_residue(&s, steps[j]) - 0.0625) / sigma;
			p = p < 0 ? -p : p;
			worst = p > worst ? p : worst;
		}
	}
	OK(worst < 4.5,
	    "neighbours at 7 distances share residues no oftener than by "
	    "chance (%.2f sigma)",
	    worst);
}

/* Under many keys every place gets every value about as often. */
static double
chi_square(uint64_t n, uint64_t place, uint64_t keys)
{
	uint64_t count[64] = { 0 }, k, key[2];
	double want = (double)keys / (double)n, chi = 0, d;
	struct shuffle s;

	for (k = 0; k < keys; k++) {
		key[0] = k;
		key[1] = 99;
		shuffle_init(&s, n, key);
		count[shuffle_at(&s, place)]++;
	}
	for (k = 0; k < n; k++) {
		d = (double)count[k] - want;
		chi += d * d / want;
	}
	return chi;
}

static void
test_keys(void)
{
	double worst = 0, z, df;
	uint64_t n, place;

	for (n = 2; n <= 64; n += n < 10 ? 1 : 9)
		for (place = 0; place < n; place += n / 2) {
			df = (double)n - 1;
			z = (chi_square(n, place, 20000) - df) /
			    __builtin_sqrt(2 * df);
			worst = z > worst ? z : worst;
		}
	OK(worst < 5, "under 20000 keys values are uniform (z %.2f)", worst);
}

int
main(void)
{
	test_bijective();
	test_large();
	test_structure();
	test_keys();
	return tap_end();
}
