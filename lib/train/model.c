/* SPDX-License-Identifier: MIT */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "train/model.h"
#include "train/net.h"
#include "train/weights.h"

enum { PASS = 128 }; /* tokens of a prompt in one pass */

struct model {
	struct program p;
	struct net n;
	struct cache c;
};

static int
load(struct model *m, const char *dir, const struct ops *ops,
    uint32_t positions, struct err *e)
{
	struct model_config c;
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/config.json", dir) >=
	    (int)sizeof(path) - 16)
		return err_set(e, ERR_ARG, "%s: path too long", dir);
	if (config_load(&c, path, e) < 0 ||
	    program_build(&m->p, &c, PASS, net_flags(ops), e) < 0 ||
	    net_open(&m->n, &m->p, ops, e) < 0)
		return e->code;
	if (weights_load_folder(&m->n, dir, e) < 0)
		return e->code;
	if (positions == 0 || positions > c.max_seq)
		positions = c.max_seq;
	return cache_open(&m->c, &m->n, positions, e);
}

int
model_open(struct model **out, const char *dir, const struct ops *ops,
    uint32_t positions, struct err *e)
{
	struct model *m = calloc(1, sizeof(*m));
	int rc;

	*out = NULL;
	if (!m)
		return err_nomem(e, "a model");
	rc = load(m, dir, ops, positions, e);
	if (rc < 0)
		model_close(m);
	else
		*out = m;
	return rc;
}

void
model_close(struct model *m)
{
	if (!m)
		return;
	cache_close(&m->c);
	net_close(&m->n);
	program_free(&m->p);
	free(m);
}

const struct model_config *
model_config(const struct model *m)
{
	return &m->p.config;
}

uint32_t
model_room(const struct model *m)
{
	return m->c.max;
}

uint32_t
model_used(const struct model *m)
{
	return m->c.used;
}

int
model_feed(struct model *m, const uint32_t *tokens, uint32_t n, float *logits,
    struct err *e)
{
	uint32_t at, k;

	if (n > m->c.max - m->c.used)
		return err_set(e, ERR_ARG,
		    "%u tokens after %u are more than the %u positions there "
		    "are",
		    n, m->c.used, m->c.max);
	for (at = 0; at < n; at += k) {
		k = n - at < PASS ? n - at : PASS;
		if (net_step(&m->n, &m->c, tokens + at, k,
			at + k == n ? logits : NULL, e) < 0)
			return e->code;
	}
	return 0;
}

/* The sequence is full: go on with its later half as what came before. */
static int
slide(struct model *m, const uint32_t *at, struct err *e)
{
	uint32_t back = m->c.max / 2;

	model_rewind(m);
	return model_feed(m, at - back, back, NULL, e);
}

int
model_score(struct model *m, const uint32_t *tokens, size_t n, double *nats,
    struct err *e)
{
	size_t at, k;

	model_rewind(m);
	for (at = 0; at + 1 < n; at += k) {
		if (m->c.used == m->c.max && slide(m, tokens + at, e) < 0)
			return e->code;
		k = n - 1 - at < PASS ? n - 1 - at : PASS;
		if (k > m->c.max - m->c.used)
			k = m->c.max - m->c.used;
		if (net_score(&m->n, &m->c, tokens + at, (uint32_t)k, nats, e) <
		    0)
			return e->code;
	}
	return 0;
}

void
model_rewind(struct model *m)
{
	m->c.used = 0;
}
