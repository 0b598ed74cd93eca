/* SPDX-License-Identifier: MIT */
#ifndef TRAIN_RANKS_H
#define TRAIN_RANKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "train/collective.h"
#include "train/net.h"

struct err;

/*
 * A net on several ranks.  Each has all parameters and computes the gradients
 * of its micro-batches; the sum of gradients, what the optimiser keeps and the
 * update are shared out by parameters, whole ones, in the order of the arena.
 * Source: Rajbhandari et al., arXiv 1910.02054, section 5.1 (ZeRO, stage 1).
 *
 * With one rank all of that is here, and nothing is sent.
 */
struct ranks {
	struct link *link;
	struct collective c;
	/* (ranks + 1): parameters first[r] .. first[r + 1] are rank r's. */
	size_t *first;
	size_t *at;      /* (ranks + 1): of ranks_shares() */
	double *squares; /* (ranks + 1, params) */
	size_t params;
};

/* Shares out the parameters; p->first and p->end become this rank's. */
int ranks_split(
    struct ranks *r, struct link *link, struct program *p, struct err *e);
/* After ranks_split(): for sending and receiving.  ERR_NOMEM. */
int ranks_open(struct ranks *r, const struct ops *ops, struct err *e);
/* All zeros is fine. */
void ranks_close(struct ranks *r);
/* Is this the rank that writes files and messages? */
bool ranks_chief(const struct ranks *r);

/* Where every rank's share of an arena begins (collective.h); valid until the
 * next call. */
const size_t *ranks_shares(struct ranks *r, const struct params *of);
/*
 * The gradients that net_train() left on ranks 0 .. parts - 1 are added, in
 * that order, to n->total, or begin it if first.  n->grads is then whatever.
 */
int ranks_add_up(
    struct ranks *r, struct net *n, uint32_t parts, bool first, struct err *e);
/* The norm of the step's gradient, the same bits on all ranks. */
int
ranks_grad_norm(struct ranks *r, struct net *n, double *norm, struct err *e);
/* After an update: everybody gets everybody's parameters. */
int ranks_spread(struct ranks *r, struct net *n, struct err *e);
/* The whole of an arena that holds a rank's own, into `to` on rank 0. */
int ranks_collect(struct ranks *r, float *to, const void *arena,
    const struct params *of, struct err *e);

#endif
