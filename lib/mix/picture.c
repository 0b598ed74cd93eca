/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mix/picture.h"

/* Where things stand, in pixels. */
enum {
	LEFT = 66,
	WIDTH = 620,
	RIGHT = 230, /* the legend */
	TOP = 64,
	SHARES = 240, /* height of the shares, then of each strip */
	STRIP = 54,
	GAP = 34,
	LEGEND = 17,
	LETTER = 6 /* a letter's width, about */
};

/* Tell apart by those who see fewer colours, too; then hues a golden angle
 * apart.  Source: Okabe, Ito, "Color universal design", 2008. */
static const char *const colours[] = { "#0072B2", "#E69F00", "#009E73",
	"#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#999999" };

static void
put_colour(uint32_t source, struct buf *out)
{
	const uint32_t n = sizeof(colours) / sizeof(*colours);

	if (source < n)
		buf_puts(out, colours[source]);
	else
		buf_printf(out, "hsl(%.0f,55%%,%d%%)",
		    fmod(source * 137.508, 360), 45 + (int)(source % 3) * 10);
}

/* "2.5B": tokens as people write them. */
static void
scaled(double v, char text[24])
{
	static const char units[] = " KMBT";
	int unit = 0;

	for (; v >= 999.5 && unit < 4; unit++)
		v /= 1000;
	snprintf(text, 24, unit ? "%.4g%c" : "%.4g", v, units[unit]);
}

static double
x_of(const struct plan *p, double tokens)
{
	return LEFT + WIDTH * tokens / (double)p->tokens;
}

static double
y_of(double part)
{
	return TOP + SHARES * (1 - part);
}

static double
tokens_of(const struct plan_phase *ph)
{
	return (double)(ph->rows * ph->seq);
}

/* A source's band in one phase, above what is below it at both ends. */
static void
band(const struct plan *p, const struct plan_phase *ph, uint32_t i,
    double below[2], struct buf *out)
{
	const struct blend *b = &ph->blend;
	double d = (double)b->d, before = (double)ph->tokens_before;
	double v[2] = { (double)b->w[i] / d,
		(double)(b->to ? b->to[i] : b->w[i]) / d };
	double x = x_of(p, before), end = x_of(p, before + tokens_of(ph));
	uint32_t source = ph->shares[i].source;

	/* With its line, so that neighbours of a colour have no seam. */
	buf_puts(out, "<path class=\"b\" fill=\"");
	put_colour(source, out);
	buf_puts(out, "\" stroke=\"");
	put_colour(source, out);
	buf_printf(out,
	    "\" d=\"M%.2f %.2fL%.2f %.2fL%.2f %.2fL%.2f %.2fZ\"><title>%s, "
	    "%s: %.4g %%",
	    x, y_of(below[0]), x, y_of(below[0] + v[0]), end,
	    y_of(below[1] + v[1]), end, y_of(below[1]), p->sources[source].name,
	    ph->name, 100 * v[0]);
	if (b->to)
		buf_printf(out, " to %.4g %%", 100 * v[1]);
	buf_puts(out, "</title></path>\n");
	below[0] += v[0];
	below[1] += v[1];
}

/* The index of a source in the phase; k if it isn't there. */
static uint32_t
index_of(const struct plan_phase *ph, uint32_t source)
{
	uint32_t i;

	for (i = 0; i < ph->blend.k && ph->shares[i].source != source; i++)
		;
	return i;
}

/* Sources lie in the recipe's order in every phase. */
static void
phase_bands(const struct plan *p, const struct plan_phase *ph, struct buf *out)
{
	double below[2] = { 0, 0 };
	uint32_t source, i;

	for (source = 0; source < p->nsource; source++) {
		i = index_of(ph, source);
		if (i < ph->blend.k)
			band(p, ph, i, below, out);
	}
}

/* One past the last phase that has the name of the i-th: the parts of one whose
 * shares were changed on the way. */
static uint32_t
named_alike(const struct plan *p, uint32_t i)
{
	uint32_t j;

	for (j = i + 1;
	     j < p->nphase && strcmp(p->phases[i].name, p->phases[j].name) == 0;
	     j++)
		;
	return j;
}

/* A phase's name above its beginning, slanted where it is narrow. */
static void
phase_names(const struct plan *p, double foot, struct buf *out)
{
	const struct plan_phase *ph, *last;
	double x, end;
	uint32_t i, next;

	for (i = 0; i < p->nphase; i = next) {
		next = named_alike(p, i);
		ph = &p->phases[i];
		last = &p->phases[next - 1];
		x = x_of(p, (double)ph->tokens_before);
		end = x_of(p, (double)last->tokens_before + tokens_of(last));
		if (i)
			buf_printf(out,
			    "<path class=\"p\" d=\"M%.2f %dV%.0f\"/>", x,
			    TOP - 5, foot);
		if (end - x >= LETTER * (double)strlen(ph->name) + 4)
			buf_printf(out,
			    "<text x=\"%.2f\" y=\"%d\" "
			    "text-anchor=\"middle\">%s</text>\n",
			    (x + end) / 2, TOP - 8, ph->name);
		else
			buf_printf(out,
			    "<text transform=\"translate(%.2f %d) "
			    "rotate(-40)\">%s</text>\n",
			    (x + end) / 2, TOP - 8, ph->name);
	}
}

/* A step of 1, 2 or 5 times a power of ten that goes 4 to 9 times into v. */
static double
tick_step(double v)
{
	double step = pow(10, floor(log10(v / 4)));

	if (v / step >= 20)
		return 5 * step;
	return v / step >= 10 ? 2 * step : step;
}

/* Tokens below everything. */
static void
x_axis(const struct plan *p, double y, struct buf *out)
{
	double all = (double)p->tokens, step = tick_step(all), t;
	char text[24];
	int i;

	for (i = 0; (t = i * step) <= all * 1.0001; i++) {
		scaled(t, text);
		buf_printf(out,
		    "<path class=\"a\" d=\"M%.2f %.0fv4\"/><text x=\"%.2f\" "
		    "y=\"%.0f\" text-anchor=\"middle\">%s</text>\n",
		    x_of(p, t), y, x_of(p, t), y + 16, text);
	}
	buf_printf(out,
	    "<text x=\"%d\" y=\"%.0f\" text-anchor=\"middle\">tokens "
	    "trained on</text>\n",
	    LEFT + WIDTH / 2, y + 32);
}

static void
y_label(double y, const char *text, struct buf *out)
{
	buf_printf(out,
	    "<text x=\"%d\" y=\"%.2f\" text-anchor=\"end\">%s</text>\n",
	    LEFT - 6, y + 4, text);
}

static void
title(double y, const char *text, struct buf *out)
{
	buf_printf(out,
	    "<text transform=\"translate(14 %.0f) rotate(-90)\" "
	    "text-anchor=\"middle\">%s</text>\n",
	    y, text);
}

static void
share_axis(struct buf *out)
{
	static const char *const parts[] = { "0 %", "25 %", "50 %", "75 %",
		"100 %" };
	int i;

	for (i = 0; i < 5; i++) {
		y_label(y_of(i / 4.), parts[i], out);
		if (i % 4)
			buf_printf(out,
			    "<path class=\"g\" d=\"M%d %.2fh%d\"/>\n", LEFT,
			    y_of(i / 4.), WIDTH);
	}
	buf_printf(out,
	    "<rect class=\"a\" x=\"%d\" y=\"%d\" width=\"%d\" "
	    "height=\"%d\"/>\n",
	    LEFT, TOP, WIDTH, SHARES);
	title(TOP + SHARES / 2., "shares", out);
}

/* What a strip shows of a batch. */
static double
batch_tokens(const struct plan_phase *ph, const struct plan_batch *b)
{
	return (double)b->rows * ph->seq;
}

static double
row_tokens(const struct plan_phase *ph, const struct plan_batch *b)
{
	(void)b;
	return ph->seq;
}

struct strip {
	const char *name;
	double (*value)(const struct plan_phase *, const struct plan_batch *);
};

static double
largest(const struct plan *p, const struct strip *s)
{
	double v, most = 1;
	uint32_t i, j;

	for (i = 0; i < p->nphase; i++)
		for (j = 0; j < p->phases[i].nbatch; j++) {
			v = s->value(&p->phases[i], &p->phases[i].batches[j]);
			most = v > most ? v : most;
		}
	return most;
}

/* The box of a strip whose foot is at y, from 0 to the largest. */
static void
strip_frame(const char *name, double y, const char *most, struct buf *out)
{
	buf_printf(out,
	    "<path class=\"a\" d=\"M%d %.0fV%.0fH%d\"/>\n<path class=\"g\" "
	    "d=\"M%d %.0fh%d\"/>\n",
	    LEFT, y - STRIP - 4, y, LEFT + WIDTH, LEFT, y - STRIP, WIDTH);
	y_label(y, "0", out);
	y_label(y - STRIP, most, out);
	title(y - STRIP / 2., name, out);
}

/* A line in steps, its foot at y. */
static void
strip(const struct plan *p, double y, const struct strip *s, struct buf *out)
{
	double most = largest(p, s), before;
	const struct plan_phase *ph;
	char text[24];
	uint32_t i, j;

	if (most < 1e6)
		snprintf(text, sizeof(text), "%.0f", most);
	else
		scaled(most, text);
	strip_frame(s->name, y, text, out);
	buf_puts(out, "<path class=\"s\" d=\"");
	for (i = 0; i < p->nphase; i++) {
		ph = &p->phases[i];
		for (j = 0; j < ph->nbatch; j++) {
			before = (double)ph->tokens_before +
				 (double)ph->batches[j].row * ph->seq;
			buf_printf(out, i || j ? "H%.2fV%.2f" : "M%.2f %.2f",
			    x_of(p, before),
			    y - STRIP * s->value(ph, &ph->batches[j]) / most);
		}
	}
	buf_printf(out, "H%d\"/>\n", LEFT + WIDTH);
}

/* Does the recipe change the learning rate? */
static bool
has_rate(const struct plan *p)
{
	uint32_t i;

	for (i = 0; i < p->nphase; i++)
		if (p->phases[i].lr[0] != 1 || p->phases[i].lr[1] != 1)
			return true;
	return false;
}

/* The learning rate's factor, as a curve of 32 points a phase. */
static void
rate_strip(const struct plan *p, double y, struct buf *out)
{
	enum { POINTS = 32 };
	const struct plan_phase *ph;
	double most = 0, v;
	char text[24];
	uint32_t i, j;
	bool drawn = false;

	for (i = 0; i < p->nphase; i++)
		for (j = 0; j < 2; j++)
			most = p->phases[i].lr[j] > most ? p->phases[i].lr[j]
							 : most;
	most = most > 0 ? most : 1;
	snprintf(text, sizeof(text), "%.4g", most);
	strip_frame("rate x", y, text, out);
	buf_puts(out, "<path class=\"s\" d=\"");
	for (i = 0; i < p->nphase; i++) {
		ph = &p->phases[i];
		for (j = 0; j <= POINTS; j++, drawn = true) {
			v = plan_lr(ph, (ph->steps - 1) * j / POINTS);
			buf_printf(out, "%c%.2f %.2f", drawn ? 'L' : 'M',
			    x_of(p, (double)ph->tokens_before +
					tokens_of(ph) * j / POINTS),
			    y - STRIP * v / most);
		}
	}
	buf_puts(out, "\"/>\n");
}

/* The sources as they lie, the last one on top. */
static void
legend(const struct plan *p, struct buf *out)
{
	const struct plan_source *s;
	double y = TOP;
	char text[24];
	uint32_t i;

	for (i = p->nsource; i-- > 0; y += LEGEND) {
		s = &p->sources[i];
		scaled((double)s->used, text);
		buf_printf(out,
		    "<rect x=\"%d\" y=\"%.0f\" width=\"12\" height=\"12\" "
		    "fill=\"",
		    LEFT + WIDTH + 16, y);
		put_colour(i, out);
		buf_printf(out,
		    "\"/><text x=\"%d\" y=\"%.0f\">%s <tspan class=\"n\">%s, "
		    "%.3g epochs</tspan></text>\n",
		    LEFT + WIDTH + 34, y + 10, s->name, text,
		    s->epochs.den ? ratio_double(s->epochs) : 0);
	}
}

void
picture_plan(const struct plan *p, struct buf *out)
{
	static const struct strip strips[] = { { "batch", batch_tokens },
		{ "row", row_tokens } };
	int n = 2 + has_rate(p);
	double foot = TOP + SHARES + n * (GAP + STRIP), y = TOP + SHARES;
	double names = TOP + (double)LEGEND * p->nsource;
	uint32_t i;

	buf_printf(out,
	    "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" "
	    "height=\"%.0f\" font-family=\"Helvetica,Arial,sans-serif\" "
	    "font-size=\"11\" "
	    "fill=\"#222\">\n<style>.b{stroke-width:.4}.a{fill:none;"
	    "stroke:#444;stroke-width:.8}.g{stroke:#000;stroke-opacity:.18;"
	    "stroke-width:.7}.p{stroke:#222;stroke-width:.8;"
	    "stroke-dasharray:3 3}.s{fill:none;stroke:#0072B2;"
	    "stroke-width:1.6}.n{fill:#666}</style>\n<rect width=\"100%%\" "
	    "height=\"100%%\" fill=\"white\"/>\n",
	    LEFT + WIDTH + RIGHT, (foot + 44 > names ? foot + 44 : names) + 10);
	for (i = 0; i < p->nphase; i++)
		phase_bands(p, &p->phases[i], out);
	share_axis(out);
	for (i = 0; i < 2; i++)
		strip(p, y += GAP + STRIP, &strips[i], out);
	if (n > 2)
		rate_strip(p, y + GAP + STRIP, out);
	x_axis(p, foot, out);
	phase_names(p, foot, out);
	legend(p, out);
	buf_puts(out, "</svg>\n");
}
