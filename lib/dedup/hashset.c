/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "dedup/hashset.h"

void
hashset_free(struct hashset *s)
{
	free(s->v);
	*s = (struct hashset){ 0 };
}

int
hashset_clear(struct hashset *s, size_t n, struct err *e)
{
	size_t cap = 64;
	uint64_t *more;

	while (cap / 2 < n)
		cap *= 2;
	if (cap > s->cap) {
		more = realloc(s->v, cap * sizeof(*more));
		if (!more)
			return err_nomem(e, "hashes");
		s->v = more;
		s->cap = cap;
	}
	memset(s->v, 0, cap * sizeof(*s->v));
	s->mask = cap - 1;
	return 0;
}
