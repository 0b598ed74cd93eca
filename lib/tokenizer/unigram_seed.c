/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/num.h"
#include "uclass.h"
#include "unigram_learn.h"

/* ---- words ---- */

static int
word_order(const void *a, const void *b)
{
	const struct unigram_word *x = a, *y = b;

	return str_cmp(x->s, y->s);
}

/* The largest cut of s within a limit that splits no character. */
static size_t
cut_of(struct str s)
{
	const uint8_t *p = (const uint8_t *)s.p;
	size_t at = 0, len;

	while (at < s.n) {
		utf8_strict(p + at, p + s.n, &len);
		if (at + len > UNIGRAM_WORD)
			break;
		at += len;
	}
	return at;
}

int
unigram_words(struct unigram_state *u, const struct words *w, struct err *e)
{
	uint64_t n = w->used, i;
	size_t bytes;
	struct str s;

	for (i = 0; i < w->nslot; i++)
		if (w->slots[i].n)
			n += w->slots[i].len / (UNIGRAM_WORD - 4);
	if (learn_claim(
		&u->memory, words_memory(w) + n * sizeof(*u->words), e) < 0)
		return e->code;
	if (!num_mul((size_t)n + 1, sizeof(*u->words), &bytes) ||
	    !(u->words = malloc(bytes)))
		return err_nomem(e, "words");
	for (i = 0; i < w->nslot; i++) {
		if (!w->slots[i].n)
			continue;
		for (s = words_str(w, &w->slots[i]); s.n;
		     s.p += bytes, s.n -= bytes) {
			bytes = cut_of(s);
			u->words[u->nword++] =
			    (struct unigram_word){ { s.p, bytes },
				    w->slots[i].n };
		}
		u->total += w->slots[i].n;
	}
	qsort(u->words, u->nword, sizeof(*u->words), word_order);
	return 0;
}

/* ---- substrings ---- */

/* Text from a character of a word to the word's end. */
struct suffix {
	struct str s;
	uint64_t n;
};

struct seeds {
	struct unigram_piece *v;
	size_t n, cap;
	struct learn_memory *memory;
};

static int
suffix_order(const void *a, const void *b)
{
	const struct suffix *x = a, *y = b;

	return str_cmp(x->s, y->s);
}

static size_t
count_bytes(const struct unigram_state *u)
{
	size_t n = 0, i;

	for (i = 0; i < u->nword; i++)
		n += u->words[i].s.n;
	return n;
}

static struct suffix *
all_suffixes(const struct unigram_state *u, size_t *n, struct err *e)
{
	struct suffix *v;
	size_t i, at, len, bytes, most = count_bytes(u);

	if (!num_mul(most + 1, sizeof(*v), &bytes) || !(v = malloc(bytes))) {
		err_nomem(e, "substrings");
		return NULL;
	}
	for (*n = i = 0; i < u->nword; i++) {
		struct str s = u->words[i].s;

		for (at = 0; at < s.n; at += len) {
			utf8_strict((const uint8_t *)s.p + at,
			    (const uint8_t *)s.p + s.n, &len);
			v[(*n)++] = (struct suffix){ { s.p + at, s.n - at },
				u->words[i].n };
		}
	}
	qsort(v, *n, sizeof(*v), suffix_order);
	return v;
}

static int
add_seed(
    struct seeds *l, struct str s, uint64_t count, bool keep, struct err *e)
{
	size_t cap = l->cap ? 2 * l->cap : 4096;
	void *v;

	if (l->n == l->cap) {
		if (learn_claim(l->memory, (cap - l->cap) * sizeof(*l->v), e) <
		    0)
			return e->code;
		v = realloc(l->v, cap * sizeof(*l->v));
		if (!v)
			return err_nomem(e, "pieces");
		l->v = v;
		l->cap = cap;
	}
	l->v[l->n++] = (struct unigram_piece){ s, (double)count, keep };
	return 0;
}

/* The ends of the first characters of s; their number. */
static size_t
char_ends(struct str s, size_t ends[UNIGRAM_LONGEST])
{
	const uint8_t *p = (const uint8_t *)s.p;
	size_t n = 0, at = 0, len;

	while (n < UNIGRAM_LONGEST && at < s.n) {
		if (utf8_strict(p + at, p + s.n, &len) == UINT32_MAX)
			break;
		at += len;
		ends[n++] = at;
	}
	return n;
}

/* Prefixes of the suffixes met last: how often each was seen. */
struct open_prefixes {
	struct str s;
	size_t ends[UNIGRAM_LONGEST], n;
	uint64_t counts[UNIGRAM_LONGEST];
};

/* Close the prefixes beyond the first `keep`: they are seen no more. */
static int
close_prefixes(
    struct open_prefixes *o, size_t keep, struct seeds *l, struct err *e)
{
	size_t i;

	for (i = o->n; i > keep; i--) {
		uint64_t c = o->counts[i - 1];
		bool branches = i == o->n || o->counts[i] != c;

		/* What is always followed by the same is no piece. */
		if ((i == 1 || (c > 1 && branches)) &&
		    add_seed(l, (struct str){ o->s.p, o->ends[i - 1] }, c,
			i == 1, e) < 0)
			return e->code;
	}
	o->n = keep;
	return 0;
}

static int
collect(const struct suffix *v, size_t n, struct seeds *l, struct err *e)
{
	struct open_prefixes o = { .n = 0 };
	size_t ends[UNIGRAM_LONGEST], i, k, m;

	for (i = 0; i < n; i++) {
		m = char_ends(v[i].s, ends);
		for (k = 0; k < o.n && k < m && ends[k] == o.ends[k] &&
			    memcmp(v[i].s.p, o.s.p, ends[k]) == 0;)
			k++;
		if (close_prefixes(&o, k, l, e) < 0)
			return e->code;
		o.s = v[i].s;
		memcpy(o.ends, ends, sizeof(ends));
		for (; o.n < m; o.n++)
			o.counts[o.n] = 0;
		for (k = 0; k < m; k++)
			o.counts[k] += v[i].n;
	}
	return close_prefixes(&o, 0, l, e);
}

/* Characters first, the frequent ones; then what covers most text. */
static int
seed_order(const void *a, const void *b)
{
	const struct unigram_piece *x = a, *y = b;
	double cx = x->score, cy = y->score;

	if (x->keep != y->keep)
		return x->keep ? -1 : 1;
	if (!x->keep) {
		cx *= (double)x->s.n;
		cy *= (double)y->s.n;
	}
	if (cx != cy)
		return cx > cy ? -1 : 1;
	return str_cmp(x->s, y->s);
}

/* Leave out the rarest characters: 0.05 % of the text. */
static void
limit_characters(struct seeds *l)
{
	double sum = 0, seen = 0;
	size_t i, nchar, kept;

	for (nchar = 0; nchar < l->n && l->v[nchar].keep; nchar++)
		sum += l->v[nchar].score;
	for (kept = 0; kept < nchar && seen < 0.9995 * sum; kept++)
		seen += l->v[kept].score;
	for (i = nchar; i < l->n; i++)
		l->v[kept + i - nchar] = l->v[i];
	l->n -= nchar - kept;
}

int
unigram_seed(struct unigram_state *u, struct err *e)
{
	struct seeds l = { .memory = &u->memory };
	uint64_t bytes = count_bytes(u) * sizeof(struct suffix);
	struct suffix *v;
	size_t n;
	int rc;

	if (learn_claim(&u->memory, bytes, e) < 0)
		return e->code;
	v = all_suffixes(u, &n, e);
	if (!v)
		return e->code;
	rc = collect(v, n, &l, e);
	free(v);
	learn_release(&u->memory, bytes);
	if (rc < 0) {
		free(l.v);
		return rc;
	}
	if (l.n)
		qsort(l.v, l.n, sizeof(*l.v), seed_order);
	limit_characters(&l);
	if (l.n > UNIGRAM_SEEDS)
		l.n = UNIGRAM_SEEDS;
	u->pieces = l.v;
	u->npiece = l.n;
	return 0;
}
