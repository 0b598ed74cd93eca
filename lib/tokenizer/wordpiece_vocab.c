/* SPDX-License-Identifier: MIT */
#include "wordpiece_vocab.h"

#include <string.h>

#include "base/err.h"
#include "base/path.h"
#include "base/text/uni.h"
#include "base/text/utf8.h"
#include "io/json.h"
#include "tokjson_parts.h"

static const char *const specials[] = { "[UNK]", "[CLS]", "[SEP]", "[PAD]",
	"[MASK]" };

bool
wordpiece_is(const char *path)
{
	const char *base = path_base(path);

	return strcmp(base, "vocab.txt") == 0 ||
	       strcmp(base, "vocab.txt.zst") == 0 ||
	       strcmp(base, "vocab.txt.gz") == 0;
}

static bool
is_special(struct str s)
{
	size_t i;

	for (i = 0; i < sizeof(specials) / sizeof(*specials); i++)
		if (str_eq(s, str_c(specials[i])))
			return true;
	return str_starts(s, STR("[unused")) && str_ends(s, STR("]"));
}

static bool
has_capital(struct str s)
{
	const char *end = s.p + s.n;
	size_t len;
	uint32_t cp;

	for (; s.p < end; s.p += len) {
		cp = utf8_get(s.p, end, &len);
		if (uni_lower(cp) != cp)
			return true;
	}
	return false;
}

static int
read_names(struct bpe *b, struct str s, struct err *e)
{
	const char *p = s.p, *end = p + s.n, *eol;
	struct str line;

	for (; p < end; p = eol + 1) {
		eol = memchr(p, '\n', (size_t)(end - p));
		if (!eol)
			eol = end;
		line = (struct str){ p, (size_t)(eol - p) };
		if (line.n && p[line.n - 1] == '\r')
			line.n--;
		if (!line.n || !utf8_valid(line) ||
		    memchr(line.p, '\0', line.n))
			return err_set(e, ERR_FORMAT,
			    "line %u is empty or no UTF-8", b->ntoken + 1);
		if (bpe_set_token(b, b->ntoken, line, e) < 0)
			return e->code;
	}
	return b->ntoken ? 0 : err_set(e, ERR_FORMAT, "no tokens");
}

/* A name twice: the later id, as in the library that reads it by name. */
static void
drop_repeats(struct bpe *b)
{
	uint32_t id, first;

	for (id = 0; id < b->ntoken; id++) {
		first = bpe_find(b, bpe_bytes(b, id));
		if (first != id)
			b->tokens[first].plain = true;
	}
}

static int
add_specials(struct bpe *b, struct err *e)
{
	struct bpe_added a = { .special = true, .in_vocab = true };
	size_t i;

	for (i = 0; i < sizeof(specials) / sizeof(*specials); i++) {
		a.id = bpe_find(b, str_c(specials[i]));
		if (a.id != BPE_NONE && bpe_add_added(b, a, e) < 0)
			return e->code;
	}
	b->sub.unk = bpe_find(b, STR("[UNK]"));
	return b->sub.unk == BPE_NONE
		   ? err_set(e, ERR_FORMAT, "there is no token [UNK]")
		   : 0;
}

/* The steps around the model, as a tokenizer.json says them. */
static int
add_steps(struct bpe *b, bool lower, struct err *e)
{
	struct buf text = { 0 };
	struct json *j;
	int rc;

	buf_printf(&text,
	    "{\"n\":{\"type\":\"BertNormalizer\",\"clean_text\":true,"
	    "\"handle_chinese_chars\":true,\"strip_accents\":null,"
	    "\"lowercase\":%s},\"p\":{\"type\":\"BertPreTokenizer\"},"
	    "\"d\":{\"type\":\"WordPiece\",\"prefix\":\"##\",\"cleanup\":true}"
	    "}",
	    lower ? "true" : "false");
	rc = buf_ok(&text, e);
	if (rc == 0)
		rc = json_parse(&j, text.p, text.n, e);
	buf_free(&text);
	if (rc < 0)
		return rc;
	rc = tokjson_normalizer(&b->norm, json_get(json_root(j), "n"), e);
	if (rc == 0)
		rc =
		    tokjson_keep(&b->norm_json, json_get(json_root(j), "n"), e);
	if (rc == 0)
		rc = pre_read(&b->pre, json_get(json_root(j), "p"), e);
	if (rc == 0)
		rc = tokjson_keep(&b->pre_json, json_get(json_root(j), "p"), e);
	if (rc == 0)
		rc = decoder_read(&b->decoder, json_get(json_root(j), "d"), e);
	if (rc == 0)
		rc = tokjson_keep(
		    &b->decoder_json, json_get(json_root(j), "d"), e);
	json_free(j);
	return rc;
}

int
wordpiece_read(struct bpe *b, const char *p, size_t n, struct err *e)
{
	bool lower = true;
	uint32_t id;
	int rc;

	b->sub.kind = SUBWORD_WORDPIECE;
	b->sub.max_chars = 100;
	b->sub.prefix = strdup("##");
	b->special_in_text = true;
	rc = b->sub.prefix ? read_names(b, (struct str){ p, n }, e)
			   : err_nomem(e, "a prefix");
	for (id = 0; rc == 0 && id < b->ntoken; id++)
		if (!is_special(bpe_bytes(b, id)) &&
		    has_capital(bpe_bytes(b, id)))
			lower = false;
	if (rc == 0)
		rc = bpe_index_tokens(b, e);
	if (rc == 0) {
		drop_repeats(b);
		rc = add_specials(b, e);
	}
	if (rc == 0)
		rc = add_steps(b, lower, e);
	if (rc == 0)
		rc = bpe_index(b, e);
	if (rc < 0)
		bpe_free(b);
	return rc;
}

/* ---- writing ---- */

static int
check_wordpiece(const struct bpe *b, struct err *e)
{
	uint32_t id;

	if (b->sub.kind != SUBWORD_WORDPIECE)
		return err_set(e, ERR_FORMAT,
		    "vocab.txt holds WordPiece vocabularies only");
	if (strcmp(b->sub.prefix, "##") != 0 || b->sub.max_chars != 100)
		return err_set(e, ERR_FORMAT,
		    "its continuations begin with '%s', words have up to %zu "
		    "characters: vocab.txt means ## and 100",
		    b->sub.prefix, b->sub.max_chars);
	for (id = 0; id < b->ntoken; id++)
		if (!b->tokens[id].len ||
		    memchr(bpe_bytes(b, id).p, '\n', b->tokens[id].len))
			return err_set(e, ERR_FORMAT,
			    "id %u has no token or one of two lines", id);
	return 0;
}

int
wordpiece_write(const struct bpe *b, struct buf *out, struct err *e)
{
	uint32_t id;

	if (check_wordpiece(b, e) < 0)
		return e->code;
	for (id = 0; id < b->ntoken; id++) {
		buf_str(out, bpe_bytes(b, id));
		buf_putc(out, '\n');
	}
	return buf_ok(out, e);
}
