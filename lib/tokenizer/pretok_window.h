/* SPDX-License-Identifier: MIT */
#ifndef TOKENIZER_PRETOK_WINDOW_H
#define TOKENIZER_PRETOK_WINDOW_H

#include <stdint.h>

#include "tokenizer/bytemask.h"

/*
 * Where pieces begin in a window of up to 64 ASCII bytes, the first of which
 * begins one: bit i is set if one begins at byte i.  Only what no byte behind
 * the window can change is set, and all below the highest bit set is complete;
 * bit 0 never is.
 *
 * size: bytes of the window that are text, all ASCII.  A pattern looks at no
 * byte before a piece, so windows need know nothing of each other.
 */
typedef uint64_t
window_starts(const struct bytemask *m, const uint8_t *p, unsigned size);

window_starts window_gpt2, window_cl100k, window_qwen2, window_nanochat,
    window_o200k;

#endif
