/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as a tokenizer.json: refused, or a tokenizer that writes itself,
 * reads that as the same, and encodes without harm.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "tokenizer/tokenizer.h"
#include "tokenizer/tokjson.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
check_same(const struct bpe *a, const struct bpe *b)
{
	uint32_t id;

	if (a->ntoken != b->ntoken || a->nmerge != b->nmerge ||
	    a->nadded != b->nadded)
		abort();
	for (id = 0; id < a->ntoken; id++)
		if (!str_eq(bpe_bytes(a, id), bpe_bytes(b, id)))
			abort();
}

/* A pattern that is no regex is found out when it is used. */
static void
use(struct bpe *b)
{
	static const char text[] = "the mill  grinds <s> \xe2\x96\x81 aaaa "
				   "\xff\xe3\x81\x82\0 bbb\n";
	struct tokenizer *t;
	struct tokenizer_worker *w;
	struct ids ids = { 0 };
	struct buf out = { 0 };
	struct err e;

	if (tokenizer_of(&t, b, &e) < 0)
		return;
	w = tokenizer_worker_new(t, &e);
	if (w &&
	    tokenizer_encode(
		t, w, (struct str){ text, sizeof(text) - 1 }, &ids, &e) == 0 &&
	    tokenizer_decode(t, ids.v, ids.n, &out, &e) < 0)
		abort();
	tokenizer_worker_free(w);
	tokenizer_free(t);
	ids_free(&ids);
	buf_free(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct bpe a = { 0 }, b = { 0 };
	struct buf out = { 0 };
	struct err e;

	if (tokjson_read(&a, (const char *)data, n, &e) < 0)
		return 0;
	if (tokjson_write(&a, &out, &e) == 0) {
		if (tokjson_read(&b, out.p, out.n, &e) < 0)
			abort();
		check_same(&a, &b);
	}
	use(&a);
	bpe_free(&b);
	buf_free(&out);
	return 0;
}
