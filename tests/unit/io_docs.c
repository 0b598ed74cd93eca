/* SPDX-License-Identifier: MIT */
/* The filter over documents: order, counts, damage, rejects, any threads. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/hash.h"
#include "io/docs.h"
#include "io/stream.h"
#include "tap.h"

static char dir[] = "/tmp/quern-unit-XXXXXX";
static char in_path[2][128], out_path[128], rej_path[128], stats_path[128];
static struct err e;
static struct buf warnings;

/* Notes: the place of each document, which takes it. */
static int
note_places(
    void *ctx, uint64_t from, uint64_t to, struct buf *note, struct err *err)
{
	(void)ctx;
	(void)err;
	for (; from < to; from++)
		buf_put(note, &from, sizeof(from));
	return 0;
}

static bool
takes_its_place(struct doc *d)
{
	uint64_t place;

	if (d->note->n < sizeof(place))
		return false;
	memcpy(&place, d->note->p, sizeof(place));
	/* One that is damaged took none. */
	while (place < d->place && d->note->n > sizeof(place)) {
		d->note->p += sizeof(place);
		d->note->n -= sizeof(place);
		memcpy(&place, d->note->p, sizeof(place));
	}
	return place == d->place && (place & UINT32_MAX) == d->record;
}

static int
drop_every_third(
    void *ctx, void *worker, struct doc *d, struct emit *em, struct err *err)
{
	struct reason why = { .rule = "third",
		.has_value = true,
		.value = (double)d->ordinal,
		.threshold = 3 };

	(void)ctx;
	(void)worker;
	if (!takes_its_place(d))
		return err_set(err, ERR_CHECK, "a note is not there");
	buf_put(&em->side, &d->ordinal, sizeof(d->ordinal));
	if (d->ordinal % 3 == 2)
		return emit_drop(em, d, &why, err);
	doc_set_u64(d, "n", d->ordinal);
	return emit_keep(em, d, err);
}

static int
in_order(void *ctx, struct str side, struct err *err)
{
	uint64_t *next = ctx, got;

	(void)err;
	for (; side.n; side.p += sizeof(got), side.n -= sizeof(got)) {
		memcpy(&got, side.p, sizeof(got));
		if (got < *next)
			*next = UINT64_MAX;
		else
			*next = got + 1;
	}
	return 0;
}

static void
collect(struct run *r, struct str line)
{
	(void)r;
	buf_str(&warnings, line);
	buf_putc(&warnings, '\n');
}

static struct opt_common opt;
static struct tally tally;

/* Run over the files; the whole of what came out. */
static int
run(int threads, bool strict, size_t nfile)
{
	static const struct docs_ops ops = {
		.doc = drop_every_third, .fold = in_order, .note = note_places
	};
	static const struct opt_cmd cmd = { .name = "test" };
	char *args[2] = { in_path[0], in_path[1] };
	uint64_t next = 0;
	struct docs in;
	struct run r;
	int rc;

	opt_common_init(&opt);
	opt.threads = threads;
	opt.quiet = true;
	opt.strict = strict;
	opt.out = out_path;
	opt.rejects = rej_path;
	opt.stats = stats_path;
	buf_clear(&warnings);
	unlink(out_path);
	rc = docs_open(&in, args, (int)nfile, &opt, &e);
	if (rc < 0)
		return rc;
	rc = run_open(&r, &cmd, &opt, false, collect, &e);
	if (rc == 0)
		rc = docs_run(&in, &ops, &next, &r, &e);
	tally = r.tally;
	if (rc < 0)
		run_abort(&r);
	else
		rc = run_close(&r, &e);
	docs_close(&in);
	return next == UINT64_MAX ? -99 : rc;
}

static void
write_file(const char *name, struct buf *b)
{
	if (out_whole(name, b->p, b->n, &e) < 0)
		exit(1);
	buf_clear(b);
}

static uint64_t
digest(const char *name)
{
	uint64_t h;
	char *p;
	size_t n;

	if (in_slurp(name, &p, &n, &e) < 0)
		return 0;
	h = hash64(p, n, 0);
	free(p);
	return h;
}

static bool
holds(const char *name, const char *what)
{
	char *p;
	size_t n;
	bool ok;

	if (in_slurp(name, &p, &n, &e) < 0)
		return false;
	ok = strstr(p, what) != NULL;
	if (!ok)
		printf("# %s holds: %.300s\n", name, p);
	free(p);
	return ok;
}

/* Documents of every size, blank lines and damage among them. */
static void
many_documents(void)
{
	struct buf b = { 0 };
	uint64_t i, n;
	int f;

	for (f = 0; f < 2; f++) {
		for (i = 0; i < 3000; i++) {
			n = mix64(i) % 50 ? mix64(i) % 900 : 700000;
			if (i % 500 == 77)
				buf_puts(&b, "\n \r\n{\"text\":\n");
			buf_printf(&b, "{\"text\":\"");
			memset(buf_room(&b, n), 'x', n);
			b.n += n;
			buf_puts(&b, "\",\"a\":[1,2.50]}\n");
		}
		if (f == 1)
			b.n--; /* the last line lacks its newline */
		write_file(in_path[f], &b);
	}
	buf_free(&b);
}

static void
test_threads(void)
{
	static const int threads[] = { 2, 3, 7 };
	uint64_t out, rej, stats;
	size_t i;
	int rc;

	many_documents();
	rc = run(1, false, 2);
	OK(rc == 0 && tally.in == 6012 && tally.damaged == 12 &&
		tally.kept + tally.dropped == 6000,
	    "counts: %llu in, %llu damaged", (unsigned long long)tally.in,
	    (unsigned long long)tally.damaged);
	out = digest(out_path);
	rej = digest(rej_path);
	stats = digest(stats_path);
	OK(holds(stats_path, "\"third\":"), "stats name the rule");
	for (i = 0; i < 3; i++)
		OK(run(threads[i], false, 2) == 0 && digest(out_path) == out &&
			digest(rej_path) == rej && digest(stats_path) == stats,
		    "%d threads: the same bytes", threads[i]);
	rc = run(3, true, 2);
	OK(rc == ERR_FORMAT && access(out_path, F_OK) < 0 &&
		strstr(e.msg, "record 77, byte"),
	    "--strict: %s", e.msg);
}

static void
test_damage(void)
{
	struct buf b = { 0 };

	buf_puts(&b,
	    "\xef\xbb\xbf{\"text\":\"a\"}\n\n{\"id\":\"x\"}\nnonsense\n"
	    "{\"text\":\"\xff\"}\n{\"id\":\"last\",\"text\":\"b\"}");
	write_file(in_path[0], &b);
	OK(run(1, false, 1) == 0 && tally.in == 5 && tally.damaged == 3 &&
		tally.kept == 2,
	    "three of five damaged, the mark at the start is none");
	buf_putc(&warnings, '\0');
	OK(strstr(warnings.p, "/in0: record 1, byte 17: no field \"text\"") &&
		strstr(warnings.p, "record 2, byte 28: malformed") &&
		strstr(warnings.p, "record 3, byte 37: invalid UTF-8"),
	    "each is named by record and byte");
	OK(holds(rej_path, "{\"id\":\"in0:2\",\"raw\":\"bm9uc2Vuc2U=\","
			   "\"metadata\":{\"reject\":{\"stage\":\"test\","
			   "\"rule\":\"damaged\"") &&
		holds(rej_path, "malformed JSON"),
	    "and kept");
	OK(holds(out_path, "{\"id\":\"in0:0\",\"text\":\"a\",\"metadata\":{"
			   "\"n\":0}}\n"),
	    "ids are made from file and record");
	buf_free(&b);
}

static void
test_cut_stream(void)
{
	struct buf b = { 0 };
	uint64_t i;
	char gz[140], *p;
	size_t n;
	int rc;

	for (i = 0; i < 2000; i++)
		buf_printf(
		    &b, "{\"text\":\"%llx\"}\n", (unsigned long long)mix64(i));
	snprintf(gz, sizeof(gz), "%s/z.gz", dir);
	write_file(gz, &b);
	/* Keep half of the compressed bytes, under a name without suffix. */
	FILE *f = fopen(gz, "rb");
	p = malloc(1 << 20);
	n = f ? fread(p, 1, 1 << 20, f) / 2 : 0;
	if (f)
		fclose(f);
	buf_put(&b, p, n);
	free(p);
	write_file(in_path[0], &b);
	rc = run(2, false, 1);
	OK(rc == 0 && tally.kept > 300 && tally.damaged == 2,
	    "a cut .gz: %llu documents, the half one and the gap damaged",
	    (unsigned long long)(tally.kept + tally.dropped));
	buf_putc(&warnings, '\0');
	OK(strstr(warnings.p, "compressed member at byte 0: cut off"),
	    "the gap is named");
	rc = run(2, true, 1);
	OK(rc == ERR_FORMAT, "--strict ends there: %s", e.msg);
	unlink(gz);
	buf_free(&b);
}

static void
test_long_line(void)
{
	size_t n = (size_t)300 << 20;
	struct buf b = { 0 };
	int rc;

	if (getenv("QUERN_QUICK")) {
		OK(true, "a line of 300 MiB # SKIP QUERN_QUICK");
		return;
	}
	buf_puts(&b, "{\"text\":\"a\"}\n");
	memset(buf_room(&b, n), 'y', n);
	b.n += n;
	buf_puts(&b, "\n{\"text\":\"b\"}\n");
	write_file(in_path[0], &b);
	rc = run(2, false, 1);
	OK(rc == 0 && tally.in == 3 && tally.damaged == 1,
	    "a line of 300 MiB is damage: %llu in, %llu damaged",
	    (unsigned long long)tally.in, (unsigned long long)tally.damaged);
	buf_free(&b);
}

int
main(void)
{
	int i;

	if (!mkdtemp(dir))
		return 1;
	for (i = 0; i < 2; i++)
		snprintf(in_path[i], sizeof(in_path[i]), "%s/in%d", dir, i);
	snprintf(out_path, sizeof(out_path), "%s/out.jsonl", dir);
	snprintf(rej_path, sizeof(rej_path), "%s/rejects.jsonl", dir);
	snprintf(stats_path, sizeof(stats_path), "%s/stats.json", dir);
	test_threads();
	test_damage();
	test_cut_stream();
	test_long_line();
	unlink(in_path[0]);
	unlink(in_path[1]);
	unlink(out_path);
	unlink(rej_path);
	unlink(stats_path);
	rmdir(dir);
	buf_free(&warnings);
	return tap_end();
}
