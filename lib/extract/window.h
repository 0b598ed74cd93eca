/* SPDX-License-Identifier: MIT */
#ifndef EXTRACT_WINDOW_H
#define EXTRACT_WINDOW_H

#include "base/buf.h"
#include "base/err.h"

struct in;

/*
 * A window on a stream, in which archive readers look ahead: the bytes from
 * `at` on are unread.  It knows where in the file each byte's compressed
 * member begins.  Damage of the stream is a wall: nothing is read behind it
 * until the reader has used up what lies before and calls window_pass().
 */
struct window_mark {
	uint64_t start; /* of a member, in the decompressed stream */
	uint64_t raw;   /* in the file */
};

struct window {
	struct in *in;
	struct buf b;
	size_t at;
	uint64_t base; /* stream offset of b.p[0] */
	struct window_mark *mark;
	size_t nmark, cap;
	bool eof;
	struct err broken;   /* code set: the wall, and what is wrong there */
	bool mismatch;       /* a wrong checksum is */
	uint64_t broken_raw; /* of the broken member, in the file */
};

void window_init(struct window *w, struct in *in);
void window_free(struct window *w);
/* Read until b.n >= end, if the stream has as much before its end or wall. */
int window_fill(struct window *w, size_t end, struct err *e);
/* Forget what was read; indices into b change, at follows. */
void window_compact(struct window *w);
/* Offset in the file of byte b.p[i], or of the member that holds it. */
uint64_t window_raw(const struct window *w, size_t i);
/* Index of the first member start in [from, to); to if there is none. */
size_t window_member(const struct window *w, size_t from, size_t to);
/*
 * Are the bytes [from, to), and line ends, a whole member whose checksum is
 * wrong?
 */
bool window_spoiled(const struct window *w, size_t from, size_t to);
/* Begin anew at that byte of the file: see in_seek(). */
int window_seek(struct window *w, uint64_t offset, struct err *e);
/* Has the stream nothing behind b? */
bool window_ended(const struct window *w);
/* Go on behind the wall. */
void window_pass(struct window *w);

#endif
