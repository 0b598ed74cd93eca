/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/err.h"
#include "extract/rules.h"

enum {
	MIN_PROSE = 80,   /* bytes of a block that reads like prose */
	LONG_PROSE = 160, /* ... even without a stop */
	MIN_MAIN = 250,   /* less main text than this is too little */
	FULL_MAIN = 2000, /* this much is enough on any page */
	MEAGRE_SHARE = 4, /* ... else no less than 1/4 of the page */
	LINK_BAD = 50,    /* per cent of link text */
	LINK_PROSE = 50,  /* prose has less */
};

enum {
	BOILER =
	    E_NAV | E_FOOTER | E_ASIDE | E_FORM | E_HIDDEN | E_COMMENT | E_JUNK
};

void
rules_free(struct rules *s)
{
	free(s->keep);
	free(s->bits);
	free(s->worth);
	free(s->prose);
}

static bool
again(void *at, size_t n, size_t size)
{
	void **v = at;

	free(*v);
	*v = malloc(n * size);
	return *v != NULL;
}

static int
reserve(struct rules *s, const struct page *p, struct err *e)
{
	size_t n = 2 * (p->nblock + 1);

	if (s->cap_block <= p->nblock) {
		s->cap_block = 0;
		if (!again(&s->keep, n, sizeof(*s->keep)) ||
		    !again(&s->worth, n, sizeof(*s->worth)) ||
		    !again(&s->prose, n, sizeof(*s->prose)))
			return err_nomem(e, "a page");
		s->cap_block = n;
	}
	if (s->cap_elem < p->nelem) {
		s->cap_elem = 0;
		if (!again(&s->bits, 2 * p->nelem, sizeof(*s->bits)))
			return err_nomem(e, "a page");
		s->cap_elem = 2 * p->nelem;
	}
	return 0;
}

static bool
is_prose(const struct block *b)
{
	if (b->bits & (E_HEADING | E_FIGURE))
		return false;
	if (b->link * 100ull > b->n * (uint64_t)LINK_PROSE)
		return false;
	return (b->n >= MIN_PROSE && b->stops) || b->n >= LONG_PROSE ||
	       (b->bits & E_PRE && b->n >= MIN_PROSE);
}

static void
sum_prose(struct rules *s, const struct page *p)
{
	size_t i;

	s->prose[0] = 0;
	for (i = 0; i < p->nblock; i++)
		s->prose[i + 1] =
		    s->prose[i] + (is_prose(&p->block[i]) ? p->block[i].n : 0);
}

/*
 * Boilerplate's names don't count on an element that holds most of the page's
 * prose: bodies called "sidebar-right", pages within one <form>.
 */
static uint32_t
believed(uint32_t bits, uint64_t prose, uint64_t all)
{
	if (prose * 2 > all)
		bits &= ~(uint32_t)(E_FORM | E_JUNK | E_WEAK | E_NAV |
				    E_FIGURE | E_HEADER);
	if (prose * 3 > all * 2)
		bits &= ~(uint32_t)BOILER;
	return bits;
}

static void
spread_bits(struct rules *s, const struct page *p, uint32_t trusted)
{
	uint64_t all = s->prose[p->nblock];
	const struct elem *x;
	size_t i;

	for (i = 0; i < p->nelem; i++) {
		x = &p->elem[i];
		s->bits[i] =
		    trusted & believed(x->bits,
				  s->prose[x->last] - s->prose[x->first], all);
		if (x->parent != NO_ELEM)
			s->bits[i] |= s->bits[x->parent] &
				      (BOILER | E_HEADER | E_WEAK | E_FIGURE |
					  E_ARTICLE | E_MAIN | E_CONTENT);
	}
}

/*
 * Names under which most of the page's prose stands, each in a small element,
 * can't mean boilerplate on this page either: all bits but those.  Comments
 * may well outweigh an article, so there has to be none.
 */
static uint32_t
trust(const struct rules *s, const struct page *p)
{
	static const struct {
		uint32_t bit;
		unsigned percent; /* of prose under the name, at least */
		uint64_t rest;    /* bytes of prose elsewhere, at most */
	} limits[] = { { E_JUNK, 50, UINT64_MAX }, { E_COMMENT, 66, 1000 },
		{ E_ASIDE, 50, UINT64_MAX }, { E_NAV, 60, UINT64_MAX },
		{ E_FORM, 40, UINT64_MAX }, { E_HIDDEN, 60, UINT64_MAX },
		{ E_WEAK, 50, UINT64_MAX }, { E_HEADER, 50, UINT64_MAX },
		{ E_FOOTER, 70, UINT64_MAX } };
	uint64_t all = s->prose[p->nblock], under;
	uint32_t mask = UINT32_MAX;
	size_t i, k;

	for (k = 0; k < sizeof(limits) / sizeof(*limits); k++) {
		under = 0;
		for (i = 0; i < p->nblock; i++)
			if (s->bits[p->block[i].elem] & limits[k].bit)
				under += s->prose[i + 1] - s->prose[i];
		if (under * 100 > all * limits[k].percent &&
		    all - under <= limits[k].rest)
			mask &= ~limits[k].bit;
	}
	return mask;
}

static int64_t
worth(const struct block *b, uint32_t bits)
{
	bool linky = b->link * 100ull > b->n * (uint64_t)LINK_BAD;

	if (bits & BOILER)
		return -(int64_t)b->n / 4 - 5;
	if (is_prose(b))
		return bits & E_WEAK ? b->n / 2 : b->n;
	if (linky)
		return -(int64_t)b->n - 20;
	return 0;
}

static void
sum_worth(struct rules *s, const struct page *p)
{
	size_t i;

	s->worth[0] = 0;
	for (i = 0; i < p->nblock; i++)
		s->worth[i + 1] = s->worth[i] + worth(&p->block[i],
						    s->bits[p->block[i].elem]);
}

/* How much better or worse an element is for what it claims to be. */
static double
bonus(uint32_t own)
{
	double f = 1;

	if (own & E_ARTICLE)
		f *= 1.3;
	else if (own & E_MAIN)
		f *= 1.1;
	else if (own & E_CONTENT)
		f *= 1.1;
	return f;
}

/* The element that is worth most; of equals the innermost. */
static size_t
best_elem(const struct rules *s, const struct page *p)
{
	double top = -1, v;
	size_t best = 0, i;

	for (i = 0; i < p->nelem; i++) {
		const struct elem *x = &p->elem[i];

		if (s->bits[i] & BOILER)
			continue;
		v = (double)(s->worth[x->last] - s->worth[x->first]);
		v *= bonus(x->bits);
		if (v >= top && x->last > x->first) {
			top = v;
			best = i;
		}
	}
	return best;
}

static bool
linky(const struct block *b, unsigned percent)
{
	return b->link * 100ull > b->n * (uint64_t)percent;
}

/* Is this block of the content element content? */
static bool
keeps(const struct rules *s, const struct page *p, size_t i,
    enum select_mode mode)
{
	const struct block *b = &p->block[i];
	uint32_t bits = s->bits[b->elem];

	if (mode == SELECT_RECALL)
		return !(bits & (BOILER & ~(unsigned)(E_COMMENT | E_ASIDE)));
	if (bits & BOILER)
		return false;
	if (is_prose(b))
		return true;
	if (bits & (E_FIGURE | E_WEAK))
		return false;
	if (linky(b, LINK_BAD))
		return false;
	return mode == SELECT_BALANCED || b->stops ||
	       (b->bits & (E_HEADING | E_LIST | E_TABLE | E_PRE));
}

/* Headings that head nothing are left out. */
static void
drop_lonely_headings(struct rules *s, const struct page *p)
{
	bool content = false;
	size_t i;

	for (i = p->nblock; i > 0; i--) {
		if (!s->keep[i - 1])
			continue;
		if (p->block[i - 1].bits & E_HEADING)
			s->keep[i - 1] = content;
		else
			content = true;
	}
}

static uint64_t
kept_bytes(const struct rules *s, const struct page *p)
{
	uint64_t n = 0;
	size_t i;

	for (i = 0; i < p->nblock; i++)
		n += s->keep[i] ? p->block[i].n : 0;
	return n;
}

/* Is what was kept little, for itself or for a page of this size? */
static bool
is_meagre(const struct rules *s, const struct page *p)
{
	uint64_t kept = kept_bytes(s, p), all = 0;
	size_t i;

	if (kept < MIN_MAIN)
		return true;
	for (i = 0; i < p->nblock; i++)
		if (!(s->bits[p->block[i].elem] & (BOILER | E_HEADER)))
			all += p->block[i].n;
	return kept < FULL_MAIN && kept * MEAGRE_SHARE < all;
}

/* All blocks in which nothing of `bad` stands. */
static void
keep_all_but(struct rules *s, const struct page *p, uint32_t bad)
{
	size_t i;

	for (i = 0; i < p->nblock; i++)
		s->keep[i] = !(s->bits[p->block[i].elem] & bad);
}

int
rules_apply(
    struct rules *s, const struct page *p, enum select_mode mode, struct err *e)
{
	const struct elem *x;
	size_t i;

	if (reserve(s, p, e) < 0)
		return e->code;
	memset(s->keep, 0, p->nblock);
	s->best = 0;
	if (!p->nblock)
		return 0;
	sum_prose(s, p);
	spread_bits(s, p, UINT32_MAX);
	spread_bits(s, p, trust(s, p));
	sum_worth(s, p);
	s->best = best_elem(s, p);
	x = &p->elem[s->best];
	for (i = x->first; i < x->last; i++)
		s->keep[i] = keeps(s, p, i, mode);
	drop_lonely_headings(s, p);
	if (mode != SELECT_PRECISION && is_meagre(s, p))
		keep_all_but(s, p, BOILER | E_HEADER);
	if (kept_bytes(s, p) == 0)
		keep_all_but(s, p, BOILER);
	if (kept_bytes(s, p) == 0)
		keep_all_but(s, p, 0);
	return 0;
}
