/* SPDX-License-Identifier: MIT */
/*
 * Shares that follow losses, against the formulas of the papers written down
 * as they stand there; and their rounding.
 */
#include <math.h>
#include <string.h>

#include "base/err.h"
#include "base/hash.h"
#include "mix/adapt.h"
#include "tap.h"

enum { MOST = 8 };

static uint64_t state = 5;

static double
draw(void)
{
	return (double)(mix64(state += 0x9e3779b97f4a7c15u) >> 11) / 0x1p53;
}

static bool
near(const double *a, const double *b, uint32_t k)
{
	uint32_t i;

	for (i = 0; i < k; i++)
		if (fabs(a[i] - b[i]) > 1e-12 * (1 + fabs(b[i])))
			return false;
	return true;
}

/* Losses of an interval; now and then a source has no rows. */
static void
losses(struct source_loss *v, uint32_t k, double p_none)
{
	uint32_t i;

	for (i = 0; i < k; i++) {
		v[i].targets =
		    i && draw() < p_none ? 0 : 1 + (uint64_t)(draw() * 1000);
		v[i].sum = (double)v[i].targets * (1 + 6 * draw());
	}
}

static void
even(double *p, uint32_t k)
{
	uint32_t i;

	for (i = 0; i < k; i++)
		p[i] = 1.0 / k;
}

/* DoReMi, algorithm 1: alpha' = alpha exp(eta lambda), then normalised, then
 * (1 - c) alpha + c u; the result is the mean over all steps. */
static void
test_doremi(void)
{
	const struct recipe_adapt how = { ADAPT_DOREMI, 1, .7, .01, NULL, 1 };
	struct source_loss v[MOST];
	double alpha[MOST], mean[MOST] = { 0 }, ref[MOST], z;
	uint32_t k = 5, i, t;
	struct adapt a;
	struct err e;
	bool same = true;

	even(alpha, k);
	for (i = 0; i < k; i++)
		ref[i] = 2 + 3 * draw();
	adapt_begin(&a, &how, k, alpha, &e);
	a.reference = ref;
	for (t = 0; t < 200; t++) {
		losses(v, k, .1);
		adapt_update(&a, v);
		for (i = 0, z = 0; i < k; i++) {
			if (v[i].targets)
				alpha[i] *= exp(
				    .7 * fmax(v[i].sum / (double)v[i].targets -
						  ref[i],
					     0));
			z += alpha[i];
		}
		for (i = 0; i < k; i++) {
			alpha[i] = .99 * (alpha[i] / z) + .01 / k;
			mean[i] += alpha[i] / 200;
		}
		same &= near(a.p, alpha, k);
	}
	for (i = 0; i < k; i++)
		a.more[i] /= (double)a.updates;
	OK(same && near(a.more, mean, k), "DoReMi, and the mean of its shares");
	adapt_free(&a);
}

/* Exp3 as the ODM paper has it: exploration of the step before weighs the
 * rewards, that of this step is mixed in. */
static void
test_odm(void)
{
	const struct recipe_adapt how = { ADAPT_ODM, 1, 1, .9, NULL, 1 };
	struct source_loss v[MOST];
	double pi[MOST], R[MOST] = { 0 }, E[202], w, z, all;
	uint32_t K = 6, i, t;
	struct adapt a;
	struct err e;
	bool same = true;

	for (t = 1; t < 202; t++)
		E[t] = fmin(1.0 / K, sqrt(log(K) / (K * (double)t)));
	even(pi, K);
	adapt_begin(&a, &how, K, pi, &e);
	for (t = 1; t <= 200; t++) {
		losses(v, K, .2);
		adapt_update(&a, v);
		for (i = 0, all = 0; i < K; i++)
			all += (double)v[i].targets;
		for (i = 0; i < K; i++)
			R[i] = .9 * R[i] + .1 * (v[i].sum / all / pi[i]);
		for (i = 0, z = 0; i < K; i++)
			z += exp(E[t] * R[i]);
		for (i = 0; i < K; i++) {
			w = exp(E[t] * R[i]) / z;
			pi[i] = (1 - K * E[t + 1]) * w + E[t + 1];
		}
		same &= near(a.p, pi, K);
	}
	OK(same && a.updates == 200, "ODM");
	adapt_free(&a);
}

static void
test_skillit(void)
{
	const struct recipe_adapt how = { ADAPT_SKILLIT, 1, .2, 0, NULL, 1 };
	struct source_loss v[MOST];
	double p[MOST], A[MOST * MOST], L[MOST] = { 0 }, x, z;
	uint32_t k = 4, i, j, t;
	struct adapt a;
	struct err e;
	bool same = true;

	even(p, k);
	for (i = 0; i < k * k; i++)
		A[i] = draw() < .5 ? 0 : draw();
	adapt_begin(&a, &how, k, p, &e);
	a.matrix = A;
	for (t = 0; t < 20; t++) {
		losses(v, k, .2);
		adapt_update(&a, v);
		for (i = 0, z = 0; i < k; i++)
			if (v[i].targets)
				L[i] = v[i].sum / (double)v[i].targets;
		for (i = 0; i < k; i++) {
			for (j = 0, x = 0; j < k; j++)
				x += A[i * k + j] * L[j];
			p[i] *= exp(.2 * x);
			z += p[i];
		}
		for (i = 0; i < k; i++)
			p[i] /= z;
		same &= near(a.p, p, k);
	}
	OK(same, "Skill-it");
	adapt_free(&a);
}

/* No loss is so large that shares are none. */
static void
test_extremes(void)
{
	const struct recipe_adapt how = { ADAPT_DOREMI, 1, 1000, 1e-3, NULL,
		1 };
	struct source_loss v[3] = { { 9e9, 1 }, { 1, 1 }, { 0, 0 } };
	double ref[3] = { 0 }, p[3];
	struct adapt a;
	struct err e;

	even(p, 3);
	adapt_begin(&a, &how, 3, p, &e);
	a.reference = ref;
	adapt_update(&a, v);
	OK(fabs(a.p[0] + a.p[1] + a.p[2] - 1) < 1e-12 && a.p[0] > .99 &&
		a.p[2] > 3e-4,
	    "a huge loss gives %g %g %g", a.p[0], a.p[1], a.p[2]);
	adapt_free(&a);
}

static void
test_parts(void)
{
	double p[MOST], limit[MOST], held;
	uint64_t w[MOST], sum;
	uint32_t k, i, t;
	bool whole = true, held_all = true, kept = true;
	struct err e;

	for (t = 0; t < 1000; t++) {
		k = 2 + (uint32_t)(draw() * 6);
		for (i = 0, held = 0; i < k; i++)
			held += p[i] = draw() + 1e-9;
		for (i = 0; i < k; i++)
			p[i] /= held;
		for (i = 0, held = 0; i < k; i++)
			held += limit[i] = draw() < .5 ? 1 : draw();
		adapt_parts(p, limit, k, w, &e);
		for (i = 0, sum = 0; i < k; i++) {
			sum += w[i];
			kept &= w[i] >= ADAPT_LEAST;
			if (held >= 1)
				held_all &=
				    (double)w[i] <=
				    limit[i] * ADAPT_PARTS + ADAPT_LEAST + 1;
		}
		whole &= sum == ADAPT_PARTS;
	}
	OK(whole && kept, "parts add up, and nobody has none");
	OK(held_all, "nobody has more than the limit, if all can have less");
	p[0] = .7, p[1] = .2, p[2] = .1;
	limit[0] = .4, limit[1] = limit[2] = 1;
	adapt_parts(p, limit, 3, w, &e);
	OK(fabs((double)w[0] - 4e8) < 2e3 && fabs((double)w[1] - 4e8) < 2e3,
	    "what is cut goes to the others as they are large: %llu %llu %llu",
	    (unsigned long long)w[0], (unsigned long long)w[1],
	    (unsigned long long)w[2]);
}

int
main(void)
{
	test_doremi();
	test_odm();
	test_skillit();
	test_extremes();
	test_parts();
	return tap_end();
}
