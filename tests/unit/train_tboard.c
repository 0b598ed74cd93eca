/* SPDX-License-Identifier: MIT */
/* Events for TensorBoard, read back by a reader of its own. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/err.h"
#include "io/stream.h"
#include "tap.h"
#include "train/tboard.h"

/* CRC-32C, bit by bit (RFC 3720, B.4). */
static uint32_t
slow_crc(const void *p, size_t n)
{
	const unsigned char *s = p;
	uint32_t crc = 0xffffffff;
	int i;

	while (n--) {
		crc ^= *s++;
		for (i = 0; i < 8; i++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
	}
	crc = ~crc;
	return ((crc >> 15) | (crc << 17)) + 0xa282ead8u;
}

static uint64_t
little(const char *p, int n)
{
	uint64_t v = 0;

	while (n--)
		v = v << 8 | (unsigned char)p[n];
	return v;
}

static void
test_crc(void)
{
	char bytes[64];
	bool same = true;
	size_t i;

	/* The check value of CRC-32C is e3069283. */
	OK(tboard_crc("123456789", 9) ==
		((0xe3069283u >> 15 | 0xe3069283u << 17) + 0xa282ead8u),
	    "the published check value, masked");
	for (i = 0; i < sizeof(bytes); i++) {
		bytes[i] = (char)(i * 37);
		same = same && tboard_crc(bytes, i) == slow_crc(bytes, i);
	}
	OK(same, "any length");
}

/* Records of a file, if all checksums hold; else -1. */
static int
records(const char *path, struct str *last)
{
	char *p, *q;
	size_t n;
	struct err e;
	int count = 0;
	static char kept[256];

	if (in_slurp(path, &p, &n, &e) < 0)
		return -1;
	for (q = p; q < p + n; count++) {
		size_t size = little(q, 8);

		if (size > n || little(q + 8, 4) != slow_crc(q, 8) ||
		    little(q + 12 + size, 4) != slow_crc(q + 12, size)) {
			count = -1;
			break;
		}
		last->n = size < sizeof(kept) ? size : sizeof(kept);
		memcpy(kept, q + 12, last->n);
		last->p = kept;
		q += 16 + size;
	}
	free(p);
	return count;
}

static bool
has(struct str s, const char *what)
{
	size_t n = strlen(what), i;

	for (i = 0; i + n <= s.n; i++)
		if (memcmp(s.p + i, what, n) == 0)
			return true;
	return false;
}

int
main(void)
{
	struct step_report r = { .step = 1,
		.loss = 2.5,
		.lr = 1e-3,
		.grad_norm = 1,
		.tokens_per_s = 10,
		.mfu = .5 };
	char dir[] = "/tmp/quern-tboard-XXXXXX";
	struct tboard one, two, none;
	struct str last = { NULL, 0 };
	struct err e;

	test_crc();
	if (!mkdtemp(dir))
		return 1;
	OK(tboard_open(&one, dir, 0, &e) == 0 && tboard_add(&one, &r, &e) == 0,
	    "a step");
	OK(records(one.path, &last) == 2 && has(last, "train/loss") &&
		has(last, "train/tokens_per_second") &&
		has(last, "train/mfu") && !has(last, "valid/"),
	    "two records: version and step");
	/* 2.5 as a float, the lowest byte first, behind the key of field 2. */
	OK(memmem(last.p, last.n, "\x15\x00\x00\x20\x40", 5), "its loss");
	r.skipped = r.validated = true;
	OK(tboard_open(&two, dir, 1, &e) == 0 &&
		strcmp(one.path, two.path) != 0 &&
		tboard_add(&two, &r, &e) == 0 &&
		records(two.path, &last) == 3 && has(last, "valid/loss") &&
		!has(last, "train/"),
	    "resumed: another file, and a start");
	OK(tboard_open(&none, "/dev/null/x", 0, &e) == ERR_IO && none.fd == -1,
	    "nothing is open after an error");
	unlink(one.path);
	unlink(two.path);
	tboard_close(&one);
	tboard_close(&two);
	rmdir(dir);
	return tap_end();
}
