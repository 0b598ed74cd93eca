/* SPDX-License-Identifier: MIT */
#ifndef TRAIN_TEXTOUT_H
#define TRAIN_TEXTOUT_H

#include <stdbool.h>

#include "base/buf.h"

/*
 * Bytes that arrive a token at a time, given out a code point at a time: move
 * what is whole from pending to ready.  A sequence that can still become a
 * code point stays; bytes that never can are U+FFFD, as is at the end what
 * stayed.
 */
void textout(struct buf *pending, struct buf *ready, bool end);

#endif
