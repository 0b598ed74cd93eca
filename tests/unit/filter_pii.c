/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/text/utf8.h"
#include "filter/pii.h"
#include "../tap.h"

enum { ALL = (1 << PII_TYPES) - 1 };

static struct pii_found found;

/* What is found in text, as "type:value|..." */
static void
finds(const char *text, const char *want)
{
	struct buf b = { 0 };
	struct err e;
	size_t i;

	if (pii_find(str_c(text), ALL, &found, &e) < 0)
		printf("# %s\n", e.msg);
	for (i = 0; i < found.n; i++)
		buf_printf(&b, "%s:%.*s|", pii_name(found.v[i].type),
		    (int)found.v[i].n, text + found.v[i].at);
	if (!OK(str_eq(buf_view(&b), str_c(want)), "%.60s -> %s", text, want))
		printf("# got %.*s\n", (int)b.n, b.p);
	buf_free(&b);
}

static void
test_email(void)
{
	finds("", "");
	finds("write to anna.miller@mill.example.org.",
	    "email:anna.miller@mill.example.org|");
	finds("<a@b.cd>,'o'neill+x_y-z@a-b.co.uk'",
	    "email:a@b.cd|email:o'neill+x_y-z@a-b.co.uk|");
	finds("mailto:x@y.org?subject=z", "email:x@y.org|");
	finds("https://user@host.example/path", "email:user@host.example|");
	finds("_under@score.org -dash@x.org", "email:_under@score.org|"
					      "email:dash@x.org|");
	finds("j\xc3\xb6rg@m\xc3\xbcller.de",
	    "email:j\xc3\xb6rg@m\xc3\xbcller.de|");
	finds("\xe9\x82\xae\xe7\xae\xb1x@y.com\xe8\xb0\xa2", "email:x@y.com|");
	finds("me@[8.8.8.8] me@[300.1.1.1]", "email:me@[8.8.8.8]|");
	finds("a@b a@b.c @b.com a@.com a@b..com a@-b.com a.@b.com", "");
	finds("icon@2x.png package@1.2.3 @media x@y.1a", "");
	finds("a@b.com@c.com a@@b.com", "email:a@b.com|");
	finds("x..y@z.org a.b.@z.org", "email:y@z.org|");
	finds("a@b.com-", "email:a@b.com|");
	finds("a@xn--mller-kva.xn--p1ai", "email:a@xn--mller-kva.xn--p1ai|");
}

static void
test_long_email(void)
{
	struct buf b = { 0 };
	int i;

	for (i = 0; i < 64; i++)
		buf_putc(&b, 'a');
	buf_puts(&b, "@b.org");
	buf_putc(&b, '\0');
	pii_find((struct str){ b.p, b.n - 1 }, ALL, &found, &(struct err){ 0 });
	OK(found.n == 1 && found.v[0].n == 70, "a local part of 64 bytes");
	buf_clear(&b);
	for (i = 0; i < 65; i++)
		buf_putc(&b, 'a');
	buf_puts(&b, "@b.org");
	pii_find(buf_view(&b), ALL, &found, &(struct err){ 0 });
	OK(found.n == 0, "none of 65");
	buf_free(&b);
}

static void
test_ipv4(void)
{
	finds("8.8.8.8", "ip:8.8.8.8|");
	finds("at 8.8.8.8, (1.1.1.1) 9.9.9.9.", "ip:8.8.8.8|ip:1.1.1.1|"
						"ip:9.9.9.9|");
	finds("http://8.8.4.4:80/ 8.8.4.4/24 8.8.8.8-8.8.8.9",
	    "ip:8.8.4.4|ip:8.8.4.4|ip:8.8.8.8|ip:8.8.8.9|");
	finds("8.8.8.8888 8.8.8.256 08.8.8.8 8.8.8 8.8.8.8.8 8.8.8.", "");
	finds("v8.8.8.8 8.8.8.8a lib-8.8.8.8 8.8.8.8-rc1 x_8.8.8.8", "");
	finds("\xc3\xa9"
	      "8.8.8.8 8.8.8.8\xc3\xa9",
	    "");
	finds("0.1.2.3 10.1.1.1 100.64.0.1 127.0.0.1 169.254.1.1 172.16.0.1 "
	      "192.0.0.1 192.0.2.1 192.168.1.1 198.18.0.1 198.51.100.1 "
	      "203.0.113.1 224.0.0.1 240.0.0.1 255.255.255.255",
	    "");
	finds("100.63.0.1 100.128.0.1 172.15.0.1 172.32.0.1 198.20.0.1",
	    "ip:100.63.0.1|ip:100.128.0.1|ip:172.15.0.1|ip:172.32.0.1|"
	    "ip:198.20.0.1|");
	finds("Section 1.2.3.4, version 1.2.3.4 ver. 1.2.3.4 OID 2.5.4.3", "");
	finds("subsection 8.8.8.8", "ip:8.8.8.8|");
	finds("0.0.0.0 223.255.255.255", "ip:223.255.255.255|");
}

static void
test_ipv6(void)
{
	finds("2001:4860:4860::8888", "ip:2001:4860:4860::8888|");
	finds("[2606:4700::1]:443, 2a00:1450:4001:81b::200e.",
	    "ip:2606:4700::1|ip:2a00:1450:4001:81b::200e|");
	finds("6e40:4041:c617:e898:c11:40d2:c669:2eb4",
	    "ip:6e40:4041:c617:e898:c11:40d2:c669:2eb4|");
	finds("2a00::1.2.3.4", "ip:2a00::1.2.3.4|");
	finds("2a00:1:2:3:4:5:6:7: down", "ip:2a00:1:2:3:4:5:6:7|");
	finds("a::b ab::cd std::vector :: ::1 fe80::1 fc00::1 ff02::1 "
	      "2001:db8::1 2002:1::1 64:ff9b::1 1::",
	    "");
	finds("12:30:45 00:11:22:33:44:55 2a00::1::2 2a00:::1 2a00:1:2:3:4:5:6 "
	      "2a00:1:2:3:4:5:6:7:8 x2a00::1 2a00::12345 2a00::g 2a00:",
	    "");
	finds("d8:42:df:f4:00:67:00:6f", "");
	finds("::ffff:8.8.8.8", "ip:8.8.8.8|");
}

static void
test_replace(void)
{
	static const char text[] = "a@b.com, 8.8.8.8 a@b.com 2a00::1!";
	struct buf m = { 0 }, p = { 0 }, q = { 0 };
	struct err e;

	pii_find(str_c(text), ALL, &found, &e);
	OK(found.n == 4 && found.count[PII_EMAIL] == 2 &&
		found.count[PII_IP] == 2,
	    "counts");
	pii_mask(str_c(text), &found, &m, &e);
	OK(str_eq(buf_view(&m), STR("|||EMAIL|||, |||IP||| |||EMAIL||| "
				    "|||IP|||!")),
	    "mask");
	pii_pseudonym(str_c(text), &found, 1, STR("d"), &p, &e);
	pii_pseudonym(str_c(text), &found, 1, STR("d"), &q, &e);
	OK(str_eq(buf_view(&p), buf_view(&q)), "pseudonyms are the same again");
	OK(memcmp(p.p, "user", 4) == 0 && p.n > 70 &&
		strncmp(p.p, strstr(p.p + 8, "user"), 24) == 0,
	    "the same value has the same pseudonym");
	buf_clear(&q);
	pii_pseudonym(str_c(text), &found, 1, STR("e"), &q, &e);
	OK(!str_eq(buf_view(&p), buf_view(&q)), "another document, others");
	buf_clear(&q);
	pii_pseudonym(str_c(text), &found, 2, STR("d"), &q, &e);
	OK(!str_eq(buf_view(&p), buf_view(&q)), "another seed, others");
	pii_find(buf_view(&p), 1 << PII_IP, &found, &e);
	OK(found.n == 0, "addresses become those of documentation networks");
	buf_free(&m);
	buf_free(&p);
	buf_free(&q);
}

static void
test_names(void)
{
	struct str names[] = { STR("ip"), STR("email"), STR("fax") };
	struct buf b = { 0 };
	struct err e;
	unsigned types;

	OK(pii_types(names, 2, &types, &e) == 0 && types == ALL, "types");
	OK(pii_types(names, 3, &types, &e) == ERR_ARG &&
		strstr(e.msg, "email, ip"),
	    "an unknown type's error names those there are");
	pii_find(STR("x@y.org 8.8.8.8"), 1 << PII_IP, &found, &e);
	pii_counts_json(&found, 1 << PII_IP, &b);
	pii_spans_json(&found, &b);
	OK(str_eq(buf_view(&b), STR("{\"ip\":1}[{\"type\":\"ip\",\"start\":8,"
				    "\"end\":15}]")),
	    "JSON of one type");
	buf_free(&b);
}

/* Texts that make backtracking matchers quadratic. */
static void
test_linear(void)
{
	static const char *const bad[] = { "@", "a@", "a.", "a@a.", "1.", "1",
		":", "a:", "::", "2a00:", "1.1.1.1.", "-", "a-", "@[1.1.1.",
		"\xc3\xa9@" };
	struct buf b = { 0 };
	struct err e;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		buf_clear(&b);
		while (b.n < 2000000)
			buf_puts(&b, bad[i]);
		OK(pii_find(buf_view(&b), ALL, &found, &e) == 0,
		    "two megabytes of %s", bad[i]);
	}
	buf_free(&b);
}

/* Spans are ordered, apart, within the text, and whole code points. */
static void
test_any_text(void)
{
	static const char *const parts[] = { "a", "@", ".", "b.org", "8", "8.8",
		"::", ":", "2a00", "[", "]", "-", " ", "\xc3\xa9",
		"\xe6\xb0\xb4", "_", "com", "255", "'" };
	struct buf b = { 0 }, masked = { 0 };
	uint64_t seed = 3;
	bool ok = true;
	struct err e;
	size_t i, k, n, at;

	for (i = 0; i < 50000; i++) {
		buf_clear(&b);
		for (n = mix64(++seed) % 14, k = 0; k < n; k++)
			buf_puts(&b, parts[mix64(++seed) % 19]);
		pii_find(buf_view(&b), ALL, &found, &e);
		for (at = 0, k = 0; k < found.n; k++) {
			ok &= found.v[k].at >= at && found.v[k].n > 0;
			at = found.v[k].at + found.v[k].n;
		}
		buf_clear(&masked);
		pii_mask(buf_view(&b), &found, &masked, &e);
		ok &= at <= b.n && utf8_valid(buf_view(&masked));
	}
	OK(ok, "spans of any text are sound");
	buf_free(&b);
	buf_free(&masked);
}

int
main(void)
{
	test_email();
	test_long_email();
	test_ipv4();
	test_ipv6();
	test_replace();
	test_names();
	test_linear();
	test_any_text();
	pii_free(&found);
	return tap_end();
}
