/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/par.h"
#include "io/docs.h"
#include "io/stream.h"
#include "seam.h"
#include "texts.h"

enum { CHUNK = 1 << 20 };

struct chunk {
	struct buf bytes;
	const char *file;
	uint64_t record, offset; /* of the first text in it */
	bool first, last;
	struct err damage; /* code set: the stream broke behind these bytes */
	uint64_t raw;      /* bytes of all files read up to here */
	struct emit em;
};

struct pass {
	const struct texts *in;
	const struct texts_ops *ops;
	void *ctx;
	struct run *run;
	struct paths files; /* a view: the names stay the caller's */
	void **workers;
	/* The reader's place. */
	size_t file;
	struct in *stream;
	struct buf rest;
	uint64_t record, offset;
	bool begins, ended; /* a text begins; the stream has ended */
	bool broken;        /* the last chunk ended in damage */
	uint64_t raw_done;
};

/* ---- reading ---- */

/* Where to cut, not before `from`, where there is no place; 0 if nowhere. */
static size_t
find_cut(const struct texts *in, struct str s, size_t from)
{
	const char *eol;

	if (in->lines) {
		eol = memrchr(s.p + from, '\n', s.n - from);
		return eol ? (size_t)(eol - s.p) + 1 : 0;
	}
	return in->seams ? seams_last(in->seams, s, from) : 0;
}

static int
next_file(struct pass *p, struct err *e)
{
	if (p->stream) {
		p->raw_done += in_raw_size(p->stream);
		in_close(p->stream);
		p->stream = NULL;
		p->file++;
	}
	if (p->file == p->files.n)
		return 0;
	if (in_open(&p->stream, p->files.v[p->file], e) < 0)
		return e->code;
	p->record = p->offset = 0;
	p->begins = true;
	p->ended = p->broken = false;
	return 1;
}

uint64_t
texts_most(const struct run *r)
{
	static const uint64_t memory = (uint64_t)8 << 30;

	return (r->opt->memory ? r->opt->memory : memory) / TEXTS_GROW;
}

static bool
is_large_chunk(const struct pass *p, const struct chunk *c)
{
	return p->in->most && c->bytes.n > p->in->most;
}

static int
too_large(const struct pass *p, struct err *e)
{
	return err_set(e, ERR_ARG,
	    "%s: text %llu, from byte %llu: over %llu bytes that are to be "
	    "taken whole; a larger --memory lets them (%d for each byte), or "
	    "--lines cuts them",
	    in_name(p->stream), (unsigned long long)p->record,
	    (unsigned long long)p->offset, (unsigned long long)p->in->most,
	    TEXTS_GROW);
}

/* Read until there is a place to cut, or the end of the stream. */
static int
fill(struct pass *p, struct chunk *c, struct err *e)
{
	size_t want = CHUNK, cut, seen = 0;
	ptrdiff_t got;
	char *to;

	for (;; want = c->bytes.n) {
		to = buf_room(&c->bytes, want);
		if (!to)
			return err_nomem(e, "a text");
		got = in_fill(p->stream, to, want, e);
		if (got == ERR_DAMAGE) {
			c->damage = *e;
			return 0;
		}
		if (got < 0)
			return (int)got;
		c->bytes.n += (size_t)got;
		if ((size_t)got < want)
			break;
		cut = find_cut(p->in, buf_view(&c->bytes), seen);
		/* The last character may have come in part. */
		seen = c->bytes.n > 8 ? c->bytes.n - 8 : 0;
		if (!cut && is_large_chunk(p, c))
			return too_large(p, e);
		if (!cut)
			continue;
		buf_put(&p->rest, c->bytes.p + cut, c->bytes.n - cut);
		c->bytes.n = cut;
		return buf_ok(&p->rest, e);
	}
	/* Damage comes with the read after; a text ends there, too. */
	got = in_fill(p->stream, to + got, 1, e);
	if (got == ERR_DAMAGE)
		c->damage = *e;
	else if (got < 0)
		return (int)got;
	else
		c->bytes.n += (size_t)got;
	p->ended = !c->damage.code;
	c->last = true;
	if (!is_large_chunk(p, c) || find_cut(p->in, buf_view(&c->bytes), seen))
		return 0;
	return too_large(p, e);
}

static uint64_t
count_texts(const struct pass *p, const struct chunk *c)
{
	const char *at = c->bytes.p, *end = at + c->bytes.n;
	uint64_t n = 0;

	if (!p->in->lines)
		return c->last;
	for (; at < end; n++) {
		at = memchr(at, '\n', (size_t)(end - at));
		at = at ? at + 1 : end;
	}
	return n;
}

static int
start_chunk(struct pass *p, struct chunk *c, struct err *e)
{
	buf_clear(&c->bytes);
	c->damage.code = 0;
	c->last = false;
	c->first = p->begins;
	buf_str(&c->bytes, buf_view(&p->rest));
	buf_clear(&p->rest);
	return fill(p, c, e);
}

static int
read_chunk(void *ctx, void *job, struct err *e)
{
	struct pass *p = ctx;
	struct chunk *c = job;
	int rc;

	do {
		if (!p->stream || p->ended)
			if ((rc = next_file(p, e)) <= 0)
				return rc;
		if (start_chunk(p, c, e) < 0)
			return e->code;
		/* Nothing behind the damage is no text. */
	} while (p->broken && p->ended && c->bytes.n == 0);
	if (c->damage.code)
		c->last = true;
	c->file = strcmp(p->files.v[p->file], "-") == 0 ? "stdin"
							: p->files.v[p->file];
	c->record = p->record;
	c->offset = p->offset;
	p->begins = c->last;
	p->broken = c->damage.code != 0;
	p->record += count_texts(p, c) + p->broken;
	p->offset += c->bytes.n;
	c->raw = p->raw_done + in_raw_offset(p->stream);
	return 1;
}

/* ---- working ---- */

static int
one_part(struct pass *p, void *worker, struct chunk *c, struct text_part *t,
    struct err *e)
{
	char id[256];
	int n, rc;

	n = snprintf(id, sizeof(id), "%s:%llu", path_base(c->file),
	    (unsigned long long)t->record);
	t->id = (struct str){ id, strnlen(id, sizeof(id)) };
	t->file = c->file;
	t->offset = c->offset;
	if (t->bytes.n)
		t->offset += (uint64_t)(t->bytes.p - c->bytes.p);
	rc = n < 0 ? err_set(e, ERR_IO, "cannot name a text")
		   : p->ops->part(p->ctx, worker, t, &c->em, e);
	if (rc < 0)
		return err_prefix(e, "%s: text %llu, from byte %llu", c->file,
		    (unsigned long long)t->record,
		    (unsigned long long)t->offset);
	if (rc > 0)
		return 0;
	c->em.tally.in += t->last;
	c->em.tally.kept += t->last;
	c->em.tally.bytes_in += t->bytes.n;
	c->em.tally.text_in += t->bytes.n;
	return 0;
}

static int
each_line(struct pass *p, void *worker, struct chunk *c, struct err *e)
{
	const char *at = c->bytes.p, *end = at + c->bytes.n, *eol;
	struct text_part t = { .first = true, .last = true };

	for (t.record = c->record; at < end; at = eol, t.record++) {
		eol = memchr(at, '\n', (size_t)(end - at));
		eol = eol ? eol + 1 : end;
		t.bytes = (struct str){ at, (size_t)(eol - at) };
		if (one_part(p, worker, c, &t, e) < 0)
			return e->code;
	}
	return 0;
}

static int
work_chunk(void *ctx, void *job, int w, struct err *e)
{
	struct pass *p = ctx;
	struct chunk *c = job;
	struct text_part t = { .bytes = buf_view(&c->bytes),
		.first = c->first,
		.last = c->last,
		.record = c->record };
	int rc;

	emit_clear(&c->em);
	if (p->in->lines)
		rc = each_line(p, p->workers[w], c, e);
	else
		rc = one_part(p, p->workers[w], c, &t, e);
	if (rc == 0 && c->damage.code)
		rc = emit_damage(&c->em, c->file, c->record + 1,
		    c->offset + c->bytes.n, (struct str){ NULL, 0 },
		    c->damage.msg, e);
	return rc;
}

static int
write_chunk(void *ctx, void *job, struct err *e)
{
	struct pass *p = ctx;
	struct chunk *c = job;

	if (run_take(p->run, &c->em, e) < 0)
		return e->code;
	if (p->ops->fold && c->em.side.n &&
	    p->ops->fold(p->ctx, buf_view(&c->em.side), e) < 0)
		return e->code;
	progress_tick(&p->run->progress, c->raw, p->run->tally.in);
	return 0;
}

static const struct par_ops par_texts = { read_chunk, work_chunk, write_chunk };

/* ---- setting up ---- */

static int
make_workers(struct pass *p, int n, struct err *e)
{
	int i;

	p->workers = calloc((size_t)n, sizeof(*p->workers));
	if (!p->workers)
		return err_nomem(e, "threads");
	for (i = 0; p->ops->worker_new && i < n; i++) {
		p->workers[i] = p->ops->worker_new(p->ctx, e);
		if (!p->workers[i])
			return e->code;
	}
	return 0;
}

static void
free_workers(struct pass *p, int n)
{
	int i;

	for (i = 0; p->workers && i < n; i++)
		if (p->workers[i])
			p->ops->worker_free(p->workers[i]);
	free(p->workers);
}

static int
run_chunks(struct pass *p, int nthread, struct err *e)
{
	size_t i, n = par_jobs(nthread);
	struct chunk *c = calloc(n, sizeof(*c));
	void **jobs = calloc(n, sizeof(*jobs));
	int rc = 0;

	if (!c || !jobs)
		rc = err_nomem(e, "batches");
	for (i = 0; rc == 0 && i < n; i++) {
		run_emit_init(p->run, &c[i].em);
		jobs[i] = &c[i];
	}
	if (rc == 0)
		rc = par_run(&par_texts, p, jobs, n, nthread, e);
	for (i = 0; c && i < n; i++) {
		buf_free(&c[i].bytes);
		emit_free(&c[i].em);
	}
	free(c);
	free(jobs);
	return rc;
}

static int
run_text(struct pass *p, struct err *e)
{
	struct run *r = p->run;
	int n = r->opt->threads > 1 ? r->opt->threads : 1, rc;

	progress_start(&r->progress, r->cmd->name, "texts",
	    paths_size(&p->files), r->opt->progress, r->opt->quiet);
	rc = make_workers(p, n, e);
	if (rc == 0)
		rc = run_chunks(p, n, e);
	progress_clear(&r->progress);
	free_workers(p, n);
	in_close(p->stream);
	buf_free(&p->rest);
	return rc;
}

/* ---- documents ---- */

static void *
doc_worker_new(void *ctx, struct err *e)
{
	struct pass *p = ctx;

	return p->ops->worker_new(p->ctx, e);
}

static int
one_doc(void *ctx, void *worker, struct doc *d, struct emit *em, struct err *e)
{
	struct pass *p = ctx;
	struct text_part t = { .language = json_str(doc_meta(d, "language")),
		.url = json_str(doc_meta(d, "url")),
		.bytes = d->text,
		.first = true,
		.last = true,
		.id = d->id,
		.file = d->file,
		.record = d->record,
		.offset = d->offset };

	em->tally.kept++;
	return p->ops->part(p->ctx, worker, &t, em, e);
}

static int
fold_docs(void *ctx, struct str side, struct err *e)
{
	struct pass *p = ctx;

	return p->ops->fold ? p->ops->fold(p->ctx, side, e) : 0;
}

static int
run_docs(struct pass *p, struct err *e)
{
	struct docs_ops ops = { .worker_new =
				    p->ops->worker_new ? doc_worker_new : NULL,
		.worker_free = p->ops->worker_free,
		.doc = one_doc,
		.fold = fold_docs };
	struct docs in = { .paths = p->files };

	return docs_run(&in, &ops, p, p->run, e);
}

static bool
has_docs(const struct texts *in, const char *path)
{
	static const char *const ends[] = { ".jsonl", ".jsonl.zst", ".jsonl.gz",
		".ndjson", ".ndjson.zst", ".ndjson.gz" };
	size_t i;

	if (in->from != TEXTS_AUTO)
		return in->from == TEXTS_JSONL;
	for (i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		if (str_ends(str_c(path), str_c(ends[i])))
			return true;
	return false;
}

int
texts_run(const struct texts *in, const struct texts_ops *ops, void *ctx,
    struct run *r, struct err *e)
{
	size_t from, to;
	bool docs;
	int rc = 0;

	/* Neighbours of a kind go together. */
	for (from = 0; rc == 0 && from < in->paths.n; from = to) {
		struct pass p = { .in = in,
			.ops = ops,
			.ctx = ctx,
			.run = r,
			.files = { in->paths.v + from, 0 } };

		docs = has_docs(in, in->paths.v[from]);
		for (to = from + 1; to < in->paths.n; to++)
			if (has_docs(in, in->paths.v[to]) != docs)
				break;
		p.files.n = to - from;
		rc = docs ? run_docs(&p, e) : run_text(&p, e);
	}
	return rc;
}
