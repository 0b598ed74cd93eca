/* SPDX-License-Identifier: MIT */
#include "base/err.h"
#include "dedup/budget.h"
#include "dedup/groups.h"
#include "dedup/key.h"
#include "dedup/owners.h"

/* Shares of the memory, in 32ths. */
enum { ALL = 32, WHOS = 12, RANKS = 4, DOCS = 4, LINES = 12, CUTS = 6 };

static void
begin(const struct budget *b, struct sorter *s, bool pairs, unsigned part)
{
	sorter_init(s, pairs, budget_share(b, part, ALL));
}

void
owners_init(struct owners *o, const struct budget *b)
{
	*o = (struct owners){ 0 };
	begin(b, &o->whos, false, WHOS);
	begin(b, &o->ranks, true, RANKS);
	begin(b, &o->docs, false, DOCS);
	begin(b, &o->spans, true, LINES);
	begin(b, &o->cuts, false, CUTS);
	begin(b, &o->named, false, CUTS);
	begin(b, &o->verdicts, false, CUTS);
}

void
owners_free(struct owners *o)
{
	sorter_free(&o->whos);
	sorter_free(&o->ranks);
	sorter_free(&o->docs);
	sorter_free(&o->spans);
	sorter_free(&o->cuts);
	sorter_free(&o->named);
	sorter_free(&o->verdicts);
	buf_free(&o->record);
}

int
owners_rank(struct owners *o, struct err *e)
{
	struct buf *b = &o->record;
	struct who w;
	struct str r;
	uint64_t rank;
	int rc = sorter_sort(&o->whos, e);

	for (rank = 0; rc == 0; rank++) {
		rc = sorter_record(&o->whos, &r, e);
		if (rc <= 0)
			break;
		if (rank == NO_OWNER)
			return err_set(e, ERR_ARG, "more than 4 G documents");
		who_get(&r, &w);
		buf_clear(b);
		key_u32(b, (uint32_t)rank);
		key_u64(b, w.place);
		buf_str(b, w.id);
		if (buf_ok(b, e) < 0 ||
		    sorter_add(&o->docs, buf_view(b), e) < 0)
			return e->code;
		rc = sorter_put(&o->ranks, w.place, rank, e);
	}
	sorter_free(&o->whos);
	return rc < 0 ? rc : sorter_sort(&o->ranks, e);
}

static int
put_cut(struct owners *o, uint64_t owner, const struct pair *p, struct err *e)
{
	struct buf *b = &o->record;

	buf_clear(b);
	key_u32(b, (uint32_t)owner);
	key_u32(b, (uint32_t)p->value);
	key_u64(b, p->key);
	return buf_ok(b, e) < 0 ? e->code
				: sorter_add(&o->cuts, buf_view(b), e);
}

/* Of the ranks with a line the first keeps it. */
static int
find_cuts(struct owners *o, struct err *e)
{
	struct pair p, last = { 0 };
	uint64_t owner = 0;
	int rc = sorter_sort(&o->spans, e);

	while (rc == 0 && (rc = sorter_pair(&o->spans, &p, e)) > 0) {
		rc = 0;
		if (o->distinct == 0 || p.key != last.key) {
			o->distinct++;
			owner = p.value;
		} else if (p.value != last.value) {
			rc = put_cut(o, owner, &p, e);
		}
		last = p;
	}
	sorter_free(&o->spans);
	return rc < 0 ? rc : sorter_sort(&o->cuts, e);
}

/* On to the document of a rank, which is there. */
static int
seek_doc(struct owners *o, uint32_t rank, uint64_t *at, uint64_t *place,
    struct str *id, struct err *e)
{
	int rc;

	while (*at != rank) {
		rc = sorter_record(&o->docs, id, e);
		if (rc <= 0)
			return rc < 0 ? rc
				      : err_set(e, ERR_CHECK,
					    "a document is lost: this is a bug "
					    "in quern");
		*at = key_get_u32(id);
		*place = key_get_u64(id);
	}
	return 0;
}

/* Cuts, by owner, joined with the owners. */
static int
name_owners(struct owners *o, struct err *e)
{
	struct buf *b = &o->record;
	uint64_t at = UINT64_MAX, place;
	struct str r, id = { NULL, 0 };
	uint32_t owner;
	int rc = sorter_sort(&o->docs, e);

	while (rc == 0 && (rc = sorter_record(&o->cuts, &r, e)) > 0) {
		owner = key_get_u32(&r);
		if (seek_doc(o, owner, &at, &place, &id, e) < 0)
			return e->code;
		buf_clear(b);
		buf_str(b, r);
		key_u32(b, owner);
		buf_str(b, id);
		rc = buf_ok(b, e);
		if (rc == 0)
			rc = sorter_add(&o->named, buf_view(b), e);
	}
	sorter_free(&o->cuts);
	return rc < 0 ? rc : sorter_sort(&o->named, e);
}

/* Cuts, by the document to be cut, joined with these. */
static int
place_cuts(struct owners *o, struct err *e)
{
	struct buf *b = &o->record;
	uint64_t at = UINT64_MAX, place;
	struct str r, id = { NULL, 0 };
	uint32_t rank;
	int rc = sorter_sort(&o->docs, e);

	while (rc == 0 && (rc = sorter_record(&o->named, &r, e)) > 0) {
		rank = key_get_u32(&r);
		if (seek_doc(o, rank, &at, &place, &id, e) < 0)
			return e->code;
		buf_clear(b);
		key_u64(b, place);
		buf_str(b, r);
		rc = buf_ok(b, e);
		if (rc == 0)
			rc = sorter_add(&o->verdicts, buf_view(b), e);
	}
	sorter_free(&o->named);
	sorter_free(&o->docs);
	return rc < 0 ? rc : sorter_sort(&o->verdicts, e);
}

int
owners_find(struct owners *o, struct err *e)
{
	sorter_free(&o->ranks);
	if (find_cuts(o, e) < 0 || name_owners(o, e) < 0)
		return e->code;
	return place_cuts(o, e);
}
