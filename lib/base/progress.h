/* SPDX-License-Identifier: MIT */
#ifndef BASE_PROGRESS_H
#define BASE_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * One line on the terminal that is drawn over and over:
 *
 *	quern filter  41%  1.2G of 2.9G  310K documents  412M/s  ETA 0:04
 *
 * Drawn on stderr, at most five times a second, only if stderr is a terminal
 * or the user asked (opt_common.progress).  Not thread-safe; the caller's lock
 * or order protects it.
 */
struct progress {
	const char *name; /* "filter" */
	const char *unit; /* of things counted: "documents" */
	bool shown, drawn;
	bool bytes;     /* done and total are bytes */
	uint64_t total; /* 0: unknown */
	double start, last;
};

/* show: force; quiet: never. */
void progress_start(struct progress *p, const char *name, const char *unit,
    uint64_t total, bool show, bool quiet);
/* done of total; count things. */
void progress_tick(struct progress *p, uint64_t done, uint64_t count);
/* Wipe the line, so that other text can be printed. */
void progress_clear(struct progress *p);

/* Seconds since some fixed point, monotonic. */
double progress_now(void);
/* "1.2G", "310K": v with a unit of the given base (1000 or 1024). */
const char *progress_scaled(char s[16], double v, int base);

#endif
