/* SPDX-License-Identifier: MIT */
#ifndef TOKENIZER_CONVERT_H
#define TOKENIZER_CONVERT_H

#include <stdint.h>

#include "tokenizer/bpe.h"

struct err;

/*
 * Between merges ranked by a list (tokenizer.json, merges.txt) and tokens
 * ranked by their ids, of which any two neighbours merge (.tiktoken).
 *
 * They can mean the same.  Where two neighbours l and r are together a token t,
 * no merge has crossed the ends of t's bytes; so these have been merged as they
 * are when they stand alone.  Then that, too, comes to l and r, and of all the
 * cuts of t this is the only one ever seen: the list needs one merge a token,
 * in the order of ids, none for a token that its bytes alone don't give.
 */

/*
 * By id: is it a token that the model can give?  Not special tokens, unless a
 * merge makes them.  The caller frees; NULL when memory is out.
 */
bool *bpe_model_tokens(const struct bpe *b, struct err *e);
/*
 * The model's tokens that merging their bytes doesn't give, and the first of
 * them (or BPE_NONE).  b is indexed.
 */
int bpe_unreachable(
    const struct bpe *b, uint64_t *n, uint32_t *first, struct err *e);
/*
 * From ids to a list: one merge a token; if there are tokens without one, whole
 * pieces are looked up first.  Indexed anew.  Nothing to do for a list.
 */
int bpe_rank_by_list(struct bpe *b, struct err *e);
/*
 * May ids stand for the list?  ERR_FORMAT says why not: the list that ids give
 * is no part of this one, in the same order; or whole pieces are not looked up
 * first and there are tokens without a merge; or text is changed before it is
 * split; or there are added tokens that aren't special.
 */
int bpe_check_ids(const struct bpe *b, struct err *e);
/* ERR_FORMAT for what only a tokenizer.json can say: the last two of these. */
int bpe_check_same_text(const struct bpe *b, struct err *e);

#endif
