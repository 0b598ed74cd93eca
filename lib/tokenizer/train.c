/* SPDX-License-Identifier: MIT */
#include "train.h"

#include "base/err.h"
#include "count.h"
#include "learn.h"
#include "pretok.h"
#include "unigram_learn.h"

static int
learn(struct bpe *b, const struct words *w, const struct train_opts *opts,
    struct run *r, struct err *e)
{
	struct learn_opts lo = { .vocab = (uint32_t)opts->vocab,
		.ties = opts->ties,
		.min_count = opts->min_count,
		.max_len = opts->max_len,
		.specials = opts->specials,
		.nspecial = opts->nspecial,
		.progress = &r->progress };
	int rc;

	progress_start(&r->progress, r->cmd->name,
	    opts->unigram ? "rounds" : "merges",
	    opts->unigram ? 0 : opts->vocab, r->opt->progress, r->opt->quiet);
	r->progress.bytes = false;
	rc = opts->unigram ? unigram_learn(b, w, &lo, r->opt->threads, e)
			   : bpe_learn(b, w, &lo, e);
	progress_clear(&r->progress);
	return rc;
}

static void
measure(const struct words *w, struct train_stats *s)
{
	uint64_t i;

	s->distinct = w->used;
	for (i = 0; i < w->nslot; i++)
		s->pieces += w->slots[i].n;
}

/* Where the order of the text matters, one thread meets it in order. */
static int
count(struct words *w, struct texts *in, const struct pretok *pt,
    enum learn_ties ties, struct run *r, struct err *e)
{
	const struct opt_common *before = r->opt;
	struct opt_common one = *before;
	int rc;

	one.threads = 1;
	if (ties == LEARN_FIRST)
		r->opt = &one;
	rc = words_count(w, in, pt, before->memory, r, e);
	r->opt = before;
	return rc;
}

static int
train(struct bpe *b, struct texts *in, const struct pretok *pt,
    const struct train_opts *opts, struct run *r, struct train_stats *stats,
    struct err *e)
{
	struct words w = { 0 };
	int rc;

	rc = count(&w, in, pt, opts->ties, r, e);
	if (rc < 0)
		return rc;
	measure(&w, stats);
	rc = learn(b, &w, opts, r, e);
	words_free(&w);
	if (rc < 0)
		return rc;
	return bpe_set_pattern(b, pretok_regex(pt), e);
}

int
bpe_train(struct bpe *b, struct texts *in, const struct train_opts *opts,
    struct run *r, struct train_stats *stats, struct err *e)
{
	struct pretok *pt;
	int rc;

	*stats = (struct train_stats){ 0 };
	if (opts->vocab < 256 + opts->nspecial || opts->vocab > BPE_MAX_ID)
		return err_set(e, ERR_ARG,
		    "a vocabulary of %llu: it takes at least 256 bytes and %zu "
		    "special tokens, at most %d",
		    (unsigned long long)opts->vocab, opts->nspecial,
		    BPE_MAX_ID);
	if (opts->unigram && pre_named(opts->pattern))
		return err_set(e, ERR_ARG,
		    "the pattern %s cuts within characters, of which Unigram "
		    "pieces are made",
		    opts->pattern);
	if (pretok_open(&pt, opts->pattern, e) < 0)
		return e->code;
	rc = train(b, in, pt, opts, r, stats, e);
	pretok_close(pt);
	if (rc < 0)
		bpe_free(b);
	return rc;
}
