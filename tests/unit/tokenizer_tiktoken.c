/* SPDX-License-Identifier: MIT */
/*
 * .tiktoken files against the definition, on vocabularies that no training
 * made: tokens without merges, ranks in any order, bytes that are missing.
 */
#include <stdlib.h>
#include <string.h>

#include "../tap.h"
#include "base/err.h"
#include "base/hash.h"
#include "tokenizer/base64.h"
#include "tokenizer/convert.h"
#include "tokenizer/encode.h"
#include "tokenizer/tiktoken.h"

enum { TOKENS = 60, LONG = 12, TEXT = 200 };

static uint64_t seed = 5;

static uint64_t
rnd(uint64_t n)
{
	return mix64(++seed) % n;
}

static struct {
	char s[LONG];
	size_t n;
} tokens[TOKENS];
static size_t ntoken;

/* The rank of bytes, or -1. */
static int
rank_of(const char *s, size_t n)
{
	size_t i;

	for (i = 0; i < ntoken; i++)
		if (tokens[i].n == n && memcmp(tokens[i].s, s, n) == 0)
			return (int)i;
	return -1;
}

static void
random_vocabulary(struct buf *file)
{
	size_t i, k, n;
	char s[LONG];

	ntoken = 0;
	/* The bytes stand anywhere, so that ranks say nothing of lengths. */
	while (ntoken < TOKENS) {
		n = rnd(6) ? 2 + rnd(LONG - 2) : 1;
		for (i = 0; i < n; i++)
			s[i] = (char)('a' + rnd(n == 1 ? 5 : 3));
		if (rank_of(s, n) >= 0)
			continue;
		memcpy(tokens[ntoken].s, s, n);
		tokens[ntoken++].n = n;
	}
	buf_clear(file);
	for (k = 0; k < ntoken; k++) {
		buf_base64(file, tokens[k].s, tokens[k].n);
		buf_printf(file, " %zu\n", k);
	}
}

/* Parts of s begin at at[0..n] (the last is the end). */
static size_t
plain_encode(const char *s, size_t n, uint32_t *ids)
{
	size_t at[TEXT + 1], parts = n, i, best;
	int rank, least;

	if (rank_of(s, n) >= 0) {
		ids[0] = (uint32_t)rank_of(s, n);
		return 1;
	}
	for (i = 0; i <= n; i++)
		at[i] = i;
	do {
		least = -1;
		best = 0;
		for (i = 0; i + 1 < parts; i++) {
			rank = rank_of(s + at[i], at[i + 2] - at[i]);
			if (rank >= 0 && (least < 0 || rank < least)) {
				least = rank;
				best = i;
			}
		}
		if (least >= 0) {
			memmove(at + best + 1, at + best + 2,
			    (parts - best - 1) * sizeof(*at));
			parts--;
		}
	} while (least >= 0);
	for (i = 0; i < parts; i++)
		ids[i] = (uint32_t)rank_of(s + at[i], at[i + 1] - at[i]);
	return parts;
}

static int
compare(struct encoder *x)
{
	uint32_t want[TEXT];
	struct ids ids = { 0 };
	char s[TEXT];
	struct err e;
	int k, bad = 0;
	size_t n, i, nwant;

	for (k = 0; k < 200; k++) {
		n = 1 + rnd(k % 4 ? 14 : TEXT - 1);
		for (i = 0; i < n; i++)
			s[i] = (char)('a' + rnd(1 + (uint64_t)k % 3));
		nwant = plain_encode(s, n, want);
		ids.n = 0;
		for (i = 0; i < n; i++)
			if (rank_of(s + i, 1) < 0)
				break;
		/* A byte that is no token is an error, but in a whole one. */
		if (i < n && rank_of(s, n) < 0)
			bad += encoder_run(x, (struct str){ s, n }, &ids, &e) !=
			       ERR_FORMAT;
		else
			bad += encoder_run(x, (struct str){ s, n }, &ids, &e) ||
			       ids.n != nwant ||
			       memcmp(ids.v, want, nwant * sizeof(*want)) != 0;
	}
	ids_free(&ids);
	return bad;
}

/* The same with a list of merges, which goes back to the same file. */
static int
compare_listed(struct bpe *b, const struct pretok *pt, const struct buf *file)
{
	struct buf again = { 0 };
	struct encoder *x;
	struct err e;
	int bad;

	if (bpe_rank_by_list(b, &e) < 0 || !(x = encoder_new(b, pt, &e)))
		return 1;
	bad = compare(x);
	encoder_free(x);
	bad += tiktoken_write(b, &again, &e) < 0 ||
	       !str_eq(buf_view(&again), buf_view(file));
	buf_free(&again);
	return bad;
}

static void
test_oracle(void)
{
	struct buf file = { 0 };
	struct bpe b = { 0 };
	struct encoder *x;
	struct pretok *pt;
	struct err e;
	int k, bad = 0, listed = 0;

	OK(pretok_open(&pt, "(?s).+", &e) == 0, "a text is one piece");
	for (k = 0; k < 60; k++) {
		random_vocabulary(&file);
		if (tiktoken_read(
			&b, "x.tiktoken", "(?s).+", file.p, file.n, &e) < 0 ||
		    !(x = encoder_new(&b, pt, &e))) {
			printf("# %s\n", e.msg);
			bad++;
			continue;
		}
		bad += compare(x);
		encoder_free(x);
		listed += compare_listed(&b, pt, &file);
		bpe_free(&b);
	}
	OK(bad == 0, "60 vocabularies encode by the definition (%d not)", bad);
	OK(listed == 0,
	    "so they do as lists of merges, which become the same "
	    "files (%d not)",
	    listed);
	pretok_close(pt);
	buf_free(&file);
}

static bool
refused(const char *file, const char *why)
{
	struct bpe b = { 0 };
	struct err e = { 0 };
	int rc = tiktoken_read(
	    &b, "r50k_base.tiktoken", NULL, file, strlen(file), &e);

	if (!strstr(e.msg, why))
		printf("# %s\n", e.msg);
	bpe_free(&b);
	return rc == ERR_FORMAT && strstr(e.msg, why);
}

static void
test_bad(void)
{
	struct bpe b = { 0 };
	struct err e;

	OK(refused("", "no tokens"), "an empty file");
	OK(refused("IQ== 0\nxx 1\n", "line 2"), "no base64");
	OK(refused("IQ== 0\nIg=\n", "line 2"), "no rank");
	OK(refused("IQ== -1\n", "line 1"), "a negative rank");
	OK(refused("IQ== 1x\n", "line 1"), "junk behind a rank");
	OK(refused("IQ== 99999999999\n", "rank"), "a huge rank");
	OK(refused("IQ== 4000000\n", "rank"), "a rank far beyond the others");
	OK(refused("IQ== 0\nIg== 0\n", "two tokens"), "a rank given twice");
	OK(refused("IQ== 0\nIQ== 1\n", "same token"), "a token given twice");
	OK(refused("IR== 0\n", "line 1"), "base64 with bits left over");
	OK(tiktoken_read(&b, "x.tiktoken", NULL, "IQ== 0\n", 7, &e) == ERR_ARG,
	    "a name without a known pattern");
}

static void
test_base64(void)
{
	struct buf in = { 0 }, out = { 0 };
	char s[40];
	size_t n, i;
	int bad = 0;

	for (n = 0; n < sizeof(s); n++) {
		for (i = 0; i < n; i++)
			s[i] = (char)rnd(256);
		buf_clear(&in);
		buf_clear(&out);
		buf_base64(&in, s, n);
		bad += !base64_decode(&out, buf_view(&in)) || out.n != n ||
		       (n && memcmp(out.p, s, n) != 0);
	}
	OK(bad == 0, "base64 comes back");
	buf_free(&in);
	buf_free(&out);
}

int
main(void)
{
	test_oracle();
	test_bad();
	test_base64();
	return tap_end();
}
