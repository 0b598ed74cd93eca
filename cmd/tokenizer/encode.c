/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <string.h>

#include "session.h"

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
	.common = session_common_opts,
};

static int
encode_opts_of(struct session *s, struct ids_opts *to)
{
	to->format = session_format();
	to->offsets = strcmp(encode.offsets, "bytes") == 0   ? IDS_BYTES
		      : strcmp(encode.offsets, "chars") == 0 ? IDS_CHARS
							     : IDS_NO_OFFSETS;
	to->most = encode.most;
	to->draws = encode.dropout > 0;
	to->seed = session_common.seed;
	if (to->offsets != IDS_NO_OFFSETS && to->format != IDS_JSONL)
		return err_set(&s->e, ERR_ARG,
		    "--offsets have a place in --format jsonl only");
	return tokenizer_dropout(s->t, encode.dropout, &s->e);
}

int
main_encode(int argc, char **argv)
{
	struct ids_opts opts = { 0 };
	struct session s = { .cmd = &encode_cmd };
	struct ids_stats stats;
	int n = cmd_begin(&encode_cmd, argc, argv), rc;

	rc = session_texts(&s, n, argv);
	if (rc == 0)
		rc = session_load(&s);
	if (rc == 0)
		rc = encode_opts_of(&s, &opts);
	if (rc == 0)
		rc = run_open(
		    &s.r, s.cmd, &session_common, false, cmd_warn, &s.e);
	if (rc == 0) {
		rc = ids_encode(s.t, &s.in, &opts, &s.r, &stats, &s.e);
		buf_printf(&s.r.extra,
		    "\"tokens\":%" PRIu64 ",\"truncated\":%" PRIu64 ",",
		    stats.tokens, stats.cut);
		rc = session_finish(&s, rc, "texts");
	}
	return session_end(&s, rc);
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
	.common = session_common_opts,
};

int
main_decode(int argc, char **argv)
{
	struct session s = { .cmd = &decode_cmd };
	int n = cmd_begin(&decode_cmd, argc, argv), rc;

	rc = session_texts(&s, n, argv);
	if (rc == 0)
		rc = session_load(&s);
	if (rc == 0)
		rc = run_open(
		    &s.r, s.cmd, &session_common, false, cmd_warn, &s.e);
	if (rc == 0) {
		rc = ids_decode(s.t, &s.in, session_format(), &s.r, &s.e);
		rc = session_finish(&s, rc, "texts");
	}
	return session_end(&s, rc);
}
