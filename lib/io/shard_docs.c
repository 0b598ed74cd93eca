/* SPDX-License-Identifier: MIT */
/* The .docs file of a shard: zstd frames with a seek table, JSON Lines. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "base/err.h"
#include "base/path.h"
#include "io/json.h"
#include "io/shard.h"
#include "io/stream.h"

#define SEEK_FRAME 0x184D2A5Eu
#define SEEK_FOOTER 0x8F92EAB1u

enum {
	LEVEL = 3,
	FOOTER = 9, /* u32 frames, u8 descriptor, u32 magic */
	MAX_FRAME = 1 << 30
};

static void
put_le32(struct buf *b, uint32_t v)
{
	unsigned char p[4] = { (unsigned char)v, (unsigned char)(v >> 8),
		(unsigned char)(v >> 16), (unsigned char)(v >> 24) };

	buf_put(b, p, 4);
}

static uint32_t
le32(const unsigned char *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	       (uint32_t)p[3] << 24;
}

int
frames_put(struct frames *f, struct out *out, struct str text, struct err *e)
{
	size_t bound = ZSTD_compressBound(text.n), n;
	char *to;

	if (text.n > MAX_FRAME || f->n == UINT32_MAX / 8)
		return err_set(e, ERR_FORMAT,
		    "%s: too much to say about its documents", out_name(out));
	if (!f->zstd) {
		f->zstd = ZSTD_createCCtx();
		if (!f->zstd)
			return err_nomem(e, "zstd");
		ZSTD_CCtx_setParameter(f->zstd, ZSTD_c_compressionLevel, LEVEL);
		ZSTD_CCtx_setParameter(f->zstd, ZSTD_c_checksumFlag, 1);
	}
	buf_clear(&f->packed);
	to = buf_room(&f->packed, bound);
	if (!to)
		return err_nomem(e, "zstd");
	n = ZSTD_compress2(f->zstd, to, bound, text.p, text.n);
	if (ZSTD_isError(n))
		return err_set(e, ERR_IO, "%s: zstd: %s", out_name(out),
		    ZSTD_getErrorName(n));
	put_le32(&f->table, (uint32_t)n);
	put_le32(&f->table, (uint32_t)text.n);
	f->n++;
	return out_write(out, to, n, e);
}

int
frames_end(struct frames *f, struct out *out, struct err *e)
{
	struct buf head = { 0 };
	int rc;

	put_le32(&head, SEEK_FRAME);
	put_le32(&head, (uint32_t)(8 * f->n + FOOTER));
	put_le32(&f->table, (uint32_t)f->n);
	buf_putc(&f->table, 0);
	put_le32(&f->table, SEEK_FOOTER);
	rc = buf_ok(&head, e);
	if (rc == 0)
		rc = buf_ok(&f->table, e);
	if (rc == 0)
		rc = out_write(out, head.p, head.n, e);
	if (rc == 0)
		rc = out_write(out, f->table.p, f->table.n, e);
	buf_free(&head);
	return rc;
}

void
frames_free(struct frames *f)
{
	ZSTD_freeCCtx(f->zstd);
	buf_free(&f->table);
	buf_free(&f->packed);
}

int
frames_index(const unsigned char *p, uint64_t bytes, uint64_t **at, uint64_t *n,
    struct err *e)
{
	const unsigned char *entry;
	uint64_t i, sum = 0, table;

	if (bytes < 8 + FOOTER || le32(p + bytes - 4) != SEEK_FOOTER ||
	    p[bytes - 5] != 0)
		return err_set(e, ERR_CHECK,
		    "it does not end in a seek table: cut off, or not written "
		    "by quern shard");
	*n = le32(p + bytes - FOOTER);
	table = *n * 8 + FOOTER;
	if (bytes - 8 < table || le32(p + bytes - table - 8) != SEEK_FRAME ||
	    le32(p + bytes - table - 4) != table)
		return err_set(e, ERR_CHECK, "its seek table is damaged");
	*at = malloc((*n + 1) * sizeof(**at));
	if (!*at)
		return err_nomem(e, "a seek table");
	entry = p + bytes - table;
	for (i = 0; i < *n; i++, entry += 8) {
		(*at)[i] = sum;
		sum += le32(entry);
	}
	(*at)[i] = sum;
	if (sum == bytes - table - 8)
		return 0;
	free(*at);
	*at = NULL;
	return err_set(e, ERR_CHECK, "its seek table does not fit the file");
}

int
frames_get(const struct shard *s, uint64_t i, struct buf *text, struct err *e)
{
	const unsigned char *p = s->docs_map + s->frames[i];
	size_t packed = s->frames[i + 1] - s->frames[i], n;
	unsigned long long size = ZSTD_getFrameContentSize(p, packed);
	const unsigned char *table =
	    s->docs_map + s->docs_bytes - FOOTER - 8 * (s->nframe - i);
	char *to;

	buf_clear(text);
	if (size > MAX_FRAME || size != le32(table + 4))
		return err_set(e, ERR_FORMAT,
		    "%s.docs: byte %llu: this is no zstd frame", s->prefix,
		    (unsigned long long)s->frames[i]);
	to = buf_room(text, (size_t)size + 1);
	if (!to)
		return err_nomem(e, "documents");
	n = ZSTD_decompress(to, (size_t)size, p, packed);
	if (ZSTD_isError(n))
		return err_set(e, ERR_FORMAT, "%s.docs: byte %llu: %s",
		    s->prefix, (unsigned long long)s->frames[i],
		    ZSTD_getErrorName(n));
	text->n = n;
	to[n] = '\0';
	return 0;
}

int
shard_doc_parse(
    struct str line, struct arena *a, struct shard_doc *d, struct err *e)
{
	struct json_val root;
	struct str url;
	struct json *j;

	if (json_parse(&j, line.p, line.n, e) < 0)
		return e->code;
	root = json_root(j);
	url = json_str(json_get(root, "url"));
	d->id = arena_dup(a, json_str(json_get(root, "id")));
	d->url = url.p ? arena_dup(a, url) : url;
	d->tokens = json_u64(json_get(root, "tokens"), 0);
	d->bytes = json_u64(json_get(root, "bytes"), 0);
	json_free(j);
	if (!d->id.p || (url.p && !d->url.p))
		return err_nomem(e, "a document's name");
	return 0;
}

/* The nth line of text; false if there are fewer. */
static bool
nth_line(const struct buf *text, uint64_t nth, struct str *line)
{
	const char *p = text->p, *end = text->p + text->n, *eol;

	for (; p < end; p = eol + 1) {
		eol = memchr(p, '\n', (size_t)(end - p));
		if (!eol)
			return false;
		if (nth-- == 0) {
			*line = (struct str){ p, (size_t)(eol - p) };
			return true;
		}
	}
	return false;
}

static int
missing(const struct shard *s, uint64_t i, struct err *e)
{
	return err_set(e, ERR_FORMAT, "%s.docs: there is no document %llu",
	    s->prefix, (unsigned long long)i);
}

/* A document of a shard that has no .docs. */
static int
foreign_doc(const struct shard *s, uint64_t i, struct arena *a,
    struct shard_doc *d, struct err *e)
{
	*d = (struct shard_doc){ .tokens = shard_idx_len(&s->idx, i) };
	d->id = arena_printf(
	    a, "%s:%llu", path_base(s->prefix), (unsigned long long)i);
	return d->id.p ? 0 : err_nomem(e, "a document's name");
}

int
shard_doc_read(const struct shard *s, uint64_t i, struct arena *a,
    struct shard_doc *d, struct err *e)
{
	struct buf text = { 0 };
	struct str line;
	int rc;

	if (i >= s->docs)
		return missing(s, i, e);
	if (s->foreign)
		return foreign_doc(s, i, a, d, e);
	rc = frames_get(s, 1 + i / SHARD_FRAME, &text, e);
	if (rc == 0 && !nth_line(&text, i % SHARD_FRAME, &line))
		rc = missing(s, i, e);
	if (rc == 0 && (rc = shard_doc_parse(line, a, d, e)) < 0)
		err_prefix(e, "%s.docs: document %llu", s->prefix,
		    (unsigned long long)i);
	buf_free(&text);
	return rc;
}

/* A pass over the documents. */
struct visit {
	const struct shard *s;
	int (*doc)(void *, uint64_t, const struct shard_doc *, struct err *);
	void *ctx;
	struct arena a;
	struct str name, needle; /* of a search: as it is, as JSON has it */
};

/* The lines of a frame, the first being number `first`. */
static int
each_of_frame(const struct visit *v, const struct buf *text, uint64_t first,
    int (*each)(void *, uint64_t, struct str, struct err *), void *ctx,
    struct err *e)
{
	const char *p = text->p, *end = text->p + text->n, *eol;
	uint64_t i = first, last = first + SHARD_FRAME;
	int rc;

	last = last < v->s->docs ? last : v->s->docs;
	for (; i < last; i++, p = eol + 1) {
		eol = p < end ? memchr(p, '\n', (size_t)(end - p)) : NULL;
		if (!eol)
			return missing(v->s, i, e);
		rc = each(ctx, i, (struct str){ p, (size_t)(eol - p) }, e);
		if (rc != 0)
			return rc;
	}
	if (p < end)
		return err_set(e, ERR_FORMAT,
		    "%s.docs: more documents than it says", v->s->prefix);
	return 0;
}

static int
visit_line(void *ctx, uint64_t i, struct str line, struct err *e)
{
	struct visit *v = ctx;
	struct shard_doc d;

	arena_reset(&v->a);
	if (shard_doc_parse(line, &v->a, &d, e) < 0)
		return err_prefix(e, "%s.docs: document %llu", v->s->prefix,
		    (unsigned long long)i);
	return v->doc(v->ctx, i, &d, e);
}

static bool
is_called(const struct shard_doc *d, struct str name)
{
	return str_eq(d->id, name) || str_eq(d->url, name);
}

/* Lines without the name's bytes are passed over unparsed. */
static int
search_line(void *ctx, uint64_t i, struct str line, struct err *e)
{
	struct visit *v = ctx;
	struct shard_doc d;

	if (!memmem(line.p, line.n, v->needle.p, v->needle.n))
		return 0;
	arena_reset(&v->a);
	if (shard_doc_parse(line, &v->a, &d, e) < 0)
		return err_prefix(e, "%s.docs: document %llu", v->s->prefix,
		    (unsigned long long)i);
	return is_called(&d, v->name) ? v->doc(v->ctx, i, &d, e) : 0;
}

static int
visit_frames(const struct visit *v,
    int (*each)(void *, uint64_t, struct str, struct err *), void *ctx,
    struct err *e)
{
	struct buf text = { 0 };
	uint64_t f;
	int rc = 0;

	for (f = 0; rc == 0 && f + 2 < v->s->nframe; f++) {
		rc = frames_get(v->s, 1 + f, &text, e);
		if (rc == 0 && v->needle.n &&
		    !memmem(text.p, text.n, v->needle.p, v->needle.n))
			continue;
		if (rc == 0)
			rc = each_of_frame(
			    v, &text, f * SHARD_FRAME, each, ctx, e);
	}
	buf_free(&text);
	return rc;
}

static int
visit_foreign(struct visit *v, struct err *e)
{
	struct shard_doc d;
	uint64_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < v->s->docs; i++) {
		arena_reset(&v->a);
		rc = foreign_doc(v->s, i, &v->a, &d, e);
		if (rc == 0 && (!v->needle.n || is_called(&d, v->name)))
			rc = v->doc(v->ctx, i, &d, e);
	}
	return rc;
}

int
shard_lines_each(const struct shard *s,
    int (*each)(void *ctx, uint64_t i, struct str line, struct err *e),
    void *ctx, struct err *e)
{
	struct visit v = { .s = s };

	return s->foreign ? 0 : visit_frames(&v, each, ctx, e);
}

int
shard_docs_each(const struct shard *s,
    int (*each)(
	void *ctx, uint64_t i, const struct shard_doc *d, struct err *e),
    void *ctx, struct err *e)
{
	struct visit v = { .s = s, .doc = each, .ctx = ctx };
	int rc = s->foreign ? visit_foreign(&v, e)
			    : visit_frames(&v, visit_line, &v, e);

	arena_free(&v.a);
	return rc;
}

int
shard_docs_find(const struct shard *s, struct str name,
    int (*each)(
	void *ctx, uint64_t i, const struct shard_doc *d, struct err *e),
    void *ctx, struct err *e)
{
	struct visit v = { .s = s, .doc = each, .ctx = ctx, .name = name };
	struct buf json = { 0 };
	int rc;

	buf_json_lossy(&json, name);
	rc = buf_ok(&json, e);
	v.needle = buf_view(&json);
	if (rc == 0)
		rc = s->foreign ? visit_foreign(&v, e)
				: visit_frames(&v, search_line, &v, e);
	arena_free(&v.a);
	buf_free(&json);
	return rc;
}
