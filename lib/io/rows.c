/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/err.h"
#include "io/rows.h"

int
rows_alloc(struct rows *r, size_t tokens, unsigned also, struct err *e)
{
	*r = (struct rows){ 0 };
	/* Rows end in a target: a row more than its tokens, each. */
	r->tokens = calloc(tokens, 2 * sizeof(*r->tokens));
	r->loss = malloc(tokens);
	if (also & ROWS_INFO)
		r->info = calloc(tokens, sizeof(*r->info));
	if (also & ROWS_FIRST)
		r->first = calloc(tokens, sizeof(*r->first));
	if (also & ROWS_LAST)
		r->last = calloc(tokens, sizeof(*r->last));
	if (r->tokens && r->loss && (r->info || !(also & ROWS_INFO)) &&
	    (r->first || !(also & ROWS_FIRST)) &&
	    (r->last || !(also & ROWS_LAST)))
		return 0;
	rows_free(r);
	return err_nomem(e, "token rows");
}

void
rows_free(struct rows *r)
{
	free(r->tokens);
	free(r->info);
	free(r->first);
	free(r->last);
	free(r->loss);
	*r = (struct rows){ 0 };
}

uint64_t
rows_counted(const struct rows *r, uint32_t n, uint32_t T)
{
	size_t i, all = (size_t)n * T;
	uint64_t counted = 0;

	if (!r->loss)
		return all;
	for (i = 0; i < all; i++)
		counted += r->loss[i];
	return counted;
}
