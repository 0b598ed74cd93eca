/* SPDX-License-Identifier: MIT */
/* A page of hostile names: well-formed, nothing of them is markup. */
#include <libxml/parser.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/err.h"
#include "io/stream.h"
#include "report/markup.h"
#include "report/report.h"
#include "tap.h"

static const char run[] =
    "{\"command\":\"filter<x>\",\"options\":{\"a\":\"\\\"'&\"},\"records\":"
    "{\"in\":9,\"kept\":4,\"dropped\":4,\"damaged\":1},\"dropped\":"
    "{\"</div>\":3,\"\\u0001\":1},\"tables\":[{\"title\":\"&\",\"columns\":"
    "[\"<\",1],\"rows\":[[null,true],[[1],{\"a\":\">\"}],5]},7]}";
static const char survey[] =
    "{\"command\":\"stats\",\"documents\":1,\"numbers\":{\"<b>\":{\"about\":"
    "\"&\",\"histogram\":{\"n\":3,\"min\":-2,\"max\":1e300,\"bins\":[[-2,1],"
    "[0,1],[1e300,1]]}}},\"by\":{\"<i>\":{\"\\\"\":[1,5]}},\"samples\":"
    "{\"filter<x>/</div>\":{\"seen\":1,\"documents\":[{\"hash\":"
    "\"0123456789abcdef\",\"id\":\"<\",\"url\":\"javascript:'\",\"why\":"
    "\"{\\\"value\\\":\\\"<\\\"}\",\"text\":\"<script>\"}]}}}";
static const char losses[] = "{\"step\":1,\"loss\":2}\n{\"step\":2}\n\n"
			     "{\"note\":\"<\"}\n{\"step\":3,\"loss\":1}";

static int
add(struct report *r, const char *text, size_t n, struct err *e)
{
	char path[] = "/tmp/quern-report-XXXXXX";
	int fd = mkstemp(path), rc = -1;

	if (fd >= 0 && write(fd, text, n) == (ssize_t)n)
		rc = report_add(r, path, e);
	close(fd);
	unlink(path);
	return rc;
}

static bool
is_xml(struct str page)
{
	xmlDoc *d = xmlReadMemory(page.p, (int)page.n, "page", "UTF-8",
	    XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
	const xmlError *bad = xmlGetLastError();

	if (!d && bad)
		printf("# line %d: %s", bad->line, bad->message);
	xmlFreeDoc(d);
	return d;
}

static void
test_page(void)
{
	struct report *r = report_new();
	struct buf page = { 0 };
	struct err e;

	OK(add(r, run, sizeof(run) - 1, &e) == 0, "a run");
	OK(add(r, survey, sizeof(survey) - 1, &e) == 0, "statistics");
	OK(add(r, losses, sizeof(losses) - 1, &e) == 0, "a training log");
	OK(report_page(r, STR("\xff<&\xc3"), &page, &e) == 0, "a page");
	buf_putc(&page, 0);
	page.n--;
	OK(is_xml(buf_view(&page)), "is well-formed");
	OK(!strstr(page.p, "<script") && !strstr(page.p, "filter<x>"),
	    "what is not markup was escaped");
	buf_free(&page);
	report_free(r);
}

static void
test_refused(void)
{
	static const char *const bad[] = { "", "{}", "[]", "7",
		"{\"records\":{}}", "{\"step\":1}\n{", "\xff" };
	struct report *r = report_new();
	struct err e;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		OK(add(r, bad[i], strlen(bad[i]), &e) == ERR_FORMAT,
		    "refused: %s", e.msg + sizeof("/tmp/quern-report-XXXXXX"));
	report_free(r);
}

static bool
writes(void (*put)(struct buf *, uint64_t), uint64_t n, const char *want)
{
	struct buf b = { 0 };
	bool same;

	put(&b, n);
	same = str_eq(buf_view(&b), str_c(want));
	buf_free(&b);
	return same;
}

int
main(void)
{
	test_page();
	test_refused();
	OK(writes(markup_count, 0, "0") && writes(markup_count, 999, "999") &&
		writes(markup_count, 1000, "1,000") &&
		writes(markup_count, 1234567, "1,234,567"),
	    "counts");
	OK(writes(markup_bytes, 1023, "1023 B") &&
		writes(markup_bytes, 1024, "1.00 KiB") &&
		writes(markup_bytes, UINT64_MAX, "16.0 EiB") &&
		writes(markup_bytes, 1023u << 20 | 1023u << 10, "1.00 GiB"),
	    "bytes");
	xmlCleanupParser();
	return tap_end();
}
