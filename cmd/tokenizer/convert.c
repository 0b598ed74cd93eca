/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "session.h"
#include "tokenizer/load.h"

static const char *convert_to = "auto";

static const struct opt convert_opts[] = {
	OPT_TOKENIZER,
	OPT_PATTERN,
	{ "to", 0, OPT_STR, &convert_to, "FORMAT",
	    "tokenizer.json, .tiktoken, vocab.json with merges.txt beside it, "
	    "or WordPiece's vocab.txt; auto goes by the name that -o gives",
	    "auto,json,tiktoken,vocab,wordpiece" },
	{ 0 },
};

static const struct opt_cmd convert_cmd = {
	.name = "tokenizer convert",
	.args = "",
	.summary = "write a tokenizer in another format",
	.example = "quern tokenizer convert --tokenizer tokenizer.json -o "
		   "mine.tiktoken",
	.opts = convert_opts,
	.common = session_common_opts,
};

static enum load_format
target(void)
{
	if (strcmp(convert_to, "auto") == 0)
		return session_common.out ? load_format(session_common.out)
					  : LOAD_JSON;
	if (strcmp(convert_to, "json") == 0)
		return LOAD_JSON;
	if (strcmp(convert_to, "wordpiece") == 0)
		return LOAD_WORDPIECE;
	return strcmp(convert_to, "vocab") == 0 ? LOAD_VOCAB : LOAD_TIKTOKEN;
}

/* What a SentencePiece model says and a tokenizer.json doesn't. */
static void
warn_of_pieces(struct run *r, const struct bpe *b)
{
	cmd_warn(r,
	    STR("text that spells a piece such as <s> or <0x41> is that piece "
		"to readers of a tokenizer.json"));
	if (b->sub.kind == SUBWORD_UNIGRAM)
		cmd_warn(r,
		    STR("scores add up in doubles there, not in floats: of two "
			"ways that are all but equal the other may be taken"));
}

/* What the files of the format have no place for. */
static void
warn_of_loss(struct run *r, const struct bpe *b, enum load_format format)
{
	char line[256];
	int n;

	if (session_common.quiet)
		return;
	if (format == LOAD_JSON && b->sub.sentencepiece)
		warn_of_pieces(r, b);
	if (format == LOAD_JSON)
		return;
	n = snprintf(line, sizeof(line),
	    "the format holds neither the pattern nor %zu special tokens: its "
	    "readers go by the file's name or are told",
	    b->nadded);
	cmd_warn(r, (struct str){ line, (size_t)n });
}

int
main_convert(int argc, char **argv)
{
	struct session s = { .cmd = &convert_cmd };
	struct bpe b = { 0 };
	int n = cmd_begin(&convert_cmd, argc, argv), rc = 0;

	s.r.cmd = &convert_cmd;
	if (n > 0)
		rc = err_set(
		    &s.e, ERR_ARG, "'%s': --tokenizer names the file", argv[1]);
	else if (!session_opts.tokenizer)
		rc = err_set(&s.e, ERR_ARG, "--tokenizer FILE is needed");
	if (rc == 0)
		rc = bpe_load(&b, session_opts.tokenizer, session_opts.pattern,
		    NULL, &s.e);
	if (rc == 0 &&
	    (rc = bpe_save(&b, session_common.out, target(), &s.e)) == 0)
		warn_of_loss(&s.r, &b, target());
	bpe_free(&b);
	return session_end(&s, rc);
}
