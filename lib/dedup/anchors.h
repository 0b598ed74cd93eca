/* SPDX-License-Identifier: MIT */
#ifndef DEDUP_ANCHORS_H
#define DEDUP_ANCHORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct err;

/*
 * The windows of a text, that is its runs of `width` bytes, by their anchors: a
 * window's anchor is the k bytes within it, k = width / 2, that have the least
 * hash (of equal ones the last).  So windows that are the same have the same
 * anchor at the same place within them; and a window's neighbours mostly have
 * the same one: on average a quarter of `width` windows in a row.
 *
 * Source: Schleimer, Wilkerson, Aiken, Winnowing (2003); Roberts et al.,
 * Reducing storage requirements for biological sequence comparison (2004),
 * minimizers.
 */
struct anchors {
	/* Private. */
	size_t width, gram, ngram; /* ngram: grams in a window */
	uint64_t power;            /* factor of the byte that leaves a gram */
	uint64_t *ring;            /* hashes of the last grams, by place */
	size_t mask;
	struct str text;
	uint64_t sum, least;
	size_t at; /* the place of the least */
	size_t next;
};

/* Windows start .. start + n - 1 have the anchor of that hash. */
struct anchor_run {
	uint64_t hash;
	uint32_t start, n;
};

/* One a thread; width >= 2. */
int anchors_init(struct anchors *a, size_t width, struct err *e);
void anchors_free(struct anchors *a);
/* Begin with a text, under 4 GiB. */
void anchors_begin(struct anchors *a, struct str text);
/* The next run, in order; false at the end. */
bool anchors_next(struct anchors *a, struct anchor_run *r);

#endif
