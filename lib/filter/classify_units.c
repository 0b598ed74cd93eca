/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/err.h"
#include "base/text/lines.h"
#include "filter/classify.h"

static int
add_unit(struct classify_units *u, struct str unit, struct err *e)
{
	size_t cap = u->cap ? 2 * u->cap : 64;
	struct str *v;
	bool *gone;

	unit = text_strip(unit);
	if (unit.n == 0)
		return 0;
	if (u->n == u->cap) {
		v = realloc(u->v, cap * sizeof(*v));
		u->v = v ? v : u->v;
		gone = realloc(u->gone, cap * sizeof(*gone));
		u->gone = gone ? gone : u->gone;
		if (!v || !gone)
			return err_nomem(e, "parts of a text");
		u->cap = cap;
	}
	u->gone[u->n] = false;
	u->v[u->n++] = unit;
	return 0;
}

static int
add_sentences(struct classify_units *u, struct str paragraph, struct err *e)
{
	size_t i;

	if (punkt_split(&u->punkt, paragraph, e) < 0)
		return e->code;
	for (i = 0; i < u->punkt.n; i++)
		if (add_unit(u, u->punkt.v[i], e) < 0)
			return e->code;
	return 0;
}

int
classify_units_split(struct classify_units *u, struct str text,
    enum classify_unit unit, struct err *e)
{
	struct text_lines it = { text };
	struct str line;

	u->n = u->ngone = 0;
	if (unit == CLASSIFY_DOCUMENT)
		return add_unit(u, text, e);
	while (text_lines_next(&it, &line))
		if ((unit == CLASSIFY_SENTENCE ? add_sentences(u, line, e)
					       : add_unit(u, line, e)) < 0)
			return e->code;
	return 0;
}

static size_t
line_ends(struct str gap)
{
	struct text_lines it = { gap };
	struct str line;
	size_t n = 0;

	while (text_lines_next(&it, &line))
		n += line.p + line.n < gap.p + gap.n;
	return n;
}

void
classify_units_join(
    const struct classify_units *u, struct str text, struct buf *out)
{
	const char *at = text.p, *end = text.p + text.n;
	struct str best = { NULL, 0 }, gap;
	bool first = true, cut = false; /* what stood at the start is gone */
	size_t i;

	for (i = 0; i < u->n; i++) {
		gap = (struct str){ at, (size_t)(u->v[i].p - at) };
		at = u->v[i].p + u->v[i].n;
		if (!best.p || line_ends(gap) > line_ends(best))
			best = gap;
		if (u->gone[i]) {
			cut = cut || first;
			continue;
		}
		if (!cut)
			buf_str(out, best);
		buf_str(out, u->v[i]);
		best = (struct str){ NULL, 0 };
		first = cut = false;
	}
	if (!best.p)
		buf_put(out, at, (size_t)(end - at));
}

static void
put_label(struct buf *b, struct str label)
{
	if (label.p)
		buf_json_lossy(b, label);
	else
		buf_puts(b, "null");
}

/* The rule of a unit that is not wanted. */
static void
put_rule(struct buf *b, const struct classify_verdict *v)
{
	buf_printf(b, ",\"rule\":\"%s\"", v->rule);
	if (v->value < 0)
		return;
	if (v->why.p && !str_eq(v->why, v->label)) {
		buf_puts(b, ",\"about\":");
		put_label(b, v->why);
	}
	buf_puts(b, ",\"value\":");
	buf_double(b, v->value);
	buf_puts(b, ",\"threshold\":");
	buf_double(b, v->threshold);
}

static void
put_unit(struct buf *b, struct str text, struct str unit,
    const struct classify_verdict *v)
{
	size_t start = (size_t)(unit.p - text.p);

	buf_printf(
	    b, "{\"start\":%zu,\"end\":%zu,\"label\":", start, start + unit.n);
	put_label(b, v->label);
	buf_puts(b, ",\"score\":");
	buf_double(b, v->score);
	if (v->rule)
		put_rule(b, v);
	buf_putc(b, '}');
}

/* Tell of part i, behind n others. */
static void
tell(struct classify_units *u, struct str text, size_t i, uint64_t n,
    const struct classify_verdict *v)
{
	if (n >= CLASSIFY_TOLD)
		return;
	buf_putc(&u->told, n ? ',' : '[');
	put_unit(&u->told, text, u->v[i], v);
}

static void
tell_end(struct classify_units *u, uint64_t n)
{
	if (n > CLASSIFY_TOLD)
		buf_printf(&u->told, ",{\"more\":%llu}",
		    (unsigned long long)(n - CLASSIFY_TOLD));
	buf_puts(&u->told, n ? "]" : "[]");
}

int
classify_units_judge(const struct classify_rules *r, struct classify_scratch *s,
    struct classify_units *u, struct str text, enum classify_unit unit,
    struct err *e)
{
	bool any = classify_rules_any(r);
	struct classify_verdict v;
	uint64_t told = 0;
	size_t i;

	buf_clear(&u->told);
	buf_clear(&u->left);
	if (classify_units_split(u, text, unit, e) < 0)
		return e->code;
	for (i = 0; i < u->n; i++) {
		if (classify_judge(r, s, u->v[i], 1, &v, e) < 0)
			return e->code;
		u->gone[i] = v.rule;
		u->ngone += u->gone[i];
		if (u->gone[i] || !any)
			tell(u, text, i, told++, &v);
	}
	tell_end(u, told);
	if (u->ngone)
		classify_units_join(u, text, &u->left);
	return buf_ok(&u->told, e) < 0 ? e->code : buf_ok(&u->left, e);
}

void
classify_units_free(struct classify_units *u)
{
	free(u->v);
	free(u->gone);
	buf_free(&u->told);
	buf_free(&u->left);
	punkt_free(&u->punkt);
	*u = (struct classify_units){ 0 };
}
