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
	if (!OK(str_eq(buf_view(&b), str_c(want)), "%.*s -> %zu bytes",
		(int)strcspn(text, "\n"), text, strlen(want)))
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
	    "mac:00:11:22:33:44:55|");
	finds("d8:42:df:f4:00:67:00:6f", "");
	finds("::ffff:8.8.8.8", "ip:8.8.8.8|");
}

static void
test_phone(void)
{
	finds("+49 30 901820, +1-202-555-0143x12 (212) 555-0100.",
	    "phone:+49 30 901820|phone:+1-202-555-0143x12|phone:(212) "
	    "555-0100|");
	finds("212-555-0100 212.555.0100 1-212-555-0100 112-555-0100",
	    "phone:212-555-0100|phone:212.555.0100|phone:1-212-555-0100|");
	finds("Tel. 030 901820, fax: 9498777106 ext. 12; 030 901820 of those",
	    "phone:030 901820|phone:9498777106 ext. 12|phone:030 901820|");
	finds("05 61 23 45 67 is no number without a word that says so. There "
	      "are 030 901820 of those",
	    "");
	finds(
	    "t\xc3\xa9l\xc3\xa9phone 05.61.23.45.67", "phone:05.61.23.45.67|");
	finds("63 201 44-Office, 0400 111 222-Fax",
	    "phone:63 201 44|phone:0400 111 222|");
	finds("call 1914-1918, call 2020-10-12 dial 12.10.2020 phone 12 dial "
	      "3.14159 call 12345678901234567890",
	    "");
	finds("+999 123 456 789 a+4930901820 v212-555-0100 "
	      "$212-555-0100 212-555-01001 ",
	    "");
}

static void
test_cards(void)
{
	finds("4111 1111 1111 1111, 4111-1111-1111-1111 378282246310005",
	    "card:4111 1111 1111 1111|card:4111-1111-1111-1111|card:"
	    "378282246310005|");
	finds("4111111111111112 4111 1111 11111111 0.4111111111111111 "
	      "x4111111111111111 41111111111111110",
	    "");
	finds("30569309025904", "");
	finds("my card 30569309025904", "card:30569309025904|");
	finds("GB82 WEST 1234 5698 7654 32, DE89370400440532013000.",
	    "iban:GB82 WEST 1234 5698 7654 32|iban:DE89370400440532013000|");
	finds("iban gb82west12345698765432", "iban:gb82west12345698765432|");
	finds("GB82WEST12345698765433 XX82WEST12345698765432 "
	      "GB82WEST123456987654321",
	    "");
	finds("212-09-9999 SSN: 212 09 9999, ssn 212099999",
	    "ssn:212-09-9999|ssn:212 09 9999|ssn:212099999|");
	finds("000-12-3456 666-12-3456 900-12-3456 212-00-1234 212-09-0000 "
	      "212-09-99990 1-212-09-9999 212 09 9999",
	    "");
}

static void
test_machines(void)
{
	finds("00:1B:44:11:3A:B7 00-1b-44-11-3a-b7",
	    "mac:00:1B:44:11:3A:B7|mac:00-1b-44-11-3a-b7|");
	finds("ff:ff:ff:ff:ff:ff 00:00:00:00:00:00 01:00:5e:00:00:01 "
	      "00:1B:44:11:3A:B7:01 00:1B:44:11:3A 00:1B-44:11:3A:B7",
	    "");
	finds("48\xc2\xb0"
	      "51'30\"N 2\xc2\xb0"
	      "17'40\"E",
	    "geo:48\xc2\xb0"
	    "51'30\"N 2\xc2\xb0"
	    "17'40\"E|");
	finds("GPS: 48.8583, -2.2945 lat 91.8583, 2.2945", "geo:48.8583, "
							   "-2.2945|");
	finds("0.1234, 0.5678", "");
	finds("1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2 "
	      "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
	    "crypto:1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2|crypto:"
	    "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4|");
	finds("1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN3 "
	      "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5",
	    "");
	finds("0x52908400098527886E0F7030069857D2E4169EE7 "
	      "0x0000000000000000000000000000000000000001",
	    "crypto:0x52908400098527886E0F7030069857D2E4169EE7|");
}

static void
test_secrets(void)
{
	/* In two pieces, so that no scanner takes them for real ones. */
	finds("AKIA"
	      "IOSFODNN7EXAMPLQ ghp_"
	      "0123456789abcdefghijABCDEFGHIJ012345",
	    "api_key:AKIA"
	    "IOSFODNN7EXAMPLQ|api_key:ghp_"
	    "0123456789abcdefghijABCDEFGHIJ012345|");
	finds("api_key = \"k3y0123456789abcdefgh\" other = "
	      "\"k3y0123456789abcdefgh\"",
	    "api_key:k3y0123456789abcdefgh|");
	finds("AKIAIOSFODNN7EXAMPL sk-learn-1 eyJhbGciOiJIUzI1NiJ9", "");
	finds("postgres://miller:gr1nd@db.example/x http://a:b@c",
	    "url_credentials:miller:gr1nd|url_credentials:a:b|");
	finds("http://${user}:${pass}@host/ a:b@c http://host:80/@x", "");
	finds("x\n-----BEGIN RSA PRIVATE KEY-----\nMIIE+/=\n-----END RSA "
	      "PRIVATE KEY-----\ny",
	    "private_key:-----BEGIN RSA PRIVATE KEY-----\nMIIE+/=\n-----END "
	    "RSA PRIVATE KEY-----|");
	finds("-----BEGIN PUBLIC KEY-----\nMIIE\n-----END PUBLIC KEY-----", "");
}

static void
test_nations(void)
{
	finds("CPF 111.444.777-35 and 11144477735", "id_br:111.444.777-35|"
						    "id_br:11144477735|");
	finds("111.444.777-36 11144477735 111.111.111-11", "");
	finds("11010519491231002X 110105194912310021", "id_cn:"
						       "11010519491231002X|");
	finds("12345678Z X1234567L 12345678A", "id_es:12345678Z|id_es:"
					       "X1234567L|");
	finds("131052-308T 131052-308U", "id_fi:131052-308T|");
	finds("2 55 08 14 168 025 38 255081416802538", "id_fr:2 55 08 14 168 "
						       "025 38|id_fr:"
						       "255081416802538|");
	finds("RSSMRA85T10A562S RSSMRA85T10A562T", "id_it:RSSMRA85T10A562S|");
	finds("PESEL 44051401359, BSN 111222333", "id_pl:44051401359|id_nl:"
						  "111222333|");
	finds("44051401359 111222333 234123412346", "");
	finds("Aadhaar: 2341 2341 2346", "id_in:2341 2341 2346|");
}

static struct str
pseudonyms(const char *text, const char *key, struct buf *b)
{
	struct err e;

	buf_clear(b);
	pii_find(str_c(text), ALL, &found, &e);
	pii_pseudonym(str_c(text), &found, str_c(key), b, &e);
	return buf_view(b);
}

static void
test_replace(void)
{
	static const char text[] = "a@b.com, 8.8.8.8 a@b.com 2a00::1! call "
				   "+49 30 901820 J\xc3\xb6rg@x.de";
	static const char all[] =
	    "4111 1111 1111 1111, DE89370400440532013000, 212-09-9999, "
	    "00:1B:44:11:3A:B7, phone 030 901820, 2a00::1, 8.8.8.8, "
	    "+49 30 901820, postgres://miller:gr1nd@db.example/x";
	struct buf m = { 0 }, p = { 0 }, q = { 0 };
	struct err e;

	pii_find(str_c(text), ALL, &found, &e);
	OK(found.n == 6 && found.count[PII_EMAIL] == 3 &&
		found.count[PII_IP] == 2 && found.count[PII_PHONE] == 1,
	    "counts");
	pii_mask(str_c(text), &found, &m, &e);
	OK(str_eq(buf_view(&m), STR("x@x.xxx, 0.0.0.0 x@x.xxx 0x00::0! call "
				    "+00 00 000000 Xxxx@x.xx")),
	    "mask");
	buf_clear(&m);
	pii_tag(str_c(text), &found, &m, &e);
	OK(str_eq(buf_view(&m), STR("|||EMAIL|||, |||IP||| |||EMAIL||| "
				    "|||IP|||! call |||PHONE||| |||EMAIL|||")),
	    "tag");
	OK(str_eq(pseudonyms(text, "key", &p), pseudonyms(text, "key", &q)),
	    "pseudonyms are the same again");
	OK(memcmp(p.p, "user", 4) == 0 && p.n > 70 &&
		strncmp(p.p, strstr(p.p + 8, "user"), 24) == 0,
	    "the same value has the same pseudonym");
	pseudonyms("to a@b.com", "key", &q);
	OK(strncmp(p.p, q.p + 3, 24) == 0, "in another text too");
	OK(!str_eq(buf_view(&p), pseudonyms(text, "yek", &q)),
	    "another key, others");
	pseudonyms(all, "key", &p);
	pii_find(buf_view(&p),
	    ~(1u << PII_PHONE | 1u << PII_MAC | 1u << PII_EMAIL |
		1u << PII_URL_CREDENTIALS) &
		ALL,
	    &found, &e);
	printf("# %.*s\n", (int)p.n, p.p);
	if (!OK(found.n == 0, "pseudonyms are nobody's"))
		printf("# %s\n", pii_name(found.v[0].type));
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

	OK(pii_types(names, 2, &types, &e) == 0 &&
		types == (1u << PII_IP | 1u << PII_EMAIL),
	    "types");
	OK(pii_types(names, 3, &types, &e) == ERR_ARG &&
		strstr(e.msg, "email, phone, ip"),
	    "an unknown type's error names those there are");
	pii_find(STR("x@y.org 8.8.8.8"), 1 << PII_IP, &found, &e);
	pii_counts_json(&found, &b);
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
		"\xc3\xa9@", "1 ", "12-", "(1", "+1", "tel 1 ", "aa:", "00-",
		"1x", "x1", "://a:", "-----BEGIN ",
		"-----BEGIN PRIVATE KEY-----", "4111 ", "1.1234, ",
		"api_key=", "GB82", "bc1" };
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
		"\xe6\xb0\xb4", "_", "com", "255", "'", "+", "(", ")", "/",
		"tel ", "4111", "card ", "ab", "\"", "N", "\xc2\xb0" };
	struct buf b = { 0 }, masked = { 0 };
	uint64_t seed = 3;
	bool ok = true;
	struct err e;
	size_t i, k, n, at;

	for (i = 0; i < 50000; i++) {
		buf_clear(&b);
		for (n = mix64(++seed) % 14, k = 0; k < n; k++)
			buf_puts(&b, parts[mix64(++seed) %
					   (sizeof(parts) / sizeof(*parts))]);
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
	test_phone();
	test_cards();
	test_machines();
	test_secrets();
	test_nations();
	test_replace();
	test_names();
	test_linear();
	test_any_text();
	pii_free(&found);
	return tap_end();
}
