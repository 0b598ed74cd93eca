/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/path.h"
#include "dedup/index.h"
#include "dedup/key.h"
#include "dedup/near.h"

enum { NTH_BITS = 40, MOST_DUMPS = 1 << 20 };

uint64_t
index_place(size_t dump, uint64_t nth)
{
	return PLACE_EARLIER | (uint64_t)dump << NTH_BITS | nth;
}

size_t
index_dump(uint64_t place)
{
	return (size_t)((place & ~PLACE_EARLIER) >> NTH_BITS);
}

/* The name of the nth file, from 0: malloc'd, NULL when memory is out. */
static char *
name_of(const struct dump_index *ix, size_t nth)
{
	size_t n = strlen(ix->dir) + 32;
	char *name = malloc(n);

	if (name)
		snprintf(name, n, "%s/%08zu.seg", ix->dir, nth + 1);
	return name;
}

static int
lock(struct dump_index *ix, struct err *e)
{
	if (mkdir(ix->dir, 0777) < 0 && errno != EEXIST)
		return err_errno(e, ix->dir, "make the folder");
	ix->lock = open(ix->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (ix->lock < 0)
		return err_errno(e, ix->dir, "open it");
	if (flock(ix->lock, LOCK_EX | LOCK_NB) < 0)
		return err_set(e, ERR_IO,
		    "%s: another run is using this index: wait for it",
		    ix->dir);
	return 0;
}

/* 1, 0 if there is no such file. */
static int
open_dump(
    struct dump_index *ix, const char *name, const char *options, struct err *e)
{
	struct rec_in *more, *r;

	if (access(name, F_OK) < 0)
		return 0;
	if (ix->n == MOST_DUMPS)
		return err_set(e, ERR_ARG, "%s: too many dumps", ix->dir);
	more = realloc(ix->dumps, (ix->n + 1) * sizeof(*more));
	if (!more)
		return err_nomem(e, "an index");
	ix->dumps = more;
	r = &more[ix->n];
	if (rec_open(r, name, e) < 0)
		return e->code;
	ix->n++;
	if (r->kind != REC_SIGNATURES || strcmp(r->options.p, options) != 0)
		return err_set(e, ERR_FORMAT,
		    "%s was made with other options: %s; not %s", name,
		    r->options.p, options);
	return 1;
}

/* No file of the index may stand behind one that is missing. */
static int
check_gap(const struct dump_index *ix, struct err *e)
{
	DIR *dir = opendir(ix->dir);
	const struct dirent *d;
	size_t n = 0;

	if (!dir)
		return err_errno(e, ix->dir, "read it");
	while ((d = readdir(dir)))
		n += path_match(
		    "[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9].seg", d->d_name);
	closedir(dir);
	if (n == ix->n)
		return 0;
	return err_set(e, ERR_FORMAT,
	    "%s: %08zu.seg is missing, but there are later ones: put it back",
	    ix->dir, ix->n + 1);
}

int
index_open(
    struct dump_index *ix, const char *dir, const char *options, struct err *e)
{
	char *name;
	int rc;

	*ix = (struct dump_index){ .dir = strdup(dir), .lock = -1 };
	if (!ix->dir)
		return err_nomem(e, "an index");
	rc = lock(ix, e);
	while (rc >= 0) {
		name = name_of(ix, ix->n);
		rc = name ? open_dump(ix, name, options, e)
			  : err_nomem(e, "an index");
		free(name);
		if (rc <= 0)
			break;
	}
	return rc < 0 ? rc : check_gap(ix, e);
}

void
index_close(struct dump_index *ix)
{
	size_t i;

	for (i = 0; i < ix->n; i++)
		rec_free(&ix->dumps[i]);
	free(ix->dumps);
	rec_close(&ix->next);
	if (ix->dir && ix->lock >= 0)
		close(ix->lock);
	free(ix->dir);
	*ix = (struct dump_index){ 0 };
}

/* A record of an earlier run, as one of an earlier dump. */
static int
as_earlier(struct str head, uint64_t place, struct buf *b, struct buf *id,
    struct err *e)
{
	struct hash128 key;
	struct who w;

	key_get_raw(&head, &key.lo, sizeof(key.lo));
	key_get_raw(&head, &key.hi, sizeof(key.hi));
	who_get(&head, &w);
	if (!head.p)
		return err_set(e, ERR_FORMAT, "an index is damaged");
	buf_clear(id);
	key_get_str(&w.id, id);
	buf_clear(b);
	groups_key(b, &key);
	groups_earlier(b, buf_view(id), place);
	buf_str(b, head);
	return buf_ok(id, e) < 0 ? e->code : buf_ok(b, e);
}

static int
feed_dump(struct dump_index *ix, size_t dump, struct near *x, struct buf *b,
    struct buf *id, struct err *e)
{
	uint64_t nth = 0;
	struct str head;
	int rc;

	rec_start(&ix->dumps[dump], 0);
	while ((rc = rec_next(&ix->dumps[dump], &head, e)) > 0) {
		if (as_earlier(head, index_place(dump, nth++), b, id, e) < 0)
			return err_prefix(e, "%s", ix->dumps[dump].name);
		if (sorter_add(&x->docs, buf_view(b), e) < 0)
			return e->code;
	}
	return rc;
}

int
index_feed(struct dump_index *ix, struct near *x, struct err *e)
{
	struct buf b = { 0 }, id = { 0 };
	size_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < ix->n; i++)
		rc = feed_dump(ix, i, x, &b, &id, e);
	buf_free(&b);
	buf_free(&id);
	return rc;
}

/* The place of a record of own. */
static uint64_t
place_of(struct str record, unsigned tag)
{
	struct who w;

	if (tag == 1)
		return key_get_u64(&record);
	record.p += sizeof(struct hash128);
	record.n -= sizeof(struct hash128);
	who_get(&record, &w);
	return w.place;
}

/* Records of a tag whose documents no verdict is on. */
static int
copy_kept(struct dump_index *ix, struct near *x, struct rec_in *own,
    unsigned tag, struct err *e)
{
	struct str record, v = { NULL, 0 };
	uint64_t place, dropped = 0;
	int rc, more;

	if (sorter_sort(&x->verdicts, e) < 0)
		return e->code;
	more = sorter_record(&x->verdicts, &v, e);
	rec_start(own, tag);
	while (more >= 0 && (rc = rec_next(own, &record, e)) > 0) {
		place = place_of(record, tag);
		for (; more > 0; more = sorter_record(&x->verdicts, &v, e)) {
			struct str r = v;

			dropped = key_get_u64(&r);
			if (dropped >= place)
				break;
		}
		if (more > 0 && dropped == place)
			continue;
		if (more >= 0 && rec_add(&ix->next, tag, record, e) < 0)
			return e->code;
	}
	return more < 0 ? more : rc;
}

int
index_keep(struct dump_index *ix, struct near *x, struct rec_in *own,
    const char *options, struct err *e)
{
	char *name = name_of(ix, ix->n);
	int rc = name ? rec_create(&ix->next, name, REC_SIGNATURES, options, e)
		      : err_nomem(e, "an index");

	free(name);
	if (rc == 0)
		rc = copy_kept(ix, x, own, 0, e);
	if (rc == 0)
		rc = copy_kept(ix, x, own, 1, e);
	if (rc == 0)
		rc = rec_end(&ix->next, x->lines.lines, e);
	ix->finished = rc == 0;
	return rc;
}

int
index_commit(struct dump_index *ix, struct err *e)
{
	return ix->finished ? rec_name(&ix->next, e) : 0;
}
