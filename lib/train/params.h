/* SPDX-License-Identifier: MIT */
#ifndef TRAIN_PARAMS_H
#define TRAIN_PARAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "train/config.h"

/*
 * Where each parameter of a model lies in the parameter arena.  Gradients and
 * the optimiser's moments lie at the same places in arenas of their own.
 * Parameters that one product uses together (q, k, v; gate, up) adjoin, so
 * that they are one matrix.
 */
enum param_role {
	ROLE_VECTOR,    /* norms and biases */
	ROLE_MATRIX,    /* of layers */
	ROLE_EMBEDDING, /* of tokens and positions, and the head */
};

struct param {
	char name[64]; /* as Hugging Face names it */
	uint32_t rank; /* 1 or 2 */
	uint64_t shape[2];
	size_t at, n; /* in elements */
	enum param_role role;
	double std; /* of its first values; 0: they are all `fill` */
	float fill; /* 1 for norms, 0 for biases */
	/*
	 * Files have its rows by head: q, k, v of the first, then of the next,
	 * `run` elements each; the arena all q, then all k, then all v.  0: no.
	 */
	size_t run;
};

#define PARAM_NONE SIZE_MAX

struct params {
	struct param *v;
	const struct param **layer; /* (layers, LAYER_PARAMS) or NULL */
	size_t n;
	const char *prefix; /* of names; some writers leave it out */
	/* Places; PARAM_NONE: not there. */
	size_t embedding, embed_norm, embed_norm_bias, positions, norm,
	    norm_bias, head;
	size_t relative; /* T5's shares (buckets, heads), of all layers */
	size_t size;     /* of an arena, in elements, padding included */
	uint64_t count;  /* parameters, padding not included */
};

/* The parameters of a layer; a model has some of them. */
enum layer_param {
	LAYER_NORM1,
	LAYER_NORM1_BIAS,
	LAYER_OUT_NORM1, /* sandwich: of what attention gives */
	LAYER_OUT_NORM1_BIAS,
	LAYER_Q, /* with K and V in it if those aren't there */
	LAYER_K,
	LAYER_V,
	LAYER_Q_BIAS, /* likewise */
	LAYER_K_BIAS,
	LAYER_V_BIAS,
	LAYER_Q_NORM,
	LAYER_K_NORM,
	LAYER_O,
	LAYER_O_BIAS,
	LAYER_NORM2,
	LAYER_NORM2_BIAS,
	LAYER_OUT_NORM2,
	LAYER_OUT_NORM2_BIAS,
	LAYER_GATE, /* the only one of the two without a gate */
	LAYER_UP,
	LAYER_GATE_BIAS,
	LAYER_UP_BIAS,
	LAYER_DOWN,
	LAYER_DOWN_BIAS,
	LAYER_PARAMS
};

/* What Hugging Face's files call parameters (names.c). */
struct names {
	const char *prefix; /* of all but the head */
	const char *layers; /* of a layer, with its number: "layers.%u." */
	const char *embedding, *embed_norm, *positions, *relative, *norm;
	const char *head; /* whole */
	const char *layer[LAYER_PARAMS];
};

const struct names *names_of(enum model_family f);

/* The order of the list is the order of the arena and of checkpoints. */
int params_build(struct params *p, const struct model_config *c, struct err *e);
void params_free(struct params *p);
/*
 * A vector of all their rows, or of all their columns, for each parameter: its
 * name, and where it lies in an arena of its own.  A vector is a matrix of one
 * column.
 */
int params_sides(struct params *rows, struct params *cols,
    const struct params *p, struct err *e);
/* Where number i lies; i == p->n: where the last one's arena ends. */
static inline size_t
params_at(const struct params *p, size_t i)
{
	return i < p->n ? p->v[i].at : p->size;
}
/* Of a parameter; columns are 1 for a vector. */
static inline size_t
param_cols(const struct param *x)
{
	return x->rank == 2 ? (size_t)x->shape[1] : 1;
}
/* The place of a parameter of a layer, or PARAM_NONE. */
size_t
params_layer(const struct params *p, uint32_t layer, enum layer_param which);
/* By its name, with or without the prefix of the body; NULL: none. */
const struct param *params_find(const struct params *p, const char *name);

#endif
