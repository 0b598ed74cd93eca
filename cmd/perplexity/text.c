/* SPDX-License-Identifier: MIT */
#include "perplexity.h"

#include <stdlib.h>
#include <string.h>

#include "tokenizer/as_words.h"

struct opt_common perplexity_common;
const struct opt perplexity_shared[] = { OPT_COMMON(&perplexity_common),
	{ 0 } };
struct perplexity_text perplexity_text = { "ccnet", "auto" };

/* For struct lm_pieces, whose codec.ctx is the tokenizer. */
static int
spell(
    void *ctx, void *scratch, struct str text, struct buf *words, struct err *e)
{
	return tokenizer_spell_unknown(ctx, scratch, text, words, e);
}

void
pieces_free(struct pieces *p)
{
	if (p->lm.codec.close)
		p->lm.codec.close(p->lm.codec.ctx);
	free(p->lm.names);
	buf_free(&p->bytes);
}

int
pieces_open(struct pieces *p, const char *path, struct err *e)
{
	if (tokenizer_open(&p->lm.codec, path, e) < 0)
		return e->code;
	p->lm.unknown = tokenizer_unknown(p->lm.codec.ctx);
	p->lm.spell = spell;
	return tokenizer_words(p->lm.codec.ctx, &p->lm.names, &p->bytes, e);
}

struct lm_text
pieces_text(const struct pieces *p)
{
	bool pieces = p && p->lm.names;

	return (struct lm_text){ .normal = strcmp(perplexity_text.normalize,
					       "ccnet") == 0,
		.document =
		    strcmp(perplexity_text.sentence, "document") == 0 ||
		    (pieces && strcmp(perplexity_text.sentence, "auto") == 0),
		.pieces = pieces ? &p->lm : NULL };
}

void *
perplexity_worker_new(void *ctx, struct err *e)
{
	struct worker *w = calloc(1, sizeof(*w));

	(void)ctx;
	if (!w)
		err_nomem(e, "threads");
	return w;
}

void
perplexity_worker_free(void *worker)
{
	struct worker *w = worker;

	lm_scratch_free(&w->scratch);
	ngram_row_free(&w->row);
	free(w);
}
