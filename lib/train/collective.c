/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "train/collective.h"
#include "train/net.h"

/* Elements of a piece: on the processor, and between cards. */
enum { PIECE = 1 << 16, CARD_PIECE = 4 << 20 };

static char *
stage_at(const struct collective *c, uint32_t slot)
{
	return c->stage + (size_t)slot * c->piece * c->ops->real;
}

static size_t
largest_share(const struct collective *c, const size_t *at)
{
	size_t most = 0;
	uint32_t r;

	for (r = 0; r < c->link->size; r++)
		if (at[r + 1] - at[r] > most)
			most = at[r + 1] - at[r];
	return most;
}

/* Elements of rank r's share from `from` on, at most a piece. */
static size_t
piece_of(const struct collective *c, const size_t *at, uint32_t r, size_t from)
{
	size_t n = at[r + 1] - at[r];

	n = n > from ? n - from : 0;
	return n < c->piece ? n : c->piece;
}

static void
no_parcels(struct collective *c)
{
	memset(c->out, 0, 2 * c->link->size * sizeof(*c->out));
}

/* n elements of an array. */
static struct parcel
parcel(const struct collective *c, const void *x, size_t at, size_t n)
{
	return (struct parcel){ net_at(c->ops, x, at), n * c->ops->real };
}

/*
 * sum = sum + x, or x if that is the first.
 * Not by add and copy: those are of activations, which may be narrower.
 */
static void
add_piece(
    const struct collective *c, void *sum, const void *x, size_t n, bool first)
{
	if (first)
		c->ops->carry(OPS_COMPUTE, sum, x, n * c->ops->real);
	else
		c->ops->blend(sum, sum, x, n, 1, 1);
}

/* The pieces from `from` on of all shares: sent, received, added. */
static int
reduce_piece(struct collective *c, void *sum, const void *part,
    const size_t *at, uint32_t parts, size_t from, bool first, struct err *e)
{
	uint32_t me = c->link->rank, all = c->link->size, r;
	size_t n = piece_of(c, at, me, from);

	no_parcels(c);
	for (r = 0; r < all && me < parts; r++)
		c->out[r] =
		    parcel(c, part, at[r] + from, piece_of(c, at, r, from));
	for (r = 0; r < parts; r++)
		c->in[r] = (struct parcel){ stage_at(c, r), n * c->ops->real };
	if (c->wire->exchange(c->wire, c->out, c->in, e) < 0)
		return e->code;
	for (r = 0; r < parts && n > 0; r++)
		add_piece(c, net_at(c->ops, sum, from),
		    r == me ? net_at(c->ops, part, at[r] + from)
			    : stage_at(c, r),
		    n, first && r == 0);
	return 0;
}

static int
settle(struct collective *c, struct err *e)
{
	return c->wire && c->wire->settle ? c->wire->settle(c->wire, e) : 0;
}

static int
reduce_scatter(struct collective *c, void *sum, const void *part,
    const size_t *at, uint32_t parts, bool first, struct err *e)
{
	size_t most = largest_share(c, at), from;

	if (c->link->size == 1) {
		add_piece(c, sum, part, at[1], first);
		return 0;
	}
	for (from = 0; from < most; from += c->piece)
		if (reduce_piece(c, sum, part, at, parts, from, first, e) < 0)
			return e->code;
	return settle(c, e);
}

static int
gather_piece(
    struct collective *c, void *x, const size_t *at, size_t from, struct err *e)
{
	uint32_t me = c->link->rank, r;

	for (r = 0; r < c->link->size; r++) {
		c->out[r] =
		    parcel(c, x, at[me] + from, piece_of(c, at, me, from));
		c->in[r] = parcel(c, x, at[r] + from, piece_of(c, at, r, from));
	}
	return c->wire->exchange(c->wire, c->out, c->in, e);
}

static int
all_gather(struct collective *c, void *x, const size_t *at, struct err *e)
{
	size_t most = largest_share(c, at), from;

	for (from = 0; from < most && c->link->size > 1; from += c->piece)
		if (gather_piece(c, x, at, from, e) < 0)
			return e->code;
	return settle(c, e);
}

static int
fetch(struct collective *c, float *to, const void *x, size_t n, uint32_t from,
    struct err *e)
{
	uint32_t me = c->link->rank;
	float *mine = c->host;
	size_t at, m;

	if (from == 0)
		return me == 0 ? net_get(c->ops, to, x, 0, n, e) : 0;
	for (at = 0; at < n && (me == 0 || me == from); at += m) {
		m = n - at < PIECE ? n - at : PIECE;
		no_parcels(c);
		if (me == 0)
			c->in[from] =
			    (struct parcel){ to + at, m * sizeof(*to) };
		else if (net_get(c->ops, mine, x, at, m, e) < 0)
			return e->code;
		else
			c->out[0] = (struct parcel){ mine, m * sizeof(*to) };
		if (c->link->exchange(c->link, c->out, c->in, e) < 0)
			return e->code;
	}
	return 0;
}

/* Who copies bytes to and from a device copies them the same way. */
static bool
is_host(const struct ops *ops)
{
	return ops->get == ops->put;
}

static size_t
piece_for(const struct ops *ops)
{
	return is_host(ops) ? PIECE : CARD_PIECE;
}

uint64_t
collective_memory(const struct link *l, const struct ops *ops)
{
	return l->size == 1 ? 0
			    : (uint64_t)l->size * piece_for(ops) * ops->real;
}

static int
alloc_all(struct collective *c, struct err *e)
{
	c->stage = c->ops->alloc(c->link->size * c->piece * c->ops->real);
	c->host = malloc(PIECE * sizeof(*c->host));
	c->out = calloc(c->link->size, 2 * sizeof(*c->out));
	if (!c->stage || !c->host || !c->out)
		return err_nomem(e, "what ranks send each other");
	c->in = c->out + c->link->size;
	return 0;
}

int
collective_open(
    struct collective *c, struct link *l, const struct ops *ops, struct err *e)
{
	*c = (struct collective){ .link = l,
		.ops = ops,
		.piece = piece_for(ops),
		.reduce_scatter = reduce_scatter,
		.all_gather = all_gather,
		.fetch = fetch };
	if (l->size == 1)
		return 0;
	if (link_agree(l, alloc_all(c, e), e) == 0) {
		c->wire = is_host(ops) ? l : link_nccl(l, ops, e);
		if (c->wire)
			return 0;
	}
	collective_close(c);
	return e->code;
}

void
collective_close(struct collective *c)
{
	if (c->stage)
		c->ops->free(c->stage);
	if (c->wire && c->wire != c->link)
		link_close(c->wire);
	free(c->host);
	free(c->out);
	*c = (struct collective){ 0 };
}
