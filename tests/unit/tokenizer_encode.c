/* SPDX-License-Identifier: MIT */
/*
 * Encoding against the definition: of all pairs the one with the best rank,
 * the leftmost of these, is merged, until there is none.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../tap.h"
#include "base/err.h"
#include "base/hash.h"
#include "io/stream.h"
#include "tokenizer/bytelevel.h"
#include "tokenizer/learn.h"
#include "tokenizer/merge.h"
#include "tokenizer/tokenizer.h"
#include "tokenizer/tokjson.h"

enum { TEXT = 4000 };

static uint64_t seed = 11;

static uint64_t
rnd(uint64_t n)
{
	return mix64(++seed) % n;
}

static const char *const stock[] = { "the", " the", " mill", " grinds", "ing",
	" water", ".", ",", "\n", "  ", "'s", " M\xc3\xbchle", "\xe6\xb0\xb4",
	"12", "aaaa", "ab", "\xff", "\x80", "" };

static size_t
random_text(char *s, size_t most, int how)
{
	size_t n = 0, k;
	const char *p;

	while (n + 16 < most && rnd(400)) {
		if (how == 0) {
			s[n++] = (char)rnd(256);
			continue;
		}
		if (how == 1) {
			s[n++] = (char)('a' + rnd(3));
			continue;
		}
		p = stock[rnd(sizeof(stock) / sizeof(*stock))];
		k = strlen(p);
		memcpy(s + n, p, k);
		n += k;
	}
	return n;
}

/* A vocabulary learnt from such texts. */
static int
make_bpe(struct bpe *b, uint32_t vocab, struct err *e)
{
	static const struct str specials[] = { { "<|endoftext|>", 13 },
		{ "<|sep|>", 7 } };
	struct learn_opts opts = {
		.vocab = vocab, .specials = specials, .nspecial = 2
	};
	struct words w = { 0 };
	char s[TEXT];
	int i, rc;

	for (i = 0; i < 40; i++)
		words_add(&w, (struct str){ s, random_text(s, 60, i % 3) },
		    1 + rnd(20), e);
	for (i = 0; i < 18; i++)
		words_add(&w, str_c(stock[i]), 50, e);
	rc = bpe_learn(b, &w, &opts, e);
	words_free(&w);
	if (rc == 0)
		rc = bpe_set_pattern(b, "gpt2", e);
	return rc == 0 ? bpe_index(b, e) : rc;
}

static size_t
plain_merge(const struct bpe *b, uint32_t *ids, size_t n)
{
	size_t i, k, best_at = 0, best;

	for (;;) {
		best = b->nmerge;
		for (i = 0; i + 1 < n; i++)
			for (k = 0; k < best; k++)
				if (b->merges[k].left == ids[i] &&
				    b->merges[k].right == ids[i + 1]) {
					best = k;
					best_at = i;
				}
		if (best == b->nmerge)
			return n;
		ids[best_at] = b->merges[best].id;
		n--;
		memmove(ids + best_at + 1, ids + best_at + 2,
		    (n - best_at - 1) * sizeof(*ids));
	}
}

static void
test_merge(const struct bpe *b)
{
	static uint32_t want[TEXT], got[TEXT];
	struct merge_scratch s = { 0 };
	size_t n, i, nwant;
	char text[TEXT];
	struct err e;
	int k, bad = 0;

	for (k = 0; k < 600; k++) {
		n = random_text(text, k % 4 ? 80 : 400, k % 3);
		for (i = 0; i < n; i++)
			want[i] = got[i] = b->byte_id[(uint8_t)text[i]];
		nwant = plain_merge(b, want, n);
		bad += bpe_merge(b, &s, got, n, &e) != (ptrdiff_t)nwant ||
		       memcmp(want, got, nwant * sizeof(*got)) != 0;
	}
	OK(bad == 0, "merging is the definition's, short and long (%d not)",
	    bad);
	merge_scratch_free(&s);
}

/* 2n letters may take little more than twice the time of n. */
static void
test_long(const struct tokenizer *t)
{
	struct tokenizer_worker *w;
	struct ids ids = { 0 };
	struct buf back = { 0 };
	size_t n = 2000000;
	char *s = malloc(n);
	struct err e;

	memset(s, 'a', n);
	w = tokenizer_worker_new(t, &e);
	OK(tokenizer_encode(t, w, (struct str){ s, n }, &ids, &e) == 0 &&
		tokenizer_decode(t, ids.v, ids.n, &back, &e) == 0 &&
		back.n == n && memcmp(back.p, s, n) == 0,
	    "two million letters without a break");
	tokenizer_worker_free(w);
	ids_free(&ids);
	buf_free(&back);
	free(s);
}

static bool
round_trip(const struct tokenizer *t, struct tokenizer_worker *w, struct str s)
{
	struct ids ids = { 0 };
	struct buf back = { 0 };
	struct err e;
	bool ok;

	ok = tokenizer_encode(t, w, s, &ids, &e) == 0 &&
	     tokenizer_decode(t, ids.v, ids.n, &back, &e) == 0 &&
	     str_eq(buf_view(&back), s);
	ids_free(&ids);
	buf_free(&back);
	return ok;
}

static void
test_round_trip(const struct tokenizer *t)
{
	struct err e;
	struct tokenizer_worker *w = tokenizer_worker_new(t, &e);
	char s[TEXT];
	int i, bad = 0;

	for (i = 0; i < 3000; i++)
		bad += !round_trip(
		    t, w, (struct str){ s, random_text(s, TEXT, i % 3) });
	OK(bad == 0, "decode(encode(x)) is x for any bytes (%d not)", bad);
	tokenizer_worker_free(w);
}

/* A worker that has seen much gives the ids that a fresh one gives. */
static void
test_cache(const struct tokenizer *t)
{
	struct err e;
	struct tokenizer_worker *old = tokenizer_worker_new(t, &e), *fresh;
	struct ids a = { 0 }, b = { 0 };
	char s[TEXT];
	int i, bad = 0;

	for (i = 0; i < 300; i++) {
		struct str text = { s, random_text(s, TEXT, i % 3) };

		a.n = b.n = 0;
		fresh = i % 10 ? NULL : tokenizer_worker_new(t, &e);
		tokenizer_encode(t, old, text, &a, &e);
		if (!fresh)
			continue;
		tokenizer_encode(t, fresh, text, &b, &e);
		bad += a.n != b.n || memcmp(a.v, b.v, a.n * sizeof(*a.v)) != 0;
		tokenizer_worker_free(fresh);
	}
	OK(bad == 0, "what was seen before changes no ids (%d)", bad);
	tokenizer_worker_free(old);
	ids_free(&a);
	ids_free(&b);
}

/* ---- added tokens ---- */

static const char added_json[] =
    "{\"added_tokens\":["
    "{\"id\":256,\"content\":\"<s>\",\"special\":true,\"normalized\":false},"
    "{\"id\":257,\"content\":\"<s><s>\",\"special\":true,"
    "\"normalized\":false},"
    "{\"id\":258,\"content\":\"[L]\",\"lstrip\":true,\"normalized\":false},"
    "{\"id\":259,\"content\":\"[R]\",\"rstrip\":true,\"normalized\":false},"
    "{\"id\":260,\"content\":\"word\",\"single_word\":true,"
    "\"normalized\":true},"
    "{\"id\":261,\"content\":\"s>\",\"normalized\":true}],"
    "\"pre_tokenizer\":{\"type\":\"ByteLevel\",\"add_prefix_space\":false},"
    "\"model\":{\"type\":\"BPE\",\"vocab\":{";

/* All bytes with their own value as id, no merges. */
static struct tokenizer *
bytes_tokenizer(const char *path)
{
	struct tokenizer *t = NULL;
	struct buf b = { 0 }, name = { 0 };
	struct err e;
	int i;

	buf_puts(&b, added_json);
	for (i = 0; i < 256; i++) {
		char c = (char)i;

		buf_clear(&name);
		bytelevel_encode(&name, (struct str){ &c, 1 });
		buf_puts(&b, i ? "," : "");
		buf_json(&b, buf_view(&name));
		buf_printf(&b, ":%d", i);
	}
	buf_puts(&b, "},\"merges\":[]}}");
	if (out_whole(path, b.p, b.n, &e) < 0 ||
	    tokenizer_load(&t, path, NULL, &e) < 0)
		printf("# %s\n", e.msg);
	buf_free(&b);
	buf_free(&name);
	return t;
}

/* Ids: bytes as they are, added tokens as {256}. */
static void
test_added(
    struct tokenizer *t, const char *which, const char *text, const char *want)
{
	struct err e;
	struct tokenizer_worker *w;
	struct ids ids = { 0 };
	struct buf got = { 0 };
	size_t i;

	tokenizer_special(t, which, &e);
	w = tokenizer_worker_new(t, &e);
	tokenizer_encode(t, w, str_c(text), &ids, &e);
	for (i = 0; i < ids.n; i++)
		buf_printf(&got, ids.v[i] < 256 ? "%c" : "{%d}", ids.v[i]);
	buf_putc(&got, '\0');
	OK(strcmp(got.p, want) == 0, "special %s: '%s' is '%s' (%s)", which,
	    text, want, got.p);
	tokenizer_worker_free(w);
	ids_free(&ids);
	buf_free(&got);
}

static void
test_all_added(const char *path)
{
	struct tokenizer *t = bytes_tokenizer(path);
	struct err e;

	if (!OK(t != NULL, "a tokenizer of bytes and added tokens"))
		return;
	test_added(t, "all", "a<s>b", "a{256}b");
	test_added(t, "all", "<s><s><s>", "{257}{256}");
	test_added(t, "none", "a<s>b", "a<{261}b");
	test_added(t, "<s>", "<s><s>", "{256}{256}");
	test_added(t, "<s>,<s><s>", "<s><s>", "{257}");
	test_added(t, "all", "a  [L]  b", "a{258}  b");
	test_added(t, "all", "a  [R]  b", "a  {259}b");
	test_added(t, "all", "a [R] [L] b", "a {259}{258} b");
	test_added(t, "all", "words word sword (word)_word word",
	    "words {260} sword ({260})_word {260}");
	test_added(t, "all", "wo<s>rd", "wo{256}rd");
	OK(tokenizer_special(t, "<nope>", &e) == ERR_ARG,
	    "an unknown special token is refused");
	tokenizer_free(t);
}

/* ---- files ---- */

static int
load_back(const struct bpe *b, const char *path, struct tokenizer **t)
{
	struct buf json = { 0 };
	struct err e;
	int rc = tokjson_write(b, &json, &e);

	if (rc == 0)
		rc = out_whole(path, json.p, json.n, &e);
	if (rc == 0)
		rc = tokenizer_load(t, path, NULL, &e);
	if (rc < 0)
		printf("# %s\n", e.msg);
	buf_free(&json);
	return rc;
}

static void
test_file(const struct bpe *b, const struct tokenizer *t)
{
	const struct bpe *c = tokenizer_bpe(t);
	uint32_t id;
	int bad = 0;

	OK(c->nmerge == b->nmerge && c->ntoken == b->ntoken &&
		c->nadded == b->nadded &&
		memcmp(c->merges, b->merges, b->nmerge * sizeof(*b->merges)) ==
		    0,
	    "tokenizer.json brings back the merges");
	for (id = 0; id < b->ntoken; id++)
		bad += !str_eq(bpe_bytes(b, id), bpe_bytes(c, id));
	OK(bad == 0, "and the tokens");
	OK(strcmp(tokenizer_pattern(t), "gpt2") == 0, "and the pattern");
	OK(tokenizer_end_text(t) == 0, "and the end of text");
}

static void
test_bad_file(const char *json, const char *says)
{
	struct bpe b = { 0 };
	struct err e = { 0 };

	OK(tokjson_read(&b, json, strlen(json), &e) == ERR_FORMAT &&
		strstr(e.msg, says),
	    "refused: %s", e.msg);
	bpe_free(&b);
}

static void
test_bad_files(void)
{
#define PRE "\"pre_tokenizer\":{\"type\":\"ByteLevel\"},\"model\":"
	test_bad_file("{", "");
	test_bad_file("[]", "there is no model");
	test_bad_file("{\"model\":{\"type\":\"Unigram\"}}", "list of pieces");
	test_bad_file("{\"model\":{\"type\":\"WordLevel\"}}", "none of BPE");
	test_bad_file("{\"pre_tokenizer\":{\"type\":\"Odd\"},"
		      "\"model\":{\"vocab\":{},\"merges\":[]}}",
	    "'Odd' is not among");
	test_bad_file("{\"normalizer\":{\"type\":\"NFX\"}," PRE
		      "{\"vocab\":{},\"merges\":[]}}",
	    "NFX");
	test_bad_file("{" PRE "{\"vocab\":{\"a\":-1},\"merges\":[]}}", "'a'");
	test_bad_file("{" PRE "{\"vocab\":{\"a\":1,\"b\":1},\"merges\":[]}}",
	    "two tokens");
	test_bad_file(
	    "{" PRE "{\"vocab\":{\"a\":4294967296},\"merges\":[]}}", "'a'");
	test_bad_file("{" PRE "{\"vocab\":{\"a\":1,\"b\":2},\"merges\":"
		      "[\"a b\"]}}",
	    "number 0 names a token");
	test_bad_file("{" PRE "{\"vocab\":{\"a\":1},\"merges\":[[\"a\"]]}}",
	    "number 0 is no pair");
	test_bad_file("{\"added_tokens\":[{\"id\":1,\"content\":\"x\"}]," PRE
		      "{\"vocab\":{\"a\":1},\"merges\":[]}}",
	    "another token");
	test_bad_file("{\"added_tokens\":[{\"id\":1}]," PRE
		      "{\"vocab\":{\"a\":1},\"merges\":[]}}",
	    "number 0 has no valid id");
#undef PRE
}

static void
test_codec(const char *path)
{
	struct textcodec c;
	struct ids ids = { 0 };
	struct buf back = { 0 };
	uint32_t wrong = 100000;
	struct err e;
	void *w;

	if (!OK(tokenizer_open(&c, path, &e) == 0, "a codec opens"))
		return;
	OK(strlen(c.digest) == 64 && c.end_text == 0 && c.vocab == 500,
	    "it knows its digest, end of text and size");
	w = c.worker_new(c.ctx, &e);
	OK(c.encode(c.ctx, w, STR("<|endoftext|>"), &ids, &e) == 0 && ids.n > 1,
	    "to a codec special tokens in text are text");
	OK(c.decode(c.ctx, ids.v, ids.n, &back, &e) == 0 &&
		str_eq(buf_view(&back), STR("<|endoftext|>")),
	    "that comes back");
	OK(c.decode(c.ctx, &wrong, 1, &back, &e) == ERR_FORMAT,
	    "an unknown id is an error");
	c.worker_free(w);
	c.close(c.ctx);
	ids_free(&ids);
	buf_free(&back);
}

int
main(void)
{
	char path[] = "/tmp/quern-test-XXXXXX";
	int fd = mkstemp(path);
	struct tokenizer *t = NULL;
	struct bpe b = { 0 };
	struct err e;

	if (fd >= 0)
		close(fd);
	if (OK(make_bpe(&b, 500, &e) == 0, "a vocabulary")) {
		test_merge(&b);
		if (OK(load_back(&b, path, &t) == 0, "written and read")) {
			test_file(&b, t);
			test_round_trip(t);
			test_cache(t);
			test_long(t);
		}
		test_codec(path);
	}
	tokenizer_free(t);
	bpe_free(&b);
	test_all_added(path);
	test_bad_files();
	unlink(path);
	return tap_end();
}
