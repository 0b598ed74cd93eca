/* SPDX-License-Identifier: MIT */
#ifndef BASE_PATH_H
#define BASE_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/opt.h"

struct err;

/* A list of file names that owns its strings. */
struct paths {
	char **v;
	size_t n;
};

/*
 * What the user's operands stand for: no operand is "-"; a folder is every
 * file below it (names that begin with a dot left out); '*', '?', '[...]' and
 * '**' (any number of folders) match as in a shell.  Sorted by bytes within an
 * operand.  With shard, every shard->n-th file of the whole sorted list.
 * ERR_ARG for a shard of stdin or a pattern that matches nothing.
 */
int paths_expand(struct paths *p, char *const *args, int n,
    const struct opt_shard *shard, struct err *e);
void paths_free(struct paths *p);
/* Bytes of those that are regular files: what progress goes by. */
uint64_t paths_size(const struct paths *p);

/* The part after the last '/'. */
const char *path_base(const char *path);
/* Does name match the pattern, '/' and "**" as above? */
bool path_match(const char *pattern, const char *name);

#endif
