/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/err.h"
#include "base/num.h"
#include "io/textcodec.h"

int
ids_reserve(struct ids *ids, size_t n, struct err *e)
{
	size_t cap = ids->cap ? ids->cap : 256, bytes;
	uint32_t *v;

	if (ids->n + n <= ids->cap)
		return 0;
	while (cap < ids->n + n)
		cap *= 2;
	if (!num_mul(cap, sizeof(*v), &bytes))
		return err_nomem(e, "token ids");
	v = realloc(ids->v, bytes);
	if (!v)
		return err_nomem(e, "token ids");
	ids->v = v;
	ids->cap = cap;
	return 0;
}

void
ids_free(struct ids *ids)
{
	free(ids->v);
	*ids = (struct ids){ 0 };
}
