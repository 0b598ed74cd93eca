/* SPDX-License-Identifier: MIT */
/* What a model knows of positions beside its parameters: tables, made once. */
#include <math.h>
#include <stdlib.h>

#include "base/err.h"
#include "train/net.h"

#define TAU 6.283185307179586

static size_t
rope_size(const struct model_config *c)
{
	return (size_t)c->max_seq * config_rotary(c);
}

static bool
has_bias(const struct model_config *c)
{
	return c->position == POSITION_ALIBI || c->position == POSITION_T5;
}

size_t
positions_size(const struct program *p)
{
	const struct model_config *c = &p->config;
	size_t n = 0;

	if (config_rotated(c))
		n += (1 + (c->position == POSITION_XPOS)) * rope_size(c);
	if (c->position == POSITION_SINUSOIDAL)
		n += (size_t)c->max_seq * c->dim;
	if (has_bias(c))
		n += 2 * (size_t)c->max_seq * (c->heads + 1);
	return n;
}

/* YaRN: the channel, as a fraction, that turns so often in `original`. */
static double
turning(const struct model_config *c, double turns)
{
	return config_rotary(c) * log(c->scaling.original / (turns * TAU)) /
	       (2 * log(c->theta));
}

/* How much of channel i's own speed it keeps. */
static double
yarn_share(const struct model_config *c, size_t i)
{
	double from = turning(c, c->scaling.high);
	double to = turning(c, c->scaling.low);

	if (c->scaling.truncate) {
		from = floor(from);
		to = ceil(to);
	}
	from = fmax(from, 0);
	to = fmin(to, config_rotary(c) - 1.0);
	if (from == to)
		to += .001;
	return 1 - fmin(fmax(((double)i - from) / (to - from), 0), 1);
}

static double
llama3_share(const struct rope_scaling *s, double speed)
{
	double turns = s->original * speed / TAU;

	return fmin(fmax((turns - s->low) / (s->high - s->low), 0), 1);
}

/* Radians a position, of channel i. */
static double
speed_of(const struct model_config *c, size_t i)
{
	const struct rope_scaling *s = &c->scaling;
	double speed = pow(c->theta, -2.0 * (double)i / config_rotary(c));
	double share;

	if (s->kind == SCALING_NONE)
		return speed;
	if (s->kind == SCALING_LINEAR)
		return speed / s->factor;
	share =
	    s->kind == SCALING_YARN ? yarn_share(c, i) : llama3_share(s, speed);
	return share * speed + (1 - share) * speed / s->factor;
}

/* What queries at t are multiplied by, in channel i; keys by 1 / that. */
static double
decay(const struct model_config *c, size_t i, size_t t)
{
	double R = config_rotary(c), from_middle;

	if (c->position != POSITION_XPOS)
		return 1;
	from_middle = (double)t - c->max_seq / 2;
	return pow(
	    (2 * (double)i + .4 * R) / (1.4 * R), from_middle / c->xpos_base);
}

/* A table of `width` numbers a position is sent in pieces of so many of them.
 */
enum { ROWS = 512 };

typedef void fill_row(
    float *row, const struct model_config *c, size_t t, const double *speed);

static int
fill(struct net *n, void *table, size_t width, fill_row *f, const double *speed,
    struct err *e)
{
	size_t most = n->p->config.max_seq, t, i, m;
	float *rows = malloc(ROWS * width * sizeof(*rows));
	int rc = rows ? 0 : err_nomem(e, "positions");

	for (t = 0; t < most && rc == 0; t += m) {
		m = most - t < ROWS ? most - t : ROWS;
		for (i = 0; i < m; i++)
			f(rows + i * width, &n->p->config, t + i, speed);
		rc = net_put(n->ops, table, t * width, rows, m * width, e);
	}
	free(rows);
	return rc;
}

/* The channels of a position, from angles in double: cosines, then sines. */
static void
turn(float *row, const struct model_config *c, size_t t, const double *speed,
    bool keys)
{
	size_t half = config_rotary(c) / 2, i;
	double yarn =
	    c->scaling.kind == SCALING_YARN ? c->scaling.attention : 1;
	double angle, size;

	for (i = 0; i < half; i++) {
		angle = (double)t * speed[i];
		size = decay(c, i, t);
		size = yarn * (keys ? 1 / size : size);
		row[i] = (float)(cos(angle) * size);
		row[half + i] = (float)(sin(angle) * size);
	}
}

static void
turn_queries(
    float *row, const struct model_config *c, size_t t, const double *speed)
{
	turn(row, c, t, speed, false);
}

static void
turn_keys(
    float *row, const struct model_config *c, size_t t, const double *speed)
{
	turn(row, c, t, speed, true);
}

static int
fill_rope(struct net *n, struct err *e)
{
	const struct model_config *c = &n->p->config;
	size_t R = config_rotary(c), i;
	double *speed = malloc(R * sizeof(*speed));
	int rc = speed ? 0 : err_nomem(e, "rotary positions");

	for (i = 0; rc == 0 && i < R / 2; i++)
		speed[i] = speed_of(c, i);
	if (rc == 0)
		rc = fill(n, n->rope, R, turn_queries, speed, e);
	if (rc == 0 && n->rope_keys)
		rc = fill(n, n->rope_keys, R, turn_keys, speed, e);
	free(speed);
	return rc;
}

/* Channel 2i: the sine, 2i + 1: the cosine of the same angle. */
static void
sinusoids(
    float *row, const struct model_config *c, size_t t, const double *speed)
{
	size_t i;
	double angle;

	for (i = 0; i < c->dim; i++) {
		angle = (double)t * speed[i / 2];
		row[i] = (float)(i % 2 ? cos(angle) : sin(angle));
	}
}

static int
fill_sinusoids(struct net *n, struct err *e)
{
	size_t C = n->p->config.dim, i;
	double *speed = malloc((C / 2 + 1) * sizeof(*speed));
	int rc = speed ? 0 : err_nomem(e, "sinusoidal positions");

	for (i = 0; rc == 0 && i <= C / 2; i++)
		speed[i] = pow(10000, -2.0 * (double)i / (double)C);
	if (rc == 0)
		rc = fill(n, n->positions, C, sinusoids, speed, e);
	free(speed);
	return rc;
}

/*
 * By how much a head's scores fall a position: 2^(-8/H), 2^(-16/H), ...; if H
 * is no power of two, those of the power below, and every other one of that
 * above.  Source: Press et al., arXiv 2108.12409, section 3 and their code.
 */
static double
slope(uint32_t head, uint32_t heads)
{
	uint32_t power = 1;

	while (power * 2 <= heads)
		power *= 2;
	if (head < power)
		return pow(2, -8.0 * (head + 1) / power);
	return pow(2, -4.0 * (2 * (head - power) + 1) / power);
}

static int
fill_alibi(struct net *n, struct err *e)
{
	const struct model_config *c = &n->p->config;
	size_t S = c->max_seq, i;
	float *row = malloc(2 * S * sizeof(*row));
	int rc = row ? 0 : err_nomem(e, "biases of positions");
	uint32_t h;

	for (h = 0; h < c->heads && rc == 0; h++) {
		for (i = 0; i < 2 * S; i++)
			row[i] = (float)(-slope(h, c->heads) *
					 fabs((double)i - (double)S));
		rc = net_put(n->ops, n->bias, h * 2 * S, row, 2 * S, e);
	}
	free(row);
	return rc;
}

/*
 * Half of the buckets are a distance each, the others grow with its logarithm;
 * what lies ahead counts as distance 0.  Source: Raffel et al., arXiv
 * 1910.10683, section 2.1 and their code (one way).
 */
static int32_t
bucket_of(const struct model_config *c, double distance)
{
	double exact = c->buckets / 2;
	double b;

	if (distance < exact)
		return (int32_t)fmax(distance, 0);
	b = exact + floor(log(distance / exact) / log(c->distance / exact) *
			  (c->buckets - exact));
	return (int32_t)fmin(b, c->buckets - 1.0);
}

static int
fill_buckets(struct net *n, struct err *e)
{
	const struct model_config *c = &n->p->config;
	size_t S = c->max_seq, i;
	int32_t *b = malloc(2 * S * sizeof(*b));
	int rc = b ? 0 : err_nomem(e, "buckets of distances");

	for (i = 0; i < 2 * S && rc == 0; i++)
		b[i] = bucket_of(c, (double)S - (double)i);
	if (rc == 0) {
		n->ops->put(n->bucket, b, 2 * S * sizeof(*b));
		rc = n->ops->sync(e); /* before b goes */
	}
	free(b);
	return rc;
}

static bool
alloc_tables(struct net *n)
{
	const struct model_config *c = &n->p->config;
	size_t real = n->ops->real, S = c->max_seq;
	bool ok = true;

	if (config_rotated(c))
		ok = (n->rope = n->ops->alloc(rope_size(c) * real)) != NULL;
	if (c->position == POSITION_XPOS)
		ok = ok && (n->rope_keys =
				   n->ops->alloc(rope_size(c) * real)) != NULL;
	if (c->position == POSITION_SINUSOIDAL)
		ok = (n->positions = n->ops->alloc(S * c->dim * real)) != NULL;
	if (has_bias(c))
		ok = (n->bias = n->ops->alloc(2 * S * c->heads * real)) != NULL;
	if (c->position == POSITION_T5)
		ok = ok && (n->bucket = n->ops->alloc(
				2 * S * sizeof(*n->bucket))) != NULL;
	return ok;
}

int
positions_open(struct net *n, struct err *e)
{
	if (!alloc_tables(n))
		return err_nomem(e, "tables of positions");
	if (n->rope && fill_rope(n, e) < 0)
		return e->code;
	if (n->positions && fill_sinusoids(n, e) < 0)
		return e->code;
	if (n->bucket)
		return fill_buckets(n, e);
	return n->bias ? fill_alibi(n, e) : 0;
}

void
positions_close(struct net *n)
{
	void *table[] = { n->rope, n->rope_keys, n->positions, n->bias,
		n->bucket };
	size_t i;

	for (i = 0; n->ops && i < sizeof(table) / sizeof(*table); i++)
		if (table[i])
			n->ops->free(table[i]);
}
