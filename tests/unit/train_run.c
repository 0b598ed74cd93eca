/* SPDX-License-Identifier: MIT */
/*
 * Whole runs over rows made here: the loss falls, any number of threads and
 * any interruption give the same bytes, wrong resumes are refused.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/err.h"
#include "io/json.h"
#include "io/stream.h"
#include "run_model.h"
#include "tap.h"
#include "train/checkpoint.h"
#include "train/philox.h"
#include "train/train.h"

enum { STEPS = 12, ROWS = 5, SEQ = 24 };

static char top[] = "/tmp/quern-train-XXXXXX";
static bool phases;        /* odd steps have shorter rows */
static uint32_t bad_token; /* put into step 3 if not 0 */
static uint64_t run_steps = STEPS;
static uint32_t half; /* 1: the second half of a step's rows is masked noise,
		       * 2: is not there */
static uint64_t bad_step; /* its rows are noise if not 0 */

static uint32_t
seq_of(uint64_t step)
{
	return phases && step % 2 ? SEQ / 2 - 1 : SEQ;
}

static int
step(void *ctx, uint64_t at, struct step_info *s, struct err *e)
{
	(void)ctx;
	(void)e;
	*s = (struct step_info){ .rows = half == 2 ? 2
					 : half    ? 4
						   : ROWS,
		.lr_scale = 1,
		.seq = seq_of(at),
		.tokens_before = at * ROWS * SEQ,
		.phase_name = "only" };
	return 0;
}

/* A language: mostly, the next token is 3 times this one, plus 1. */
static int
read_rows(void *ctx, uint64_t at, uint32_t first, uint32_t n,
    const struct rows *out, struct err *e)
{
	uint32_t r, t, x, seq = seq_of(at), *tokens = out->tokens;

	(void)ctx;
	(void)e;
	for (r = 0; r < n; r++)
		for (t = 0, x = 0; t <= seq; t++) {
			uint64_t i = (at * ROWS + first + r) * 100 + t;

			x = (x * 3 + 1) % VOCAB;
			if (philox_uniform(1, 1, i) < .2)
				x = (uint32_t)(philox_uniform(1, 2, i) * VOCAB);
			if ((bad_step && at == bad_step) ||
			    (half && first + r >= 2))
				x = (uint32_t)(philox_uniform(1, 3, i) * VOCAB);
			*tokens++ = x;
		}
	if (bad_token && at == 3)
		tokens[-1] = bad_token;
	for (r = 0; r < n; r++)
		memset(out->loss + (size_t)r * seq,
		    half && first + r >= 2 ? 0 : 1, seq);
	return 0;
}

static struct row_source
rows(uint64_t steps)
{
	return (struct row_source){ .steps = steps,
		.max_rows = ROWS,
		.max_seq = SEQ,
		.vocab = VOCAB,
		.digest = "rows",
		.step = step,
		.read = read_rows };
}

static const char *
in_top(char *path, const char *name)
{
	snprintf(path, 256, "%s/%s", top, name);
	return path;
}

struct stopper {
	uint64_t at;
	volatile sig_atomic_t stop;
	double first_loss;
};

static void
on_step(void *ctx, const struct step_report *r)
{
	struct stopper *s = ctx;

	if (r->step == 1)
		s->first_loss = r->loss;
	if (r->step == s->at)
		s->stop = 1;
}

/* A run in folder `name` that stops after step `stop` (0: never). */
static int
run(const char *name, int threads, uint64_t stop, bool resume,
    const struct train_options *with, struct step_report *last, struct err *e)
{
	struct row_source src = rows(run_steps), valid = rows(2);
	struct stopper s = { .at = stop };
	struct train_events ev = {
		.ctx = &s, .step = on_step, .stop = &s.stop
	};
	struct train_options o = *with;
	char dir[256];
	int rc;

	o.dir = in_top(dir, name);
	o.resume = resume;
	rc =
	    train_run(&model, &o, &src, &valid, ops_cpu(threads), &ev, last, e);
	if (rc >= 0)
		printf("# %s: loss %.3f -> %.3f, valid %.3f, unigram %.3f\n",
		    name, s.first_loss, last->loss, last->valid_loss,
		    last->unigram_loss);
	return rc;
}

/* Rows that don't count change nothing, not even what a mean is over. */
static void
test_masked(const struct train_options *o)
{
	struct step_report r = { 0 }, s = { 0 };
	struct err e = { 0 };
	int rc;

	half = 1;
	rc = run("masked", 2, 0, false, o, &r, &e);
	half = 2;
	rc |= run("halved", 2, 0, false, o, &s, &e);
	half = 0;
	OK(rc == 0 && r.loss == s.loss && r.grad_norm == s.grad_norm &&
		r.valid_loss == s.valid_loss &&
		r.unigram_loss == s.unigram_loss,
	    "masked rows are as if they were not there %s", e.msg);
}

static bool
same_files(const char *a, const char *b)
{
	char pa[256], pb[256], *x = NULL, *y = NULL;
	size_t n = 0, m = 1;
	struct err e;
	bool same;

	same = in_slurp(in_top(pa, a), &x, &n, &e) == 0 &&
	       in_slurp(in_top(pb, b), &y, &m, &e) == 0 && n == m &&
	       memcmp(x, y, n) == 0;
	free(x);
	free(y);
	return same;
}

static bool
same_weights(const char *a, const char *b)
{
	char x[200], y[200];

	snprintf(x, sizeof(x), "%s/last/model.safetensors", a);
	snprintf(y, sizeof(y), "%s/last/model.safetensors", b);
	if (!same_files(x, y))
		return false;
	snprintf(x, sizeof(x), "%s/last/optimizer.safetensors", a);
	snprintf(y, sizeof(y), "%s/last/optimizer.safetensors", b);
	return same_files(x, y);
}

/* Are the log's steps 1, 2, ... n, each once? */
static bool
log_counts(const char *name, uint64_t n)
{
	char path[256], log[200], *p, *line, *nl;
	uint64_t want = 1;
	struct json *j;
	struct err e;
	size_t size;
	bool ok = true;

	snprintf(log, sizeof(log), "%s/log.jsonl", name);
	if (in_slurp(in_top(path, log), &p, &size, &e) < 0)
		return false;
	for (line = p; (nl = strchr(line, '\n')); line = nl + 1, want++) {
		if (json_parse(&j, line, (size_t)(nl - line), &e) < 0)
			return false;
		ok = ok && json_u64(json_get(json_root(j), "step"), 0) == want;
		json_free(j);
	}
	free(p);
	return ok && want == n + 1;
}

static void
test_same(const struct train_options *o)
{
	struct step_report r = { 0 };
	struct err e = { 0 };

	OK(run("one", 1, 0, false, o, &r, &e) == 0, "a run on 1 thread %s",
	    e.msg);
	OK(r.validated && r.valid_loss < r.unigram_loss - .5,
	    "learnt more than counts: %.3f, unigram %.3f", r.valid_loss,
	    r.unigram_loss);
	run("two", 2, 0, false, o, &r, &e);
	run("seven", 7, 0, false, o, &r, &e);
	OK(same_weights("one", "two") && same_weights("one", "seven"),
	    "1, 2 and 7 threads: the same weights and moments");
	OK(run("cut", 2, 5, false, o, &r, &e) == 1 && r.step == 5,
	    "stopped after step 5");
	OK(run("cut", 2, 8, true, o, &r, &e) == 1 && r.step == 8,
	    "resumed, stopped after step 8");
	OK(run("cut", 1, 0, true, o, &r, &e) == 0, "resumed to the end");
	OK(same_weights("one", "cut"), "the same weights, never interrupted");
	OK(log_counts("cut", STEPS), "every step once in the log");
	OK(run("cut", 1, 0, true, o, &r, &e) == 0 && r.step == 0,
	    "resuming a finished run does nothing");
}

/* As after a kill: the log and a torn line beyond the last checkpoint. */
static void
test_killed(const struct train_options *o)
{
	static const char torn[] = "{\"step\":7,\"loss\":1}\n{\"ste";
	char path[256], *p;
	struct step_report r;
	struct err e;
	size_t n;
	FILE *f;

	run("killed", 2, 6, false, o, &r, &e);
	in_slurp(in_top(path, "killed/log.jsonl"), &p, &n, &e);
	f = fopen(path, "w");
	fwrite(p, 1, n, f);
	fwrite(torn, 1, sizeof(torn) - 1, f);
	fclose(f);
	free(p);
	OK(run("killed", 2, 0, true, o, &r, &e) == 0 &&
		log_counts("killed", STEPS) && same_weights("one", "killed"),
	    "a log that got further than the checkpoint is cut back");
}

static void
test_refusals(const struct train_options *o)
{
	struct train_options other = *o;
	struct step_report r;
	struct err e;
	char path[256];

	OK(run("one", 1, 0, false, o, &r, &e) == ERR_ARG,
	    "a folder with a run is refused");
	other.lr *= 2;
	OK(run("one", 1, 0, true, &other, &r, &e) == ERR_ARG, "%s", e.msg);
	other = *o;
	other.warmup = "101%";
	OK(run("none", 1, 0, true, &other, &r, &e) == ERR_ARG, "%s", e.msg);
	other = *o;
	other.memory = 1000;
	OK(run("none", 1, 0, true, &other, &r, &e) == ERR_ARG, "%s", e.msg);
	OK(access(in_top(path, "none"), F_OK) < 0, "and no folder was made");
	bad_token = VOCAB;
	OK(run("bad", 1, 0, false, o, &r, &e) == ERR_FORMAT, "%s", e.msg);
	bad_token = 0;
	other = *o;
	other.lr = 1e30;
	other.clip = 0;
	OK(run("nan", 1, 0, false, &other, &r, &e) == ERR_FORMAT, "%s", e.msg);
}

static void
test_keep(const struct train_options *o)
{
	struct train_options other = *o;
	struct step_report r;
	struct err e;
	char path[256];

	other.save_every = 3;
	other.keep = 2;
	OK(run("keep", 2, 0, false, &other, &r, &e) == 0 &&
		same_weights("one", "keep"),
	    "saving doesn't change the run");
	OK(access(in_top(path, "keep/step-00000006"), F_OK) < 0 &&
		access(in_top(path, "keep/step-00000009"), F_OK) == 0 &&
		access(in_top(path, "keep/step-00000012"), F_OK) == 0,
	    "the last two checkpoints are kept");
}

static void
on_saved(void *ctx, uint64_t step)
{
	uint64_t *told = ctx;

	*told = *told * 100 + step;
}

/* Each checkpoint of a run, and a run that was told each of them. */
static void
test_async(const struct train_options *o)
{
	static const char *const files[] = { "model.safetensors",
		"optimizer.safetensors", "state.json", "config.json" };
	struct row_source src = rows(STEPS);
	struct train_options other = *o;
	uint64_t told = 0;
	struct train_events ev = { .ctx = &told, .saved = on_saved };
	char dir[256], a[64], b[64];
	struct step_report r;
	struct err e;
	bool same = true;
	int i, step, rc;

	other.save_every = 3;
	other.keep = 0;
	other.async_save = false;
	run("between", 2, 0, false, &other, &r, &e);
	other.async_save = true;
	other.dir = in_top(dir, "beside");
	rc = train_run(&model, &other, &src, NULL, ops_cpu(2), &ev, &r, &e);
	OK(rc == 0 && told == 3060912,
	    "written beside training, each told once: %llu",
	    (unsigned long long)told);
	for (step = 3; step <= STEPS; step += 3)
		for (i = 0; i < 4; i++) {
			snprintf(a, sizeof(a), "between/step-%08d/%s", step,
			    files[i]);
			snprintf(b, sizeof(b), "beside/step-%08d/%s", step,
			    files[i]);
			same = same && same_files(a, b);
		}
	OK(same, "the bytes of checkpoints written between steps");
}

/* A limit to the size of files: as if the disk were full. */
static void
test_full_disk(const struct train_options *o)
{
	struct train_options often = *o;
	struct rlimit was, small;
	struct step_report r;
	int rc;
	struct err e;
	char path[256];

	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &was);
	small = was;
	small.rlim_cur = 60000;
	run("full", 2, 6, false, o, &r, &e);
	setrlimit(RLIMIT_FSIZE, &small);
	OK(run("full", 2, 0, true, o, &r, &e) == ERR_IO, "a full disk: %s",
	    e.msg);
	often.save_every = 2;
	rc = run("full", 2, 0, true, &often, &r, &e);
	OK(rc == ERR_IO && r.step < STEPS,
	    "found while training goes on, at step %llu: %s",
	    (unsigned long long)r.step, e.msg);
	setrlimit(RLIMIT_FSIZE, &was);
	OK(access(in_top(path, "full/.checkpoint.tmp"), F_OK) < 0 &&
		access(in_top(path, "full/step-00000012"), F_OK) < 0,
	    "nothing of the checkpoint is left");
	OK(run("full", 2, 0, true, o, &r, &e) == 0 &&
		same_weights("one", "full"),
	    "the last one is whole: resumed from it");
}

/* Phases of different lengths, and a resume between them. */
static void
test_phases(const struct train_options *o)
{
	struct step_report r;
	struct err e;

	phases = true;
	OK(run("long", 2, 0, false, o, &r, &e) == 0 &&
		r.tokens == STEPS / 2 * ROWS * (SEQ + SEQ / 2 - 1),
	    "rows of two lengths");
	OK(run("parts", 1, 7, false, o, &r, &e) == 1 &&
		run("parts", 1, 0, true, o, &r, &e) == 0 &&
		same_weights("long", "parts"),
	    "resumed between them");
	phases = false;
}

/* Every optimiser learns, for any threads and over an interruption. */
static void
test_optimisers(const struct train_options *o)
{
	struct train_options other = *o;
	struct step_report r;
	char a[32], b[32];
	struct err e;
	int k;

	for (k = OPTIMISER_LION; k < OPTIMISERS; k++) {
		const char *name = optimiser_name((enum optimiser_kind)k);

		other.optimiser = (enum optimiser_kind)k;
		other.lr = k == OPTIMISER_LION ? 3e-3 : 2e-2;
		other.schedule = SCHEDULE_WSD;
		other.label_smoothing = .1;
		other.z_loss = 1e-4;
		snprintf(a, sizeof(a), "%s", name);
		snprintf(b, sizeof(b), "%s-cut", name);
		OK(run(a, 1, 0, false, &other, &r, &e) == 0 &&
			r.valid_loss < r.unigram_loss - .4,
		    "%s learns: %.3f, unigram %.3f", name, r.valid_loss,
		    r.unigram_loss);
		OK(run(b, 2, 5, false, &other, &r, &e) == 1 &&
			run(b, 1, 0, true, &other, &r, &e) == 0 &&
			same_weights(a, b),
		    "%s resumed: the same weights", name);
	}
}

/* A bad batch: found, gone back from, left out, the same way every time. */
static void
test_spikes(const struct train_options *o)
{
	struct train_options other = *o;
	char path[256], *p = NULL;
	struct step_report r;
	struct err e;
	size_t n;

	run_steps = 40;
	bad_step = 29;
	other.spike = 2;
	other.spike_skip = 3;
	other.save_every = 10;
	OK(run("spike", 1, 0, false, &other, &r, &e) == 0 && r.step == 40 &&
		r.tokens == 37 * ROWS * SEQ && log_counts("spike", 40),
	    "a spike: 3 of 40 steps are left out");
	in_slurp(in_top(path, "spike/spikes.jsonl"), &p, &n, &e);
	OK(p && strncmp(p, "{\"step\":30,", 11) == 0 &&
		strstr(p, "\"back_to\":20,\"skip_from\":28,\"skip_to\":30}") &&
		strchr(p, '\n') == p + n - 1,
	    "the journal has it once: %s", p ? p : "none");
	free(p);
	OK(run("spike-cut", 2, 25, false, &other, &r, &e) == 1 &&
		run("spike-cut", 2, 34, true, &other, &r, &e) == 1 &&
		run("spike-cut", 2, 0, true, &other, &r, &e) == 0 &&
		same_weights("spike", "spike-cut"),
	    "interrupted before and after it: the same weights");
	/* Killed after going back, before the next checkpoint. */
	run("spike-kill", 2, 20, false, &other, &r, &e);
	in_slurp(in_top(path, "spike/spikes.jsonl"), &p, &n, &e);
	out_whole(in_top(path, "spike-kill/spikes.jsonl"), p, n, &e);
	free(p);
	OK(run("spike-kill", 2, 0, true, &other, &r, &e) == 0 &&
		same_weights("spike", "spike-kill"),
	    "killed after it and resumed: the same weights");
	other.lr = 1e30;
	other.clip = 0;
	OK(run("spike-nan", 2, 0, false, &other, &r, &e) == ERR_FORMAT, "%s",
	    e.msg);
	bad_step = 0;
	run_steps = STEPS;
}

static void
test_schedule(void)
{
	struct schedule s = {
		.lr = 1, .min_ratio = .1, .warmup = 4, .steps = 14
	};

	OK(schedule_lr(&s, 0) == .25 && schedule_lr(&s, 3) == 1 &&
		schedule_lr(&s, 4) == 1 &&
		fabs(schedule_lr(&s, 13) - .1) < 1e-12 &&
		schedule_lr(&s, 8) > schedule_lr(&s, 9),
	    "warm-up, then down the cosine to the last step");
}

int
main(void)
{
	struct train_options o;
	char command[300];

	if (!mkdtemp(top))
		return 1;
	train_defaults(&o);
	o.lr = 2e-2;
	o.micro_batch = 2;
	o.seed = 3;
	test_schedule();
	test_same(&o);
	test_killed(&o);
	test_keep(&o);
	test_phases(&o);
	test_optimisers(&o);
	test_spikes(&o);
	test_masked(&o);
	test_async(&o);
	test_full_disk(&o);
	test_refusals(&o);
	snprintf(command, sizeof(command), "rm -r '%s'", top);
	return system(command) | tap_end();
}
