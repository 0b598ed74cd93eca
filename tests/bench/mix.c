/* SPDX-License-Identifier: MIT */
/*
 * The mixture: how fast rows come out of warm shards against copying the same
 * rows with memcpy, and how long a plan of 15T tokens takes to open.
 */
#define _GNU_SOURCE
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/progress.h"
#include "io/shard.h"
#include "io/stream.h"
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
make_shard(struct err *e)
{
	struct shard_head h = { .vocab = 50000, .end_text = -1 };
	struct shard_doc d = { .id = STR("doc"), .tokens = DOC };
	unsigned char packed[2 * DOC];
	struct shard_writer *w;
	uint32_t v[DOC], i, k;

	memset(h.tokenizer, 'a', 64);
	if (shard_create(&w, in_dir("s"), &h, e) < 0)
		return e->code;
	for (i = 0; i < DOCS; i++) {
		for (k = 0; k < DOC; k++)
			v[k] = (uint32_t)(mix64(i * (uint64_t)DOC + k) % 50000);
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

/* Rows from the stream: seconds. */
static double
read_rows(const struct row_source *rows, uint32_t *tokens, struct err *e)
{
	const struct rows out = { .tokens = tokens };
	double start = progress_now();
	uint64_t i;

	for (i = 0; i < STEPS; i++)
		if (rows->read(rows->ctx, i % rows->steps, 0, BATCH, &out, e) <
		    0)
			return 0;
	return progress_now() - start;
}

/* The same number of rows copied from random places, 2 bytes a token. */
static double
copy_rows(const unsigned char *bin, uint32_t *out)
{
	uint64_t rows = (uint64_t)DOC * DOCS / SEQ - 1, i, j, at;
	double start = progress_now();

	for (i = 0; i < STEPS; i++)
		for (j = 0; j < BATCH; j++) {
			at = mix64(i * BATCH + j) % rows * SEQ;
			memcpy((char *)out + j * (SEQ + 1) * 2, bin + 2 * at,
			    (SEQ + 1) * 2);
		}
	return progress_now() - start;
}

static int
loader(struct err *e)
{
	uint32_t *out = malloc((size_t)BATCH * (SEQ + 1) * 4);
	double gb = 2.0 * STEPS * BATCH * (SEQ + 1) / 1e9, a, b;
	struct row_source rows;

	if (!out || make_shard(e) < 0 ||
	    out_whole(in_dir("r.mix"), recipe, sizeof(recipe) - 1, e) < 0 ||
	    mix_open(&rows, in_dir("r.mix"), e) < 0) {
		free(out);
		return -1;
	}
	read_rows(&rows, out, e); /* warm */
	a = read_rows(&rows, out, e);
	b = copy_rows(mix_source(rows.ctx, 0)->shards[0].bin, out);
	b = copy_rows(mix_source(rows.ctx, 0)->shards[0].bin, out);
	printf("rows of %d tokens, one core: %.2f GB/s of shard (%.2f of "
	       "widened rows); memcpy of the same %.2f GB/s\n",
	    SEQ, gb / a, 2 * gb / a, gb / b);
	rows.close(rows.ctx);
	free(out);
	return 0;
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

/* Which sources 1024 rows come from: seconds. */
static int
batch_slots(const struct plan_phase *ph, uint64_t row, double *s, struct err *e)
{
	double start = progress_now();
	struct blend_table t;

	if (blend_table(&ph->blend, row, &t, e) < 0 ||
	    blend_reach(&ph->blend, &t,
		row + 1024 - t.at.first < t.at.rows ? row + 1024 - t.at.first
						    : t.at.rows,
		e) < 0)
		return e->code;
	blend_table_free(&t);
	*s = progress_now() - start;
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
	t0 = progress_now();
	if (recipe_parse(&r, "15T.mix", text.p, text.n, NULL, e) < 0 ||
	    plan_make(&p, &r, tokens, NULL, e) < 0)
		return -1;
	t1 = progress_now();
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
	int rc = mkdtemp(dir) ? loader(&e) : -1;

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
