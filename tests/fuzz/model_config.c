/* SPDX-License-Identifier: MIT */
/* Any bytes as a config.json: refused, or written and read again the same. */
#include <stdint.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "train/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct model_config c, again;
	struct buf b = { 0 };
	struct err e;

	if (config_parse(&c, (const char *)data, n, &e) < 0)
		return 0;
	config_write(&c, &b);
	if (config_parse(&again, b.p, b.n, &e) < 0 || !config_same(&c, &again))
		abort();
	buf_free(&b);
	return 0;
}
