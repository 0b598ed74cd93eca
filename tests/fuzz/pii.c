/* SPDX-License-Identifier: MIT */
/* Any text: spans in order, whole characters, what replaces them is UTF-8. */
#include <stdint.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/text/utf8.h"
#include "filter/pii.h"
#include "filter/pii_fineweb.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
check(bool ok)
{
	if (!ok)
		abort();
}

static void
try_all(struct str text)
{
	static struct pii_found f;
	struct pii_fineweb *w;
	struct buf b = { 0 };
	struct str out;
	struct err e;
	size_t i, at = 0;

	check(pii_find(text, (1u << PII_TYPES) - 1, &f, &e) == 0);
	for (i = 0; i < f.n; i++) {
		check(f.v[i].at >= at && f.v[i].n > 0);
		at = (size_t)f.v[i].at + f.v[i].n;
	}
	check(at <= text.n);
	check(pii_mask(text, &f, &b, &e) == 0 && utf8_valid(buf_view(&b)));
	buf_clear(&b);
	check(pii_pseudonym(text, &f, STR("key"), &b, &e) == 0 &&
	      utf8_valid(buf_view(&b)));
	check(pii_fineweb_new(&w, &e) == 0);
	if (pii_fineweb_apply(w, text, &f, &out, &e) == 0)
		check(utf8_valid(out));
	pii_fineweb_free(w);
	buf_free(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char *copy = malloc(n ? n : 1); /* so that a byte too far is noticed */

	memcpy(copy, data, n);
	if (utf8_valid((struct str){ copy, n }))
		try_all((struct str){ copy, n });
	free(copy);
	return 0;
}
