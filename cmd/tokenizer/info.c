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

/* What is found out, of one tokenizer or several. */
struct insight {
	struct facts_lines lines;
	struct buf json;
};

static void
insight_free(struct insight *in)
{
	facts_lines_free(&in->lines);
	buf_free(&in->json);
}

static int
add_facts(struct session *s, const struct tokenizer *first,
    const struct usage *u, struct insight *to)
{
	const char *name = session_opts.tokenizer;

	buf_puts(&to->json, to->json.n ? "," : "");
	if (facts_lines_add(&to->lines, name, s->t, first, u, &s->e) < 0)
		return s->e.code;
	return facts_json(&to->json, name, s->t, first, u, &s->e);
}

/* What the texts, if there are any, become; with the facts, into --stats. */
static int
measure(struct session *s, const struct tokenizer *first, struct insight *to,
    struct usage *u)
{
	bool texts = s->in.paths.n > 0;
	int rc;

	rc = run_open(&s->r, s->cmd, &session_common, true, cmd_warn, &s->e);
	if (rc < 0)
		return rc;
	if (texts)
		rc = usage_measure(u, s->t, &s->in, &s->r, &s->e);
	if (rc == 0)
		rc = add_facts(s, first, texts ? u : NULL, to);
	facts_tables(&s->r.extra, &to->lines);
	buf_printf(&s->r.extra, "\"tokens\":%" PRIu64 ",\"tokenizers\":[",
	    u->all.tokens);
	buf_str(&s->r.extra, buf_view(&to->json));
	buf_puts(&s->r.extra, "],");
	return session_finish(s, rc, "texts");
}

int
main_info(int argc, char **argv)
{
	struct session s = { .cmd = &info_cmd };
	struct insight in = { 0 };
	struct buf out = { 0 };
	struct usage u = { 0 };
	int n = cmd_begin(&info_cmd, argc, argv), rc = 0;

	if (n > 0)
		rc = session_texts(&s, n, argv);
	if (rc == 0)
		rc = session_load(&s);
	if (rc == 0)
		rc = facts_list(&out, s.t, &s.e);
	if (rc == 0)
		rc = measure(&s, s.t, &in, &u);
	if (rc == 0 && s.in.paths.n)
		facts_usage(&out, &u);
	if (rc == 0)
		rc = buf_ok(&out, &s.e);
	if (rc == 0)
		rc = out_whole(session_common.out, out.p, out.n, &s.e);
	usage_free(&u);
	insight_free(&in);
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

static int
compare_all(struct session *s, struct insight *to)
{
	struct tokenizer *first = NULL;
	int rc = 0;
	size_t i;

	for (i = 0; rc == 0 && i < compared.n; i++) {
		struct usage u = { 0 };

		session_opts.tokenizer = compared.v[i];
		rc = session_load(s);
		if (i == 0)
			first = s->t;
		if (rc == 0)
			rc = measure(s, first, to, &u);
		if (i > 0)
			tokenizer_free(s->t);
		s->t = NULL;
		usage_free(&u);
	}
	tokenizer_free(first);
	return rc;
}

int
main_compare(int argc, char **argv)
{
	struct session s = { .cmd = &compare_cmd };
	struct insight in = { 0 };
	struct buf out = { 0 };
	int n = cmd_begin(&compare_cmd, argc, argv), rc = 0;

	if (compared.n < 2)
		rc = err_set(&s.e, ERR_ARG, "--tokenizer is needed twice");
	if (rc == 0 && n > 0)
		rc = session_texts(&s, n, argv);
	if (rc == 0)
		rc = compare_all(&s, &in);
	buf_puts(&out, FACTS_HEADER);
	buf_puts(&out, in.lines.texts ? FACTS_USAGE "\n" : "\n");
	buf_str(&out, buf_view(&in.lines.rows));
	buf_str(&out, buf_view(&in.lines.groups));
	if (rc == 0)
		rc = buf_ok(&out, &s.e);
	if (rc == 0)
		rc = out_whole(session_common.out, out.p, out.n, &s.e);
	insight_free(&in);
	buf_free(&out);
	return session_end(&s, rc);
}
