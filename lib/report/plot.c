/* SPDX-License-Identifier: MIT */
#include "report/plot.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>

#include "report/markup.h"

/* In units of the picture, which the page scales to its width. */
enum { HIST_W = 320, HIST_H = 96, BARS = 40, AXIS = 16 };

/* What a bar stands for. */
struct bar {
	double lo, hi; /* values */
	double n;      /* how many */
};

struct bars {
	struct bar v[BARS];
	size_t n;
	bool log;
};

static bool
wants_log(const struct hist *h)
{
	double least = 0;
	size_t i;

	if (h->min < 0)
		return false;
	for (i = 0; i < h->nbin && least == 0; i++)
		least = hist_lower(h->bins[i].at);
	return least > 0 && h->max > 50 * least && h->max > 1;
}

/* Bars of equal width; a bin's values are spread evenly over it. */
static void
bars_linear(struct bars *b, const struct hist *h)
{
	double from = h->min < 0 ? h->min : 0, to = h->max, width, lo, hi, part;
	size_t i, k;

	if (to <= from)
		to = from + 1;
	width = (to - from) / BARS;
	b->n = BARS;
	for (k = 0; k < BARS; k++)
		b->v[k] = (struct bar){ from + (double)k * width,
			from + (double)(k + 1) * width, 0 };
	for (i = 0; i < h->nbin; i++) {
		lo = fmax(hist_lower(h->bins[i].at), h->min);
		hi = fmin(hist_upper(h->bins[i].at), h->max);
		for (k = 0; k < BARS; k++) {
			if (hi > lo)
				part = fmax(0, fmin(hi, b->v[k].hi) -
						   fmax(lo, b->v[k].lo)) /
				       (hi - lo);
			else
				part = k == (size_t)fmin(
						BARS - 1, (lo - from) / width);
			b->v[k].n += part * (double)h->bins[i].n;
		}
	}
}

/* Each bar takes a number of bins; zero has one of its own, the first. */
static void
bars_log(struct bars *b, const struct hist *h)
{
	size_t i = h->bins[0].at == 0;
	int32_t first = h->bins[i].at, last = h->bins[h->nbin - 1].at, each, k;
	size_t zero = i;

	each = (last - first) / (BARS - (int32_t)zero) + 1;
	b->n = zero + (size_t)((last - first) / each) + 1;
	if (zero)
		b->v[0] = (struct bar){ 0, 0, (double)h->bins[0].n };
	for (k = 0; zero + (size_t)k < b->n; k++)
		b->v[zero + (size_t)k] =
		    (struct bar){ hist_lower(first + k * each),
			    hist_lower(first + (k + 1) * each), 0 };
	for (; i < h->nbin; i++)
		b->v[zero + (size_t)((h->bins[i].at - first) / each)].n +=
		    (double)h->bins[i].n;
}

static void
draw_bar(struct buf *out, const struct bars *b, size_t i, double most)
{
	const struct bar *x = &b->v[i];
	double w = (double)HIST_W / (double)b->n;
	double height = x->n / most * (HIST_H - 4);

	if (x->n <= 0)
		return;
	if (height < 1)
		height = 1; /* seen, however few */
	buf_printf(out,
	    "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" "
	    "fill=\"var(--main)\"><title>",
	    (double)i * w + 0.5, HIST_H - height, w - 1, height);
	markup_number(out, x->lo);
	if (x->hi > x->lo) {
		buf_puts(out, " to ");
		markup_number(out, x->hi);
	}
	buf_puts(out, ": ");
	markup_number(out, round(x->n));
	buf_puts(out, "</title></rect>");
}

static void
draw_label(struct buf *out, double x, const char *anchor, double v)
{
	buf_printf(out, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"%s\">", x,
	    HIST_H + AXIS - 4, anchor);
	markup_number(out, v);
	buf_puts(out, "</text>");
}

/* Where a value stands on the x axis. */
static double
place(const struct bars *b, double v)
{
	double w = (double)HIST_W / (double)b->n, part;
	size_t i = 0;

	while (i + 1 < b->n && v >= b->v[i + 1].lo)
		i++;
	part = b->v[i].hi > b->v[i].lo
		   ? (v - b->v[i].lo) / (b->v[i].hi - b->v[i].lo)
		   : 0.5;
	return ((double)i + fmin(1, fmax(0, part))) * w;
}

void
plot_hist(struct buf *out, const struct hist *h)
{
	struct bars b = { 0 };
	double most = 0, median;
	size_t i;

	if (h->n == 0)
		return;
	b.log = wants_log(h);
	if (b.log)
		bars_log(&b, h);
	else
		bars_linear(&b, h);
	for (i = 0; i < b.n; i++)
		most = fmax(most, b.v[i].n);
	buf_printf(out, "<svg viewBox=\"0 0 %d %d\" role=\"img\">", HIST_W,
	    HIST_H + AXIS);
	for (i = 0; i < b.n; i++)
		draw_bar(out, &b, i, most);
	median = place(&b, hist_quantile(h, 0.5));
	buf_printf(out,
	    "<path d=\"M%.1f 0V%d\" stroke=\"var(--a)\" stroke-dasharray="
	    "\"3 2\"><title>median</title></path>"
	    "<path d=\"M0 %d.5H%d\" stroke=\"var(--line)\"/>",
	    median, HIST_H, HIST_H, HIST_W);
	draw_label(out, 0, "start", b.v[0].lo);
	if (b.log || b.v[b.n - 1].hi > 0)
		draw_label(
		    out, HIST_W, "end", b.log ? h->max : b.v[b.n - 1].hi);
	if (b.log && b.n > 2)
		draw_label(out, HIST_W / 2.0, "middle", b.v[b.n / 2].lo);
	buf_puts(out, "</svg>");
}

/* Lines. */
enum {
	LINE_W = 720,
	LINE_H = 260,
	LEFT = 52,
	BOTTOM = 34,
	TOP = 24,
	RIGHT = 8
};

struct frame {
	double x0, x1, y0, y1;
};

static const char *const colours[] = { "var(--main)", "var(--a)", "var(--c)",
	"var(--d)", "var(--b)", "var(--e)", "var(--f)" };
enum { COLOURS = sizeof(colours) / sizeof(*colours) };

static double
frame_x(const struct frame *f, double x)
{
	return LEFT + (x - f->x0) / (f->x1 - f->x0) * (LINE_W - LEFT - RIGHT);
}

static double
frame_y(const struct frame *f, double y)
{
	return LINE_H - BOTTOM -
	       (y - f->y0) / (f->y1 - f->y0) * (LINE_H - BOTTOM - TOP);
}

static bool
frame_fit(struct frame *f, const struct plot_line *lines, size_t n)
{
	bool any = false;
	size_t i, k;

	for (i = 0; i < n; i++)
		for (k = 0; k < lines[i].n; k++) {
			const struct plot_point *p = &lines[i].v[k];

			if (!any)
				*f = (struct frame){ p->x, p->x, p->y, p->y };
			any = true;
			f->x0 = fmin(f->x0, p->x);
			f->x1 = fmax(f->x1, p->x);
			f->y0 = fmin(f->y0, p->y);
			f->y1 = fmax(f->y1, p->y);
		}
	if (f->x1 <= f->x0)
		f->x1 = f->x0 + 1;
	if (f->y1 <= f->y0)
		f->y1 = f->y0 + 1;
	f->y0 -= 0.05 * (f->y1 - f->y0);
	f->y1 += 0.05 * (f->y1 - f->y0);
	return any;
}

/* A step of 1, 2 or 5 times a power of ten that divides range into 4 to 10. */
static double
tick_step(double range)
{
	double unit = pow(10, floor(log10(range / 4)));

	if (range / (5 * unit) >= 4)
		return 5 * unit;
	return range / (2 * unit) >= 4 ? 2 * unit : unit;
}

static void
draw_axes(struct buf *out, const struct frame *f, struct str x, struct str y)
{
	double step = tick_step(f->y1 - f->y0), v;

	for (v = ceil(f->y0 / step) * step; v <= f->y1; v += step) {
		buf_printf(out,
		    "<path d=\"M%d %.1fH%d\" stroke=\"var(--line)\"/>"
		    "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">",
		    LEFT, frame_y(f, v), LINE_W - RIGHT, LEFT - 6,
		    frame_y(f, v) + 4);
		markup_number(out, fabs(v) < step / 2 ? 0 : v);
		buf_puts(out, "</text>");
	}
	step = tick_step(f->x1 - f->x0);
	for (v = ceil(f->x0 / step) * step; v <= f->x1; v += step) {
		buf_printf(out,
		    "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">",
		    frame_x(f, v), LINE_H - BOTTOM + 14);
		markup_number(out, fabs(v) < step / 2 ? 0 : v);
		buf_puts(out, "</text>");
	}
	buf_printf(out, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">",
	    LINE_W - RIGHT, LINE_H - 4);
	markup_text(out, x);
	buf_printf(out, "</text><text x=\"%d\" y=\"%d\">", 0, 14);
	markup_text(out, y);
	buf_puts(out, "</text>");
}

/* One point a pixel: the mean of those that fall on it. */
static void
draw_curve(struct buf *out, const struct frame *f, const struct plot_line *l)
{
	double x = 0, y = 0, n = 0, at, pixel = -1;
	size_t k;
	char move = 'M';

	buf_puts(out, "<path fill=\"none\" stroke-width=\"1.5\" d=\"");
	for (k = 0; k <= l->n; k++) {
		at = k < l->n ? floor(frame_x(f, l->v[k].x)) : -1;
		if (n > 0 && at != pixel) {
			buf_printf(out, "%c%.1f %.1f", move, x / n, y / n);
			move = 'L';
			x = y = n = 0;
		}
		if (k < l->n) {
			x += frame_x(f, l->v[k].x);
			y += frame_y(f, l->v[k].y);
			n++;
			pixel = at;
		}
	}
	buf_puts(out, "\"/>");
}

static void
draw_dots(struct buf *out, const struct frame *f, const struct plot_line *l)
{
	size_t k;

	for (k = 0; k < l->n; k++) {
		buf_printf(out,
		    "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\"><title>",
		    frame_x(f, l->v[k].x), frame_y(f, l->v[k].y));
		markup_number(out, l->v[k].x);
		buf_puts(out, ": ");
		markup_number(out, l->v[k].y);
		buf_puts(out, "</title></circle>");
	}
}

void
plot_lines(struct buf *out, const struct plot_line *lines, size_t n,
    struct str x_name, struct str y_name)
{
	struct frame f = { 0 };
	size_t i;

	if (!frame_fit(&f, lines, n))
		return;
	buf_printf(
	    out, "<svg viewBox=\"0 0 %d %d\" role=\"img\">", LINE_W, LINE_H);
	draw_axes(out, &f, x_name, y_name);
	for (i = 0; i < n; i++) {
		buf_printf(out,
		    lines[i].dots ? "<g fill=\"%s\">" : "<g stroke=\"%s\">",
		    colours[i % COLOURS]);
		if (lines[i].dots)
			draw_dots(out, &f, &lines[i]);
		else
			draw_curve(out, &f, &lines[i]);
		buf_puts(out, "</g>");
	}
	buf_puts(out, "</svg><div class=\"key\">");
	for (i = 0; i < n; i++) {
		if (!lines[i].n)
			continue;
		buf_printf(out, "<span><i style=\"background:%s\"></i>",
		    colours[i % COLOURS]);
		markup_text(out, lines[i].name);
		buf_puts(out, "</span>");
	}
	buf_puts(out, "</div>");
}
