/* SPDX-License-Identifier: MIT */
#ifndef TOKENIZER_USAGE_H
#define TOKENIZER_USAGE_H

#include "base/arena.h"
#include "tokenizer/texts.h"
#include "tokenizer/tokenizer.h"

/*
 * What a tokenizer makes of texts: in all, by language and by host (documents'
 * metadata.language and the host of metadata.url, without "www."), and which of
 * its tokens are met at all.  The same for any number of threads.
 */
struct usage_count {
	uint64_t texts, bytes, chars, tokens;
	uint64_t unknown; /* tokens that say so, by what is unknown */
};

struct usage_group {
	struct str name;
	bool host; /* else a language */
	struct usage_count n;
};

enum { USAGE_GROUPS = 1 << 20 /* those met later are "(others)" */ };

struct usage {
	struct usage_count all;
	struct usage_group *v; /* as first met; see usage_sorted() */
	size_t n, cap;
	uint32_t *index; /* by hash of kind and name */
	size_t nindex;
	struct arena names;
	uint8_t *met; /* by id */
	uint64_t nmet;
};

/* u is empty before, and to be freed even on an error. */
int usage_measure(struct usage *u, const struct tokenizer *t, struct texts *in,
    struct run *r, struct err *e);
void usage_free(struct usage *u);
/* Languages before hosts, those of most bytes first, then by name. */
void usage_sort(struct usage *u);
double usage_bytes_per_token(const struct usage_count *n);

#endif
