/* SPDX-License-Identifier: MIT */
#ifndef CMD_PERPLEXITY_PERPLEXITY_H
#define CMD_PERPLEXITY_PERPLEXITY_H

/* What the subcommands of quern-perplexity share. */

#include "../cmd.h"
#include "base/buf.h"
#include "filter/lm_text.h"

extern struct opt_common perplexity_common;
extern const struct opt perplexity_shared[];

/* How texts become words. */
struct perplexity_text {
	const char *normalize, *sentence;
};
extern struct perplexity_text perplexity_text;

#define OPT_TEXT \
	{ "normalize", 0, OPT_STR, &perplexity_text.normalize, "HOW", \
		"ccnet: lower case, no accents, digits 0, plain punctuation", \
		"ccnet,none" }, \
	{ \
		"sentence", 0, OPT_STR, &perplexity_text.sentence, "WHAT", \
		    "what is a sentence; auto: a document with a tokenizer, " \
		    "else a line", \
		    "auto,line,document" \
	}

/* A tokenizer with its tokens' words; all zeros if none was asked for. */
struct pieces {
	struct lm_pieces lm;
	struct buf bytes;
};
int pieces_open(struct pieces *p, const char *path, struct err *e);
void pieces_free(struct pieces *p);
/* What the options say of texts with those pieces, or without. */
struct lm_text pieces_text(const struct pieces *p);

/* A thread's scratch memory, for docs_ops. */
struct worker {
	struct lm_scratch scratch;
	struct ngram_row row;
};

void *perplexity_worker_new(void *ctx, struct err *e);
void perplexity_worker_free(void *worker);

int main_train(int argc, char **argv);
int main_label(int argc, char **argv);
int main_cutoffs(int argc, char **argv);
int main_query(int argc, char **argv);
int main_convert(int argc, char **argv);

#endif
