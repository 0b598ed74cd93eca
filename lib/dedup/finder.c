/* SPDX-License-Identifier: MIT */
#include "base/err.h"
#include "dedup/finder.h"

/* The next piece of the part: 1, 0 at its end. */
static int
next_piece(struct finder *f, struct str *piece, struct err *e)
{
	int rc = part_read(&f->in, &f->head, sizeof(f->head), e);

	if (rc <= 0)
		return rc;
	buf_clear(&f->piece);
	if (!buf_room(&f->piece, f->head.n))
		return err_nomem(e, "repeats");
	*piece = (struct str){ f->piece.p, f->head.n };
	return part_read(&f->in, f->piece.p, f->head.n, e);
}

static int
add_pieces(struct finder *f, struct err *e)
{
	struct str piece;
	int rc;

	while ((rc = next_piece(f, &piece, e)) > 0)
		if (repeats_add(&f->repeats, f->head.place, f->head.anchor,
			piece, e) < 0)
			return e->code;
	return rc < 0 ? rc : repeats_find(&f->repeats, e);
}

static void
note_span(struct finder *f, uint64_t place, uint64_t from, size_t n)
{
	struct finder_span x = { place, from, n };

	if (place != from)
		buf_put(&f->spans, &x, sizeof(x));
}

/* Of n windows at a place, where each stands first is told: those elsewhere. */
static void
note_spans(struct finder *f, const uint64_t *first, size_t n)
{
	size_t i, from;

	for (i = 0; i < n; i++) {
		for (from = i; i + 1 < n && first[i + 1] == first[i] + 1; i++)
			;
		note_span(f, f->head.place + from, first[from], i + 1 - from);
	}
}

/* With all pieces in: which of their windows stand elsewhere before. */
static int
note_pieces(struct finder *f, size_t width, struct err *e)
{
	const uint64_t *first;
	struct str piece;
	uint64_t least;
	size_t n;
	int rc;

	while ((rc = next_piece(f, &piece, e)) > 0) {
		first = repeats_of(&f->repeats, piece, &least);
		n = piece.n - width + 1;
		if (first)
			note_spans(f, first, n);
		else
			note_span(f, f->head.place, least, n);
	}
	return rc < 0 ? rc : buf_ok(&f->spans, e);
}

int
finder_part(struct finder *f, const struct parts *parts, size_t part,
    size_t width, struct err *e)
{
	int rc;

	buf_clear(&f->spans);
	repeats_init(&f->repeats, &f->budget, width);
	part_open(&f->in, parts, part);
	rc = add_pieces(f, e);
	if (rc == 0) {
		part_open(&f->in, parts, part);
		rc = note_pieces(f, width, e);
	}
	repeats_free(&f->repeats);
	return rc;
}

void
finder_free(struct finder *f)
{
	buf_free(&f->piece);
	buf_free(&f->spans);
}
