/* SPDX-License-Identifier: MIT */
#ifndef IO_IN_IMPL_H
#define IO_IN_IMPL_H

/*
 * Between in_raw.c, which gets the bytes of a file as they are, and in.c, which
 * finds the members in them.
 */

#include <isa-l/igzip_lib.h>
#include <zstd.h>

#include "base/err.h"
#include "io/stream.h"

enum {
	IN_RAW = 256 * 1024, /* bytes asked of the system at a time */
	IN_RAW_MIN = 4096,   /* ... where the whole file is no longer */
	IN_BACK = 32,        /* kept before them: the inflater reads ahead */
};

/* What is to be done before the next byte can be returned. */
enum in_phase {
	AT_MEMBER, /* a member (or the end) is next */
	IN_MEMBER,
	LOST, /* look for the next member */
	ENDED,
};

struct in {
	char *path;
	int fd;
	struct in_reader from; /* instead of fd, if it has a function */
	enum in_kind kind;
	enum in_phase phase;
	bool seekable, raw_eof;
	bool mismatch; /* the last damage was a wrong checksum */
	uint64_t raw_size;
	uint64_t raw_base;  /* file offset of raw[0] */
	unsigned char *raw; /* cap bytes, IN_BACK bytes of the past before */
	ptrdiff_t cap;
	ptrdiff_t at, have; /* raw[at..have) is unread; at may be < 0 */
	uint64_t member, member_start, offset;
	ptrdiff_t pending; /* an error that in_fill() holds back */
	struct err pending_err;
	struct inflate_state *inflate; /* of gzip */
	ZSTD_DStream *zstd;
	size_t zstd_next;  /* bytes to the end of the next block's header */
	bool zstd_waiting; /* output may wait in the library */
};

/* Opens path ("-" is stdin) and learns its size, if it has one; 0 or error. */
int in_open_fd(struct in *in, const char *path, struct err *e);

/* A buffer no larger than the file can need: small files open fast. */
int in_make_raw(struct in *in, struct err *e);

void in_free_raw(struct in *in);

/* Raw bytes from wherever they come, past the buffer; an error is set if < 0.
 */
ptrdiff_t in_read_raw(struct in *in, void *p, size_t n, struct err *e);

/* More raw bytes behind those unread; 0 and raw_eof at the end of the file. */
int in_refill(struct in *in, struct err *e);

/* At least n (<= IN_RAW_MIN) raw bytes unread, fewer at the end of the file. */
int in_want(struct in *in, ptrdiff_t n, struct err *e);

/* The next n bytes as they are in the file; the caller frees *p, also on error.
 */
int in_take_raw(struct in *in, size_t n, unsigned char **p, struct err *e);

/* On from byte `from` of a file that is seekable; 0 or error. */
int in_seek_raw(struct in *in, uint64_t from, struct err *e);

#endif
