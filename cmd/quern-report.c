/* SPDX-License-Identifier: MIT */
/* One page for people of what commands wrote for machines. */
#include "base/buf.h"
#include "base/path.h"
#include "cmd.h"
#include "io/stream.h"
#include "report/report.h"

static struct opt_common common;
static const char *title = "quern report";

static const struct opt opts[] = {
	{ "title", 0, OPT_STR, &title, "TEXT", "what the page is called",
	    NULL },
	{ 0 },
};
static const struct opt shared[] = { OPT_COMMON(&common), { 0 } };
static const struct opt_cmd cmd = {
	.name = "report",
	.args = "[-o FILE.html] FILE...",
	.summary = "draw statistics and training logs as one HTML page",
	.example =
	    "quern stats -o docs.stats docs.jsonl.zst"
	    "\nquern report -o report.html 1-extract.stats 3-filter.stats "
	    "docs.stats model/log.jsonl",
	.opts = opts,
	.common = shared,
	.more = "A FILE is what a command wrote with --stats, what quern stats "
		"wrote, or the\nlog.jsonl of a training.  Give runs in the "
		"order in which documents went\nthrough them.  Samples of what "
		"was dropped come from quern stats over files\nthat --rejects "
		"wrote.",
};

static int
make_page(const struct paths *paths, struct err *e)
{
	struct report *r = report_new();
	struct buf page = { 0 };
	size_t i;
	int rc = r ? 0 : err_nomem(e, "a report");

	for (i = 0; rc == 0 && i < paths->n; i++)
		rc = report_add(r, paths->v[i], e);
	if (rc == 0)
		rc = report_page(r, str_c(title), &page, e);
	if (rc == 0)
		rc =
		    out_whole(common.out ? common.out : "-", page.p, page.n, e);
	buf_free(&page);
	report_free(r);
	return rc;
}

int
main(int argc, char **argv)
{
	struct paths paths;
	struct err e;
	int rc;

	opt_common_init(&common);
	argc = cmd_begin(&cmd, argc, argv);
	rc = paths_expand(&paths, argv + 1, argc, &common.shard, &e);
	if (rc == 0) {
		rc = make_page(&paths, &e);
		paths_free(&paths);
	}
	return cmd_end(&cmd, rc, &e);
}
