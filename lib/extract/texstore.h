/* SPDX-License-Identifier: MIT */
#ifndef EXTRACT_TEXSTORE_H
#define EXTRACT_TEXSTORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

struct err;

/*
 * The TeX files of one archive, held until all are there: which of them are
 * whole papers, and which are only put into others by \input?
 */
struct texfile {
	size_t path, path_n, text, text_n; /* in bytes */
	uint64_t offset, number;
	bool truncated, root;
	size_t by; /* the file that inputs it, if it is no root; else itself */
};

struct texstore {
	struct buf bytes;
	struct texfile *file;
	size_t n, cap, next;
	bool sorted; /* roots have been found */
	bool *seen;  /* scratch of texstore_bundle() */
};

void texstore_free(struct texstore *t);
void texstore_clear(struct texstore *t);
/* Is there room within max bytes, and fewer files than can be sorted out? */
bool texstore_fits(const struct texstore *t, size_t n, uint64_t max);
int texstore_add(struct texstore *t, const struct texfile *f, struct str path,
    struct str text, struct err *e);
/* Find the roots: call it once all files are in. */
int texstore_sort(struct texstore *t, struct err *e);
/* All that file i inputs, and what those do, as a bundle (corpus.h). */
int texstore_bundle(
    struct texstore *t, size_t i, struct buf *bundle, struct err *e);

static inline struct str
texstore_path(const struct texstore *t, size_t i)
{
	return (struct str){ t->bytes.p + t->file[i].path, t->file[i].path_n };
}

static inline struct str
texstore_text(const struct texstore *t, size_t i)
{
	return (struct str){ t->bytes.p + t->file[i].text, t->file[i].text_n };
}

#endif
