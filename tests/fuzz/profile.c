/* SPDX-License-Identifier: MIT */
/* Profiles that users write: what parses prints as itself. */
#include <stdint.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "filter/profile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
demand(bool ok)
{
	if (!ok)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct buf first = { 0 }, second = { 0 };
	struct profile_file *f;
	struct err e;

	if (profile_parse(&f, (struct str){ (const char *)data, n }, "f", &e) <
	    0)
		return 0;
	profile_print(profile_of(f), &first);
	profile_file_free(f);
	demand(profile_parse(&f, buf_view(&first), "f", &e) == 0);
	profile_print(profile_of(f), &second);
	demand(str_eq(buf_view(&first), buf_view(&second)));
	profile_file_free(f);
	buf_free(&first);
	buf_free(&second);
	return 0;
}
