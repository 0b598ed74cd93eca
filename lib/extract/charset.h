/* SPDX-License-Identifier: MIT */
#ifndef EXTRACT_CHARSET_H
#define EXTRACT_CHARSET_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

struct err;

/*
 * Bytes of a page to UTF-8, in the encoding that they are in rather than the
 * one they claim:
 *
 *	1. a byte order mark;
 *	2. strictly valid UTF-8 with multi-byte sequences, whatever the labels;
 *	3. the label of the HTTP header, then that of <meta> or <?xml?>;
 *	4. uchardet's guess; 5. windows-1252.
 *
 * Labels mean what browsers take them for (latin1 is windows-1252, gb2312 is
 * gb18030).  A page that is labelled UTF-8 and has a few bad bytes stays so;
 * with many, step 4 decides.  Bytes that mean nothing become U+FFFD.
 *
 * Source: WHATWG Encoding Standard, section 4.2 (names and labels);
 * HTML Standard, 13.2.3 (determining the encoding; prescan).
 */
struct charset; /* conversion state of one thread */

struct charset *charset_new(void);
void charset_free(struct charset *c);

/*
 * Decode s: *text is s itself where that is fine, else in out.  label: of the
 * HTTP header, or empty; html: look for <meta>.  *name: WHATWG's name of the
 * encoding, static.  NUL bytes of UTF-8 input stay.  Errors: ERR_NOMEM.
 */
int charset_decode(struct charset *c, struct str s, struct str label, bool html,
    struct buf *out, struct str *text, const char **name, struct err *e);

/* An encoding that we know. */
struct charset_enc {
	const char *name;   /* WHATWG's, lower case */
	const char *iconv;  /* what iconv(3) calls it */
	const char *labels; /* others, each between blanks */
};
enum { CHARSET_UTF8, CHARSET_UTF16LE, CHARSET_UTF16BE, CHARSET_1252 };
extern const struct charset_enc charset_encs[];
extern const size_t charset_nenc;

/* Index of the encoding a label stands for, or -1. */
int charset_lookup(struct str label);
/* The label that the page itself gives in its first bytes, or nothing. */
struct str charset_prescan(struct str s);

#endif
