/* SPDX-License-Identifier: MIT */
#include <stdbool.h>

#include "mix/recipe.h"

typedef unsigned __int128 wide;

/* Numbers stay below this, so that sums of two products fit in 128 bits. */
#define LIMIT ((wide)1 << 62)

static bool
reduce(wide num, wide den, struct ratio *out)
{
	wide a = num, b = den, t;

	while (b) {
		t = a % b;
		a = b;
		b = t;
	}
	num /= a;
	den /= a;
	*out = (struct ratio){ (uint64_t)num, (uint64_t)den };
	return num < LIMIT && den < LIMIT;
}

bool
ratio_add(struct ratio a, struct ratio b, struct ratio *out)
{
	return reduce((wide)a.num * b.den + (wide)b.num * a.den,
	    (wide)a.den * b.den, out);
}

bool
ratio_sub(struct ratio a, struct ratio b, struct ratio *out)
{
	wide x = (wide)a.num * b.den, y = (wide)b.num * a.den;

	return x >= y && reduce(x - y, (wide)a.den * b.den, out);
}

bool
ratio_mul(struct ratio a, struct ratio b, struct ratio *out)
{
	return reduce((wide)a.num * b.num, (wide)a.den * b.den, out);
}

int
ratio_cmp(struct ratio a, struct ratio b)
{
	wide x = (wide)a.num * b.den, y = (wide)b.num * a.den;

	return (x > y) - (x < y);
}

double
ratio_double(struct ratio a)
{
	return (double)a.num / (double)a.den;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* A decimal at *p with at most 18 digits; moves *p behind it. */
static bool
decimal(const char **p, const char *end, struct ratio *out)
{
	uint64_t num = 0, den = 1;
	bool point = false, any = false;

	for (; *p < end; ++*p) {
		if (**p == '.' && !point) {
			point = true;
			continue;
		}
		if (!is_digit(**p))
			break;
		if (num >= 100000000000000000u || den >= 100000000000000000u)
			return false;
		num = num * 10 + (uint64_t)(**p - '0');
		den *= point ? 10 : 1;
		any = true;
	}
	return any && reduce(num, den, out);
}

/* e-8 */
static bool
exponent(const char **p, const char *end, struct ratio *v)
{
	const struct ratio ten = { 10, 1 }, tenth = { 1, 10 };
	bool negative;
	int n = 0;

	++*p;
	negative = *p < end && **p == '-';
	*p += negative || (*p < end && **p == '+');
	if (*p == end || end - *p > 2)
		return false;
	for (; *p < end; ++*p) {
		if (!is_digit(**p))
			return false;
		n = n * 10 + (**p - '0');
	}
	for (; n > 0; n--)
		if (!ratio_mul(*v, negative ? tenth : ten, v))
			return false;
	return true;
}

bool
ratio_parse(struct str s, struct ratio *out)
{
	const char *p = s.p, *end = s.p + s.n;
	struct ratio den;

	if (s.n == 0 || !decimal(&p, end, out))
		return false;
	if (p < end && (*p == 'e' || *p == 'E') && !exponent(&p, end, out))
		return false;
	if (p < end && *p == '/') {
		p++;
		if (!decimal(&p, end, &den) || den.num == 0)
			return false;
		return p == end &&
		       ratio_mul(*out, (struct ratio){ den.den, den.num }, out);
	}
	return p == end;
}
