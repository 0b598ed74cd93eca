/* SPDX-License-Identifier: MIT */
/*
 * Training against an oracle that does the same in the plainest way: lists
 * that are searched through, words and pairs as they come.
 */
#include <stdlib.h>
#include <string.h>

#include "../tap.h"
#include "base/err.h"
#include "base/hash.h"
#include "tokenizer/bytelevel.h"
#include "tokenizer/learn.h"

static uint64_t seed = 7;

static uint64_t
rnd(uint64_t n)
{
	return mix64(++seed) % n;
}

/* ---- the oracle ---- */

enum {
	WORDS = 60,
	WORD = 24,
	IDS = 700,
	PAIRS = 4000,
	ENTRIES = 8000,
	MERGES = 2000,
};

struct plain_word {
	uint32_t id[WORD];
	int n;
	uint64_t count;
};

struct plain_pair {
	uint32_t l, r;
	int64_t count;
	bool fresh[WORDS]; /* words it was gained in since it was queued */
	bool any;
};

struct plain_entry {
	uint32_t l, r;
	uint64_t count;
	bool in[WORDS];
	bool done;
};

static struct {
	struct plain_word w[WORDS];
	int nw;
	char token[IDS][WORD * 2 + 40];
	int len[IDS];
	int ntoken;
	struct plain_pair p[PAIRS];
	int np;
	struct plain_entry q[ENTRIES];
	int nq;
	struct bpe_merge m[MERGES];
	int nm;
	bool chars;
} O;

static struct plain_pair *
o_pair(uint32_t l, uint32_t r)
{
	int i;

	for (i = 0; i < O.np; i++)
		if (O.p[i].l == l && O.p[i].r == r)
			return &O.p[i];
	O.p[O.np] = (struct plain_pair){ .l = l, .r = r };
	return &O.p[O.np++];
}

static void
o_gain(uint32_t l, uint32_t r, int w)
{
	struct plain_pair *p = o_pair(l, r);

	p->count += (int64_t)O.w[w].count;
	p->fresh[w] = p->any = true;
}

static void
o_lose(uint32_t l, uint32_t r, int w)
{
	o_pair(l, r)->count -= (int64_t)O.w[w].count;
}

static void
o_queue(void)
{
	struct plain_pair *p;
	int i;

	for (i = 0; i < O.np; i++) {
		p = &O.p[i];
		if (p->any && p->count > 0) {
			O.q[O.nq] = (struct plain_entry){ .l = p->l,
				.r = p->r,
				.count = (uint64_t)p->count };
			memcpy(O.q[O.nq].in, p->fresh, sizeof(p->fresh));
			O.nq++;
		}
		memset(p->fresh, 0, sizeof(p->fresh));
		p->any = false;
	}
}

static uint32_t
o_token(const char *s, int n)
{
	int i;

	for (i = 0; i < O.ntoken; i++)
		if (O.len[i] == n && memcmp(O.token[i], s, (size_t)n) == 0)
			return (uint32_t)i;
	memcpy(O.token[O.ntoken], s, (size_t)n);
	O.len[O.ntoken] = n;
	return (uint32_t)O.ntoken++;
}

static struct plain_entry *
o_top(void)
{
	struct plain_entry *best = NULL;
	int i;

	for (i = 0; i < O.nq; i++) {
		struct plain_entry *x = &O.q[i];

		if (x->done)
			continue;
		x->count = (uint64_t)o_pair(x->l, x->r)->count;
		if (!best || x->count > best->count ||
		    (x->count == best->count &&
			(x->l < best->l ||
			    (x->l == best->l && x->r < best->r))))
			best = x;
	}
	return best;
}

/* In characters, or in bytes. */
static int
o_length(uint32_t id)
{
	int i, n = 0;

	for (i = 0; i < O.len[id]; i++)
		n += !O.chars || (O.token[id][i] & 0xc0) != 0x80;
	return n;
}

static bool
o_fits(uint32_t a, uint32_t b, uint32_t max)
{
	return !max || o_length(a) + o_length(b) < (int)max;
}

static void
o_merge(int w, uint32_t l, uint32_t r, uint32_t id, uint32_t max)
{
	struct plain_word *x = &O.w[w];
	int i;

	for (i = 0; i + 1 < x->n; i++) {
		if (x->id[i] != l || x->id[i + 1] != r)
			continue;
		if (i > 0) {
			o_lose(x->id[i - 1], l, w);
			if (o_fits(x->id[i - 1], id, max))
				o_gain(x->id[i - 1], id, w);
		}
		if (i + 2 < x->n) {
			o_lose(r, x->id[i + 2], w);
			if (o_fits(x->id[i + 2], id, max))
				o_gain(id, x->id[i + 2], w);
		}
		x->id[i] = id;
		memmove(x->id + i + 1, x->id + i + 2,
		    (size_t)(x->n - i - 2) * sizeof(*x->id));
		x->n--;
	}
}

static void
o_learn(int vocab, uint64_t min_count, uint32_t max)
{
	struct plain_entry *x;
	char s[WORD * 2 + 40];
	uint32_t id;
	int w, i;

	for (w = 0; w < O.nw; w++)
		for (i = 0; i + 1 < O.w[w].n; i++)
			o_gain(O.w[w].id[i], O.w[w].id[i + 1], w);
	o_queue();
	while (O.ntoken < vocab && (x = o_top())) {
		if (x->count < 1 || x->count < min_count)
			break;
		x->done = true;
		memcpy(s, O.token[x->l], (size_t)O.len[x->l]);
		memcpy(s + O.len[x->l], O.token[x->r], (size_t)O.len[x->r]);
		id = o_token(s, O.len[x->l] + O.len[x->r]);
		/* The last of equal pairs counts. */
		for (i = 0; i < O.nm; i++)
			if (O.m[i].left == x->l && O.m[i].right == x->r) {
				memmove(O.m + i, O.m + i + 1,
				    (size_t)(O.nm - i - 1) * sizeof(*O.m));
				O.nm--;
			}
		O.m[O.nm++] = (struct bpe_merge){ x->l, x->r, id };
		for (w = 0; w < O.nw; w++)
			if (x->in[w])
				o_merge(w, x->l, x->r, id, max);
		o_queue();
	}
}

static void
o_start(const struct str *specials, size_t n)
{
	const uint8_t *order = bytelevel_order();
	size_t i;

	memset(&O, 0, sizeof(O));
	for (i = 0; i < n; i++)
		o_token(specials[i].p, (int)specials[i].n);
	for (i = 0; i < 256; i++)
		o_token((const char *)&order[i], 1);
}

static void
o_word(const char *s, int n, uint64_t count)
{
	struct plain_word *w = &O.w[O.nw++];
	int i;

	for (i = 0; i < n; i++)
		w->id[i] = o_token(s + i, 1);
	w->n = n;
	w->count = count;
}

/* ---- the test ---- */

static bool
same(const struct bpe *b)
{
	int i;

	if (b->ntoken != (uint32_t)O.ntoken || b->nmerge != (size_t)O.nm)
		return false;
	for (i = 0; i < O.ntoken; i++)
		if (!str_eq(bpe_bytes(b, (uint32_t)i),
			(struct str){ O.token[i], (size_t)O.len[i] }))
			return false;
	for (i = 0; i < O.nm; i++)
		if (memcmp(&b->merges[i], &O.m[i], sizeof(O.m[i])) != 0)
			return false;
	return true;
}

static void
random_words(struct words *w, const char *alphabet)
{
	int i, k, n, rows = 1 + (int)rnd(WORDS);
	char s[WORD];
	struct err e;

	for (i = 0; i < rows; i++) {
		uint64_t before = w->used, count = 1 + rnd(9);

		n = 1 + (int)rnd(WORD - 1);
		for (k = 0; k < n; k++)
			s[k] = alphabet[rnd(strlen(alphabet))];
		/* The oracle doesn't add up. */
		if (words_add(w, (struct str){ s, (size_t)n }, count, &e) < 0)
			return;
		if (w->used > before)
			o_word(s, n, count);
		else
			for (k = 0; k < O.nw; k++) {
				uint32_t id[WORD];
				int j;

				for (j = 0; j < n; j++)
					id[j] = o_token(s + j, 1);
				if (O.w[k].n == n &&
				    memcmp(O.w[k].id, id,
					(size_t)n * sizeof(*id)) == 0)
					O.w[k].count += count;
			}
	}
}

static bool
one_case(const char *alphabet)
{
	static const struct str sets[][2] = {
		{ { "<|endoftext|>", 13 }, { "ab", 2 } },
		{ { "aba", 3 }, { "a", 1 } },
	};
	struct learn_opts opts = { .specials = sets[rnd(2)],
		.nspecial = rnd(3),
		.vocab = (uint32_t)(258 + rnd(150)),
		.min_count = rnd(2) ? rnd(10) : 0,
		.max_len = rnd(2) ? (uint32_t)(2 + rnd(8)) : 0 };
	struct words w = { 0 };
	struct bpe b = { 0 };
	struct err e;
	bool ok;

	o_start(opts.specials, opts.nspecial);
	random_words(&w, alphabet);
	o_learn((int)opts.vocab, opts.min_count, opts.max_len);
	ok = bpe_learn(&b, &w, &opts, &e) == 0 && same(&b);
	bpe_free(&b);
	words_free(&w);
	return ok;
}

static void
test_oracle(void)
{
	static const char *const alphabets[] = { "a", "ab", "abc", "abcdefgh",
		"ab\xff\x80" };
	size_t i;
	int k, bad;

	for (i = 0; i < sizeof(alphabets) / sizeof(*alphabets); i++) {
		for (k = bad = 0; k < 60; k++)
			bad += !one_case(alphabets[i]);
		OK(bad == 0,
		    "60 trainings over %zu letters are the oracle's (%d not)",
		    strlen(alphabets[i]), bad);
	}
}

/* ---- characters ---- */

static const char *const letters[] = { "a", "b", "c", "\xc3\xa9",
	"\xe6\xb0\xb4", "\xf0\x9f\x98\x80" };

enum { LETTERS = sizeof(letters) / sizeof(*letters), ROWS = 20, CHARS = 6 };

/* Words as numbers of letters, no two of them equal. */
static struct {
	int v[ROWS][CHARS], n[ROWS];
	uint64_t count[ROWS];
	int rows;
} T;

static bool
t_has(int row)
{
	int i;

	for (i = 0; i < row; i++)
		if (T.n[i] == T.n[row] &&
		    memcmp(T.v[i], T.v[row],
			(size_t)T.n[i] * sizeof(*T.v[i])) == 0)
			return true;
	return false;
}

static void
t_words(struct words *w)
{
	char s[4 * CHARS + 1];
	struct err e;
	int i, k;

	for (T.rows = i = 0; i < ROWS; i++) {
		T.n[T.rows] = 1 + (int)rnd(CHARS);
		T.count[T.rows] = 1 + rnd(9);
		for (s[0] = '\0', k = 0; k < T.n[T.rows]; k++) {
			T.v[T.rows][k] = (int)(rnd(LETTERS) * rnd(4) / 3);
			strcat(s, letters[T.v[T.rows][k]]);
		}
		if (t_has(T.rows))
			continue;
		words_add(w, str_c(s), T.count[T.rows++], &e);
	}
}

/* Which letters have tokens: the most frequent, one after another. */
static void
t_alphabet(bool *in, size_t most, int sure)
{
	uint64_t count[LETTERS] = { 0 };
	size_t n;
	int i, k, best;

	for (i = 0; i < T.rows; i++)
		for (k = 0; k < T.n[i]; k++)
			count[T.v[i][k]] += T.count[i];
	if (sure >= 0)
		count[sure] = UINT64_MAX;
	for (n = 0; n < (most ? most : LETTERS); n++) {
		for (best = -1, i = 0; i < LETTERS; i++)
			if (!in[i] && count[i] &&
			    (best < 0 || count[i] > count[best]))
				best = i;
		if (best >= 0)
			in[best] = true;
	}
}

/* What isn't in the alphabet is left out of words. */
static void
o_chars(const struct str *special, const bool *in)
{
	char name[8];
	int i, k;

	memset(&O, 0, sizeof(O));
	O.chars = true;
	o_token(special->p, (int)special->n);
	for (i = 0; i < 256; i++) {
		snprintf(name, sizeof(name), "<0x%02X>", (unsigned)i);
		o_token(name, 6);
	}
	for (i = 0; i < LETTERS; i++)
		if (in[i])
			o_token(letters[i], (int)strlen(letters[i]));
	for (i = 0; i < T.rows; i++) {
		struct plain_word *w = &O.w[O.nw++];

		w->count = T.count[i];
		for (k = 0; k < T.n[i]; k++)
			if (in[T.v[i][k]])
				w->id[w->n++] = o_token(letters[T.v[i][k]],
				    (int)strlen(letters[T.v[i][k]]));
	}
}

static bool
one_case_of_chars(void)
{
	static const struct str special = { "<|endoftext|>", 13 };
	int sure = rnd(2) ? (int)rnd(LETTERS) : -1;
	bool in[LETTERS] = { false };
	struct learn_opts opts = { .chars = true,
		.specials = &special,
		.nspecial = 1,
		.vocab = (uint32_t)(263 + rnd(60)),
		.min_count = rnd(2) ? rnd(10) : 0,
		.max_len = rnd(2) ? (uint32_t)(2 + rnd(4)) : 0,
		.alphabet = rnd(LETTERS + 1),
		.initial = sure < 0 ? STR("") : str_c(letters[sure]) };
	struct words w = { 0 };
	struct bpe b = { 0 };
	struct err e;
	bool ok;

	t_words(&w);
	t_alphabet(in, opts.alphabet, sure);
	o_chars(&special, in);
	o_learn((int)opts.vocab, opts.min_count, opts.max_len);
	ok = bpe_learn(&b, &w, &opts, &e) == 0 && same(&b);
	bpe_free(&b);
	words_free(&w);
	return ok;
}

static void
test_chars(void)
{
	struct learn_opts opts = { .chars = true, .vocab = 261 };
	struct words w = { 0 };
	struct bpe b = { 0 };
	struct err e;
	int k, bad = 0;

	for (k = 0; k < 300; k++)
		bad += !one_case_of_chars();
	OK(bad == 0, "300 trainings over characters are the oracle's (%d not)",
	    bad);
	words_add(&w, STR("<0x41>"), 100, &e);
	OK(bpe_learn(&b, &w, &opts, &e) == ERR_ARG,
	    "an alphabet that doesn't fit is refused");
	bpe_free(&b);
	words_free(&w);
	words_add(&w, STR("<0x41>"), 100, &e);
	words_add(&w, STR("\xff\xfe"), 100, &e);
	opts.vocab = 400;
	OK(bpe_learn(&b, &w, &opts, &e) == 0 && b.nmerge == 4,
	    "text that spells a byte's name isn't merged into it");
	bpe_free(&b);
	words_free(&w);
}

/* Counts beyond 32 bits, signed or not, that a narrower type gets wrong. */
static void
test_large_counts(void)
{
	struct learn_opts opts = { .vocab = 258 };
	struct words w = { 0 };
	struct bpe b = { 0 };
	struct err e;

	words_add(&w, STR("xy"), 3000000000u, &e);
	words_add(&w, STR("zw"), 2000000000u, &e);
	words_add(&w, STR("the"), 4294967297u, &e);
	OK(bpe_learn(&b, &w, &opts, &e) == 0, "training with large counts");
	OK(b.nmerge == 2 &&
		(str_eq(bpe_bytes(&b, 256), STR("th")) ||
		    str_eq(bpe_bytes(&b, 256), STR("he"))) &&
		str_eq(bpe_bytes(&b, 257), STR("the")),
	    "the most frequent word comes first: 2^32 + 1 is more than 3e9");
	bpe_free(&b);
	words_free(&w);
}

static void
test_special(void)
{
	struct str odd[] = { STR("<|my token|>"), STR("<|my token|>"),
		STR("\xc3\xa9\xc3\xa9") };
	struct str byte[] = { STR("\xc3\xa9") };
	struct learn_opts opts = {
		.vocab = 300, .specials = odd, .nspecial = 3
	};
	struct words w = { 0 };
	struct bpe b = { 0 };
	struct err e;

	OK(bpe_learn(&b, &w, &opts, &e) == 0 && b.nadded == 2 &&
		b.ntoken == 258,
	    "a special token given twice is one");
	OK(b.tokens[0].plain && str_eq(bpe_bytes(&b, 0), odd[0]),
	    "special tokens keep their content");
	bpe_free(&b);
	opts.specials = byte;
	opts.nspecial = 1;
	OK(bpe_learn(&b, &w, &opts, &e) == ERR_ARG,
	    "a special token that names a byte is refused");
	bpe_free(&b);
	opts.vocab = 256;
	opts.specials = odd;
	OK(bpe_learn(&b, &w, &opts, &e) == ERR_ARG,
	    "a vocabulary without room for the alphabet is refused");
	bpe_free(&b);
}

/* In whatever order and in whatever parts words are counted. */
static void
test_words(void)
{
	struct words a = { 0 }, b = { 0 }, c = { 0 };
	uint64_t i, total = 0;
	struct err e;
	char s[32];
	int n;

	for (i = 0; i < 60000; i++) {
		n = snprintf(s, sizeof(s), "w%llu",
		    (unsigned long long)(mix64(i) % 20000));
		words_add(&a, (struct str){ s, (size_t)n }, i, &e);
		words_add(i % 3 ? &b : &c, (struct str){ s, (size_t)n }, i, &e);
		total += i;
	}
	OK(words_merge(&b, &c, &e) == 0 && b.used == a.used,
	    "as many distinct words");
	for (i = 0; i < b.nslot; i++)
		total -= b.slots[i].n;
	OK(total == 0, "nothing lost");
	words_merge(&a, &b, &e);
	for (i = n = 0; i < a.nslot; i++)
		n += a.slots[i].n % 2 != 0;
	OK(n == 0, "the same counts");
	words_free(&a);
	words_free(&b);
	words_free(&c);
}

int
main(void)
{
	test_oracle();
	test_chars();
	test_large_counts();
	test_special();
	test_words();
	return tap_end();
}
