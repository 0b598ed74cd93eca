/* SPDX-License-Identifier: MIT */
#include "perplexity.h"

#include "base/path.h"
#include "filter/ngram_query.h"
#include "io/stream.h"

static const char *query_model;
static bool query_words;

static const struct opt query_opts[] = {
	{ "model", 0, OPT_STR, &query_model, "FILE",
	    "the language model: ARPA, or a binary file of KenLM", NULL },
	{ "words", 0, OPT_FLAG, &query_words, NULL,
	    "a line for each word: length of the n-gram found, log10, word",
	    NULL },
	{ 0 },
};
static const struct opt_cmd query_cmd = {
	.name = "perplexity query",
	.args = "[FILE...]",
	.summary = "score lines of text, each a sentence",
	.example = "quern perplexity query --model en.arpa.bin sentences.txt",
	.opts = query_opts,
	.common = perplexity_shared,
};

int
main_query(int argc, char **argv)
{
	struct paths paths = { 0 };
	struct ngram *m = NULL;
	struct out *out = NULL;
	struct err e;
	int rc;

	argc = cmd_begin(&query_cmd, argc, argv);
	rc = query_model ? 0 : err_set(&e, ERR_ARG, "give --model");
	if (rc == 0)
		rc = paths_expand(
		    &paths, argv + 1, argc, &perplexity_common.shard, &e);
	if (rc == 0)
		rc = ngram_load(&m, query_model, &e);
	if (rc == 0)
		rc = out_open(&out, perplexity_common.out, &e);
	if (rc == 0)
		rc = ngram_query(
		    m, &paths, query_words, perplexity_common.threads, out, &e);
	if (rc == 0) {
		rc = out_commit(out, &e);
		out = NULL;
	}
	out_close(out);
	paths_free(&paths);
	ngram_free(m);
	return cmd_end(&query_cmd, rc, &e);
}

/* ---- convert ---- */

static const struct opt_cmd convert_cmd = {
	.name = "perplexity convert",
	.args = "MODEL.arpa",
	.summary = "an ARPA file as KenLM's binary, which loads at once",
	.example = "quern perplexity convert en.arpa.zst -o en.arpa.bin",
	.common = perplexity_shared,
};

static int
convert(const char *path, struct err *e)
{
	struct ngram *m = NULL;
	struct out *out = NULL;
	int rc = ngram_load_all(&m, path, e);

	if (rc == 0)
		rc = out_open(&out, perplexity_common.out, e);
	if (rc == 0)
		rc = ngram_write(m, out, e);
	if (rc == 0) {
		rc = out_commit(out, e);
		out = NULL;
	}
	out_close(out);
	ngram_free(m);
	return rc;
}

int
main_convert(int argc, char **argv)
{
	struct err e;
	int rc;

	argc = cmd_begin(&convert_cmd, argc, argv);
	if (argc > 1)
		rc = err_set(&e, ERR_ARG, "one model, please");
	else
		rc = convert(argc ? argv[1] : "-", &e);
	return cmd_end(&convert_cmd, rc, &e);
}
