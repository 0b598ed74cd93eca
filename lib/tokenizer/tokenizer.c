/* SPDX-License-Identifier: MIT */
#include "tokenizer.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "load.h"
#include "seam.h"
#include "tokenizer_impl.h"

/* ---- loading ---- */

/* Steps that only cut leave all to the encoder. */
static int
open_pretok(struct tokenizer *t, struct err *e)
{
	struct bpe *b = &t->bpe;

	t->way = WAY_PIECES;
	if (b->sub.kind != SUBWORD_NONE) {
		t->way = WAY_MODEL;
		return 0;
	}
	if (!b->pre.n)
		return pretok_open(&t->pretok, b->pattern, e);
	if (pre_cuts(&b->pre))
		return pretok_open_steps(&t->pretok, &b->pre, b->pattern, e);
	t->way = WAY_STEPS;
	return pretok_open(&t->pretok, "(?s).+", e);
}

int
tokenizer_unicode(struct tokenizer *t, unsigned version, struct err *e)
{
	if (!t->pretok)
		return err_set(e, ERR_ARG,
		    "a version of Unicode can be chosen for byte-level BPE "
		    "only");
	return pretok_unicode(t->pretok, version, e);
}

/* Regexes that are none show with the file, not with its first text. */
static int
check_steps(const struct pre *pre, struct err *e)
{
	struct pre_run *r = pre_run_new(pre, e);

	pre_run_free(r);
	return r ? 0 : e->code;
}

static int
prepare(struct tokenizer *t, struct err *e)
{
	int rc = open_pretok(t, e);

	if (rc == 0 && t->bpe.pre.n)
		rc = check_steps(&t->bpe.pre, e);
	if (rc == 0 && t->bpe.unicode)
		rc = tokenizer_unicode(t, t->bpe.unicode, e);
	if (rc == 0)
		rc = tokenizer_special(
		    t, t->bpe.special_in_text ? "all" : "none", e);
	return rc;
}

static int
load(struct tokenizer *t, const char *path, const char *pattern, struct err *e)
{
	int rc = bpe_load(&t->bpe, path, pattern, t->digest, e);

	if (rc < 0)
		return rc;
	rc = prepare(t, e);
	return rc < 0 ? err_prefix(e, "%s", path) : 0;
}

int
tokenizer_load(struct tokenizer **out, const char *path, const char *pattern,
    struct err *e)
{
	struct tokenizer *t = calloc(1, sizeof(*t));
	int rc = t ? load(t, path, pattern, e) : err_nomem(e, "a tokenizer");

	if (rc < 0)
		tokenizer_free(t);
	*out = rc < 0 ? NULL : t;
	return rc;
}

int
tokenizer_of(struct tokenizer **out, struct bpe *b, struct err *e)
{
	struct tokenizer *t = calloc(1, sizeof(*t));
	int rc;

	*out = NULL;
	if (!t) {
		bpe_free(b);
		return err_nomem(e, "a tokenizer");
	}
	t->bpe = *b;
	*b = (struct bpe){ 0 };
	/* Tables point back to where they were made. */
	rc = t->bpe.sub.kind == SUBWORD_NONE ? bpe_index(&t->bpe, e) : 0;
	if (rc == 0)
		rc = prepare(t, e);
	if (rc < 0)
		tokenizer_free(t);
	else
		*out = t;
	return rc;
}

void
tokenizer_free(struct tokenizer *t)
{
	if (!t)
		return;
	added_free(&t->added[0]);
	added_free(&t->added[1]);
	pretok_close(t->pretok);
	bpe_free(&t->bpe);
	free(t);
}

/* ---- special tokens ---- */

/* An item of a list with commas; *rest moves behind it. */
static struct str
next_item(const char **rest)
{
	const char *p = *rest, *comma = strchr(p, ',');
	size_t n = comma ? (size_t)(comma - p) : strlen(p);

	*rest = p + n + (comma != NULL);
	return (struct str){ p, n };
}

struct wish {
	const struct bpe *b;
	const char *which;
};

static bool
is_wanted(void *ctx, const struct bpe_added *a)
{
	const struct wish *w = ctx;
	const char *rest = w->which;

	if (!a->special || strcmp(w->which, "all") == 0)
		return true;
	if (strcmp(w->which, "none") == 0)
		return false;
	while (*rest)
		if (str_eq(next_item(&rest), bpe_bytes(w->b, a->id)))
			return true;
	return false;
}

static int
check_wish(const struct bpe *b, const char *which, struct err *e)
{
	const char *rest = which;
	struct str item;

	if (strcmp(which, "all") == 0 || strcmp(which, "none") == 0)
		return 0;
	while (*rest) {
		item = next_item(&rest);
		if (bpe_find_added(b, item) == BPE_NONE)
			return err_set(e, ERR_ARG,
			    "there is no special token '%.*s'", (int)item.n,
			    item.p);
	}
	return 0;
}

int
tokenizer_special(struct tokenizer *t, const char *which, struct err *e)
{
	struct wish w = { &t->bpe, which };
	int i;

	if (check_wish(&t->bpe, which, e) < 0)
		return e->code;
	for (i = 0; i < 2; i++) {
		added_free(&t->added[i]);
		if (added_init(&t->added[i], &t->bpe, i, is_wanted, &w, e) < 0)
			return e->code;
	}
	return 0;
}

/* ---- facts ---- */

const struct bpe *
tokenizer_bpe(const struct tokenizer *t)
{
	return &t->bpe;
}

const char *
tokenizer_pattern(const struct tokenizer *t)
{
	return t->way == WAY_PIECES ? pretok_name(t->pretok) : NULL;
}

const char *
tokenizer_digest(const struct tokenizer *t)
{
	return t->digest;
}

uint32_t
tokenizer_vocab(const struct tokenizer *t)
{
	return t->bpe.ntoken;
}

int
tokenizer_dropout(struct tokenizer *t, double share, struct err *e)
{
	if (!(share >= 0 && share <= 1))
		return err_set(e, ERR_ARG, "a dropout is from 0 to 1");
	if (share > 0 && t->bpe.sub.kind != SUBWORD_NONE &&
	    t->bpe.sub.kind != SUBWORD_BPE)
		return err_set(
		    e, ERR_ARG, "only BPE has merges that can be dropped");
	t->dropout = share;
	return 0;
}

int64_t
tokenizer_end_text(const struct tokenizer *t)
{
	static const char *const names[] = { "<|endoftext|>", "<|end_of_text|>",
		"</s>", "<eos>" };
	uint32_t id;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		id = bpe_find_added(&t->bpe, str_c(names[i]));
		if (id != BPE_NONE)
			return id;
	}
	return -1;
}

/* No added token may reach over a cut or look at what is beyond it. */
static int
spare_token(struct seams *s, const struct bpe *b, const struct bpe_added *a,
    struct err *e)
{
	struct str names[2] = { bpe_bytes(b, a->id), bpe_bytes(b, a->id) };
	struct norm_work w = { 0 };
	int rc = 0, i;

	if (a->normalized)
		rc = norm_run(&b->norm, &names[1], &w, e);
	for (i = 0; rc == 0 && i < 2; i++) {
		seams_spare(s, names[i]);
		if (a->single_word || a->lstrip)
			seams_spare_front(s, names[i]);
		if (a->single_word || a->rstrip)
			seams_spare_back(s, names[i]);
	}
	norm_work_free(&w);
	return rc;
}

int
tokenizer_seams(struct seams **s, const struct tokenizer *t, struct err *e)
{
	const struct bpe *b = &t->bpe;
	size_t i;
	int rc;

	*s = NULL;
	if (t->dropout > 0)
		return 0;
	if (t->way == WAY_PIECES)
		rc = pretok_seams(
		    s, t->pretok, &b->norm, b->add_prefix_space, e);
	else
		rc = seams_open(s, b->pre.v, b->pre.n, &b->norm, false, e);
	for (i = 0; *s && rc == 0 && i < b->nadded; i++)
		rc = spare_token(*s, b, &b->added[i], e);
	if (rc < 0) {
		seams_free(*s);
		*s = NULL;
	}
	return rc;
}

/* ---- decoding ---- */

/*
 * The tokens of some ids, each of up to 15 bytes, at `to`, where there is room
 * for 16 bytes each; *n becomes how many there were before one that is longer
 * or no token.  Returns the end of what was written.
 */
static char *
decode_shorts(const struct bpe *b, const uint32_t *ids, size_t *n, char *to)
{
	const struct bpe_short *s;
	size_t i;

	for (i = 0; i < *n && ids[i] < b->ntoken; i++, to += s->len) {
		s = &b->shorts[ids[i]];
		if ((uint8_t)(s->len - 1) >= sizeof(s->bytes))
			break;
		/* Copying a fixed size is a move, not a call. */
		memcpy(to, s, sizeof(*s));
	}
	*n = i;
	return to;
}

static int
decode_bytes(const struct bpe *b, const uint32_t *ids, size_t n,
    struct buf *out, struct err *e)
{
	enum { BLOCK = 4096 };
	size_t i = 0, some, before = out->n;
	char *to;

	while (i < n) {
		some = n - i < BLOCK ? n - i : BLOCK;
		to = buf_room(out, some * sizeof(*b->shorts));
		if (!to)
			return err_nomem(e, "a text");
		out->n += (size_t)(decode_shorts(b, ids + i, &some, to) - to);
		i += some;
		if (i == n || some == BLOCK)
			continue;
		if (ids[i] >= b->ntoken || !b->tokens[ids[i]].len) {
			out->n = before;
			return err_set(e, ERR_FORMAT,
			    "token %zu: no token has the id %" PRIu32, i,
			    ids[i]);
		}
		buf_str(out, bpe_bytes(b, ids[i++]));
	}
	return buf_ok(out, e);
}

int
tokenizer_decode(const struct tokenizer *t, const uint32_t *ids, size_t n,
    struct buf *out, struct err *e)
{
	const struct bpe *b = &t->bpe;
	size_t i;

	if (b->sub.kind == SUBWORD_NONE)
		return decode_bytes(b, ids, n, out, e);
	for (i = 0; i < n; i++)
		if (ids[i] >= b->ntoken || !b->tokens[ids[i]].len)
			return err_set(e, ERR_FORMAT,
			    "token %zu: no token has the id %" PRIu32, i,
			    ids[i]);
	return decoder_run(b, ids, n, out, e);
}

/* ---- the codec ---- */

static int
codec_encode(
    void *ctx, void *scratch, struct str text, struct ids *ids, struct err *e)
{
	return tokenizer_encode(ctx, scratch, text, ids, e);
}

static int
codec_decode(
    void *ctx, const uint32_t *ids, size_t n, struct buf *out, struct err *e)
{
	return tokenizer_decode(ctx, ids, n, out, e);
}

static void *
codec_worker_new(void *ctx, struct err *e)
{
	return tokenizer_worker_new(ctx, e);
}

static void
codec_worker_free(void *scratch)
{
	tokenizer_worker_free(scratch);
}

static void
codec_close(void *ctx)
{
	tokenizer_free(ctx);
}

int
tokenizer_open(struct textcodec *out, const char *path, struct err *e)
{
	struct tokenizer *t;

	if (tokenizer_load(&t, path, NULL, e) < 0)
		return e->code;
	if (tokenizer_special(t, "none", e) < 0) {
		tokenizer_free(t);
		return e->code;
	}
	*out = (struct textcodec){ .ctx = t,
		.vocab = tokenizer_vocab(t),
		.end_text = tokenizer_end_text(t),
		.encode = codec_encode,
		.decode = codec_decode,
		.worker_new = codec_worker_new,
		.worker_free = codec_worker_free,
		.close = codec_close };
	memcpy(out->digest, t->digest, sizeof(out->digest));
	return 0;
}
