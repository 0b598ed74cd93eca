/* SPDX-License-Identifier: MIT */
/*
 * dedup substring beside a sort of all its windows, on the same text: the
 * same spans, and the processor time of each.
 *
 *	build/bench/substring [FILE.jsonl [BYTES]]
 *
 * Documents with ids that differ, 100 bytes; without a file, 4 MB of words.
 */
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/hash.h"
#include "../substring_oracle.h"

static double
cpu(void)
{
	return (double)clock() / CLOCKS_PER_SEC;
}

/* Pages of words, some with a passage of a page before. */
static int
make_file(const char *name, struct err *e)
{
	static const char *const words[] = { "mill", "river", "stone", "grain",
		"water", "wheel", "rye", "the", "of", "and", "turns",
		"slowly" };
	struct buf b = { 0 };
	size_t i, k, from;
	uint64_t x = 0;
	int rc;

	for (i = 0; i < 1500; i++) {
		buf_printf(&b, "{\"id\":\"%04zu\",\"text\":\"", i * 7 % 1500);
		from = b.n;
		for (k = 0; k < 500; k++) {
			x = mix64(x + k);
			buf_printf(&b, "%s ", words[x % 12]);
		}
		/* Words of the page before, from its middle. */
		if (i % 10 == 9 && buf_room(&b, 900))
			buf_put(&b, b.p + from - 1200, 900);
		buf_puts(&b, "\"}\n");
	}
	rc = out_whole(name, b.p, b.n, e);
	buf_free(&b);
	return rc;
}

static int
compare(const char *from, const char *to, size_t width, struct err *e)
{
	struct oracle o = { .width = width };
	double start = cpu(), ours, naive, mb;

	if (oracle_run(from, to, width, false, 1, 0, e) < 0)
		return e->code;
	ours = cpu() - start;
	if (oracle_read(&o, from, e) < 0)
		return e->code;
	start = cpu();
	oracle_solve(&o);
	naive = cpu() - start;
	if (oracle_each(&o, to, oracle_compare, e) < 0)
		return e->code;
	mb = (double)o.n / 1e6;
	printf("dedup substring, %.1f MB, %zu bytes: %zu spans, %zu of them "
	       "not as a sort of all windows has them; %.1f MB/s of processor "
	       "time, files and JSON included; the sort alone %.2f MB/s\n",
	    mb, width, o.nspan, o.bad, mb / ours, mb / naive);
	oracle_free(&o);
	return o.bad ? err_set(e, ERR_CHECK, "spans differ") : 0;
}

int
main(int argc, char **argv)
{
	char made[] = "/tmp/quern-bench-XXXXXX", out[64];
	int fd = mkstemp(made), rc = 0;
	struct err e;

	if (fd < 0)
		return 1;
	close(fd);
	snprintf(out, sizeof(out), "%s.out", made);
	if (argc < 2)
		rc = make_file(made, &e);
	if (rc == 0)
		rc = compare(argc > 1 ? argv[1] : made, out,
		    argc > 2 ? (size_t)atoi(argv[2]) : 100, &e);
	if (rc < 0)
		printf("bench: %s\n", e.msg);
	unlink(made);
	unlink(out);
	return rc < 0;
}
