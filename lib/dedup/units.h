/* SPDX-License-Identifier: MIT */
#ifndef DEDUP_UNITS_H
#define DEDUP_UNITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "base/text/words.h"
#include "dedup/folded.h"

struct buf;
struct err;

/* Bytes start..end of a text; up to the next one stands what parts them. */
struct text_unit {
	uint32_t start, end;
	uint32_t word, nword; /* its folded words (dedup/folded.h) */
};

/*
 * A text's lines, parted by LF; or its sentences, parted by white space: a
 * sentence begins as for spaCy's sentencizer (base/text/words.h), whatever
 * lines it goes over.  Spans are `span` units in a row of those that have
 * words.
 */
struct units {
	bool sentences;
	struct text_unit *v;
	size_t n;
	uint32_t *worded; /* those with words, by number */
	size_t nworded;
	/* Private. */
	struct folded words;
	struct tokens tokens;
	size_t cap, worded_cap;
};

/* One a thread, all zeros at first.  text: valid UTF-8, under 4 GiB. */
int units_of(struct units *u, struct str text, bool sentences, struct err *e);
void units_free(struct units *u);
/* How many spans there are. */
size_t units_spans(const struct units *u, size_t span);
/*
 * The hash of span i, units worded[i .. i + span - 1]: the same for the same
 * words; 0 if they are fewer than `least`.
 */
uint64_t units_hash(const struct units *u, size_t i, size_t span, size_t least);
/*
 * Append the text without the units that are cut[]: lines parted by LF;
 * sentences by the white space with the most line ends that was between them,
 * so that paragraphs stay apart.
 */
void units_join(
    const struct units *u, const bool *cut, struct str text, struct buf *out);

#endif
