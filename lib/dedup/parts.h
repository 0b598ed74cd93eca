/* SPDX-License-Identifier: MIT */
#ifndef DEDUP_PARTS_H
#define DEDUP_PARTS_H

#include <stddef.h>
#include <stdint.h>

struct budget;
struct err;

enum { PART_LEAST = 1 << 10, PART_MOST = 32 << 10 /* bytes of a chunk */ };

/*
 * Many streams of bytes, written in any order and read back one by one, in one
 * nameless file in $TMPDIR: what a part has is written a chunk at a time.
 *
 * Memory, charged to the budget: a chunk a part, 8 bytes for each chunk on
 * disk.  Writing is not thread-safe; reading is, each reader by itself.
 */
struct part {
	char *chunk;  /* the bytes not yet written */
	size_t used;  /* of it */
	uint64_t *at; /* of the chunks on disk */
	size_t n, cap;
};

struct parts {
	struct budget *budget;
	struct part *v;
	size_t n, chunk; /* bytes */
	int fd;
	uint64_t end; /* of the file */
};

/* n parts; chunk: PART_LEAST to PART_MOST bytes. */
int parts_init(
    struct parts *p, struct budget *b, size_t n, size_t chunk, struct err *e);
void parts_free(struct parts *p);
/* Append to a part.  ERR_IO, naming $TMPDIR, if the disk is full. */
int parts_put(
    struct parts *p, size_t part, const void *bytes, size_t n, struct err *e);
/* Bytes in a part. */
uint64_t parts_size(const struct parts *p, size_t part);

struct part_reader {
	const struct parts *parts;
	size_t part, chunk, from, n;
	char bytes[PART_MOST];
};

void part_open(struct part_reader *r, const struct parts *p, size_t part);
/* Exactly n bytes: 1; 0 at the part's end. */
int part_read(struct part_reader *r, void *bytes, size_t n, struct err *e);

#endif
