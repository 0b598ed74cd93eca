/* SPDX-License-Identifier: MIT */
#include "tokmodel.h"

#include <string.h>

#include "base/err.h"
#include "bytelevel.h"

/*
 * Ids may have holes, but one far beyond the number of
 * tokens is damage, and a table for it would take all memory.
 */
bool
tokmodel_is_id(const struct bpe *b, int64_t id)
{
	return id >= 0 && (uint64_t)id < b->id_limit;
}

/* The bytes of a token's name; plain: it is no byte-level text. */
int
tokmodel_name(const struct bpe *b, struct buf *bytes, struct str name,
    bool *plain, struct err *e)
{
	bool texts = b->sub.kind != SUBWORD_NONE;

	buf_clear(bytes);
	*plain = !texts && !bytelevel_decode(bytes, name);
	if (*plain || texts)
		buf_str(bytes, name);
	return buf_ok(bytes, e);
}

int
tokmodel_vocab(struct bpe *b, struct json_val vocab, struct err *e)
{
	struct json_iter it = json_each(vocab);
	struct buf bytes = { 0 };
	struct json_val v;
	struct str name;
	bool plain;
	int rc = 0;

	while (rc == 0 && json_next(&it, &name, &v)) {
		int64_t id = json_int(v, -1);

		if (!tokmodel_is_id(b, id))
			rc = err_set(e, ERR_FORMAT,
			    "vocab: '%.*s' has no valid id",
			    (int)(name.n < 80 ? name.n : 80), name.p);
		if (rc == 0)
			rc = tokmodel_name(b, &bytes, name, &plain, e);
		if (rc == 0)
			rc =
			    bpe_set_token(b, (uint32_t)id, buf_view(&bytes), e);
		if (rc == 0)
			b->tokens[id].plain = plain;
	}
	buf_free(&bytes);
	return rc;
}

/* "LEFT RIGHT" or [LEFT, RIGHT]. */
static bool
split_merge(struct json_val v, struct str *left, struct str *right)
{
	struct json_iter it = json_each(v);
	struct str s = json_str(v);
	struct json_val x, y;
	const char *space;

	if (json_type(v) == JSON_ARRAY) {
		if (json_count(v) != 2 || !json_next(&it, NULL, &x) ||
		    !json_next(&it, NULL, &y))
			return false;
		*left = json_str(x);
		*right = json_str(y);
	} else {
		space = s.n ? memchr(s.p, ' ', s.n) : NULL;
		if (!space)
			return false;
		*left = (struct str){ s.p, (size_t)(space - s.p) };
		*right =
		    (struct str){ space + 1, s.n - (size_t)(space - s.p) - 1 };
	}
	return left->n && right->n;
}

/*
 * Also leaves the bytes in to, behind what is there; a continuation without
 * the prefix that says so.
 */
static uint32_t
part_id(const struct bpe *b, struct str name, struct buf *to)
{
	struct str prefix = str_c(b->sub.prefix);
	size_t at = to->n;

	if (b->sub.kind != SUBWORD_NONE) {
		if (at && prefix.n && str_starts(name, prefix))
			buf_put(to, name.p + prefix.n, name.n - prefix.n);
		else
			buf_str(to, name);
		return to->oom ? BPE_NONE : bpe_find(b, name);
	}
	if (!bytelevel_decode(to, name) || to->oom)
		return BPE_NONE;
	return bpe_find(b, (struct str){ to->p + at, to->n - at });
}

int
tokmodel_merge(struct bpe *b, struct str left, struct str right,
    struct buf *bytes, struct err *e)
{
	struct bpe_merge m = { BPE_NONE, BPE_NONE, BPE_NONE };

	buf_clear(bytes);
	m.left = part_id(b, left, bytes);
	m.right = part_id(b, right, bytes);
	if (buf_ok(bytes, e) < 0)
		return e->code;
	if (m.left != BPE_NONE && m.right != BPE_NONE)
		m.id = bpe_find(b, buf_view(bytes));
	if (m.id == BPE_NONE)
		return err_set(e, ERR_FORMAT,
		    "merges: number %zu names a token that isn't in the "
		    "vocabulary",
		    b->nmerge);
	return bpe_add_merge(b, m, e);
}

static int
read_merge(struct bpe *b, struct json_val v, struct buf *bytes, struct err *e)
{
	struct str left, right;

	if (!split_merge(v, &left, &right))
		return err_set(e, ERR_FORMAT,
		    "merges: number %zu is no pair of tokens", b->nmerge);
	return tokmodel_merge(b, left, right, bytes, e);
}

int
tokmodel_merges(struct bpe *b, struct json_val merges, struct err *e)
{
	struct json_iter it = json_each(merges);
	struct buf bytes = { 0 };
	struct json_val v;
	int rc = bpe_index_tokens(b, e);

	while (rc == 0 && json_next(&it, NULL, &v))
		rc = read_merge(b, v, &bytes, e);
	buf_free(&bytes);
	return rc;
}
