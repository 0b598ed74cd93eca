/* SPDX-License-Identifier: MIT */
/* Does what a recipe asserts hold? */
#include "base/err.h"
#include "mix/plan.h"

/* Inputs from the sources that an assertion is about. */
static uint64_t
used_of(const struct plan *p, const struct recipe_assert *a)
{
	uint64_t used = 0;
	uint32_t i;

	for (i = 0; i < a->of.n; i++)
		used += p->sources[a->of.v[i].source].used;
	return used;
}

static void
check_share(
    struct plan *p, const struct recipe *r, const struct recipe_assert *a)
{
	struct ratio got = { used_of(p, a), p->tokens };

	if (!ratio_mul(got, (struct ratio){ 100, 1 }, &got))
		got.num = UINT64_MAX;
	if (ratio_cmp(got, a->limit) * a->sign < 0)
		plan_problem(p, r, a->line,
		    "assert %s does not hold: it is %.4g %%", a->text.p,
		    ratio_double(got));
}

static void
check_tokens(
    struct plan *p, const struct recipe *r, const struct recipe_assert *a)
{
	uint64_t got = used_of(p, a);

	if (ratio_cmp((struct ratio){ got, 1 }, a->limit) * a->sign < 0)
		plan_problem(p, r, a->line,
		    "assert %s does not hold: there are %llu", a->text.p,
		    (unsigned long long)got);
}

static void
check_repeats(
    struct plan *p, const struct recipe *r, const struct recipe_assert *a)
{
	const struct plan_source *s;
	uint32_t i;

	for (i = 0; i < a->of.n; i++) {
		s = &p->sources[a->of.v[i].source];
		if (ratio_cmp(s->epochs, a->limit) > 0)
			plan_problem(p, r, a->line,
			    "assert %s does not hold: source %s is read %.4g "
			    "times",
			    a->text.p, s->name, ratio_double(s->epochs));
	}
}

static bool
is_of(const struct recipe_assert *a, uint32_t source)
{
	uint32_t i;

	for (i = 0; i < a->of.n; i++)
		if (a->of.v[i].source == source)
			return true;
	return false;
}

/* The least part of the phase at either end, as it is planned. */
static struct ratio
least_part(const struct plan_phase *ph, const struct recipe_assert *a)
{
	const struct blend *b = &ph->blend;
	uint64_t w = 0, to = 0;
	uint32_t i;

	for (i = 0; i < b->k; i++)
		if (is_of(a, ph->shares[i].source)) {
			w += b->w[i];
			to += b->to ? b->to[i] : b->w[i];
		}
	return (struct ratio){ w < to ? w : to, b->d };
}

/* In every phase after the first one that has it. */
static void
check_replay(
    struct plan *p, const struct recipe *r, const struct recipe_assert *a)
{
	bool begun = false;
	struct ratio got;
	uint32_t i, j;

	for (i = 0; i < p->nphase; i++) {
		got = least_part(&p->phases[i], a);
		if (begun && ratio_cmp(got, a->limit) < 0)
			plan_problem(p, r, a->line,
			    "assert %s does not hold: phase %s (line %u) has "
			    "%.4g of it%s",
			    a->text.p, p->phases[i].name, p->phases[i].line,
			    ratio_double(got),
			    p->phases[i].blend.to ? " at one end" : "");
		for (j = 0; j < p->phases[i].blend.k; j++)
			begun |= is_of(a, p->phases[i].shares[j].source);
	}
	if (!begun)
		plan_problem(p, r, a->line,
		    "assert %s does not hold: no phase has it", a->text.p);
}

void
plan_claims(struct plan *p, const struct recipe *r)
{
	static void (*const check[])(struct plan *, const struct recipe *,
	    const struct recipe_assert *) = { [CLAIM_REPEATS] = check_repeats,
		[CLAIM_SHARE] = check_share,
		[CLAIM_TOKENS] = check_tokens,
		[CLAIM_REPLAY] = check_replay };
	uint32_t i;

	for (i = 0; i < r->nassert; i++)
		check[r->asserts[i].claim](p, r, &r->asserts[i]);
}
