/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/err.h"
#include "base64.h"
#include "pretok_scan.h"
#include "tokjson_parts.h"

static int
read_prepend(struct norm_step *st, struct json_val v, struct err *e)
{
	return norm_set_text(
	    &st->to, &st->nto, json_str(json_get(v, "prepend")), e);
}

static int
read_replace(struct norm_step *st, struct json_val v, struct err *e)
{
	struct str regex = json_str(json_path(v, "pattern.Regex"));
	struct str from = json_str(json_path(v, "pattern.String"));

	if (norm_set_text(
		&st->to, &st->nto, json_str(json_get(v, "content")), e) < 0)
		return e->code;
	if (!regex.n && !from.n)
		return err_set(
		    e, ERR_FORMAT, "normalizer: a Replace of nothing");
	if (memchr(
		regex.n ? regex.p : from.p, '\0', regex.n ? regex.n : from.n))
		return err_set(
		    e, ERR_FORMAT, "normalizer: a pattern with a NUL");
	if (norm_set_text(&st->from, &st->nfrom, regex.n ? regex : from, e) < 0)
		return e->code;
	return regex.n ? pretok_re_open(&st->re, st->from, e) : 0;
}

static int
read_precompiled(struct norm_step *st, struct json_val v, struct err *e)
{
	struct str s = json_str(json_get(v, "precompiled_charsmap"));
	struct buf bytes = { 0 };
	int rc = 0;

	if (!s.n)
		return 0;
	if (!base64_decode(&bytes, s))
		rc = err_set(e, ERR_FORMAT,
		    "normalizer: the precompiled_charsmap is no base64");
	if (rc == 0)
		rc = charsmap_read(&st->map, buf_view(&bytes), e);
	buf_free(&bytes);
	return rc;
}

static struct norm_step *
add_implied(struct norm *n, enum norm_kind k, struct err *e)
{
	struct norm_step *st = norm_add(n, k, e);

	if (st)
		st->implied = true;
	return st;
}

static int
read_bert(struct norm *n, struct json_val v, struct err *e)
{
	struct norm_step *st = &n->steps[n->n - 1];
	bool lower = json_bool(json_get(v, "lowercase"), true);

	st->clean = json_bool(json_get(v, "clean_text"), true);
	st->chinese = json_bool(json_get(v, "handle_chinese_chars"), true);
	if (json_bool(json_get(v, "strip_accents"), lower)) {
		if (!add_implied(n, NORM_NFD, e) ||
		    !(st = add_implied(n, NORM_UNACCENT, e)))
			return e->code;
		st->nonspacing_only = true;
	}
	return lower && !add_implied(n, NORM_LOWERCASE, e) ? e->code : 0;
}

static int
read_norm_step(struct norm *n, struct json_val v, struct err *e)
{
	struct str type = json_str(json_get(v, "type"));
	int k = norm_find(type);
	struct norm_step *st;

	if (k < 0)
		return err_set(e, ERR_FORMAT,
		    "normalizer: '%.*s' is not among those read",
		    (int)(type.n < 80 ? type.n : 80), type.p ? type.p : "");
	st = norm_add(n, (enum norm_kind)k, e);
	if (!st)
		return e->code;
	switch (k) {
	case NORM_PREPEND:
		return read_prepend(st, v, e);
	case NORM_REPLACE:
		return read_replace(st, v, e);
	case NORM_STRIP:
		st->left = json_bool(json_get(v, "strip_left"), true);
		st->right = json_bool(json_get(v, "strip_right"), true);
		return 0;
	case NORM_BERT:
		return read_bert(n, v, e);
	case NORM_PRECOMPILED:
		return read_precompiled(st, v, e);
	default:
		return 0;
	}
}

int
tokjson_normalizer(struct norm *n, struct json_val v, struct err *e)
{
	struct json_iter it = json_each(json_get(v, "normalizers"));
	struct json_val x;

	if (json_type(v) == JSON_NONE || json_type(v) == JSON_NULL)
		return 0;
	if (!str_eq(json_str(json_get(v, "type")), STR("Sequence")))
		return read_norm_step(n, v, e);
	while (json_next(&it, NULL, &x))
		if (tokjson_normalizer(n, x, e) < 0)
			return e->code;
	return 0;
}
