/* SPDX-License-Identifier: MIT */
/* What is found many bytes at a time, against a loop over characters. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/text/lines.h"
#include "base/text/utf8.h"
#include "filter/signals.h"
#include "filter/spaces.h"
#include "../tap.h"

enum { ROUNDS = 3000, MOST = 300 };

static uint32_t
draw(uint32_t n)
{
	static uint64_t x = 88172645463325252u;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return (uint32_t)(x >> 33) % n;
}

/* Words, marks, and white space of all lengths, one of three kinds of text. */
static void
make_text(struct buf *b, uint32_t kind)
{
	static const char *const pieces[] = { " ", "the", " ", "a", "X", ".",
		"\n", "With ", "of ", "\t", "\x1c", "12", " ", "word", " ", "#",
		"\xc2\xa0", "\xc2\x85", "\xe2\x80\x83", "\xe3\x80\x80",
		"\xe1\x9a\x80", "\xe2\x80\x99", "\xe2\x80\xa6", "\xc3\xa9",
		"\xd0\xb6", "\xe4\xb8\xad", "\xf0\x9f\x98\x80", "\xe2\x80\xa8",
		"\xc2\xbb", "\xe3\x81\x82" };
	uint32_t i, n = draw(MOST);

	buf_clear(b);
	for (i = 0; i < n; i++)
		buf_puts(b, pieces[draw(kind == 0 ? 16 : kind == 1 ? 22 : 30)]);
}

struct counts {
	uint64_t tokens, chars, longest, spaces, all;
};

static struct counts
naive(struct str s)
{
	const char *p = s.p, *end = p + s.n;
	struct counts c = { 0 };
	uint64_t size = 0;
	bool inside = false;
	size_t len;

	for (; p < end; p += len, c.all++) {
		if (text_is_space(utf8_get(p, end, &len))) {
			inside = false;
			c.spaces++;
			continue;
		}
		c.tokens += !inside;
		size = inside ? size + 1 : 1;
		inside = true;
		c.chars++;
		c.longest = size > c.longest ? size : c.longest;
	}
	return c;
}

static double
signal_of(struct meter *m, enum signal s)
{
	struct err e;
	double v = -1;

	return meter_signal(m, WORDS_SPACES, s, &v, NULL, &e) < 0 ? -1 : v;
}

/* Is what is certain true? */
static bool
bounds_hold(struct str text, enum signal s, double limit)
{
	struct meter *m = meter_new(), *sure = meter_new();
	bool most = false, least = false, ok;
	struct err e;
	double v;

	ok = meter_begin(m, text, &e) == 0 && meter_begin(sure, text, &e) == 0;
	/* English may tell of others. */
	ok &= !(draw(2) && meter_signal(sure, WORDS_ENGLISH, SIG_alpha_words,
			       &v, NULL, &e) < 0);
	ok &= meter_at_most(sure, WORDS_SPACES, s, limit, &most, &e) == 0 &&
	      meter_at_least(sure, WORDS_SPACES, s, limit, &least, &e) == 0;
	v = signal_of(m, s);
	ok &= (!most || v <= limit) && (!least || v >= limit);
	meter_free(m);
	meter_free(sure);
	return ok;
}

static void
test_spaces(void)
{
	struct meter *m = meter_new();
	struct buf b = { 0 };
	bool ok = true;
	struct err e;
	int i;

	for (i = 0; i < ROUNDS && ok; i++) {
		struct counts c;

		make_text(&b, (uint32_t)i % 3);
		c = naive(buf_view(&b));
		ok &= meter_begin(m, buf_view(&b), &e) == 0;
		ok &= signal_of(m, SIG_tokens) == (double)c.tokens;
		ok &= signal_of(m, SIG_chars) == (double)c.all;
		ok &= signal_of(m, SIG_longest_token) == (double)c.longest;
		ok &= signal_of(m, SIG_mean_token_length) ==
		      (c.tokens ? (double)c.chars / (double)c.tokens : 0);
		ok &= signal_of(m, SIG_space_ratio) ==
		      (c.all ? (double)c.spaces / (double)c.all : 0);
	}
	OK(ok, "what white space parts, %d texts", i);
	buf_free(&b);
	meter_free(m);
}

static void
test_bounds(void)
{
	static const struct {
		enum signal s;
		double limit;
	} asked[] = { { SIG_stop_word_count, 2 },
		{ SIG_stop_words_any_case, 2 }, { SIG_alpha_words, 0.8 },
		{ SIG_alpha_words, 0.3 }, { SIG_longest_token, 10 },
		{ SIG_symbol_tokens, 0.1 }, { SIG_begun_words, 50 },
		{ SIG_begun_words, 20 }, { SIG_newlines_per_token, 0.3 },
		{ SIG_top_2gram, 0.2 } };
	struct buf b = { 0 };
	bool ok = true;
	size_t i, k;

	for (i = 0; i < 300 && ok; i++) {
		make_text(&b, (uint32_t)i % 3);
		for (k = 0; k < sizeof(asked) / sizeof(*asked); k++)
			ok &= bounds_hold(
			    buf_view(&b), asked[k].s, asked[k].limit);
	}
	OK(ok, "what is certain is so, %zu texts", i);
	buf_free(&b);
}

static void
test_bytes(void)
{
	unsigned char v[BYTES];
	bool ok = true;
	uint32_t bits;
	int i, k;

	for (i = 0; i < 2000; i++) {
		bits = draw(1 << 16);
		for (k = 0; k < BYTES; k++)
			v[k] = bits >> k & 1 ? 255 : 0;
		ok &= bytes_mask(bytes_load(v)) == bits;
		ok &= !bits || bits >> bytes_first(bytes_load(v)) << 31;
	}
	OK(ok, "bytes to bits");
}

int
main(void)
{
	test_spaces();
	test_bounds();
	test_bytes();
	return tap_end();
}
