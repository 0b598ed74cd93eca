/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/progress.h"

double
progress_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

const char *
progress_scaled(char s[16], double v, int base)
{
	static const char units[] = " KMGTP";
	int i = 0;

	for (; v >= base && units[i + 1]; i++)
		v /= base;
	snprintf(s, 16, i && v < 9.95 ? "%.1f%c" : "%.0f%c", v, units[i]);
	if (i == 0)
		snprintf(s, 16, "%.0f", v);
	return s;
}

void
progress_start(struct progress *p, const char *name, const char *unit,
    uint64_t total, bool show, bool quiet)
{
	*p = (struct progress){ .name = name, .unit = unit, .total = total };
	p->bytes = true;
	p->shown = !quiet && (show || isatty(STDERR_FILENO));
	p->start = progress_now();
}

static void
draw(const struct progress *p, uint64_t done, uint64_t count, double now)
{
	double past = now - p->start, rate = past > 0 ? (double)done / past : 0;
	int base = p->bytes ? 1024 : 1000;
	char a[16], b[16], c[16];
	uint64_t left;

	fprintf(stderr, "\r\033[Kquern %s", p->name);
	if (p->total)
		fprintf(stderr, "  %3.0f%%  %s of %s",
		    100.0 * (double)done / (double)p->total,
		    progress_scaled(a, (double)done, base),
		    progress_scaled(b, (double)p->total, base));
	else
		fprintf(stderr, "  %s", progress_scaled(a, (double)done, base));
	fprintf(stderr, "  %s %s  %s/s",
	    progress_scaled(b, (double)count, 1000), p->unit,
	    progress_scaled(c, rate, base));
	if (p->total > done && rate > 0) {
		left = (uint64_t)((double)(p->total - done) / rate);
		fprintf(stderr, "  ETA %llu:%02llu:%02llu",
		    (unsigned long long)left / 3600,
		    (unsigned long long)left / 60 % 60,
		    (unsigned long long)left % 60);
	}
	fflush(stderr);
}

void
progress_tick(struct progress *p, uint64_t done, uint64_t count)
{
	double now;

	if (!p->shown)
		return;
	now = progress_now();
	if (now - p->last < 0.2)
		return;
	p->last = now;
	p->drawn = true;
	draw(p, done, count, now);
}

void
progress_clear(struct progress *p)
{
	if (p->drawn) {
		fputs("\r\033[K", stderr);
		fflush(stderr);
	}
	p->drawn = false;
}
