/* SPDX-License-Identifier: MIT */
/* Any bytes as an ARC file: reading ends, in order. */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/err.h"
#include "extract/arc.h"
#include "extract/window.h"
#include "io/stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
read_all(struct in *in, uint64_t max_record)
{
	uint64_t at = 0, calls = 0;
	struct arc_head h;
	struct window win;
	struct warc_rec r;
	struct arc *a;
	struct err e;
	int rc;

	window_init(&win, in);
	a = arc_new(&win, max_record);
	if (!a)
		abort();
	while ((rc = arc_next(a, &r, &e)) != 0) {
		if (rc < 0 && rc != ERR_DAMAGE)
			abort();
		if (r.at < at || r.number != calls++ ||
		    (rc > 0 && !arc_parse(r.head, &h)))
			abort();
		at = r.at + r.raw.n;
	}
	arc_free(a);
	window_free(&win);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const uint64_t limits[] = { 1 << 20, 16 };
	int fd = memfd_create("fuzz", 0);
	struct in *in;
	struct err e;
	char path[64];
	size_t i;

	if (fd < 0 || write(fd, data, n) != (ssize_t)n)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	for (i = 0; i < 2; i++) {
		if (in_open(&in, path, &e) < 0)
			abort();
		read_all(in, limits[i]);
		in_close(in);
	}
	close(fd);
	return 0;
}
