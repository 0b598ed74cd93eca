/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as a safetensors header, the last 8 being the size of the data:
 * refused, or every tensor lies within the data and none overlaps the next.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "io/safetensors.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	uint64_t size = 0, at = 0;
	struct safetensors *s;
	struct err e;
	size_t i;

	if (n < sizeof(size))
		return 0;
	n -= sizeof(size);
	memcpy(&size, data + n, sizeof(size));
	if (st_parse(&s, (const char *)data, n, size, &e) < 0)
		return 0;
	for (i = 0; i < st_count(s); i++) {
		const struct st_tensor *t = st_at(s, i);

		if (t->at != at || t->size > size - at ||
		    t->count * st_dtype_size(t->dtype) != t->size ||
		    st_find(s, t->name) != t)
			abort();
		at += t->size;
	}
	if (at != size)
		abort();
	st_close(s);
	return 0;
}
