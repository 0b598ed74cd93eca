/* SPDX-License-Identifier: MIT */
#ifndef TOKENIZER_BYTELEVEL_H
#define TOKENIZER_BYTELEVEL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct buf;

/*
 * The byte-level alphabet: each of the 256 bytes is written as one printable
 * character, so that a vocabulary of byte strings can be stored as text.
 * Bytes 33-126, 161-172 and 174-255 stand for themselves; the others, in
 * order, are U+0100, U+0101, ...
 * Source: Radford et al., "Language models are unsupervised multitask
 * learners" (2019), bytes_to_unicode() of its code.
 */
uint32_t bytelevel_char(uint8_t byte);
/* The byte that cp stands for, or -1. */
int bytelevel_byte(uint32_t cp);
/* Bytes by the code point of their character: the order of ids. */
const uint8_t *bytelevel_order(void);
/* Append the text that stands for bytes. */
void bytelevel_encode(struct buf *out, struct str bytes);
/*
 * Append the bytes that text (valid UTF-8) stands for; false, and nothing is
 * appended, if it holds a character that stands for no byte.
 */
bool bytelevel_decode(struct buf *out, struct str text);

#endif
