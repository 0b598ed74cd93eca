/* SPDX-License-Identifier: MIT */
#ifndef TRAIN_OPTIMISER_H
#define TRAIN_OPTIMISER_H

#include <stdbool.h>
#include <stdint.h>

#include "train/net.h"
#include "train/offload.h"

struct err;

/*
 * How gradients change weights.  Weight decay is decoupled in all of them and
 * takes in matrices only.
 */
enum optimiser_kind {
	OPTIMISER_ADAMW, /* ops.h */
	OPTIMISER_LION,  /* the sign of a mean of gradients; one moment */
	/* Layers' matrices: the nearest half-orthogonal matrix to a mean of
	 * gradients; AdamW for embeddings, the head and vectors. */
	OPTIMISER_MUON,
	OPTIMISER_ADAFACTOR, /* ops.h: squares by row and column only */
	OPTIMISERS
};

struct optimiser_options {
	enum optimiser_kind kind;
	double beta1, beta2, eps, decay;
	bool spare_embeddings; /* they and the head don't decay */
	/*
	 * Adafactor's: decay of the running mean of its steps (0: none is
	 * kept); squares' means decay by 1 - t^-decay_rate; the largest root
	 * mean square of a step before the learning rate; the learning rate is
	 * a share of the weights' root mean square.
	 */
	double momentum, decay_rate, limit;
	bool by_rms;
};

/* "adamw", "lion", "muon", "adafactor"; ERR_ARG for anything else. */
int optimiser_kind(enum optimiser_kind *k, const char *name, struct err *e);
const char *optimiser_name(enum optimiser_kind k);
/*
 * What a net keeps for it: p->moments, p->rows, p->cols.  Before net_open().
 * ERR_ARG if it can't do with p->offload: adamw and lion can.
 */
int optimiser_plan(
    const struct optimiser_options *o, struct program *p, struct err *e);

/* A net with its optimiser's scratch memory.  Not thread-safe. */
struct optimiser {
	struct optimiser_options o;
	struct net *n;
	void *x, *y, *a, *b; /* of the largest matrix; muon only */
	struct offload away; /* if moments lie on the host */
};

/* Bytes that optimiser_open() will ask of the device. */
uint64_t optimiser_memory(const struct optimiser_options *o,
    const struct program *p, const struct ops *ops);
/* The net must outlive it. */
int optimiser_open(struct optimiser *s, const struct optimiser_options *o,
    struct net *n, struct err *e);
/* All zeros is fine. */
void optimiser_close(struct optimiser *s);
/*
 * One update of a rank's own parameters.  step from 0; scale is multiplied into
 * the gradients: clipping.  ERR_IO if the device failed.
 */
int optimiser_step(
    struct optimiser *s, uint64_t step, double lr, double scale, struct err *e);

#endif
