/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <libdeflate.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "base/err.h"
#include "base/str.h"
#include "io/stream.h"

enum {
	PLAIN_BLOCK = 256 * 1024,
	GZIP_BLOCK = 1024 * 1024, /* text bytes a gzip member */
	GZIP_LEVEL = 6,
	ZSTD_LEVEL = 3,
};

enum kind { PLAIN, GZIP, ZSTD };

struct out {
	char *path; /* NULL: stdout */
	char *tmp;  /* its name until the rename, or NULL */
	int fd;
	enum kind kind;
	bool direct;  /* not a file of ours: nothing to rename */
	bool unnamed; /* O_TMPFILE: has no name at all yet */
	uint64_t bytes;
	char *block; /* uncompressed bytes waiting */
	size_t n, cap;
	char *packed;
	size_t packed_cap;
	struct libdeflate_compressor *gzip;
	ZSTD_CStream *zstd;
};

const char *
out_name(const struct out *o)
{
	return o->path ? o->path : "stdout";
}

uint64_t
out_bytes(const struct out *o)
{
	return o->bytes;
}

static int
set_up_kind(struct out *o, struct err *e)
{
	struct str path = str_c(o->path);

	o->cap = PLAIN_BLOCK;
	if (str_ends(path, STR(".gz"))) {
		o->kind = GZIP;
		o->cap = GZIP_BLOCK;
		o->gzip = libdeflate_alloc_compressor(GZIP_LEVEL);
		o->packed_cap =
		    o->gzip ? libdeflate_gzip_compress_bound(o->gzip, o->cap)
			    : 1;
	} else if (str_ends(path, STR(".zst"))) {
		o->kind = ZSTD;
		o->zstd = ZSTD_createCStream();
		o->packed_cap = ZSTD_CStreamOutSize();
		ZSTD_CCtx_setParameter(
		    o->zstd, ZSTD_c_compressionLevel, ZSTD_LEVEL);
		ZSTD_CCtx_setParameter(o->zstd, ZSTD_c_checksumFlag, 1);
	}
	o->block = malloc(o->cap);
	if (o->packed_cap)
		o->packed = malloc(o->packed_cap);
	if (!o->block || (o->kind != PLAIN && !o->packed) ||
	    (o->kind == GZIP && !o->gzip) || (o->kind == ZSTD && !o->zstd))
		return err_nomem(e, "an output stream");
	return 0;
}

/* The folder of path, as malloc'd string. */
static char *
folder(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return strdup(".");
	return strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

static int
open_file(struct out *o, struct err *e)
{
	char *dir = folder(o->path);
	size_t n = strlen(o->path) + 32;

	o->tmp = malloc(n);
	if (!dir || !o->tmp) {
		free(dir);
		return err_nomem(e, "a file name");
	}
	snprintf(o->tmp, n, "%s.%ld.tmp", o->path, (long)getpid());
	/* A file without a name needs no cleaning up after kill -9. */
	o->fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0666);
	o->unnamed = o->fd >= 0;
	if (!o->unnamed)
		o->fd =
		    open(o->tmp, O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0666);
	free(dir);
	return o->fd < 0 ? err_errno(e, o->path, "create it") : 0;
}

/* A link keeps pointing at its file: what is replaced is the file. */
static int
follow_link(struct out *o, struct err *e)
{
	struct stat st;
	char *target;

	if (lstat(o->path, &st) < 0 || !S_ISLNK(st.st_mode) ||
	    stat(o->path, &st) < 0)
		return 0;
	target = realpath(o->path, NULL);
	if (!target)
		return err_errno(e, o->path, "follow the link");
	free(o->path);
	o->path = target;
	return 0;
}

/* The descriptor that path is another name of, or -1. */
static int
descriptor(const char *path)
{
	char junk;
	int fd;

	if (strcmp(path, "/dev/stdout") == 0)
		return STDOUT_FILENO;
	if (strcmp(path, "/dev/stderr") == 0)
		return STDERR_FILENO;
	if (sscanf(path, "/dev/fd/%d%c", &fd, &junk) == 1 ||
	    sscanf(path, "/proc/self/fd/%d%c", &fd, &junk) == 1)
		return fd;
	return -1;
}

static int
open_fd(struct out *o, struct err *e)
{
	struct stat st;
	int fd = o->path ? descriptor(o->path) : -1;

	if (fd >= 0) {
		/* What was written there before stays. */
		o->direct = true;
		o->fd = dup(fd);
		return o->fd < 0 ? err_errno(e, o->path, "open it") : 0;
	}
	if (!o->path) {
		o->fd = STDOUT_FILENO;
		o->direct = true;
		return 0;
	}
	if (stat(o->path, &st) == 0 && !S_ISREG(st.st_mode)) {
		o->direct = true;
		o->fd = open(o->path, O_WRONLY | O_CLOEXEC);
		return o->fd < 0 ? err_errno(e, o->path, "open it") : 0;
	}
	return follow_link(o, e) < 0 ? e->code : open_file(o, e);
}

int
out_open(struct out **out, const char *path, struct err *e)
{
	struct out *o;

	*out = NULL;
	if (path && !*path)
		return err_set(e, ERR_ARG, "an empty name for an output file");
	o = calloc(1, sizeof(*o));
	if (!o)
		return err_nomem(e, "an output stream");
	o->fd = -1;
	if (path && strcmp(path, "-") != 0) {
		o->path = strdup(path);
		if (!o->path) {
			out_close(o);
			return err_nomem(e, "a file name");
		}
	}
	if (set_up_kind(o, e) < 0 || open_fd(o, e) < 0) {
		out_close(o);
		return e->code;
	}
	*out = o;
	return 0;
}

static int
write_all(struct out *o, const char *p, size_t n, struct err *e)
{
	ptrdiff_t put;

	while (n) {
		put = write(o->fd, p, n);
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return err_errno(e, out_name(o), "write");
		p += put;
		n -= (size_t)put;
	}
	return 0;
}

static int
put_zstd(struct out *o, const char *p, size_t n, ZSTD_EndDirective end,
    struct err *e)
{
	ZSTD_inBuffer in = { p, n, 0 };
	ZSTD_outBuffer to;
	size_t left;

	do {
		to = (ZSTD_outBuffer){ o->packed, o->packed_cap, 0 };
		left = ZSTD_compressStream2(o->zstd, &to, &in, end);
		if (ZSTD_isError(left))
			return err_set(e, ERR_IO, "%s: zstd: %s", out_name(o),
			    ZSTD_getErrorName(left));
		if (write_all(o, o->packed, to.pos, e) < 0)
			return e->code;
	} while (in.pos < in.size || (end == ZSTD_e_end && left));
	return 0;
}

/* Send the waiting block on. */
static int
flush_block(struct out *o, struct err *e)
{
	size_t n = o->n;

	o->n = 0;
	if (o->kind == PLAIN)
		return write_all(o, o->block, n, e);
	if (o->kind == ZSTD)
		return put_zstd(o, o->block, n, ZSTD_e_continue, e);
	n = libdeflate_gzip_compress(
	    o->gzip, o->block, n, o->packed, o->packed_cap);
	return write_all(o, o->packed, n, e);
}

int
out_write(struct out *o, const void *data, size_t n, struct err *e)
{
	const char *p = data;
	size_t take;

	o->bytes += n;
	while (n) {
		if (o->n == 0 && o->kind == PLAIN && n >= o->cap)
			return write_all(o, p, n, e);
		take = o->cap - o->n < n ? o->cap - o->n : n;
		memcpy(o->block + o->n, p, take);
		o->n += take;
		p += take;
		n -= take;
		if (o->n == o->cap && flush_block(o, e) < 0)
			return e->code;
	}
	return 0;
}

int
out_finish(struct out *o, struct err *e)
{
	/* An empty .gz is one empty member, so that it is a gzip file. */
	bool empty_gzip = o->kind == GZIP && o->bytes == 0;

	if ((o->n || empty_gzip) && flush_block(o, e) < 0)
		return e->code;
	if (o->kind == ZSTD && put_zstd(o, NULL, 0, ZSTD_e_end, e) < 0)
		return e->code;
	if (!o->direct && fsync(o->fd) < 0)
		return err_errno(e, out_name(o), "sync");
	if (o->direct && o->fd == STDOUT_FILENO) {
		/* Some file systems report a failed write only here. */
		int fd = dup(o->fd);

		if (fd >= 0 && close(fd) < 0)
			return err_errno(e, out_name(o), "write");
	}
	return 0;
}

static int
name_unnamed(struct out *o, struct err *e)
{
	char self[64];

	snprintf(self, sizeof(self), "/proc/self/fd/%d", o->fd);
	unlink(o->tmp); /* left by a killed run of the same number */
	if (linkat(AT_FDCWD, self, AT_FDCWD, o->tmp, AT_SYMLINK_FOLLOW) < 0)
		return err_errno(e, o->path, "name it");
	o->unnamed = false;
	return 0;
}

static void
sync_folder(const char *path)
{
	char *dir = folder(path);
	int fd = dir ? open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	/* Not every file system can; the file itself is safe already. */
	if (fd >= 0) {
		(void)!fsync(fd);
		close(fd);
	}
	free(dir);
}

int
out_rename(struct out *o, struct err *e)
{
	if (o->direct)
		return 0;
	if (o->unnamed && name_unnamed(o, e) < 0)
		return e->code;
	if (rename(o->tmp, o->path) < 0)
		return err_errno(e, o->path, "rename the finished file to it");
	o->direct = true;
	sync_folder(o->path);
	return 0;
}

int
out_commit(struct out *o, struct err *e)
{
	int rc = out_finish(o, e);

	if (rc == 0)
		rc = out_rename(o, e);
	out_close(o);
	return rc;
}

void
out_close(struct out *o)
{
	if (!o)
		return;
	if (o->fd >= 0 && !o->direct && !o->unnamed)
		unlink(o->tmp);
	if (o->fd > STDERR_FILENO)
		close(o->fd);
	libdeflate_free_compressor(o->gzip);
	ZSTD_freeCStream(o->zstd);
	free(o->block);
	free(o->packed);
	free(o->tmp);
	free(o->path);
	free(o);
}

int
out_whole(const char *path, const void *p, size_t n, struct err *e)
{
	struct out *o;

	if (out_open(&o, path, e) < 0)
		return e->code;
	if (out_write(o, p, n, e) < 0) {
		out_close(o);
		return e->code;
	}
	return out_commit(o, e);
}
