/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "extract/builder.h"
#include "extract/field.h"

/* What opening an element did, to be undone when it closes. */
enum {
	DID_ELEM = 1,
	DID_LINK = 2,
	DID_SKIP = 4,
	DID_PRE = 8,
	DID_TITLE = 16,
	DID_MATH = 32,
	DID_NOTE = 64,
};

/* Bits that blocks have from what is around them. */
enum { KEPT = E_LIST | E_TABLE | E_PRE | E_QUOTE | E_FIGURE | E_HEADING };

bool
builder_grow(struct builder *b, void *array, size_t n, size_t *cap, size_t size)
{
	void **v = array, *more;
	size_t want = *cap ? 2 * *cap : 256;

	if (n < *cap)
		return true;
	more = realloc(*v, want * size);
	if (!more) {
		b->oom = true;
		return false;
	}
	*v = more;
	*cap = want;
	return true;
}

/* Blocks ----------------------------------------------------------------- */

/* What a byte may count as. */
enum mark { NO_MARK, COMMA, STOP, CJK_MARK, WIDE_MARK };
static const unsigned char marks[256] = { [','] = COMMA,
	[';'] = COMMA,
	['.'] = STOP,
	['!'] = STOP,
	['?'] = STOP,
	[0xe3] = CJK_MARK,
	[0xef] = WIDE_MARK };

/* Commas and stops of all the scripts that have them. */
static void
count_marks(struct block *k, const char *p)
{
	const unsigned char *s = (const unsigned char *)p;
	size_t i, n = k->n;
	uint32_t commas = 0, stops = 0;

	for (i = 0; i < n; i++) {
		unsigned mark = marks[s[i]];

		if (!mark)
			continue;
		if (mark == COMMA)
			commas++;
		else if (mark == STOP)
			stops +=
			    i + 1 == n || s[i + 1] <= ' ' || s[i + 1] == '"';
		else if (mark == CJK_MARK && n - i > 2 && s[i + 1] == 0x80)
			*(s[i + 2] == 0x82 ? &stops : &commas) +=
			    s[i + 2] == 0x81 || s[i + 2] == 0x82;
		else if (mark == WIDE_MARK && n - i > 2 && s[i + 1] == 0xbc) {
			commas += s[i + 2] == 0x8c;
			stops += s[i + 2] == 0x81 || s[i + 2] == 0x9f;
		}
	}
	k->commas = (uint16_t)(commas < UINT16_MAX ? commas : UINT16_MAX);
	k->stops = (uint16_t)(stops < UINT16_MAX ? stops : UINT16_MAX);
}

static void
add_block(struct builder *b, size_t n)
{
	struct page *p = b->page;
	struct block *k;

	if (!builder_grow(
		b, &p->block, p->nblock, &p->cap_block, sizeof(*p->block)))
		return;
	k = &p->block[p->nblock++];
	*k = (struct block){ .at = (uint32_t)b->start,
		.n = (uint32_t)n,
		.link = b->link_bytes < n ? b->link_bytes : (uint32_t)n,
		.elem = b->elem,
		.bits = b->bits | (b->bullet ? E_BULLET : 0) };
	count_marks(k, p->text.p + k->at);
	b->bullet = false;
}

/* End the block, if it has come to anything. */
void
builder_flush(struct builder *b)
{
	struct buf *t = &b->page->text;
	size_t n = t->n - b->start;

	b->space = false;
	b->after_link = false;
	if (!n)
		return;
	while (n && field_is_space(t->p[b->start + n - 1]))
		n--;
	t->n = b->start + n;
	if (n)
		add_block(b, n);
	b->start = t->n;
	b->link_bytes = 0;
}

void
builder_break(struct builder *b)
{
	struct buf *t = &b->page->text;

	if (t->n == b->start)
		return;
	b->space = false;
	if (t->p[t->n - 1] == '\n' && !b->pre)
		builder_flush(b);
	else
		buf_putc(t, '\n');
}

/* Elements --------------------------------------------------------------- */

static unsigned
open_elem(struct builder *b, enum tag tag, uint32_t bits, uint32_t shape)
{
	struct page *p = b->page;
	struct elem *x;

	builder_flush(b);
	if (!builder_grow(
		b, &p->elem, p->nelem, &p->cap_elem, sizeof(*p->elem)) ||
	    p->nelem >= NO_ELEM - 1)
		return 0;
	x = &p->elem[p->nelem];
	*x = (struct elem){ .parent = b->elem,
		.first = (uint32_t)p->nblock,
		.last = (uint32_t)p->nblock,
		.bits = bits,
		.name = shape,
		.tag = (uint8_t)tag };
	if (b->elem != NO_ELEM)
		x->depth = (uint16_t)(p->elem[b->elem].depth + 1);
	b->elem = (uint32_t)p->nelem++;
	if (tag == TAG_li)
		b->bullet = true;
	return DID_ELEM;
}

static void
close_elem(struct builder *b)
{
	struct elem *x = &b->page->elem[b->elem];

	builder_flush(b);
	x->last = (uint32_t)b->page->nblock;
	if (x->tag == TAG_li)
		b->bullet = false;
	b->elem = x->parent;
}

/* The outermost <a href>, if links are wanted. */
static void
open_link(struct builder *b, const struct atts *a)
{
	struct page *p = b->page;
	struct str s = has_att(a, ATT_HREF) ? field_trim(a->v[ATT_HREF])
					    : (struct str){ NULL, 0 };

	if (!p->want_links || b->linking || b->skip || !s.n ||
	    !builder_grow(
		b, &p->link, p->nlink, &p->cap_link, sizeof(*p->link)))
		return;
	p->link[p->nlink++] = (struct page_link){
		.from = p->text.n, .href = p->hrefs.n, .href_n = s.n
	};
	buf_str(&p->hrefs, s);
	b->linking = true;
}

static void
close_link(struct builder *b)
{
	struct page *p = b->page;

	b->after_link = true;
	if (!b->linking || b->link)
		return;
	b->linking = false;
	p->link[p->nlink - 1].to = p->text.n;
	p->nlink -= p->link[p->nlink - 1].from >= p->text.n;
}

/* Does an <annotation> hold LaTeX? */
static bool
is_tex(const struct atts *a)
{
	return has_att(a, ATT_ENCODING) &&
	       field_find(a->v[ATT_ENCODING], "tex");
}

/* <math> and what stands in it; what it did. */
static unsigned
open_math(struct builder *b, const struct tag_token *t)
{
	const struct atts *a = &t->atts;

	if (t->tag == TAG_math && !b->math && !b->skip) {
		buf_clear(&b->tex);
		buf_clear(&b->formula);
		if (has_att(a, ATT_ALTTEXT))
			buf_str(&b->tex, a->v[ATT_ALTTEXT]);
		b->display = has_att(a, ATT_DISPLAY) &&
			     str_eq(a->v[ATT_DISPLAY], STR("block"));
		return DID_MATH;
	}
	if (b->math && t->tag == TAG_annotation)
		return DID_NOTE | (is_tex(a) && !b->tex.n ? 0u : DID_SKIP);
	return 0;
}

static void
count(struct builder *b, unsigned did, int by)
{
	if (did & DID_SKIP)
		b->skip += by;
	if (did & DID_LINK)
		b->link += by;
	if (did & DID_PRE)
		b->pre += by;
	if (did & DID_TITLE)
		b->title += by;
	if (did & DID_MATH)
		b->math += by;
	if (did & DID_NOTE)
		b->note += by;
}

void
builder_open(struct builder *b, const struct tag_token *t)
{
	unsigned flags = tags_flags[t->tag], did = 0;
	uint32_t shape, bits = facts_bits(b, t, &shape);
	struct open *o = &b->open[b->nopen++];

	o->bits = b->bits;
	if ((flags & T_BLOCK) && !b->skip)
		did |= open_elem(b, t->tag, bits, shape);
	if ((flags & T_SKIP) || ((bits & E_HIDDEN) && !(flags & T_BLOCK)) ||
	    (t->tag == TAG_title && b->page->title.n))
		did |= DID_SKIP;
	if (flags & T_LINK) {
		did |= DID_LINK;
		open_link(b, &t->atts);
	}
	if (t->tag == TAG_title)
		did |= DID_TITLE;
	if (bits & E_PRE)
		did |= DID_PRE;
	if (t->tag == TAG_math || b->math)
		did |= open_math(b, t);
	if (did & ~(unsigned)DID_ELEM)
		count(b, did, 1);
	b->bits |= bits & KEPT;
	o->did = (uint8_t)did;
}

void
builder_undo(struct builder *b, struct open *o)
{
	unsigned did = o->did & ~(unsigned)DID_ELEM;

	o->did &= DID_ELEM;
	if (!did)
		return;
	if (did & DID_MATH)
		builder_math(b);
	count(b, did, -1);
	if (did & DID_LINK)
		close_link(b);
}

void
builder_close(struct builder *b)
{
	struct open *o = &b->open[--b->nopen];

	builder_undo(b, o);
	if (o->did & DID_ELEM)
		close_elem(b);
	b->bits = o->bits;
}

void
builder_begin(struct builder *b, struct page *p)
{
	page_clear(p);
	buf_clear(&b->og_title);
	memset(b->count, 0, sizeof(b->count));
	memset(b->names, 0, sizeof(b->names));
	b->page = p;
	b->p = -1;
	b->phase = BEFORE_HTML;
	b->elem = NO_ELEM;
	b->nopen = 0;
	b->start = 0;
	b->bits = 0;
	b->link_bytes = 0;
	b->skip = b->link = b->title = b->pre = 0;
	b->linking = false;
	b->math = b->note = 0;
	b->space = b->after_link = b->bullet = b->oom = false;
	open_elem(b, TAG_NONE, 0, 0); /* the root: no text is outside of it */
}

void
builder_end(struct builder *b)
{
	while (b->nopen)
		builder_close(b);
	if (b->elem != NO_ELEM)
		close_elem(b);
	if (!b->page->title.n)
		buf_str(&b->page->title, buf_view(&b->og_title));
}

void
builder_free(struct builder *b)
{
	buf_free(&b->og_title);
	buf_free(&b->tex);
	buf_free(&b->formula);
}
