/* SPDX-License-Identifier: MIT */
#include "cmd.h"
#include "dedup/decontam.h"

static struct opt_common common;
static struct decontam_opt option = {
	.ngram = 10, .overlap = .3, .action = "drop"
};

static const struct opt opts[] = {
	{ "against", 0, OPT_LIST, &option.against, "FILE",
	    "evaluation items: a file, a folder or a pattern; may be given "
	    "several times",
	    NULL },
	{ "fields", 0, OPT_LIST, &option.fields, "A,B",
	    "fields of an item to look for (default: the first of text, "
	    "question, query, context, prompt, instruction)",
	    NULL },
	{ "ngram", 0, OPT_INT, &option.ngram, "N", "words in an n-gram", NULL },
	{ "overlap", 0, OPT_DOUBLE, &option.overlap, "X",
	    "share of a text's n-grams that gives it away", NULL },
	{ "action", 0, OPT_STR, &option.action, "ACTION",
	    "drop the document; mask what it has of evaluation texts by "
	    "|||EVAL|||; report: leave the text",
	    "drop,mask,report" },
	{ "report", 0, OPT_OUT, &option.report, "FILE",
	    "write of every evaluation text whether and where it leaked",
	    NULL },
	{ 0 },
};
static const struct opt shared[] = { OPT_COMMON(&common), { 0 } };
static const struct opt_cmd cmd = {
	.name = "decontam",
	.args = "[FILE...]",
	.summary = "find evaluation items in documents; drop or mask them",
	.example =
	    "quern decontam --against 'eval/*.jsonl' --report leaks.jsonl "
	    "documents.jsonl -o clean.jsonl",
	.opts = opts,
	.common = shared,
};

/* The report is renamed by decontam(), the run's files at the end. */
static int
run_files(struct docs *in, struct run *r, struct err *e)
{
	int rc = decontam(in, r, &option, e);

	if (rc < 0)
		run_abort(r);
	else
		rc = run_close(r, e);
	if (rc == 0)
		cmd_closing(r, "documents");
	return rc;
}

int
main(int argc, char **argv)
{
	struct docs in;
	struct run r;
	struct err e;
	int rc;

	opt_common_init(&common);
	argc = cmd_begin(&cmd, argc, argv);
	rc = docs_open(&in, argv + 1, argc, &common, &e);
	if (rc < 0)
		return cmd_end(&cmd, rc, &e);
	rc = run_open(&r, &cmd, &common, false, cmd_warn, &e);
	if (rc == 0)
		rc = run_files(&in, &r, &e);
	docs_close(&in);
	return cmd_end(&cmd, rc, &e);
}
