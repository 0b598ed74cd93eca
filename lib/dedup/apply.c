/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "dedup/apply.h"
#include "dedup/choose.h"
#include "dedup/groups.h"
#include "io/docs.h"

static int
drop(const struct apply *a, struct doc *d, const struct who *of, double value,
    struct buf *json, struct emit *em, struct err *e)
{
	struct reason why = { .rule = a->rule,
		.has_value = a->has_value,
		.value = value,
		.threshold = a->threshold };

	buf_clear(json);
	buf_puts(json, "{\"of\":");
	buf_json_lossy(json, of->id);
	buf_putc(json, '}');
	if (buf_ok(json, e) < 0)
		return e->code;
	why.detail = buf_view(json);
	return emit_drop(em, d, &why, e);
}

static int
judge(void *ctx, void *worker, struct doc *d, struct emit *em, struct err *e)
{
	const struct apply *a = ctx;
	uint64_t line = hash64(d->line.p, d->line.n, 0);
	uint32_t group = groups_of(a->groups, d->ordinal), head;
	const struct who *of;

	buf_put(&em->side, &line, sizeof(line));
	if (group == NO_GROUP)
		return emit_keep(em, d, e);
	head = a->choice ? a->choice[group].head : group;
	of = &a->groups->v[head].best;
	if (of->ordinal == d->ordinal)
		return emit_keep(em, d, e);
	return drop(a, d, of, head == group ? 1 : a->choice[group].jaccard,
	    worker, em, e);
}

static int
digest(void *ctx, struct str side, struct err *e)
{
	struct apply *a = ctx;
	uint64_t line;

	(void)e;
	for (; side.n; side.p += sizeof(line), side.n -= sizeof(line)) {
		memcpy(&line, side.p, sizeof(line));
		a->lines = mix64(a->lines ^ line);
	}
	return 0;
}

static void *
new_buf(void *ctx, struct err *e)
{
	struct buf *b = calloc(1, sizeof(*b));

	(void)ctx;
	if (!b)
		err_nomem(e, "threads");
	return b;
}

static void
free_buf(void *worker)
{
	buf_free(worker);
	free(worker);
}

int
apply_run(struct apply *a, struct docs *in, struct run *r, struct err *e)
{
	static const struct docs_ops ops = { .worker_new = new_buf,
		.worker_free = free_buf,
		.doc = judge,
		.fold = digest };
	int rc;

	a->lines = 0;
	rc = docs_run(in, &ops, a, r, e);
	if (rc == 0 && a->lines != a->groups->lines)
		return err_set(e, ERR_IO,
		    "the input changed between the first pass over it and the "
		    "last");
	return rc;
}

int
apply_clusters(const struct apply *a, struct clusters *c, struct err *e)
{
	size_t i, n = a->groups->n;
	uint64_t *size = calloc(n ? n : 1, sizeof(*size));

	*c = (struct clusters){ 0 };
	if (!size)
		return err_nomem(e, "clusters");
	for (i = 0; i < n; i++)
		size[a->choice ? a->choice[i].head : i] +=
		    a->groups->v[i].count;
	for (i = 0; i < n; i++) {
		c->n += size[i] > 1;
		if (size[i] > 1 && size[i] > c->largest)
			c->largest = size[i];
	}
	free(size);
	return 0;
}
