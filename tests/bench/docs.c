/* SPDX-License-Identifier: MIT */
/*
 * Documents in and out through a filter that keeps everything: each record
 * fully parsed, its UTF-8 checked, its text unescaped, one signal read.
 * Gate: >= 1 GB/s on one core, uncompressed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/hash.h"
#include "io/docs.h"
#include "io/stream.h"

enum { SIZE_MIB = 256, RUNS = 5 };

static const char *const words[] = { "mill", "grain", "water", "stone", "the",
	"of", "and", "M\xc3\xbchle", "\xe6\xb0\xb4\xe8\xbb\x8a",
	"\\\"flour\\\"", "turning,", "river.", "\\n", "wheel", "bread",
	"miller" };

static void
make_text(struct buf *b, uint64_t *seed)
{
	size_t i, n = 100 + mix64(++*seed) % 800;

	for (i = 0; i < n; i++) {
		buf_puts(b, words[mix64(++*seed) % 16]);
		buf_putc(b, ' ');
	}
}

static int
make_input(const char *path, struct err *e)
{
	struct buf b = { 0 };
	uint64_t seed = 0, i;
	int rc;

	for (i = 0; b.n < (size_t)SIZE_MIB << 20; i++) {
		buf_printf(&b, "{\"id\":\"doc-%llu\",\"text\":\"",
		    (unsigned long long)i);
		make_text(&b, &seed);
		buf_printf(&b,
		    "\",\"metadata\":{\"url\":\"https://example.org/%llu\","
		    "\"language\":\"en\",\"language_score\":0.%llu}}\n",
		    (unsigned long long)i, (unsigned long long)i % 1000);
	}
	rc = out_whole(path, b.p, b.n, e);
	buf_free(&b);
	return rc;
}

static int
keep(void *ctx, void *worker, struct doc *d, struct emit *em, struct err *e)
{
	double score = json_double(doc_meta(d, "language_score"), -1);

	(void)ctx;
	(void)worker;
	if (score < 0)
		return err_set(e, ERR_FORMAT, "no score");
	return emit_keep(em, d, e);
}

static void
warn(struct run *r, struct str line)
{
	(void)r;
	fprintf(stderr, "%.*s\n", (int)line.n, line.p);
}

static int
once(char *in_path, const char *out_path, double *seconds, struct err *e)
{
	static const struct docs_ops ops = { .doc = keep };
	static const struct opt_cmd cmd = { .name = "bench" };
	struct opt_common opt;
	double start = progress_now();
	struct docs in;
	struct run r;
	int rc;

	opt_common_init(&opt);
	opt.threads = 1;
	opt.quiet = true;
	opt.out = out_path;
	if (docs_open(&in, &in_path, 1, &opt, e) < 0 ||
	    run_open(&r, &cmd, &opt, false, warn, e) < 0)
		return e->code;
	rc = docs_run(&in, &ops, NULL, &r, e);
	if (rc == 0)
		rc = run_close(&r, e);
	docs_close(&in);
	*seconds = progress_now() - start;
	return rc;
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static int
measure(char *path, const char *to, struct err *e)
{
	double s[RUNS], gb = SIZE_MIB * 1048576.0 / 1e9;
	int i;

	for (i = 0; i < RUNS; i++)
		if (once(path, to, &s[i], e) < 0)
			return e->code;
	qsort(s, RUNS, sizeof(*s), by_value);
	printf("documents in and out, one core, to %s: %.2f GB/s (median of %d;"
	       " best %.2f)\n",
	    to, gb / s[RUNS / 2], RUNS, gb / s[0]);
	return 0;
}

int
main(void)
{
	char path[] = "/tmp/quern-bench-XXXXXX";
	struct err e;
	int fd = mkstemp(path), rc;

	if (fd < 0)
		return 1;
	close(fd);
	rc = make_input(path, &e);
	if (rc == 0)
		rc = measure(path, "/dev/null", &e);
	if (rc == 0 && access("/dev/shm", W_OK) == 0)
		rc = measure(path, "/dev/shm/quern-bench.jsonl", &e);
	unlink("/dev/shm/quern-bench.jsonl");
	unlink(path);
	if (rc < 0)
		fprintf(stderr, "bench: %s\n", e.msg);
	return rc < 0;
}
