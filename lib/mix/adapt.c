/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "mix/adapt.h"
#include "mix/parts.h"

int
adapt_begin(struct adapt *a, const struct recipe_adapt *how, uint32_t k,
    const double *p, struct err *e)
{
	*a = (struct adapt){ .how = how, .k = k };
	a->p = malloc(k * sizeof(*a->p) + 1);
	a->more = calloc(k + 1, sizeof(*a->more));
	if (!a->p || !a->more)
		return err_nomem(e, "shares");
	memcpy(a->p, p, k * sizeof(*p));
	return 0;
}

void
adapt_free(struct adapt *a)
{
	free(a->p);
	free(a->more);
	*a = (struct adapt){ 0 };
}

static double
mean_loss(const struct source_loss *s)
{
	return s->sum / (double)s->targets;
}

/* p_i * exp(x_i), added up to 1; then a part of it even. */
static void
grow_by(struct adapt *a, const double *x)
{
	double most = x[0], sum = 0, c = a->how->smooth;
	uint32_t i;

	for (i = 1; i < a->k; i++)
		most = x[i] > most ? x[i] : most;
	for (i = 0; i < a->k; i++) {
		a->p[i] *= exp(x[i] - most);
		sum += a->p[i];
	}
	for (i = 0; i < a->k; i++)
		a->p[i] = (1 - c) * a->p[i] / sum + c / a->k;
}

static void
doremi(struct adapt *a, const struct source_loss *seen, double *x)
{
	double excess;
	uint32_t i;

	for (i = 0; i < a->k; i++) {
		excess =
		    seen[i].targets ? mean_loss(&seen[i]) - a->reference[i] : 0;
		x[i] = a->how->rate * (excess > 0 ? excess : 0);
	}
	grow_by(a, x);
	for (i = 0; i < a->k; i++)
		a->more[i] += a->p[i];
}

static double
exploration(uint32_t k, uint64_t t)
{
	double K = k, e = sqrt(log(K) / (K * (double)t));

	return e < 1 / K ? e : 1 / K;
}

static void
odm(struct adapt *a, const struct source_loss *seen, double *x)
{
	double e = exploration(a->k, a->updates), all = 0, most, sum = 0, c;
	double next = exploration(a->k, a->updates + 1);
	uint32_t i;

	c = a->how->smooth;
	for (i = 0; i < a->k; i++)
		all += (double)seen[i].targets;
	for (i = 0; i < a->k; i++) {
		a->more[i] =
		    c * a->more[i] + (1 - c) * (seen[i].sum / all / a->p[i]);
		x[i] = a->how->rate * e * a->more[i];
	}
	for (i = 1, most = x[0]; i < a->k; i++)
		most = x[i] > most ? x[i] : most;
	for (i = 0; i < a->k; i++) {
		x[i] = exp(x[i] - most);
		sum += x[i];
	}
	for (i = 0; i < a->k; i++)
		a->p[i] = (1 - a->k * next) * x[i] / sum + next;
}

static void
skillit(struct adapt *a, const struct source_loss *seen, double *x)
{
	uint32_t i, j;

	for (i = 0; i < a->k; i++)
		if (seen[i].targets)
			a->more[i] = mean_loss(&seen[i]);
	for (i = 0; i < a->k; i++) {
		x[i] = 0;
		for (j = 0; j < a->k; j++)
			x[i] += a->matrix[(size_t)i * a->k + j] * a->more[j];
		x[i] *= a->how->rate;
	}
	grow_by(a, x);
}

void
adapt_update(struct adapt *a, const struct source_loss *seen)
{
	static void (*const ways[])(struct adapt *, const struct source_loss *,
	    double *) = { [ADAPT_DOREMI] = doremi,
		[ADAPT_ODM] = odm,
		[ADAPT_SKILLIT] = skillit };
	double x[ADAPT_MOST];

	a->updates++;
	ways[a->how->kind](a, seen, x);
}

/* v_i <= limit_i: what is cut goes to those with room, as they are large. */
static void
hold_limits(double *v, const double *limit, uint32_t k)
{
	double over, room;
	uint32_t i, turn;

	for (turn = 0; turn < k; turn++) {
		over = room = 0;
		for (i = 0; i < k; i++) {
			if (v[i] > limit[i]) {
				over += v[i] - limit[i];
				v[i] = limit[i];
			} else if (v[i] < limit[i]) {
				room += v[i];
			}
		}
		if (over <= 0 || room <= 0)
			return;
		for (i = 0; i < k; i++)
			if (v[i] < limit[i])
				v[i] += over * v[i] / room;
	}
}

int
adapt_parts(const double *p, const double *limit, uint32_t k, uint64_t *w,
    struct err *e)
{
	double v[ADAPT_MOST];
	uint32_t i;

	memcpy(v, p, k * sizeof(*v));
	hold_limits(v, limit, k);
	if (parts_round(v, k, ADAPT_PARTS - (uint64_t)k * ADAPT_LEAST, w, e) <
	    0)
		return e->code;
	for (i = 0; i < k; i++)
		w[i] += ADAPT_LEAST;
	return 0;
}
