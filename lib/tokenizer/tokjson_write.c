/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/err.h"
#include "bytelevel.h"
#include "pretok.h"
#include "tokjson.h"

static const char *
yes_no(bool b)
{
	return b ? "true" : "false";
}

/* Append a token as the vocabulary names it. */
static void
put_name(const struct bpe *b, uint32_t id, struct buf *out)
{
	if (b->tokens[id].plain || b->tokens[id].added ||
	    b->sub.kind != SUBWORD_NONE)
		buf_str(out, bpe_bytes(b, id));
	else
		bytelevel_encode(out, bpe_bytes(b, id));
}

static void
put_added(const struct bpe *b, struct buf *out)
{
	size_t i;

	buf_puts(out, "  \"added_tokens\": [");
	for (i = 0; i < b->nadded; i++) {
		const struct bpe_added *a = &b->added[i];

		buf_printf(
		    out, "%s\n    {\n      \"id\": %u,\n", i ? "," : "", a->id);
		buf_puts(out, "      \"content\": ");
		buf_json(out, bpe_bytes(b, a->id));
		buf_printf(out,
		    ",\n      \"single_word\": %s,\n      \"lstrip\": %s,\n"
		    "      \"rstrip\": %s,\n      \"normalized\": %s,\n"
		    "      \"special\": %s\n    }",
		    yes_no(a->single_word), yes_no(a->lstrip),
		    yes_no(a->rstrip), yes_no(a->normalized),
		    yes_no(a->special));
	}
	buf_puts(out, b->nadded ? "\n  ],\n" : "],\n");
}

/* A part kept as it was read. */
static void
put_kept(struct buf *out, const char *name, const char *json)
{
	buf_printf(out, "  \"%s\": ", name);
	buf_puts(out, json);
	buf_puts(out, ",\n");
}

/* What files without a normalizer of their own can have. */
static void
put_normalizer(const struct norm *n, struct buf *out)
{
	buf_puts(out, "  \"normalizer\": ");
	if (n->n)
		buf_printf(out, "{ \"type\": \"%s\" },\n",
		    norm_name(n->steps[0].kind));
	else
		buf_puts(out, "null,\n");
}

static void
put_bytelevel(
    struct buf *out, const char *indent, bool prefix_space, bool regex)
{
	buf_printf(out,
	    "{\n%s  \"type\": \"ByteLevel\",\n%s  \"add_prefix_space\": %s,\n"
	    "%s  \"trim_offsets\": true,\n%s  \"use_regex\": %s\n%s}",
	    indent, indent, yes_no(prefix_space), indent, indent, yes_no(regex),
	    indent);
}

static int
put_pretok(const struct bpe *b, struct buf *out, struct err *e)
{
	struct pretok *pt;
	const char *name;

	if (b->pre_json) {
		put_kept(out, "pre_tokenizer", b->pre_json);
		return 0;
	}
	if (b->pattern && pre_named(b->pattern)) {
		put_kept(out, "pre_tokenizer", pre_named(b->pattern));
		return 0;
	}
	if (pretok_open(&pt, b->pattern, e) < 0)
		return e->code;
	if (b->sub.kind != SUBWORD_NONE) {
		buf_puts(out, "  \"pre_tokenizer\": {\n    \"type\": \"Split\","
			      "\n    \"pattern\": { \"Regex\": ");
		buf_json(out, str_c(pretok_regex(pt)));
		buf_puts(out, " },\n    \"behavior\": \"Isolated\",\n"
			      "    \"invert\": false\n  },\n");
		pretok_close(pt);
		return 0;
	}
	name = pretok_name(pt);
	buf_puts(out, "  \"pre_tokenizer\": ");
	if (name && strcmp(name, "gpt2") == 0) {
		put_bytelevel(out, "  ", b->add_prefix_space, true);
	} else {
		buf_puts(out,
		    "{\n    \"type\": \"Sequence\",\n    \"pretokenizers\": [\n"
		    "      {\n        \"type\": \"Split\",\n"
		    "        \"pattern\": {\n          \"Regex\": ");
		buf_json(out, str_c(pretok_regex(pt)));
		buf_puts(out,
		    "\n        },\n        \"behavior\": \"Isolated\",\n"
		    "        \"invert\": false\n      },\n      ");
		put_bytelevel(out, "      ", b->add_prefix_space, false);
		buf_puts(out, "\n    ]\n  }");
	}
	buf_puts(out, ",\n");
	pretok_close(pt);
	return 0;
}

static void
put_text_or_null(struct buf *out, const char *name, const char *s)
{
	buf_printf(out, "    \"%s\": ", name);
	if (s)
		buf_json(out, str_c(s));
	else
		buf_puts(out, "null");
	buf_puts(out, ",\n");
}

static void
put_unk(const struct bpe *b, struct buf *out)
{
	buf_puts(out, "    \"unk_token\": ");
	if (b->sub.kind != SUBWORD_NONE && b->sub.unk != BPE_NONE)
		buf_json(out, bpe_bytes(b, b->sub.unk));
	else
		buf_puts(out, "null");
	buf_puts(out, ",\n");
}

static void
put_vocab(const struct bpe *b, struct buf *tmp, struct buf *out)
{
	const char *comma = "";
	uint32_t id;

	buf_puts(out, "    \"vocab\": {");
	for (id = 0; id < b->ntoken; id++) {
		if (!b->tokens[id].len || b->tokens[id].added)
			continue;
		buf_clear(tmp);
		put_name(b, id, tmp);
		buf_printf(out, "%s\n      ", comma);
		buf_json(out, buf_view(tmp));
		buf_printf(out, ": %u", id);
		comma = ",";
	}
	buf_puts(out, "\n    }");
}

static bool
has_space(const struct bpe *b, uint32_t id)
{
	return memchr(bpe_bytes(b, id).p, ' ', b->tokens[id].len) != NULL;
}

/* Must merges be pairs of names, not both in one text?  All are alike. */
static bool
needs_pairs(const struct bpe *b)
{
	size_t i;

	for (i = 0; b->sub.kind != SUBWORD_NONE && i < b->nmerge; i++)
		if (has_space(b, b->merges[i].left) ||
		    has_space(b, b->merges[i].right))
			return true;
	return false;
}

static void
put_merge(const struct bpe *b, const struct bpe_merge *m, bool pair,
    struct buf *tmp, struct buf *out)
{
	buf_clear(tmp);
	put_name(b, m->left, tmp);
	if (pair) {
		buf_putc(out, '[');
		buf_json(out, buf_view(tmp));
		buf_puts(out, ", ");
		buf_clear(tmp);
		put_name(b, m->right, tmp);
		buf_json(out, buf_view(tmp));
		buf_putc(out, ']');
		return;
	}
	buf_putc(tmp, ' ');
	put_name(b, m->right, tmp);
	buf_json(out, buf_view(tmp));
}

static void
put_bpe_model(const struct bpe *b, struct buf *tmp, struct buf *out)
{
	const struct subword *s = &b->sub;
	bool pairs = needs_pairs(b);
	size_t i;

	buf_puts(out,
	    "  \"model\": {\n    \"type\": \"BPE\",\n    \"dropout\": "
	    "null,\n");
	if (b->unicode)
		buf_printf(out, "    \"unicode\": %u,\n", b->unicode);
	put_unk(b, out);
	put_text_or_null(out, "continuing_subword_prefix", s->prefix);
	put_text_or_null(out, "end_of_word_suffix", s->suffix);
	buf_printf(out,
	    "    \"fuse_unk\": %s,\n    \"byte_fallback\": %s,\n"
	    "    \"ignore_merges\": %s,\n",
	    yes_no(s->fuse_unk), yes_no(s->byte_fallback),
	    yes_no(b->ignore_merges));
	put_vocab(b, tmp, out);
	buf_puts(out, ",\n    \"merges\": [");
	for (i = 0; i < b->nmerge; i++) {
		buf_puts(out, i ? ",\n      " : "\n      ");
		put_merge(b, &b->merges[i], pairs, tmp, out);
	}
	buf_puts(out, b->nmerge ? "\n    ]\n  }\n}\n" : "]\n  }\n}\n");
}

static void
put_wordpiece_model(const struct bpe *b, struct buf *tmp, struct buf *out)
{
	buf_puts(out, "  \"model\": {\n    \"type\": \"WordPiece\",\n");
	put_unk(b, out);
	buf_puts(out, "    \"continuing_subword_prefix\": ");
	buf_json(out, str_c(b->sub.prefix));
	buf_printf(out, ",\n    \"max_input_chars_per_word\": %zu,\n",
	    b->sub.max_chars);
	put_vocab(b, tmp, out);
	buf_puts(out, "\n  }\n}\n");
}

static void
put_unigram_model(const struct bpe *b, struct buf *out)
{
	const char *comma = "";
	uint32_t id;

	buf_puts(out, "  \"model\": {\n    \"type\": \"Unigram\",\n");
	if (b->sub.unk == BPE_NONE)
		buf_puts(out, "    \"unk_id\": null,\n");
	else
		buf_printf(out, "    \"unk_id\": %u,\n", b->sub.unk);
	buf_printf(out, "    \"byte_fallback\": %s,\n    \"vocab\": [",
	    yes_no(b->sub.byte_fallback));
	for (id = 0; id < b->ntoken; id++) {
		if (!b->tokens[id].len || b->tokens[id].added)
			continue;
		buf_printf(out, "%s\n      [", comma);
		buf_json(out, bpe_bytes(b, id));
		buf_puts(out, ", ");
		buf_double(out, b->sub.scores[id]);
		buf_putc(out, ']');
		comma = ",";
	}
	buf_puts(out, "\n    ]\n  }\n}\n");
}

static void
put_any_model(const struct bpe *b, struct buf *tmp, struct buf *out)
{
	if (b->sub.kind == SUBWORD_UNIGRAM)
		put_unigram_model(b, out);
	else if (b->sub.kind == SUBWORD_WORDPIECE)
		put_wordpiece_model(b, tmp, out);
	else
		put_bpe_model(b, tmp, out);
}

static void
put_decoder(const struct bpe *b, struct buf *out)
{
	if (b->decoder_json) {
		put_kept(out, "decoder", b->decoder_json);
		return;
	}
	buf_puts(out, "  \"decoder\": ");
	put_bytelevel(out, "  ", true, true);
	buf_puts(out, ",\n");
}

int
tokjson_write(const struct bpe *b, struct buf *out, struct err *e)
{
	struct buf tmp = { 0 };
	int rc;

	buf_puts(out, "{\n  \"version\": \"1.0\",\n  \"truncation\": null,\n"
		      "  \"padding\": null,\n");
	put_added(b, out);
	if (b->norm_json)
		put_kept(out, "normalizer", b->norm_json);
	else
		put_normalizer(&b->norm, out);
	rc = put_pretok(b, out, e);
	buf_puts(out, "  \"post_processor\": null,\n");
	put_decoder(b, out);
	if (rc == 0)
		put_any_model(b, &tmp, out);
	if (rc == 0)
		rc = buf_ok(&tmp, e);
	if (rc == 0)
		rc = buf_ok(out, e);
	buf_free(&tmp);
	return rc;
}
