/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/hash.h"
#include "io/stream.h"
#include "mix/mix_impl.h"

const struct plan *
mix_plan(const struct mix *m)
{
	return &m->plan;
}

const struct recipe *
mix_recipe(const struct mix *m)
{
	return &m->recipe;
}

const struct source *
mix_source(const struct mix *m, uint32_t i)
{
	return &m->sources[i];
}

const char *
mix_digest(const struct mix *m)
{
	return m->digest;
}

/* Every source speaks of the recipe's tokens, or at least of the same. */
static int
check_tokenizer(struct mix *m, uint32_t i, struct err *e)
{
	const struct recipe_source *rs = &m->recipe.sources[i];
	const struct shard *a = m->sources[0].shards;
	const struct shard *x = m->sources[i].shards;

	if (m->recipe.tokenizer[0] &&
	    strcmp(m->recipe.tokenizer, x->head.tokenizer) != 0)
		return err_set(e, ERR_CHECK,
		    "%s:%u: source %s: its shards were made by tokenizer "
		    "sha256:%s, the recipe asks for sha256:%s",
		    m->recipe.file, rs->line, rs->name.p, x->head.tokenizer,
		    m->recipe.tokenizer);
	if (strcmp(a->head.tokenizer, x->head.tokenizer) != 0 ||
	    a->head.vocab != x->head.vocab)
		return err_set(e, ERR_CHECK,
		    "%s:%u: source %s: its shards were made by tokenizer "
		    "sha256:%.16s..., those of source %s by sha256:%.16s...: "
		    "make both with one",
		    m->recipe.file, rs->line, rs->name.p, x->head.tokenizer,
		    m->recipe.sources[0].name.p, a->head.tokenizer);
	return 0;
}

static int
open_sources(struct mix *m, struct err *e)
{
	const struct recipe *r = &m->recipe;
	uint32_t i;

	m->sources = calloc((size_t)r->nsource + 1, sizeof(*m->sources));
	if (!m->sources)
		return err_nomem(e, "sources");
	for (i = 0; i < r->nsource; i++) {
		m->nsource++;
		if (source_load(&m->sources[i], r, i, true, e) < 0)
			return e->code;
		if (check_tokenizer(m, i, e) < 0)
			return e->code;
	}
	m->vocab = m->sources[0].shards[0].head.vocab;
	return 0;
}

static int
open_packs(struct mix *m, struct err *e)
{
	const struct recipe_source *rs = m->recipe.sources;
	uint32_t i;

	m->packs = calloc((size_t)m->nsource + 1, sizeof(*m->packs));
	if (!m->packs)
		return err_nomem(e, "sources");
	for (i = 0; i < m->nsource; i++)
		if (rs[i].packing != PACK_CUT &&
		    pack_open(&m->packs[i], &m->sources[i], rs[i].packing,
			rs[i].window, e) < 0)
			return e->code;
	return 0;
}

/* Tokens that the recipe names have to be the shards'. */
static int
check_specials(const struct mix *m, struct err *e)
{
	const struct recipe_specials *s = &m->recipe.specials;
	const uint32_t *v = s->fim;
	size_t i;

	for (i = 0; i < offsetof(struct recipe_specials, line) / sizeof(*v);
	     i++)
		if (v[i] != UINT32_MAX && v[i] >= m->vocab)
			return err_set(e, ERR_CHECK,
			    "%s:%u: token %u is not in the shards' vocabulary "
			    "of %u",
			    m->recipe.file,
			    s->line[i < 3   ? 0
				    : i < 5 ? 1
					    : 2],
			    v[i], m->vocab);
	return 0;
}

static int
make_plan(struct mix *m, struct err *e)
{
	uint64_t *tokens = calloc((size_t)m->nsource + 1, sizeof(*tokens));
	uint32_t i;
	int rc;

	if (!tokens)
		return err_nomem(e, "a plan");
	for (i = 0; i < m->nsource; i++)
		tokens[i] = m->sources[i].tokens;
	m->planned = true;
	rc = plan_make(&m->plan, &m->recipe, tokens, m->packs, e);
	free(tokens);
	return rc;
}

static void
digest_objective(const struct recipe_objective *o, struct buf *b)
{
	const struct ratio v[] = { o->rate, o->spm, o->noise, o->mean };
	size_t i;

	if (o->task <= TASK_CAUSAL)
		return;
	buf_printf(b, "objective %d", (int)o->task);
	for (i = 0; i < sizeof(v) / sizeof(*v); i++)
		buf_printf(b, " %llu/%llu", (unsigned long long)v[i].num,
		    (unsigned long long)v[i].den);
	buf_putc(b, '\n');
}

static void
digest_specials(const struct recipe_specials *s, struct buf *b)
{
	const uint32_t *v = s->fim;
	size_t i;

	for (i = 0; i < offsetof(struct recipe_specials, line) / sizeof(*v);
	     i++)
		if (v[i] != UINT32_MAX)
			buf_printf(b, "special %zu %u\n", i, v[i]);
}

static void
digest_sources(const struct mix *m, struct buf *b)
{
	const struct recipe_source *rs;
	const struct shard *x;
	uint32_t i;
	size_t j;

	for (i = 0; i < m->nsource; i++) {
		rs = &m->recipe.sources[i];
		buf_printf(b, "source %s\n", rs->name.p);
		if (rs->packing != PACK_CUT)
			buf_printf(b, "pack %d %llu\n", (int)rs->packing,
			    (unsigned long long)rs->window);
		digest_objective(&rs->objective, b);
		for (j = 0; j < m->sources[i].n; j++) {
			x = &m->sources[i].shards[j];
			buf_printf(b, "shard %llu %s %s\n",
			    (unsigned long long)x->tokens, x->bin_sha256,
			    x->head.tokenizer);
		}
		buf_str(b, buf_view(&m->sources[i].keys));
	}
}

static void
digest_share(const struct plan_phase *ph, uint32_t j, struct buf *b)
{
	buf_printf(b, "share %u %llu/%llu", ph->shares[j].source,
	    (unsigned long long)ph->blend.w[j],
	    (unsigned long long)ph->blend.d);
	if (ph->blend.to)
		buf_printf(b, " to %llu", (unsigned long long)ph->blend.to[j]);
	buf_putc(b, '\n');
}

static void
digest_phases(const struct mix *m, struct buf *b)
{
	const struct plan_phase *ph;
	uint32_t i, j;

	for (i = 0; i < m->plan.nphase; i++) {
		ph = &m->plan.phases[i];
		buf_printf(b, "phase rows %llu seq %u\n",
		    (unsigned long long)ph->rows, ph->seq);
		for (j = 0; j < ph->nbatch; j++)
			buf_printf(b, "batch %llu %u\n",
			    (unsigned long long)ph->batches[j].step,
			    ph->batches[j].rows);
		for (j = 0; j < ph->blend.k; j++)
			digest_share(ph, j, b);
		if (ph->objective.task == TASK_CAUSAL)
			buf_puts(b, "objective none\n");
		digest_objective(&ph->objective, b);
		if (ph->lr[0] != 1 || ph->lr[1] != 1)
			buf_printf(b, "lr %.17g %.17g %.17g %.17g %d\n",
			    ph->lr[0], ph->lr[1], ph->lr_part[0],
			    ph->lr_part[1], ph->curve == CURVE_COSINE);
	}
}

int
mix_replan(struct mix *m, struct err *e)
{
	int i, rc;

	pthread_mutex_lock(&m->lock);
	for (i = 0; i < MIX_TABLES; i++) {
		blend_table_free(&m->tables[i].table);
		m->tables[i] = (struct kept_table){ 0 };
	}
	plan_free(&m->plan);
	m->nchange = 0;
	rc = make_plan(m, e);
	pthread_mutex_unlock(&m->lock);
	return rc;
}

/* What the shares follow: the line, and what its file says. */
static int
digest_adapt(struct mix *m, struct buf *b, struct err *e)
{
	const struct recipe_adapt *a = &m->recipe.adapt;
	size_t n;
	char *text;

	if (a->kind == ADAPT_NONE)
		return 0;
	buf_printf(b, "adapt %d %llu %.17g %.17g\n", a->kind,
	    (unsigned long long)a->every, a->rate, a->smooth);
	if (mix_adapt_file(m, &text, &n, e) < 0)
		return e->code;
	if (text)
		buf_put(b, text, n);
	free(text);
	return 0;
}

/*
 * Of what the rows depend on and nothing else: comments, paths and phases'
 * names may change, a token of a shard may not.
 */
static int
make_digest(struct mix *m, struct err *e)
{
	struct sha256 *h = sha256_new();
	struct buf b = { 0 };
	int rc;

	buf_printf(
	    &b, "quern mix 1\nseed %llu\n", (unsigned long long)m->recipe.seed);
	digest_specials(&m->recipe.specials, &b);
	digest_sources(m, &b);
	digest_phases(m, &b);
	rc = digest_adapt(m, &b, e);
	if (rc == 0)
		rc = buf_ok(&b, e);
	if (rc == 0 && !h)
		rc = err_nomem(e, "a digest");
	if (rc == 0) {
		sha256_add(h, b.p, b.n);
		sha256_hex(h, m->digest);
	}
	sha256_free(h);
	buf_free(&b);
	return rc;
}

/* For shares that follow from the sizes of sources. */
static int
size_of(void *ctx, const struct recipe *r, uint32_t i, uint64_t *tokens,
    struct err *e)
{
	struct source s;
	int rc = source_load(&s, r, i, true, e);

	(void)ctx;
	if (rc == 0)
		*tokens = s.tokens;
	source_close(&s);
	return rc;
}

static int
load(struct mix *m, struct err *e)
{
	const struct recipe_sizes sizes = { size_of, NULL };
	size_t n;

	if (in_slurp(m->path, &m->text, &n, e) < 0 ||
	    recipe_parse(&m->recipe, m->path, m->text, n, &sizes, e) < 0 ||
	    open_sources(m, e) < 0 || check_specials(m, e) < 0 ||
	    open_packs(m, e) < 0 || make_plan(m, e) < 0)
		return e->code;
	return make_digest(m, e);
}

int
mix_load(struct mix **out, const char *path, struct err *e)
{
	struct mix *m = calloc(1, sizeof(*m));

	*out = NULL;
	if (!m)
		return err_nomem(e, "a recipe");
	pthread_mutex_init(&m->lock, NULL);
	m->path = strdup(path);
	if (!m->path || load(m, e) < 0) {
		if (!m->path)
			err_nomem(e, "a recipe");
		mix_close(m);
		return e->code;
	}
	*out = m;
	return 0;
}

void
mix_close(struct mix *m)
{
	uint32_t i;

	if (!m)
		return;
	for (i = 0; i < MIX_TABLES; i++)
		blend_table_free(&m->tables[i].table);
	for (i = 0; i < m->nsource; i++) {
		source_close(&m->sources[i]);
		if (m->packs)
			pack_close(&m->packs[i]);
	}
	free(m->sources);
	free(m->packs);
	if (m->planned)
		plan_free(&m->plan);
	recipe_free(&m->recipe);
	pthread_mutex_destroy(&m->lock);
	free(m->changes);
	free(m->reference);
	free(m->matrix);
	free(m->text);
	free(m->path);
	free(m);
}

static int
check_step(const struct mix *m, uint64_t step, struct err *e)
{
	if (step < m->plan.steps)
		return 0;
	return err_set(e, ERR_ARG, "step %llu: the run has %llu, from 0",
	    (unsigned long long)step, (unsigned long long)m->plan.steps);
}

int
mix_table(struct mix *m, const struct plan_phase *ph, uint64_t row, uint64_t n,
    const struct blend_table **t, struct err *e)
{
	struct kept_table *k, *old = m->tables;
	uint64_t left;
	int i;

	for (i = 0; i < MIX_TABLES; i++) {
		k = &m->tables[i];
		if (k->phase == ph && row >= k->table.at.first &&
		    row - k->table.at.first < k->table.at.rows)
			break;
		if (k->used < old->used)
			old = k;
	}
	if (i == MIX_TABLES) {
		k = old;
		blend_table_free(&k->table);
		k->phase = NULL;
		if (blend_table(&ph->blend, row, &k->table, e) < 0)
			return e->code;
		k->phase = ph;
	}
	left = k->table.at.rows - (row - k->table.at.first);
	if (blend_reach(&ph->blend, &k->table,
		k->table.at.rows - left + (n < left ? n : left), e) < 0)
		return e->code;
	k->used = ++m->clock;
	*t = &k->table;
	return 0;
}

int
mix_slots(struct mix *m, const struct plan_phase *ph, uint64_t first,
    uint32_t n, struct slot *out, struct err *e)
{
	const struct blend_table *t;
	uint64_t row;
	uint32_t j;
	int rc = 0;

	if (ph->blend.k == 1) {
		for (j = 0; j < n; j++)
			out[j] = (struct slot){ 0, first + j };
		return 0;
	}
	pthread_mutex_lock(&m->lock);
	for (j = 0; j < n && rc == 0;) {
		rc = mix_table(m, ph, first + j, n - j, &t, e);
		for (; rc == 0 && j < n; j++) {
			row = first + j - t->at.first;
			if (row >= t->at.rows)
				break;
			out[j].i = t->slots[row].source;
			out[j].rank = t->before[out[j].i] + t->slots[row].rank;
		}
	}
	pthread_mutex_unlock(&m->lock);
	return rc;
}

/* Row 0 of a step: its number in the phase. */
static uint64_t
first_row(const struct plan_batch *b, uint64_t step)
{
	return b->row + (step - b->step) * b->rows;
}

static int
mix_step(void *ctx, uint64_t step, struct step_info *info, struct err *e)
{
	const struct mix *m = ctx;
	const struct plan_phase *ph;
	const struct plan_batch *b;

	if (check_step(m, step, e) < 0)
		return e->code;
	ph = plan_phase_of(&m->plan, step);
	step -= ph->first_step;
	b = plan_batch_of(ph, step);
	*info = (struct step_info){ .rows = b->rows,
		.seq = ph->seq,
		.tokens_before =
		    ph->tokens_before + first_row(b, step) * ph->seq,
		.lr_scale = plan_lr(ph, step),
		.phase = (uint32_t)(ph - m->plan.phases),
		.phase_name = ph->name };
	return 0;
}

int
mix_find_rows(const struct mix *m, uint64_t step, uint32_t first, uint32_t n,
    const struct plan_phase **ph, uint64_t *row, struct err *e)
{
	const struct plan_batch *b;

	if (check_step(m, step, e) < 0)
		return e->code;
	*ph = plan_phase_of(&m->plan, step);
	b = plan_batch_of(*ph, step - (*ph)->first_step);
	if (first > b->rows || n > b->rows - first)
		return err_set(e, ERR_ARG, "rows %u + %u: step %llu has %u",
		    first, n, (unsigned long long)step, b->rows);
	*row = first_row(b, step - (*ph)->first_step) + first;
	return 0;
}

static int
mix_read(void *ctx, uint64_t step, uint32_t first, uint32_t n,
    const struct rows *out, struct err *e)
{
	const struct plan_phase *ph;
	struct row_maker k = { 0 };
	struct slot slots[MIX_ROWS];
	struct mix *m = ctx;
	uint32_t done, take;
	uint64_t row;
	int rc = 0;

	if (mix_find_rows(m, step, first, n, &ph, &row, e) < 0)
		return e->code;
	for (done = 0; rc == 0 && done < n; done += take) {
		take = n - done < MIX_ROWS ? n - done : MIX_ROWS;
		rc = mix_slots(m, ph, row + done, take, slots, e);
		if (rc == 0)
			rc =
			    mix_fill_rows(m, ph, slots, take, &k, out, done, e);
	}
	row_maker_free(&k);
	return rc;
}

static void
mix_hint(void *ctx, uint64_t step, uint32_t first, uint32_t n)
{
	const struct plan_phase *ph;
	struct slot slots[MIX_ROWS];
	struct mix *m = ctx;
	uint32_t j, take;
	uint64_t row;
	struct err e;

	if (mix_find_rows(m, step, first, n, &ph, &row, &e) < 0)
		return;
	for (; n; n -= take, row += take) {
		take = n < MIX_ROWS ? n : MIX_ROWS;
		if (mix_slots(m, ph, row, take, slots, &e) < 0)
			return;
		for (j = 0; j < take; j++)
			mix_hint_row(m, ph, slots[j]);
	}
}

/* What the rows of a source have beside their tokens. */
static void
mark_source(const struct mix *m, const struct plan_phase *ph, uint32_t i,
    struct row_source *out)
{
	const struct recipe_objective *o = mix_objective(m, ph, i);

	if (m->plan.sources[ph->shares[i].source].pack)
		out->masked = true;
	if (o && o->task != TASK_FIM)
		out->masked = out->two_way = true;
}

static void
close_rows(void *ctx)
{
	mix_close(ctx);
}

void
mix_rows(struct mix *m, struct row_source *out)
{
	const struct plan_phase *ph;
	uint32_t i, j;

	*out = (struct row_source){ .ctx = m,
		.steps = m->plan.steps,
		.vocab = m->vocab,
		.sources = m->nsource,
		.source_name = mix_source_name,
		.step = mix_step,
		.read = mix_read,
		.hint = mix_hint };
	memcpy(out->digest, m->digest, sizeof(out->digest));
	for (i = 0; i < m->plan.nphase; i++) {
		ph = &m->plan.phases[i];
		for (j = 0; j < ph->nbatch; j++)
			if (ph->batches[j].rows > out->max_rows)
				out->max_rows = ph->batches[j].rows;
		if (ph->seq > out->max_seq)
			out->max_seq = ph->seq;
		for (j = 0; j < ph->blend.k; j++)
			mark_source(m, ph, j, out);
	}
}

int
mix_open(struct row_source *out, const char *recipe_path, struct err *e)
{
	struct mix *m;
	const struct buf *b;

	if (mix_load(&m, recipe_path, e) < 0)
		return e->code;
	b = &m->plan.problems;
	if (m->plan.nproblem) {
		err_set(e, ERR_CHECK, "%.*s",
		    (int)((const char *)memchr(b->p, '\n', b->n) - b->p), b->p);
		mix_close(m);
		return e->code;
	}
	mix_rows(m, out);
	out->close = close_rows;
	return 0;
}
