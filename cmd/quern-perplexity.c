/* SPDX-License-Identifier: MIT */
/* Language models of n-grams: trains, scores, parts by perplexity. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/hash.h"
#include "cmd.h"
#include "filter/cutoffs.h"
#include "filter/lm_text.h"
#include "filter/ngram.h"
#include "filter/ngram_query.h"
#include "filter/ngram_train.h"
#include "filter/strs.h"
#include "io/stream.h"
#include "tokenizer/as_words.h"
#include "tokenizer/tokenizer.h"

static struct opt_common common;
static const struct opt shared[] = { OPT_COMMON(&common), { 0 } };

/* ---- how texts become words ---- */

static const char *normalize = "ccnet", *sentence = "auto";

#define OPT_TEXT \
	{ "normalize", 0, OPT_STR, &normalize, "HOW", \
		"ccnet: lower case, no accents, digits 0, plain punctuation", \
		"ccnet,none" }, \
	{ \
		"sentence", 0, OPT_STR, &sentence, "WHAT", \
		    "what is a sentence; auto: a document with a tokenizer, " \
		    "else a line", \
		    "auto,line,document" \
	}

/* For struct lm_pieces, whose codec.ctx is the tokenizer. */
static int
spell(
    void *ctx, void *scratch, struct str text, struct buf *words, struct err *e)
{
	return tokenizer_spell_unknown(ctx, scratch, text, words, e);
}

/* A tokenizer with its tokens' words; all zeros if none was asked for. */
struct pieces {
	struct lm_pieces lm;
	struct buf bytes;
};

static void
pieces_free(struct pieces *p)
{
	if (p->lm.codec.close)
		p->lm.codec.close(p->lm.codec.ctx);
	free(p->lm.names);
	buf_free(&p->bytes);
}

static int
pieces_open(struct pieces *p, const char *path, struct err *e)
{
	if (tokenizer_open(&p->lm.codec, path, e) < 0)
		return e->code;
	p->lm.unknown = tokenizer_unknown(p->lm.codec.ctx);
	p->lm.spell = spell;
	return tokenizer_words(p->lm.codec.ctx, &p->lm.names, &p->bytes, e);
}

/* What the options say of texts with those pieces, or without. */
static struct lm_text
text_of(const struct pieces *p)
{
	bool pieces = p && p->lm.names;

	return (struct lm_text){ .normal = strcmp(normalize, "ccnet") == 0,
		.document = strcmp(sentence, "document") == 0 ||
			    (pieces && strcmp(sentence, "auto") == 0),
		.pieces = pieces ? &p->lm : NULL };
}

/* ---- label ---- */

static struct opt_list models, tokenizers, keep;
static const char *cutoffs_path;
static int head = 30, tail = 60;

/* A language's model, or with an empty name everybody's. */
struct judge {
	struct str language;
	struct ngram *m;
	struct pieces pieces;
	uint32_t *words;
	struct lm_text text;
};

/* ctx of the workers. */
struct judges {
	struct judge *v;
	size_t n;
	struct cutoffs *cutoffs;
	struct strs keep; /* n = 0: all */
};

struct worker {
	struct lm_scratch scratch;
	struct ngram_row row;
};

static void *
worker_new(void *ctx, struct err *e)
{
	struct worker *w = calloc(1, sizeof(*w));

	(void)ctx;
	if (!w)
		err_nomem(e, "threads");
	return w;
}

static void
worker_free(void *worker)
{
	struct worker *w = worker;

	lm_scratch_free(&w->scratch);
	ngram_row_free(&w->row);
	free(w);
}

/* "en=FILE" or "FILE" */
static struct str
split_language(const char *arg, const char **path)
{
	const char *p = strchr(arg, '=');

	if (!p || p == arg || memchr(arg, '/', (size_t)(p - arg))) {
		*path = arg;
		return (struct str){ "", 0 };
	}
	*path = p + 1;
	return (struct str){ arg, (size_t)(p - arg) };
}

static struct judge *
judge_of(const struct judges *x, struct str language)
{
	size_t i;

	for (i = 0; i < x->n; i++)
		if (str_eq(x->v[i].language, language))
			return &x->v[i];
	return NULL;
}

static int
open_judges(struct judges *x, struct err *e)
{
	struct str language;
	struct judge *j;
	const char *path;
	size_t i;

	x->v = calloc(models.n + 1, sizeof(*x->v));
	if (!x->v)
		return err_nomem(e, "models");
	for (i = 0; i < models.n; i++) {
		language = split_language(models.v[i], &path);
		if (judge_of(x, language))
			return err_set(e, ERR_ARG,
			    "--model: two for one language: %s", models.v[i]);
		j = &x->v[x->n++];
		j->language = language;
		if (ngram_load(&j->m, path, e) < 0)
			return e->code;
	}
	for (i = 0; i < tokenizers.n; i++) {
		language = split_language(tokenizers.v[i], &path);
		j = judge_of(x, language);
		if (!j || j->pieces.lm.names)
			return err_set(e, ERR_ARG,
			    "--tokenizer: %s for that language: %s",
			    j ? "two" : "there is no --model", tokenizers.v[i]);
		if (pieces_open(&j->pieces, path, e) < 0 ||
		    lm_pieces_words(&j->pieces.lm, j->m, &j->words, e) < 0)
			return e->code;
	}
	for (i = 0; i < x->n; i++)
		x->v[i].text = text_of(&x->v[i].pieces);
	return 0;
}

static void
judges_free(struct judges *x)
{
	size_t i;

	for (i = 0; i < x->n; i++) {
		ngram_free(x->v[i].m);
		pieces_free(&x->v[i].pieces);
		free(x->v[i].words);
	}
	free(x->v);
	cutoffs_free(x->cutoffs);
	strs_free(&x->keep);
}

/* < 0: there is none. */
static int
measure(const struct judge *j, struct worker *w, struct str text,
    double *perplexity, struct err *e)
{
	uint64_t words;
	double sum;

	w->row.n = 0;
	if (lm_text_row(
		&j->text, &w->scratch, j->m, j->words, text, &w->row, e) < 0 ||
	    ngram_score(j->m, &w->row, e) < 0)
		return e->code;
	sum = ngram_sum(&w->row, &words);
	*perplexity = words ? lm_rounded(ngram_perplexity(sum, words)) : -1;
	return 0;
}

static bool
is_kept(const struct judges *x, const char *bucket)
{
	size_t i;

	for (i = 0; i < x->keep.n; i++)
		if (str_eq(x->keep.v[i], str_c(bucket)))
			return true;
	return x->keep.n == 0;
}

/* In which bucket, and by which cut-off: the reason for dropping it. */
static int
drop(const char *bucket, double perplexity, double limit, struct doc *d,
    struct emit *em, struct err *e)
{
	char detail[32];

	snprintf(detail, sizeof(detail), "{\"bucket\":\"%s\"}", bucket);
	return emit_drop(em, d,
	    &(struct reason){ .rule = "perplexity_bucket",
		.has_value = perplexity >= 0,
		.value = perplexity,
		.threshold = limit,
		.detail = str_c(detail) },
	    e);
}

static int
judge_doc(
    void *ctx, void *worker, struct doc *d, struct emit *em, struct err *e)
{
	const struct judges *x = ctx;
	struct str language = json_str(doc_meta(d, "language"));
	const struct judge *j = judge_of(x, language);
	double perplexity = -1, limit = 0;
	const char *bucket = "all";

	if (!j)
		j = judge_of(x, (struct str){ "", 0 });
	if (j && measure(j, worker, d->text, &perplexity, e) < 0)
		return e->code;
	if (x->cutoffs && perplexity >= 0)
		bucket =
		    cutoffs_bucket(x->cutoffs, language, perplexity, &limit);
	if (!is_kept(x, bucket))
		return drop(bucket, perplexity, limit, d, em, e);
	if (perplexity >= 0)
		doc_set_double(d, "perplexity", perplexity);
	else if (json_type(doc_meta(d, "perplexity")) != JSON_NONE)
		doc_set_json(d, "perplexity", STR("null"));
	if (x->cutoffs)
		doc_set_str(d, "bucket", str_c(bucket));
	return emit_keep(em, d, e);
}

static int
prepare(struct judges *x, struct err *e)
{
	size_t i;

	if (models.n == 0)
		return err_set(e, ERR_ARG, "give --model");
	if (head < 0 || tail <= head || tail > 100)
		return err_set(e, ERR_ARG,
		    "--head %d, --tail %d: percentiles from 0 to 100, head "
		    "below tail",
		    head, tail);
	if (strs_split(&x->keep, &keep, "--keep", e) < 0)
		return e->code;
	for (i = 0; i < x->keep.n; i++)
		if (!str_eq(x->keep.v[i], STR("head")) &&
		    !str_eq(x->keep.v[i], STR("middle")) &&
		    !str_eq(x->keep.v[i], STR("tail")) &&
		    !str_eq(x->keep.v[i], STR("all")))
			return err_set(e, ERR_ARG,
			    "--keep: '%.*s' is none of head, middle, tail, all",
			    (int)x->keep.v[i].n, x->keep.v[i].p);
	if (x->keep.n && !cutoffs_path)
		return err_set(e, ERR_ARG, "--keep takes --cutoffs");
	if (cutoffs_path && cutoffs_load(&x->cutoffs, cutoffs_path,
				(unsigned)head, (unsigned)tail, e) < 0)
		return e->code;
	return open_judges(x, e);
}

static const struct opt label_opts[] = {
	{ "model", 0, OPT_LIST, &models, "[LANG=]FILE",
	    "the language model, ARPA or a binary file of KenLM; with LANG= "
	    "for documents in that language",
	    NULL },
	{ "tokenizer", 0, OPT_LIST, &tokenizers, "[LANG=]FILE",
	    "the model's words are tokens of this, such as SentencePiece's",
	    NULL },
	OPT_TEXT,
	{ "cutoffs", 0, OPT_STR, &cutoffs_path, "FILE",
	    "set metadata.bucket by these, of quern perplexity cutoffs", NULL },
	{ "head", 0, OPT_INT, &head, "N",
	    "head: below percentile N of the cut-offs", NULL },
	{ "tail", 0, OPT_INT, &tail, "N", "tail: from percentile N on", NULL },
	{ "keep", 0, OPT_LIST, &keep, "BUCKETS",
	    "drop what is in none of these: head,middle", NULL },
	{ 0 },
};
static const struct opt_cmd label_cmd = {
	.name = "perplexity label",
	.args = "[FILE...]",
	.summary = "say how surprised a language model is by each document",
	.example = "quern perplexity label --model en.arpa.bin docs.jsonl\n"
		   "quern perplexity label --model en=en.arpa.bin "
		   "--tokenizer en=en.sp.model --cutoffs cutoff.csv docs.jsonl",
	.opts = label_opts,
	.common = shared,
};

static int
label_main(int argc, char **argv)
{
	static const struct docs_ops ops = { .worker_new = worker_new,
		.worker_free = worker_free,
		.doc = judge_doc };
	struct judges x = { 0 };
	struct err e;
	int rc;

	argc = cmd_begin(&label_cmd, argc, argv);
	rc = prepare(&x, &e);
	rc = rc < 0 ? cmd_end(&label_cmd, rc, &e)
		    : cmd_docs(&label_cmd, &common, argc, argv, &ops, &x);
	judges_free(&x);
	return rc;
}

/* ---- cutoffs ---- */

static int sample_size = 100000;

static const struct opt cutoffs_opts[] = {
	{ "sample", 0, OPT_POSITIVE, &sample_size, "N",
	    "look at N documents of each language", NULL },
	{ 0 },
};
static const struct opt_cmd cutoffs_cmd = {
	.name = "perplexity cutoffs",
	.args = "[FILE...]",
	.summary = "percentiles of perplexities, by language",
	.example = "quern perplexity label --model en.arpa.bin docs.jsonl |\n"
		   "    quern perplexity cutoffs -o cutoff.csv",
	.opts = cutoffs_opts,
	.common = shared,
};

/* What a document hands on; its language follows. */
struct measured {
	uint64_t hash;
	double perplexity;
	size_t language; /* bytes */
};

static int
look(void *ctx, void *worker, struct doc *d, struct emit *em, struct err *e)
{
	struct json_val v = doc_meta(d, "perplexity");
	struct str language = json_str(doc_meta(d, "language"));
	struct measured m = { hash64(d->id.p, d->id.n, common.seed),
		json_double(v, 0), 0 };

	(void)ctx;
	(void)worker;
	if (json_type(v) != JSON_NUMBER)
		return emit_drop(
		    em, d, &(struct reason){ .rule = "no_perplexity" }, e);
	if (!language.p)
		language = STR("und");
	if (language.n > 16 || memchr(language.p, ',', language.n))
		return emit_drop(
		    em, d, &(struct reason){ .rule = "no_language" }, e);
	m.language = language.n;
	buf_put(&em->side, &m, sizeof(m));
	buf_str(&em->side, language);
	em->tally.kept++;
	return buf_ok(&em->side, e);
}

static int
add_measured(void *ctx, struct str side, struct err *e)
{
	struct measured m;

	while (side.n) {
		memcpy(&m, side.p, sizeof(m));
		if (cutoff_sample_add(ctx,
			(struct str){ side.p + sizeof(m), m.language }, m.hash,
			m.perplexity, e) < 0)
			return e->code;
		side.p += sizeof(m) + m.language;
		side.n -= sizeof(m) + m.language;
	}
	return 0;
}

static int
write_cutoffs(struct docs *in, struct run *r, struct err *e)
{
	static const struct docs_ops ops = { .doc = look,
		.fold = add_measured };
	struct cutoff_sample *s = cutoff_sample_new((size_t)sample_size);
	struct buf b = { 0 };
	int rc = s ? 0 : err_nomem(e, "the sample");

	if (rc == 0)
		rc = docs_run(in, &ops, s, r, e);
	if (rc == 0)
		rc = cutoff_sample_write(s, &b, e);
	if (rc == 0)
		rc = out_write(r->out, b.p, b.n, e);
	cutoff_sample_free(s);
	buf_free(&b);
	return rc;
}

/* ---- train ---- */

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
	.common = shared,
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
train_model(struct docs *in, struct run *r, struct err *e)
{
	static const struct docs_ops ops = { .worker_new = worker_new,
		.worker_free = worker_free,
		.doc = sentences,
		.fold = add_sentences };
	struct ngram_train_opts o = { .order = (unsigned)train.order,
		.fallback = train.fallback,
		.memory = common.memory ? common.memory : (uint64_t)1 << 30,
		.threads = common.threads };
	struct trainer x = { 0 };
	int rc = ngram_train_prune(&o, train.prune, e);

	if (rc == 0 && train.tokenizer)
		rc = pieces_open(&x.pieces, train.tokenizer, e);
	x.text = text_of(&x.pieces);
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

/* A command that looks at documents and writes one thing. */
static int
look_main(const struct opt_cmd *c, int argc, char **argv,
    int (*work)(struct docs *, struct run *, struct err *))
{
	struct docs in;
	struct run r;
	struct err e;
	int rc;

	argc = cmd_begin(c, argc, argv);
	rc = docs_open(&in, argv + 1, argc, &common, &e);
	if (rc < 0)
		return cmd_end(c, rc, &e);
	rc = run_open(&r, c, &common, false, cmd_warn, &e);
	if (rc == 0) {
		rc = work(&in, &r, &e);
		if (rc < 0)
			run_abort(&r);
		else
			rc = run_close(&r, &e);
		if (rc == 0)
			cmd_closing(&r, "documents");
	}
	docs_close(&in);
	return cmd_end(c, rc, &e);
}

static int
cutoffs_main(int argc, char **argv)
{
	return look_main(&cutoffs_cmd, argc, argv, write_cutoffs);
}

static int
train_main(int argc, char **argv)
{
	return look_main(&train_cmd, argc, argv, train_model);
}

/* ---- query ---- */

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
	.common = shared,
};

static int
query_main(int argc, char **argv)
{
	struct paths paths = { 0 };
	struct ngram *m = NULL;
	struct out *out = NULL;
	struct err e;
	int rc;

	argc = cmd_begin(&query_cmd, argc, argv);
	rc = query_model ? 0 : err_set(&e, ERR_ARG, "give --model");
	if (rc == 0)
		rc = paths_expand(&paths, argv + 1, argc, &common.shard, &e);
	if (rc == 0)
		rc = ngram_load(&m, query_model, &e);
	if (rc == 0)
		rc = out_open(&out, common.out, &e);
	if (rc == 0)
		rc = ngram_query(
		    m, &paths, query_words, common.threads, out, &e);
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
	.common = shared,
};

static int
convert(const char *path, struct err *e)
{
	struct ngram *m = NULL;
	struct out *out = NULL;
	int rc = ngram_load_all(&m, path, e);

	if (rc == 0)
		rc = out_open(&out, common.out, e);
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

static int
convert_main(int argc, char **argv)
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

int
main(int argc, char **argv)
{
	static const struct cmd_sub subs[] = {
		{ "train", "train a language model of n-grams", train_main },
		{ "label", "say how surprising each document is", label_main },
		{ "cutoffs", "percentiles of perplexities, by language",
		    cutoffs_main },
		{ "query", "score lines of text, each a sentence", query_main },
		{ "convert", "an ARPA file as KenLM's binary", convert_main },
		{ 0 },
	};

	opt_common_init(&common);
	return cmd_subs(
	    "perplexity", "Language models of n-grams.", subs, argc, argv);
}
