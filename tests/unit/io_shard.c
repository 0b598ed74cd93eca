/* SPDX-License-Identifier: MIT */
/* Shards: written, read by a naive reader and by ours, broken, enormous. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/hash.h"
#include "io/shard.h"
#include "io/stream.h"
#include "tap.h"

static char dir[] = "/tmp/quern-shard-XXXXXX";

static const char *
in_dir(const char *name)
{
	static char path[4][256];
	static int i;

	i = (i + 1) % 4;
	snprintf(path[i], sizeof(path[i]), "%s/%s", dir, name);
	return path[i];
}

/* Document i has i % 7 + 1 tokens; token k of it is ... */
static uint32_t
token(uint64_t i, uint64_t k, uint32_t vocab)
{
	return (uint32_t)(mix64(i * 8 + k) % vocab);
}

static void
head_for(struct shard_head *h, uint32_t vocab)
{
	*h = (struct shard_head){ .vocab = vocab, .end_text = -1 };
	memset(h->tokenizer, 'a', 64);
}

static int
add_doc(struct shard_writer *w, uint64_t i, uint32_t vocab, struct err *e)
{
	uint32_t v[7], k;
	unsigned char packed[28];
	char id[32], url[32];
	struct shard_doc d = { .tokens = i % 7 + 1, .bytes = i };

	for (k = 0; k < d.tokens; k++)
		v[k] = token(i, k, vocab);
	shard_pack(v, d.tokens, vocab, packed);
	snprintf(id, sizeof(id), "doc \"%llu\"", (unsigned long long)i);
	snprintf(url, sizeof(url), "u:%llu", (unsigned long long)i);
	d.id = str_c(id);
	if (i % 3)
		d.url = str_c(url);
	return shard_add(w, &d, packed, e);
}

static int
write_shard(const char *prefix, uint64_t docs, uint32_t vocab, struct err *e)
{
	struct shard_writer *w;
	struct shard_head h;
	uint64_t i;

	head_for(&h, vocab);
	if (shard_create(&w, prefix, &h, e) < 0)
		return e->code;
	for (i = 0; i < docs; i++)
		if (add_doc(w, i, vocab, e) < 0) {
			shard_abort(w);
			return e->code;
		}
	return shard_commit(w, e);
}

struct expect {
	uint64_t docs, bad;
};

static int
check_doc(void *ctx, uint64_t i, const struct shard_doc *d, struct err *e)
{
	struct expect *x = ctx;
	char id[32], url[32];

	(void)e;
	snprintf(id, sizeof(id), "doc \"%llu\"", (unsigned long long)i);
	snprintf(url, sizeof(url), "u:%llu", (unsigned long long)i);
	x->bad += i != x->docs++ || !str_eq(d->id, str_c(id)) ||
		  d->tokens != i % 7 + 1 || d->bytes != i ||
		  (i % 3 ? !str_eq(d->url, str_c(url)) : d->url.p != NULL);
	return 0;
}

static uint64_t
wrong_tokens(const struct shard *s)
{
	uint64_t i, k, at = 0, bad = 0, first, n;
	uint32_t v[7];
	struct err e;

	for (i = 0; i < s->docs; i++) {
		if (shard_doc_range(s, i, &first, &n, &e) < 0 ||
		    shard_read(s, first, n, v, &e) < 0)
			return 1;
		bad += first != at || n != i % 7 + 1 ||
		       shard_doc_of(s, at) != i ||
		       shard_doc_of(s, at + n - 1) != i;
		for (k = 0; k < n; k++)
			bad += v[k] != token(i, k, s->head.vocab);
		at += n;
	}
	return bad + (at != s->tokens);
}

static void
test_round(uint64_t docs, uint32_t vocab)
{
	const char *prefix = in_dir("round");
	struct expect x = { 0 };
	struct arena a = { 0 };
	struct shard_doc d;
	struct shard s;
	struct err e = { 0 };
	int rc = write_shard(prefix, docs, vocab, &e);

	if (rc == 0)
		rc = shard_open(&s, prefix, &e);
	if (!OK(rc == 0, "%llu documents, vocabulary %u %s",
		(unsigned long long)docs, vocab, e.msg))
		return;
	OK(s.docs == docs && s.idx.width == (vocab < 65500 ? 2u : 4u) &&
		wrong_tokens(&s) == 0,
	    "its tokens");
	shard_docs_each(&s, check_doc, &x, &e);
	OK(x.docs == docs && x.bad == 0, "its documents");
	if (docs) {
		rc = shard_doc_read(&s, docs - 1, &a, &d, &e);
		x = (struct expect){ .docs = docs - 1 };
		if (rc == 0)
			check_doc(&x, docs - 1, &d, &e);
		OK(rc == 0 && x.bad == 0, "its last one alone");
	}
	OK(shard_doc_read(&s, docs, &a, &d, &e) < 0, "none beyond");
	OK(shard_verify(&s, &e) == 0, "it verifies");
	arena_free(&a);
	shard_close(&s);
}

/* The index as the format is written down, byte by byte. */
static uint64_t
number(const unsigned char *p, int n)
{
	uint64_t v = 0;

	while (n--)
		v = v << 8 | p[n];
	return v;
}

static void
test_naive_idx(void)
{
	uint64_t i, at = 0, bad = 0, n = 100;
	unsigned char *p;
	struct err e;
	size_t size;
	char *text;

	write_shard(in_dir("naive"), n, 300, &e);
	in_slurp(in_dir("naive.idx"), &text, &size, &e);
	p = (unsigned char *)text;
	OK(size == 34 + 100 * 4 + 100 * 8 + 101 * 8 &&
		memcmp(p, "MMIDIDX\0", 9) == 0 && number(p + 9, 8) == 1 &&
		p[17] == 8 && number(p + 18, 8) == 100 &&
		number(p + 26, 8) == 101,
	    "Megatron's header");
	for (i = 0; i < n; i++) {
		bad += number(p + 34 + 4 * i, 4) != i % 7 + 1;
		bad += number(p + 434 + 8 * i, 8) != at;
		bad += number(p + 1234 + 8 * i, 8) != i;
		at += 2 * (i % 7 + 1);
	}
	bad += number(p + 1234 + 8 * n, 8) != n;
	OK(bad == 0, "Megatron's lengths, pointers, documents");
	free(text);
}

/* Change one byte of a file; returns what it was. */
static int
poke(const char *path, off_t at, int c)
{
	int fd = open(path, O_RDWR);
	unsigned char old = 0, byte;

	if (at < 0)
		at = lseek(fd, 0, SEEK_END) + at;
	if (pread(fd, &old, 1, at) != 1)
		return -1;
	byte = (unsigned char)(c < 0 ? old ^ 1 : c);
	if (pwrite(fd, &byte, 1, at) != 1)
		return -1;
	close(fd);
	return old;
}

/* Opening or verifying a broken shard fails. */
static bool
is_refused(const char *prefix, struct err *e)
{
	struct shard s;
	int rc = shard_open(&s, prefix, e);

	if (rc == 0) {
		rc = shard_verify(&s, e);
		shard_close(&s);
	}
	return rc == ERR_CHECK || rc == ERR_FORMAT;
}

/* A frame may have a bit that its text does not depend on. */
static bool
same_text(const char *path, const char *want)
{
	struct err e;
	bool same;
	size_t n;
	char *p;

	if (in_slurp(path, &p, &n, &e) < 0)
		return false;
	same = n == strlen(want) && memcmp(p, want, n) == 0;
	free(p);
	return same;
}

static void
test_flipped(void)
{
	static const char *const ends[] = { ".bin", ".idx", ".docs" };
	const char *prefix = in_dir("flip");
	char path[300], *docs;
	uint64_t size, at, missed = 0, tried = 0;
	struct err e;
	int i, fd, old;
	size_t n;

	write_shard(prefix, 40, 300, &e);
	if (in_slurp(in_dir("flip.docs"), &docs, &n, &e) < 0)
		return;
	for (i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s%s", prefix, ends[i]);
		fd = open(path, O_RDONLY);
		size = (uint64_t)lseek(fd, 0, SEEK_END);
		close(fd);
		for (at = 0; at < size; at += i == 2 ? 1 : 5) {
			old = poke(path, (off_t)at, -1);
			missed += !is_refused(prefix, &e) &&
				  !(i == 2 && same_text(path, docs));
			poke(path, (off_t)at, old);
			tried++;
		}
	}
	OK(missed == 0, "%llu flipped bits are found",
	    (unsigned long long)tried);
	OK(!is_refused(prefix, &e), "unbroken it is fine");
	free(docs);
}

static void
test_cut(void)
{
	static const char *const names[] = { "cut.bin", "cut.idx", "cut.docs" };
	const char *prefix = in_dir("cut");
	struct err e;
	int i, bad = 0;

	for (i = 0; i < 3; i++) {
		write_shard(prefix, 40, 300, &e);
		bad += truncate(in_dir(names[i]), 100) < 0;
		bad += !is_refused(prefix, &e);
		write_shard(prefix, 40, 300, &e);
		bad += truncate(in_dir(names[i]), 0) < 0;
		bad += !is_refused(prefix, &e);
	}
	OK(bad == 0, "cut files are refused: %s", e.msg);
	write_shard(prefix, 40, 300, &e);
	unlink(in_dir("cut.docs"));
	OK(is_refused(prefix, &e) || e.code == ERR_IO,
	    "so is a shard without its .docs: %s", e.msg);
}

static void
test_abort(void)
{
	struct shard_writer *w;
	struct shard_head h;
	struct err e;

	head_for(&h, 300);
	OK(shard_create(&w, in_dir("gone"), &h, &e) == 0 &&
		add_doc(w, 3, 300, &e) == 0,
	    "a shard is begun");
	shard_abort(w);
	OK(access(in_dir("gone.bin"), F_OK) < 0 &&
		access(in_dir("gone.idx"), F_OK) < 0 &&
		access(in_dir("gone.docs"), F_OK) < 0,
	    "given up it leaves nothing");
	OK(shard_create(&w, in_dir("no/such"), &h, &e) < 0, "%s", e.msg);
}

/* A .docs for `docs` documents of which the lines don't matter. */
static int
write_docs(const char *path, uint64_t docs, uint64_t tokens, struct err *e)
{
	struct frames f = { 0 };
	struct buf b = { 0 };
	struct out *out;
	char hex[65] = { 0 };

	memset(hex, 'b', 64);
	if (out_open(&out, path, e) < 0)
		return e->code;
	buf_printf(&b,
	    "{\"format\":\"quern shard\",\"version\":1,\"tokenizer\":"
	    "\"sha256:%s\",\"vocab\":300,\"end_text\":null}\n",
	    hex);
	frames_put(&f, out, buf_view(&b), e);
	frames_put(&f, out, STR("{\"id\":\"x\"}\n"), e);
	buf_clear(&b);
	buf_printf(&b,
	    "{\"documents\":%llu,\"tokens\":%llu,\"bin_sha256\":\"%s\","
	    "\"idx_sha256\":\"%s\"}\n",
	    (unsigned long long)docs, (unsigned long long)tokens, hex, hex);
	frames_put(&f, out, buf_view(&b), e);
	frames_end(&f, out, e);
	frames_free(&f);
	buf_free(&b);
	return out_commit(out, e);
}

/* Three documents of 2^31 - 1 tokens: 12 GiB with holes. */
static void
test_huge(void)
{
	const uint64_t len = INT32_MAX, tokens = 3 * len;
	unsigned char idx[34 + 3 * 20 + 8] = "MMIDIDX";
	uint64_t v[3] = { 1, 3, 4 }, i, at;
	uint16_t mark = 299;
	uint32_t got[3] = { 0 }, n32 = INT32_MAX;
	struct shard s;
	struct err e = { 0 };
	int fd = open(in_dir("huge.bin"), O_CREAT | O_RDWR, 0600), rc;

	memcpy(idx + 9, &v[0], 8);
	idx[17] = 8;
	memcpy(idx + 18, &v[1], 16);
	for (i = 0; i < 4; i++) {
		at = 2 * i * len;
		if (i < 3)
			memcpy(idx + 34 + 4 * i, &n32, 4);
		if (i < 3)
			memcpy(idx + 46 + 8 * i, &at, 8);
		memcpy(idx + 70 + 8 * i, &i, 8);
	}
	if (ftruncate(fd, (off_t)(2 * tokens)) < 0 ||
	    pwrite(fd, &mark, 2, (off_t)(2 * (tokens - 1))) != 2) {
		OK(true, "a shard of 12 GiB # SKIP no room for holes");
		close(fd);
		return;
	}
	close(fd);
	out_whole(in_dir("huge.idx"), idx, sizeof(idx), &e);
	write_docs(in_dir("huge.docs"), 3, tokens, &e);
	rc = shard_open(&s, in_dir("huge"), &e);
	OK(rc == 0 && s.tokens == tokens, "a shard of 12 GiB %s", e.msg);
	if (rc < 0)
		return;
	OK(shard_idx_check(&s.idx, tokens, &e) == 0 &&
		shard_doc_of(&s, tokens - 1) == 2 &&
		shard_doc_of(&s, 2 * len - 1) == 1 &&
		shard_read(&s, tokens - 3, 3, got, &e) == 0 && got[2] == 299 &&
		got[1] == 0,
	    "its last token and the documents between");
	OK(shard_read(&s, tokens - 2, 3, got, &e) == ERR_ARG, "%s", e.msg);
	shard_close(&s);
}

static void
test_bad_token(void)
{
	uint32_t v[4];
	struct shard s;
	struct err e;

	write_shard(in_dir("tok"), 40, 300, &e);
	poke(in_dir("tok.bin"), 5, 9);
	shard_open(&s, in_dir("tok"), &e);
	OK(shard_read(&s, 0, 4, v, &e) == ERR_FORMAT &&
		strstr(e.msg, "tok.bin: byte 4: token"),
	    "a token beyond the vocabulary is no token: %s", e.msg);
	shard_close(&s);
}

static void
clean_up(void)
{
	char command[300];

	snprintf(command, sizeof(command), "rm -r '%s'", dir);
	if (system(command) != 0)
		printf("# %s is left\n", dir);
}

int
main(void)
{
	if (!mkdtemp(dir))
		return 1;
	test_round(0, 300);
	test_round(1, 65499);
	test_round(SHARD_FRAME, 65500);
	test_round(3 * SHARD_FRAME + 5, 300);
	test_round(SHARD_FRAME + 1, 200000);
	test_naive_idx();
	test_flipped();
	test_cut();
	test_abort();
	test_huge();
	test_bad_token();
	clean_up();
	return tap_end();
}
