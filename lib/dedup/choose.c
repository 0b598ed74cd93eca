/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "dedup/choose.h"
#include "dedup/chunk.h"
#include "dedup/key.h"
#include "dedup/mail.h"
#include "dedup/near.h"
#include "dedup/shingles.h"

enum {
	AT_ONCE = 1 << 14, /* comparisons with what came in */
	WIDE = 1000,       /* nodes of a component that is all threads' */
	WORTH = 256,       /* comparisons worth dividing among threads */
};

/* A set that came in, and a comparison with one of the chunk. */
struct incoming {
	struct letter letter;
	size_t at; /* in sets */
};

struct task {
	uint32_t from, node;
	double jaccard;
};

struct choosing {
	struct chooser *c;
	struct chunk chunk;
	struct extent *extents;
	size_t nextent;
	struct mail mail;
	struct sorter in; /* letters by rank and bucket */
	struct buf b;
	/* A batch of comparisons with what came in. */
	struct incoming *incoming;
	size_t nincoming;
	struct buf sets;
	struct task *tasks;
	size_t ntask;
	/* What a node of a wide component is compared with. */
	uint32_t *others;
	double *results;
};

/* What a thread counts. */
struct counts {
	uint64_t candidates, verified;
};

/* Is a head of rank `by` and similarity j a better one? */
static bool
is_better(const struct node *n, uint32_t by, double j)
{
	if (n->head == NO_RANK || j != n->jaccard)
		return n->head == NO_RANK || j > n->jaccard;
	return by < n->head;
}

static int
add_match(struct chooser *c, uint32_t a, uint32_t b, double j, struct err *e)
{
	uint64_t bits;
	int rc;

	if (!c->all)
		return 0;
	memcpy(&bits, &j, sizeof(bits));
#pragma omp critical
	rc = sorter_put(c->matches, (uint64_t)a << 32 | b, bits, e);
	return rc;
}

/* A pair was compared. */
static int
take_result(struct chooser *c, struct node *n, uint32_t by, bool kept, double j,
    struct counts *count, struct err *e)
{
	count->candidates++;
	if (j < c->least)
		return 0;
	count->verified++;
	if (kept && is_better(n, by, j)) {
		n->head = by;
		n->jaccard = j;
	}
	return add_match(c, by, n->rank, j, e);
}

static int
compare_bucket(struct choosing *x, uint32_t node, const struct local *l,
    struct counts *count, struct err *e)
{
	struct node *n = &x->chunk.nodes[node], *other;
	const uint32_t *put = x->chunk.put + l->start;
	uint32_t i;
	double j;

	for (i = 0; i < l->filled; i++) {
		other = &x->chunk.nodes[put[i]];
		if (other->stamp == node + 1)
			continue;
		other->stamp = node + 1;
		j = jaccard(
		    n->set, n->nset, other->set, other->nset, x->c->least);
		if (take_result(
			x->c, n, other->rank, other->kept, j, count, e) < 0)
			return e->code;
	}
	return 0;
}

/* The node was compared with all: it is kept, or not. */
static void
settle(struct choosing *x, uint32_t node)
{
	struct chunk *c = &x->chunk;
	struct node *n = &c->nodes[node];
	struct local *l;
	uint32_t i;

	n->kept = n->head == NO_RANK;
	if (!n->kept && !x->c->all)
		return;
	for (i = 0; i < n->nlink; i++) {
		l = &c->locals[c->links[n->first + i].local];
		c->put[l->start + l->filled++] = node;
	}
}

/* Nodes that share buckets are decided in order. */
static int
decide(struct choosing *x, uint32_t node, struct counts *count, struct err *e)
{
	struct chunk *c = &x->chunk;
	struct node *n = &c->nodes[node];
	uint32_t i;

	for (i = 0; i < n->nlink && !n->earlier; i++)
		if (compare_bucket(x, node,
			&c->locals[c->links[n->first + i].local], count, e) < 0)
			return e->code;
	settle(x, node);
	return 0;
}

/* All that have been put into the node's buckets, each once. */
static size_t
list_others(struct choosing *x, uint32_t node)
{
	struct chunk *c = &x->chunk;
	const struct node *n = &c->nodes[node];
	const struct local *l;
	struct node *other;
	uint32_t i, k;
	size_t count = 0;

	for (i = 0; i < n->nlink; i++) {
		l = &c->locals[c->links[n->first + i].local];
		for (k = 0; k < l->filled; k++) {
			other = &c->nodes[c->put[l->start + k]];
			if (other->stamp == node + 1)
				continue;
			other->stamp = node + 1;
			x->others[count++] = c->put[l->start + k];
		}
	}
	return count;
}

/* The same as decide(), with all threads on one node's comparisons. */
static int
decide_wide(
    struct choosing *x, uint32_t node, struct counts *count, struct err *e)
{
	struct node *nodes = x->chunk.nodes, *n = &nodes[node];
	size_t i, nother = n->earlier ? 0 : list_others(x, node);
	int threads = nother < WORTH ? 1 : x->c->threads;

#pragma omp parallel for num_threads(threads) schedule(static)
	for (i = 0; i < nother; i++) {
		const struct node *other = &nodes[x->others[i]];

		x->results[i] = jaccard(
		    n->set, n->nset, other->set, other->nset, x->c->least);
	}
	for (i = 0; i < nother; i++) {
		const struct node *other = &nodes[x->others[i]];

		if (take_result(x->c, n, other->rank, other->kept,
			x->results[i], count, e) < 0)
			return e->code;
	}
	settle(x, node);
	return 0;
}

static int
decide_component(struct choosing *x, const struct pair *v, size_t n,
    struct counts *count, struct err *e)
{
	size_t i;

	for (i = 0; i < n && v[i].key == v[0].key; i++)
		if (decide(x, (uint32_t)v[i].value, count, e) < 0)
			return e->code;
	return 0;
}

/* Of sorted components, does the one at i have over WIDE nodes? */
static bool
is_wide(const struct pair *v, size_t i, size_t n)
{
	return i + WIDE < n && v[i + WIDE].key == v[i].key;
}

/* Components share nothing: each is one thread's. */
static int
decide_narrow(struct choosing *x, const struct pair *v, size_t n, struct err *e)
{
	uint64_t candidates = 0, verified = 0;
	int failed = 0;
	size_t i;

#pragma omp parallel for num_threads(x->c->threads) schedule(dynamic, 256) \
    reduction(+ : candidates, verified)
	for (i = 0; i < n; i++) {
		struct counts count = { 0 };
		struct err mine;

		if ((i && v[i - 1].key == v[i].key) || is_wide(v, i, n))
			continue;
		if (decide_component(x, v + i, n - i, &count, &mine) < 0)
#pragma omp critical
		{
			*e = mine;
			failed = 1;
		}
		candidates += count.candidates;
		verified += count.verified;
	}
	x->c->candidates += candidates;
	x->c->verified += verified;
	return failed ? e->code : 0;
}

static int
decide_all(struct choosing *x, struct err *e)
{
	struct pair *v = chunk_components(&x->chunk);
	size_t i, n = x->chunk.nnode;
	struct counts count = { 0 };
	bool wide = false;
	int rc;

	x->others = malloc((n + 1) * sizeof(*x->others));
	x->results = malloc((n + 1) * sizeof(*x->results));
	rc = v && x->others && x->results
		 ? decide_narrow(x, v, n, e)
		 : err_nomem(e, "a chunk of documents");
	for (i = 0; rc == 0 && i < n; i++) {
		if (i == 0 || v[i - 1].key != v[i].key)
			wide = is_wide(v, i, n);
		if (wide)
			rc = decide_wide(x, (uint32_t)v[i].value, &count, e);
	}
	x->c->candidates += count.candidates;
	x->c->verified += count.verified;
	free(v);
	free(x->others);
	free(x->results);
	return rc;
}

static int
take_letter(void *to, const struct letter *l, struct err *e)
{
	struct choosing *x = to;

	buf_clear(&x->b);
	key_u32(&x->b, l->rank);
	key_u64(&x->b, l->bucket);
	key_raw(&x->b, l, sizeof(*l));
	if (buf_ok(&x->b, e) < 0)
		return e->code;
	return sorter_add(&x->in, buf_view(&x->b), e);
}

/* The next letter, by rank. */
static int
next_letter(struct choosing *x, struct letter *l, struct err *e)
{
	struct str r;
	int rc = sorter_record(&x->in, &r, e);

	if (rc <= 0)
		return rc;
	key_get_u32(&r);
	key_get_u64(&r);
	key_get_raw(&r, l, sizeof(*l));
	return 1;
}

/* Do the comparisons of the batch, and empty it. */
static int
run_tasks(struct choosing *x, struct err *e)
{
	struct counts count = { 0 };
	size_t i;

#pragma omp parallel for num_threads(x->c->threads) schedule(dynamic, 64)
	for (i = 0; i < x->ntask; i++) {
		struct task *t = &x->tasks[i];
		const struct incoming *in = &x->incoming[t->from];
		const struct node *n = &x->chunk.nodes[t->node];

		t->jaccard = jaccard(n->set, n->nset,
		    (const uint64_t *)(const void *)(x->sets.p + in->at),
		    in->letter.nset, x->c->least);
	}
	for (i = 0; i < x->ntask; i++) {
		const struct task *t = &x->tasks[i];
		const struct letter *l = &x->incoming[t->from].letter;

		if (take_result(x->c, &x->chunk.nodes[t->node], l->rank,
			l->kept, t->jaccard, &count, e) < 0)
			return e->code;
	}
	x->c->candidates += count.candidates;
	x->c->verified += count.verified;
	x->ntask = x->nincoming = 0;
	buf_clear(&x->sets);
	return 0;
}

/* The set of who wrote the letter, into the batch. */
static int
fetch(struct choosing *x, const struct letter *l, struct err *e)
{
	size_t bytes = (size_t)l->nset * sizeof(uint64_t);
	char *to;

	if (x->nincoming == AT_ONCE ||
	    (x->nincoming && x->sets.n + bytes > x->c->spare)) {
		if (run_tasks(x, e) < 0)
			return e->code;
	}
	to = buf_room(&x->sets, bytes);
	if (!to)
		return err_nomem(e, "a chunk of documents");
	x->incoming[x->nincoming++] = (struct incoming){ *l, x->sets.n };
	x->sets.n += bytes;
	return mail_read_set(
	    &x->mail, l->at, (uint64_t *)(void *)to, l->nset, e);
}

/* Compare who wrote the letter with the members of its bucket. */
static int
deliver(struct choosing *x, const struct letter *l, struct err *e)
{
	const struct local *b = chunk_find(&x->chunk, l->bucket);
	struct node *n;
	uint32_t i;

	for (i = 0; b && i < b->n; i++) {
		n = &x->chunk.nodes[x->chunk.members[b->start + i]];
		if (n->earlier || n->stamp == l->rank + 1)
			continue;
		n->stamp = l->rank + 1;
		if (x->ntask == AT_ONCE) {
			/* The rest is of a batch that begins with this set. */
			if (run_tasks(x, e) < 0 || fetch(x, l, e) < 0)
				return e->code;
		}
		x->tasks[x->ntask++] =
		    (struct task){ (uint32_t)x->nincoming - 1,
			    (uint32_t)(n - x->chunk.nodes), 0 };
	}
	return 0;
}

static int
compare_incoming(struct choosing *x, struct err *e)
{
	struct letter l;
	uint32_t at = NO_RANK;
	size_t i;
	int rc = sorter_sort(&x->in, e);

	while (rc == 0 && (rc = next_letter(x, &l, e)) > 0) {
		rc = 0;
		if (l.rank != at)
			rc = fetch(x, &l, e);
		at = l.rank;
		if (rc == 0)
			rc = deliver(x, &l, e);
	}
	if (rc == 0)
		rc = run_tasks(x, e);
	for (i = 0; i < x->chunk.nnode; i++)
		x->chunk.nodes[i].stamp = 0;
	return rc;
}

/* The chunk that a rank belongs to. */
static size_t
extent_of(const struct choosing *x, uint32_t rank)
{
	size_t from = 0, to = x->nextent, mid;

	while (to - from > 1) {
		mid = from + (to - from) / 2;
		if (x->extents[mid].start <= rank)
			from = mid;
		else
			to = mid;
	}
	return from;
}

static int
forward(
    struct choosing *x, const struct local *b, struct letter *l, struct err *e)
{
	if (!b || b->out == NO_RANK)
		return 0;
	l->bucket = b->bucket;
	return mail_put(&x->mail, extent_of(x, b->out), l, e);
}

/* What came in goes on to the next members of its buckets. */
static int
pass_on(struct choosing *x, struct err *e)
{
	struct letter l;
	int rc = sorter_sort(&x->in, e);

	while (rc == 0 && (rc = next_letter(x, &l, e)) > 0)
		rc = forward(x, chunk_find(&x->chunk, l.bucket), &l, e);
	return rc;
}

/* A node of this chunk that was put into its buckets. */
static int
send(struct choosing *x, const struct node *n, struct err *e)
{
	const struct chunk *c = &x->chunk;
	struct letter l = { .nset = n->nset, .rank = n->rank, .kept = n->kept };
	const struct local *b;
	bool stored = false;
	uint32_t i;

	for (i = 0; i < n->nlink; i++) {
		b = &c->locals[c->links[n->first + i].local];
		if (b->out == NO_RANK)
			continue;
		if (!stored &&
		    mail_keep_set(&x->mail, n->set, n->nset, &l.at, e) < 0)
			return e->code;
		stored = true;
		if (forward(x, b, &l, e) < 0)
			return e->code;
	}
	return 0;
}

static int
finish_chunk(struct choosing *x, struct err *e)
{
	const struct node *n = x->chunk.nodes;
	size_t i;

	for (i = 0; i < x->chunk.nnode; i++, n++) {
		if ((n->kept || x->c->all) && send(x, n, e) < 0)
			return e->code;
		if (!n->kept && dropped_put(x->c->choices, &x->b,
				    &(struct dropped){ n->head, n->rank,
					n->jaccard, n->count },
				    e) < 0)
			return e->code;
	}
	return 0;
}

static int
choose_chunk(struct choosing *x, size_t nth, struct err *e)
{
	struct chooser *c = x->c;
	int rc;

	sorter_init(&x->in, false, c->spare);
	rc = chunk_load(
	    &x->chunk, &x->extents[nth], c->links, c->table, c->sets, e);
	if (rc == 0)
		rc = mail_take(&x->mail, nth, take_letter, x, e);
	if (rc == 0)
		rc = compare_incoming(x, e);
	if (rc == 0)
		rc = decide_all(x, e);
	if (rc == 0)
		rc = pass_on(x, e);
	if (rc == 0)
		rc = finish_chunk(x, e);
	sorter_free(&x->in);
	chunk_clear(&x->chunk);
	return rc;
}

static int
choose_chunks(struct choosing *x, struct err *e)
{
	struct chooser *c = x->c;
	size_t i;

	x->incoming = malloc(AT_ONCE * sizeof(*x->incoming));
	x->tasks = malloc(AT_ONCE * sizeof(*x->tasks));
	if (!x->incoming || !x->tasks)
		return err_nomem(e, "chunks");
	if (mail_init(&x->mail, x->nextent, c->spare, e) < 0 ||
	    sorter_sort(c->links, e) < 0 || sorter_sort(c->table, e) < 0)
		return e->code;
	for (i = 0; i < x->nextent; i++)
		if (choose_chunk(x, i, e) < 0)
			return e->code;
	return 0;
}

int
chooser_run(struct chooser *c, struct err *e)
{
	struct choosing x = { .c = c };
	int rc = sorter_sort(c->sets, e);

	if (rc == 0)
		rc = chunk_plan(c->links, c->table, sorter_spilled(c->sets),
		    c->memory, &x.extents, &x.nextent, e);
	c->nchunk = x.nextent;
	if (rc == 0 && x.nextent)
		rc = choose_chunks(&x, e);
	mail_free(&x.mail);
	chunk_clear(&x.chunk);
	free(x.extents);
	free(x.incoming);
	free(x.tasks);
	buf_free(&x.sets);
	buf_free(&x.b);
	return rc;
}
