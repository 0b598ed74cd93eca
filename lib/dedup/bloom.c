/* SPDX-License-Identifier: MIT */
#include <inttypes.h>

#include "base/buf.h"
#include "base/err.h"
#include "dedup/bloom.h"
#include "io/docs.h"

/* The command's ops with a fold of ours. */
struct filling {
	const struct docs_ops *ops;
	void *ctx;
	struct twice *twice;
	uint64_t n;
};

static void *
new_worker(void *ctx, struct err *e)
{
	const struct filling *f = ctx;

	return f->ops->worker_new(f->ctx, e);
}

static int
keys_of(void *ctx, void *worker, struct doc *d, struct emit *em, struct err *e)
{
	const struct filling *f = ctx;

	return f->ops->doc(f->ctx, worker, d, em, e);
}

static int
count(void *ctx, struct str side, struct err *e)
{
	struct filling *f = ctx;

	(void)e;
	f->n += side.n / sizeof(uint64_t);
	return 0;
}

static int
add(void *ctx, struct str side, struct err *e)
{
	struct filling *f = ctx;

	(void)e;
	twice_add(f->twice, (const uint64_t *)(const void *)side.p,
	    side.n / sizeof(uint64_t));
	return 0;
}

int
bloom_fill(struct twice *t, struct budget *b, double bound, struct docs *in,
    const struct docs_ops *ops, void *ctx, const struct run *r, struct err *e)
{
	struct filling f = { .ops = ops, .ctx = ctx, .twice = t };
	struct docs_ops mine = { .worker_new = new_worker,
		.worker_free = ops->worker_free,
		.doc = keys_of,
		.fold = count };

	if (!(bound > 0 && bound < 1))
		return err_set(e, ERR_ARG,
		    "option --bloom: %g is no chance, over 0 and below 1",
		    bound);
	if (docs_scan(in, &mine, &f, r, e) < 0 ||
	    twice_init(t, b, f.n, bound, UINT64_MAX, e) < 0)
		return e->code;
	mine.fold = add;
	return docs_scan(in, &mine, &f, r, e);
}

void
bloom_stats(const struct twice *t, struct buf *out)
{
	buf_printf(out,
	    "\"bloom\":{\"keys\":%" PRIu64 ",\"places\":%" PRIu64
	    ",\"probes\":%" PRIu32 ",\"bytes\":%" PRIu64
	    ",\"false_positive_bound\":",
	    t->n, t->nplace, t->nprobe, twice_bytes(t));
	buf_double(out, twice_bound(t));
	buf_puts(out, "},");
}
