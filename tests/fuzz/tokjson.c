/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as a tokenizer.json: refused, or a tokenizer that writes itself,
 * reads that as the same, encodes without harm, and parts as the whole.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "tokenizer/seam.h"
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

/* The ids of the text's parts, from the last seam to the first. */
static void
encode_parts(const struct tokenizer *t, struct tokenizer_worker *w,
    struct seams *m, struct str s, struct ids *ids)
{
	size_t at = m ? seams_last(m, s, 0) : 0;
	struct err e;

	if (at)
		encode_parts(t, w, m, (struct str){ s.p, at }, ids);
	tokenizer_encode(t, w, (struct str){ s.p + at, s.n - at }, ids, &e);
}

static void
check_parts(const struct tokenizer *t, struct tokenizer_worker *w, struct str s,
    const struct ids *whole)
{
	struct ids parts = { 0 };
	struct seams *m;
	struct err e;

	if (tokenizer_seams(&m, t, &e) < 0)
		return;
	encode_parts(t, w, m, s, &parts);
	if (parts.n != whole->n ||
	    (parts.n &&
		memcmp(parts.v, whole->v, parts.n * sizeof(*parts.v)) != 0))
		abort();
	ids_free(&parts);
	seams_free(m);
}

/* A pattern that is no regex is found out when it is used. */
static void
use(struct bpe *b)
{
	static const char text[] =
	    "the mill  grinds <s> \xe2\x96\x81 aaaa "
	    "\xff\xe3\x81\x82\0 bbb\n e\xcc\x81.\xe6\xb0\xb4\xe3\x80\x82";
	struct str all = { text, sizeof(text) - 1 };
	struct tokenizer *t;
	struct tokenizer_worker *w;
	struct ids ids = { 0 };
	struct buf out = { 0 };
	struct err e;

	if (tokenizer_of(&t, b, &e) < 0)
		return;
	w = tokenizer_worker_new(t, &e);
	if (w && tokenizer_encode(t, w, all, &ids, &e) == 0) {
		if (tokenizer_decode(t, ids.v, ids.n, &out, &e) < 0)
			abort();
		check_parts(t, w, all, &ids);
	}
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
