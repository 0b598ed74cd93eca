/* SPDX-License-Identifier: MIT */
#include "base/err.h"
#include "dedup/groups.h"
#include "dedup/key.h"
#include "dedup/prefer.h"
#include "io/doc.h"

enum { EARLIER = 0, NEW = 1 };

void
groups_key(struct buf *b, const struct hash128 *key)
{
	key_raw(b, &key->lo, sizeof(key->lo));
	key_raw(b, &key->hi, sizeof(key->hi));
}

void
groups_who(struct buf *b, const struct doc *d, const struct prefer *p,
    struct buf *rank)
{
	buf_clear(rank);
	prefer_rank(p, d, rank);
	if (rank->oom)
		b->oom = true;
	key_u8(b, NEW);
	key_str(b, buf_view(rank));
	key_str(b, d->id);
	key_u64(b, hash64(d->line.p, d->line.n, 0));
	key_u64(b, d->place);
}

void
groups_earlier(struct buf *b, struct str id, uint64_t place)
{
	key_u8(b, EARLIER);
	key_str(b, (struct str){ NULL, 0 });
	key_str(b, id);
	key_u64(b, 0);
	key_u64(b, place);
}

void
who_get(struct str *r, struct who *w)
{
	w->earlier = key_get_u8(r) == EARLIER;
	key_skip_str(r);
	w->id = key_skip_str(r);
	w->line = key_get_u64(r);
	w->place = key_get_u64(r);
}

int
groups_next(struct groups *g, struct member *m, struct err *e)
{
	struct hash128 key;
	struct str r;
	int rc = sorter_record(g->docs, &r, e);

	if (rc <= 0)
		return rc;
	key_get_raw(&r, &key.lo, sizeof(key.lo));
	key_get_raw(&r, &key.hi, sizeof(key.hi));
	m->first = !g->begun || key.lo != g->key.lo || key.hi != g->key.hi;
	g->begun = true;
	g->key = key;
	m->whole = r;
	who_get(&r, &m->who);
	if (!r.p)
		return err_set(e, ERR_IO,
		    "sorted runs are not what was "
		    "written");
	m->whole.n -= r.n;
	m->payload = r;
	return 1;
}

void
clusters_add(struct clusters *c, uint64_t documents)
{
	if (documents < 2)
		return;
	c->n++;
	if (documents > c->largest)
		c->largest = documents;
}
