/* SPDX-License-Identifier: MIT */
/* Numbers, buffers, arenas, UTF-8, hashes, patterns. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/num.h"
#include "base/path.h"
#include "base/text/uni.h"
#include "base/text/utf8.h"
#include "tap.h"

static void
test_num(void)
{
	static const char *const bad[] = { "", "-1", "1x", " 1", "1 ", "0x10",
		"99999999999999999999", "1.5", "+", "K" };
	struct err e;
	uint64_t v;
	double d;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		OK(num_u64(bad[i], &v, &e) == ERR_ARG, "no number: '%s'",
		    bad[i]);
	OK(num_u64("18446744073709551615", &v, &e) == 0 && v == UINT64_MAX,
	    "the largest number");
	OK(num_size("1.5G", &v, &e) == 0 && v == 3ull << 29, "1.5G of memory");
	OK(num_size("64k", &v, &e) == 0 && v == 65536, "64k of memory");
	OK(num_count("2.5B", &v, &e) == 0 && v == 2500000000u, "2.5B tokens");
	OK(num_size("2B", &v, &e) == ERR_ARG, "no B of memory");
	OK(num_size("16777216T", &v, &e) == ERR_ARG, "too much memory");
	OK(num_size("1KB", &v, &e) == ERR_ARG, "no KB");
	OK(num_double("1e-3", &d, &e) == 0 && d == 1e-3, "1e-3");
	OK(num_double("nan", &d, &e) == ERR_ARG, "nan is no number");
	OK(num_double("1e999", &d, &e) == ERR_ARG, "neither is infinity");
}

/* Around each power of ten, and some others. */
static void
test_decimal(void)
{
	char want[32], got[NUM_DIGITS];
	uint64_t v, power, i;
	int bad = 0;
	size_t n;

	for (i = 0, power = 1; i < 20; i++, power *= 10)
		for (v = power - 2; v != power + 3; v++) {
			n = (size_t)snprintf(
			    want, sizeof(want), "%llu", (unsigned long long)v);
			bad += (size_t)(num_decimal(got, v) - got) != n ||
			       memcmp(want, got, n) != 0;
		}
	OK(bad == 0 && num_decimal(got, UINT64_MAX) - got == NUM_DIGITS,
	    "numbers in decimal (%d wrong)", bad);
}

static bool
reads_back(double v)
{
	struct buf b = { 0 };
	bool ok;

	buf_double(&b, v);
	buf_putc(&b, '\0');
	ok = strtod(b.p, NULL) == v;
	buf_free(&b);
	return ok;
}

static bool
doubles_read_back(void)
{
	uint64_t i, bits;
	double v;

	for (i = 0; i < 20000; i++) {
		bits = mix64(i);
		memcpy(&v, &bits, sizeof(v));
		if (isfinite(v) && !reads_back(v))
			return false;
	}
	return true;
}

/* Decimals of few places: as the library prints them. */
static bool
decimals_are_short(void)
{
	static const uint64_t units[] = { 1, 10, 1000, 100000, 10000000,
		1000000000 };
	struct buf b = { 0 };
	char want[40];
	uint64_t i;
	double v;
	bool ok = true;

	for (i = 0; i < 40000; i++) {
		v = (double)(mix64(i) >> (20 + i % 44)) / (double)units[i % 6] *
		    (i % 5 ? 1 : -1);
		snprintf(want, sizeof(want), "%.15g", v);
		buf_clear(&b);
		buf_double(&b, v);
		ok &= strtod(want, NULL) != v ||
		      str_eq(str_c(want), buf_view(&b));
	}
	buf_free(&b);
	return ok;
}

static bool
prints(struct str want, const struct buf *b)
{
	return str_eq(want, buf_view(b));
}

static void
test_buf(void)
{
	struct buf b = { 0 };

	buf_json(&b, STR("a\"\\\n\t\x01\xc3\xa9/"));
	OK(prints(STR("\"a\\\"\\\\\\n\\t\\u0001\xc3\xa9/\""), &b),
	    "JSON escapes");
	buf_clear(&b);
	buf_json_lossy(&b, STR("a\xff\xc3(\xe2\x82"));
	OK(prints(STR("\"a\xef\xbf\xbd\xef\xbf\xbd(\xef\xbf\xbd\xef\xbf\xbd\""),
	       &b),
	    "broken UTF-8 becomes U+FFFD");
	buf_clear(&b);
	buf_base64(&b, "", 0);
	buf_base64(&b, "f", 1);
	buf_base64(&b, "fo", 2);
	buf_base64(&b, "foobar", 6);
	OK(prints(STR("Zg==Zm8=Zm9vYmFy"), &b), "base64 (RFC 4648, 10)");
	buf_clear(&b);
	buf_double(&b, 0.1);
	buf_double(&b, INFINITY);
	OK(prints(STR("0.1null"), &b), "doubles are short");
	OK(doubles_read_back(), "doubles read back");
	OK(decimals_are_short(), "decimals are as the library prints them");
	buf_clear(&b);
	OK(!buf_room(&b, SIZE_MAX / 2 + 9) && b.oom, "too much is refused");
	buf_puts(&b, "x");
	OK(b.n == 0 && b.oom, "and stays refused");
	buf_free(&b);
}

static void
test_arena(void)
{
	struct arena a = { 0 };
	char *p, *q;
	int i;

	p = arena_alloc(&a, 100);
	q = arena_alloc(&a, 1 << 20);
	OK(p && q && (uintptr_t)p % 16 == 0 && (uintptr_t)q % 16 == 0,
	    "aligned");
	memset(p, 1, 100);
	memset(q, 2, 1 << 20);
	OK(p[99] == 1, "apart");
	arena_reset(&a);
	OK(arena_alloc(&a, 100) == p, "the memory is used again");
	for (i = 0; i < 1000; i++)
		memset(arena_alloc(&a, 1000), i, 1000);
	OK(str_eq(arena_printf(&a, "%d-%s", 7, "x"), STR("7-x")), "printf");
	OK(arena_alloc(&a, SIZE_MAX) == NULL, "too much is refused");
	arena_free(&a);
}

/* By the table of RFC 3629, section 4, written the slow way. */
static bool
naive_valid(const unsigned char *s, size_t n)
{
	size_t i = 0, len, k;
	uint32_t cp;

	while (i < n) {
		len = s[i] < 0x80   ? 1
		      : s[i] < 0xc0 ? 0
		      : s[i] < 0xe0 ? 2
		      : s[i] < 0xf0 ? 3
		      : s[i] < 0xf8 ? 4
				    : 0;
		if (len == 0 || i + len > n)
			return false;
		cp = len == 1 ? s[i] : s[i] & (0xffu >> (len + 1));
		for (k = 1; k < len; k++) {
			if (s[i + k] >> 6 != 2)
				return false;
			cp = cp << 6 | (s[i + k] & 63);
		}
		if (cp > 0x10ffff || (cp >= 0xd800 && cp < 0xe000))
			return false;
		if ((len == 2 && cp < 0x80) || (len == 3 && cp < 0x800) ||
		    (len == 4 && cp < 0x10000))
			return false;
		i += len;
	}
	return true;
}

static bool
utf8_agrees(void)
{
	/* Mostly bytes near the edges of the table. */
	static const unsigned char edges[] = "a\x80\xbf\xc2\xe0\xa0\xed"
					     "\x9f\xf0\x90\xf4\x8f\xe1";
	unsigned char s[12];
	uint64_t seed = 0, r;
	size_t i, n;
	int k;

	for (k = 0; k < 500000; k++) {
		n = mix64(++seed) % 12;
		for (i = 0; i < n; i++) {
			r = mix64(++seed);
			s[i] = r % 3 ? edges[(r >> 8) % (sizeof(edges) - 1)]
				     : (unsigned char)(r >> 8);
		}
		if (utf8_valid((struct str){ (char *)s, n }) !=
		    naive_valid(s, n))
			return false;
	}
	return true;
}

static void
test_utf8(void)
{
	char out[4];
	size_t len, n;
	uint32_t cp;
	bool ok = true;

	OK(utf8_agrees(), "validation agrees with the table of RFC 3629");
	for (cp = 0; cp < 0x110000; cp++) {
		if (cp == 0xd800)
			cp = 0xe000;
		n = utf8_put(out, cp);
		ok = ok && utf8_valid((struct str){ out, n }) &&
		     utf8_get(out, out + n, &len) == cp && len == n;
	}
	OK(ok, "every code point there and back");
	OK(utf8_length(STR("a\xc3\xa9\xe6\xb0\xb4")) == 3, "three code points");
	OK(uni_is_word(0xe9) && uni_is_word('_') && !uni_is_word(0x2014),
	    "word characters");
	OK(uni_class(0x3000) == UNI_SPACE && uni_class(0x200b) == 0,
	    "the wide space is space, the zero-width space is not");
	OK(uni_class(0x110000) == 0 && uni_lower(0x130) == 'i', "edges");
}

static void
test_hash(void)
{
	struct sha256 *s = sha256_new();
	char hex[65];

	sha256_add(s, "a", 1);
	sha256_add(s, "bc", 2);
	sha256_hex(s, hex);
	OK(strcmp(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff"
		       "61f20015ad") == 0,
	    "SHA-256 of abc (FIPS 180)");
	sha256_free(s);
	OK(hash64("", 0, 0) == 0x2d06800538d394c2u, "XXH3 of nothing");
}

static void
test_path(void)
{
	OK(path_match("a/**/*.bin", "a/b/c/x.bin"), "** is any folders");
	OK(path_match("a/**/*.bin", "a/x.bin"), "or none");
	OK(!path_match("a/*.bin", "a/b/x.bin"), "* stays in a folder");
	OK(path_match("[a-c]?[!x].gz", "b1y.gz"), "classes");
	OK(!path_match("[a-c]?[!x].gz", "b1x.gz"), "negated");
	OK(!path_match("abc", "ab") && !path_match("ab", "abc"), "the whole");
	OK(strcmp(path_base("/a/b"), "b") == 0, "base name");
}

int
main(void)
{
	test_num();
	test_decimal();
	test_buf();
	test_arena();
	test_utf8();
	test_hash();
	test_path();
	return tap_end();
}
