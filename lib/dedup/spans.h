/* SPDX-License-Identifier: MIT */
#ifndef DEDUP_SPANS_H
#define DEDUP_SPANS_H

#include <stddef.h>
#include <stdint.h>

#include "dedup/parts.h"

/*
 * Windows start .. start + n - 1 of a document stand elsewhere before: window
 * start + i at the place from + i.
 */
struct span {
	uint32_t doc, start, n, pad;
	uint64_t from;
};

/*
 * The spans of all documents: noted in any order, sorted by document and start
 * on disk, a stretch of documents at a time, then read by documents.
 *
 * Memory, charged to the budget: parts_init()'s; spans_sort() takes twice the
 * spans of a stretch; then 8 bytes for each 1024 spans.
 */
struct spans {
	struct budget *budget;
	struct parts parts;
	uint32_t *stretches; /* the first document of each but the first */
	size_t nstretch, stretch_cap;
	int fd;          /* sorted */
	uint32_t *index; /* the document of every SPANS_STEP-th */
	size_t nindex, index_cap;
	uint64_t n;
};

enum { SPANS_STEP = 1024 };

void spans_init(struct spans *s, struct budget *b);
void spans_free(struct spans *s);
/* Before the first span: documents from `doc` on are the next stretch. */
int spans_stretch(struct spans *s, uint32_t doc, struct err *e);
int spans_begin(struct spans *s, struct err *e);
/* Note a span; not thread-safe. */
int spans_put(struct spans *s, const struct span *x, struct err *e);
int spans_sort(struct spans *s, struct err *e);

/* One a thread, all zeros at first. */
struct spans_reader {
	struct span *v; /* what spans_of() found */
	size_t n;
	/* Private. */
	size_t cap, nread;
	uint64_t at; /* of the spans in read */
	struct span read[SPANS_STEP];
};

/* The spans of a document, by start. */
int spans_of(
    const struct spans *s, uint32_t doc, struct spans_reader *r, struct err *e);
void spans_reader_free(struct spans_reader *r);

#endif
