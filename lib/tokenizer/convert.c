/* SPDX-License-Identifier: MIT */
#include "convert.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "merge.h"

bool *
bpe_model_tokens(const struct bpe *b, struct err *e)
{
	bool *in = calloc((size_t)b->ntoken + 1, sizeof(*in));
	const struct bpe_token *t;
	size_t i;

	if (!in) {
		err_nomem(e, "the vocabulary");
		return NULL;
	}
	for (i = 0; i < b->ntoken; i++) {
		t = &b->tokens[i];
		in[i] = t->len && !t->added && !t->plain;
	}
	for (i = 0; i < b->nadded; i++)
		if (b->added[i].special)
			in[b->added[i].id] = false;
	for (i = 0; i < b->nmerge; i++)
		in[b->merges[i].id] = true;
	return in;
}

/* Room for the longest token's bytes as ids. */
static uint32_t *
new_symbols(const struct bpe *b, struct err *e)
{
	uint32_t most = 1, id, *v;

	for (id = 0; id < b->ntoken; id++)
		if (b->tokens[id].len > most)
			most = b->tokens[id].len;
	v = malloc((size_t)most * sizeof(*v));
	if (!v)
		err_nomem(e, "a token");
	return v;
}

/* The bytes of a token as ids; 0 if one has none. */
static size_t
spell(const struct bpe *b, uint32_t id, uint32_t *to)
{
	struct str s = bpe_bytes(b, id);
	size_t i;

	for (i = 0; i < s.n; i++) {
		to[i] = b->byte_id[(uint8_t)s.p[i]];
		if (to[i] == BPE_NONE)
			return 0;
	}
	return s.n;
}

int
bpe_unreachable(
    const struct bpe *b, uint64_t *count, uint32_t *first, struct err *e)
{
	struct merge_scratch scratch = { 0 };
	bool *in = bpe_model_tokens(b, e);
	uint32_t *symbols = in ? new_symbols(b, e) : NULL, id;
	ptrdiff_t n = 0;

	*count = 0;
	*first = BPE_NONE;
	if (!symbols) {
		free(in);
		return e->code;
	}
	for (id = 0; n >= 0 && id < b->ntoken; id++) {
		if (!in[id])
			continue;
		n = (ptrdiff_t)spell(b, id, symbols);
		if (n > 0)
			n = bpe_merge(b, &scratch, symbols, (size_t)n, e);
		if (n < 0 || (n == 1 && symbols[0] == id))
			continue;
		if ((*count)++ == 0)
			*first = id;
	}
	merge_scratch_free(&scratch);
	free(symbols);
	free(in);
	return n < 0 ? (int)n : 0;
}

/* ---- ids to a list ---- */

/*
 * The pair that a token is at last made of, if merging its bytes gives it; s
 * has room for them.
 */
static bool
own_merge(const struct bpe *b, uint32_t id, uint32_t *s, struct bpe_merge *m)
{
	size_t n = spell(b, id, s), i, at;
	const struct bpe_pair *p, *best;

	while (n > 2) {
		best = NULL;
		for (i = at = 0; i + 1 < n; i++) {
			p = bpe_pair(b, s[i], s[i + 1]);
			if (p && (!best || p->rank < best->rank)) {
				best = p;
				at = i;
			}
		}
		if (!best)
			return false;
		s[at] = best->id;
		n--;
		memmove(s + at + 1, s + at + 2, (n - at - 1) * sizeof(*s));
	}
	*m = (struct bpe_merge){ s[0], s[1], id };
	return n == 2 && bpe_pair(b, s[0], s[1]);
}

/* b's merges become one a token; *missing tokens have none. */
static int
list_own_merges(struct bpe *b, uint64_t *missing, struct err *e)
{
	uint32_t *symbols = new_symbols(b, e), id;
	struct bpe_merge m;
	int rc = 0;

	*missing = 0;
	if (!symbols)
		return e->code;
	b->nmerge = 0;
	for (id = 0; rc == 0 && id < b->ntoken; id++) {
		if (b->tokens[id].added || b->tokens[id].len < 2)
			continue;
		if (own_merge(b, id, symbols, &m))
			rc = bpe_add_merge(b, m, e);
		else
			(*missing)++;
	}
	free(symbols);
	return rc;
}

int
bpe_rank_by_list(struct bpe *b, struct err *e)
{
	uint64_t missing;
	size_t i;

	if (!b->rank_by_id)
		return 0;
	if (list_own_merges(b, &missing, e) < 0)
		return e->code;
	b->ignore_merges = missing > 0;
	b->rank_by_id = false;
	/* That library numbers added tokens itself, but not those in there. */
	for (i = 0; i < b->nadded; i++) {
		b->added[i].in_vocab = true;
		b->tokens[b->added[i].id].added = false;
		b->tokens[b->added[i].id].plain = true;
	}
	return bpe_index(b, e);
}

/* ---- a list to ids ---- */

int
bpe_check_same_text(const struct bpe *b, struct err *e)
{
	size_t i;

	if (b->sub.kind != SUBWORD_NONE)
		return err_set(e, ERR_FORMAT,
		    "this is no byte-level BPE, and the format holds no other "
		    "model");
	if (b->norm.n || b->add_prefix_space)
		return err_set(e, ERR_FORMAT,
		    "this tokenizer changes the text before it splits it, "
		    "which the format can't say");
	for (i = 0; i < b->nadded; i++)
		if (!b->added[i].special)
			return err_set(e, ERR_FORMAT,
			    "token %u is added but not special, which the "
			    "format can't say",
			    b->added[i].id);
	return 0;
}

/* The model's tokens of b, ranked by ids, into c. */
static int
by_ids(struct bpe *c, const struct bpe *b, struct err *e)
{
	bool *in = bpe_model_tokens(b, e);
	uint32_t id;
	int rc = in ? 0 : e->code;

	c->rank_by_id = true;
	for (id = 0; rc == 0 && id < b->ntoken; id++)
		if (in[id])
			rc = bpe_set_token(c, id, bpe_bytes(b, id), e);
	free(in);
	if (rc == 0)
		rc = bpe_index_tokens(c, e);
	if (rc == 0)
		rc = bpe_all_splits(c, e);
	return rc == 0 ? bpe_index(c, e) : rc;
}

/* Does b merge each token as c's list does, in the same order? */
static int
compare_lists(const struct bpe *b, const struct bpe *c, struct err *e)
{
	const struct bpe_pair *p;
	uint32_t last = 0;
	size_t i;

	for (i = 0; i < c->nmerge; i++) {
		const struct bpe_merge *m = &c->merges[i];

		p = bpe_pair(b, m->left, m->right);
		if (!p || p->id != m->id || (i && p->rank <= last))
			return err_set(e, ERR_FORMAT,
			    "with ids as ranks token %u would be made at "
			    "another time or of other tokens",
			    m->id);
		last = p->rank;
	}
	return 0;
}

int
bpe_check_ids(const struct bpe *b, struct err *e)
{
	struct bpe c = { 0 };
	uint64_t missing;
	int rc;

	if (bpe_check_same_text(b, e) < 0)
		return e->code;
	if (b->rank_by_id)
		return 0;
	rc = by_ids(&c, b, e);
	if (rc == 0)
		rc = list_own_merges(&c, &missing, e);
	if (rc == 0 && missing && !b->ignore_merges)
		rc = err_set(e, ERR_FORMAT,
		    "%llu tokens are not made by merging their bytes: with "
		    "ids as ranks they would appear",
		    (unsigned long long)missing);
	if (rc == 0)
		rc = compare_lists(b, &c, e);
	bpe_free(&c);
	return rc;
}
