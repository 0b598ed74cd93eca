/* SPDX-License-Identifier: MIT */
#ifndef FILTER_LEXICON_H
#define FILTER_LEXICON_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct err;

/*
 * Lists of words and phrases, read at run time, and where they stand in texts.
 * A file has an entry a line; blank lines and those that begin with # don't
 * count.  Case doesn't matter, and any white space matches any other.  An entry
 * stands for whole words, but in scripts that put no spaces between words
 * (Han, kana, Thai, Lao, Khmer, Burmese) for any stretch of text.  Of the
 * entries of a list that begin at a place the longest counts, and what it
 * covers is not looked at again.
 */
struct lexicons;

enum { LEXICONS_MAX = 64 };

struct lexicons *lexicons_new(void); /* NULL when memory is out */
void lexicons_free(struct lexicons *l);
/*
 * Read a file into the list of that name, for texts in one language (empty: in
 * any).  ERR_FORMAT names file and line; ERR_ARG: over LEXICONS_MAX names.
 */
int lexicons_add(struct lexicons *l, struct str name, struct str language,
    const char *file, struct err *e);
/* The same of what --lexicon gives: NAME=FILE or NAME:LANGUAGE=FILE. */
int lexicons_read(struct lexicons *l, const char *option, struct err *e);
/* The same of a file's bytes; file is for messages. */
int lexicons_parse(struct lexicons *l, struct str name, struct str language,
    struct str source, const char *file, struct err *e);
/* After the last.  ERR_NOMEM. */
int lexicons_seal(struct lexicons *l, struct err *e);
size_t lexicons_count(const struct lexicons *l);
const char *lexicons_name(const struct lexicons *l, size_t i);

struct lexicon_match {
	uint32_t start, n; /* bytes of the text */
	uint32_t list;
};

/* Scratch memory of one thread; all zeros at first. */
struct lexicon_found {
	struct lexicon_match *v; /* in order of start */
	size_t n, cap;
	uint64_t words; /* of the text: runs of letters and numbers, and single
			 * characters of the scripts without spaces */
	char *low;
	size_t room;
};
/* Valid UTF-8 of less than 2^32 bytes.  ERR_NOMEM, ERR_ARG. */
int lexicons_find(const struct lexicons *l, struct str text,
    struct str language, struct lexicon_found *f, struct err *e);
void lexicon_found_free(struct lexicon_found *f);

#endif
