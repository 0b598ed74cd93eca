/* SPDX-License-Identifier: MIT */
/* Files of stages and of an index: any bytes are read, or refused. */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/err.h"
#include "dedup/groups.h"
#include "dedup/key.h"
#include "dedup/recfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
read_tag(struct rec_in *r, unsigned tag, struct err *e)
{
	struct buf id = { 0 };
	struct who w;
	struct str s;

	rec_start(r, tag);
	while (rec_next(r, &s, e) > 0) {
		who_get(&s, &w);
		buf_clear(&id);
		if (s.p)
			key_get_str(&w.id, &id);
		key_get_u64(&s);
	}
	buf_free(&id);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	int fd = memfd_create("rec", 0);
	char name[64];
	struct rec_in r;
	struct err e;

	if (fd < 0)
		return 0;
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	if (write(fd, data, n) == (ssize_t)n && rec_open(&r, name, &e) == 0) {
		read_tag(&r, 0, &e);
		read_tag(&r, 1, &e);
		rec_free(&r);
	}
	close(fd);
	return 0;
}
