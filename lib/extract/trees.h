/* SPDX-License-Identifier: MIT */
#ifndef EXTRACT_TREES_H
#define EXTRACT_TREES_H

#include "base/buf.h"
#include "base/path.h"

struct err;

/* Which licence holds for which folder of a source tree: by LICENSE, COPYING
 * and the like in it or in a folder above. */
struct trees {
	struct tree {
		size_t dir, n; /* in names, with its '/' */
		const char *licence;
	} * v;
	size_t n, cap;
	struct buf names;
};

void trees_free(struct trees *t);
void trees_clear(struct trees *t);
/* text: of the licence file at path. */
int trees_add(struct trees *t, struct str path, struct str text, struct err *e);
/* All licence files in an archive, which is read through; damage is left to
 * whoever reads it for its documents. */
int trees_scan(struct trees *t, const char *archive, struct err *e);
/* Those among files. */
int trees_scan_paths(struct trees *t, const struct paths *paths, struct err *e);
/* Of the nearest folder that has one; NULL if none. */
const char *trees_find(const struct trees *t, struct str path);

#endif
