/* SPDX-License-Identifier: MIT */
#ifndef EXTRACT_ENTITY_H
#define EXTRACT_ENTITY_H

#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

/*
 * HTML's character references, by name and by number.
 * Source: HTML Standard, 13.2.5.72 to 13.2.5.80 and 13.5; for the names,
 * entity_table.c.
 */
enum { ENTITY_BYTES = 8 }; /* of UTF-8 at most; never over 6/5 of the name */

/* Which references lack their semicolon. */
enum entity_mode {
	ENTITY_TEXT,      /* old names, whatever follows: the longest counts */
	ENTITY_ATTRIBUTE, /* ... unless a letter, digit or '=' does */
	ENTITY_XML,       /* none */
};

/*
 * The reference that s begins with: how many bytes it takes up, 0 if it is
 * none.  Its text in out[0..*n).  s.p[0] must be '&'.
 */
size_t entity_read(
    struct str s, enum entity_mode mode, char out[ENTITY_BYTES], size_t *n);

/* s with its references replaced, appended to out. */
void entity_decode(struct str s, enum entity_mode mode, struct buf *out);

/* U+0080 to U+009F as windows-1252 has them, in UTF-8; "" for five of them. */
const char *entity_c1(unsigned char c);

/* Once in the process, before entity_read(); html_init() does it. */
void entity_init(void);

/* The table: "name", a mark (1: may lack its semicolon, 2: may not), text, NUL;
 * sorted by name. */
extern const char entity_table[];
extern const size_t entity_names;

#endif
