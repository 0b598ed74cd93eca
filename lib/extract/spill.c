/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "extract/spill.h"
#include "io/scratch.h"

enum { RUN_BUFFER = 64 * 1024 };

struct entry {
	struct spill_key key;
	uint64_t number; /* in the order of spill_put() */
	size_t at, n;    /* in bytes */
};

/* In the file: this, then the bytes. */
struct header {
	struct spill_key key;
	uint64_t number, n;
};

struct run {
	uint64_t at, end; /* of what is not read yet */
	struct buf b;     /* read ahead */
	size_t used;
	struct header head; /* of the record that stands first */
};

struct spill {
	size_t memory;
	struct buf bytes;
	struct entry *entry;
	size_t n, cap, next;
	uint64_t number, size;
	int fd;
	struct run *run;
	size_t nrun, cap_run;
	size_t *heap, nheap; /* of runs, the least first */
	struct buf out;
};

struct spill *
spill_new(size_t memory)
{
	struct spill *s = calloc(1, sizeof(*s));

	if (s) {
		s->memory = memory;
		s->fd = -1;
	}
	return s;
}

void
spill_free(struct spill *s)
{
	size_t i;

	if (!s)
		return;
	for (i = 0; i < s->nrun; i++)
		buf_free(&s->run[i].b);
	if (s->fd >= 0)
		close(s->fd);
	buf_free(&s->bytes);
	buf_free(&s->out);
	free(s->entry);
	free(s->run);
	free(s->heap);
	free(s);
}

static int
compare(const struct spill_key *a, uint64_t an, const struct spill_key *b,
    uint64_t bn)
{
	int i;

	for (i = 0; i < 3; i++)
		if (a->v[i] != b->v[i])
			return a->v[i] < b->v[i] ? -1 : 1;
	return (an > bn) - (an < bn);
}

static int
by_key(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return compare(&x->key, x->number, &y->key, y->number);
}

static int
write_all(struct spill *s, const void *p, size_t n, struct err *e)
{
	ptrdiff_t put;
	size_t done = 0;

	while (done < n) {
		put = pwrite(s->fd, (const char *)p + done, n - done,
		    (off_t)(s->size + done));
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return err_errno(e, "scratch file", "write");
		done += (size_t)put;
	}
	s->size += n;
	return 0;
}

static int
add_run(struct spill *s, uint64_t from, struct err *e)
{
	struct run *more;
	size_t cap;

	if (s->nrun == s->cap_run) {
		cap = s->cap_run ? 2 * s->cap_run : 16;
		more = realloc(s->run, cap * sizeof(*more));
		if (!more)
			return err_nomem(e, "runs of a sort");
		s->run = more;
		s->cap_run = cap;
	}
	s->run[s->nrun++] = (struct run){ .at = from, .end = s->size };
	return 0;
}

/* What is in memory goes to the file, sorted. */
static int
write_run(struct spill *s, struct err *e)
{
	uint64_t from = s->size;
	struct header h;
	size_t i;

	if (s->fd < 0 && scratch_open(&s->fd, e) < 0)
		return e->code;
	qsort(s->entry, s->n, sizeof(*s->entry), by_key);
	buf_clear(&s->out);
	for (i = 0; i < s->n; i++) {
		h = (struct header){ s->entry[i].key, s->entry[i].number,
			s->entry[i].n };
		buf_put(&s->out, &h, sizeof(h));
		buf_put(&s->out, s->bytes.p + s->entry[i].at, s->entry[i].n);
		if (s->out.n < RUN_BUFFER && i + 1 < s->n)
			continue;
		if (buf_ok(&s->out, e) < 0 ||
		    write_all(s, s->out.p, s->out.n, e) < 0)
			return e->code;
		buf_clear(&s->out);
	}
	s->n = 0;
	buf_clear(&s->bytes);
	return add_run(s, from, e);
}

int
spill_put(
    struct spill *s, const struct spill_key *k, struct str bytes, struct err *e)
{
	struct entry *more;
	size_t cap;

	if (s->n &&
	    s->bytes.n + bytes.n + s->n * sizeof(*s->entry) > s->memory &&
	    write_run(s, e) < 0)
		return e->code;
	if (s->n == s->cap) {
		cap = s->cap ? 2 * s->cap : 1024;
		more = realloc(s->entry, cap * sizeof(*more));
		if (!more)
			return err_nomem(e, "records to sort");
		s->entry = more;
		s->cap = cap;
	}
	s->entry[s->n++] =
	    (struct entry){ *k, s->number++, s->bytes.n, bytes.n };
	buf_str(&s->bytes, bytes);
	return buf_ok(&s->bytes, e);
}

/* At least n bytes of the run behind used. */
static int
read_run(struct spill *s, struct run *r, size_t n, struct err *e)
{
	size_t want;
	ptrdiff_t got;
	char *to;

	if (r->b.n - r->used >= n)
		return 0;
	memmove(r->b.p, r->b.p + r->used, r->b.n - r->used);
	r->b.n -= r->used;
	r->used = 0;
	while (r->b.n < n) {
		want = n - r->b.n > RUN_BUFFER ? n - r->b.n : RUN_BUFFER;
		want = r->end - r->at < want ? (size_t)(r->end - r->at) : want;
		to = buf_room(&r->b, want);
		if (!to)
			return err_nomem(e, "a run");
		got = pread(s->fd, to, want, (off_t)r->at);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return err_errno(e, "scratch file", "read");
		r->b.n += (size_t)got;
		r->at += (uint64_t)got;
	}
	return 0;
}

/* The run's next header; false at its end. */
static int
next_head(struct spill *s, struct run *r, struct err *e)
{
	if (r->b.n == r->used && r->at == r->end)
		return 0;
	if (!r->b.p && !buf_room(&r->b, RUN_BUFFER))
		return err_nomem(e, "a run");
	if (read_run(s, r, sizeof(r->head), e) < 0)
		return e->code;
	memcpy(&r->head, r->b.p + r->used, sizeof(r->head));
	r->used += sizeof(r->head);
	return 1;
}

static bool
before(const struct spill *s, size_t a, size_t b)
{
	const struct header *x = &s->run[s->heap[a]].head,
			    *y = &s->run[s->heap[b]].head;

	return compare(&x->key, x->number, &y->key, y->number) < 0;
}

static void
sink(struct spill *s, size_t i)
{
	size_t least, k, t;

	for (;;) {
		least = i;
		for (k = 2 * i + 1; k <= 2 * i + 2 && k < s->nheap; k++)
			if (before(s, k, least))
				least = k;
		if (least == i)
			return;
		t = s->heap[i];
		s->heap[i] = s->heap[least];
		s->heap[least] = t;
		i = least;
	}
}

int
spill_sort(struct spill *s, struct err *e)
{
	size_t i;
	int rc;

	if (!s->nrun) {
		if (s->n)
			qsort(s->entry, s->n, sizeof(*s->entry), by_key);
		return 0;
	}
	if (s->n && write_run(s, e) < 0)
		return e->code;
	buf_free(&s->bytes);
	s->heap = calloc(s->nrun, sizeof(*s->heap));
	if (!s->heap)
		return err_nomem(e, "runs of a sort");
	for (i = 0; i < s->nrun; i++) {
		rc = next_head(s, &s->run[i], e);
		if (rc < 0)
			return rc;
		s->heap[s->nheap++] = i;
	}
	for (i = s->nheap; i-- > 0;)
		sink(s, i);
	return 0;
}

int
spill_next(
    struct spill *s, struct spill_key *k, struct str *bytes, struct err *e)
{
	struct run *r;
	size_t n;
	int rc;

	if (!s->nrun) {
		if (s->next == s->n)
			return 0;
		*k = s->entry[s->next].key;
		*bytes = (struct str){ s->bytes.p + s->entry[s->next].at,
			s->entry[s->next].n };
		s->next++;
		return 1;
	}
	if (!s->nheap)
		return 0;
	r = &s->run[s->heap[0]];
	n = (size_t)r->head.n;
	if (read_run(s, r, n, e) < 0)
		return e->code;
	buf_clear(&s->out);
	buf_put(&s->out, r->b.p + r->used, n);
	if (buf_ok(&s->out, e) < 0)
		return e->code;
	r->used += n;
	*k = r->head.key;
	*bytes = buf_view(&s->out);
	rc = next_head(s, r, e);
	if (rc < 0)
		return rc;
	if (rc == 0)
		s->heap[0] = s->heap[--s->nheap];
	if (s->nheap)
		sink(s, 0);
	return 1;
}
