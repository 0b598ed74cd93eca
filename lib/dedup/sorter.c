/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/err.h"
#include "base/num.h"
#include "dedup/sorter.h"
#include "io/scratch.h"

enum {
	LEAST = 64 << 10,   /* bytes of a region */
	READ_AT = 64 << 10, /* bytes of a run that are in memory, at least */
	FEWEST = 4,         /* runs that are merged at once */
	DEEP = 8,           /* words of a record that are sorted by radix */
};

/* A run while it is merged: its next record is rec, its key in front. */
struct run_reader {
	uint64_t at, end; /* what is still in the file */
	struct buf buf;
	size_t pos;
	uint64_t key;
	struct str rec;
};

void
sorter_init(struct sorter *s, bool pairs, uint64_t limit)
{
	*s = (struct sorter){
		.pairs = pairs, .fd = -1, .limit = limit > LEAST ? limit : LEAST
	};
}

static void
free_readers(struct sorter *s)
{
	size_t i;

	for (i = 0; s->readers && i < s->nrun; i++)
		buf_free(&s->readers[i].buf);
	free(s->readers);
	free(s->heap);
	s->readers = NULL;
	s->heap = NULL;
}

static void
free_region(struct sorter *s)
{
	if (s->mem)
		munmap(s->mem, s->size);
	s->mem = NULL;
	s->size = s->used = s->n = 0;
}

void
sorter_free(struct sorter *s)
{
	free_readers(s);
	free_region(s);
	free(s->runs);
	if (s->limit && s->fd >= 0)
		close(s->fd);
	*s = (struct sorter){ 0 };
}

/* Address space of at least `least` bytes; pages come as they are used. */
static int
make_region(struct sorter *s, size_t least, struct err *e)
{
	size_t n = s->limit > least ? s->limit : least;
	void *p = MAP_FAILED;

	n = (n + LEAST - 1) / LEAST * LEAST;
	while (p == MAP_FAILED && n >= least && n >= LEAST) {
		p = mmap(NULL, n, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (p == MAP_FAILED)
			n = n / 2 / LEAST * LEAST;
	}
	if (p == MAP_FAILED)
		return err_nomem(e, "sorting");
	s->mem = p;
	s->size = n;
	return 0;
}

static struct pair *
items(const struct sorter *s)
{
	return (struct pair *)(void *)(s->mem + s->size) - s->n;
}

/* Is there room for n bytes, an item, and scratch to sort the items in? */
static bool
fits(const struct sorter *s, size_t n)
{
	size_t free_bytes = s->size - s->used;

	return s->mem && n <= free_bytes &&
	       (s->n + 1) * 2 * sizeof(struct pair) <= free_bytes - n;
}

static uint64_t
big_endian(const char *p, size_t n)
{
	uint64_t x = 0;

	memcpy(&x, p, n < sizeof(x) ? n : sizeof(x));
	return __builtin_bswap64(x);
}

/* A record in memory stands behind its length. */
static struct str
record_at(uint64_t place)
{
	const char *p = (const char *)(uintptr_t)place;
	uint32_t n;

	memcpy(&n, p, sizeof(n));
	return (struct str){ p + sizeof(n), n };
}

static void
swap_members(struct pair *v, size_t n)
{
	uint64_t t;
	size_t i;

	for (i = 0; i < n; i++) {
		t = v[i].key;
		v[i].key = v[i].value;
		v[i].value = t;
	}
}

static size_t
tie(const struct pair *v, size_t i, size_t n)
{
	size_t from = i;

	while (++i < n && v[i].key == v[from].key)
		;
	return i - from;
}

static void
order_pairs(struct pair *v, struct pair *tmp, size_t n)
{
	size_t i, len;

	sort_pairs(v, tmp, n);
	for (i = 0; i < n; i += len) {
		len = tie(v, i, n);
		if (len == 1)
			continue;
		swap_members(v + i, len);
		sort_pairs(v + i, tmp, len);
		swap_members(v + i, len);
	}
}

static int
by_bytes(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;

	return str_cmp(record_at(x->value), record_at(y->value));
}

/* By the depth-th eight bytes and what follows; key has these. */
static void
order_records(struct pair *v, struct pair *tmp, size_t n, size_t depth)
{
	size_t i, k, len, skip = (depth + 1) * sizeof(uint64_t);
	struct str r;

	sort_pairs(v, tmp, n);
	for (i = 0; i < n; i += len) {
		len = tie(v, i, n);
		if (len == 1)
			continue;
		if (len <= 16 || depth == DEEP) {
			qsort(v + i, len, sizeof(*v), by_bytes);
			continue;
		}
		for (k = i; k < i + len; k++) {
			r = record_at(v[k].value);
			if (r.n < skip)
				break;
			v[k].key = big_endian(r.p + skip, r.n - skip);
		}
		if (k < i + len) /* some end here: lengths count, too */
			qsort(v + i, len, sizeof(*v), by_bytes);
		else
			order_records(v + i, tmp, len, depth + 1);
	}
}

static void
sort_region(struct sorter *s)
{
	struct pair *v = s->mem ? items(s) : NULL;

	if (s->n == 0)
		return;
	if (s->pairs)
		order_pairs(v, v - s->n, s->n);
	else
		order_records(v, v - s->n, s->n, 0);
}

static int
write_run(struct sorter *s, const char *p, size_t n, struct err *e)
{
	if (scratch_write(s->fd, p, n, s->end, e) < 0)
		return e->code;
	s->end += n;
	return 0;
}

/* Where records wait until there are enough to write. */
static int
write_some(struct sorter *s, struct buf *b, size_t least, struct err *e)
{
	if (b->n < least)
		return 0;
	if (buf_ok(b, e) < 0 || write_run(s, b->p, b->n, e) < 0)
		return e->code;
	buf_clear(b);
	return 0;
}

static void
put_record(struct buf *b, struct str r)
{
	uint32_t n = (uint32_t)r.n;

	buf_put(b, &n, sizeof(n));
	buf_str(b, r);
}

static int
new_run(struct sorter *s, uint64_t at, int level, struct err *e)
{
	struct run_of *more =
	    realloc(s->runs, (s->nrun + 1) * sizeof(*s->runs));

	if (!more)
		return err_nomem(e, "sorted runs");
	s->runs = more;
	more[s->nrun++] = (struct run_of){ at, s->end, level };
	return 0;
}

static int
write_records(struct sorter *s, struct err *e)
{
	const struct pair *v = items(s);
	struct buf b = { 0 };
	size_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < s->n; i++) {
		put_record(&b, record_at(v[i].value));
		rc = write_some(s, &b, READ_AT, e);
	}
	if (rc == 0)
		rc = write_some(s, &b, 1, e);
	buf_free(&b);
	return rc;
}

static int merge_level(struct sorter *s, struct err *e);

static int
spill(struct sorter *s, struct err *e)
{
	uint64_t at = s->end;
	int rc;

	if (s->n == 0)
		return 0;
	if (s->fd < 0 && scratch_open(&s->fd, e) < 0)
		return e->code;
	sort_region(s);
	rc = s->pairs ? write_run(s, (const char *)items(s),
			    s->n * sizeof(struct pair), e)
		      : write_records(s, e);
	s->n = s->used = 0;
	if (rc < 0 || new_run(s, at, 0, e) < 0)
		return e->code;
	return merge_level(s, e);
}

/* Room for a record of n bytes and its item. */
static int
make_room(struct sorter *s, size_t n, struct err *e)
{
	size_t least = n + 2 * sizeof(struct pair);

	if (s->mem && spill(s, e) < 0)
		return e->code;
	if (s->mem && fits(s, n))
		return 0;
	free_region(s);
	return make_region(s, least, e);
}

int
sorter_put(struct sorter *s, uint64_t key, uint64_t value, struct err *e)
{
	if (!fits(s, 0) && make_room(s, 0, e) < 0)
		return e->code;
	s->n++;
	*items(s) = (struct pair){ key, value };
	return 0;
}

int
sorter_add(struct sorter *s, struct str record, struct err *e)
{
	uint32_t len = (uint32_t)record.n;
	size_t n = (sizeof(len) + record.n + 7) / 8 * 8;
	char *to;

	if (record.n > UINT32_MAX / 2)
		return err_set(e, ERR_ARG, "a record of over 2 GB to sort");
	if (!fits(s, n) && make_room(s, n, e) < 0)
		return e->code;
	to = s->mem + s->used;
	memcpy(to, &len, sizeof(len));
	if (record.n)
		memcpy(to + sizeof(len), record.p, record.n);
	s->used += n;
	s->n++;
	*items(s) = (struct pair){ big_endian(record.p, record.n),
		(uint64_t)(uintptr_t)to };
	return 0;
}

/* The buffer begins with what is at hand and has n bytes, if the run does. */
static int
fill(struct sorter *s, struct run_reader *r, size_t n, struct err *e)
{
	size_t have = r->buf.n - r->pos, want;

	if (have >= n)
		return 0;
	memmove(r->buf.p, r->buf.p + r->pos, have);
	r->buf.n = have;
	r->pos = 0;
	if (!buf_room(&r->buf, n - have))
		return err_nomem(e, "sorted runs");
	want = r->buf.cap - r->buf.n;
	if (want > r->end - r->at)
		want = (size_t)(r->end - r->at);
	if (scratch_read(s->fd, r->buf.p + have, want, r->at, e) < 0)
		return e->code;
	r->at += want;
	r->buf.n += want;
	return 0;
}

/* 1, 0 at the run's end. */
static int
step(struct sorter *s, struct run_reader *r, struct err *e)
{
	uint32_t n;

	if (fill(s, r, sizeof(struct pair), e) < 0)
		return e->code;
	if (r->pos == r->buf.n)
		return 0;
	if (s->pairs) {
		r->rec = (struct str){ r->buf.p + r->pos, sizeof(struct pair) };
		memcpy(&r->key, r->rec.p, sizeof(r->key));
		r->pos += sizeof(struct pair);
		return 1;
	}
	memcpy(&n, r->buf.p + r->pos, sizeof(n));
	if (fill(s, r, sizeof(n) + n, e) < 0)
		return e->code;
	r->rec = (struct str){ r->buf.p + r->pos + sizeof(n), n };
	r->key = big_endian(r->rec.p, n);
	r->pos += sizeof(n) + n;
	return 1;
}

static bool
less(const struct sorter *s, size_t a, size_t b)
{
	const struct run_reader *x = &s->readers[a], *y = &s->readers[b];
	uint64_t v, w;

	if (x->key != y->key)
		return x->key < y->key;
	if (!s->pairs)
		return str_cmp(x->rec, y->rec) < 0;
	memcpy(&v, x->rec.p + sizeof(v), sizeof(v));
	memcpy(&w, y->rec.p + sizeof(w), sizeof(w));
	return v < w;
}

static void
sift(struct sorter *s, size_t i)
{
	size_t least, child, t;

	for (;; i = least) {
		least = i;
		for (child = 2 * i + 1; child <= 2 * i + 2; child++)
			if (child < s->nheap &&
			    less(s, s->heap[child], s->heap[least]))
				least = child;
		if (least == i)
			return;
		t = s->heap[i];
		s->heap[i] = s->heap[least];
		s->heap[least] = t;
	}
}

/* Bytes of memory for each of n runs: a power of two, as buffers are. */
static size_t
share(const struct sorter *s, size_t n)
{
	size_t room = 1024;

	while (room < (size_t)READ_AT * 16 && room * 2 * n <= s->limit)
		room *= 2;
	return room;
}

/* Merge runs [from, nrun). */
static int
start_merge(struct sorter *s, size_t from, struct err *e)
{
	size_t i, room = share(s, s->nrun - from);
	int rc;

	free_readers(s);
	s->readers = calloc(s->nrun, sizeof(*s->readers));
	s->heap = calloc(s->nrun, sizeof(*s->heap));
	if (!s->readers || !s->heap)
		return err_nomem(e, "sorted runs");
	s->nheap = 0;
	for (i = from; i < s->nrun; i++) {
		s->readers[i].at = s->runs[i].at;
		s->readers[i].end = s->runs[i].end;
		if (!buf_room(&s->readers[i].buf, room))
			return err_nomem(e, "sorted runs");
		rc = step(s, &s->readers[i], e);
		if (rc < 0)
			return rc;
		if (rc)
			s->heap[s->nheap++] = i;
	}
	for (i = s->nheap / 2; i-- > 0;)
		sift(s, i);
	s->started = false;
	return 0;
}

/* The next record of all runs: the reader that has it, NULL at the end. */
static int
merge_next(struct sorter *s, const struct run_reader **r, struct err *e)
{
	int rc;

	if (s->started && s->nheap) {
		rc = step(s, &s->readers[s->heap[0]], e);
		if (rc < 0)
			return rc;
		if (rc == 0)
			s->heap[0] = s->heap[--s->nheap];
		sift(s, 0);
	}
	s->started = true;
	*r = s->nheap ? &s->readers[s->heap[0]] : NULL;
	return 0;
}

static int
write_merged(struct sorter *s, struct err *e)
{
	const struct run_reader *r;
	struct buf b = { 0 };
	int rc;

	while ((rc = merge_next(s, &r, e)) == 0 && r) {
		if (s->pairs)
			buf_str(&b, r->rec);
		else
			put_record(&b, r->rec);
		rc = write_some(s, &b, READ_AT, e);
		if (rc < 0)
			break;
	}
	if (rc == 0)
		rc = write_some(s, &b, 1, e);
	buf_free(&b);
	return rc;
}

/* How many runs are merged at once. */
static size_t
fan_in(const struct sorter *s)
{
	size_t n = s->limit / READ_AT;

	return n > FEWEST ? n : FEWEST;
}

/* When there are as many runs of the last level as that: one of the next. */
static int
merge_level(struct sorter *s, struct err *e)
{
	uint64_t at = s->end;
	size_t from = s->nrun;
	int level = s->runs[s->nrun - 1].level;

	while (from && s->runs[from - 1].level == level)
		from--;
	if (s->nrun - from < fan_in(s))
		return 0;
	free_region(s); /* for the merge */
	if (start_merge(s, from, e) < 0 || write_merged(s, e) < 0)
		return e->code;
	free_readers(s);
	/* What was merged needs no disk any longer, where it can be told. */
	(void)!fallocate(s->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
	    (off_t)s->runs[from].at, (off_t)(at - s->runs[from].at));
	s->nrun = from;
	if (new_run(s, at, level + 1, e) < 0)
		return e->code;
	return merge_level(s, e);
}

int
sorter_sort(struct sorter *s, struct err *e)
{
	s->next = 0;
	if (s->nrun == 0) {
		if (!s->started)
			sort_region(s);
		s->started = true;
		return 0;
	}
	if (spill(s, e) < 0)
		return e->code;
	free_region(s);
	return start_merge(s, 0, e);
}

int
sorter_pair(struct sorter *s, struct pair *p, struct err *e)
{
	const struct run_reader *r;

	if (s->nrun == 0) {
		if (s->next == s->n)
			return 0;
		*p = items(s)[s->next++];
		return 1;
	}
	if (merge_next(s, &r, e) < 0)
		return e->code;
	if (r)
		memcpy(p, r->rec.p, sizeof(*p));
	return r != NULL;
}

int
sorter_record(struct sorter *s, struct str *record, struct err *e)
{
	const struct run_reader *r;

	if (s->nrun == 0) {
		if (s->next == s->n)
			return 0;
		*record = record_at(items(s)[s->next++].value);
		return 1;
	}
	if (merge_next(s, &r, e) < 0)
		return e->code;
	if (r)
		*record = r->rec;
	return r != NULL;
}

bool
sorter_spilled(const struct sorter *s)
{
	return s->nrun != 0;
}
