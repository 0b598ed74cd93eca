/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "decoder.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "bpe.h"
#include "bytelevel.h"

/* The names between two steps: ends[i] is where name i ends in text. */
struct names {
	struct buf text, ends;
};

static void
end_name(struct names *to)
{
	size_t end = to->text.n;

	buf_put(&to->ends, &end, sizeof(end));
}

static size_t
count_names(const struct names *n)
{
	return n->ends.n / sizeof(size_t);
}

static struct str
name_at(const struct names *n, size_t i)
{
	const size_t *ends = (const size_t *)n->ends.p;
	size_t from = i ? ends[i - 1] : 0;

	/* All of them may be empty. */
	if (ends[i] == from)
		return (struct str){ NULL, 0 };
	return (struct str){ n->text.p + from, ends[i] - from };
}

/* ---- the steps: name i of n ---- */

static void
put_replaced(struct buf *to, struct str s, struct str what, struct str by)
{
	const char *p;

	while (
	    what.n && s.n >= what.n && (p = memmem(s.p, s.n, what.p, what.n))) {
		buf_put(to, s.p, (size_t)(p - s.p));
		buf_str(to, by);
		s.n -= (size_t)(p - s.p) + what.n;
		s.p = p + what.n;
	}
	buf_str(to, s);
}

/* Spaces that English doesn't write. */
static void
clean_up(struct buf *b)
{
	static const char *const pairs[][2] = { { " .", "." }, { " ?", "?" },
		{ " !", "!" }, { " ,", "," }, { " ' ", "'" }, { " n't", "n't" },
		{ " 'm", "'m" }, { " do not", " don't" }, { " 's", "'s" },
		{ " 've", "'ve" }, { " 're", "'re" } };
	struct buf to = { 0 }, t;
	size_t i;

	for (i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
		buf_clear(&to);
		put_replaced(
		    &to, buf_view(b), str_c(pairs[i][0]), str_c(pairs[i][1]));
		t = *b;
		*b = to;
		to = t;
	}
	b->oom |= to.oom;
	buf_free(&to);
}

static void
put_wordpiece(
    const struct decoder_step *st, struct str s, size_t i, struct buf *to)
{
	struct buf one = { 0 };

	if (i && str_starts(s, str_c(st->from))) {
		s.p += strlen(st->from);
		s.n -= strlen(st->from);
	} else if (i) {
		buf_putc(&one, ' ');
	}
	buf_str(&one, s);
	if (st->cleanup)
		clean_up(&one);
	buf_str(to, buf_view(&one));
	to->oom |= one.oom;
	buf_free(&one);
}

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool
put_byte(struct str s, struct buf *to)
{
	if (s.n != 6 || !str_starts(s, STR("<0x")) || s.p[5] != '>' ||
	    hex(s.p[3]) < 0 || hex(s.p[4]) < 0)
		return false;
	buf_putc(to, (char)(hex(s.p[3]) << 4 | hex(s.p[4])));
	return true;
}

static struct str
strip_name(const struct decoder_step *st, struct str s)
{
	struct str c = str_c(st->from);
	size_t i;

	for (i = 0; i < st->start && c.n && str_starts(s, c); i++) {
		s.p += c.n;
		s.n -= c.n;
	}
	for (i = 0; i < st->stop && c.n && str_ends(s, c); i++)
		s.n -= c.n;
	return s;
}

static void
put_metaspace(
    const struct decoder_step *st, struct str s, size_t i, struct buf *to)
{
	/* All marks of the first name go, as there. */
	put_replaced(
	    to, s, str_c(st->from), i == 0 && st->prefix ? STR("") : STR(" "));
}

static void
put_bpe(const struct decoder_step *st, struct str s, bool last, struct buf *to)
{
	put_replaced(to, s, str_c(st->from), last ? STR("") : STR(" "));
}

static void
run_name(const struct decoder_step *st, struct str s, size_t i, size_t n,
    struct buf *to)
{
	switch (st->kind) {
	case DECODER_REPLACE:
		put_replaced(to, s, str_c(st->from), str_c(st->to));
		break;
	case DECODER_WORDPIECE:
		put_wordpiece(st, s, i, to);
		break;
	case DECODER_BYTES:
		if (!put_byte(s, to))
			buf_str(to, s);
		break;
	case DECODER_STRIP:
		buf_str(to, strip_name(st, s));
		break;
	case DECODER_METASPACE:
		put_metaspace(st, s, i, to);
		break;
	case DECODER_BPE:
		put_bpe(st, s, i + 1 == n, to);
		break;
	case DECODER_BYTELEVEL:
		if (!bytelevel_decode(to, s))
			buf_str(to, s);
		break;
	default:
		buf_str(to, s);
	}
}

static void
run_decoder_step(
    const struct decoder_step *st, const struct names *from, struct names *to)
{
	size_t i, n = count_names(from);

	buf_clear(&to->text);
	buf_clear(&to->ends);
	for (i = 0; i < n; i++) {
		run_name(st, name_at(from, i), i, n, &to->text);
		if (st->kind != DECODER_FUSE)
			end_name(to);
	}
	if (st->kind == DECODER_FUSE)
		end_name(to);
}

/* ---- SentencePiece ---- */

static void
put_spm_piece(const struct bpe *b, const struct decoder_step *st, uint32_t id,
    bool *at_start, struct buf *out)
{
	enum subword_type t = subword_type(&b->sub, id);
	struct str s = bpe_bytes(b, id), mark = str_c(st->from);

	if (t == SUBWORD_CONTROL)
		return;
	if (t == SUBWORD_UNKNOWN) {
		buf_puts(out, " \u2047 ");
	} else if (t != SUBWORD_BYTE || !put_byte(s, out)) {
		if (*at_start && st->prefix && str_starts(s, mark)) {
			s.p += mark.n;
			s.n -= mark.n;
			if (!st->one_space)
				*at_start = false;
		}
		put_replaced(out, s, mark, STR(" "));
		if (!s.n)
			return;
	}
	*at_start = false;
}

static int
run_spm(const struct bpe *b, const uint32_t *ids, size_t n, struct buf *out,
    struct err *e)
{
	bool at_start = true;
	size_t i;

	for (i = 0; i < n; i++)
		put_spm_piece(b, &b->decoder.v[0], ids[i], &at_start, out);
	return buf_ok(out, e);
}

/* ---- all of it ---- */

int
decoder_run(const struct bpe *b, const uint32_t *ids, size_t n, struct buf *out,
    struct err *e)
{
	const struct decoder *d = &b->decoder;
	struct names w[2] = { 0 };
	size_t i, k = 0;
	int rc;

	if (d->n && d->v[0].kind == DECODER_SPM)
		return run_spm(b, ids, n, out, e);
	for (i = 0; i < n; i++) {
		if (i && d->spaces)
			buf_putc(&w[0].text, ' ');
		buf_str(&w[0].text, bpe_bytes(b, ids[i]));
		end_name(&w[0]);
	}
	for (i = 0; i < d->n; i++, k = !k)
		run_decoder_step(&d->v[i], &w[k], &w[!k]);
	buf_str(out, buf_view(&w[k].text));
	rc = w[0].text.oom || w[0].ends.oom || w[1].text.oom || w[1].ends.oom
		 ? err_nomem(e, "a text")
		 : buf_ok(out, e);
	for (i = 0; i < 2; i++) {
		buf_free(&w[i].text);
		buf_free(&w[i].ends);
	}
	return rc;
}

/* ---- reading ---- */

void
decoder_free(struct decoder *d)
{
	*d = (struct decoder){ 0 };
}

struct decoder_step *
decoder_add(struct decoder *d, enum decoder_kind k, struct err *e)
{
	if (d->n == DECODER_STEPS) {
		err_set(e, ERR_FORMAT, "decoder: over %d steps", DECODER_STEPS);
		return NULL;
	}
	d->v[d->n] = (struct decoder_step){ .kind = k };
	return &d->v[d->n++];
}

static int
set_text(char to[DECODER_TEXT], struct json_val v, const char *otherwise,
    struct err *e)
{
	struct str s = json_str(v);

	if (json_type(v) != JSON_STRING)
		s = str_c(otherwise);
	if (s.n >= DECODER_TEXT)
		return err_set(e, ERR_FORMAT,
		    "decoder: a text of over %d bytes", DECODER_TEXT - 1);
	memcpy(to, s.p, s.n);
	return 0;
}

static int
read_decoder_step(struct decoder_step *st, struct json_val v, struct err *e)
{
	struct str scheme = json_str(json_get(v, "prepend_scheme"));

	switch (st->kind) {
	case DECODER_REPLACE:
		if (json_type(json_path(v, "pattern.String")) != JSON_STRING)
			return err_set(e, ERR_FORMAT,
			    "decoder: a Replace of a String is read only");
		return set_text(
			   st->from, json_path(v, "pattern.String"), "", e) < 0
			   ? e->code
			   : set_text(st->to, json_get(v, "content"), "", e);
	case DECODER_WORDPIECE:
		st->cleanup = json_bool(json_get(v, "cleanup"), true);
		return set_text(st->from, json_get(v, "prefix"), "##", e);
	case DECODER_STRIP:
		st->start = (size_t)json_u64(json_get(v, "start"), 0);
		st->stop = (size_t)json_u64(json_get(v, "stop"), 0);
		return set_text(st->from, json_get(v, "content"), " ", e);
	case DECODER_METASPACE:
		st->prefix =
		    scheme.n ? !str_eq(scheme, STR("never"))
			     : json_bool(json_get(v, "add_prefix_space"), true);
		return set_text(
		    st->from, json_get(v, "replacement"), "\u2581", e);
	case DECODER_BPE:
		return set_text(st->from, json_get(v, "suffix"), "</w>", e);
	default:
		return 0;
	}
}

static int
read_one_decoder(struct decoder *d, struct json_val v, struct err *e)
{
	static const char *const names[] = { "Replace", "WordPiece",
		"ByteFallback", "Fuse", "Strip", "Metaspace", "BPEDecoder",
		"ByteLevel" };
	struct str type = json_str(json_get(v, "type"));
	struct decoder_step *st;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (str_eq(type, str_c(names[i]))) {
			st = decoder_add(d, (enum decoder_kind)i, e);
			return st ? read_decoder_step(st, v, e) : e->code;
		}
	return err_set(e, ERR_FORMAT, "decoder: '%.*s' is not among those read",
	    (int)(type.n < 80 ? type.n : 80), type.p ? type.p : "");
}

int
decoder_read(struct decoder *d, struct json_val v, struct err *e)
{
	struct json_iter it = json_each(json_get(v, "decoders"));
	struct json_val x;

	d->spaces = json_type(v) == JSON_NONE || json_type(v) == JSON_NULL;
	if (d->spaces)
		return 0;
	if (!str_eq(json_str(json_get(v, "type")), STR("Sequence")))
		return read_one_decoder(d, v, e);
	while (json_next(&it, NULL, &x))
		if (read_one_decoder(d, x, e) < 0)
			return e->code;
	return 0;
}
