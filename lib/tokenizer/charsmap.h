/* SPDX-License-Identifier: MIT */
#ifndef TOKENIZER_CHARSMAP_H
#define TOKENIZER_CHARSMAP_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct err;

/*
 * SentencePiece's precompiled rules of normalisation: a double array (units
 * of 32 bits, as the Darts-clone library lays them out) from byte strings to
 * places among NUL-terminated texts.  The file holds
 *
 *	u32 bytes of the units, the units, the texts
 *
 * little-endian.  It comes from a stranger: each place is checked.
 */
struct charsmap {
	uint32_t *units;
	size_t nunit;
	char *texts;
	size_t ntext;
	struct str file; /* owned: what to write it by */
};

/* Copies.  ERR_FORMAT for what can't be one.  m is empty before. */
int charsmap_read(struct charsmap *m, struct str file, struct err *e);
void charsmap_free(struct charsmap *m);
/*
 * The longest (or the shortest) rule that s begins with: its text in *to, and
 * its bytes of s, or 0.
 */
size_t charsmap_longest(const struct charsmap *m, struct str s, struct str *to);
size_t
charsmap_shortest(const struct charsmap *m, struct str s, struct str *to);

#endif
