/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <sys/stat.h>

#include "base/err.h"
#include "extract/arc.h"
#include "extract/entries.h"
#include "extract/posts.h"
#include "extract/texstore.h"
#include "extract/trees.h"
#include "extract/unpack.h"
#include "extract/warc.h"

enum {
	LOOK = 8192,         /* bytes that tell what an entry is */
	SITEINFO = 64 << 10, /* bytes of a wiki's that are kept */
	STEP = 64 << 10,
	SORT = 64 << 20, /* bytes of posts sorted in memory */
};

struct entries {
	const struct paths *paths;
	const char *file;
	const struct extract_opts *opts;
	struct unpack *u;
	struct unpack_entry x;
	enum corpus_kind kind; /* of the entry that is being read */
	bool reading, waiting; /* an entry; it waits for TeX to be given */
	uint64_t at;           /* of a dump's piece, in its entry */
	uint64_t number;
	struct warc *warc;
	struct arc *arc;
	struct buf site;     /* of a wiki */
	bool begun;          /* its first part has been read */
	struct posts *posts; /* of a dump */
	bool sorted;
	struct buf bundle;
	struct texstore tex;
	struct buf tex_path; /* of their archive */
	struct trees trees;
	bool scanned;
	struct err damage;
	bool at_end; /* of the file; TeX may be left */
};

int
entries_open(struct entries **out, const struct paths *paths, const char *file,
    struct in *in, const struct window *win, const struct extract_opts *opts,
    struct err *e)
{
	struct entries *en = calloc(1, sizeof(*en));
	struct unpack *u;

	*out = NULL;
	if (unpack_take(&u, file, in, win, opts->max_record, e) < 0) {
		free(en);
		return e->code;
	}
	if (!en) {
		unpack_close(u);
		return err_nomem(e, "an archive");
	}
	en->u = u;
	en->paths = paths;
	en->file = file;
	en->opts = opts;
	*out = en;
	return 0;
}

static void
end_entry(struct entries *en)
{
	warc_free(en->warc);
	arc_free(en->arc);
	posts_free(en->posts);
	en->warc = NULL;
	en->arc = NULL;
	en->posts = NULL;
	en->at = 0;
	en->reading = en->begun = en->sorted = false;
}

void
entries_close(struct entries *en)
{
	if (!en)
		return;
	end_entry(en);
	unpack_close(en->u);
	buf_free(&en->site);
	buf_free(&en->bundle);
	buf_free(&en->tex_path);
	texstore_free(&en->tex);
	trees_free(&en->trees);
	free(en);
}

uint64_t
entries_raw(const struct entries *en)
{
	return unpack_raw(en->u);
}

/* Records ------------------------------------------------------------------ */

static int
give(struct entries *en, struct source_rec *r, struct str raw)
{
	r->kind = SOURCE_ENTRY;
	r->corpus = en->kind;
	r->raw = raw;
	r->path = en->x.path;
	r->offset = en->x.offset + en->at;
	r->number = en->number++;
	return 1;
}

static int
damaged(struct entries *en, struct source_rec *r, struct str raw,
    const char *what, struct err *e)
{
	struct str path = en->x.path;

	give(en, r, raw);
	r->kind = SOURCE_DAMAGE;
	if (path.n)
		err_set(&en->damage, ERR_DAMAGE, "entry %.*s: %s",
		    (int)(path.n < 300 ? path.n : 300), path.p, what);
	else
		err_set(&en->damage, ERR_DAMAGE, "%s", what);
	r->what = en->damage.msg;
	*e = en->damage;
	return 1;
}

/* What broke the entry's stream, told once at its end. */
static int
end_of_entry(struct entries *en, struct source_rec *r, struct err *e)
{
	struct window *w = en->x.win;
	struct err broken = w->broken;

	if (!broken.code) {
		end_entry(en);
		return 0;
	}
	window_pass(w);
	/* Behind its own damage a compressed file may go on. */
	if (en->kind != CORPUS_WIKI && en->kind != CORPUS_STACK &&
	    en->kind != CORPUS_REDDIT)
		end_entry(en);
	return damaged(en, r, (struct str){ NULL, 0 }, broken.msg, e);
}

/* Files taken whole ---------------------------------------------------------
 */

/* The trees' licences: archives on disk are looked through for them first. */
static int
find_trees(struct entries *en, struct err *e)
{
	struct stat st;

	if (en->scanned)
		return 0;
	en->scanned = true;
	if (!en->x.path.n)
		return trees_scan_paths(&en->trees, en->paths, e);
	if (stat(en->file, &st) < 0 || !S_ISREG(st.st_mode))
		return 0;
	return trees_scan(&en->trees, en->file, e);
}

static int
code(struct entries *en, struct source_rec *r, struct err *e)
{
	struct str path = en->x.path;
	const char *licence;

	if (find_trees(en, e) < 0)
		return e->code;
	licence = trees_find(&en->trees, path.n ? path : str_c(en->file));
	if (licence)
		r->extra = str_c(licence);
	return 1;
}

static int
licence(struct entries *en, struct source_rec *r, struct str raw, struct err *e)
{
	struct str path = en->x.path;

	r->kind = SOURCE_DROP;
	r->rule = "licence";
	if (find_trees(en, e) < 0)
		return e->code;
	/* Of a pipe's entries those count that come first. */
	if (path.n && strcmp(en->file, "-") == 0 &&
	    trees_add(&en->trees, path, raw, e) < 0)
		return e->code;
	return 1;
}

/* A TeX file waits for the others of its archive; 0. */
static int
keep_tex(struct entries *en, struct str raw, bool truncated, struct err *e)
{
	struct texfile f = { .offset = en->x.offset,
		.number = en->number++,
		.truncated = truncated };

	buf_clear(&en->tex_path);
	buf_put(&en->tex_path, en->x.path.p, en->x.archive);
	return texstore_add(&en->tex, &f, en->x.path, raw, e);
}

static int
whole(struct entries *en, struct source_rec *r, struct err *e)
{
	struct window *w = en->x.win;
	size_t max = (size_t)en->opts->max_record;
	struct str raw;
	bool cut;

	if (en->begun) /* it has been given */
		return end_of_entry(en, r, e);
	en->begun = true;
	if (window_fill(w, max + 1, e) < 0)
		return e->code;
	cut = w->b.n > max || w->broken.code;
	raw = (struct str){ w->b.p, w->b.n < max ? w->b.n : max };
	if (en->kind == CORPUS_TEX && !en->x.alone && en->x.path.n &&
	    texstore_fits(&en->tex, raw.n, en->opts->max_record)) {
		if (keep_tex(en, raw, cut, e) < 0)
			return e->code;
		return end_of_entry(en, r, e);
	}
	give(en, r, raw);
	r->truncated = cut;
	if (en->x.path.n && corpus_is_licence(en->x.path))
		return licence(en, r, raw, e);
	return en->kind == CORPUS_CODE ? code(en, r, e) : 1;
}

/* Dumps: cut by a mark -------------------------------------------------------
 */

/* Where needle begins behind `from`, in the next `limit` bytes at most.
 * *found: its index, or SIZE_MAX. */
static int
seek_mark(struct window *w, size_t from, struct str needle, size_t limit,
    size_t *found, struct err *e)
{
	size_t i = from, end, n;

	*found = SIZE_MAX;
	for (;;) {
		if (window_fill(w, i + STEP, e) < 0)
			return e->code;
		end = w->b.n - from < limit ? w->b.n : from + limit;
		if (end > i) {
			n = corpus_find(
			    (struct str){ w->b.p + i, end - i }, needle);
			if (n < end - i) {
				*found = i + n;
				return 0;
			}
			i = end > from + needle.n ? end - needle.n : from;
		}
		if (window_ended(w) || w->b.n - from >= limit)
			return 0;
	}
}

/*
 * The next piece from `open` through `close`: 1, 0 at the entry's end, or
 * damage.  Unless `open` is empty, what stands before it is passed over.
 */
static int
piece(struct entries *en, struct str open, struct str close, struct str *raw,
    struct source_rec *r, struct err *e)
{
	struct window *w = en->x.win;
	size_t max = (size_t)en->opts->max_record, at, end;

	window_compact(w);
	if (open.n) {
		if (seek_mark(w, w->at, open, max, &at, e) < 0)
			return e->code;
		if (at == SIZE_MAX) {
			w->at = w->b.n;
			return window_ended(w) ? 0 : 2;
		}
		w->at = at;
	} else if (window_fill(w, w->at + 1, e) < 0) {
		return e->code;
	} else if (w->at == w->b.n) {
		return 0;
	}
	if (seek_mark(w, w->at, close, max, &end, e) < 0)
		return e->code;
	en->at = w->base + w->at;
	*raw = (struct str){ w->b.p + w->at, w->b.n - w->at };
	if (end != SIZE_MAX) {
		raw->n = end + close.n - w->at;
		w->at = end + close.n;
		return 1;
	}
	raw->n = raw->n < max ? raw->n : max;
	w->at += raw->n;
	if (!open.n && window_ended(w) && w->at == w->b.n)
		return 1; /* a last line without its end */
	damaged(en, r, *raw,
	    window_ended(w) ? w->broken.code ? w->broken.msg : "cut off"
			    : "longer than --max-record",
	    e);
	if (w->broken.code)
		window_pass(w);
	return 3;
}

/* What stands before the first page. */
static int
siteinfo(struct entries *en, struct err *e)
{
	struct window *w = en->x.win;
	size_t at;

	if (en->begun)
		return 0;
	en->begun = true;
	if (seek_mark(w, w->at, STR("<page>"), SITEINFO, &at, e) < 0)
		return e->code;
	buf_clear(&en->site);
	if (at != SIZE_MAX)
		buf_put(&en->site, w->b.p + w->at, at - w->at);
	return buf_ok(&en->site, e);
}

static int
wiki(struct entries *en, struct source_rec *r, struct err *e)
{
	struct str raw;
	int rc;

	if (siteinfo(en, e) < 0)
		return e->code;
	do
		rc = piece(en, STR("<page>"), STR("</page>"), &raw, r, e);
	while (rc == 2);
	if (rc == 0)
		return end_of_entry(en, r, e);
	if (rc != 1)
		return rc == 3 ? 1 : rc;
	give(en, r, raw);
	r->extra = buf_view(&en->site);
	return 1;
}

static int
reddit(struct entries *en, struct source_rec *r, struct err *e)
{
	struct str raw;
	int rc;

	do
		rc = piece(en, (struct str){ NULL, 0 }, STR("\n"), &raw, r, e);
	while (rc == 1 && raw.n <= 2 && raw.p[0] < ' ');
	if (rc == 0)
		return end_of_entry(en, r, e);
	if (rc != 1)
		return rc == 3 ? 1 : rc;
	return give(en, r, raw);
}

/* Posts: sorted, so that answers stand behind their question ------------------
 */

/* All rows, to be sorted; 1: damage. */
static int
read_posts(struct entries *en, struct source_rec *r, struct err *e)
{
	struct str raw;
	int rc;

	while ((rc = piece(en, STR("<row"), STR("/>"), &raw, r, e)) != 0) {
		if (rc == 2)
			continue;
		if (rc != 1)
			return rc == 3 ? 1 : rc;
		if (posts_put(en->posts, raw, e) < 0)
			return e->code;
	}
	if (en->x.win->broken.code)
		return end_of_entry(en, r, e);
	en->sorted = true;
	en->at = 0;
	return posts_sort(en->posts, e);
}

static int
stack(struct entries *en, struct source_rec *r, struct err *e)
{
	struct str thread;
	bool cut;
	int rc = 0;

	if (!en->posts && !(en->posts = posts_new(SORT)))
		return err_nomem(e, "posts");
	if (!en->sorted)
		rc = read_posts(en, r, e);
	if (rc != 0)
		return rc;
	rc = posts_next(
	    en->posts, (size_t)en->opts->max_record, &thread, &cut, e);
	if (rc == 0)
		end_entry(en);
	if (rc != 1)
		return rc;
	give(en, r, thread);
	r->truncated = cut;
	return 1;
}

/* TeX -------------------------------------------------------------------------
 */

static int
next_tex(struct entries *en, struct source_rec *r, struct err *e)
{
	struct texstore *t = &en->tex;
	const struct texfile *f;
	size_t i = t->next;

	if (!t->sorted && texstore_sort(t, e) < 0)
		return e->code;
	if (i == t->n) {
		texstore_clear(t);
		return 0;
	}
	t->next++;
	f = &t->file[i];
	*r = (struct source_rec){ .kind = SOURCE_ENTRY,
		.file = r->file,
		.corpus = CORPUS_TEX,
		.raw = texstore_text(t, i),
		.path = texstore_path(t, i),
		.offset = f->offset,
		.number = f->number,
		.truncated = f->truncated };
	if (!f->root) {
		r->kind = SOURCE_DROP;
		r->rule = "included";
		r->extra = texstore_path(t, f->by);
		return 1;
	}
	buf_clear(&en->bundle);
	if (texstore_bundle(t, i, &en->bundle, e) < 0)
		return e->code;
	r->extra = buf_view(&en->bundle);
	return 1;
}

/* Has the archive whose TeX files wait come to its end? */
static bool
tex_is_due(const struct entries *en, bool more)
{
	struct str around = { en->x.path.p, en->x.archive };

	return en->tex.n && (en->tex.sorted || !more ||
				!str_eq(around, buf_view(&en->tex_path)));
}

/* -------------------------------------------------------------------------------
 */

static int
warc(struct entries *en, struct source_rec *r, struct err *e)
{
	struct warc_rec w;
	int rc =
	    en->arc ? arc_next(en->arc, &w, e) : warc_next(en->warc, &w, e);

	if (rc == 0) {
		end_entry(en);
		return 0;
	}
	if (rc == ERR_DAMAGE)
		return damaged(en, r, w.raw, e->msg, e);
	if (rc < 0)
		return rc;
	give(en, r, w.raw);
	r->kind = en->arc ? SOURCE_ARC : SOURCE_WARC;
	r->head = w.head.n;
	r->truncated = w.cut || w.limited;
	return 1;
}

static int
begin_entry(struct entries *en, struct err *e)
{
	struct window *w = en->x.win;
	struct str start;

	if (window_fill(w, LOOK, e) < 0)
		return e->code;
	start = (struct str){ w->b.p, w->b.n < LOOK ? w->b.n : LOOK };
	en->kind =
	    corpus_guess(en->x.path.n ? en->x.path : str_c(en->file), start);
	en->reading = true;
	if (en->kind != CORPUS_WARC)
		return 0;
	if (arc_starts(start))
		en->arc = arc_new(w, en->opts->max_record);
	else
		en->warc = warc_new(w, en->opts->max_record);
	return en->warc || en->arc ? 0 : err_nomem(e, "an archive");
}

static int
next_in_entry(struct entries *en, struct source_rec *r, struct err *e)
{
	switch (en->kind) {
	case CORPUS_WARC:
		return warc(en, r, e);
	case CORPUS_WIKI:
		return wiki(en, r, e);
	case CORPUS_STACK:
		return stack(en, r, e);
	case CORPUS_REDDIT:
		return reddit(en, r, e);
	default:
		return whole(en, r, e);
	}
}

int
entries_next(struct entries *en, struct source_rec *r, struct err *e)
{
	int rc;

	for (;;) {
		if (en->reading) {
			rc = next_in_entry(en, r, e);
			if (rc != 0)
				return rc;
			continue;
		}
		if (!en->waiting) {
			rc = unpack_next(en->u, &en->x, e);
			if (rc == ERR_DAMAGE) {
				struct err why = *e;

				return damaged(
				    en, r, (struct str){ NULL, 0 }, why.msg, e);
			}
			if (rc < 0)
				return rc;
			en->waiting = true;
			en->at_end = rc == 0; /* the end */
		}
		if (tex_is_due(en, !en->at_end)) {
			rc = next_tex(en, r, e);
			if (rc != 0)
				return rc;
			continue;
		}
		if (en->at_end)
			return 0;
		en->waiting = false;
		if (begin_entry(en, e) < 0)
			return e->code;
	}
}
