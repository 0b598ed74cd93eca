/* SPDX-License-Identifier: MIT */
#ifndef TRAIN_RUN_H
#define TRAIN_RUN_H

#include "train/checkpoint.h"
#include "train/saver.h"
#include "train/tboard.h"
#include "train/train.h"

/* A run under way: what the files train*.c share. */
struct run {
	const struct train_options *o;
	const struct row_source *rows, *valid;
	const struct train_events *ev;
	struct program p;
	struct net n;
	struct optimiser opt;
	struct checkpoint c;
	struct saver saver; /* closed: checkpoints are written between steps */
	struct runlog log;
	struct tboard board;
	struct spikes spikes;
	struct rows micro;        /* of a micro-batch */
	uint64_t counted;         /* targets of the step */
	uint64_t *valid_counts;   /* (vocab), or NULL */
	struct source_loss *told; /* (sources) of the step, or NULL */
	struct step_report r;
	uint64_t has;   /* bytes the run may have of its device, or 0 */
	uint64_t saved; /* the last step that has a checkpoint */
};

/* The options as the rows resolve them, into t->c.recipe (train_options.c). */
int run_resolve(struct run *t, const struct model_config *c, struct err *e);
/* Tokens of the largest pass, if micro-batches have so many rows. */
size_t run_tokens(const struct run *t, uint32_t micro);
/* What the run will ask of a device (train_memory.c). */
void
run_memory(const struct run *t, const struct ops *ops, struct net_memory *m);
/*
 * ERR_ARG if that is more than it may have, saying what would need less; c:
 * that of t's program.
 */
int run_fits(struct run *t, const struct model_config *c, const struct ops *ops,
    struct err *e);
/* As after the last checkpoint, the one under way too, or as at the beginning.
 */
int run_go_back(struct run *t, struct err *e);
/* What became of the checkpoint under way; it may stay so unless wait. */
int run_end_save(struct run *t, bool wait, struct err *e);
/*
 * Loss, gradients and update (train_step.c); 1 if a spike was found and
 * journaled, and the run gone back.
 */
int run_step(struct run *t, const struct step_info *s, struct err *e);
/* The loss of all rows of the validation, into t->r. */
int run_validate(struct run *t, struct err *e);

#endif
