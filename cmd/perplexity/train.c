/* SPDX-License-Identifier: MIT */
#include "perplexity.h"

#include "filter/ngram_train.h"
#include "io/stream.h"

static struct {
	int order;
	const char *prune, *tokenizer;
	bool fallback;
} train = { .order = 3 };

static const struct opt train_opts[] = {
	{ "order", 0, OPT_POSITIVE, &train.order, "N",
	    "n-grams of up to N words", NULL },
	{ "prune", 0, OPT_STR, &train.prune, "A,B,...",
	    "leave out n-grams met at most A times (0), pairs B times, ...; "
	    "the last goes on",
	    NULL },
	{ "tokenizer", 0, OPT_STR, &train.tokenizer, "FILE",
	    "words are tokens of this, such as SentencePiece's", NULL },
	OPT_TEXT,
	{ "discount-fallback", 0, OPT_FLAG, &train.fallback, NULL,
	    "discounts of 0.5, 1 and 1.5 where the counts give none", NULL },
	{ 0 },
};
static const struct opt_cmd train_cmd = {
	.name = "perplexity train",
	.args = "[FILE...]",
	.summary = "train a language model of n-grams, an ARPA file",
	.example = "quern perplexity train --order 5 --prune 0,0,1 "
		   "-o en.arpa.zst reference.jsonl",
	.opts = train_opts,
	.common = perplexity_shared,
};

/* ctx of the workers and of the fold. */
struct trainer {
	struct pieces pieces;
	struct lm_text text;
	struct ngram_train *t;
};

static int
sentences(
    void *ctx, void *worker, struct doc *d, struct emit *em, struct err *e)
{
	const struct trainer *x = ctx;
	struct worker *w = worker;

	em->tally.kept++;
	return lm_text_lines(&x->text, &w->scratch, d->text, &em->side, e);
}

static int
add_sentences(void *ctx, struct str side, struct err *e)
{
	struct trainer *x = ctx;

	return ngram_train_add(x->t, side, e);
}

static int
train_model(void *unused, struct docs *in, struct run *r, struct err *e)
{
	static const struct docs_ops ops = { .worker_new =
						 perplexity_worker_new,
		.worker_free = perplexity_worker_free,
		.doc = sentences,
		.fold = add_sentences };
	struct ngram_train_opts o = { .order = (unsigned)train.order,
		.fallback = train.fallback,
		.memory = perplexity_common.memory ? perplexity_common.memory
						   : (uint64_t)1 << 30,
		.threads = perplexity_common.threads };
	struct trainer x = { 0 };
	int rc = ngram_train_prune(&o, train.prune, e);

	(void)unused;
	if (rc == 0 && train.tokenizer)
		rc = pieces_open(&x.pieces, train.tokenizer, e);
	x.text = pieces_text(&x.pieces);
	if (rc == 0)
		rc = ngram_train_new(&x.t, &o, e);
	if (rc == 0)
		rc = docs_run(in, &ops, &x, r, e);
	if (rc == 0)
		rc = ngram_train_write(x.t, r->out, &r->extra, e);
	ngram_train_free(x.t);
	pieces_free(&x.pieces);
	return rc;
}

int
main_train(int argc, char **argv)
{
	argc = cmd_begin(&train_cmd, argc, argv);
	return cmd_work(
	    &train_cmd, &perplexity_common, argc, argv, train_model, NULL);
}
