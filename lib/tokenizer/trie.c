/* SPDX-License-Identifier: MIT */
#include "trie.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/num.h"

/* Keys lo <= i < hi are alike up to depth, which is the node. */
struct trie_job {
	size_t lo, hi, depth;
	uint32_t node;
};

struct trie_jobs {
	struct trie_job *v;
	size_t n, cap;
};

static int
by_key(const void *a, const void *b)
{
	const struct trie_key *x = a, *y = b;
	int c = str_cmp(x->s, y->s);

	return c ? c : (x->value > y->value) - (x->value < y->value);
}

static int
trie_room(struct trie *t, size_t n, struct err *e)
{
	size_t cap = t->cap ? t->cap : 1024, bytes;
	struct trie_node *v;

	if (n > UINT32_MAX / 2)
		return err_set(e, ERR_FORMAT, "too many tokens");
	while (cap < n)
		cap *= 2;
	if (cap == t->cap)
		return 0;
	if (!num_mul(cap, sizeof(*v), &bytes) ||
	    !(v = realloc(t->nodes, bytes)))
		return err_nomem(e, "the vocabulary");
	memset(v + t->cap, 0xff, (cap - t->cap) * sizeof(*v));
	t->nodes = v;
	t->cap = cap;
	return 0;
}

static int
push_job(struct trie_jobs *jobs, struct trie_job j, struct err *e)
{
	size_t cap = jobs->cap ? 2 * jobs->cap : 256;
	struct trie_job *v;

	if (jobs->n == jobs->cap) {
		v = realloc(jobs->v, cap * sizeof(*v));
		if (!v)
			return err_nomem(e, "the vocabulary");
		jobs->v = v;
		jobs->cap = cap;
	}
	jobs->v[jobs->n++] = j;
	return 0;
}

static bool
fits(const struct trie *t, size_t base, const uint8_t *bytes, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (base + bytes[i] < t->cap &&
		    t->nodes[base + bytes[i]].parent != TRIE_NONE)
			return false;
	return true;
}

/* A base whose places for these bytes (in order) are free. */
static size_t
find_base(struct trie *t, const uint8_t *bytes, size_t n)
{
	enum { TRIES = 64 };
	size_t at, tries = 0;

	while (t->scan < t->n && t->nodes[t->scan].parent != TRIE_NONE)
		t->scan++;
	for (at = t->scan > bytes[0] ? t->scan : (size_t)bytes[0] + 1;; at++) {
		if (at < t->cap && t->nodes[at].parent != TRIE_NONE)
			continue;
		if (fits(t, at - bytes[0], bytes, n))
			break;
		/* A crowded stretch is given up. */
		if (++tries == TRIES && n == 1)
			t->scan = at;
	}
	if (tries > TRIES)
		t->scan += (at - t->scan) / 2;
	return at - bytes[0];
}

/* The distinct next bytes of a job's keys; those that end here are before. */
static size_t
next_bytes(const struct trie_key *keys, struct trie_job *j, uint8_t *bytes)
{
	size_t n = 0, i;

	while (j->lo < j->hi && keys[j->lo].s.n == j->depth)
		j->lo++;
	for (i = j->lo; i < j->hi; i++) {
		uint8_t c = (uint8_t)keys[i].s.p[j->depth];

		if (n == 0 || bytes[n - 1] != c)
			bytes[n++] = c;
	}
	return n;
}

static int
add_children(struct trie *t, const struct trie_key *keys, struct trie_job j,
    struct trie_jobs *jobs, struct err *e)
{
	uint8_t bytes[256];
	size_t n, base, i, hi, to;

	if (j.depth && keys[j.lo].s.n == j.depth)
		t->nodes[j.node].value = keys[j.lo].value;
	n = next_bytes(keys, &j, bytes);
	if (!n)
		return 0;
	base = find_base(t, bytes, n);
	if (trie_room(t, base + 256, e) < 0)
		return e->code;
	t->nodes[j.node].base = (uint32_t)base;
	for (i = 0; i < n; i++, j.lo = hi) {
		to = base + bytes[i];
		t->nodes[to] = (struct trie_node){ 0, j.node, TRIE_NONE };
		if (t->n <= to)
			t->n = to + 1;
		for (hi = j.lo;
		     hi < j.hi && (uint8_t)keys[hi].s.p[j.depth] == bytes[i];)
			hi++;
		if (push_job(jobs,
			(struct trie_job){
			    j.lo, hi, j.depth + 1, (uint32_t)to },
			e) < 0)
			return e->code;
	}
	return 0;
}

int
trie_build(struct trie *t, struct trie_key *keys, size_t n, struct err *e)
{
	struct trie_jobs jobs = { 0 };
	int rc = trie_room(t, 256, e);

	if (n)
		qsort(keys, n, sizeof(*keys), by_key);
	if (rc == 0) {
		/* Nobody's child: 0 is the base of those that have none. */
		t->nodes[0] = (struct trie_node){ 0, TRIE_NONE - 1, TRIE_NONE };
		t->n = 1;
		t->scan = 1;
		rc = push_job(&jobs, (struct trie_job){ 0, n, 0, 0 }, e);
	}
	while (rc == 0 && jobs.n)
		rc = add_children(t, keys, jobs.v[--jobs.n], &jobs, e);
	free(jobs.v);
	return rc;
}

void
trie_free(struct trie *t)
{
	free(t->nodes);
	*t = (struct trie){ 0 };
}

uint32_t
trie_longest(const struct trie *t, struct str s, size_t *len)
{
	uint32_t node = 0, value = TRIE_NONE;
	size_t i;

	*len = 0;
	for (i = 0; t->n && i < s.n && trie_step(t, &node, (uint8_t)s.p[i]);
	     i++)
		if (t->nodes[node].value != TRIE_NONE) {
			value = t->nodes[node].value;
			*len = i + 1;
		}
	return value;
}
