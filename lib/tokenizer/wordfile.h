/* SPDX-License-Identifier: MIT */
#ifndef TOKENIZER_WORDFILE_H
#define TOKENIZER_WORDFILE_H

#include <stdint.h>

#include "base/buf.h"
#include "tokenizer/words.h"

struct err;
struct out;

/*
 * Counts of pieces as a file, so that texts are counted in shards, on several
 * machines, and learnt from together:
 *
 *	#quern-counts 1 PATTERN
 *	12<TAB>Ġthe
 *	3<TAB>Ċ
 *	#end 2
 *
 * A line is a count and a piece, written in the byte-level alphabet
 * (bytelevel.h), in order of the pieces' bytes; PATTERN, the regex that they
 * were split by, is written so, too.  The last line has the number of those
 * between, so that a file that was cut off is refused.  Reading takes any
 * order, and a piece several times.
 */
struct wordfile {
	struct out *out;
	struct buf line;
	uint64_t pieces;
};

/* Begin a file; wordfile_put() adds a line (its type is that of word_take). */
int wordfile_start(
    struct wordfile *f, struct out *out, const char *pattern, struct err *e);
int wordfile_put(void *f, struct str word, uint64_t n, struct err *e);
/* What is left to write. */
int wordfile_end(struct wordfile *f, struct err *e);

/*
 * Add a file's counts to w.  pattern: empty, and set from the file, or what the
 * file must have.  most: bytes that w may take, 0: no limit.  ERR_FORMAT names
 * file and line, also where all counts times lengths come to 2^63.
 */
int wordfile_read(struct words *w, struct buf *pattern, const char *path,
    uint64_t most, struct err *e);

#endif
