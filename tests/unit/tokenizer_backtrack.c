/* SPDX-License-Identifier: MIT */
/*
 * Backtracking against merging by rank, over random vocabularies: merges in an
 * order of growth, in any order, with several for one token, and ranks that
 * are ids.  All short texts of few letters, and random longer ones.
 */
#include <stdlib.h>
#include <string.h>

#include "../tap.h"
#include "base/err.h"
#include "base/hash.h"
#include "tokenizer/backtrack.h"
#include "tokenizer/merge.h"

enum { LETTERS = 3, SHORT = 7, LONG = 300, MOST = 60 };

static uint64_t seed = 5;

static uint64_t
rnd(uint64_t n)
{
	return mix64(++seed) % n;
}

/* The id of a new token, or of that with the same bytes. */
static uint32_t
token(struct bpe *b, const char *p, size_t n)
{
	uint32_t id;
	struct err e;

	for (id = 0; id < b->ntoken; id++)
		if (str_eq(bpe_bytes(b, id), (struct str){ p, n }))
			return id;
	bpe_set_token(b, id, (struct str){ p, n }, &e);
	return id;
}

static void
add_letters(struct bpe *b)
{
	char c;

	for (c = 'a'; c < 'a' + LETTERS; c++)
		token(b, &c, 1);
}

/* Merges of tokens there are. */
static void
add_merges(struct bpe *b, size_t n)
{
	uint32_t left, right;
	struct str s;
	char p[64];
	struct err e;
	size_t i;

	while (n--) {
		left = (uint32_t)rnd(b->ntoken);
		right = (uint32_t)rnd(b->ntoken);
		s = bpe_bytes(b, left);
		if (s.n + bpe_bytes(b, right).n > 12)
			continue;
		memcpy(p, s.p, s.n);
		s = bpe_bytes(b, right);
		memcpy(p + bpe_bytes(b, left).n, s.p, s.n);
		for (i = 0; i < b->nmerge; i++)
			if (b->merges[i].left == left &&
			    b->merges[i].right == right)
				break;
		if (i < b->nmerge)
			continue;
		bpe_add_merge(b,
		    (struct bpe_merge){
			left, right, token(b, p, bpe_bytes(b, left).n + s.n) },
		    &e);
	}
}

static void
shuffle(struct bpe *b)
{
	struct bpe_merge m;
	size_t i, k;

	for (i = b->nmerge; i > 1; i--) {
		k = rnd(i);
		m = b->merges[k];
		b->merges[k] = b->merges[i - 1];
		b->merges[i - 1] = m;
	}
}

/* Any strings as tokens, ranked by id. */
static void
add_ranks(struct bpe *b, size_t n)
{
	struct err e;
	char p[6];
	size_t i, k;

	while (n--) {
		k = 2 + rnd(sizeof(p) - 1);
		for (i = 0; i < k; i++)
			p[i] = (char)('a' + rnd(LETTERS));
		token(b, p, k);
	}
	b->rank_by_id = true;
	bpe_index_tokens(b, &e);
	bpe_all_splits(b, &e);
}

static struct merge_scratch scratch;
static struct backtrack_scratch places;

static bool
same(const struct bpe *b, const char *p, size_t n)
{
	uint32_t want[LONG], got[LONG];
	struct err e;
	ptrdiff_t k;
	size_t i;

	for (i = 0; i < n; i++)
		want[i] = b->byte_id[(uint8_t)p[i]];
	k = bpe_merge(b, &scratch, want, n, &e);
	if (backtrack_run(
		b->backtrack, &places, (struct str){ p, n }, got, &e) != k)
		return false;
	return memcmp(want, got, (size_t)k * sizeof(*got)) == 0;
}

/* How many texts differ. */
static int
compare(const struct bpe *b)
{
	char p[LONG];
	size_t n, i;
	int bad = 0, k, x;

	for (n = 1, k = LETTERS; n <= SHORT; n++, k *= LETTERS)
		for (x = 0; x < k; x++) {
			int rest = x;

			for (i = 0; i < n; i++, rest /= LETTERS)
				p[i] = (char)('a' + rest % LETTERS);
			bad += !same(b, p, n);
		}
	for (k = 0; k < 60; k++) {
		n = 1 + rnd(LONG - 1);
		for (i = 0; i < n; i++)
			p[i] = (char)('a' + rnd(k % LETTERS + 1));
		bad += !same(b, p, n);
	}
	return bad;
}

static void
test_kind(const char *kind, int how, int nvocab)
{
	int bad = 0, made = 0, i;
	struct err e;

	for (i = 0; i < nvocab; i++) {
		struct bpe b = { 0 };

		add_letters(&b);
		if (how == 2)
			add_ranks(&b, 1 + rnd(MOST / 2));
		else
			add_merges(&b, 1 + rnd(MOST));
		if (how == 1)
			shuffle(&b);
		if (bpe_index(&b, &e) < 0) {
			bad++;
		} else if (b.backtrack) {
			made++;
			bad += compare(&b) > 0;
		}
		bpe_free(&b);
	}
	OK(bad == 0, "%s: the ids of merging (%d of %d differ)", kind, bad,
	    made);
	OK(made > nvocab / 50, "%s: %d of %d vocabularies allow it", kind, made,
	    nvocab);
}

int
main(int argc, char **argv)
{
	int n = argc > 1 ? atoi(argv[1]) : 150;

	test_kind("merges as they grow", 0, n);
	test_kind("merges in any order", 1, n);
	test_kind("ranks that are ids", 2, n);
	merge_scratch_free(&scratch);
	backtrack_scratch_free(&places);
	return tap_end();
}
