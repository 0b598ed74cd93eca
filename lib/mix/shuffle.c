/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "base/hash.h"
#include "mix/shuffle.h"

/* The odd constant of SplitMix64: the golden ratio. */
#define GOLDEN 0x9e3779b97f4a7c15u

/* A number < n that depends on all bits of x and key. */
static uint64_t
draw(uint64_t key, uint64_t x, uint64_t n)
{
	uint64_t h = mix64(mix64(x + key) ^ (key * GOLDEN));

	return (uint64_t)((unsigned __int128)h * n >> 64);
}

/* The smallest a with a * a >= n: from a guess, which rounding may move. */
static uint64_t
root_up(uint64_t n)
{
	uint64_t a = (uint64_t)sqrt((double)n);

	while ((unsigned __int128)a * a < n)
		a++;
	while (a > 1 && (unsigned __int128)(a - 1) * (a - 1) >= n)
		a--;
	return a;
}

void
shuffle_init(struct shuffle *s, uint64_t n, const uint64_t key[2])
{
	uint64_t state = mix64(key[0] + GOLDEN) ^ key[1];
	int i;

	s->n = n;
	s->a = root_up(n);
	s->b = n / s->a + (n % s->a != 0);
	for (i = 0; i < SHUFFLE_ROUNDS; i++) {
		state += GOLDEN;
		s->key[i] = mix64(mix64(state) + key[0]);
	}
}

static uint64_t
add(uint64_t x, uint64_t y, uint64_t n)
{
	return x >= n - y ? x - (n - y) : x + y;
}

static uint64_t
sub(uint64_t x, uint64_t y, uint64_t n)
{
	return x >= y ? x - y : x + (n - y);
}

static uint64_t
forward(const struct shuffle *s, uint64_t v)
{
	uint64_t l = v / s->b, r = v % s->b;
	int i;

	for (i = 0; i < SHUFFLE_ROUNDS; i += 2) {
		l = add(l, draw(s->key[i], r, s->a), s->a);
		r = add(r, draw(s->key[i + 1], l, s->b), s->b);
	}
	return l * s->b + r;
}

static uint64_t
backward(const struct shuffle *s, uint64_t v)
{
	uint64_t l = v / s->b, r = v % s->b;
	int i;

	for (i = SHUFFLE_ROUNDS; i > 0; i -= 2) {
		r = sub(r, draw(s->key[i - 1], l, s->b), s->b);
		l = sub(l, draw(s->key[i - 2], r, s->a), s->a);
	}
	return l * s->b + r;
}

uint64_t
shuffle_at(const struct shuffle *s, uint64_t i)
{
	do
		i = forward(s, i);
	while (i >= s->n);
	return i;
}

uint64_t
shuffle_of(const struct shuffle *s, uint64_t v)
{
	do
		v = backward(s, v);
	while (v >= s->n);
	return v;
}
