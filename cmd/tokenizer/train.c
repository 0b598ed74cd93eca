/* SPDX-License-Identifier: MIT */
#include "tokenizer/train.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "session.h"
#include "tokenizer/load.h"

static struct {
	uint64_t vocab, min_count, max_len, alphabet;
	const char *model, *pattern, *ties, *stage, *initial;
	struct opt_list specials;
} train = { .vocab = 32000, .model = "bpe", .ties = "hf", .stage = "all" };

static const struct opt train_opts[] = {
	{ "vocab", 0, OPT_COUNT, &train.vocab, "N",
	    "tokens in all, special tokens included", NULL },
	{ "model", 0, OPT_STR, &train.model, "MODEL",
	    "byte-level BPE; BPE over characters, or Unigram, with bytes for "
	    "characters without a token",
	    "bpe,char-bpe,unigram" },
	{ "pattern", 0, OPT_STR, &train.pattern, "PATTERN",
	    "how text is split: gpt2, cl100k, o200k, qwen2, nanochat, "
	    "whitespace, deepseek-v3, starcoder, falcon, or a regex (default: "
	    "gpt2; with --stage learn that of the counts)",
	    NULL },
	{ "stage", 0, OPT_STR, &train.stage, "STAGE",
	    "count: write how often each piece is seen in place of a "
	    "tokenizer; learn: the files are such counts, to be added up",
	    "all,count,learn" },
	{ "ties", 0, OPT_STR, &train.ties, "RULE",
	    "which of equally frequent pairs is merged first: the smallest "
	    "ids, "
	    "numbered as Hugging Face's (hf) or bytes first (raw); that which "
	    "the text has first; the greatest by bytes",
	    "hf,raw,first,lexicographic" },
	{ "special", 0, OPT_LIST, &train.specials, "S",
	    "a special token; may be repeated (default: <|endoftext|>)", NULL },
	{ "min-frequency", 0, OPT_U64, &train.min_count, "N",
	    "merge no pair that is seen less often", NULL },
	{ "max-token-length", 0, OPT_U64, &train.max_len, "N",
	    "make no token of this many bytes or more but from two bytes; 0: "
	    "no limit",
	    NULL },
	{ "limit-alphabet", 0, OPT_COUNT, &train.alphabet, "N",
	    "char-bpe: the N most frequent characters have tokens; 0: all",
	    NULL },
	{ "initial-alphabet", 0, OPT_STR, &train.initial, "TEXT",
	    "char-bpe: characters that have tokens even if the texts lack them",
	    NULL },
	OPT_UNICODE,
	OPT_LINES,
	OPT_FROM,
	{ 0 },
};

static const struct opt_cmd train_cmd = {
	.name = "tokenizer train",
	.args = "[FILE...]",
	.summary = "learn a vocabulary from texts",
	.example =
	    "quern tokenizer train --vocab 8K -o tokenizer.json book.txt",
	.opts = train_opts,
	.common = session_common_opts,
};

enum { MAX_SPECIALS = 4096 };

static enum learn_ties
ties(void)
{
	if (strcmp(train.ties, "raw") == 0)
		return LEARN_RAW;
	if (strcmp(train.ties, "first") == 0)
		return LEARN_FIRST;
	return strcmp(train.ties, "lexicographic") == 0 ? LEARN_LEXICOGRAPHIC
							: LEARN_HF;
}

static int
set_specials(struct train_opts *to, struct str *specials, struct err *e)
{
	size_t i;

	if (train.specials.n > MAX_SPECIALS)
		return err_set(
		    e, ERR_ARG, "more than %d special tokens", MAX_SPECIALS);
	specials[0] = STR("<|endoftext|>");
	for (i = 0; i < train.specials.n; i++) {
		specials[i] = str_c(train.specials.v[i]);
		if (!specials[i].n)
			return err_set(e, ERR_ARG, "an empty special token");
	}
	to->specials = specials;
	to->nspecial = train.specials.n ? train.specials.n : 1;
	return 0;
}

static void
report_training(
    struct run *r, const struct bpe *b, const struct train_stats *ts)
{
	char line[256];
	int n;

	buf_printf(&r->extra,
	    "\"pieces\":%" PRIu64 ",\"distinct\":%" PRIu64 ",\"vocab\":%" PRIu32
	    ",\"merges\":%zu,",
	    ts->pieces, ts->distinct, b->ntoken, b->nmerge);
	if (b->ntoken >= train.vocab || session_common.quiet)
		return;
	n = snprintf(line, sizeof(line),
	    "no pair is left to merge%s: the vocabulary has %" PRIu32
	    " tokens, not %" PRIu64,
	    b->nmerge ? "" : ", no substring to keep", b->ntoken, train.vocab);
	cmd_warn(r, (struct str){ line, (size_t)n });
}

/* The first half alone. */
static int
count_only(struct session *s, const struct train_opts *to)
{
	struct train_stats ts;
	int rc;

	rc = run_open(&s->r, s->cmd, &session_common, false, cmd_warn, &s->e);
	if (rc < 0)
		return rc;
	rc = bpe_count(&s->in, to, &s->r, &ts, &s->e);
	buf_printf(&s->r.extra,
	    "\"pieces\":%" PRIu64 ",\"distinct\":%" PRIu64 ",", ts.pieces,
	    ts.distinct);
	return session_finish(s, rc, "texts");
}

static int
train_on(struct session *s, const struct train_opts *to)
{
	bool from_counts = strcmp(train.stage, "learn") == 0;
	struct train_stats ts;
	struct bpe b = { 0 };
	int rc;

	rc = run_open(&s->r, s->cmd, &session_common, true, cmd_warn, &s->e);
	if (rc < 0)
		return rc;
	if (from_counts)
		rc = bpe_train_counts(&b, &s->in.paths, to, &s->r, &ts, &s->e);
	else
		rc = bpe_train(&b, &s->in, to, &s->r, &ts, &s->e);
	if (rc == 0) {
		report_training(&s->r, &b, &ts);
		rc = bpe_save(&b, session_common.out, LOAD_JSON, &s->e);
	}
	bpe_free(&b);
	return session_finish(s, rc, from_counts ? "files" : "texts");
}

int
main_train(int argc, char **argv)
{
	static struct str specials[MAX_SPECIALS];
	struct session s = { .cmd = &train_cmd };
	struct train_opts to = { 0 };
	int n = cmd_begin(&train_cmd, argc, argv), rc;

	rc = session_texts(&s, n, argv);
	if (rc == 0)
		rc = set_specials(&to, specials, &s.e);
	if (rc == 0 && train.max_len > UINT32_MAX)
		rc = err_set(&s.e, ERR_ARG, "--max-token-length is too large");
	to.pattern = train.pattern;
	if (!to.pattern && strcmp(train.stage, "learn") != 0)
		to.pattern = "gpt2";
	to.unicode = session_unicode();
	to.vocab = train.vocab;
	to.ties = ties();
	to.unigram = strcmp(train.model, "unigram") == 0;
	to.chars = strcmp(train.model, "char-bpe") == 0;
	to.alphabet = train.alphabet;
	if (train.initial)
		to.initial = str_c(train.initial);
	to.min_count = train.min_count;
	to.max_len = (uint32_t)train.max_len;
	if (rc == 0)
		rc = strcmp(train.stage, "count") == 0 ? count_only(&s, &to)
						       : train_on(&s, &to);
	return session_end(&s, rc);
}
