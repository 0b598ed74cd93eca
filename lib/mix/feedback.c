/* SPDX-License-Identifier: MIT */
/* Losses of sources become changes of their shares, and lines of a journal. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "io/feedback.h"
#include "mix/adapt.h"
#include "mix/journal.h"
#include "mix/mix_impl.h"

struct feedback {
	struct mix *m;
	char *path;
	struct journal journal;
	bool open;
	bool follows; /* another process writes the journal */
	/* Of the phase that the run is in: */
	bool begun;
	uint32_t line; /* the recipe's */
	const struct recipe_phase *ph;
	struct adapt a;             /* k 0: its shares don't follow losses */
	struct source_loss *sums;   /* (a.k): of this interval */
	uint64_t steps;             /* that were told of it */
	double *reference, *matrix; /* of the phase's sources */
	struct source_loss *seen;   /* (nsource): of a line */
};

static void
end_phase(struct feedback *f)
{
	adapt_free(&f->a);
	free(f->sums);
	free(f->reference);
	free(f->matrix);
	f->sums = NULL;
	f->reference = f->matrix = NULL;
	f->begun = false;
}

/* What the recipe's file tells of the phase's sources. */
static void
pick_told(struct feedback *f)
{
	const struct mix *m = f->m;
	const struct recipe_share *v = f->ph->blend.v;
	uint32_t k = f->a.k, i, j;

	for (i = 0; m->reference && i < k; i++)
		f->reference[i] = m->reference[v[i].source];
	for (i = 0; m->matrix && i < k; i++)
		for (j = 0; j < k; j++)
			f->matrix[(size_t)i * k + j] =
			    m->matrix[(size_t)v[i].source * m->nsource +
				      v[j].source];
	f->a.reference = f->reference;
	f->a.matrix = f->matrix;
}

static int
begin_phase(struct feedback *f, const struct plan_phase *at, struct err *e)
{
	const struct recipe_phase *ph = &f->m->recipe.phases[at->id];
	uint32_t i, k = ph->blend.n;
	double *p;
	int rc;

	end_phase(f);
	f->begun = true;
	f->line = at->line;
	f->ph = ph;
	f->steps = 0;
	if (!recipe_adapts(&f->m->recipe, ph))
		return 0;
	if (k > ADAPT_MOST)
		return err_set(e, ERR_CHECK,
		    "%s:%u: shares of more than %d sources can't follow "
		    "losses",
		    f->m->recipe.file, at->line, ADAPT_MOST);
	p = malloc(k * sizeof(*p));
	f->sums = calloc(k, sizeof(*f->sums));
	f->reference = calloc(k, sizeof(double));
	f->matrix = calloc((size_t)k * k, sizeof(double));
	if (!p || !f->sums || !f->reference || !f->matrix) {
		free(p);
		return err_nomem(e, "shares");
	}
	for (i = 0; i < k; i++)
		p[i] = (double)ph->w[i] / (double)ph->d;
	rc = adapt_begin(&f->a, &f->m->recipe.adapt, k, p, e);
	free(p);
	pick_told(f);
	return rc;
}

/* Add up what a step came to; f->seen has it. */
static int
take_step(struct feedback *f, uint64_t step, struct err *e)
{
	const struct plan_phase *at = plan_phase_of(&f->m->plan, step);
	const struct source_loss *s;
	uint32_t i;

	if ((!f->begun || f->line != at->line) && begin_phase(f, at, e) < 0)
		return e->code;
	f->steps++;
	for (i = 0; i < f->a.k; i++) {
		s = &f->seen[f->ph->blend.v[i].source];
		f->sums[i].sum += s->sum;
		f->sums[i].targets += s->targets;
	}
	return 0;
}

/* Is the step the last of an interval, with steps of its phase behind it? */
static bool
due(const struct feedback *f, uint64_t step)
{
	const struct plan *p = &f->m->plan;
	uint64_t targets = 0;
	uint32_t i;

	for (i = 0; i < f->a.k; i++)
		targets += f->sums[i].targets;
	return f->a.k && targets && f->steps % f->m->recipe.adapt.every == 0 &&
	       step + 1 < p->steps &&
	       plan_phase_of(p, step + 1)->line == f->line;
}

/* A source's share from `step` on can't be more than its cap leaves it. */
static double
limit_of(const struct feedback *f, uint64_t step, uint32_t source)
{
	const struct plan *p = &f->m->plan;
	const struct plan_source *s = &p->sources[source];
	const struct plan_phase *ph;
	double cap, rest = 0, here = 0, block = (double)s->block;
	uint64_t row;
	uint32_t i, j;

	if (!f->m->recipe.sources[source].epochs.den)
		return 1;
	cap = ratio_double(f->m->recipe.sources[source].epochs) *
	      (double)s->epochs.den;
	i = (uint32_t)(plan_phase_of(p, step) - p->phases);
	for (; i < p->nphase && p->phases[i].line == f->line; i++) {
		ph = &p->phases[i];
		row = step > ph->first_step ? plan_row_of_step(ph, step) : 0;
		rest += (double)((ph->rows - row) * ph->seq);
		for (j = 0; j < ph->blend.k; j++)
			if (ph->shares[j].source == source)
				here += plan_mean(&ph->blend, j) *
					(double)((ph->rows - row) * ph->seq);
	}
	cap -= (double)(s->used + s->skipped) - here + 2 * block;
	return cap > 0 ? cap / rest : 0;
}

static void
put_shares(
    const struct feedback *f, uint64_t step, const uint64_t *w, struct buf *b)
{
	static const char *const names[] = { [ADAPT_DOREMI] = "doremi",
		[ADAPT_ODM] = "odm",
		[ADAPT_SKILLIT] = "skill-it" };
	const struct mix *m = f->m;
	uint32_t i;

	buf_printf(b,
	    "\"step\":%" PRIu64 ",\"by\":\"%s\",\"of\":%d,\"shares\":{", step,
	    names[m->recipe.adapt.kind], ADAPT_PARTS);
	for (i = 0; i < f->a.k; i++) {
		buf_puts(b, i ? "," : "");
		buf_json(b, m->recipe.sources[f->ph->blend.v[i].source].name);
		buf_printf(b, ":%" PRIu64, w[i]);
	}
	buf_printf(b, "},\"updates\":%" PRIu64 ",\"more\":[", f->a.updates);
	for (i = 0; i < f->a.k; i++) {
		buf_puts(b, i ? "," : "");
		buf_double(b, f->a.more[i]);
	}
	buf_putc(b, ']');
}

/* What is read from the change on. */
static void
settle_shares(struct feedback *f, const uint64_t *w)
{
	uint32_t i;

	for (i = 0; i < f->a.k; i++)
		f->a.p[i] = (double)w[i] / ADAPT_PARTS;
	memset(f->sums, 0, f->a.k * sizeof(*f->sums));
}

/* A line of the journal, made as one that is read. */
static int
write_change(struct feedback *f, struct buf *b, struct err *e)
{
	struct journal_line l = { .changes = true };
	struct buf text = { 0 };
	struct json *j;
	int rc = journal_add(&f->journal, b, e);

	buf_putc(&text, '{');
	buf_str(&text, buf_view(b));
	buf_putc(&text, '}');
	if (rc == 0)
		rc = buf_ok(&text, e);
	if (rc == 0 && (rc = json_parse(&j, text.p, text.n, e)) == 0) {
		l.root = json_root(j);
		l.step = json_u64(json_get(l.root, "step"), 0);
		l.chain = f->journal.chain;
		rc = mix_apply(f->m, &l, e);
		json_free(j);
	}
	buf_free(&text);
	if (rc == 0)
		rc = plan_settle(&f->m->plan, &f->m->recipe, e);
	return rc;
}

static int
update(struct feedback *f, uint64_t step, struct err *e)
{
	double limit[ADAPT_MOST];
	uint64_t w[ADAPT_MOST];
	struct buf b = { 0 };
	uint32_t i;
	int rc;

	adapt_update(&f->a, f->sums);
	for (i = 0; i < f->a.k; i++) {
		if (!isfinite(f->a.p[i]))
			return err_set(e, ERR_FORMAT,
			    "step %" PRIu64
			    ": the shares that follow from the losses are no "
			    "numbers: lower rate= (line %u)",
			    step, f->m->recipe.adapt.line);
		limit[i] = limit_of(f, step, f->ph->blend.v[i].source);
	}
	rc = adapt_parts(f->a.p, limit, f->a.k, w, e);
	if (rc == 0) {
		settle_shares(f, w);
		put_shares(f, step, w, &b);
		rc = write_change(f, &b, e);
	}
	buf_free(&b);
	if (rc == 0 && f->m->plan.nproblem)
		rc = err_set(e, ERR_CHECK,
		    "step %" PRIu64 ": with the shares that follow from the "
		    "losses, %.*s",
		    step, (int)strcspn(f->m->plan.problems.p, "\n"),
		    f->m->plan.problems.p);
	return rc;
}

static int
write_losses(struct feedback *f, uint64_t step, struct err *e)
{
	const struct mix *m = f->m;
	struct buf b = { 0 };
	bool any = false;
	uint32_t i;
	int rc;

	buf_printf(&b, "\"step\":%" PRIu64 ",\"loss\":{", step + 1);
	for (i = 0; i < m->nsource; i++) {
		if (!f->seen[i].targets)
			continue;
		buf_puts(&b, any ? "," : "");
		any = true;
		buf_json(&b, m->recipe.sources[i].name);
		buf_puts(&b, ":[");
		buf_double(&b, f->seen[i].sum);
		buf_printf(&b, ",%" PRIu64 "]", f->seen[i].targets);
	}
	buf_putc(&b, '}');
	rc = journal_add(&f->journal, &b, e);
	buf_free(&b);
	return rc;
}

static int
told_step(void *ctx, uint64_t step, const struct source_loss *v, struct err *e)
{
	struct feedback *f = ctx;

	memcpy(f->seen, v, f->m->nsource * sizeof(*v));
	if (write_losses(f, step, e) < 0 || take_step(f, step, e) < 0)
		return e->code;
	return due(f, step) ? update(f, step + 1, e) : 0;
}

/* {"web":[SUM,TARGETS],...} into f->seen. */
static int
read_losses(struct feedback *f, const struct journal_line *l, struct err *e)
{
	struct json_iter it = json_each(json_get(l->root, "loss")), pair;
	struct json_val v, x;
	struct str name;
	uint32_t i;

	memset(f->seen, 0, f->m->nsource * sizeof(*f->seen));
	while (json_next(&it, &name, &v)) {
		if (!mix_find_source(f->m, name, &i))
			return err_set(e, ERR_CHECK,
			    "no source is called '%.*s'",
			    (int)(name.n < 60 ? name.n : 60), name.p);
		pair = json_each(v);
		if (json_next(&pair, NULL, &x))
			f->seen[i].sum = json_double(x, 0);
		if (json_next(&pair, NULL, &x))
			f->seen[i].targets = json_u64(x, 0);
	}
	return l->step ? take_step(f, l->step - 1, e)
		       : err_set(e, ERR_CHECK, "a loss of no step");
}

/* What adapt_update() and settle_shares() made of it. */
static void
read_change(struct feedback *f, const struct journal_line *l)
{
	struct json_iter it = json_each(json_get(l->root, "more"));
	struct json_val shares = json_get(l->root, "shares"), v;
	uint32_t i;

	for (i = 0; i < f->a.k; i++)
		f->a.p[i] =
		    (double)json_u64(
			json_get(shares,
			    f->m->recipe.sources[f->ph->blend.v[i].source]
				.name.p),
			0) /
		    ADAPT_PARTS;
	for (i = 0; i < f->a.k && json_next(&it, NULL, &v); i++)
		f->a.more[i] = json_double(v, 0);
	f->a.updates = json_u64(json_get(l->root, "updates"), 0);
	if (f->a.k)
		memset(f->sums, 0, f->a.k * sizeof(*f->sums));
}

static int
read_line(void *ctx, const struct journal_line *l, struct err *e)
{
	struct feedback *f = ctx;
	int rc = 0;

	if (l->changes) {
		rc = mix_apply(f->m, l, e);
		if (rc == 0)
			read_change(f, l);
	} else if (json_type(json_get(l->root, "loss")) == JSON_OBJECT) {
		rc = read_losses(f, l, e);
	}
	if (rc == 0)
		return 0;
	e->code = e->code == ERR_ARG ? ERR_CHECK : e->code;
	return err_prefix(e, "%s:%" PRIu64, f->path, l->number);
}

static int
told_begin(void *ctx, uint64_t steps, struct err *e)
{
	struct feedback *f = ctx;

	if (f->open)
		journal_close(&f->journal);
	f->open = true;
	end_phase(f);
	if ((f->follows ? journal_follow(&f->journal, f->path, f->m->digest, e)
			: journal_open(&f->journal, f->path, f->m->digest,
			      steps, e)) < 0 ||
	    mix_replan(f->m, e) < 0 ||
	    journal_read(f->path, f->m->digest, read_line, f, e) < 0)
		return e->code;
	return plan_settle(&f->m->plan, &f->m->recipe, e);
}

static int
told_sync(void *ctx, struct err *e)
{
	struct feedback *f = ctx;

	return journal_sync(&f->journal, e);
}

static void
told_digest(void *ctx, uint64_t steps, char hex[17])
{
	const struct feedback *f = ctx;

	mix_journal_digest(f->m, steps, hex);
}

int
mix_feedback(struct row_feedback *out, struct mix *m, const char *path,
    bool follows, struct err *e)
{
	struct feedback *f = calloc(1, sizeof(*f));

	*out = (struct row_feedback){ .ctx = f,
		.sources = m->nsource,
		.losses = m->recipe.adapt.kind != ADAPT_NONE,
		.begin = told_begin,
		.step = told_step,
		.sync = told_sync,
		.digest = told_digest };
	if (!f)
		return err_nomem(e, "a journal");
	f->m = m;
	f->follows = follows;
	f->path = strdup(path);
	f->seen = calloc((size_t)m->nsource + 1, sizeof(*f->seen));
	if (f->path && f->seen)
		return 0;
	mix_feedback_close(out);
	return err_nomem(e, "a journal");
}

void
mix_feedback_close(struct row_feedback *out)
{
	struct feedback *f = out->ctx;

	if (!f)
		return;
	if (f->open)
		journal_close(&f->journal);
	end_phase(f);
	free(f->path);
	free(f->seen);
	free(f);
	out->ctx = NULL;
}
