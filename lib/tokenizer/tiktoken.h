/* SPDX-License-Identifier: MIT */
#ifndef TOKENIZER_TIKTOKEN_H
#define TOKENIZER_TIKTOKEN_H

#include <stdbool.h>
#include <stddef.h>

#include "tokenizer/bpe.h"

struct err;

/*
 * tiktoken's vocabulary files: a line a token, its bytes in base64, a space,
 * its rank, which is its id.
 *
 *	IQ== 0
 *	Ig== 1
 *
 * The file knows neither pattern nor special tokens: both go by its name
 * (cl100k_base.tiktoken) or are given.  Any two neighbours whose bytes together
 * are a token are merged, the one of least rank first, the leftmost of equals;
 * a piece that is a token is that token.
 * Source: OpenAI's tiktoken, _byte_pair_merge() and tiktoken_ext/.
 */

/* Is path named like one, compression aside? */
bool tiktoken_is(const char *path);
/*
 * Fill b, which is empty, and index it.  pattern: a name or a regex, or NULL
 * to go by path; special tokens are those known for path.  ERR_FORMAT says
 * what is wrong at which line, ERR_ARG that there is no pattern for the name.
 */
int tiktoken_read(struct bpe *b, const char *path, const char *pattern,
    const char *p, size_t n, struct err *e);
/*
 * Append the file.  ERR_FORMAT if its reader would encode otherwise: where
 * merges don't come by rising id, two make one token, or a token isn't made by
 * its merges.  Special tokens and the pattern are left out.
 */
int tiktoken_write(const struct bpe *b, struct buf *out, struct err *e);

#endif
