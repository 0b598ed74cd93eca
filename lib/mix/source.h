/* SPDX-License-Identifier: MIT */
#ifndef MIX_SOURCE_H
#define MIX_SOURCE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "io/shard.h"
#include "mix/recipe.h"

struct err;

/*
 * The shards of a source as one row of tokens, in the order of their names; or
 * some of their documents in an order of their own, one behind the other.
 */
struct source {
	struct shard *shards;
	uint64_t *first; /* (n + 1): where each begins; the last is the end */
	size_t n;
	uint64_t docs, tokens;
	/* Where documents are picked, else NULL: */
	uint64_t *pick;   /* (docs): numbers among those of all shards */
	uint64_t *start;  /* (docs + 1): first tokens in the source */
	uint64_t *before; /* (n + 1): documents of the shards before */
	struct buf keys;  /* lines of what the picks depend on */
};

/*
 * The recipe's source i: open what its path stands for, a .bin, its prefix, a
 * folder, or a glob of them, relative to the folder of the recipe.  ERR_CHECK
 * if the shards were made by different tokenizers or don't hold together.
 * picks: keep only the documents that the source picks, in its order, which
 * reads PREFIX.order of each shard; ERR_CHECK if one is missing or nothing is
 * left.  Memory then: 16 bytes a document, 32 while it runs.  source_close()
 * in any case.
 */
int source_load(struct source *s, const struct recipe *r, uint32_t i,
    bool picks, struct err *e);
/* Private: the picks of a source whose shards are open. */
int source_pick(struct source *s, const char *recipe,
    const struct recipe_pick *pick, struct err *e);
void source_close(struct source *s);
/* Tokens at .. at + n; n may reach over documents.  Thread-safe. */
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
/* Where a document's n tokens begin; *n is 0 if the source hasn't got it. */
int source_doc(const struct source *s, size_t shard, uint64_t document,
    uint64_t *first, uint64_t *n, struct err *e);
/* The largest i < n with v[i] <= x, where v[0] <= x. */
size_t source_search(const uint64_t *v, size_t n, uint64_t x);

#endif
