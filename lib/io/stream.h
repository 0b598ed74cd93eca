/* SPDX-License-Identifier: MIT */
#ifndef IO_STREAM_H
#define IO_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;

/*
 * Input: a file or stdin ("-"), gzip (any number of members), zstd (any number
 * of frames) or plain, told apart by its first bytes.
 *
 * A compressed file is a row of members (a zstd file may begin with the
 * dictionary that its frames need: io/zdict.h).  One in_read() never crosses
 * from one member into the next, so that the caller knows where in the file a
 * byte came from.  A broken member is ERR_DAMAGE: everything readable before it
 * has been returned, and the next in_read() goes on at the next member that can
 * be found; its message doesn't name the file.  Not thread-safe.
 */
struct in;

enum in_kind { IN_PLAIN, IN_GZIP, IN_ZSTD };

/* Bytes from elsewhere than a file: 1..n, 0 at the end, or an error. */
struct in_reader {
	ptrdiff_t (*read)(void *ctx, void *p, size_t n, struct err *e);
	void *ctx;
};

#ifdef __cplusplus
extern "C" {
#endif
int in_open(struct in **in, const char *path, struct err *e);
/* The same of what `from` reads, which is used until in_close(). */
int in_open_from(
    struct in **in, struct in_reader from, const char *name, struct err *e);
/* 1..n bytes, 0 at the end, ERR_DAMAGE (may be read further), or an error. */
ptrdiff_t in_read(struct in *in, void *buf, size_t n, struct err *e);
/* Like in_read(), but fills buf unless the input ends or is damaged: then what
 * was read before the damage comes first and the error with the next call. */
ptrdiff_t in_fill(struct in *in, void *buf, size_t n, struct err *e);
/*
 * Go on with the member that begins at that byte of the file, or in a plain
 * file with that byte.  If no member begins there the next read is ERR_DAMAGE.
 * ERR_ARG for a pipe.
 */
int in_seek(struct in *in, uint64_t offset, struct err *e);
/* After ERR_DAMAGE: was all of the member returned, but its checksum wrong? */
bool in_mismatch(const struct in *in);
/* The name for messages: the path, or "stdin". */
const char *in_name(const struct in *in);
enum in_kind in_kind(const struct in *in);
/* Where the member of the byte read last begins in the file (plain: 0) ... */
uint64_t in_member(const struct in *in);
/* ... and how many bytes in_read() had returned before it (plain: 0). */
uint64_t in_member_start(const struct in *in);
/* Bytes returned so far. */
uint64_t in_offset(const struct in *in);
/* Bytes of the file consumed so far, and its size (0 for a pipe). */
uint64_t in_raw_offset(const struct in *in);
uint64_t in_raw_size(const struct in *in);
void in_close(struct in *in);

/*
 * Output: a file or stdout (NULL or "-"); ".zst" and ".gz" compress.  A file
 * is whole or absent: it has no name until out_commit(), which syncs and
 * renames it.  A path that is there and isn't a regular file (/dev/null, a
 * pipe) is written directly.
 */
struct out;

int out_open(struct out **out, const char *path, struct err *e);
int out_write(struct out *out, const void *p, size_t n, struct err *e);
/* Write what is buffered, end the compressed stream, sync.  Call once. */
int out_finish(struct out *out, struct err *e);
/* Give the file its name.  After out_finish(). */
int out_rename(struct out *out, struct err *e);
/* out_finish(), out_rename(), out_close(): closes whatever happens. */
int out_commit(struct out *out, struct err *e);
/* Without out_rename() before it, the file is gone. NULL is fine. */
void out_close(struct out *out);
/* Bytes given to out_write() so far. */
uint64_t out_bytes(const struct out *out);
const char *out_name(const struct out *out);

/* The whole of a file, decompressed; the caller frees *p.  NUL is added. */
int in_slurp(const char *path, char **p, size_t *n, struct err *e);
/* Write a file whole: out_open, out_write, out_commit. */
int out_whole(const char *path, const void *p, size_t n, struct err *e);
#ifdef __cplusplus
}
#endif

#endif
