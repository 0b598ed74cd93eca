/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "train/link.h"

enum { PIECE = 8192 }; /* counts that are summed at a time */

static int
nothing(struct link *l, const struct parcel *out, const struct parcel *in,
    struct err *e)
{
	(void)l;
	(void)out;
	(void)in;
	(void)e;
	return 0;
}

struct link *
link_self(void)
{
	static struct link self = { .version = LINK_VERSION,
		.size = 1,
		.local = 1,
		.sharing = 1,
		.exchange = nothing };

	return &self;
}

void
link_close(struct link *l)
{
	if (l && l->close)
		l->close(l);
}

int
link_gather(
    struct link *l, const void *mine, size_t n, void *all, struct err *e)
{
	struct parcel *out = calloc(l->size, 2 * sizeof(*out)), *in;
	uint32_t r;
	int rc;

	if (!out)
		return err_nomem(e, "what ranks tell each other");
	in = out + l->size;
	for (r = 0; r < l->size; r++) {
		out[r] = (struct parcel){ (void *)(uintptr_t)mine, n };
		in[r] = (struct parcel){ (char *)all + r * n, n };
	}
	memcpy(in[l->rank].p, mine, n);
	rc = l->exchange(l, out, in, e);
	free(out);
	return rc;
}

/* The error of rank `from`, to all. */
static int
spread(struct link *l, uint32_t from, struct err *e)
{
	struct parcel *out = calloc(l->size, 2 * sizeof(*out)), *in;
	struct err said = *e;
	char name[24];
	uint32_t r;
	int rc;

	if (!out)
		return err_nomem(e, "what ranks tell each other");
	in = out + l->size;
	for (r = 0; r < l->size; r++)
		if (l->rank == from)
			out[r] = (struct parcel){ &said, sizeof(said) };
	if (l->rank != from)
		in[from] = (struct parcel){ &said, sizeof(said) };
	rc = l->exchange(l, out, in, e);
	free(out);
	if (rc < 0)
		return rc;
	*e = said;
	e->msg[sizeof(e->msg) - 1] = '\0';
	/* It may have been agreed on before, further in. */
	snprintf(name, sizeof(name), "rank %u: ", from);
	if (strncmp(e->msg, name, strlen(name)) == 0)
		return e->code;
	return err_prefix(e, "rank %u", from);
}

int
link_agree(struct link *l, int rc, struct err *e)
{
	int32_t mine = rc < 0 ? rc : 0, *all;
	uint32_t r;

	if (l->size == 1 || l->broken)
		return rc;
	all = calloc(l->size, sizeof(*all));
	if (!all)
		return err_nomem(e, "what ranks tell each other");
	/* An error of its own mustn't be lost in that of the link. */
	if (rc < 0) {
		struct err other;

		if (link_gather(l, &mine, sizeof(mine), all, &other) < 0)
			goto out;
	} else if (link_gather(l, &mine, sizeof(mine), all, e) < 0) {
		rc = e->code;
		goto out;
	}
	for (r = 0; r < l->size && all[r] == 0; r++)
		;
	if (r < l->size)
		rc = spread(l, r, e);
out:
	free(all);
	return rc;
}

static void
add_counts(uint64_t *x, const uint64_t *all, uint32_t ranks, size_t n)
{
	uint32_t r;
	size_t i;

	memset(x, 0, n * sizeof(*x));
	for (r = 0; r < ranks; r++)
		for (i = 0; i < n; i++)
			x[i] += all[r * n + i];
}

int
link_sum(struct link *l, uint64_t *x, size_t n, struct err *e)
{
	uint64_t *all;
	size_t at, m;
	int rc = 0;

	if (l->size == 1)
		return 0;
	all = calloc(l->size, PIECE * sizeof(*all));
	if (!all)
		return err_nomem(e, "counts of ranks");
	for (at = 0; at < n && rc == 0; at += m) {
		m = n - at < PIECE ? n - at : PIECE;
		rc = link_gather(l, x + at, m * sizeof(*x), all, e);
		if (rc == 0)
			add_counts(x + at, all, l->size, m);
	}
	free(all);
	return rc;
}
