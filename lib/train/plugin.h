/* SPDX-License-Identifier: MIT */
#ifndef TRAIN_PLUGIN_H
#define TRAIN_PLUGIN_H

struct err;

/*
 * A symbol of a shared object that lies beside the running program, or where
 * the environment's QUERN_PLUGIN_DIR says, for the life of the process: what
 * needs a run time of its own (CUDA's, MPI's) is there, so that no command
 * links it and every command starts on a machine without it.
 *
 * what: for the message, "no CUDA twin".  ERR_IO if it can't be loaded,
 * ERR_FORMAT if it has no such symbol.
 */
int plugin_symbol(void **symbol, const char *file, const char *name,
    const char *what, struct err *e);

#endif
