/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>

#include "base/err.h"
#include "train/philox.h"
#include "train/sample.h"

/* Apart from the streams of weights_init(). */
#define STREAM ((uint64_t)1 << 32)

struct candidate {
	double weight;
	float logit;
	uint32_t id;
};

int
sampler_open(
    struct sampler *p, const struct sampling *s, uint32_t vocab, struct err *e)
{
	*p = (struct sampler){ .s = *s, .vocab = vocab };
	if (!(s->temperature >= 0) || !(s->top_p > 0) || s->top_p > 1)
		return err_set(e, ERR_ARG,
		    "temperature must not be below 0, top-p must be in (0, 1]");
	p->c = calloc(vocab, sizeof(*p->c));
	return p->c ? 0 : err_nomem(e, "sampling");
}

void
sampler_close(struct sampler *p)
{
	free(p->c);
	*p = (struct sampler){ 0 };
}

static int
likeliest_first(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->logit != y->logit)
		return x->logit < y->logit ? 1 : -1;
	return (x->id > y->id) - (x->id < y->id);
}

static uint32_t
largest(const float *logits, uint32_t n)
{
	uint32_t i, best = 0;

	for (i = 1; i < n; i++)
		if (logits[i] > logits[best])
			best = i;
	return best;
}

/* Weights relative to the first candidate's; returns their sum. */
static double
weigh(struct candidate *c, size_t n, double temperature)
{
	double sum = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		c[i].weight = exp(
		    ((double)c[i].logit - (double)c[0].logit) / temperature);
		sum += c[i].weight;
	}
	return sum;
}

uint32_t
sampler_pick(struct sampler *p, const float *logits, uint64_t position)
{
	size_t n = p->vocab, i;
	double sum, part = 0, at;

	if (p->s.temperature == 0)
		return largest(logits, p->vocab);
	for (i = 0; i < n; i++)
		p->c[i] =
		    (struct candidate){ .logit = logits[i], .id = (uint32_t)i };
	qsort(p->c, n, sizeof(*p->c), likeliest_first);
	if (p->s.top_k && p->s.top_k < n)
		n = p->s.top_k;
	sum = weigh(p->c, n, p->s.temperature);
	for (i = 0; i < n && part < p->s.top_p * sum; i++)
		part += p->c[i].weight;
	n = i ? i : 1;
	at = philox_uniform(p->s.seed, STREAM, position) * part;
	for (i = 0; i + 1 < n && at >= p->c[i].weight; i++)
		at -= p->c[i].weight;
	return p->c[i].id;
}
