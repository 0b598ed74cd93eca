/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as a language model, its checksum put right, and as a text: what
 * loads, guesses.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/hash.h"
#include "filter/lang.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
guess(const struct langid *m, struct str text)
{
	struct lang l;

	langid_guess(m, text, &l);
	if (!(l.score >= 0 && l.score <= 1) || strlen(l.code) > 3)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct langid *builtin;
	struct langid *m;
	struct err e;
	uint64_t sum;
	char *copy = malloc(n + 1);

	if (!copy || (!builtin && langid_builtin(&builtin, &e) < 0))
		abort();
	memcpy(copy, data, n);
	guess(builtin, (struct str){ copy, n });
	if (n > 8) {
		sum = hash64(copy, n - 8, 0);
		memcpy(copy + n - 8, &sum, 8);
	}
	if (langid_parse(&m, (struct str){ copy, n }, &e) == 0) {
		guess(m, STR("the old mill m\xc3\xbchle \xd0\xb0\xd0\xb1"));
		langid_free(m);
	}
	free(copy);
	return 0;
}
