/* SPDX-License-Identifier: MIT */
#include "report/hist.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"

/* Bits of the significand below a bin's: 52 - 4 leave 16 bins an octave. */
enum { BELOW = 48 };

void
hist_free(struct hist *h)
{
	free(h->bins);
	*h = (struct hist){ 0 };
}

int32_t
hist_at(double v)
{
	double size = fabs(v);
	uint64_t bits;
	int32_t at;

	memcpy(&bits, &size, sizeof(bits));
	at = (int32_t)(bits >> BELOW);
	return v < 0 ? -at : at;
}

/* The end of bin at that is nearer to zero. */
static double
near_end(int32_t at)
{
	uint64_t bits = (uint64_t)at << BELOW;
	double v;

	memcpy(&v, &bits, sizeof(v));
	return v;
}

double
hist_lower(int32_t at)
{
	if (at < 0)
		return -near_end(1 - at);
	return at ? near_end(at) : 0;
}

double
hist_upper(int32_t at)
{
	if (at < 0)
		return -near_end(-at);
	return at ? near_end(at + 1) : 0;
}

/* The first bin not before at. */
static size_t
bin_find(const struct hist *h, int32_t at)
{
	size_t lo = 0, hi = h->nbin, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (h->bins[mid].at < at)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static int
bin_insert(struct hist *h, size_t i, int32_t at, struct err *e)
{
	size_t cap = h->cap ? 2 * h->cap : 16;
	struct hist_bin *bins = h->bins;

	if (h->nbin == h->cap) {
		bins = realloc(bins, cap * sizeof(*bins));
		if (!bins)
			return err_nomem(e, "a histogram");
		h->bins = bins;
		h->cap = cap;
	}
	memmove(bins + i + 1, bins + i, (h->nbin - i) * sizeof(*bins));
	bins[i] = (struct hist_bin){ .at = at };
	h->nbin++;
	return 0;
}

static int
bin_add(struct hist *h, int32_t at, uint64_t n, struct err *e)
{
	size_t i = bin_find(h, at);

	if ((i == h->nbin || h->bins[i].at != at) &&
	    bin_insert(h, i, at, e) < 0)
		return e->code;
	h->bins[i].n += n;
	return 0;
}

/* Takes values from min to max in, n of them. */
static void
hist_widen(struct hist *h, double min, double max, uint64_t n)
{
	if (h->n == 0 || min < h->min)
		h->min = min;
	if (h->n == 0 || max > h->max)
		h->max = max;
	h->n += n;
}

int
hist_add(struct hist *h, double v, uint64_t n, struct err *e)
{
	if (!isfinite(v))
		return err_set(e, ERR_ARG, "a number that is not finite");
	if (n == 0)
		return 0;
	if (bin_add(h, hist_at(v), n, e) < 0)
		return e->code;
	hist_widen(h, v + 0.0, v + 0.0, n);
	return 0;
}

int
hist_merge(struct hist *h, const struct hist *x, struct err *e)
{
	size_t i;

	for (i = 0; i < x->nbin; i++)
		if (bin_add(h, x->bins[i].at, x->bins[i].n, e) < 0)
			return e->code;
	if (x->n)
		hist_widen(h, x->min, x->max, x->n);
	return 0;
}

double
hist_quantile(const struct hist *h, double q)
{
	uint64_t rank = (uint64_t)ceil(q * (double)h->n), seen = 0;
	size_t i;

	for (i = 0; i < h->nbin; i++) {
		seen += h->bins[i].n;
		if (seen >= rank && seen)
			return fmax(hist_lower(h->bins[i].at), h->min);
	}
	return h->max;
}

void
hist_json(const struct hist *h, struct buf *out)
{
	size_t i;

	buf_puts(out, "{\"n\":");
	buf_u64(out, h->n);
	buf_puts(out, ",\"min\":");
	buf_double(out, h->min);
	buf_puts(out, ",\"max\":");
	buf_double(out, h->max);
	buf_puts(out, ",\"bins\":[");
	for (i = 0; i < h->nbin; i++) {
		buf_puts(out, i ? ",[" : "[");
		buf_double(out, hist_lower(h->bins[i].at));
		buf_putc(out, ',');
		buf_u64(out, h->bins[i].n);
		buf_putc(out, ']');
	}
	buf_puts(out, "]}");
}

/* Negative bins are written by their far ends, which are the next bin's. */
static int32_t
bin_of_lower(double lower)
{
	int32_t at = hist_at(lower);

	return at < 0 ? at + 1 : at;
}

static int
bin_read(struct hist *h, struct json_val v, uint64_t *n, struct err *e)
{
	struct json_iter it = json_each(v);
	struct json_val lower, count;

	if (json_count(v) != 2 || !json_next(&it, NULL, &lower) ||
	    !json_next(&it, NULL, &count) || json_u64(count, 0) == 0 ||
	    !isfinite(json_double(lower, NAN)))
		return err_set(e, ERR_FORMAT,
		    "a bin of a histogram is no [number, count]");
	*n += json_u64(count, 0);
	return bin_add(
	    h, bin_of_lower(json_double(lower, 0)), json_u64(count, 0), e);
}

int
hist_read(struct hist *h, struct json_val v, struct err *e)
{
	struct json_iter it = json_each(json_get(v, "bins"));
	struct json_val bin;
	uint64_t n = 0;

	while (json_next(&it, NULL, &bin))
		if (bin_read(h, bin, &n, e) < 0)
			return e->code;
	if (n != json_u64(json_get(v, "n"), 0))
		return err_set(e, ERR_FORMAT,
		    "the bins of a histogram do not add up to its \"n\"");
	h->n = n;
	h->min = json_double(json_get(v, "min"), 0);
	h->max = json_double(json_get(v, "max"), 0);
	return 0;
}
