/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "extract/arc.h"
#include "extract/entries.h"
#include "extract/field.h"
#include "extract/source.h"
#include "extract/unpack.h"
#include "extract/warc.h"
#include "extract/window.h"
#include "io/stream.h"

enum { SNIFF = 4096 }; /* bytes that must tell what a file is */

struct source {
	const struct paths *paths;
	const struct extract_opts *opts;
	size_t file;
	struct in *in;
	struct window win;
	struct warc *warc; /* for an archive, one of the two */
	struct arc *arc;
	struct entries *entries; /* of FROM_ARCHIVE; it has in and win */
	uint64_t raw_size;
	enum extract_from kind;
	bool given; /* a file that is one record has been given */
	uint64_t raw_done;
	struct err damage;
};

struct source *
source_new(const struct paths *paths, const struct extract_opts *opts)
{
	struct source *s = calloc(1, sizeof(*s));

	if (s) {
		s->paths = paths;
		s->opts = opts;
	}
	return s;
}

static void
close_file(struct source *s)
{
	warc_free(s->warc);
	arc_free(s->arc);
	entries_close(s->entries);
	window_free(&s->win);
	in_close(s->in);
	s->raw_done += s->raw_size;
	s->raw_size = 0;
	s->entries = NULL;
	s->warc = NULL;
	s->arc = NULL;
	s->in = NULL;
	s->win = (struct window){ 0 };
}

void
source_free(struct source *s)
{
	if (!s)
		return;
	close_file(s);
	free(s);
}

uint64_t
source_raw_offset(const struct source *s)
{
	if (s->entries)
		return s->raw_done + entries_raw(s->entries);
	return s->raw_done + (s->in ? in_raw_offset(s->in) : 0);
}

/* Does name, without .gz or .zst, end so? */
static bool
has_suffix(const char *name, const char *suffix)
{
	struct str s = str_c(name);

	if (str_ends(s, STR(".gz")))
		s.n -= 3;
	else if (str_ends(s, STR(".zst")))
		s.n -= 4;
	return str_ends(s, str_c(suffix));
}

static bool
looks_html(struct str s)
{
	static const char *const starts[] = { "<!doctype html", "<html",
		"<head", "<body" };
	size_t i;

	for (i = 0; i < sizeof(starts) / sizeof(*starts); i++)
		if (field_find(s, starts[i]))
			return true;
	return false;
}

enum extract_from
source_sniff(const char *name, struct str s)
{
	static const char *const html[] = { ".html", ".htm", ".xhtml", ".shtml",
		".HTML", ".HTM" };
	struct str trimmed = field_trim(s);
	size_t i;

	if (warc_starts(trimmed) || str_starts(s, STR("filedesc:")) ||
	    strstr(name, ".warc") || has_suffix(name, ".wet") ||
	    has_suffix(name, ".arc"))
		return FROM_WARC;
	for (i = 0; i < sizeof(html) / sizeof(*html); i++)
		if (has_suffix(name, html[i]))
			return FROM_HTML;
	if (has_suffix(name, ".txt"))
		return FROM_TEXT;
	if (looks_html(s) || str_starts(trimmed, STR("<")))
		return FROM_HTML;
	return FROM_AUTO;
}

/* Archives and dumps that are known by their first bytes. */
static bool
is_archive(const char *name, struct str start)
{
	enum corpus_kind kind = corpus_guess(str_c(name), start);

	return unpack_starts(start) || kind == CORPUS_EPUB ||
	       kind == CORPUS_WIKI || kind == CORPUS_STACK ||
	       kind == CORPUS_REDDIT;
}

/* FROM_AUTO if nobody can tell. */
static enum extract_from
guess(const char *name, struct str start)
{
	enum extract_from kind;
	enum corpus_kind corpus;

	if (is_archive(name, start))
		return FROM_ARCHIVE;
	kind = source_sniff(name, start);
	corpus = corpus_guess(str_c(name), start);
	/* A source may be about HTML. */
	if (corpus == CORPUS_TEX || corpus == CORPUS_CODE)
		kind = FROM_ARCHIVE;
	return kind;
}

static int
open_entries(struct source *s, struct err *e)
{
	struct in *in = s->in;
	struct window win = s->win;

	s->in = NULL;
	s->win = (struct window){ 0 };
	return entries_open(
	    &s->entries, s->paths, s->paths->v[s->file], in, &win, s->opts, e);
}

/* What the open file is to be read as. */
static int
find_kind(struct source *s, struct err *e)
{
	struct str start;

	s->kind = s->opts->from == FROM_WET ? FROM_WARC : s->opts->from;
	if (window_fill(&s->win, SNIFF, e) < 0)
		return e->code;
	start = buf_view(&s->win.b);
	start.n = start.n < SNIFF ? start.n : SNIFF;
	if (s->kind == FROM_AUTO)
		s->kind = guess(s->paths->v[s->file], start);
	if (s->kind == FROM_ARCHIVE)
		return open_entries(s, e);
	if (s->kind != FROM_WARC)
		return 0;
	if (arc_starts(start))
		s->arc = arc_new(&s->win, s->opts->max_record);
	else
		s->warc = warc_new(&s->win, s->opts->max_record);
	return s->warc || s->arc ? 0 : err_nomem(e, "an archive");
}

static int
open_file(struct source *s, struct err *e)
{
	if (in_open(&s->in, s->paths->v[s->file], e) < 0)
		return e->code;
	s->raw_size = in_raw_size(s->in);
	window_init(&s->win, s->in);
	s->given = false;
	return find_kind(s, e);
}

static int
damaged(struct source *s, struct source_rec *r, const struct err *e)
{
	s->damage = *e;
	r->kind = SOURCE_DAMAGE;
	r->what = s->damage.msg;
	return 1;
}

static int
next_in_archive(struct source *s, struct source_rec *r, struct err *e)
{
	struct warc_rec w;
	int rc = s->arc ? arc_next(s->arc, &w, e) : warc_next(s->warc, &w, e);

	if (rc == 0 || (rc < 0 && rc != ERR_DAMAGE))
		return rc;
	r->kind = s->arc ? SOURCE_ARC : SOURCE_WARC;
	r->raw = w.raw;
	r->head = w.head.n;
	r->number = w.number;
	r->offset = w.offset;
	r->truncated = w.cut || w.limited;
	return rc == ERR_DAMAGE ? damaged(s, r, e) : 1;
}

/* A file that is one record: its text, then its damage if there is any. */
static int
next_in_file(struct source *s, struct source_rec *r, struct err *e)
{
	size_t max = (size_t)s->opts->max_record;

	if (s->given) {
		if (!s->win.broken.code)
			return 0;
		*e = s->win.broken;
		window_pass(&s->win);
		r->number = 1;
		r->offset = s->win.broken_raw;
		return damaged(s, r, e);
	}
	s->given = true;
	if (window_fill(&s->win, max + 1, e) < 0)
		return e->code;
	r->kind = s->kind == FROM_TEXT ? SOURCE_TEXT : SOURCE_HTML;
	r->truncated = s->win.b.n > max || s->win.broken.code;
	r->raw = buf_view(&s->win.b);
	r->raw.n = r->raw.n < max ? r->raw.n : max;
	if (s->kind != FROM_AUTO)
		return 1;
	err_set(
	    e, ERR_FORMAT, "neither WARC nor HTML nor named .txt: say --from");
	return damaged(s, r, e);
}

/* A file that can't be begun with is damage, and there are others. */
static int
begin_file(struct source *s, struct source_rec *r, struct err *e)
{
	if (open_file(s, e) == 0)
		return 0;
	if (e->code != ERR_DAMAGE)
		return e->code;
	r->number = 0;
	return damaged(s, r, e);
}

int
source_next(struct source *s, struct source_rec *r, struct err *e)
{
	const char *path;
	int rc;

	for (;;) {
		if (s->file == s->paths->n)
			return 0;
		path = s->paths->v[s->file];
		*r = (struct source_rec){
			.file = strcmp(path, "-") == 0 ? "stdin" : path
		};
		rc = s->in || s->entries ? 0 : begin_file(s, r, e);
		if (rc == 0)
			rc = s->entries ? entries_next(s->entries, r, e)
			     : s->warc || s->arc ? next_in_archive(s, r, e)
						 : next_in_file(s, r, e);
		else if (rc > 0)
			s->given = true;
		if (rc != 0 && (s->in || s->entries))
			return rc;
		close_file(s);
		s->file++;
		if (rc != 0)
			return rc;
	}
}
