/* SPDX-License-Identifier: MIT */
#ifndef TOKENIZER_PRETOK_SCAN_H
#define TOKENIZER_PRETOK_SCAN_H

/* Inside the pre-tokeniser: how patterns register. */

#include "tokenizer/pretok.h"

/* The end of the piece at p < end. */
typedef const uint8_t *
pretok_piece(const uint8_t *table, const uint8_t *p, const uint8_t *end);

/*
 * Offsets of pieces from *at on, which moves; as pretok_next().  table: of
 * uclass_table().
 */
typedef size_t pretok_fill(const uint8_t *table, struct str text, size_t *at,
    size_t *ends, size_t cap);

struct pretok_kind {
	const char *name;
	const char *regex;
	pretok_fill *fill; /* NULL: PCRE2 does it */
};

/* The regex that a pattern's name stands for, or the pattern itself. */
const char *pretok_spelt(const char *pattern);

/* Ends with { 0 }. */
extern const struct pretok_kind pretok_kinds[];

pretok_fill pretok_fill_gpt2, pretok_fill_cl100k, pretok_fill_qwen2,
    pretok_fill_nanochat, pretok_fill_o200k, pretok_fill_whitespace;

/* Regexes (pretok_regex.c). */
struct pretok_re;
struct pretok_re_scan;

int pretok_re_open(struct pretok_re **re, const char *regex, struct err *e);
void pretok_re_close(struct pretok_re *re);
/* Is all of s, which is valid UTF-8, one match?  1 or 0; <0 if PCRE2 fails. */
int pretok_re_takes(const struct pretok_re *re, struct str s);
struct pretok_re_scan *
pretok_re_scan_new(const struct pretok_re *re, struct err *e);
void pretok_re_scan_free(struct pretok_re_scan *s);
int pretok_re_start(struct pretok_re_scan *s, struct str text, struct err *e);
ptrdiff_t pretok_re_next(
    struct pretok_re_scan *s, size_t *ends, size_t cap, struct err *e);
/* As pretok_span(). */
int pretok_re_span(
    struct pretok_re_scan *s, size_t *end, bool *match, struct err *e);

#endif
