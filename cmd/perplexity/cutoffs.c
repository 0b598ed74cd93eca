/* SPDX-License-Identifier: MIT */
#include "perplexity.h"

#include <string.h>

#include "base/hash.h"
#include "filter/cutoffs.h"
#include "io/stream.h"

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
	.common = perplexity_shared,
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
	struct measured m = { hash64(d->id.p, d->id.n, perplexity_common.seed),
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
write_cutoffs(void *unused, struct docs *in, struct run *r, struct err *e)
{
	static const struct docs_ops ops = { .doc = look,
		.fold = add_measured };
	struct cutoff_sample *s = cutoff_sample_new((size_t)sample_size);
	struct buf b = { 0 };
	int rc = s ? 0 : err_nomem(e, "the sample");

	(void)unused;
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

int
main_cutoffs(int argc, char **argv)
{
	argc = cmd_begin(&cutoffs_cmd, argc, argv);
	return cmd_work(
	    &cutoffs_cmd, &perplexity_common, argc, argv, write_cutoffs, NULL);
}
