/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <stdlib.h>

#include "base/err.h"
#include "base/hash.h"
#include "extract/feature.h"
#include "extract/field.h"
#include "extract/words.h"

enum {
	SEEN = 400,       /* bytes of a block whose letters are looked at */
	SHORT_TEXT = 300, /* longer blocks' words are not looked up */
	REPEATED = 3,     /* siblings of one shape make a group */
	GROUP_MEAN = 60,  /* bytes of one of the outermost group at least */
	FAR = 1 << 20,
	BOILER =
	    E_NAV | E_FOOTER | E_ASIDE | E_FORM | E_HIDDEN | E_COMMENT | E_JUNK,
};

void
features_free(struct features *f)
{
	free(f->text);
	free(f->since);
	free(f->elem);
	free(f->shape);
	free(f->same);
}

static int32_t
share(uint64_t part, uint64_t all)
{
	return all ? (int32_t)(part * 1000 / all) : 0;
}

static int32_t
clamp(uint64_t n)
{
	return n < INT32_MAX ? (int32_t)n : INT32_MAX;
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
reserve(struct features *f, const struct page *p, struct err *e)
{
	size_t n = 2 * (p->nblock + 1), m = 256;

	if (f->cap_block < p->nblock) {
		f->cap_block = 0;
		while (m < n)
			m *= 2;
		if (!again(&f->text, n, sizeof(*f->text)) ||
		    !again(&f->since, n, sizeof(*f->since)) ||
		    !again(&f->same, m, sizeof(*f->same)))
			return err_nomem(e, "a page");
		f->cap_block = n;
		f->nsame = m;
	}
	if (f->cap_elem < p->nelem) {
		f->cap_elem = 0;
		for (m = 256; m < 2 * p->nelem; m *= 2)
			;
		if (!again(&f->elem, 2 * p->nelem, sizeof(*f->elem)) ||
		    !again(&f->shape, m, sizeof(*f->shape)))
			return err_nomem(e, "a page");
		f->cap_elem = m / 2;
		if (f->cap_elem > 2 * p->nelem)
			f->cap_elem = 2 * p->nelem;
		f->nshape = m;
	}
	return 0;
}

/* Text ------------------------------------------------------------------- */

static uint8_t
kind_of_byte(unsigned char c)
{
	if (c >= 0x80)
		return 5;
	if (c >= 'a' && c <= 'z')
		return 4;
	if (c >= 'A' && c <= 'Z')
		return 3;
	if (field_is_digit((char)c))
		return 2;
	return c == '.' || c == '!' || c == '?' ? 1 : 0;
}

static uint8_t
kind_of_end(unsigned char c)
{
	return c == ':' ? 6 : c == ',' ? 7 : kind_of_byte(c);
}

static void
count_letters(struct text_stat *t, struct str s)
{
	size_t n = s.n < SEEN ? s.n : SEEN, i;
	uint32_t digits = 0, uppers = 0, spaces = 0;

	for (i = 0; i < n; i++) {
		digits += field_is_digit(s.p[i]);
		uppers += s.p[i] >= 'A' && s.p[i] <= 'Z';
		spaces += s.p[i] == ' ';
	}
	t->digits = (uint16_t)share(digits, n);
	t->uppers = (uint16_t)share(uppers, n);
	t->spaces = (uint16_t)share(spaces, n);
	t->first = kind_of_byte((unsigned char)s.p[0]);
	t->last = kind_of_end((unsigned char)s.p[s.n - 1]);
}

static void
count_words(struct text_stat *t, struct str s)
{
	struct cues c = { 0 };

	if (s.n <= SHORT_TEXT)
		cues_count(s, &c);
	t->legal = c.n[WORDS_LEGAL];
	t->action = c.n[WORDS_ACTION];
	t->byline = c.n[WORDS_BYLINE];
	t->shop = c.n[WORDS_SHOP];
	if (s.n >= 2 && memcmp(s.p, "\xc2\xa9", 2) == 0)
		t->legal++;
}

/* Texts by hash: the table holds the first block of each, + 1. */
static void
count_same(struct features *f, const struct page *p)
{
	size_t i, k, mask = f->nsame - 1;
	uint32_t *slot;
	struct str s;

	memset(f->same, 0, f->nsame * sizeof(*f->same));
	for (i = 0; i < p->nblock; i++) {
		f->text[i].same = 0;
		s = page_text(p, &p->block[i]);
		k = hash64(s.p, s.n, 1) & mask;
		while (slot = &f->same[k],
		    *slot &&
			str_cmp(page_text(p, &p->block[*slot - 1]), s) != 0)
			k = (k + 1) & mask;
		if (!*slot)
			*slot = (uint32_t)i + 1;
		f->text[i].copy = f->text[*slot - 1].same;
		if (f->text[*slot - 1].same < UINT16_MAX)
			f->text[*slot - 1].same++;
		/* The others point back, by the table's answer below. */
		f->since[i].h1 = *slot - 1;
	}
	for (i = 0; i < p->nblock; i++)
		f->text[i].same = f->text[f->since[i].h1].same;
}

static void
look_at_text(struct features *f, const struct page *p)
{
	uint32_t h1 = FAR, heading = FAR;
	size_t i;

	count_same(f, p);
	for (i = 0; i < p->nblock; i++) {
		const struct block *b = &p->block[i];
		struct str s = page_text(p, b);

		count_letters(&f->text[i], s);
		count_words(&f->text[i], s);
		if (p->elem[b->elem].tag == TAG_h1)
			h1 = 0;
		if (b->bits & E_HEADING)
			heading = 0;
		f->since[i] = (struct feature_block){ h1, heading };
		h1 += h1 < FAR;
		heading += heading < FAR;
	}
}

/* Repetition ------------------------------------------------------------- */

static size_t
find_shape(struct features *f, const struct page *p, size_t e)
{
	const struct elem *x = &p->elem[e];
	uint32_t name = x->name ^ (uint32_t)x->tag << 24;
	size_t k = mix64((uint64_t)x->parent << 32 | name) & (f->nshape - 1);

	while (f->shape[k].first &&
	       (f->shape[k].parent != x->parent || f->shape[k].name != name))
		k = (k + 1) & (f->nshape - 1);
	if (!f->shape[k].first) {
		f->shape[k] = (struct shape){ .parent = x->parent,
			.name = name,
			.first = (uint32_t)e + 1 };
	}
	return k;
}

static void
find_shapes(struct features *f, const struct page *p)
{
	struct shape *g;
	size_t i;

	memset(f->shape, 0, f->nshape * sizeof(*f->shape));
	for (i = 1; i < p->nelem; i++) {
		f->elem[i].in = (uint32_t)find_shape(f, p, i) + 1;
		g = &f->shape[f->elem[i].in - 1];
		g->count += p->elem[i].last > p->elem[i].first;
		g->text += page_len(p, &p->elem[i]);
		g->link += page_link(p, &p->elem[i]);
	}
}

/* Each element's own group, or else that of what it stands in. */
static void
spread(struct features *f, const struct page *p)
{
	const struct shape *g;
	size_t i;

	f->elem[0] = (struct feature_elem){ 0 };
	for (i = 1; i < p->nelem; i++) {
		struct feature_elem *x = &f->elem[i];
		const struct feature_elem *up = &f->elem[p->elem[i].parent];
		uint32_t own = x->in;

		g = &f->shape[own - 1];
		x->claimed = up->claimed | p->elem[i].bits;
		x->in = g->count >= REPEATED ? own : up->in;
		x->out = up->out;
		if (!x->out && g->count >= REPEATED &&
		    g->text >= (uint64_t)g->count * GROUP_MEAN)
			x->out = own;
	}
	f->elem[0].claimed = p->elem[0].bits;
}

static void
put_group(
    const struct features *f, const struct page *p, uint32_t at, int32_t *row)
{
	const struct shape *g = at ? &f->shape[at - 1] : NULL;

	row[0] = g ? clamp(g->count) : 0;
	row[1] = g ? clamp(g->text / g->count) : 0;
	row[2] = g ? share(g->link, g->text) : 0;
	row[3] = g ? share(g->text, p->sum[p->nblock].text) : 0;
}

/* The page --------------------------------------------------------------- */

static void
count_elems(struct features *f, const struct page *p)
{
	uint32_t hints[FEATURE_HINTS] = { 0 };
	int32_t *row = f->page;
	size_t i, k;

	for (i = 0; i < p->nelem; i++) {
		const struct elem *x = &p->elem[i];

		row[F_PAGE_ARTICLES] += x->tag == TAG_article;
		row[F_PAGE_HEADINGS] += (x->bits & E_HEADING) != 0;
		row[F_PAGE_ITEMS] += x->tag == TAG_li;
		row[F_PAGE_CELLS] += x->tag == TAG_td;
		for (k = 0; k < FEATURE_HINTS; k++)
			hints[k] += x->bits >> k & E_PRODUCT ? 1 : 0;
	}
	for (k = 0; k < FEATURE_HINTS; k++) {
		row[F_PAGE_HINT + k] = share(hints[k], p->nelem);
		row[F_PAGE_HEAD + k] = p->hints >> k & E_PRODUCT ? 1 : 0;
	}
}

static void
count_blocks(struct features *f, const struct page *p, const struct rules *s)
{
	int32_t *row = f->page;
	uint64_t pre = 0, comment = 0, kept = 0, all = p->sum[p->nblock].text;
	size_t i;

	for (i = 0; i < p->nblock; i++) {
		const struct block *b = &p->block[i];

		pre += b->bits & E_PRE ? b->n : 0;
		comment += f->elem[b->elem].claimed & E_COMMENT ? b->n : 0;
		kept += s->keep[i] ? b->n : 0;
		row[F_PAGE_PROSE_BLOCKS] += s->prose[i + 1] > s->prose[i];
		row[F_PAGE_LEGAL] += f->text[i].legal;
		row[F_PAGE_ACTION] += f->text[i].action;
		row[F_PAGE_BYLINE] += f->text[i].byline;
		row[F_PAGE_SHOP] += f->text[i].shop;
	}
	row[F_PAGE_PRE] = share(pre, all);
	row[F_PAGE_COMMENT] = share(comment, all);
	row[F_PAGE_RULES] = clamp(kept);
}

/* The group of most text that isn't links. */
static const struct shape *
largest(const struct features *f)
{
	const struct shape *top = NULL;
	size_t i;

	for (i = 0; i < f->nshape; i++)
		if (f->shape[i].count >= REPEATED &&
		    (!top || f->shape[i].text - f->shape[i].link >
				 top->text - top->link))
			top = &f->shape[i];
	return top;
}

static void
look_at_page(struct features *f, const struct page *p, const struct rules *s,
    const struct elem *best)
{
	int32_t *row = f->page;
	uint64_t all = p->sum[p->nblock].text;
	const struct shape *top = largest(f);

	memset(f->page, 0, sizeof(f->page));
	row[F_PAGE_BYTES] = clamp(all);
	row[F_PAGE_LINK] = share(p->sum[p->nblock].link, all);
	row[F_PAGE_BLOCKS] = clamp(p->nblock);
	row[F_PAGE_MEAN] = clamp(p->nblock ? all / p->nblock : 0);
	row[F_PAGE_PROSE] = clamp(s->prose[p->nblock]);
	row[F_PAGE_BEST] = share(page_len(p, best), all);
	row[F_PAGE_BEST_PROSE] = share(
	    s->prose[best->last] - s->prose[best->first], s->prose[p->nblock]);
	put_group(
	    f, p, top ? (uint32_t)(top - f->shape) + 1 : 0, row + F_PAGE_REP);
	count_elems(f, p);
	count_blocks(f, p, s);
}

int
features_begin(struct features *f, const struct page *p, const struct rules *s,
    struct err *e)
{
	if (reserve(f, p, e) < 0)
		return e->code;
	f->best_first = p->elem[s->best].first;
	f->best_last = p->elem[s->best].last;
	look_at_text(f, p);
	find_shapes(f, p);
	spread(f, p);
	look_at_page(f, p, s, &p->elem[s->best]);
	return 0;
}

/* A block ---------------------------------------------------------------- */

static bool
in_title(const struct page *p, struct str s)
{
	return s.n >= 3 && s.n <= 300 && p->title.n >= s.n &&
	       memmem(p->title.p, p->title.n, s.p, s.n);
}

static int
bits_set(uint32_t bits)
{
	int n = 0;

	for (; bits; bits &= bits - 1)
		n++;
	return n;
}

static void
put_text(const struct features *f, const struct page *p, size_t i, int32_t *row)
{
	const struct block *b = &p->block[i];
	const struct text_stat *t = &f->text[i];

	row[F_BYTES] = clamp(b->n);
	row[F_LINK] = share(b->link, b->n);
	row[F_COMMAS] = b->commas;
	row[F_STOPS] = b->stops;
	row[F_DIGITS] = t->digits;
	row[F_UPPERS] = t->uppers;
	row[F_SPACES] = t->spaces;
	row[F_LEGAL] = t->legal;
	row[F_ACTION] = t->action;
	row[F_BYLINE] = t->byline;
	row[F_SHOP] = t->shop;
	row[F_FIRST] = t->first;
	row[F_LAST] = t->last;
	row[F_SAME] = t->same;
	row[F_COPY] = t->copy;
	row[F_TAG] = p->elem[b->elem].tag;
	row[F_SHAPE] =
	    (int32_t)((b->bits & (E_LIST | E_TABLE | E_PRE | E_QUOTE |
				     E_FIGURE | E_HEADING | E_BULLET)) /
		      E_LIST);
	row[F_IN_TITLE] = in_title(p, page_text(p, b));
}

static void
put_names(const struct features *f, const struct page *p, const struct rules *s,
    uint32_t e, int32_t *row)
{
	uint32_t is = s->bits[e], said = f->elem[e].claimed;
	static const struct {
		int at;
		uint32_t bit;
	} names[] = { { F_NAV, E_NAV }, { F_HEADER, E_HEADER },
		{ F_FOOTER, E_FOOTER }, { F_ASIDE, E_ASIDE },
		{ F_FORM, E_FORM }, { F_HIDDEN, E_HIDDEN },
		{ F_COMMENT, E_COMMENT }, { F_JUNK, E_JUNK },
		{ F_WEAK, E_WEAK }, { F_FIGURE, E_FIGURE },
		{ F_ARTICLE, E_ARTICLE }, { F_MAIN, E_MAIN },
		{ F_CONTENT, E_CONTENT } };
	size_t k;

	row[F_DEPTH] = p->elem[e].depth;
	row[F_BELIEVED] = bits_set(is & BOILER);
	row[F_CLAIMED] = bits_set(said & BOILER);
	/* 2: believed; 1: only said. */
	for (k = 0; k < sizeof(names) / sizeof(*names); k++)
		row[names[k].at] = is & names[k].bit     ? 2
				   : said & names[k].bit ? 1
							 : 0;
	for (k = 0; k < FEATURE_HINTS; k++)
		row[F_HINT + k] = said >> k & E_PRODUCT ? 1 : 0;
}

static void
put_levels(
    const struct page *p, const struct rules *s, uint32_t e, int32_t *row)
{
	uint64_t all = p->sum[p->nblock].text, prose, text;
	int k;

	for (k = 0; k < FEATURE_LEVELS; k++, row += 5) {
		const struct elem *x = &p->elem[e];

		text = page_len(p, x);
		prose = s->prose[x->last] - s->prose[x->first];
		row[0] = clamp(text);
		row[1] = share(text, all);
		row[2] = share(page_link(p, x), text);
		row[3] = share(prose, text);
		row[4] = share(prose, s->prose[p->nblock]);
		e = x->parent == NO_ELEM ? e : x->parent;
	}
}

static void
put_near(const struct page *p, size_t i, int32_t *row)
{
	const struct block *b;
	int k;

	for (k = 1; k <= FEATURE_NEAR; k++, row += 3) {
		b = i >= (size_t)k ? &p->block[i - (size_t)k] : NULL;
		row[F_NEAR] = b ? clamp(b->n) : -1;
		row[F_NEAR + 1] = b ? share(b->link, b->n) : -1;
		row[F_NEAR + 2] = b ? b->stops : -1;
		b = i + (size_t)k < p->nblock ? &p->block[i + (size_t)k] : NULL;
		row[F_BEHIND] = b ? clamp(b->n) : -1;
		row[F_BEHIND + 1] = b ? share(b->link, b->n) : -1;
		row[F_BEHIND + 2] = b ? b->stops : -1;
	}
}

static void
put_place(const struct features *f, const struct page *p, const struct rules *s,
    size_t i, int32_t *row)
{
	size_t lo = i < 5 ? 0 : i - 5;
	size_t hi = i + 6 < p->nblock ? i + 6 : p->nblock;
	uint64_t text = p->sum[hi].text - p->sum[lo].text;

	row[F_WINDOW] = clamp(text);
	row[F_WINDOW + 1] = share(p->sum[hi].link - p->sum[lo].link, text);
	row[F_WINDOW + 2] = share(s->prose[hi] - s->prose[lo], text);
	row[F_CHARS_AT] = share(p->sum[i].text, p->sum[p->nblock].text);
	row[F_BLOCKS_AT] = clamp(i);
	row[F_TO_END] = clamp(p->nblock - i);
	row[F_FROM_H1] = (int32_t)f->since[i].h1;
	row[F_FROM_HEADING] = (int32_t)f->since[i].heading;
	row[F_BEST] = i >= f->best_first && i < f->best_last;
	row[F_FROM_BEST] = i < f->best_first  ? -clamp(f->best_first - i)
			   : i < f->best_last ? 0
					      : clamp(i - f->best_last + 1);
	row[F_RULES] = s->keep[i];
}

void
features_row(const struct features *f, const struct page *p,
    const struct rules *s, size_t i, int32_t row[FEATURES])
{
	uint32_t e = p->block[i].elem;

	put_text(f, p, i, row);
	put_names(f, p, s, e, row);
	put_levels(p, s, e, row + F_LEVEL);
	put_near(p, i, row);
	put_place(f, p, s, i, row);
	put_group(f, p, f->elem[e].in, row + F_REP_IN);
	put_group(f, p, f->elem[e].out, row + F_REP_OUT);
	memcpy(row + FEATURES_OF_BLOCK, f->page + FEATURES_OF_BLOCK,
	    (FEATURES - FEATURES_OF_BLOCK) * sizeof(*row));
}
