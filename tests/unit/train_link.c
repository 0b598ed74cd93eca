/* SPDX-License-Identifier: MIT */
/*
 * What ranks exchange, in forked processes: against plain loops over what all
 * of them have.
 */
#include <math.h>
#include <string.h>

#include "fake_ranks.h"
#include "tap.h"
#include "train/collective.h"
#include "train/philox.h"

/* The number of rank r at i: everybody can make everybody's. */
static float
value(uint32_t round, uint32_t r, size_t i)
{
	return (float)(philox_uniform(round, r, i) - .5) *
	       (float)(1 + i % 7 * 1000);
}

static int
small_things(struct link *l, void *ctx)
{
	uint64_t mine = l->rank * 10 + 7, all[FAKE_MOST], want, n[20001];
	struct err e;
	uint32_t r;
	size_t i;

	(void)ctx;
	if (link_gather(l, &mine, sizeof(mine), all, &e) < 0)
		return 1;
	for (r = 0; r < l->size; r++)
		if (all[r] != r * 10 + 7)
			return 2;
	for (i = 0; i < 20001; i++)
		n[i] = i * (l->rank + 1);
	if (link_sum(l, n, 20001, &e) < 0)
		return 3;
	for (i = 0; i < 20001; i++) {
		want = i * l->size * (l->size + 1) / 2;
		if (n[i] != want)
			return 4;
	}
	return link_agree(l, 0, &e) == 0 ? 0 : 5;
}

/* The ranks in the mask fail: all return the first one's error. */
static int
some_fail(struct link *l, void *ctx)
{
	uint32_t mask = *(uint32_t *)ctx, first;
	char want[64];
	struct err e = { 0 };
	int rc = 0;

	for (first = 0; !(mask >> first & 1); first++)
		;
	if (mask >> l->rank & 1)
		rc = err_set(&e, ERR_FORMAT, "sad %u", l->rank);
	if (link_agree(l, rc, &e) != ERR_FORMAT)
		return 1;
	snprintf(want, sizeof(want), "rank %u: sad %u", first, first);
	return strcmp(e.msg, want) == 0 && e.code == ERR_FORMAT &&
		       link_agree(l, 0, &e) == 0
		   ? 0
		   : 2;
}

/* A rank that ends: the others are told. */
static int
one_dies(struct link *l, void *ctx)
{
	struct err e = { 0 };

	(void)ctx;
	if (l->rank == 1)
		raise(SIGKILL);
	return link_agree(l, 0, &e) == ERR_IO && l->broken &&
		       strstr(e.msg, "is gone")
		   ? 0
		   : 1;
}

struct shape {
	const size_t *at;
	uint32_t rounds, parts; /* of the last round */
};

/* ((p0 + p1) + p2) + ..., over all rounds, as floats. */
static float
sum_of(const struct shape *s, uint32_t size, size_t i)
{
	uint32_t k, r;
	float sum = 0;

	for (k = 0; k < s->rounds; k++)
		for (r = 0; r < (k + 1 == s->rounds ? s->parts : size); r++)
			sum =
			    k + r == 0 ? value(k, r, i) : sum + value(k, r, i);
	return sum;
}

static bool
same_bits(float a, float b)
{
	return memcmp(&a, &b, sizeof(a)) == 0;
}

static int
collectives(struct link *l, void *ctx)
{
	const struct shape *s = ctx;
	size_t all = s->at[l->size], from = s->at[l->rank],
	       mine = s->at[l->rank + 1] - from, i;
	float *part = calloc(all, sizeof(*part));
	float *sum = calloc(mine + 1, sizeof(*sum));
	float *whole = calloc(all, sizeof(*whole)), got[100];
	struct collective c;
	struct err e;
	uint32_t k, last = l->size - 1;
	int bad = 0;

	if (collective_open(&c, l, ops_cpu(1), &e) < 0)
		return 1;
	for (k = 0; k < s->rounds && !bad; k++) {
		for (i = 0; i < all; i++)
			part[i] = value(k, l->rank, i);
		if (c.reduce_scatter(&c, sum, part, s->at,
			k + 1 == s->rounds ? s->parts : l->size, k == 0,
			&e) < 0)
			bad = 2;
	}
	for (i = 0; i < mine && !bad; i++)
		if (!same_bits(sum[i], sum_of(s, l->size, from + i)))
			bad = 3;
	memcpy(whole + from, sum, mine * sizeof(*sum));
	if (!bad && c.all_gather(&c, whole, s->at, &e) < 0)
		bad = 4;
	for (i = 0; i < all && !bad; i++)
		if (!same_bits(whole[i], sum_of(s, l->size, i)))
			bad = 5;
	if (!bad && c.fetch(&c, got, part + 5, 100, last, &e) < 0)
		bad = 6;
	for (i = 0; i < 100 && l->rank == 0 && !bad; i++)
		if (!same_bits(got[i], value(s->rounds - 1, last, i + 5)))
			bad = 7;
	collective_close(&c);
	free(part);
	free(sum);
	free(whole);
	return bad;
}

static void
get_apart(void *host, const void *dev, size_t size)
{
	memcpy(host, dev, size);
}

/* A device with a memory of its own can't be read by who sends. */
static int
other_device(struct link *l, void *ctx)
{
	struct ops apart = *ops_cpu(1);
	struct collective c;
	struct err e;

	(void)ctx;
	apart.get = get_apart;
	setenv("QUERN_PLUGIN_DIR", "/nowhere", 1);
	if (collective_open(&c, l, &apart, &e) != (l->size == 1 ? 0 : ERR_IO))
		return 1;
	collective_close(&c);
	return 0;
}

int
main(void)
{
	static const size_t even[] = { 0, 50000, 100000, 150000, 200000 };
	static const size_t odd[] = { 0, 0, 3, 140001, 140001 };
	static const struct {
		uint32_t ranks;
		struct shape s;
	} cases[] = { { 1, { even, 1, 1 } }, { 1, { even, 3, 1 } },
		{ 2, { even, 1, 2 } }, { 2, { even, 3, 1 } },
		{ 3, { odd, 2, 2 } }, { 4, { even, 1, 3 } },
		{ 4, { odd, 2, 4 } } };
	int status[FAKE_MOST];
	uint32_t n, mask;
	size_t i;

	for (n = 1; n <= 5; n++)
		OK(fake_all(n, small_things, NULL), "%u ranks: counts", n);
	for (mask = 1; mask < 8; mask++)
		OK(fake_all(3, some_fail, &mask),
		    "errors of the ranks in %u reach all", mask);
	OK(fake_all(1, other_device, NULL) && fake_all(2, other_device, NULL),
	    "a device with a memory of its own needs a link of its own");
	fake_ranks(3, one_dies, NULL, status);
	OK(status[0] == 0 && status[1] == -SIGKILL && status[2] == 0,
	    "a rank that is killed is missed");
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		OK(fake_all(cases[i].ranks, collectives,
		       (void *)(uintptr_t)&cases[i].s),
		    "%u ranks, %u rounds: sums in order, gathered, fetched",
		    cases[i].ranks, cases[i].s.rounds);
	return tap_end();
}
