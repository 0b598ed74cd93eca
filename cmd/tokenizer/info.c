/* SPDX-License-Identifier: MIT */
#include <inttypes.h>

#include "io/stream.h"
#include "session.h"
#include "tokenizer/facts.h"

/* ---- info ---- */

static const struct opt info_opts[] = {
	OPT_TOKENIZER,
	OPT_PATTERN,
	OPT_LINES,
	OPT_SPECIAL_IN_TEXT,
	OPT_UNICODE,
	OPT_FROM,
	{ 0 },
};

static const struct opt_cmd info_cmd = {
	.name = "tokenizer info",
	.args = "[FILE...]",
	.summary = "what a tokenizer holds, and bytes a token on given texts",
	.example = "quern tokenizer info --tokenizer tokenizer.json book.txt",
	.opts = info_opts,
	.common = session_common_opts,
};

/* What the texts, if there are any, become; with the facts, into --stats. */
static int
measure(struct session *s, const char *name, const struct tokenizer *first,
    struct buf *json, struct usage *u)
{
	bool texts = s->in.paths.n > 0;
	int rc;

	rc = run_open(&s->r, s->cmd, &session_common, true, cmd_warn, &s->e);
	if (rc < 0)
		return rc;
	if (texts)
		rc = usage_measure(u, s->t, &s->in, &s->r, &s->e);
	buf_puts(json, json->n ? "," : "");
	if (rc == 0)
		rc = facts_json(
		    json, name, s->t, first, texts ? u : NULL, &s->e);
	buf_printf(&s->r.extra, "\"tokens\":%" PRIu64 ",\"tokenizers\":[",
	    u->all.tokens);
	buf_str(&s->r.extra, buf_view(json));
	buf_puts(&s->r.extra, "],");
	return session_finish(s, rc, "texts");
}

int
main_info(int argc, char **argv)
{
	struct session s = { .cmd = &info_cmd };
	struct buf out = { 0 }, json = { 0 };
	struct usage u = { 0 };
	int n = cmd_begin(&info_cmd, argc, argv), rc = 0;

	if (n > 0)
		rc = session_texts(&s, n, argv);
	if (rc == 0)
		rc = session_load(&s);
	if (rc == 0)
		rc = facts_list(&out, s.t, &s.e);
	if (rc == 0)
		rc = measure(&s, session_opts.tokenizer, s.t, &json, &u);
	if (rc == 0 && s.in.paths.n)
		facts_usage(&out, &u);
	if (rc == 0)
		rc = buf_ok(&out, &s.e);
	if (rc == 0)
		rc = out_whole(session_common.out, out.p, out.n, &s.e);
	usage_free(&u);
	buf_free(&json);
	buf_free(&out);
	return session_end(&s, rc);
}

/* ---- compare ---- */

static struct opt_list compared;

static const struct opt compare_opts[] = {
	{ "tokenizer", 0, OPT_LIST, &compared, "FILE",
	    "a tokenizer; given two or more times", NULL },
	OPT_LINES,
	OPT_SPECIAL_IN_TEXT,
	OPT_FROM,
	{ 0 },
};

static const struct opt_cmd compare_cmd = {
	.name = "tokenizer compare",
	.args = "[FILE...]",
	.summary = "a table of tokenizers, and of what they make of texts",
	.example = "quern tokenizer compare --tokenizer a.json --tokenizer "
		   "b.json book.txt",
	.opts = compare_opts,
	.common = session_common_opts,
};

/* A row of the table, and, into groups, its lines by language and host. */
static int
compare_one(struct session *s, const struct tokenizer *first, struct buf *out,
    struct buf *groups, struct buf *json)
{
	struct usage u = { 0 };
	int rc = facts_row(out, session_opts.tokenizer, s->t, first, &s->e);

	if (rc == 0)
		rc = measure(s, session_opts.tokenizer, first, json, &u);
	if (rc == 0 && s->in.paths.n) {
		facts_usage_row(out, &u);
		facts_groups(groups, &u, session_opts.tokenizer);
	} else {
		buf_putc(out, '\n');
	}
	usage_free(&u);
	return rc;
}

static int
compare_all(struct session *s, struct buf *out)
{
	struct buf groups = { 0 }, json = { 0 };
	struct tokenizer *first = NULL;
	int rc = 0;
	size_t i;

	buf_puts(out, FACTS_HEADER);
	buf_puts(out, s->in.paths.n ? FACTS_USAGE "\n" : "\n");
	for (i = 0; rc == 0 && i < compared.n; i++) {
		session_opts.tokenizer = compared.v[i];
		rc = session_load(s);
		if (i == 0)
			first = s->t;
		if (rc == 0)
			rc = compare_one(s, first, out, &groups, &json);
		if (i > 0)
			tokenizer_free(s->t);
		s->t = NULL;
	}
	buf_str(out, buf_view(&groups));
	tokenizer_free(first);
	buf_free(&groups);
	buf_free(&json);
	return rc;
}

int
main_compare(int argc, char **argv)
{
	struct session s = { .cmd = &compare_cmd };
	struct buf out = { 0 };
	int n = cmd_begin(&compare_cmd, argc, argv), rc = 0;

	if (compared.n < 2)
		rc = err_set(&s.e, ERR_ARG, "--tokenizer is needed twice");
	if (rc == 0 && n > 0)
		rc = session_texts(&s, n, argv);
	if (rc == 0)
		rc = compare_all(&s, &out);
	if (rc == 0)
		rc = buf_ok(&out, &s.e);
	if (rc == 0)
		rc = out_whole(session_common.out, out.p, out.n, &s.e);
	buf_free(&out);
	return session_end(&s, rc);
}
