/* SPDX-License-Identifier: MIT */
/*
 * Whole runs of several ranks, in forked processes: the files of a run alone.
 */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "fake_ranks.h"
#include "io/stream.h"
#include "run_model.h"
#include "tap.h"
#include "train/philox.h"
#include "train/train.h"

enum { STEPS = 6, LONG = 24, ROWS = 9, SEQ = 16, PLACE = 256 };

static char top[] = "/tmp/quern-ranks-XXXXXX";

/* A run, as its ranks are told to make it. */
struct job {
	const char *name;
	struct train_options o;
	bool resume;
	uint64_t stop;    /* rank 0 is asked to after so many steps; 0: never */
	uint64_t bad_row; /* of step 2 (from 0), has no token; 0: none has */
	uint64_t dies_at; /* reading this step the last rank dies; 0: never */
	uint64_t noise;   /* this step's rows are noise; 0: none's */
	bool differs;     /* the last rank has other rows */
	bool ramp, adapts;   /* fewer rows at first; losses by source */
	int want;            /* what train_run() is to return */
	const char *says;    /* in its error */
	uint32_t rank, size; /* who reads */
};

static int
step(void *ctx, uint64_t at, struct step_info *s, struct err *e)
{
	const struct job *j = ctx;

	(void)e;
	*s = (struct step_info){ .rows = j->ramp && at < 3 ? 2 + (uint32_t)at
							   : ROWS,
		.lr_scale = 1,
		.seq = SEQ,
		.tokens_before = at * ROWS * SEQ,
		.phase_name = "only" };
	return 0;
}

/* Mostly, the next token is 3 times this one, plus 1. */
static void
fill_row(const struct job *j, uint64_t at, uint32_t row, uint32_t *tokens)
{
	uint32_t t, x = 0;

	for (t = 0; t <= SEQ; t++) {
		uint64_t i = (at * ROWS + row) * 100 + t;

		x = (x * 3 + 1) % VOCAB;
		if (philox_uniform(1, 1, i) < .2 ||
		    (j->noise && at == j->noise))
			x = (uint32_t)(philox_uniform(1, 2, i) * VOCAB);
		tokens[t] = x;
	}
	if (j->bad_row && at == 2 && row == j->bad_row)
		tokens[3] = VOCAB;
}

static int
read_rows(void *ctx, uint64_t at, uint32_t first, uint32_t n,
    const struct rows *out, struct err *e)
{
	const struct job *j = ctx;
	uint32_t r;

	(void)e;
	if (j->dies_at && at == j->dies_at && j->rank + 1 == j->size)
		raise(SIGKILL);
	for (r = 0; r < n; r++) {
		fill_row(j, at, first + r, out->tokens + (size_t)r * (SEQ + 1));
		memset(out->loss + (size_t)r * SEQ, 1, SEQ);
		/* A part of each row doesn't count. */
		memset(out->loss + (size_t)r * SEQ, 0, (first + r) % 5);
		if (out->info)
			out->info[r].source = (first + r) % 3 > 0;
	}
	return 0;
}

static volatile sig_atomic_t stop;

static void
on_step(void *ctx, const struct step_report *r)
{
	const struct job *j = ctx;

	if (r->step == j->stop)
		stop = 1;
}

/* What ranks are told of sources goes into a file each, in hex. */
struct listener {
	FILE *f;
};

static int
told_begin(void *ctx, uint64_t steps, struct err *e)
{
	(void)ctx;
	(void)steps;
	(void)e;
	return 0;
}

static int
told_step(void *ctx, uint64_t at, const struct source_loss *v, struct err *e)
{
	struct listener *l = ctx;

	(void)e;
	fprintf(l->f, "%d %a %d %a %d\n", (int)at, v[0].sum, (int)v[0].targets,
	    v[1].sum, (int)v[1].targets);
	return 0;
}

static int
told_sync(void *ctx, struct err *e)
{
	struct listener *l = ctx;

	(void)e;
	fflush(l->f);
	return 0;
}

static void
told_digest(void *ctx, uint64_t steps, char hex[17])
{
	(void)ctx;
	(void)steps;
	hex[0] = '\0';
}

static FILE *
open_told(const struct job *j)
{
	char path[PLACE];

	if (!j->adapts)
		return NULL;
	snprintf(path, sizeof(path), "%s/%s-told-%u", top, j->name, j->rank);
	return fopen(path, "w");
}

static int
run(struct link *l, void *ctx)
{
	struct job *j = ctx;
	struct row_source rows = { .ctx = j,
		.steps = j->noise ? LONG : STEPS,
		.max_rows = ROWS,
		.max_seq = SEQ,
		.vocab = VOCAB,
		.masked = true,
		.digest = "rows",
		.step = step,
		.read = read_rows };
	struct row_source valid = rows;
	struct step_report last = { 0 };
	struct err e = { 0 };
	struct train_options o = j->o;
	struct listener told;
	const struct row_feedback feedback = { .ctx = &told,
		.sources = 2,
		.losses = true,
		.begin = told_begin,
		.step = told_step,
		.sync = told_sync,
		.digest = told_digest };
	struct train_events ev = { .ctx = j,
		.step = on_step,
		.stop = &stop,
		.feedback = j->adapts ? &feedback : NULL };
	char dir[PLACE];
	int rc;

	if (j->differs && l->rank + 1 == l->size)
		strcpy(rows.digest, "others");
	valid.steps = 3;
	j->rank = l->rank;
	j->size = l->size;
	told.f = open_told(j);
	snprintf(dir, sizeof(dir), "%s/%s", top, j->name);
	o.dir = dir;
	o.resume = j->resume;
	o.ranks = l;
	rc = train_run(&model, &o, &rows, &valid, ops_cpu_typed(1, o.type), &ev,
	    &last, &e);
	if (told.f)
		fclose(told.f);
	if (rc == j->want && (rc >= 0 || strstr(e.msg, j->says)))
		return 0;
	printf("# %s, rank %u: %d, %s\n", j->name, l->rank, rc, e.msg);
	return 1;
}

static bool
go(uint32_t ranks, const char *name, struct job j)
{
	j.name = name;
	return fake_all(ranks, run, &j);
}

static char *
slurp(const char *run_name, const char *file, size_t *n)
{
	char path[PLACE * 2], *p = NULL;
	struct err e;

	snprintf(path, sizeof(path), "%s/%s%s", top, run_name, file);
	return in_slurp(path, &p, n, &e) == 0 ? p : NULL;
}

static bool
same_file(const char *a, const char *b, const char *file)
{
	size_t n = 0, m = 1;
	char *x = slurp(a, file, &n), *y = slurp(b, file, &m);
	bool same = x && y && n == m && memcmp(x, y, n) == 0;

	free(x);
	free(y);
	return same;
}

/* Logs but for the times in them. */
static bool
same_log(const char *a, const char *b)
{
	static const char file[] = "/log.jsonl", timed[] = "\"tokens_per_s\":";
	size_t n, m;
	char *x = slurp(a, file, &n), *y = slurp(b, file, &m);
	char *p = x, *q = y;
	bool same = x && y;

	while (same && *p && *p == *q) {
		if (strncmp(p, timed, strlen(timed)) == 0) {
			p += strcspn(p, ",}");
			q += strcspn(q, ",}");
		}
		p++;
		q++;
	}
	same = same && *p == *q;
	free(x);
	free(y);
	return same;
}

static bool
same_run(const char *a, const char *b)
{
	return same_file(a, b, "/last/model.safetensors") &&
	       same_file(a, b, "/last/optimizer.safetensors") &&
	       same_file(a, b, "/last/state.json") && same_log(a, b);
}

/* 1 to 4 ranks, and a change of their number half-way. */
static void
test_same(const char *what, struct job j)
{
	char alone[64], name[80];
	uint32_t n;

	snprintf(alone, sizeof(alone), "%s-1", what);
	OK(go(1, alone, j), "%s: alone", what);
	for (n = 2; n <= 4; n++) {
		snprintf(name, sizeof(name), "%s-%u", what, n);
		OK(go(n, name, j) && same_run(alone, name),
		    "%s: %u ranks: the same weights, moments, state and log",
		    what, n);
	}
	snprintf(name, sizeof(name), "%s-cut", what);
	j.stop = 2;
	j.want = 1;
	OK(go(3, name, j), "%s: 3 ranks, stopped after 2 steps", what);
	j.resume = true;
	j.stop = 4;
	OK(go(1, name, j), "%s: alone, to step 4", what);
	j.stop = 0;
	j.want = 0;
	OK(go(2, name, j) && same_run(alone, name),
	    "%s: 2 ranks, to the end: the same again", what);
}

/* A spike: all go back, one writes it down. */
static void
test_spike(struct job j)
{
	size_t n = 0;
	char *p;

	j.o.spike = 2;
	j.o.spike_skip = 2;
	j.o.save_every = 4;
	j.noise = 20;
	OK(go(1, "spike-1", j), "spike: alone");
	p = slurp("spike-1", "/spikes.jsonl", &n);
	OK(p && strstr(p, "{\"step\":21,"), "spike: found");
	free(p);
	OK(go(3, "spike-3", j) && same_run("spike-1", "spike-3") &&
		same_file("spike-1", "spike-3", "/spikes.jsonl"),
	    "spike: 3 ranks: the same way back");
}

static void
test_failures(struct job j)
{
	int status[FAKE_MOST];

	j.want = ERR_FORMAT;
	j.bad_row = 5; /* micro-batch 2 of 2 rows: the second of its rows */
	j.says = "rank 2: step 3: row 1, column 3: token 40";
	OK(go(4, "bad", j), "a bad token on one rank: all say so");
	j.bad_row = 0;
	j.want = ERR_IO;
	j.says = "is gone";
	j.dies_at = 4;
	j.o.save_every = 2;
	j.name = "died";
	fake_ranks(3, run, &j, status);
	OK(status[0] == 0 && status[1] == 0 && status[2] == -SIGKILL,
	    "a rank dies: the others end with an error");
	j.dies_at = 0;
	j.want = 0;
	j.resume = true;
	OK(go(2, "died", j) && same_run("adamw-1", "died"),
	    "with the ranks that are left it goes on to the same end");
	j.resume = false;
	j.want = ERR_ARG;
	j.says = "holds a run already";
	OK(go(2, "died", j), "a folder with a run: all say so");
	j.differs = true;
	j.says = "shards of rank 2 are others";
	OK(go(3, "differs", j), "ranks that read other rows are refused");
	j.differs = false;
	j.says = "5 micro-batches";
	OK(go(6, "many", j), "more ranks than micro-batches are refused");
}

int
main(void)
{
	struct job j = { .want = 0, .says = "" }, k;
	char command[64];

	if (!mkdtemp(top))
		return 1;
	train_defaults(&j.o);
	j.o.lr = 1e-2;
	j.o.micro_batch = 2;
	j.o.keep = 2;
	j.o.valid_every = 3;
	test_same("adamw", j);
	test_failures(j);
	test_spike(j);
	k = j;
	k.o.dropout = k.o.attention_dropout = k.o.embed_dropout = .2;
	k.o.clip = .1;
	k.o.type = OPS_BF16;
	k.o.micro_batch = 1;
	test_same("bf16-dropout-clip", k);
	k = j;
	k.o.optimiser = OPTIMISER_MUON;
	k.ramp = true;
	test_same("muon-ramp", k);
	k = j;
	k.o.optimiser = OPTIMISER_LION;
	k.o.type = OPS_F16;
	k.adapts = true;
	test_same("lion-fp16-sources", k);
	OK(same_file("lion-fp16-sources-1", "lion-fp16-sources-4", "-told-0"),
	    "losses of sources: the same");
	k = j;
	k.o.optimiser = OPTIMISER_ADAFACTOR;
	k.o.momentum = .9;
	k.o.save_every = 1;
	test_same("adafactor", k);
	snprintf(command, sizeof(command), "rm -r '%s'", top);
	return system(command) | tap_end();
}
