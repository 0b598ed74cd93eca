/* SPDX-License-Identifier: MIT */
#ifndef DEDUP_MAIL_H
#define DEDUP_MAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;

/* A group that was put into a bucket which goes on in a later chunk. */
struct letter {
	uint64_t bucket;
	uint64_t at;   /* where its set stands in mail's store, */
	uint32_t nset; /* and how many hashes it has */
	uint32_t rank;
	uint32_t kept; /* it stays */
};

/*
 * A box for each chunk, and a store for the sets of those who write: in
 * nameless files of $TMPDIR, made when the first letter or set comes.  Letters
 * of a box wait in a block of memory, full blocks are chained in the file.
 */
struct mail {
	size_t nbox, per_block;
	struct box *boxes;
	int letters, sets; /* files, or -1 */
	uint64_t letters_end, sets_end;
};

/* Blocks take memory bytes in all, or a few for each box. */
int mail_init(struct mail *m, size_t nbox, uint64_t memory, struct err *e);
void mail_free(struct mail *m);
int mail_put(struct mail *m, size_t box, const struct letter *l, struct err *e);
/* Hands each letter of a box to take, in no certain order; empties the box. */
int mail_take(struct mail *m, size_t box,
    int (*take)(void *to, const struct letter *l, struct err *e), void *to,
    struct err *e);
/* Keep a set; *at gets its place. */
int mail_keep_set(
    struct mail *m, const uint64_t *set, size_t n, uint64_t *at, struct err *e);
/* Read it back. */
int mail_read_set(
    struct mail *m, uint64_t at, uint64_t *set, size_t n, struct err *e);

#endif
