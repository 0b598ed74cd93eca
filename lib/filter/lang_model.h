/* SPDX-License-Identifier: MIT */
#ifndef FILTER_LANG_MODEL_H
#define FILTER_LANG_MODEL_H

#include "filter/fasttext.h"
#include "filter/lang.h"

/*
 * Languages told by a fastText model whose labels are codes: __label__en,
 * __label__eng, __label__eng_Latn.  What follows _ or - is left out, and ISO
 * 639-3 becomes ISO 639-1 where there is such a code.
 */

/* The language that a label stands for; points into it, or to a constant. */
struct str lang_code(struct str label);
/* ERR_ARG names a label that is no language's code. */
int lang_model_check(const struct fasttext *f, struct err *e);
/*
 * The likeliest label.  score is its probability; reliable: at least 0.5.
 * "und", 0 of a text without words or one that the model knows nothing of.
 * Thread-safe with a scratch a thread.
 */
int lang_model_guess(const struct fasttext *f, struct fasttext_scratch *s,
    struct str text, struct lang *l, struct err *e);
/* Can it give this code? */
bool lang_model_known(const struct fasttext *f, struct str code);

#endif
