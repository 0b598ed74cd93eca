/* SPDX-License-Identifier: MIT */
/* How many rows of each source a phase has. */
#include <stdlib.h>

#include "base/err.h"
#include "mix/plan.h"

/* The phase's shares in the making. */
struct making {
	struct plan *p;
	struct plan_phase *ph;
	const struct recipe *r;
	const struct recipe_phase *from;
};

static uint64_t *
weights(struct plan *p, uint32_t n)
{
	return arena_alloc(&p->arena, (n ? n : 1) * sizeof(uint64_t));
}

/*
 * Rows that epochs= makes: of all tokens of the source that an epoch has, the
 * whole rows.  UINT64_MAX if there are none or too many.
 */
static uint64_t
whole_rows(const struct making *m, const struct recipe_share *w)
{
	const struct plan_source *s = &m->p->sources[w->source];
	uint64_t all = s->pack    ? plan_counts(s, m->ph->seq)->all
		       : s->block ? s->blocks * (s->block / m->ph->seq)
				  : 0;
	struct ratio rows;

	if (!all || !ratio_mul(w->w, (struct ratio){ all, 1 }, &rows))
		return UINT64_MAX;
	return rows.num / rows.den ? rows.num / rows.den : UINT64_MAX;
}

static int
whole_problem(const struct making *m, const struct recipe_share *w)
{
	plan_problem(m->p, m->r, m->ph->line,
	    "phase %s: %.6g epochs of source %s do not fit: the phase has %llu "
	    "rows, and the other sources need some of them",
	    m->ph->name, ratio_double(w->w), m->p->sources[w->source].name,
	    (unsigned long long)m->ph->rows);
	return 0;
}

/*
 * Sources with epochs= have their rows, the others share the rest: all of it
 * over d times the rows of the phase.
 */
static int
make_whole(struct making *m, uint64_t *w, uint64_t *d, bool *ok)
{
	const struct recipe_phase *f = m->from;
	uint64_t left = m->ph->rows, n;
	uint32_t i;

	*ok = false;
	if (__builtin_mul_overflow(f->d, m->ph->rows, d) || *d >= 1ull << 62) {
		plan_problem(m->p, m->r, m->ph->line,
		    "phase %s: shares too fine to go with epochs=: use fewer "
		    "digits",
		    m->ph->name);
		return 0;
	}
	for (i = 0; i < f->nwhole; i++) {
		n = whole_rows(m, &f->whole[i]);
		if (n >= left)
			return whole_problem(m, &f->whole[i]);
		left -= n;
		w[f->blend.n + i] = n * f->d;
	}
	for (i = 0; i < f->blend.n; i++)
		w[i] = left * f->w[i];
	*ok = true;
	return 0;
}

/* ph->blend from the recipe's shares. */
static int
make_blend(struct making *m, bool *ok, struct err *e)
{
	const struct recipe_phase *f = m->from;
	uint32_t k = f->blend.n;
	uint64_t d = f->d, *w = f->w;
	struct err bad;

	*ok = true;
	if (f->nwhole) {
		w = weights(m->p, k + f->nwhole);
		if (!w)
			return err_nomem(e, "a plan");
		make_whole(m, w, &d, ok);
		k += *ok ? f->nwhole : 0;
		w = *ok ? w : f->w;
		d = *ok ? d : f->d;
	}
	if (blend_init(&m->ph->blend, k, w, f->to, d, m->ph->rows, &bad) < 0)
		plan_problem(m->p, m->r, m->ph->line, "phase %s: %s",
		    m->ph->name, bad.msg);
	return 0;
}

static void
no_rows(const struct making *m, uint32_t i, double share)
{
	plan_problem(m->p, m->r, m->ph->line,
	    "phase %s: source %s gets none of its %llu rows (its share of "
	    "%.3g %% is %.2g rows): raise the share, lengthen the phase, or "
	    "leave it out",
	    m->ph->name, m->p->sources[m->ph->shares[i].source].name,
	    (unsigned long long)m->ph->rows, 100 * share,
	    share * (double)m->ph->rows);
}

int
plan_shares(struct plan *p, struct plan_phase *ph, const struct recipe *r,
    const struct recipe_phase *from, struct err *e)
{
	struct making m = { p, ph, r, from };
	const struct blend *b = &ph->blend;
	uint64_t *counts;
	bool ok;
	uint32_t i;
	int rc = make_blend(&m, &ok, e);

	if (rc < 0)
		return rc;
	counts = calloc(b->k, sizeof(*counts));
	if (!counts)
		return err_nomem(e, "a plan");
	rc = blend_before(b, b->rows, counts, e);
	for (i = 0; rc == 0 && i < b->k; i++) {
		ph->shares[i] = (struct plan_share){
			.source = i < from->blend.n
				      ? from->blend.v[i].source
				      : from->whole[i - from->blend.n].source,
			.rows = counts[i],
			.planned = counts[i]
		};
		if (!counts[i])
			no_rows(&m, i, plan_mean(b, i));
	}
	free(counts);
	return rc;
}

double
plan_mean(const struct blend *b, uint32_t i)
{
	double w = (double)b->w[i], to = b->to ? (double)b->to[i] : w;

	return (w + to) / 2 / (double)b->d;
}
