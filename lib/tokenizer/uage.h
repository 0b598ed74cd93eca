/* SPDX-License-Identifier: MIT */
#ifndef TOKENIZER_UAGE_H
#define TOKENIZER_UAGE_H

#include <stdbool.h>
#include <stdint.h>

struct buf;

/*
 * The tables inside the tokenizers library that no --unicode changes: the
 * properties of Punctuation and BertNormalizer are those of Unicode 8 (its
 * crate unicode_categories), the normal forms and StripAccents those of
 * Unicode 9 (unicode-normalization-alignments).  What came later is to it as
 * if it weren't assigned: no mark, no punctuation, its own normal form.
 */
bool uage_behind_8(uint32_t cp);
bool uage_behind_9(uint32_t cp);
/* Append, as a regex writes ranges in a class, those behind 8. */
void uage_ranges_behind_8(struct buf *to);

#endif
