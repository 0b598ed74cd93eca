/* SPDX-License-Identifier: MIT */
#include "count.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/err.h"
#include "seam.h"

enum { ENDS = 1024 };

struct counter {
	const struct pretok *pt;
	uint64_t memory; /* of one worker's table */
	bool ordered;
	struct counted *to;
	pthread_mutex_t mu; /* for to->runs */
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

/* A table beyond its share of memory. */
static int
spill(struct counter *c, struct words *w, struct err *e)
{
	int rc;

	if (c->ordered)
		return err_set(e, ERR_ARG,
		    "the distinct pieces don't fit in --memory, and may not "
		    "leave it, since their order decides ties");
	pthread_mutex_lock(&c->mu);
	rc = word_runs_spill(&c->to->runs, w, e);
	pthread_mutex_unlock(&c->mu);
	return rc;
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
		return spill(c, &w->words, e);
	return (int)n;
}

/* All tables in one, or, if there are runs, all in these. */
static int
gather(struct counter *c, struct err *e)
{
	struct counted *to = c->to;
	int rc = 0;
	size_t i;

	if (c->failed.code) {
		*e = c->failed;
		rc = e->code;
	}
	for (i = 0; rc == 0 && i < c->ndone; i++) {
		if (to->runs.n)
			rc = word_runs_spill(&to->runs, &c->done[i], e);
		else if (i == 0)
			to->words = c->done[0];
		else
			rc = words_merge(&to->words, &c->done[i], e);
		if (i == 0 && !to->runs.n)
			c->done[0] = (struct words){ 0 };
	}
	for (i = 0; i < c->ndone; i++)
		words_free(&c->done[i]);
	return rc;
}

int
words_count(struct counted *to, struct texts *in, const struct pretok *pt,
    uint64_t memory, bool ordered, struct run *r, struct err *e)
{
	static const struct texts_ops ops = { count_worker_new,
		count_worker_free, count_part, NULL };
	uint64_t n = r->opt->threads > 1 ? (uint64_t)r->opt->threads : 1;
	struct counter c = { .pt = pt, .ordered = ordered, .to = to };
	struct err e2;
	int rc;

	/* Half for putting them in order, or for their sum. */
	c.memory = memory / (2 * n);
	if (pretok_seams(&in->seams, pt, NULL, false, e) < 0)
		return e->code;
	pthread_mutex_init(&c.mu, NULL);
	rc = texts_run(in, &ops, &c, r, e);
	seams_free(in->seams);
	in->seams = NULL;
	if (rc < 0)
		c.failed = *e;
	if (gather(&c, &e2) < 0 && rc == 0) {
		*e = e2;
		rc = e2.code;
	}
	if (rc < 0)
		counted_free(to);
	pthread_mutex_destroy(&c.mu);
	free(c.done);
	return rc;
}

int
counted_each(struct counted *c, word_take *take, void *ctx, struct err *e)
{
	int rc = c->runs.n ? word_runs_merge(&c->runs, take, ctx, e)
			   : words_each(&c->words, take, ctx, e);

	counted_free(c);
	return rc;
}

struct filling {
	struct words *words;
	uint64_t memory;
};

static int
fill_list(void *ctx, struct str word, uint64_t n, struct err *e)
{
	struct filling *f = ctx;

	if (words_memory(f->words) > f->memory)
		return err_set(e, ERR_ARG,
		    "the distinct pieces don't fit in --memory; learning takes "
		    "them all");
	return words_push(f->words, word, n, e);
}

int
counted_words(
    struct counted *c, struct words *w, uint64_t memory, struct err *e)
{
	struct filling f = { w, memory };
	int rc;

	if (!c->runs.n) {
		*w = c->words;
		c->words = (struct words){ 0 };
		return 0;
	}
	*w = (struct words){ 0 };
	rc = counted_each(c, fill_list, &f, e);
	if (rc < 0)
		words_free(w);
	return rc;
}

void
counted_free(struct counted *c)
{
	words_free(&c->words);
	word_runs_free(&c->runs);
}
