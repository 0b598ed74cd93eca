/* SPDX-License-Identifier: MIT */
#include "base/buf.h"
#include "base/err.h"
#include "dedup/key.h"
#include "dedup/near.h"
#include "dedup/pairs.h"
#include "io/stream.h"

enum { FLUSH = 1 << 20 };

struct pairs {
	struct near *x;
	struct sorter ids;   /* records: u32 rank, id */
	struct sorter half;  /* records: u32 rank b, f64, id a */
	struct sorter lines; /* records: id, id, u64 bits of J */
	/* A group's ids, one behind the other; and what comes next in ids. */
	struct buf group;
	uint32_t rank;
	struct str next;
	struct buf b, text;
	struct out *out;
	uint64_t n;
};

/* Members by rank instead of by place. */
static int
rank_members(struct pairs *p, struct err *e)
{
	struct pair rank = { 0 };
	struct str m;
	uint64_t place;
	int rc, more = 1;

	if (sorter_sort(&p->x->members, e) < 0 ||
	    sorter_sort(&p->x->ranks, e) < 0)
		return e->code;
	more = sorter_pair(&p->x->ranks, &rank, e);
	while ((rc = sorter_record(&p->x->members, &m, e)) > 0) {
		place = key_get_u64(&m);
		while (more > 0 && rank.key < place)
			more = sorter_pair(&p->x->ranks, &rank, e);
		if (more < 0)
			return more;
		buf_clear(&p->b);
		key_u32(&p->b, (uint32_t)rank.value);
		buf_str(&p->b, m);
		if (buf_ok(&p->b, e) < 0 ||
		    sorter_add(&p->ids, buf_view(&p->b), e) < 0)
			return e->code;
	}
	sorter_free(&p->x->members);
	return rc;
}

static int
advance(struct pairs *p, struct err *e)
{
	int rc = sorter_record(&p->ids, &p->next, e);

	if (rc == 0)
		p->next = (struct str){ NULL, 0 };
	return rc < 0 ? rc : 0;
}

static int
begin_ids(struct pairs *p, struct err *e)
{
	return sorter_sort(&p->ids, e) < 0 ? e->code : advance(p, e);
}

static uint32_t
rank_at(struct str r)
{
	return key_get_u32(&r);
}

/* The next group into p->group; 0 behind the last. */
static int
next_group(struct pairs *p, struct err *e)
{
	if (!p->next.p)
		return 0;
	buf_clear(&p->group);
	p->rank = rank_at(p->next);
	while (p->next.p && rank_at(p->next) == p->rank) {
		buf_put(&p->group, p->next.p + sizeof(p->rank),
		    p->next.n - sizeof(p->rank));
		if (advance(p, e) < 0)
			return e->code;
	}
	return buf_ok(&p->group, e) < 0 ? e->code : 1;
}

static int
add_line(struct pairs *p, struct str a, struct str b, double j, struct err *e)
{
	bool swap = str_cmp(a, b) > 0;
	uint64_t bits;

	memcpy(&bits, &j, sizeof(bits));
	buf_clear(&p->b);
	buf_str(&p->b, swap ? b : a);
	buf_str(&p->b, swap ? a : b);
	key_u64(&p->b, bits); /* J is positive: its bits have its order */
	if (buf_ok(&p->b, e) < 0)
		return e->code;
	return sorter_add(&p->lines, buf_view(&p->b), e);
}

/* The documents of one group are pairs. */
static int
within_group(struct pairs *p, struct err *e)
{
	struct str rest = buf_view(&p->group), others, a;

	while (rest.n) {
		a = key_skip_str(&rest);
		for (others = rest; others.n;)
			if (add_line(p, a, key_skip_str(&others), 1, e) < 0)
				return e->code;
	}
	return 0;
}

/* A match's first group: for the second, each id of the first. */
static int
first_half(struct pairs *p, uint32_t b, uint64_t bits, struct err *e)
{
	struct str rest = buf_view(&p->group);

	while (rest.n) {
		buf_clear(&p->b);
		key_u32(&p->b, b);
		key_u64(&p->b, bits);
		buf_str(&p->b, key_skip_str(&rest));
		if (buf_ok(&p->b, e) < 0 ||
		    sorter_add(&p->half, buf_view(&p->b), e) < 0)
			return e->code;
	}
	return 0;
}

static int
first_halves(struct pairs *p, struct err *e)
{
	struct sorter *matches = &p->x->matches;
	struct pair m = { 0 };
	int rc, more;

	if (sorter_sort(matches, e) < 0 || begin_ids(p, e) < 0)
		return e->code;
	more = sorter_pair(matches, &m, e);
	while (more >= 0 && (rc = next_group(p, e)) > 0) {
		if (within_group(p, e) < 0)
			return e->code;
		while (more > 0 && m.key >> 32 == p->rank) {
			if (first_half(p, (uint32_t)m.key, m.value, e) < 0)
				return e->code;
			more = sorter_pair(matches, &m, e);
		}
	}
	sorter_free(matches);
	return more < 0 ? more : rc;
}

static int
second_half(struct pairs *p, uint64_t bits, struct str a, struct err *e)
{
	struct str rest = buf_view(&p->group);
	double j;

	memcpy(&j, &bits, sizeof(j));
	while (rest.n)
		if (add_line(p, a, key_skip_str(&rest), j, e) < 0)
			return e->code;
	return 0;
}

static int
second_halves(struct pairs *p, struct err *e)
{
	struct str r;
	uint32_t b;
	uint64_t bits;
	int rc, got = 1;

	if (sorter_sort(&p->half, e) < 0 || begin_ids(p, e) < 0)
		return e->code;
	p->rank = NO_RANK;
	while ((rc = sorter_record(&p->half, &r, e)) > 0) {
		b = key_get_u32(&r);
		bits = key_get_u64(&r);
		while (got > 0 && p->rank != b)
			got = next_group(p, e);
		if (got < 0 || second_half(p, bits, r, e) < 0)
			return e->code;
	}
	return rc;
}

static void
put_id(struct buf *b, struct str id)
{
	static const char from[] = "\t\n\r\\", to[] = "tnr\\";
	const char *special;
	size_t i;

	for (i = 0; i < id.n; i++) {
		special = id.p[i] ? strchr(from, id.p[i]) : NULL;
		if (special) {
			buf_putc(b, '\\');
			buf_putc(b, to[special - from]);
		} else {
			buf_putc(b, id.p[i]);
		}
	}
}

static int
flush(struct pairs *p, size_t least, struct err *e)
{
	if (buf_ok(&p->text, e) < 0)
		return e->code;
	if (p->text.n >= least &&
	    out_write(p->out, p->text.p, p->text.n, e) < 0)
		return e->code;
	if (p->text.n >= least)
		buf_clear(&p->text);
	return 0;
}

static void
put_line(struct pairs *p, struct str r)
{
	uint64_t bits;
	double j;
	int i;

	for (i = 0; i < 2; i++) {
		buf_clear(&p->b);
		key_get_str(&r, &p->b);
		put_id(&p->text, buf_view(&p->b));
		buf_putc(&p->text, '\t');
	}
	bits = key_get_u64(&r);
	memcpy(&j, &bits, sizeof(j));
	buf_printf(&p->text, "%.4f\n", j);
	p->n++;
}

static int
write_lines(struct pairs *p, struct err *e)
{
	struct str r;
	int rc = sorter_sort(&p->lines, e);

	while (rc == 0 && (rc = sorter_record(&p->lines, &r, e)) > 0) {
		put_line(p, r);
		rc = buf_ok(&p->b, e) < 0 ? e->code : flush(p, FLUSH, e);
	}
	return rc < 0 ? rc : flush(p, 1, e);
}

int
pairs_write(struct near *x, struct out *out, uint64_t *n, struct err *e)
{
	struct pairs p = { .x = x, .out = out };
	int rc;

	sorter_init(&p.ids, false, budget_share(&x->budget, 1, 8));
	sorter_init(&p.half, false, budget_share(&x->budget, 1, 8));
	sorter_init(&p.lines, false, budget_share(&x->budget, 1, 8));
	rc = rank_members(&p, e);
	if (rc == 0)
		rc = first_halves(&p, e);
	if (rc == 0)
		rc = second_halves(&p, e);
	if (rc == 0)
		rc = write_lines(&p, e);
	*n = p.n;
	sorter_free(&p.ids);
	sorter_free(&p.half);
	sorter_free(&p.lines);
	buf_free(&p.group);
	buf_free(&p.b);
	buf_free(&p.text);
	return rc;
}
