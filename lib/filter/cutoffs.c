/* SPDX-License-Identifier: MIT */
#include "filter/cutoffs.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/num.h"
#include "io/stream.h"

enum { LANGUAGES = 4096, NAME_BYTES = 16, PERCENTILES = 101 };

/* ---- the file ---- */

struct column {
	struct str name;
	double head, tail;
};

struct cutoffs {
	char *text;
	struct column *columns;
	size_t n;
};

/* The piece before the next separator, which goes with it. */
static struct str
cut(struct str *s, char at)
{
	const char *p = s->n ? memchr(s->p, at, s->n) : NULL;
	struct str piece = { s->p, p ? (size_t)(p - s->p) : s->n };

	s->p += piece.n + (p != NULL);
	s->n -= piece.n + (p != NULL);
	return piece;
}

static struct str
next_row(struct str *text)
{
	struct str row = cut(text, '\n');

	if (row.n && row.p[row.n - 1] == '\r')
		row.n--;
	return row;
}

static int
read_names(struct cutoffs *c, struct str row, struct err *e)
{
	struct str name;

	if (cut(&row, ',').n > NAME_BYTES || row.n == 0)
		return err_set(e, ERR_FORMAT,
		    "line 1: no languages; it should be \",de,en,...\"");
	c->columns = calloc(LANGUAGES, sizeof(*c->columns));
	if (!c->columns)
		return err_nomem(e, "cut-offs");
	while (row.n) {
		name = cut(&row, ',');
		if (c->n == LANGUAGES || name.n == 0 || name.n > NAME_BYTES)
			return err_set(e, ERR_FORMAT,
			    "line 1: column %zu names no language", c->n + 2);
		c->columns[c->n++].name = name;
	}
	return 0;
}

static int
read_number(struct str s, double *v, struct err *e)
{
	char text[48];

	if (s.n == 0 || s.n >= sizeof(text))
		return err_set(e, ERR_ARG, "no number");
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	if (num_double(text, v, e) < 0)
		return e->code;
	return isfinite(*v) ? 0 : err_set(e, ERR_ARG, "no number");
}

/* Set head or tail of each column. */
static int
read_row(
    struct cutoffs *c, struct str row, unsigned line, bool tail, struct err *e)
{
	size_t i;
	double v;

	for (i = 0; i < c->n; i++) {
		if (read_number(cut(&row, ','), &v, e) < 0)
			return err_set(e, ERR_FORMAT,
			    "line %u: no number for %.*s", line,
			    (int)c->columns[i].name.n, c->columns[i].name.p);
		*(tail ? &c->columns[i].tail : &c->columns[i].head) = v;
	}
	return 0;
}

static int
parse(struct cutoffs *c, struct str text, unsigned head, unsigned tail,
    struct err *e)
{
	bool have[2] = { false, false };
	struct str row = next_row(&text), rest;
	unsigned line, i;
	double p;

	if (read_names(c, row, e) < 0)
		return e->code;
	for (line = 2; text.n; line++) {
		row = rest = next_row(&text);
		if (row.n == 0)
			continue;
		if (read_number(cut(&rest, ','), &p, e) < 0)
			return err_set(e, ERR_FORMAT,
			    "line %u: it does not begin with a percentile",
			    line);
		for (i = 0; i < 2; i++) {
			if (p != (double)(i ? tail : head))
				continue;
			if (read_row(c, rest, line, i, e) < 0)
				return e->code;
			have[i] = true;
		}
	}
	if (have[0] && have[1])
		return 0;
	return err_set(e, ERR_ARG, "it has no row of percentile %u",
	    have[0] ? tail : head);
}

int
cutoffs_parse(struct cutoffs **out, struct str text, unsigned head,
    unsigned tail, struct err *e)
{
	struct cutoffs *c = calloc(1, sizeof(*c));
	int rc;

	*out = NULL;
	if (c)
		c->text = malloc(text.n + 1);
	if (!c || !c->text) {
		free(c);
		return err_nomem(e, "cut-offs");
	}
	if (text.n)
		memcpy(c->text, text.p, text.n);
	rc = parse(c, (struct str){ c->text, text.n }, head, tail, e);
	if (rc < 0)
		cutoffs_free(c);
	else
		*out = c;
	return rc;
}

int
cutoffs_load(struct cutoffs **c, const char *path, unsigned head, unsigned tail,
    struct err *e)
{
	char *p;
	size_t n;
	int rc;

	*c = NULL;
	if (in_slurp(path, &p, &n, e) < 0)
		return e->code;
	rc = cutoffs_parse(c, (struct str){ p, n }, head, tail, e);
	free(p);
	return rc < 0 ? err_prefix(e, "%s", path) : 0;
}

void
cutoffs_free(struct cutoffs *c)
{
	if (!c)
		return;
	free(c->text);
	free(c->columns);
	free(c);
}

const char *
cutoffs_bucket(const struct cutoffs *c, struct str language, double perplexity,
    double *limit)
{
	const struct column *k;
	size_t i;

	*limit = 0;
	for (i = 0; i < c->n; i++) {
		k = &c->columns[i];
		if (!str_eq(k->name, language))
			continue;
		if (perplexity < k->head)
			return "head";
		*limit = perplexity < k->tail ? k->head : k->tail;
		return perplexity < k->tail ? "middle" : "tail";
	}
	return "all";
}

/* ---- the sample ---- */

struct sampled {
	uint64_t hash;
	double perplexity;
};

struct sample_language {
	char name[NAME_BYTES + 1];
	struct sampled *v; /* a heap, the greatest hash first */
	size_t n, cap;
};

struct cutoff_sample {
	size_t most, n;
	struct sample_language languages[LANGUAGES];
};

struct cutoff_sample *
cutoff_sample_new(size_t most)
{
	struct cutoff_sample *s = calloc(1, sizeof(*s));

	if (s)
		s->most = most;
	return s;
}

void
cutoff_sample_free(struct cutoff_sample *s)
{
	size_t i;

	for (i = 0; s && i < s->n; i++)
		free(s->languages[i].v);
	free(s);
}

static struct sample_language *
language_of(struct cutoff_sample *s, struct str name)
{
	struct sample_language *l;
	size_t i;

	if (name.n > NAME_BYTES)
		name.n = NAME_BYTES;
	for (i = 0; i < s->n; i++)
		if (str_eq(str_c(s->languages[i].name), name))
			return &s->languages[i];
	if (s->n == LANGUAGES)
		return NULL;
	l = &s->languages[s->n++];
	memcpy(l->name, name.p, name.n);
	return l;
}

static bool
is_after(const struct sampled *a, const struct sampled *b)
{
	return a->hash != b->hash ? a->hash > b->hash
				  : a->perplexity > b->perplexity;
}

static void
sift_up(struct sampled *v, size_t i)
{
	struct sampled x = v[i];

	for (; i && is_after(&x, &v[(i - 1) / 2]); i = (i - 1) / 2)
		v[i] = v[(i - 1) / 2];
	v[i] = x;
}

static void
sift_down(struct sampled *v, size_t n)
{
	struct sampled x = v[0];
	size_t i = 0, child;

	while ((child = 2 * i + 1) < n) {
		child += child + 1 < n && is_after(&v[child + 1], &v[child]);
		if (!is_after(&v[child], &x))
			break;
		v[i] = v[child];
		i = child;
	}
	v[i] = x;
}

int
cutoff_sample_add(struct cutoff_sample *s, struct str language, uint64_t hash,
    double perplexity, struct err *e)
{
	struct sample_language *l = language_of(s, language);
	struct sampled x = { hash, perplexity }, *v;
	size_t cap;

	if (!l)
		return err_set(
		    e, ERR_FORMAT, "more than %d languages", LANGUAGES);
	if (l->n == s->most) {
		if (is_after(&l->v[0], &x)) {
			l->v[0] = x;
			sift_down(l->v, l->n);
		}
		return 0;
	}
	if (l->n == l->cap) {
		cap = l->cap ? 2 * l->cap : 64;
		v = realloc(l->v, cap * sizeof(*v));
		if (!v)
			return err_nomem(e, "the sample");
		l->v = v;
		l->cap = cap;
	}
	l->v[l->n] = x;
	sift_up(l->v, l->n++);
	return 0;
}

static int
by_perplexity(const void *a, const void *b)
{
	double x = ((const struct sampled *)a)->perplexity,
	       y = ((const struct sampled *)b)->perplexity;

	return (x > y) - (x < y);
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const struct sample_language *)a)->name,
	    ((const struct sample_language *)b)->name);
}

/* Between the two neighbours, as NumPy and pandas have it. */
static double
percentile(const struct sample_language *l, unsigned p)
{
	double at = (double)(l->n - 1) * p / 100;
	size_t i = (size_t)at;
	double low = l->v[i].perplexity,
	       high = l->v[i + 1 < l->n ? i + 1 : i].perplexity;

	return low + (high - low) * (at - (double)i);
}

int
cutoff_sample_write(struct cutoff_sample *s, struct buf *out, struct err *e)
{
	unsigned p;
	size_t i;

	if (s->n == 0)
		return err_set(e, ERR_FORMAT,
		    "no document has metadata.perplexity: run quern perplexity "
		    "label first");
	qsort(s->languages, s->n, sizeof(*s->languages), by_name);
	for (i = 0; i < s->n; i++) {
		qsort(s->languages[i].v, s->languages[i].n,
		    sizeof(struct sampled), by_perplexity);
		buf_printf(out, ",%s", s->languages[i].name);
	}
	buf_putc(out, '\n');
	for (p = 0; p < PERCENTILES; p++) {
		buf_u64(out, p);
		for (i = 0; i < s->n; i++)
			buf_printf(
			    out, ",%.6g", percentile(&s->languages[i], p));
		buf_putc(out, '\n');
	}
	return buf_ok(out, e);
}
