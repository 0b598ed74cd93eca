/* SPDX-License-Identifier: MIT */
#ifndef DEDUP_RECFILE_H
#define DEDUP_RECFILE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

struct err;
struct out;

/*
 * Files of records that one job hands to another (docs/formats.md).  Numbers
 * are little-endian.
 *
 *	header  "quernREC"; u32 version, kind; u32 bytes of options; options, a
 *	        text; u64 XXH3 of all that
 *	blocks  u32 tag, u32 bytes; u64 XXH3 of the bytes, seed: number of the
 *	        block; bytes: records, each u32 length and that many bytes
 *	end     a block with tag ffffffff: u64 records of tag 0, of tag 1, u64
 *	        digest, u64 number of this block
 *
 * A file is whole or absent.  What reads it refuses another version or kind,
 * other options, a block that is not what was written, and one cut off.
 */
enum rec_kind { REC_SIGNATURES = 1, REC_BUCKETS, REC_VERDICTS };

enum { REC_TAGS = 2 };

struct rec_out {
	struct out *out; /* or, for a nameless file: */
	int fd;
	uint64_t at, nblock;
	struct buf block[REC_TAGS];
	uint64_t n[REC_TAGS];
};

/* path NULL: a nameless file in $TMPDIR, to be read by rec_again(). */
int rec_create(struct rec_out *o, const char *path, enum rec_kind kind,
    const char *options, struct err *e);
int rec_add(struct rec_out *o, unsigned tag, struct str record, struct err *e);
/* Write the end, and sync. */
int rec_end(struct rec_out *o, uint64_t digest, struct err *e);
/* Give the file its name.  After rec_end(). */
int rec_name(struct rec_out *o, struct err *e);
/* Without rec_name() before it the file is gone.  Also of all zeros. */
void rec_close(struct rec_out *o);

struct rec_in {
	char *name;
	int fd;
	enum rec_kind kind;
	struct buf options;   /* with a NUL */
	uint64_t first, size; /* where the blocks begin; of the file */
	uint64_t at, nblock;
	unsigned tag;  /* that is read */
	uint64_t seen; /* records of it since rec_start() */
	struct buf block;
	size_t pos;
	uint64_t n[REC_TAGS], digest; /* of the end */
};

/* Also checks that the end is there. */
int rec_open(struct rec_in *r, const char *path, struct err *e);
/* The nameless file that o wrote, after rec_end(). */
int rec_again(struct rec_in *r, const struct rec_out *o, struct err *e);
/* Begin with the records of a tag. */
void rec_start(struct rec_in *r, unsigned tag);
/* 1 and the next one, until the call after it; 0 at the end. */
int rec_next(struct rec_in *r, struct str *record, struct err *e);
void rec_free(struct rec_in *r);

#endif
