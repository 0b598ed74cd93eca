/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <string.h>

#include "base/err.h"
#include "bytelevel.h"
#include "io/json.h"
#include "pretok.h"
#include "tokjson.h"
#include "tokmodel.h"

enum { HOLES = 65536 };

static bool
is(struct json_val v, const char *s)
{
	return str_eq(json_str(v), str_c(s));
}

/* ---- the model ---- */

/* What would change the ids and is not known here is an error. */
static int
check_model(struct json_val model, struct err *e)
{
	static const char *const empty[] = { "continuing_subword_prefix",
		"end_of_word_suffix" };
	size_t i;

	if (json_type(json_get(model, "type")) == JSON_STRING &&
	    !is(json_get(model, "type"), "BPE"))
		return err_set(e, ERR_FORMAT, "model.type is not BPE");
	if (json_type(json_get(model, "vocab")) != JSON_OBJECT ||
	    json_type(json_get(model, "merges")) != JSON_ARRAY)
		return err_set(
		    e, ERR_FORMAT, "model.vocab or model.merges is missing");
	for (i = 0; i < 2; i++)
		if (json_str(json_get(model, empty[i])).n)
			return err_set(e, ERR_FORMAT,
			    "model.%s is not empty: that is no byte-level BPE",
			    empty[i]);
	if (json_double(json_get(model, "dropout"), 0) != 0)
		return err_set(e, ERR_FORMAT, "model.dropout is not 0");
	return 0;
}

/* ---- the pre-tokeniser ---- */

static const char gpt2[] = "gpt2";

static int
read_split(struct bpe *b, struct json_val v, struct err *e)
{
	struct json_val regex = json_path(v, "pattern.Regex");
	struct str s = json_str(regex);

	if (!s.n || memchr(s.p, '\0', s.n) || b->pattern)
		return err_set(e, ERR_FORMAT,
		    "pre_tokenizer: one Split by a Regex is understood");
	if (!is(json_get(v, "behavior"), "Isolated") ||
	    json_bool(json_get(v, "invert"), false))
		return err_set(e, ERR_FORMAT,
		    "pre_tokenizer: a Split that isn't Isolated");
	return bpe_set_pattern(b, s.p, e);
}

static int
read_bytelevel(struct bpe *b, struct json_val v, struct err *e)
{
	bool regex = json_bool(json_get(v, "use_regex"), true);

	b->add_prefix_space = json_bool(json_get(v, "add_prefix_space"), true);
	if (regex && b->pattern)
		return err_set(e, ERR_FORMAT,
		    "pre_tokenizer: a ByteLevel with a regex behind a Split");
	if (regex)
		return bpe_set_pattern(b, gpt2, e);
	/* All of a text is one piece. */
	return b->pattern ? 0 : bpe_set_pattern(b, "(?s).+", e);
}

static int
read_pretok_step(
    struct bpe *b, struct json_val v, bool *bytelevel, struct err *e)
{
	if (*bytelevel)
		return err_set(
		    e, ERR_FORMAT, "pre_tokenizer: a step behind ByteLevel");
	*bytelevel = is(json_get(v, "type"), "ByteLevel");
	if (*bytelevel)
		return read_bytelevel(b, v, e);
	if (is(json_get(v, "type"), "Split"))
		return read_split(b, v, e);
	return err_set(e, ERR_FORMAT,
	    "pre_tokenizer: neither ByteLevel nor Split: '%.*s'",
	    (int)json_str(json_get(v, "type")).n,
	    json_str(json_get(v, "type")).p);
}

static int
read_pretok(struct bpe *b, struct json_val v, struct err *e)
{
	struct json_iter it = json_each(json_get(v, "pretokenizers"));
	struct json_val step;
	bool bytelevel = false;

	if (!is(json_get(v, "type"), "Sequence")) {
		if (read_pretok_step(b, v, &bytelevel, e) < 0)
			return e->code;
	}
	while (json_next(&it, NULL, &step))
		if (read_pretok_step(b, step, &bytelevel, e) < 0)
			return e->code;
	return bytelevel ? 0
			 : err_set(e, ERR_FORMAT,
			       "pre_tokenizer: no ByteLevel: that is no "
			       "byte-level BPE");
}

/* ---- the normalizer ---- */

static int
read_prepend(struct bpe *b, struct json_val v, struct err *e)
{
	struct str s = json_str(json_get(v, "prepend"));

	if (!s.n || s.n >= NORM_PREFIX || b->norm.prefix[0])
		return err_set(e, ERR_FORMAT,
		    "normalizer: one Prepend of 1 to %d bytes is understood",
		    NORM_PREFIX - 1);
	memcpy(b->norm.prefix, s.p, s.n);
	return 0;
}

static int
read_norm_step(struct bpe *b, struct json_val v, struct err *e)
{
	struct str type = json_str(json_get(v, "type"));
	int k = norm_find(type);

	if (k < 0)
		return err_set(e, ERR_FORMAT,
		    "normalizer: '%.*s' is not among those read",
		    (int)(type.n < 80 ? type.n : 80), type.p);
	if (k == NORM_PREPEND && read_prepend(b, v, e) < 0)
		return e->code;
	return norm_add(&b->norm, (enum norm_kind)k, e);
}

static int
read_normalizer(struct bpe *b, struct json_val v, struct err *e)
{
	struct json_iter it = json_each(json_get(v, "normalizers"));
	struct json_val x;

	if (json_type(v) == JSON_NONE || json_type(v) == JSON_NULL)
		return 0;
	if (!is(json_get(v, "type"), "Sequence"))
		return read_norm_step(b, v, e);
	while (json_next(&it, NULL, &x))
		if (read_norm_step(b, x, e) < 0)
			return e->code;
	return 0;
}

/* ---- added tokens ---- */

/* The model may know the token; then it is the same one. */
static int
place_added(struct bpe *b, struct bpe_added *a, struct str content,
    struct buf *bytes, struct err *e)
{
	bool plain, taken = a->id < b->ntoken && b->tokens[a->id].len;

	if (!taken) {
		if (bpe_set_token(b, a->id, content, e) < 0)
			return e->code;
		b->tokens[a->id].added = true;
		return 0;
	}
	if (tokmodel_name(bytes, content, &plain, e) < 0)
		return e->code;
	a->in_vocab = true;
	if (b->tokens[a->id].added ||
	    !str_eq(bpe_bytes(b, a->id), buf_view(bytes)))
		return err_set(e, ERR_FORMAT,
		    "added_tokens: id %u belongs to another token", a->id);
	if (plain || str_eq(buf_view(bytes), content))
		return 0;
	/* Text that is matched as it stands decodes as it stands. */
	b->tokens[a->id].len = 0;
	if (bpe_set_token(b, a->id, content, e) < 0)
		return e->code;
	b->tokens[a->id].plain = true;
	return 0;
}

static int
read_added(struct bpe *b, struct json_val v, struct buf *bytes, struct err *e)
{
	struct str content = json_str(json_get(v, "content"));
	int64_t id = json_int(json_get(v, "id"), -1);
	struct bpe_added a = {
		.special = json_bool(json_get(v, "special"), false),
		.lstrip = json_bool(json_get(v, "lstrip"), false),
		.rstrip = json_bool(json_get(v, "rstrip"), false),
		.single_word = json_bool(json_get(v, "single_word"), false),
	};

	a.normalized = json_bool(json_get(v, "normalized"), !a.special);
	if (!tokmodel_is_id(b, id) || !content.n)
		return err_set(e, ERR_FORMAT,
		    "added_tokens: number %zu has no valid id and content",
		    b->nadded);
	a.id = (uint32_t)id;
	if (place_added(b, &a, content, bytes, e) < 0)
		return e->code;
	return bpe_add_added(b, a, e);
}

static int
read_all_added(struct bpe *b, struct json_val list, struct err *e)
{
	struct json_iter it = json_each(list);
	struct buf bytes = { 0 };
	struct json_val v;
	int rc = 0;

	while (rc == 0 && json_next(&it, NULL, &v))
		rc = read_added(b, v, &bytes, e);
	buf_free(&bytes);
	return rc;
}

/* Contents would have to be normalised like the text they are sought in. */
static int
check_normalized(const struct bpe *b, struct err *e)
{
	struct buf to[2] = { { 0 }, { 0 } };
	struct str s;
	int rc = 0;
	size_t i;

	for (i = 0; rc == 0 && i < b->nadded; i++) {
		s = bpe_bytes(b, b->added[i].id);
		if (b->added[i].normalized)
			rc = norm_run(&b->norm, &s, to, e);
		if (rc == 0 && !str_eq(s, bpe_bytes(b, b->added[i].id)))
			rc = err_set(e, ERR_FORMAT,
			    "added_tokens: the normalizer changes number %zu",
			    i);
	}
	buf_free(&to[0]);
	buf_free(&to[1]);
	return rc;
}

static int
read_root(struct bpe *b, struct json_val root, struct err *e)
{
	struct json_val model = json_get(root, "model");
	struct json_val vocab = json_get(model, "vocab");
	struct json_val added = json_get(root, "added_tokens");

	b->id_limit =
	    HOLES + 4 * (uint64_t)(json_count(vocab) + json_count(added));
	if (check_model(model, e) < 0 ||
	    read_normalizer(b, json_get(root, "normalizer"), e) < 0 ||
	    read_pretok(b, json_get(root, "pre_tokenizer"), e) < 0 ||
	    tokmodel_vocab(b, vocab, e) < 0 ||
	    tokmodel_merges(b, json_get(model, "merges"), e) < 0 ||
	    read_all_added(b, added, e) < 0 || check_normalized(b, e) < 0)
		return e->code;
	b->ignore_merges = json_bool(json_get(model, "ignore_merges"), false);
	return bpe_index(b, e);
}

int
tokjson_read(struct bpe *b, const char *p, size_t n, struct err *e)
{
	struct json *j;
	int rc;

	if (json_parse(&j, p, n, e) < 0)
		return e->code;
	rc = read_root(b, json_root(j), e);
	json_free(j);
	if (rc < 0)
		bpe_free(b);
	return rc;
}
