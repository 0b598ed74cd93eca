/* SPDX-License-Identifier: MIT */
#ifndef EXTRACT_UNPACK_H
#define EXTRACT_UNPACK_H

#include "base/str.h"
#include "extract/window.h"

struct err;

/*
 * A file's contents, entry by entry: out of tar, zip and 7z, compressed with
 * gzip, zstd, bzip2, xz or lz4, in each other up to four deep.  A file that is
 * none of these is its own only entry.  Nothing is written to disk; entries
 * are streamed, except that a zip or 7z within another file, or out of a pipe,
 * is held in memory (max_held bytes at most).  An EPUB is an entry, not a zip.
 */
struct unpack;

struct unpack_entry {
	struct str path;    /* "a/b.zip/c.txt"; empty for the file itself */
	uint64_t offset;    /* of its header in the archive around it, which may
			       be compressed itself: then decompressed */
	size_t archive;     /* bytes of path that name the archive around */
	bool alone;         /* compressed by itself within that */
	struct window *win; /* its bytes; what's left unread is skipped */
};

int unpack_open(
    struct unpack **u, const char *file, uint64_t max_held, struct err *e);
/* The same of a file that has been opened and looked at through win: both are
 * taken over, whatever comes. */
int unpack_take(struct unpack **u, const char *file, struct in *in,
    const struct window *win, uint64_t max_held, struct err *e);
/* The same of bytes in memory, which stay the caller's; opens an EPUB too. */
int unpack_memory(
    struct unpack **u, struct str bytes, uint64_t max_held, struct err *e);
void unpack_close(struct unpack *u);
/*
 * The next entry that is a regular file: 1, or 0 at the end.  ERR_DAMAGE: x
 * says where, and reading may go on.  x lives until the next call.
 */
int unpack_next(struct unpack *u, struct unpack_entry *x, struct err *e);
/* Bytes of the file read so far. */
uint64_t unpack_raw(const struct unpack *u);
/* Is this the start of an archive that unpack opens? */
bool unpack_starts(struct str s);

#endif
