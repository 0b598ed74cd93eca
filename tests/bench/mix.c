/* SPDX-License-Identifier: MIT */
/*
 * The mixture: how fast rows come out of warm shards against copying the same
 * rows with memcpy, and how long a plan of 15T tokens takes to open.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/progress.h"
#include "io/shard.h"
#include "io/stream.h"
#include "mix/loader.h"
#include "mix/mix.h"

enum { DOC = 2048, DOCS = 100000, SEQ = 2048, BATCH = 64, STEPS = 1000 };

static char dir[] = "/tmp/quern-bench-XXXXXX";

static const char *
in_dir(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static int
make_shard(uint32_t vocab, struct err *e)
{
	struct shard_head h = { .vocab = vocab, .end_text = -1 };
	struct shard_doc d = { .id = STR("doc"), .tokens = DOC };
	unsigned char packed[4 * DOC];
	struct shard_writer *w;
	uint32_t v[DOC], i, k;

	memset(h.tokenizer, 'a', 64);
	if (shard_create(&w, in_dir("s"), &h, e) < 0)
		return e->code;
	for (i = 0; i < DOCS; i++) {
		for (k = 0; k < DOC; k++)
			v[k] = (uint32_t)(mix64(i * (uint64_t)DOC + k) % vocab);
		shard_pack(v, DOC, h.vocab, packed);
		if (shard_add(w, &d, packed, e) < 0) {
			shard_abort(w);
			return e->code;
		}
	}
	return shard_commit(w, e);
}

static const char recipe[] = "%mix 1\nsource s s\nbatch 131072\n"
			     "phase p 131072000 seq=2048 s\n";

/* Of this process, so that others on the machine don't count. */
static double
cpu_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int
by_value(const void *x, const void *y)
{
	double a = *(const double *)x, b = *(const double *)y;

	return (a > b) - (a < b);
}

/* Rows from the stream: seconds of CPU; each batch's wall time to s (STEPS). */
static double
read_rows(
    const struct row_source *rows, uint32_t *tokens, double *s, struct err *e)
{
	const struct rows out = { .tokens = tokens };
	double start = cpu_now(), from;
	uint64_t i;

	for (i = 0; i < STEPS; i++) {
		from = progress_now();
		if (rows->read(rows->ctx, i % rows->steps, 0, BATCH, &out, e) <
		    0)
			return 0;
		s[i] = progress_now() - from;
	}
	return cpu_now() - start;
}

/* The same rows copied by who knows where they are, as the shard has them. */
static double
copy_rows(const struct mix *m, uint32_t *out)
{
	const struct shard *x = &mix_source(m, 0)->shards[0];
	size_t width = x->idx.width, row = (SEQ + 1) * width;
	const struct plan *p = mix_plan(m);
	uint64_t *at = malloc(STEPS * BATCH * sizeof(*at)), i, j;
	double start;

	for (i = 0; i < STEPS * BATCH; i++)
		at[i] = plan_row(p, &p->phases[0], 0, i).token;
	start = cpu_now();
	for (i = 0; i < STEPS; i++)
		for (j = 0; j < BATCH; j++)
			memcpy((char *)out + j * row,
			    x->bin + width * at[i * BATCH + j], row);
	start = cpu_now() - start;
	free(at);
	return start;
}

/* Batches that are asked for 2 ms after each other, read ahead. */
static int
latency(double *s, uint32_t *tokens, struct err *e)
{
	const struct timespec work = { 0, 2000000 };
	const struct rows out = { .tokens = tokens };
	struct row_source in, rows;
	uint64_t i;
	double from;

	if (mix_open(&in, in_dir("r.mix"), e) < 0 ||
	    loader_open(&rows, &in, LOADER_AHEAD, 0, 1, e) < 0)
		return e->code;
	for (i = 0; i < STEPS; i++) {
		from = progress_now();
		if (rows.read(rows.ctx, i, 0, BATCH, &out, e) < 0)
			return e->code;
		s[i] = progress_now() - from;
		nanosleep(&work, NULL);
	}
	rows.close(rows.ctx);
	qsort(s, STEPS, sizeof(*s), by_value);
	printf("read ahead, a batch each 2 ms: median %.0f us, p99 %.0f us\n",
	    1e6 * s[STEPS / 2], 1e6 * s[STEPS * 99 / 100]);
	return 0;
}

/* The shard out of the page cache, then a plan and its first batch. */
static int
cold_start(uint32_t *tokens, struct err *e)
{
	const struct rows out = { .tokens = tokens };
	int fd = open(in_dir("s.bin"), O_RDONLY), rc;
	struct row_source rows;
	double start;

	if (fd < 0)
		return err_errno(e, "s.bin", "open it");
	fdatasync(fd);
	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	close(fd);
	start = progress_now();
	rc = mix_open(&rows, in_dir("r.mix"), e);
	if (rc < 0)
		return rc;
	rows.hint(rows.ctx, 0, 0, BATCH);
	rc = rows.read(rows.ctx, 0, 0, BATCH, &out, e);
	printf("cold start, recipe to first batch: %.1f ms\n",
	    1e3 * (progress_now() - start));
	rows.close(rows.ctx);
	return rc;
}

/* The two by turns, so that a busy machine slows both. */
static int
throughput(uint32_t *out, double *s, struct err *e)
{
	double gb = 1.0 * STEPS * BATCH * (SEQ + 1) / 1e9, a[5], b[5];
	unsigned width;
	struct row_source rows;
	int i;

	if (mix_open(&rows, in_dir("r.mix"), e) < 0)
		return e->code;
	width = mix_source(rows.ctx, 0)->shards[0].idx.width;
	read_rows(&rows, out, s, e); /* warm */
	for (i = 0; i < 5; i++) {
		a[i] = read_rows(&rows, out, s, e);
		b[i] = copy_rows(rows.ctx, out);
	}
	rows.close(rows.ctx);
	qsort(a, 5, sizeof(*a), by_value);
	qsort(b, 5, sizeof(*b), by_value);
	qsort(s, STEPS, sizeof(*s), by_value);
	printf("rows of %d tokens of %u bytes, one core: %.2f GB/s; memcpy of "
	       "the same %.2f GB/s; %.0f %%\n",
	    SEQ, width, width * gb / a[2], width * gb / b[2],
	    100 * b[2] / a[2]);
	printf("a batch of %d rows: median %.0f us, p99 %.0f us\n", BATCH,
	    1e6 * s[STEPS / 2], 1e6 * s[STEPS * 99 / 100]);
	return 0;
}

static int
loader(uint32_t vocab, struct err *e)
{
	uint32_t *out = malloc((size_t)BATCH * (SEQ + 1) * 4);
	double *s = malloc(STEPS * sizeof(*s));
	int rc = out && s ? make_shard(vocab, e) : err_nomem(e, "rows");

	if (rc == 0)
		rc = out_whole(in_dir("r.mix"), recipe, sizeof(recipe) - 1, e);
	if (rc == 0)
		rc = cold_start(out, e);
	if (rc == 0)
		rc = throughput(out, s, e);
	if (rc == 0)
		rc = latency(s, out, e);
	free(out);
	free(s);
	return rc;
}

static void
put_recipe(struct buf *b, int sources, bool changes)
{
	int i;

	buf_puts(b, "%mix 1\nbatch 4M\n");
	for (i = 0; i < sources; i++)
		buf_printf(b, "source s%d x epochs<=4\n", i);
	buf_puts(b, "phase p 15T seq=4096");
	for (i = 0; i < sources - 1; i++)
		buf_printf(b, " s%d:%.6f", i,
		    50.0 / sources * (1 + (i * 7 % 10) / 10.0));
	buf_printf(b, " s%d:rest", sources - 1);
	if (changes)
		buf_printf(b, " -> s%d:50,s0:rest", sources - 1);
	buf_putc(b, '\n');
}

/* Which sources 1024 rows come from: seconds of CPU. */
static int
batch_slots(const struct plan_phase *ph, uint64_t row, double *s, struct err *e)
{
	double start = cpu_now();
	struct blend_table t;

	if (blend_table(&ph->blend, row, &t, e) < 0 ||
	    blend_reach(&ph->blend, &t,
		row + 1024 - t.at.first < t.at.rows ? row + 1024 - t.at.first
						    : t.at.rows,
		e) < 0)
		return e->code;
	blend_table_free(&t);
	*s = cpu_now() - start;
	return 0;
}

/* Parse, plan, the first step's slots, a slot in the middle. */
static int
plan(int sources, bool changes, struct err *e)
{
	uint64_t *tokens = malloc((size_t)sources * sizeof(*tokens));
	double t0, t1, t2, t3, t4;
	struct buf text = { 0 };
	struct recipe r;
	struct plan p;
	int i;

	put_recipe(&text, sources, changes);
	for (i = 0; i < sources; i++)
		tokens[i] = 15000000000000u / (uint64_t)sources;
	t0 = cpu_now();
	if (recipe_parse(&r, "15T.mix", text.p, text.n, NULL, e) < 0 ||
	    plan_make(&p, &r, tokens, NULL, e) < 0)
		return -1;
	t1 = cpu_now();
	if (batch_slots(&p.phases[0], 0, &t2, e) < 0 ||
	    batch_slots(&p.phases[0], p.phases[0].rows / 3, &t3, e) < 0 ||
	    batch_slots(&p.phases[0], p.phases[0].rows - 1024, &t4, e) < 0)
		return -1;
	printf("15T tokens, %d sources%s: recipe and plan %.1f ms; sources of "
	       "a batch's rows: the first %.1f ms, one at a third %.1f ms, the "
	       "last %.1f ms\n",
	    sources, changes ? ", shares that change" : "", 1e3 * (t1 - t0),
	    1e3 * t2, 1e3 * t3, 1e3 * t4);
	plan_free(&p);
	recipe_free(&r);
	buf_free(&text);
	free(tokens);
	return 0;
}

int
main(void)
{
	struct err e = { 0 };
	char command[300];
	int rc = mkdtemp(dir) ? loader(50000, &e) : -1;

	if (rc == 0)
		rc = loader(130000, &e);
	if (rc == 0)
		rc = plan(100, false, &e);
	if (rc == 0)
		rc = plan(1000, false, &e);
	if (rc == 0)
		rc = plan(100, true, &e);
	if (rc == 0)
		rc = plan(1000, true, &e);
	if (rc < 0)
		fprintf(stderr, "bench: %s\n", e.msg);
	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	return system(command) != 0 || rc < 0;
}
