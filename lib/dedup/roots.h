/* SPDX-License-Identifier: MIT */
#ifndef DEDUP_ROOTS_H
#define DEDUP_ROOTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "dedup/sorter.h"

struct err;

/*
 * The choice as datatrove makes it: documents that agree in all rows of a band
 * are joined, one band after the other, each in the order of its values and
 * then of the documents; of two clusters the larger one's root stays the root,
 * the first one's if they are of one size; and the roots are kept.  Nothing is
 * verified, and what stays depends on the order of the input.
 * Source: datatrove 0.10, pipeline/dedup/minhash.py, stages 2 and 3.
 *
 * Memory: a sorter, and 8 bytes a document.
 */
struct roots {
	size_t nband, nrow;
	struct sorter bands; /* records: u32 band, values, u32 document */
	uint32_t n;          /* documents */
	uint64_t joined;     /* pairs that share a band, as seen */
	uint32_t *head;      /* the result: each document's root */
	struct buf record;
};

/* memory: bytes for the sorter. */
void roots_init(struct roots *r, size_t nband, size_t nrow, uint64_t memory);
void roots_free(struct roots *r);
/* The next document: its nband * nrow values, of 8 bytes, not aligned. */
int roots_add(struct roots *r, const char *signature, struct err *e);
/* Fills head. */
int roots_run(struct roots *r, struct err *e);

#endif
