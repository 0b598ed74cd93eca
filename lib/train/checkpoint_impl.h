/* SPDX-License-Identifier: MIT */
#ifndef TRAIN_CHECKPOINT_IMPL_H
#define TRAIN_CHECKPOINT_IMPL_H

#include "train/checkpoint.h"

/* What checkpoint*.c share. */

/* "DIR/NAME" into path (PATH_MAX). */
int
checkpoint_path(char *path, const char *dir, const char *name, struct err *e);
/* Writes state.json of the checkpoint in dir, whose other files are there. */
int checkpoint_put_state(const char *dir, const struct net *n,
    const struct checkpoint *c, struct err *e);
/* Reads it into c, holding it against c->recipe and the files in dir. */
int checkpoint_get_state(const char *dir, struct checkpoint *c, struct err *e);

#endif
