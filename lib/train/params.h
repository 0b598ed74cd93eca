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
struct param {
	char name[64]; /* as Hugging Face names it */
	uint32_t rank; /* 1 or 2 */
	uint64_t shape[2];
	size_t at, n; /* in elements */
	bool decay;   /* matrices */
	double std;   /* of its first values; 0: they are all 1 */
};

struct params {
	struct param *v;
	size_t n;
	size_t size;    /* of an arena, in elements, padding included */
	uint64_t count; /* parameters, padding not included */
};

/* The parameters of a layer, in order. */
enum layer_param {
	LAYER_NORM1,
	LAYER_Q,
	LAYER_K,
	LAYER_V,
	LAYER_O,
	LAYER_NORM2,
	LAYER_GATE,
	LAYER_UP,
	LAYER_DOWN,
	LAYER_PARAMS
};

/* The order of the list is the order of the arena and of checkpoints. */
int params_build(struct params *p, const struct model_config *c, struct err *e);
void params_free(struct params *p);
/* The LAYER_PARAMS parameters of a layer. */
const struct param *params_layer(const struct params *p, uint32_t layer);
/* NULL if there is none of that name. */
const struct param *params_find(const struct params *p, const char *name);

#endif
