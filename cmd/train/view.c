/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "cmd.h"
#include "train/view.h"

/* What the run needs, all in the same unit. */
static void
tell_memory(const struct train_plan *p)
{
	const struct net_memory *m = &p->memory;
	double unit = m->total >> 30 ? 1 << 30 : 1 << 20;
	char spared[48] = "", has[32] = "", copy[48] = "", away[48] = "";

	if (p->has)
		snprintf(has, sizeof(has), ", has %.1f", (double)p->has / unit);
	if (p->spared)
		snprintf(spared, sizeof(spared), " (%.1f less by --recompute)",
		    (double)p->spared / unit);
	if (m->host)
		snprintf(away, sizeof(away), ", on the host: moments %.1f",
		    (double)m->host / unit);
	if (p->copy)
		snprintf(copy, sizeof(copy), ", a copy for saving %.1f",
		    (double)p->copy / unit);
	fprintf(stderr,
	    "needs %.1f %s%s: weights %.1f, gradients and moments %.1f, "
	    "activations %.1f%s, logits %.1f, products %.1f%s%s\n",
	    (double)m->total / unit, m->total >> 30 ? "GiB" : "MiB", has,
	    (double)m->params / unit, (double)m->optimiser / unit,
	    (double)m->activations / unit, spared, (double)m->logits / unit,
	    (double)m->scratch / unit, away, copy);
}

void
view_plan(struct view *v, const struct train_plan *p)
{
	char s[16], flops[16];

	v->plan = *p;
	progress_start(&v->line, "train", "tokens", p->steps,
	    v->common->progress, v->common->quiet);
	v->line.bytes = false;
	if (v->common->quiet)
		return;
	if (p->ranks > 1)
		fprintf(stderr,
		    "quern train: %u ranks; threads of the first: %d, its "
		    "memory is that below\n",
		    p->ranks, v->common->threads);
	fprintf(stderr,
	    "quern train: %s parameters, %llu steps, %u rows at a time; ",
	    progress_scaled(s, (double)p->params, 1000),
	    (unsigned long long)p->steps, p->micro_batch);
	tell_memory(p);
	if (p->peak > 0)
		fprintf(stderr,
		    "quern train: %sFLOP a token, at most %sFLOP/s\n",
		    progress_scaled(flops, p->flops, 1000),
		    progress_scaled(s, p->peak, 1000));
	else
		fprintf(stderr,
		    "quern train: this device's peak isn't known: --peak "
		    "TFLOPS would give the share of it that is used\n");
	if (p->first_step)
		fprintf(stderr, "quern train: going on after step %llu\n",
		    (unsigned long long)p->first_step);
}

/* "quern train  41%  step 123 of 300  loss 3.21  |g| 0.8  5.2K tokens/s ..." */
static void
draw(struct view *v, const struct step_report *r)
{
	double now = progress_now(), past = now - v->line.start;
	uint64_t done = r->step - v->plan.first_step;
	uint64_t left =
	    (uint64_t)(past / (double)done * (double)(r->steps - r->step));
	char rate[16], mfu[24] = "";

	if (!v->line.shown || now - v->line.last < .2)
		return;
	v->line.last = now;
	v->line.drawn = true;
	if (r->mfu > 0)
		snprintf(mfu, sizeof(mfu), "  MFU %.1f%%", 100 * r->mfu);
	fprintf(stderr,
	    "\r\033[Kquern train  %3.0f%%  step %llu of %llu  loss %.3f  "
	    "gradient %.2f  lr %.1e  %s tokens/s%s  ETA %llu:%02llu:%02llu",
	    100.0 * (double)r->step / (double)r->steps,
	    (unsigned long long)r->step, (unsigned long long)r->steps, r->loss,
	    r->grad_norm, r->lr, progress_scaled(rate, r->tokens_per_s, 1000),
	    mfu, (unsigned long long)left / 3600,
	    (unsigned long long)left / 60 % 60, (unsigned long long)left % 60);
	fflush(stderr);
}

static void
tell_sources(const struct step_report *r)
{
	const struct source_valid *s;
	const char *before = "quern train: validation loss of ";

	for (s = r->by_source; s < r->by_source + r->sources; s++) {
		if (s->targets == 0)
			continue;
		fprintf(stderr, "%s%.*s %.4f", before, (int)s->name.n,
		    s->name.p, s->loss);
		before = ", ";
	}
	if (*before == ',')
		fputc('\n', stderr);
}

void
view_step(void *ctx, const struct step_report *r)
{
	struct view *v = ctx;

	draw(v, r);
	if (!r->validated)
		return;
	v->valid = *r;
	v->valid.by_source = NULL;
	if (v->common->quiet)
		return;
	progress_clear(&v->line);
	fprintf(stderr,
	    "quern train: step %llu: loss %.4f, validation loss %.4f, a "
	    "unigram model's %.4f nats a token\n",
	    (unsigned long long)r->step, r->loss, r->valid_loss,
	    r->unigram_loss);
	tell_sources(r);
}

void
view_spike(void *ctx, const struct spike *s)
{
	struct view *v = ctx;

	if (v->common->quiet)
		return;
	progress_clear(&v->line);
	fprintf(stderr,
	    "quern train: step %llu: loss %.4f, the last ones %.4f +- %.4f: "
	    "back to step %llu, leaving out steps %llu to %llu\n",
	    (unsigned long long)s->step, s->loss, s->mean, s->deviation,
	    (unsigned long long)s->back, (unsigned long long)s->from,
	    (unsigned long long)s->to);
}

void
view_end(struct view *v, const struct step_report *last)
{
	double s = progress_now() - v->line.start;
	uint64_t tokens = last->tokens - v->plan.tokens;
	char a[16], b[16];

	progress_clear(&v->line);
	if (v->common->quiet || last->step == 0)
		return;
	fprintf(stderr,
	    "quern train: step %llu of %llu, %s tokens, loss %.4f; %.1f s, %s "
	    "tokens/s\n",
	    (unsigned long long)last->step, (unsigned long long)last->steps,
	    progress_scaled(a, (double)last->tokens, 1000), last->loss, s,
	    progress_scaled(b, s > 0 ? (double)tokens / s : 0, 1000));
}

void
view_same(void *ctx, uint64_t step)
{
	struct view *v = ctx;

	progress_clear(&v->line);
	if (!v->common->quiet)
		fprintf(stderr, "quern train: step %llu: the same weights\n",
		    (unsigned long long)step);
}
