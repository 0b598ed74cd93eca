/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "unigram_learn.h"

static int
put_one(struct bpe *b, struct str s, double score, struct err *e)
{
	b->sub.scores[b->ntoken] = score;
	return bpe_set_token(b, b->ntoken, s, e);
}

/* Names that a text can spell are no way to write it: nothing is worse. */
static const double never = -1000;

static int
put_fixed(struct bpe *b, const struct learn_opts *opts, struct err *e)
{
	struct bpe_added a = { .special = true, .in_vocab = true };
	char name[8];
	size_t i, n;

	if (put_one(b, STR("<unk>"), never, e) < 0)
		return e->code;
	for (i = 0; i < opts->nspecial; i++) {
		a.id = b->ntoken;
		if (put_one(b, opts->specials[i], never, e) < 0 ||
		    bpe_add_added(b, a, e) < 0)
			return e->code;
	}
	for (i = 0; i < 256; i++) {
		n = subword_byte_name(name, (uint8_t)i);
		if (put_one(b, (struct str){ name, n }, never, e) < 0)
			return e->code;
	}
	return 0;
}

int
unigram_vocabulary(struct bpe *b, const struct unigram_state *u,
    const struct learn_opts *opts, struct err *e)
{
	size_t i;

	b->sub.kind = SUBWORD_UNIGRAM;
	b->sub.byte_fallback = b->sub.fuse_unk = true;
	b->sub.scores = calloc(opts->vocab, sizeof(double));
	b->decoder_json = strdup(SUBWORD_BYTES_DECODER);
	if (!b->sub.scores || !b->decoder_json)
		return err_nomem(e, "the vocabulary");
	if (put_fixed(b, opts, e) < 0)
		return e->code;
	for (i = 0; i < u->npiece; i++)
		if (put_one(b, u->pieces[i].s, u->pieces[i].score, e) < 0)
			return e->code;
	return 0;
}
