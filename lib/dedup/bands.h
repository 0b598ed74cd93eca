/* SPDX-License-Identifier: MIT */
#ifndef DEDUP_BANDS_H
#define DEDUP_BANDS_H

#include <stddef.h>
#include <stdint.h>

struct budget;
struct err;

/*
 * The band keys of groups, and the buckets they form: groups with the same
 * key in the same band.  A bucket of one is no bucket.
 *
 * Memory, charged to the budget: 8 bytes a key; while bands_sort() runs, 32
 * bytes a group and thread; then 4 bytes for each membership of a bucket.
 */
struct band {
	uint32_t *members; /* room for all buckets, one behind the other */
	uint32_t *start;   /* nbucket + 1 places in members */
	uint32_t *fill;    /* members put into each bucket so far */
	uint32_t nbucket;
};

#define NO_BUCKET UINT32_MAX

struct bands {
	struct budget *budget;
	size_t nband;
	size_t n;          /* groups */
	uint64_t **blocks; /* keys; after bands_sort() numbers of buckets */
	size_t nblock, block_cap;
	struct band *v;
};

int
bands_init(struct bands *b, struct budget *budget, size_t nband, struct err *e);
void bands_free(struct bands *b);
/* The keys of the next group: group b->n gets keys[nband]. */
int bands_add(struct bands *b, const uint64_t *keys, struct err *e);
/* Find the buckets, with nthread threads; they are empty at first. */
int bands_sort(struct bands *b, int nthread, struct err *e);
/* The bucket of a group in a band, or NO_BUCKET. */
uint32_t bands_bucket(const struct bands *b, size_t band, uint32_t group);
/* Put a group into its buckets. */
void bands_put(struct bands *b, uint32_t group);

#endif
