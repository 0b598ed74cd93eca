/* SPDX-License-Identifier: MIT */
/*
 * WordPiece: the longest token that the word begins with, then, again and
 * again, the longest continuation; a word that isn't used up is unknown.
 */
#include <string.h>

#include "base/err.h"
#include "base/text/utf8.h"
#include "bpe.h"
#include "subword_work.h"

/* The trie's node behind the prefix of continuations; false: there is none. */
static bool
walk_prefix(const struct subword *s, uint32_t *node)
{
	const char *p;

	for (p = s->prefix; p && *p; p++)
		if (!trie_step(&s->trie, node, (uint8_t)*p))
			return false;
	return true;
}

static uint32_t
longest_piece(const struct subword *s, struct str word, size_t at, size_t *end)
{
	uint32_t node = 0, id = TRIE_NONE;
	size_t i;

	if (at && !walk_prefix(s, &node))
		return TRIE_NONE;
	for (i = at;
	     i < word.n && trie_step(&s->trie, &node, (uint8_t)word.p[i]); i++)
		if (s->trie.nodes[node].value != TRIE_NONE) {
			id = s->trie.nodes[node].value;
			*end = i + 1;
		}
	return id;
}

int
wordpiece_encode(const struct bpe *b, struct subword_work *w, struct str word,
    struct tokens_at *out, struct err *e)
{
	const struct subword *s = &b->sub;
	size_t first = out->n, at, end = 0;
	uint32_t id;

	(void)w;
	if (utf8_length(word) > s->max_chars)
		return subword_unknown(b, word, 0, out, first, e);
	for (at = 0; at < word.n; at = end) {
		id = longest_piece(s, word, at, &end);
		if (id == TRIE_NONE) {
			out->n = first;
			return subword_unknown(b, word, 0, out, first, e);
		}
		if (tokens_at_put(out, id, at, end, e) < 0)
			return e->code;
	}
	return 0;
}
