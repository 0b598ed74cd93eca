/* SPDX-License-Identifier: MIT */
#include "train.h"

#include "base/err.h"
#include "count.h"
#include "learn.h"
#include "pretok.h"
#include "uclass.h"
#include "unigram_learn.h"
#include "wordfile.h"

static int
learn(struct bpe *b, struct words *w, const struct train_opts *opts,
    struct run *r, struct err *e)
{
	struct learn_opts lo = { .vocab = (uint32_t)opts->vocab,
		.ties = opts->ties,
		.min_count = opts->min_count,
		.max_len = opts->max_len,
		.specials = opts->specials,
		.nspecial = opts->nspecial,
		.chars = opts->chars,
		.alphabet = (size_t)opts->alphabet,
		.initial = opts->initial,
		.memory = r->opt->memory,
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
count(struct counted *c, struct texts *in, const struct pretok *pt,
    enum learn_ties ties, struct run *r, struct err *e)
{
	const struct opt_common *before = r->opt;
	bool ordered = ties == LEARN_FIRST;
	struct opt_common one = *before;
	int rc;

	one.threads = 1;
	if (ordered)
		r->opt = &one;
	rc = words_count(c, in, pt, before->memory, ordered, r, e);
	r->opt = before;
	return rc;
}

static int
open_pattern(
    struct pretok **pt, const char *pattern, unsigned unicode, struct err *e)
{
	int rc = pretok_open(pt, pattern, e);

	if (rc == 0 && unicode && (rc = pretok_unicode(*pt, unicode, e)) < 0) {
		pretok_close(*pt);
		*pt = NULL;
	}
	return rc;
}

/* pattern: a name or a regex. */
static int
check_opts(const struct train_opts *opts, const char *pattern, struct err *e)
{
	if (opts->vocab < 256 + opts->nspecial || opts->vocab > BPE_MAX_ID)
		return err_set(e, ERR_ARG,
		    "a vocabulary of %llu: it takes at least 256 bytes and %zu "
		    "special tokens, at most %d",
		    (unsigned long long)opts->vocab, opts->nspecial,
		    BPE_MAX_ID);
	if (opts->chars && opts->ties != LEARN_HF)
		return err_set(e, ERR_ARG,
		    "BPE over characters breaks ties as hf does only");
	if (!opts->chars && (opts->alphabet || opts->initial.n))
		return err_set(e, ERR_ARG,
		    "only BPE over characters has an alphabet to choose");
	if ((opts->unigram || opts->chars) && opts->unicode)
		return err_set(e, ERR_ARG,
		    "a version of Unicode can be chosen for byte-level BPE "
		    "only");
	if ((opts->unigram || opts->chars) && pre_named(pattern))
		return err_set(e, ERR_ARG,
		    "the pattern %s cuts within characters, of which pieces "
		    "are made",
		    pattern);
	return 0;
}

/* Ends w. */
static int
learn_from(struct bpe *b, struct words *w, const char *regex,
    const struct train_opts *opts, struct run *r, struct train_stats *stats,
    struct err *e)
{
	int rc;

	measure(w, stats);
	rc = learn(b, w, opts, r, e);
	words_free(w);
	if (rc == 0)
		rc = bpe_set_pattern(b, regex, e);
	b->unicode = opts->unicode == UNICODE_LAST ? 0 : opts->unicode;
	if (rc < 0)
		bpe_free(b);
	return rc;
}

int
bpe_train(struct bpe *b, struct texts *in, const struct train_opts *opts,
    struct run *r, struct train_stats *stats, struct err *e)
{
	struct counted c = { 0 };
	struct words w = { 0 };
	struct pretok *pt;
	int rc;

	*stats = (struct train_stats){ 0 };
	if (check_opts(opts, opts->pattern, e) < 0 ||
	    open_pattern(&pt, opts->pattern, opts->unicode, e) < 0)
		return e->code;
	rc = count(&c, in, pt, opts->ties, r, e);
	if (rc == 0)
		rc = counted_words(&c, &w, r->opt->memory, e);
	if (rc == 0)
		rc = learn_from(b, &w, pretok_regex(pt), opts, r, stats, e);
	pretok_close(pt);
	return rc;
}

/* ---- by way of files ---- */

struct counting {
	struct wordfile file;
	struct train_stats *stats;
};

static int
put_word(void *ctx, struct str word, uint64_t n, struct err *e)
{
	struct counting *c = ctx;

	c->stats->pieces += n;
	c->stats->distinct++;
	return wordfile_put(&c->file, word, n, e);
}

int
bpe_count(struct texts *in, const struct train_opts *opts, struct run *r,
    struct train_stats *stats, struct err *e)
{
	struct counting c = { .stats = stats };
	struct counted all = { 0 };
	struct pretok *pt;
	int rc, end;
	struct err e2;

	*stats = (struct train_stats){ 0 };
	if (open_pattern(&pt, opts->pattern, opts->unicode, e) < 0)
		return e->code;
	rc = words_count(&all, in, pt, r->opt->memory, false, r, e);
	if (rc == 0)
		rc = wordfile_start(&c.file, r->out, pretok_regex(pt), e);
	if (rc == 0)
		rc = counted_each(&all, put_word, &c, e);
	end = wordfile_end(&c.file, &e2);
	if (rc == 0 && end < 0) {
		*e = e2;
		rc = end;
	}
	counted_free(&all);
	pretok_close(pt);
	return rc;
}

int
bpe_train_counts(struct bpe *b, const struct paths *files,
    const struct train_opts *opts, struct run *r, struct train_stats *stats,
    struct err *e)
{
	struct buf pattern = { 0 };
	struct pretok *pt = NULL;
	struct words w = { 0 };
	size_t i;
	int rc = 0;

	*stats = (struct train_stats){ 0 };
	if (rc == 0 && opts->ties == LEARN_FIRST)
		rc = err_set(e, ERR_ARG,
		    "counts don't know which pair the text has first");
	if (rc == 0 && opts->pattern)
		rc = open_pattern(&pt, opts->pattern, opts->unicode, e);
	if (pt)
		buf_puts(&pattern, pretok_regex(pt));
	for (i = 0; rc == 0 && i < files->n; i++)
		rc =
		    wordfile_read(&w, &pattern, files->v[i], r->opt->memory, e);
	buf_putc(&pattern, '\0');
	if (rc == 0 && (rc = buf_ok(&pattern, e)) == 0 &&
	    (rc = check_opts(opts, pattern.p, e)) == 0 &&
	    (pt || (rc = open_pattern(&pt, pattern.p, opts->unicode, e)) == 0))
		rc = learn_from(b, &w, pattern.p, opts, r, stats, e);
	r->tally.in = r->tally.kept = rc == 0 ? files->n : 0;
	words_free(&w);
	buf_free(&pattern);
	pretok_close(pt);
	return rc;
}
