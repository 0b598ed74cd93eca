/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
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
