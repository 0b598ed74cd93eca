/* SPDX-License-Identifier: MIT */
#include "tokstream.h"

#include <string.h>

#include "base/err.h"
#include "bpe.h"

enum { WINDOW = 8 /* ids that are kept to decode the next ones with */ };

/* Bytes that begin a character at the end of s but don't end it. */
static size_t
open_bytes(struct str s)
{
	const uint8_t *p = (const uint8_t *)s.p;
	size_t n, need;

	for (n = 1; n <= 3 && n <= s.n; n++) {
		uint8_t c = p[s.n - n];

		if ((c & 0xc0) == 0x80)
			continue;
		need = c < 0xc2 || c > 0xf4 ? 1
		       : c < 0xe0           ? 2
		       : c < 0xf0           ? 3
					    : 4;
		return need > n ? n : 0;
	}
	return 0;
}

static int
show(struct tokenizer_stream *s, struct buf *out, struct err *e)
{
	size_t end = s->text.n - open_bytes(buf_view(&s->text));

	if (end > s->shown) {
		buf_put(out, s->text.p + s->shown, end - s->shown);
		s->shown = end;
	}
	return buf_ok(out, e);
}

/* Bytes stand for themselves: only those that wait are kept. */
static int
put_bytes_of(const struct tokenizer *t, struct tokenizer_stream *s,
    const uint32_t *ids, size_t n, struct buf *out, struct err *e)
{
	if (tokenizer_decode(t, ids, n, &s->text, e) < 0 || show(s, out, e) < 0)
		return e->code;
	memmove(s->text.p, s->text.p + s->shown, s->text.n - s->shown);
	s->text.n -= s->shown;
	s->shown = 0;
	return 0;
}

/* With all shown, the last ids are enough to go on with. */
static int
shorten(const struct tokenizer *t, struct tokenizer_stream *s, struct err *e)
{
	if (s->window.n <= 2 * WINDOW || s->shown < s->text.n)
		return 0;
	memmove(s->window.v, s->window.v + s->window.n - WINDOW,
	    WINDOW * sizeof(*s->window.v));
	s->window.n = WINDOW;
	buf_clear(&s->text);
	if (tokenizer_decode(t, s->window.v, WINDOW, &s->text, e) < 0)
		return e->code;
	s->shown = s->text.n;
	return 0;
}

int
tokenizer_stream_put(const struct tokenizer *t, struct tokenizer_stream *s,
    const uint32_t *ids, size_t n, struct buf *out, struct err *e)
{
	if (!n)
		return 0;
	if (tokenizer_bpe(t)->sub.kind == SUBWORD_NONE)
		return put_bytes_of(t, s, ids, n, out, e);
	if (shorten(t, s, e) < 0 || ids_reserve(&s->window, n, e) < 0)
		return e->code;
	memcpy(s->window.v + s->window.n, ids, n * sizeof(*ids));
	buf_clear(&s->text);
	if (tokenizer_decode(t, s->window.v, s->window.n + n, &s->text, e) < 0)
		return e->code;
	s->window.n += n;
	return show(s, out, e);
}

int
tokenizer_stream_end(struct tokenizer_stream *s, struct buf *out, struct err *e)
{
	if (s->text.n > s->shown)
		buf_put(out, s->text.p + s->shown, s->text.n - s->shown);
	s->window.n = s->shown = 0;
	buf_clear(&s->text);
	return buf_ok(out, e);
}

void
tokenizer_stream_free(struct tokenizer_stream *s)
{
	ids_free(&s->window);
	buf_free(&s->text);
	*s = (struct tokenizer_stream){ 0 };
}
