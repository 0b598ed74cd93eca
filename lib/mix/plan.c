/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/err.h"
#include "base/hash.h"
#include "mix/plan.h"

/* One more reason why the plan cannot be run. */
void
plan_problem(
    struct plan *p, const struct recipe *r, uint32_t line, const char *fmt, ...)
{
	va_list ap;

	buf_printf(&p->problems, "%s:%u: ", r->file, line);
	va_start(ap, fmt);
	buf_vprintf(&p->problems, fmt, ap);
	va_end(ap);
	buf_putc(&p->problems, '\n');
	p->nproblem++;
}

static uint64_t
gcd(uint64_t a, uint64_t b)
{
	uint64_t t;

	while (b) {
		t = a % b;
		a = b;
		b = t;
	}
	return a;
}

static void
set_up_sources(struct plan *p, const struct recipe *r, const uint64_t *tokens,
    const struct pack *packs)
{
	uint32_t i;

	for (i = 0; i < r->nsource; i++)
		p->sources[i] = (struct plan_source){
			.name = r->sources[i].name.p,
			.tokens = tokens[i],
			.key = hash64(
			    r->sources[i].name.p, r->sources[i].name.n, 0),
			.ordered = r->sources[i].pick.order.p != NULL,
			.epochs = { 0, 1 },
			.pack = packs && packs[i].kind != PACK_CUT ? &packs[i]
								   : NULL,
		};
}

/* The blocks of every source that a phase uses. */
static void
set_up_blocks(struct plan *p, const struct recipe *r)
{
	const struct recipe_phase *ph;
	struct plan_source *s;
	uint32_t i, j;
	uint64_t step;

	for (i = 0; i < r->nphase; i++) {
		ph = &r->phases[i];
		for (j = 0; j < ph->blend.n + ph->nwhole; j++) {
			s = &p->sources[j < ph->blend.n
					    ? ph->blend.v[j].source
					    : ph->whole[j - ph->blend.n]
						  .source];
			if (s->pack)
				continue;
			step = ph->seq / gcd(s->block, ph->seq);
			/* Far beyond any source's size: no block fits. */
			if (s->block >= 1ull << 60 ||
			    __builtin_mul_overflow(s->block ? s->block : 1,
				s->block ? step : ph->seq, &s->block))
				s->block = 1ull << 60;
		}
	}
	for (i = 0; i < r->nsource; i++) {
		s = &p->sources[i];
		if (!s->block || s->pack)
			continue;
		s->blocks = s->tokens ? (s->tokens - 1) / s->block : 0;
		if (!s->blocks)
			plan_problem(p, r, r->sources[i].line,
			    "source %s has %llu tokens, but one block of it "
			    "takes %llu + 1 (the least common multiple of the "
			    "sequence lengths that use it): leave it out, or "
			    "use shorter or fewer lengths",
			    s->name, (unsigned long long)s->tokens,
			    (unsigned long long)s->block);
		else
			s->epochs.den = s->blocks * s->block;
	}
}

static int
make_phases(struct plan *p, const struct recipe *r, struct err *e)
{
	uint32_t i;

	for (i = 0; i < r->nphase; i++) {
		p->nphase++;
		if (plan_steps(p, &p->phases[i], r, &r->phases[i], e) < 0 ||
		    plan_shares(p, &p->phases[i], r, &r->phases[i], e) < 0)
			return e->code;
		p->phases[i].id = i;
	}
	return 0;
}

/* Shares that change on the way cut a phase, and packed rows can't be. */
static void
check_adapts(struct plan *p, const struct recipe *r)
{
	const struct recipe_phase *ph;
	uint32_t i, j;

	for (i = 0; r->adapt.kind != ADAPT_NONE && i < r->nphase; i++) {
		ph = &r->phases[i];
		for (j = 0; j < ph->blend.n; j++)
			if (p->sources[ph->blend.v[j].source].pack &&
			    recipe_adapts(r, ph))
				plan_problem(p, r, r->adapt.line,
				    "the shares of phase %s can't follow "
				    "losses: its source %s is packed; use "
				    "pack=cut",
				    ph->blend.name.p,
				    p->sources[ph->blend.v[j].source].name);
	}
}

int
plan_make(struct plan *p, const struct recipe *r, const uint64_t *tokens,
    const struct pack *packs, struct err *e)
{
	*p = (struct plan){ .seed = r->seed,
		.nsource = r->nsource,
		.phase_room = r->nphase,
		.in_blocks = r->adapt.kind != ADAPT_NONE };
	p->sources = arena_alloc(&p->arena, r->nsource * sizeof(*p->sources));
	p->phases = arena_alloc(&p->arena, r->nphase * sizeof(*p->phases));
	p->taken = arena_alloc(&p->arena, r->nsource * sizeof(*p->taken));
	if (!p->taken || !p->sources || !p->phases)
		return err_nomem(e, "a plan");
	memset(p->taken, 0, r->nsource * sizeof(*p->taken));
	set_up_sources(p, r, tokens, packs);
	set_up_blocks(p, r);
	if (plan_count_windows(p, r, e) < 0 || make_phases(p, r, e) < 0)
		return e->code;
	check_adapts(p, r);
	p->phase_problems = p->problems.n;
	p->nphase_problem = p->nproblem;
	return plan_settle(p, r, e);
}

void
plan_free(struct plan *p)
{
	struct plan_counts *c;
	uint32_t i, j;

	for (i = 0; p->sources && i < p->nsource; i++)
		for (j = 0; j < p->sources[i].ncount; j++) {
			c = &p->sources[i].counts[j];
			free(c->rows);
			free(c->targets);
			free(c->ends);
		}
	arena_free(&p->arena);
	buf_free(&p->problems);
}
