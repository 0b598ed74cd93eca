/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/err.h"
#include "dedup/chunk.h"
#include "dedup/key.h"

static const char changed[] = "the input changed while it was read";

/* Bytes a node, with its component; a link, its bucket, its place there. */
enum {
	PER_NODE =
	    sizeof(struct node) + 2 * sizeof(struct pair) + sizeof(uint32_t),
	PER_LINK = sizeof(struct link) + sizeof(struct local) +
		   2 * sizeof(uint32_t) + 2 * sizeof(struct pair),
};

static int
add_extent(struct extent **v, size_t *n, uint32_t start, struct err *e)
{
	struct extent *more = realloc(*v, (*n + 1) * sizeof(*more));

	if (!more)
		return err_nomem(e, "chunks");
	*v = more;
	more[(*n)++] = (struct extent){ .start = start };
	return 0;
}

static uint64_t
bytes_of(const struct extent *x)
{
	return x->nnode * PER_NODE + x->nlink * (uint64_t)PER_LINK +
	       x->nhash * sizeof(uint64_t);
}

int
chunk_plan(struct sorter *links, struct sorter *table, bool copy_sets,
    uint64_t memory, struct extent **v, size_t *n, struct err *e)
{
	struct row row = { .rank = NO_RANK };
	struct extent one, *at;
	struct pair p;
	int rc = sorter_sort(links, e), got;

	*v = NULL;
	*n = 0;
	if (rc == 0)
		rc = sorter_sort(table, e);
	if (rc < 0 || (got = sorter_pair(links, &p, e)) < 0)
		return e->code;
	while (got > 0) {
		one = (struct extent){ .start = (uint32_t)(p.key >> 32),
			.nnode = 1 };
		while (got > 0 && p.key >> 32 == one.start) {
			one.nlink++;
			got = sorter_pair(links, &p, e);
		}
		if (got < 0 || row_seek(table, one.start, &row, e) < 0)
			return e->code;
		one.nhash = copy_sets ? row.nset : 0;
		if ((*n == 0 ||
			bytes_of(*v + *n - 1) + bytes_of(&one) > memory) &&
		    add_extent(v, n, one.start, e) < 0)
			return e->code;
		at = *v + *n - 1;
		at->nnode++;
		at->nlink += one.nlink;
		at->nhash += one.nhash;
	}
	return 0;
}

void
chunk_clear(struct chunk *c)
{
	free(c->nodes);
	free(c->links);
	free(c->locals);
	free(c->members);
	free(c->put);
	free(c->hashes);
	free(c->scratch);
	*c = (struct chunk){ .next = c->next,
		.more = c->more,
		.begun = c->begun,
		.row = c->row };
}

static int
allocate(struct chunk *c, const struct extent *x, struct err *e)
{
	size_t nlink = x->nlink ? x->nlink : 1;

	if (x->nlink >= UINT32_MAX)
		return err_set(e, ERR_ARG,
		    "over 4 G links in memory at once: "
		    "give less --memory");
	c->nodes = calloc(x->nnode ? x->nnode : 1, sizeof(*c->nodes));
	c->links = malloc(nlink * sizeof(*c->links));
	c->locals = malloc(nlink * sizeof(*c->locals));
	c->members = malloc(nlink * sizeof(*c->members));
	c->put = malloc(nlink * sizeof(*c->put));
	c->scratch = malloc(2 * nlink * sizeof(*c->scratch));
	c->hashes = malloc(x->nhash ? x->nhash * sizeof(*c->hashes) : 1);
	if (!c->nodes || !c->links || !c->locals || !c->members || !c->put ||
	    !c->scratch || !c->hashes)
		return err_nomem(e, "a chunk of documents");
	return 0;
}

static int
next_link(struct chunk *c, struct sorter *links, struct err *e)
{
	int rc = sorter_pair(links, &c->next, e);

	c->more = rc > 0;
	return rc < 0 ? rc : 0;
}

/* Where the set begins in the record; NULL if it is another's. */
static int
load_set(struct node *n, struct sorter *sets, uint64_t **to, struct err *e)
{
	struct str r;
	int rc = sorter_record(sets, &r, e);
	size_t bytes = (size_t)n->nset * sizeof(uint64_t);

	if (rc < 0)
		return rc;
	if (rc == 0 || key_get_u32(&r) != n->rank || r.n != bytes)
		return err_set(e, ERR_IO, "%s", changed);
	if (!sorter_spilled(sets)) {
		/* A record's length and rank are 8 bytes: this is aligned. */
		n->set = (const uint64_t *)(const void *)r.p;
		return 0;
	}
	memcpy(*to, r.p, bytes);
	n->set = *to;
	*to += n->nset;
	return 0;
}

static int
load_links(struct chunk *c, struct node *n, struct sorter *links, struct err *e)
{
	n->first = (uint32_t)c->nlink;
	while (c->more && c->next.key >> 32 == n->rank) {
		c->links[c->nlink++] =
		    (struct link){ c->next.value, (uint32_t)c->next.key, 0 };
		n->nlink++;
		if (next_link(c, links, e) < 0)
			return e->code;
	}
	return 0;
}

/* Number the buckets of the chunk and list their members. */
static void
make_locals(struct chunk *c)
{
	struct pair *v = c->scratch;
	struct local *x = NULL;
	size_t i, k;
	uint32_t at;

	for (i = 0; i < c->nnode; i++)
		for (k = 0; k < c->nodes[i].nlink; k++) {
			at = c->nodes[i].first + (uint32_t)k;
			v[at] = (struct pair){ c->links[at].bucket,
				(uint64_t)i << 32 | at };
		}
	sort_pairs(v, v + c->nlink, c->nlink);
	for (i = 0; i < c->nlink; i++) {
		at = (uint32_t)v[i].value;
		if (!x || x->bucket != v[i].key) {
			x = &c->locals[c->nlocal++];
			*x = (struct local){ .bucket = v[i].key,
				.start = (uint32_t)i };
		}
		c->members[i] = (uint32_t)(v[i].value >> 32);
		c->links[at].local = (uint32_t)(x - c->locals);
		x->out = c->links[at].next;
		x->n++;
	}
	free(c->scratch);
	c->scratch = NULL;
}

int
chunk_load(struct chunk *c, const struct extent *x, struct sorter *links,
    struct sorter *table, struct sorter *sets, struct err *e)
{
	uint64_t *hashes;
	struct node *n;

	if (allocate(c, x, e) < 0)
		return e->code;
	hashes = c->hashes;
	if (!c->begun) {
		c->row.rank = NO_RANK;
		if (next_link(c, links, e) < 0)
			return e->code;
	}
	c->begun = true;
	while (c->nnode < x->nnode) {
		n = &c->nodes[c->nnode++];
		n->rank = (uint32_t)(c->next.key >> 32);
		if (row_seek(table, n->rank, &c->row, e) < 0)
			return e->code;
		n->nset = c->row.nset;
		n->count = c->row.count;
		n->earlier = c->row.earlier;
		n->head = NO_RANK;
		if (load_set(n, sets, &hashes, e) < 0 ||
		    load_links(c, n, links, e) < 0)
			return e->code;
	}
	make_locals(c);
	return 0;
}

struct local *
chunk_find(const struct chunk *c, uint64_t bucket)
{
	size_t from = 0, to = c->nlocal, mid;

	while (from < to) {
		mid = from + (to - from) / 2;
		if (c->locals[mid].bucket < bucket)
			from = mid + 1;
		else
			to = mid;
	}
	return from < c->nlocal && c->locals[from].bucket == bucket
		   ? &c->locals[from]
		   : NULL;
}

static uint32_t
root_of(uint32_t *up, uint32_t i)
{
	while (up[i] != i) {
		up[i] = up[up[i]];
		i = up[i];
	}
	return i;
}

struct pair *
chunk_components(const struct chunk *c)
{
	struct pair *v = malloc((2 * c->nnode + 1) * sizeof(*v));
	uint32_t *up = malloc((c->nnode + 1) * sizeof(*up)), a, b;
	const struct local *l;
	size_t i, k;

	for (i = 0; v && up && i < c->nnode; i++)
		up[i] = (uint32_t)i;
	for (i = 0; v && up && i < c->nlocal; i++) {
		l = &c->locals[i];
		for (k = 1; k < l->n; k++) {
			a = root_of(up, c->members[l->start + k - 1]);
			b = root_of(up, c->members[l->start + k]);
			up[a < b ? b : a] = a < b ? a : b;
		}
	}
	for (i = 0; v && up && i < c->nnode; i++)
		v[i] = (struct pair){ root_of(up, (uint32_t)i), i };
	if (v && up)
		sort_pairs(v, v + c->nnode, c->nnode);
	else {
		free(v);
		v = NULL;
	}
	free(up);
	return v;
}
