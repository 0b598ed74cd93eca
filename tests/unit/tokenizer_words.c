/* SPDX-License-Identifier: MIT */
/*
 * Counts by way of files, nameless and named: the sums that a table in memory
 * has, in order, however often they went to disk.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../tap.h"
#include "base/err.h"
#include "base/hash.h"
#include "io/stream.h"
#include "tokenizer/word_runs.h"
#include "tokenizer/wordfile.h"

enum { TIMES = 200 };

static uint64_t seed = 3;

static uint64_t
rnd(uint64_t n)
{
	return mix64(++seed) % n;
}

/* Any bytes, few enough kinds to be met again. */
static struct str
random_word(char p[4])
{
	static const char cs[] = "a \n\0\xff\xc3";
	size_t n = 1 + rnd(4), i;

	for (i = 0; i < n; i++)
		p[i] = cs[rnd(sizeof(cs) - 1)];
	return (struct str){ p, n };
}

/* What came, and was it in order? */
struct seen {
	struct words words;
	struct buf last;
	bool disordered;
};

static int
see(void *ctx, struct str word, uint64_t n, struct err *e)
{
	struct seen *s = ctx;

	if (s->last.p && str_cmp(buf_view(&s->last), word) >= 0)
		s->disordered = true;
	buf_clear(&s->last);
	buf_str(&s->last, word);
	return words_add(&s->words, word, n, e);
}

static bool
same(const struct words *a, const struct words *b)
{
	struct words sum = { 0 };
	uint64_t i, bad = 0;
	struct err e;

	/* b twice and a once: each count must be three times a's. */
	words_merge(&sum, b, &e);
	words_merge(&sum, b, &e);
	words_merge(&sum, a, &e);
	for (i = 0; i < a->nslot; i++)
		bad += a->slots[i].n != 0 &&
		       words_add(&sum, words_str(a, &a->slots[i]), 0, &e) < 0;
	for (i = 0; i < sum.nslot; i++)
		bad += sum.slots[i].n % 3 != 0;
	bad += sum.used != a->used || a->used != b->used;
	words_free(&sum);
	return bad == 0;
}

static void
test_runs(void)
{
	struct words all = { 0 }, some = { 0 };
	struct word_runs r = { .n = 0 };
	struct seen got = { 0 };
	struct err e;
	char p[4];
	int i, k, rc = 0;

	for (i = 0; rc == 0 && i < TIMES; i++) {
		for (k = (int)rnd(30); k > 0; k--) {
			struct str w = random_word(p);
			uint64_t n = rnd(9) ? rnd(5) : (uint64_t)1 << 40;

			words_add(&all, w, n, &e);
			words_add(&some, w, n, &e);
		}
		rc = word_runs_spill(&r, &some, &e);
	}
	OK(rc == 0 && some.used == 0, "%d tables go to disk", TIMES);
	OK(r.n < WORD_RUNS + 1, "in no more than %d files", WORD_RUNS);
	OK(word_runs_merge(&r, see, &got, &e) == 0 && r.n == 0, "and back");
	OK(same(&all, &got.words), "with the same sums");
	OK(!got.disordered, "in order of bytes");
	words_free(&all);
	words_free(&got.words);
	buf_free(&got.last);
}

static int
write_file(const struct words *w, const char *path, struct err *e)
{
	struct wordfile f;
	struct out *out;
	int rc;

	if (out_open(&out, path, e) < 0)
		return e->code;
	rc = wordfile_start(&f, out, "\\S+| +\n", e);
	if (rc == 0)
		rc = words_each(w, wordfile_put, &f, e);
	if (wordfile_end(&f, e) < 0)
		rc = e->code;
	if (rc == 0)
		return out_commit(out, e);
	out_close(out);
	return rc;
}

static void
test_file(const char *path)
{
	struct words w = { 0 }, back = { 0 };
	struct buf pattern = { 0 };
	struct err e;
	char p[4];
	int i;

	for (i = 0; i < 500; i++)
		words_add(&w, random_word(p), 1 + rnd(1000000), &e);
	OK(write_file(&w, path, &e) == 0, "counts are written");
	OK(wordfile_read(&back, &pattern, path, 0, &e) == 0 && same(&w, &back),
	    "and read");
	OK(str_eq(buf_view(&pattern), STR("\\S+| +\n")), "and the pattern");
	OK(wordfile_read(&back, &pattern, path, 0, &e) == 0 && !same(&w, &back),
	    "read twice they add up");
	OK(wordfile_read(&back, &pattern, path, 100, &e) == ERR_ARG,
	    "memory is bounded: %s", e.msg);
	words_free(&w);
	words_free(&back);
	buf_free(&pattern);
}

static void
test_bad(const char *path, const char *text, const char *says)
{
	struct buf pattern = { 0 };
	struct words w = { 0 };
	struct err e = { 0 };

	if (out_whole(path, text, strlen(text), &e) < 0)
		abort();
	OK(wordfile_read(&w, &pattern, path, 0, &e) < 0 && strstr(e.msg, says),
	    "refused: %s", e.msg);
	words_free(&w);
	buf_free(&pattern);
}

int
main(void)
{
	char path[] = "/tmp/quern-test-XXXXXX";
	int fd = mkstemp(path);

	if (fd >= 0)
		close(fd);
	test_runs();
	test_file(path);
	test_bad(path, "", "doesn't begin");
	test_bad(path, "#quern-counts 2 a\n", "line 1");
	test_bad(path, "#quern-counts 1 a\n5\tab\nx\tab\n", "line 3");
	test_bad(path, "#quern-counts 1 a\n5 ab\n", "no count");
	test_bad(path, "#quern-counts 1 a\n5\ta b\n", "no count");
	test_bad(path, "#quern-counts 1 a\n5\t\n", "no count");
	test_bad(
	    path, "#quern-counts 1 a\n18446744073709551617\ta\n", "no count");
	test_bad(path, "#quern-counts 1 a\n4611686018427387904\taaa\n#end 1\n",
	    "2^63");
	test_bad(path, "#quern-counts 1 a\n5\tab\n", "cut off");
	test_bad(path, "#quern-counts 1 a\n5\tab\n#end ", "line 3");
	test_bad(path, "#quern-counts 1 a\n5\tab\n#end 2\n", "missing");
	test_bad(path, "#quern-counts 1 a\n#end 0\n5\tab\n", "behind");
	unlink(path);
	return tap_end();
}
