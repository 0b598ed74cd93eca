/* SPDX-License-Identifier: MIT */
/*
 * Runs of tokens that repeat, told by the bytes of the tokens in a row: without
 * gaps, or with one between any two, so that equal bytes are equal tokens.
 */
#include <stdlib.h>

#include "base/err.h"
#include "filter/meter.h"

/*
 * A run of 5 to 10 tokens is looked for by how it begins: by its first START
 * bytes, or FEW if five tokens have no more.
 */
enum { START = 16, FEW = 8, SHORTEST = 5, MANY = 1 << 20 };

static int
make_room(struct row *r, size_t n, struct err *e)
{
	char *more;

	if (n <= r->room)
		return 0;
	more = realloc(r->p, n);
	if (!more)
		return err_nomem(e, "a text");
	r->p = more;
	r->room = n;
	return 0;
}

/* Copy a token, and what is behind it up to end if that saves counting: there
 * are START of room at `to`. */
static inline void
copy_token(char *to, struct str token, const char *end)
{
	if (token.n <= START && end - token.p >= START)
		memcpy(to, token.p, START);
	else
		memcpy(to, token.p, token.n);
}

/* The tokens in a row, and room to read a beginning anywhere. */
static int
make_row(struct meter *m, struct token_set *t, struct row *r, struct err *e)
{
	const char *end;
	uint32_t i;
	char *p;

	if (r->made)
		return 0;
	if (meter_lay_out(m, t, e) < 0 ||
	    make_room(
		r, t->tokens[t->n].at + r->gap * (size_t)t->n + START, e) < 0)
		return e->code;
	p = r->p;
	end = t->n ? t->v[t->n - 1].p + t->v[t->n - 1].n : p;
	for (i = 0; i < t->n; i++) {
		copy_token(p, t->v[i], end);
		p += t->v[i].n;
		if (r->gap)
			*p++ = ' ';
	}
	memset(p, 0, START);
	r->made = true;
	return 0;
}

/* Where the i-th token is in the row. */
static inline uint32_t
place(const struct row *r, const struct token_set *t, uint32_t i)
{
	return t->tokens[i].at + r->gap * i;
}

static inline uint64_t
load(const char *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint64_t
scatter(uint64_t a)
{
	a *= UINT64_C(0x94d049bb133111eb);
	return a ^ a >> 32;
}

static inline uint64_t
beginning(const char *p)
{
	return scatter(load(p) ^ load(p + 8) * UINT64_C(0xbf58476d1ce4e5b9));
}

static inline uint64_t
short_beginning(const char *p)
{
	return scatter(load(p) * UINT64_C(0xbf58476d1ce4e5b9));
}

static int
make_list_room(struct token_set *t, struct row *r, struct err *e)
{
	if (r->cap >= t->cap)
		return 0;
	free(r->list);
	r->cap = 0;
	r->list = malloc(t->cap * sizeof(*r->list));
	if (!r->list)
		return err_nomem(e, "a text");
	r->cap = t->cap;
	return 0;
}

/* Bytes of the five tokens from i on, without the gap behind them. */
static inline uint32_t
run_size(const struct token_set *t, const struct row *r, uint32_t i)
{
	return place(r, t, i + SHORTEST) - r->gap - place(r, t, i);
}

/* May five tokens from i on stand there twice? */
static inline bool
may_repeat(const struct meter *m, const struct token_set *t,
    const struct row *r, uint32_t i)
{
	const char *p = r->p + place(r, t, i);
	uint32_t n = run_size(t, r, i);

	if (n >= START)
		return again_seen(&m->again, beginning(p));
	return n < FEW || again_seen(&m->again_few, short_beginning(p));
}

/*
 * Leave those whose beginnings do stand there twice: of a run and its copy both
 * are in the list.
 */
static int
sift(struct meter *m, struct token_set *t, struct row *r, struct err *e)
{
	uint32_t *slots = m->scratch, k, kept = 0;

	if (seen_begin(&m->seen, r->p, r->n, e) < 0)
		return e->code;
	for (k = 0; k < r->n; k++)
		slots[k] = (uint32_t)(seen_add(&m->seen,
					  place(r, t, r->list[k]), START) -
				      m->seen.slots);
	for (k = 0; k < r->n; k++) {
		r->list[kept] = r->list[k];
		kept += run_size(t, r, r->list[k]) < START ||
			m->seen.slots[slots[k]].count > 1;
	}
	r->n = kept;
	return 0;
}

/* Where a run of five tokens or more may begin that stands there twice. */
static int
list_places(struct meter *m, struct token_set *t, struct row *r, struct err *e)
{
	const char *p;
	uint32_t i, n = 0;

	if (r->listed)
		return 0;
	if (make_row(m, t, r, e) < 0 || make_list_room(t, r, e) < 0 ||
	    again_begin(&m->again, t->n, e) < 0 ||
	    again_begin(&m->again_few, t->n, e) < 0)
		return e->code;
	for (i = 0; i < t->n; i++) {
		p = r->p + place(r, t, i);
		again_add(&m->again, beginning(p));
		again_add(&m->again_few, short_beginning(p));
	}
	for (i = 0; i + SHORTEST <= t->n; i++) {
		r->list[n] = i;
		n += may_repeat(m, t, r, i);
	}
	r->n = n;
	r->listed = true;
	/* Where most repeats that is in vain. */
	return r->gap || r->n > t->n / 2 ? 0 : sift(m, t, r, e);
}

/*
 * Characters in n-grams whose joined bytes were seen before; what is counted
 * is skipped, so that no character counts twice.
 */
int
meter_dup(struct meter *m, struct token_set *t, uint32_t n, struct err *e)
{
	const struct meter_token *at;
	enum signal sig = SIG_dup_5gram + (n - 5);
	const struct row *r = &t->rows[0];
	uint32_t i, k, next = 0;
	uint64_t chars = 0;

	if (list_places(m, t, &t->rows[0], e) < 0 ||
	    meter_want(m, t, METER_SIZE, e) < 0 ||
	    seen_begin(&m->seen, r->p, r->n, e) < 0)
		return e->code;
	for (k = 0; k < r->n; k++) {
		i = r->list[k];
		if (i < next)
			continue;
		if (i + n > t->n)
			break;
		at = &t->tokens[i];
		if (seen_add(&m->seen, at->at, at[n].at - at->at)->count == 1)
			continue;
		if (chars == 0)
			t->s.where[sig] = meter_gram_span(m, t, i, n);
		chars += meter_chars_of(t, i, n);
		next = i + n;
	}
	t->s.v[sig] = meter_ratio(chars, (uint64_t)m->s.v[SIG_chars]);
	return 0;
}

/* Leave in the list where n-grams stand that stand there twice. */
static int
prune(struct meter *m, struct token_set *t, struct row *r, uint32_t n,
    struct err *e)
{
	uint32_t *slots = m->scratch, i, k, kept = 0;

	if (seen_begin(&m->seen, r->p, r->n, e) < 0)
		return e->code;
	while (r->n && r->list[r->n - 1] + n > t->n)
		r->n--;
	for (k = 0; k < r->n; k++) {
		i = place(r, t, r->list[k]);
		slots[k] =
		    (uint32_t)(seen_add(&m->seen, i,
				   place(r, t, r->list[k] + n) - r->gap - i) -
			       m->seen.slots);
	}
	for (k = 0; k < r->n; k++) {
		r->list[kept] = r->list[k];
		kept += m->seen.slots[slots[k]].count > 1;
	}
	r->n = kept;
	r->pruned = n;
	return 0;
}

/* Characters of the tokens that n-grams cover which stand there twice. */
int
meter_copied(struct meter *m, struct token_set *t, uint32_t n, struct err *e)
{
	enum signal sig = SIG_copied_5gram + (n - 5);
	struct row *r = &t->rows[1];
	uint32_t i, k, from, covered = 0;
	uint64_t chars = 0;

	/* A list for longer runs lacks places. */
	if (r->pruned > n)
		r->listed = false;
	if (list_places(m, t, r, e) < 0 || prune(m, t, r, n, e) < 0)
		return e->code;
	for (k = 0; k < r->n; k++) {
		i = r->list[k];
		from = i > covered ? i : covered;
		chars += meter_chars_of(t, from, i + n - from);
		covered = i + n;
	}
	t->s.v[sig] = meter_ratio(chars, t->tokens[t->n].chars);
	if (chars)
		t->s.where[sig] = meter_gram_span(m, t, r->list[0], n);
	return 0;
}

static int
make_counts(struct meter *m, uint32_t n, struct err *e)
{
	/* Of many tokens most are frequent ones: one counter each will do. */
	uint32_t bits = 10, each = n < MANY ? 4 : 1;

	while (bits < 30 && UINT64_C(1) << bits < each * (uint64_t)n)
		bits++;
	if (bits > m->rough.bits) {
		free(m->rough.counts);
		m->rough.bits = 0;
		m->rough.counts = malloc(sizeof(*m->rough.counts) << bits);
		if (!m->rough.counts)
			return err_nomem(e, "a text");
		m->rough.bits = bits;
	}
	memset(m->rough.counts, 0, sizeof(*m->rough.counts) << bits);
	m->rough.shift = 64 - bits;
	return 0;
}

/* Where the i-th token is counted: others may be as well. */
static inline uint32_t
counter(const struct meter *m, const struct token_set *t, const struct row *r,
    uint32_t i)
{
	uint32_t n = t->tokens[i + 1].at - t->tokens[i].at;
	/* Of the first 8 bytes, those that are the token's. */
	static const uint64_t masks[] = { 0, 0xff, 0xffff, 0xffffff, 0xffffffff,
		0xffffffffff, 0xffffffffffff, 0xffffffffffffff, UINT64_MAX };
	uint64_t key = load(r->p + place(r, t, i)) & masks[n < 8 ? n : 8];

	return (uint32_t)(((key ^ n) * UINT64_C(0x9e3779b97f4a7c15)) >>
			  m->rough.shift);
}

static inline uint32_t
least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* The n-grams from i on, the first `most` of 2, 3 and 4 tokens. */
static inline void
bound_at(struct token_set *t, const uint32_t *counts, uint32_t i, uint32_t most)
{
	uint32_t k, count = counts[i];
	uint64_t size;

	for (k = 0; k < most; k++) {
		count = least(count, counts[i + k + 1]);
		size = (uint64_t)count * (meter_chars_of(t, i, k + 2) + k + 1);
		t->most[k] = size > t->most[k] ? size : t->most[k];
	}
}

/*
 * An n-gram is no more frequent than the rarest of its tokens, and a token no
 * more than it seems to be where several may share a counter.
 */
int
meter_bound_tops(struct meter *m, struct token_set *t, bool gaps, struct err *e)
{
	struct row *r = &t->rows[gaps];
	uint32_t *counts, i;

	if (t->bounded)
		return 0;
	if (make_row(m, t, r, e) < 0 || make_counts(m, t->n, e) < 0)
		return e->code;
	counts = m->scratch;
	for (i = 0; i < t->n; i++) {
		counts[i] = counter(m, t, r, i);
		m->rough.counts[counts[i]]++;
	}
	for (i = 0; i < t->n; i++)
		counts[i] = m->rough.counts[counts[i]];
	memset(t->most, 0, sizeof(t->most));
	for (i = 0; i + 4 <= t->n; i++)
		bound_at(t, counts, i, 3);
	for (; i + 2 <= t->n; i++)
		bound_at(t, counts, i, t->n - i - 1);
	t->bounded = true;
	return 0;
}
