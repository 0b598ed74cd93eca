/* SPDX-License-Identifier: MIT */
#ifndef MIX_SOURCE_H
#define MIX_SOURCE_H

#include <stddef.h>
#include <stdint.h>

#include "io/shard.h"

struct err;

/* The shards of a source as one row of tokens, in the order of their names. */
struct source {
	struct shard *shards;
	uint64_t *first; /* (n + 1): where each begins; the last is the end */
	size_t n;
	uint64_t tokens;
};

/*
 * Open what path stands for: a .bin, its prefix, a folder, or a glob of them;
 * relative to the folder of the recipe.  ERR_CHECK if the shards were made by
 * different tokenizers or don't hold together.  foreign: what the tokens of
 * shards without .docs mean, else NULL.  source_close() in any case.
 */
int source_open(struct source *s, const char *recipe, const char *path,
    const struct shard_head *foreign, struct err *e);
void source_close(struct source *s);
/* Tokens at .. at + n; n may reach over shards.  Thread-safe. */
int source_read(const struct source *s, uint64_t at, uint64_t n, uint32_t *out,
    struct err *e);

/* A token of a source: where it stands. */
struct source_place {
	size_t shard;
	uint64_t document;    /* in the shard */
	uint64_t token, left; /* in the document; from it to the end */
};

/* Token `at` < tokens.  ERR_FORMAT if an index is damaged.  Thread-safe. */
int source_find(
    const struct source *s, uint64_t at, struct source_place *p, struct err *e);
/* The shard that token `at` < tokens stands in. */
size_t source_shard_of(const struct source *s, uint64_t at);

#endif
