/* SPDX-License-Identifier: MIT */
#ifndef TRAIN_CHECKPOINT_H
#define TRAIN_CHECKPOINT_H

#include <stdbool.h>
#include <stdint.h>

#include "train/net.h"
#include "train/optimiser.h"
#include "train/ranks.h"
#include "train/scale.h"
#include "train/schedule.h"
#include "train/spike.h"

struct err;

/* What decides, beside model and recipe, what a run computes. */
struct train_recipe {
	struct schedule schedule;
	struct optimiser_options optimiser;
	double label_smoothing, z_loss, clip, embed_grad;
	double dropout, embed_dropout, attention_dropout;
	bool document_mask;
	double spike;        /* standard deviations; 0: never */
	uint64_t spike_skip; /* steps left out */
	uint32_t micro_batch;
	enum ops_type type; /* of products' factors */
	uint64_t seed;
	char rows[65]; /* digest of the row source */
};

/*
 * A checkpoint is a folder DIR/step-%08d that transformers can load:
 *
 *	model.safetensors, config.json, tokenizer.json (if there is one)
 *	optimizer.safetensors   m.NAME, v.NAME; of Adafactor row.NAME,
 *	                        col.NAME; unigram.counts
 *	state.json              step, tokens, device, digests of the two
 *	                        .safetensors and of a journal, resolved options,
 *	                        the loss scale of fp16; last XXH3-64 of all that
 *
 * and DIR/last is a link to the newest.  Folder and link change their names
 * only when everything is on the disk: kill -9 at any moment leaves the last
 * checkpoint whole.
 */
struct checkpoint {
	struct train_recipe recipe;
	uint64_t step, tokens;
	struct spike_window window;
	struct loss_scale scale;
	uint64_t *counts; /* (vocab): tokens trained on, the caller's */
	char journal[17]; /* what of a journal it depends on (io/feedback.h) */
};

/*
 * tokenizer: a file to copy, or NULL; keep: checkpoints to keep, 0 all.  Of
 * several ranks (NULL: one), 0 writes it, with memory for all that the
 * optimisers of all of them keep; the others hand it their shares.
 */
int checkpoint_save(const char *dir, const struct net *n, struct ranks *ranks,
    const struct checkpoint *c, const char *tokenizer, uint32_t keep,
    struct err *e);
/*
 * The same in two parts, so that the second can go on beside training.  A copy
 * of what a checkpoint holds, on the host, of rank 0; it fits one net.
 */
enum { CHECKPOINT_KEPT = 4 }; /* arenas of an optimiser, at most */
struct checkpoint_copy {
	struct net n; /* whose arenas aren't touched */
	struct checkpoint c;
	float *weights, *kept[CHECKPOINT_KEPT];
};

/* Bytes that checkpoint_copy_open() takes. */
uint64_t checkpoint_copy_memory(const struct program *p);
int checkpoint_copy_open(
    struct checkpoint_copy *x, const struct net *n, struct err *e);
/* All zeros is fine. */
void checkpoint_copy_close(struct checkpoint_copy *x);
/*
 * Rank 0's; the other ranks call checkpoint_save().  It may still be on its way
 * through the device's OPS_OUT, which an update waits for (optimiser_step()).
 */
int checkpoint_take(struct checkpoint_copy *x, const struct net *n,
    struct ranks *ranks, const struct checkpoint *c, struct err *e);
/* Only looks at x, once all of that is there: may run in a thread of its own.
 */
int checkpoint_write(const char *dir, const struct checkpoint_copy *x,
    const char *tokenizer, uint32_t keep, struct err *e);

/* Is there one in DIR? */
bool checkpoint_exists(const char *dir);
/* The steps of those in DIR, ascending; *steps is the caller's to free. */
int
checkpoint_steps(const char *dir, uint64_t **steps, size_t *n, struct err *e);
/*
 * Load DIR/last, or that of a step, into n and c.  ERR_ARG, naming the option
 * and both values, if it was made with another config, recipe or options than
 * those in c->recipe: going on with others would be another run.  ERR_FORMAT
 * for a broken file.
 */
int checkpoint_load(
    const char *dir, struct net *n, struct checkpoint *c, struct err *e);
int checkpoint_load_step(const char *dir, uint64_t step, struct net *n,
    struct checkpoint *c, struct err *e);
/* Is that of c->step what n and c are?  ERR_CHECK: what differs; otherwise as
 * checkpoint_load(). */
int checkpoint_same(const char *dir, const struct net *n,
    const struct checkpoint *c, struct err *e);

#endif
