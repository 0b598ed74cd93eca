/* SPDX-License-Identifier: MIT */
#include "wordfile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "bytelevel.h"
#include "io/stream.h"

enum { BLOCK = 1 << 18 };

static const char magic[] = "#quern-counts 1 ";
static const char end_mark[] = "#end ";

/* ---- writing ---- */

static int
flush(struct wordfile *f, struct err *e)
{
	int rc = buf_ok(&f->line, e);

	if (rc == 0)
		rc = out_write(f->out, f->line.p, f->line.n, e);
	buf_clear(&f->line);
	return rc;
}

int
wordfile_start(
    struct wordfile *f, struct out *out, const char *pattern, struct err *e)
{
	*f = (struct wordfile){ .out = out };
	buf_puts(&f->line, magic);
	bytelevel_encode(&f->line, str_c(pattern));
	buf_putc(&f->line, '\n');
	return buf_ok(&f->line, e);
}

int
wordfile_put(void *ctx, struct str word, uint64_t n, struct err *e)
{
	struct wordfile *f = ctx;

	buf_u64(&f->line, n);
	buf_putc(&f->line, '\t');
	bytelevel_encode(&f->line, word);
	buf_putc(&f->line, '\n');
	f->pieces++;
	return f->line.n < BLOCK ? 0 : flush(f, e);
}

int
wordfile_end(struct wordfile *f, struct err *e)
{
	int rc;

	buf_printf(
	    &f->line, "%s%llu\n", end_mark, (unsigned long long)f->pieces);
	rc = flush(f, e);
	buf_free(&f->line);
	return rc;
}

/* ---- reading ---- */

struct word_reader {
	struct words *words;
	struct buf *pattern;
	uint64_t most;
	uint64_t line;
	bool ended;
	struct buf bytes; /* of a piece */
};

static int
take_head(struct word_reader *r, struct str line, struct err *e)
{
	static const size_t head = sizeof(magic) - 1;

	if (line.n <= head || memcmp(line.p, magic, head) != 0 ||
	    !bytelevel_decode(
		&r->bytes, (struct str){ line.p + head, line.n - head }))
		return err_set(e, ERR_FORMAT,
		    "it doesn't begin with '%sPATTERN': no counts as "
		    "--stage count writes them",
		    magic);
	if (!r->pattern->n)
		buf_str(r->pattern, buf_view(&r->bytes));
	else if (!str_eq(buf_view(r->pattern), buf_view(&r->bytes)))
		return err_set(e, ERR_ARG,
		    "its pieces were split by another pattern: '%.*s', not "
		    "'%.*s'",
		    (int)r->bytes.n, r->bytes.p, (int)r->pattern->n,
		    r->pattern->p);
	return buf_ok(r->pattern, e);
}

/* The count at the line's beginning; *rest is behind the tab. */
static bool
parse_count(struct str line, uint64_t *n, struct str *rest)
{
	size_t i;

	*n = 0;
	for (i = 0; i < line.n && line.p[i] >= '0' && line.p[i] <= '9'; i++) {
		if (*n > (INT64_MAX - 9) / 10)
			return false;
		*n = *n * 10 + (uint64_t)(line.p[i] - '0');
	}
	*rest = (struct str){ line.p + i + 1, line.n - i - 1 };
	return i > 0 && i + 1 < line.n && line.p[i] == '\t';
}

/* "#end N" behind N pieces: a file that was cut off lacks it. */
static int
take_end(struct word_reader *r, struct str line, struct err *e)
{
	char want[32];
	int n = snprintf(want, sizeof(want), "%s%llu", end_mark,
	    (unsigned long long)(r->line - 2));

	r->ended = true;
	if (str_eq(line, (struct str){ want, (size_t)n }))
		return 0;
	return err_set(e, ERR_FORMAT,
	    "'%s' is needed behind as many pieces: some are missing", want);
}

static int
take_line(struct word_reader *r, struct str line, struct err *e)
{
	struct str rest;
	uint64_t n;

	r->line++;
	buf_clear(&r->bytes);
	if (r->line == 1)
		return take_head(r, line, e);
	if (r->ended)
		return err_set(e, ERR_FORMAT, "this stands behind the end");
	if (str_starts(line, str_c(end_mark)))
		return take_end(r, line, e);
	if (!parse_count(line, &n, &rest) || !bytelevel_decode(&r->bytes, rest))
		return err_set(
		    e, ERR_FORMAT, "this is no count, tab and piece");
	if (buf_ok(&r->bytes, e) < 0 ||
	    words_add(r->words, buf_view(&r->bytes), n, e) < 0)
		return e->code;
	if (r->most && words_memory(r->words) > r->most)
		return err_set(
		    e, ERR_ARG, "the distinct pieces don't fit in --memory");
	return 0;
}

/* All whole lines; the rest moves to the beginning. */
static int
take_lines(struct word_reader *r, struct buf *b, bool last, struct err *e)
{
	char *p = b->p, *end = b->p + b->n, *eol;

	for (; p < end; p = eol + 1) {
		eol = memchr(p, '\n', (size_t)(end - p));
		if (!eol && !last)
			break;
		if (!eol)
			eol = end;
		if (take_line(r, (struct str){ p, (size_t)(eol - p) }, e) < 0)
			return e->code;
	}
	b->n = p < end ? (size_t)(end - p) : 0;
	if (b->n)
		memmove(b->p, p, b->n);
	return 0;
}

static int
read_lines(struct word_reader *r, struct in *in, struct err *e)
{
	struct buf b = { 0 };
	ptrdiff_t n = 1;
	char *to;
	int rc = 0;

	while (rc == 0 && n > 0) {
		to = buf_room(&b, BLOCK);
		n = to ? in_fill(in, to, BLOCK, e)
		       : err_nomem(e, "the words counted");
		if (n < 0) {
			rc = (int)n;
			break;
		}
		b.n += (size_t)n;
		rc = take_lines(r, &b, n == 0, e);
	}
	if (rc == 0 && r->line == 0)
		rc = take_head(r, (struct str){ NULL, 0 }, e);
	if (rc == 0 && !r->ended)
		rc = err_set(e, ERR_FORMAT,
		    "cut off: the last line is not '%sPIECES'; count again",
		    end_mark);
	buf_free(&b);
	return rc;
}

/* Pairs are counted in 63 bits. */
static int
check_sum(const struct words *w, struct err *e)
{
	uint64_t sum = 0, more, i;

	for (i = 0; i < w->nslot; i++) {
		const struct word *x = &w->slots[i];

		if (__builtin_mul_overflow(x->n, (uint64_t)x->len, &more) ||
		    __builtin_add_overflow(sum, more, &sum) || sum > INT64_MAX)
			return err_set(e, ERR_FORMAT,
			    "counts times lengths come to over 2^63");
	}
	return 0;
}

int
wordfile_read(struct words *w, struct buf *pattern, const char *path,
    uint64_t most, struct err *e)
{
	struct word_reader r = { .words = w, .pattern = pattern, .most = most };
	struct in *in;
	int rc;

	if (in_open(&in, path, e) < 0)
		return e->code;
	rc = read_lines(&r, in, e);
	if (rc == 0)
		rc = check_sum(w, e);
	if (rc < 0)
		err_prefix(e, "%s: line %llu", in_name(in),
		    (unsigned long long)(r.line ? r.line : 1));
	in_close(in);
	buf_free(&r.bytes);
	return rc;
}
