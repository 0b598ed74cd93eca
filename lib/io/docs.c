/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/par.h"
#include "io/docs.h"
#include "io/scratch.h"
#include "io/stream.h"

enum {
	BATCH = 512 * 1024, /* bytes of lines: fits the second-level cache */
	MAX_LINE = 1 << 28, /* a longer line is damage, not a document */
};

/* A line within a batch. */
struct line {
	size_t at, n;
};

struct batch {
	struct buf text; /* whole lines, then DOC_PADDING bytes */
	struct line *lines;
	size_t nline, cap;
	const char *file;
	uint64_t record; /* number of the first line's record */
	uint64_t offset; /* of the first byte in the decompressed file */
	uint64_t ordinal, place;
	struct buf note;
	struct str left;   /* of the note */
	struct err damage; /* code set: the stream broke behind these lines */
	uint64_t damage_at;
	uint64_t raw; /* bytes of all files read up to here */
	struct emit em;
};

struct worker {
	struct doc_parser *parser;
	struct arena arena;
	void *own; /* of the ops */
};

struct pass {
	struct docs *in;
	const struct docs_ops *ops;
	void *ctx;
	struct run *run;
	struct worker *workers;
	/* The reader's place. */
	size_t file;
	struct in *stream;
	struct buf rest; /* the line that a batch cut off */
	uint64_t record, offset, ordinal;
	bool at_start; /* of a file: a byte order mark may follow */
	uint64_t raw_done, raw_total;
	bool skipping; /* inside a line over MAX_LINE */
};

int
docs_open(struct docs *in, char *const *args, int n,
    const struct opt_common *opt, struct err *e)
{
	in->spool = NULL;
	in->shard = opt->shard;
	return paths_expand(&in->paths, args, n, &opt->shard, e);
}

void
docs_close(struct docs *in)
{
	size_t i;

	for (i = 0; in->spool && i < in->paths.n; i++)
		if (in->spool[i] >= 0)
			close(in->spool[i]);
	free(in->spool);
	in->spool = NULL;
	paths_free(&in->paths);
}

static int
copy_all(int from, int to, const char *name, struct err *e)
{
	char buf[65536];
	ptrdiff_t n, put, at;

	while ((n = read(from, buf, sizeof(buf))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(e, name, "read");
		for (at = 0; at < n; at += put) {
			put = write(to, buf + at, (size_t)(n - at));
			if (put < 0)
				return err_set(e, ERR_IO,
				    "%s: cannot keep a copy in $TMPDIR: %s",
				    name, strerror(errno));
		}
	}
	return 0;
}

/* *copy stays -1 for a file, which can be opened again. */
static int
spool(const char *path, int *copy, struct err *e)
{
	bool from_stdin = strcmp(path, "-") == 0;
	const char *name = from_stdin ? "stdin" : path;
	struct stat st;
	int fd, rc;

	if (!from_stdin && (stat(path, &st) < 0 || S_ISREG(st.st_mode)))
		return 0;
	if (from_stdin && fstat(STDIN_FILENO, &st) == 0 &&
	    S_ISREG(st.st_mode) && lseek(STDIN_FILENO, 0, SEEK_CUR) == 0) {
		*copy = dup(STDIN_FILENO);
		return *copy < 0 ? err_errno(e, name, "open it") : 0;
	}
	fd = from_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_errno(e, name, "open it");
	rc = scratch_open(copy, e);
	if (rc == 0)
		rc = copy_all(fd, *copy, name, e);
	if (!from_stdin)
		close(fd);
	return rc;
}

int
docs_spool(struct docs *in, struct err *e)
{
	size_t i;

	if (in->spool)
		return 0;
	in->spool = malloc((in->paths.n + 1) * sizeof(*in->spool));
	if (!in->spool)
		return err_nomem(e, "file names");
	for (i = 0; i < in->paths.n; i++)
		in->spool[i] = -1;
	for (i = 0; i < in->paths.n; i++)
		if (spool(in->paths.v[i], &in->spool[i], e) < 0)
			return e->code;
	return 0;
}

/* Open the file whose turn it is, or its copy. */
static int
open_stream(struct pass *p, struct err *e)
{
	int fd = p->in->spool ? p->in->spool[p->file] : -1;
	char copy[64];

	if (fd < 0)
		return in_open(&p->stream, p->in->paths.v[p->file], e);
	snprintf(copy, sizeof(copy), "/proc/self/fd/%d", fd);
	return in_open(&p->stream, copy, e);
}

/* The next file, if there is one: 1, 0 at the end. */
static int
next_file(struct pass *p, struct err *e)
{
	if (p->stream) {
		p->raw_done += in_raw_size(p->stream);
		in_close(p->stream);
		p->stream = NULL;
		p->file++;
	}
	if (p->file == p->in->paths.n)
		return 0;
	if (open_stream(p, e) < 0)
		return e->code;
	p->record = p->offset = 0;
	p->at_start = true;
	p->skipping = false;
	return 1;
}

static bool
is_blank(const char *p, size_t n)
{
	while (n && (*p == ' ' || *p == '\t' || *p == '\r')) {
		p++;
		n--;
	}
	return n == 0;
}

static int
add_line(struct batch *b, size_t at, size_t n, struct err *e)
{
	struct line *more;
	size_t cap;

	if (is_blank(b->text.p + at, n))
		return 0;
	if (b->nline == b->cap) {
		cap = b->cap ? b->cap * 2 : 256;
		more = realloc(b->lines, cap * sizeof(*more));
		if (!more)
			return err_nomem(e, "a batch");
		b->lines = more;
		b->cap = cap;
	}
	b->lines[b->nline++] = (struct line){ at, n };
	return 0;
}

/* Find the lines; the last may lack its newline. */
static int
split_lines(struct batch *b, struct err *e)
{
	const char *p = b->text.p;
	size_t at = 0, n = b->text.n, len;
	const char *eol;

	b->nline = 0;
	while (at < n) {
		eol = memchr(p + at, '\n', n - at);
		len = eol ? (size_t)(eol - p) - at : n - at;
		if (add_line(b, at, len, e) < 0)
			return e->code;
		at += len + 1;
	}
	return 0;
}

/* Bytes behind the last newline go to the next batch. */
static int
keep_rest(struct pass *p, struct batch *b, struct err *e)
{
	const char *last = memrchr(b->text.p, '\n', b->text.n);
	size_t whole = last ? (size_t)(last - b->text.p) + 1 : 0;

	buf_put(&p->rest, b->text.p + whole, b->text.n - whole);
	b->text.n = whole;
	return buf_ok(&p->rest, e);
}

static void
skip_bom(struct pass *p, struct batch *b)
{
	if (p->at_start && b->text.n >= 3 &&
	    memcmp(b->text.p, "\xef\xbb\xbf", 3) == 0)
		memcpy(b->text.p, "   ", 3);
	if (b->text.n)
		p->at_start = false;
}

/* Everything in b is one line that's too long: drop it, skip what follows. */
static void
give_up_line(struct pass *p, struct batch *b)
{
	err_set(&b->damage, ERR_DAMAGE,
	    "a line of over %d bytes: is this JSON Lines?", MAX_LINE);
	b->damage_at = p->offset;
	p->offset += b->text.n;
	b->text.n = 0;
	p->skipping = true;
}

/* Leave what follows the newline of the line given up in b. */
static void
skip_line(struct pass *p, struct batch *b)
{
	const char *eol = memchr(b->text.p, '\n', b->text.n);
	size_t drop = eol ? (size_t)(eol - b->text.p) + 1 : b->text.n;

	memmove(b->text.p, b->text.p + drop, b->text.n - drop);
	b->text.n -= drop;
	p->offset += drop;
	p->skipping = !eol;
}

/* Fill b with lines: the rest of before, then from the stream. */
static int
read_lines(struct pass *p, struct batch *b, struct err *e)
{
	size_t want = BATCH;
	ptrdiff_t got;
	char *to;

	for (;;) {
		to = buf_room(&b->text, want + DOC_PADDING);
		if (!to)
			return err_nomem(e, "a batch");
		got = in_fill(p->stream, to, want, e);
		if (got < 0 && got != ERR_DAMAGE)
			return (int)got;
		if (got == ERR_DAMAGE) {
			b->damage = *e;
			b->damage_at = in_member(p->stream);
			return 0;
		}
		b->text.n += (size_t)got;
		if (p->skipping)
			skip_line(p, b);
		if ((size_t)got < want)
			return 0; /* the end, or damage with the next read */
		if (memrchr(b->text.p, '\n', b->text.n))
			return keep_rest(p, b, e);
		if (b->text.n >= MAX_LINE) {
			give_up_line(p, b);
			return 0;
		}
		/* A long line: read as much again. */
		want = b->text.n > BATCH ? b->text.n : BATCH;
		if (want > MAX_LINE - b->text.n)
			want = MAX_LINE - b->text.n;
	}
}

static uint64_t
place_of(const struct pass *p)
{
	const struct opt_shard *s = &p->in->shard;
	uint64_t nth = s->n ? s->i + (uint64_t)p->file * s->n : p->file;

	return nth << 32 | p->record;
}

static int
take_note(struct pass *p, struct batch *b, struct err *e)
{
	buf_clear(&b->note);
	if (p->ops->note && p->ops->note(p->ctx, b->place, b->place + b->nline,
				&b->note, e) < 0)
		return e->code;
	b->left = buf_view(&b->note);
	return buf_ok(&b->note, e);
}

static int
read_batch(void *ctx, void *job, struct err *e)
{
	struct pass *p = ctx;
	struct batch *b = job;
	uint64_t bytes;
	int rc;

	for (;;) {
		if (!p->stream && (rc = next_file(p, e)) <= 0)
			return rc;
		buf_clear(&b->text);
		b->damage.code = 0;
		buf_str(&b->text, buf_view(&p->rest));
		buf_clear(&p->rest);
		if (read_lines(p, b, e) < 0)
			return e->code;
		if (b->text.n || b->damage.code)
			break;
		if ((rc = next_file(p, e)) <= 0)
			return rc;
	}
	skip_bom(p, b);
	bytes = b->text.n;
	if (split_lines(b, e) < 0)
		return e->code;
	b->file = strcmp(p->in->paths.v[p->file], "-") == 0
		      ? "stdin"
		      : p->in->paths.v[p->file];
	b->record = p->record;
	b->offset = p->offset;
	b->ordinal = p->ordinal;
	b->place = place_of(p);
	p->record += b->nline;
	p->ordinal += b->nline;
	p->offset += bytes;
	b->raw = p->raw_done + in_raw_offset(p->stream);
	if (b->damage.code) {
		p->record++; /* the gap is a record of its own */
		p->ordinal++;
	}
	return take_note(p, b, e) < 0 ? e->code : 1;
}

static int
one_doc(
    struct pass *p, struct worker *w, struct batch *b, size_t i, struct err *e)
{
	struct emit *em = &b->em;
	struct doc d = {
		.line = { b->text.p + b->lines[i].at, b->lines[i].n },
		.file = b->file,
		.record = b->record + i,
		.offset = b->offset + b->lines[i].at,
		.ordinal = b->ordinal + i,
		.place = b->place + i,
		.note = &b->left,
		.arena = &w->arena,
	};
	struct err bad;
	int rc;

	rc = doc_parse(w->parser, &d, &bad);
	if (rc == ERR_FORMAT)
		return emit_damage(
		    em, d.file, d.record, d.offset, d.line, bad.msg, e);
	if (rc < 0) {
		*e = bad;
		return rc;
	}
	em->tally.in++;
	em->tally.bytes_in += d.line.n + 1;
	em->tally.text_in += d.text.n;
	rc = p->ops->doc(p->ctx, w->own, &d, em, e);
	if (rc < 0)
		err_prefix(e, "%s: record %llu, byte %llu", d.file,
		    (unsigned long long)d.record, (unsigned long long)d.offset);
	return rc;
}

static int
work_batch(void *ctx, void *job, int nth, struct err *e)
{
	struct pass *p = ctx;
	struct batch *b = job;
	struct worker *w = &p->workers[nth];
	size_t i;

	emit_clear(&b->em);
	for (i = 0; i < b->nline; i++) {
		arena_reset(&w->arena);
		if (one_doc(p, w, b, i, e) < 0)
			return e->code;
	}
	if (b->damage.code)
		return emit_damage(&b->em, b->file, b->record + b->nline,
		    b->damage_at, (struct str){ NULL, 0 }, b->damage.msg, e);
	return 0;
}

static int
write_batch(void *ctx, void *job, struct err *e)
{
	struct pass *p = ctx;
	struct batch *b = job;

	if (run_take(p->run, &b->em, e) < 0)
		return e->code;
	if (p->ops->fold && b->em.side.n &&
	    p->ops->fold(p->ctx, buf_view(&b->em.side), e) < 0)
		return e->code;
	progress_tick(&p->run->progress, b->raw, p->run->tally.in);
	return 0;
}

static const struct par_ops par_docs = { read_batch, work_batch, write_batch };

static int
make_workers(struct pass *p, int n, struct err *e)
{
	int i;

	p->workers = calloc((size_t)n, sizeof(*p->workers));
	if (!p->workers)
		return err_nomem(e, "threads");
	for (i = 0; i < n; i++) {
		p->workers[i].parser = doc_parser_new();
		if (!p->workers[i].parser)
			return err_nomem(e, "threads");
		if (!p->ops->worker_new)
			continue;
		p->workers[i].own = p->ops->worker_new(p->ctx, e);
		if (!p->workers[i].own)
			return e->code;
	}
	return 0;
}

static void
free_workers(struct pass *p, int n)
{
	int i;

	for (i = 0; p->workers && i < n; i++) {
		doc_parser_free(p->workers[i].parser);
		arena_free(&p->workers[i].arena);
		if (p->workers[i].own && p->ops->worker_free)
			p->ops->worker_free(p->workers[i].own);
	}
	free(p->workers);
}

/* Run with njob batches; jobs points to them. */
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
		rc = par_run(&par_docs, p, jobs, n, nthread, e);
	for (i = 0; b && i < n; i++) {
		buf_free(&b[i].text);
		buf_free(&b[i].note);
		free(b[i].lines);
		emit_free(&b[i].em);
	}
	free(b);
	free(jobs);
	return rc;
}

int
docs_run(struct docs *in, const struct docs_ops *ops, void *ctx, struct run *r,
    struct err *e)
{
	struct pass p = { .in = in, .ops = ops, .ctx = ctx, .run = r };
	int n = r->opt->threads > 1 ? r->opt->threads : 1;
	int rc;

	progress_start(&r->progress, r->cmd->name, "documents",
	    paths_size(&in->paths), r->opt->progress, r->opt->quiet);
	rc = make_workers(&p, n, e);
	if (rc == 0)
		rc = run_batches(&p, n, e);
	progress_clear(&r->progress);
	free_workers(&p, n);
	in_close(p.stream);
	buf_free(&p.rest);
	return rc;
}

static void
say_nothing(struct run *r, struct str line)
{
	(void)r;
	(void)line;
}

int
docs_scan(struct docs *in, const struct docs_ops *ops, void *ctx,
    const struct run *r, struct err *e)
{
	/* No files: what the workers emit besides em->side goes nowhere. */
	struct run look = { .cmd = r->cmd, .opt = r->opt, .warn = say_nothing };
	int rc = docs_run(in, ops, ctx, &look, e);

	run_abort(&look);
	return rc;
}
