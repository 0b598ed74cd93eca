/* SPDX-License-Identifier: MIT */
/* Any bytes as a compressed file: reading ends, within bounds, by any pieces.
 */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/err.h"
#include "io/stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { LIMIT = 1 << 22 };

static uint64_t
read_all(const char *path, size_t piece)
{
	uint64_t sum = 0, calls = 0;
	char buf[4096];
	struct in *in;
	struct err e;
	ptrdiff_t got;

	if (in_open(&in, path, &e) < 0)
		abort();
	while ((got = in_read(in, buf, piece, &e)) != 0) {
		if (got < 0 && got != ERR_DAMAGE)
			abort();
		for (ptrdiff_t i = 0; i < got; i++)
			sum = sum * 31 + (unsigned char)buf[i];
		if (in_offset(in) > LIMIT || ++calls > LIMIT)
			break;
	}
	in_close(in);
	return sum;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	int fd = memfd_create("fuzz", 0);
	char path[64];

	if (fd < 0 || write(fd, data, n) != (ssize_t)n)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	read_all(path, 4096);
	read_all(path, 100);
	close(fd);
	return 0;
}
