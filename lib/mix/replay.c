/* SPDX-License-Identifier: MIT */
/* A recipe and a journal are a stream. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/path.h"
#include "mix/journal.h"
#include "mix/mix_impl.h"

bool
mix_find_source(const struct mix *m, struct str name, uint32_t *i)
{
	for (*i = 0; *i < m->recipe.nsource; ++*i)
		if (str_eq(m->recipe.sources[*i].name, name))
			return true;
	return false;
}

static int
keep_change(struct mix *m, uint64_t step, uint64_t chain, struct err *e)
{
	struct told_change *more;

	if ((m->nchange & (m->nchange - 1)) == 0) { /* room for twice as many */
		more = realloc(m->changes,
		    (m->nchange ? 2 * (size_t)m->nchange : 1) * sizeof(*more));
		if (!more)
			return err_nomem(e, "a journal");
		m->changes = more;
	}
	m->changes[m->nchange++] = (struct told_change){ step, chain };
	return 0;
}

/* {"web":6,"code":4}, parts of d */
static int
read_shares(const struct mix *m, struct json_val shares, struct plan_change *c,
    uint32_t *source, uint64_t *w, struct err *e)
{
	struct json_iter it = json_each(shares);
	uint64_t sum = 0;
	struct json_val v;
	struct str name;

	for (; json_next(&it, &name, &v); c->k++) {
		w[c->k] = json_u64(v, 0);
		if (!mix_find_source(m, name, &source[c->k]))
			return err_set(e, ERR_CHECK,
			    "no source is called '%.*s'",
			    (int)(name.n < 60 ? name.n : 60), name.p);
		if (w[c->k] == 0 || w[c->k] > c->d - sum)
			return err_set(e, ERR_CHECK,
			    "the shares are not parts of %" PRIu64, c->d);
		sum += w[c->k];
	}
	if (sum == c->d)
		return 0;
	return err_set(
	    e, ERR_CHECK, "the shares do not add up to %" PRIu64, c->d);
}

static int
change_plan(struct mix *m, const struct plan_change *c, struct err *e)
{
	int i, rc;

	pthread_mutex_lock(&m->lock);
	for (i = 0; i < MIX_TABLES; i++) {
		blend_table_free(&m->tables[i].table);
		m->tables[i] = (struct kept_table){ 0 };
	}
	rc = plan_change(&m->plan, c, e);
	pthread_mutex_unlock(&m->lock);
	return rc;
}

int
mix_apply(struct mix *m, const struct journal_line *l, struct err *e)
{
	struct json_val shares = json_get(l->root, "shares");
	struct plan_change c = { .step = l->step,
		.d = json_u64(json_get(l->root, "of"), 0) };
	size_t n = json_count(shares);
	uint32_t *source = calloc(n + 1, sizeof(*source));
	uint64_t *w = calloc(n + 1, sizeof(*w));
	int rc = source && w ? 0 : err_nomem(e, "shares");

	if (rc == 0 && (c.d == 0 || c.d >= 1ull << 62))
		rc = err_set(e, ERR_CHECK, "\"of\" is missing");
	if (rc == 0)
		rc = read_shares(m, shares, &c, source, w, e);
	c.source = source;
	c.w = w;
	if (rc == 0)
		rc = change_plan(m, &c, e);
	if (rc == 0)
		rc = keep_change(m, l->step, l->chain, e);
	free(source);
	free(w);
	return rc;
}

struct replay {
	struct mix *m;
	const char *path;
};

static int
replay_line(void *ctx, const struct journal_line *l, struct err *e)
{
	struct replay *r = ctx;

	if (!l->changes || mix_apply(r->m, l, e) == 0)
		return 0;
	e->code = e->code == ERR_ARG ? ERR_CHECK : e->code;
	return err_prefix(e, "%s:%" PRIu64, r->path, l->number);
}

int
mix_journal(struct mix *m, const char *path, struct err *e)
{
	struct replay r = { m, path };

	if (journal_read(path, m->digest, replay_line, &r, e) < 0)
		return e->code;
	return m->nchange ? plan_settle(&m->plan, &m->recipe, e) : 0;
}

void
mix_journal_digest(const struct mix *m, uint64_t step, char hex[17])
{
	uint32_t n = m->nchange;

	while (n && m->changes[n - 1].step >= step)
		n--;
	hex[0] = '\0';
	if (n)
		snprintf(hex, 17, "%016" PRIx64, m->changes[n - 1].chain);
}

uint32_t
mix_changes(const struct mix *m, uint64_t *last)
{
	*last = m->nchange ? m->changes[m->nchange - 1].step : 0;
	return m->nchange;
}

/* The change as a line's members. */
static int
put_change(const struct mix *m, uint64_t step, const struct recipe_phase *ph,
    struct buf *b, struct err *e)
{
	uint32_t i;

	buf_printf(b,
	    "\"step\":%" PRIu64 ",\"by\":\"amend\",\"of\":%" PRIu64
	    ",\"shares\":{",
	    step, ph->d);
	for (i = 0; i < ph->blend.n; i++) {
		buf_puts(b, i ? "," : "");
		buf_json(b, m->recipe.sources[ph->blend.v[i].source].name);
		buf_printf(b, ":%" PRIu64, ph->w[i]);
	}
	buf_putc(b, '}');
	return buf_ok(b, e);
}

/* May the change be made?  The plan has it then. */
static int
try_change(
    struct mix *m, uint64_t step, const struct recipe_phase *ph, struct err *e)
{
	struct plan_change c = {
		.step = step, .k = ph->blend.n, .w = ph->w, .d = ph->d
	};
	uint32_t *source = calloc((size_t)c.k + 1, sizeof(*source)), i;
	int rc;

	if (!source)
		return err_nomem(e, "shares");
	for (i = 0; i < c.k; i++)
		source[i] = ph->blend.v[i].source;
	c.source = source;
	rc = change_plan(m, &c, e);
	if (rc == 0)
		rc = plan_settle(&m->plan, &m->recipe, e);
	free(source);
	return rc;
}

/* The checkpoint in the journal's folder, if there is one, is before it. */
static int
check_done(const char *path, uint64_t step, struct err *e)
{
	int dir = (int)(path_base(path) - path);
	char state[4096];
	struct json *j;
	uint64_t done;

	if (snprintf(state, sizeof(state), "%.*slast/state.json", dir, path) >=
		(int)sizeof(state) ||
	    access(state, F_OK) < 0)
		return 0;
	if (json_load(&j, state, e) < 0)
		return e->code;
	done = json_u64(json_get(json_root(j), "step"), 0);
	json_free(j);
	if (step >= done)
		return 0;
	return err_set(e, ERR_ARG,
	    "step %" PRIu64 ": the run in %.*s has done %" PRIu64
	    " steps, which can't be changed any more",
	    step, dir, path, done);
}

int
mix_amend(struct mix *m, const char *path, uint64_t step, char *const *words,
    int n, struct err *e)
{
	struct recipe_phase ph;
	struct journal j = { .fd = -1 };
	struct buf b = { 0 };
	int rc;

	if (m->recipe.adapt.kind != ADAPT_NONE)
		return err_set(e, ERR_ARG,
		    "%s:%u: shares follow the losses here, and can't be "
		    "changed by hand",
		    m->recipe.file, m->recipe.adapt.line);
	if (recipe_parse_shares(&m->recipe, words, n, &ph, e) < 0)
		return e->code == ERR_FORMAT ? e->code = ERR_ARG : e->code;
	rc = check_done(path, step, e);
	if (rc == 0 && access(path, F_OK) == 0)
		rc = mix_journal(m, path, e);
	if (rc == 0)
		rc = try_change(m, step, &ph, e);
	if (rc == 0 && m->plan.nproblem)
		rc = err_set(e, ERR_CHECK, "%.*s",
		    (int)strcspn(m->plan.problems.p, "\n"), m->plan.problems.p);
	if (rc == 0)
		rc = put_change(m, step, &ph, &b, e);
	if (rc == 0)
		rc = journal_open(&j, path, m->digest, UINT64_MAX, e);
	if (rc == 0)
		rc = journal_add(&j, &b, e);
	if (rc == 0)
		rc = journal_sync(&j, e);
	buf_free(&b);
	journal_close(&j);
	return rc;
}

struct str
mix_source_name(void *ctx, uint32_t source)
{
	const struct mix *m = ctx;

	return m->recipe.sources[source].name;
}
