/* SPDX-License-Identifier: MIT */
#ifndef TRAIN_WEIGHTS_H
#define TRAIN_WEIGHTS_H

#include <stddef.h>
#include <stdint.h>

#include "train/net.h"

/*
 * First values: normal, Philox keyed by (seed, tensor, index); the projections
 * into the residual stream are smaller by sqrt(2 * layers); norms are 1.
 * Source: Radford et al. 2019 (GPT-2), section 2.3.
 */
int weights_init(struct net *n, uint64_t seed, struct err *e);

/* An arena of the net, laid out like `of`, each of its tensors called prefix +
 * its name. */
struct weights_part {
	const char *prefix;
	void *arena;
	const struct params *of;
	bool kept;         /* the arena has only the net's own (program.h) */
	const float *host; /* for saving: all of it is here instead */
};

/*
 * All tensors of the parts as F32 in one safetensors file; then counts (vocab)
 * as "unigram.counts", if not NULL.
 */
int weights_save(const struct net *n, const char *path,
    const struct weights_part *parts, size_t nparts, const uint64_t *counts,
    struct err *e);
/*
 * The reverse; takes F16, BF16 and F64 too.  ERR_FORMAT if a tensor is missing,
 * of another shape, or not of this model: nothing is ignored that would change
 * what the model computes.
 */
int
weights_load(struct net *n, const char *path, const struct weights_part *parts,
    size_t nparts, uint64_t *counts, struct err *e);

/*
 * Is the file what weights_save() would write, to the bit?  ERR_CHECK: the
 * first element that differs; otherwise as weights_load() of a file that was
 * written here.
 */
int weights_same(const struct net *n, const char *path,
    const struct weights_part *parts, size_t nparts, const uint64_t *counts,
    struct err *e);

/*
 * The parameters from a Hugging Face folder or a checkpoint: its
 * model.safetensors, or the files that model.safetensors.index.json lists.
 * ERR_FORMAT as above, and for an index that doesn't fit its files.
 */
int weights_load_folder(struct net *n, const char *dir, struct err *e);

#endif
