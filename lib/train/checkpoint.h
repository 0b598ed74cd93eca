/* SPDX-License-Identifier: MIT */
#ifndef TRAIN_CHECKPOINT_H
#define TRAIN_CHECKPOINT_H

#include <stdbool.h>
#include <stdint.h>

#include "train/net.h"
#include "train/optimiser.h"
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
 *	                        the loss scale of fp16
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

/* tokenizer: a file to copy, or NULL; keep: checkpoints to keep, 0 all. */
int checkpoint_save(const char *dir, const struct net *n,
    const struct checkpoint *c, const char *tokenizer, uint32_t keep,
    struct err *e);
/* Is there one in DIR? */
bool checkpoint_exists(const char *dir);
/*
 * Load DIR/last into n and c.  ERR_ARG, naming the option and both values, if
 * it was made with another config, recipe or options than those in c->recipe:
 * going on with others would be another run.  ERR_FORMAT for a broken file.
 */
int checkpoint_load(
    const char *dir, struct net *n, struct checkpoint *c, struct err *e);

#endif
