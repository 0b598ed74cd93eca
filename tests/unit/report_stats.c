/* SPDX-License-Identifier: MIT */
/* Statistics that add up: histograms, counts, samples against plain sorting. */
#include <math.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/hash.h"
#include "report/counts.h"
#include "report/hist.h"
#include "report/samples.h"
#include "report/stats.h"
#include "tap.h"

enum { N = 5000 };

static double values[N];

/* Numbers of all sizes and signs, with many that are equal. */
static double
value(uint64_t i)
{
	uint64_t r = mix64(i);
	double v = ldexp((double)(r >> 40), (int)(r % 60) - 50);

	if (r % 7 == 0)
		return (double)(r % 11);
	return r % 5 == 0 ? -v : v;
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void
test_bins(void)
{
	static const double ends[] = { 0, 1, 2, 31, 32, 0.1, 1e300, 5e-324, -1,
		-0.3, -1e-300 };
	bool inside = true, narrow = true, ordered = true;
	size_t i;

	for (i = 0; i < N; i++) {
		double v = values[i];
		int32_t at = hist_at(v);

		inside = inside && (at ? hist_lower(at) < hist_upper(at) : 1);
		inside =
		    inside &&
		    fabs(v) >=
			fmin(fabs(hist_lower(at)), fabs(hist_upper(at))) &&
		    fabs(v) <= fmax(fabs(hist_lower(at)), fabs(hist_upper(at)));
		narrow = narrow && hist_upper(at) - hist_lower(at) <=
				       fabs(v) / 16 * (1 + 1e-12);
		if (i)
			ordered = ordered && hist_at(values[i - 1]) <= at;
	}
	OK(inside, "a value lies in its bin");
	OK(narrow, "a bin is at most a sixteenth of its values wide");
	OK(ordered, "bins are ordered as values are");
	for (i = 0; i < 32; i++)
		inside = inside &&
			 hist_lower(hist_at((double)i)) == (double)i &&
			 hist_at((double)i) != hist_at((double)i + 1);
	OK(inside, "whole numbers below 32 have a bin each");
	for (i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		inside =
		    inside && hist_at(hist_lower(hist_at(fabs(ends[i])))) ==
				  hist_at(fabs(ends[i]));
	OK(inside, "a bin's lower end lies in it");
	OK(hist_at(-0.0) == 0 && hist_at(0.0) == 0, "zeros are one");
}

static bool
same_hist(const struct hist *a, const struct hist *b)
{
	struct buf x = { 0 }, y = { 0 };
	bool same;

	hist_json(a, &x);
	hist_json(b, &y);
	same = str_eq(buf_view(&x), buf_view(&y));
	buf_free(&x);
	buf_free(&y);
	return same;
}

static void
test_quantiles(const struct hist *h)
{
	bool near = true;
	double q;

	for (q = 0.01; q < 1; q += 0.01) {
		double exact = values[(size_t)ceil(q * N) - 1];

		near = near &&
		       hist_at(hist_quantile(h, q)) >= hist_at(exact) - 1 &&
		       hist_quantile(h, q) <= exact;
	}
	OK(near, "quantiles are the ends of the bins of the exact ones");
	OK(h->min == values[0] && h->max == values[N - 1], "least and most");
}

static void
test_hist(void)
{
	struct hist all = { 0 }, part[3] = { { 0 } }, sum = { 0 }, read = { 0 };
	struct buf json = { 0 };
	struct json *j;
	struct err e;
	size_t i;

	for (i = 0; i < N; i++) {
		hist_add(&all, values[i], 1, &e);
		hist_add(&part[mix64(i) % 3], values[i], 1, &e);
	}
	qsort(values, N, sizeof(*values), by_value);
	test_quantiles(&all);
	for (i = 3; i-- > 0;)
		hist_merge(&sum, &part[i], &e);
	OK(same_hist(&all, &sum), "parts add up to the whole, in any order");
	hist_json(&all, &json);
	OK(json_parse(&j, json.p, json.n, &e) == 0 &&
		hist_read(&read, json_root(j), &e) == 0 &&
		same_hist(&all, &read),
	    "written and read it is the same");
	json_free(j);
	OK(hist_add(&all, NAN, 1, &e) == ERR_ARG &&
		hist_add(&all, INFINITY, 1, &e) == ERR_ARG,
	    "what is not finite is refused");
	for (i = 0; i < 3; i++)
		hist_free(&part[i]);
	hist_free(&all);
	hist_free(&sum);
	hist_free(&read);
	buf_free(&json);
}

static void
test_counts(void)
{
	struct counts c = { 0 }, tight = { 0 };
	const struct count **v;
	uint64_t documents = 0;
	char name[32];
	struct err e;
	size_t i, n = 0;
	bool sorted = true;
	int rc = 0;

	for (i = 0; i < 3000; i++) {
		n = (size_t)snprintf(name, sizeof(name), "host-%d",
		    (int)(sqrt((double)(mix64(i) % 1000000))));
		counts_add(&c, (struct str){ name, n }, 1, i, 0, &e);
	}
	v = counts_sorted(&c);
	for (i = 0; i < c.n; i++) {
		documents += v[i]->documents;
		sorted = sorted &&
			 (!i || v[i - 1]->documents > v[i]->documents ||
			     (v[i - 1]->documents == v[i]->documents &&
				 str_cmp(v[i - 1]->value, v[i]->value) < 0));
	}
	OK(documents == 3000, "each document is counted once");
	OK(sorted, "by documents, then by name");
	free(v);
	for (i = 0; rc == 0 && i < 100000; i++) {
		n = (size_t)snprintf(name, sizeof(name), "host-%zu", i);
		rc = counts_add(
		    &tight, (struct str){ name, n }, 1, 1, 1 << 20, &e);
	}
	OK(rc == ERR_ARG && i > 1000, "a limit of memory is kept: %s", e.msg);
	counts_free(&c);
	counts_free(&tight);
}

static void
test_samples(void)
{
	struct samples all = { 0 }, half[2] = { { 0 } }, sum = { 0 };
	struct buf a = { 0 }, b = { 0 };
	struct sample x = { 0 };
	uint64_t least = UINT64_MAX;
	struct err e;
	char id[32];
	size_t i;

	for (i = 0; i < 200; i++) {
		x.field[SAMPLE_ID].p = id;
		x.field[SAMPLE_ID].n =
		    (size_t)snprintf(id, sizeof(id), "doc-%zu", i);
		x.hash = hash64(id, x.field[SAMPLE_ID].n, 0);
		least = x.hash < least ? x.hash : least;
		samples_add(&all, STR("filter/short"), &x, &e);
		samples_add(&half[i < 20], STR("filter/short"), &x, &e);
	}
	samples_merge(&sum, &half[1], &e);
	samples_merge(&sum, &half[0], &e);
	samples_json(&all, &a);
	samples_json(&sum, &b);
	OK(str_eq(buf_view(&a), buf_view(&b)), "samples of halves add up");
	OK(samples_find(&all, STR("filter/short"))->v[0].hash == least,
	    "the document of the smallest hash is taken");
	OK(!samples_find(&all, STR("filter/long")), "no such kind");
	samples_free(&all);
	samples_free(&sum);
	samples_free(&half[0]);
	samples_free(&half[1]);
	buf_free(&a);
	buf_free(&b);
}

int
main(void)
{
	size_t i;

	for (i = 0; i < N; i++)
		values[i] = value(i);
	test_hist();
	test_bins();
	test_counts();
	test_samples();
	return tap_end();
}
