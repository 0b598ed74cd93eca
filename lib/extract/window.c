/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "extract/window.h"
#include "io/stream.h"

enum { CHUNK = 64 * 1024 }; /* bytes read at a time */

void
window_init(struct window *w, struct in *in)
{
	*w = (struct window){ .in = in };
}

void
window_free(struct window *w)
{
	buf_free(&w->b);
	free(w->mark);
}

static int
add_mark(struct window *w, struct err *e)
{
	uint64_t raw = in_member(w->in);
	struct window_mark *more;
	size_t cap;

	if (in_kind(w->in) == IN_PLAIN ||
	    (w->nmark && w->mark[w->nmark - 1].raw == raw))
		return 0;
	if (w->nmark == w->cap) {
		cap = w->cap ? 2 * w->cap : 64;
		more = realloc(w->mark, cap * sizeof(*more));
		if (!more)
			return err_nomem(e, "an archive's members");
		w->mark = more;
		w->cap = cap;
	}
	w->mark[w->nmark++] =
	    (struct window_mark){ in_member_start(w->in), raw };
	return 0;
}

int
window_fill(struct window *w, size_t end, struct err *e)
{
	ptrdiff_t got;
	char *to;

	while (w->b.n < end && !window_ended(w)) {
		to = buf_room(&w->b, CHUNK);
		if (!to)
			return err_nomem(e, "an archive record");
		got = in_read(w->in, to, CHUNK, e);
		if (got == ERR_DAMAGE) {
			w->broken = *e;
			w->broken.code = ERR_DAMAGE;
			w->broken_raw = in_member(w->in);
			w->mismatch = in_mismatch(w->in);
			break;
		}
		if (got < 0)
			return (int)got;
		w->eof = got == 0;
		w->b.n += (size_t)got;
		if (got && add_mark(w, e) < 0)
			return e->code;
	}
	return 0;
}

int
window_seek(struct window *w, uint64_t offset, struct err *e)
{
	if (in_seek(w->in, offset, e) < 0)
		return e->code;
	buf_clear(&w->b);
	w->at = w->nmark = 0;
	w->base = in_kind(w->in) == IN_PLAIN ? offset : in_offset(w->in);
	w->eof = false;
	w->broken.code = 0;
	return 0;
}

bool
window_ended(const struct window *w)
{
	return w->eof || w->broken.code;
}

void
window_pass(struct window *w)
{
	w->broken.code = 0;
}

void
window_compact(struct window *w)
{
	size_t i = 0;

	/* Seldom enough that moving costs little. */
	if (w->at == 0 || (w->at < 4 * CHUNK && w->at < w->b.n))
		return;
	memmove(w->b.p, w->b.p + w->at, w->b.n - w->at);
	w->b.n -= w->at;
	w->base += w->at;
	w->at = 0;
	while (i + 1 < w->nmark && w->mark[i + 1].start <= w->base)
		i++;
	if (i) {
		w->nmark -= i;
		memmove(w->mark, w->mark + i, w->nmark * sizeof(*w->mark));
	}
}

/* The first mark with start >= at. */
static size_t
find_mark(const struct window *w, uint64_t at)
{
	size_t lo = 0, hi = w->nmark, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (w->mark[mid].start < at)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

uint64_t
window_raw(const struct window *w, size_t i)
{
	uint64_t at = w->base + i;
	size_t m = find_mark(w, at + 1);

	if (in_kind(w->in) == IN_PLAIN)
		return at;
	return m ? w->mark[m - 1].raw : in_member(w->in);
}

size_t
window_member(const struct window *w, size_t from, size_t to)
{
	size_t m = find_mark(w, w->base + from);

	if (m < w->nmark && w->mark[m].start - w->base < to)
		return (size_t)(w->mark[m].start - w->base);
	return to;
}

bool
window_spoiled(const struct window *w, size_t from, size_t to)
{
	if (!w->broken.code || !w->mismatch ||
	    window_member(w, from, from + 1) != from ||
	    window_raw(w, from) != w->broken_raw)
		return false;
	while (to < w->b.n && (w->b.p[to] == '\n' || w->b.p[to] == '\r'))
		to++;
	return to == w->b.n;
}
