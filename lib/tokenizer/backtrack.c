/* SPDX-License-Identifier: MIT */
#include "backtrack.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "merge.h"

enum {
	MAX_NODES = 1 << 24, /* so that a node and a byte are 32 bits */
	MAX_PIECE = 1 << 30, /* bytes */
	NEAR = 64,           /* words of places on the stack */
	FILTER_BITS = 21,    /* 256 KiB: for the second-level cache */
};

/* How a token is made: of two tokens by the merge of a rank. */
struct made {
	uint32_t left, right;
	uint32_t order;   /* rank + 1; 0: a byte, or never made (len 0) */
	uint32_t len;     /* bytes; 0: merging never gives this token */
	uint32_t shorter; /* the longest token that its bytes begin with */
};

struct made_pair {
	uint32_t tag, id; /* id BPE_NONE: free */
};

/*
 * A node's children by their bytes: five bits of each, so that most steps that
 * aren't there cost no look into memory.
 */
struct step {
	uint32_t key;  /* node << 8 | byte */
	uint32_t node; /* BPE_NONE: free */
	uint32_t kids; /* of that node */
};

struct backtrack {
	struct made *made; /* by id */
	struct made_pair *pairs;
	uint32_t pair_mask;
	/* A trie: tokens' nodes have their ids, others those behind. */
	struct step *steps;
	uint32_t step_mask, nstep;
	uint32_t ntoken, nnode;
	struct step first[256]; /* by the piece's first byte */
	struct step *second;    /* by its first two: the same, at hand */
	uint64_t *maybe; /* a bit by hash of each pair, FILTER_BITS of them */
};

/* ---- pairs ---- */

static inline uint64_t
pair_hash(uint32_t left, uint32_t right)
{
	uint64_t h = bpe_key(left, right) * 0x9e3779b97f4a7c15u;

	return h ^ h >> 29;
}

static inline size_t
filter_word(uint64_t h)
{
	return (size_t)(h >> (64 - FILTER_BITS + 6));
}

static inline uint64_t
filter_bit(uint64_t h)
{
	return (uint64_t)1 << (h >> (64 - FILTER_BITS) & 63);
}

/* The order of the merge of left and right, 0 if there is none. */
static inline uint32_t
pair_order(const struct backtrack *t, uint32_t left, uint32_t right)
{
	uint64_t h = pair_hash(left, right);
	uint32_t tag = (uint32_t)(h >> 32), i = (uint32_t)h & t->pair_mask;
	const struct made *m;

	if (!(t->maybe[filter_word(h)] & filter_bit(h)))
		return 0;
	for (; t->pairs[i].id != BPE_NONE; i = (i + 1) & t->pair_mask) {
		if (t->pairs[i].tag != tag)
			continue;
		m = &t->made[t->pairs[i].id];
		if (m->left == left && m->right == right)
			return m->order;
	}
	return 0;
}

static void
add_pair(struct backtrack *t, uint32_t id)
{
	uint64_t h = pair_hash(t->made[id].left, t->made[id].right);
	uint32_t i = (uint32_t)h & t->pair_mask;

	while (t->pairs[i].id != BPE_NONE)
		i = (i + 1) & t->pair_mask;
	t->pairs[i] = (struct made_pair){ (uint32_t)(h >> 32), id };
	t->maybe[filter_word(h)] |= filter_bit(h);
}

/*
 * Do left and right stay apart while merges of orders below `limit` are done,
 * which make them?  (Not asked for here: whether they merge as they are.)  Of
 * equal merges the leftmost is first: one between the two comes behind that
 * which makes left, but before that which makes right.
 */
static inline bool
stay_apart(const struct backtrack *t, uint32_t left, uint32_t right)
{
	const struct made *l = &t->made[left], *r = &t->made[right];
	uint32_t limit, order;

	for (;;) {
		if (l->order > r->order) {
			limit = l->order;
			left = l->right;
			l = &t->made[left];
		} else if (r->order) {
			limit = r->order + 1;
			right = r->left;
			r = &t->made[right];
		} else {
			return true;
		}
		order = pair_order(t, left, right);
		if (order && order < limit)
			return false;
	}
}

static inline bool
may_stand(const struct backtrack *t, uint32_t left, uint32_t right)
{
	return !pair_order(t, left, right) && stay_apart(t, left, right);
}

/* ---- making ---- */

static int
compare_merges(const void *a, const void *b)
{
	const struct bpe_pair *x = a, *y = b;

	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	return (x->key > y->key) - (x->key < y->key);
}

/* The merges by rank; the caller frees. */
static struct bpe_pair *
sorted_merges(const struct bpe *b, size_t *n)
{
	struct bpe_pair *v = malloc((b->nmerge + 1) * sizeof(*v));
	uint64_t i;

	*n = 0;
	for (i = 0; v && i <= b->pair_mask; i++)
		if (b->pairs[i].key != UINT64_MAX)
			v[(*n)++] = b->pairs[i];
	if (v)
		qsort(v, *n, sizeof(*v), compare_merges);
	return v;
}

/*
 * Of the merges that give a token only one is ever met: that which its bytes
 * alone come to (convert.h says why).
 */
static void
derive(struct backtrack *t, const struct bpe_pair *v, size_t n)
{
	uint32_t left, right;
	struct made *m;
	size_t i;

	for (i = 0; i < n; i++) {
		left = (uint32_t)(v[i].key >> 32);
		right = (uint32_t)v[i].key;
		m = &t->made[v[i].id];
		if (m->len || !t->made[left].len || !t->made[right].len ||
		    !stay_apart(t, left, right))
			continue;
		*m = (struct made){ left, right, v[i].rank + 1,
			t->made[left].len + t->made[right].len, BPE_NONE };
		add_pair(t, v[i].id);
	}
}

/* Does merging give the token all the same, by ranks that don't rise? */
static int
is_given(const struct bpe *b, uint32_t id, struct merge_scratch *s, bool *given,
    struct err *e)
{
	struct str bytes = bpe_bytes(b, id);
	uint32_t *ids = malloc((bytes.n + 1) * sizeof(*ids));
	ptrdiff_t n = 0;
	size_t i;

	*given = false;
	if (!ids)
		return err_nomem(e, "an encoder");
	for (i = 0; i < bytes.n; i++) {
		ids[i] = b->byte_id[(uint8_t)bytes.p[i]];
		if (ids[i] == BPE_NONE)
			break;
	}
	if (i == bytes.n)
		n = bpe_merge(b, s, ids, bytes.n, e);
	*given = n == 1;
	free(ids);
	return n < 0 ? (int)n : 0;
}

/* Is each merge's product one that we have a derivation of, or never met? */
static int
check_order(const struct backtrack *t, const struct bpe *b,
    const struct bpe_pair *v, size_t n, bool *fine, struct err *e)
{
	struct merge_scratch s = { 0 };
	bool given = false;
	int rc = 0;
	size_t i;

	for (i = 0; rc == 0 && !given && i < n; i++)
		if (!t->made[v[i].id].len)
			rc = is_given(b, v[i].id, &s, &given, e);
	merge_scratch_free(&s);
	*fine = !given;
	return rc;
}

/* ---- the trie ---- */

static inline uint32_t
step_hash(uint32_t key)
{
	return (uint32_t)((key * 0x9e3779b97f4a7c15u) >> 32);
}

static inline uint32_t
kid_bit(uint8_t byte)
{
	return (uint32_t)1 << (byte & 31);
}

/* The step from where another led, or NULL. */
static inline struct step *
step_from(const struct backtrack *t, const struct step *from, uint8_t byte)
{
	uint32_t key = from->node << 8 | byte, i;

	if (!(from->kids & kid_bit(byte)))
		return NULL;
	for (i = step_hash(key) & t->step_mask; t->steps[i].node != BPE_NONE;
	     i = (i + 1) & t->step_mask)
		if (t->steps[i].key == key)
			return &t->steps[i];
	return NULL;
}

/* Where there is room for it. */
static struct step *
put_step(struct step *v, uint32_t mask, struct step x)
{
	uint32_t i = step_hash(x.key) & mask;

	while (v[i].node != BPE_NONE)
		i = (i + 1) & mask;
	v[i] = x;
	return &v[i];
}

/* Room for n more steps: those there are stay where they are till then. */
static int
reserve_steps(struct backtrack *t, size_t n, struct err *e)
{
	uint32_t size = t->steps ? t->step_mask + 1 : 1 << 16, i;
	struct step *more;

	if (t->steps && 2 * (t->nstep + n) <= size)
		return 0;
	while (size < 2 * (t->nstep + n))
		size *= 2;
	more = malloc(size * sizeof(*more));
	if (!more)
		return err_nomem(e, "an encoder");
	memset(more, 0xff, size * sizeof(*more));
	for (i = 0; t->steps && i <= t->step_mask; i++)
		if (t->steps[i].node != BPE_NONE)
			put_step(more, size - 1, t->steps[i]);
	free(t->steps);
	t->steps = more;
	t->step_mask = size - 1;
	return 0;
}

/* Shorter tokens are in it already. */
static int
add_token(struct backtrack *t, struct str bytes, uint32_t id, struct err *e)
{
	struct step *at = &t->first[(uint8_t)bytes.p[0]], *to;
	uint8_t byte;
	size_t i;

	if (reserve_steps(t, bytes.n, e) < 0)
		return e->code;
	for (i = 1; i < bytes.n; i++, at = to) {
		byte = (uint8_t)bytes.p[i];
		if (at->node < t->ntoken)
			t->made[id].shorter = at->node;
		to = step_from(t, at, byte);
		if (to)
			continue;
		at->kids |= kid_bit(byte);
		to = put_step(t->steps, t->step_mask,
		    (struct step){ at->node << 8 | byte,
			i + 1 < bytes.n ? t->nnode++ : id, 0 });
		t->nstep++;
	}
	return 0;
}

/* The ids by length, first those that are never given; the caller frees. */
static uint32_t *
ids_by_length(const struct backtrack *t)
{
	uint32_t *v = malloc((t->ntoken + 1) * sizeof(*v)), *count, max = 0, i;
	uint32_t at = 0, n;

	for (i = 0; i < t->ntoken; i++)
		if (t->made[i].len > max)
			max = t->made[i].len;
	count = calloc((size_t)max + 1, sizeof(*count));
	if (!v || !count) {
		free(v);
		free(count);
		return NULL;
	}
	for (i = 0; i < t->ntoken; i++)
		count[t->made[i].len]++;
	for (i = 0; i <= max; i++, at += n) {
		n = count[i];
		count[i] = at;
	}
	for (i = 0; i < t->ntoken; i++)
		v[count[t->made[i].len]++] = i;
	free(count);
	return v;
}

static int
make_trie(struct backtrack *t, const struct bpe *b, struct err *e)
{
	uint32_t *v = ids_by_length(t), i;
	int rc = v ? reserve_steps(t, 0, e) : err_nomem(e, "an encoder");

	t->nnode = t->ntoken;
	for (i = 0; rc == 0 && i < t->ntoken; i++) {
		if (t->nnode >= MAX_NODES)
			rc = ERR_FORMAT; /* too large */
		else if (t->made[v[i]].len > 1)
			rc = add_token(t, bpe_bytes(b, v[i]), v[i], e);
	}
	free(v);
	return rc;
}

/* The trie is complete. */
static int
make_second(struct backtrack *t, struct err *e)
{
	const struct step *to;
	uint32_t i;

	t->second = malloc(65536 * sizeof(*t->second));
	if (!t->second)
		return err_nomem(e, "an encoder");
	for (i = 0; i < 65536; i++) {
		to = step_from(t, &t->first[i >> 8], (uint8_t)i);
		t->second[i] = to ? *to : (struct step){ 0, BPE_NONE, 0 };
	}
	return 0;
}

static int
make_tables(struct backtrack *t, const struct bpe *b, struct err *e)
{
	size_t pairs = 1 << 10, i;

	while (pairs < 2 * (size_t)b->ntoken)
		pairs *= 2;
	t->ntoken = b->ntoken;
	t->pair_mask = (uint32_t)pairs - 1;
	t->made = calloc((size_t)b->ntoken + 1, sizeof(*t->made));
	t->pairs = malloc(pairs * sizeof(*t->pairs));
	t->maybe = calloc(1, ((size_t)1 << FILTER_BITS) / 8);
	if (!t->made || !t->pairs || !t->maybe)
		return err_nomem(e, "an encoder");
	memset(t->pairs, 0xff, pairs * sizeof(*t->pairs));
	for (i = 0; i < 256; i++)
		t->first[i].node = b->byte_id[i];
	for (i = 0; i < 256; i++)
		if (b->byte_id[i] != BPE_NONE)
			t->made[b->byte_id[i]] =
			    (struct made){ .len = 1, .shorter = BPE_NONE };
	return 0;
}

/* 1 if it's made, 0 if merging must do. */
static int
make(struct backtrack *t, const struct bpe *b, struct err *e)
{
	struct bpe_pair *v;
	bool fine = false;
	size_t n;
	int rc;

	if (make_tables(t, b, e) < 0)
		return e->code;
	v = sorted_merges(b, &n);
	if (!v)
		return err_nomem(e, "an encoder");
	derive(t, v, n);
	rc = check_order(t, b, v, n, &fine, e);
	free(v);
	if (rc < 0 || !fine)
		return rc;
	rc = make_trie(t, b, e);
	if (rc == 0)
		rc = make_second(t, e);
	return rc == ERR_FORMAT ? 0 : rc < 0 ? rc : 1;
}

int
backtrack_new(struct backtrack **out, const struct bpe *b, struct err *e)
{
	struct backtrack *t;
	int rc = 0;

	*out = NULL;
	/* Merges of equal rank are another matter. */
	if (b->ntoken >= MAX_NODES || b->ranks)
		return 0;
	t = calloc(1, sizeof(*t));
	rc = t ? make(t, b, e) : err_nomem(e, "an encoder");
	if (rc > 0)
		*out = t;
	else
		backtrack_free(t);
	return rc < 0 ? rc : 0;
}

void
backtrack_free(struct backtrack *t)
{
	if (!t)
		return;
	free(t->made);
	free(t->pairs);
	free(t->steps);
	free(t->second);
	free(t->maybe);
	free(t);
}

/* ---- running ---- */

static inline uint32_t
longest(const struct backtrack *t, const uint8_t *p, const uint8_t *end)
{
	const struct step *at = &t->first[*p];
	uint32_t best = at->node;

	if (++p == end)
		return best;
	at = &t->second[p[-1] << 8 | p[0]];
	while (at && at->node != BPE_NONE) {
		if (at->node < t->ntoken)
			best = at->node;
		if (++p == end)
			break;
		at = step_from(t, at, *p);
	}
	return best;
}

static inline bool
is_dead(const uint64_t *dead, size_t at)
{
	return dead[at / 64] >> at % 64 & 1;
}

/* dead has a bit, not set, for each place, the end's included. */
static size_t
find_row(const struct backtrack *t, struct str s, uint32_t *to, uint64_t *dead)
{
	const uint8_t *p = (const uint8_t *)s.p;
	size_t at = 0, n = 0, end;
	uint32_t id = longest(t, p, p + s.n);

	for (;;) {
		end = at + t->made[id].len;
		if (!is_dead(dead, end) &&
		    (n == 0 || may_stand(t, to[n - 1], id))) {
			to[n++] = id;
			if (end == s.n)
				return n;
			at = end;
			id = longest(t, p + at, p + s.n);
		} else if (t->made[id].shorter != BPE_NONE) {
			id = t->made[id].shorter;
		} else {
			/* There is a row: not all of them are dead. */
			dead[at / 64] |= (uint64_t)1 << at % 64;
			id = to[--n];
			at -= t->made[id].len;
		}
	}
}

ptrdiff_t
backtrack_run(const struct backtrack *t, struct backtrack_scratch *s,
    struct str piece, uint32_t *to, struct err *e)
{
	size_t words = piece.n / 64 + 1;
	uint64_t near[NEAR];

	if (piece.n == 0)
		return 0;
	if (words <= NEAR) {
		memset(near, 0, words * sizeof(*near));
		return (ptrdiff_t)find_row(t, piece, to, near);
	}
	if (piece.n > MAX_PIECE)
		return err_set(e, ERR_ARG, "a piece of over 1 GiB");
	if (words > s->cap) {
		free(s->dead);
		s->dead = malloc(words * sizeof(*s->dead));
		s->cap = s->dead ? words : 0;
		if (!s->dead)
			return err_nomem(e, "a long piece");
	}
	memset(s->dead, 0, words * sizeof(*s->dead));
	return (ptrdiff_t)find_row(t, piece, to, s->dead);
}

void
backtrack_scratch_free(struct backtrack_scratch *s)
{
	free(s->dead);
	*s = (struct backtrack_scratch){ 0 };
}
