/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "dedup/evals.h"
#include "dedup/found.h"
#include "dedup/overlap.h"
#include "io/stream.h"

int
found_init(struct found *f, const struct evals *v, struct err *e)
{
	size_t i, n = v->npassage ? v->npassage : 1;

	*f = (struct found){ .evals = v };
	f->v = calloc(n, sizeof(*f->v));
	f->text_of = calloc(n, sizeof(*f->text_of));
	if (!f->v || !f->text_of)
		return err_nomem(e, "evaluation sets");
	for (i = v->ntext; i-- > 0;)
		if (v->texts[i].passage != NO_PASSAGE)
			f->text_of[v->texts[i].passage] = (uint32_t)i;
	return 0;
}

void
found_free(struct found *f)
{
	free(f->v);
	free(f->text_of);
	arena_free(&f->places);
}

const struct eval_text *
found_text(const struct found *f, uint32_t passage)
{
	return &f->evals->texts[f->text_of[passage]];
}

int
found_add(
    struct found *f, struct str id, const struct overlap *x, struct err *e)
{
	struct found_passage *p = &f->v[x->passage];
	struct found_place *at;

	if (x->n > p->most)
		p->most = x->n;
	if (!x->leaked)
		return 0;
	p->documents++;
	if (!p->places)
		p->places =
		    arena_alloc(&f->places, FOUND_PLACES * sizeof(*p->places));
	if (!p->places)
		return err_nomem(e, "what was found");
	if (p->nplace == FOUND_PLACES)
		return 0;
	at = &p->places[p->nplace];
	*at = (struct found_place){ .n = x->n,
		.start = x->start,
		.end = x->end,
		.id = arena_dup(&f->places, id) };
	if (!at->id.p)
		return err_nomem(e, "what was found");
	p->nplace++;
	return 0;
}

struct found_counts
found_count(const struct found *f)
{
	const struct evals *v = f->evals;
	struct found_counts c = { 0 };
	size_t i, t = 0;
	bool leaked, any, detectable;

	for (i = 0; i < v->nitem; i++) {
		leaked = any = detectable = false;
		for (; t < v->ntext && v->texts[t].item == i; t++) {
			any |= v->texts[t].nword > 0;
			if (v->texts[t].passage == NO_PASSAGE)
				continue;
			detectable = true;
			leaked |= f->v[v->texts[t].passage].documents > 0;
		}
		c.leaked += leaked;
		c.without += !any;
		c.too_short += any && !detectable;
	}
	return c;
}

static void
put_places(
    const struct passage *p, const struct found_passage *x, struct buf *b)
{
	const struct found_place *at;

	buf_puts(b, ",\"overlap\":");
	buf_double(b, (double)x->most / p->n);
	buf_printf(b, ",\"documents\":%" PRIu64 ",\"where\":[", x->documents);
	for (at = x->places; at < x->places + x->nplace; at++) {
		buf_puts(b, at > x->places ? ",{\"id\":" : "{\"id\":");
		buf_json_lossy(b, at->id);
		buf_puts(b, ",\"overlap\":");
		buf_double(b, (double)at->n / p->n);
		buf_printf(b, ",\"start\":%u,\"end\":%u}", at->start, at->end);
	}
	buf_putc(b, ']');
}

/* t NULL: the item has no text. */
static void
put_line(const struct found *f, const struct eval_item *i,
    const struct eval_text *t, struct buf *b)
{
	const struct found_passage *x = NULL;

	buf_puts(b, "{\"file\":");
	buf_json_lossy(b, str_c(i->file));
	buf_printf(b, ",\"record\":%" PRIu64, i->record);
	if (i->id.p) {
		buf_puts(b, ",\"id\":");
		buf_json_lossy(b, i->id);
	}
	if (t) {
		buf_puts(b, ",\"field\":");
		buf_json_lossy(b, str_c(t->field));
		buf_printf(b, ",\"words\":%u", t->nword);
		if (t->passage != NO_PASSAGE)
			x = &f->v[t->passage];
	}
	buf_printf(b, ",\"status\":\"%s\"",
	    !t || t->nword == 0 ? "no_text"
	    : !x                ? "too_short"
	    : x->documents      ? "leaked"
				: "clean");
	if (x)
		put_places(&f->evals->passages[t->passage], x, b);
	buf_puts(b, "}\n");
}

int
found_write(const struct found *f, struct out *out, struct err *e)
{
	const struct evals *v = f->evals;
	struct buf b = { 0 };
	size_t i, t = 0, first;
	int rc = 0;

	for (i = 0; rc == 0 && i < v->nitem; i++) {
		buf_clear(&b);
		for (first = t; t < v->ntext && v->texts[t].item == i; t++)
			put_line(f, &v->items[i], &v->texts[t], &b);
		if (t == first)
			put_line(f, &v->items[i], NULL, &b);
		rc = buf_ok(&b, e);
		if (rc == 0)
			rc = out_write(out, b.p, b.n, e);
	}
	buf_free(&b);
	return rc;
}
