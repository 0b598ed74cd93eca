/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <unistd.h>

#include "base/err.h"
#include "dedup/budget.h"
#include "dedup/spanfile.h"
#include "io/scratch.h"

void
spanfile_init(struct spanfile *s, struct budget *b)
{
	*s = (struct spanfile){ .budget = b, .fd = -1 };
}

void
spanfile_free(struct spanfile *s)
{
	parts_free(&s->parts);
	free(s->stretches);
	free(s->index);
	if (s->fd >= 0)
		close(s->fd);
}

void
spanfile_reader_free(struct spanfile_reader *r)
{
	free(r->v);
}

int
spanfile_stretch(struct spanfile *s, uint32_t doc, struct err *e)
{
	uint32_t *v = budget_grow(s->budget, s->stretches, &s->stretch_cap,
	    s->nstretch + 1, sizeof(*v), "documents", e);

	if (!v)
		return e->code;
	s->stretches = v;
	v[s->nstretch++] = doc;
	return 0;
}

int
spanfile_begin(struct spanfile *s, struct err *e)
{
	return parts_init(
	    &s->parts, s->budget, s->nstretch + 1, PART_MOST / 4, e);
}

/* How many of v[n], ascending, are <= doc. */
static size_t
count_upto(const uint32_t *v, size_t n, uint32_t doc)
{
	size_t from = 0, mid;

	while (from < n) {
		mid = from + (n - from) / 2;
		if (v[mid] <= doc)
			from = mid + 1;
		else
			n = mid;
	}
	return from;
}

int
spanfile_put(struct spanfile *s, const struct span *x, struct err *e)
{
	return parts_put(&s->parts,
	    count_upto(s->stretches, s->nstretch, x->doc), x, sizeof(*x), e);
}

static int
by_start(const void *a, const void *b)
{
	const struct span *x = a, *y = b;

	if (x->doc != y->doc)
		return x->doc < y->doc ? -1 : 1;
	return (x->start > y->start) - (x->start < y->start);
}

static int
append(struct spanfile *s, const struct span *v, size_t n, struct err *e)
{
	uint32_t *index;
	size_t i;

	for (i = 0; i < n; i++) {
		if ((s->n + i) % SPANFILE_STEP)
			continue;
		index = budget_grow(s->budget, s->index, &s->index_cap,
		    s->nindex + 1, sizeof(*index), "spans", e);
		if (!index)
			return e->code;
		s->index = index;
		index[s->nindex++] = v[i].doc;
	}
	if (scratch_write(s->fd, v, n * sizeof(*v), s->n * sizeof(*v), e) < 0)
		return e->code;
	s->n += n;
	return 0;
}

static int
sort_part(struct spanfile *s, size_t part, struct err *e)
{
	size_t n = parts_size(&s->parts, part) / sizeof(struct span);
	struct part_reader in;
	struct span *v;
	int rc;

	if (n == 0)
		return 0;
	/* qsort() takes as much again. */
	v = budget_calloc(s->budget, n, 2 * sizeof(*v), "sorting", e);
	if (!v)
		return e->code;
	part_open(&in, &s->parts, part);
	rc = part_read(&in, v, n * sizeof(*v), e);
	if (rc > 0) {
		qsort(v, n, sizeof(*v), by_start);
		rc = append(s, v, n, e);
	}
	free(v);
	budget_give(s->budget, 2 * n * sizeof(*v));
	return rc;
}

int
spanfile_sort(struct spanfile *s, struct err *e)
{
	size_t i;

	if (scratch_open(&s->fd, e) < 0)
		return e->code;
	for (i = 0; i < s->parts.n; i++)
		if (sort_part(s, i, e) < 0)
			return e->code;
	parts_free(&s->parts);
	return 0;
}

/* The step that begins with span number `at`. */
static int
read_step(const struct spanfile *s, uint64_t at, struct spanfile_reader *r,
    struct err *e)
{
	uint64_t left = s->n - at;

	if (r->nread && r->at == at)
		return 0;
	r->at = at;
	r->nread = left < SPANFILE_STEP ? (size_t)left : SPANFILE_STEP;
	if (scratch_read(s->fd, r->read, r->nread * sizeof(*r->read),
		at * sizeof(*r->read), e) == 0)
		return 0;
	r->nread = 0;
	return e->code;
}

static int
add_span(struct spanfile_reader *r, const struct span *x, struct err *e)
{
	size_t cap = r->cap ? 2 * r->cap : 64;
	struct span *v = r->v;

	if (r->n == r->cap) {
		v = realloc(v, cap * sizeof(*v));
		if (!v)
			return err_nomem(e, "spans");
		r->v = v;
		r->cap = cap;
	}
	r->v[r->n++] = *x;
	return 0;
}

int
spanfile_of(const struct spanfile *s, uint32_t doc, struct spanfile_reader *r,
    struct err *e)
{
	/* The steps that begin before the document, the last one first. */
	size_t i, step = doc ? count_upto(s->index, s->nindex, doc - 1) : 0;
	uint64_t at = (step ? step - 1 : 0) * (uint64_t)SPANFILE_STEP;

	r->n = 0;
	for (; at < s->n; at += SPANFILE_STEP) {
		if (read_step(s, at, r, e) < 0)
			return e->code;
		for (i = 0; i < r->nread && r->read[i].doc <= doc; i++)
			if (r->read[i].doc == doc &&
			    add_span(r, &r->read[i], e) < 0)
				return e->code;
		if (i < r->nread)
			break;
	}
	return 0;
}
