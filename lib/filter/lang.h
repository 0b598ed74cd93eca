/* SPDX-License-Identifier: MIT */
#ifndef FILTER_LANG_H
#define FILTER_LANG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct buf;
struct err;

/*
 * In which language is a text?
 *
 * The script that most letters (in bytes) belong to comes first.  Where several
 * languages are written in it, a linear model over hashed n-grams of its words
 * decides; else the script does.  Addresses and code between backquotes count
 * for nothing.  Of a text over LANG_WHOLE bytes, LANG_WINDOWS evenly spaced
 * windows of LANG_WINDOW bytes are looked at, so that time is bounded.
 *
 * code is the best guess there is: ISO 639-1 where the language has one, else
 * ISO 639-3 (he, not iw; zh for both Chinese scripts); "und" where nothing
 * speaks for any language, such as in a text of numbers.
 */
struct lang {
	char code[4];  /* NUL-terminated */
	double score;  /* its probability x share of letters in its script */
	bool reliable; /* score at least 0.5 */
};

enum { LANG_WHOLE = 2048, LANG_WINDOWS = 4, LANG_WINDOW = 512 };

/* A model, read only once it is made: any number of threads may share one. */
struct langid;

/* The model that is built in (lang_builtin.c). */
int langid_builtin(struct langid **m, struct err *e);
/* A model in memory; ERR_FORMAT if it is none.  m keeps nothing of bytes. */
int langid_parse(struct langid **m, struct str bytes, struct err *e);
void langid_free(struct langid *m);
/* Do the bytes begin like a model? */
bool langid_is(struct str bytes);

/* Any bytes will do. */
void langid_guess(const struct langid *m, struct str text, struct lang *l);
/* Can langid_guess() give this code? */
bool langid_knows(const struct langid *m, struct str code);
/* The i-th language that the model was trained on; false behind the last. */
bool langid_language(const struct langid *m, size_t i, struct str *code);

#endif
