/* SPDX-License-Identifier: MIT */
/* Lines of text, each a sentence, through a language model. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/par.h"
#include "base/path.h"
#include "filter/ngram_query.h"
#include "io/stream.h"

/* Lines on their way through the threads. */
struct job {
	struct buf text, out;
	struct ngram_row row;
};

enum { JOB_BYTES = 1 << 18, JOB_LINE_MAX = 1 << 28 };

struct query {
	const struct ngram *m;
	const struct paths *paths;
	bool words;
	size_t file;
	struct in *in;
	struct buf rest; /* of the last line, which goes on */
	struct out *out;
};

static const char *
last_newline(const char *p, size_t n)
{
	while (n > 0)
		if (p[--n] == '\n')
			return p + n;
	return NULL;
}

/* Append whole lines of the file, the last of which may lack its end. */
static int
query_fill(struct query *q, struct buf *text, struct err *e)
{
	ptrdiff_t got;
	const char *nl;
	char *p;
	size_t keep;

	for (;;) {
		p = buf_room(text, JOB_BYTES);
		if (!p)
			return err_nomem(e, "lines");
		got = in_fill(q->in, p, JOB_BYTES, e);
		if (got <= 0)
			return (int)got;
		text->n += (size_t)got;
		nl = last_newline(p, (size_t)got);
		if (nl)
			break;
		if (text->n > JOB_LINE_MAX)
			return err_set(e, ERR_FORMAT,
			    "%s: a line of over %d bytes", in_name(q->in),
			    JOB_LINE_MAX);
	}
	keep = (size_t)(text->p + text->n - nl) - 1;
	buf_put(&q->rest, nl + 1, keep);
	text->n -= keep;
	return 1;
}

static int
query_read(void *ctx, void *job, struct err *e)
{
	struct query *q = ctx;
	struct job *j = job;
	int rc;

	buf_clear(&j->text);
	while (q->file < q->paths->n) {
		if (!q->in && in_open(&q->in, q->paths->v[q->file], e) < 0)
			return e->code;
		buf_str(&j->text, buf_view(&q->rest));
		buf_clear(&q->rest);
		rc = query_fill(q, &j->text, e);
		if (rc != 0)
			return rc;
		in_close(q->in);
		q->in = NULL;
		q->file++;
		if (j->text.n)
			return buf_ok(&j->text, e) < 0 ? e->code : 1;
	}
	return 0;
}

/* What query says of the sentences of a row, whose words stand in lines. */
static void
put_words(struct job *j, struct str line, size_t *at)
{
	const struct ngram_row *r = &j->row;
	const char *p = line.p, *end = p + line.n, *from;

	for (++*at; *at < r->n && r->words[*at] != NGRAM_BEGIN; ++*at) {
		while (p < end && ngram_is_white(*p))
			p++;
		for (from = p; p < end && !ngram_is_white(*p);)
			p++;
		buf_printf(&j->out, "%d\t%.9g\t", r->lengths[*at],
		    (double)r->logs[*at]);
		if (from < p)
			buf_put(&j->out, from, (size_t)(p - from));
		else
			buf_puts(&j->out, "</s>");
		buf_putc(&j->out, '\n');
	}
	buf_putc(&j->out, '\n');
}

static void
put_sentence(struct job *j, size_t *at)
{
	const struct ngram_row *r = &j->row;
	uint64_t words = 0, unknown = 0;
	float sum = 0;

	for (++*at; *at < r->n && r->words[*at] != NGRAM_BEGIN; ++*at) {
		sum += r->logs[*at];
		words++;
		unknown += r->words[*at] == NGRAM_UNKNOWN;
	}
	buf_printf(&j->out, "%.9g\t%.6g\t%" PRIu64 "\t%" PRIu64 "\n",
	    (double)sum, ngram_perplexity((double)sum, words), words, unknown);
}

/* The line at *p without its end; false at the end. */
static bool
next_line(const char **p, const char *end, struct str *line)
{
	const char *nl;

	if (*p == end)
		return false;
	nl = memchr(*p, '\n', (size_t)(end - *p));
	*line = (struct str){ *p, (size_t)((nl ? nl : end) - *p) };
	*p = nl ? nl + 1 : end;
	return true;
}

static int
query_work(void *ctx, void *job, int w, struct err *e)
{
	struct query *q = ctx;
	struct job *j = job;
	const char *p = j->text.p, *end = p + j->text.n;
	struct str line;
	size_t at = 0;

	(void)w;
	j->row.n = 0;
	buf_clear(&j->out);
	while (next_line(&p, end, &line))
		if (ngram_row_line(q->m, &j->row, line, e) < 0)
			return e->code;
	if (ngram_score(q->m, &j->row, e) < 0)
		return e->code;
	for (p = j->text.p; next_line(&p, end, &line);)
		if (q->words)
			put_words(j, line, &at);
		else
			put_sentence(j, &at);
	return buf_ok(&j->out, e);
}

static int
query_write(void *ctx, void *job, struct err *e)
{
	struct query *q = ctx;
	struct job *j = job;

	return out_write(q->out, j->out.p, j->out.n, e);
}

static int
run(struct query *q, int threads, struct err *e)
{
	static const struct par_ops ops = { query_read, query_work,
		query_write };
	size_t n = par_jobs(threads), i;
	struct job *jobs = calloc(n, sizeof(*jobs));
	void **list = calloc(n, sizeof(*list));
	int rc = jobs && list ? 0 : err_nomem(e, "lines");

	for (i = 0; rc == 0 && i < n; i++)
		list[i] = &jobs[i];
	if (rc == 0)
		rc = par_run(&ops, q, list, n, threads, e);
	for (i = 0; jobs && i < n; i++) {
		buf_free(&jobs[i].text);
		buf_free(&jobs[i].out);
		ngram_row_free(&jobs[i].row);
	}
	free(jobs);
	free(list);
	return rc;
}

int
ngram_query(const struct ngram *m, const struct paths *paths, bool words,
    int threads, struct out *out, struct err *e)
{
	struct query q = { .m = m, .paths = paths, .words = words, .out = out };
	int rc = run(&q, threads, e);

	if (q.in)
		in_close(q.in);
	buf_free(&q.rest);
	return rc;
}
