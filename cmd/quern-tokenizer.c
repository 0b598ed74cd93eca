/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "io/stream.h"
#include "tokenizer/facts.h"
#include "tokenizer/idstream.h"
#include "tokenizer/load.h"
#include "tokenizer/tokenizer.h"
#include "tokenizer/train.h"

static struct opt_common common;
static const struct opt common_opts[] = { OPT_COMMON(&common), { 0 } };

/* Options that several subcommands have. */
static struct {
	const char *tokenizer, *pattern, *from, *format, *special_in_text;
	const char *unicode;
	bool lines;
} o = { .from = "auto", .format = "ids" };

#define OPT_FROM \
	{ \
		"from", 0, OPT_STR, &o.from, "KIND", \
		    "what the files hold; auto goes by .jsonl, standard " \
		    "input is " \
		    "text", \
		    "auto,text,jsonl" \
	}
#define OPT_LINES \
	{ \
		"lines", 0, OPT_FLAG, &o.lines, NULL, \
		    "each line of a text file, its ending kept, is a text", \
		    NULL \
	}
#define OPT_TOKENIZER \
	{ \
		"tokenizer", 0, OPT_STR, &o.tokenizer, "FILE", \
		    "a tokenizer.json or .tiktoken file", NULL \
	}
#define OPT_PATTERN \
	{ \
		"pattern", 0, OPT_STR, &o.pattern, "PATTERN", \
		    "a .tiktoken file's pattern (default: by its name)", NULL \
	}
#define OPT_FORMAT \
	{ \
		"format", 0, OPT_STR, &o.format, "FORMAT", \
		    "ids: a line a text; jsonl: {\"id\",\"ids\"}; bin: " \
		    "uint32, " \
		    "little-endian", \
		    "ids,bin,jsonl" \
	}
#define OPT_UNICODE \
	{ \
		"unicode", 0, OPT_STR, &o.unicode, "VERSION", \
		    "whose letters, numbers and marks a named pattern goes " \
		    "by (default: what the tokenizer says, else 16)", \
		    "14,15,16" \
	}
#define OPT_SPECIAL_IN_TEXT \
	{ \
		"special-in-text", 0, OPT_STR, &o.special_in_text, "WHICH", \
		    "special tokens recognised in text: all, none, or a list " \
		    "with commas (default: none for a .tiktoken, else all)", \
		    NULL \
	}

/* 0: none is asked for. */
static unsigned
unicode(void)
{
	return o.unicode ? (unsigned)(10 + o.unicode[1] - '0') : 0;
}

/* What stands between a command's options and its result. */
struct session {
	const struct opt_cmd *cmd;
	struct texts in;
	struct tokenizer *t;
	struct run r;
	struct err e;
};

static int
open_texts(struct session *s, int argc, char **argv)
{
	s->in.lines = o.lines;
	s->in.from = strcmp(o.from, "text") == 0    ? TEXTS_TEXT
		     : strcmp(o.from, "jsonl") == 0 ? TEXTS_JSONL
						    : TEXTS_AUTO;
	return paths_expand(&s->in.paths, argv + 1, argc, &common.shard, &s->e);
}

static int
load_tokenizer(struct session *s)
{
	if (!o.tokenizer)
		return err_set(&s->e, ERR_ARG, "--tokenizer FILE is needed");
	if (tokenizer_load(&s->t, o.tokenizer, o.pattern, &s->e) < 0)
		return s->e.code;
	if (o.unicode && tokenizer_unicode(s->t, unicode(), &s->e) < 0)
		return s->e.code;
	if (!o.special_in_text)
		return 0;
	return tokenizer_special(s->t, o.special_in_text, &s->e);
}

static int
end_session(struct session *s, int rc)
{
	paths_free(&s->in.paths);
	tokenizer_free(s->t);
	return cmd_end(s->cmd, rc, &s->e);
}

static enum ids_format
format(void)
{
	if (strcmp(o.format, "jsonl") == 0)
		return IDS_JSONL;
	return strcmp(o.format, "bin") == 0 ? IDS_BIN : IDS_TEXT;
}

static int
finish(struct session *s, int rc, const char *unit)
{
	if (rc < 0)
		run_abort(&s->r);
	else
		rc = run_close(&s->r, &s->e);
	if (rc == 0)
		cmd_closing(&s->r, unit);
	return rc;
}

/* ---- train ---- */

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
	.common = common_opts,
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
	if (b->ntoken >= train.vocab || common.quiet)
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

	rc = run_open(&s->r, s->cmd, &common, false, cmd_warn, &s->e);
	if (rc < 0)
		return rc;
	rc = bpe_count(&s->in, to, &s->r, &ts, &s->e);
	buf_printf(&s->r.extra,
	    "\"pieces\":%" PRIu64 ",\"distinct\":%" PRIu64 ",", ts.pieces,
	    ts.distinct);
	return finish(s, rc, "texts");
}

static int
train_on(struct session *s, const struct train_opts *to)
{
	bool from_counts = strcmp(train.stage, "learn") == 0;
	struct train_stats ts;
	struct bpe b = { 0 };
	int rc;

	rc = run_open(&s->r, s->cmd, &common, true, cmd_warn, &s->e);
	if (rc < 0)
		return rc;
	if (from_counts)
		rc = bpe_train_counts(&b, &s->in.paths, to, &s->r, &ts, &s->e);
	else
		rc = bpe_train(&b, &s->in, to, &s->r, &ts, &s->e);
	if (rc == 0) {
		report_training(&s->r, &b, &ts);
		rc = bpe_save(&b, common.out, LOAD_JSON, &s->e);
	}
	bpe_free(&b);
	return finish(s, rc, from_counts ? "files" : "texts");
}

static int
main_train(int argc, char **argv)
{
	static struct str specials[MAX_SPECIALS];
	struct session s = { .cmd = &train_cmd };
	struct train_opts to = { 0 };
	int n = cmd_begin(&train_cmd, argc, argv), rc;

	rc = open_texts(&s, n, argv);
	if (rc == 0)
		rc = set_specials(&to, specials, &s.e);
	if (rc == 0 && train.max_len > UINT32_MAX)
		rc = err_set(&s.e, ERR_ARG, "--max-token-length is too large");
	to.pattern = train.pattern;
	if (!to.pattern && strcmp(train.stage, "learn") != 0)
		to.pattern = "gpt2";
	to.unicode = unicode();
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
	return end_session(&s, rc);
}

/* ---- encode ---- */

static struct {
	const char *offsets;
	uint64_t most;
	double dropout;
} encode = { .offsets = "none" };

static const struct opt encode_opts[] = {
	OPT_TOKENIZER,
	OPT_PATTERN,
	OPT_FORMAT,
	{ "offsets", 0, OPT_STR, &encode.offsets, "UNIT",
	    "with format jsonl: where each token stands in the text",
	    "none,bytes,chars" },
	{ "max-tokens", 0, OPT_COUNT, &encode.most, "N",
	    "end a text behind N tokens; 0: no limit", NULL },
	{ "dropout", 0, OPT_DOUBLE, &encode.dropout, "P",
	    "leave out each merge with this probability each time", NULL },
	OPT_LINES,
	OPT_SPECIAL_IN_TEXT,
	OPT_UNICODE,
	OPT_FROM,
	{ 0 },
};

static const struct opt_cmd encode_cmd = {
	.name = "tokenizer encode",
	.args = "[FILE...]",
	.summary = "turn texts into token ids",
	.example =
	    "quern tokenizer encode --tokenizer tokenizer.json book.txt > ids",
	.opts = encode_opts,
	.common = common_opts,
};

static int
encode_opts_of(struct session *s, struct ids_opts *to)
{
	to->format = format();
	to->offsets = strcmp(encode.offsets, "bytes") == 0   ? IDS_BYTES
		      : strcmp(encode.offsets, "chars") == 0 ? IDS_CHARS
							     : IDS_NO_OFFSETS;
	to->most = encode.most;
	to->draws = encode.dropout > 0;
	to->seed = common.seed;
	if (to->offsets != IDS_NO_OFFSETS && to->format != IDS_JSONL)
		return err_set(&s->e, ERR_ARG,
		    "--offsets have a place in --format jsonl only");
	return tokenizer_dropout(s->t, encode.dropout, &s->e);
}

static int
main_encode(int argc, char **argv)
{
	struct ids_opts opts = { 0 };
	struct session s = { .cmd = &encode_cmd };
	struct ids_stats stats;
	int n = cmd_begin(&encode_cmd, argc, argv), rc;

	rc = open_texts(&s, n, argv);
	if (rc == 0)
		rc = load_tokenizer(&s);
	if (rc == 0)
		rc = encode_opts_of(&s, &opts);
	if (rc == 0)
		rc = run_open(&s.r, s.cmd, &common, false, cmd_warn, &s.e);
	if (rc == 0) {
		rc = ids_encode(s.t, &s.in, &opts, &s.r, &stats, &s.e);
		buf_printf(&s.r.extra,
		    "\"tokens\":%" PRIu64 ",\"truncated\":%" PRIu64 ",",
		    stats.tokens, stats.cut);
		rc = finish(&s, rc, "texts");
	}
	return end_session(&s, rc);
}

/* ---- decode ---- */

static const struct opt decode_opts[] = {
	OPT_TOKENIZER,
	OPT_PATTERN,
	OPT_FORMAT,
	{ 0 },
};

static const struct opt_cmd decode_cmd = {
	.name = "tokenizer decode",
	.args = "[FILE...]",
	.summary = "turn token ids back into texts",
	.example =
	    "quern tokenizer decode --tokenizer tokenizer.json ids > book.txt",
	.opts = decode_opts,
	.common = common_opts,
};

static int
main_decode(int argc, char **argv)
{
	struct session s = { .cmd = &decode_cmd };
	int n = cmd_begin(&decode_cmd, argc, argv), rc;

	rc = open_texts(&s, n, argv);
	if (rc == 0)
		rc = load_tokenizer(&s);
	if (rc == 0)
		rc = run_open(&s.r, s.cmd, &common, false, cmd_warn, &s.e);
	if (rc == 0) {
		rc = ids_decode(s.t, &s.in, format(), &s.r, &s.e);
		rc = finish(&s, rc, "texts");
	}
	return end_session(&s, rc);
}

/* ---- info ---- */

static const struct opt info_opts[] = {
	OPT_TOKENIZER,
	OPT_PATTERN,
	OPT_LINES,
	OPT_SPECIAL_IN_TEXT,
	OPT_UNICODE,
	OPT_FROM,
	{ 0 },
};

static const struct opt_cmd info_cmd = {
	.name = "tokenizer info",
	.args = "[FILE...]",
	.summary = "what a tokenizer holds, and bytes a token on given texts",
	.example = "quern tokenizer info --tokenizer tokenizer.json book.txt",
	.opts = info_opts,
	.common = common_opts,
};

/* What the texts, if there are any, become; with the facts, into --stats. */
static int
measure(struct session *s, const char *name, const struct tokenizer *first,
    struct buf *json, struct usage *u)
{
	bool texts = s->in.paths.n > 0;
	int rc;

	rc = run_open(&s->r, s->cmd, &common, true, cmd_warn, &s->e);
	if (rc < 0)
		return rc;
	if (texts)
		rc = usage_measure(u, s->t, &s->in, &s->r, &s->e);
	buf_puts(json, json->n ? "," : "");
	if (rc == 0)
		rc = facts_json(
		    json, name, s->t, first, texts ? u : NULL, &s->e);
	buf_printf(&s->r.extra, "\"tokens\":%" PRIu64 ",\"tokenizers\":[",
	    u->all.tokens);
	buf_str(&s->r.extra, buf_view(json));
	buf_puts(&s->r.extra, "],");
	return finish(s, rc, "texts");
}

static int
main_info(int argc, char **argv)
{
	struct session s = { .cmd = &info_cmd };
	struct buf out = { 0 }, json = { 0 };
	struct usage u = { 0 };
	int n = cmd_begin(&info_cmd, argc, argv), rc = 0;

	if (n > 0)
		rc = open_texts(&s, n, argv);
	if (rc == 0)
		rc = load_tokenizer(&s);
	if (rc == 0)
		rc = facts_list(&out, s.t, &s.e);
	if (rc == 0)
		rc = measure(&s, o.tokenizer, s.t, &json, &u);
	if (rc == 0 && s.in.paths.n)
		facts_usage(&out, &u);
	if (rc == 0)
		rc = buf_ok(&out, &s.e);
	if (rc == 0)
		rc = out_whole(common.out, out.p, out.n, &s.e);
	usage_free(&u);
	buf_free(&json);
	buf_free(&out);
	return end_session(&s, rc);
}

/* ---- convert ---- */

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
	.common = common_opts,
};

static enum load_format
target(void)
{
	if (strcmp(convert_to, "auto") == 0)
		return common.out ? load_format(common.out) : LOAD_JSON;
	if (strcmp(convert_to, "json") == 0)
		return LOAD_JSON;
	if (strcmp(convert_to, "wordpiece") == 0)
		return LOAD_WORDPIECE;
	return strcmp(convert_to, "vocab") == 0 ? LOAD_VOCAB : LOAD_TIKTOKEN;
}

/* What the files of the format have no place for. */
static void
warn_of_loss(struct run *r, const struct bpe *b, enum load_format format)
{
	static const struct str spelled =
	    STR("text that spells a piece such as <s> or <0x41> is that piece "
		"to readers of a tokenizer.json");
	char line[256];
	int n;

	if (common.quiet || (format == LOAD_JSON && !b->sub.sentencepiece))
		return;
	n = snprintf(line, sizeof(line),
	    "the format holds neither the pattern nor %zu special tokens: its "
	    "readers go by the file's name or are told",
	    b->nadded);
	cmd_warn(
	    r, format == LOAD_JSON ? spelled : (struct str){ line, (size_t)n });
}

static int
main_convert(int argc, char **argv)
{
	struct session s = { .cmd = &convert_cmd };
	struct bpe b = { 0 };
	int n = cmd_begin(&convert_cmd, argc, argv), rc = 0;

	s.r.cmd = &convert_cmd;
	if (n > 0)
		rc = err_set(
		    &s.e, ERR_ARG, "'%s': --tokenizer names the file", argv[1]);
	else if (!o.tokenizer)
		rc = err_set(&s.e, ERR_ARG, "--tokenizer FILE is needed");
	if (rc == 0)
		rc = bpe_load(&b, o.tokenizer, o.pattern, NULL, &s.e);
	if (rc == 0 && (rc = bpe_save(&b, common.out, target(), &s.e)) == 0)
		warn_of_loss(&s.r, &b, target());
	bpe_free(&b);
	return end_session(&s, rc);
}

/* ---- compare ---- */

static struct opt_list compared;

static const struct opt compare_opts[] = {
	{ "tokenizer", 0, OPT_LIST, &compared, "FILE",
	    "a tokenizer; given two or more times", NULL },
	OPT_LINES,
	OPT_SPECIAL_IN_TEXT,
	OPT_FROM,
	{ 0 },
};

static const struct opt_cmd compare_cmd = {
	.name = "tokenizer compare",
	.args = "[FILE...]",
	.summary = "a table of tokenizers, and of what they make of texts",
	.example = "quern tokenizer compare --tokenizer a.json --tokenizer "
		   "b.json book.txt",
	.opts = compare_opts,
	.common = common_opts,
};

/* A row of the table, and, into groups, its lines by language and host. */
static int
compare_one(struct session *s, const struct tokenizer *first, struct buf *out,
    struct buf *groups, struct buf *json)
{
	struct usage u = { 0 };
	int rc = facts_row(out, o.tokenizer, s->t, first, &s->e);

	if (rc == 0)
		rc = measure(s, o.tokenizer, first, json, &u);
	if (rc == 0 && s->in.paths.n) {
		facts_usage_row(out, &u);
		facts_groups(groups, &u, o.tokenizer);
	} else {
		buf_putc(out, '\n');
	}
	usage_free(&u);
	return rc;
}

static int
compare_all(struct session *s, struct buf *out)
{
	struct buf groups = { 0 }, json = { 0 };
	struct tokenizer *first = NULL;
	int rc = 0;
	size_t i;

	buf_puts(out, FACTS_HEADER);
	buf_puts(out, s->in.paths.n ? FACTS_USAGE "\n" : "\n");
	for (i = 0; rc == 0 && i < compared.n; i++) {
		o.tokenizer = compared.v[i];
		rc = load_tokenizer(s);
		if (i == 0)
			first = s->t;
		if (rc == 0)
			rc = compare_one(s, first, out, &groups, &json);
		if (i > 0)
			tokenizer_free(s->t);
		s->t = NULL;
	}
	buf_str(out, buf_view(&groups));
	tokenizer_free(first);
	buf_free(&groups);
	buf_free(&json);
	return rc;
}

static int
main_compare(int argc, char **argv)
{
	struct session s = { .cmd = &compare_cmd };
	struct buf out = { 0 };
	int n = cmd_begin(&compare_cmd, argc, argv), rc = 0;

	if (compared.n < 2)
		rc = err_set(&s.e, ERR_ARG, "--tokenizer is needed twice");
	if (rc == 0 && n > 0)
		rc = open_texts(&s, n, argv);
	if (rc == 0)
		rc = compare_all(&s, &out);
	if (rc == 0)
		rc = buf_ok(&out, &s.e);
	if (rc == 0)
		rc = out_whole(common.out, out.p, out.n, &s.e);
	buf_free(&out);
	return end_session(&s, rc);
}

static const struct cmd_sub subs[] = {
	{ "train", "learn a vocabulary from texts", main_train },
	{ "encode", "turn texts into token ids", main_encode },
	{ "decode", "turn token ids back into texts", main_decode },
	{ "info", "what a tokenizer holds, and bytes a token on given texts",
	    main_info },
	{ "compare", "a table of tokenizers, and of what they make of texts",
	    main_compare },
	{ "convert", "write a tokenizer in another format", main_convert },
	{ 0 },
};

int
main(int argc, char **argv)
{
	opt_common_init(&common);
	return cmd_subs("tokenizer", "train, run and look into tokenizers",
	    subs, argc, argv);
}
