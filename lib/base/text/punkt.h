/* SPDX-License-Identifier: MIT */
#ifndef BASE_TEXT_PUNKT_H
#define BASE_TEXT_PUNKT_H

#include "base/str.h"

struct err;

/*
 * Sentences, and the words in them, as NLTK 3.8.1 parts English texts
 * (sent_tokenize, word_tokenize).  Both take valid UTF-8 and time linear in its
 * bytes, keep their memory from text to text, and are thread-safe with a struct
 * a thread, all zeros at first.  Errors: ERR_NOMEM.
 */

/*
 * Sentences end at . ? ! unless what stands before is an abbreviation, an
 * initial or a number and what follows doesn't begin a sentence.
 * Source: Kiss, Strunk, "Unsupervised Multilingual Sentence Boundary
 * Detection", Computational Linguistics 32 (2006), section 4; NLTK 3.8.1,
 * punkt.py (the order of steps).  The model's parameters stand in punkt.def.
 */
struct punkt {
	struct str *v; /* never empty; in the text */
	size_t n, cap;
};
int punkt_split(struct punkt *p, struct str text, struct err *e);
void punkt_free(struct punkt *p);

/*
 * Tokens of each sentence by the conventions of the Penn Treebank: marks apart,
 * do|n't, can|not, and " as `` or ''.
 * Source: NLTK 3.8.1, destructive.py (which rule comes before which).
 */
struct treebank {
	struct str *v; /* kept here; never empty, no white space in them */
	size_t n;
	/* Private. */
	struct punkt sentences;
	char *made, *work[2]; /* the tokens; a sentence, in turns */
	const char *limit;    /* where the text ends */
	size_t cap, room[2], made_room, at;
};
int treebank_split(struct treebank *t, struct str text, struct err *e);
void treebank_free(struct treebank *t);

#endif
