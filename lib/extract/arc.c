/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>

#include "extract/arc.h"
#include "extract/field.h"
#include "extract/window.h"

enum {
	STEP = 64 * 1024, /* searched at a time */
	V1_FIELDS = 4,    /* behind the URL */
	V2_FIELDS = 9,
};

struct arc {
	struct window *w;
	uint64_t max_record, number;
	struct err report; /* code set: to be told with the next call */
	uint64_t report_offset, report_at;
};

struct arc *
arc_new(struct window *w, uint64_t max_record)
{
	struct arc *a = calloc(1, sizeof(*a));

	if (a) {
		a->w = w;
		a->max_record =
		    max_record < SIZE_MAX / 4 ? max_record : SIZE_MAX / 4;
		a->max_record += a->max_record == 0;
	}
	return a;
}

void
arc_free(struct arc *a)
{
	free(a);
}

/* The last word of a line, taken off it. */
static struct str
pop_word(struct str *line)
{
	size_t n = line->n, end;

	while (n && line->p[n - 1] == ' ')
		n--;
	end = n;
	while (n && line->p[n - 1] != ' ')
		n--;
	line->n = n;
	return (struct str){ line->p + n, end - n };
}

static bool
all_digits(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (!field_is_digit(s.p[i]))
			return false;
	return s.n > 0;
}

/* A date as ARC has it: 14 digits; some have less or more. */
static bool
is_date(struct str s)
{
	return s.n >= 8 && s.n <= 18 && all_digits(s);
}

static void
set_date(struct arc_head *h, struct str s)
{
	char d[15] = "00000000000000";

	if (!is_date(s))
		return;
	memcpy(d, s.p, s.n < 14 ? s.n : 14);
	snprintf(h->date, sizeof(h->date), "%.4s-%.2s-%.2sT%.2s:%.2s:%.2sZ", d,
	    d + 4, d + 6, d + 8, d + 10, d + 12);
}

static void
set_length(struct arc_head *h, struct str s)
{
	size_t i;

	h->has_length = all_digits(s) && s.n <= 18;
	for (i = 0; h->has_length && i < s.n; i++)
		h->length = h->length * 10 + (uint64_t)(s.p[i] - '0');
}

bool
arc_parse(struct str line, struct arc_head *h)
{
	struct str word[V2_FIELDS], rest = field_trim(line), uri;
	bool v2, desc = str_starts(rest, STR("filedesc:"));
	size_t i;

	*h = (struct arc_head){ 0 };
	for (i = 0; i < V2_FIELDS; i++) {
		word[i] = pop_word(&rest);
		if (i + 1 == V1_FIELDS)
			uri = field_trim(rest);
	}
	/* word[0] is the last.  The dates are at different places. */
	v2 = is_date(word[7]) && all_digits(word[5]) && rest.n;
	if (!v2 && !is_date(word[2]) && !(desc && word[2].n))
		return false;
	h->uri = v2 ? field_trim(rest) : uri;
	h->content_type = v2 ? word[6] : word[1];
	set_date(h, v2 ? word[7] : word[2]);
	set_length(h, word[0]);
	return h->uri.n && memchr(h->uri.p, ':', h->uri.n);
}

/* The header line at i: its length with the newline, or 0. */
static size_t
header_at(const struct window *w, size_t i, struct arc_head *h)
{
	size_t left = w->b.n - i;
	const char *nl;

	nl =
	    memchr(w->b.p + i, '\n', left < ARC_MAX_LINE ? left : ARC_MAX_LINE);
	if (!nl ||
	    !arc_parse(
		(struct str){ w->b.p + i, (size_t)(nl - w->b.p) - i }, h))
		return 0;
	return (size_t)(nl - w->b.p) + 1 - i;
}

/* The next header with a length at the start of a line in [from, limit), or
 * where the search ended. */
static int
find_header(
    struct window *w, size_t from, size_t limit, size_t *found, struct err *e)
{
	struct arc_head h;
	const char *nl;
	size_t i = from;

	for (;;) {
		if (window_fill(w, i + STEP + ARC_MAX_LINE, e) < 0)
			return e->code;
		if (i >= limit || i >= w->b.n) {
			*found = i < limit ? w->b.n : limit;
			return 0;
		}
		if ((i == from || w->b.p[i - 1] == '\n' ||
			window_member(w, i, i + 1) == i) &&
		    header_at(w, i, &h) && h.has_length) {
			*found = i;
			return 0;
		}
		nl = memchr(w->b.p + i, '\n', w->b.n - i);
		i = window_member(
		    w, i + 1, nl ? (size_t)(nl - w->b.p) + 1 : w->b.n);
	}
}

static int
tell(struct arc *a, struct warc_rec *r, struct err *e)
{
	*r = (struct warc_rec){ .number = a->number++,
		.offset = a->report_offset,
		.at = a->report_at };
	*e = a->report;
	a->report.code = 0;
	return e->code;
}

/* The wall of the stream, or what's wrong with the last record. */
static void
report(struct arc *a, const struct warc_rec *r)
{
	struct window *w = a->w;

	if (w->broken.code) {
		a->report = w->broken;
		a->report_offset = w->broken_raw;
		window_pass(w);
	} else {
		err_set(&a->report, ERR_DAMAGE,
		    "record cut off: %zu bytes are there", r->payload.n);
		a->report_offset = r->offset;
	}
	a->report_at = w->base + w->at;
}

static int
skip_garbage(struct arc *a, struct warc_rec *r, struct err *e)
{
	struct window *w = a->w;
	size_t to;

	if (find_header(w, w->at + 1, w->at + (size_t)a->max_record, &to, e) <
	    0)
		return e->code;
	*r = (struct warc_rec){ .raw = { w->b.p + w->at, to - w->at },
		.number = a->number++,
		.offset = window_raw(w, w->at),
		.at = w->base + w->at };
	err_set(
	    e, ERR_DAMAGE, "not an ARC record; %zu bytes skipped", to - w->at);
	if (to == w->b.n && w->broken.code) {
		*e = w->broken;
		window_pass(w);
	}
	w->at = to;
	return e->code;
}

/* Does a record end at i, by what follows there? */
static bool
ends_well(const struct window *w, size_t i)
{
	struct arc_head h;
	size_t j = i;

	while (j < w->b.n && (w->b.p[j] == '\n' || w->b.p[j] == '\r'))
		j++;
	return j == w->b.n || w->b.p[i] == '\n' ||
	       window_member(w, i, j + 1) <= j || header_at(w, j, &h) > 0;
}

static int
read_record(struct arc *a, struct warc_rec *r, size_t head,
    const struct arc_head *h, struct err *e)
{
	struct window *w = a->w;
	size_t start = w->at, from = start + head, end;
	uint64_t n = h->length;

	r->limited = h->has_length && n > a->max_record;
	end = from + (size_t)(r->limited ? a->max_record : n);
	if (window_fill(w, end + ARC_MAX_LINE, e) < 0)
		return e->code;
	if (!h->has_length ||
	    (!r->limited && end <= w->b.n && !ends_well(w, end))) {
		r->repaired = true;
		if (find_header(
			w, from, from + (size_t)a->max_record, &end, e) < 0)
			return e->code;
	}
	r->cut = end > w->b.n;
	if (r->cut)
		end = w->b.n;
	w->at = end;
	while (r->repaired && end > from && w->b.p[end - 1] == '\n')
		end--;
	r->number = a->number++;
	r->offset = window_raw(w, start);
	r->at = w->base + start;
	r->raw = (struct str){ w->b.p + start, end - start };
	r->head = (struct str){ w->b.p + start, head };
	r->payload = (struct str){ w->b.p + from, end - from };
	if (!r->cut && window_spoiled(w, start, w->at)) {
		*e = w->broken;
		window_pass(w);
		return e->code;
	}
	if (r->cut)
		report(a, r);
	return 1;
}

int
arc_next(struct arc *a, struct warc_rec *r, struct err *e)
{
	struct window *w = a->w;
	struct arc_head h;
	size_t head;

	*r = (struct warc_rec){ 0 };
	if (a->report.code)
		return tell(a, r, e);
	window_compact(w);
	do {
		while (w->at < w->b.n && field_is_space(w->b.p[w->at]))
			w->at++;
		if (window_fill(w, w->at + ARC_MAX_LINE, e) < 0)
			return e->code;
	} while (w->at < w->b.n && field_is_space(w->b.p[w->at]));
	if (w->at == w->b.n) {
		if (!w->broken.code)
			return 0;
		report(a, r);
		return tell(a, r, e);
	}
	head = header_at(w, w->at, &h);
	if (!head)
		return skip_garbage(a, r, e);
	return read_record(a, r, head, &h, e);
}

bool
arc_starts(struct str s)
{
	const char *nl = s.n ? memchr(s.p, '\n', s.n) : NULL;
	struct arc_head h;

	s.n = nl ? (size_t)(nl - s.p) : s.n;
	return str_starts(s, STR("filedesc:")) || arc_parse(s, &h);
}
