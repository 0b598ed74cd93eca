/* SPDX-License-Identifier: MIT */
#ifndef MIX_ORDER_H
#define MIX_ORDER_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "io/shard.h"

struct err;
struct textcodec;

/*
 * PREFIX.order: numbers of a shard's documents, by which sources are ordered,
 * bounded and cut into parts.  A safetensors file: for each key an array F64
 * (documents), in the order of the shard.  Its metadata has "format": "quern
 * order 1"; "bin_sha256": that of the shard it was made from; "sha256.KEY":
 * of the array's bytes.  docs/formats.md describes it for others.
 */

/*
 * The numbers `key` of a shard: *v is (s->docs), freed by the caller.  digest:
 * of them.  ERR_CHECK, saying which command helps, where there is no file, the
 * key is not in it, it was made from another shard, or it is damaged.
 */
int order_read(const struct shard *s, const char *recipe, const char *key,
    double **v, char digest[65], struct err *e);

/* Where numbers come from. */
struct order_from {
	/* To turn tokens back into text, for "compression"; or NULL. */
	const struct textcodec *codec;
	/* JSON Lines with "id" and numbers, at the top or in "metadata"; each
	 * may be NULL. */
	const char *const *scores;
	size_t nscores;
};

/*
 * Write the orders that a recipe's sources need and don't have; a key that a
 * file has already is kept.  "len": tokens; "compression": bytes of text over
 * bytes of its zstd frame, level 3; any other: from the scores, else from what
 * quern shard --keep put into .docs.  out gets a line a shard.  ERR_FORMAT
 * names the first document that has no such number.
 * Memory: O(documents of the scores + of a shard).
 */
int order_index(const char *recipe, const struct order_from *from,
    struct buf *out, struct err *e);

#endif
