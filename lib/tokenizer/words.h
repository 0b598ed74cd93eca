/* SPDX-License-Identifier: MIT */
#ifndef TOKENIZER_WORDS_H
#define TOKENIZER_WORDS_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct err;

/*
 * How often each distinct piece was seen.  All zeros is an empty table.  Not
 * thread-safe: a table a thread, added up at the end, which gives the same
 * counts in any order.
 */
struct word {
	uint64_t n;  /* 0: a free slot */
	uint64_t at; /* in words.bytes */
	uint32_t len, tag;
};

struct words {
	struct word *slots;
	uint64_t nslot, used;
	char *bytes;
	uint64_t nbyte, byte_cap;
};

/* n more of the piece. ERR_NOMEM; ERR_FORMAT for a piece of 4 GiB. */
int words_add(struct words *w, struct str piece, uint64_t n, struct err *e);
/*
 * Put a piece behind those there are, none of which it equals: w is a list
 * then, for reading only; words_add() is not for it.
 */
int words_push(struct words *w, struct str piece, uint64_t n, struct err *e);
/* Add all of from. */
int words_merge(struct words *w, const struct words *from, struct err *e);
/* Bytes of memory in use. */
uint64_t words_memory(const struct words *w);
void words_free(struct words *w);

static inline struct str
words_str(const struct words *w, const struct word *x)
{
	return (struct str){ w->bytes + x->at, x->len };
}

#endif
