/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "mix/picture.h"

/* Where things stand, in pixels. */
enum {
	LEFT = 80,
	WIDTH = 720,
	TOP = 30,
	SHARES = 260, /* height of the shares, then of each strip */
	STRIP = 60,
	GAP = 30,
	LEGEND = 18
};

/* Hues a golden angle apart: neighbours differ however many there are. */
static double
hue(uint32_t source)
{
	double h = 210 + source * 137.508;

	return h - 360 * (double)(uint64_t)(h / 360);
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

/* A source's band in one phase, above what is below it at both ends. */
static void
band(const struct plan *p, const struct plan_phase *ph, uint32_t i,
    double below[2], struct buf *out)
{
	const struct blend *b = &ph->blend;
	double d = (double)b->d, before = (double)ph->tokens_before;
	double v[2] = { (double)b->w[i] / d,
		(double)(b->to ? b->to[i] : b->w[i]) / d };
	double x = x_of(p, before);
	double end = x_of(p, before + (double)(ph->rows * ph->seq));
	uint32_t source = ph->shares[i].source;

	buf_printf(out,
	    "<path fill=\"hsl(%.0f,60%%,%d%%)\" d=\"M%.2f %.2fL%.2f %.2fL%.2f "
	    "%.2fL%.2f %.2fZ\"><title>%s, %s: %.4g %%",
	    hue(source), 45 + (int)(source % 3) * 10, x, y_of(below[0]), x,
	    y_of(below[0] + v[0]), end, y_of(below[1] + v[1]), end,
	    y_of(below[1]), p->sources[source].name, ph->name, 100 * v[0]);
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
	buf_printf(out,
	    "<text x=\"%.2f\" y=\"%d\">%s</text><path class=\"l\" d=\"M%.2f "
	    "%dv%d\"/>\n",
	    x_of(p, (double)ph->tokens_before) + 3, TOP - 8, ph->name,
	    x_of(p, (double)ph->tokens_before), TOP - 18,
	    SHARES + 2 * (GAP + STRIP) + 18);
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

static double
largest(const struct plan *p,
    double (*value)(const struct plan_phase *, const struct plan_batch *))
{
	double v, most = 1;
	uint32_t i, j;

	for (i = 0; i < p->nphase; i++)
		for (j = 0; j < p->phases[i].nbatch; j++) {
			v = value(&p->phases[i], &p->phases[i].batches[j]);
			most = v > most ? v : most;
		}
	return most;
}

/* A line in steps, its foot at y. */
static void
strip(const struct plan *p, double y, const char *name,
    double (*value)(const struct plan_phase *, const struct plan_batch *),
    struct buf *out)
{
	double most = largest(p, value), before;
	const struct plan_phase *ph;
	uint32_t i, j;

	buf_printf(out,
	    "<text x=\"%d\" y=\"%.2f\">%s, up to %.0f</text>\n<path "
	    "class=\"s\" d=\"M%d %.2f",
	    LEFT, y - STRIP - 4, name, most, LEFT, y);
	for (i = 0; i < p->nphase; i++) {
		ph = &p->phases[i];
		for (j = 0; j < ph->nbatch; j++) {
			before = (double)ph->tokens_before +
				 (double)ph->batches[j].row * ph->seq;
			buf_printf(out, "H%.2fV%.2f", x_of(p, before),
			    y - STRIP * value(ph, &ph->batches[j]) / most);
		}
	}
	buf_printf(out, "H%d\"/>\n", LEFT + WIDTH);
}

static void
legend(const struct plan *p, double y, struct buf *out)
{
	const struct plan_source *s;
	uint32_t i;

	for (i = 0; i < p->nsource; i++, y += LEGEND) {
		s = &p->sources[i];
		buf_printf(out,
		    "<rect x=\"%d\" y=\"%.0f\" width=\"12\" height=\"12\" "
		    "fill=\"hsl(%.0f,60%%,%d%%)\"/><text x=\"%d\" "
		    "y=\"%.0f\">%s: %llu tokens, %.4g epochs</text>\n",
		    LEFT, y, hue(i), 45 + (int)(i % 3) * 10, LEFT + 18, y + 10,
		    s->name, (unsigned long long)s->used,
		    s->block ? ratio_double(s->epochs) : 0);
	}
}

void
picture_plan(const struct plan *p, struct buf *out)
{
	double y = TOP + SHARES + GAP + STRIP;
	uint32_t i;

	buf_printf(out,
	    "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" "
	    "height=\"%.0f\" font-family=\"sans-serif\" font-size=\"11\">\n"
	    "<style>.l{stroke:#888;stroke-width:.5}.s{fill:none;stroke:#246}"
	    "</style>\n<rect width=\"100%%\" height=\"100%%\" "
	    "fill=\"white\"/>\n",
	    LEFT + WIDTH + LEFT,
	    y + 2 * GAP + STRIP + (double)LEGEND * p->nsource);
	for (i = 0; i < p->nphase; i++)
		phase_bands(p, &p->phases[i], out);
	buf_printf(out,
	    "<text x=\"%d\" y=\"%d\">100 %%</text><text x=\"%d\" "
	    "y=\"%d\">0</text>\n",
	    LEFT - 45, TOP + 8, LEFT - 15, TOP + SHARES);
	strip(p, y, "tokens a batch", batch_tokens, out);
	strip(p, y + GAP + STRIP, "tokens a row", row_tokens, out);
	buf_printf(out, "<text x=\"%d\" y=\"%.0f\">%llu tokens</text>\n",
	    LEFT + WIDTH - 90, y + GAP + STRIP + 14,
	    (unsigned long long)p->tokens);
	legend(p, y + 2 * GAP + STRIP - 10, out);
	buf_puts(out, "</svg>\n");
}
