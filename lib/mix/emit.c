/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/num.h"
#include "io/stream.h"
#include "mix/emit.h"

/* Rows read at a time take about this many bytes. */
enum { CHUNK = 1 << 20 };

struct emitter {
	const struct row_source *rows;
	const struct layout *l;
	const char *const *names;
	struct out *out;
	uint32_t *tokens;
	struct row_info *info;
	uint32_t chunk; /* rows */
	struct buf text;
	uint64_t count;
};

int
layout_check(
    const struct layout *l, const struct row_source *rows, struct err *e)
{
	if (l->world == 0 || l->rank >= l->world)
		return err_set(e, ERR_ARG,
		    "--rank %u --world %u: ranks are 0 to world - 1", l->rank,
		    l->world);
	if (l->micro == 0)
		return err_set(
		    e, ERR_ARG, "--micro-batch 0: it takes a row at least");
	if (l->from > l->to || l->to > rows->steps)
		return err_set(e, ERR_ARG,
		    "--from %llu --to %llu: the run has steps 0 to %llu",
		    (unsigned long long)l->from, (unsigned long long)l->to,
		    (unsigned long long)rows->steps);
	return 0;
}

/* A row as a line of JSON. */
static void
put_json(struct emitter *x, uint64_t step, uint32_t row, uint32_t source,
    const uint32_t *tokens, uint32_t n)
{
	uint32_t i;

	buf_printf(&x->text,
	    "{\"step\":%llu,\"row\":%u,\"source\":", (unsigned long long)step,
	    row);
	buf_json(&x->text, str_c(x->names[source]));
	buf_puts(&x->text, ",\"tokens\":[");
	for (i = 0; i < n; i++) {
		if (i)
			buf_putc(&x->text, ',');
		buf_u64(&x->text, tokens[i]);
	}
	buf_puts(&x->text, "]}\n");
}

static int
put_rows(struct emitter *x, uint64_t step, uint32_t first, uint32_t n,
    uint32_t width, struct err *e)
{
	uint32_t i;

	if (x->rows->read(x->rows->ctx, step, first, n, x->tokens, x->info, e) <
	    0)
		return e->code;
	x->count += n;
	if (!x->l->json)
		return out_write(x->out, x->tokens,
		    (size_t)n * width * sizeof(*x->tokens), e);
	buf_clear(&x->text);
	for (i = 0; i < n; i++)
		put_json(x, step, first + i, x->info[i].source,
		    x->tokens + (size_t)i * width, width);
	if (buf_ok(&x->text, e) < 0)
		return e->code;
	return out_write(x->out, x->text.p, x->text.n, e);
}

static int
put_step(struct emitter *x, uint64_t step, struct err *e)
{
	const struct layout *l = x->l;
	uint64_t at, end, jump = (uint64_t)l->micro * l->world;
	struct step_info s;
	uint32_t n;

	if (x->rows->step(x->rows->ctx, step, &s, e) < 0)
		return e->code;
	for (at = (uint64_t)l->micro * l->rank; at < s.rows;
	     at += jump - l->micro) {
		end = at + l->micro < s.rows ? at + l->micro : s.rows;
		for (; at < end; at += n) {
			n = end - at < x->chunk ? (uint32_t)(end - at)
						: x->chunk;
			if (put_rows(x, step, (uint32_t)at, n, s.seq + 1, e) <
			    0)
				return e->code;
		}
	}
	return 0;
}

int
emit_rows(const struct row_source *rows, const struct layout *l,
    const char *const *names, struct out *out, uint64_t *count, struct err *e)
{
	struct emitter x = { .rows = rows, .l = l, .names = names, .out = out };
	size_t row = ((size_t)rows->max_seq + 1) * sizeof(*x.tokens);
	uint64_t step;
	int rc = 0;

	x.chunk = row < CHUNK ? (uint32_t)(CHUNK / row) : 1;
	x.tokens = malloc(x.chunk * row);
	x.info = malloc(x.chunk * sizeof(*x.info));
	if (!x.tokens || !x.info)
		rc = err_nomem(e, "rows");
	for (step = l->from; rc == 0 && step < l->to; step++)
		rc = put_step(&x, step, e);
	free(x.tokens);
	free(x.info);
	buf_free(&x.text);
	*count = x.count;
	return rc;
}
