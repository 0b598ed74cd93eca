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

/* Let a phase take n rows of seq tokens from one epoch. */
static void
take_rows(
    struct plan_source *s, struct plan_place *at, uint64_t n, uint32_t seq)
{
	uint64_t inside = at->at % s->block, left = s->block - inside;
	uint64_t head = inside ? left / seq : 0;

	if (n <= head) {
		at->at += n * seq;
		return;
	}
	if (inside) {
		s->skipped += left - head * seq;
		at->at += left;
		n -= head;
	}
	at->at += n * seq; /* rows are in order within the last block */
}

static uint64_t
rows_left(
    const struct plan_source *s, const struct plan_place *at, uint32_t seq)
{
	uint64_t per = s->block / seq, inside = at->at % s->block;
	uint64_t head = inside ? (s->block - inside) / seq : 0;
	uint64_t block = at->at / s->block + (inside != 0);

	return head + (s->blocks - block) * per;
}

/* Begin the next epoch; what this one still has is left out. */
static void
turn(struct plan_source *s, struct plan_place *at, uint64_t epochs)
{
	s->skipped += at->at ? s->blocks * s->block - at->at : 0;
	at->epoch += epochs;
	at->at = 0;
}

static void
take_share(struct plan_source *s, struct plan_place *at, struct plan_share *sh,
    uint32_t seq)
{
	uint64_t full = s->blocks * (s->block / seq), left;

	sh->epoch = at->epoch;
	sh->at = at->at;
	sh->first = rows_left(s, at, seq);
	s->used += sh->rows * seq;
	if (sh->rows <= sh->first) {
		sh->first = sh->rows;
		take_rows(s, at, sh->rows, seq);
		return;
	}
	take_rows(s, at, sh->first, seq);
	left = sh->rows - sh->first;
	turn(s, at, 1 + (left - 1) / full);
	take_rows(s, at, (left - 1) % full + 1, seq);
}

/* Is there anything to read of it, by any phase? */
static bool
is_read(const struct plan_source *s)
{
	return s->pack ? s->ncount && s->counts[0].all : s->blocks > 0;
}

static int
take_all(struct plan *p, struct plan_place *places, struct err *e)
{
	struct plan_phase *ph;
	struct plan_source *s;
	uint32_t i, j;

	for (i = 0; i < p->nphase; i++) {
		ph = &p->phases[i];
		for (j = 0; j < ph->blend.k; j++) {
			s = &p->sources[ph->shares[j].source];
			if (is_read(s) && s->pack &&
			    plan_take_packed(p, &places[ph->shares[j].source],
				&ph->shares[j], ph->seq, e) < 0)
				return e->code;
			if (is_read(s) && !s->pack)
				take_share(s, &places[ph->shares[j].source],
				    &ph->shares[j], ph->seq);
		}
	}
	return 0;
}

static void
check_caps(
    struct plan *p, const struct recipe *r, const struct plan_place *places)
{
	const struct recipe_source *rs;
	struct plan_source *s;
	unsigned __int128 at;
	uint32_t i;

	for (i = 0; i < p->nsource; i++) {
		s = &p->sources[i];
		rs = &r->sources[i];
		if (!is_read(s))
			continue;
		at = (unsigned __int128)places[i].epoch * s->epochs.den +
		     places[i].at;
		s->epochs.num = at >> 62 ? UINT64_MAX : (uint64_t)at;
		if (rs->epochs.den && ratio_cmp(s->epochs, rs->epochs) > 0)
			plan_problem(p, r, rs->line,
			    "source %s: the phases take %llu of its %llu "
			    "tokens (%llu usable an epoch), %.4g epochs, and "
			    "at most %.4g are allowed: lower its shares or "
			    "write epochs<=%.4g",
			    s->name, (unsigned long long)s->used,
			    (unsigned long long)s->tokens,
			    (unsigned long long)s->epochs.den,
			    ratio_double(s->epochs), ratio_double(rs->epochs),
			    ratio_double(s->epochs) * 1.0005 + .0001);
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
	}
	return 0;
}

int
plan_make(struct plan *p, const struct recipe *r, const uint64_t *tokens,
    const struct pack *packs, struct err *e)
{
	struct plan_place *places =
	    calloc((size_t)r->nsource + 1, sizeof(*places));
	int rc;

	*p = (struct plan){ .seed = r->seed, .nsource = r->nsource };
	p->sources = arena_alloc(&p->arena, r->nsource * sizeof(*p->sources));
	p->phases = arena_alloc(&p->arena, r->nphase * sizeof(*p->phases));
	if (!places || !p->sources || !p->phases) {
		free(places);
		return err_nomem(e, "a plan");
	}
	set_up_sources(p, r, tokens, packs);
	set_up_blocks(p, r);
	rc = plan_count_windows(p, r, e);
	if (rc == 0)
		rc = make_phases(p, r, e);
	if (rc == 0)
		rc = take_all(p, places, e);
	if (rc == 0) {
		check_caps(p, r, places);
		plan_claims(p, r);
		rc = buf_ok(&p->problems, e);
	}
	free(places);
	return rc;
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
