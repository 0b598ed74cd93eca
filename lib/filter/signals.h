/* SPDX-License-Identifier: MIT */
#ifndef FILTER_SIGNALS_H
#define FILTER_SIGNALS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct err;

/*
 * What is measured of a text (filter/signals.def), once for all profiles.
 * Source: Rae et al., "Scaling Language Models: Methods, Analysis & Insights
 * from Training Gopher" (2021), appendix A.1, table A1; the reading of its
 * rules is datatrove's of January 2025 and later (gopher_quality_filter.py,
 * gopher_repetition_filter.py).
 */
enum signal {
#define SIGNAL(name, group, what) SIG_##name,
#include "filter/signals.def"
#undef SIGNAL
	SIGNALS
};

/* Bytes of the text where a signal shows; n = 0: nowhere in particular. */
struct signal_span {
	uint32_t at, n;
};

struct signals {
	double v[SIGNALS];
	/*
	 * Of the repetition signals: the first duplicate, the first of the
	 * most frequent n-grams.
	 */
	struct signal_span where[SIGNALS];
};

/* The name that profiles and expressions use, and what it is. */
const char *signal_name(enum signal s);
const char *signal_about(enum signal s);
/* SIGNALS if there is none of that name. */
enum signal signal_find(struct str name);

/*
 * What tokens and sentences are: spaCy's (base/text/words.h), and marks those
 * of datatrove 0.10; or NLTK's (base/text/punkt.h), and marks those of
 * datatrove at FineWeb's release (0.2.0); or what white space parts, of which
 * all are words, and there are no sentences; or the words of Unicode
 * (filter/unicode_words.h) that begin with a letter or number, likewise.
 */
enum words {
	WORDS_ENGLISH,
	WORDS_TREEBANK,
	WORDS_SPACES,
	WORDS_UNICODE,
	WORDS_KINDS
};
/* "english", "treebank", "spaces", "unicode". */
const char *words_name(enum words w);
/* WORDS_KINDS if there is none of that name. */
enum words words_find(struct str name);

/*
 * Measures a text: nothing until it is asked for, and then once for all kinds
 * of words if it has nothing to do with them.  Scratch memory of one thread.
 */
struct meter;
struct meter *meter_new(void); /* NULL when memory is out */
void meter_free(struct meter *m);
/*
 * Begin with a text, which is valid UTF-8, shorter than 2^28 bytes (ERR_ARG)
 * and stays as it is until the next one.  What is measured of it takes time
 * linear in its bytes.
 */
int meter_begin(struct meter *m, struct str text, struct err *e);
/* One signal and where it shows (span: or NULL).  ERR_NOMEM. */
int meter_signal(struct meter *m, enum words words, enum signal s, double *v,
    struct signal_span *span, struct err *e);
/*
 * Is the signal certainly no more, or no less, than limit?  Costs less than
 * measuring it; where that isn't so, or there is no telling, *known is false.
 * ERR_NOMEM.
 */
int meter_at_most(struct meter *m, enum words words, enum signal s,
    double limit, bool *known, struct err *e);
int meter_at_least(struct meter *m, enum words words, enum signal s,
    double limit, bool *known, struct err *e);
/* The tokens of the text, if they are there: valid until the next text. */
struct meter_words {
	const struct str *v;
	size_t n;
};
bool
meter_words(const struct meter *m, enum words words, struct meter_words *w);
/* All signals. */
int
meter_all(struct meter *m, enum words words, struct signals *s, struct err *e);

#endif
