/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "io/in_impl.h"

static ptrdiff_t
read_some(int fd, void *p, size_t n)
{
	ptrdiff_t got;

	do
		got = read(fd, p, n);
	while (got < 0 && errno == EINTR);
	return got;
}

ptrdiff_t
in_read_raw(struct in *in, void *p, size_t n, struct err *e)
{
	ptrdiff_t got;

	if (in->from.read)
		return in->from.read(in->from.ctx, p, n, e);
	got = read_some(in->fd, p, n);
	return got < 0 ? err_errno(e, in_name(in), "read") : got;
}

int
in_refill(struct in *in, struct err *e)
{
	ptrdiff_t got;

	if (in->at) {
		memmove(in->raw - IN_BACK / 2, in->raw + in->at - IN_BACK / 2,
		    (size_t)(in->have - in->at) + IN_BACK / 2);
		in->raw_base += (uint64_t)in->at;
		in->have -= in->at;
		in->at = 0;
	}
	if (in->have == in->cap)
		return 0;
	got = in_read_raw(
	    in, in->raw + in->have, (size_t)(in->cap - in->have), e);
	if (got < 0)
		return (int)got;
	in->raw_eof = got == 0;
	in->have += got;
	return 0;
}

int
in_want(struct in *in, ptrdiff_t n, struct err *e)
{
	while (in->have - in->at < n && !in->raw_eof)
		if (in_refill(in, e) < 0)
			return e->code;
	return 0;
}

int
in_open_fd(struct in *in, const char *path, struct err *e)
{
	struct stat st;

	in->fd = strcmp(path, "-") == 0 ? STDIN_FILENO
					: open(path, O_RDONLY | O_CLOEXEC);
	if (in->fd < 0)
		return err_errno(e, in_name(in), "open it");
	if (fstat(in->fd, &st) < 0)
		return err_errno(e, in_name(in), "look at it");
	if (S_ISDIR(st.st_mode))
		return err_set(e, ERR_IO, "%s: is a folder", in_name(in));
	if (S_ISREG(st.st_mode) && lseek(in->fd, 0, SEEK_CUR) == 0) {
		in->seekable = true;
		in->raw_size = (uint64_t)st.st_size;
		posix_fadvise(in->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	}
	return 0;
}

int
in_make_raw(struct in *in, struct err *e)
{
	uint64_t n =
	    in->seekable && in->raw_size < IN_RAW ? in->raw_size : IN_RAW;
	unsigned char *raw;

	in->cap = n > IN_RAW_MIN ? (ptrdiff_t)n : IN_RAW_MIN;
	raw = malloc(IN_BACK + (size_t)in->cap);
	if (!raw)
		return err_nomem(e, "an input stream");
	memset(raw, 0, IN_BACK);
	in->raw = raw + IN_BACK;
	return 0;
}

int
in_take_raw(struct in *in, size_t n, unsigned char **p, struct err *e)
{
	size_t got = 0, have;

	*p = malloc(n + 1);
	if (!*p)
		return err_nomem(e, "a zstd dictionary");
	while (got < n) {
		if (in_want(in, 1, e) < 0)
			return e->code;
		have = (size_t)(in->have - in->at);
		if (have == 0)
			return err_set(e, ERR_DAMAGE, "cut off");
		have = have < n - got ? have : n - got;
		memcpy(*p + got, in->raw + in->at, have);
		in->at += (ptrdiff_t)have;
		got += have;
	}
	return 0;
}

void
in_free_raw(struct in *in)
{
	if (in->raw)
		free(in->raw - IN_BACK);
	in->raw = NULL;
}

int
in_seek_raw(struct in *in, uint64_t from, struct err *e)
{
	if (lseek(in->fd, (off_t)from, SEEK_SET) < 0)
		return err_errno(e, in_name(in), "seek");
	in->raw_base = from;
	in->at = in->have = 0;
	in->raw_eof = false;
	return 0;
}
