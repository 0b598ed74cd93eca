/* SPDX-License-Identifier: MIT */
#ifndef DEDUP_COVER_H
#define DEDUP_COVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct err;
struct span;

/* Bytes start..end of a text stand first at the place `from`, at least those
 * with which they begin. */
struct range {
	uint32_t start, end;
	uint64_t from;
};

/* What windows cover of a text: ranges that ascend and do not touch. */
struct cover {
	struct range *v;
	size_t n;
	uint64_t bytes;
	/* Private. */
	size_t cap;
};

void cover_free(struct cover *c);
/*
 * From a document's n spans of windows of `width` bytes, by start; rank tells
 * which places are its own.  Ranges are made of whole characters of the text
 * (valid UTF-8).  ERR_IO if a span is outside of it: it is another text.
 */
int cover_of(struct cover *c, const struct span *v, size_t n, size_t width,
    uint32_t rank, struct str text, struct err *e);

#endif
