/* SPDX-License-Identifier: MIT */
#ifndef DEDUP_CHUNK_H
#define DEDUP_CHUNK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dedup/near.h"

struct err;

/*
 * A chunk of groups, consecutive by rank, with all that the choice among them
 * needs (dedup/choose.h).
 */
struct node {
	uint32_t rank, nset, count;
	uint32_t first, nlink; /* its links */
	uint32_t stamp;        /* the last that it was compared with */
	uint32_t head;         /* kept, most similar; or NO_RANK */
	bool earlier, kept;
	double jaccard; /* with the head */
	const uint64_t *set;
};

struct link {
	uint64_t bucket;
	uint32_t next;  /* rank of the bucket's next member, or NO_RANK */
	uint32_t local; /* the bucket's number in the chunk */
};

/* A bucket, as far as it lies in the chunk. */
struct local {
	uint64_t bucket;
	uint32_t start, n; /* members, ascending */
	uint32_t filled;   /* of these have been put into it */
	uint32_t out;      /* rank of the first member in a later chunk */
};

/* Where a chunk begins, and what is in it. */
struct extent {
	uint32_t start;
	size_t nnode, nlink;
	uint64_t nhash; /* to be copied */
};

struct chunk {
	struct node *nodes;
	struct link *links;
	struct local *locals; /* by bucket */
	uint32_t *members;    /* nodes of each local bucket */
	uint32_t *put;        /* those put into it so far */
	uint64_t *hashes;
	struct pair *scratch;
	size_t nnode, nlink, nlocal;
	/* What comes next in the sorted links. */
	struct pair next;
	bool more, begun;
	struct row row;
};

/*
 * Cut all groups into chunks of about memory bytes; *v is malloc'd.  Reads
 * links and table to their ends.
 */
int chunk_plan(struct sorter *links, struct sorter *table, bool copy_sets,
    uint64_t memory, struct extent **v, size_t *n, struct err *e);
/* All zeros before the first; then the next chunk, in order. */
int chunk_load(struct chunk *c, const struct extent *x, struct sorter *links,
    struct sorter *table, struct sorter *sets, struct err *e);
/* Frees what chunk_load() made; the place in the links stays. */
void chunk_clear(struct chunk *c);
/* The local bucket, or NULL. */
struct local *chunk_find(const struct chunk *c, uint64_t bucket);
/*
 * Nodes by connected component, ascending within: pairs of component and node,
 * malloc'd.  NULL when memory is out.
 */
struct pair *chunk_components(const struct chunk *c);

#endif
