/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "tokjson_parts.h"
#include "tokmodel.h"

/* ---- JSON as it was ---- */

static void
put_members(struct buf *out, struct json_val v, bool object)
{
	struct json_iter it = json_each(v);
	const char *comma = "";
	struct json_val x;
	struct str key;

	buf_putc(out, object ? '{' : '[');
	while (json_next(&it, &key, &x)) {
		buf_puts(out, comma);
		if (object) {
			buf_json(out, key);
			buf_putc(out, ':');
		}
		tokjson_text(out, x);
		comma = ",";
	}
	buf_putc(out, object ? '}' : ']');
}

void
tokjson_text(struct buf *out, struct json_val v)
{
	int64_t n = json_int(v, INT64_MIN);

	switch (json_type(v)) {
	case JSON_BOOL:
		buf_puts(out, json_bool(v, false) ? "true" : "false");
		break;
	case JSON_NUMBER:
		if (n != INT64_MIN)
			buf_printf(out, "%lld", (long long)n);
		else
			buf_double(out, json_double(v, 0));
		break;
	case JSON_STRING:
		buf_json(out, json_str(v));
		break;
	case JSON_ARRAY:
	case JSON_OBJECT:
		put_members(out, v, json_type(v) == JSON_OBJECT);
		break;
	default:
		buf_puts(out, "null");
	}
}

int
tokjson_keep(char **to, struct json_val v, struct err *e)
{
	struct buf b = { 0 };

	tokjson_text(&b, v);
	buf_putc(&b, '\0');
	if (buf_ok(&b, e) < 0) {
		buf_free(&b);
		return e->code;
	}
	free(*to);
	*to = b.p;
	return 0;
}

/* ---- which model ---- */

static bool
has_bytelevel(struct json_val v)
{
	struct json_iter it = json_each(json_get(v, "pretokenizers"));
	struct json_val x;

	if (str_eq(json_str(json_get(v, "type")), STR("ByteLevel")))
		return true;
	while (json_next(&it, NULL, &x))
		if (has_bytelevel(x))
			return true;
	return false;
}

int
tokjson_kind(struct json_val root, enum subword_kind *kind, struct err *e)
{
	struct json_val model = json_get(root, "model");
	struct str type = json_str(json_get(model, "type"));

	if (!type.n)
		type = json_type(json_get(model, "vocab")) == JSON_ARRAY
			   ? STR("Unigram")
		       : json_type(json_get(model, "merges")) == JSON_ARRAY
			   ? STR("BPE")
			   : STR("WordPiece");
	if (str_eq(type, STR("Unigram")))
		*kind = SUBWORD_UNIGRAM;
	else if (str_eq(type, STR("WordPiece")))
		*kind = SUBWORD_WORDPIECE;
	else if (str_eq(type, STR("BPE")))
		*kind = has_bytelevel(json_get(root, "pre_tokenizer"))
			    ? SUBWORD_NONE
			    : SUBWORD_BPE;
	else
		return err_set(e, ERR_FORMAT,
		    "model.type '%.*s' is none of BPE, Unigram, WordPiece",
		    (int)(type.n < 80 ? type.n : 80), type.p);
	return 0;
}

/* ---- the models ---- */

static int
read_piece(struct bpe *b, struct json_val v, uint32_t id, struct err *e)
{
	struct json_iter it = json_each(v);
	struct json_val name, score;

	if (json_count(v) != 2 || !json_next(&it, NULL, &name) ||
	    !json_next(&it, NULL, &score) || !json_str(name).n ||
	    json_type(score) != JSON_NUMBER || !isfinite(json_double(score, 0)))
		return err_set(e, ERR_FORMAT,
		    "model.vocab: entry %u is no piece with its score", id);
	b->sub.scores[id] = json_double(score, 0);
	return bpe_set_token(b, id, json_str(name), e);
}

static int
read_unigram(struct bpe *b, struct json_val model, struct err *e)
{
	struct json_val vocab = json_get(model, "vocab"), v;
	struct json_iter it = json_each(vocab);
	size_t n = json_count(vocab);
	uint64_t unk = json_u64(json_get(model, "unk_id"), UINT64_MAX);
	uint32_t id;
	int rc = 0;

	if (json_type(vocab) != JSON_ARRAY || !n || n > BPE_MAX_ID)
		return err_set(
		    e, ERR_FORMAT, "model.vocab is no list of pieces");
	if (unk != UINT64_MAX && unk >= n)
		return err_set(
		    e, ERR_FORMAT, "model.unk_id is beyond the vocabulary");
	b->sub.scores = calloc(n, sizeof(*b->sub.scores));
	if (!b->sub.scores)
		return err_nomem(e, "the vocabulary");
	b->sub.fuse_unk = true;
	b->sub.unk = unk == UINT64_MAX ? BPE_NONE : (uint32_t)unk;
	for (id = 0; rc == 0 && json_next(&it, NULL, &v); id++)
		rc = read_piece(b, v, id, e);
	return rc;
}

static int
keep_text(char **to, struct json_val v, struct err *e)
{
	struct str s = json_str(v);

	if (!s.n)
		return 0;
	if (memchr(s.p, '\0', s.n))
		return err_set(e, ERR_FORMAT, "model: a prefix with a NUL");
	*to = strdup(s.p);
	return *to ? 0 : err_nomem(e, "a prefix");
}

/* The unknown token is named; it may be an added one, read later. */
static int
find_unk(struct bpe *b, struct json_val model, struct err *e)
{
	struct str unk = json_str(json_get(model, "unk_token"));

	b->sub.unk = unk.n ? bpe_find(b, unk) : BPE_NONE;
	if (unk.n && b->sub.unk == BPE_NONE)
		return err_set(e, ERR_FORMAT,
		    "model.unk_token '%.*s' is not in the vocabulary",
		    (int)(unk.n < 80 ? unk.n : 80), unk.p);
	return 0;
}

static int
read_char_bpe(struct bpe *b, struct json_val model, struct err *e)
{
	struct subword *s = &b->sub;

	s->fuse_unk = json_bool(json_get(model, "fuse_unk"), false);
	b->ignore_merges = json_bool(json_get(model, "ignore_merges"), false);
	if (json_type(json_get(model, "merges")) != JSON_ARRAY)
		return err_set(e, ERR_FORMAT, "model.merges is missing");
	if (json_double(json_get(model, "dropout"), 0) != 0)
		return err_set(e, ERR_FORMAT,
		    "model.dropout is not 0: give --dropout to encode");
	if (keep_text(&s->prefix, json_get(model, "continuing_subword_prefix"),
		e) < 0 ||
	    keep_text(&s->suffix, json_get(model, "end_of_word_suffix"), e) < 0)
		return e->code;
	if (tokmodel_merges(b, json_get(model, "merges"), e) < 0)
		return e->code;
	return find_unk(b, model, e);
}

static int
read_wordpiece(struct bpe *b, struct json_val model, struct err *e)
{
	struct subword *s = &b->sub;

	s->max_chars =
	    (size_t)json_u64(json_get(model, "max_input_chars_per_word"), 100);
	if (json_type(json_get(model, "continuing_subword_prefix")) !=
	    JSON_STRING) {
		s->prefix = strdup("##");
		if (!s->prefix)
			return err_nomem(e, "a prefix");
	}
	if (keep_text(&s->prefix, json_get(model, "continuing_subword_prefix"),
		e) < 0 ||
	    bpe_index_tokens(b, e) < 0)
		return e->code;
	return find_unk(b, model, e);
}

int
tokjson_subword(struct bpe *b, struct json_val model, struct err *e)
{
	struct subword *s = &b->sub;

	s->byte_fallback = json_bool(json_get(model, "byte_fallback"), false);
	if (s->kind == SUBWORD_UNIGRAM)
		return read_unigram(b, model, e);
	if (json_type(json_get(model, "vocab")) != JSON_OBJECT)
		return err_set(e, ERR_FORMAT, "model.vocab is missing");
	if (tokmodel_vocab(b, json_get(model, "vocab"), e) < 0)
		return e->code;
	return s->kind == SUBWORD_BPE ? read_char_bpe(b, model, e)
				      : read_wordpiece(b, model, e);
}
