/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/text/utf8.h"
#include "bytelevel.h"
#include "pre.h"
#include "pretok.h"
#include "uclass.h"

/* A step at work: one piece at a time goes through it. */
struct pre_state {
	const struct pre_step *step;
	struct pretok *pt;
	struct pretok_scan *scan;
	struct buf text, map;
};

struct pre_run {
	const struct pre *p;
	struct pre_state v[PRE_STEPS];
	bool at_start, want;
	pre_emit *emit;
	void *ctx;
};

/* Bytes [from, to) of a buffer. */
struct stretch {
	struct str all;
	const struct norm_from *map;
	size_t from, to;
};

void
pre_run_free(struct pre_run *r)
{
	size_t i;

	if (!r)
		return;
	for (i = 0; i < PRE_STEPS; i++) {
		pretok_scan_free(r->v[i].scan);
		pretok_close(r->v[i].pt);
		buf_free(&r->v[i].text);
		buf_free(&r->v[i].map);
	}
	free(r);
}

static int
open_step(struct pre_state *s, struct err *e)
{
	if (s->step->kind != PRE_SPLIT)
		return 0;
	if (pretok_open(&s->pt, s->step->regex, e) < 0)
		return e->code;
	s->scan = pretok_scan_new(s->pt, e);
	return s->scan ? 0 : e->code;
}

struct pre_run *
pre_run_new(const struct pre *p, struct err *e)
{
	struct pre_run *r = calloc(1, sizeof(*r));
	size_t i;

	if (!r) {
		err_nomem(e, "a pre-tokeniser");
		return NULL;
	}
	r->p = p;
	for (i = 0; i < p->n; i++) {
		r->v[i].step = &p->v[i];
		if (open_step(&r->v[i], e) < 0) {
			pre_run_free(r);
			return NULL;
		}
	}
	return r;
}

static int
run_from(struct pre_run *r, size_t i, struct stretch t, struct err *e);

static int
go_on(struct pre_run *r, size_t i, const struct stretch *t, size_t from,
    size_t to, struct err *e)
{
	struct stretch part = *t;

	if (from == to)
		return 0;
	part.from = from;
	part.to = to;
	return run_from(r, i + 1, part, e);
}

/* ---- splits ---- */

/* Pieces before they are put out; what the last one was. */
struct joiner {
	enum pre_behaviour how;
	size_t from, to; /* held back: [from, to); empty: nothing */
	bool held_match;
};

/* May a span join the one held back? */
static bool
joins(const struct joiner *j, bool match)
{
	if (j->from == j->to)
		return false;
	switch (j->how) {
	case PRE_CONTIGUOUS:
		return match == j->held_match;
	case PRE_WITH_PREVIOUS:
		return match && !j->held_match;
	case PRE_WITH_NEXT:
		return !match && j->held_match;
	default:
		return false;
	}
}

static int
run_split(struct pre_run *r, size_t i, const struct stretch *t, struct err *e)
{
	struct pre_state *s = &r->v[i];
	struct joiner j = { s->step->behaviour, t->from, t->from, false };
	struct str part = { t->all.p + t->from, t->to - t->from };
	size_t from = 0, end = 0;
	bool match;
	int rc = pretok_start(s->scan, part, e);

	while (rc == 0 && (rc = pretok_span(s->scan, &end, &match, e)) > 0) {
		match ^= s->step->invert;
		rc = 0;
		if (joins(&j, match)) {
			j.to = t->from + end;
		} else {
			rc = go_on(r, i, t, j.from, j.to, e);
			j.from = t->from + from;
			j.to = t->from + end;
			if (match && j.how == PRE_REMOVED)
				j.from = j.to;
		}
		j.held_match = match;
		from = end;
	}
	return rc < 0 ? rc : go_on(r, i, t, j.from, j.to, e);
}

static int
run_length(struct pre_run *r, size_t i, const struct stretch *t, struct err *e)
{
	const uint8_t *p = (const uint8_t *)t->all.p;
	size_t from = t->from, at = from, len, n;
	int rc = 0;

	for (; rc == 0 && from < t->to; from = at) {
		for (n = 0; n < r->v[i].step->length && at < t->to; n++) {
			utf8_strict(p + at, p + t->to, &len);
			at += len;
		}
		rc = go_on(r, i, t, from, at, e);
	}
	return rc;
}

/* ---- changes of text ---- */

/* What is put in front counts as part of the first character. */
static void
put_front(struct norm_out *o, const struct stretch *t, const char *p, size_t n)
{
	const uint8_t *base = (const uint8_t *)t->all.p;
	size_t len;

	utf8_strict(base + t->from, base + t->to, &len);
	norm_put(o, t->from, t->from + len, p, n);
}

static struct norm_out
begin_text(struct pre_run *r, size_t i, const struct stretch *t)
{
	struct pre_state *s = &r->v[i];

	buf_clear(&s->text);
	buf_clear(&s->map);
	return (struct norm_out){ &s->text, r->want ? &s->map : NULL, t->map };
}

static int
end_text(struct pre_run *r, size_t i, struct err *e)
{
	struct pre_state *s = &r->v[i];
	struct stretch t = { buf_view(&s->text),
		r->want ? (const struct norm_from *)s->map.p : NULL, 0,
		s->text.n };

	if (buf_ok(&s->text, e) < 0 || buf_ok(&s->map, e) < 0)
		return e->code;
	return t.to ? run_from(r, i + 1, t, e) : 0;
}

static int
run_prefix(struct pre_run *r, size_t i, const struct stretch *t, struct err *e)
{
	struct norm_out o;
	size_t at;

	if (t->all.p[t->from] == ' ')
		return run_from(r, i + 1, *t, e);
	o = begin_text(r, i, t);
	put_front(&o, t, " ", 1);
	for (at = t->from; at < t->to; at++)
		norm_put(&o, at, at + 1, t->all.p + at, 1);
	return end_text(r, i, e);
}

static bool
prepends(
    const struct pre_run *r, const struct pre_step *s, const struct stretch *t)
{
	struct str part = { t->all.p + t->from, t->to - t->from };

	if (s->prepend == PRE_NEVER || part.p[0] == ' ' ||
	    str_starts(part, str_c(s->mark)))
		return false;
	return s->prepend == PRE_ALWAYS || (r->at_start && t->from == 0);
}

static int
run_metaspace(
    struct pre_run *r, size_t i, const struct stretch *t, struct err *e)
{
	const struct pre_step *s = r->v[i].step;
	struct norm_out o = begin_text(r, i, t);
	size_t at, n = strlen(s->mark);

	if (prepends(r, s, t))
		put_front(&o, t, s->mark, n);
	for (at = t->from; at < t->to; at++)
		if (t->all.p[at] == ' ')
			norm_put(&o, at, at + 1, s->mark, n);
		else
			norm_put(&o, at, at + 1, t->all.p + at, 1);
	return end_text(r, i, e);
}

static int
run_bytes(struct pre_run *r, size_t i, const struct stretch *t, struct err *e)
{
	struct norm_out o;
	char to[4];
	size_t at;

	o = begin_text(r, i, t);
	for (at = t->from; at < t->to; at++)
		norm_put(&o, at, at + 1, to,
		    utf8_put(to, bytelevel_char((uint8_t)t->all.p[at])));
	return end_text(r, i, e);
}

static int
run_from(struct pre_run *r, size_t i, struct stretch t, struct err *e)
{
	struct piece piece;

	/* The last step's characters would only be turned back. */
	if (i == r->p->n ||
	    (i + 1 == r->p->n && r->p->v[i].kind == PRE_BYTES)) {
		piece = (struct piece){ { t.all.p + t.from, t.to - t.from },
			t.from, t.map };
		return r->emit(r->ctx, &piece, e);
	}
	switch (r->v[i].step->kind) {
	case PRE_SPLIT:
		return run_split(r, i, &t, e);
	case PRE_LENGTH:
		return run_length(r, i, &t, e);
	case PRE_PREFIX:
		return run_prefix(r, i, &t, e);
	case PRE_METASPACE:
		return run_metaspace(r, i, &t, e);
	case PRE_BYTES:
		return run_bytes(r, i, &t, e);
	}
	return 0;
}

int
pre_pieces(struct pre_run *r, struct str text, bool at_start,
    const struct norm_from *map, bool want, pre_emit *emit, void *ctx,
    struct err *e)
{
	struct stretch all = { text, map, 0, text.n };

	r->at_start = at_start;
	r->want = want;
	r->emit = emit;
	r->ctx = ctx;
	return text.n ? run_from(r, 0, all, e) : 0;
}
