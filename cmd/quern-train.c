/* SPDX-License-Identifier: MIT */
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/num.h"
#include "cmd.h"
#include "io/feedback.h"
#include "io/stream.h"
#include "mix/loader.h"
#include "mix/mix.h"
#include "train/link.h"
#include "train/peak.h"
#include "train/preset.h"
#include "train/train.h"
#include "train/view.h"

static struct opt_common common;
static struct train_options options;
static struct {
	const char *config, *recipe, *valid, *out, *device;
	const char *schedule, *optimizer, *dtype, *ranks, *audit, *offload;
	uint64_t from; /* of audit */
	int micro_batch, keep;
	double peak;
	bool verify;
} given = { .verify = true,
	.device = "auto",
	.schedule = "cosine",
	.optimizer = "adamw",
	.offload = "none",
	.ranks = "auto",
	.dtype = "f32" };

static const struct opt opts[] = {
	{ "config", 0, OPT_STR, &given.config, "FILE",
	    "the model: config.json with the keys of transformers, or a "
	    "preset such as gpt2-124m",
	    NULL },
	{ "recipe", 0, OPT_STR, &given.recipe, "FILE",
	    "what to train on (quern mix check FILE)", NULL },
	{ "out", 0, OPT_STR, &given.out, "DIR",
	    "folder of the log and the checkpoints", NULL },
	{ "init", 0, OPT_STR, &options.init, "DIR",
	    "begin with the weights, and by default the config, of a "
	    "checkpoint or a Hugging Face folder",
	    NULL },
	{ "resume", 0, OPT_FLAG, &options.resume, NULL,
	    "go on from the last checkpoint in --out, if there is one", NULL },
	{ "audit", 0, OPT_STR, &given.audit, "STEP",
	    "make the steps after the checkpoint of STEP (0: all) again and "
	    "hold the later checkpoints against them; writes nothing",
	    NULL },
	{ "verify", 0, OPT_FLAG, &given.verify, NULL,
	    "first read all shards and hold them against their digests; "
	    "--no-verify: don't",
	    NULL },
	{ "valid", 0, OPT_STR, &given.valid, "FILE",
	    "a recipe whose rows measure the loss", NULL },
	{ "valid-every", 0, OPT_U64, &options.valid_every, "N",
	    "measure it every N steps; 0: only at the end", NULL },
	{ "tokenizer", 0, OPT_STR, &options.tokenizer, "FILE",
	    "tokenizer.json to put into each checkpoint", NULL },
	{ "tensorboard", 0, OPT_STR, &options.tensorboard, "DIR",
	    "write what log.jsonl holds for TensorBoard too", NULL },
	{ "device", 0, OPT_STR, &given.device, "DEVICE",
	    "where to compute; auto is the processor", "auto,cpu,cuda" },
	{ "ranks", 0, OPT_STR, &given.ranks, "HOW",
	    "train with the other processes that mpirun or srun started; auto: "
	    "if one of them did",
	    "auto,mpi,none" },
	{ "optimizer", 0, OPT_STR, &given.optimizer, "NAME",
	    "how gradients change weights", "adamw,lion,muon,adafactor" },
	{ "lr", 0, OPT_DOUBLE, &options.lr, "X", "largest learning rate",
	    NULL },
	{ "min-lr-ratio", 0, OPT_DOUBLE, &options.min_lr_ratio, "X",
	    "the last step's share of --lr", NULL },
	{ "schedule", 0, OPT_STR, &given.schedule, "NAME",
	    "how the learning rate falls",
	    "cosine,linear,constant,inverse-sqrt,wsd" },
	{ "warmup", 0, OPT_STR, &options.warmup, "N|N%",
	    "steps, or share of all, over which it rises", NULL },
	{ "cooldown", 0, OPT_STR, &options.cooldown, "N|N%",
	    "steps, or share of all, at the end in which wsd falls", NULL },
	{ "beta1", 0, OPT_DOUBLE, &options.beta1, "X",
	    "decay of the gradients' mean", NULL },
	{ "beta2", 0, OPT_DOUBLE, &options.beta2, "X",
	    "decay of their squares' mean", NULL },
	{ "momentum", 0, OPT_DOUBLE, &options.momentum, "X",
	    "adafactor: decay of its steps' mean; 0: none is kept", NULL },
	{ "decay-rate", 0, OPT_DOUBLE, &options.decay_rate, "X",
	    "adafactor: squares' means decay by 1 - step^-X", NULL },
	{ "update-clip", 0, OPT_DOUBLE, &options.update_clip, "X",
	    "adafactor: largest root mean square of a step, before --lr",
	    NULL },
	{ "scale-by-rms", 0, OPT_FLAG, &options.scale_by_rms, NULL,
	    "adafactor: --lr is a share of the weights' root mean square",
	    NULL },
	{ "weight-decay", 0, OPT_DOUBLE, &options.decay, "X",
	    "decay of matrices, times the learning rate", NULL },
	{ "spare-embeddings", 0, OPT_FLAG, &options.spare_embeddings, NULL,
	    "embeddings and the head don't decay", NULL },
	{ "label-smoothing", 0, OPT_DOUBLE, &options.label_smoothing, "X",
	    "share of each target spread over all tokens", NULL },
	{ "z-loss", 0, OPT_DOUBLE, &options.z_loss, "X",
	    "times the square of the logits' log-sum, added to the loss",
	    NULL },
	{ "embed-grad-scale", 0, OPT_DOUBLE, &options.embed_grad_scale, "X",
	    "times the gradient of the embeddings: below 1 steadies large "
	    "models",
	    NULL },
	{ "dropout", 0, OPT_DOUBLE, &options.dropout, "X",
	    "share of what attention and MLPs add that is dropped", NULL },
	{ "embedding-dropout", 0, OPT_DOUBLE, &options.embed_dropout, "X",
	    "share of the embeddings that is dropped", NULL },
	{ "attention-dropout", 0, OPT_DOUBLE, &options.attention_dropout, "X",
	    "share of attention's weights that is dropped", NULL },
	{ "document-mask", 0, OPT_FLAG, &options.document_mask, NULL,
	    "no token looks at anything before its own document", NULL },
	{ "spike", 0, OPT_DOUBLE, &options.spike, "X",
	    "a loss X standard deviations above the last ones goes back to "
	    "the last checkpoint; 0: never",
	    NULL },
	{ "spike-skip", 0, OPT_U64, &options.spike_skip, "N",
	    "steps that are then left out, the last the one with that loss",
	    NULL },
	{ "clip", 0, OPT_DOUBLE, &options.clip, "X",
	    "largest norm of the gradient; 0: no limit", NULL },
	{ "micro-batch", 0, OPT_INT, &given.micro_batch, "ROWS",
	    "rows computed together; 0: about 4096 tokens", NULL },
	{ "recompute", 0, OPT_STR, &options.recompute, "LIST",
	    "what is computed again rather than kept: norm, act, qkv, "
	    "attention, up, layer",
	    NULL },
	{ "offload", 0, OPT_STR, &given.offload, "WHAT",
	    "what lies in the host's memory rather than in the card's: the "
	    "moments of adamw and lion",
	    "none,optimizer" },
	{ "save-every", 0, OPT_U64, &options.save_every, "N",
	    "steps between checkpoints; 0: only at the end", NULL },
	{ "keep", 0, OPT_INT, &given.keep, "N",
	    "checkpoints that are kept, the newest; 0: all", NULL },
	{ "async-save", 0, OPT_FLAG, &options.async_save, NULL,
	    "write checkpoints while training goes on, from a copy of weights "
	    "and moments where memory suffices; --no-async-save: don't",
	    NULL },
	{ "peak", 0, OPT_DOUBLE, &given.peak, "TFLOPS",
	    "10^12 operations a second that a rank's device makes at most; 0: "
	    "what is known of it",
	    NULL },
	{ "dtype", 0, OPT_STR, &given.dtype, "TYPE",
	    "what the factors of matrix products are rounded to",
	    "f32,bf16,fp16" },
	{ 0 },
};

static const struct opt common_opts[] = { OPT_COMMON(&common), { 0 } };

static const struct opt_cmd cmd = { .name = "train",
	.args = "--config FILE --recipe FILE --out DIR",
	.summary = "train a language model on the stream of a recipe",
	.example = "quern train --config model.json --recipe run.mix --out "
		   "model --valid valid.mix",
	.opts = opts,
	.common = common_opts };

/* The others that take part, or a link to nobody. */
static struct link *ranks;

static volatile sig_atomic_t stop, save, training;

/*
 * SIGUSR1 asks for a checkpoint.  The first of the others while training asks
 * for one and the end; one more kills.  A thread waits for them and all others
 * block them: the library's products use the stack's register for other things,
 * so that a handler would write into whatever it points to.
 */
static void *
wait_for_signals(void *set)
{
	int sig;

	while (
	    sigwait(set, &sig) == 0 && (sig == SIGUSR1 || (training && !stop)))
		if (sig == SIGUSR1)
			save = 1;
		else
			stop = 1;
	signal(sig, SIG_DFL);
	pthread_sigmask(SIG_UNBLOCK, set, NULL);
	raise(sig);
	return NULL;
}

/* Before there are other threads. */
static int
catch_signals(struct err *e)
{
	static sigset_t set;
	pthread_t thread;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	if (pthread_create(&thread, NULL, wait_for_signals, &set) != 0)
		return err_set(e, ERR_IO, "no thread to wait for signals");
	pthread_detach(thread);
	return 0;
}

static int
in_folder(char path[PATH_MAX], const char *name, struct err *e)
{
	if (snprintf(path, PATH_MAX, "%s/%s", given.out, name) < PATH_MAX)
		return 0;
	return err_set(e, ERR_ARG, "%s: path too long", given.out);
}

/* The context of a run's events. */
struct told {
	struct view view; /* first: it has events of its own */
	const struct mix *m;
	struct err e; /* what went wrong in an event */
};

/* Beside showing it: what the run reads is kept, for when it goes on. */
static void
on_plan(void *ctx, const struct train_plan *p)
{
	struct told *t = ctx;
	char path[PATH_MAX];

	if (p->first_step == 0 && (in_folder(path, "sources.json", &t->e) < 0 ||
				      mix_keep_sources(t->m, path, &t->e) < 0))
		stop = 1;
	view_plan(&t->view, p);
}

static void
member(struct buf *b, const char *name, double v)
{
	buf_printf(b, ",\"%s\":", name);
	buf_double(b, v);
}

static int
write_stats(const struct view *v, const struct step_report *last, struct err *e)
{
	struct buf b = { 0 };
	int rc;

	if (!common.stats)
		return 0;
	buf_printf(&b,
	    "{\"command\":\"train\",\"parameters\":%llu,\"steps\":%llu,"
	    "\"tokens\":%llu,\"bytes_needed\":%llu",
	    (unsigned long long)v->plan.params, (unsigned long long)last->step,
	    (unsigned long long)last->tokens,
	    (unsigned long long)v->plan.memory.total);
	member(&b, "loss", last->loss);
	if (v->valid.validated) {
		member(&b, "valid_loss", v->valid.valid_loss);
		member(&b, "unigram_loss", v->valid.unigram_loss);
	}
	buf_puts(&b, "}\n");
	rc = buf_ok(&b, e);
	if (rc == 0)
		rc = out_whole(common.stats, b.p, b.n, e);
	buf_free(&b);
	return rc;
}

/* What the system gives as many stacks for. */
enum { MOST_THREADS = 4096 };

static int
check_usage(int operands, struct err *e)
{
	if (operands)
		return err_set(e, ERR_ARG, "takes no operands");
	if ((!given.config && !options.init) || !given.recipe || !given.out)
		return err_set(e, ERR_ARG,
		    "--config (or --init), --recipe and --out are needed");
	if (!*given.out)
		return err_set(e, ERR_ARG, "--out: no name");
	if (common.threads > MOST_THREADS)
		return err_set(
		    e, ERR_ARG, "--threads: at most %d", MOST_THREADS);
	if (common.out)
		return err_set(
		    e, ERR_ARG, "writes a folder: --out, not --output");
	if (!(given.peak >= 0) || given.peak > 1e9)
		return err_set(e, ERR_ARG, "--peak: from 0 to 1e9");
	if (given.audit && num_u64(given.audit, &given.from, e) < 0)
		return err_prefix(e, "--audit");
	options.dir = given.out;
	options.seed = common.seed;
	options.memory = common.memory;
	options.micro_batch = (uint32_t)given.micro_batch;
	options.keep = (uint32_t)given.keep;
	options.offload = strcmp(given.offload, "optimizer") == 0;
	if (optimiser_kind(&options.optimiser, given.optimizer, e) < 0)
		return e->code;
	if (ops_type(&options.type, given.dtype, e) < 0)
		return e->code;
	return schedule_kind(&options.schedule, given.schedule, e);
}

/* Right, but no faster than f32: better said. */
static void
tell_emulated(void)
{
	if (common.quiet || ops_cpu_has(options.type))
		return;
	fprintf(stderr,
	    "quern train: this processor or build has no products of %s: "
	    "numbers are rounded to it and multiplied as f32\n",
	    given.dtype);
}

static const struct ops *
card(struct err *e)
{
	const struct ops *o = ops_cuda_card(options.type, ranks->place, e);
	const char *note = o && !common.quiet ? ops_cuda_note() : NULL;

	if (note)
		fprintf(stderr, "quern train: %s\n", note);
	return o;
}

static const struct ops *
device(struct err *e)
{
	if (strcmp(given.device, "cuda") == 0)
		return card(e);
	tell_emulated();
	return ops_cpu_typed(common.threads, options.type);
}

/* A preset by its name, a file, or the config beside the first weights. */
static int
load_config(struct model_config *c, struct err *e)
{
	char path[PATH_MAX];

	if (given.config && preset_find(c, given.config))
		return 0;
	if (given.config)
		return config_load(c, given.config, e);
	if (snprintf(path, sizeof(path), "%s/config.json", options.init) >=
	    (int)sizeof(path))
		return err_set(e, ERR_ARG, "%s: path too long", options.init);
	return config_load(c, path, e);
}

/* An audit makes its own journal, of what was known at its beginning. */
static char audit_journal[PATH_MAX];

/* path becomes that of the copy. */
static int
copy_journal(char path[PATH_MAX], struct err *e)
{
	char name[40], *p = NULL;
	size_t n = 0;
	int rc = access(path, F_OK) < 0 ? 0 : in_slurp(path, &p, &n, e);

	snprintf(name, sizeof(name), ".journal-%ld.audit", (long)getpid());
	if (rc == 0)
		rc = in_folder(audit_journal, name, e);
	if (rc == 0 && p)
		rc = out_whole(audit_journal, p, n, e);
	free(p);
	memcpy(path, audit_journal, sizeof(audit_journal));
	return rc;
}

/*
 * The journal of the run, in its folder: there if the recipe adapts, or if
 * somebody changed its shares by hand.
 */
static int
open_journal(struct row_feedback *f, struct mix *m, struct err *e)
{
	char path[PATH_MAX];

	if (in_folder(path, "journal.jsonl", e) < 0)
		return e->code;
	if (mix_recipe(m)->adapt.kind == ADAPT_NONE && access(path, F_OK) < 0)
		return 0;
	if (given.audit && copy_journal(path, e) < 0)
		return e->code;
	return mix_feedback(f, m, path, ranks->rank > 0, e);
}

/* A run that goes on reads what it read before. */
static int
check_sources(const struct mix *m, struct err *e)
{
	char path[PATH_MAX], last[PATH_MAX];

	if (in_folder(path, "sources.json", e) < 0 ||
	    in_folder(last, "last", e) < 0)
		return e->code;
	if (access(last, F_OK) < 0 || access(path, F_OK) < 0)
		return 0;
	return mix_same_sources(m, path, e);
}

/* What the options, the recipe and the folder come to. */
struct job {
	struct row_source rows, valid;
	struct row_feedback feedback;
	struct model_config model;
	const struct ops *ops;
	struct mix *m;
};

static int
audit(
    const struct job *j, struct told *t, struct train_events *ev, struct err *e)
{
	int rc;

	ev->plan = NULL;
	ev->same = view_same;
	t->view.plan.first_step = given.from;
	progress_start(&t->view.line, "train", "tokens", j->rows.steps,
	    common.progress, common.quiet);
	rc = train_audit(
	    &j->model, &options, &j->rows, j->ops, ev, given.from, e);
	progress_clear(&t->view.line);
	return rc < 0 ? err_prefix(e, "audit") : 0;
}

static int
train(struct job *j, struct err *e)
{
	struct told t = { .view = { .common = &common }, .m = j->m };
	struct train_events ev = { .ctx = &t,
		.feedback = j->feedback.ctx ? &j->feedback : NULL,
		.plan = on_plan,
		.step = view_step,
		.spike = view_spike,
		.save = &save,
		.stop = &stop };
	struct step_report last = { 0 };
	int rc;

	training = 1;
	if (given.audit)
		return audit(j, &t, &ev, e);
	rc = train_run(&j->model, &options, &j->rows,
	    given.valid ? &j->valid : NULL, j->ops, &ev, &last, e);
	view_end(&t.view, &last);
	if (rc < 0)
		return rc;
	if (t.e.code < 0) {
		*e = t.e;
		return e->code;
	}
	if (rc > 0)
		return err_set(e, ERR_IO,
		    "stopped by a signal after step %llu of %llu; --resume "
		    "goes on from there",
		    (unsigned long long)last.step,
		    (unsigned long long)last.steps);
	return write_stats(&t.view, &last, e);
}

/*
 * The next batches are read while this one is trained on; not if what a step
 * learns may change them.
 */
static int
read_ahead(struct row_source *rows, const struct row_feedback *f, struct err *e)
{
	struct row_source in = *rows;

	if (f->ctx || common.threads < 2)
		return 0;
	return loader_open(
	    rows, &in, LOADER_AHEAD, ranks->rank, ranks->size, e);
}

/* All that comes before the first step; shards are verified once. */
static int
prepare(struct job *j, struct err *e)
{
	int rc = mix_open(&j->rows, given.recipe, e);

	j->m = j->rows.ctx;
	if (rc == 0 && given.valid)
		rc = mix_open(&j->valid, given.valid, e);
	if (rc == 0 && given.verify && ranks->rank == 0)
		rc = mix_verify(j->m, e);
	if (rc == 0)
		rc = check_sources(j->m, e);
	if (rc == 0)
		rc = open_journal(&j->feedback, j->m, e);
	if (rc == 0)
		rc = read_ahead(&j->rows, &j->feedback, e);
	if (rc == 0)
		rc = load_config(&j->model, e);
	if (rc < 0)
		return rc;
	j->ops = device(e);
	if (!j->ops)
		return e->code;
	options.peak = given.peak * 1e12;
	if (given.peak == 0)
		options.peak = peak_of(j->ops, options.type, common.threads);
	return 0;
}

static void
close_job(struct job *j)
{
	mix_feedback_close(&j->feedback);
	if (*audit_journal)
		unlink(audit_journal);
	if (j->rows.close)
		j->rows.close(j->rows.ctx);
	if (j->valid.close)
		j->valid.close(j->valid.ctx);
}

static bool
gave_threads(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--threads") == 0 ||
		    strncmp(argv[i], "--threads=", 10) == 0)
			return true;
	return false;
}

/*
 * The other ranks.  They share a machine's memory and processors; the first one
 * speaks for all.
 */
static int
join_ranks(bool threads_given, struct err *e)
{
	bool wanted = strcmp(given.ranks, "mpi") == 0 ||
		      (strcmp(given.ranks, "auto") == 0 && link_launched());

	ranks = wanted ? link_mpi(e) : link_self();
	if (!ranks)
		return e->code;
	if (ranks->size > 1)
		options.ranks = ranks;
	if (!threads_given && (uint32_t)common.threads > ranks->sharing)
		common.threads /= (int)ranks->sharing;
	else if (!threads_given && ranks->sharing > 1)
		common.threads = 1;
	if (ranks->rank > 0) {
		common.quiet = true;
		common.progress = false;
		common.stats = NULL;
	}
	return 0;
}

int
main(int argc, char **argv)
{
	bool threads_given = gave_threads(argc, argv);
	struct job j = { 0 };
	struct err e;
	int rc;

	cmd_wait_asleep(argv);
	opt_common_init(&common);
	train_defaults(&options);
	given.keep = (int)options.keep;
	rc = check_usage(cmd_begin(&cmd, argc, argv), &e);
	if (rc == 0)
		rc = catch_signals(&e);
	if (rc == 0)
		rc = join_ranks(threads_given, &e);
	if (rc == 0 && (rc = link_agree(ranks, prepare(&j, &e), &e)) == 0)
		rc = train(&j, &e);
	close_job(&j);
	/* Before anybody ends: mpirun would end the others. */
	if (ranks && ranks->rank > 0 && !ranks->broken)
		rc = cmd_end_quietly(&cmd, rc);
	else
		rc = cmd_end(&cmd, rc, &e);
	link_close(ranks);
	return rc;
}
