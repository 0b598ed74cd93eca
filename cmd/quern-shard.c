/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/num.h"
#include "cmd.h"
#include "io/shard.h"
#include "io/stream.h"
#include "io/textcodec.h"
#include "mix/convert.h"
#include "mix/encode.h"
#include "tokenizer/tokenizer.h"

static struct opt_common common;
static const struct opt common_opts[] = { OPT_COMMON(&common), { 0 } };

static const char *tokenizer;
static bool eod = true;
static struct opt_list keep;

static const struct opt build_opts[] = {
	{ "tokenizer", 't', OPT_STR, &tokenizer, "FILE",
	    "the tokenizer.json to encode with", NULL },
	{ "eod", 0, OPT_FLAG, &eod, NULL,
	    "end each document with <|endoftext|>; --no-eod: don't", NULL },
	{ "keep", 0, OPT_LIST, &keep, "NAME",
	    "keep this number of the metadata, for quern mix index; may be "
	    "given again",
	    NULL },
	{ 0 }
};

static int
check_usage(struct err *e)
{
	if (!tokenizer)
		return err_set(e, ERR_ARG, "say --tokenizer tokenizer.json");
	if (!common.out || strcmp(common.out, "-") == 0)
		return err_set(e, ERR_ARG,
		    "say -o PREFIX: a shard is PREFIX.bin, PREFIX.idx and "
		    "PREFIX.docs");
	return 0;
}

static int
build(const struct opt_cmd *c, struct docs *in, const struct textcodec *codec,
    struct err *e)
{
	struct encode_options o = { eod, keep.v, keep.n };
	struct run r;
	int rc = run_open(&r, c, &common, true, cmd_warn, e);

	if (rc < 0)
		return rc;
	rc = encode_shard(in, codec, &o, common.out, &r, e);
	if (rc == 0)
		rc = run_close(&r, e);
	else
		run_abort(&r);
	if (rc == 0)
		cmd_closing(&r, "documents");
	return rc;
}

static int
build_main(int argc, char **argv)
{
	static const struct opt_cmd c = {
		.name = "shard",
		.args = "[FILE...]",
		.summary = "documents to token shards (Megatron .bin and .idx, "
			   "and .docs)",
		.example = "quern shard --tokenizer tokenizer.json -o web-00 "
			   "clean.jsonl.zst",
		.opts = build_opts,
		.common = common_opts,
		.more =
		    "usage: quern shard SUBCOMMAND [options] PREFIX...\n"
		    "  info    what a shard holds\n"
		    "  cat     the token ids of each document\n"
		    "  verify  do sizes, offsets, tokens and digests hold?\n"
		    "  convert to and from token files of other tools",
	};
	struct textcodec codec = { 0 };
	struct docs in = { 0 };
	struct err e;
	int n, rc;

	opt_common_init(&common);
	n = cmd_begin(&c, argc, argv);
	rc = check_usage(&e);
	if (rc == 0)
		rc = docs_open(&in, argv + 1, n, &common, &e);
	if (rc == 0)
		rc = tokenizer_open(&codec, tokenizer, &e);
	if (rc == 0)
		rc = build(&c, &in, &codec, &e);
	if (codec.close)
		codec.close(codec.ctx);
	docs_close(&in);
	opt_free(&c);
	return cmd_end(&c, rc, &e);
}

/*
 * Run one over every shard named, writing to -o.  A broken one is reported;
 * with go_on the others are still looked at.
 */
static int
each_shard(const struct opt_cmd *c, int n, char **argv, bool go_on,
    int (*one)(const struct shard *, struct out *, struct err *), struct err *e)
{
	int i, rc = 0, bad = 0;
	struct shard s;
	struct run r;

	if (n < 1)
		return err_set(e, ERR_ARG, "name a shard: its PREFIX");
	if (run_open(&r, c, &common, false, cmd_warn, e) < 0)
		return e->code;
	for (i = 1; rc == 0 && i <= n; i++) {
		rc = shard_open(&s, argv[i], e);
		if (rc == 0) {
			rc = one(&s, r.out, e);
			shard_close(&s);
		}
		if (go_on && (rc == ERR_FORMAT || rc == ERR_CHECK)) {
			cmd_warn(&r, str_c(e->msg));
			bad++;
			rc = 0;
		}
	}
	if (rc < 0) {
		run_abort(&r);
		return rc;
	}
	buf_printf(&r.extra, "\"shards\":%d,\"broken\":%d,", n, bad);
	if (run_close(&r, e) < 0)
		return e->code;
	return bad ? err_set(e, ERR_CHECK, "%d of %d shards are broken", bad, n)
		   : 0;
}

static int
put(struct out *out, struct buf *b, struct err *e)
{
	int rc = buf_ok(b, e);

	if (rc == 0)
		rc = out_write(out, b->p, b->n, e);
	buf_free(b);
	return rc;
}

static int
info_one(const struct shard *s, struct out *out, struct err *e)
{
	struct buf b = { 0 };
	double per = s->docs ? (double)s->tokens / (double)s->docs : 0;

	buf_printf(&b, "shard       %s\n", s->prefix);
	buf_printf(&b, "documents   %" PRIu64 "\n", s->docs);
	buf_printf(
	    &b, "tokens      %" PRIu64 " (%.1f a document)\n", s->tokens, per);
	buf_printf(&b, "type        %s, %" PRIu64 " bytes\n",
	    s->idx.width == 2 ? "uint16" : "int32", s->bin_bytes);
	buf_printf(&b, "tokenizer   sha256:%s\n", s->head.tokenizer);
	buf_printf(&b, "vocabulary  %" PRIu32 "\n", s->head.vocab);
	if (s->head.end_text >= 0)
		buf_printf(&b, "document ends in token %" PRId64 "\n",
		    s->head.end_text);
	else
		buf_puts(&b, "documents end without a token of their own\n");
	buf_printf(&b, "bin         sha256:%s\n", s->bin_sha256);
	return put(out, &b, e);
}

static const struct opt no_opts[] = { { 0 } };

static int
info_main(int argc, char **argv)
{
	static const struct opt_cmd c = {
		.name = "shard info",
		.args = "PREFIX...",
		.summary = "what a shard holds",
		.example = "quern shard info web-00",
		.opts = no_opts,
		.common = common_opts,
	};
	struct err e;
	int n, rc;

	opt_common_init(&common);
	n = cmd_begin(&c, argc, argv);
	rc = each_shard(&c, n, argv, false, info_one, &e);
	return cmd_end(&c, rc, &e);
}

static uint64_t from, to;
static const char *format;

/* A document's tokens as a line. */
static int
cat_doc(const struct shard *s, uint64_t i, struct ids *ids, struct arena *a,
    struct buf *b, struct err *e)
{
	uint64_t first, n, k;
	bool json = strcmp(format, "jsonl") == 0;
	struct shard_doc d;

	ids->n = 0;
	arena_reset(a);
	if (shard_doc_range(s, i, &first, &n, e) < 0 ||
	    ids_reserve(ids, n, e) < 0 ||
	    shard_read(s, first, n, ids->v, e) < 0)
		return e->code;
	if (json) {
		if (shard_doc_read(s, i, a, &d, e) < 0)
			return e->code;
		buf_puts(b, "{\"id\":");
		buf_json(b, d.id);
		buf_puts(b, ",\"tokens\":[");
	}
	for (k = 0; k < n; k++) {
		if (k)
			buf_putc(b, json ? ',' : ' ');
		buf_u64(b, ids->v[k]);
	}
	buf_puts(b, json ? "]}\n" : "\n");
	return 0;
}

static int
cat_one(const struct shard *s, struct out *out, struct err *e)
{
	uint64_t i, end = to && to < s->docs ? to : s->docs;
	struct ids ids = { 0 };
	struct arena a = { 0 };
	struct buf b = { 0 };
	int rc = 0;

	for (i = from; rc == 0 && i < end; i++) {
		buf_clear(&b);
		rc = cat_doc(s, i, &ids, &a, &b, e);
		if (rc == 0)
			rc = buf_ok(&b, e);
		if (rc == 0)
			rc = out_write(out, b.p, b.n, e);
	}
	buf_free(&b);
	arena_free(&a);
	ids_free(&ids);
	return rc;
}

static const struct opt cat_opts[] = { { "from", 0, OPT_U64, &from, "N",
					   "first document", NULL },
	{ "to", 0, OPT_U64, &to, "N",
	    "the document to stop before; 0: the shard's end", NULL },
	{ "format", 0, OPT_STR, &format, "FORMAT",
	    "ids: numbers, a line a document; jsonl: with the id",
	    "ids,jsonl" },
	{ 0 } };

static int
cat_main(int argc, char **argv)
{
	static const struct opt_cmd c = {
		.name = "shard cat",
		.args = "PREFIX...",
		.summary = "the token ids of each document",
		.example = "quern shard cat --from 10 --to 12 web-00",
		.opts = cat_opts,
		.common = common_opts,
	};
	struct err e;
	int n, rc;

	opt_common_init(&common);
	format = "ids";
	n = cmd_begin(&c, argc, argv);
	rc = each_shard(&c, n, argv, false, cat_one, &e);
	return cmd_end(&c, rc, &e);
}

static int
verify_one(const struct shard *s, struct out *out, struct err *e)
{
	struct buf b = { 0 };

	if (shard_verify(s, e) < 0)
		return e->code;
	buf_printf(&b, "%s: ok, %" PRIu64 " documents, %" PRIu64 " tokens\n",
	    s->prefix, s->docs, s->tokens);
	return put(out, &b, e);
}

static int
verify_main(int argc, char **argv)
{
	static const struct opt_cmd c = {
		.name = "shard verify",
		.args = "PREFIX...",
		.summary = "do sizes, offsets, tokens and digests hold?",
		.example = "quern shard verify web-00 web-01",
		.opts = no_opts,
		.common = common_opts,
		.more = "Exits 3 if one does not.",
	};
	struct err e;
	int n, rc;

	opt_common_init(&common);
	n = cmd_begin(&c, argc, argv);
	rc = each_shard(&c, n, argv, true, verify_one, &e);
	return cmd_end(&c, rc, &e);
}

static const char *convert_to_name, *convert_from_name, *dtype;

static const struct opt convert_opts[] = {
	{ "to", 0, OPT_STR, &convert_to_name, "FORMAT",
	    "from a shard to this format", "nanogpt,raw,llmc,ds,mds" },
	{ "from", 0, OPT_STR, &convert_from_name, "FORMAT",
	    "from this format to a shard", "nanogpt,raw,llmc,ds,mds,megatron" },
	{ "tokenizer", 't', OPT_STR, &tokenizer, "FILE",
	    "with --from: the tokenizer.json that made the tokens", NULL },
	{ "dtype", 0, OPT_STR, &dtype, "TYPE",
	    "with --from raw, or mds of bytes: what tokens are",
	    "uint16,uint32" },
	{ "eod", 0, OPT_FLAG, &eod, NULL,
	    "with --from: each document ends in <|endoftext|>; --no-eod: or "
	    "not",
	    NULL },
	{ 0 }
};

static int
convert_usage(int n, struct err *e)
{
	if (!convert_to_name == !convert_from_name)
		return err_set(e, ERR_ARG, "say --to FORMAT or --from FORMAT");
	if (!common.out || strcmp(common.out, "-") == 0)
		return err_set(e, ERR_ARG, "say where to: -o");
	if (convert_to_name && n != 1)
		return err_set(e, ERR_ARG, "name one shard: its PREFIX");
	if (n < 1)
		return err_set(e, ERR_ARG, "name a file");
	if (convert_from_name && !tokenizer)
		return err_set(e, ERR_ARG,
		    "say --tokenizer tokenizer.json: which tokens these are");
	return 0;
}

static int
convert_out(const char *prefix, struct run *r, struct err *e)
{
	enum convert_format f;
	struct shard s;
	int rc;

	convert_format(convert_to_name, &f);
	if (shard_open(&s, prefix, e) < 0)
		return e->code;
	rc = convert_to(&s, f, common.out, e);
	buf_printf(&r->extra,
	    "\"documents\":%" PRIu64 ",\"tokens\":%" PRIu64 ",", s.docs,
	    s.tokens);
	shard_close(&s);
	return rc;
}

/* What the tokenizer says of the tokens. */
static int
convert_head(struct convert_in *in, struct err *e)
{
	struct textcodec codec = { 0 };

	if (tokenizer_open(&codec, tokenizer, e) < 0)
		return e->code;
	in->head = (struct shard_head){ .vocab = codec.vocab,
		.end_text = codec.end_text };
	memcpy(in->head.tokenizer, codec.digest, sizeof(in->head.tokenizer));
	codec.close(codec.ctx);
	if (eod && in->head.end_text < 0)
		return err_set(e, ERR_ARG,
		    "the tokenizer has no <|endoftext|> to end documents "
		    "with: say --no-eod");
	in->eod = eod;
	return 0;
}

static int
convert_in(int n, char **argv, struct run *r, struct err *e)
{
	struct convert_in in = { .width = strcmp(dtype, "uint16") ? 4 : 2 };
	struct shard_head head;
	int i, rc;

	convert_format(convert_from_name, &in.format);
	if (convert_head(&in, e) < 0)
		return e->code;
	head = in.head;
	if (!eod)
		head.end_text = -1;
	rc = shard_create(&in.out, common.out, &head, e);
	for (i = 1; rc == 0 && i <= n; i++)
		if ((rc = convert_add(&in, argv[i], e)) < 0)
			shard_abort(in.out);
	if (rc < 0)
		return rc;
	buf_printf(&r->extra,
	    "\"documents\":%" PRIu64 ",\"empty\":%" PRIu64
	    ",\"tokens\":%" PRIu64 ",",
	    in.documents, in.empty, shard_writer_tokens(in.out));
	if (in.empty)
		cmd_warn(r, STR("empty documents are left out"));
	return shard_commit(in.out, e);
}

static int
convert(const struct opt_cmd *c, int n, char **argv, struct err *e)
{
	struct run r;
	int rc = run_open(&r, c, &common, true, cmd_warn, e);

	if (rc < 0)
		return rc;
	rc = convert_to_name ? convert_out(argv[1], &r, e)
			     : convert_in(n, argv, &r, e);
	if (rc == 0)
		return run_close(&r, e);
	run_abort(&r);
	return rc;
}

static int
convert_main(int argc, char **argv)
{
	static const struct opt_cmd c = {
		.name = "shard convert",
		.args = "PREFIX|FILE...",
		.summary = "to and from token files of other tools",
		.example = "quern shard convert --to nanogpt -o train.bin "
			   "web-00",
		.opts = convert_opts,
		.common = common_opts,
	};
	struct err e;
	int n, rc;

	opt_common_init(&common);
	dtype = "uint16";
	n = cmd_begin(&c, argc, argv);
	rc = convert_usage(n, &e);
	if (rc == 0)
		rc = convert(&c, n, argv, &e);
	return cmd_end(&c, rc, &e);
}

int
main(int argc, char **argv)
{
	static const struct cmd_sub subs[] = { { "info", "what a shard holds",
						   info_main },
		{ "cat", "the token ids of each document", cat_main },
		{ "verify", "do sizes, offsets, tokens and digests hold?",
		    verify_main },
		{ "convert", "to and from token files of other tools",
		    convert_main },
		{ 0 } };
	const struct cmd_sub *s;

	for (s = subs; argc > 1 && s->name; s++)
		if (strcmp(s->name, argv[1]) == 0)
			return s->main(argc - 1, argv + 1);
	return build_main(argc, argv);
}
