/* SPDX-License-Identifier: MIT */
/* Sorted runs: the same sequence with any memory, against qsort(). */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/hash.h"
#include "dedup/key.h"
#include "dedup/sorter.h"
#include "../tap.h"

static uint64_t seed;

static uint64_t
rnd(uint64_t n)
{
	return mix64(++seed * 0x9e3779b97f4a7c15u) % n;
}

static int
pair_cmp(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return (x->value > y->value) - (x->value < y->value);
}

static int
bytes_cmp(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

/* Is what s gives v?  Twice. */
static bool
gives_pairs(struct sorter *s, const struct pair *v, size_t n)
{
	struct err e;
	struct pair p;
	size_t i, pass;

	for (pass = 0; pass < 2; pass++) {
		if (sorter_sort(s, &e) < 0)
			return false;
		for (i = 0; i < n; i++)
			if (sorter_pair(s, &p, &e) != 1 ||
			    pair_cmp(&p, &v[i]) != 0)
				return false;
		if (sorter_pair(s, &p, &e) != 0)
			return false;
	}
	return true;
}

static void
pairs_sorted(size_t n, uint64_t keys, uint64_t limit)
{
	struct pair *v = calloc(n + 1, sizeof(*v));
	struct sorter s;
	struct err e;
	size_t i;
	bool ok = true;

	sorter_init(&s, true, limit);
	for (i = 0; i < n; i++) {
		v[i] = (struct pair){ rnd(keys), rnd(keys) };
		ok &= sorter_put(&s, v[i].key, v[i].value, &e) == 0;
	}
	qsort(v, n, sizeof(*v), pair_cmp);
	ok &= gives_pairs(&s, v, n);
	OK(ok, "%zu pairs below %llu in %llu bytes, %zu runs", n,
	    (unsigned long long)keys, (unsigned long long)limit, s.nrun);
	sorter_free(&s);
	free(v);
}

/* Records of few letters: many ties, one the beginning of another. */
static struct str
random_record(size_t longest)
{
	size_t i, n = rnd(20) ? rnd(20) : rnd(longest);
	char *p = malloc(n + 1);

	for (i = 0; i < n; i++)
		p[i] = i < 12 && rnd(3) ? 'a' : (char)rnd(3);
	return (struct str){ p, n };
}

static void
records_sorted(size_t n, size_t longest, uint64_t limit)
{
	struct str *v = calloc(n + 1, sizeof(*v)), r;
	struct sorter s;
	struct err e;
	size_t i;
	bool ok = true;

	sorter_init(&s, false, limit);
	for (i = 0; i < n; i++) {
		v[i] = random_record(longest);
		ok &= sorter_add(&s, v[i], &e) == 0;
	}
	qsort(v, n, sizeof(*v), bytes_cmp);
	ok &= sorter_sort(&s, &e) == 0;
	for (i = 0; i < n; i++) {
		ok &= sorter_record(&s, &r, &e) == 1 && str_eq(r, v[i]);
		free((char *)v[i].p);
	}
	ok &= sorter_record(&s, &r, &e) == 0;
	OK(ok, "%zu records of up to %zu bytes in %llu bytes, %zu runs", n,
	    longest, (unsigned long long)limit, s.nrun);
	sorter_free(&s);
	free(v);
}

/* Encoded values compare as the values do, and come back. */
static void
keys_in_order(void)
{
	struct buf a = { 0 }, b = { 0 }, got = { 0 };
	size_t i;
	bool ok = true;

	for (i = 0; i < 3000; i++) {
		struct str x = random_record(40), y = random_record(40), r;
		uint64_t v = rnd(3), w = rnd(3) << 40;
		int want = str_cmp(x, y);

		buf_clear(&a);
		buf_clear(&b);
		buf_clear(&got);
		key_str(&a, x);
		key_u64(&a, v);
		key_u32(&a, (uint32_t)i);
		key_str(&b, y);
		key_u64(&b, w);
		key_u32(&b, (uint32_t)i);
		if (want == 0)
			want = (v > w) - (v < w);
		r = buf_view(&a);
		ok &= (str_cmp(r, buf_view(&b)) > 0) == (want > 0);
		key_get_str(&r, &got);
		ok &= str_eq(buf_view(&got), x) && key_get_u64(&r) == v &&
		      key_get_u32(&r) == i && r.p && r.n == 0;
		ok &= key_get_u8(&r) == 0 && !r.p;
		r = (struct str){ a.p, a.n - 13 };
		key_get_str(&r, &got);
		ok &= !r.p; /* cut off within the string's end */
		free((char *)x.p);
		free((char *)y.p);
	}
	OK(ok, "keys keep the order of what is in them, and come back");
	buf_free(&a);
	buf_free(&b);
	buf_free(&got);
}

int
main(void)
{
	static const uint64_t limits[] = { 0, 100000, 300000, 1 << 30 };
	struct sorter none = { 0 };
	size_t i;

	for (i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
		pairs_sorted(0, 10, limits[i]);
		pairs_sorted(1, 10, limits[i]);
		pairs_sorted(100000, 50, limits[i]);
		pairs_sorted(100000, UINT64_MAX, limits[i]);
		records_sorted(0, 1, limits[i]);
		records_sorted(40000, 100, limits[i]);
		records_sorted(50, 400000, limits[i]);
	}
	keys_in_order();
	sorter_free(&none);
	return tap_end();
}
