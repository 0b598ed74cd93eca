/* SPDX-License-Identifier: MIT */
/* Text to ids: added tokens, normalisation, pieces, model. */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "bytelevel.h"
#include "dropout.h"
#include "encode.h"
#include "tokenizer_impl.h"
#include "uclass.h"

struct tokenizer_worker {
	struct encoder *encoder;
	struct pre_run *pre;
	struct subword_work *model;
	struct pretok_scan *scan; /* with dropout */
	struct dropout drop;
	struct norm_work norm;
	struct buf spaced; /* a text with a space before it */
	struct buf bytes;  /* a piece's bytes */
	struct ids ids;
	struct tokens_at tokens; /* of one piece */
};

/* Text on its way, and where it comes from: base + map[i] is byte i's. */
struct section {
	struct str s;
	size_t base;
	const struct norm_from *map;
	bool first; /* nothing of the text stands before it */
};

/* What a text is encoded to: ids alone, or with spans. */
struct target {
	const struct tokenizer *t;
	struct tokenizer_worker *w;
	struct ids *ids;
	struct tokens_at *spans;
	const struct section *now; /* while its pieces are worked on */
};

static int
open_worker(
    struct tokenizer_worker *w, const struct tokenizer *t, struct err *e)
{
	if (t->way != WAY_MODEL &&
	    !(w->encoder = encoder_new(&t->bpe, t->pretok, e)))
		return e->code;
	if (t->way != WAY_PIECES && !(w->pre = pre_run_new(&t->bpe.pre, e)))
		return e->code;
	if (t->way == WAY_MODEL && !(w->model = subword_work_new(e)))
		return e->code;
	if (t->dropout > 0 && t->pretok &&
	    !(w->scan = pretok_scan_new(t->pretok, e)))
		return e->code;
	w->drop.share = t->dropout;
	if (w->model)
		subword_work_dropout(w->model, &w->drop);
	return 0;
}

struct tokenizer_worker *
tokenizer_worker_new(const struct tokenizer *t, struct err *e)
{
	struct tokenizer_worker *w = calloc(1, sizeof(*w));

	if (!w) {
		err_nomem(e, "an encoder");
		return NULL;
	}
	if (open_worker(w, t, e) == 0)
		return w;
	tokenizer_worker_free(w);
	return NULL;
}

void
tokenizer_worker_free(struct tokenizer_worker *w)
{
	if (!w)
		return;
	encoder_free(w->encoder);
	pre_run_free(w->pre);
	subword_work_free(w->model);
	pretok_scan_free(w->scan);
	dropout_free(&w->drop);
	norm_work_free(&w->norm);
	buf_free(&w->spaced);
	buf_free(&w->bytes);
	ids_free(&w->ids);
	tokens_at_free(&w->tokens);
	free(w);
}

void
tokenizer_worker_seed(struct tokenizer_worker *w, uint64_t seed)
{
	dropout_seed(&w->drop, seed);
}

static int
put_id(struct target *to, uint32_t id, size_t from, size_t end, struct err *e)
{
	if (to->spans)
		return tokens_at_put(to->spans, id, from, end, e);
	if (ids_reserve(to->ids, 1, e) < 0)
		return e->code;
	to->ids->v[to->ids->n++] = id;
	return 0;
}

/* ---- pieces of bytes ---- */

/* Bytes [from, to) of s as bytes of the text. */
static int
put_span(struct target *to, const struct section *s, uint32_t id, size_t from,
    size_t end, struct err *e)
{
	if (s->map && end > from)
		return put_id(to, id, s->base + s->map[from].from,
		    s->base + s->map[end - 1].to, e);
	return put_id(to, id, s->base + from, s->base + end, e);
}

/*
 * Tokens follow each other; `ahead` bytes of the first are none of s: alone
 * they count as its first character.
 */
static int
spans_of_ids(struct target *to, const struct section *s, const struct ids *ids,
    size_t ahead, struct err *e)
{
	const struct bpe *b = &to->t->bpe;
	size_t at = 0, end, i, len;

	for (i = 0; i < ids->n; i++) {
		end = at + b->tokens[ids->v[i]].len;
		if (end <= ahead) {
			utf8_strict((const uint8_t *)s->s.p,
			    (const uint8_t *)s->s.p + s->s.n, &len);
			if (put_span(to, s, ids->v[i], 0, len, e) < 0)
				return e->code;
			at = end;
			continue;
		}
		if (put_span(to, s, ids->v[i], at > ahead ? at - ahead : 0,
			end > ahead ? end - ahead : 0, e) < 0)
			return e->code;
		at = end;
	}
	return 0;
}

/* Pieces with some merges left out. */
static int
encode_dropping(struct target *to, struct str s, struct ids *ids, struct err *e)
{
	struct tokenizer_worker *w = to->w;
	size_t from = 0, end;
	ptrdiff_t n;

	if (pretok_start(w->scan, s, e) < 0)
		return e->code;
	while ((n = pretok_next(w->scan, &end, 1, e)) > 0) {
		if (dropout_bytes(&w->drop, &to->t->bpe,
			(struct str){ s.p + from, end - from }, ids, e) < 0)
			return e->code;
		from = end;
	}
	return (int)n;
}

static int
encode_bytes(struct target *to, struct str s, struct ids *ids, struct err *e)
{
	if (to->t->dropout > 0)
		return encode_dropping(to, s, ids, e);
	return encoder_run(to->w->encoder, s, ids, e);
}

static int
encode_pieces(struct target *to, const struct section *s, struct err *e)
{
	struct tokenizer_worker *w = to->w;
	struct ids *ids = to->spans ? &w->ids : to->ids;
	bool space = to->t->bpe.add_prefix_space && s->s.p[0] != ' ';
	struct str text = s->s;

	w->ids.n = 0;
	if (space) {
		buf_clear(&w->spaced);
		buf_putc(&w->spaced, ' ');
		buf_str(&w->spaced, text);
		if (buf_ok(&w->spaced, e) < 0)
			return e->code;
		text = buf_view(&w->spaced);
	}
	if (encode_bytes(to, text, ids, e) < 0)
		return e->code;
	return to->spans ? spans_of_ids(to, s, ids, space, e) : 0;
}

/* ---- pieces of steps ---- */

static int
emit_bytes(void *ctx, const struct piece *p, struct err *e)
{
	struct target *to = ctx;
	struct tokenizer_worker *w = to->w;
	const struct pre *pre = &to->t->bpe.pre;
	struct section s = { p->s, to->now->base, NULL, false };
	bool mapped = pre->bytes && pre->v[pre->n - 1].kind != PRE_BYTES;
	struct norm_from *map = NULL;
	size_t i, at;
	int rc;

	buf_clear(&w->bytes);
	if (mapped) {
		bytelevel_decode(&w->bytes, p->s);
		s.s = buf_view(&w->bytes);
	}
	w->ids.n = 0;
	if (buf_ok(&w->bytes, e) < 0 || encode_bytes(to, s.s, &w->ids, e) < 0)
		return e->code;
	if (to->spans && p->map) {
		map = malloc((s.s.n + 1) * sizeof(*map));
		if (!map)
			return err_nomem(e, "offsets");
		for (i = at = 0; i < s.s.n; i++) {
			map[i] = p->map[p->at + at++];
			while (mapped && at < p->s.n &&
			       ((uint8_t)p->s.p[at] & 0xc0) == 0x80)
				at++;
		}
		s.map = map;
	} else {
		s.base += p->at;
	}
	rc = spans_of_ids(to, &s, &w->ids, 0, e);
	free(map);
	return rc;
}

static int
emit_text(void *ctx, const struct piece *p, struct err *e)
{
	struct target *to = ctx;
	struct tokens_at *k = &to->w->tokens;
	struct section s = { p->s, to->now->base, NULL, false };
	size_t i;

	k->n = 0;
	if (subword_encode(&to->t->bpe, to->w->model, p->s, k, e) < 0)
		return e->code;
	if (p->map)
		s.map = p->map + p->at;
	else
		s.base += p->at;
	for (i = 0; i < k->n; i++)
		if (put_span(to, &s, k->v[i].id, k->v[i].from, k->v[i].to, e) <
		    0)
			return e->code;
	return 0;
}

/* ---- sections ---- */

static int
encode_plain(struct target *to, const struct section *s, struct err *e)
{
	if (!s->s.n)
		return 0;
	if (to->t->way == WAY_PIECES)
		return encode_pieces(to, s, e);
	to->now = s;
	return pre_pieces(to->w->pre, s->s, s->first, s->map, to->spans != NULL,
	    to->t->way == WAY_STEPS ? emit_bytes : emit_text, to, e);
}

static struct section
part_of_section(const struct section *s, size_t from, size_t to)
{
	struct section part = { { s->s.p + from, to - from }, s->base, s->map,
		s->first && from == 0 };

	if (part.map)
		part.map += from;
	else
		part.base += from;
	return part;
}

/*
 * Split text at the added tokens of a set, then of the next; between the two
 * it is normalised.
 */
static int
encode_from(struct target *to, int set, struct section s, struct err *e)
{
	const struct tokenizer *t = to->t;
	struct norm_work *norm = &to->w->norm;
	struct added_match m;
	struct section part;
	size_t at = 0;

	if (set == 2)
		return encode_plain(to, &s, e);
	if (set == 1) {
		norm->want = to->spans != NULL;
		if (norm_run(&t->bpe.norm, &s.s, norm, e) < 0)
			return e->code;
		s.map = norm->at ? (const struct norm_from *)norm->at->p : NULL;
	}
	while (added_find(&t->added[set], s.s, at, &m)) {
		part = part_of_section(&s, at, m.from);
		if (encode_from(to, set + 1, part, e) < 0 ||
		    put_span(to, &s, m.id, m.from, m.to, e) < 0)
			return e->code;
		at = m.to;
	}
	return encode_from(to, set + 1, part_of_section(&s, at, s.s.n), e);
}

int
tokenizer_encode(const struct tokenizer *t, struct tokenizer_worker *w,
    struct str text, struct ids *ids, struct err *e)
{
	struct target to = { t, w, ids, NULL, NULL };

	return encode_from(&to, 0, (struct section){ text, 0, NULL, true }, e);
}

int
tokenizer_encode_spans(const struct tokenizer *t, struct tokenizer_worker *w,
    struct str text, struct tokens_at *spans, struct err *e)
{
	struct target to = { t, w, NULL, spans, NULL };

	if (text.n > UINT32_MAX)
		return err_set(
		    e, ERR_ARG, "a text of over 4 GiB has no offsets");
	return encode_from(&to, 0, (struct section){ text, 0, NULL, true }, e);
}
