/* SPDX-License-Identifier: MIT */
#ifndef FILTER_LANG_SCAN_H
#define FILTER_LANG_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/*
 * Words of a text by script, and the n-grams of a word: what the built-in
 * language model is made of, in training and in use.
 */
enum {
	LANG_SCRIPTS = 64, /* more than there are */
	LANG_WORD = 48,    /* code points; longer words are parted */
	LANG_GRAM = 5,     /* code points at most */
	LANG_GRAMS = LANG_GRAM * (LANG_WORD + 2) + 1,
	LANG_LANES = 8, /* n-grams hashed together */
	LANG_ROWS = LANG_GRAMS + LANG_LANES,
	LANG_HASH = 32, /* bits of a hash */
	LANG_PLANE = 1 << 16,
};

/* A script that letters belong to. */
struct lang_script {
	const char *name; /* four letters, ISO 15924 */
	const char *only; /* code of the language that alone is usual in it */
};
/* Number 0 is no script.  NULL from the first number on that is none. */
const struct lang_script *lang_script(unsigned i);

/* What each code point of the first plane is; the same for every model. */
struct lang_chars {
	uint8_t script[LANG_PLANE]; /* 0: no letter; LANG_MARK */
	uint16_t lower[LANG_PLANE];
};
enum { LANG_MARK = 255 /* belongs to the letter before it */ };
void lang_chars_init(struct lang_chars *c);

struct lang_word {
	/* Lower case; a space at either end.  What follows means nothing. */
	uint32_t cp[LANG_WORD + 2 + LANG_GRAM + LANG_LANES];
	unsigned n; /* with the spaces */
	unsigned script;
	size_t bytes; /* in the text */
};

/*
 * The words of a text.  Left out are addresses of pages and mailboxes and what
 * stands between backquotes on a line: they are in no language.  Any bytes may
 * come; nothing past the end is read.
 */
struct lang_scan {
	const struct lang_chars *chars;
	const char *at, *end;
	const char *chunk;         /* end of the run of non-space bytes known to
				      be no address */
	const char *mail, *scheme; /* the next @ and :, or end */
};
void lang_scan_init(
    struct lang_scan *s, const struct lang_chars *c, struct str text);
/* The next word; false at the end. */
bool lang_scan_next(struct lang_scan *s, struct lang_word *w);

/* Which n-grams; rows: 1 << bits. */
struct lang_grams {
	uint8_t min, max, bits;
};
/*
 * Hashed rows of the word's n-grams of min..max code points, its spaces among
 * them, the shortest first, and of the whole word if no n-gram holds it;
 * returns how many, at most LANG_GRAMS; all LANG_ROWS may be written to.
 * rows >> n are those of n bits less.
 */
unsigned lang_word_rows(
    const struct lang_word *w, struct lang_grams g, uint32_t rows[LANG_ROWS]);

#endif
