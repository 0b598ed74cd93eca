/* SPDX-License-Identifier: MIT */
#include "tokenizer.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "added.h"
#include "base/err.h"
#include "encode.h"
#include "load.h"
#include "pretok.h"

struct tokenizer {
	struct bpe bpe;
	struct pretok *pretok;
	/* Added tokens as they stand, and "normalized" ones. */
	struct added_set added[2];
	char digest[65];
};

struct tokenizer_worker {
	struct encoder *encoder;
	struct buf spaced;  /* a text with a space before it */
	struct buf norm[2]; /* a text normalised */
};

/* ---- loading ---- */

static int
load(struct tokenizer *t, const char *path, const char *pattern, struct err *e)
{
	bool all = load_format(path) != LOAD_TIKTOKEN;
	int rc = bpe_load(&t->bpe, path, pattern, t->digest, e);

	if (rc < 0)
		return rc;
	rc = pretok_open(&t->pretok, t->bpe.pattern, e);
	if (rc == 0)
		rc = tokenizer_special(t, all ? "all" : "none", e);
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
	return pretok_name(t->pretok);
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
static bool
may_straddle(const struct bpe *b, const struct bpe_added *a)
{
	struct str s = bpe_bytes(b, a->id);

	return a->single_word || a->rstrip || memchr(s.p, ' ', s.n) ||
	       memchr(s.p, '\n', s.n);
}

bool
tokenizer_can_cut(const struct tokenizer *t)
{
	size_t i;

	if (!pretok_can_cut(t->pretok) || t->bpe.add_prefix_space ||
	    !norm_can_cut(&t->bpe.norm))
		return false;
	for (i = 0; i < t->bpe.nadded; i++)
		if (may_straddle(&t->bpe, &t->bpe.added[i]))
			return false;
	return true;
}

/* ---- encoding ---- */

struct tokenizer_worker *
tokenizer_worker_new(const struct tokenizer *t, struct err *e)
{
	struct tokenizer_worker *w = calloc(1, sizeof(*w));

	if (!w) {
		err_nomem(e, "an encoder");
		return NULL;
	}
	w->encoder = encoder_new(&t->bpe, t->pretok, e);
	if (w->encoder)
		return w;
	free(w);
	return NULL;
}

void
tokenizer_worker_free(struct tokenizer_worker *w)
{
	if (!w)
		return;
	encoder_free(w->encoder);
	buf_free(&w->spaced);
	buf_free(&w->norm[0]);
	buf_free(&w->norm[1]);
	free(w);
}

/* Text without added tokens. */
static int
encode_plain(const struct tokenizer *t, struct tokenizer_worker *w,
    struct str text, struct ids *ids, struct err *e)
{
	if (!text.n)
		return 0;
	if (!t->bpe.add_prefix_space || text.p[0] == ' ')
		return encoder_run(w->encoder, text, ids, e);
	buf_clear(&w->spaced);
	buf_putc(&w->spaced, ' ');
	buf_str(&w->spaced, text);
	if (buf_ok(&w->spaced, e) < 0)
		return e->code;
	return encoder_run(w->encoder, buf_view(&w->spaced), ids, e);
}

static int
put_id(struct ids *ids, uint32_t id, struct err *e)
{
	if (ids_reserve(ids, 1, e) < 0)
		return e->code;
	ids->v[ids->n++] = id;
	return 0;
}

/*
 * Split text at the added tokens of a set, then of the next; between the two
 * it is normalised.
 */
static int
encode_from(const struct tokenizer *t, struct tokenizer_worker *w,
    const struct added_set *set, struct str text, struct ids *ids,
    struct err *e)
{
	struct added_match m;
	struct str before;
	size_t at = 0;

	if (set == t->added + 2)
		return encode_plain(t, w, text, ids, e);
	if (set == t->added + 1 &&
	    norm_run(&t->bpe.norm, &text, w->norm, e) < 0)
		return e->code;
	while (added_find(set, text, at, &m)) {
		before = (struct str){ text.p + at, m.from - at };
		if (encode_from(t, w, set + 1, before, ids, e) < 0 ||
		    put_id(ids, m.id, e) < 0)
			return e->code;
		at = m.to;
	}
	before = (struct str){ text.p + at, text.n - at };
	return encode_from(t, w, set + 1, before, ids, e);
}

int
tokenizer_encode(const struct tokenizer *t, struct tokenizer_worker *w,
    struct str text, struct ids *ids, struct err *e)
{
	return encode_from(t, w, t->added, text, ids, e);
}

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

int
tokenizer_decode(const struct tokenizer *t, const uint32_t *ids, size_t n,
    struct buf *out, struct err *e)
{
	enum { BLOCK = 4096 };
	const struct bpe *b = &t->bpe;
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
