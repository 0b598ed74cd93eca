/* SPDX-License-Identifier: MIT */
#ifndef EXTRACT_CORPUS_TEX_H
#define EXTRACT_CORPUS_TEX_H

#include "base/buf.h"

/* Inside corpus_tex*.c. */

enum { TEX_GROUP = 2500 }; /* bytes of a group that is looked through */

/* Behind the group that opens at i, blanks before it skipped; 0 if there is
 * none, or its end is far off. */
size_t tex_group(struct str s, size_t i, struct str *inside);
/* Does the command `name` ("\\def") stand at i, whole? */
bool tex_command(struct str s, size_t i, struct str name);

/*
 * Without comments and what \iffalse hides, \input files put in from the
 * bundle.  At most max bytes; false if that was too little.
 */
bool tex_flatten(struct str s, struct str path, struct str bundle, size_t max,
    struct buf *out);
/*
 * Macros of text arguments that the source defines (\newcommand, \def,
 * \DeclareMathOperator), replaced in body by what they stand for.  Definitions
 * are taken from both.  No more than max bytes come out; macros left then stay.
 */
void
tex_expand(struct str preamble, struct str body, size_t max, struct buf *out);

#endif
