/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as ids of a tokenizer of each kind: what comes out bit by bit is
 * what comes out at once, in whole characters wherever that is in whole
 * characters, and an id that there isn't is refused by both.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/text/utf8.h"
#include "tokenizer/tokenizer.h"
#include "tokenizer/tokjson.h"
#include "tokenizer/tokstream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#define UNIGRAM(decoder) \
	"{\"pre_tokenizer\":{\"type\":\"Metaspace\"},\"decoder\":" decoder \
	",\"model\":{\"type\":\"Unigram\",\"unk_id\":0,\"byte_fallback\":" \
	"true," \
	"\"vocab\":[[\"<unk>\",0],[\"\u2581\",-1],[\"\u2581the\",-2],[\"a\"," \
	"-3],[\".\",-3],[\"<0xE6>\",0],[\"<0xB0>\",0],[\"<0xB4>\",0]," \
	"[\"<0xFF>\",0],[\"<0x61>\",0],[\"\u6c34\",-4],[\"\u2581\u2581\",-9]," \
	"[\"<s>\",0]]}}"

static const char *const jsons[] = {
	"{\"pre_tokenizer\":{\"type\":\"ByteLevel\"},\"added_tokens\":[{\"id\":"
	"6,\"content\":\"<s>\",\"special\":true}],\"model\":{\"type\":\"BPE\","
	"\"vocab\":{\"\xc3\xa6\":0,\"\xc2\xb0\":1,\"\xc2\xb4\":2,\"\xc3\xbf\":"
	"3,\"a\":4,\"\xc3\xb0\":5},\"merges\":[]}}",
	UNIGRAM("{\"type\":\"Metaspace\"}"),
	UNIGRAM("{\"type\":\"Sequence\",\"decoders\":[{\"type\":\"Replace\","
		"\"pattern\":{\"String\":\"\u2581\"},\"content\":\" \"},"
		"{\"type\":\"ByteFallback\"},{\"type\":\"Fuse\"},"
		"{\"type\":\"Strip\",\"content\":\" \",\"start\":1,\"stop\":0}]"
		"}"),
	"{\"decoder\":{\"type\":\"WordPiece\",\"prefix\":\"##\",\"cleanup\":"
	"true},\"model\":{\"type\":\"WordPiece\",\"unk_token\":\"?\",\"vocab\":"
	"{\"?\":0,\"a\":1,\"##a\":2,\".\":3,\"'\":4,\"##'\":5,\"s\":6,\"n\":7,"
	"\"do\":8,\"##n't\":9,\"\u6c34\":10,\"'s\":11}}}",
};

enum { KINDS = sizeof(jsons) / sizeof(*jsons), IDS = 4096 };

static struct tokenizer *
open_kind(size_t i)
{
	struct tokenizer *t;
	struct bpe b = { 0 };
	struct err e;

	if (tokjson_read(&b, jsons[i], strlen(jsons[i]), &e) < 0 ||
	    tokenizer_of(&t, &b, &e) < 0)
		abort();
	return t;
}

/* By `some` ids at a time. */
static int
in_bits(const struct tokenizer *t, const uint32_t *ids, size_t n, size_t some,
    bool whole, struct buf *out)
{
	struct tokenizer_stream s = { 0 };
	struct err e;
	size_t at;
	int rc = 0;

	for (at = 0; rc == 0 && at < n; at += some) {
		rc = tokenizer_stream_put(
		    t, &s, ids + at, n - at < some ? n - at : some, out, &e);
		if (rc == 0 && whole && !utf8_valid(buf_view(out)))
			abort();
	}
	if (rc == 0)
		rc = tokenizer_stream_end(&s, out, &e);
	tokenizer_stream_free(&s);
	return rc;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct tokenizer *kinds[KINDS];
	struct buf all = { 0 }, bits = { 0 };
	static uint32_t ids[IDS];
	const struct tokenizer *t;
	struct err e;
	size_t i;
	int rc;

	for (i = 0; i < KINDS; i++)
		if (!kinds[i])
			kinds[i] = open_kind(i);
	if (n < 2 || n > IDS)
		return 0;
	t = kinds[data[0] % KINDS];
	for (i = 2; i < n; i++)
		ids[i - 2] = data[i];
	rc = tokenizer_decode(t, ids, n - 2, &all, &e);
	if (in_bits(t, ids, n - 2, 1 + data[1] % 40,
		rc == 0 && utf8_valid(buf_view(&all)), &bits) != rc ||
	    (rc == 0 && !str_eq(buf_view(&all), buf_view(&bits))))
		abort();
	buf_free(&all);
	buf_free(&bits);
	return 0;
}
