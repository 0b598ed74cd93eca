/* SPDX-License-Identifier: MIT */
#ifndef TOKENIZER_SEAM_H
#define TOKENIZER_SEAM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct err;
struct norm;
struct pre_step;

/*
 * Seams: places where a text may be cut so that the parts, each split on its
 * own, give the pieces of the whole.  A place is one for what stands on both
 * sides of it: two well-formed characters a, b for which
 *
 *	- steps (pre.h) put a cut between them, whatever stands around, and
 *	  none before that can tell b from the end of the text (seam_rule.h);
 *	- all versions of Unicode agree on them (uclass.h), and they aren't both
 *	  white space;
 *	- each step of the normaliser leaves them, and joins nothing over the
 *	  place (norm_keeps());
 *	- no added token holds the last byte of a before the first of b, nor
 *	  looks over the place.
 *
 * For one thread at a time; the same text has the same seams always.
 */
struct seams;

/*
 * *s: NULL where a text has none.  norm may be NULL.  at_space: b is to be
 * ' ', as where other beginnings of a text would get one.  All outlive *s.
 */
int seams_open(struct seams **s, const struct pre_step *steps, size_t n,
    const struct norm *norm, bool at_space, struct err *e);
void seams_free(struct seams *s);
/* No seam between two bytes that follow each other in this token. */
void seams_spare(struct seams *s, struct str token);
/* None before the token's first byte, none behind its last. */
void seams_spare_front(struct seams *s, struct str token);
void seams_spare_back(struct seams *s, struct str token);

/* The last seam in (from, text.n), or 0. */
size_t seams_last(struct seams *s, struct str text, size_t from);

#endif
