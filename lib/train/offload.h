/* SPDX-License-Identifier: MIT */
#ifndef TRAIN_OFFLOAD_H
#define TRAIN_OFFLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "train/net.h"

struct err;

/*
 * Moments that lie on the host (program.h, offload) visit the device block by
 * block: while one is updated, the next is on its way in and the last on its
 * way out.  Updates are element by element, so blocks change no bit.
 * Source: Rajbhandari et al., arXiv 2104.07857, section 5.2 (overlapping).
 */
enum { OFFLOAD_SLOTS = 3, OFFLOAD_BLOCK = 4 << 20 /* elements */ };

struct offload {
	void *slot[OFFLOAD_SLOTS][2]; /* of both moments */
};

/* One block of one parameter: elements at .. at + n of number `param`. */
struct offload_block {
	size_t param, at, n;
	unsigned slot;
};

/* Bytes of the device that offload_open() takes. */
uint64_t offload_memory(const struct program *p, const struct ops *ops);
int offload_open(struct offload *o, const struct net *n, struct err *e);
/* All zeros is fine. */
void offload_close(struct offload *o, const struct net *n);
/*
 * update() for each block of the rank's own parameters, with the moments' block
 * on the device (v is NULL if there is only one).
 */
void offload_step(struct offload *o, const struct net *n,
    void (*update)(void *ctx, const struct offload_block *b, void *m, void *v),
    void *ctx);

#endif
