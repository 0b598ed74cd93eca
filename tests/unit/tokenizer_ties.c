/* SPDX-License-Identifier: MIT */
/*
 * The rules for ties against an oracle that counts all pairs anew before each
 * merge, in pieces as the text has them.
 */
#include <stdlib.h>
#include <string.h>

#include "../tap.h"
#include "base/err.h"
#include "base/hash.h"
#include "tokenizer/learn.h"

enum { PIECES = 60, PIECE = 24, IDS = 420, PAIRS = PIECES * PIECE };

static uint64_t seed = 3;

static uint64_t
rnd(uint64_t n)
{
	return mix64(++seed) % n;
}

struct pair {
	uint32_t l, r;
	int count;
};

static struct {
	uint32_t id[PIECES][PIECE];
	int n[PIECES], npiece;
	char token[IDS][PIECE];
	int len[IDS], ntoken;
	struct pair p[PAIRS]; /* in the order of the text */
	int np;
	struct pair merged[IDS];
	int nm;
} O;

static void
see(uint32_t l, uint32_t r)
{
	int i;

	for (i = 0; i < O.np; i++)
		if (O.p[i].l == l && O.p[i].r == r) {
			O.p[i].count++;
			return;
		}
	O.p[O.np++] = (struct pair){ l, r, 1 };
}

static int
by_bytes(uint32_t a, uint32_t b)
{
	return str_cmp((struct str){ O.token[a], (size_t)O.len[a] },
	    (struct str){ O.token[b], (size_t)O.len[b] });
}

/* Is a before b, of the same count, where b stands earlier in the text? */
static bool
wins(enum learn_ties ties, const struct pair *a, const struct pair *b)
{
	int c;

	if (ties == LEARN_FIRST)
		return false;
	if (ties == LEARN_RAW)
		return a->l != b->l ? a->l < b->l : a->r < b->r;
	c = by_bytes(a->l, b->l);
	return (c ? c : by_bytes(a->r, b->r)) > 0;
}

static void
merge(const struct pair *m)
{
	int i, k;

	for (i = 0; i < O.npiece; i++)
		for (k = 0; k + 1 < O.n[i]; k++) {
			if (O.id[i][k] != m->l || O.id[i][k + 1] != m->r)
				continue;
			O.id[i][k] = (uint32_t)O.ntoken;
			O.n[i]--;
			memmove(&O.id[i][k + 1], &O.id[i][k + 2],
			    (size_t)(O.n[i] - k - 1) * sizeof(O.id[i][0]));
		}
	memcpy(O.token[O.ntoken], O.token[m->l], (size_t)O.len[m->l]);
	memcpy(O.token[O.ntoken] + O.len[m->l], O.token[m->r],
	    (size_t)O.len[m->r]);
	O.len[O.ntoken++] = O.len[m->l] + O.len[m->r];
	O.merged[O.nm++] = *m;
}

static void
learn(enum learn_ties ties, int vocab)
{
	struct pair best;
	int i, k;

	while (O.ntoken < vocab) {
		O.np = 0;
		for (i = 0; i < O.npiece; i++)
			for (k = 0; k + 1 < O.n[i]; k++)
				see(O.id[i][k], O.id[i][k + 1]);
		if (!O.np)
			return;
		best = O.p[0];
		for (i = 1; i < O.np; i++)
			if (O.p[i].count > best.count ||
			    (O.p[i].count == best.count &&
				wins(ties, &O.p[i], &best)))
				best = O.p[i];
		merge(&best);
	}
}

static bool
random_text(struct words *w, const char *alphabet)
{
	char s[PIECE];
	struct err e;
	int i, k;

	memset(&O, 0, sizeof(O));
	for (i = 0; i < 256; i++) {
		O.token[i][0] = (char)i;
		O.len[i] = 1;
	}
	O.ntoken = 256;
	O.npiece = 1 + (int)rnd(PIECES);
	for (i = 0; i < O.npiece; i++) {
		/* Some pieces come again. */
		O.n[i] = 1 + (int)rnd(i % 3 ? 4 : PIECE - 1);
		for (k = 0; k < O.n[i]; k++) {
			s[k] = alphabet[rnd(strlen(alphabet))];
			O.id[i][k] = (uint8_t)s[k];
		}
		if (words_add(w, (struct str){ s, (size_t)O.n[i] }, 1, &e) < 0)
			return false;
	}
	return true;
}

static bool
one_case(enum learn_ties ties, const char *alphabet)
{
	static const struct str special = { "<|endoftext|>", 13 };
	struct learn_opts opts = { .ties = ties,
		.vocab = (uint32_t)(258 + rnd(120)),
		.specials = &special,
		.nspecial = rnd(2) };
	struct words w = { 0 };
	struct bpe b = { 0 };
	struct err e;
	bool ok;
	int i;

	ok = random_text(&w, alphabet);
	learn(ties, (int)(opts.vocab - opts.nspecial));
	ok = ok && bpe_learn(&b, &w, &opts, &e) == 0 &&
	     b.nmerge == (size_t)O.nm &&
	     b.ntoken == (uint32_t)O.ntoken + opts.nspecial &&
	     (!opts.nspecial || b.added[0].id == b.ntoken - 1);
	for (i = 0; ok && i < O.nm; i++)
		ok = b.merges[i].left == O.merged[i].l &&
		     b.merges[i].right == O.merged[i].r &&
		     b.merges[i].id == (uint32_t)(256 + i);
	bpe_free(&b);
	words_free(&w);
	return ok;
}

int
main(void)
{
	static const struct {
		enum learn_ties ties;
		const char *name;
	} rules[] = { { LEARN_RAW, "raw" }, { LEARN_FIRST, "first" },
		{ LEARN_LEXICOGRAPHIC, "lexicographic" } };
	static const char *const alphabets[] = { "a", "ab", "abcd",
		"abcdefghijklm\xff\x80 " };
	size_t i, k;
	int bad, n;

	for (i = 0; i < 3; i++)
		for (k = 0; k < 4; k++) {
			for (n = bad = 0; n < 100; n++)
				bad += !one_case(rules[i].ties, alphabets[k]);
			OK(bad == 0,
			    "%s: 100 trainings over %zu letters are the "
			    "oracle's (%d not)",
			    rules[i].name, strlen(alphabets[k]), bad);
		}
	return tap_end();
}
