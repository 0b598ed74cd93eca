/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "dedup/budget.h"
#include "dedup/evals.h"
#include "dedup/folded.h"
#include "dedup/overlap.h"
#include "../tap.h"

static uint64_t seed;

static uint64_t
rnd(uint64_t n)
{
	return mix64(++seed * 0x9e3779b97f4a7c15u) % n;
}

/* The hash of all words of s, and how many. */
static uint64_t
words_of(const char *s, size_t *n)
{
	struct folded f = { 0 };
	struct err e;
	uint64_t h = 0;

	if (folded_of(&f, str_c(s), &e) == 0)
		h = folded_gram(&f, 0, f.n, folded_power(f.n));
	*n = f.n;
	folded_free(&f);
	return h;
}

static void
same(const char *a, const char *b, size_t want)
{
	size_t na, nb;
	uint64_t ha = words_of(a, &na), hb = words_of(b, &nb);

	OK(ha == hb && na == want && nb == want, "words: %.20s: %zu of them",
	    strpbrk(a, "\n\t") ? "wrapped" : a, want);
}

static void
differ(const char *a, const char *b)
{
	size_t na, nb;
	uint64_t ha = words_of(a, &na), hb = words_of(b, &nb);

	OK(ha != hb || na != nb, "words: %s is not %s", a, b);
}

static void
words_as_said(void)
{
	char a[700], b[700];

	same("The mill\nby  the\triver.", "the MILL, by: the 'River'", 5);
	same("don't", "don\u2019t", 1);
	same("don't", "Dont", 1);
	same("'tis the farmers' cart", "tis the farmers\u2019 cart", 4);
	same("caf\u00e9", "CAFE\u0301", 1);
	same("Stra\u00dfe", "STRASSE", 1);
	same("\ufb01ne \uff21\uff22", "fine ab", 2);
	same("hy\u00adphen", "hyphen", 1);
	same("_a_ b_c", "a b c", 3);
	same("\u8336\u9986\u3002", "\u8336 \u9986", 2);
	same("\u201cquoted\u201d", "``quoted''", 1);
	same("", " .,!?\u2026 ", 0);
	differ("a b", "b a");
	differ("ab", "a b");
	differ("a b c", "a b");
	differ("well-known", "wellknown");
	/* Longer than a chunk, and cut by apostrophes at other places. */
	memset(a, 'x', 600);
	strcpy(a + 600, " y");
	memset(b, 'X', 602);
	b[100] = b[257] = '\'';
	strcpy(b + 602, "\ny");
	same(a, b, 2);
}

static void
places_as_said(void)
{
	static const char text[] = "\u00abOne\u00bb two's  \u8336\u9986!";
	struct folded f = { 0 };
	struct err e;
	bool ok = folded_of(&f, str_c(text), &e) == 0 && f.n == 4;

	ok = ok && f.start[0] == 2 && f.end[0] == 5 && f.start[1] == 8 &&
	     f.end[1] == 13 && f.start[2] == 15 && f.end[2] == 18 &&
	     f.start[3] == 18 && f.end[3] == 21;
	OK(ok, "words: where they stand");
	folded_free(&f);
}

/* n words out of a few. */
static void
make(struct buf *b, uint8_t *w, size_t n, unsigned few)
{
	size_t i;

	buf_clear(b);
	for (i = 0; i < n; i++) {
		w[i] = (uint8_t)rnd(few);
		buf_printf(
		    b, "%s%c%s", i ? " " : "", 'a' + w[i], rnd(4) ? "" : ",");
	}
}

/* How many of the runs of len words of a[na] are in b[nb]. */
static size_t
naive(const uint8_t *a, size_t na, const uint8_t *b, size_t nb, size_t len)
{
	size_t i, j, n = 0;

	for (i = 0; i + len <= na; i++) {
		for (j = 0; j + len <= nb; j++)
			if (memcmp(a + i, b + j, len) == 0)
				break;
		n += j + len <= nb;
	}
	return n;
}

enum { ITEMS = 300, MOST = 40, DOC = 200 };

static struct {
	uint8_t w[MOST];
	size_t n;
} items[ITEMS];

static int
add_items(struct evals *v, unsigned few, struct err *e)
{
	struct buf b = { 0 };
	size_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < ITEMS; i++) {
		items[i].n = rnd(MOST + 1);
		make(&b, items[i].w, items[i].n, few);
		rc = evals_item(v, "f", i, (struct str){ NULL, 0 }, e);
		if (rc == 0)
			rc = evals_text(v, STR("text"), buf_view(&b),
			    (struct str){ NULL, 0 }, e);
	}
	buf_free(&b);
	return rc == 0 ? evals_index(v, e) : rc;
}

static const struct overlap *
overlap_of(const struct overlaps *o, uint32_t passage)
{
	size_t i;

	for (i = 0; i < o->n; i++)
		if (o->v[i].passage == passage)
			return &o->v[i];
	return NULL;
}

/* Items of one document, against counting them one by one. */
static size_t
wrong(const struct evals *v, const struct overlaps *o, const uint8_t *doc,
    size_t ndoc)
{
	const struct overlap *x;
	const struct passage *p;
	size_t i, n, bad = 0;

	for (i = 0; i < ITEMS; i++) {
		if (v->texts[i].passage == NO_PASSAGE) {
			bad += items[i].n >= v->least;
			continue;
		}
		p = &v->passages[v->texts[i].passage];
		n = naive(items[i].w, items[i].n, doc, ndoc, p->len);
		x = overlap_of(o, v->texts[i].passage);
		if (n >= p->need)
			bad += !x || !x->leaked || x->n != n;
		else
			bad += x && (x->leaked || x->n != n);
	}
	return bad;
}

static void
against_naive(size_t ngram, double share, unsigned few)
{
	struct budget budget = { .limit = 1 << 28 };
	struct overlaps o = { 0 };
	uint8_t doc[DOC];
	struct evals v;
	struct buf b = { 0 };
	struct err e;
	size_t bad = 0, leaked = 0;
	int i, rc;

	evals_init(&v, &budget, ngram, share);
	rc = add_items(&v, few, &e);
	if (rc == 0)
		rc = overlaps_init(&o, &v, &e);
	for (i = 0; rc == 0 && i < 40; i++) {
		make(&b, doc, DOC, few);
		/* A piece of some item in it. */
		size_t k = rnd(ITEMS), at = rnd(DOC - MOST);

		memcpy(doc + at, items[k].w, items[k].n);
		buf_clear(&b);
		for (size_t w = 0; w < DOC; w++)
			buf_printf(&b, "%c\n", 'A' + doc[w]);
		rc = overlaps_of(&o, buf_view(&b), &e);
		bad += wrong(&v, &o, doc, DOC);
		leaked += o.nleaked;
	}
	OK(rc == 0 && bad == 0 && leaked > 0,
	    "overlaps: as counted one by one, %zu-grams, share %g, %u words "
	    "(%zu leaked)",
	    ngram, share, few, leaked);
	overlaps_free(&o);
	evals_free(&v);
	buf_free(&b);
}

/* A short text counts only where its answer is near. */
static void
short_needs_answer(void)
{
	static const struct {
		const char *doc;
		size_t leaked;
	} cases[] = {
		{ "who ground the first corn in the mill? Old Tom.", 1 },
		{ "Who ground the first corn in the mill", 0 },
		{ "Old Tom; who ground the first corn in the mill", 0 },
		{ "Who ground the first corn in the mill? and then who ground "
		  "the first corn in the mill: it was a b c d old tom",
		    1 },
	};
	struct budget budget = { .limit = 1 << 28 };
	struct overlaps o = { 0 };
	struct evals v;
	struct err e;
	size_t i, bad = 0;

	evals_init(&v, &budget, 10, .5);
	if (evals_item(&v, "f", 0, STR("q"), &e) < 0 ||
	    evals_text(&v, STR("question"),
		STR("Who ground the first corn in the mill?"), STR("Old Tom"),
		&e) < 0 ||
	    evals_index(&v, &e) < 0 || overlaps_init(&o, &v, &e) < 0)
		bad++;
	for (i = 0; !bad && i < sizeof(cases) / sizeof(*cases); i++) {
		if (overlaps_of(&o, str_c(cases[i].doc), &e) < 0)
			bad++;
		bad += o.nleaked != cases[i].leaked;
	}
	OK(bad == 0, "a text shorter than an n-gram: with its answer only");
	overlaps_free(&o);
	evals_free(&v);
}

int
main(void)
{
	words_as_said();
	places_as_said();
	against_naive(10, .3, 3);
	against_naive(10, 1, 2);
	against_naive(3, .5, 5);
	against_naive(13, .01, 2);
	against_naive(1, .9, 26);
	short_needs_answer();
	return tap_end();
}
