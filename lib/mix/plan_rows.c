/* SPDX-License-Identifier: MIT */
/* From a source's row to its tokens and back. */
#include "base/hash.h"
#include "mix/plan.h"
#include "mix/shuffle.h"

/* The rows that one phase takes from one epoch of a source. */
struct run {
	uint64_t epoch;
	uint64_t at; /* tokens into the epoch's blocks */
	uint64_t rows;
	/* Worked out: */
	uint64_t per;   /* rows a block */
	uint64_t head;  /* rows in the block that was begun before */
	uint64_t block; /* rank of the first whole block */
	uint64_t whole; /* whole blocks, their rows shuffled */
};

void
plan_key(uint64_t seed, uint64_t source, uint64_t epoch, enum plan_use use,
    uint64_t more, uint64_t key[2])
{
	uint64_t v[5] = { seed, source, epoch, (uint64_t)use, more };

	key[0] = hash64(v, sizeof(v), 1);
	key[1] = hash64(v, sizeof(v), 2);
}

static void
run_work_out(struct run *r, const struct plan_source *s, uint32_t seq)
{
	uint64_t inside = r->at % s->block;

	r->per = s->block / seq;
	r->head = inside ? (s->block - inside) / seq : 0;
	r->head = r->head < r->rows ? r->head : r->rows;
	r->block = r->at / s->block + (inside != 0);
	r->whole = (r->rows - r->head) / r->per;
}

/* Which run a row is in; *rank becomes its number there. */
static struct run
run_of_rank(const struct plan_share *sh, const struct plan_source *s,
    uint32_t seq, uint64_t *rank)
{
	struct run r = { .epoch = sh->epoch, .at = sh->at, .rows = sh->first };
	uint64_t full = s->blocks * (s->block / seq), left;

	if (*rank >= sh->first) {
		*rank -= sh->first;
		left = sh->planned - sh->first - *rank / full * full;
		r.epoch += 1 + *rank / full;
		r.at = 0;
		r.rows = left < full ? left : full;
		*rank %= full;
	}
	run_work_out(&r, s, seq);
	return r;
}

/* The run of an epoch; *before gets the rows of the runs before it. */
static bool
run_of_epoch(const struct plan_share *sh, const struct plan_source *s,
    uint32_t seq, uint64_t epoch, struct run *r, uint64_t *before)
{
	uint64_t full = s->blocks * (s->block / seq);

	if (epoch < sh->epoch || (epoch == sh->epoch && sh->first == 0))
		return false;
	*before = 0;
	if (epoch > sh->epoch) {
		if (epoch - sh->epoch - 1 > sh->rows / full)
			return false;
		*before = sh->first + (epoch - sh->epoch - 1) * full;
	}
	if (*before >= sh->rows)
		return false;
	*r = run_of_rank(sh, s, seq, &(uint64_t){ *before });
	return true;
}

/* The token at which an epoch's first block begins. */
static uint64_t
origin(const struct plan *p, const struct plan_source *s, uint64_t epoch)
{
	uint64_t over = (s->tokens - 1) - s->blocks * s->block, key[2];

	if (s->ordered)
		return 0;
	plan_key(p->seed, s->key, epoch, USE_ORIGIN, 0, key);
	return (uint64_t)((unsigned __int128)mix64(key[0]) * (over + 1) >> 64);
}

/* *at becomes the epoch, if it isn't already. */
static void
go_to_epoch(const struct plan *p, const struct plan_source *s, uint64_t epoch,
    struct plan_epoch *at)
{
	uint64_t key[2];

	if (at->source == s && at->epoch == epoch)
		return;
	*at = (struct plan_epoch){ .source = s, .epoch = epoch };
	at->origin = origin(p, s, epoch);
	if (s->ordered)
		return;
	plan_key(p->seed, s->key, epoch, USE_BLOCKS, 0, key);
	shuffle_init(&at->blocks, s->blocks, key);
}

/* The block that is the rank-th of an epoch, and the other way round. */
static uint64_t
block_at(const struct plan_epoch *at, uint64_t rank)
{
	return at->source->ordered ? rank : shuffle_at(&at->blocks, rank);
}

static uint64_t
rank_of_block(const struct plan_epoch *at, uint64_t block)
{
	return at->source->ordered ? block : shuffle_of(&at->blocks, block);
}

/* Are the rows of the run's whole blocks shuffled? */
static bool
rows_shuffled(
    const struct plan *p, const struct plan_source *s, const struct run *r)
{
	return r->per > 1 && !s->ordered && !p->in_blocks;
}

/* The order of the rows of the run's whole blocks. */
static const struct shuffle *
row_order(const struct plan *p, const struct plan_phase *ph,
    const struct plan_source *s, const struct run *r, struct plan_epoch *at)
{
	uint64_t n = r->whole * r->per, key[2];

	if (at->phase == ph && at->rows.n == n)
		return &at->rows;
	plan_key(p->seed, s->key, r->epoch, USE_ROWS, ph->id, key);
	shuffle_init(&at->rows, n, key);
	at->phase = ph;
	return &at->rows;
}

/* Tokens into the epoch's blocks for row `rank` of a run. */
static uint64_t
run_offset(const struct plan *p, const struct plan_phase *ph,
    const struct run *r, uint64_t rank, struct plan_epoch *at)
{
	const struct plan_source *s = at->source;

	if (rank < r->head)
		return r->at + rank * ph->seq;
	rank -= r->head;
	if (rank < r->whole * r->per && rows_shuffled(p, s, r))
		rank = shuffle_at(row_order(p, ph, s, r, at), rank);
	return r->block * s->block + rank * ph->seq;
}

struct plan_row
plan_row(const struct plan *p, const struct plan_phase *ph, uint32_t i,
    uint64_t rank)
{
	struct plan_epoch at = { 0 };

	return plan_next_row(p, ph, i, rank, &at);
}

struct plan_row
plan_next_row(const struct plan *p, const struct plan_phase *ph, uint32_t i,
    uint64_t rank, struct plan_epoch *at)
{
	const struct plan_share *sh = &ph->shares[i];
	const struct plan_source *s = &p->sources[sh->source];
	uint64_t offset;
	struct run r;

	if (s->pack)
		return plan_packed_row(p, ph, i, rank);
	r = run_of_rank(sh, s, ph->seq, &rank);
	go_to_epoch(p, s, r.epoch, at);
	offset = run_offset(p, ph, &r, rank, at);
	return (struct plan_row){ .epoch = r.epoch,
		.token = at->origin +
			 block_at(at, offset / s->block) * s->block +
			 offset % s->block };
}

/* The row of a run that has `offset` among its inputs. */
static bool
run_find(const struct plan *p, const struct plan_phase *ph, const struct run *r,
    uint64_t offset, struct plan_epoch *at, uint64_t *rank, uint64_t *column)
{
	const struct plan_source *s = at->source;
	uint64_t body = r->block * s->block;

	if (offset < body) {
		if (offset < r->at)
			return false;
		*rank = (offset - r->at) / ph->seq;
		*column = (offset - r->at) % ph->seq;
		return *rank < r->head;
	}
	*rank = (offset - body) / ph->seq;
	*column = (offset - body) % ph->seq;
	if (*rank >= r->rows - r->head)
		return false;
	if (*rank < r->whole * r->per && rows_shuffled(p, s, r))
		*rank = shuffle_of(row_order(p, ph, s, r, at), *rank);
	*rank += r->head;
	return true;
}

bool
plan_find(const struct plan *p, const struct plan_phase *ph, uint32_t i,
    uint64_t epoch, uint64_t token, uint64_t *rank, uint64_t *column)
{
	const struct plan_share *sh = &ph->shares[i];
	const struct plan_source *s = &p->sources[sh->source];
	struct plan_epoch at = { 0 };
	uint64_t from, before, offset;
	struct run r;

	if (!run_of_epoch(sh, s, ph->seq, epoch, &r, &before))
		return false;
	from = origin(p, s, epoch);
	if (token < from || token - from >= s->blocks * s->block)
		return false;
	go_to_epoch(p, s, epoch, &at);
	token -= from;
	offset =
	    rank_of_block(&at, token / s->block) * s->block + token % s->block;
	if (!run_find(p, ph, &r, offset, &at, rank, column))
		return false;
	*rank += before;
	return *rank < sh->rows;
}

uint64_t
plan_last_epoch(const struct plan *p, const struct plan_phase *ph, uint32_t i)
{
	const struct plan_share *sh = &ph->shares[i];
	const struct plan_source *s = &p->sources[sh->source];
	const struct plan_run *r = sh->runs;
	uint64_t full;
	uint64_t more = sh->rows > sh->first ? sh->rows - sh->first : 0;

	if (s->pack) {
		r += sh->nrun - 1;
		return r->epoch + r->epochs - 1;
	}
	full = s->blocks * (s->block / ph->seq);
	return sh->epoch + more / full + (more % full != 0);
}
