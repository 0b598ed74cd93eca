/* SPDX-License-Identifier: MIT */
#ifndef TOKENIZER_BPE_H
#define TOKENIZER_BPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"
#include "tokenizer/decoder.h"
#include "tokenizer/normalize.h"
#include "tokenizer/pre.h"
#include "tokenizer/subword.h"

struct err;

/*
 * A byte-level BPE vocabulary: tokens (byte strings), merges in order of rank,
 * added tokens (found in the text before it is split).  Built by training or
 * by reading a file; then bpe_index() makes the tables that encoding looks
 * things up in, and from there on it is read only and shared by threads.
 */
enum {
	BPE_NONE = UINT32_MAX, /* no id */
	BPE_MAX_ID = 1 << 28,
	BPE_MAX_SPLIT = 1024, /* bytes of a token whose cuts are looked up */
	BPE_LONG = 255,
};

struct bpe_token {
	uint64_t at;  /* in bpe.bytes */
	uint32_t len; /* 0: a hole in the numbering */
	bool added;   /* an added token that the model's vocabulary lacks */
	bool plain;   /* in that vocabulary, but its name is no byte-level text:
			 its bytes are its name */
};

struct bpe_merge {
	uint32_t left, right, id; /* left + right makes id */
};

/* A token for decoding: the first bytes, and how many there are. */
struct bpe_short {
	char bytes[15];
	uint8_t len; /* 0: no token; BPE_LONG: more than fit, see tokens */
};

/* As in tokenizer.json. */
struct bpe_added {
	uint32_t id;
	bool special, lstrip, rstrip, single_word, normalized;
	bool in_vocab; /* also an entry of the model's vocabulary */
};

/* An entry of the pair table. */
struct bpe_pair {
	uint64_t key; /* left << 32 | right; UINT64_MAX: free */
	uint32_t rank, id;
};

struct bpe {
	struct buf bytes;
	struct bpe_token *tokens; /* ids are < ntoken */
	uint32_t ntoken, token_cap;
	struct bpe_merge *merges;
	size_t nmerge, merge_cap;
	struct bpe_added *added;
	size_t nadded, added_cap;
	char *pattern;    /* a pattern's regex */
	unsigned unicode; /* of its classes (pretok_unicode()); 0: the last */
	bool ignore_merges, add_prefix_space;
	bool special_in_text; /* recognised unless told otherwise */
	bool rank_by_id;  /* a merge's rank is its product's id (tiktoken.h) */
	uint32_t *ranks;  /* ranks of merges; NULL: their places */
	struct norm norm; /* done to a text before it is split */
	struct pre pre;   /* steps in place of the pattern, if there are any */
	struct decoder decoder; /* not of byte-level BPE */
	struct subword sub;     /* of models that aren't byte-level BPE */
	/* Parts of a tokenizer.json as read, or NULL: written by the rest. */
	char *norm_json, *pre_json, *decoder_json;
	uint64_t id_limit; /* while a file is read: ids are below */

	/* Made by bpe_index(). */
	struct bpe_pair *pairs;
	uint64_t pair_mask;
	uint32_t *by_bytes; /* ids of the model's tokens, by hash */
	uint64_t by_bytes_mask;
	uint32_t byte_id[256];       /* BPE_NONE: the vocabulary lacks it */
	struct bpe_short *shorts;    /* by id */
	struct backtrack *backtrack; /* backtrack.h; or NULL */
};

/* b is all zeros before. */
void bpe_free(struct bpe *b);
/* Put a token at id, which must be free; copies.  ERR_FORMAT if it isn't. */
int bpe_set_token(struct bpe *b, uint32_t id, struct str bytes, struct err *e);
int bpe_add_merge(struct bpe *b, struct bpe_merge m, struct err *e);
int bpe_add_added(struct bpe *b, struct bpe_added a, struct err *e);
int bpe_set_pattern(struct bpe *b, const char *regex, struct err *e);

static inline struct str
bpe_bytes(const struct bpe *b, uint32_t id)
{
	const struct bpe_token *t = &b->tokens[id];

	return (struct str){ b->bytes.p + t->at, t->len };
}

/* Index tokens by their bytes: bpe_find() works. */
int bpe_index_tokens(struct bpe *b, struct err *e);
/* The id of the model's token with these bytes, or BPE_NONE. */
uint32_t bpe_find(const struct bpe *b, struct str bytes);
/*
 * Add, by rising id, a merge for each cut of each token into two tokens.  After
 * bpe_index_tokens().  ERR_FORMAT for one longer than BPE_MAX_SPLIT.
 */
int bpe_all_splits(struct bpe *b, struct err *e);
/* Everything that encoding needs. */
int bpe_index(struct bpe *b, struct err *e);
/* The id of the added token with this content, or BPE_NONE. */
uint32_t bpe_find_added(const struct bpe *b, struct str content);

static inline uint64_t
bpe_key(uint32_t left, uint32_t right)
{
	return (uint64_t)left << 32 | right;
}

/* Fibonacci hashing; the high bits are the good ones. */
static inline uint64_t
bpe_hash_pair(uint64_t key)
{
	key *= 0x9e3779b97f4a7c15u;
	return key ^ key >> 32;
}

/* The merge of left and right, or NULL. */
static inline const struct bpe_pair *
bpe_pair(const struct bpe *b, uint32_t left, uint32_t right)
{
	uint64_t key = bpe_key(left, right);
	uint64_t i = bpe_hash_pair(key) & b->pair_mask;

	for (;; i = (i + 1) & b->pair_mask) {
		if (b->pairs[i].key == key)
			return &b->pairs[i];
		if (b->pairs[i].key == UINT64_MAX)
			return NULL;
	}
}

#endif
