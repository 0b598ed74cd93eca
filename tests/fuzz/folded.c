/* SPDX-License-Identifier: MIT */
/*
 * Any text as folded words: in order and apart; and its simple form, which
 * is text without blanks at its ends.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/text/utf8.h"
#include "dedup/folded.h"
#include "dedup/simple.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
simplify(struct str text)
{
	struct buf low = { 0 }, out = { 0 };
	struct err e;

	if (simple_form(text, &low, &out, &e) < 0 ||
	    !utf8_valid(buf_view(&out)) ||
	    (out.n && (out.p[0] == ' ' || out.p[out.n - 1] == ' ')))
		abort();
	buf_free(&low);
	buf_free(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct folded f = { 0 };
	char *copy = malloc(n ? n : 1); /* so that a byte too far is noticed */
	struct str text = { copy, n };
	struct err e;
	size_t i;

	if (n)
		memcpy(copy, data, n);
	text.n = utf8_valid_prefix(text);
	if (folded_of(&f, text, &e) < 0)
		abort();
	for (i = 0; i < f.n; i++)
		if (f.start[i] >= f.end[i] || f.end[i] > text.n ||
		    (i && f.start[i] < f.end[i - 1]) ||
		    !folded_gram(&f, i, 1, folded_power(1)))
			abort();
	folded_free(&f);
	simplify(text);
	free(copy);
	return 0;
}
