/* SPDX-License-Identifier: MIT */
/* The public face of a stream: quern.h. */
#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "mix/loader.h"
#include "mix/mix.h"
#include "quern.h"

#define PUBLIC __attribute__((visibility("default")))

struct quern_stream {
	struct row_source rows;
	const struct mix *mix; /* of rows, or of what is read ahead */
};

static int
fail(const struct err *e, char *why, size_t size)
{
	if (why && size)
		snprintf(why, size, "%s", e->msg);
	return -1;
}

PUBLIC int
quern_api(void)
{
	return QUERN_API;
}

PUBLIC struct quern_stream *
quern_open(const char *recipe, uint32_t ahead, char *why, size_t size)
{
	struct quern_stream *s = calloc(1, sizeof(*s));
	struct row_source in;
	struct err e;
	int rc = s ? mix_open(&in, recipe, &e) : err_nomem(&e, "a stream");

	if (rc == 0) {
		s->rows = in;
		s->mix = in.ctx;
		if (ahead) {
			rc = loader_open(&s->rows, &in, ahead, 0, 1, &e);
			if (rc < 0)
				in.close(in.ctx);
		}
	}
	if (rc == 0)
		return s;
	free(s);
	fail(&e, why, size);
	return NULL;
}

PUBLIC void
quern_close(struct quern_stream *s)
{
	if (!s)
		return;
	s->rows.close(s->rows.ctx);
	free(s);
}

PUBLIC uint64_t
quern_steps(const struct quern_stream *s)
{
	return s->rows.steps;
}

PUBLIC uint32_t
quern_max_rows(const struct quern_stream *s)
{
	return s->rows.max_rows;
}

PUBLIC uint32_t
quern_max_seq(const struct quern_stream *s)
{
	return s->rows.max_seq;
}

PUBLIC uint32_t
quern_vocab(const struct quern_stream *s)
{
	return s->rows.vocab;
}

PUBLIC const char *
quern_digest(const struct quern_stream *s)
{
	return s->rows.digest;
}

PUBLIC const char *
quern_source(const struct quern_stream *s, uint32_t i)
{
	const struct recipe *r = mix_recipe(s->mix);

	return i < r->nsource ? r->sources[i].name.p : NULL;
}

PUBLIC int
quern_step(const struct quern_stream *s, uint64_t step, struct quern_step *out,
    char *why, size_t size)
{
	struct step_info i;
	struct err e;

	if (s->rows.step(s->rows.ctx, step, &i, &e) < 0)
		return fail(&e, why, size);
	*out = (struct quern_step){ .rows = i.rows,
		.seq = i.seq,
		.tokens_before = i.tokens_before,
		.lr_scale = i.lr_scale,
		.phase = i.phase,
		.phase_name = i.phase_name };
	return 0;
}

PUBLIC int
quern_read(const struct quern_stream *s, uint64_t step, uint32_t first,
    uint32_t n, const struct quern_rows *out, char *why, size_t size)
{
	struct rows r = { .tokens = out->tokens,
		.first = out->first,
		.last = out->last,
		.loss = out->loss };
	struct err e;
	uint32_t i;
	int rc = 0;

	if (out->source) {
		r.info = calloc((size_t)n + 1, sizeof(*r.info));
		if (!r.info)
			rc = err_nomem(&e, "rows");
	}
	if (rc == 0)
		rc = s->rows.read(s->rows.ctx, step, first, n, &r, &e);
	for (i = 0; rc == 0 && out->source && i < n; i++)
		out->source[i] = r.info[i].source;
	free(r.info);
	return rc < 0 ? fail(&e, why, size) : 0;
}
