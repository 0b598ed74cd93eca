/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "extract/field.h"
#include "extract/warc.h"
#include "extract/window.h"

enum {
	MAX_HEAD = 256 * 1024, /* a longer header is none */
	VERSION = 8,           /* bytes of "WARC/1.0" */
	LOOK = 64,             /* read behind a record, to see how it ends */
	STEP = 64 * 1024,      /* searched or skipped at a time */
};

struct warc {
	struct window *w;
	uint64_t max_record;
	uint64_t number;
	uint64_t skip;     /* bytes of the last record behind the limit */
	struct err report; /* code set: to be told with the next call */
	uint64_t report_offset, report_at;
};

struct warc *
warc_new(struct window *w, uint64_t max_record)
{
	struct warc *r = calloc(1, sizeof(*r));

	if (r) {
		r->w = w;
		r->max_record =
		    max_record < SIZE_MAX / 4 ? max_record : SIZE_MAX / 4;
		r->max_record += r->max_record == 0;
	}
	return r;
}

void
warc_free(struct warc *r)
{
	free(r);
}

bool
warc_starts(struct str s)
{
	return s.n >= VERSION && field_is((struct str){ s.p, 5 }, "warc/") &&
	       field_is_digit(s.p[5]) && s.p[6] == '.' &&
	       field_is_digit(s.p[7]);
}

static bool
version_at(const struct window *w, size_t i)
{
	return i < w->b.n &&
	       warc_starts((struct str){ w->b.p + i, w->b.n - i });
}

/* Does a record start at i: a version where a line or a member begins? */
static bool
record_at(const struct window *w, size_t i)
{
	return version_at(w, i) && (i == 0 || w->b.p[i - 1] == '\n' ||
				       window_member(w, i, i + 1) == i);
}

/* The first place in [from, to) where a record starts, or to.  The version
 * line may be of any case: its slash is what is looked for. */
static size_t
scan(const struct window *w, size_t from, size_t to)
{
	const char *hit;
	size_t i = from;

	while (i < to && w->b.n - i > 4) {
		hit = memchr(w->b.p + i + 4, '/', w->b.n - i - 4);
		if (!hit)
			break;
		i = (size_t)(hit - w->b.p) - 4;
		if (i < to && record_at(w, i))
			return i;
		i++;
	}
	return to;
}

/*
 * The next record's start in [from, limit), or where the search ended: limit,
 * or the end of what the stream has.
 */
static int
find_record(
    struct window *w, size_t from, size_t limit, size_t *found, struct err *e)
{
	size_t i = from, to;

	for (;;) {
		if (window_fill(w, i + STEP, e) < 0)
			return e->code;
		to = w->b.n < limit ? w->b.n : limit;
		i = scan(w, i, to);
		*found = i;
		if (i < to || to == limit || window_ended(w))
			return 0;
		/* A version may lie across the window's end. */
		i = to > from + VERSION ? to - VERSION : from;
	}
}

/* Skip from the window's place to the next record, and say so. */
static int
skip_garbage(
    struct warc *r, struct warc_rec *rec, const char *what, struct err *e)
{
	struct window *w = r->w;
	size_t limit = w->at + (size_t)r->max_record, to;

	if (find_record(w, w->at + 1, limit, &to, e) < 0)
		return e->code;
	*rec = (struct warc_rec){ .raw = { w->b.p + w->at, to - w->at },
		.number = r->number++,
		.offset = window_raw(w, w->at),
		.at = w->base + w->at };
	err_set(e, ERR_DAMAGE, "%s; %zu bytes skipped", what, to - w->at);
	if (to == w->b.n && w->broken.code) {
		/* What was skipped is the start of what is broken. */
		*e = w->broken;
		window_pass(w);
	}
	w->at = to;
	return e->code;
}

/* The header's end (behind its blank line) from w->at; 0 if it has none. */
static int
find_head(struct window *w, size_t *end, struct err *e)
{
	size_t i = w->at, have;
	const char *nl;

	*end = 0;
	while (i - w->at < MAX_HEAD) {
		have = w->b.n;
		nl = i < have ? memchr(w->b.p + i, '\n', have - i) : NULL;
		if (!nl) {
			if (window_fill(w, have + 1, e) < 0)
				return e->code;
			if (w->b.n == have || have - w->at > MAX_HEAD)
				return 0;
			continue;
		}
		if (*nl == w->b.p[i] || (w->b.p[i] == '\r' && nl[-1] == '\r' &&
					    nl == w->b.p + i + 1)) {
			*end = (size_t)(nl - w->b.p) + 1;
			return 0;
		}
		if (i > w->at && version_at(w, i))
			return 0;
		i = (size_t)(nl - w->b.p) + 1;
	}
	return 0;
}

static bool
parse_length(struct str s, uint64_t *v)
{
	size_t i;

	*v = 0;
	for (i = 0; i < s.n; i++) {
		if (!field_is_digit(s.p[i]) || *v > UINT64_MAX / 10 - 1)
			return false;
		*v = *v * 10 + (uint64_t)(s.p[i] - '0');
	}
	return s.n > 0;
}

/* Does a record end at i, by what follows there? */
static bool
ends_well(const struct window *w, size_t i)
{
	size_t j = i, lf = 0;

	for (; j < w->b.n && j < i + LOOK; j++) {
		if (j == window_member(w, i, j + 1))
			return true;
		if (w->b.p[j] == '\n')
			lf++;
		else if (w->b.p[j] != '\r')
			break;
	}
	return j == w->b.n || lf >= 2 || (lf && version_at(w, j));
}

/* Leave out the line ends that close a record. */
static size_t
trim_end(const struct window *w, size_t from, size_t end)
{
	int n;

	for (n = 0; n < 2 && end > from && w->b.p[end - 1] == '\n'; n++) {
		end--;
		if (end > from && w->b.p[end - 1] == '\r')
			end--;
	}
	return end;
}

/* Where a payload ends whose length is not to be trusted. */
static int
end_by_search(struct warc *r, size_t from, size_t *end, struct err *e)
{
	struct window *w = r->w;
	size_t limit = from + (size_t)r->max_record;

	if (find_record(w, from, limit, end, e) < 0)
		return e->code;
	/* A member a record: then the member's end is the record's. */
	if (window_member(w, w->at, w->at + 1) == w->at)
		*end = window_member(w, from, *end);
	return 0;
}

/* The payload behind the header, of n bytes by that header, or so. */
static int
find_end(struct warc *r, struct warc_rec *rec, size_t from, uint64_t n,
    size_t *end, struct err *e)
{
	struct window *w = r->w;
	size_t keep = (size_t)(n < r->max_record ? n : r->max_record);
	size_t to = from + keep, i;

	if (window_fill(w, to + LOOK, e) < 0)
		return e->code;
	/* A member that begins with a record ends the one before. */
	for (i = from; (i = window_member(w, i, to)) < to && i < w->b.n; i++)
		if (version_at(w, i)) {
			rec->repaired = true;
			*end = i;
			return 0;
		}
	*end = to;
	if (to <= w->b.n && keep < n) {
		rec->limited = true;
		r->skip = n - keep;
		return 0;
	}
	if (to <= w->b.n && ends_well(w, to))
		return 0;
	if (end_by_search(r, from, &i, e) < 0)
		return e->code;
	if (to > w->b.n && i == w->b.n)
		rec->cut = true;
	else if (to <= w->b.n && i - from >= r->max_record)
		return 0; /* nothing better was found */
	else
		rec->repaired = true;
	*end = i;
	return 0;
}

/* Pass over what lies behind the limit, but not over the next record. */
static int
skip_rest(struct warc *r, struct err *e)
{
	struct window *w = r->w;
	size_t to, i;

	while (r->skip) {
		window_compact(w);
		if (window_fill(w, w->at + STEP, e) < 0)
			return e->code;
		to =
		    w->b.n - w->at < r->skip ? w->b.n : w->at + (size_t)r->skip;
		if (to == w->at)
			break;
		for (i = w->at; (i = window_member(w, i, to)) < to; i++)
			if (version_at(w, i))
				break;
		r->skip = i < to ? 0 : r->skip - (to - w->at);
		w->at = i;
	}
	r->skip = 0;
	return 0;
}

static void
set_views(struct warc_rec *rec, const char *p, size_t head, size_t n)
{
	rec->raw = (struct str){ p, n };
	rec->head = (struct str){ p, head };
	rec->payload = (struct str){ p + head, n - head };
	rec->type = field_get(rec->head, "WARC-Type");
	rec->id = field_unbracket(field_get(rec->head, "WARC-Record-ID"));
	rec->uri = field_unbracket(field_get(rec->head, "WARC-Target-URI"));
	rec->date = field_get(rec->head, "WARC-Date");
	rec->content_type = field_get(rec->head, "Content-Type");
}

/* A cut record is given, and told of with the next call. */
static void
note_cut(struct warc *r, const struct warc_rec *rec, uint64_t want)
{
	if (!rec->cut)
		return;
	if (r->w->broken.code) {
		r->report = r->w->broken;
		window_pass(r->w);
	} else {
		err_set(&r->report, ERR_DAMAGE,
		    "record cut off: %zu of %llu bytes are there",
		    rec->payload.n, (unsigned long long)want);
	}
	r->report_offset = rec->offset;
	r->report_at = rec->at + rec->raw.n;
}

static int
read_record(struct warc *r, struct warc_rec *rec, size_t head, struct err *e)
{
	struct window *w = r->w;
	size_t start = w->at, end;
	struct str s = { w->b.p + start, head - start };
	uint64_t n;

	*rec = (struct warc_rec){ .number = r->number++,
		.offset = window_raw(w, start),
		.at = w->base + start };
	if (parse_length(field_get(s, "Content-Length"), &n)) {
		if (find_end(r, rec, head, n, &end, e) < 0)
			return e->code;
	} else {
		n = 0;
		rec->repaired = true;
		if (end_by_search(r, head, &end, e) < 0)
			return e->code;
	}
	w->at = end;
	if (rec->repaired)
		end = trim_end(w, head, end);
	set_views(rec, w->b.p + start, head - start, end - start);
	if (!rec->cut && window_spoiled(w, start, w->at)) {
		*e = w->broken;
		window_pass(w);
		return e->code;
	}
	note_cut(r, rec, n);
	return 1;
}

/* Damage found earlier. */
static int
tell(struct warc *r, struct warc_rec *rec, struct err *e)
{
	*rec = (struct warc_rec){ .number = r->number++,
		.offset = r->report_offset,
		.at = r->report_at };
	*e = r->report;
	r->report.code = 0;
	return e->code;
}

/* The stream is broken where the reader stands. */
static int
tell_broken(struct warc *r, struct warc_rec *rec, struct err *e)
{
	r->report = r->w->broken;
	window_pass(r->w);
	r->report_offset = r->w->broken_raw;
	r->report_at = r->w->base + r->w->b.n;
	r->w->at = r->w->b.n;
	return tell(r, rec, e);
}

/* Line ends between records; false at the end of what can be read. */
static int
skip_blank(struct window *w, struct err *e)
{
	for (;;) {
		while (w->at < w->b.n &&
		       (w->b.p[w->at] == '\n' || w->b.p[w->at] == '\r'))
			w->at++;
		if (w->b.n - w->at >= VERSION || window_ended(w))
			return w->at < w->b.n;
		if (window_fill(w, w->b.n + 1, e) < 0)
			return e->code;
	}
}

int
warc_next(struct warc *r, struct warc_rec *rec, struct err *e)
{
	struct window *w = r->w;
	size_t head;
	int rc;

	*rec = (struct warc_rec){ .number = r->number };
	if (r->report.code)
		return tell(r, rec, e);
	if (skip_rest(r, e) < 0)
		return e->code;
	window_compact(w);
	rc = skip_blank(w, e);
	if (rc < 0)
		return rc;
	if (rc == 0)
		return w->broken.code ? tell_broken(r, rec, e) : 0;
	if (!version_at(w, w->at))
		return skip_garbage(r, rec, "not a WARC record", e);
	if (find_head(w, &head, e) < 0)
		return e->code;
	if (head == 0)
		return skip_garbage(r, rec, "a WARC header without end", e);
	return read_record(r, rec, head, e);
}

struct str
warc_field(struct str head, const char *name)
{
	return field_get(head, name);
}
