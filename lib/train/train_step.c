/* SPDX-License-Identifier: MIT */
/* One step of a run, and measuring. */
#include <math.h>
#include <string.h>

#include "base/err.h"
#include "base/progress.h"
#include "train/peak.h"
#include "train/run.h"
#include "train/unigram.h"

/* What n rows of the micro-batch came to, by source. */
static void
tell_losses(struct run *t, uint32_t n, uint32_t T)
{
	struct source_loss *s;
	uint32_t i;

	for (i = 0; t->kinds > 1 && i < n; i++) {
		struct rows row = { .loss = t->micro.loss + (size_t)i * T };

		s = &t->mine[1 + t->micro.info[i].source];
		s->sum += net_row_loss(&t->n, i, T);
		s->targets += rows_counted(&row, 1, T);
	}
}

/* Gradients and losses of rows at .. at + n, from 0. */
static int
micro_batch(struct run *t, uint64_t step, const struct step_info *s,
    uint32_t at, uint32_t n, struct err *e)
{
	double scale = t->r.loss_scale / ((double)s->rows * s->seq);

	net_zero_grads(&t->n);
	t->n.dropout.step = step;
	t->n.dropout.row = at;
	if (t->rows->read(t->rows->ctx, step, at, n, &t->micro, e) < 0 ||
	    net_train(&t->n, &t->micro, n, s->seq, scale, &t->mine->sum, e) < 0)
		return err_prefix(e, "step %llu", (unsigned long long)step + 1);
	unigram_count(t->seen, &t->micro, n, s->seq);
	t->mine->targets = rows_counted(&t->micro, n, s->seq);
	tell_losses(t, n, s->seq);
	return 0;
}

/*
 * What ranks 0 .. parts - 1 have in t->mine is added to t->told, in order, and
 * t->mine begins anew; rc: how this rank fared.
 */
static int
meet(struct run *t, uint32_t parts, int rc, struct err *e)
{
	size_t size = t->kinds * sizeof(*t->mine), k;
	const struct source_loss *x = t->each;
	uint32_t r;

	if (link_agree(t->ranks.link, rc, e) < 0 ||
	    link_gather(t->ranks.link, t->mine, size, t->each, e) < 0)
		return e->code;
	for (r = 0; r < parts; r++)
		for (k = 0; k < t->kinds; k++, x++) {
			t->told[k].sum += x->sum;
			t->told[k].targets += x->targets;
		}
	memset(t->mine, 0, size);
	return 0;
}

/*
 * Gradients of the whole batch, as if all its targets counted.  The ranks take
 * a micro-batch each, round by round.
 */
static int
accumulate(
    struct run *t, uint64_t step, const struct step_info *s, struct err *e)
{
	uint32_t most = t->c.recipe.micro_batch, n, parts, rank;
	uint64_t at, mine;
	int rc;

	rank = t->ranks.link->rank;
	memset(t->told, 0, t->kinds * sizeof(*t->told));
	for (at = 0; at < s->rows; at += (uint64_t)most * parts) {
		parts = t->ranks.link->size;
		if (s->rows - at < (uint64_t)most * parts)
			parts = (uint32_t)((s->rows - at + most - 1) / most);
		mine = at + (uint64_t)most * rank;
		n = most;
		if (rank < parts && s->rows - mine < n)
			n = (uint32_t)(s->rows - mine);
		rc = rank < parts
			 ? micro_batch(t, step, s, (uint32_t)mine, n, e)
			 : 0;
		if (meet(t, parts, rc, e) < 0 ||
		    ranks_add_up(&t->ranks, &t->n, parts, at == 0, e) < 0)
			return e->code;
	}
	if (t->told->targets == 0)
		return err_set(e, ERR_FORMAT,
		    "step %llu: no token of its rows counts in the loss",
		    (unsigned long long)step + 1);
	t->r.loss = t->told->sum / (double)t->told->targets;
	return 0;
}

static int
no_number(struct run *t, uint64_t step, struct err *e)
{
	if (run_end_save(t, e) < 0)
		return e->code;
	return err_set(e, ERR_FORMAT,
	    "step %llu: loss %g, gradient norm %g: stopped; the last "
	    "checkpoint is of step %llu",
	    (unsigned long long)step + 1, t->r.loss, t->r.grad_norm,
	    (unsigned long long)t->saved);
}

static int
update(struct run *t, uint64_t step, const struct step_info *s, struct err *e)
{
	const struct train_recipe *r = &t->c.recipe;
	/* Gradients are of the mean over all targets; some may not count. */
	double scale = (double)s->rows * s->seq / (double)t->told->targets;
	int rc;

	if (!isfinite(t->r.loss) || !isfinite(t->r.grad_norm))
		return no_number(t, step, e);
	if (r->clip > 0 && t->r.grad_norm > r->clip)
		scale *= r->clip / t->r.grad_norm;
	t->r.lr = schedule_lr(&r->schedule, step) * s->lr_scale;
	/* Steps that changed no weights are none to the moments. */
	rc = optimiser_step(&t->opt, step - t->c.scale.skipped, t->r.lr,
	    scale / t->r.loss_scale, e);
	if (link_agree(t->ranks.link, rc, e) < 0)
		return e->code;
	return ranks_spread(&t->ranks, &t->n, e);
}

int
run_step_info(struct run *t, const struct row_source *rows, uint64_t step,
    struct step_info *s, struct err *e)
{
	return link_agree(t->ranks.link, rows->step(rows->ctx, step, s, e), e);
}

/* Rows at .. at + n of a step of the validation. */
static int
measure(struct run *t, uint64_t step, const struct step_info *s, uint32_t at,
    uint32_t n, struct err *e)
{
	const struct row_source *v = t->valid;

	if (v->read(v->ctx, step, at, n, &t->micro, e) < 0 ||
	    net_loss(&t->n, &t->micro, n, s->seq, &t->mine->sum, e) < 0)
		return err_prefix(
		    e, "validation, step %llu", (unsigned long long)step + 1);
	unigram_count(t->valid_counts, &t->micro, n, s->seq);
	t->mine->targets = rows_counted(&t->micro, n, s->seq);
	tell_losses(t, n, s->seq);
	return 0;
}

/* The loss of a step's rows of the validation: the ranks take turns. */
static int
validate_step(
    struct run *t, uint64_t step, const struct step_info *s, struct err *e)
{
	uint32_t most = (uint32_t)(t->p.tokens / s->seq), at, n, turn = 0;
	struct link *l = t->ranks.link;
	int rc = 0;

	for (at = 0; at < s->rows; at += n) {
		n = s->rows - at < most ? s->rows - at : most;
		if (turn == l->rank)
			rc = measure(t, step, s, at, n, e);
		if (++turn < l->size && at + n < s->rows)
			continue;
		if (meet(t, turn, rc, e) < 0)
			return e->code;
		turn = 0;
	}
	return 0;
}

/* What the sources came to, for the report. */
static void
tell_sources(struct run *t)
{
	uint32_t i, n = t->by_source ? t->valid->sources : 0;

	for (i = 0; i < n; i++) {
		const struct source_loss *x = &t->told[1 + i];

		t->by_source[i] = (struct source_valid){
			.name = t->valid->source_name(t->valid->ctx, i),
			.loss = x->targets ? x->sum / (double)x->targets : 0,
			.targets = x->targets
		};
	}
	t->r.by_source = t->by_source;
	t->r.sources = n;
}

/* All rows of the validation, into t->told. */
static int
measure_all(struct run *t, struct err *e)
{
	struct step_info s;
	uint64_t i;

	for (i = 0; i < t->valid->steps; i++)
		if (run_step_info(t, t->valid, i, &s, e) < 0 ||
		    validate_step(t, i, &s, e) < 0)
			return e->code;
	return 0;
}

int
run_validate(struct run *t, struct err *e)
{
	uint32_t vocab = t->p.config.vocab;
	size_t kinds = t->kinds;
	int rc;

	t->kinds = t->by_source ? 1 + t->valid->sources : 1;
	memset(t->valid_counts, 0, vocab * sizeof(*t->valid_counts));
	memset(t->told, 0, t->kinds * sizeof(*t->told));
	rc = measure_all(t, e);
	t->kinds = kinds;
	if (rc < 0 || run_count(t, e) < 0 ||
	    link_sum(t->ranks.link, t->valid_counts, vocab, e) < 0)
		return e->code;
	t->r.validated = true;
	tell_sources(t);
	t->r.valid_loss = t->told->sum / (double)t->told->targets;
	t->r.unigram_loss = unigram_loss(t->c.counts, t->valid_counts, vocab);
	return 0;
}

int
run_count(struct run *t, struct err *e)
{
	uint32_t vocab = t->p.config.vocab, i;

	if (link_sum(t->ranks.link, t->seen, vocab, e) < 0)
		return e->code;
	for (i = 0; i < vocab; i++)
		t->c.counts[i] += t->seen[i];
	memset(t->seen, 0, vocab * sizeof(*t->seen));
	return 0;
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
	if (t->audited)
		return err_set(e, ERR_CHECK,
		    "step %llu: a spike, loss %g, that the run had not",
		    (unsigned long long)step, t->r.loss);
	if (t->spikes.n == SPIKE_MOST)
		return err_set(e, ERR_FORMAT,
		    "step %llu: spike %d, loss %g: stopped; %s/spikes.jsonl "
		    "tells them",
		    (unsigned long long)step, SPIKE_MOST + 1, t->r.loss,
		    t->o->dir);
	if (run_end_save(t, e) < 0 || run_go_back(t, e) < 0)
		return e->code;
	s.step = s.to = step;
	s.back = t->c.step;
	s.from = step > skip ? step - skip + 1 : 1;
	if (s.from <= s.back)
		s.from = s.back + 1;
	if (link_agree(t->ranks.link, spikes_add(&t->spikes, &s, e), e) < 0)
		return e->code;
	if (t->ev->spike && ranks_chief(&t->ranks))
		t->ev->spike(t->ev->ctx, &s);
	return 1;
}

/* Loss, gradients and update; 1 if it ended in going back. */
int
run_step(struct run *t, const struct step_info *s, struct err *e)
{
	double start = progress_now();
	int rc;

	t->r.loss_scale = t->c.scale.by;
	if (accumulate(t, t->c.step, s, e) < 0 ||
	    ranks_grad_norm(&t->ranks, &t->n, &t->r.grad_norm, e) < 0)
		return e->code;
	t->r.grad_norm *= (double)s->rows * s->seq / (double)t->told->targets /
			  t->r.loss_scale;
	t->r.overflow = isfinite(t->r.loss) &&
			!loss_scale_step(&t->c.scale, isfinite(t->r.grad_norm));
	rc = t->r.overflow ? 0 : check_spike(t, e);
	if (rc != 0)
		return rc;
	if (!t->r.overflow && update(t, t->c.step, s, e) < 0)
		return e->code;
	if (t->kinds > 1)
		rc = t->ev->feedback->step(
		    t->ev->feedback->ctx, t->c.step, t->told + 1, e);
	if (link_agree(t->ranks.link, rc, e) < 0)
		return e->code;
	spike_push(&t->c.window, t->r.loss);
	t->c.tokens += (uint64_t)s->rows * s->seq;
	t->r.tokens_per_s =
	    (double)s->rows * s->seq / (progress_now() - start + 1e-9);
	if (t->o->peak > 0)
		t->r.mfu = t->r.tokens_per_s *
			   peak_flops_per_token(&t->p, s->seq) /
			   (t->o->peak * t->ranks.link->size);
	return 0;
}
