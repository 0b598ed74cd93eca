/* SPDX-License-Identifier: MIT */
#ifndef REPORT_HIST_H
#define REPORT_HIST_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "io/json.h"

struct err;

/*
 * A histogram whose bins are the same everywhere, so that two of them add up
 * to that of all values together: 16 bins of equal width from each power of two
 * to the next.  A bin is at most 1/16 of its value wide, and whole numbers
 * below 32 have a bin each.  Zero has its own; negative numbers mirror positive
 * ones. Source: the idea of bins by the leading bits of the floating-point
 * number is HdrHistogram's; IEEE 754 binary64 gives the order.
 *
 * All zeros is an empty one.  Not thread-safe.
 */
struct hist_bin {
	int32_t at; /* position among all bins; ordered as the values are */
	uint64_t n;
};

struct hist {
	uint64_t n;
	double min, max;       /* of what was added; 0 of nothing */
	struct hist_bin *bins; /* those with values, in order */
	size_t nbin, cap;
};

void hist_free(struct hist *h);
/* ERR_ARG for NaN and infinities, ERR_NOMEM. */
int hist_add(struct hist *h, double v, uint64_t n, struct err *e);
/* Adds all of x. */
int hist_merge(struct hist *h, const struct hist *x, struct err *e);

/* The bin of a value, and the values at its two ends: lower <= v < upper. */
int32_t hist_at(double v);
double hist_lower(int32_t at);
double hist_upper(int32_t at);
/*
 * The lower end of the bin of the value of rank ceil(q n), no less than min:
 * q = 0.5 is the median.  0 of nothing.
 */
double hist_quantile(const struct hist *h, double q);

/* {"n":3,"min":1,"max":9,"bins":[[1,2],[9,1]]}: bins by their lower ends. */
void hist_json(const struct hist *h, struct buf *out);
/* Reads that into an empty histogram; ERR_FORMAT. */
int hist_read(struct hist *h, struct json_val v, struct err *e);

#endif
