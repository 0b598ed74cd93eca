/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "dedup/url.h"
#include "../tap.h"

static void
url(const char *in, const char *want)
{
	struct buf out = { 0 };
	struct err e;

	OK(url_canonical(str_c(in), &out, &e) == 0 &&
		str_eq(buf_view(&out), str_c(want)),
	    "%s is %s", in, want);
	if (!str_eq(buf_view(&out), str_c(want)))
		printf("# got %.*s\n", (int)out.n, out.p ? out.p : "");
	buf_free(&out);
}

/* More parameters than are sorted: none gets lost. */
static void
many_parameters(void)
{
	struct buf in = { 0 }, out = { 0 };
	struct err e;
	size_t i, n = 0;

	buf_puts(&in, "http://a/?utm_a=1");
	for (i = 0; i < 1000; i++)
		buf_printf(&in, "&p%zu=1", i);
	OK(url_canonical(buf_view(&in), &out, &e) == 0, "1000 parameters");
	for (i = 0; i < out.n; i++)
		n += out.p[i] == '=';
	OK(n == 1000, "all are there");
	buf_free(&in);
	buf_free(&out);
}

int
main(void)
{
	url("http://example.org", "example.org");
	url("  HTTPS://WWW.Example.ORG./ ", "example.org");
	url("http://example.org:80/a", "example.org/a");
	url("https://example.org:8443/a/", "example.org:8443/a");
	url("http://me:pw@example.org/a@b", "example.org/a@b");
	url("http://[2001:DB8::1]:80/x", "[2001:db8::1]/x");
	url("http://example.org/a/./b/../c//d", "example.org/a/c/d");
	url("http://example.org/../../a", "example.org/a");
	url("http://example.org/%7euser/%2f%c3%a9 \xc3\xa9",
	    "example.org/~user/%2F%C3%A9%20%C3%A9");
	url("http://example.org/100%", "example.org/100%");
	url("http://example.org/?", "example.org");
	url("http://example.org?b=2&a=1&&b=1", "example.org?a=1&b=1&b=2");
	url("http://example.org/?UTM_Source=x&q=1&fbclid=2", "example.org?q=1");
	url("http://example.org/#top", "example.org");
	url("ftp://Example.org/a", "ftp://example.org/a");
	url("example.org/a?u=http://b/c", "example.org/a?u=http://b/c");
	url("", "");
	many_parameters();
	return tap_end();
}
