/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "io/scratch.h"

int
scratch_open(int *fd, struct err *e)
{
	const char *dir = getenv("TMPDIR");
	char name[4096];

	if ((size_t)snprintf(name, sizeof(name), "%s/quern-XXXXXX",
		dir ? dir : "/tmp") >= sizeof(name))
		return err_set(e, ERR_ARG, "$TMPDIR: name too long");
	*fd = mkostemp(name, O_CLOEXEC);
	if (*fd < 0)
		return err_errno(e, name, "create it");
	unlink(name);
	return 0;
}

int
scratch_write(int fd, const void *p, size_t n, uint64_t at, struct err *e)
{
	const char *from = p;
	ssize_t put;

	for (; n; from += put, n -= (size_t)put, at += (uint64_t)put) {
		put = pwrite(fd, from, n, (off_t)at);
		if (put < 0 && errno == EINTR)
			put = 0;
		if (put < 0)
			return err_set(e, ERR_IO,
			    "cannot write to a file in $TMPDIR: %s",
			    strerror(errno));
	}
	return 0;
}

int
scratch_read(int fd, void *p, size_t n, uint64_t at, struct err *e)
{
	char *to = p;
	ssize_t got;

	for (; n; to += got, n -= (size_t)got, at += (uint64_t)got) {
		got = pread(fd, to, n, (off_t)at);
		if (got < 0 && errno == EINTR)
			got = 0;
		else if (got <= 0)
			return err_set(e, ERR_IO,
			    "cannot read a file in $TMPDIR: %s",
			    got ? strerror(errno) : "it ends too soon");
	}
	return 0;
}
