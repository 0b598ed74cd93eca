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
 * Tokens, for signals of quality: those of spaCy 3.8 for English (blank "en"),
 * without the tokens that are white space.  What white space parts, parts
 * further at punctuation, symbols and units at its edges, at hyphens and the
 * like within, and as a table of exceptions has it (Mr., can|not, :-)); what
 * looks like an address stays whole.  Case is kept; tokens point into the text.
 * Time is linear in its bytes, but for n log n in the exceptions.
 *
 * Source: spaCy 3.8.18, tokenizer.pyx (the order of steps); the facts are in
 * base/text/english.h.
 */
struct tokens {
	struct str *v; /* never empty, no white space in them */
	size_t n;
	/* Private. */
	size_t cap, spare_cap, nsuffix, suffix_cap, nphrase, phrase_cap;
	struct str *spare;
	size_t *suffixes;
	struct tokens_phrase *phrases;
	bool failed;
};

/* Room to grow to from `cap` tokens: twice, of many a quarter more. */
static inline size_t
tokens_more(size_t cap)
{
	return cap < 1024 ? 1024 : cap < 1 << 20 ? 2 * cap : cap + cap / 4;
}

/*
 * Split valid UTF-8; t, all zeros at first, keeps its memory from text to text.
 * ERR_NOMEM.  Thread-safe with a struct a thread.
 */
int tokens_split(struct tokens *t, struct str text, struct err *e);
void tokens_free(struct tokens *t);

/*
 * Counts sentences in a text's row of tokens: a mark that ends a sentence arms,
 * and the next token that is no punctuation, or white space but for one space,
 * begins a new one.  All zeros at the start.
 * Source: spaCy 3.8.18, sentencizer.pyx.
 */
struct sentences {
	uint64_t n;
	const char *end; /* of the last token */
	bool armed;
};
void sentences_add(struct sentences *s, struct str token);
/*
 * How many there are, white space before `end` of the text behind a sentence
 * that has ended counting as one more; at least one.
 */
uint64_t sentences_with_space(const struct sentences *s, const char *end);

#endif
