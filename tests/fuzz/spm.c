/* SPDX-License-Identifier: MIT */
/* Any bytes as a SentencePiece model: refused, or a tokenizer that does no
 * harm. */
#include <stdint.h>
#include <stdlib.h>

#include "base/err.h"
#include "tokenizer/spm.h"
#include "tokenizer/tokenizer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
run_both_ways(const struct tokenizer *t)
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

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct tokenizer *t;
	struct bpe b = { 0 };
	struct err e;

	if (spm_read(&b, (const char *)data, n, &e) < 0 ||
	    tokenizer_of(&t, &b, &e) < 0)
		return 0;
	run_both_ways(t);
	tokenizer_free(t);
	return 0;
}
