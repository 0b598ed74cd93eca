/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SEAM_PIECES_H
#define TESTS_SEAM_PIECES_H

/* A text's pieces as bytes that can be compared. */

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "tokenizer/pre.h"

static int
note_piece(void *ctx, const struct piece *p, struct err *e)
{
	struct buf *b = ctx;

	buf_str(b, p->s);
	buf_put(b, "\0|", 2);
	return buf_ok(b, e);
}

/* Appends the pieces of s; false where a regex is too much for PCRE2. */
static bool
put_pieces(struct pre_run *run, struct str s, struct buf *to)
{
	struct err e;

	return pre_pieces(run, s, true, NULL, false, note_piece, to, &e) == 0;
}

#endif
