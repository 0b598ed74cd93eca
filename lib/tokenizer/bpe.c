/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/num.h"
#include "backtrack.h"
#include "bpe.h"

void
bpe_free(struct bpe *b)
{
	buf_free(&b->bytes);
	free(b->tokens);
	free(b->merges);
	free(b->added);
	free(b->pattern);
	free(b->pairs);
	free(b->by_bytes);
	free(b->shorts);
	backtrack_free(b->backtrack);
	free(b->ranks);
	free(b->norm_json);
	free(b->pre_json);
	free(b->decoder_json);
	norm_free(&b->norm);
	pre_free(&b->pre);
	decoder_free(&b->decoder);
	subword_free(&b->sub);
	*b = (struct bpe){ 0 };
}

/* Room for one more at v[n]. */
static void *
grow(void *v, size_t n, size_t *cap, size_t size)
{
	size_t more, bytes;

	if (n < *cap)
		return v;
	more = *cap ? *cap * 2 : 64;
	if (!num_mul(more, size, &bytes))
		return NULL;
	v = realloc(v, bytes);
	if (v)
		*cap = more;
	return v;
}

static int
room_for_id(struct bpe *b, uint32_t id, struct err *e)
{
	struct bpe_token *more;
	size_t cap = b->token_cap ? b->token_cap : 512, bytes;

	if (id >= BPE_MAX_ID)
		return err_set(e, ERR_FORMAT,
		    "token id %u is over the limit %u", id, BPE_MAX_ID - 1);
	while (cap <= id)
		cap *= 2;
	if (cap > b->token_cap) {
		if (!num_mul(cap, sizeof(*more), &bytes) ||
		    !(more = realloc(b->tokens, bytes)))
			return err_nomem(e, "the vocabulary");
		memset(more + b->token_cap, 0,
		    (cap - b->token_cap) * sizeof(*more));
		b->tokens = more;
		b->token_cap = (uint32_t)cap;
	}
	if (b->ntoken <= id)
		b->ntoken = id + 1;
	return 0;
}

int
bpe_set_token(struct bpe *b, uint32_t id, struct str bytes, struct err *e)
{
	if (room_for_id(b, id, e) < 0)
		return e->code;
	if (b->tokens[id].len)
		return err_set(e, ERR_FORMAT, "two tokens have the id %u", id);
	if (bytes.n == 0 || bytes.n > UINT32_MAX)
		return err_set(e, ERR_FORMAT, "token %u is empty", id);
	b->tokens[id].at = b->bytes.n;
	b->tokens[id].len = (uint32_t)bytes.n;
	buf_str(&b->bytes, bytes);
	return buf_ok(&b->bytes, e);
}

int
bpe_add_merge(struct bpe *b, struct bpe_merge m, struct err *e)
{
	void *v = grow(b->merges, b->nmerge, &b->merge_cap, sizeof(m));

	if (!v)
		return err_nomem(e, "merges");
	b->merges = v;
	b->merges[b->nmerge++] = m;
	return 0;
}

int
bpe_add_added(struct bpe *b, struct bpe_added a, struct err *e)
{
	void *v = grow(b->added, b->nadded, &b->added_cap, sizeof(a));

	if (!v)
		return err_nomem(e, "added tokens");
	b->added = v;
	b->added[b->nadded++] = a;
	return 0;
}

int
bpe_set_pattern(struct bpe *b, const char *regex, struct err *e)
{
	free(b->pattern);
	b->pattern = strdup(regex);
	return b->pattern ? 0 : err_nomem(e, "a pattern");
}

/* Slots for n entries at no more than half load. */
static uint64_t
slots_for(uint64_t n)
{
	uint64_t slots = 1024;

	while (slots < 2 * n)
		slots *= 2;
	return slots;
}

static bool
in_model(const struct bpe *b, uint32_t id)
{
	return b->tokens[id].len && !b->tokens[id].added;
}

int
bpe_index_tokens(struct bpe *b, struct err *e)
{
	uint64_t slots = slots_for(b->ntoken), at;
	uint32_t id;

	free(b->by_bytes);
	b->by_bytes = malloc(slots * sizeof(*b->by_bytes));
	if (!b->by_bytes)
		return err_nomem(e, "the vocabulary");
	memset(b->by_bytes, 0xff, slots * sizeof(*b->by_bytes));
	b->by_bytes_mask = slots - 1;
	for (id = 0; id < b->ntoken; id++) {
		struct str s = bpe_bytes(b, id);

		if (!in_model(b, id))
			continue;
		at = hash64(s.p, s.n, 0) & b->by_bytes_mask;
		while (b->by_bytes[at] != BPE_NONE)
			at = (at + 1) & b->by_bytes_mask;
		b->by_bytes[at] = id;
	}
	return 0;
}

uint32_t
bpe_find(const struct bpe *b, struct str bytes)
{
	uint64_t at = hash64(bytes.p, bytes.n, 0) & b->by_bytes_mask;
	uint32_t id;

	while ((id = b->by_bytes[at]) != BPE_NONE) {
		if (str_eq(bpe_bytes(b, id), bytes) && !b->tokens[id].plain)
			return id;
		at = (at + 1) & b->by_bytes_mask;
	}
	return BPE_NONE;
}

int
bpe_all_splits(struct bpe *b, struct err *e)
{
	struct bpe_merge m;
	struct str s;
	size_t cut;

	for (m.id = 0; m.id < b->ntoken; m.id++) {
		s = bpe_bytes(b, m.id);
		if (s.n > BPE_MAX_SPLIT)
			return err_set(e, ERR_FORMAT,
			    "token %u has %zu bytes, over %d", m.id, s.n,
			    BPE_MAX_SPLIT);
		for (cut = 1; cut < s.n; cut++) {
			m.left = bpe_find(b, (struct str){ s.p, cut });
			if (m.left == BPE_NONE)
				continue;
			m.right =
			    bpe_find(b, (struct str){ s.p + cut, s.n - cut });
			if (m.right != BPE_NONE && bpe_add_merge(b, m, e) < 0)
				return e->code;
		}
	}
	return 0;
}

/* A pair listed twice has the later rank, as in Hugging Face's reader. */
static void
put_pair(struct bpe *b, const struct bpe_merge *m, uint32_t rank)
{
	uint64_t key = bpe_key(m->left, m->right);
	uint64_t i = bpe_hash_pair(key) & b->pair_mask;

	while (b->pairs[i].key != UINT64_MAX && b->pairs[i].key != key)
		i = (i + 1) & b->pair_mask;
	b->pairs[i] = (struct bpe_pair){ key, rank, m->id };
}

static int
index_shorts(struct bpe *b, struct err *e)
{
	struct bpe_short *s;
	struct str bytes;
	uint32_t id;

	free(b->shorts);
	s = b->shorts = calloc((size_t)b->ntoken + 1, sizeof(*s));
	if (!s)
		return err_nomem(e, "the vocabulary");
	for (id = 0; id < b->ntoken; id++, s++) {
		bytes = bpe_bytes(b, id);
		s->len =
		    bytes.n > sizeof(s->bytes) ? BPE_LONG : (uint8_t)bytes.n;
		if (s->len && s->len != BPE_LONG)
			memcpy(s->bytes, bytes.p, bytes.n);
	}
	return 0;
}

int
bpe_index(struct bpe *b, struct err *e)
{
	uint64_t slots = slots_for(b->nmerge), i;
	char c;

	if (bpe_index_tokens(b, e) < 0)
		return e->code;
	free(b->pairs);
	b->pairs = malloc(slots * sizeof(*b->pairs));
	if (!b->pairs)
		return err_nomem(e, "merges");
	memset(b->pairs, 0xff, slots * sizeof(*b->pairs));
	b->pair_mask = slots - 1;
	for (i = 0; i < b->nmerge; i++)
		put_pair(b, &b->merges[i],
		    b->rank_by_id ? b->merges[i].id
		    : b->ranks    ? b->ranks[i]
				  : (uint32_t)i);
	for (i = 0; i < 256; i++) {
		c = (char)i;
		b->byte_id[i] = bpe_find(b, (struct str){ &c, 1 });
	}
	if (b->sub.kind != SUBWORD_NONE)
		return subword_index(b, e);
	if (index_shorts(b, e) < 0)
		return e->code;
	backtrack_free(b->backtrack);
	return backtrack_new(&b->backtrack, b, e);
}

uint32_t
bpe_find_added(const struct bpe *b, struct str content)
{
	size_t i;

	for (i = 0; i < b->nadded; i++)
		if (str_eq(bpe_bytes(b, b->added[i].id), content))
			return b->added[i].id;
	return BPE_NONE;
}
