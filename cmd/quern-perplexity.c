/* SPDX-License-Identifier: MIT */
/* Perplexities by language models of n-grams: trains, scores, buckets. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/par.h"
#include "cmd.h"
#include "filter/ngram.h"
#include "io/stream.h"

static struct opt_common common;
static const struct opt shared[] = { OPT_COMMON(&common), { 0 } };

/* ---- query ---- */

static const char *query_model;
static bool query_words;

static const struct opt query_opts[] = {
	{ "model", 0, OPT_STR, &query_model, "FILE",
	    "the language model: ARPA, or a binary file of KenLM", NULL },
	{ "words", 0, OPT_FLAG, &query_words, NULL,
	    "a line for each word: length of the n-gram found, log10, word",
	    NULL },
	{ 0 },
};
static const struct opt_cmd query_cmd = {
	.name = "perplexity query",
	.args = "[FILE...]",
	.summary = "score lines of text, each a sentence",
	.example = "quern perplexity query --model en.arpa.bin sentences.txt",
	.opts = query_opts,
	.common = shared,
};

/* Lines on their way through the threads. */
struct job {
	struct buf text, out;
	struct ngram_row row;
};

enum { JOB_BYTES = 1 << 18, JOB_LINE_MAX = 1 << 28 };

struct query {
	struct ngram *m;
	struct paths paths;
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
	while (q->file < q->paths.n) {
		if (!q->in && in_open(&q->in, q->paths.v[q->file], e) < 0)
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
		if (query_words)
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
query_jobs(struct query *q, struct err *e)
{
	static const struct par_ops ops = { query_read, query_work,
		query_write };
	size_t n = par_jobs(common.threads), i;
	struct job *jobs = calloc(n, sizeof(*jobs));
	void **list = calloc(n, sizeof(*list));
	int rc = jobs && list ? 0 : err_nomem(e, "lines");

	for (i = 0; rc == 0 && i < n; i++)
		list[i] = &jobs[i];
	if (rc == 0)
		rc = par_run(&ops, q, list, n, common.threads, e);
	for (i = 0; jobs && i < n; i++) {
		buf_free(&jobs[i].text);
		buf_free(&jobs[i].out);
		ngram_row_free(&jobs[i].row);
	}
	free(jobs);
	free(list);
	return rc;
}

static int
query_main(int argc, char **argv)
{
	struct query q = { 0 };
	struct err e;
	int rc;

	argc = cmd_begin(&query_cmd, argc, argv);
	rc = query_model ? 0 : err_set(&e, ERR_ARG, "give --model");
	if (rc == 0)
		rc = paths_expand(&q.paths, argv + 1, argc, &common.shard, &e);
	if (rc == 0)
		rc = ngram_load(&q.m, query_model, &e);
	if (rc == 0)
		rc = out_open(&q.out, common.out, &e);
	if (rc == 0)
		rc = query_jobs(&q, &e);
	if (rc == 0) {
		rc = out_commit(q.out, &e);
		q.out = NULL;
	}
	out_close(q.out);
	if (q.in)
		in_close(q.in);
	buf_free(&q.rest);
	paths_free(&q.paths);
	ngram_free(q.m);
	return cmd_end(&query_cmd, rc, &e);
}

/* ---- convert ---- */

static const struct opt_cmd convert_cmd = {
	.name = "perplexity convert",
	.args = "MODEL.arpa",
	.summary = "an ARPA file as KenLM's binary, which loads at once",
	.example = "quern perplexity convert en.arpa.zst -o en.arpa.bin",
	.common = shared,
};

static int
convert(const char *path, struct err *e)
{
	struct ngram *m = NULL;
	struct out *out = NULL;
	int rc = ngram_load_all(&m, path, e);

	if (rc == 0)
		rc = out_open(&out, common.out, e);
	if (rc == 0)
		rc = ngram_write(m, out, e);
	if (rc == 0) {
		rc = out_commit(out, e);
		out = NULL;
	}
	out_close(out);
	ngram_free(m);
	return rc;
}

static int
convert_main(int argc, char **argv)
{
	struct err e;
	int rc;

	argc = cmd_begin(&convert_cmd, argc, argv);
	if (argc > 1)
		rc = err_set(&e, ERR_ARG, "one model, please");
	else
		rc = convert(argc ? argv[1] : "-", &e);
	return cmd_end(&convert_cmd, rc, &e);
}

int
main(int argc, char **argv)
{
	static const struct cmd_sub subs[] = {
		{ "query", "score lines of text, each a sentence", query_main },
		{ "convert", "an ARPA file as KenLM's binary", convert_main },
		{ 0 },
	};

	opt_common_init(&common);
	return cmd_subs(
	    "perplexity", "Language models of n-grams.", subs, argc, argv);
}
