/* SPDX-License-Identifier: MIT */
/*
 * Any valid UTF-8 as a text: words, tokens, lines and signals end, stay within
 * the text and are whole code points.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/text/utf8.h"
#include "base/text/words.h"
#include "filter/profile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
demand(bool ok)
{
	if (!ok)
		abort();
}

static void
try_words(struct str text)
{
	struct tokens t = { 0 };
	const char *at = text.p, *end = text.p + text.n;
	struct buf low = { 0 };
	struct plain_words w;
	struct str word;
	struct err e;
	size_t i;

	demand(tokens_split(&t, text, &e) == 0);
	for (i = 0; i < t.n; i++) {
		word = t.v[i];
		demand(word.n && word.p >= at && word.p + word.n <= end);
		demand(utf8_valid(word));
		at = word.p + word.n;
	}
	demand(plain_words_init(&w, text, &low, &e) == 0);
	while (plain_words_next(&w, &word))
		demand(word.n && utf8_valid(word));
	buf_free(&low);
	tokens_free(&t);
}

/* A bound is one. */
static void
try_bounds(struct meter *m)
{
	static const double limits[] = { 0, 0.1, 0.2, 0.3 };
	bool known[SIGNALS][4];
	struct err e;
	double v;
	int i, k;

	for (i = 0; i < SIGNALS; i++)
		for (k = 0; k < 4; k++)
			demand(meter_at_most(m, WORDS_TREEBANK, i, limits[k],
				   &known[i][k], &e) == 0);
	for (i = 0; i < SIGNALS; i++)
		for (k = 0; k < 4; k++)
			demand(meter_signal(
				   m, WORDS_TREEBANK, i, &v, NULL, &e) == 0 &&
			       (!known[i][k] || v <= limits[k]));
}

static void
try_signals(struct str text)
{
	struct meter *m = meter_new();
	struct signals s;
	struct err e;
	int i;

	demand(m && meter_begin(m, text, &e) == 0);
	try_bounds(m);
	demand(meter_all(m, WORDS_TREEBANK, &s, &e) == 0);
	demand(meter_all(m, WORDS_ENGLISH, &s, &e) == 0);
	for (i = 0; i < SIGNALS; i++) {
		demand(s.v[i] >= 0);
		demand((size_t)s.where[i].at + s.where[i].n <= text.n);
	}
	demand(s.v[SIG_words] <= s.v[SIG_tokens]);
	demand(s.v[SIG_tokens] <= s.v[SIG_chars]);
	demand(s.v[SIG_dup_5gram] <= 1 && s.v[SIG_dup_lines] <= 1);
	meter_free(m);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char *copy = malloc(n ? n : 1); /* a byte too far is noticed */
	struct str text = { copy, n };

	demand(copy);
	memcpy(copy, data, n);
	if (utf8_valid(text)) {
		try_words(text);
		try_signals(text);
	}
	free(copy);
	return 0;
}
