/* SPDX-License-Identifier: MIT */
#ifndef EXTRACT_FIELD_H
#define EXTRACT_FIELD_H

#include <stdbool.h>

#include "base/str.h"

/*
 * Header fields as WARC, HTTP and MIME have them: "Name: value" lines behind a
 * first line, CRLF or LF, a line that begins with a blank going on with the
 * value before.  All total: what isn't there is {NULL, 0}.
 */

/* The value of the first field of that name, any case, blanks trimmed.  A
 * folded value is given with its line ends. */
struct str field_get(struct str head, const char *name);
/* The parameter of a value like `text/html; charset="utf-8"`, unquoted. */
struct str field_param(struct str value, const char *name);
/* The part of a value before ';', trimmed. */
struct str field_main(struct str value);
/* Without leading and trailing blanks and line ends. */
struct str field_trim(struct str s);
/* "<x>" as "x". */
struct str field_unbracket(struct str s);
/* Equal but for ASCII case? */
bool field_is(struct str s, const char *lower);
/* Where `lower` (ASCII, lower case) stands in s, any case; NULL if nowhere. */
const char *field_find(struct str s, const char *lower);

static inline bool
field_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline char
field_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static inline bool
field_is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f';
}

#endif
