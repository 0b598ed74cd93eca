/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "mix/show.h"

typedef unsigned long long ull;

static double
epochs_done(const struct plan_source *s)
{
	return s->epochs.den ? ratio_double(s->epochs) : 0;
}

/* Tokens of the source that no row of a whole epoch has as input. */
static uint64_t
cut_off(const struct plan_source *s)
{
	return s->block ? s->tokens - s->blocks * s->block : 0;
}

static void
source_line(const struct mix *m, uint32_t i, struct buf *out)
{
	const struct plan_source *s = &mix_plan(m)->sources[i];
	const struct recipe_source *r = &mix_recipe(m)->sources[i];
	char most[32] = "-";

	if (r->epochs.den)
		snprintf(most, sizeof(most), "%.6g", ratio_double(r->epochs));
	buf_printf(out, "%-16s %6zu %10llu %14llu %14llu %8.4f %8s %9llu\n",
	    s->name, mix_source(m, i)->n, (ull)mix_source(m, i)->docs,
	    (ull)s->tokens, (ull)s->used, epochs_done(s), most,
	    (ull)(cut_off(s) + s->skipped));
}

/* As it is written in a recipe. */
static void
put_objective(const struct recipe_objective *o, struct buf *out)
{
	static const char *const names[] = { [TASK_CAUSAL] = "causal",
		[TASK_FIM] = "fim",
		[TASK_PREFIX] = "prefix",
		[TASK_SPANS] = "spans",
		[TASK_UL2] = "ul2" };

	buf_puts(out, names[o->task]);
	if (o->task == TASK_FIM)
		buf_printf(out, ":%.6g:%.6g", ratio_double(o->rate),
		    ratio_double(o->spm));
	if (o->task == TASK_SPANS)
		buf_printf(out, ":%.6g:%.6g", ratio_double(o->noise),
		    ratio_double(o->mean));
}

static const char *
packing_name(const struct recipe_source *r)
{
	return r->packing == PACK_FIT        ? "fit"
	       : r->packing == PACK_DOCUMENT ? "document"
					     : "cut";
}

/* Of `used`, places that are no targets. */
static double
padding(const struct plan_source *s)
{
	return s->used ? (double)s->padding / (double)s->used : 0;
}

/* Rows that are more than tokens one behind the other. */
static void
rows_line(const struct mix *m, uint32_t i, struct buf *out)
{
	const struct plan_source *s = &mix_plan(m)->sources[i];
	const struct recipe_source *r = &mix_recipe(m)->sources[i];

	if (r->packing != PACK_CUT)
		buf_printf(out,
		    "source %s: pack=%s, windows of %llu documents, %.2f %% "
		    "of what is read is padding or begins a document\n",
		    s->name, packing_name(r), (ull)r->window, 100 * padding(s));
	if (r->objective.task) {
		buf_printf(out, "source %s: objective=", s->name);
		put_objective(&r->objective, out);
		buf_putc(out, '\n');
	}
}

static void
share_line(const struct mix *m, const struct plan_phase *ph, uint32_t j,
    struct buf *out)
{
	const struct blend *b = &ph->blend;
	uint64_t rows = ph->rows;

	buf_printf(out, "  %-14s %12llu %14llu %10.5f %10.5f",
	    mix_plan(m)->sources[ph->shares[j].source].name,
	    (ull)ph->shares[j].rows, (ull)ph->shares[j].rows * ph->seq,
	    100 * plan_mean(b, j),
	    100 * (double)ph->shares[j].rows / (double)rows);
	if (b->to)
		buf_printf(out, "  %.6g -> %.6g",
		    100 * (double)b->w[j] / (double)b->d,
		    100 * (double)b->to[j] / (double)b->d);
	buf_putc(out, '\n');
}

/* Times scale: "16", or "16-1600" where the batch changes its size. */
static const char *
rows_text(const struct plan_phase *ph, uint64_t scale, char text[48])
{
	snprintf(text, 48, "%llu", (ull)(ph->batches[0].rows * scale));
	if (ph->nbatch > 1)
		snprintf(text, 48, "%llu-%llu",
		    (ull)(ph->batches[0].rows * scale),
		    (ull)(ph->batches[ph->nbatch - 1].rows * scale));
	return text;
}

static void
phase_lines(const struct mix *m, const struct plan_phase *ph, struct buf *out)
{
	char rows[48], tokens[48];
	uint32_t j;

	buf_printf(out,
	    "\nphase %s: steps %llu to %llu, %s rows of %u + 1 tokens a step "
	    "(%s tokens); %llu tokens, asked %llu\n",
	    ph->name, (ull)ph->first_step,
	    (ull)(ph->first_step + ph->steps - 1), rows_text(ph, 1, rows),
	    ph->seq, rows_text(ph, ph->seq, tokens), (ull)(ph->rows * ph->seq),
	    (ull)ph->asked);
	if (ph->lr[0] != 1 || ph->lr[1] != 1)
		buf_printf(out, "  learning rate x %.6g to %.6g\n",
		    plan_lr(ph, 0), plan_lr(ph, ph->steps - 1));
	if (ph->objective.task) {
		buf_puts(out, "  objective=");
		put_objective(&ph->objective, out);
		buf_putc(out, '\n');
	}
	buf_printf(out, "  %-14s %12s %14s %10s %10s%s\n", "source", "rows",
	    "tokens", "asked %", "got %", ph->blend.to ? "  from -> to" : "");
	for (j = 0; j < ph->blend.k; j++)
		share_line(m, ph, j, out);
}

static const struct shard *
first_shard(const struct mix *m)
{
	return &mix_source(m, 0)->shards[0];
}

void
show_check(const struct mix *m, struct buf *out)
{
	const struct plan *p = mix_plan(m);
	uint32_t i;

	buf_printf(out,
	    "recipe     sha256:%s\ntokenizer  sha256:%s, %u tokens\n",
	    mix_digest(m), first_shard(m)->head.tokenizer,
	    first_shard(m)->head.vocab);
	buf_printf(out, "run        %llu steps, %llu tokens, seed %llu\n\n",
	    (ull)p->steps, (ull)p->tokens, (ull)p->seed);
	buf_printf(out, "%-16s %6s %10s %14s %14s %8s %8s %9s\n", "source",
	    "shards", "documents", "tokens", "read", "epochs", "at most",
	    "left out");
	for (i = 0; i < p->nsource; i++)
		source_line(m, i, out);
	for (i = 0; i < p->nsource; i++)
		rows_line(m, i, out);
	for (i = 0; i < p->nphase; i++)
		phase_lines(m, &p->phases[i], out);
}

static void
put_shares(const struct plan *p, const struct plan_phase *ph, struct buf *out)
{
	double rows = (double)ph->rows;
	uint32_t j;

	for (j = 0; j < ph->blend.k; j++)
		buf_printf(out, " %s:%.6g",
		    p->sources[ph->shares[j].source].name,
		    100 * (double)ph->shares[j].rows / rows);
}

void
show_plan(const struct mix *m, struct buf *out)
{
	const struct plan *p = mix_plan(m);
	const struct plan_phase *ph;
	char rows[48];
	uint32_t i;

	buf_printf(out, "%-12s %10s %10s %8s %8s %14s %14s  %s\n", "phase",
	    "first step", "steps", "rows", "seq", "tokens", "before",
	    "shares (%)");
	for (i = 0; i < p->nphase; i++) {
		ph = &p->phases[i];
		buf_printf(out, "%-12s %10llu %10llu %8s %8u %14llu %14llu ",
		    ph->name, (ull)ph->first_step, (ull)ph->steps,
		    rows_text(ph, 1, rows), ph->seq, (ull)(ph->rows * ph->seq),
		    (ull)ph->tokens_before);
		put_shares(p, ph, out);
		buf_putc(out, '\n');
	}
}

static void
json_objective(const struct recipe_objective *o, struct buf *out)
{
	if (!o->task)
		return;
	buf_puts(out, ",\"objective\":\"");
	put_objective(o, out);
	buf_putc(out, '"');
}

static void
json_source(const struct mix *m, uint32_t i, struct buf *out)
{
	const struct plan_source *s = &mix_plan(m)->sources[i];
	const struct recipe_source *r = &mix_recipe(m)->sources[i];

	buf_puts(out, i ? ",{\"name\":" : "{\"name\":");
	buf_json(out, r->name);
	buf_printf(out,
	    ",\"shards\":%zu,\"documents\":%llu,\"tokens\":%llu,"
	    "\"used\":%llu,\"left_out\":%llu,\"epochs\":",
	    mix_source(m, i)->n, (ull)mix_source(m, i)->docs, (ull)s->tokens,
	    (ull)s->used, (ull)(cut_off(s) + s->skipped));
	buf_double(out, epochs_done(s));
	buf_puts(out, ",\"max_epochs\":");
	if (r->epochs.den)
		buf_double(out, ratio_double(r->epochs));
	else
		buf_puts(out, "null");
	buf_printf(out, ",\"packing\":\"%s\"", packing_name(r));
	if (r->packing != PACK_CUT)
		buf_printf(out, ",\"window\":%llu,\"no_targets\":%llu",
		    (ull)r->window, (ull)s->padding);
	json_objective(&r->objective, out);
	buf_putc(out, '}');
}

static void
json_share(const struct mix *m, const struct plan_phase *ph, uint32_t j,
    struct buf *out)
{
	buf_puts(out, j ? ",{\"source\":" : "{\"source\":");
	buf_json(out, str_c(mix_plan(m)->sources[ph->shares[j].source].name));
	buf_printf(out, ",\"rows\":%llu,\"asked\":[%llu,%llu]",
	    (ull)ph->shares[j].rows, (ull)ph->blend.w[j], (ull)ph->blend.d);
	if (ph->blend.to)
		buf_printf(out, ",\"to\":[%llu,%llu]", (ull)ph->blend.to[j],
		    (ull)ph->blend.d);
	buf_puts(out, ",\"got\":");
	buf_double(out, (double)ph->shares[j].rows / (double)ph->rows);
	buf_putc(out, '}');
}

/* [{"step":0,"rows":16},...]: from that step of the run on. */
static void
json_batches(const struct plan_phase *ph, struct buf *out)
{
	uint32_t i;

	for (i = 0; i < ph->nbatch; i++)
		buf_printf(out, "%s{\"step\":%llu,\"rows\":%u}", i ? "," : "[",
		    (ull)(ph->first_step + ph->batches[i].step),
		    ph->batches[i].rows);
	buf_putc(out, ']');
}

static void
json_phase(const struct mix *m, uint32_t i, struct buf *out)
{
	const struct plan_phase *ph = &mix_plan(m)->phases[i];
	uint32_t j;

	buf_puts(out, i ? ",{\"name\":" : "{\"name\":");
	buf_json(out, str_c(ph->name));
	buf_printf(out,
	    ",\"first_step\":%llu,\"steps\":%llu,\"seq\":%u,"
	    "\"tokens\":%llu,\"asked\":%llu,\"tokens_before\":%llu,"
	    "\"batches\":",
	    (ull)ph->first_step, (ull)ph->steps, ph->seq,
	    (ull)(ph->rows * ph->seq), (ull)ph->asked, (ull)ph->tokens_before);
	json_batches(ph, out);
	if (ph->lr[0] != 1 || ph->lr[1] != 1) {
		buf_puts(out, ",\"lr\":[");
		buf_double(out, plan_lr(ph, 0));
		buf_putc(out, ',');
		buf_double(out, plan_lr(ph, ph->steps - 1));
		buf_putc(out, ']');
	}
	json_objective(&ph->objective, out);
	buf_puts(out, ",\"shares\":[");
	for (j = 0; j < ph->blend.k; j++)
		json_share(m, ph, j, out);
	buf_puts(out, "]}");
}

/* The lines of the problems as an array of strings. */
static void
json_problems(const struct plan *p, struct buf *out)
{
	const char *at = p->problems.p, *end = at + p->problems.n, *eol;

	for (; at < end; at = eol + 1) {
		eol = memchr(at, '\n', (size_t)(end - at));
		if (at != p->problems.p)
			buf_putc(out, ',');
		buf_json_lossy(out, (struct str){ at, (size_t)(eol - at) });
	}
}

void
show_json(const struct mix *m, struct buf *out)
{
	const struct plan *p = mix_plan(m);
	uint32_t i;

	buf_printf(out,
	    "{\"digest\":\"sha256:%s\",\"tokenizer\":\"sha256:%s\","
	    "\"vocab\":%u,\"seed\":%llu,\"steps\":%llu,\"tokens\":%llu,"
	    "\"sources\":[",
	    mix_digest(m), first_shard(m)->head.tokenizer,
	    first_shard(m)->head.vocab, (ull)p->seed, (ull)p->steps,
	    (ull)p->tokens);
	for (i = 0; i < p->nsource; i++)
		json_source(m, i, out);
	buf_puts(out, "],\"phases\":[");
	for (i = 0; i < p->nphase; i++)
		json_phase(m, i, out);
	buf_puts(out, "],\"problems\":[");
	json_problems(p, out);
	buf_puts(out, "]}");
}
