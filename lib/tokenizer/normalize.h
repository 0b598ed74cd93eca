/* SPDX-License-Identifier: MIT */
#ifndef TOKENIZER_NORMALIZE_H
#define TOKENIZER_NORMALIZE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/str.h"

struct err;

/*
 * What some tokenizers do to a text before they split it.  Bytes that are not
 * UTF-8 stay, and characters on both sides of one don't join.
 * Source: Unicode Standard Annex 15 (by utf8proc).
 */
enum norm_kind {
	NORM_NFC,
	NORM_NFD,
	NORM_NFKC,
	NORM_NFKD,
	NORM_LOWERCASE, /* character by character, whatever stands around */
	NORM_PREPEND,   /* text before every text that isn't empty */
};

enum { NORM_STEPS = 8, NORM_PREFIX = 16 };

struct norm {
	enum norm_kind steps[NORM_STEPS]; /* in this order */
	size_t n;
	char prefix[NORM_PREFIX]; /* of NORM_PREPEND, of which there is one */
};

/* The name in tokenizer.json ("NFC"), and back; -1 if there is none. */
const char *norm_name(enum norm_kind k);
int norm_find(struct str name);
/* ERR_FORMAT if there are too many steps. */
int norm_add(struct norm *n, enum norm_kind k, struct err *e);
/*
 * May parts of a text, cut between an ASCII letter and a space or newline, be
 * normalised alone?
 */
bool norm_can_cut(const struct norm *n);
/*
 * *text becomes the normalised one, which lies in to[0], to[1], or still where
 * it was if nothing changes.
 */
int norm_run(
    const struct norm *n, struct str *text, struct buf to[2], struct err *e);

#endif
