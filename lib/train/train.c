/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "train/peak.h"
#include "train/run.h"
#include "train/weights.h"

static struct link *
link_of(const struct train_options *o)
{
	return o->ranks ? o->ranks : link_self();
}

static bool
wants_losses(const struct run *t)
{
	return t->ev->feedback && t->ev->feedback->losses;
}

/* Of the validation. */
static bool
wants_sources(const struct run *t)
{
	return t->valid && t->valid->sources > 1;
}

/* What rows have to tell beside their tokens. */
static unsigned
also(const struct run *t)
{
	bool kinds = wants_losses(t) || wants_sources(t);
	bool two_way = t->rows->two_way || (t->valid && t->valid->two_way);

	return (t->o->document_mask ? ROWS_FIRST : 0) |
	       (two_way ? ROWS_LAST : 0) | (kinds ? ROWS_INFO : 0);
}

/* What the net is going to be, and whether there is room for it. */
static int
plan_net(struct run *t, const struct model_config *c, const struct ops *ops,
    size_t tokens, struct err *e)
{
	unsigned flags = PROGRAM_BACKWARD | net_flags(ops);

	if (tokens > INT_MAX / 4)
		return err_set(e, ERR_ARG,
		    "a micro-batch of %zu tokens is too large", tokens);
	if (program_recompute(&flags, t->o->recompute, e) < 0 ||
	    program_build(&t->p, c, tokens, flags, e) < 0 ||
	    run_offload(t, ops, e) < 0 ||
	    optimiser_plan(&t->c.recipe.optimiser, &t->p, e) < 0 ||
	    ranks_split(&t->ranks, link_of(t->o), &t->p, e) < 0)
		return e->code;
	t->p.several = run_several(t, t->c.recipe.micro_batch);
	run_rows(t, &t->p);
	return run_fits(t, c, ops, e);
}

/* Cards may differ in what they have left. */
static int
open_net(struct run *t, const struct model_config *c, const struct ops *ops,
    struct err *e)
{
	size_t tokens = run_tokens(t, t->c.recipe.micro_batch);

	if (link_agree(link_of(t->o), plan_net(t, c, ops, tokens, e), e) < 0 ||
	    ranks_open(&t->ranks, ops, e) < 0 ||
	    net_open(&t->n, &t->p, ops, e) < 0 ||
	    optimiser_open(&t->opt, &t->c.recipe.optimiser, &t->n, e) < 0)
		return e->code;
	t->n.smoothing = t->o->label_smoothing;
	t->n.z = t->o->z_loss;
	t->n.embed_grad = t->o->embed_grad_scale;
	t->n.dropout = (struct net_dropout){ .embedding = t->o->embed_dropout,
		.residual = t->o->dropout,
		.attention = t->o->attention_dropout,
		.seed = t->o->seed };
	return rows_alloc(&t->micro, tokens, also(t), e);
}

static int
open_counts(struct run *t, uint32_t vocab, struct err *e)
{
	size_t ranks = t->ranks.link->size, most;

	t->kinds = 1 + (wants_losses(t) ? t->ev->feedback->sources : 0);
	most = t->kinds;
	if (wants_sources(t)) {
		if (t->valid->sources >= most)
			most = 1 + t->valid->sources;
		t->by_source = calloc(t->valid->sources, sizeof(*t->by_source));
	}
	t->mine = calloc(most, (2 + ranks) * sizeof(*t->mine));
	t->c.counts = calloc(vocab, sizeof(*t->c.counts));
	t->seen = calloc(vocab, sizeof(*t->seen));
	if (t->valid)
		t->valid_counts = calloc(vocab, sizeof(*t->valid_counts));
	if (!t->mine || !t->c.counts || !t->seen ||
	    (t->valid && !t->valid_counts) ||
	    (wants_sources(t) && !t->by_source))
		return err_nomem(e, "token counts");
	t->told = t->mine + most;
	t->each = t->told + most;
	return 0;
}

/*
 * Room for writing checkpoints beside training, if it is wanted and fits: on
 * the host, wherever the net is.
 */
static void
open_saver(struct run *t)
{
	const struct train_options *o = t->o;
	uint64_t has = ops_cpu(0)->memory(), need;
	struct net_memory m = { 0 };
	struct err e;

	if (t->n.ops->memory == ops_cpu(0)->memory) {
		run_memory(t, t->n.ops, &m);
		has = t->has;
	}
	need = m.total + t->p.offload * t->host + checkpoint_copy_memory(&t->p);
	if (ranks_chief(&t->ranks) && o->async_save && o->save_every &&
	    o->save_every < t->rows->steps && (!has || need <= has))
		saver_open(&t->saver, &t->n, o->dir, o->tokenizer, o->keep, &e);
}

static void
saved(struct run *t, uint64_t step)
{
	t->saved = step;
	if (t->ev->saved && ranks_chief(&t->ranks))
		t->ev->saved(t->ev->ctx, step);
}

/* What became of the checkpoint under way; it may stay so unless wait. */
static int
end_save(struct run *t, bool wait, struct err *e)
{
	uint64_t step;
	int rc = saver_end(&t->saver, wait, &step, e);

	if (rc > 0)
		saved(t, step);
	return rc < 0 ? rc : 0;
}

int
run_end_save(struct run *t, struct err *e)
{
	return link_agree(t->ranks.link, end_save(t, true, e), e);
}

int
run_fresh(struct run *t, struct err *e)
{
	t->c.step = t->c.tokens = t->c.window.n = 0;
	t->c.journal[0] = '\0';
	loss_scale_init(&t->c.scale, t->c.scale.on);
	memset(t->c.counts, 0, t->p.config.vocab * sizeof(*t->c.counts));
	net_forget(&t->n);
	return t->o->init ? weights_load_folder(&t->n, t->o->init, e)
			  : weights_init(&t->n, t->o->seed, e);
}

int
run_begin_journal(struct run *t, struct err *e)
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

/* The logs as they were after the checkpoint. */
static int
go_back_in_logs(struct run *t, struct err *e)
{
	char path[PATH_MAX];

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

/* As after the last checkpoint, or as at the beginning. */
int
run_go_back(struct run *t, struct err *e)
{
	bool chief = ranks_chief(&t->ranks);
	struct link *l = t->ranks.link;
	int rc = t->begun ? checkpoint_load(t->o->dir, &t->n, &t->c, e)
			  : run_fresh(t, e);

	/* Rank 0 cuts the journal back before the others read it. */
	if (rc == 0 && chief)
		rc = run_begin_journal(t, e);
	if (rc == 0 && chief)
		rc = go_back_in_logs(t, e);
	if (link_agree(l, rc, e) < 0 ||
	    link_agree(l, chief ? 0 : run_begin_journal(t, e), e) < 0)
		return e->code;
	memset(t->seen, 0, t->p.config.vocab * sizeof(*t->seen));
	t->saved = t->c.step;
	return 0;
}

static int
spikes_path(const struct run *t, char path[PATH_MAX], struct err *e)
{
	if (snprintf(path, PATH_MAX, "%s/spikes.jsonl", t->o->dir) < PATH_MAX)
		return 0;
	return err_set(e, ERR_ARG, "%s: path too long", t->o->dir);
}

static int
check_file(const char *path, struct err *e)
{
	struct stat st;

	if (access(path, R_OK) < 0 || stat(path, &st) < 0)
		return err_errno(e, path, "read it");
	return S_ISREG(st.st_mode)
		   ? 0
		   : err_set(e, ERR_ARG, "%s: not a file", path);
}

/* The folder of the run; once for all ranks. */
static int
begin_folder(struct run *t, struct err *e)
{
	char path[PATH_MAX];

	t->begun = checkpoint_exists(t->o->dir);
	if (t->begun && !t->o->resume)
		return err_set(e, ERR_ARG,
		    "%s holds a run already; --resume goes on with it",
		    t->o->dir);
	/* Rather now than with the first checkpoint, hours of work later. */
	if (t->o->tokenizer && check_file(t->o->tokenizer, e) < 0)
		return e->code;
	if (mkdir(t->o->dir, 0777) < 0 && errno != EEXIST)
		return err_errno(e, t->o->dir, "create it");
	if (spikes_path(t, path, e) < 0)
		return e->code;
	/* Of a run that left no checkpoint, and isn't resumed. */
	if (!t->o->resume)
		remove(path);
	return 0;
}

int
run_load_spikes(struct run *t, struct err *e)
{
	char path[PATH_MAX];

	if (spikes_path(t, path, e) < 0 || spikes_open(&t->spikes, path, e) < 0)
		return e->code;
	if (!ranks_chief(&t->ranks))
		spikes_only_read(&t->spikes);
	return 0;
}

/* Does any rank say so? */
static int
any(struct run *t, bool *yes, struct err *e)
{
	uint64_t votes = *yes;

	if (link_sum(t->ranks.link, &votes, 1, e) < 0)
		return e->code;
	*yes = votes > 0;
	return 0;
}

/* Files of machines may differ, and commands of ranks. */
static int
same_rows(struct run *t, struct err *e)
{
	struct link *l = t->ranks.link;
	size_t size = sizeof(t->c.recipe.rows);
	char *all = malloc(l->size * size);
	uint32_t r;
	int rc = all ? link_gather(l, t->c.recipe.rows, size, all, e)
		     : err_nomem(e, "the digests of rows");

	for (r = 0; r < l->size && rc == 0; r++)
		if (memcmp(all, all + r * size, size) != 0)
			rc = err_set(e, ERR_ARG,
			    "the recipe or the shards of rank %u are others "
			    "than those of rank 0",
			    r);
	free(all);
	return rc;
}

/* Fresh weights, or those of the last checkpoint. */
static int
begin(struct run *t, struct err *e)
{
	struct link *l = t->ranks.link;
	int rc;

	if (same_rows(t, e) < 0)
		return e->code;
	rc = ranks_chief(&t->ranks) ? begin_folder(t, e) : 0;
	if (link_agree(l, rc, e) < 0 || any(t, &t->begun, e) < 0)
		return e->code;
	if (link_agree(l, run_load_spikes(t, e), e) < 0)
		return e->code;
	return run_go_back(t, e);
}

static void
tell_plan(const struct run *t)
{
	struct train_plan p = { .params = t->p.params.count,
		.steps = t->rows->steps,
		.first_step = t->c.step,
		.tokens = t->c.tokens,
		.micro_batch = t->c.recipe.micro_batch,
		.ranks = t->ranks.link->size,
		.warmup = t->c.recipe.schedule.warmup,
		.flops = peak_flops_per_token(&t->p, t->rows->max_seq),
		.peak = t->o->peak * t->ranks.link->size };

	run_memory(t, t->n.ops, &p.memory);
	p.has = t->has;
	if (t->saver.open)
		p.copy = checkpoint_copy_memory(&t->p);
	p.spared = (t->p.whole - t->p.arena) * t->n.ops->act;
	if (t->ev->plan && ranks_chief(&t->ranks))
		t->ev->plan(t->ev->ctx, &p);
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
sync_logs(struct run *t, struct err *e)
{
	if (runlog_sync(&t->log, e) < 0)
		return e->code;
	return sync_journal(t, e);
}

/* This rank's part of it; if it is the last, it is on the disk then. */
static int
save_part(struct run *t, bool last, struct err *e)
{
	if (t->saver.open && !last)
		return saver_start(&t->saver, &t->n, &t->ranks, &t->c, e);
	return checkpoint_save(
	    t->o->dir, &t->n, &t->ranks, &t->c, t->o->tokenizer, t->o->keep, e);
}

static int
save(struct run *t, bool last, struct err *e)
{
	bool chief = ranks_chief(&t->ranks);
	struct link *l = t->ranks.link;

	if (run_end_save(t, e) < 0)
		return e->code;
	if (t->saved == t->c.step && t->begun)
		return 0;
	if (run_count(t, e) < 0 ||
	    link_agree(l, chief ? sync_logs(t, e) : 0, e) < 0 ||
	    link_agree(l, save_part(t, last, e), e) < 0)
		return e->code;
	t->begun = true;
	if (!t->saver.under_way)
		saved(t, t->c.step);
	return 0;
}

static bool
due(uint64_t every, uint64_t step, uint64_t steps)
{
	return step == steps || (every && step % every == 0);
}

/* What the step came to, to all who want to know. */
static int
tell_step(struct run *t, struct err *e)
{
	if (end_save(t, false, e) < 0 || runlog_add(&t->log, &t->r, e) < 0 ||
	    (t->board.fd >= 0 && tboard_add(&t->board, &t->r, e) < 0))
		return e->code;
	if (t->ev->step)
		t->ev->step(t->ev->ctx, &t->r);
	return 0;
}

int
run_advance(struct run *t, struct err *e)
{
	struct step_info s;
	int rc = 0;

	if (run_step_info(t, t->rows, t->c.step, &s, e) < 0)
		return e->code;
	t->r = (struct step_report){ .steps = t->rows->steps,
		.skipped = spikes_skip(&t->spikes, t->c.step + 1) };
	if (!t->r.skipped)
		rc = run_step(t, &s, e);
	if (rc != 0)
		return rc;
	t->c.step++;
	t->r.step = t->c.step;
	t->r.tokens = t->c.tokens;
	return 0;
}

/* 1 if it ended in going back. */
static int
one_step(struct run *t, struct err *e)
{
	int rc = run_advance(t, e);

	if (rc != 0)
		return rc;
	if (t->valid && due(t->o->valid_every, t->c.step, t->rows->steps) &&
	    run_validate(t, e) < 0)
		return e->code;
	rc = ranks_chief(&t->ranks) ? tell_step(t, e) : 0;
	return link_agree(t->ranks.link, rc, e);
}

/* What went wrong while reading or computing leaves the last checkpoint. */
static int
tell_saved(struct run *t, struct err *e)
{
	struct err why = *e, other;

	if (e->code != ERR_IO || t->ranks.link->broken)
		return e->code;
	run_end_save(t, &other);
	if (t->saved == 0)
		return err_set(
		    e, why.code, "%s; there is no checkpoint yet", why.msg);
	return err_set(e, why.code,
	    "%s; --resume goes on from the checkpoint of step %llu", why.msg,
	    (unsigned long long)t->saved);
}

/* What somebody asks of any of the ranks: to stop, to save. */
static int
asked(struct run *t, bool *stop, bool *save, struct err *e)
{
	const struct train_events *ev = t->ev;
	uint64_t votes[2] = { ev->stop && *ev->stop, ev->save && *ev->save };

	if (votes[1])
		*ev->save = 0;
	if (link_sum(t->ranks.link, votes, 2, e) < 0)
		return e->code;
	*stop = votes[0] > 0;
	*save = votes[1] > 0;
	return 0;
}

static int
loop(struct run *t, struct err *e)
{
	bool stop = false, now = false;
	int back;

	while (t->c.step < t->rows->steps && !stop) {
		back = one_step(t, e);
		if (back < 0)
			return tell_saved(t, e);
		if (asked(t, &stop, &now, e) < 0)
			return e->code;
		if (!stop && !back &&
		    (now || due(t->o->save_every, t->c.step, t->rows->steps)) &&
		    save(t, t->c.step == t->rows->steps, e) < 0)
			return tell_saved(t, e);
	}
	if (save(t, true, e) < 0)
		return tell_saved(t, e);
	return t->c.step < t->rows->steps;
}

void
run_tear_down(struct run *t)
{
	runlog_close(&t->log);
	tboard_close(&t->board);
	spikes_close(&t->spikes);
	saver_close(&t->saver);
	optimiser_close(&t->opt);
	net_close(&t->n);
	ranks_close(&t->ranks);
	program_free(&t->p);
	rows_free(&t->micro);
	free(t->c.counts);
	free(t->seen);
	free(t->valid_counts);
	free(t->mine);
	free(t->by_source);
}

int
run_set_up(struct run *t, const struct model_config *c, const struct ops *ops,
    struct err *e)
{
	if (run_resolve(t, c, e) < 0 || open_net(t, c, ops, e) < 0)
		return e->code;
	return open_counts(t, c->vocab, e);
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

	rc = link_agree(link_of(o), run_set_up(&t, c, ops, e), e);
	if (rc == 0)
		rc = begin(&t, e);
	if (rc == 0) {
		open_saver(&t);
		tell_plan(&t);
		rc = loop(&t, e);
	}
	t.r.by_source = NULL;
	t.r.sources = 0;
	if (last)
		*last = t.r;
	run_tear_down(&t);
	return rc;
}
