/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/err.h"
#include "extract/archive.h"
#include "extract/digest.h"
#include "extract/window.h"
#include "io/stream.h"

struct archive {
	struct in *in;
	struct window win;
	struct warc *warc; /* one of the two */
	struct arc *arc;
	char date[24];
};

static int
start(struct archive *a, uint64_t max_record, struct err *e)
{
	if (window_fill(&a->win, ARC_MAX_LINE, e) < 0)
		return e->code;
	if (arc_starts(buf_view(&a->win.b)))
		a->arc = arc_new(&a->win, max_record);
	else
		a->warc = warc_new(&a->win, max_record);
	return a->arc || a->warc ? 0 : err_nomem(e, "an archive");
}

int
archive_open(
    struct archive **out, const char *path, uint64_t max_record, struct err *e)
{
	struct archive *a = calloc(1, sizeof(*a));

	if (!a)
		return err_nomem(e, "an archive");
	if (in_open(&a->in, path, e) < 0) {
		free(a);
		return e->code;
	}
	window_init(&a->win, a->in);
	if (start(a, max_record, e) < 0) {
		archive_close(a);
		return e->code;
	}
	*out = a;
	return 0;
}

void
archive_close(struct archive *a)
{
	if (!a)
		return;
	warc_free(a->warc);
	arc_free(a->arc);
	window_free(&a->win);
	in_close(a->in);
	free(a);
}

int
archive_seek(struct archive *a, uint64_t offset, struct err *e)
{
	return window_seek(&a->win, offset, e);
}

bool
archive_is_plain(const struct archive *a)
{
	return in_kind(a->in) == IN_PLAIN;
}

uint64_t
archive_raw(const struct archive *a)
{
	return in_raw_offset(a->in);
}

int
archive_next(struct archive *a, struct warc_rec *r, struct err *e)
{
	struct arc_head h;
	int rc;

	if (a->warc)
		return warc_next(a->warc, r, e);
	rc = arc_next(a->arc, r, e);
	if (rc != 1)
		return rc;
	arc_parse(r->head, &h);
	memcpy(a->date, h.date, sizeof(a->date));
	r->date = str_c(a->date);
	r->uri = h.uri;
	r->content_type = h.content_type;
	r->type = str_starts(h.uri, STR("filedesc:")) ? STR("filedesc")
						      : STR("response");
	return 1;
}

static void
fault(struct buf *out, const char *what)
{
	if (out->n)
		buf_puts(out, "; ");
	buf_puts(out, what);
}

void
archive_faults(
    const struct archive *a, const struct warc_rec *r, struct buf *out)
{
	struct str digest = warc_field(r->head, "WARC-Block-Digest");

	buf_clear(out);
	if (r->repaired)
		fault(out, "Content-Length is missing or wrong");
	if (a->arc)
		return;
	if (!r->type.n)
		fault(out, "no WARC-Type");
	if (!r->id.n)
		fault(out, "no WARC-Record-ID");
	if (!r->date.n)
		fault(out, "no WARC-Date");
	/* Of a record that isn't whole the digest can tell nothing. */
	if (!r->repaired && !r->cut && !r->limited &&
	    !digest_fits(digest, r->payload))
		fault(out, "the block is not what WARC-Block-Digest says");
}
