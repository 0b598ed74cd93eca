/* SPDX-License-Identifier: MIT */
/* One step of a run, and measuring. */
#include <math.h>
#include <string.h>

#include "base/err.h"
#include "base/progress.h"
#include "train/run.h"
#include "train/unigram.h"

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
	t->n.dropout.step = step;
	t->counted = 0;
	if (t->told)
		memset(t->told, 0, t->ev->feedback->sources * sizeof(*t->told));
	for (at = 0; at < s->rows; at += n) {
		n = s->rows - at < t->c.recipe.micro_batch
			? s->rows - at
			: t->c.recipe.micro_batch;
		t->n.dropout.row = at;
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
no_number(struct run *t, uint64_t step, struct err *e)
{
	if (run_end_save(t, true, e) < 0)
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
	double scale = (double)s->rows * s->seq / (double)t->counted;

	if (!isfinite(t->r.loss) || !isfinite(t->r.grad_norm))
		return no_number(t, step, e);
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

int
run_validate(struct run *t, struct err *e)
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
	if (run_go_back(t, e) < 0)
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
int
run_step(struct run *t, const struct step_info *s, struct err *e)
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
