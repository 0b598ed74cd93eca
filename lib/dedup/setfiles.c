/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/err.h"
#include "dedup/index.h"
#include "dedup/key.h"
#include "dedup/near.h"
#include "dedup/recfile.h"
#include "dedup/setfiles.h"

/* Of a file of sets: where reading is. */
struct set_reader {
	struct rec_in *r;
	uint64_t nth; /* records read */
	struct str set;
	uint64_t place;
};

/* On to the set of a place. */
static int
seek_set(struct set_reader *s, uint64_t place, struct err *e)
{
	struct str r;
	int rc;

	while (s->nth == 0 || s->place != place) {
		rc = rec_next(s->r, &r, e);
		if (rc < 0)
			return rc;
		if (rc == 0)
			return err_set(e, ERR_FORMAT,
			    "%s: the hashes of a document are missing",
			    s->r->name);
		s->place = key_get_u64(&r);
		if (place & PLACE_EARLIER)
			s->place = index_place(index_dump(place), s->nth);
		s->nth++;
		s->set = r;
	}
	return 0;
}

static struct set_reader *
reader_of(struct set_reader *v, const struct set_files *f, uint64_t place)
{
	if (!(place & PLACE_EARLIER))
		return &v[(place >> 32) % f->nshard];
	return &v[f->nshard + index_dump(place)];
}

static int
copy_sets(struct near *x, const struct set_files *f, struct set_reader *v,
    struct buf *b, struct err *e)
{
	struct set_reader *s;
	struct pair p;
	int rc;

	while ((rc = sorter_pair(&x->needed, &p, e)) > 0) {
		s = reader_of(v, f, p.key);
		if (seek_set(s, p.key, e) < 0)
			return e->code;
		buf_clear(b);
		key_u32(b, (uint32_t)p.value);
		buf_str(b, s->set);
		if (buf_ok(b, e) < 0 ||
		    sorter_add(&x->sets, buf_view(b), e) < 0)
			return e->code;
	}
	return rc;
}

int
near_sets_of(struct near *x, const struct set_files *f, struct err *e)
{
	struct set_reader *v = calloc(f->nshard + f->ndump + 1, sizeof(*v));
	struct buf b = { 0 };
	size_t i;
	int rc;

	if (!v)
		return err_nomem(e, "files");
	for (i = 0; i < f->nshard; i++)
		v[i].r = f->shards[i];
	for (i = 0; i < f->ndump; i++)
		v[f->nshard + i].r = &f->dumps[i];
	for (i = 0; i < f->nshard + f->ndump; i++)
		rec_start(v[i].r, 1);
	rc = copy_sets(x, f, v, &b, e);
	buf_free(&b);
	free(v);
	return rc;
}
