/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/err.h"
#include "count.h"

enum { ENDS = 1024 };

struct counter {
	const struct pretok *pt;
	uint64_t memory; /* of one worker's table */
	/* Tables of workers that have finished. */
	struct words *done;
	size_t ndone;
	struct err failed;
};

struct count_worker {
	struct counter *counter;
	struct pretok_scan *scan;
	struct words words;
	size_t ends[ENDS];
};

static void
count_worker_free(void *worker)
{
	struct count_worker *w = worker;
	struct counter *c = w->counter;
	struct words *more = realloc(c->done, (c->ndone + 1) * sizeof(*more));

	if (more) {
		c->done = more;
		c->done[c->ndone++] = w->words;
	} else {
		words_free(&w->words);
		err_nomem(&c->failed, "the words counted");
	}
	pretok_scan_free(w->scan);
	free(w);
}

static void *
count_worker_new(void *ctx, struct err *e)
{
	struct counter *c = ctx;
	struct count_worker *w = calloc(1, sizeof(*w));

	if (!w) {
		err_nomem(e, "threads");
		return NULL;
	}
	w->counter = c;
	w->scan = pretok_scan_new(c->pt, e);
	if (w->scan)
		return w;
	free(w);
	return NULL;
}

static int
count_part(void *ctx, void *worker, const struct text_part *t, struct emit *em,
    struct err *e)
{
	struct counter *c = ctx;
	struct count_worker *w = worker;
	size_t from = 0;
	ptrdiff_t n, i;

	(void)em;
	if (pretok_start(w->scan, t->bytes, e) < 0)
		return e->code;
	while ((n = pretok_next(w->scan, w->ends, ENDS, e)) > 0) {
		for (i = 0; i < n; from = w->ends[i++])
			if (words_add(&w->words,
				(struct str){
				    t->bytes.p + from, w->ends[i] - from },
				1, e) < 0)
				return e->code;
	}
	if (n == 0 && c->memory && words_memory(&w->words) > c->memory)
		return err_set(e, ERR_ARG,
		    "the distinct pieces don't fit in --memory; it takes more, "
		    "fewer threads, or less text");
	return (int)n;
}

/* Tables of equal content in another order give the same training. */
static int
add_up(struct words *w, struct counter *c, struct err *e)
{
	int rc = 0;
	size_t i;

	if (c->failed.code) {
		*e = c->failed;
		rc = e->code;
	}
	for (i = 0; i < c->ndone; i++) {
		if (rc == 0 && i == 0)
			*w = c->done[0];
		else if (rc == 0)
			rc = words_merge(w, &c->done[i], e);
		if (rc < 0 || i > 0)
			words_free(&c->done[i]);
	}
	return rc;
}

int
words_count(struct words *w, struct texts *in, const struct pretok *pt,
    uint64_t memory, struct run *r, struct err *e)
{
	static const struct texts_ops ops = { count_worker_new,
		count_worker_free, count_part, NULL };
	uint64_t n = r->opt->threads > 1 ? (uint64_t)r->opt->threads : 1;
	struct counter c = { .pt = pt };
	struct err e2;
	int rc;

	/* Half for the sum of the tables. */
	c.memory = memory / (2 * n);
	in->cut = pretok_can_cut(pt);
	rc = texts_run(in, &ops, &c, r, e);
	if (rc < 0)
		c.failed = *e;
	if (add_up(w, &c, &e2) < 0 && rc == 0) {
		*e = e2;
		rc = e2.code;
	}
	if (rc < 0)
		words_free(w);
	free(c.done);
	return rc;
}
