/* SPDX-License-Identifier: MIT */
#ifndef SMALL_MODEL_H
#define SMALL_MODEL_H

/* A model small enough for finite differences, and what every kind must pass.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "tap.h"
#include "train/net.h"
#include "train/philox.h"

enum { ROWS = 2, SEQ = 9 };

static const struct model_config untied = { .vocab = 19,
	.dim = 8,
	.hidden = 12,
	.layers = 2,
	.heads = 4,
	.kv_heads = 2,
	.head_dim = 4,
	.max_seq = 16,
	.eps = 1e-5,
	.theta = 100,
	.init_std = .3,
	.bos = -1,
	.eos = -1 };

static struct rows marks;        /* of test_model(): all but the tokens */
static double extra;             /* its label smoothing; a tenth: z-loss */
static struct net_dropout drops; /* its dropout */
static size_t stride = 1; /* of the elements of a tensor that are looked at */

static inline void
fill_rows(uint32_t *rows, size_t n, uint32_t vocab)
{
	size_t i;

	for (i = 0; i < n; i++)
		rows[i] = (uint32_t)(philox_uniform(5, 5, i) * vocab);
}

/* Norm weights of 1 hide mistakes: move them. */
static inline void
unsettle(struct net *n)
{
	struct err e;
	size_t i;

	for (i = 0; i < n->p->params.n; i++) {
		const struct param *p = &n->p->params.v[i];
		float *w = malloc(p->n * sizeof(*w));

		philox_normal(w, p->n, p->std > 0 ? p->std : .5, 11, i, 0);
		net_put(n->ops, n->params, p->at, w, p->n, &e);
		free(w);
	}
}

static inline double
loss_of(struct net *n, const struct rows *rows)
{
	double loss = 0;
	struct err e;

	/* The loss that is trained on; adds nothing to the gradients. */
	if (extra > 0 || drops.residual > 0)
		return net_train(n, rows, ROWS, SEQ, 0, &loss, &e) < 0 ? NAN
								       : loss;
	return net_loss(n, rows, ROWS, SEQ, &loss, &e) < 0 ? NAN : loss;
}

/* Central difference of order four: the error is O(h^4). */
static inline double
difference(struct net *n, const struct rows *rows, double *w)
{
	const double h = 2e-4;
	double keep = *w, f[4];
	int i;

	for (i = 0; i < 4; i++) {
		*w = keep + h * (double[]){ -2, -1, 1, 2 }[i];
		f[i] = loss_of(n, rows);
	}
	*w = keep;
	return (f[0] - 8 * f[1] + 8 * f[2] - f[3]) / (12 * h);
}

/* Of every parameter tensor: |analytic - numeric| / |numeric|. */
static inline double
worst_error(struct net *n, const struct rows *rows, const double *grads)
{
	double *w = n->params, diff, norm, num, worst = 0;
	size_t i, j;

	for (i = 0; i < n->p->params.n; i++) {
		const struct param *p = &n->p->params.v[i];

		diff = norm = 0;
		for (j = p->at; j < p->at + p->n; j += stride) {
			num = difference(n, rows, w + j);
			diff += (num - grads[j]) * (num - grads[j]);
			norm += num * num;
		}
		if (!(sqrt(diff / norm) <= worst))
			worst = sqrt(diff / norm);
	}
	return worst;
}

static inline void
test_model(const char *what, const struct model_config *c)
{
	uint32_t tokens[ROWS * (SEQ + 1)];
	struct rows rows = marks;
	struct program p;
	struct net n, f;
	struct err e;
	double loss = 0, floss = 0, diff = 0, norm = 0, worst;
	size_t i;

	fill_rows(tokens, ROWS * (SEQ + 1), c->vocab);
	rows.tokens = tokens;
	if (!OK(program_build(&p, c, ROWS * SEQ, true, &e) == 0 &&
		    net_open(&n, &p, ops_ref(), &e) == 0 &&
		    net_open(&f, &p, ops_cpu(2), &e) == 0,
		"%s: set up", what))
		return;
	unsettle(&n);
	unsettle(&f);
	n.smoothing = f.smoothing = extra;
	n.z = f.z = extra / 10;
	n.dropout = f.dropout = drops;
	net_train(&n, &rows, ROWS, SEQ, 1, &loss, &e);
	worst = worst_error(&n, &rows, n.grads);
	/* Of a key bias little is left: differences lose more digits. */
	OK(worst <= 1e-7,
	    "%s: gradients match finite differences in double, worst tensor "
	    "%.1e",
	    what, worst);
	net_train(&f, &rows, ROWS, SEQ, 1, &floss, &e);
	OK(fabs(floss - loss) <= 1e-6 * loss, "%s: loss in float %.7f, %.7f",
	    what, floss, loss);
	for (i = 0; i < p.params.size; i++) {
		double g = ((double *)n.grads)[i];

		diff += pow((double)((float *)f.grads)[i] - g, 2);
		norm += g * g;
	}
	OK(diff / norm <= 1e-11, "%s: gradients in float, NMSE %.1e", what,
	    diff / norm);
	net_close(&n);
	net_close(&f);
	program_free(&p);
}

/* Step by step with kept keys and values: the logits of the whole pass. */
static inline void
test_cache(const char *what, const struct model_config *config)
{
	enum { N = 13 };
	uint32_t row[N];
	float whole[N * 19], step[19];
	const uint32_t cut[] = { 0, 5, 6, 7, 12, N };
	struct program p;
	struct cache c;
	struct net n;
	struct err e;
	double worst = 0;
	size_t i, j;

	fill_rows(row, N, untied.vocab);
	program_build(&p, config, N, false, &e);
	net_open(&n, &p, ops_cpu(2), &e);
	unsettle(&n);
	net_logits(&n, &(struct rows){ .tokens = row }, 1, N, whole, &e);
	cache_open(&c, &n, 16, &e);
	for (i = 0; i + 1 < sizeof(cut) / sizeof(*cut); i++) {
		net_step(&n, &c, row + cut[i], cut[i + 1] - cut[i], step, &e);
		for (j = 0; j < 19; j++)
			worst = fmax(worst,
			    fabs((double)(step[j] -
					  whole[(cut[i + 1] - 1) * 19 + j])));
	}
	OK(worst < 2e-5, "%s: cached logits equal the whole pass's, worst %.1e",
	    what, worst);
	OK(net_step(&n, &c, row, 5, step, &e) == ERR_ARG,
	    "past the last position: %s", e.msg);
	row[0] = 19;
	OK(net_logits(&n, &(struct rows){ .tokens = row }, 1, 2, whole, &e) ==
		ERR_FORMAT,
	    "a token beyond the vocabulary: %s", e.msg);
	cache_close(&c);
	net_close(&n);
	program_free(&p);
}

/* A document in front changes nothing in one behind it, not even a bit. */
static inline void
test_documents(const char *what, const struct model_config *config)
{
	enum { N = 14, V = 19 };
	uint32_t row[2][N];
	int32_t first[N];
	float out[2][N * V];
	struct program p;
	struct net n;
	struct err e;
	size_t i, k;

	fill_rows(row[0], N, V);
	memcpy(row[1], row[0], sizeof(row[0]));
	for (i = 0; i < N; i++)
		first[i] = i < 7 ? 0 : 7;
	for (i = 0; i < 7; i++)
		row[1][i] = 18 - row[0][i];
	program_build(&p, config, N, 0, &e);
	net_open(&n, &p, ops_cpu(2), &e);
	unsettle(&n);
	for (k = 0; k < 2; k++) {
		net_logits(&n,
		    &(struct rows){
			.tokens = row[0], .first = k ? NULL : first },
		    1, N, out[0], &e);
		net_logits(&n,
		    &(struct rows){
			.tokens = row[1], .first = k ? NULL : first },
		    1, N, out[1], &e);
		OK((memcmp(out[0] + 7 * V, out[1] + 7 * V,
			(N - 7) * V * sizeof(float)) == 0) == (k == 0),
		    "%s: an edited document %s the next one's logits", what,
		    k ? "unmasked changes" : "leaves");
	}
	net_close(&n);
	program_free(&p);
}

#endif
