/* SPDX-License-Identifier: MIT */
/* Where phases stand in their sources, one after the other. */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "mix/plan.h"

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

/*
 * How many rows of those planned are over when only sh->rows are read: where
 * rows of several blocks are shuffled, what the change leaves of them is left
 * out.
 */
static uint64_t
rows_over(const struct plan *p, const struct plan_source *s,
    const struct plan_share *sh, uint32_t seq)
{
	uint64_t full = s->blocks * (s->block / seq), over = sh->first;

	if (sh->rows == sh->planned || s->block == seq || s->ordered ||
	    p->in_blocks)
		return sh->rows;
	if (sh->rows > over)
		over += ((sh->rows - over - 1) / full + 1) * full;
	return over < sh->planned ? over : sh->planned;
}

static void
take_share(const struct plan *p, struct plan_source *s, struct plan_place *at,
    struct plan_share *sh, uint32_t seq)
{
	uint64_t full = s->blocks * (s->block / seq), left, over;

	sh->epoch = at->epoch;
	sh->at = at->at;
	left = rows_left(s, at, seq);
	sh->first = sh->planned < left ? sh->planned : left;
	over = rows_over(p, s, sh, seq);
	s->used += sh->rows * seq;
	s->skipped += (over - sh->rows) * seq;
	if (over <= left) {
		take_rows(s, at, over, seq);
		return;
	}
	take_rows(s, at, left, seq);
	left = over - left;
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
take_phase(struct plan *p, struct plan_phase *ph, struct plan_taken *taken,
    struct err *e)
{
	struct plan_place *at;
	struct plan_source *s;
	uint32_t j;

	for (j = 0; j < ph->blend.k; j++) {
		s = &p->sources[ph->shares[j].source];
		at = &taken[ph->shares[j].source].place;
		if (!is_read(s))
			continue;
		if (!s->pack)
			take_share(p, s, at, &ph->shares[j], ph->seq);
		else if (plan_take_packed(p, at, &ph->shares[j], ph->seq, e) <
			 0)
			return e->code;
	}
	return 0;
}

int
plan_take(
    struct plan *p, uint32_t phase, struct plan_taken *taken, struct err *e)
{
	struct plan_source *s;
	uint32_t i, j;

	for (j = 0; j < p->nsource; j++) {
		s = &p->sources[j];
		s->used = taken[j].used;
		s->skipped = taken[j].skipped;
		s->padding = taken[j].padding;
	}
	for (i = p->settled; i < phase; i++)
		if (take_phase(p, &p->phases[i], taken, e) < 0)
			return e->code;
	for (j = 0; j < p->nsource; j++) {
		s = &p->sources[j];
		taken[j].used = s->used;
		taken[j].skipped = s->skipped;
		taken[j].padding = s->padding;
	}
	return 0;
}

static void
check_caps(
    struct plan *p, const struct recipe *r, const struct plan_taken *taken)
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
		at = (unsigned __int128)taken[i].place.epoch * s->epochs.den +
		     taken[i].place.at;
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

int
plan_settle(struct plan *p, const struct recipe *r, struct err *e)
{
	size_t bytes = p->nsource * sizeof(*p->taken);
	struct plan_taken *taken = malloc(bytes + 1);
	int rc;

	if (!taken)
		return err_nomem(e, "a plan");
	memcpy(taken, p->taken, bytes);
	p->problems.n = p->phase_problems;
	p->nproblem = p->nphase_problem;
	rc = plan_take(p, p->nphase, taken, e);
	if (rc == 0) {
		check_caps(p, r, taken);
		plan_claims(p, r);
		rc = buf_ok(&p->problems, e);
	}
	free(taken);
	return rc;
}
