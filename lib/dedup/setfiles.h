/* SPDX-License-Identifier: MIT */
#ifndef DEDUP_SETFILES_H
#define DEDUP_SETFILES_H

#include <stddef.h>

struct err;
struct near;
struct rec_in;

/*
 * Where sets are read instead of the text: x->needed, in order, into x->sets.
 * A place of an earlier dump is in dumps, any other in the shard of its file.
 */
struct set_files {
	struct rec_in **shards;
	size_t nshard;
	struct rec_in *dumps;
	size_t ndump;
};

int near_sets_of(struct near *x, const struct set_files *f, struct err *e);

#endif
