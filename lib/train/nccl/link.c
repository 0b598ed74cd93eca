/* SPDX-License-Identifier: MIT */
/*
 * Bytes between cards: quern-nccl.so, loaded by runs of several ranks on cards
 * only, so that neither a command nor the CUDA twin needs NCCL.
 *
 * Sums aren't NCCL's: it adds up in the order that suits its rings, which
 * depends on their number.  It sends and receives; lib/train/collective.c adds.
 *
 * Nothing here waits inside NCCL, which for a rank that is gone does so for
 * ever: it is asked what is under way, and meanwhile the ranks are looked at.
 */
#include <nccl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/err.h"
#include "train/link.h"
#include "train/ops.h"

enum {
	SPINS = 2000,          /* asked so often before the first sleep */
	NAP = 20000,           /* ns */
	LOOK_EVERY = 50000000, /* ns between looks at the other ranks */
};

struct nccl {
	struct link *by; /* of the hosts */
	const struct ops *ops;
	ncclComm_t comm;
};

static int64_t
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

/* What is under way can't be waited for any more: it is taken back. */
static int
give_up(struct link *l)
{
	struct nccl *x = l->ctx;

	l->broken = x->by->broken = true;
	if (x->comm)
		ncclCommAbort(x->comm);
	x->comm = NULL;
	return -1;
}

static int
fail(struct link *l, ncclResult_t rc, struct err *e)
{
	err_set(e, ERR_IO,
	    "rank %u: NCCL: %s; --resume goes on from the last checkpoint",
	    l->rank, ncclGetErrorString(rc));
	give_up(l);
	return e->code;
}

/* Has NCCL itself begun all it was asked for, and is no rank gone? */
static int
look(struct link *l, bool *begun, int64_t *looked, struct err *e)
{
	struct nccl *x = l->ctx;
	ncclResult_t state = ncclSuccess, rc;

	rc = ncclCommGetAsyncError(x->comm, &state);
	if (rc != ncclSuccess)
		return fail(l, rc, e);
	if (state != ncclSuccess && state != ncclInProgress)
		return fail(l, state, e);
	*begun = state == ncclSuccess;
	if (now() - *looked < LOOK_EVERY || !x->by->look)
		return 0;
	*looked = now();
	if (x->by->look(x->by, e) == 0)
		return 0;
	give_up(l);
	return e->code;
}

/* Until NCCL has begun it, or, with `done`, until the card has done it. */
static int
wait_for(struct link *l, bool done, struct err *e)
{
	const struct nccl *x = l->ctx;
	struct timespec nap = { .tv_nsec = NAP };
	int64_t looked = now();
	unsigned asked;
	bool begun = false;

	for (asked = 0;; asked++) {
		if (look(l, &begun, &looked, e) < 0)
			return e->code;
		if (begun && (!done || x->ops->idle()))
			return 0;
		if (asked >= SPINS)
			nanosleep(&nap, NULL);
	}
}

static int
settle(struct link *l, struct err *e)
{
	return wait_for(l, true, e);
}

static bool
bad(ncclResult_t rc)
{
	return rc != ncclSuccess && rc != ncclInProgress;
}

/* In the order of the card's other work. */
static ncclResult_t
begin(struct link *l, const struct parcel *out, const struct parcel *in)
{
	const struct nccl *x = l->ctx;
	cudaStream_t s = x->ops->stream();
	ncclResult_t rc = ncclSuccess;
	uint32_t r;

	for (r = 0; r < l->size && !bad(rc); r++) {
		if (r == l->rank)
			continue;
		if (out[r].n > 0)
			rc = ncclSend(
			    out[r].p, out[r].n, ncclChar, (int)r, x->comm, s);
		if (in[r].n > 0 && !bad(rc))
			rc = ncclRecv(
			    in[r].p, in[r].n, ncclChar, (int)r, x->comm, s);
	}
	return rc;
}

static int
exchange(struct link *l, const struct parcel *out, const struct parcel *in,
    struct err *e)
{
	ncclResult_t rc, ended;

	if (l->broken)
		return err_set(
		    e, ERR_IO, "rank %u: its link is broken", l->rank);
	rc = ncclGroupStart();
	if (!bad(rc))
		rc = begin(l, out, in);
	ended = ncclGroupEnd();
	if (bad(rc) || bad(ended))
		return fail(l, bad(rc) ? rc : ended, e);
	return wait_for(l, false, e);
}

static void
close_link(struct link *l)
{
	struct nccl *x = l->ctx;

	if (x->comm && !l->broken)
		ncclCommDestroy(x->comm);
	free(x);
	free(l);
}

/* All ranks come here. */
static int
join(struct link *l, struct err *e)
{
	struct nccl *x = l->ctx;
	ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
	ncclUniqueId *ids = calloc(l->size, sizeof(*ids)), mine;
	ncclResult_t rc = ncclSuccess;
	int ok = ids ? 0 : err_nomem(e, "the ranks of NCCL");

	memset(&mine, 0, sizeof(mine));
	config.blocking = 0;
	if (ok == 0 && l->rank == 0)
		rc = ncclGetUniqueId(&mine);
	if (rc != ncclSuccess)
		ok = err_set(e, ERR_IO, "NCCL: %s", ncclGetErrorString(rc));
	ok = link_agree(x->by, ok, e);
	if (ok == 0)
		ok = link_gather(x->by, &mine, sizeof(mine), ids, e);
	if (ok == 0) {
		rc = ncclCommInitRankConfig(
		    &x->comm, (int)l->size, ids[0], (int)l->rank, &config);
		ok = bad(rc) ? fail(l, rc, e) : wait_for(l, false, e);
	}
	free(ids);
	return ok;
}

#define EXPORTED __attribute__((visibility("default")))

EXPORTED const int quern_link_version = LINK_VERSION;
struct link *
quern_link_nccl(struct link *by, const struct ops *ops, struct err *e);

EXPORTED struct link *
quern_link_nccl(struct link *by, const struct ops *ops, struct err *e)
{
	struct link *l = calloc(1, sizeof(*l));
	struct nccl *x = calloc(1, sizeof(*x));
	int rc = l && x ? 0 : err_nomem(e, "the link of NCCL");

	if (link_agree(by, rc, e) < 0) {
		free(l);
		free(x);
		return NULL;
	}
	*l = *by;
	*x = (struct nccl){ by, ops, NULL };
	l->ctx = x;
	l->exchange = exchange;
	l->settle = settle;
	l->look = NULL;
	l->close = close_link;
	if (join(l, e) == 0)
		return l;
	close_link(l);
	return NULL;
}
