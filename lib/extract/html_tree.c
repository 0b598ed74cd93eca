/* SPDX-License-Identifier: MIT */
#include "extract/builder.h"
#include "extract/field.h"
#include "extract/html_rules.h"

/* The stack -------------------------------------------------------------- */

static enum tag
top(const struct builder *b)
{
	return b->nopen ? (enum tag)b->open[b->nopen - 1].tag : TAG_NONE;
}

static bool
is_wall(enum tag tag)
{
	return (html_rules[tag] & SPECIAL) && tag != TAG_address &&
	       tag != TAG_div && tag != TAG_p;
}

/* False: it's too deep. */
static bool
push(struct builder *b, const struct tag_token *t)
{
	struct open *o = &b->open[b->nopen];

	if (b->nopen == HTML_DEPTH) {
		/* Its text must still not stick to what's before. */
		if (tags_flags[t->tag] & T_BLOCK)
			builder_break(b);
		return false;
	}
	o->tag = (uint8_t)t->tag;
	o->name = t->name;
	o->p = (int16_t)b->p;
	o->wall = (int16_t)(is_wall(t->tag) ? b->nopen
			    : b->nopen      ? o[-1].wall
					    : -1);
	o->ghost = false;
	if (t->tag == TAG_p)
		b->p = b->nopen;
	else if ((html_rules[t->tag] & SCOPE) || t->tag == TAG_button)
		b->p = -1;
	b->count[t->tag]++;
	b->names[t->name & 255]++;
	builder_open(b, t);
	return true;
}

static void
pop_one(struct builder *b)
{
	struct open *o = &b->open[b->nopen - 1];

	b->count[o->tag]--;
	b->names[o->name & 255]--;
	b->p = o->p;
	builder_close(b);
}

/* Close open[i] and all within it. */
static void
pop_to(struct builder *b, int i)
{
	while (b->nopen > i)
		pop_one(b);
	while (b->nopen && b->open[b->nopen - 1].ghost)
		pop_one(b);
}

static void
push_tag(struct builder *b, enum tag tag)
{
	struct tag_token t = { .tag = tag };

	push(b, &t);
}

static void
close_p(struct builder *b)
{
	if (b->p >= 0)
		pop_to(b, b->p);
}

/* Where the element is that an end tag closes; -1 if there is none, or one of
 * `walls` stands before. */
static int
find(const struct builder *b, enum tag tag, unsigned walls)
{
	int i;

	if (!b->count[tag])
		return -1;
	for (i = b->nopen - 1; i >= 0; i--) {
		if (b->open[i].tag == tag)
			return i;
		if (html_rules[b->open[i].tag] & walls)
			return -1;
	}
	return -1;
}

static bool
close_scope(struct builder *b, enum tag tag)
{
	int i = find(b, tag, SCOPE);

	if (i >= 0)
		pop_to(b, i);
	return i >= 0;
}

/* An element leaves the stack's order: what is within stays open. */
static void
make_ghost(struct builder *b, int i)
{
	struct open *o = &b->open[i];

	if (tags_flags[o->tag] & T_BLOCK)
		builder_break(b);
	builder_undo(b, o);
	b->count[o->tag]--;
	b->count[TAG_NONE]++;
	o->tag = TAG_NONE; /* and no name: that is 0, as of all known tags */
	o->ghost = true;
}

static bool
blocks_within(const struct builder *b, int i)
{
	while (++i < b->nopen)
		if (html_rules[b->open[i].tag] & SPECIAL)
			return true;
	return false;
}

static void
close_format(struct builder *b, enum tag tag)
{
	int i = find(b, tag, SCOPE);

	if (i < 0)
		return;
	if (blocks_within(b, i))
		make_ghost(b, i);
	else
		pop_to(b, i);
}

/* The page's frame ------------------------------------------------------- */

static void
enter_html(struct builder *b)
{
	if (b->phase != BEFORE_HTML)
		return;
	b->phase = BEFORE_HEAD;
	push_tag(b, TAG_html);
}

/* All of <head> closes, but not <html>. */
static void
enter_body(struct builder *b, const struct tag_token *t)
{
	enter_html(b);
	pop_to(b, 1);
	b->phase = IN_BODY;
	push(b, t);
}

/* What stands in a <noscript> of <head> and doesn't belong there goes to the
 * body; if it says something, still as what is for pages without scripts. */
static void
enter_implied_body(struct builder *b, bool says)
{
	struct tag_token t = { .tag = TAG_body };
	bool noscript = b->count[TAG_noscript];

	enter_body(b, &t);
	if (noscript && says)
		push_tag(b, TAG_noscript);
}

static bool
is_frame(enum tag tag)
{
	return tag == TAG_html || tag == TAG_head || tag == TAG_body;
}

/* <head>, or what may stand in it. */
static void
enter_head(struct builder *b)
{
	enter_html(b);
	if (b->phase != BEFORE_HEAD)
		return;
	b->phase = IN_HEAD;
	push_tag(b, TAG_head);
}

/* A tag that tells where in the frame we are; true: that was all it says. */
static bool
frame(struct builder *b, const struct tag_token *t)
{
	if (is_frame(t->tag))
		facts_read(b, t);
	if (b->phase == IN_BODY) {
		builder_break(b);
	} else if (t->tag == TAG_html && b->phase == BEFORE_HTML) {
		b->phase = BEFORE_HEAD;
		push(b, t);
	} else if (t->tag == TAG_head) {
		enter_head(b);
	} else if (t->tag == TAG_body) {
		enter_body(b, t);
	} else if (html_rules[t->tag] & OF_HEAD) {
		enter_head(b);
	} else if (t->tag != TAG_html && !b->count[TAG_template]) {
		enter_implied_body(b, !(tags_flags[t->tag] & (T_GONE | T_RAW)));
	}
	return is_frame(t->tag);
}

/* Start tags ------------------------------------------------------------- */

/* A list's item closes the one before, but not over a list. */
static void
close_item(struct builder *b, enum tag one, enum tag other)
{
	int i = b->nopen - 1;

	if (i < 0 || (!b->count[one] && !b->count[other]))
		return;
	for (i = b->open[i].wall; i >= 0 && b->open[i].ghost;)
		i = i ? b->open[i - 1].wall : -1;
	if (i >= 0 && (b->open[i].tag == one || b->open[i].tag == other))
		pop_to(b, i);
}

static bool
is_cell(enum tag tag)
{
	return tag == TAG_td || tag == TAG_th;
}

static bool
holds(enum tag outer, enum tag part)
{
	if (outer == TAG_table)
		return true;
	if (is_cell(part))
		return outer == TAG_tr || (html_rules[outer] & ROW_GROUP);
	return part == TAG_tr && (html_rules[outer] & ROW_GROUP);
}

/* Close what doesn't hold such a part of a table; false: there's no table. */
static bool
close_to_part(struct builder *b, enum tag part)
{
	int i;

	if (!b->count[TAG_table])
		return false;
	for (i = b->nopen - 1; i >= 0; i--) {
		enum tag tag = (enum tag)b->open[i].tag;

		if (holds(tag, part)) {
			pop_to(b, i + 1);
			if (is_cell(part) && tag != TAG_tr)
				push_tag(b, TAG_tr);
			return true;
		}
		if (tag == TAG_template)
			return false;
	}
	return false;
}

/* Not over a table's edge, but over its cells. */
static bool
close_part(struct builder *b, enum tag tag)
{
	int i;

	for (i = b->nopen - 1; i >= 0 && b->count[tag]; i--) {
		enum tag at = (enum tag)b->open[i].tag;

		if (at == tag) {
			pop_to(b, i);
			return true;
		}
		if (at == TAG_table || at == TAG_template)
			break;
	}
	return false;
}

/* Between its rows, a table closes the table. */
static void
close_table(struct builder *b)
{
	enum tag tag = top(b);

	if (tag == TAG_table || tag == TAG_tr || (html_rules[tag] & ROW_GROUP))
		close_part(b, TAG_table);
}

/* What particular tags close; false: the tag means nothing where it is. */
static bool
make_way(struct builder *b, enum tag tag)
{
	switch (tag) {
	case TAG_a:
	case TAG_nobr:
		close_format(b, tag);
		return true;
	case TAG_li:
		close_item(b, TAG_li, TAG_li);
		return true;
	case TAG_dd:
	case TAG_dt:
		close_item(b, TAG_dd, TAG_dt);
		return true;
	case TAG_button:
		close_scope(b, TAG_button);
		return true;
	case TAG_form:
		return !b->count[TAG_form] || b->count[TAG_template];
	case TAG_table:
		close_table(b);
		return true;
	case TAG_optgroup:
	case TAG_option:
		if (top(b) == TAG_option)
			pop_to(b, b->nopen - 1);
		if (tag == TAG_optgroup && top(b) == TAG_optgroup)
			pop_to(b, b->nopen - 1);
		return true;
	case TAG_rb:
	case TAG_rp:
	case TAG_rt:
	case TAG_rtc:
		if (top(b) == TAG_rb || top(b) == TAG_rp || top(b) == TAG_rt)
			pop_to(b, b->nopen - 1);
		return true;
	default:
		return !(html_rules[tag] & OF_TABLE) || close_to_part(b, tag);
	}
}

/* What some elements must not swallow, though they are never closed. */
static void
rescue(struct builder *b)
{
	int i;

	if (b->count[TAG_select])
		close_scope(b, TAG_select);
	if (b->math && (i = find(b, TAG_math, 0)) >= 0)
		pop_to(b, i);
}

void
tree_start(struct builder *b, const struct tag_token *t)
{
	unsigned rule = html_rules[t->tag], flags = tags_flags[t->tag];
	bool open;

	if ((b->phase != IN_BODY || is_frame(t->tag)) && frame(b, t))
		return;
	if (flags & (T_GONE | T_RAW))
		return;
	if (rule & CLOSES_P)
		rescue(b);
	if (t->tag != TAG_NONE && !make_way(b, t->tag)) {
		builder_flush(b);
		return;
	}
	if (rule & CLOSES_P)
		close_p(b);
	if ((rule & HEADING) && (html_rules[top(b)] & HEADING))
		pop_to(b, b->nopen - 1);
	if (t->tag == TAG_br) {
		builder_break(b);
	} else if (t->tag == TAG_meta || t->tag == TAG_link) {
		facts_read(b, t);
	} else {
		open = push(b, t);
		if (open && ((flags & T_VOID) || (t->closed && b->math)))
			pop_to(b, b->nopen - 1); /* MathML is XML enough */
	}
}

/* End tags --------------------------------------------------------------- */

static bool
close_heading(struct builder *b)
{
	int i;

	for (i = b->nopen - 1; i >= 0; i--) {
		if (html_rules[b->open[i].tag] & HEADING) {
			pop_to(b, i);
			return true;
		}
		if (html_rules[b->open[i].tag] & SCOPE)
			break;
	}
	return false;
}

static bool
close_list_item(struct builder *b)
{
	int i;

	for (i = b->nopen - 1; i >= 0 && b->count[TAG_li]; i--) {
		enum tag tag = (enum tag)b->open[i].tag;

		if (tag == TAG_li) {
			pop_to(b, i);
			return true;
		}
		if ((html_rules[tag] & SCOPE) || tag == TAG_ol || tag == TAG_ul)
			break;
	}
	return false;
}

static bool
close_form(struct builder *b)
{
	int i = find(b, TAG_form, SCOPE);

	if (i < 0)
		return false;
	if (i == b->nopen - 1)
		pop_to(b, i);
	else
		make_ghost(b, i);
	return true;
}

/* An element without rules of its own. */
static bool
close_any(struct builder *b, const struct tag_token *t)
{
	int i;

	if (!b->count[t->tag] || !b->names[t->name & 255])
		return false;
	for (i = b->nopen - 1; i >= 0; i--) {
		const struct open *o = &b->open[i];

		if (o->tag == t->tag && o->name == t->name) {
			pop_to(b, i);
			return true;
		}
		if (html_rules[o->tag] & SPECIAL)
			break;
	}
	return false;
}

static bool
close_tag(struct builder *b, const struct tag_token *t)
{
	unsigned rule = html_rules[t->tag];

	if (t->tag == TAG_li)
		return close_list_item(b);
	if (t->tag == TAG_form)
		return close_form(b);
	if (rule & HEADING)
		return close_heading(b);
	if ((rule & OF_TABLE) || t->tag == TAG_table)
		return close_part(b, t->tag);
	if (rule & FORMAT) {
		close_format(b, t->tag);
		return true;
	}
	return rule & SPECIAL ? close_scope(b, t->tag) : close_any(b, t);
}

static void
end_of_frame(struct builder *b, enum tag tag)
{
	if (tag == TAG_head && b->phase == IN_HEAD && !b->count[TAG_template]) {
		pop_to(b, 1);
		b->phase = BEHIND_HEAD;
	} else if (tag != TAG_head) {
		builder_break(b); /* what comes behind is still <body> */
	}
}

void
tree_end(struct builder *b, const struct tag_token *t)
{
	const struct open *o = &b->open[b->nopen ? b->nopen - 1 : 0];

	if (is_frame(t->tag)) {
		end_of_frame(b, t->tag);
	} else if (t->tag == TAG_br) {
		builder_break(b);
	} else if (t->tag == TAG_p) {
		close_p(b);
		builder_flush(b); /* even if there was none */
	} else if (b->nopen && o->tag == t->tag && o->name == t->name) {
		pop_to(b, b->nopen - 1);
	} else if (!close_tag(b, t) && (tags_flags[t->tag] & T_BLOCK)) {
		builder_break(b);
	}
}

/* Text ------------------------------------------------------------------- */

static bool
is_blank(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (!field_is_space(s.p[i]) && s.p[i])
			return false;
	return true;
}

void
tree_text(struct builder *b, struct str s, bool refs)
{
	if (b->phase != IN_BODY && !b->title && !b->count[TAG_template]) {
		if (is_blank(s))
			return;
		enter_implied_body(b, true);
	}
	builder_text(b, s, refs);
}
