/* SPDX-License-Identifier: MIT */
/* The ARC reader, versions 1 and 2, whole and damaged. */
#include "../tap.h"
#include "warc_make.h"

enum { MAX = 1 << 20 };

#define DESC \
	"filedesc://x.arc 0.0.0.0 20140216050221 text/plain 18\n" \
	"1 0 Hand-made\nURL\n\n\n"
#define REC(url, n, body) \
	url " 10.0.0.1 20140216050220 text/html " #n "\n" body "\n"

static uint64_t offsets[64];

static void
gives(struct buf *b, const char *want, const char *what)
{
	struct buf log = { 0 };

	read_any(b, true, MAX, &log, offsets, 64);
	if (!OK(strcmp(log.p, want) == 0, "%s", what))
		printf("# got:\n# %s\n", log.p);
	buf_free(&log);
	buf_free(b);
	*b = (struct buf){ 0 };
}

static void
lines(void)
{
	struct arc_head h;

	OK(arc_parse(STR("http://a.example/ 10.0.0.1 20140216050221 text/html "
			 "1591"),
	       &h) &&
		str_eq(h.uri, STR("http://a.example/")) && h.length == 1591 &&
		str_eq(h.content_type, STR("text/html")) &&
		strcmp(h.date, "2014-02-16T05:02:21Z") == 0,
	    "version 1");
	OK(arc_parse(STR("http://a.example/ 10.0.0.1 20140216050221 text/html "
			 "200 A1B2 - 1234 file.arc 99"),
	       &h) &&
		str_eq(h.uri, STR("http://a.example/")) && h.length == 99 &&
		str_eq(h.content_type, STR("text/html")),
	    "version 2");
	OK(arc_parse(STR("http://a.example/a b c 10.0.0.1 20140216050221 "
			 "text/html 5"),
	       &h) &&
		str_eq(h.uri, STR("http://a.example/a b c")),
	    "blanks in the URL");
	OK(arc_parse(STR("filedesc:// - - - 76"), &h) && h.length == 76,
	    "a description without anything");
	OK(arc_parse(STR("http://a/ 1.2.3.4 20140216 text/html -1"), &h) &&
		!h.has_length,
	    "no length");
	OK(!arc_parse(STR("just some words here 5"), &h) &&
		!arc_parse(STR(""), &h) && !arc_parse(STR("a b"), &h),
	    "lines that are none");
}

static void
archives(void)
{
	struct buf b = { 0 };
	const char *two =
	    DESC REC("http://a/", 3, "one") REC("http://b/", 3, "two");

	buf_puts(&b, two);
	gives(&b,
	    "filedesc://x.arc:1 0 Hand-made\nURL\n\nhttp://a/:one\n"
	    "http://b/:two\n",
	    "plain");
	put_gzip(&b, DESC, sizeof(DESC) - 1);
	put_gzip(&b, REC("http://a/", 3, "one"),
	    sizeof(REC("http://a/", 3, "one")) - 1);
	gives(&b, "filedesc://x.arc:1 0 Hand-made\nURL\n\nhttp://a/:one\n",
	    "a gzip member a record");
	OK(offsets[1] > 0, "whose place is known");
	buf_puts(&b, REC("http://a/", 3, "one") "garbage\nand more\n");
	buf_puts(&b, REC("http://b/", 3, "two"));
	gives(&b, "http://a/:one\ndamage\nhttp://b/:two\n", "garbage");
	buf_puts(&b, REC("http://a/", -1, "no length\n"));
	buf_puts(&b, REC("http://b/", 3, "two"));
	gives(
	    &b, "http://a/:no length(repaired)\nhttp://b/:two\n", "no length");
	buf_puts(&b, REC("http://a/", 7, "too short a length\n"));
	buf_puts(&b, REC("http://b/", 3, "two"));
	gives(&b, "http://a/:too short a length(repaired)\nhttp://b/:two\n",
	    "a length too short");
	buf_puts(&b, REC("http://a/", 300, "cut"));
	gives(&b, "http://a/:cut\n(cut)\ndamage\n", "cut off");
	gives(&b, "", "nothing");
}

int
main(void)
{
	lines();
	archives();
	return tap_end();
}
