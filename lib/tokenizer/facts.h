/* SPDX-License-Identifier: MIT */
#ifndef TOKENIZER_FACTS_H
#define TOKENIZER_FACTS_H

#include "tokenizer/tokenizer.h"
#include "tokenizer/usage.h"

/*
 * Vocabularies looked at.  shared: tokens whose bytes the first one has, too;
 * unreachable: tokens that encoding their own bytes doesn't give; longest:
 * bytes of the longest token.  Special tokens are no part of these three.
 */
#define FACTS_HEADER "tokenizer\tvocab\tmerges\tshared\tunreachable\tlongest"
#define FACTS_USAGE "\ttexts\tbytes\ttokens\tbytes_per_token\tunknown\tmet"

enum { FACTS_TOP = 10 /* of the longest tokens, and of hosts */ };

/* Append lines "what TAB value", those of special tokens last. */
int facts_list(struct buf *out, const struct tokenizer *t, struct err *e);
/* Append what texts gave, as lines of facts_list(). */
void facts_usage(struct buf *out, const struct usage *u);

/*
 * Of several tokenizers, lines with tabs: a row of FACTS_HEADER (with texts
 * FACTS_USAGE too) each; "language NAME TOKENIZER ..." and the same of hosts;
 * the longest tokens.  All zeros is empty.
 */
struct facts_lines {
	struct buf rows, groups, longest;
	bool texts;
};

/* u: NULL without texts. */
int facts_lines_add(struct facts_lines *l, const char *name,
    const struct tokenizer *t, const struct tokenizer *first,
    const struct usage *u, struct err *e);
/* Append them as "tables", which quern report draws, to a JSON object. */
void facts_tables(struct buf *out, const struct facts_lines *l);
void facts_lines_free(struct facts_lines *l);
/*
 * All of these as a JSON object: vocab, merges, shared, unreachable, longest,
 * longest_tokens; of texts: texts, bytes, chars, tokens, unknown, met,
 * bytes_per_token, and by_language and by_host, {"en":[texts,bytes,tokens]}.
 */
int facts_json(struct buf *out, const char *name, const struct tokenizer *t,
    const struct tokenizer *first, const struct usage *u, struct err *e);

#endif
