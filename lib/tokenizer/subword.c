/* SPDX-License-Identifier: MIT */
#include "subword.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/text/utf8.h"
#include "base/num.h"
#include "bpe.h"
#include "subword_work.h"

#define SPACE_MARK "\xe2\x96\x81"

void
subword_free(struct subword *s)
{
	free(s->scores);
	free(s->types);
	free(s->prefix);
	free(s->suffix);
	trie_free(&s->trie);
	trie_free(&s->user);
	*s = (struct subword){ 0 };
}

/* ---- lists of tokens ---- */

int
tokens_at_put(
    struct tokens_at *t, uint32_t id, size_t from, size_t to, struct err *e)
{
	size_t cap = t->cap ? 2 * t->cap : 256, bytes;
	void *v;

	if (t->n == t->cap) {
		if (!num_mul(cap, sizeof(*t->v), &bytes) ||
		    !(v = realloc(t->v, bytes)))
			return err_nomem(e, "tokens");
		t->v = v;
		t->cap = cap;
	}
	t->v[t->n++] = (struct token_at){ id, (uint32_t)from, (uint32_t)to };
	return 0;
}

void
tokens_at_free(struct tokens_at *t)
{
	free(t->v);
	*t = (struct tokens_at){ 0 };
}

/* ---- scratch ---- */

struct subword_work *
subword_work_new(struct err *e)
{
	struct subword_work *w = calloc(1, sizeof(*w));

	if (!w)
		err_nomem(e, "an encoder");
	return w;
}

void
subword_work_free(struct subword_work *w)
{
	if (!w)
		return;
	merge_scratch_free(&w->merge);
	free(w->ids);
	free(w->symbols);
	free(w->ends);
	free(w->best);
	buf_free(&w->text);
	free(w);
}

void
subword_work_dropout(struct subword_work *w, struct dropout *d)
{
	w->drop = d;
}

int
subword_room(struct subword_work *w, size_t n, struct err *e)
{
	size_t cap = 1024;

	if (n <= w->nid)
		return 0;
	while (cap < n)
		cap *= 2;
	free(w->ids);
	free(w->symbols);
	free(w->ends);
	w->ids = malloc(cap * sizeof(*w->ids));
	w->symbols = malloc(cap * sizeof(*w->ids));
	w->ends = malloc(cap * sizeof(*w->ends));
	w->nid = w->ids && w->symbols && w->ends ? cap : 0;
	return w->nid ? 0 : err_nomem(e, "a piece");
}

int
subword_best_room(struct subword_work *w, size_t bytes, struct err *e)
{
	size_t cap = 4096;

	if (bytes <= w->nbest)
		return 0;
	while (cap < bytes)
		cap *= 2;
	free(w->best);
	w->best = malloc(cap);
	w->nbest = w->best ? cap : 0;
	return w->best ? 0 : err_nomem(e, "a piece");
}

/* ---- tables ---- */

/* The pieces that text is looked through for. */
static bool
is_sought(const struct bpe *b, uint32_t id)
{
	enum subword_type t = subword_type(&b->sub, id);

	if (!b->tokens[id].len || b->tokens[id].added)
		return false;
	return !b->sub.sentencepiece || t == SUBWORD_NORMAL ||
	       t == SUBWORD_USER || t == SUBWORD_UNUSED;
}

static int
build_tries(struct bpe *b, struct err *e)
{
	struct trie_key *keys = calloc((size_t)b->ntoken + 1, sizeof(*keys));
	struct subword *s = &b->sub;
	size_t n = 0;
	uint32_t id;
	int rc;

	if (!keys)
		return err_nomem(e, "the vocabulary");
	for (id = 0; id < b->ntoken; id++)
		if (is_sought(b, id))
			keys[n++] = (struct trie_key){ bpe_bytes(b, id), id };
	rc = trie_build(&s->trie, keys, n, e);
	for (n = id = 0; id < b->ntoken; id++)
		if (subword_type(s, id) == SUBWORD_USER)
			keys[n++] = (struct trie_key){ bpe_bytes(b, id), id };
	if (rc == 0 && n)
		rc = trie_build(&s->user, keys, n, e);
	free(keys);
	return rc;
}

static void
find_bytes(struct bpe *b)
{
	char name[8];
	size_t n;
	int i;

	for (i = 0; i < 256; i++) {
		n = subword_byte_name(name, (uint8_t)i);
		b->sub.byte_token[i] = bpe_find(b, (struct str){ name, n });
	}
}

/* The scores of what has none of its own. */
static void
find_scores(struct bpe *b)
{
	struct subword *s = &b->sub;
	double least = INFINITY, most = -INFINITY;
	uint32_t id;

	for (id = 0; s->scores && id < b->ntoken; id++) {
		if (!b->tokens[id].len || b->tokens[id].added ||
		    (s->sentencepiece && subword_type(s, id) != SUBWORD_NORMAL))
			continue;
		if (s->scores[id] < least)
			least = s->scores[id];
		if (s->scores[id] > most)
			most = s->scores[id];
	}
	s->unk_score = (isinf(least) ? 0 : least) - 10;
	if (s->sentencepiece)
		s->unk_score = (float)((float)least - 10.0f);
	s->max_score = most > 0.5 ? most : 0.5;
}

/*
 * Is a space mark only ever at the front of a piece?  Then words are encoded
 * one by one, whatever stands beside them.
 */
static bool
keeps_words(const struct bpe *b)
{
	uint32_t id;
	struct str s;
	size_t i;

	for (id = 0; id < b->ntoken; id++) {
		if (!is_sought(b, id))
			continue;
		s = bpe_bytes(b, id);
		for (i = 1; i + 3 <= s.n; i++)
			if (memcmp(s.p + i, SPACE_MARK, 3) == 0 &&
			    (i < 3 || memcmp(s.p + i - 3, SPACE_MARK, 3) != 0))
				return false;
	}
	return true;
}

int
subword_index(struct bpe *b, struct err *e)
{
	find_bytes(b);
	find_scores(b);
	b->sub.words = keeps_words(b);
	return build_tries(b, e);
}

double
subword_user_score(const struct subword *s, struct str piece)
{
	return (double)utf8_length(piece) * s->max_score - 0.1;
}

/* ---- encoding ---- */

static int
put_bytes(const struct bpe *b, struct str text, size_t from,
    struct tokens_at *out, struct err *e)
{
	size_t i;

	for (i = 0; i < text.n; i++)
		if (tokens_at_put(out, b->sub.byte_token[(uint8_t)text.p[i]],
			from, from + text.n, e) < 0)
			return e->code;
	return 0;
}

bool
subword_has_bytes(const struct subword *s, struct str text)
{
	size_t i;

	for (i = 0; s->byte_fallback && i < text.n; i++)
		if (s->byte_token[(uint8_t)text.p[i]] == UINT32_MAX)
			return false;
	return s->byte_fallback;
}

int
subword_unknown(const struct bpe *b, struct str text, size_t from,
    struct tokens_at *out, size_t first, struct err *e)
{
	const struct subword *s = &b->sub;
	struct token_at *last;

	if (subword_has_bytes(s, text))
		return put_bytes(b, text, from, out, e);
	if (s->unk == UINT32_MAX)
		return err_set(e, ERR_FORMAT,
		    "the vocabulary has no token for '%.*s' and none for what "
		    "is unknown",
		    (int)(text.n < 16 ? text.n : 16), text.p);
	last = out->n > first ? &out->v[out->n - 1] : NULL;
	if (s->fuse_unk && last && last->id == s->unk && last->to == from) {
		last->to = (uint32_t)(from + text.n);
		return 0;
	}
	return tokens_at_put(out, s->unk, from, from + text.n, e);
}

int
subword_encode(const struct bpe *b, struct subword_work *w, struct str piece,
    struct tokens_at *out, struct err *e)
{
	if (!piece.n)
		return 0;
	if (piece.n > UINT32_MAX / 2)
		return err_set(e, ERR_ARG,
		    "a piece of over 2 GiB: this model takes no longer ones");
	switch (b->sub.kind) {
	case SUBWORD_UNIGRAM:
		return unigram_encode(b, w, piece, out, e);
	case SUBWORD_WORDPIECE:
		return wordpiece_encode(b, w, piece, out, e);
	default:
		return charbpe_encode(b, w, piece, out, e);
	}
}
