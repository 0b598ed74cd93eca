/* SPDX-License-Identifier: MIT */
#ifndef TESTS_TAP_H
#define TESTS_TAP_H

/* Test Anything Protocol: OK(condition, "what, printf-like"); return tap_end().
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

static int tap_run, tap_bad;

__attribute__((format(printf, 4, 5), unused)) static bool
tap_ok(bool ok, const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	tap_bad += !ok;
	printf("%sok %d - ", ok ? "" : "not ", ++tap_run);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	if (!ok)
		printf("# failed at %s:%d\n", file, line);
	fflush(stdout);
	return ok;
}

#define OK(cond, ...) tap_ok(cond, __FILE__, __LINE__, __VA_ARGS__)

/* The plan and the exit status. */
__attribute__((unused)) static int
tap_end(void)
{
	printf("1..%d\n", tap_run);
	return tap_bad != 0;
}

#endif
