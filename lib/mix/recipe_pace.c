/* SPDX-License-Identifier: MIT */
/*
 * pace=CURVE:START[:PARTS]: a phase reads of its ordered sources what a learner
 * of that competence can take.
 *
 * A source is cut into parts of equal tokens by its order, sources of their
 *own; the phase into stages, of which the s-th reads the first s parts evenly
 *and ends where competence has grown to s / PARTS:
 *
 *	c(t) = c0 + (1 - c0) t / T                    linear
 *	c(t) = sqrt(c0^2 + (1 - c0^2) t / T)          sqrt
 *
 * Source: Platanios et al., "Competence-based curriculum learning for neural
 * machine translation", NAACL 2019, section 2.2.
 */
#define _GNU_SOURCE
#include <math.h>
#include <string.h>

#include "base/err.h"
#include "base/num.h"
#include "mix/recipe_impl.h"

enum { PARTS = 10, MOST = 1000 };

int
recipe_read_pace(struct parser *p, const struct word *w, struct recipe_pace *o)
{
	struct str s = { w->s.p + 5, w->s.n - 5 }, start, parts = { NULL, 0 };
	const char *colon;
	struct ratio c;
	uint64_t n = PARTS;

	o->at = w;
	o->square = str_starts(s, STR("sqrt:"));
	start = (struct str){ s.p + (o->square ? 5 : 7),
		s.n - (o->square ? 5 : 7) };
	if (!o->square && !str_starts(s, STR("linear:")))
		start.n = 0;
	colon = start.n ? memchr(start.p, ':', start.n) : NULL;
	if (colon) {
		parts = (struct str){ colon + 1,
			(size_t)(start.p + start.n - colon - 1) };
		start.n = (size_t)(colon - start.p);
	}
	if (parts.p &&
	    recipe_number(p, w, parts, "a number of parts", num_u64, &n) < 0)
		return p->e->code;
	if (!start.n || !ratio_parse(start, &c) || !c.num || c.num >= c.den ||
	    n < 2 || n > MOST)
		return recipe_fail(p, w,
		    "write pace=sqrt:START or pace=linear:START, the part of 1 "
		    "to begin with, and :PARTS, 2 to %d, behind it for others "
		    "than %d",
		    MOST, PARTS);
	o->start = ratio_double(c);
	o->parts = (uint32_t)n;
	return 0;
}

/* Part j of an ordered source, made when it is first asked for. */
static int
part_of(struct parser *p, const struct recipe_pace *o, uint32_t source,
    uint32_t j, uint32_t *part)
{
	struct recipe *r = p->r;
	struct recipe_source s = r->sources[source];
	uint32_t from = s.pick.falling ? o->parts - 1 - j : j;

	s.name = arena_printf(
	    &r->arena, "%s.%u/%u", r->sources[source].name.p, j + 1, o->parts);
	if (!s.name.p)
		return recipe_nomem(p);
	if (recipe_source(r, s.name, part))
		return 0;
	s.pick.part = s.pick.order;
	s.pick.from = (struct ratio){ from, o->parts };
	s.pick.to = (struct ratio){ from + 1, o->parts };
	s.pick.order = (struct str){ NULL, 0 };
	*part = r->nsource;
	return recipe_add_source(p, &s);
}

/* The phase's shares with the first s parts of each ordered source. */
static int
stage_blend(struct parser *p, const struct recipe_pace *o,
    const struct recipe_phase *all, uint32_t s, struct recipe_blend *b)
{
	const struct recipe_share *x;
	uint32_t i, j;

	*b = all->blend;
	b->n = 0;
	b->v = arena_alloc(
	    &p->r->arena, ((size_t)all->blend.n * s) * sizeof(*b->v));
	if (!b->v)
		return recipe_nomem(p);
	for (i = 0; i < all->blend.n; i++) {
		x = &all->blend.v[i];
		if (!p->r->sources[x->source].pick.order.p) {
			b->v[b->n++] = *x;
			continue;
		}
		for (j = 0; j < s; j++, b->n++) {
			if (part_of(p, o, x->source, j, &b->v[b->n].source) < 0)
				return p->e->code;
			if (!ratio_mul(
				x->w, (struct ratio){ 1, s }, &b->v[b->n].w))
				return recipe_fail(p, o->at,
				    "shares too fine to be kept exact: use "
				    "fewer digits or parts");
		}
	}
	return 0;
}

/* The part of the phase at which competence is c. */
static double
when(const struct recipe_pace *o, double c)
{
	double c0 = o->start, at;

	at =
	    o->square ? (c * c - c0 * c0) / (1 - c0 * c0) : (c - c0) / (1 - c0);
	return at < 0 ? 0 : at > 1 ? 1 : at;
}

static int
add_stage(struct parser *p, const struct recipe_pace *o,
    const struct recipe_phase *all, uint32_t s, double from, double to)
{
	struct recipe_phase ph = *all;
	double span = all->lr_part[1] - all->lr_part[0];

	ph.tokens = (uint64_t)llround((double)all->tokens * to) -
		    (uint64_t)llround((double)all->tokens * from);
	if (!ph.tokens)
		return 0;
	ph.lr_part[0] = all->lr_part[0] + span * from;
	ph.lr_part[1] = all->lr_part[0] + span * to;
	if (stage_blend(p, o, all, s, &ph.blend) < 0)
		return p->e->code;
	ph.blend.name = arena_printf(
	    &p->r->arena, "%s@%u/%u", all->blend.name.p, s, o->parts);
	if (!ph.blend.name.p)
		return recipe_nomem(p);
	if (recipe_weigh(p, &ph) < 0)
		return p->e->code;
	return recipe_add_phase(p, &ph);
}

static int
check_sources(struct parser *p, const struct recipe_pace *o,
    const struct recipe_phase *ph)
{
	const struct recipe_source *s;
	bool any = false;
	uint32_t i;

	for (i = 0; i < ph->blend.n; i++) {
		s = &p->r->sources[ph->blend.v[i].source];
		any |= s->pick.order.p != NULL;
		if (s->pick.order.p && s->pick.part.p)
			return recipe_fail(p, o->at,
			    "source '%.*s' is itself a part: pace= takes parts "
			    "of whole ones",
			    SHOW(s->name));
	}
	if (any)
		return 0;
	return recipe_fail(p, o->at,
	    "none of its sources has an order: write order=KEY, the easiest "
	    "first, behind the source");
}

int
recipe_add_paced(struct parser *p, const struct recipe_pace *o,
    const struct recipe_phase *ph)
{
	double from = 0, to;
	uint32_t s;

	if (ph->to || ph->nwhole)
		return recipe_fail(p, o->at,
		    "pace= goes with shares that stay: without '->' and "
		    "epochs=");
	if (check_sources(p, o, ph) < 0)
		return p->e->code;
	for (s = 1; s <= o->parts; s++, from = to) {
		to = when(o, (double)s / o->parts);
		if (to > from && add_stage(p, o, ph, s, from, to) < 0)
			return p->e->code;
	}
	return 0;
}
