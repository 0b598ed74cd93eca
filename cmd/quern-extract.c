/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "cmd.h"
#include "extract/extract.h"

static struct opt_common common;
static const char *from = "auto", *mode = "balanced", *format = "text";
static struct extract_opts opts = { .max_record = 64 << 20,
	.max_body = 64 << 20 };

static const struct opt own[] = { { "from", 0, OPT_STR, &from, "KIND",
				      "what the files are",
				      "auto,warc,wet,html,text,archive" },
	{ "mode", 0, OPT_STR, &mode, "MODE",
	    "main content by balance, or rather less, or rather more",
	    "balanced,precision,recall" },
	{ "format", 0, OPT_STR, &format, "FORMAT", "what the text looks like",
	    "text,markdown" },
	{ "links", 0, OPT_FLAG, &opts.links, NULL,
	    "in Markdown, links with their addresses", NULL },
	{ "max-record", 0, OPT_SIZE, &opts.max_record, "SIZE",
	    "read no more of one record", NULL },
	{ "max-body", 0, OPT_SIZE, &opts.max_body, "SIZE",
	    "decode no more of one page", NULL },
	{ 0 } };
static const struct opt shared[] = { OPT_COMMON(&common), { 0 } };

static const struct opt_cmd cmd = {
	.name = "extract",
	.args = "[FILE...]",
	.summary = "web archives and pages to documents: their main text",
	.example = "quern extract -o pages.jsonl.zst crawl.warc.gz",
	.opts = own,
	.common = shared,
};

static void
set_choices(void)
{
	static const enum extract_from kinds[] = { ['a'] = FROM_AUTO,
		['w'] = FROM_WARC,
		['h'] = FROM_HTML,
		['t'] = FROM_TEXT };

	opts.from = kinds[(unsigned char)from[0]];
	if (from[0] == 'w' && from[1] == 'e')
		opts.from = FROM_WET;
	if (from[0] == 'a' && from[1] == 'r')
		opts.from = FROM_ARCHIVE;
	opts.markdown = format[0] == 'm';
	opts.mode = mode[0] == 'p'   ? SELECT_PRECISION
		    : mode[0] == 'r' ? SELECT_RECALL
				     : SELECT_BALANCED;
}

static int
extract(const struct paths *paths, struct err *e)
{
	struct run r;
	int rc;

	if (run_open(&r, &cmd, &common, false, cmd_warn, e) < 0)
		return e->code;
	rc = extract_run(paths, &opts, &r, e);
	if (rc < 0) {
		run_abort(&r);
		return rc;
	}
	cmd_closing(&r, "records");
	return run_close(&r, e);
}

int
main(int argc, char **argv)
{
	struct paths paths = { 0 };
	struct err e;
	int n, rc;

	opt_common_init(&common);
	n = cmd_begin(&cmd, argc, argv);
	set_choices();
	rc = paths_expand(&paths, argv + 1, n, &common.shard, &e);
	if (rc == 0)
		rc = extract(&paths, &e);
	paths_free(&paths);
	return cmd_end(&cmd, rc, &e);
}
