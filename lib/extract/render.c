/* SPDX-License-Identifier: MIT */
#include "extract/render.h"

uint32_t
render_around(const struct page *p, uint32_t e, enum tag a, enum tag b)
{
	int steps;

	for (steps = 0; e != NO_ELEM && steps < 6; steps++) {
		if (p->elem[e].tag == a || p->elem[e].tag == b)
			return e;
		e = p->elem[e].parent;
	}
	return NO_ELEM;
}

static bool
same_row(const struct page *p, const struct block *x, const struct block *y)
{
	uint32_t cx, cy;

	if (!(x->bits & E_TABLE) || !(y->bits & E_TABLE) ||
	    x->n > RENDER_CELL || y->n > RENDER_CELL)
		return false;
	cx = render_around(p, x->elem, TAG_td, TAG_th);
	cy = render_around(p, y->elem, TAG_td, TAG_th);
	return cx != NO_ELEM && cy != NO_ELEM && cx != cy &&
	       p->elem[cx].parent == p->elem[cy].parent;
}

static bool
same_table(const struct page *p, const struct block *x, const struct block *y)
{
	return x->bits & y->bits & E_TABLE && x->n <= RENDER_CELL &&
	       y->n <= RENDER_CELL &&
	       render_around(p, x->elem, TAG_table, TAG_table) ==
		   render_around(p, y->elem, TAG_table, TAG_table);
}

static const char *
separator(const struct page *p, const struct block *x, const struct block *y)
{
	if (same_row(p, x, y))
		return " | ";
	if (same_table(p, x, y))
		return "\n";
	if ((x->bits & y->bits & E_LIST) && !((x->bits | y->bits) & E_HEADING))
		return "\n";
	return "\n\n";
}

void
render_text(const struct page *p, const uint8_t *keep, struct buf *out)
{
	const struct block *b, *last = NULL;
	struct str s;
	size_t i;

	for (i = 0; i < p->nblock; i++) {
		if (!keep[i])
			continue;
		b = &p->block[i];
		if (last)
			buf_puts(out, separator(p, last, b));
		if (b->bits & E_BULLET)
			buf_puts(out, "- ");
		s = page_text(p, b);
		buf_str(out, s);
		last = b;
	}
}
