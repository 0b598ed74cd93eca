/* SPDX-License-Identifier: MIT */
#ifndef DEDUP_SPANFILE_H
#define DEDUP_SPANFILE_H

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
 * Memory, charged to the budget: parts_init()'s; spanfile_sort() takes twice
 * the spans of a stretch; then 8 bytes for each 1024 spans.
 */
struct spanfile {
	struct budget *budget;
	struct parts parts;
	uint32_t *stretches; /* the first document of each but the first */
	size_t nstretch, stretch_cap;
	int fd;          /* sorted */
	uint32_t *index; /* the document of every SPANFILE_STEP-th */
	size_t nindex, index_cap;
	uint64_t n;
};

enum { SPANFILE_STEP = 1024 };

void spanfile_init(struct spanfile *s, struct budget *b);
void spanfile_free(struct spanfile *s);
/* Before the first span: documents from `doc` on are the next stretch. */
int spanfile_stretch(struct spanfile *s, uint32_t doc, struct err *e);
int spanfile_begin(struct spanfile *s, struct err *e);
/* Note a span; not thread-safe. */
int spanfile_put(struct spanfile *s, const struct span *x, struct err *e);
int spanfile_sort(struct spanfile *s, struct err *e);

/* One a thread, all zeros at first. */
struct spanfile_reader {
	struct span *v; /* what spanfile_of() found */
	size_t n;
	/* Private. */
	size_t cap, nread;
	uint64_t at; /* of the spans in read */
	struct span read[SPANFILE_STEP];
};

/* The spans of a document, by start. */
int spanfile_of(const struct spanfile *s, uint32_t doc,
    struct spanfile_reader *r, struct err *e);
void spanfile_reader_free(struct spanfile_reader *r);

#endif
