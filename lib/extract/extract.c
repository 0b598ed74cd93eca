/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/err.h"
#include "base/par.h"
#include "extract/extract.h"
#include "extract/html.h"
#include "extract/worker.h"

enum {
	BATCH_BYTES = 1 << 20, /* of records; one may be longer */
	BATCH_RECORDS = 64,
};

/* A record of a batch: its strings as places in the batch's bytes. */
struct slot {
	struct source_rec rec;
	size_t raw, what, path, extra;
};

struct batch {
	struct buf bytes;
	struct slot slot[BATCH_RECORDS];
	size_t n;
	uint64_t raw; /* bytes of all files read up to here */
	struct emit em;
};

struct pass {
	struct source *source;
	struct worker **workers;
	struct run *run;
};

static int
add_record(struct batch *b, const struct source_rec *r, struct err *e)
{
	struct slot *s = &b->slot[b->n++];

	s->rec = *r;
	s->raw = b->bytes.n;
	buf_str(&b->bytes, r->raw);
	s->path = b->bytes.n;
	buf_str(&b->bytes, r->path);
	s->extra = b->bytes.n;
	buf_str(&b->bytes, r->extra);
	s->what = b->bytes.n;
	if (r->what)
		buf_put(&b->bytes, r->what, strlen(r->what) + 1);
	return buf_ok(&b->bytes, e);
}

static int
read_batch(void *ctx, void *job, struct err *e)
{
	struct pass *p = ctx;
	struct batch *b = job;
	struct source_rec r;
	int rc = 1;

	buf_clear(&b->bytes);
	b->n = 0;
	while (b->n < BATCH_RECORDS && b->bytes.n < BATCH_BYTES) {
		rc = source_next(p->source, &r, e);
		if (rc <= 0)
			break;
		if (add_record(b, &r, e) < 0)
			return e->code;
	}
	b->raw = source_raw_offset(p->source);
	return rc < 0 ? rc : b->n > 0;
}

static int
work_batch(void *ctx, void *job, int nth, struct err *e)
{
	struct pass *p = ctx;
	struct batch *b = job;
	size_t i;

	emit_clear(&b->em);
	for (i = 0; i < b->n; i++) {
		struct slot *s = &b->slot[i];

		s->rec.raw.p = b->bytes.p + s->raw;
		s->rec.path.p = b->bytes.p + s->path;
		s->rec.extra.p = b->bytes.p + s->extra;
		if (s->rec.what)
			s->rec.what = b->bytes.p + s->what;
		if (worker_record(p->workers[nth], &s->rec, &b->em, e) < 0)
			return e->code;
	}
	return 0;
}

static int
write_batch(void *ctx, void *job, struct err *e)
{
	struct pass *p = ctx;
	struct batch *b = job;

	if (run_take(p->run, &b->em, e) < 0)
		return e->code;
	progress_tick(&p->run->progress, b->raw, p->run->tally.in);
	return 0;
}

static const struct par_ops ops = { read_batch, work_batch, write_batch };

static int
run_batches(struct pass *p, int nthread, struct err *e)
{
	size_t i, n = par_jobs(nthread);
	struct batch *b = calloc(n, sizeof(*b));
	void **jobs = calloc(n, sizeof(*jobs));
	int rc = 0;

	if (!b || !jobs)
		rc = err_nomem(e, "batches");
	for (i = 0; rc == 0 && i < n; i++) {
		run_emit_init(p->run, &b[i].em);
		jobs[i] = &b[i];
	}
	if (rc == 0)
		rc = par_run(&ops, p, jobs, n, nthread, e);
	for (i = 0; b && i < n; i++) {
		buf_free(&b[i].bytes);
		emit_free(&b[i].em);
	}
	free(b);
	free(jobs);
	return rc;
}

static int
make_workers(
    struct pass *p, const struct extract_opts *opts, int n, struct err *e)
{
	int i;

	p->workers = calloc((size_t)n, sizeof(*p->workers));
	for (i = 0; p->workers && i < n; i++) {
		p->workers[i] = worker_new(opts);
		if (!p->workers[i])
			break;
	}
	return p->workers && i == n ? 0 : err_nomem(e, "threads");
}

static void
free_workers(struct pass *p, int n)
{
	int i;

	for (i = 0; p->workers && i < n; i++)
		worker_free(p->workers[i]);
	free(p->workers);
}

int
extract_run(const struct paths *paths, const struct extract_opts *opts,
    struct run *r, struct err *e)
{
	struct pass p = { .source = source_new(paths, opts), .run = r };
	int n = r->opt->threads > 1 ? r->opt->threads : 1, rc;

	html_init();
	progress_start(&r->progress, r->cmd->name, "records", paths_size(paths),
	    r->opt->progress, r->opt->quiet);
	rc = p.source ? make_workers(&p, opts, n, e) : err_nomem(e, "a source");
	if (rc == 0)
		rc = run_batches(&p, n, e);
	progress_clear(&r->progress);
	free_workers(&p, n);
	source_free(p.source);
	return rc;
}
