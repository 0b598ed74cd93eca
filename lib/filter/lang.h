/* SPDX-License-Identifier: MIT */
#ifndef FILTER_LANG_H
#define FILTER_LANG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct err;

/*
 * In which language is a text?  (CLD2 for now.)
 *
 * code is the best guess there is: ISO 639-1 where the language has one, else
 * ISO 639-3 (he, not iw; zh for both Chinese scripts); "und" where nothing
 * speaks for any language, such as in a text of numbers.
 */
struct lang {
	char code[4];  /* NUL-terminated */
	double score;  /* share of the text in that language, 0..1 */
	bool reliable; /* false: another language is about as likely */
};

#ifdef __cplusplus
extern "C" {
#endif
/* text is valid UTF-8.  ERR_NOMEM.  Thread-safe. */
int lang_guess(struct str text, struct lang *l, struct err *e);
/* Can lang_guess() give this code? */
bool lang_known(struct str code);
#ifdef __cplusplus
}
#endif

#endif
