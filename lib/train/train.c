/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/progress.h"
#include "train/checkpoint.h"
#include "train/train.h"
#include "train/tboard.h"
#include "train/unigram.h"
#include "train/weights.h"

struct run {
	const struct train_options *o;
	const struct row_source *rows, *valid;
	const struct train_events *ev;
	struct program p;
	struct net n;
	struct optimiser opt;
	struct checkpoint c;
	struct runlog log;
	struct tboard board;
	struct spikes spikes;
	struct rows micro;        /* of a micro-batch */
	uint64_t counted;         /* targets of the step */
	uint64_t *valid_counts;   /* (vocab), or NULL */
	struct source_loss *told; /* (sources) of the step, or NULL */
	struct step_report r;
	uint64_t saved; /* the last step that has a checkpoint */
};

void
train_defaults(struct train_options *o)
{
	*o = (struct train_options){ .schedule = SCHEDULE_COSINE,
		.lr = 1e-3,
		.min_lr_ratio = .1,
		.warmup = "2%",
		.cooldown = "20%",
		.beta1 = .9,
		.beta2 = .95,
		.eps = 1e-8,
		.decay = .1,
		.spike_skip = 4,
		.embed_grad_scale = 1,
		.clip = 1,
		.save_every = 1000,
		.keep = 3 };
}

static int
check_options(const struct train_options *o, struct err *e)
{
	if (!(o->lr > 0) || !(o->min_lr_ratio >= 0) || o->min_lr_ratio > 1)
		return err_set(e, ERR_ARG,
		    "the learning rate must be above 0 and its last share "
		    "from 0 to 1");
	if (!(o->beta1 >= 0) || o->beta1 >= 1 || !(o->beta2 >= 0) ||
	    o->beta2 >= 1)
		return err_set(e, ERR_ARG, "beta1 and beta2 must be in [0, 1)");
	if (!(o->eps > 0) || !(o->decay >= 0) || !(o->clip >= 0))
		return err_set(e, ERR_ARG,
		    "eps must be above 0, weight decay and clip not below 0");
	if (!(o->label_smoothing >= 0) || o->label_smoothing >= 1 ||
	    !(o->z_loss >= 0))
		return err_set(e, ERR_ARG,
		    "label smoothing must be in [0, 1), z-loss not below 0");
	if (!(o->embed_grad_scale > 0) || o->embed_grad_scale > 1)
		return err_set(e, ERR_ARG,
		    "the scale of the embeddings' gradient must be above 0, "
		    "at most 1");
	if (!(o->spike >= 0) || o->spike_skip == 0)
		return err_set(e, ERR_ARG,
		    "a spike must be above 0 deviations and leave out a step");
	return 0;
}

static int
check_rows(const struct model_config *c, const struct row_source *r,
    const char *what, struct err *e)
{
	if (r->vocab > c->vocab)
		return err_set(e, ERR_ARG,
		    "%s has a vocabulary of %u, the model only \"vocab_size\" "
		    "%u",
		    what, r->vocab, c->vocab);
	if (r->max_seq > c->max_seq)
		return err_set(e, ERR_ARG,
		    "%s has rows of %u tokens, the model only "
		    "\"max_position_embeddings\" %u",
		    what, r->max_seq, c->max_seq);
	if (r->steps == 0 || r->max_rows == 0 || r->max_seq == 0)
		return err_set(e, ERR_ARG, "%s has no rows", what);
	return 0;
}

static int
resolve(struct run *t, struct err *e)
{
	const struct train_options *o = t->o;
	struct train_recipe *r = &t->c.recipe;
	uint32_t micro = o->micro_batch;

	if (micro == 0)
		micro = TRAIN_MICRO / t->rows->max_seq;
	if (micro > t->rows->max_rows)
		micro = t->rows->max_rows;
	*r = (struct train_recipe){ .schedule = { .kind = o->schedule,
					.lr = o->lr,
					.min_ratio = o->min_lr_ratio,
					.steps = t->rows->steps },
		.optimiser = { .kind = o->optimiser,
		    .beta1 = o->beta1,
		    .beta2 = o->beta2,
		    .eps = o->eps,
		    .decay = o->decay,
		    .spare_embeddings = o->spare_embeddings },
		.label_smoothing = o->label_smoothing,
		.z_loss = o->z_loss,
		.embed_grad = o->embed_grad_scale,
		.document_mask = o->document_mask,
		.spike = o->spike,
		.spike_skip = o->spike_skip,
		.clip = o->clip,
		.micro_batch = micro ? micro : 1,
		.type = o->type,
		.seed = o->seed };
	memcpy(r->rows, t->rows->digest, sizeof(r->rows));
	loss_scale_init(&t->c.scale, o->type == OPS_F16);
	if (schedule_share(&r->schedule.warmup, "warm-up", o->warmup,
		t->rows->steps, e) < 0)
		return e->code;
	return schedule_share(
	    &r->schedule.cooldown, "cool-down", o->cooldown, t->rows->steps, e);
}

/* Tokens of the largest pass. */
static size_t
capacity(const struct run *t)
{
	size_t n = (size_t)t->c.recipe.micro_batch * t->rows->max_seq;

	return t->valid && t->valid->max_seq > n ? t->valid->max_seq : n;
}

static void
run_memory(const struct run *t, const struct ops *ops, struct net_memory *m)
{
	uint64_t more = optimiser_memory(&t->c.recipe.optimiser, &t->p, ops);

	net_memory(&t->p, ops, m);
	m->optimiser += more;
	m->total += more;
}

static bool
wants_losses(const struct run *t)
{
	return t->ev->feedback && t->ev->feedback->losses;
}

/* What rows have to tell beside their tokens. */
static unsigned
also(const struct run *t)
{
	bool two_way = t->rows->two_way || (t->valid && t->valid->two_way);

	return (t->o->document_mask ? ROWS_FIRST : 0) |
	       (two_way ? ROWS_LAST : 0) | (wants_losses(t) ? ROWS_INFO : 0);
}

static int
open_net(struct run *t, const struct model_config *c, const struct ops *ops,
    struct err *e)
{
	size_t tokens = capacity(t);
	struct net_memory m;

	if (tokens > INT_MAX / 4)
		return err_set(e, ERR_ARG,
		    "a micro-batch of %zu tokens is too large", tokens);
	if (program_build(&t->p, c, tokens, true, e) < 0)
		return e->code;
	t->p.moments = optimiser_moments(t->o->optimiser);
	run_memory(t, ops, &m);
	if (t->o->memory && m.total > t->o->memory)
		return err_set(e, ERR_ARG,
		    "the run needs %.1f MiB, it may have %.1f; a smaller "
		    "micro-batch needs less",
		    (double)m.total / 1048576, (double)t->o->memory / 1048576);
	if (net_open(&t->n, &t->p, ops, e) < 0 ||
	    optimiser_open(&t->opt, &t->c.recipe.optimiser, &t->n, e) < 0)
		return e->code;
	t->n.smoothing = t->o->label_smoothing;
	t->n.z = t->o->z_loss;
	t->n.embed_grad = t->o->embed_grad_scale;
	t->c.counts = calloc(c->vocab, sizeof(*t->c.counts));
	if (t->valid)
		t->valid_counts = calloc(c->vocab, sizeof(*t->valid_counts));
	if (wants_losses(t))
		t->told = calloc(t->ev->feedback->sources, sizeof(*t->told));
	if (!t->c.counts || (t->valid && !t->valid_counts) ||
	    (wants_losses(t) && !t->told))
		return err_nomem(e, "token counts");
	return rows_alloc(&t->micro, tokens, also(t), e);
}

static int
fresh(struct run *t, struct err *e)
{
	t->c.step = t->c.tokens = t->c.window.n = 0;
	t->c.journal[0] = '\0';
	loss_scale_init(&t->c.scale, t->c.scale.on);
	memset(t->c.counts, 0, t->p.config.vocab * sizeof(*t->c.counts));
	net_forget(&t->n);
	return t->o->init ? weights_load_folder(&t->n, t->o->init, e)
			  : weights_init(&t->n, t->o->seed, e);
}

/* The journal as it was after the checkpoint, which has to be of it. */
static int
go_back_in_journal(struct run *t, struct err *e)
{
	const struct row_feedback *f = t->ev->feedback;
	char hex[17] = "";

	if (f && f->begin(f->ctx, t->c.step, e) < 0)
		return e->code;
	if (f)
		f->digest(f->ctx, t->c.step, hex);
	if (strcmp(hex, t->c.journal) == 0)
		return 0;
	return err_set(e, ERR_ARG,
	    "cannot resume: the journal changes what the first %llu steps "
	    "read, which is not what the checkpoint was trained on",
	    (unsigned long long)t->c.step);
}

/* As after the last checkpoint, or as at the beginning. */
static int
go_back(struct run *t, struct err *e)
{
	char path[PATH_MAX];
	int rc = checkpoint_exists(t->o->dir)
		     ? checkpoint_load(t->o->dir, &t->n, &t->c, e)
		     : fresh(t, e);

	if (rc == 0)
		rc = go_back_in_journal(t, e);
	if (rc < 0)
		return rc;
	t->saved = t->c.step;
	if (snprintf(path, sizeof(path), "%s/log.jsonl", t->o->dir) >=
	    (int)sizeof(path))
		return err_set(e, ERR_ARG, "%s: path too long", t->o->dir);
	runlog_close(&t->log);
	tboard_close(&t->board);
	if (t->o->tensorboard &&
	    tboard_open(&t->board, t->o->tensorboard, t->c.step, e) < 0)
		return e->code;
	return runlog_open(&t->log, path, t->c.step, e);
}

/* Fresh weights, or those of the last checkpoint. */
static int
begin(struct run *t, struct err *e)
{
	char path[PATH_MAX];

	if (checkpoint_exists(t->o->dir) && !t->o->resume)
		return err_set(e, ERR_ARG,
		    "%s holds a run already; --resume goes on with it",
		    t->o->dir);
	/* Rather now than with the first checkpoint, hours of work later. */
	if (t->o->tokenizer && access(t->o->tokenizer, R_OK) < 0)
		return err_errno(e, t->o->tokenizer, "read it");
	if (mkdir(t->o->dir, 0777) < 0 && errno != EEXIST)
		return err_errno(e, t->o->dir, "create it");
	if (snprintf(path, sizeof(path), "%s/spikes.jsonl", t->o->dir) >=
	    (int)sizeof(path))
		return err_set(e, ERR_ARG, "%s: path too long", t->o->dir);
	/* Of a run that left no checkpoint, and isn't resumed. */
	if (!t->o->resume)
		remove(path);
	if (spikes_open(&t->spikes, path, e) < 0)
		return e->code;
	return go_back(t, e);
}

static void
tell_plan(const struct run *t)
{
	struct train_plan p = { .params = t->p.params.count,
		.steps = t->rows->steps,
		.first_step = t->c.step,
		.tokens = t->c.tokens,
		.micro_batch = t->c.recipe.micro_batch,
		.warmup = t->c.recipe.schedule.warmup };

	run_memory(t, t->n.ops, &p.memory);
	if (t->ev->plan)
		t->ev->plan(t->ev->ctx, &p);
}

/* Add up what n rows of the micro-batch came to. */
static void
tell_losses(struct run *t, uint32_t n, uint32_t T)
{
	struct source_loss *s;
	uint32_t i;

	for (i = 0; t->told && i < n; i++) {
		struct rows row = { .loss = t->micro.loss + (size_t)i * T };

		s = &t->told[t->micro.info[i].source];
		s->sum += net_row_loss(&t->n, i, T);
		s->targets += rows_counted(&row, 1, T);
	}
}

/*
 * Gradients of the whole batch, as if all its targets counted; *loss: mean,
 * nats a target that counts.
 */
static int
accumulate(struct run *t, uint64_t step, const struct step_info *s,
    double *loss, struct err *e)
{
	double count = (double)s->rows * s->seq, sum = 0;
	double scale = t->r.loss_scale / count;
	uint32_t at, n;

	net_zero_grads(&t->n);
	t->counted = 0;
	if (t->told)
		memset(t->told, 0, t->ev->feedback->sources * sizeof(*t->told));
	for (at = 0; at < s->rows; at += n) {
		n = s->rows - at < t->c.recipe.micro_batch
			? s->rows - at
			: t->c.recipe.micro_batch;
		if (t->rows->read(t->rows->ctx, step, at, n, &t->micro, e) <
			0 ||
		    net_train(&t->n, &t->micro, n, s->seq, scale, &sum, e) < 0)
			return err_prefix(
			    e, "step %llu", (unsigned long long)step + 1);
		unigram_count(t->c.counts, &t->micro, n, s->seq);
		t->counted += rows_counted(&t->micro, n, s->seq);
		tell_losses(t, n, s->seq);
	}
	if (t->counted == 0)
		return err_set(e, ERR_FORMAT,
		    "step %llu: no token of its rows counts in the loss",
		    (unsigned long long)step + 1);
	*loss = sum / (double)t->counted;
	return 0;
}

static int
update(struct run *t, uint64_t step, const struct step_info *s, struct err *e)
{
	const struct train_recipe *r = &t->c.recipe;
	/* Gradients are of the mean over all targets; some may not count. */
	double scale = (double)s->rows * s->seq / (double)t->counted;

	if (!isfinite(t->r.loss) || !isfinite(t->r.grad_norm))
		return err_set(e, ERR_FORMAT,
		    "step %llu: loss %g, gradient norm %g: stopped; the last "
		    "checkpoint is of step %llu",
		    (unsigned long long)step + 1, t->r.loss, t->r.grad_norm,
		    (unsigned long long)t->saved);
	if (r->clip > 0 && t->r.grad_norm > r->clip)
		scale *= r->clip / t->r.grad_norm;
	t->r.lr = schedule_lr(&r->schedule, step) * s->lr_scale;
	/* Steps that changed no weights are none to the moments. */
	return optimiser_step(&t->opt, step - t->c.scale.skipped, t->r.lr,
	    scale / t->r.loss_scale, e);
}

/* The loss of a step's rows of the validation; *n counts tokens. */
static int
validate_step(
    struct run *t, uint64_t step, double *sum, double *n, struct err *e)
{
	const struct row_source *v = t->valid;
	struct step_info s;
	uint32_t at, m, most;

	if (v->step(v->ctx, step, &s, e) < 0)
		return e->code;
	most = (uint32_t)(t->p.tokens / s.seq);
	for (at = 0; at < s.rows; at += m) {
		m = s.rows - at < most ? s.rows - at : most;
		if (v->read(v->ctx, step, at, m, &t->micro, e) < 0 ||
		    net_loss(&t->n, &t->micro, m, s.seq, sum, e) < 0)
			return err_prefix(e, "validation, step %llu",
			    (unsigned long long)step + 1);
		unigram_count(t->valid_counts, &t->micro, m, s.seq);
		*n += (double)rows_counted(&t->micro, m, s.seq);
	}
	return 0;
}

static int
validate(struct run *t, struct err *e)
{
	uint32_t vocab = t->p.config.vocab;
	double sum = 0, n = 0;
	uint64_t i;

	memset(t->valid_counts, 0, vocab * sizeof(*t->valid_counts));
	for (i = 0; i < t->valid->steps; i++)
		if (validate_step(t, i, &sum, &n, e) < 0)
			return e->code;
	t->r.validated = true;
	t->r.valid_loss = sum / n;
	t->r.unigram_loss = unigram_loss(t->c.counts, t->valid_counts, vocab);
	return 0;
}

static int
sync_journal(struct run *t, struct err *e)
{
	const struct row_feedback *f = t->ev->feedback;

	if (!f)
		return 0;
	f->digest(f->ctx, t->c.step, t->c.journal);
	return f->sync(f->ctx, e);
}

static int
save(struct run *t, struct err *e)
{
	if (t->saved == t->c.step && checkpoint_exists(t->o->dir))
		return 0;
	if (runlog_sync(&t->log, e) < 0 || sync_journal(t, e) < 0 ||
	    checkpoint_save(
		t->o->dir, &t->n, &t->c, t->o->tokenizer, t->o->keep, e) < 0)
		return e->code;
	t->saved = t->c.step;
	if (t->ev->saved)
		t->ev->saved(t->ev->ctx, t->c.step);
	return 0;
}

static bool
due(uint64_t every, uint64_t step, uint64_t steps)
{
	return step == steps || (every && step % every == 0);
}

/* 1 if the step just computed is a spike: journaled, and gone back. */
static int
check_spike(struct run *t, struct err *e)
{
	uint64_t step = t->c.step + 1, skip = t->o->spike_skip;
	struct spike s;

	if (t->o->spike <= 0 || !spike_found(&s, &t->c.window, t->o->spike,
				    t->r.loss, t->r.grad_norm))
		return 0;
	if (t->spikes.n == SPIKE_MOST)
		return err_set(e, ERR_FORMAT,
		    "step %llu: spike %d, loss %g: stopped; %s/spikes.jsonl "
		    "tells them",
		    (unsigned long long)step, SPIKE_MOST + 1, t->r.loss,
		    t->o->dir);
	if (go_back(t, e) < 0)
		return e->code;
	s.step = s.to = step;
	s.back = t->c.step;
	s.from = step > skip ? step - skip + 1 : 1;
	if (s.from <= s.back)
		s.from = s.back + 1;
	if (spikes_add(&t->spikes, &s, e) < 0)
		return e->code;
	if (t->ev->spike)
		t->ev->spike(t->ev->ctx, &s);
	return 1;
}

/* Loss, gradients and update; 1 if it ended in going back. */
static int
train_step(struct run *t, const struct step_info *s, struct err *e)
{
	double start = progress_now();
	int rc;

	t->r.loss_scale = t->c.scale.by;
	if (accumulate(t, t->c.step, s, &t->r.loss, e) < 0 ||
	    net_grad_norm(&t->n, &t->r.grad_norm, e) < 0)
		return e->code;
	t->r.grad_norm *=
	    (double)s->rows * s->seq / (double)t->counted / t->r.loss_scale;
	t->r.overflow = isfinite(t->r.loss) &&
			!loss_scale_step(&t->c.scale, isfinite(t->r.grad_norm));
	rc = t->r.overflow ? 0 : check_spike(t, e);
	if (rc != 0)
		return rc;
	if (!t->r.overflow && update(t, t->c.step, s, e) < 0)
		return e->code;
	if (t->told && t->ev->feedback->step(
			   t->ev->feedback->ctx, t->c.step, t->told, e) < 0)
		return e->code;
	spike_push(&t->c.window, t->r.loss);
	t->c.tokens += (uint64_t)s->rows * s->seq;
	t->r.tokens_per_s =
	    (double)s->rows * s->seq / (progress_now() - start + 1e-9);
	return 0;
}

/* 1 if it ended in going back. */
static int
one_step(struct run *t, struct err *e)
{
	struct step_info s;
	int rc = 0;

	if (t->rows->step(t->rows->ctx, t->c.step, &s, e) < 0)
		return e->code;
	t->r = (struct step_report){ .steps = t->rows->steps,
		.skipped = spikes_skip(&t->spikes, t->c.step + 1) };
	if (!t->r.skipped)
		rc = train_step(t, &s, e);
	if (rc != 0)
		return rc;
	t->c.step++;
	t->r.step = t->c.step;
	t->r.tokens = t->c.tokens;
	if (t->valid && due(t->o->valid_every, t->c.step, t->rows->steps) &&
	    validate(t, e) < 0)
		return e->code;
	if (runlog_add(&t->log, &t->r, e) < 0 ||
	    (t->board.fd >= 0 && tboard_add(&t->board, &t->r, e) < 0))
		return e->code;
	if (t->ev->step)
		t->ev->step(t->ev->ctx, &t->r);
	return 0;
}

static int
loop(struct run *t, struct err *e)
{
	bool stop = false;
	int back;

	while (t->c.step < t->rows->steps && !stop) {
		back = one_step(t, e);
		if (back < 0)
			return back;
		stop = t->ev->stop && *t->ev->stop;
		if (!stop && !back &&
		    due(t->o->save_every, t->c.step, t->rows->steps) &&
		    save(t, e) < 0)
			return e->code;
	}
	if (save(t, e) < 0)
		return e->code;
	return t->c.step < t->rows->steps;
}

static void
close_run(struct run *t)
{
	runlog_close(&t->log);
	tboard_close(&t->board);
	spikes_close(&t->spikes);
	optimiser_close(&t->opt);
	net_close(&t->n);
	program_free(&t->p);
	rows_free(&t->micro);
	free(t->c.counts);
	free(t->valid_counts);
	free(t->told);
}

int
train_run(const struct model_config *c, const struct train_options *o,
    const struct row_source *rows, const struct row_source *valid,
    const struct ops *ops, const struct train_events *ev,
    struct step_report *last, struct err *e)
{
	struct run t = { .o = o,
		.rows = rows,
		.valid = valid,
		.ev = ev,
		.log = { .fd = -1 },
		.board = { .fd = -1 } };
	int rc;

	if ((rc = check_options(o, e)) < 0 ||
	    (rc = check_rows(c, rows, "the recipe", e)) < 0 ||
	    (valid &&
		(rc = check_rows(c, valid, "the validation recipe", e)) < 0) ||
	    (rc = resolve(&t, e)) < 0)
		return rc;
	rc = open_net(&t, c, ops, e);
	if (rc == 0)
		rc = begin(&t, e);
	if (rc == 0) {
		tell_plan(&t);
		rc = loop(&t, e);
	}
	if (last)
		*last = t.r;
	close_run(&t);
	return rc;
}
