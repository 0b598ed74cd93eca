/* SPDX-License-Identifier: MIT */
/*
 * The best way through a piece: at each character, the pieces that begin there
 * (a walk down the trie), the best score so far at the end of each.  Where no
 * piece is one character long, that character may be unknown.
 *
 * Scores add up in floats for SentencePiece's files and in doubles for those of
 * the tokenizers library, so that equal and nearly equal ways come out the same
 * as there.
 */
#include "base/err.h"
#include "base/text/utf8.h"
#include "bpe.h"
#include "subword_work.h"
#include "uclass.h"

struct way {
	double score;
	uint32_t from, id; /* from: UINT32_MAX while nothing ends here */
};

static inline void
offer(struct way *w, double score, bool narrow, uint32_t from, uint32_t id)
{
	if (narrow)
		score = (double)(float)score;
	if (w->from != UINT32_MAX && !(score > w->score))
		return;
	w->score = score;
	w->from = from;
	w->id = id;
}

static double
piece_score(const struct subword *s, uint32_t id, struct str piece)
{
	if (s->sentencepiece && subword_type(s, id) == SUBWORD_USER)
		return subword_user_score(s, piece);
	return s->scores[id];
}

/* Offer all pieces that begin at `at`; is one a character long? */
static bool
offer_pieces(const struct subword *s, struct str piece, size_t at, size_t one,
    struct way *ways)
{
	bool single = false;
	uint32_t node = 0, id;
	size_t i;

	for (i = at;
	     i < piece.n && trie_step(&s->trie, &node, (uint8_t)piece.p[i]);
	     i++) {
		id = s->trie.nodes[node].value;
		if (id == TRIE_NONE || subword_type(s, id) == SUBWORD_UNUSED)
			continue;
		offer(&ways[i + 1],
		    piece_score(
			s, id, (struct str){ piece.p + at, i + 1 - at }) +
			ways[at].score,
		    s->sentencepiece, (uint32_t)at, id);
		single |= i + 1 - at == one;
	}
	return single;
}

/* The ways' last steps, backwards, turned around. */
static int
put_way(const struct bpe *b, struct str piece, const struct way *ways,
    struct tokens_at *out, struct err *e)
{
	size_t first = out->n, end, i, j, n, keep;
	struct tokens_at rest = { 0 };
	struct token_at t;
	int rc = 0;

	for (end = piece.n; rc == 0 && end; end = ways[end].from)
		rc = tokens_at_put(out, ways[end].id, ways[end].from, end, e);
	if (rc < 0)
		return rc;
	for (i = first, j = out->n; i + 1 < j; i++) {
		t = out->v[--j];
		out->v[j] = out->v[i];
		out->v[i] = t;
	}
	for (i = first; i < out->n && out->v[i].id != b->sub.unk; i++)
		;
	if (i == out->n)
		return 0;
	/* Unknown characters: one by one, since they may be bytes. */
	keep = i;
	n = out->n;
	for (; rc == 0 && i < n; i++)
		rc = tokens_at_put(
		    &rest, out->v[i].id, out->v[i].from, out->v[i].to, e);
	out->n = keep;
	for (i = 0; rc == 0 && i < rest.n; i++) {
		t = rest.v[i];
		/* Its own name in a text is that piece there. */
		if (t.id != b->sub.unk ||
		    (!b->sub.sentencepiece && t.id != BPE_NONE &&
			str_eq((struct str){ piece.p + t.from, t.to - t.from },
			    bpe_bytes(b, t.id))))
			rc = tokens_at_put(out, t.id, t.from, t.to, e);
		else
			rc = subword_unknown(b,
			    (struct str){ piece.p + t.from, t.to - t.from },
			    t.from, out, first, e);
	}
	tokens_at_free(&rest);
	return rc;
}

int
unigram_encode(const struct bpe *b, struct subword_work *w, struct str piece,
    struct tokens_at *out, struct err *e)
{
	const struct subword *s = &b->sub;
	struct way *ways;
	const uint8_t *p = (const uint8_t *)piece.p;
	size_t i, one;

	if (subword_best_room(w, (piece.n + 1) * sizeof(*ways), e) < 0)
		return e->code;
	ways = w->best;
	for (i = 0; i <= piece.n; i++)
		ways[i] = (struct way){ 0, UINT32_MAX, 0 };
	for (i = 0; i < piece.n; i += one) {
		utf8_strict(p + i, p + piece.n, &one);
		if (!offer_pieces(s, piece, i, one, ways))
			offer(&ways[i + one], s->unk_score + ways[i].score,
			    s->sentencepiece, (uint32_t)i, s->unk);
	}
	return put_way(b, piece, ways, out, e);
}
