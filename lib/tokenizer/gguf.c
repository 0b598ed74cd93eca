/* SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE
#include "gguf.h"

#include <endian.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/path.h"
#include "base/text/utf8.h"
#include "spm.h"
#include "tokmodel.h"
#include "wordpiece_vocab.h"

enum gguf_type {
	GGUF_U8,
	GGUF_I8,
	GGUF_U16,
	GGUF_I16,
	GGUF_U32,
	GGUF_I32,
	GGUF_F32,
	GGUF_BOOL,
	GGUF_STRING,
	GGUF_ARRAY,
	GGUF_U64,
	GGUF_I64,
	GGUF_F64,
};

/* A member's value: of an array, the elements' type, number and bytes. */
struct gguf_value {
	uint32_t type;
	bool array;
	uint64_t n;
	struct str bytes; /* a string's, or all elements as they stand */
};

struct gguf {
	struct str left;
	bool bad;
	struct gguf_value model, pre, tokens, scores, types, merges, charsmap,
	    prefix, spaces;
};

bool
gguf_is(const char *path)
{
	struct str s = str_c(path_base(path));

	return str_ends(s, STR(".gguf")) || str_ends(s, STR(".gguf.zst")) ||
	       str_ends(s, STR(".gguf.gz"));
}

/* ---- the file ---- */

static struct str
take(struct gguf *g, uint64_t n)
{
	struct str s = { g->left.p, (size_t)n };

	if (g->bad || n > g->left.n) {
		g->bad = true;
		return (struct str){ "", 0 };
	}
	g->left.p += n;
	g->left.n -= (size_t)n;
	return s;
}

static uint64_t
take_number(struct gguf *g, size_t bytes)
{
	struct str s = take(g, bytes);
	uint64_t v = 0;
	size_t i;

	for (i = 0; i < s.n; i++)
		v |= (uint64_t)(uint8_t)s.p[i] << 8 * i;
	return v;
}

static struct str
take_string(struct gguf *g)
{
	return take(g, take_number(g, 8));
}

/* Bytes of a number, or 0. */
static size_t
number_size(uint32_t type)
{
	static const uint8_t sizes[] = { 1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8,
		8 };

	return type < sizeof(sizes) ? sizes[type] : 0;
}

static void
take_array(struct gguf *g, struct gguf_value *v)
{
	const char *from;
	uint64_t i;

	v->type = (uint32_t)take_number(g, 4);
	v->n = take_number(g, 8);
	v->array = true;
	from = g->left.p;
	if (number_size(v->type) && v->n <= g->left.n)
		take(g, v->n * number_size(v->type));
	else if (v->type == GGUF_STRING && v->n <= g->left.n / 8)
		for (i = 0; i < v->n && !g->bad; i++)
			take_string(g);
	else
		g->bad = true;
	v->bytes = (struct str){ from, (size_t)(g->left.p - from) };
}

static struct gguf_value
take_value(struct gguf *g)
{
	struct gguf_value v = { .type = (uint32_t)take_number(g, 4), .n = 1 };

	if (v.type == GGUF_ARRAY)
		take_array(g, &v);
	else if (v.type == GGUF_STRING)
		v.bytes = take_string(g);
	else if (number_size(v.type))
		v.bytes = take(g, number_size(v.type));
	else
		g->bad = true;
	return v;
}

static void
keep_value(struct gguf *g, struct str name, struct gguf_value v)
{
	const struct {
		const char *name;
		struct gguf_value *to;
	} members[] = { { "model", &g->model }, { "pre", &g->pre },
		{ "tokens", &g->tokens }, { "scores", &g->scores },
		{ "token_type", &g->types }, { "merges", &g->merges },
		{ "precompiled_charsmap", &g->charsmap },
		{ "add_space_prefix", &g->prefix },
		{ "remove_extra_whitespaces", &g->spaces } };
	struct str ours = STR("tokenizer.ggml.");
	size_t i;

	if (!str_starts(name, ours))
		return;
	name.p += ours.n;
	name.n -= ours.n;
	for (i = 0; i < sizeof(members) / sizeof(*members); i++)
		if (str_eq(name, str_c(members[i].name)))
			*members[i].to = v;
}

static int
read_members(struct gguf *g, size_t size, struct err *e)
{
	uint64_t version, n, i;
	struct str name;

	if (!str_eq(take(g, 4), STR("GGUF")))
		return err_set(e, ERR_FORMAT, "this is no GGUF file");
	version = take_number(g, 4);
	if (version < 2 || version > 3)
		return err_set(e, ERR_FORMAT,
		    "GGUF of version %llu: 2 and 3 are read",
		    (unsigned long long)version);
	take_number(g, 8);
	n = take_number(g, 8);
	for (i = 0; i < n && !g->bad; i++) {
		name = take_string(g);
		keep_value(g, name, take_value(g));
	}
	if (g->bad)
		return err_set(e, ERR_FORMAT,
		    "member %llu is damaged or cut off near byte %zu",
		    (unsigned long long)i, size - g->left.n);
	return 0;
}

/* ---- its vocabulary ---- */

static float
float_at(const struct gguf_value *v, uint64_t i)
{
	uint32_t bits;
	float f;

	memcpy(&bits, v->bytes.p + 4 * i, 4);
	bits = le32toh(bits);
	memcpy(&f, &bits, 4);
	return f;
}

static uint32_t
type_at(const struct gguf *g, uint64_t i)
{
	uint32_t v;

	if (!g->types.array)
		return SUBWORD_NORMAL;
	memcpy(&v, g->types.bytes.p + 4 * i, 4);
	return le32toh(v);
}

static int
check_arrays(const struct gguf *g, struct err *e)
{
	if (!g->tokens.array || g->tokens.type != GGUF_STRING || !g->tokens.n ||
	    g->tokens.n > BPE_MAX_ID)
		return err_set(e, ERR_FORMAT, "there are no tokens");
	if (g->types.array &&
	    (number_size(g->types.type) != 4 || g->types.n != g->tokens.n))
		return err_set(
		    e, ERR_FORMAT, "there isn't a type for each token");
	if (g->scores.array &&
	    (g->scores.type != GGUF_F32 || g->scores.n != g->tokens.n))
		return err_set(
		    e, ERR_FORMAT, "there isn't a score for each token");
	return 0;
}

static int
set_tokens(struct bpe *b, const struct gguf *g, struct err *e)
{
	struct gguf walk = { .left = g->tokens.bytes };
	struct buf bytes = { 0 };
	bool plain, kept;
	struct str name;
	uint32_t id;
	int rc = 0;

	for (id = 0; rc == 0 && id < g->tokens.n; id++) {
		name = take_string(&walk);
		if (!utf8_valid(name)) {
			rc = err_set(e, ERR_FORMAT, "token %u is no UTF-8", id);
			break;
		}
		kept = type_at(g, id) != SUBWORD_NORMAL;
		rc = tokmodel_name(b, &bytes, name, &plain, e);
		if (rc == 0)
			rc = bpe_set_token(
			    b, id, kept ? name : buf_view(&bytes), e);
		if (rc == 0)
			b->tokens[id].plain =
			    b->sub.kind == SUBWORD_NONE && (plain || kept);
	}
	buf_free(&bytes);
	return rc;
}

/* Control and user-defined tokens stand in text as they are. */
static int
set_added(struct bpe *b, const struct gguf *g, struct err *e)
{
	struct bpe_added a = { .in_vocab = true };
	uint32_t type;

	for (a.id = 0; a.id < b->ntoken; a.id++) {
		type = type_at(g, a.id);
		a.special = type == SUBWORD_CONTROL || type == SUBWORD_UNKNOWN;
		if ((a.special || type == SUBWORD_USER) &&
		    bpe_add_added(b, a, e) < 0)
			return e->code;
	}
	return 0;
}

/* The names that llama.cpp gives to patterns. */
static const char *
pattern_of(struct str pre)
{
	static const char *const known[][2] = { { "default", "gpt2" },
		{ "gpt-2", "gpt2" }, { "gpt2", "gpt2" }, { "mpt", "gpt2" },
		{ "olmo", "gpt2" }, { "jais", "gpt2" }, { "phi-2", "gpt2" },
		{ "llama-bpe", "cl100k" }, { "llama3", "cl100k" },
		{ "llama-v3", "cl100k" }, { "dbrx", "cl100k" },
		{ "smaug-bpe", "cl100k" }, { "qwen2", "qwen2" },
		{ "stablelm2", "qwen2" }, { "gpt-4o", "o200k" },
		{ "llama4", "o200k" }, { "deepseek-v3", "deepseek-v3" },
		{ "starcoder", "starcoder" }, { "refact", "starcoder" },
		{ "command-r", "starcoder" }, { "smollm", "starcoder" },
		{ "codeshell", "starcoder" }, { "exaone", "starcoder" },
		{ "falcon", "falcon" } };
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (str_eq(pre, str_c(known[i][0])))
			return known[i][1];
	return NULL;
}

static int
set_merges(struct bpe *b, const struct gguf *g, struct err *e)
{
	struct gguf walk = { .left = g->merges.bytes };
	struct buf bytes = { 0 };
	const char *space;
	struct str s;
	uint64_t i;
	int rc = bpe_index_tokens(b, e);

	if (rc == 0 && (!g->merges.array || g->merges.type != GGUF_STRING))
		rc = err_set(e, ERR_FORMAT, "there are no merges");
	for (i = 0; rc == 0 && i < g->merges.n; i++) {
		s = take_string(&walk);
		space = s.n > 2 ? memchr(s.p + 1, ' ', s.n - 1) : NULL;
		rc = space ? tokmodel_merge(b,
				 (struct str){ s.p, (size_t)(space - s.p) },
				 (struct str){ space + 1,
				     s.n - (size_t)(space - s.p) - 1 },
				 &bytes, e)
			   : err_set(e, ERR_FORMAT,
				 "merge %llu is no pair of tokens",
				 (unsigned long long)i);
	}
	buf_free(&bytes);
	return rc;
}

static int
read_gpt2(
    struct bpe *b, const struct gguf *g, const char *pattern, struct err *e)
{
	const char *known = g->pre.bytes.n ? pattern_of(g->pre.bytes) : "gpt2";

	if (!pattern && !known)
		return err_set(e, ERR_ARG,
		    "its pattern, '%.*s', is none that is known: give "
		    "--pattern",
		    (int)(g->pre.bytes.n < 80 ? g->pre.bytes.n : 80),
		    g->pre.bytes.p);
	if (bpe_set_pattern(b, pattern ? pattern : known, e) < 0 ||
	    set_tokens(b, g, e) < 0 || set_merges(b, g, e) < 0 ||
	    set_added(b, g, e) < 0)
		return e->code;
	/* Llama 3's words are looked up first; Qwen composes characters. */
	b->ignore_merges = !pattern && str_eq(str_c(known), STR("cl100k")) &&
			   str_starts(g->pre.bytes, STR("llama"));
	if (!pattern && str_eq(g->pre.bytes, STR("qwen2")) &&
	    !norm_add(&b->norm, NORM_NFC, e))
		return e->code;
	b->special_in_text = true;
	return bpe_index(b, e);
}

/* ---- SentencePiece's ---- */

static bool
bool_of(const struct gguf_value *v, bool otherwise)
{
	return v->type == GGUF_BOOL && v->bytes.n == 1 ? v->bytes.p[0] != 0
						       : otherwise;
}

static int
set_scores(struct bpe *b, const struct gguf *g, struct err *e)
{
	uint64_t i;

	b->sub.scores = calloc(g->tokens.n, sizeof(double));
	b->sub.types = calloc(g->tokens.n, 1);
	if (!b->sub.scores || !b->sub.types)
		return err_nomem(e, "the vocabulary");
	if (!g->scores.array)
		return err_set(e, ERR_FORMAT, "there are no scores");
	for (i = 0; i < g->tokens.n; i++) {
		b->sub.scores[i] = (double)float_at(&g->scores, i);
		b->sub.types[i] = (uint8_t)type_at(g, i);
		if (!isfinite(b->sub.scores[i]))
			return err_set(e, ERR_FORMAT,
			    "token %llu has no finite score",
			    (unsigned long long)i);
		if (type_at(g, i) < SUBWORD_NORMAL ||
		    type_at(g, i) > SUBWORD_BYTE)
			return err_set(e, ERR_FORMAT,
			    "token %llu has the unknown type %u",
			    (unsigned long long)i, type_at(g, i));
		b->sub.byte_fallback |= type_at(g, i) == SUBWORD_BYTE;
	}
	return 0;
}

static int
read_spm(struct bpe *b, const struct gguf *g, bool unigram, struct err *e)
{
	struct norm_step norm = { .escape = true,
		.dummy_prefix = bool_of(&g->prefix, true),
		.one_space = bool_of(&g->spaces, false) };

	b->sub.kind = unigram ? SUBWORD_UNIGRAM : SUBWORD_BPE;
	if (set_scores(b, g, e) < 0 || set_tokens(b, g, e) < 0)
		return e->code;
	if (g->charsmap.array && number_size(g->charsmap.type) == 1 &&
	    g->charsmap.n && charsmap_read(&norm.map, g->charsmap.bytes, e) < 0)
		return e->code;
	return spm_finish(b, &norm, e);
}

/* There U+2581 begins a word; what has none continues one. */
static int
read_bert(struct bpe *b, const struct gguf *g, struct err *e)
{
	struct gguf walk = { .left = g->tokens.bytes };
	struct str mark = STR("\u2581"), s;
	struct buf text = { 0 };
	uint64_t i;
	int rc;

	for (i = 0; i < g->tokens.n; i++) {
		s = take_string(&walk);
		if (str_starts(s, mark)) {
			s.p += mark.n;
			s.n -= mark.n;
		} else if (type_at(g, i) == SUBWORD_NORMAL &&
			   !(s.n > 2 && s.p[0] == '[')) {
			buf_puts(&text, "##");
		}
		buf_str(&text, s);
		buf_putc(&text, '\n');
	}
	rc = buf_ok(&text, e);
	if (rc == 0)
		rc = wordpiece_read(b, text.p, text.n, e);
	buf_free(&text);
	return rc;
}

static int
read_vocabulary(
    struct bpe *b, const struct gguf *g, const char *pattern, struct err *e)
{
	struct str model = g->model.bytes;

	if (check_arrays(g, e) < 0)
		return e->code;
	if (str_eq(model, STR("gpt2")))
		return read_gpt2(b, g, pattern, e);
	if (pattern)
		return err_set(e, ERR_ARG,
		    "a model '%.*s' has no pattern: none can be given",
		    (int)(model.n < 80 ? model.n : 80), model.p);
	if (str_eq(model, STR("llama")) || str_eq(model, STR("t5")))
		return read_spm(b, g, model.n == 2, e);
	if (str_eq(model, STR("bert")))
		return read_bert(b, g, e);
	return err_set(e, ERR_FORMAT,
	    "tokenizer.ggml.model is '%.*s': gpt2, llama, t5 and bert are "
	    "read",
	    (int)(model.n < 80 ? model.n : 80), model.n ? model.p : "");
}

int
gguf_read(
    struct bpe *b, const char *pattern, const char *p, size_t n, struct err *e)
{
	struct gguf g = { .left = { p, n } };
	int rc = read_members(&g, n, e);

	if (rc == 0)
		rc = read_vocabulary(b, &g, pattern, e);
	if (rc < 0)
		bpe_free(b);
	return rc;
}
