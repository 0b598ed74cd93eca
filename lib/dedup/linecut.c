/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>

#include "base/err.h"
#include "dedup/key.h"
#include "dedup/linecut.h"
#include "dedup/twice.h"
#include "io/doc.h"

/* A line that goes, and the document that keeps it. */
struct goes {
	uint64_t hash;
	uint32_t owner;
	struct str id; /* as key_str() has it */
};

void
linecut_free(struct linecut *w)
{
	units_free(&w->units);
	buf_free(&w->text);
	buf_free(&w->json);
	buf_free(&w->rank);
	buf_free(&w->id);
	free(w->cut);
	free(w->set);
	free(w->goes);
}

bool
linecut_compares(const struct linecut_rule *r, uint64_t h)
{
	return h && (!r->twice || twice_has(r->twice, h));
}

/* The cuts of document d, out of its batch's note. */
static int
take_cuts(struct linecut *w, struct doc *d, struct err *e)
{
	struct goes *more;
	struct str r;
	uint32_t n;

	for (w->ngoes = 0; d->note->n;) {
		memcpy(&n, d->note->p, sizeof(n));
		r = (struct str){ d->note->p + sizeof(n), n };
		if (key_get_u64(&r) > d->place)
			break;
		d->note->p += sizeof(n) + n;
		d->note->n -= sizeof(n) + n;
		if (w->ngoes == w->goes_cap) {
			w->goes_cap = w->goes_cap ? 2 * w->goes_cap : 64;
			more = realloc(w->goes, w->goes_cap * sizeof(*more));
			if (!more)
				return err_nomem(e, "lines");
			w->goes = more;
		}
		more = &w->goes[w->ngoes++];
		more->hash = key_get_u64(&r);
		more->owner = key_get_u32(&r);
		more->id = r;
	}
	return 0;
}

/* An empty set with room for n hashes, at most half full. */
static int
clear_set(struct linecut *w, size_t n, struct err *e)
{
	size_t cap = 64;
	uint64_t *more;

	while (cap / 2 < n)
		cap *= 2;
	if (cap > w->set_cap) {
		more = realloc(w->set, cap * sizeof(*more));
		if (!more)
			return err_nomem(e, "lines");
		w->set = more;
		w->set_cap = cap;
	}
	memset(w->set, 0, cap * sizeof(*w->set));
	w->set_mask = cap - 1;
	return 0;
}

/* Puts h into the set; false if it is there already. */
static bool
put_new(struct linecut *w, uint64_t h)
{
	size_t mask = w->set_mask, i = h & mask;

	while (w->set[i] && w->set[i] != h)
		i = (i + 1) & mask;
	if (w->set[i])
		return false;
	w->set[i] = h;
	return true;
}

static void
name_owner(struct linecut *w, const struct goes *g)
{
	size_t i;

	for (i = 0; i < w->nnamed; i++)
		if (w->named[i]->owner == g->owner)
			return;
	if (w->nnamed < LINECUT_NAMED)
		w->named[w->nnamed++] = g;
}

static int
by_hash(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a;
	uint64_t y = ((const struct goes *)b)->hash;

	return (x > y) - (x < y);
}

/* Does a span of the document at hand stay there? */
static bool
stays(const struct linecut_rule *r, struct linecut *w, uint64_t h)
{
	static const struct goes itself = { .owner = LINECUT_ITSELF };
	const struct goes *g;

	if (!linecut_compares(r, h))
		return true;
	g = w->ngoes ? bsearch(&h, w->goes, w->ngoes, sizeof(*g), by_hash)
		     : NULL;
	if (!g && put_new(w, h))
		return true;
	name_owner(w, g ? g : &itself);
	return false;
}

static int
clear_cut(struct linecut *w, struct err *e)
{
	size_t n = w->units.n;
	bool *cut;

	if (w->cut_cap < n) {
		cut = realloc(w->cut, 2 * n * sizeof(*cut));
		if (!cut)
			return err_nomem(e, "lines");
		w->cut = cut;
		w->cut_cap = 2 * n;
	}
	if (n)
		memset(w->cut, 0, n * sizeof(*w->cut));
	return 0;
}

/* Fill w->cut: the units of every span that does not stay. */
static int
mark_cut(const struct linecut_rule *r, struct linecut *w, const struct doc *d,
    struct err *e)
{
	struct units *u = &w->units;
	size_t i, k, n;

	if (units_of(u, d->text, r->sentences, e) < 0 || clear_cut(w, e) < 0)
		return e->code;
	n = units_spans(u, r->span);
	w->nnamed = 0;
	if (clear_set(w, n, e) < 0)
		return e->code;
	for (i = 0; i < n; i++) {
		if (stays(r, w, units_hash(u, i, r->span, r->least)))
			continue;
		for (k = i; k < i + r->span; k++)
			w->cut[u->worded[k]] = true;
	}
	return 0;
}

static int
cut_units(const struct linecut_rule *r, struct linecut *w, const struct doc *d,
    struct linecut_edit *x, struct err *e)
{
	const struct text_unit *v;
	size_t i;

	*x = (struct linecut_edit){ 0 };
	if (mark_cut(r, w, d, e) < 0)
		return e->code;
	v = w->units.v;
	x->units = w->units.n;
	for (i = 0; i < w->units.n; i++) {
		x->cut += w->cut[i];
		x->bytes += w->cut[i] ? v[i].end - v[i].start : 0;
		x->left += !w->cut[i] && v[i].nword;
	}
	buf_clear(&w->text);
	if (x->cut)
		units_join(&w->units, w->cut, d->text, &w->text);
	return buf_ok(&w->text, e);
}

/* {"lines":9,"cut":2,"bytes":80,"of":["mill-1"]} */
static void
describe(const struct linecut_rule *r, struct linecut *w, const struct doc *d,
    const struct linecut_edit *x)
{
	struct str id;
	size_t i;

	buf_clear(&w->json);
	buf_printf(&w->json,
	    "{\"%s\":%" PRIu64 ",\"cut\":%" PRIu64 ",\"bytes\":%" PRIu64
	    ",\"of\":[",
	    r->unit, x->units, x->cut, x->bytes);
	for (i = 0; i < w->nnamed; i++) {
		buf_clear(&w->id);
		id = w->named[i]->id;
		if (w->named[i]->owner != LINECUT_ITSELF)
			key_get_str(&id, &w->id);
		buf_puts(&w->json, i ? "," : "");
		buf_json_lossy(&w->json, w->named[i]->owner == LINECUT_ITSELF
					     ? d->id
					     : buf_view(&w->id));
	}
	buf_puts(&w->json, "]}");
}

int
linecut_of(struct linecut *w, const struct linecut_rule *r, struct doc *d,
    struct linecut_edit *x, struct err *e)
{
	if (take_cuts(w, d, e) < 0 || cut_units(r, w, d, x, e) < 0)
		return e->code;
	if (x->cut == 0)
		return 0;
	describe(r, w, d, x);
	return buf_ok(&w->json, e) < 0 ? e->code : buf_ok(&w->id, e);
}
