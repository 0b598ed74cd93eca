/* SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE
#include "idstream.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/num.h"
#include "base/text/utf8.h"
#include "io/json.h"
#include "io/stream.h"
#include "seam.h"
#include "tokstream.h"
#include "uclass.h"

struct job {
	const struct tokenizer *t;
	struct ids_opts opts;
	bool write;
	struct ids_stats *stats;
};

struct job_worker {
	struct tokenizer_worker *own;
	struct ids ids;
	struct tokens_at spans;
	struct buf bytes;
};

static void
worker_free(void *worker)
{
	struct job_worker *w = worker;

	tokenizer_worker_free(w->own);
	ids_free(&w->ids);
	tokens_at_free(&w->spans);
	buf_free(&w->bytes);
	free(w);
}

static void *
worker_new(void *ctx, struct err *e)
{
	const struct job *j = ctx;
	struct job_worker *w = calloc(1, sizeof(*w));

	if (!w) {
		err_nomem(e, "threads");
		return NULL;
	}
	w->own = tokenizer_worker_new(j->t, e);
	if (w->own)
		return w;
	free(w);
	return NULL;
}

/* ---- encoding ---- */

static void
put_list(const struct ids *ids, char between, bool more, struct buf *out)
{
	char *to = buf_room(out, ids->n * (NUM_DIGITS + 1));
	size_t i;

	if (!to)
		return;
	for (i = 0; i < ids->n; i++) {
		if (i || more)
			*to++ = between;
		to = num_decimal(to, ids->v[i]);
	}
	out->n = (size_t)(to - out->p);
}

/* Characters before each place of a text; places mostly rise. */
struct char_count {
	struct str text;
	size_t byte, chars; /* chars end at or before byte */
};

/* The number of the character that holds byte `at`. */
static size_t
char_at(struct char_count *c, size_t at)
{
	const uint8_t *p = (const uint8_t *)c->text.p;
	size_t len;

	if (at < c->byte)
		c->byte = c->chars = 0;
	while (c->byte < c->text.n) {
		utf8_strict(p + c->byte, p + c->text.n, &len);
		if (c->byte + len > at)
			break;
		c->byte += len;
		c->chars++;
	}
	return c->chars;
}

static void
put_offsets(enum ids_offsets how, struct str text, const struct tokens_at *k,
    struct buf *out)
{
	struct char_count c = { text, 0, 0 };
	size_t i, from, to;

	buf_puts(out, ",\"offsets\":[");
	for (i = 0; i < k->n; i++) {
		from = k->v[i].from;
		to = k->v[i].to;
		if (how == IDS_CHARS) {
			to = to > from ? char_at(&c, to - 1) + 1
				       : char_at(&c, to);
			from = char_at(&c, from);
		}
		buf_printf(out, "%s[%zu,%zu]", i ? "," : "", from, to);
	}
	buf_putc(out, ']');
}

static void
put_jsonl(const struct job *j, const struct job_worker *w,
    const struct text_part *t, struct buf *out)
{
	if (t->first) {
		buf_puts(out, "{\"id\":");
		buf_json_lossy(out, t->id);
		buf_puts(out, ",\"ids\":[");
	}
	put_list(&w->ids, ',', !t->first, out);
	if (t->last)
		buf_putc(out, ']');
	if (j->opts.offsets != IDS_NO_OFFSETS)
		put_offsets(j->opts.offsets, t->bytes, &w->spans, out);
	if (t->last)
		buf_puts(out, "}\n");
}

static void
put_bin(const struct ids *ids, struct buf *out)
{
	char *to = buf_room(out, 4 * ids->n);
	uint32_t id;
	size_t i;

	for (i = 0; to && i < ids->n; i++, to += 4) {
		id = htole32(ids->v[i]);
		memcpy(to, &id, sizeof(id));
	}
	if (to)
		out->n += 4 * ids->n;
}

static void
put_ids(const struct job *j, const struct job_worker *w,
    const struct text_part *t, struct buf *out)
{
	switch (j->opts.format) {
	case IDS_TEXT:
		put_list(&w->ids, ' ', !t->first, out);
		if (t->last)
			buf_putc(out, '\n');
		break;
	case IDS_BIN:
		put_bin(&w->ids, out);
		break;
	case IDS_JSONL:
		put_jsonl(j, w, t, out);
		break;
	}
}

/* The ids of spans. */
static int
take_ids(struct job_worker *w, struct err *e)
{
	size_t i;

	if (ids_reserve(&w->ids, w->spans.n, e) < 0)
		return e->code;
	for (i = 0; i < w->spans.n; i++)
		w->ids.v[w->ids.n++] = w->spans.v[i].id;
	return 0;
}

static int
encode_text(const struct job *j, struct job_worker *w,
    const struct text_part *t, struct err *e)
{
	w->ids.n = w->spans.n = 0;
	if (j->opts.draws)
		tokenizer_worker_seed(w->own,
		    hash64(t->id.p, t->id.n, j->opts.seed) ^ mix64(t->record));
	if (j->opts.offsets == IDS_NO_OFFSETS)
		return tokenizer_encode(j->t, w->own, t->bytes, &w->ids, e);
	if (tokenizer_encode_spans(j->t, w->own, t->bytes, &w->spans, e) < 0)
		return e->code;
	return take_ids(w, e);
}

static int
encode_part(void *ctx, void *worker, const struct text_part *t, struct emit *em,
    struct err *e)
{
	const struct job *j = ctx;
	struct job_worker *w = worker;
	struct ids_stats s = { t->last, t->bytes.n, 0, 0 };

	if (encode_text(j, w, t, e) < 0)
		return e->code;
	if (j->opts.most && w->ids.n > j->opts.most) {
		s.cut = 1;
		w->ids.n = (size_t)j->opts.most;
		if (w->spans.n > w->ids.n)
			w->spans.n = w->ids.n;
	}
	if (j->write)
		put_ids(j, w, t, &em->out);
	s.tokens = w->ids.n;
	buf_put(&em->side, &s, sizeof(s));
	return 0;
}

static int
add_stats(void *ctx, struct str side, struct err *e)
{
	struct job *j = ctx;
	struct ids_stats s;

	(void)e;
	for (; side.n; side.p += sizeof(s), side.n -= sizeof(s)) {
		memcpy(&s, side.p, sizeof(s));
		j->stats->texts += s.texts;
		j->stats->bytes += s.bytes;
		j->stats->tokens += s.tokens;
		j->stats->cut += s.cut;
	}
	return 0;
}

int
ids_encode(const struct tokenizer *t, struct texts *in,
    const struct ids_opts *opts, struct run *r, struct ids_stats *stats,
    struct err *e)
{
	static const struct texts_ops ops = { worker_new, worker_free,
		encode_part, add_stats };
	struct job j = { t, *opts, r->out != NULL, stats };
	int rc;

	*stats = (struct ids_stats){ 0 };
	in->most = texts_most(r);
	in->seams = NULL;
	if (!opts->most && !opts->draws && opts->offsets == IDS_NO_OFFSETS &&
	    tokenizer_seams(&in->seams, t, e) < 0)
		return e->code;
	rc = texts_run(in, &ops, &j, r, e);
	seams_free(in->seams);
	in->seams = NULL;
	return rc;
}

/* ---- decoding ---- */

static int
add_id(struct ids *ids, uint64_t id, struct err *e)
{
	if (id > UINT32_MAX)
		return err_set(
		    e, ERR_FORMAT, "token %zu: this is no id", ids->n);
	if (ids_reserve(ids, 1, e) < 0)
		return e->code;
	ids->v[ids->n++] = (uint32_t)id;
	return 0;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Decimal numbers with white space between. */
static int
parse_ids(struct str line, struct ids *ids, struct err *e)
{
	const char *p = line.p, *end = p + line.n;
	uint64_t id;

	for (;;) {
		while (p < end && is_blank(*p))
			p++;
		if (p == end)
			return 0;
		if (*p < '0' || *p > '9')
			break;
		for (id = 0; p < end && *p >= '0' && *p <= '9'; p++)
			if (id <= UINT32_MAX)
				id = id * 10 + (uint64_t)(*p - '0');
		if (p < end && !is_blank(*p))
			break;
		if (add_id(ids, id, e) < 0)
			return e->code;
	}
	return err_set(e, ERR_FORMAT, "byte %zu of the line is no id",
	    (size_t)(p - line.p));
}

static int
list_ids(struct json_val list, struct ids *ids, struct err *e)
{
	struct json_iter it = json_each(list);
	struct json_val v;

	if (json_type(list) != JSON_ARRAY)
		return err_set(e, ERR_FORMAT, "there is no array \"ids\"");
	while (json_next(&it, NULL, &v))
		if (add_id(ids, json_u64(v, UINT64_MAX), e) < 0)
			return e->code;
	return 0;
}

static int
decode_line(const struct job *j, struct job_worker *w, struct str line,
    struct buf *out, struct err *e)
{
	if (parse_ids(line, &w->ids, e) < 0 ||
	    tokenizer_decode(j->t, w->ids.v, w->ids.n, &w->bytes, e) < 0)
		return e->code;
	buf_str(out, buf_view(&w->bytes));
	return 0;
}

static int
decode_record(const struct job *j, struct job_worker *w, struct str line,
    struct buf *out, struct err *e)
{
	struct json *json;
	struct str id;
	int rc;

	if (json_parse(&json, line.p, line.n, e) < 0)
		return e->code;
	rc = list_ids(json_get(json_root(json), "ids"), &w->ids, e);
	if (rc == 0)
		rc = tokenizer_decode(j->t, w->ids.v, w->ids.n, &w->bytes, e);
	if (rc == 0) {
		id = json_str(json_get(json_root(json), "id"));
		buf_puts(out, "{\"id\":");
		buf_json(out, id);
		if (utf8_valid(buf_view(&w->bytes))) {
			buf_puts(out, ",\"text\":");
			buf_json(out, buf_view(&w->bytes));
		} else {
			buf_puts(out, ",\"raw\":\"");
			buf_base64(out, w->bytes.p, w->bytes.n);
			buf_putc(out, '"');
		}
		buf_puts(out, "}\n");
	}
	json_free(json);
	return rc;
}

static int
decode_part(void *ctx, void *worker, const struct text_part *t, struct emit *em,
    struct err *e)
{
	const struct job *j = ctx;
	struct job_worker *w = worker;
	struct err bad;
	int rc;

	w->ids.n = 0;
	buf_clear(&w->bytes);
	if (j->opts.format == IDS_JSONL)
		rc = decode_record(j, w, t->bytes, &em->out, &bad);
	else
		rc = decode_line(j, w, t->bytes, &em->out, &bad);
	if (rc != ERR_FORMAT) {
		if (rc < 0)
			*e = bad;
		return rc;
	}
	if (emit_damage(
		em, t->file, t->record, t->offset, t->bytes, bad.msg, e) < 0)
		return e->code;
	return 1;
}

static uint32_t
little_endian(const unsigned char *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	       (uint32_t)p[3] << 24;
}

/* The text of a block of ids, as far as its characters are whole. */
static int
decode_block(const struct tokenizer *t, struct tokenizer_stream *s,
    const unsigned char *p, size_t n, struct buf *bytes, struct run *r,
    struct err *e)
{
	struct ids ids = { 0 };
	size_t i;
	int rc;

	buf_clear(bytes);
	if (n % 4)
		return err_set(e, ERR_FORMAT,
		    "it ends within an id: not of format bin, or cut off");
	if (ids_reserve(&ids, n / 4, e) < 0)
		return e->code;
	for (i = 0; i < n; i += 4)
		ids.v[ids.n++] = little_endian(p + i);
	rc = tokenizer_stream_put(t, s, ids.v, ids.n, bytes, e);
	ids_free(&ids);
	if (rc < 0)
		return rc;
	r->tally.bytes_in += n;
	r->tally.text_out += bytes->n;
	return out_write(r->out, bytes->p, bytes->n, e);
}

static int
decode_bin(
    const struct tokenizer *t, const char *path, struct run *r, struct err *e)
{
	static const size_t block = 1 << 18;
	unsigned char *p = malloc(block);
	struct tokenizer_stream s = { 0 };
	struct buf bytes = { 0 };
	struct in *in = NULL;
	uint64_t at = 0;
	ptrdiff_t n = 0;
	int rc;

	rc = p ? in_open(&in, path, e) : err_nomem(e, "a block");
	while (rc == 0 && (n = in_fill(in, p, block, e)) > 0) {
		rc = decode_block(t, &s, p, (size_t)n, &bytes, r, e);
		if (rc < 0)
			err_prefix(e, "%s: block at byte %llu", in_name(in),
			    (unsigned long long)at);
		at += (uint64_t)n;
	}
	if (rc == 0 && n < 0)
		rc = err_prefix(e, "%s", in_name(in));
	buf_clear(&bytes);
	if (rc == 0 && (rc = tokenizer_stream_end(&s, &bytes, e)) == 0) {
		r->tally.text_out += bytes.n;
		rc = out_write(r->out, bytes.p, bytes.n, e);
	}
	if (in)
		in_close(in);
	tokenizer_stream_free(&s);
	buf_free(&bytes);
	free(p);
	r->tally.in += rc == 0;
	r->tally.kept += rc == 0;
	return rc;
}

int
ids_decode(const struct tokenizer *t, struct texts *in, enum ids_format format,
    struct run *r, struct err *e)
{
	static const struct texts_ops ops = { worker_new, worker_free,
		decode_part, NULL };
	struct job j = { t, { .format = format }, true, NULL };
	size_t i;

	if (format != IDS_BIN) {
		in->from = TEXTS_TEXT;
		in->lines = true;
		return texts_run(in, &ops, &j, r, e);
	}
	for (i = 0; i < in->paths.n; i++)
		if (decode_bin(t, in->paths.v[i], r, e) < 0)
			return e->code;
	return 0;
}
