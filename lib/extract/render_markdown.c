/* SPDX-License-Identifier: MIT */
#include "extract/render.h"

enum { DEEP = 8, UP = 24 }; /* lists within lists; elements looked up */

struct markdown {
	const struct page *p;
	struct buf *out;
	uint32_t table, row, pre; /* that stand open; NO_ELEM: none */
	size_t columns;           /* of the row */
	size_t fence;             /* backticks around the code */
	bool ruled;               /* the table has its rule */
	/* Numbered lists by depth, and how far they have counted. */
	uint32_t list[DEEP];
	unsigned count[DEEP];
	struct buf linked; /* scratch */
};

static void
put_line(struct buf *out, struct str s, bool cell)
{
	size_t i;

	for (i = 0; i < s.n; i++) {
		if (cell && s.p[i] == '|')
			buf_putc(out, '\\');
		buf_putc(out, s.p[i] == '\n' ? ' ' : s.p[i]);
	}
}

/* The first link that begins at or behind `at`. */
static size_t
first_link(const struct page *p, size_t at)
{
	size_t lo = 0, hi = p->nlink, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (p->link[mid].from < at)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static void
put_link(struct markdown *m, struct str text, struct str href)
{
	buf_putc(&m->linked, '[');
	buf_str(&m->linked, text);
	buf_puts(&m->linked, "](");
	buf_str(&m->linked, href);
	buf_putc(&m->linked, ')');
}

/* The block's text, with the links that lie within it. */
static struct str
text_with_links(struct markdown *m, const struct block *b)
{
	const struct page *p = m->p;
	size_t end = b->at + b->n, done = b->at, i = first_link(p, done), from;

	if (i == p->nlink || p->link[i].from >= end)
		return page_text(p, b);
	buf_clear(&m->linked);
	for (; i < p->nlink && p->link[i].from < end; i++) {
		const struct page_link *l = &p->link[i];

		for (from = l->from; from < l->to && p->text.p[from] == ' ';)
			from++;
		if (l->to > end || from >= l->to || from < done)
			continue;
		buf_put(&m->linked, p->text.p + done, from - done);
		put_link(m, (struct str){ p->text.p + from, l->to - from },
		    (struct str){ p->hrefs.p + l->href, l->href_n });
		done = l->to;
	}
	buf_put(&m->linked, p->text.p + done, end - done);
	return buf_view(&m->linked);
}

/* Tables ------------------------------------------------------------------ */

static void
end_row(struct markdown *m)
{
	size_t i;

	if (m->row == NO_ELEM)
		return;
	buf_puts(m->out, " |");
	if (!m->ruled) {
		buf_puts(m->out, "\n|");
		for (i = 0; i < m->columns; i++)
			buf_puts(m->out, " --- |");
		m->ruled = true;
	}
	m->row = NO_ELEM;
}

static void
end_table(struct markdown *m)
{
	end_row(m);
	m->table = NO_ELEM;
}

/* The cell of a table that is one, or NO_ELEM. */
static uint32_t
cell_of(const struct page *p, const struct block *b)
{
	if (!(b->bits & E_TABLE) || b->bits & E_PRE || b->n > RENDER_CELL)
		return NO_ELEM;
	return render_around(p, b->elem, TAG_td, TAG_th);
}

static void
put_cell(struct markdown *m, const struct block *b, uint32_t cell,
    const struct block *last)
{
	uint32_t row = m->p->elem[cell].parent;
	uint32_t table = render_around(m->p, b->elem, TAG_table, TAG_table);

	if (m->row == row && last && cell_of(m->p, last) == cell) {
		buf_putc(m->out, ' '); /* more of the same cell */
	} else if (m->row == row) {
		buf_puts(m->out, " | ");
		m->columns++;
	} else {
		end_row(m);
		if (m->table == table && m->out->n) {
			buf_putc(m->out, '\n');
		} else {
			m->ruled = false;
			buf_puts(m->out, m->out->n ? "\n\n" : "");
		}
		buf_puts(m->out, "| ");
		m->columns = 1;
		m->table = table;
		m->row = row;
	}
	put_line(m->out, text_with_links(m, b), true);
}

/* Code -------------------------------------------------------------------- */

static uint32_t
pre_of(const struct page *p, const struct block *b)
{
	uint32_t e = b->elem, found = NO_ELEM;
	int up;

	if (!(b->bits & E_PRE))
		return NO_ELEM;
	for (up = 0; e != NO_ELEM && up < UP; up++, e = p->elem[e].parent)
		if (p->elem[e].bits & E_PRE)
			found = e;
	return found == NO_ELEM ? b->elem : found;
}

static void
put_fence(struct markdown *m)
{
	size_t i;

	for (i = 0; i < m->fence; i++)
		buf_putc(m->out, '`');
}

/* One more than the longest run of backticks, three at least. */
static size_t
fence_for(struct str s)
{
	size_t i, run = 0, most = 2;

	for (i = 0; i < s.n; i++) {
		run = s.p[i] == '`' ? run + 1 : 0;
		most = run > most ? run : most;
	}
	return most + 1;
}

static void
put_code(struct markdown *m, const struct block *b, uint32_t pre)
{
	if (m->pre != pre) {
		buf_puts(m->out, m->out->n ? "\n\n" : "");
		m->fence = fence_for(page_text(m->p, b));
		put_fence(m);
	}
	m->pre = pre;
	buf_putc(m->out, '\n');
	buf_str(m->out, page_text(m->p, b));
}

static void
end_code(struct markdown *m)
{
	if (m->pre == NO_ELEM)
		return;
	buf_putc(m->out, '\n');
	put_fence(m);
	m->pre = NO_ELEM;
}

/* Text -------------------------------------------------------------------- */

static int
heading_of(const struct page *p, const struct block *b)
{
	uint32_t e = b->elem;
	int up;

	if (!(b->bits & E_HEADING))
		return 0;
	for (up = 0; e != NO_ELEM && up < UP; up++, e = p->elem[e].parent)
		if (p->elem[e].bits & E_HEADING)
			return p->elem[e].tag - TAG_h1 + 1;
	return 0;
}

/* How many lists are around the block, and the innermost. */
static int
lists_around(const struct page *p, const struct block *b, uint32_t *list)
{
	uint32_t e = b->elem;
	int up, depth = 0;

	*list = NO_ELEM;
	for (up = 0; e != NO_ELEM && up < UP; up++, e = p->elem[e].parent) {
		if (p->elem[e].tag != TAG_ul && p->elem[e].tag != TAG_ol)
			continue;
		if (!depth++)
			*list = e;
	}
	return depth < DEEP ? depth : DEEP - 1;
}

static void
put_item(struct markdown *m, const struct block *b, const struct block *last)
{
	uint32_t list;
	int depth = lists_around(m->p, b, &list), i;
	bool tight = last && last->bits & E_LIST && b->bits & E_BULLET;

	if (m->out->n)
		buf_puts(m->out, tight ? "\n" : "\n\n");
	for (i = 1; i < depth; i++)
		buf_puts(m->out, "    ");
	if (!(b->bits & E_BULLET)) {
		buf_puts(m->out, depth ? "    " : "");
	} else if (list != NO_ELEM && m->p->elem[list].tag == TAG_ol) {
		m->count[depth] =
		    m->list[depth] == list ? m->count[depth] + 1 : 1;
		m->list[depth] = list;
		buf_printf(m->out, "%u. ", m->count[depth]);
	} else {
		buf_puts(m->out, "- ");
	}
	put_line(m->out, text_with_links(m, b), false);
}

static void
put_quote(struct markdown *m, const struct block *b, const struct block *last)
{
	struct str s = text_with_links(m, b);
	size_t i;

	if (m->out->n)
		buf_puts(m->out, last->bits & E_QUOTE ? "\n>\n" : "\n\n");
	buf_puts(m->out, "> ");
	for (i = 0; i < s.n; i++) {
		buf_putc(m->out, s.p[i]);
		if (s.p[i] == '\n')
			buf_puts(m->out, "> ");
	}
}

static void
put_text(struct markdown *m, const struct block *b, const struct block *last)
{
	int level = heading_of(m->p, b), i;

	if (!level && b->bits & E_LIST) {
		put_item(m, b, last);
	} else if (!level && b->bits & E_QUOTE) {
		put_quote(m, b, last);
	} else {
		buf_puts(m->out, m->out->n ? "\n\n" : "");
		for (i = 0; i < level; i++)
			buf_putc(m->out, '#');
		if (level)
			buf_putc(m->out, ' ');
		if (level)
			put_line(m->out, text_with_links(m, b), false);
		else
			buf_str(m->out, text_with_links(m, b));
	}
}

void
render_markdown(const struct page *p, const uint8_t *keep, struct buf *out)
{
	struct markdown m = { .p = p,
		.out = out,
		.table = NO_ELEM,
		.row = NO_ELEM,
		.pre = NO_ELEM };
	const struct block *b, *last = NULL;
	uint32_t cell, pre;
	size_t i;

	for (i = 0; i < p->nblock; i++) {
		if (!keep[i])
			continue;
		b = &p->block[i];
		cell = cell_of(p, b);
		pre = pre_of(p, b);
		if (m.pre != pre)
			end_code(&m);
		if (cell == NO_ELEM)
			end_table(&m);
		if (cell != NO_ELEM)
			put_cell(&m, b, cell, last);
		else if (pre != NO_ELEM)
			put_code(&m, b, pre);
		else
			put_text(&m, b, last);
		last = b;
	}
	end_table(&m);
	end_code(&m);
	out->oom |= m.linked.oom;
	buf_free(&m.linked);
}
