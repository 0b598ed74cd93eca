/* SPDX-License-Identifier: MIT */
/*
 * Splitting, training, encoding, decoding, one thread, on text made up of
 * 50,000 words of which each is as frequent as Zipf's law has it; and how the
 * time for a piece without an end grows.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/hash.h"
#include "io/stream.h"
#include "tokenizer/bpe.h"
#include "tokenizer/learn.h"
#include "tokenizer/pretok.h"
#include "tokenizer/tokenizer.h"
#include "tokenizer/tokjson.h"

enum {
	SIZE = 32 << 20,
	WORDS = 50000,
	VOCAB = 32000,
	RUNS = 3,
	ENDS = 512,
	PART = 1 << 20,
	LARGE = 100 << 20,
	LONG = 10000000
};

/* Seconds of this process on a processor. */
static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
put_word(struct buf *b, uint64_t rank)
{
	static const char *const syllables[] = { "mi", "ll", "gra", "in", "wa",
		"ter", "sto", "ne", "ri", "ver", "bre", "ad", "whe", "el", "e",
		"m\xc3\xbch" };
	uint64_t x = mix64(rank), n = 1 + rank % 997 % 4;

	for (; n; n--, x /= 16)
		buf_puts(b, syllables[x % 16]);
}

static void
make_text(struct buf *b)
{
	uint64_t seed = 0, r, x;

	while (b->n < SIZE) {
		/* A rank whose logarithm is even: 1/rank. */
		r = mix64(++seed);
		x = WORDS >> r % 16;
		put_word(b, x ? mix64(r) % x : 0);
		buf_puts(b, r >> 32 & 15 ? " " : r >> 36 & 3 ? ", " : ".\n");
	}
	/* So that rows of one letter have merges, too. */
	for (r = 0; r < 1000; r++)
		buf_puts(b, " aaaaaaaaaaaaaaaa");
}

static double
split(const char *pattern, struct str text, struct words *count)
{
	double start = now();
	struct pretok_scan *s;
	struct pretok *pt;
	size_t ends[ENDS], from = 0;
	ptrdiff_t n, i;
	struct err e;

	if (pretok_open(&pt, pattern, &e) < 0)
		return 0;
	s = pretok_scan_new(pt, &e);
	pretok_start(s, text, &e);
	while ((n = pretok_next(s, ends, ENDS, &e)) > 0)
		for (i = 0; count && i < n; from = ends[i++])
			words_add(count,
			    (struct str){ text.p + from, ends[i] - from }, 1,
			    &e);
	pretok_scan_free(s);
	pretok_close(pt);
	return now() - start;
}

static void
print(const char *what, double seconds, double bytes)
{
	printf("%-34s %7.1f MB/s  (%.3f s)\n", what, bytes / seconds / 1e6,
	    seconds);
}

static int
train(struct str text, const char *path, struct err *e)
{
	static const struct str special = { "<|endoftext|>", 13 };
	struct learn_opts opts = {
		.vocab = VOCAB, .specials = &special, .nspecial = 1
	};
	struct words w = { 0 };
	struct bpe b = { 0 };
	struct buf json = { 0 };
	double count = split("gpt2", text, &w), start = now();
	uint64_t used = w.used;
	int rc;

	print("training: counting", count, (double)text.n);
	rc = bpe_learn(&b, &w, &opts, e);
	printf("training: learning %zu merges from %llu words: %.3f s\n",
	    b.nmerge, (unsigned long long)used, now() - start);
	if (rc == 0)
		rc = bpe_set_pattern(&b, "gpt2", e);
	if (rc == 0)
		rc = tokjson_write(&b, &json, e);
	if (rc == 0)
		rc = out_whole(path, json.p, json.n, e);
	words_free(&w);
	bpe_free(&b);
	buf_free(&json);
	return rc;
}

/* Seconds to encode text with a fresh worker, and again. */
static int
encode(const struct tokenizer *t, struct str text, struct ids *ids,
    double *first, double *again, struct err *e)
{
	struct tokenizer_worker *w = tokenizer_worker_new(t, e);
	double start = now();
	int rc, i;

	ids->n = 0;
	rc = tokenizer_encode(t, w, text, ids, e);
	*first = now() - start;
	start = now();
	for (i = 0; rc == 0 && again && i < RUNS; i++) {
		ids->n = 0;
		rc = tokenizer_encode(t, w, text, ids, e);
	}
	if (again)
		*again = (now() - start) / RUNS;
	tokenizer_worker_free(w);
	return rc;
}

/* Seconds to decode, the memory for it being there. */
static int
decode(const struct tokenizer *t, const struct ids *ids, double *seconds,
    struct err *e)
{
	struct buf back = { 0 };
	double start = 0;
	int rc = 0, i;

	for (i = 0; rc == 0 && i <= RUNS; i++) {
		if (i == 1)
			start = now();
		buf_clear(&back);
		rc = tokenizer_decode(t, ids->v, ids->n, &back, e);
	}
	*seconds = (now() - start) / RUNS;
	buf_free(&back);
	return rc;
}

/* Behind the last letter before a space in a megabyte from p on. */
static size_t
part_size(const char *p, size_t n)
{
	size_t i;

	for (i = n < PART ? 0 : PART; i > 0; i--)
		if ((p[i] == ' ' || p[i] == '\n') && (p[i - 1] | 32) >= 'a' &&
		    (p[i - 1] | 32) <= 'z')
			return i;
	return n < PART ? n : PART;
}

/* Seconds to encode text as the command does: in parts, their ids let go. */
static int
encode_parts(
    const struct tokenizer *t, struct str text, double *seconds, struct err *e)
{
	struct tokenizer_worker *w = tokenizer_worker_new(t, e);
	struct ids ids = { 0 };
	double start = now();
	size_t n;
	int rc = w ? 0 : e->code;

	for (; rc == 0 && text.n; text.p += n, text.n -= n, ids.n = 0) {
		n = part_size(text.p, text.n);
		rc = tokenizer_encode(t, w, (struct str){ text.p, n }, &ids, e);
	}
	*seconds = now() - start;
	tokenizer_worker_free(w);
	ids_free(&ids);
	return rc;
}

/* The least seconds of several fresh workers. */
static int
encode_best(const struct tokenizer *t, struct str text, struct ids *ids,
    double *least, struct err *e)
{
	double once;
	int i;

	for (i = 0; i < RUNS; i++) {
		if (encode(t, text, ids, &once, NULL, e) < 0)
			return e->code;
		if (i == 0 || once < *least)
			*least = once;
	}
	return 0;
}

/* Characters of `size` bytes each, any of `letters` from the first on. */
static int
run_long(const struct tokenizer *t, const char *what, const char *first,
    int letters, char *p, size_t n, struct err *e)
{
	struct ids ids = { 0 };
	size_t size = strlen(first), i;
	double half = 0, whole = 0;
	int rc;

	n -= n % (2 * size);
	for (i = 0; i < n; i += size) {
		memcpy(p + i, first, size);
		p[i + size - 1] += (char)(mix64(i) % (uint64_t)letters);
	}
	rc = encode_best(t, (struct str){ p, n / 2 }, &ids, &half, e);
	if (rc == 0)
		rc = encode_best(t, (struct str){ p, n }, &ids, &whole, e);
	if (rc == 0)
		printf("%zu MB of %-18s %7.1f MB/s, t(2n)/t(n) = %.2f\n",
		    n / 1000000, what, (double)n / whole / 1e6, whole / half);
	ids_free(&ids);
	return rc;
}

/* Pieces without an end. */
static int
run_all_long(const struct tokenizer *t, char *scratch, size_t n, struct err *e)
{
	static const struct {
		const char *what, *first;
		int letters;
	} kinds[] = { { "a", "a", 1 }, { "^", "^", 1 },
		{ "random letters", "a", 26 },
		{ "Chinese", "\xe6\xb0\x80", 60 } };
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (run_long(t, kinds[i].what, kinds[i].first, kinds[i].letters,
			scratch, n, e) < 0)
			return e->code;
	return 0;
}

static int
run(struct str text, char *scratch, const char *path, struct err *e)
{
	static const char *const names[] = { "gpt2", "cl100k", "o200k" };
	struct tokenizer *t;
	struct ids ids = { 0 };
	double first, again;
	size_t i;
	int rc;

	for (i = 0; i < 3; i++)
		print(names[i], split(names[i], text, NULL), (double)text.n);
	if (train(text, path, e) < 0 || tokenizer_load(&t, path, NULL, e) < 0)
		return e->code;
	rc = encode(t, text, &ids, &first, &again, e);
	print("encoding, first pass", first, (double)text.n);
	print("encoding, again", again, (double)text.n);
	if (rc == 0)
		rc = decode(t, &ids, &again, e);
	print("decoding", again, (double)text.n);
	if (rc == 0)
		rc = run_all_long(t, scratch, LONG, e);
	ids_free(&ids);
	tokenizer_free(t);
	return rc;
}

/*
 * A text file, with a tokenizer of yours: encoding in parts; if it isn't large
 * also at once, the first pass over it and the mean of those after, and
 * decoding.  Parallel peers are measured by
 * tests/parity/encode_speed.py, which runs this.
 */
static int
run_file(const char *tokenizer, const char *path, struct err *e)
{
	struct tokenizer *t;
	struct ids ids = { 0 };
	double first, again, parts;
	size_t n = 0;
	char *p = NULL;
	int rc;

	if (tokenizer_load(&t, tokenizer, NULL, e) < 0)
		return e->code;
	rc = in_slurp(path, &p, &n, e);
	if (rc == 0)
		print("splitting",
		    split(
			tokenizer_bpe(t)->pattern, (struct str){ p, n }, NULL),
		    (double)n);
	if (rc == 0)
		rc = encode_parts(t, (struct str){ p, n }, &parts, e);
	if (rc == 0)
		print("encoding in parts", parts, (double)n);
	if (rc == 0 && n < LARGE)
		rc = encode(t, (struct str){ p, n }, &ids, &first, &again, e);
	if (rc == 0 && n < LARGE) {
		print("encoding at once, first pass", first, (double)n);
		print("encoding at once, again", again, (double)n);
		rc = decode(t, &ids, &again, e);
		print("decoding", again, (double)n);
	}
	if (rc == 0 && n >= LONG)
		rc = run_all_long(t, p, LONG, e);
	free(p);
	ids_free(&ids);
	tokenizer_free(t);
	return rc;
}

static int
run_own(struct err *e)
{
	char path[] = "/tmp/quern-bench-XXXXXX", *scratch = malloc(LONG);
	struct buf b = { 0 };
	int fd = mkstemp(path), rc;

	if (fd < 0 || !scratch)
		return err_set(e, ERR_IO, "no room for a text");
	close(fd);
	make_text(&b);
	rc = run(buf_view(&b), scratch, path, e);
	unlink(path);
	buf_free(&b);
	free(scratch);
	return rc;
}

/* Without arguments a text of our own; else TOKENIZER FILE. */
int
main(int argc, char **argv)
{
	struct err e;
	int rc = argc == 3 ? run_file(argv[1], argv[2], &e) : run_own(&e);

	if (rc < 0)
		fprintf(stderr, "bench: %s\n", e.msg);
	return rc < 0;
}
