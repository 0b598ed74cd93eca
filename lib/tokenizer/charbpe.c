/* SPDX-License-Identifier: MIT */
/*
 * BPE over characters: a piece becomes symbols, one a character, and pairs of
 * them merge as in byte-level BPE.  Characters without a token become bytes or
 * unknown before (tokenizers) or after (SentencePiece) the merges.
 */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/text/utf8.h"
#include "bpe.h"
#include "subword_work.h"
#include "uclass.h"

#define SPACE_MARK "\xe2\x96\x81"

/* The symbol of a character with what the model puts around it. */
static uint32_t
symbol(const struct bpe *b, struct subword_work *w, struct str c, bool first,
    bool last)
{
	const struct subword *s = &b->sub;
	uint32_t id;

	if ((first || !s->prefix) && (!last || !s->suffix)) {
		id = bpe_find(b, c);
	} else {
		buf_clear(&w->text);
		if (!first && s->prefix)
			buf_puts(&w->text, s->prefix);
		buf_str(&w->text, c);
		if (last && s->suffix)
			buf_puts(&w->text, s->suffix);
		id = bpe_find(b, buf_view(&w->text));
	}
	if (s->types && id != BPE_NONE &&
	    subword_type(s, id) != SUBWORD_NORMAL &&
	    subword_type(s, id) != SUBWORD_USER)
		id = BPE_NONE;
	return id;
}

/*
 * A character that only merges know: SUBWORD_VIRTUAL and its code point; no
 * merge knows what is none.
 */
static uint32_t
virtual_symbol(uint32_t cp)
{
	return SUBWORD_VIRTUAL + (cp == UINT32_MAX ? 0x110000 : cp);
}

/* The symbols of a piece, and where each ends.  Returns their number. */
static int
put_symbols(const struct bpe *b, struct subword_work *w, struct str piece,
    size_t *n, struct err *e)
{
	const uint8_t *p = (const uint8_t *)piece.p, *end = p + piece.n;
	const struct subword *s = &b->sub;
	size_t at = 0, len, i;
	uint32_t id, cp;

	for (*n = 0; at < piece.n; at += len) {
		struct str c = { piece.p + at, piece.n - at };

		id = trie_longest(&s->user, c, &len);
		if (!len) {
			cp = utf8_strict(p + at, end, &len);
			c.n = len;
			id = symbol(b, w, c, at == 0, at + len == piece.n);
			if (id == BPE_NONE && s->sentencepiece)
				id = virtual_symbol(cp);
		}
		if (id == BPE_NONE && !s->sentencepiece &&
		    subword_has_bytes(s, (struct str){ c.p, len })) {
			for (i = 0; i < len; i++) {
				w->ids[*n] = s->byte_token[p[at + i]];
				w->ends[(*n)++] = at + i + 1;
			}
			continue;
		}
		/* Fused: unknown characters are one symbol. */
		if (id == BPE_NONE && s->unk == BPE_NONE)
			return subword_unknown(b, c, at, NULL, 0, e);
		if (id == BPE_NONE && s->fuse_unk && *n &&
		    w->ids[*n - 1] == s->unk) {
			w->ends[*n - 1] = at + len;
			continue;
		}
		w->ids[*n] = id == BPE_NONE ? s->unk : id;
		w->ends[(*n)++] = at + len;
	}
	return 0;
}

/* A symbol that was never merged may be unknown. */
static int
put_token(const struct bpe *b, struct str s, uint32_t id, size_t from,
    struct tokens_at *out, size_t first, struct err *e)
{
	if (id >= SUBWORD_VIRTUAL)
		return subword_unknown(b, s, from, out, first, e);
	return tokens_at_put(out, id, from, from + s.n, e);
}

/*
 * Merging happens in place and forgets where symbols ended.  What is still the
 * symbol that it was ends there; a merged token is as long as its name.
 */
static size_t
token_end(const struct bpe *b, const struct subword_work *w, uint32_t id,
    size_t from, size_t *i, size_t n)
{
	const struct subword *s = &b->sub;
	bool merged = w->symbols[*i] != id;
	size_t bytes, to = w->ends[(*i)++];

	if (!merged)
		return to;
	bytes = b->tokens[id].len;
	if (from && s->prefix && strlen(s->prefix) < bytes)
		bytes -= strlen(s->prefix);
	while (*i < n && to < from + bytes)
		to = w->ends[(*i)++];
	return to;
}

static int
merge_word(const struct bpe *b, struct subword_work *w, struct str piece,
    size_t base, struct tokens_at *out, size_t first, struct err *e)
{
	size_t n, i, at, from = 0, to;
	ptrdiff_t kept;
	uint32_t id;

	if (b->ignore_merges && (id = bpe_find(b, piece)) != BPE_NONE)
		return tokens_at_put(out, id, base, base + piece.n, e);
	if (put_symbols(b, w, piece, &n, e) < 0)
		return e->code;
	memcpy(w->symbols, w->ids, n * sizeof(*w->ids));
	kept = w->drop && w->drop->share > 0
		   ? dropout_merge(w->drop, b, w->ids, n, e)
		   : bpe_merge(b, &w->merge, w->ids, n, e);
	if (kept < 0)
		return (int)kept;
	for (i = at = 0; i < (size_t)kept; i++, from = to) {
		to = token_end(b, w, w->ids[i], from, &at, n);
		if (put_token(b, (struct str){ piece.p + from, to - from },
			w->ids[i], base + from, out, first, e) < 0)
			return e->code;
	}
	return 0;
}

/* The end of the word at `at`: before the next space mark that begins one. */
static size_t
word_end(struct str piece, size_t at)
{
	size_t i = at;

	while (piece.n - i >= 3 && memcmp(piece.p + i, SPACE_MARK, 3) == 0)
		i += 3;
	for (; i + 3 <= piece.n; i++)
		if ((uint8_t)piece.p[i] == 0xe2 &&
		    memcmp(piece.p + i, SPACE_MARK, 3) == 0)
			return i;
	return piece.n;
}

int
charbpe_encode(const struct bpe *b, struct subword_work *w, struct str piece,
    struct tokens_at *out, struct err *e)
{
	bool whole = !b->sub.words || b->sub.prefix || b->sub.suffix ||
		     b->ignore_merges || b->sub.user.n;
	size_t at, end, first = out->n;

	for (at = 0; at < piece.n; at = end) {
		end = whole ? piece.n : word_end(piece, at);
		if (subword_room(w, end - at, e) < 0 ||
		    merge_word(b, w, (struct str){ piece.p + at, end - at }, at,
			out, first, e) < 0)
			return e->code;
	}
	return 0;
}

/* ---- merges from scores ---- */

struct scored {
	double score;
	struct bpe_merge m;
	size_t at;
};

/* Best first; of equal ones as they were found. */
static int
by_score(const void *a, const void *b)
{
	const struct scored *x = a, *y = b;

	if (x->score != y->score)
		return x->score > y->score ? -1 : 1;
	return (x->at > y->at) - (x->at < y->at);
}

/* What text a merge may begin with: a piece, or a lone character. */
static uint32_t
part_of(const struct bpe *b, struct str s)
{
	uint32_t id = bpe_find(b, s), cp;
	size_t len;

	if (id != BPE_NONE) {
		enum subword_type t = subword_type(&b->sub, id);

		if (t == SUBWORD_NORMAL || t == SUBWORD_UNUSED)
			return id;
		return BPE_NONE;
	}
	cp =
	    utf8_strict((const uint8_t *)s.p, (const uint8_t *)s.p + s.n, &len);
	return len == s.n && cp != UINT32_MAX ? SUBWORD_VIRTUAL + cp : BPE_NONE;
}

struct scored_list {
	struct scored *v;
	size_t n, cap;
};

static int
add_scored(struct scored_list *l, struct scored s, struct err *e)
{
	size_t cap = l->cap ? 2 * l->cap : 4096;
	void *v;

	if (l->n == l->cap) {
		v = realloc(l->v, cap * sizeof(*l->v));
		if (!v)
			return err_nomem(e, "merges");
		l->v = v;
		l->cap = cap;
	}
	s.at = l->n;
	l->v[l->n++] = s;
	return 0;
}

/* All cuts of a piece between characters into two that can be there. */
static int
cut_piece(
    const struct bpe *b, uint32_t id, struct scored_list *l, struct err *e)
{
	struct str s = bpe_bytes(b, id);
	struct scored x = { b->sub.scores[id], { 0, 0, id }, 0 };
	size_t cut, len;

	if (s.n > BPE_MAX_SPLIT)
		return err_set(e, ERR_FORMAT, "piece %u has %zu bytes, over %d",
		    id, s.n, BPE_MAX_SPLIT);
	utf8_get(s.p, s.p + s.n, &len);
	for (cut = len; cut < s.n; cut += len) {
		utf8_get(s.p + cut, s.p + s.n, &len);
		x.m.left = part_of(b, (struct str){ s.p, cut });
		if (x.m.left == BPE_NONE)
			continue;
		x.m.right = part_of(b, (struct str){ s.p + cut, s.n - cut });
		if (x.m.right != BPE_NONE && add_scored(l, x, e) < 0)
			return e->code;
	}
	return 0;
}

/* Merges of equal score have equal ranks: the leftmost in the text is first. */
static int
put_merges(struct bpe *b, const struct scored_list *l, struct err *e)
{
	uint32_t rank = 0;
	size_t i;

	b->ranks = malloc((l->n + 1) * sizeof(*b->ranks));
	if (!b->ranks)
		return err_nomem(e, "merges");
	for (i = 0; i < l->n; i++) {
		if (i && l->v[i].score != l->v[i - 1].score)
			rank++;
		b->ranks[i] = rank;
		if (bpe_add_merge(b, l->v[i].m, e) < 0)
			return e->code;
	}
	return 0;
}

int
subword_merges(struct bpe *b, struct err *e)
{
	struct scored_list l = { 0 };
	enum subword_type t;
	uint32_t id;
	int rc = 0;

	for (id = 0; rc == 0 && id < b->ntoken; id++) {
		t = subword_type(&b->sub, id);
		if (t == SUBWORD_UNUSED)
			rc = err_set(e, ERR_FORMAT,
			    "piece %u is unused: a BPE model with such pieces "
			    "is not read",
			    id);
		else if (b->tokens[id].len &&
			 (t == SUBWORD_NORMAL || t == SUBWORD_USER))
			rc = cut_piece(b, id, &l, e);
	}
	if (rc == 0) {
		if (l.n)
			qsort(l.v, l.n, sizeof(*l.v), by_score);
		rc = put_merges(b, &l, e);
	}
	free(l.v);
	return rc;
}
