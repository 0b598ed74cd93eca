/* SPDX-License-Identifier: MIT */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "train/eval.h"
#include "train/net.h"
#include "train/weights.h"

enum { PASS = 4096 }; /* tokens, unless a row is longer */

struct eval {
	struct program p;
	struct net n;
	struct rows rows;
};

static int
check(const struct model_config *c, const struct row_source *r, struct err *e)
{
	if (r->vocab > c->vocab || r->max_seq > c->max_seq)
		return err_set(e, ERR_ARG,
		    "rows of %u tokens, vocabulary %u; the model has %u "
		    "positions, vocabulary %u",
		    r->max_seq, r->vocab, c->max_seq, c->vocab);
	if (r->max_seq == 0 || r->max_seq > INT_MAX / 4)
		return err_set(e, ERR_ARG, "rows of %u tokens", r->max_seq);
	return 0;
}

static int
open_eval(struct eval *v, const char *dir, const struct row_source *r,
    const struct ops *ops, struct err *e)
{
	size_t pass = r->max_seq > PASS ? r->max_seq : PASS;
	struct model_config c;
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/config.json", dir) >=
	    (int)sizeof(path))
		return err_set(e, ERR_ARG, "%s: path too long", dir);
	if (config_load(&c, path, e) < 0 || check(&c, r, e) < 0 ||
	    program_build(&v->p, &c, pass, net_flags(ops), e) < 0 ||
	    net_open(&v->n, &v->p, ops, e) < 0 ||
	    weights_load_folder(&v->n, dir, e) < 0)
		return e->code;
	return rows_alloc(&v->rows, pass, r->two_way ? ROWS_LAST : 0, e);
}

static int
eval_step(struct eval *v, struct eval_result *out, const struct row_source *r,
    uint64_t step, struct err *e)
{
	struct step_info s;
	uint32_t at, n, most;

	if (r->step(r->ctx, step, &s, e) < 0)
		return e->code;
	most = (uint32_t)(v->p.tokens / s.seq);
	for (at = 0; at < s.rows; at += n) {
		n = s.rows - at < most ? s.rows - at : most;
		if (r->read(r->ctx, step, at, n, &v->rows, e) < 0 ||
		    net_loss(&v->n, &v->rows, n, s.seq, &out->nats, e) < 0)
			return err_prefix(
			    e, "step %llu", (unsigned long long)step);
		out->tokens += rows_counted(&v->rows, n, s.seq);
	}
	return 0;
}

int
eval_rows(struct eval_result *r, const char *dir, const struct row_source *rows,
    const struct ops *ops, struct err *e)
{
	struct eval v = { 0 };
	uint64_t i;
	int rc = open_eval(&v, dir, rows, ops, e);

	*r = (struct eval_result){ 0 };
	for (i = 0; i < rows->steps && rc == 0; i++)
		rc = eval_step(&v, r, rows, i, e);
	rows_free(&v.rows);
	net_close(&v.n);
	program_free(&v.p);
	return rc;
}
