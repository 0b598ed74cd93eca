/* SPDX-License-Identifier: MIT */
#ifndef REPORT_PLOT_H
#define REPORT_PLOT_H

#include <stddef.h>

#include "base/buf.h"
#include "report/hist.h"

/* Pictures as SVG inside a page; their colours are the page's (markup.c). */

/*
 * A histogram: over the logarithm of values if they go over more than a factor
 * of 50, else over the values; the median is marked.  Draws nothing of nothing.
 */
void plot_hist(struct buf *out, const struct hist *h);

struct plot_point {
	double x, y;
};

/* A line, or its points alone. */
struct plot_line {
	struct str name;
	const struct plot_point *v; /* by x */
	size_t n;
	bool dots;
};

/*
 * Lines over a common x, with a legend below.  Where a line has more points
 * than there are pixels, the mean of those of a pixel is drawn.
 */
void plot_lines(struct buf *out, const struct plot_line *lines, size_t n,
    struct str x_name, struct str y_name);

#endif
