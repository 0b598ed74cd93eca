/* SPDX-License-Identifier: MIT */
#ifndef BASE_TEXT_WORDS_H
#define BASE_TEXT_WORDS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct buf;
struct err;

/*
 * Plain words: the maximal runs of letters (\p{L}), numbers (\p{N}) and
 * underscores of the lower-cased text (base/text/lower.h).  Deduplication's
 * profile `plain` shingles these.
 *
 *	struct plain_words w;
 *	struct str word;
 *
 *	if (plain_words_init(&w, text, &scratch, e) < 0) ...
 *	while (plain_words_next(&w, &word)) ...
 *
 * The words point into low, which is cleared first and must stay as it is
 * until the last word has been used.  text is valid UTF-8.  ERR_NOMEM.
 * Thread-safe with a buffer a thread.
 */
struct plain_words {
	const char *p, *end;
};

int plain_words_init(
    struct plain_words *w, struct str text, struct buf *low, struct err *e);
/* False at the end; words are never empty. */
bool plain_words_next(struct plain_words *w, struct str *word);

/*
 * Tokens, for signals of quality: what white space parts, and within that
 *
 *	- punctuation and symbols at either edge, each a token of its own (a run
 *	  of two or more full stops is one); a full stop only behind lower case,
 *	  a digit, punctuation or two capitals, and not behind a single letter
 *	- English clitics: do|n't, they|'re, mill|'s
 *	- hyphens, slashes and the like between letters, but not within what has
 *	  "://" in it or begins with "www."
 *
 * Case is kept; the tokens point into the text.  Nothing allocates.
 *
 * This is spaCy's tokenizer for English in simple form: without its table of
 * exceptions (Mr., e.g., cannot) and of units, and with Unicode's classes in
 * place of its lists of characters.  Set p and end, the rest to zero.
 */
struct tokens {
	const char *p, *end;
	/* Private: the chunk that p is in, without affixes, and its phase. */
	const char *core, *core_end, *chunk_end;
	int phase;
	bool whole, plain;
};

static inline struct tokens
tokens_of(struct str text)
{
	return (struct tokens){ .p = text.p, .end = text.p + text.n };
}

/* False at the end; tokens are never empty and hold no white space. */
bool tokens_next(struct tokens *t, struct str *token);

/*
 * Counts sentences in a row of tokens: a mark that ends a sentence arms, and
 * the next token that is no punctuation begins a new one.  All zeros at the
 * start.
 * Source: spaCy's Sentencizer, its rule; the marks are Unicode's
 * Sentence_Terminal for the scripts of wide use.
 */
struct sentences {
	uint64_t n;
	bool armed;
};
void sentences_add(struct sentences *s, struct str token);

#endif
