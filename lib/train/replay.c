/* SPDX-License-Identifier: MIT */
/*
 * Passes over whole rows, recorded where a device can: the first of a kind is
 * done, since libraries choose then how they do it and scratch memory grows;
 * the second is recorded, and played as all after it are.  A recording holds
 * every number that isn't in an array, so these are what finds it: struct
 * pass_key.
 */
#include <string.h>

#include "train/net.h"

/* More tries than that would cost more than they gain. */
enum { TRIES = 4 };

static void
run(const struct pass *s)
{
	pass_forward(s);
	if (s->train)
		pass_backward(s);
}

/* Compared as bytes: those between members are 0. */
static void
key_of(struct pass_key *k, const struct pass *s)
{
	const struct net *n = s->n;

	memset(k, 0, sizeof(*k));
	k->B = s->B;
	k->T = s->T;
	k->first = s->first;
	k->last = s->last;
	k->train = s->train;
	k->fresh = s->train && n->fresh;
	k->grads = s->train ? n->grads : NULL;
	k->scale = s->scale;
	k->smoothing = n->smoothing;
	k->z = n->z;
	k->embed_grad = n->embed_grad;
	k->embedding = n->dropout.embedding;
	k->residual = n->dropout.residual;
	k->attention = n->dropout.attention;
	k->seed = n->dropout.seed;
}

static void
forget(struct net *n, struct recorded_pass *r)
{
	if (r->it)
		n->ops->erase(r->it);
	r->it = NULL;
}

/* The pass's place: where it was, or the one not used for longest. */
static struct recorded_pass *
find(struct net *n, const struct pass_key *k)
{
	struct recorded_pass *r = n->recorded, *oldest = r;

	for (; r < n->recorded + NET_RECORDED; r++) {
		if (r->seen && memcmp(&r->key, k, sizeof(*k)) == 0)
			return r;
		if (r->used < oldest->used)
			oldest = r;
	}
	forget(n, oldest);
	memcpy(&oldest->key, k, sizeof(*k));
	oldest->seen = 0;
	return oldest;
}

static void
record(struct recorded_pass *r, const struct pass *s)
{
	const struct ops *ops = s->n->ops;

	if (r->seen > TRIES || !ops->record())
		return;
	run(s);
	r->it = ops->recorded();
}

void
pass_rows(const struct pass *s)
{
	struct net *n = s->n;
	struct recorded_pass *r;
	struct pass_key k;

	net_refresh(n);
	if (!n->ops->record) {
		run(s);
		return;
	}
	key_of(&k, s);
	r = find(n, &k);
	r->used = ++n->passes;
	if (r->seen++ && !r->it)
		record(r, s);
	if (r->it && n->ops->play(r->it))
		return;
	forget(n, r);
	run(s);
}

void
pass_forget(struct net *n)
{
	size_t i;

	for (i = 0; i < NET_RECORDED; i++)
		forget(n, &n->recorded[i]);
}
