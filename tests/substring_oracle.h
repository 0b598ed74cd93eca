/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SUBSTRING_ORACLE_H
#define TESTS_SUBSTRING_ORACLE_H

/*
 * dedup substring as its definition says, by sorting all windows of all texts:
 * for the unit test and the bench.  Runs the command in this process with
 * --action mark and compares its spans.
 */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "dedup/substring.h"
#include "io/docs.h"
#include "io/json.h"
#include "io/stream.h"

struct oracle_doc {
	struct str id;
	size_t at, n; /* in the texts of all, one behind the other by id */
};

struct oracle {
	size_t width;
	char *text;
	struct oracle_doc *docs; /* by id */
	size_t ndoc, n;
	/* By byte of the text: the window there stands first at. */
	uint32_t *first;
	bool *covered;
	size_t nspan, bad;
};

static const struct oracle *oracle_now; /* for qsort() */

static int
oracle_by_window(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	int c = memcmp(
	    oracle_now->text + x, oracle_now->text + y, oracle_now->width);

	return c ? c : (x > y) - (x < y);
}

/* Fill first and covered. */
static void
oracle_solve(struct oracle *o)
{
	uint32_t *v = calloc(o->n + 1, sizeof(*v)), least = 0;
	size_t i, k, n = 0;

	o->first = calloc(o->n + 1, sizeof(*o->first));
	o->covered = calloc(o->n + 1, sizeof(*o->covered));
	for (i = 0; i < o->ndoc; i++)
		for (k = 0; k + o->width <= o->docs[i].n; k++)
			v[n++] = (uint32_t)(o->docs[i].at + k);
	oracle_now = o;
	qsort(v, n, sizeof(*v), oracle_by_window);
	for (i = 0; i < n; i++) {
		if (i == 0 ||
		    memcmp(o->text + v[i - 1], o->text + v[i], o->width) != 0)
			least = v[i];
		o->first[v[i]] = least;
		for (k = 0; v[i] != least && k < o->width; k++)
			o->covered[v[i] + k] = true;
	}
	free(v);
}

static bool
oracle_in_char(const struct oracle *o, const struct oracle_doc *d, size_t i)
{
	return i < d->n && (o->text[d->at + i] & 0xc0) == 0x80;
}

/* The next span of a document from *i on: false if there is none. */
static bool
oracle_next(const struct oracle *o, const struct oracle_doc *d, size_t *i,
    size_t *start, size_t *end, size_t *first)
{
	for (;;) {
		while (*i < d->n && !o->covered[d->at + *i])
			++*i;
		if (*i == d->n)
			return false;
		*start = *i;
		*first = o->first[d->at + *start];
		while (*i < d->n && o->covered[d->at + *i])
			++*i;
		for (*end = *i; *start < *end && oracle_in_char(o, d, *start);)
			++*start, ++*first;
		while (*start < *end && oracle_in_char(o, d, *end))
			--*end;
		if (*start < *end)
			return true;
	}
}

static const struct oracle_doc *
oracle_doc_at(const struct oracle *o, size_t at)
{
	const struct oracle_doc *d = o->docs + o->ndoc - 1;

	while (d->at > at || d->n == 0)
		d--;
	return d;
}

static int
oracle_by_id(const void *a, const void *b)
{
	return str_cmp(((const struct oracle_doc *)a)->id,
	    ((const struct oracle_doc *)b)->id);
}

/* Does metadata.dedup_substring say what it should? */
static void
oracle_compare(struct oracle *o, struct json_val doc)
{
	const struct oracle_doc key = { .id = json_str(json_get(doc, "id")) },
				*d = bsearch(&key, o->docs, o->ndoc,
				    sizeof(key), oracle_by_id),
				*of;
	struct json_iter it =
	    json_each(json_path(doc, "metadata.dedup_substring.spans"));
	struct json_val v;
	size_t i = 0, start, end, first;

	while (oracle_next(o, d, &i, &start, &end, &first)) {
		of = oracle_doc_at(o, first);
		o->nspan++;
		o->bad +=
		    !json_next(&it, NULL, &v) ||
		    json_u64(json_get(v, "start"), SIZE_MAX) != start ||
		    json_u64(json_get(v, "end"), SIZE_MAX) != end ||
		    !str_eq(json_str(json_get(v, "of")), of->id) ||
		    json_u64(json_get(v, "at"), SIZE_MAX) != first - of->at;
	}
	o->bad += json_next(&it, NULL, &v);
}

/* For each line of a file of documents. */
static int
oracle_each(struct oracle *o, const char *file,
    void (*take)(struct oracle *o, struct json_val doc), struct err *e)
{
	char *p, *at, *eol;
	struct json *j;
	size_t n;

	if (in_slurp(file, &p, &n, e) < 0)
		return e->code;
	for (at = p; (eol = memchr(at, '\n', n - (size_t)(at - p)));
	     at = eol + 1) {
		if (json_parse(&j, at, (size_t)(eol - at), e) < 0)
			return e->code;
		take(o, json_root(j));
		json_free(j);
	}
	free(p);
	return 0;
}

/* Texts go to the heap until their order is known. */
static void
oracle_take(struct oracle *o, struct json_val doc)
{
	struct str id = json_str(json_get(doc, "id")),
		   text = json_str(json_get(doc, "text"));
	struct oracle_doc *d;
	char *copy = malloc(id.n + text.n + 1);

	o->docs = realloc(o->docs, (o->ndoc + 1) * sizeof(*o->docs));
	memcpy(copy, id.p, id.n);
	memcpy(copy + id.n, text.n ? text.p : "", text.n);
	d = &o->docs[o->ndoc++];
	*d = (struct oracle_doc){ .id = { copy, id.n }, .n = text.n };
	o->n += text.n;
}

static int
oracle_read(struct oracle *o, const char *file, struct err *e)
{
	size_t i, at = 0;

	if (oracle_each(o, file, oracle_take, e) < 0)
		return e->code;
	if (o->ndoc)
		qsort(o->docs, o->ndoc, sizeof(*o->docs), oracle_by_id);
	o->text = malloc(o->n + 1);
	for (i = 0; i < o->ndoc; i++) {
		struct oracle_doc *d = &o->docs[i];

		d->at = at;
		memcpy(o->text + at, d->id.p + d->id.n, d->n);
		at += d->n;
	}
	return 0;
}

static void
oracle_free(struct oracle *o)
{
	size_t i;

	for (i = 0; i < o->ndoc; i++)
		free((char *)(uintptr_t)o->docs[i].id.p);
	free(o->docs);
	free(o->text);
	free(o->first);
	free(o->covered);
}

/* Damage is part of the corpora. */
static void
oracle_warn(struct run *r, struct str line)
{
	(void)r;
	(void)line;
}

/* dedup substring, from file to file. */
static int
oracle_run(const char *from, const char *to, size_t width, bool cut,
    int threads, uint64_t memory, struct err *e)
{
	static const struct opt_cmd cmd = { .name = "dedup" };
	const struct substring_opt opt = { .least = (int)width,
		.action = cut ? "cut" : "mark" };
	struct opt_common common = {
		.threads = threads, .memory = memory, .quiet = true, .out = to
	};
	char *in_path = strdup(from);
	struct docs in;
	struct run r;
	int rc;

	rc = docs_open(&in, &in_path, 1, &common, e);
	if (rc == 0)
		rc = run_open(&r, &cmd, &common, false, oracle_warn, e);
	if (rc == 0)
		rc = dedup_substring(&in, &r, &opt, e);
	if (rc == 0)
		rc = run_close(&r, e);
	docs_close(&in);
	free(in_path);
	return rc;
}

#endif
