/* SPDX-License-Identifier: MIT */
#ifndef TESTS_FUZZ_TOKENIZER_H
#define TESTS_FUZZ_TOKENIZER_H

/* What the fuzzers of tokenizers' files do with one that could be read. */

#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "tokenizer/tokenizer.h"

/* Encodes a tricky text, plainly and with spans, which have to agree, and
 * decodes it again. */
static inline void
fuzz_both_ways(const struct tokenizer *t)
{
	static const char text[] =
	    "the  Mill \xe2\x96\x81 grinds <s> \xff\xe3\x81\x82\0 aaaa\n";
	struct str s = { text, sizeof(text) - 1 };
	struct tokenizer_worker *w;
	struct tokens_at spans = { 0 };
	struct ids ids = { 0 };
	struct buf out = { 0 };
	size_t i;
	struct err e;

	w = tokenizer_worker_new(t, &e);
	if (w && tokenizer_encode(t, w, s, &ids, &e) == 0) {
		if (tokenizer_decode(t, ids.v, ids.n, &out, &e) < 0 ||
		    tokenizer_encode_spans(t, w, s, &spans, &e) < 0 ||
		    spans.n != ids.n)
			abort();
		for (i = 0; i < spans.n; i++)
			if (spans.v[i].id != ids.v[i] ||
			    spans.v[i].from > spans.v[i].to ||
			    spans.v[i].to > s.n)
				abort();
	}
	tokenizer_worker_free(w);
	tokens_at_free(&spans);
	ids_free(&ids);
	buf_free(&out);
}

/* A vocabulary that was read: refused, or used in both directions. */
static inline void
fuzz_vocabulary(struct bpe *b)
{
	struct tokenizer *t;
	struct err e;

	if (tokenizer_of(&t, b, &e) < 0)
		return;
	fuzz_both_ways(t);
	tokenizer_free(t);
}

#endif
