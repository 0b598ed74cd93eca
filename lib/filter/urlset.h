/* SPDX-License-Identifier: MIT */
#ifndef FILTER_URLSET_H
#define FILTER_URLSET_H

#include <stdint.h>

struct err;

/*
 * A set of hashes, each with a number below URLSET_CATEGORIES.  Sorted by the
 * highest bits, so that a look-up reads an offset and about four hashes.
 * All zeros is an empty one that isn't sealed.
 */
enum { URLSET_CATEGORIES = 255 };

struct urlset {
	uint64_t *hashes;
	unsigned char *categories;
	uint64_t n, cap;
	uint32_t *starts; /* of the hashes with these highest bits */
	unsigned bits;    /* how many those are */
};

/* ERR_NOMEM; ERR_ARG beyond 2^32 - 1. */
int urlset_add(
    struct urlset *s, uint64_t hash, unsigned char category, struct err *e);
int urlset_seal(struct urlset *s, struct err *e);
/* The category of those added first, or -1.  Thread-safe. */
int urlset_find(const struct urlset *s, uint64_t hash);
void urlset_free(struct urlset *s);

#endif
