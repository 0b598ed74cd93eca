/* SPDX-License-Identifier: MIT */
#ifndef DEDUP_SORT_H
#define DEDUP_SORT_H

#include <stddef.h>
#include <stdint.h>

/* A group under one of its band keys. */
struct keyed {
	uint64_t key;
	uint32_t group;
};

/* Two numbers. */
struct pair {
	uint64_t key, value;
};

/*
 * Sort ascending; tmp has room for n elements.  Linear time, meant for keys
 * that are hashes.  sort_keyed() and sort_pairs() (by key) are stable.
 * Thread-safe.
 */
void sort_hashes(uint64_t *v, uint64_t *tmp, size_t n);
void sort_keyed(struct keyed *v, struct keyed *tmp, size_t n);
void sort_pairs(struct pair *v, struct pair *tmp, size_t n);

#endif
