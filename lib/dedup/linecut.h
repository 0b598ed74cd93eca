/* SPDX-License-Identifier: MIT */
#ifndef DEDUP_LINECUT_H
#define DEDUP_LINECUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "dedup/units.h"

struct doc;
struct err;
struct twice;

/* What is compared. */
struct linecut_rule {
	const char *unit; /* "lines", "sentences" */
	bool sentences;
	size_t span;               /* units in a row */
	size_t least;              /* words in them */
	const struct twice *twice; /* NULL, or knows spans that are alone */
};

/* Is a span of this hash compared with others?  0 is no hash. */
bool linecut_compares(const struct linecut_rule *r, uint64_t h);

enum { LINECUT_NAMED = 8 };

/* No owner: owners are less. */
#define LINECUT_ITSELF UINT32_MAX

/* What becomes of a document.  One a thread, all zeros at first. */
struct linecut {
	struct units units;
	struct buf text, json, rank; /* rank: scratch of the caller */
	/* Private. */
	bool *cut; /* by unit */
	size_t cut_cap;
	struct buf id;
	uint64_t *set; /* hashes of spans kept; open addressing */
	size_t set_cap, set_mask;
	struct goes *goes; /* from this document, by hash */
	size_t ngoes, goes_cap;
	const struct goes *named[LINECUT_NAMED];
	size_t nnamed;
};

struct linecut_edit {
	uint64_t units, cut, bytes;
	uint64_t left; /* units with words that stay */
};

void linecut_free(struct linecut *w);
/*
 * Cut from d what its note says that others keep, and what comes again in it.
 * If anything is cut w->text is what is left and w->json says what was.  A note
 * is, for each cut, u32 size and that many bytes (dedup/key.h): u64 place, u64
 * hash, u32 owner, id; by place and hash.
 */
int linecut_of(struct linecut *w, const struct linecut_rule *r, struct doc *d,
    struct linecut_edit *x, struct err *e);

#endif
