/* SPDX-License-Identifier: MIT */
#ifndef TRAIN_SAVER_H
#define TRAIN_SAVER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "train/checkpoint.h"

/*
 * Checkpoints written by a thread of their own while training goes on.  What a
 * checkpoint holds is copied, then written from the copy: the same bytes as
 * checkpoint_save() at that step.  At most one is under way.
 *
 * Of several ranks only 0 has one; the others call checkpoint_save().  One
 * thread calls these functions.
 */
struct saver {
	bool open;        /* it has memory for a copy */
	bool under_way;   /* a thread has not been waited for */
	atomic_bool done; /* that thread is at its end */
	struct checkpoint_copy copy;
	const char *dir, *tokenizer;
	uint32_t keep;
	pthread_t thread;
	int rc;
	struct err e; /* why, if rc < 0 */
};

/*
 * Takes checkpoint_copy_memory().  dir, tokenizer and keep as in
 * checkpoint_save(), used until saver_close(). ERR_NOMEM: then s is as before,
 * closed.
 */
int saver_open(struct saver *s, const struct net *n, const char *dir,
    const char *tokenizer, uint32_t keep, struct err *e);
/* Copy n and c and begin to write; none is under way. */
int saver_start(struct saver *s, const struct net *n, struct ranks *ranks,
    const struct checkpoint *c, struct err *e);
/*
 * If one is under way and at its end, or with `wait` in any case: 1, and its
 * step in *step; or its error.  Otherwise 0.
 */
int saver_end(struct saver *s, bool wait, uint64_t *step, struct err *e);
/* Waits for what is under way.  All zeros is fine. */
void saver_close(struct saver *s);

#endif
