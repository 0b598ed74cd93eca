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
	struct rows got;
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

static void
put_number(struct buf *b, const char *before, uint32_t v)
{
	buf_puts(b, before);
	buf_u64(b, v);
}

/* The columns at which documents begin. */
static void
put_starts(struct buf *b, const int32_t *first, uint32_t T)
{
	const char *comma = "";
	uint32_t t;

	buf_puts(b, ",\"starts\":[");
	for (t = 0; t < T; t++)
		if ((uint32_t)first[t] == t) {
			put_number(b, comma, t);
			comma = ",";
		}
	buf_putc(b, ']');
}

/* Columns from .. to - 1 that do not count, if there are any. */
static void
put_masked(struct buf *b, const uint8_t *loss, uint32_t T)
{
	const char *comma = ",\"masked\":[[";
	uint32_t t, end;

	for (t = 0; t < T; t = end) {
		for (end = t + 1; end < T && loss[end] == loss[t]; end++)
			;
		if (loss[t])
			continue;
		put_number(b, comma, t);
		put_number(b, ",", end);
		buf_putc(b, ']');
		comma = ",[";
	}
	buf_puts(b, *comma == ',' && comma[1] == '[' ? "]" : "");
}

/* Columns from .. to - 1 that see each other both ways, if there are any. */
static void
put_two_way(struct buf *b, const int32_t *last, uint32_t T)
{
	const char *comma = ",\"two_way\":[[";
	uint32_t t, end;

	for (t = 0; t < T; t = end) {
		end = (uint32_t)last[t] + 1;
		if (end == t + 1)
			continue;
		put_number(b, comma, t);
		put_number(b, ",", end);
		buf_putc(b, ']');
		comma = ",[";
	}
	buf_puts(b, *comma == ',' && comma[1] == '[' ? "]" : "");
}

/* Row i of those got as a line of JSON. */
static void
put_json(struct emitter *x, uint64_t step, uint32_t row, uint32_t i, uint32_t T)
{
	const uint32_t *tokens = x->got.tokens + (size_t)i * (T + 1);
	size_t at = (size_t)i * T;
	uint32_t t;

	buf_printf(&x->text,
	    "{\"step\":%llu,\"row\":%u,\"source\":", (unsigned long long)step,
	    row);
	buf_json(&x->text, str_c(x->names[x->got.info[i].source]));
	put_starts(&x->text, x->got.first + at, T);
	put_masked(&x->text, x->got.loss + at, T);
	put_two_way(&x->text, x->got.last + at, T);
	for (t = 0; t <= T; t++)
		put_number(&x->text, t ? "," : ",\"tokens\":[", tokens[t]);
	buf_puts(&x->text, "]}\n");
}

static int
put_rows(struct emitter *x, uint64_t step, uint32_t first, uint32_t n,
    uint32_t T, struct err *e)
{
	uint32_t i;

	if (x->rows->read(x->rows->ctx, step, first, n, &x->got, e) < 0)
		return e->code;
	x->count += n;
	if (!x->l->json)
		return out_write(x->out, x->got.tokens,
		    (size_t)n * (T + 1) * sizeof(*x->got.tokens), e);
	buf_clear(&x->text);
	for (i = 0; i < n; i++)
		put_json(x, step, first + i, i, T);
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
			if (put_rows(x, step, (uint32_t)at, n, s.seq, e) < 0)
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
	size_t row = ((size_t)rows->max_seq + 1) * sizeof(*x.got.tokens);
	uint64_t step;
	int rc;

	x.chunk = row < CHUNK ? (uint32_t)(CHUNK / row) : 1;
	rc = rows_alloc(&x.got, x.chunk * (size_t)rows->max_seq,
	    l->json ? ROWS_INFO | ROWS_FIRST | ROWS_LAST : 0, e);
	for (step = l->from; rc == 0 && step < l->to; step++)
		rc = put_step(&x, step, e);
	rows_free(&x.got);
	buf_free(&x.text);
	*count = x.count;
	return rc;
}
