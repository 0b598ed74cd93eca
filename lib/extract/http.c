/* SPDX-License-Identifier: MIT */
#include "base/err.h"
#include "extract/field.h"
#include "extract/http.h"

enum {
	MAX_CODINGS = 4, /* in a row; more is an attack */
	MAX_SIZE_DIGITS = 15,
};

/* The blank line's end: the head's length, or 0. */
static size_t
head_length(struct str s)
{
	size_t i = 0;
	const char *nl;

	while (i < s.n && (nl = memchr(s.p + i, '\n', s.n - i))) {
		if (*nl == s.p[i] || (s.p[i] == '\r' && nl == s.p + i + 1))
			return (size_t)(nl - s.p) + 1;
		i = (size_t)(nl - s.p) + 1;
	}
	return 0;
}

/* "HTTP/1.1 200 OK": 200; 0 if it is nothing of the kind. */
static int
parse_status(struct str s)
{
	size_t i = 5;
	int v = 0, digits = 0;

	if (s.n < 12 || (memcmp(s.p, "HTTP/", 5) && memcmp(s.p, "http/", 5)))
		return 0;
	while (i < s.n && s.p[i] != ' ' && s.p[i] != '\n')
		i++;
	while (i < s.n && s.p[i] == ' ')
		i++;
	for (; i < s.n && field_is_digit(s.p[i]) && digits < 3; i++, digits++)
		v = v * 10 + (s.p[i] - '0');
	return digits == 3 ? v : 0;
}

void
http_parse(struct http *h, struct str payload)
{
	size_t n;

	*h = (struct http){ .body = payload };
	h->status = parse_status(payload);
	if (!h->status)
		return;
	n = head_length(payload);
	if (!n)
		n = payload.n; /* cut off within the head */
	h->head = (struct str){ payload.p, n };
	h->body = (struct str){ payload.p + n, payload.n - n };
	h->content_type = field_get(h->head, "Content-Type");
}

static int
hex(char c)
{
	c = field_lower(c);
	if (field_is_digit(c))
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* A chunk's size line at *i; false if there is none. */
static bool
chunk_size(struct str s, size_t *i, uint64_t *size)
{
	size_t j = *i, digits = 0;
	const char *nl;

	*size = 0;
	for (; j < s.n && hex(s.p[j]) >= 0; j++) {
		*size = *size * 16 + (uint64_t)hex(s.p[j]);
		if (++digits > MAX_SIZE_DIGITS)
			return false;
	}
	/* Some servers pad with blanks; extensions begin with ';'. */
	while (digits && j < s.n && s.p[j] == ' ')
		j++;
	if (!digits || j == s.n || !strchr(";\r\n", s.p[j]))
		return false;
	nl = memchr(s.p + j, '\n', s.n - j);
	if (!nl)
		return false;
	*i = (size_t)(nl - s.p) + 1;
	return true;
}

static bool
skip_line_end(struct str s, size_t *i)
{
	if (*i < s.n && s.p[*i] == '\r')
		++*i;
	if (*i < s.n && s.p[*i] == '\n') {
		++*i;
		return true;
	}
	return *i == s.n;
}

/*
 * Chunks joined in out; false if the body isn't chunked.  Where the chunks
 * stop making sense what is left is taken as it is: losing nothing is better
 * than being right.
 */
static bool
join_chunks(struct str s, uint64_t limit, struct buf *out, bool *cut)
{
	size_t i = 0, at, first;
	uint64_t size;

	for (first = 1; i < s.n; first = 0) {
		at = i;
		if (!chunk_size(s, &i, &size)) {
			if (first)
				return false;
			buf_put(out, s.p + at, s.n - at);
			*cut = true;
			return true;
		}
		if (size == 0)
			return true;
		if (size > s.n - i) {
			size = s.n - i;
			*cut = true;
		}
		if (out->n + size > limit)
			size = limit > out->n ? limit - out->n : 0;
		buf_put(out, s.p + i, (size_t)size);
		i += (size_t)size;
		if (out->n >= limit)
			return true;
		at = i;
		if (!skip_line_end(s, &i)) {
			if (first) {
				buf_clear(out);
				return false;
			}
			buf_put(out, s.p + at, s.n - at);
			*cut = true;
			return true;
		}
	}
	return true;
}

/* The last of a comma-separated list, taken off it. */
static struct str
pop_item(struct str *list)
{
	size_t i = list->n;
	struct str item;

	while (i > 0 && list->p[i - 1] != ',')
		i--;
	item = field_trim((struct str){ list->p + i, list->n - i });
	list->n = i ? i - 1 : 0;
	return item;
}

static bool
has_item(struct str list, const char *lower)
{
	while (list.n)
		if (field_is(pop_item(&list), lower))
			return true;
	return false;
}

static struct buf *
other(struct http_scratch *s, struct str body)
{
	struct buf *b = body.p == s->a.p ? &s->b : &s->a;

	buf_clear(b);
	return b;
}

static int
undo_chunks(const struct http *h, struct http_scratch *s, uint64_t limit,
    struct http_body *o, struct err *e)
{
	struct buf *to = other(s, o->body);

	if (!has_item(field_get(h->head, "Transfer-Encoding"), "chunked"))
		return 0;
	if (!join_chunks(o->body, limit, to, &o->cut))
		return 0;
	o->body = buf_view(to);
	return buf_ok(to, e);
}

int
http_decode(const struct http *h, struct http_scratch *s, uint64_t limit,
    struct http_body *o, struct err *e)
{
	struct str list = field_get(h->head, "Content-Encoding"), coding;
	struct buf *to;
	int n, rc;

	*o = (struct http_body){ .body = h->body };
	if (undo_chunks(h, s, limit, o, e) < 0)
		return e->code;
	for (n = 0; n < MAX_CODINGS && list.n; n++) {
		coding = pop_item(&list);
		to = other(s, o->body);
		rc = http_inflate(s, coding, o->body, limit, to, &o->cut, e);
		if (rc < 0)
			return rc;
		if (rc)
			o->body = buf_view(to);
	}
	o->limited = o->body.n >= limit;
	if (o->body.n > limit)
		o->body.n = (size_t)limit;
	return 0;
}
