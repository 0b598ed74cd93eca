/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/buf.h"
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

	u->n = 0;
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

void
classify_units_free(struct classify_units *u)
{
	free(u->v);
	free(u->gone);
	punkt_free(&u->punkt);
	*u = (struct classify_units){ 0 };
}
