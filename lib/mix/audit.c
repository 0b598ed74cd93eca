/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/hash.h"
#include "io/json.h"
#include "io/stream.h"
#include "mix/audit.h"
#include "mix/mix_impl.h"

typedef unsigned long long ull;

/* Rows of each of a phase's sources among its first n rows: out is (k). */
static int
rows_before(struct mix *m, const struct plan_phase *ph, uint64_t n,
    uint64_t *out, struct err *e)
{
	const struct blend *b = &ph->blend;
	const struct blend_table *t;
	struct blend_period p;
	uint64_t i;
	int rc;

	if (n == b->rows)
		return blend_before(b, n, out, e);
	p = blend_period_of(b, n);
	if (blend_before(b, p.first, out, e) < 0)
		return e->code;
	n -= p.first;
	if (b->k == 1)
		out[0] += n;
	if (b->k == 1 || n == 0)
		return 0;
	pthread_mutex_lock(&m->lock);
	rc = mix_table(m, ph, p.first, n, &t, e);
	for (i = 0; rc == 0 && i < n; i++)
		out[t->slots[i].source]++;
	pthread_mutex_unlock(&m->lock);
	return rc;
}

int
mix_used(struct mix *m, uint64_t step, uint64_t *out, struct err *e)
{
	const struct plan *p = &m->plan;
	const struct plan_phase *ph;
	uint64_t *rows = calloc((size_t)p->nsource + 1, sizeof(*rows));
	uint32_t i, j;
	int rc = rows ? 0 : err_nomem(e, "sources");

	memset(out, 0, p->nsource * sizeof(*out));
	for (i = 0; rc == 0 && i < p->nphase; i++) {
		ph = &p->phases[i];
		if (ph->first_step >= step)
			break;
		rc = rows_before(m, ph, plan_row_of_step(ph, step), rows, e);
		for (j = 0; rc == 0 && j < ph->blend.k; j++)
			out[ph->shares[j].source] += rows[j] * ph->seq;
	}
	free(rows);
	return rc;
}

/* What state.json says. */
struct state {
	uint64_t step, tokens;
	char recipe[65], journal[17];
};

static int
read_state(const char *dir, struct state *s, struct err *e)
{
	char path[4096];
	struct json_val root;
	struct str digest;
	struct json *j;

	snprintf(path, sizeof(path), "%.4000s/state.json", dir);
	if (json_load(&j, path, e) < 0)
		return e->code;
	root = json_root(j);
	*s = (struct state){ .step =
				 json_u64(json_get(root, "step"), UINT64_MAX),
		.tokens = json_u64(json_get(root, "tokens"), 0) };
	digest = json_str(json_path(root, "options.recipe"));
	if (digest.n == 64)
		memcpy(s->recipe, digest.p, 64);
	digest = json_str(json_get(root, "journal"));
	if (digest.n == 16)
		memcpy(s->journal, digest.p, 16);
	json_free(j);
	if (s->step != UINT64_MAX && s->recipe[0])
		return 0;
	return err_set(e, ERR_FORMAT,
	    "%s: no step and no recipe's digest: this is no checkpoint of a "
	    "training run",
	    path);
}

/* The digest of the checkpoint's tokenizer.json; "" if it has none. */
static int
tokenizer_digest(const char *dir, char hex[65], struct err *e)
{
	struct sha256 *h;
	char path[4096], *p;
	size_t n;

	hex[0] = '\0';
	snprintf(path, sizeof(path), "%.4000s/tokenizer.json", dir);
	if (in_slurp(path, &p, &n, e) < 0)
		return 0; /* a run need not have one */
	h = sha256_new();
	if (h) {
		sha256_add(h, p, n);
		sha256_hex(h, hex);
	}
	sha256_free(h);
	free(p);
	return h ? 0 : err_nomem(e, "a digest");
}

static void
compare(const struct mix *m, const struct state *s, const char *tokenizer,
    struct buf *problems)
{
	const char *want = m->sources[0].shards[0].head.tokenizer;
	char journal[17];

	if (strcmp(s->recipe, m->digest) != 0)
		buf_printf(problems,
		    "it was trained on the recipe sha256:%.16s..., this is "
		    "sha256:%.16s...\n",
		    s->recipe, m->digest);
	mix_journal_digest(m, s->step, journal);
	if (strcmp(s->journal, journal) != 0)
		buf_printf(problems,
		    "it was trained on other changes of shares than %s\n",
		    journal[0] ? "this journal's"
			       : "none: name the run's journal");
	if (tokenizer[0] && strcmp(tokenizer, want) != 0)
		buf_printf(problems,
		    "its tokenizer is sha256:%.16s..., the shards are of "
		    "sha256:%.16s...\n",
		    tokenizer, want);
	if (s->step > m->plan.steps)
		buf_printf(problems,
		    "it has done %llu steps, the run has %llu\n", (ull)s->step,
		    (ull)m->plan.steps);
}

static void
table(const struct mix *m, const struct state *s, const uint64_t *used,
    struct buf *out)
{
	const struct plan *p = &m->plan;
	const struct plan_phase *ph;
	uint64_t sum = 0, per;
	uint32_t i;

	for (i = 0; i < p->nsource; i++)
		sum += used[i];
	buf_printf(
	    out, "step       %llu of %llu\n", (ull)s->step, (ull)p->steps);
	if (s->step < p->steps) {
		ph = plan_phase_of(p, s->step);
		buf_printf(out, "next       phase %s, its step %llu of %llu\n",
		    ph->name, (ull)(s->step - ph->first_step), (ull)ph->steps);
	}
	buf_printf(out, "tokens     %llu of %llu\n", (ull)sum, (ull)p->tokens);
	if (m->nchange)
		buf_printf(out,
		    "journal    %u changes, the last from step %llu on\n",
		    m->nchange, (ull)m->changes[m->nchange - 1].step);
	buf_putc(out, '\n');
	buf_printf(out, "%-16s %14s %8s %8s %14s\n", "source", "seen",
	    "share %", "epochs", "to come");
	for (i = 0; i < p->nsource; i++) {
		per = p->sources[i].epochs.den;
		buf_printf(out, "%-16s %14llu %8.3f %8.4f %14llu\n",
		    p->sources[i].name, (ull)used[i],
		    sum ? 100 * (double)used[i] / (double)sum : 0,
		    per > 1 ? (double)used[i] / (double)per : 0,
		    (ull)(p->sources[i].used - used[i]));
	}
}

int
mix_audit_journal(struct mix *m, const char *checkpoint, struct err *e)
{
	char path[4096];

	snprintf(path, sizeof(path), "%.4000s/../journal.jsonl", checkpoint);
	return access(path, F_OK) < 0 ? 0 : mix_journal(m, path, e);
}

int
mix_audit(struct mix *m, const char *checkpoint, struct buf *out,
    struct buf *problems, struct err *e)
{
	uint64_t *used = calloc((size_t)m->nsource + 1, sizeof(*used));
	struct state s = { 0 };
	char tokenizer[65];
	int rc = used ? 0 : err_nomem(e, "sources");

	if (rc == 0)
		rc = read_state(checkpoint, &s, e);
	if (rc == 0)
		rc = tokenizer_digest(checkpoint, tokenizer, e);
	if (rc == 0) {
		compare(m, &s, tokenizer, problems);
		rc = buf_ok(problems, e);
	}
	if (rc == 0 && problems->n)
		rc = err_set(e, ERR_CHECK,
		    "%s: was not trained on the stream of %s", checkpoint,
		    m->path);
	if (rc == 0)
		rc = mix_used(m, s.step, used, e);
	if (rc == 0) {
		table(m, &s, used, out);
		rc = buf_ok(out, e);
	}
	free(used);
	return rc;
}
