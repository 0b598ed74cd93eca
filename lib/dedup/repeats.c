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

void
repeats_init(struct repeats *r, struct budget *b, size_t width)
{
	*r = (struct repeats){ .budget = b, .width = width };
}

void
repeats_free(struct repeats *r)
{
	if (r->suffixes)
		budget_give(r->budget, r->ntext * sizeof(*r->suffixes));
	if (r->first)
		budget_give(r->budget, r->nwindow * sizeof(*r->first));
	if (r->table)
		budget_give(r->budget, (r->mask + 1) * sizeof(*r->table));
	budget_give(r->budget, r->text_cap + r->piece_cap * sizeof(*r->pieces));
	free(r->text);
	free(r->pieces);
	free(r->table);
	free(r->suffixes);
	free(r->first);
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
new_piece(struct repeats *r, uint64_t place, struct str s, struct err *e)
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
		.at = (uint32_t)r->ntext,
		.window = (uint32_t)r->nwindow };
	memcpy(text + r->ntext, s.p, s.n);
	r->ntext += s.n;
	text[r->ntext++] = (char)END;
	r->nwindow += s.n - r->width + 1;
	return 0;
}

int
repeats_add(struct repeats *r, uint64_t place, struct str piece, struct err *e)
{
	uint32_t *slot;

	if (grow_table(r, e) < 0)
		return e->code;
	slot = slot_of(r, piece);
	if (!*slot) {
		*slot = (uint32_t)r->npiece + 1;
		return new_piece(r, place, piece, e);
	}
	if (place < r->pieces[*slot - 1].least)
		r->pieces[*slot - 1].least = place;
	return 0;
}

/* The number of the window that begins at byte `at` of the text. */
static uint32_t
window_at(const struct repeats *r, uint32_t at)
{
	size_t from = 0, to = r->npiece, mid;

	while (to - from > 1) {
		mid = from + (to - from) / 2;
		if (r->pieces[mid].at <= at)
			from = mid;
		else
			to = mid;
	}
	return r->pieces[from].window + (at - r->pieces[from].at);
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

/* A bit for each byte of the text with which a window begins. */
static void
mark_windows(const struct repeats *r, uint64_t *begins)
{
	const struct piece *p;
	size_t i, n;

	for (p = r->pieces; p < r->pieces + r->npiece; p++) {
		n = length(r, p) - r->width + 1;
		for (i = p->at; i < p->at + n; i++)
			begins[i / 64] |= (uint64_t)1 << i % 64;
	}
}

/* Leave the suffixes that begin with a whole window; returns how many. */
static size_t
drop_tails(struct repeats *r, const uint64_t *begins)
{
	size_t i, k, n = 0;

	for (i = 0; i < r->ntext; i++) {
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
		if (i < n && memcmp(r->text + r->suffixes[i - 1],
				 r->text + r->suffixes[i], r->width) == 0)
			continue;
		note_run(r, r->suffixes + from, i - from);
		from = i;
	}
}

static int
allocate(struct repeats *r, struct err *e)
{
	const struct piece *p;
	size_t i;

	r->suffixes = budget_calloc(
	    r->budget, r->ntext, sizeof(*r->suffixes), "suffixes", e);
	r->first = r->suffixes ? budget_calloc(r->budget, r->nwindow,
				     sizeof(*r->first), "repeats", e)
			       : NULL;
	if (!r->first)
		return e->code;
	for (p = r->pieces; p < r->pieces + r->npiece; p++)
		for (i = 0; i < length(r, p) - r->width + 1; i++)
			r->first[p->window + i] = p->least + i;
	return 0;
}

int
repeats_find(struct repeats *r, struct err *e)
{
	size_t nword = r->ntext / 64 + 1;
	uint64_t *begins;
	int rc = 0;

	if (r->npiece == 0)
		return 0;
	if (allocate(r, e) < 0)
		return e->code;
	begins =
	    budget_calloc(r->budget, nword, sizeof(*begins), "suffixes", e);
	if (!begins)
		return e->code;
	mark_windows(r, begins);
	if (divsufsort((const unsigned char *)r->text, r->suffixes,
		(int32_t)r->ntext) == 0)
		note_all(r, drop_tails(r, begins));
	else
		rc = err_nomem(e, "suffixes");
	free(begins);
	budget_give(r->budget, nword * sizeof(*begins));
	return rc;
}

const uint64_t *
repeats_of(const struct repeats *r, struct str piece)
{
	uint32_t nth = r->table ? *slot_of(r, piece) : 0;

	return nth ? r->first + r->pieces[nth - 1].window : NULL;
}
