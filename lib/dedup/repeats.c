/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include <divsufsort.h>

#include "base/err.h"
#include "base/hash.h"
#include "dedup/budget.h"
#include "dedup/repeats.h"

/* Stands behind every piece: no byte of UTF-8. */
enum { END = 0xff };

#define MOST ((size_t)INT32_MAX - 1)

struct keyed_piece {
	uint64_t key;
	uint32_t piece;
	uint32_t at; /* in the text that is sorted */
};

void
repeats_init(struct repeats *r, struct budget *b, size_t width)
{
	*r = (struct repeats){ .budget = b, .width = width };
}

static void
drop(struct repeats *r, void *p, size_t n, size_t size)
{
	if (p)
		budget_give(r->budget, n * size);
	free(p);
}

void
repeats_free(struct repeats *r)
{
	drop(r, r->text, r->text_cap, 1);
	drop(r, r->pieces, r->piece_cap, sizeof(*r->pieces));
	drop(r, r->table, r->mask + 1, sizeof(*r->table));
	drop(r, r->shared, r->npiece, 2 * sizeof(*r->shared));
	drop(r, r->sorted, r->nsorted, 1);
	drop(r, r->suffixes, r->nsorted, sizeof(*r->suffixes));
	drop(r, r->first, r->nwindow, sizeof(*r->first));
	repeats_init(r, r->budget, r->width);
}

/* Bytes of a piece. */
static size_t
length(const struct repeats *r, const struct piece *p)
{
	size_t next = p + 1 < r->pieces + r->npiece ? p[1].at : r->ntext;

	return next - 1 - p->at;
}

/* The place of a piece in the table: its own, or the empty one to put it. */
static uint32_t *
slot_of(const struct repeats *r, struct str s)
{
	size_t i = hash64(s.p, s.n, 0) & r->mask;
	const struct piece *p;

	for (; r->table[i]; i = (i + 1) & r->mask) {
		p = &r->pieces[r->table[i] - 1];
		if (length(r, p) == s.n && !memcmp(r->text + p->at, s.p, s.n))
			break;
	}
	return &r->table[i];
}

/* Keep the table at most two thirds full. */
static int
grow_table(struct repeats *r, struct err *e)
{
	size_t i, old = r->table ? r->mask + 1 : 0, n = old ? old * 2 : 1024;
	uint32_t *table;

	if (r->table && r->npiece + 1 <= r->mask / 3 * 2)
		return 0;
	table = budget_calloc(r->budget, n, sizeof(*table), "repeats", e);
	if (!table)
		return e->code;
	free(r->table);
	budget_give(r->budget, old * sizeof(*table));
	r->table = table;
	r->mask = n - 1;
	for (i = 0; i < r->npiece; i++) {
		struct str s = { r->text + r->pieces[i].at,
			length(r, &r->pieces[i]) };

		*slot_of(r, s) = (uint32_t)i + 1;
	}
	return 0;
}

static int
new_piece(struct repeats *r, uint64_t place, uint64_t key, struct str s,
    struct err *e)
{
	struct piece *v;
	char *text;

	if (r->ntext + s.n + 1 > MOST)
		return err_set(e, ERR_NOMEM,
		    "over 2 GiB of different text around the same bytes");
	text = budget_grow(r->budget, r->text, &r->text_cap, r->ntext + s.n + 1,
	    1, "repeats", e);
	if (!text)
		return e->code;
	r->text = text;
	v = budget_grow(r->budget, r->pieces, &r->piece_cap, r->npiece + 1,
	    sizeof(*v), "repeats", e);
	if (!v)
		return e->code;
	r->pieces = v;
	v[r->npiece++] = (struct piece){ .least = place,
		.key = key,
		.at = (uint32_t)r->ntext,
		.window = NO_WINDOW };
	memcpy(text + r->ntext, s.p, s.n);
	r->ntext += s.n;
	text[r->ntext++] = (char)END;
	return 0;
}

int
repeats_add(struct repeats *r, uint64_t place, uint64_t key, struct str piece,
    struct err *e)
{
	uint32_t *slot;

	if (grow_table(r, e) < 0)
		return e->code;
	slot = slot_of(r, piece);
	if (!*slot) {
		*slot = (uint32_t)r->npiece + 1;
		return new_piece(r, place, key, piece, e);
	}
	if (place < r->pieces[*slot - 1].least)
		r->pieces[*slot - 1].least = place;
	return 0;
}

static int
by_key(const void *a, const void *b)
{
	const struct keyed_piece *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return (x->piece > y->piece) - (x->piece < y->piece);
}

static size_t
windows(const struct repeats *r, const struct piece *p)
{
	return length(r, p) - r->width + 1;
}

/* Leave the pieces that share a key with another, and number their windows. */
static void
choose_shared(struct repeats *r)
{
	struct keyed_piece *v = r->shared;
	size_t i, n = 0;

	for (i = 0; i < r->npiece; i++)
		v[i] = (struct keyed_piece){ r->pieces[i].key, (uint32_t)i, 0 };
	qsort(v, r->npiece, sizeof(*v), by_key);
	for (i = 0; i < r->npiece; i++) {
		/* v[n - 1], if of this key, stays as it was. */
		bool before = n && v[n - 1].key == v[i].key;
		bool behind = i + 1 < r->npiece && v[i + 1].key == v[i].key;
		struct piece *p = &r->pieces[v[i].piece];

		if (!before && !behind)
			continue;
		v[n] = v[i];
		v[n++].at = (uint32_t)r->nsorted;
		p->window = (uint32_t)r->nwindow;
		r->nsorted += length(r, p) + 1;
		r->nwindow += windows(r, p);
	}
	r->nshared = n;
}

/* The number of the window that begins at byte `at` of the sorted text. */
static uint32_t
window_at(const struct repeats *r, uint32_t at)
{
	size_t from = 0, to = r->nshared, mid;

	while (to - from > 1) {
		mid = from + (to - from) / 2;
		if (r->shared[mid].at <= at)
			from = mid;
		else
			to = mid;
	}
	return r->pieces[r->shared[from].piece].window +
	       (at - r->shared[from].at);
}

/* A run of suffixes that begin with the same window. */
static void
note_run(struct repeats *r, int32_t *run, size_t n)
{
	uint64_t least = UINT64_MAX;
	size_t i;

	if (n < 2)
		return;
	for (i = 0; i < n; i++) {
		run[i] = (int32_t)window_at(r, (uint32_t)run[i]);
		if (r->first[run[i]] < least)
			least = r->first[run[i]];
	}
	for (i = 0; i < n; i++)
		r->first[run[i]] = least;
}

/* Fill the text, where windows stand, and a bit for each byte that begins one.
 */
static void
lay_out(struct repeats *r, uint64_t *begins)
{
	const struct keyed_piece *k;
	const struct piece *p;
	size_t i, n;

	for (k = r->shared; k < r->shared + r->nshared; k++) {
		p = &r->pieces[k->piece];
		memcpy(r->sorted + k->at, r->text + p->at, length(r, p) + 1);
		n = windows(r, p);
		for (i = 0; i < n; i++) {
			r->first[p->window + i] = p->least + i;
			begins[(k->at + i) / 64] |= (uint64_t)1
						    << (k->at + i) % 64;
		}
	}
}

/* Leave the suffixes that begin with a whole window; returns how many. */
static size_t
drop_tails(struct repeats *r, const uint64_t *begins)
{
	size_t i, k, n = 0;

	for (i = 0; i < r->nsorted; i++) {
		k = (size_t)r->suffixes[i];
		r->suffixes[n] = r->suffixes[i];
		n += begins[k / 64] >> k % 64 & 1;
	}
	return n;
}

static void
note_all(struct repeats *r, size_t n)
{
	size_t i, from = 0;

	for (i = 1; i <= n; i++) {
		if (i < n && memcmp(r->sorted + r->suffixes[i - 1],
				 r->sorted + r->suffixes[i], r->width) == 0)
			continue;
		note_run(r, r->suffixes + from, i - from);
		from = i;
	}
}

static int
allocate(struct repeats *r, struct err *e)
{
	static const char what[] = "repeats";

	r->sorted = budget_calloc(r->budget, r->nsorted, 1, what, e);
	r->suffixes = r->sorted ? budget_calloc(r->budget, r->nsorted,
				      sizeof(*r->suffixes), what, e)
				: NULL;
	r->first = r->suffixes ? budget_calloc(r->budget, r->nwindow,
				     sizeof(*r->first), what, e)
			       : NULL;
	return r->first ? 0 : e->code;
}

static int
sort_shared(struct repeats *r, uint64_t *begins, struct err *e)
{
	lay_out(r, begins);
	if (divsufsort((const unsigned char *)r->sorted, r->suffixes,
		(int32_t)r->nsorted) != 0)
		return err_nomem(e, "suffixes");
	note_all(r, drop_tails(r, begins));
	return 0;
}

int
repeats_find(struct repeats *r, struct err *e)
{
	uint64_t *begins;
	size_t nword;
	int rc;

	if (r->npiece == 0)
		return 0;
	/* qsort() takes as much again. */
	r->shared = budget_calloc(
	    r->budget, r->npiece, 2 * sizeof(*r->shared), "repeats", e);
	if (!r->shared)
		return e->code;
	choose_shared(r);
	if (r->nshared == 0)
		return 0;
	nword = r->nsorted / 64 + 1;
	begins = budget_calloc(r->budget, nword, sizeof(*begins), "repeats", e);
	if (!begins)
		return e->code;
	rc = allocate(r, e);
	if (rc == 0)
		rc = sort_shared(r, begins, e);
	free(begins);
	budget_give(r->budget, nword * sizeof(*begins));
	return rc;
}

const uint64_t *
repeats_of(const struct repeats *r, struct str piece, uint64_t *least)
{
	const struct piece *p = &r->pieces[*slot_of(r, piece) - 1];

	*least = p->least;
	return p->window == NO_WINDOW ? NULL : r->first + p->window;
}
