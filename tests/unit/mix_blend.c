/* SPDX-License-Identifier: MIT */
/*
 * Shares of a phase: prefix errors in exact arithmetic over random recipes,
 * and the chairman's heaps against the rule as Tijdeman writes it.
 */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/hash.h"
#include "mix/blend.h"
#include "tap.h"

typedef __int128 wide;

static uint64_t state = 1;

static uint64_t
draw(uint64_t n)
{
	return mix64(state += 0x9e3779b97f4a7c15u) % n;
}

struct recipe_case {
	uint32_t k;
	uint64_t w[64], to[64], d, rows;
	bool changes;
};

/* Other shares of the same d, some 0 here and some 0 before. */
static void
random_end(struct recipe_case *c)
{
	uint64_t left = c->d, from;
	uint32_t i, last = c->k - 1;

	for (i = 0; i < last; i++) {
		c->to[i] = draw(3) ? draw(left / (c->k - i) + 1) : 0;
		left -= c->to[i];
	}
	c->to[last] = left;
	i = (uint32_t)draw(c->k);
	if (i != last && c->to[i]) { /* from 0 on */
		from = c->w[i];
		c->w[i] = 0;
		c->w[last] += from;
	}
}

static void
random_case(struct recipe_case *c, uint64_t rows)
{
	uint64_t scale = 1ull << draw(30);
	uint32_t i;

	c->k = 1 + (uint32_t)draw(20);
	c->d = 0;
	for (i = 0; i < c->k; i++) {
		c->w[i] = 1 + draw(draw(3) ? scale : 100);
		c->d += c->w[i];
	}
	c->rows = 1 + draw(rows);
	c->changes = draw(2);
	if (c->changes)
		random_end(c);
}

/* |count * d - w * n| < limit * d ? */
static bool
within(uint64_t count, uint64_t w, uint64_t n, uint64_t d, int limit)
{
	wide e = (wide)count * d - (wide)w * n;

	return e < (wide)limit * d && -e < (wide)limit * d;
}

/* |count - due(n)| < limit, the due being the integral of the share. */
static bool
is_due(const struct blend *b, uint64_t count, uint32_t i, uint64_t n, int limit)
{
	wide whole = 2 * (wide)b->d * b->rows, e;

	if (!b->to)
		return within(count, b->w[i], n, b->d, limit);
	e = whole * count - 2 * (wide)b->w[i] * b->rows * n -
	    ((wide)b->to[i] - (wide)b->w[i]) * n * n;
	return e < limit * whole && -e < limit * whole;
}

struct found {
	uint64_t boundary, anywhere, period, rank, rows, refused, place;
	uint64_t longest;
};

static void
check_table(const struct blend *b, const struct blend_table *t, uint64_t *count,
    struct found *f)
{
	uint64_t per[64] = { 0 }, total[64] = { 0 }, r;
	uint32_t i, s;

	for (r = 0; r < t->at.rows; r++)
		total[b->k > 1 ? t->slots[r].source : 0]++;
	for (i = 0; i < b->k; i++) {
		f->boundary += t->before[i] != count[i] ||
			       !is_due(b, count[i], i, t->at.first, 1);
	}
	for (r = 0; r < t->at.rows; r++) {
		s = b->k > 1 ? t->slots[r].source : 0;
		f->rank += b->k > 1 && t->slots[r].rank != per[s];
		per[s]++;
		count[s]++;
		for (i = 0; i < b->k; i++) {
			f->anywhere +=
			    !is_due(b, count[i], i, t->at.first + r + 1, 2);
			f->period += !b->to && !within(per[i], total[i], r + 1,
						   t->at.rows, 1);
		}
	}
	f->rows += t->at.rows;
}

/* A row in the middle, from its number and from its rank. */
static void
check_place(const struct blend *b, const struct blend_table *t, struct found *f)
{
	uint64_t row = draw(t->at.rows);
	struct blend_slot s = { 0, (uint32_t)row };
	struct blend_period p;
	struct err e;

	p = blend_period_of(b, t->at.first + row);
	f->place += p.first != t->at.first || p.rows != t->at.rows;
	if (t->slots)
		s = t->slots[row];
	blend_period_of_rank(b, s.source, t->before[s.source] + s.rank, &p, &e);
	f->place += p.first != t->at.first || p.rows != t->at.rows;
}

static void
check_case(const struct recipe_case *c, struct found *f)
{
	uint64_t count[64] = { 0 }, row, part;
	struct blend_table t;
	struct blend b;
	struct err e;
	uint32_t i;

	if (blend_init(&b, c->k, c->w, c->changes ? c->to : NULL, c->d, c->rows,
		&e) < 0) {
		f->refused++;
		return;
	}
	for (row = 0; row < c->rows; row += t.at.rows) {
		/* By any row of it, and in parts. */
		if (blend_table(&b, row, &t, &e) < 0 || t.at.first != row) {
			f->boundary++;
			return;
		}
		for (part = 0; part < t.at.rows; part += 1 + draw(t.at.rows))
			f->boundary += blend_reach(&b, &t, part, &e) < 0;
		f->boundary += blend_reach(&b, &t, t.at.rows, &e) < 0;
		f->longest = t.at.rows > f->longest ? t.at.rows : f->longest;
		check_table(&b, &t, count, f);
		check_place(&b, &t, f);
		part = t.at.rows;
		blend_table_free(&t);
		t.at.rows = part;
	}
	for (i = 0; i < c->k; i++)
		f->boundary += !is_due(&b, count[i], i, c->rows, 1);
}

static void
test_fuzzed(void)
{
	struct found f = { 0 };
	struct recipe_case c;
	int i;

	for (i = 0; i < 10000; i++) {
		random_case(&c, i % 5 ? 300 : 2000);
		check_case(&c, &f);
	}
	OK(f.refused == 0, "10000 random recipes, none refused");
	for (i = 0; i < 16; i++) {
		random_case(&c, 400000);
		check_case(&c, &f);
	}
	/* Shares that fade away: periods grow towards the end. */
	c = (struct recipe_case){ .k = 6,
		.w = { 5000, 2000, 1500, 1000, 499, 1 },
		.to = { 0, 9999, 0, 0, 1, 0 },
		.d = 10000,
		.rows = 3000000,
		.changes = true };
	f.longest = 0;
	check_case(&c, &f);
	OK(f.longest > BLEND_PERIOD,
	    "and shares that fade away, in a period "
	    "of %llu rows at the end",
	    (unsigned long long)f.longest);
	OK(f.refused < 4, "and 16 over several periods (%llu refused)",
	    (unsigned long long)f.refused);
	OK(f.boundary == 0, "error < 1 at every boundary (%llu rows)",
	    (unsigned long long)f.rows);
	OK(f.anywhere == 0, "error < 2 at every prefix");
	OK(f.period == 0, "error < 1 within a period against its own counts");
	OK(f.rank == 0, "a row's rank counts the rows of its source");
	OK(f.place == 0, "a row's period is found from its number and rank");
}

static void
test_edges(void)
{
	struct found f = { 0 };
	struct recipe_case c = { .k = 1, .w = { 1 }, .d = 1, .rows = 200000 };

	check_case(&c, &f);
	/* A period of 2^19: one row in 300000; several such periods. */
	c = (struct recipe_case){
		.k = 3, .w = { 1, 99999, 200000 }, .d = 300000, .rows = 1800000
	};
	check_case(&c, &f);
	c = (struct recipe_case){
		.k = 2, .w = { 1, 99999999 }, .d = 100000000, .rows = 1000
	};
	check_case(&c, &f);
	c = (struct recipe_case){ .k = 2,
		.w = { 1, 99999999 },
		.to = { 100000000, 0 },
		.d = 100000000,
		.rows = 300000,
		.changes = true };
	check_case(&c, &f);
	c = (struct recipe_case){
		.k = 1, .w = { 5 }, .to = { 5 }, .d = 5, .rows = 200000
	};
	c.changes = true;
	check_case(&c, &f);
	OK(f.boundary + f.anywhere + f.period + f.rank + f.refused == 0,
	    "one source, rare sources over long periods, a share of 1e-8");
}

static void
test_refused(void)
{
	uint64_t w[2] = { 1, (1ull << 40) - 1 };
	struct blend b;
	struct err e;

	OK(blend_init(&b, 2, w, NULL, 1ull << 40, 1ull << 40, &e) == ERR_CHECK,
	    "a share below one row in 2^22 of a long phase: %s", e.msg);
	OK(blend_init(&b, 2, w, w, 1ull << 50, 1ull << 40, &e) == ERR_CHECK,
	    "shares that change, too fine to be exact: %s", e.msg);
	OK(blend_init(&b, 2, w, NULL, 1ull << 40, 1000, &e) == 0,
	    "in a short phase it is no matter of periods");
}

/* Tijdeman's rule, slot by slot, in exact arithmetic. */
static uint32_t
naive_slot(const uint64_t *c, const uint64_t *have, uint32_t k, uint64_t rows,
    uint64_t row)
{
	wide g = 0, num, best_num = 0, best_den = 1;
	uint32_t i, best = k;

	for (i = 0; i < k; i++)
		g += c[i] > 0;
	g = g > 1 ? 2 * g - 2 : 2;
	for (i = 0; i < k; i++) {
		/* W - c >= 1 / g, in units of 1 / (g rows) */
		num = g * (wide)(c[i] * row) - g * (wide)(have[i] * rows);
		if (!c[i] || num < (wide)rows)
			continue;
		/* (1 - 1/g - (W - c)) / w, w = c / rows */
		num = (g - 1) * (wide)rows - num;
		if (best == k || num * best_den < best_num * (wide)c[i]) {
			best = i;
			best_num = num;
			best_den = (wide)c[i];
		}
	}
	return best;
}

static void
test_naive(void)
{
	uint64_t have[64], count[64], bad = 0, r;
	struct recipe_case c;
	struct blend_table t;
	struct blend b;
	struct err e;
	int n;

	for (n = 0; n < 500; n++) {
		random_case(&c, 1000);
		if (c.k == 1 || c.changes)
			continue;
		memset(have, 0, sizeof(have));
		blend_init(&b, c.k, c.w, NULL, c.d, c.rows, &e);
		blend_before(&b, b.rows, count, &e);
		blend_table(&b, 0, &t, &e);
		blend_reach(&b, &t, t.at.rows, &e);
		for (r = 0; r < t.at.rows; r++) {
			bad += naive_slot(count, have, c.k, t.at.rows, r + 1) !=
			       t.slots[r].source;
			have[t.slots[r].source]++;
		}
		blend_table_free(&t);
	}
	OK(bad == 0, "the same slots as the rule written down");
}

int
main(void)
{
	test_fuzzed();
	test_edges();
	test_refused();
	test_naive();
	return tap_end();
}
