/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/num.h"

int
num_u64(const char *s, uint64_t *v, struct err *e)
{
	char *end;

	errno = 0;
	*v = strtoull(s, &end, 10);
	if (!isdigit((unsigned char)*s) || *end || errno)
		return err_set(e, ERR_ARG, "'%s' is not a whole number", s);
	return 0;
}

int
num_double(const char *s, double *v, struct err *e)
{
	char *end;

	*v = strtod(s, &end);
	if (end == s || isspace((unsigned char)*s) || *end || !isfinite(*v))
		return err_set(e, ERR_ARG, "'%s' is not a number", s);
	return 0;
}

/* A decimal number and one letter of units; letter i stands for base^(i+1). */
static int
scaled(
    const char *s, const char *units, double base, uint64_t *v, struct err *e)
{
	const char *unit;
	double x, scale;
	char *end;

	x = strtod(s, &end);
	if (end == s || !isdigit((unsigned char)*s))
		goto bad;
	if (*end) {
		unit = strchr(units, toupper((unsigned char)*end));
		if (!unit || end[1])
			goto bad;
		scale = pow(base, (double)(unit - units + 1));
		if (x * scale >= 0x1p64)
			goto bad;
		*v = (uint64_t)llround(x * scale);
		return 0;
	}
	if (strspn(s, "0123456789") == strlen(s))
		return num_u64(s, v, e);
bad:
	return err_set(
	    e, ERR_ARG, "'%s' is not a number with one of %s", s, units);
}

int
num_size(const char *s, uint64_t *v, struct err *e)
{
	return scaled(s, "KMGT", 1024, v, e);
}

int
num_count(const char *s, uint64_t *v, struct err *e)
{
	return scaled(s, "KMBT", 1000, v, e);
}

/* Two digits a step, from the last on. */
char *
num_decimal(char *to, uint64_t v)
{
	static const char pairs[] = "00010203040506070809"
				    "10111213141516171819"
				    "20212223242526272829"
				    "30313233343536373839"
				    "40414243444546474849"
				    "50515253545556575859"
				    "60616263646566676869"
				    "70717273747576777879"
				    "80818283848586878889"
				    "90919293949596979899";
	uint64_t rest = v;
	size_t n = 1;
	char *p;

	while (rest >= 10) {
		rest /= 10;
		n++;
	}
	for (p = to + n; v >= 10; v /= 100) {
		p -= 2;
		memcpy(p, pairs + 2 * (v % 100), 2);
	}
	if (p > to)
		*to = (char)('0' + v);
	return to + n;
}
