/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "cmd.h"
#include "dedup/exact.h"
#include "dedup/index.h"
#include "dedup/minhash.h"
#include "dedup/samelines.h"
#include "dedup/stages.h"
#include "dedup/substring.h"

static struct opt_common common;
static struct exact_opt exact;
static struct minhash_opt near;
static struct dump_index dumps;
static struct opt_shard part;
static const char *verdicts;
static struct lines_opt lines = { .unit = "lines", .least = 1 };
static struct substring_opt substring = { .least = 100, .action = "cut" };

static const struct opt common_opts[] = { OPT_COMMON(&common), { 0 } };

#define PREFER(dst) \
	{ \
		"prefer", 0, OPT_STR, dst, "LIST", \
		    "which copy to keep: longest, shortest, newest, oldest, " \
		    "metadata.NAME:desc or :asc; then the smallest id", \
		    NULL \
	}

#define BLOOM(dst) \
	{ \
		"bloom", 0, OPT_DOUBLE, dst, "P", \
		    "sort only what a Bloom filter says comes twice; it is " \
		    "wrong of a share P of the rest at most; 0: no filter", \
		    NULL \
	}

static const struct opt exact_opts[] = {
	{ "normal", 0, OPT_FLAG, &exact.normal, NULL,
	    "compare texts in lower case, every run of white space as one "
	    "blank",
	    NULL },
	BLOOM(&exact.bloom),
	PREFER(&exact.prefer),
	{ 0 },
};

static const struct opt url_opts[] = {
	BLOOM(&exact.bloom),
	PREFER(&exact.prefer),
	{ 0 },
};

static const struct opt lines_opts[] = {
	{ "unit", 0, OPT_STR, &lines.unit, "WHAT", "what is compared and cut",
	    "lines,sentences" },
	{ "span", 0, OPT_INT, &lines.span, "N",
	    "so many in a row are compared; 0: 1 line, 3 sentences", NULL },
	{ "least", 0, OPT_INT, &lines.least, "N",
	    "lines or spans of fewer words stay wherever they are", NULL },
	BLOOM(&lines.bloom),
	PREFER(&lines.prefer),
	{ 0 },
};

#define SIGNATURES \
	{ "profile", 0, OPT_STR, &near.profile, "NAME", \
		"what a document's shingles are, and what is near", \
		MINHASH_PROFILES }, \
	    { "ngram", 0, OPT_INT, &near.ngram, "N", \
		    "words in a shingle, or characters", NULL }, \
	    { "bands", 0, OPT_INT, &near.bands, "B", \
		    "bands of the signature: more find more pairs", NULL }, \
	    { "rows", 0, OPT_INT, &near.rows, "R", \
		    "rows of a band: more propose fewer pairs", NULL }, \
	{ \
		"verify", 0, OPT_DOUBLE, &near.verify, "J", \
		    "a duplicate's Jaccard similarity with the one kept is " \
		    "at least this", \
		    NULL \
	}

#define PAIRS \
	{ \
		"pairs", 0, OPT_OUT, &near.pairs, "FILE", \
		    "write every verified pair: id, id, similarity", NULL \
	}

static const struct opt substring_opts[] = {
	{ "least", 0, OPT_POSITIVE, &substring.least, "N",
	    "bytes: shorter text stays wherever it is", NULL },
	{ "action", 0, OPT_STR, &substring.action, "WHAT",
	    "cut it out, or only say in the metadata where it stands",
	    "cut,mark" },
	PREFER(&substring.prefer),
	{ 0 },
};

static const struct opt minhash_opts[] = {
	SIGNATURES,
	PAIRS,
	PREFER(&near.prefer),
	{ "index", 0, OPT_STR, &near.index, "DIR",
	    "drop what is near a document of an earlier dump, too; remember "
	    "what is kept",
	    NULL },
	{ 0 },
};

static const struct opt signatures_opts[] = {
	SIGNATURES,
	PREFER(&near.prefer),
	{ 0 },
};

static const struct opt buckets_opts[] = {
	{ "part", 0, OPT_SHARD, &part, "I/N",
	    "the I-th of N parts of the work, I from 0", NULL },
	{ 0 },
};

static const struct opt clusters_opts[] = { PAIRS, { 0 } };

static const struct opt apply_opts[] = {
	{ "verdicts", 0, OPT_STR, &verdicts, "FILE", "what clusters made",
	    NULL },
	{ 0 },
};

static const struct opt_cmd exact_cmd = {
	.name = "dedup exact",
	.args = "[FILE...]",
	.summary = "keep one of the documents that have the same text",
	.example = "quern dedup exact --rejects copies.jsonl documents.jsonl "
		   "-o distinct.jsonl",
	.opts = exact_opts,
	.common = common_opts,
	.more =
	    "The one with the smallest id stays, unless --prefer says another.",
};

static const struct opt_cmd url_cmd = {
	.name = "dedup url",
	.args = "[FILE...]",
	.summary = "keep one of the documents that have the same URL",
	.example = "quern dedup url --prefer newest documents.jsonl "
		   "-o distinct.jsonl",
	.opts = url_opts,
	.common = common_opts,
	.more = "The URL is metadata.url; a document without one stays.",
};

static const struct opt_cmd lines_cmd = {
	.name = "dedup lines",
	.args = "[FILE...]",
	.summary = "cut out lines that another document has",
	.example = "quern dedup lines --least 5 documents.jsonl -o lines.jsonl",
	.opts = lines_opts,
	.common = common_opts,
	.more = "Each line stays in one document: that with the smallest id, "
		"unless --prefer\nsays otherwise.",
};

static const struct opt_cmd substring_cmd = {
	.name = "dedup substring",
	.args = "[FILE...]",
	.summary = "cut out text that stands elsewhere, whatever is around it",
	.example = "quern dedup substring --least 200 documents.jsonl "
		   "-o distinct.jsonl",
	.opts = substring_opts,
	.common = common_opts,
	.more = "Each run of bytes stays in one document: that with the "
		"smallest id, unless\n--prefer says otherwise.",
};

static const struct opt_cmd minhash_cmd = {
	.name = "dedup minhash",
	.args = "[FILE...]",
	.summary = "keep one of the documents that are nearly the same",
	.example = "quern dedup minhash --pairs pairs.tsv documents.jsonl "
		   "-o distinct.jsonl",
	.opts = minhash_opts,
	.common = common_opts,
	.more = "Every document dropped is as similar as --verify says to one "
		"that stays,\ncomputed from the documents themselves; of two, "
		"the smaller id stays, unless --prefer says otherwise.\n"
		"stages: signatures, buckets, clusters, apply",
};

static const struct opt_cmd signatures_cmd = {
	.name = "dedup minhash signatures",
	.args = "[FILE...]",
	.summary = "first stage: signatures of a shard of the documents",
	.example = "quern dedup minhash signatures --shard 0/2 crawl "
		   "-o 0.signatures",
	.opts = signatures_opts,
	.common = common_opts,
	.more = "All jobs are given all files, each another --shard.",
};

static const struct opt_cmd buckets_cmd = {
	.name = "dedup minhash buckets",
	.args = "SIGNATURES...",
	.summary = "second stage: which documents to compare",
	.example = "quern dedup minhash buckets --part 0/2 *.signatures "
		   "-o 0.buckets",
	.opts = buckets_opts,
	.common = common_opts,
	.more = "All jobs are given all signatures, each another --part.",
};

static const struct opt_cmd clusters_cmd = {
	.name = "dedup minhash clusters",
	.args = "SIGNATURES... BUCKETS...",
	.summary = "third stage: verify, and choose what stays",
	.example = "quern dedup minhash clusters *.signatures *.buckets "
		   "-o verdicts",
	.opts = clusters_opts,
	.common = common_opts,
	.more = "One job, which is given the files of all others.",
};

static const struct opt_cmd apply_cmd = {
	.name = "dedup minhash apply",
	.args = "[FILE...]",
	.summary = "last stage: write the documents of a shard that stay",
	.example = "quern dedup minhash apply --verdicts verdicts --shard 0/2 "
		   "crawl -o 0.jsonl",
	.opts = apply_opts,
	.common = common_opts,
	.more = "The documents are those that the signatures are of.",
};

static int
run_exact(struct docs *in, struct run *r, struct err *e)
{
	return dedup_exact(in, r, &exact, e);
}

static int
run_lines(struct docs *in, struct run *r, struct err *e)
{
	return dedup_lines(in, r, &lines, e);
}

static int
run_substring(struct docs *in, struct run *r, struct err *e)
{
	return dedup_substring(in, r, &substring, e);
}

static int
run_minhash(struct docs *in, struct run *r, struct err *e)
{
	return dedup_minhash(in, r, &near, &dumps, e);
}

static int
run_signatures(struct docs *in, struct run *r, struct err *e)
{
	return stage_signatures(in, r, &near, e);
}

static int
run_apply(struct docs *in, struct run *r, struct err *e)
{
	return stage_apply(in, r, verdicts, e);
}

/* Options to exit status, around the passes of one method. */
static int
dedup(const struct opt_cmd *c, int argc, char **argv, bool writes_docs,
    int (*method)(struct docs *in, struct run *r, struct err *e))
{
	double start = progress_now();
	struct docs in;
	struct run r;
	struct err e;
	int rc, n = cmd_begin(c, argc, argv);

	rc = docs_open(&in, argv + 1, n, &common, &e);
	if (rc < 0)
		return cmd_end(c, rc, &e);
	rc = docs_spool(&in, &e);
	if (rc == 0)
		rc = run_open(&r, c, &common, !writes_docs, cmd_warn, &e);
	if (rc == 0) {
		rc = method(&in, &r, &e);
		if (rc < 0)
			run_abort(&r);
		else
			rc = run_close(&r, &e);
		if (rc == 0)
			rc = index_commit(&dumps, &e);
		r.progress.start = start; /* of all passes */
		if (rc == 0 && writes_docs)
			cmd_closing(&r, "documents");
	}
	index_close(&dumps);
	docs_close(&in);
	return cmd_end(c, rc, &e);
}

static int
run_buckets(const struct paths *files, struct run *r, struct err *e)
{
	return stage_buckets(files, r, &part, e);
}

static int
run_clusters(const struct paths *files, struct run *r, struct err *e)
{
	return stage_clusters(files, r, near.pairs, e);
}

/* The stages that read no documents. */
static int
join_files(const struct opt_cmd *c, int argc, char **argv,
    int (*stage)(const struct paths *files, struct run *r, struct err *e))
{
	struct paths files = { 0 };
	struct run r;
	struct err e;
	int rc, n = cmd_begin(c, argc, argv);

	if (n == 0)
		rc = err_set(&e, ERR_ARG, "no file is given");
	else if (common.shard.n)
		rc = err_set(&e, ERR_ARG,
		    "--shard divides documents: this stage needs all files");
	else
		rc = paths_expand(&files, argv + 1, n, &common.shard, &e);
	if (rc == 0)
		rc = run_open(&r, c, &common, true, cmd_warn, &e);
	if (rc == 0) {
		rc = stage(&files, &r, &e);
		if (rc < 0)
			run_abort(&r);
		else
			rc = run_close(&r, &e);
	}
	paths_free(&files);
	return cmd_end(c, rc, &e);
}

static int
exact_main(int argc, char **argv)
{
	return dedup(&exact_cmd, argc, argv, true, run_exact);
}

static int
url_main(int argc, char **argv)
{
	exact.url = true;
	return dedup(&url_cmd, argc, argv, true, run_exact);
}

static int
lines_main(int argc, char **argv)
{
	return dedup(&lines_cmd, argc, argv, true, run_lines);
}

static int
substring_main(int argc, char **argv)
{
	return dedup(&substring_cmd, argc, argv, true, run_substring);
}

/* The other options begin as the profile has them, in the help too. */
static void
begin_with_profile(int argc, char **argv)
{
	const struct minhash_opt *p;
	int i;

	for (i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		p = NULL;
		if (strncmp(argv[i], "--profile=", 10) == 0)
			p = minhash_profile(argv[i] + 10);
		else if (strcmp(argv[i], "--profile") == 0 && i + 1 < argc)
			p = minhash_profile(argv[i + 1]);
		if (p)
			near = *p;
	}
}

static int
signatures_main(int argc, char **argv)
{
	begin_with_profile(argc, argv);
	return dedup(&signatures_cmd, argc, argv, false, run_signatures);
}

static int
buckets_main(int argc, char **argv)
{
	return join_files(&buckets_cmd, argc, argv, run_buckets);
}

static int
clusters_main(int argc, char **argv)
{
	return join_files(&clusters_cmd, argc, argv, run_clusters);
}

static int
apply_main(int argc, char **argv)
{
	return dedup(&apply_cmd, argc, argv, true, run_apply);
}

/* The whole, or the stage that the first operand names. */
static int
minhash_main(int argc, char **argv)
{
	static const struct cmd_sub stages[] = {
		{ "signatures", "", signatures_main },
		{ "buckets", "", buckets_main },
		{ "clusters", "", clusters_main },
		{ "apply", "", apply_main },
	};
	size_t i;

	for (i = 0; i < sizeof(stages) / sizeof(*stages); i++)
		if (argc > 1 && strcmp(argv[1], stages[i].name) == 0)
			return stages[i].main(argc - 1, argv + 1);
	begin_with_profile(argc, argv);
	return dedup(&minhash_cmd, argc, argv, true, run_minhash);
}

int
main(int argc, char **argv)
{
	static const struct cmd_sub subs[] = {
		{ "exact", "drop documents with the same text", exact_main },
		{ "url", "drop documents that have the same URL", url_main },
		{ "minhash", "drop documents that are nearly the same",
		    minhash_main },
		{ "lines", "cut out lines that another document has",
		    lines_main },
		{ "substring", "cut out text that stands elsewhere",
		    substring_main },
		{ 0 },
	};

	opt_common_init(&common);
	near = *minhash_profile("plain");
	return cmd_subs("dedup", "keep one of the documents that are the same",
	    subs, argc, argv);
}
