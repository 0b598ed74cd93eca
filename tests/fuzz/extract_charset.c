/* SPDX-License-Identifier: MIT */
/* A label, a newline, any bytes: they become UTF-8. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/text/utf8.h"
#include "extract/charset.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct charset *c;
	const uint8_t *nl = n ? memchr(data, '\n', n) : NULL;
	struct str label = { (const char *)data, 0 }, s, text;
	struct buf out = { 0 };
	const char *name;
	struct err e;

	if (!c)
		c = charset_new();
	if (nl)
		label.n = (size_t)(nl - data);
	s = (struct str){ (const char *)data + label.n, n - label.n };
	if (charset_decode(c, s, label, true, &out, &text, &name, &e) < 0 ||
	    !utf8_valid(text) || charset_lookup(str_c(name)) < 0)
		abort();
	buf_free(&out);
	return 0;
}
