/* SPDX-License-Identifier: MIT */
#include "base/err.h"
#include "dedup/choose.h"
#include "dedup/key.h"
#include "dedup/minhash.h"
#include "dedup/near.h"
#include "io/run.h"

/* Shares of the memory, in 32ths; which live at one time add up to 32. */
enum {
	ALL = 32,
	DOCS = 16,
	WHOS = 4,
	KEYS = 8,
	COPIES = 2,
	MEMBERS = 2,
	BUCKETS = 8,
	TABLE = 2,
	RANKS = 2,
	LINKS = 4,
	NEEDED = 2,
	SETS = 8,
	CHUNK = 7,
	SPARE = 1,
	CHOICES = 1,
	MATCHES = 1,
	VERDICTS = 4,
};

static void
begin(struct near *x, struct sorter *s, bool pairs, unsigned part)
{
	sorter_init(s, pairs, budget_share(&x->budget, part, ALL));
}

int
near_init(struct near *x, const struct run *r, const struct minhash_opt *opt,
    struct err *e)
{
	size_t nband = (size_t)opt->bands, nrow = (size_t)opt->rows;

	*x = (struct near){ .opt = opt };
	if (prefer_parse(&x->prefer, opt->prefer, e) < 0 ||
	    budget_init(&x->budget, r->opt, e) < 0)
		return e->code;
	begin(x, &x->docs, false, DOCS);
	begin(x, &x->whos, false, WHOS);
	begin(x, &x->keys, true, KEYS);
	begin(x, &x->copies, false, COPIES);
	begin(x, &x->members, false, MEMBERS);
	begin(x, &x->buckets, true, BUCKETS);
	begin(x, &x->table, false, TABLE);
	begin(x, &x->ranks, true, RANKS);
	begin(x, &x->links, true, LINKS);
	begin(x, &x->needed, true, NEEDED);
	begin(x, &x->sets, false, SETS);
	begin(x, &x->choices, false, CHOICES);
	begin(x, &x->matches, true, MATCHES);
	begin(x, &x->verdicts, false, VERDICTS);
	return opt->roots
		   ? signer_init_datatrove(&x->signer, nband, nrow, e)
		   : signer_init(&x->signer, nband, nrow, r->opt->seed, e);
}

void
near_free(struct near *x)
{
	struct sorter *all[] = { &x->docs, &x->whos, &x->keys, &x->copies,
		&x->members, &x->buckets, &x->table, &x->ranks, &x->links,
		&x->needed, &x->sets, &x->choices, &x->matches, &x->verdicts };
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(*all); i++)
		sorter_free(all[i]);
	signer_free(&x->signer);
}

int
row_put(struct sorter *s, struct buf *b, const struct row *r, struct err *e)
{
	buf_clear(b);
	key_u32(b, r->rank);
	key_u64(b, r->place);
	key_u64(b, r->line);
	key_u32(b, r->nset);
	key_u32(b, r->count);
	key_u8(b, r->earlier);
	buf_str(b, r->id);
	return buf_ok(b, e) < 0 ? e->code : sorter_add(s, buf_view(b), e);
}

int
row_next(struct sorter *s, struct row *r, struct err *e)
{
	struct str b;
	int rc = sorter_record(s, &b, e);

	if (rc <= 0)
		return rc;
	r->rank = key_get_u32(&b);
	r->place = key_get_u64(&b);
	r->line = key_get_u64(&b);
	r->nset = key_get_u32(&b);
	r->count = key_get_u32(&b);
	r->earlier = key_get_u8(&b);
	r->id = b;
	return 1;
}

int
row_seek(struct sorter *s, uint32_t rank, struct row *r, struct err *e)
{
	int rc;

	while (r->rank != rank) {
		rc = row_next(s, r, e);
		if (rc == 0)
			return err_set(e, ERR_CHECK,
			    "a group is lost: this is a bug in quern");
		if (rc < 0)
			return rc;
	}
	return 0;
}

int
dropped_put(
    struct sorter *s, struct buf *b, const struct dropped *d, struct err *e)
{
	buf_clear(b);
	key_u32(b, d->head);
	key_u32(b, d->rank);
	key_raw(b, &d->jaccard, sizeof(d->jaccard));
	key_u32(b, d->count);
	return buf_ok(b, e) < 0 ? e->code : sorter_add(s, buf_view(b), e);
}

int
dropped_next(struct sorter *s, struct dropped *d, struct err *e)
{
	struct str b;
	int rc = sorter_record(s, &b, e);

	if (rc <= 0)
		return rc;
	d->head = key_get_u32(&b);
	d->rank = key_get_u32(&b);
	key_get_raw(&b, &d->jaccard, sizeof(d->jaccard));
	d->count = key_get_u32(&b);
	return 1;
}

/* The group being read. */
struct current {
	struct buf who, b;
	uint64_t place;
	uint32_t nset, count;
};

static int
end_group(struct near *x, struct current *g, struct err *e)
{
	if (g->count == 0)
		return 0;
	x->distinct++;
	key_u32(&g->who, g->nset);
	key_u32(&g->who, g->count);
	if (buf_ok(&g->who, e) < 0)
		return e->code;
	return sorter_add(&x->whos, buf_view(&g->who), e);
}

uint64_t
near_key(uint64_t key, size_t band)
{
	return mix64(key + band);
}

static int
begin_group(
    struct near *x, struct current *g, const struct member *m, struct err *e)
{
	struct str p = m->payload;
	uint64_t key;
	size_t i;

	g->nset = key_get_u32(&p);
	g->count = 0;
	g->place = m->who.place;
	buf_clear(&g->who);
	buf_str(&g->who, m->whole);
	for (i = 0; i < x->signer.nband && !x->keyless; i++) {
		key_get_raw(&p, &key, sizeof(key));
		if (sorter_put(&x->keys, near_key(key, i), g->place, e) < 0)
			return e->code;
	}
	if (!p.p)
		return err_set(e, ERR_FORMAT, "a signature is cut off");
	return buf_ok(&g->who, e);
}

static int
add_member(
    struct near *x, struct current *g, const struct member *m, struct err *e)
{
	g->count++;
	if (!m->first && !m->who.earlier) {
		buf_clear(&g->b);
		key_u64(&g->b, g->place);
		key_u64(&g->b, m->who.place);
		key_u64(&g->b, m->who.line);
		if (buf_ok(&g->b, e) < 0 ||
		    sorter_add(&x->copies, buf_view(&g->b), e) < 0)
			return e->code;
	}
	if (!x->opt->pairs)
		return 0;
	buf_clear(&g->b);
	key_u64(&g->b, g->place);
	buf_str(&g->b, m->who.id);
	if (buf_ok(&g->b, e) < 0)
		return e->code;
	return sorter_add(&x->members, buf_view(&g->b), e);
}

int
near_groups(struct near *x, struct err *e)
{
	struct groups g = { .docs = &x->docs };
	struct current at = { 0 };
	struct member m;
	int rc = sorter_sort(&x->docs, e);

	while (rc == 0 && (rc = groups_next(&g, &m, e)) > 0) {
		rc = 0;
		if (m.first && (rc = end_group(x, &at, e)) == 0)
			rc = begin_group(x, &at, &m, e);
		if (rc == 0)
			rc = add_member(x, &at, &m, e);
	}
	if (rc == 0)
		rc = end_group(x, &at, e);
	buf_free(&at.who);
	buf_free(&at.b);
	sorter_free(&x->docs);
	return rc;
}

int
near_buckets(struct near *x, struct err *e)
{
	struct pair p, at = { 0 };
	bool any = false, told = false;
	int rc = sorter_sort(&x->keys, e);

	while (rc == 0 && (rc = sorter_pair(&x->keys, &p, e)) > 0) {
		rc = 0;
		if (!any || p.key != at.key) {
			at = p;
			any = true;
			told = false;
			continue;
		}
		/* Places of earlier dumps are behind all others. */
		if (at.value & PLACE_EARLIER || p.value == at.value)
			continue;
		if (!told)
			rc = sorter_put(&x->buckets, at.value, at.key, e);
		if (rc == 0)
			rc = sorter_put(&x->buckets, p.value, p.key, e);
		told = true;
	}
	sorter_free(&x->keys);
	return rc;
}

static int
add_row(
    struct near *x, struct str r, uint64_t rank, struct buf *b, struct err *e)
{
	struct row row = { .rank = (uint32_t)rank };
	struct who w;

	if (rank == NO_RANK)
		return err_set(e, ERR_ARG, "more than 4 G different documents");
	who_get(&r, &w);
	row.place = w.place;
	row.line = w.line;
	row.earlier = w.earlier;
	row.id = w.id;
	row.nset = key_get_u32(&r);
	row.count = key_get_u32(&r);
	if (row_put(&x->table, b, &row, e) < 0)
		return e->code;
	return sorter_put(&x->ranks, w.place, rank, e);
}

int
near_ranks(struct near *x, struct err *e)
{
	struct buf b = { 0 };
	struct str r;
	uint64_t rank = 0;
	int rc = sorter_sort(&x->whos, e);

	while (rc == 0 && (rc = sorter_record(&x->whos, &r, e)) > 0)
		rc = add_row(x, r, rank++, &b, e);
	buf_free(&b);
	sorter_free(&x->whos);
	return rc < 0 ? rc : sorter_sort(&x->table, e);
}

/* Buckets by rank instead of place, into x->keys: pairs of key and rank. */
static int
rank_buckets(struct near *x, struct err *e)
{
	struct pair p, rank = { 0 };
	int rc, got;

	begin(x, &x->keys, true, KEYS);
	if (sorter_sort(&x->buckets, e) < 0 || sorter_sort(&x->ranks, e) < 0 ||
	    (got = sorter_pair(&x->ranks, &rank, e)) < 0)
		return e->code;
	while ((rc = sorter_pair(&x->buckets, &p, e)) > 0) {
		while (got > 0 && rank.key < p.key)
			got = sorter_pair(&x->ranks, &rank, e);
		if (got < 0)
			return got;
		if (got == 0 || rank.key != p.key)
			continue; /* a copy: its group stands for it */
		if (sorter_put(&x->keys, p.value, rank.value, e) < 0)
			return e->code;
	}
	sorter_free(&x->buckets);
	return rc;
}

/* The members of one bucket, ascending: each is linked to the next. */
struct linking {
	uint64_t key, rank, bucket;
	size_t n; /* members so far */
};

static int
link_last(struct near *x, struct linking *l, uint64_t next, struct err *e)
{
	/* Who is alone has no link. */
	if (l->n == 0 || (l->n == 1 && next == NO_RANK))
		return 0;
	return sorter_put(&x->links, l->rank << 32 | next, l->bucket, e);
}

static int
add_link(struct near *x, struct linking *l, const struct pair *p, struct err *e)
{
	bool same = l->n && p->key == l->key;

	if (same && p->value == l->rank)
		return 0;
	if (link_last(x, l, same ? p->value : NO_RANK, e) < 0)
		return e->code;
	l->bucket += !same;
	l->n = same ? l->n + 1 : 1;
	l->key = p->key;
	l->rank = p->value;
	return 0;
}

int
near_links(struct near *x, struct err *e)
{
	struct linking l = { 0 };
	struct pair p;
	int rc = rank_buckets(x, e);

	if (rc == 0)
		rc = sorter_sort(&x->keys, e);
	while (rc == 0 && (rc = sorter_pair(&x->keys, &p, e)) > 0)
		rc = add_link(x, &l, &p, e);
	if (rc == 0)
		rc = link_last(x, &l, NO_RANK, e);
	sorter_free(&x->keys);
	return rc < 0 ? rc : sorter_sort(&x->links, e);
}

int
near_needed(struct near *x, struct err *e)
{
	struct row row = { .rank = NO_RANK };
	struct pair p;
	uint64_t last = NO_RANK;
	int rc;

	while ((rc = sorter_pair(&x->links, &p, e)) > 0) {
		if (p.key >> 32 == last)
			continue;
		last = p.key >> 32;
		if (row_seek(&x->table, (uint32_t)last, &row, e) < 0 ||
		    sorter_put(&x->needed, row.place, last, e) < 0)
			return e->code;
	}
	return rc < 0 ? rc : sorter_sort(&x->needed, e);
}

int
near_choose(struct near *x, int threads, struct err *e)
{
	struct chooser c = { .links = &x->links,
		.table = &x->table,
		.sets = &x->sets,
		.choices = &x->choices,
		.matches = &x->matches,
		.least = x->opt->verify,
		.all = x->opt->pairs != NULL,
		.memory = budget_share(&x->budget, CHUNK, ALL),
		.spare = budget_share(&x->budget, SPARE, ALL),
		.threads = threads > 1 ? threads : 1 };
	int rc = chooser_run(&c, e);

	x->candidates = c.candidates;
	x->verified = c.verified;
	sorter_free(&x->links);
	sorter_free(&x->sets);
	return rc;
}

/* What became of a group, by rank: u32 rank, u8 dropped, then f64, id, or
 * u64 documents that it was kept for.  None: it was kept for itself. */
struct fate {
	uint32_t rank;
	bool dropped;
	double jaccard;
	struct str id;
	uint64_t n;
};

static int
fate_put(struct sorter *s, struct buf *b, const struct fate *f, struct err *e)
{
	buf_clear(b);
	key_u32(b, f->rank);
	key_u8(b, f->dropped);
	if (f->dropped) {
		key_raw(b, &f->jaccard, sizeof(f->jaccard));
		buf_str(b, f->id);
	} else {
		key_u64(b, f->n);
	}
	return buf_ok(b, e) < 0 ? e->code : sorter_add(s, buf_view(b), e);
}

static int
fate_next(struct sorter *s, struct fate *f, struct err *e)
{
	struct str r;
	int rc = sorter_record(s, &r, e);

	if (rc <= 0)
		return rc;
	f->rank = key_get_u32(&r);
	f->dropped = key_get_u8(&r);
	if (f->dropped)
		key_get_raw(&r, &f->jaccard, sizeof(f->jaccard));
	else
		f->n = key_get_u64(&r);
	f->id = r;
	return 1;
}

/* Choices by head, joined with the heads: the fates of all concerned. */
static int
name_heads(struct near *x, struct sorter *fates, struct buf *b, struct err *e)
{
	struct row row = { .rank = NO_RANK };
	struct dropped d;
	struct fate f;
	int rc, more;

	if (sorter_sort(&x->choices, e) < 0 || sorter_sort(&x->table, e) < 0)
		return e->code;
	more = dropped_next(&x->choices, &d, e);
	while (more > 0) {
		if (row_seek(&x->table, d.head, &row, e) < 0)
			return e->code;
		f = (struct fate){ .rank = row.rank, .n = row.count };
		for (; more > 0 && d.head == row.rank;
		     more = dropped_next(&x->choices, &d, e)) {
			f.n += d.count;
			rc = fate_put(fates, b,
			    &(struct fate){
				d.rank, true, d.jaccard, row.id, 0 },
			    e);
			if (rc < 0)
				return rc;
		}
		if (fate_put(fates, b, &f, e) < 0)
			return e->code;
	}
	sorter_free(&x->choices);
	return more < 0 ? more : sorter_sort(fates, e);
}

/* For the copies of a group: u64 place, f64 similarity, id. */
static int
copies_fate(struct sorter *s, struct buf *b, const struct row *row,
    const struct fate *f, struct err *e)
{
	double j = f ? f->jaccard : 1;

	buf_clear(b);
	key_u64(b, row->place);
	key_raw(b, &j, sizeof(j));
	buf_str(b, f ? f->id : row->id);
	return buf_ok(b, e) < 0 ? e->code : sorter_add(s, buf_view(b), e);
}

/* Fates joined with the groups: verdicts, and the fates of copies, by place. */
static int
judge_groups(struct near *x, struct sorter *fates, struct sorter *copied,
    struct buf *b, struct err *e)
{
	struct row row;
	struct fate f;
	int rc, more;

	if (sorter_sort(&x->table, e) < 0)
		return e->code;
	more = fate_next(fates, &f, e);
	while (more >= 0 && (rc = row_next(&x->table, &row, e)) > 0) {
		bool mine = more > 0 && f.rank == row.rank;
		bool dropped = mine && f.dropped;

		if (dropped && verdict_put(&x->verdicts, b, row.place, row.line,
				   f.jaccard, f.id, e) < 0)
			return e->code;
		if (!dropped)
			clusters_add(&x->clusters, mine ? f.n : row.count);
		if (row.count > 1 &&
		    copies_fate(copied, b, &row, dropped ? &f : NULL, e) < 0)
			return e->code;
		if (mine)
			more = fate_next(fates, &f, e);
	}
	if (more < 0 || rc < 0)
		return e->code;
	return sorter_sort(copied, e);
}

/* Copies joined with the fates of their groups. */
static int
judge_copies(
    struct near *x, struct sorter *copied, struct buf *b, struct err *e)
{
	struct str copy, fate = { NULL, 0 }, f = fate;
	uint64_t group, place, line, at = 0;
	double j;
	int rc = sorter_sort(&x->copies, e);

	while (rc == 0 && (rc = sorter_record(&x->copies, &copy, e)) > 0) {
		group = key_get_u64(&copy);
		place = key_get_u64(&copy);
		line = key_get_u64(&copy);
		while (!fate.p || at < group) {
			rc = sorter_record(copied, &fate, e);
			if (rc <= 0)
				return rc < 0 ? rc
					      : err_set(e, ERR_CHECK,
						    "a copy is lost: this is "
						    "a bug in quern");
			f = fate;
			at = key_get_u64(&f);
			key_get_raw(&f, &j, sizeof(j));
		}
		rc = verdict_put(&x->verdicts, b, place, line, j, f, e);
	}
	return rc;
}

int
near_conclude(struct near *x, struct err *e)
{
	struct sorter fates, copied;
	struct buf b = { 0 };
	int rc;

	begin(x, &fates, false, VERDICTS);
	begin(x, &copied, false, VERDICTS);
	rc = name_heads(x, &fates, &b, e);
	if (rc == 0)
		rc = judge_groups(x, &fates, &copied, &b, e);
	sorter_free(&fates);
	if (rc == 0)
		rc = judge_copies(x, &copied, &b, e);
	sorter_free(&copied);
	buf_free(&b);
	return rc < 0 ? rc : sorter_sort(&x->verdicts, e);
}
