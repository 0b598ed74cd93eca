/* SPDX-License-Identifier: MIT */
/* Any bytes as an expression: refused with a reason, or evaluated. */
#include <stdint.h>
#include <stdlib.h>

#include "base/err.h"
#include "filter/expr.h"
#include "filter/signals.h"
#include "io/doc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const struct signals signals;
	static const struct doc doc;
	static const char *const list[] = { "lexicon.a", "lexicon_ratio.a" };
	static const struct expr_names names = { list, 2 };
	static const double more[] = { 3, 0.5 };
	char *copy = malloc(n ? n : 1); /* so that a byte too far is noticed */
	struct expr *x;
	struct err e = { 0 };

	memcpy(copy, data, n);
	if (expr_parse(&x, (struct str){ copy, n }, &names, &e) == 0) {
		expr_true(x, &signals, &doc, more);
		expr_free(x);
	} else if (e.code != ERR_ARG || !e.msg[0]) {
		abort();
	}
	free(copy);
	return 0;
}
