/* SPDX-License-Identifier: MIT */
/* A recipe's phases: their shares, how these change, lengths, learning rate. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/num.h"
#include "mix/recipe_impl.h"

static const char usage[] =
    "phase NAME TOKENS [seq=T] [lr=F] SOURCE:PERCENT ...";

/* A phase's line, its words told apart. */
struct line {
	struct word *from, *to, *whole; /* shares; NAME:epochs=E */
	size_t nfrom, nto, nwhole;
	const struct word *arrow;
	uint32_t seq[2];
	double lr[2];
	enum recipe_curve curve;
	struct recipe_objective objective;
	struct recipe_pace pace;
};

static int
too_fine(struct parser *p)
{
	return recipe_fail(p, p->nword > 1 ? &p->words[1] : NULL,
	    "shares too fine to be kept exact: use fewer digits");
}

/* seq=T, seq=T->U */
static int
read_seq(struct parser *p, const struct word *w, struct line *l)
{
	struct str s = { w->s.p + 4, w->s.n - 4 }, t;
	const char *arrow = memmem(s.p, s.n, "->", 2);
	uint64_t v[2];
	int i;

	t = s;
	if (arrow) {
		t = (struct str){ arrow + 2, s.n - (size_t)(arrow + 2 - s.p) };
		s.n = (size_t)(arrow - s.p);
	}
	if (recipe_number(p, w, s, "a number of tokens", num_u64, &v[0]) < 0 ||
	    recipe_number(p, w, t, "a number of tokens", num_u64, &v[1]) < 0)
		return p->e->code;
	for (i = 0; i < 2; i++)
		if (v[i] == 0 || v[i] > RECIPE_MAX_SEQ)
			return recipe_fail(
			    p, w, "a row has 1 to %d tokens", RECIPE_MAX_SEQ);
	l->seq[0] = (uint32_t)v[0];
	l->seq[1] = (uint32_t)v[1];
	while (v[0] < v[1])
		v[0] *= 2;
	while (v[0] > v[1] && v[1] > 0)
		v[1] *= 2;
	if (v[0] != v[1])
		return recipe_fail(p, w,
		    "a sequence length changes by doubling or halving: %u is "
		    "not %u times a power of two",
		    l->seq[1], l->seq[0]);
	return 0;
}

/* lr=F, lr=linear:F, lr=cosine:F; before: the factor at the last phase's end */
static int
read_lr(struct parser *p, const struct word *w, struct line *l, double before)
{
	struct str s = { w->s.p + 3, w->s.n - 3 };
	bool goes = false;
	struct ratio f;

	if (str_starts(s, STR("linear:")) || str_starts(s, STR("cosine:"))) {
		goes = true;
		l->curve = *s.p == 'l' ? CURVE_LINEAR : CURVE_COSINE;
		s.p += 7;
		s.n -= 7;
	}
	if (!ratio_parse(s, &f) || ratio_double(f) > 1000)
		return recipe_fail(p, w,
		    "'%.*s' is not a factor from 0 to 1000: write lr=0.1, "
		    "lr=linear:0 or lr=cosine:0",
		    SHOW(s));
	l->lr[1] = ratio_double(f);
	l->lr[0] = goes ? before : l->lr[1];
	return 0;
}

static bool
is_option(struct str s)
{
	return str_starts(s, STR("seq=")) || str_starts(s, STR("lr=")) ||
	       str_starts(s, STR("objective=")) || str_starts(s, STR("pace="));
}

static int
take_option(
    struct parser *p, const struct word *w, struct line *l, double before)
{
	if (recipe_once(p, w) < 0)
		return p->e->code;
	switch (*w->s.p) {
	case 's':
		return read_seq(p, w, l);
	case 'l':
		return read_lr(p, w, l, before);
	case 'o':
		return recipe_objective(p, w, &l->objective);
	default:
		return recipe_read_pace(p, w, &l->pace);
	}
}

/* Shares go to their side of the arrow, options into the line. */
static int
take_word(struct parser *p, const struct word *w, struct line *l, double before)
{
	if (is_option(w->s))
		return take_option(p, w, l, before);
	if (str_eq(w->s, STR("->"))) {
		if (l->arrow)
			return recipe_fail(p, w, "a second '->'");
		l->arrow = w;
	} else if (memmem(w->s.p, w->s.n, ":epochs=", 8)) {
		l->whole[l->nwhole++] = *w;
	} else if (l->arrow) {
		l->to[l->nto++] = *w;
	} else {
		l->from[l->nfrom++] = *w;
	}
	return 0;
}

static int
check_line(struct parser *p, const struct line *l)
{
	if (l->arrow && (!l->nfrom || !l->nto))
		return recipe_fail(p, l->arrow,
		    "write the shares to begin with, '->', and those at the "
		    "end");
	if (l->arrow && l->nwhole)
		return recipe_fail(p, &l->whole[0],
		    "epochs= says how much a phase reads of a source, and "
		    "shares that change ('->') cannot leave it that");
	if (!l->nfrom)
		return recipe_fail(p, &p->words[l->nwhole ? 1 : 0],
		    "%s: write %s",
		    l->nwhole ? "nothing takes what epochs= leaves"
			      : "something is missing",
		    l->nwhole ? "NAME:rest" : usage);
	return 0;
}

/* d becomes a multiple of each share's denominator, too. */
static int
common(struct parser *p, const struct recipe_blend *b, uint64_t *d)
{
	struct ratio x;
	uint64_t step;
	uint32_t i;

	for (i = 0; i < b->n; i++) {
		/* The least common multiple: d / den in lowest terms has the
		 * factor of den that d lacks. */
		if (!ratio_mul((struct ratio){ *d, 1 },
			(struct ratio){ 1, b->v[i].w.den }, &x) ||
		    __builtin_mul_overflow(*d, x.den, &step) ||
		    step >= 1ull << 62)
			return too_fine(p);
		*d = step;
	}
	return 0;
}

/* The share of a source in the blend; 0 if it isn't in it. */
static struct ratio
share_of(const struct recipe_blend *b, uint32_t source)
{
	uint32_t i;

	for (i = 0; i < b->n; i++)
		if (b->v[i].source == source)
			return b->v[i].w;
	return (struct ratio){ 0, 1 };
}

/* v over d for the sources of ph->blend. */
static int
over(struct parser *p, const struct recipe_phase *ph,
    const struct recipe_blend *b, uint64_t **w)
{
	const struct recipe_blend *all = &ph->blend;
	struct ratio x, sum = { 0, 1 };
	uint32_t i;

	*w = arena_alloc(&p->r->arena, all->n * sizeof(**w));
	if (!*w)
		return recipe_nomem(p);
	for (i = 0; i < all->n; i++) {
		x = share_of(b, all->v[i].source);
		(*w)[i] = x.num * (ph->d / x.den);
		if (!ratio_add(sum, x, &sum))
			return too_fine(p);
	}
	if (sum.num != 1 || sum.den != 1)
		return recipe_fail(
		    p, NULL, "shares add up to %.17g", ratio_double(sum));
	return 0;
}

/* The sources of both, each with its mean. */
static int
means(struct parser *p, const struct recipe_blend *a,
    const struct recipe_blend *b, struct recipe_blend *out)
{
	const struct ratio half = { 1, 2 };
	uint32_t i, most = a->n + b->n;
	struct ratio x;

	out->n = 0;
	out->v = arena_alloc(&p->r->arena, most * sizeof(*out->v));
	if (!out->v)
		return recipe_nomem(p);
	for (i = 0; i < p->r->nsource && out->n < most; i++) {
		if (!ratio_add(share_of(a, i), share_of(b, i), &x) ||
		    !ratio_mul(x, half, &x))
			return too_fine(p);
		if (x.num)
			out->v[out->n++] = (struct recipe_share){ i, x };
	}
	return 0;
}

int
recipe_weigh(struct parser *p, struct recipe_phase *ph)
{
	ph->d = 1;
	if (common(p, &ph->blend, &ph->d) < 0)
		return p->e->code;
	return over(p, ph, &ph->blend, &ph->w);
}

static int
read_shares(struct parser *p, const struct line *l, struct recipe_phase *ph)
{
	struct recipe_blend a = ph->blend, b = ph->blend;

	ph->d = 1;
	if (recipe_shares(p, l->from, l->nfrom, &a) < 0)
		return p->e->code;
	if (!l->arrow) {
		ph->blend = a;
		return recipe_weigh(p, ph);
	}
	if (recipe_shares(p, l->to, l->nto, &b) < 0 ||
	    common(p, &a, &ph->d) < 0 || common(p, &b, &ph->d) < 0 ||
	    means(p, &a, &b, &ph->blend) < 0 || over(p, ph, &a, &ph->w) < 0)
		return p->e->code;
	return over(p, ph, &b, &ph->to);
}

/* NAME:epochs=E */
static int
read_whole(struct parser *p, const struct line *l, struct recipe_phase *ph)
{
	struct recipe_blend one;
	const char *colon;
	struct word name;
	struct ratio v;
	size_t i;

	ph->whole =
	    arena_alloc(&p->r->arena, (l->nwhole + 1) * sizeof(*ph->whole));
	if (!ph->whole)
		return recipe_nomem(p);
	for (i = 0; i < l->nwhole; i++) {
		name = l->whole[i];
		colon = memchr(name.s.p, ':', name.s.n);
		if (!ratio_parse(
			(struct str){ colon + 8,
			    (size_t)(name.s.p + name.s.n - colon - 8) },
			&v) ||
		    !v.num)
			return recipe_fail(p, &name,
			    "'%.*s' is not a number of epochs above 0",
			    (int)(name.s.p + name.s.n - colon - 8), colon + 8);
		name.s.n = (size_t)(colon - name.s.p);
		if (recipe_shares(p, &name, 1, &one) < 0)
			return p->e->code;
		if (recipe_group(p->r, name.s))
			return recipe_fail(p, &name,
			    "'%.*s' is a group: epochs= is for a source",
			    SHOW(name.s));
		if (share_of(&ph->blend, one.v[0].source).num)
			return recipe_fail(p, &name,
			    "'%.*s' has another share in this phase",
			    SHOW(name.s));
		ph->whole[ph->nwhole++] =
		    (struct recipe_share){ one.v[0].source, v };
	}
	return 0;
}

static int
phase_name(struct parser *p, struct recipe_blend *b)
{
	const struct word *w = &p->words[1];
	struct str name;
	const char *at;
	uint32_t i;

	if (!recipe_is_name(w->s))
		return recipe_fail(p, w,
		    "'%.*s' is no name: letters, digits, '_', '-' and '.', a "
		    "letter first",
		    SHOW(w->s));
	for (i = 0; i < p->r->nphase; i++) {
		name = p->r->phases[i].blend.name;
		at = memchr(name.p, '@', name.n);
		name.n = at ? (size_t)(at - name.p) : name.n;
		if (str_eq(name, w->s))
			return recipe_fail(p, w,
			    "a second phase '%.*s', the first is in line %u; "
			    "choose another name",
			    SHOW(w->s), p->r->phases[i].blend.line);
	}
	b->name = arena_dup(&p->r->arena, w->s);
	return b->name.p ? 0 : recipe_nomem(p);
}

int
recipe_add_phase(struct parser *p, const struct recipe_phase *ph)
{
	struct recipe *r = p->r;
	void *more = recipe_grow(r, r->phases, r->nphase, sizeof(*r->phases));

	if (!more)
		return recipe_nomem(p);
	r->phases = more;
	r->phases[r->nphase++] = *ph;
	return 0;
}

/* The shares at stage s of n: a + (b - a) s / n, over n d. */
static int
stage_shares(struct parser *p, const struct recipe_phase *all, uint32_t s,
    uint32_t n, uint64_t **w)
{
	uint32_t i;

	*w = arena_alloc(&p->r->arena, all->blend.n * sizeof(**w));
	if (!*w)
		return recipe_nomem(p);
	for (i = 0; i < all->blend.n; i++)
		(*w)[i] = all->w[i] * (n - s) + all->to[i] * s;
	return 0;
}

/* Stage s of n: its length, its tokens, its part of what changes. */
static int
add_stage(struct parser *p, const struct recipe_phase *all, uint32_t s,
    uint32_t n, uint32_t seq)
{
	struct recipe_phase ph = *all;
	uint32_t i;

	ph.seq = seq;
	ph.tokens = all->tokens / n + (s == n - 1 ? all->tokens % n : 0);
	ph.lr_part[0] = (double)s / n;
	ph.lr_part[1] = (double)(s + 1) / n;
	ph.blend.name =
	    arena_printf(&p->r->arena, "%s@%u", all->blend.name.p, seq);
	ph.blend.v =
	    arena_alloc(&p->r->arena, ph.blend.n * sizeof(*ph.blend.v));
	ph.whole =
	    arena_alloc(&p->r->arena, (all->nwhole + 1) * sizeof(*ph.whole));
	if (!ph.blend.name.p || !ph.blend.v || !ph.whole)
		return recipe_nomem(p);
	memcpy(ph.blend.v, all->blend.v, ph.blend.n * sizeof(*ph.blend.v));
	for (i = 0; i < all->nwhole; i++) {
		ph.whole[i] = all->whole[i];
		if (!ratio_mul(
			ph.whole[i].w, (struct ratio){ 1, n }, &ph.whole[i].w))
			return too_fine(p);
	}
	if (all->to) {
		if (all->d >= (1ull << 62) / n)
			return too_fine(p);
		ph.d = all->d * n;
		if (stage_shares(p, all, s, n, &ph.w) < 0 ||
		    stage_shares(p, all, s + 1, n, &ph.to) < 0)
			return p->e->code;
		for (i = 0; i < ph.blend.n; i++)
			if (!ratio_mul((struct ratio){ ph.w[i] + ph.to[i], 1 },
				(struct ratio){ 1, 2 * ph.d },
				&ph.blend.v[i].w))
				return too_fine(p);
	}
	return recipe_add_phase(p, &ph);
}

/* Stages of as many tokens each, the length doubling or halving. */
static int
add_stages(struct parser *p, const struct recipe_phase *ph, const uint32_t *seq)
{
	uint32_t n = 1, s, at = seq[0];

	if (seq[0] == seq[1])
		return recipe_add_phase(p, ph);
	while (at != seq[1]) {
		at = seq[0] < seq[1] ? at * 2 : at / 2;
		n++;
	}
	if (ph->tokens < n)
		return recipe_fail(
		    p, &p->words[2], "fewer tokens than sequence lengths");
	for (s = 0, at = seq[0]; s < n; s++) {
		if (add_stage(p, ph, s, n, at) < 0)
			return p->e->code;
		at = seq[0] < seq[1] ? at * 2 : at / 2;
	}
	return 0;
}

static int
read_phase(struct parser *p, struct line *l, struct recipe_phase *ph)
{
	struct recipe *r = p->r;
	double before = r->nphase ? r->phases[r->nphase - 1].lr[1] : 1;
	size_t i;

	for (i = 3; i < p->nword; i++)
		if (take_word(p, &p->words[i], l, before) < 0)
			return p->e->code;
	if (check_line(p, l) < 0 || read_shares(p, l, ph) < 0 ||
	    read_whole(p, l, ph) < 0)
		return p->e->code;
	ph->seq = l->seq[0];
	memcpy(ph->lr, l->lr, sizeof(ph->lr));
	ph->curve = l->curve;
	ph->objective = l->objective;
	if (!l->pace.at)
		return add_stages(p, ph, l->seq);
	if (l->seq[0] != l->seq[1])
		return recipe_fail(p, l->pace.at,
		    "pace= and a length that changes are two curricula: write "
		    "two phases");
	return recipe_add_paced(p, &l->pace, ph);
}

int
recipe_phase(struct parser *p)
{
	struct recipe_phase ph = { .blend.line = p->line, .lr_part = { 0, 1 } };
	struct line l = { .seq = { RECIPE_SEQ, RECIPE_SEQ }, .lr = { 1, 1 } };
	struct word *words;
	int rc;

	if (recipe_want(p, 4, SIZE_MAX, usage) < 0 ||
	    phase_name(p, &ph.blend) < 0 ||
	    recipe_number(p, &p->words[2], p->words[2].s,
		"a number of tokens such as 500000 or 1.5B", num_count,
		&ph.tokens) < 0)
		return p->e->code;
	ph.tokens = recipe_scaled(p->r, ph.tokens);
	if (ph.tokens == 0 || ph.tokens >= 1ull << 60)
		return recipe_fail(
		    p, &p->words[2], "a phase has 1 to 2^60 tokens");
	words = calloc(3 * p->nword, sizeof(*words));
	if (!words)
		return recipe_nomem(p);
	l.from = words;
	l.to = words + p->nword;
	l.whole = words + 2 * p->nword;
	rc = read_phase(p, &l, &ph);
	free(words);
	return rc;
}

int
recipe_parse_shares(struct recipe *r, char *const *words, int n,
    struct recipe_phase *ph, struct err *e)
{
	struct word *w = calloc((size_t)n + 1, sizeof(*w)), none = { 0 };
	struct parser p = { .r = r, .e = e, .line = 1, .words = &none };
	const char *file = r->file;
	struct line l = { .from = w, .nfrom = (size_t)n };
	uint32_t column = 1;
	int i, rc;

	*ph = (struct recipe_phase){ 0 };
	if (!w)
		return err_nomem(e, "shares");
	for (i = 0; i < n; i++) {
		w[i] = (struct word){ str_c(words[i]), column };
		column += (uint32_t)w[i].s.n + 1;
	}
	p.words = n ? w : &none;
	r->file = "shares"; /* which is where the columns are */
	rc = n ? read_shares(&p, &l, ph)
	       : recipe_fail(&p, NULL, "write SOURCE:PERCENT ...");
	r->file = file;
	free(w);
	return rc;
}
