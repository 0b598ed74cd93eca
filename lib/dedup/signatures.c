/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/err.h"
#include "dedup/key.h"
#include "dedup/minhash.h"
#include "dedup/near.h"
#include "dedup/shingles.h"
#include "dedup/signatures.h"
#include "io/docs.h"

/* Either pass; pending is a needed group that is still to come. */
struct signing {
	struct near *x;
	const struct signatures_to *to;
	struct pair pending;
	bool more;
};

struct worker {
	struct shingles shingles;
	void *signature;
	uint64_t *keys;
	struct buf rank;
};

/* What is said of a document: head and set follow. */
struct said {
	uint64_t line, place, nhead, nset;
};

static void
free_worker(void *worker)
{
	struct worker *w = worker;

	shingles_free(&w->shingles);
	free(w->signature);
	free(w->keys);
	buf_free(&w->rank);
	free(w);
}

static void *
new_worker(void *ctx, struct err *e)
{
	const struct near *x = ((const struct signing *)ctx)->x;
	struct worker *w = calloc(1, sizeof(*w));

	if (!w) {
		err_nomem(e, "threads");
		return NULL;
	}
	w->signature = calloc(1, signer_bytes(&x->signer));
	w->keys = calloc(x->signer.nband, sizeof(*w->keys));
	if (!w->signature || !w->keys)
		err_nomem(e, "threads");
	else if (shingles_init(
		     &w->shingles, x->opt->unit, (size_t)x->opt->ngram, e) == 0)
		return w;
	free_worker(w);
	return NULL;
}

/* A record for near.docs. */
static void
put_head(const struct near *x, struct worker *w, const struct doc *d,
    struct buf *out)
{
	/* For roots each document stands for itself. */
	struct hash128 key = { mix64(d->place), d->place };
	size_t n = x->signer.nband;

	if (x->opt->roots)
		n *= x->signer.nrow;
	else
		key = shingles_key(&w->shingles);
	groups_key(out, &key);
	groups_who(out, d, &x->prefer, &w->rank);
	key_u32(out, (uint32_t)w->shingles.n);
	signer_keys(
	    &x->signer, w->shingles.v, w->shingles.n, w->signature, w->keys);
	key_raw(
	    out, x->opt->roots ? w->signature : w->keys, n * sizeof(uint64_t));
}

static int
look(void *ctx, void *worker, struct doc *d, struct emit *em, struct err *e)
{
	const struct signing *s = ctx;
	struct worker *w = worker;
	struct buf *out = &em->side;
	size_t at = out->n, head = at + sizeof(struct said);
	struct said said = { .line = hash64(d->line.p, d->line.n, 0),
		.place = d->place };

	if (shingles_of(&w->shingles, d->text, e) < 0)
		return e->code;
	if (w->shingles.n > UINT32_MAX)
		return err_set(e, ERR_ARG, "more than 4 G shingles");
	buf_put(out, &said, sizeof(said));
	if (w->shingles.n) {
		put_head(s->x, w, d, out);
		said.nhead = out->n - head;
	}
	if (w->shingles.n && s->to->sets) {
		shingles_sort(&w->shingles);
		said.nset = w->shingles.n * sizeof(uint64_t);
		buf_put(out, w->shingles.v, said.nset);
	}
	if (buf_ok(out, e) < 0)
		return e->code;
	memcpy(out->p + at, &said, sizeof(said));
	return 0;
}

static int
collect(void *ctx, struct str side, struct err *e)
{
	struct signing *s = ctx;
	struct str head, set;
	struct said said;

	while (side.n) {
		key_get_raw(&side, &said, sizeof(said));
		digest_add(&s->x->lines, said.line);
		head = (struct str){ side.p, said.nhead };
		set = (struct str){ side.p + head.n, said.nset };
		side.p += head.n + set.n;
		side.n -= head.n + set.n;
		if (head.n &&
		    s->to->take(s->to->to, said.place, head, set, e) < 0)
			return e->code;
	}
	return 0;
}

int
near_signatures(struct near *x, struct docs *in, const struct run *r,
    const struct signatures_to *to, struct err *e)
{
	static const struct docs_ops ops = { .worker_new = new_worker,
		.worker_free = free_worker,
		.doc = look,
		.fold = collect };
	struct signing s = { .x = x, .to = to };

	return docs_scan(in, &ops, &s, r, e);
}

static int
next_needed(struct signing *s, struct err *e)
{
	int rc = sorter_pair(&s->x->needed, &s->pending, e);

	s->more = rc > 0;
	return rc < 0 ? rc : 0;
}

/* The needed groups of a batch: pairs of place and rank. */
static int
note(void *ctx, uint64_t from, uint64_t to, struct buf *b, struct err *e)
{
	struct signing *s = ctx;

	(void)from;
	while (s->more && s->pending.key < to) {
		buf_put(b, &s->pending, sizeof(s->pending));
		if (next_needed(s, e) < 0)
			return e->code;
	}
	return 0;
}

/* The rank of the document, if it stands for a needed group. */
static bool
is_needed(const struct doc *d, uint32_t *rank)
{
	struct pair p;

	if (d->note->n == 0)
		return false;
	memcpy(&p, d->note->p, sizeof(p));
	if (p.key != d->place)
		return false;
	d->note->p += sizeof(p);
	d->note->n -= sizeof(p);
	*rank = (uint32_t)p.value;
	return true;
}

static int
fetch(void *ctx, void *worker, struct doc *d, struct emit *em, struct err *e)
{
	struct worker *w = worker;
	uint32_t rank, n;

	(void)ctx;
	if (!is_needed(d, &rank))
		return 0;
	if (shingles_of(&w->shingles, d->text, e) < 0)
		return e->code;
	shingles_sort(&w->shingles);
	n = (uint32_t)(sizeof(rank) + w->shingles.n * sizeof(uint64_t));
	buf_put(&em->side, &n, sizeof(n));
	key_u32(&em->side, rank);
	buf_put(&em->side, w->shingles.v, w->shingles.n * sizeof(uint64_t));
	return 0;
}

static int
store(void *ctx, struct str side, struct err *e)
{
	struct signing *s = ctx;
	uint32_t n;

	while (side.n) {
		key_get_raw(&side, &n, sizeof(n));
		if (sorter_add(&s->x->sets, (struct str){ side.p, n }, e) < 0)
			return e->code;
		side.p += n;
		side.n -= n;
	}
	return 0;
}

int
near_sets(struct near *x, struct docs *in, const struct run *r, struct err *e)
{
	static const struct docs_ops ops = { .worker_new = new_worker,
		.worker_free = free_worker,
		.doc = fetch,
		.fold = store,
		.note = note };
	struct signing s = { .x = x };
	int rc = next_needed(&s, e);

	if (rc == 0 && s.more && !(s.pending.key & PLACE_EARLIER))
		rc = docs_scan(in, &ops, &s, r, e);
	return rc;
}
