/* SPDX-License-Identifier: MIT */
#ifndef EXTRACT_CLASS_H
#define EXTRACT_CLASS_H

#include <stdint.h>

#include "base/str.h"

/*
 * What a class, id or role says of an element: E_ bits of page.h.  Names are
 * cut into words ("post-body", "postBody": post, body) that are looked up;
 * words that sites like to glue ("socialshare") are found within.
 *
 * Answers are kept by the value's hash: pages repeat few values many times.
 */
enum { CLASS_CACHE = 1024 };
struct class_cache {
	struct {
		uint64_t key; /* the value's hash; 0: free */
		uint32_t bits;
	} slot[CLASS_CACHE];
};

/* Once in the process, before class_bits(); html_init() does it. */
void class_init(void);
uint32_t class_bits(struct class_cache *c, struct str value);
/* The same, given the value's hash64() by seed 0. */
uint32_t
class_bits_by_hash(struct class_cache *c, struct str value, uint64_t hash);

#endif
