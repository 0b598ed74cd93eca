/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <string.h>

#include "base/err.h"
#include "bytelevel.h"
#include "io/json.h"
#include "pretok.h"
#include "tokjson.h"
#include "tokjson_parts.h"
#include "tokmodel.h"
#include "uclass.h"

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

/*
 * The forms that a scanner does alone: ByteLevel with its regex, and a Split
 * by a regex with a ByteLevel behind it that adds no space.
 */
static bool
is_simple(struct json_val split, struct json_val bytelevel)
{
	bool regex = json_bool(json_get(bytelevel, "use_regex"), true);

	if (!is(json_get(bytelevel, "type"), "ByteLevel"))
		return false;
	if (json_type(split) == JSON_NONE)
		return regex;
	return !regex && is(json_get(split, "type"), "Split") &&
	       json_str(json_path(split, "pattern.Regex")).n &&
	       is(json_get(split, "behavior"), "Isolated") &&
	       !json_bool(json_get(split, "invert"), false) &&
	       !json_bool(json_get(bytelevel, "add_prefix_space"), true);
}

static int
read_simple(struct bpe *b, struct json_val split, struct json_val bytelevel,
    struct err *e)
{
	struct str s = json_str(json_path(split, "pattern.Regex"));

	b->add_prefix_space =
	    json_bool(json_get(bytelevel, "add_prefix_space"), true);
	if (!s.n)
		return bpe_set_pattern(b, "gpt2", e);
	if (memchr(s.p, '\0', s.n))
		return err_set(
		    e, ERR_FORMAT, "pre_tokenizer: a pattern with a NUL");
	return bpe_set_pattern(b, s.p, e);
}

static int
read_steps(struct bpe *b, struct json_val v, struct err *e)
{
	if (pre_read(&b->pre, v, e) < 0)
		return e->code;
	return tokjson_keep(&b->pre_json, v, e);
}

static int
read_pretok(struct bpe *b, struct json_val v, struct err *e)
{
	struct json_iter it = json_each(json_get(v, "pretokenizers"));
	struct json_val first = v, second = { 0 };
	size_t n = 1;

	if (b->sub.kind != SUBWORD_NONE)
		return read_steps(b, v, e);
	if (is(json_get(v, "type"), "Sequence")) {
		n = json_count(json_get(v, "pretokenizers"));
		if (json_next(&it, NULL, &first))
			json_next(&it, NULL, &second);
	}
	if (n == 1 && is_simple((struct json_val){ 0 }, first))
		return read_simple(b, (struct json_val){ 0 }, first, e);
	if (n == 2 && is_simple(first, second))
		return read_simple(b, first, second, e);
	return read_steps(b, v, e);
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
	if (tokmodel_name(b, bytes, content, &plain, e) < 0)
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

/* The pattern's version of Unicode, where it isn't the last: ours alone. */
static int
read_unicode(struct bpe *b, struct json_val model, struct err *e)
{
	int64_t version = json_int(json_get(model, "unicode"), UNICODE_LAST);

	if (version < UNICODE_FIRST || version > UNICODE_LAST)
		return err_set(e, ERR_FORMAT,
		    "model.unicode is not from %d to %d", UNICODE_FIRST,
		    UNICODE_LAST);
	b->unicode = version == UNICODE_LAST ? 0 : (unsigned)version;
	return 0;
}

static int
read_bytes_model(struct bpe *b, struct json_val model, struct err *e)
{
	if (check_model(model, e) < 0 || read_unicode(b, model, e) < 0 ||
	    tokmodel_vocab(b, json_get(model, "vocab"), e) < 0 ||
	    tokmodel_merges(b, json_get(model, "merges"), e) < 0)
		return e->code;
	b->ignore_merges = json_bool(json_get(model, "ignore_merges"), false);
	return 0;
}

static int
read_decoder(struct bpe *b, struct json_val v, struct err *e)
{
	if (b->sub.kind == SUBWORD_NONE)
		return 0;
	if (decoder_read(&b->decoder, v, e) < 0)
		return e->code;
	return tokjson_keep(&b->decoder_json, v, e);
}

static int
read_root(struct bpe *b, struct json_val root, struct err *e)
{
	struct json_val model = json_get(root, "model");
	struct json_val norm = json_get(root, "normalizer");
	struct json_val vocab = json_get(model, "vocab");
	struct json_val added = json_get(root, "added_tokens");

	b->id_limit =
	    HOLES + 4 * (uint64_t)(json_count(vocab) + json_count(added));
	if (json_type(model) != JSON_OBJECT)
		return err_set(e, ERR_FORMAT, "there is no model");
	if (tokjson_kind(root, &b->sub.kind, e) < 0 ||
	    tokjson_normalizer(&b->norm, norm, e) < 0 ||
	    tokjson_keep(&b->norm_json, norm, e) < 0 ||
	    read_pretok(b, json_get(root, "pre_tokenizer"), e) < 0 ||
	    read_decoder(b, json_get(root, "decoder"), e) < 0)
		return e->code;
	if ((b->sub.kind == SUBWORD_NONE ? read_bytes_model(b, model, e)
					 : tokjson_subword(b, model, e)) < 0 ||
	    read_all_added(b, added, e) < 0)
		return e->code;
	b->special_in_text = true;
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
