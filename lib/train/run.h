/* SPDX-License-Identifier: MIT */
#ifndef TRAIN_RUN_H
#define TRAIN_RUN_H

#include "train/checkpoint.h"
#include "train/ranks.h"
#include "train/saver.h"
#include "train/tboard.h"
#include "train/train.h"

/*
 * A run under way: what the files train*.c share.  Every rank of a run goes
 * through it, and all of them take the same turns: what only one of them knows
 * (a signal, an error) is agreed on first.  Rank 0 writes the files.
 */
struct run {
	const struct train_options *o;
	const struct row_source *rows, *valid;
	const struct train_events *ev;
	struct ranks ranks;
	struct program p;
	struct net n;
	struct optimiser opt;
	struct checkpoint c;
	struct saver saver; /* closed: checkpoints are written between steps */
	struct runlog log;
	struct tboard board;
	struct spikes spikes;
	struct rows micro; /* of a micro-batch */
	/*
	 * Losses and targets, of all rows and then of those of each source, if
	 * somebody wants to know: of a micro-batch of this rank, of those of
	 * all ranks, of the step; (kinds), (ranks, kinds), (kinds).
	 */
	struct source_loss *mine, *each, *told;
	size_t kinds;
	struct source_valid *by_source; /* of the validation, or NULL */
	uint64_t *seen;         /* (vocab): tokens not yet in c.counts */
	uint64_t *valid_counts; /* (vocab), or NULL */
	struct step_report r;
	uint64_t has;   /* bytes the run may have of its device, or 0 */
	uint64_t host;  /* bytes of the host that moments lie in, or 0 */
	uint64_t saved; /* the last step that has a checkpoint */
	bool begun;     /* there is a checkpoint */
	bool audited;   /* its steps are made again: nothing is written */
};

/* The options as the rows resolve them, into t->c.recipe (train_options.c). */
int run_resolve(struct run *t, const struct model_config *c, struct err *e);
/* Tokens of the largest pass, if micro-batches have so many rows. */
size_t run_tokens(const struct run *t, uint32_t micro);
/* Do gradients of several micro-batches of so many rows add up? */
bool run_several(const struct run *t, uint32_t micro);
/* If moments are to lie on the host; ERR_ARG for a device that is there. */
int run_offload(struct run *t, const struct ops *ops, struct err *e);
/* The rows that there will be, into p->row. */
void run_rows(const struct run *t, struct program *p);
/* What the run will ask of a device (train_memory.c). */
void
run_memory(const struct run *t, const struct ops *ops, struct net_memory *m);
/*
 * ERR_ARG if that is more than it may have, saying what would need less; c:
 * that of t's program.
 */
int run_fits(struct run *t, const struct model_config *c, const struct ops *ops,
    struct err *e);
/*
 * All that can be said against a run before it writes anything; run_tear_down()
 * in any case.
 */
int run_set_up(struct run *t, const struct model_config *c,
    const struct ops *ops, struct err *e);
void run_tear_down(struct run *t);
/* The steps that the run's folder says are left out. */
int run_load_spikes(struct run *t, struct err *e);
/* As at the beginning; the journal is left. */
int run_fresh(struct run *t, struct err *e);
/* The journal as it was after the checkpoint in t->c, which has to be of it. */
int run_begin_journal(struct run *t, struct err *e);
/* The next step, or leaving it out; 1 if it ended in going back. */
int run_advance(struct run *t, struct err *e);
/* As after the last checkpoint, or as at the beginning; agreed on. */
int run_go_back(struct run *t, struct err *e);
/* rows->step(), agreed on. */
int run_step_info(struct run *t, const struct row_source *rows, uint64_t step,
    struct step_info *s, struct err *e);
/* The checkpoint under way is on the disk; agreed on. */
int run_end_save(struct run *t, struct err *e);
/*
 * Loss, gradients and update (train_step.c); 1 if a spike was found and
 * journaled, and the run gone back.
 */
int run_step(struct run *t, const struct step_info *s, struct err *e);
/* The loss of all rows of the validation, into t->r. */
int run_validate(struct run *t, struct err *e);
/* The tokens that all ranks have trained on, into t->c.counts. */
int run_count(struct run *t, struct err *e);

#endif
