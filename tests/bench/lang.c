/* SPDX-License-Identifier: MIT */
/*
 * lang [FILE BYTES]...: the built-in language model on the file's text, cut
 * into pieces of so many bytes (0: its lines), by CPU time.  Without files, on
 * made-up text.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "filter/lang.h"
#include "io/stream.h"

enum { LEAST = 20000000 /* bytes of text looked at */ };

static double
cpu_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Bytes of the next piece. */
static size_t
piece(struct str left, size_t bytes)
{
	const char *end = bytes ? NULL : memchr(left.p, '\n', left.n);

	if (bytes)
		return bytes < left.n ? bytes : left.n;
	return end ? (size_t)(end - left.p) + 1 : left.n;
}

static void
measure(const struct langid *m, const char *name, struct str text, size_t bytes)
{
	struct lang l;
	struct str left = text;
	size_t done = 0, pieces = 0, n;
	double start = cpu_seconds(), seconds;

	for (; text.n && done < LEAST; pieces++, done += n) {
		if (left.n == 0)
			left = text;
		n = piece(left, bytes);
		langid_guess(m, (struct str){ left.p, n }, &l);
		left.p += n;
		left.n -= n;
	}
	seconds = cpu_seconds() - start;
	printf("lang: %s, pieces of %zu bytes: %.0f MB/s, %.0f texts/s\n", name,
	    pieces ? done / pieces : 0, (double)done / 1e6 / seconds,
	    (double)pieces / seconds);
}

static void
make_text(struct buf *b)
{
	static const char *const words[] = { "the ", "mill ", "of ", "grain ",
		"water ", "stone ", "and ", "turning, ", "river. ", "to ",
		"that ", "farmers ", "carried ", "from ", "(old) ", "valley ",
		"every ", "autumn;\n", "with ", "their ", "carts ", "flour ",
		"baker ", "in ", "1890 ", "north-west ", "don't ", "be ", "a ",
		"is ", "bread ", "wheel " };
	uint64_t i;

	for (i = 0; i < 200000; i++)
		buf_puts(b, words[mix64(i) % 32]);
}

int
main(int argc, char **argv)
{
	static const size_t sizes[] = { 120, 600, 4000, 20000 };
	struct langid *m;
	struct buf b = { 0 };
	struct err e;
	char *p;
	size_t n, i;
	int k;

	if (langid_builtin(&m, &e) < 0)
		return 1;
	make_text(&b);
	for (i = 0; argc < 3 && i < sizeof(sizes) / sizeof(*sizes); i++)
		measure(m, "made-up text", buf_view(&b), sizes[i]);
	for (k = 1; k + 1 < argc; k += 2) {
		if (in_slurp(argv[k], &p, &n, &e) < 0) {
			fprintf(stderr, "%s\n", e.msg);
			return 1;
		}
		measure(m, argv[k], (struct str){ p, n },
		    (size_t)strtoul(argv[k + 1], NULL, 10));
		free(p);
	}
	langid_free(m);
	buf_free(&b);
	return 0;
}
