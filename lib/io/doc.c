/* SPDX-License-Identifier: MIT */
#include "base/buf.h"
#include "base/err.h"
#include "io/doc.h"

void
doc_unset(struct doc *d)
{
	d->edits = NULL;
	d->last_edit = &d->edits;
	d->text_set = false;
	d->oom = false;
}

void
doc_set_text(struct doc *d, struct str text)
{
	d->new_text = text;
	d->text_set = true;
}

static struct doc_edit *
edit_of(struct doc *d, const char *key)
{
	struct str k = str_c(key);
	struct doc_edit *x;

	for (x = d->edits; x; x = x->next)
		if (str_eq(x->key, k))
			return x;
	x = arena_alloc(d->arena, sizeof(*x));
	if (!x)
		return NULL;
	*x = (struct doc_edit){ .key = arena_dup(d->arena, k) };
	if (!x->key.p)
		return NULL;
	*d->last_edit = x;
	d->last_edit = &x->next;
	return x;
}

void
doc_set_json(struct doc *d, const char *key, struct str value)
{
	struct doc_edit *x = edit_of(d, key);

	if (x)
		x->json = arena_dup(d->arena, value);
	if (!x || !x->json.p)
		d->oom = true;
}

/* Hand a value that was printed into b to doc_set_json(). */
static void
set_from_buf(struct doc *d, const char *key, struct buf *b)
{
	if (b->oom)
		d->oom = true;
	else
		doc_set_json(d, key, buf_view(b));
	buf_free(b);
}

void
doc_set_str(struct doc *d, const char *key, struct str value)
{
	struct buf b = { 0 };

	buf_json_lossy(&b, value);
	set_from_buf(d, key, &b);
}

void
doc_set_double(struct doc *d, const char *key, double value)
{
	struct buf b = { 0 };

	buf_double(&b, value);
	set_from_buf(d, key, &b);
}

void
doc_set_u64(struct doc *d, const char *key, uint64_t value)
{
	struct buf b = { 0 };

	buf_u64(&b, value);
	set_from_buf(d, key, &b);
}

void
doc_set_bool(struct doc *d, const char *key, bool value)
{
	doc_set_json(d, key, value ? STR("true") : STR("false"));
}

bool
doc_changed(const struct doc *d)
{
	return d->text_set || d->edits || !d->has_id || d->oom;
}

static const struct doc_edit *
find_edit(const struct doc *d, struct str key)
{
	const struct doc_edit *x;

	for (x = d->edits; x; x = x->next)
		if (str_eq(x->key, key))
			return x;
	return NULL;
}

/* Copy the line from *at up to `to`. */
static void
copy_to(struct buf *out, const char **at, const char *to)
{
	buf_put(out, *at, (size_t)(to - *at));
	*at = to;
}

/* "key":value for every edit that isn't in the n spans, after a comma. */
static void
put_new(const struct doc *d, const struct doc_span *spans, size_t n, bool comma,
    struct buf *out)
{
	const struct doc_edit *x;
	size_t i;

	for (x = d->edits; x; x = x->next) {
		for (i = 0; i < n && !str_eq(spans[i].key, x->key); i++)
			;
		if (i < n)
			continue;
		if (comma)
			buf_putc(out, ',');
		comma = true;
		buf_json(out, x->key);
		buf_putc(out, ':');
		buf_str(out, x->json);
	}
}

/* The metadata object at `span`, copied with its edits. */
static int
write_meta(const struct doc *d, struct str span, const char **at,
    struct buf *out, struct err *e)
{
	const struct doc_edit *x;
	const struct doc_span *s;
	size_t i, n;

	if (!doc_spans(d, true, &s, &n))
		return err_nomem(e, "a record");
	for (i = 0; i < n; i++) {
		x = find_edit(d, s[i].key);
		if (!x)
			continue;
		copy_to(out, at, s[i].value.p);
		buf_str(out, x->json);
		*at = s[i].value.p + s[i].value.n;
	}
	copy_to(out, at, span.p + span.n - 1);
	put_new(d, s, n, n > 0, out);
	return 0;
}

static void
write_new_meta(const struct doc *d, struct buf *out)
{
	buf_putc(out, '{');
	put_new(d, NULL, 0, false, out);
	buf_putc(out, '}');
}

static int
write_fields(
    const struct doc *d, const char **at, struct buf *out, struct err *e)
{
	const struct doc_span *s;
	bool meta_seen = false;
	size_t i, n;

	/* write_meta() finds these spans anew, at the same place. */
	if (!doc_spans(d, false, &s, &n))
		return err_nomem(e, "a record");
	for (i = 0; i < n; i++) {
		if (d->text_set && str_eq(s[i].key, STR("text"))) {
			copy_to(out, at, s[i].value.p);
			buf_json(out, d->new_text);
			*at = s[i].value.p + s[i].value.n;
		} else if (d->edits && str_eq(s[i].key, STR("metadata"))) {
			meta_seen = true;
			if (d->meta.doc) {
				if (write_meta(d, s[i].value, at, out, e) < 0)
					return e->code;
				continue;
			}
			copy_to(out, at, s[i].value.p);
			write_new_meta(d, out);
			*at = s[i].value.p + s[i].value.n;
		}
	}
	if (d->edits && !meta_seen) {
		copy_to(out, at, s[n - 1].value.p + s[n - 1].value.n);
		buf_puts(out, ",\"metadata\":");
		write_new_meta(d, out);
	}
	return 0;
}

int
doc_write(const struct doc *d, struct buf *out, struct err *e)
{
	const char *at = d->line.p, *end = d->line.p + d->line.n;

	if (d->oom)
		return err_nomem(e, "metadata");
	if (!d->has_id) {
		copy_to(out, &at, (const char *)memchr(at, '{', d->line.n) + 1);
		buf_puts(out, "\"id\":");
		buf_json_lossy(out, d->id);
		buf_putc(out, ',');
	}
	if ((d->text_set || d->edits) && write_fields(d, &at, out, e) < 0)
		return e->code;
	copy_to(out, &at, end);
	buf_putc(out, '\n');
	return buf_ok(out, e);
}
