/* SPDX-License-Identifier: MIT */
#ifndef DEDUP_ROOTS_H
#define DEDUP_ROOTS_H

#include <stddef.h>
#include <stdint.h>

struct budget;
struct choice;
struct err;

/*
 * The choice as datatrove makes it: documents that agree in all rows of a band
 * are joined, one band after the other, each in the order of its values and
 * then of the documents; of two clusters the larger one's root stays the root,
 * the first one's if they are of one size; and the roots are kept.  Nothing is
 * verified, and what stays depends on the order of the input.
 * Source: datatrove 0.10, pipeline/dedup/minhash.py, stages 2 and 3.
 *
 * Memory, charged to the budget: the signatures; 64 bytes a document.
 */
struct roots {
	struct budget *budget;
	size_t nband, nrow;
	uint64_t *signatures; /* nband * nrow values a document */
	size_t n, cap;        /* documents; values that there is room for */
	uint64_t joined;      /* pairs that share a band, as seen */
};

void roots_free(struct roots *r);
int roots_add(struct roots *r, const uint64_t *signature, struct err *e);
/* choice[i].head of each document; ERR_NOMEM. */
int roots_run(struct roots *r, struct choice *choice, struct err *e);

#endif
