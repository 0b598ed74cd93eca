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
	if (b->tokens[id].plain || b->tokens[id].added)
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

static void
put_norm_step(const struct norm *n, size_t i, struct buf *out)
{
	buf_printf(out, "{ \"type\": \"%s\"", norm_name(n->steps[i]));
	if (n->steps[i] == NORM_PREPEND) {
		buf_puts(out, ", \"prepend\": ");
		buf_json(out, str_c(n->prefix));
	}
	buf_puts(out, " }");
}

static void
put_normalizer(const struct norm *n, struct buf *out)
{
	size_t i;

	buf_puts(out, "  \"normalizer\": ");
	if (n->n == 0)
		buf_puts(out, "null");
	if (n->n == 1)
		put_norm_step(n, 0, out);
	if (n->n > 1)
		buf_puts(out, "{ \"type\": \"Sequence\", \"normalizers\": [");
	for (i = 0; n->n > 1 && i < n->n; i++) {
		buf_puts(out, i ? ", " : "");
		put_norm_step(n, i, out);
	}
	buf_puts(out, n->n > 1 ? "] },\n" : ",\n");
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

	if (pretok_open(&pt, b->pattern, e) < 0)
		return e->code;
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
put_model(const struct bpe *b, struct buf *tmp, struct buf *out)
{
	const char *comma = "";
	uint32_t id;
	size_t i;

	buf_printf(out,
	    "  \"model\": {\n    \"type\": \"BPE\",\n    \"dropout\": null,\n"
	    "    \"unk_token\": null,\n"
	    "    \"continuing_subword_prefix\": null,\n"
	    "    \"end_of_word_suffix\": null,\n    \"fuse_unk\": false,\n"
	    "    \"byte_fallback\": false,\n    \"ignore_merges\": %s,\n"
	    "    \"vocab\": {",
	    yes_no(b->ignore_merges));
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
	buf_puts(out, "\n    },\n    \"merges\": [");
	for (i = 0; i < b->nmerge; i++) {
		buf_clear(tmp);
		put_name(b, b->merges[i].left, tmp);
		buf_putc(tmp, ' ');
		put_name(b, b->merges[i].right, tmp);
		buf_puts(out, i ? ",\n      " : "\n      ");
		buf_json(out, buf_view(tmp));
	}
	buf_puts(out, b->nmerge ? "\n    ]\n  }\n}\n" : "]\n  }\n}\n");
}

int
tokjson_write(const struct bpe *b, struct buf *out, struct err *e)
{
	struct buf tmp = { 0 };
	int rc;

	buf_puts(out, "{\n  \"version\": \"1.0\",\n  \"truncation\": null,\n"
		      "  \"padding\": null,\n");
	put_added(b, out);
	put_normalizer(&b->norm, out);
	rc = put_pretok(b, out, e);
	buf_puts(out, "  \"post_processor\": null,\n  \"decoder\": ");
	put_bytelevel(out, "  ", true, true);
	buf_puts(out, ",\n");
	if (rc == 0)
		put_model(b, &tmp, out);
	if (rc == 0)
		rc = buf_ok(&tmp, e);
	if (rc == 0)
		rc = buf_ok(out, e);
	buf_free(&tmp);
	return rc;
}
