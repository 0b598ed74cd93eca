/* SPDX-License-Identifier: MIT */
/*
 * Ids of published vocabularies, as other implementations give them.  The files
 * are no part of the repository: $QUERN_SHARED/data/tokenizer, or ../shared/.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../tap.h"
#include "base/err.h"
#include "io/json.h"
#include "io/stream.h"
#include "tokenizer/spm.h"
#include "tokenizer/tokenizer.h"
#include "tokenizer/vocabjson.h"
#include "tokenizer/wordpiece_vocab.h"

static char folder[512];

static const char *
file(const char *name)
{
	static char path[1024];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static bool
gives(
    const struct tokenizer *t, struct str text, const uint32_t *want, size_t n)
{
	struct ids ids = { 0 };
	struct err e;
	struct tokenizer_worker *w = tokenizer_worker_new(t, &e);
	bool ok;

	ok = tokenizer_encode(t, w, text, &ids, &e) == 0 && ids.n == n &&
	     (n == 0 || memcmp(ids.v, want, n * sizeof(*want)) == 0);
	ids_free(&ids);
	tokenizer_worker_free(w);
	return ok;
}

/* A case that two of the files have wrong: \r\n is one token there. */
static bool
is_wrong(const char *name, struct str text)
{
	return (strstr(name, "cl100k") || strstr(name, "o200k")) &&
	       str_eq(text, STR("line1\r\nline2\r\nline3"));
}

/* [{"text":"...","tokens":[...]}] */
static void
test_json(const struct tokenizer *t, const char *name)
{
	struct json_val v, id;
	struct json_iter it, list;
	uint32_t want[4096];
	struct json *j;
	struct err e;
	size_t n;
	int cases = 0, bad = 0;

	if (!OK(json_load(&j, file(name), &e) == 0, "%s is there", name))
		return;
	it = json_each(json_root(j));
	for (; json_next(&it, NULL, &v); cases++) {
		if (is_wrong(name, json_str(json_get(v, "text"))))
			continue;
		list = json_each(json_get(v, "tokens"));
		for (n = 0; n < 4096 && json_next(&list, NULL, &id);)
			want[n++] = (uint32_t)json_u64(id, 0);
		bad += !gives(t, json_str(json_get(v, "text")), want, n);
	}
	OK(cases > 0 && bad == 0, "%s: %d cases (%d differ)", name, cases, bad);
	json_free(j);
}

/* Texts with a line between; a line of ids for each. */
static void
test_lines(const struct tokenizer *t, const char *inp, const char *out)
{
	static const char mark[] = "\n__ggml_vocab_test__\n";
	char *text, *ids, *p, *q, *line, *next;
	size_t ntext, nids, n;
	uint32_t want[4096];
	int cases = 0, bad = 0;
	struct err e;

	if (!OK(in_slurp(file(inp), &text, &ntext, &e) == 0, "%s", inp))
		return;
	if (!OK(in_slurp(file(out), &ids, &nids, &e) == 0, "%s", out)) {
		free(text);
		return;
	}
	for (p = text, line = ids; (q = strstr(p, mark)) && line;
	     p = q + strlen(mark), cases++) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		for (n = 0; n < 4096; n++) {
			line += strspn(line, " ");
			if (!*line)
				break;
			want[n] = (uint32_t)strtoul(line, &line, 10);
		}
		bad += !gives(t, (struct str){ p, (size_t)(q - p) }, want, n);
		line = next;
	}
	OK(cases > 40 && bad == 0, "%s: %d cases (%d differ)", out, cases, bad);
	free(text);
	free(ids);
}

/* u32 cases; for each u32 bytes, text, u32 n, n ids. */
static void
test_binary(const struct tokenizer *t, const char *name)
{
	uint32_t n, k, want[4096], i;
	int bad = 0;
	struct err e;
	struct str text;
	size_t size;
	char *all, *p;

	if (!OK(in_slurp(file(name), &all, &size, &e) == 0, "%s", name))
		return;
	memcpy(&n, all, 4);
	for (p = all + 4, i = 0; i < n; i++) {
		memcpy(&k, p, 4);
		text = (struct str){ p + 4, k };
		p += 4 + k;
		memcpy(&k, p, 4);
		memcpy(want, p + 4, 4 * (size_t)k);
		p += 4 + 4 * (size_t)k;
		bad += !gives(t, text, want, k);
	}
	OK(n > 0 && p == all + size && bad == 0, "%s: %u cases (%d differ)",
	    name, n, bad);
	free(all);
}

/* kind: j goliajp's, l llama.cpp's, b quicktok's, s the same with specials. */
static const struct {
	const char *vocabulary, *pattern;
	char kind;
	const char *vectors;
} sets[] = {
	{ "hf-json/gpt2_tokenizer.json.zst", NULL, 'l', "gpt-2" },
	{ "hf-json/gpt2_tokenizer.json.zst", NULL, 'j', "r50k_base" },
	{ "hf-json/gpt-neox-20B_tokenizer.json.zst", NULL, 'l', "mpt" },
	{ "openai/r50k_base.tiktoken.zst", NULL, 'j', "r50k_base" },
	{ "openai/r50k_base.tiktoken.zst", NULL, 'l', "gpt-2" },
	{ "openai/p50k_base.tiktoken.zst", NULL, 'j', "p50k_base" },
	{ "openai/p50k_base.tiktoken.zst", NULL, 'j', "p50k_edit" },
	{ "openai/cl100k_base.tiktoken.zst", NULL, 'j', "cl100k_base" },
	{ "openai/cl100k_base.tiktoken.zst", NULL, 'b', "vectors" },
	{ "openai/cl100k_base.tiktoken.zst", NULL, 's', "vectors_special" },
	{ "openai/o200k_base.tiktoken.zst", NULL, 'j', "o200k_base" },
	{ "openai/o200k_base.tiktoken.zst", NULL, 'b', "vectors_o200k" },
	{ "openai/o200k_base.tiktoken.zst", NULL, 's',
	    "vectors_o200k_special" },
	{ "tiktoken-other/llama3.tiktoken.zst", NULL, 'j', "llama3" },
	{ "tiktoken-other/llama3.tiktoken.zst", "cl100k", 'l', "llama-bpe" },
	{ "tiktoken-other/llama3.tiktoken.zst", NULL, 'b', "vectors_llama3" },
	{ "tiktoken-other/llama3.tiktoken.zst", NULL, 's',
	    "vectors_llama3_special" },
	{ "tiktoken-other/qwen2.tiktoken.zst", NULL, 'j', "qwen2" },
	{ "tiktoken-other/qwen2.tiktoken.zst", NULL, 'l', "qwen2" },
	{ "tiktoken-other/qwen2.tiktoken.zst", NULL, 'b', "vectors_qwen3" },
	{ "tiktoken-other/mistral_v3.tiktoken.zst", NULL, 'j', "mistral_v3" },
	{ "tiktoken-other/deepseek_v3.tiktoken.zst", NULL, 'j', "deepseek_v3" },
	{ "salvaged/gpt-2.json.zst", "gpt2", 'l', "gpt-2" },
	{ "salvaged/starcoder.json.zst", "starcoder", 'l', "starcoder" },
	{ "salvaged/refact.json.zst", "starcoder", 'l', "refact" },
	{ "salvaged/falcon.json.zst", "falcon", 'l', "falcon" },
	{ "salvaged/llama-spm.json.zst", "spm", 'l', "llama-spm" },
	{ "salvaged/phi-3.json.zst", "spm", 'l', "phi-3" },
	{ "salvaged/bert-bge.json.zst", "wordpiece", 'l', "bert-bge" },
};

/* ---- vocabularies of which tokens and merges are left ---- */

/* Runs of spaces were added to that vocabulary behind all merges. */
static bool
is_spaces(struct str s)
{
	while (str_starts(s, STR("\u2581"))) {
		s.p += 3;
		s.n -= 3;
	}
	return s.n == 0;
}

/* Llama 2's: bytes from id 3, then pieces by falling score. */
static int
make_spm(struct bpe *b, struct json_val tokens, struct err *e)
{
	struct norm_step norm = { .dummy_prefix = true, .escape = true };
	size_t n = json_count(tokens);
	struct json_iter it = json_each(tokens);
	struct json_val v;
	uint32_t id;

	b->sub.kind = SUBWORD_BPE;
	b->sub.byte_fallback = true;
	b->sub.scores = calloc(n, sizeof(double));
	b->sub.types = calloc(n, 1);
	for (id = 0; json_next(&it, NULL, &v); id++) {
		b->sub.scores[id] = id < 259                 ? 0
				    : is_spaces(json_str(v)) ? -1e9
							     : 259 - (double)id;
		b->sub.types[id] = id == 0      ? SUBWORD_UNKNOWN
				   : id < 3     ? SUBWORD_CONTROL
				   : id < 259   ? SUBWORD_BYTE
				   : id < 32000 ? SUBWORD_NORMAL
						: SUBWORD_CONTROL;
		if (bpe_set_token(b, id, json_str(v), e) < 0)
			return e->code;
	}
	return spm_finish(b, &norm, e);
}

/* There "_x" begins a word and "x" continues it. */
static int
make_wordpiece(struct bpe *b, struct json_val tokens, struct err *e)
{
	struct json_iter it = json_each(tokens);
	struct buf text = { 0 };
	struct json_val v;
	struct str s;
	int rc;

	while (json_next(&it, NULL, &v)) {
		s = json_str(v);
		if (str_starts(s, STR("\u2581"))) {
			s.p += 3;
			s.n -= 3;
		} else if (s.p[0] != '[' || s.n < 3) {
			buf_puts(&text, "##");
		}
		buf_str(&text, s);
		buf_putc(&text, '\n');
	}
	rc = wordpiece_read(b, text.p, text.n, e);
	buf_free(&text);
	return rc;
}

static int
make_merges(
    struct bpe *b, struct json_val root, const char *pattern, struct err *e)
{
	struct json_iter it = json_each(json_get(root, "tokens"));
	struct buf vocab = { 0 }, merges = { 0 };
	struct json_val v;
	uint32_t id;
	int rc;

	buf_putc(&vocab, '{');
	for (id = 0; json_next(&it, NULL, &v); id++) {
		buf_puts(&vocab, id ? "," : "");
		buf_json(&vocab, json_str(v));
		buf_printf(&vocab, ":%u", id);
	}
	buf_putc(&vocab, '}');
	it = json_each(json_get(root, "merges"));
	while (json_next(&it, NULL, &v)) {
		buf_str(&merges, json_str(v));
		buf_putc(&merges, '\n');
	}
	rc = vocabjson_read(b, pattern, buf_view(&vocab), buf_view(&merges), e);
	buf_free(&vocab);
	buf_free(&merges);
	return rc;
}

static int
load_salvaged(
    struct tokenizer **t, const char *path, const char *how, struct err *e)
{
	struct bpe b = { 0 };
	struct json_val root;
	struct json *j;
	int rc;

	if (json_load(&j, path, e) < 0)
		return e->code;
	root = json_root(j);
	if (strcmp(how, "spm") == 0)
		rc = make_spm(&b, json_get(root, "tokens"), e);
	else if (strcmp(how, "wordpiece") == 0)
		rc = make_wordpiece(&b, json_get(root, "tokens"), e);
	else
		rc = make_merges(&b, root, how, e);
	json_free(j);
	if (rc < 0) {
		bpe_free(&b);
		return rc;
	}
	return tokenizer_of(t, &b, e);
}

static int
load_any(struct tokenizer **t, const char *name, const char *how, struct err *e)
{
	if (strncmp(name, "salvaged/", 9) == 0)
		return load_salvaged(t, file(name), how, e);
	return tokenizer_load(t, file(name), how, e);
}

static const char *
vectors_name(char kind, const char *name)
{
	static char path[256];

	if (kind == 'j')
		snprintf(path, sizeof(path), "vectors/goliajp/%s.json", name);
	else if (kind == 'l')
		snprintf(path, sizeof(path),
		    "vectors/llamacpp/ggml-vocab-%s.out", name);
	else
		snprintf(path, sizeof(path), "vectors/quicktok/%s.bin", name);
	return path;
}

static void
test_set(size_t i)
{
	const char *name = vectors_name(sets[i].kind, sets[i].vectors);
	struct tokenizer *t;
	struct err e;
	bool special = sets[i].kind == 's' || sets[i].kind == 'l';

	if (access(file(sets[i].vocabulary), R_OK) < 0 ||
	    access(file(name), R_OK) < 0) {
		OK(true, "%s # SKIP needs it and its vocabulary", name);
		return;
	}
	if (!OK(load_any(&t, sets[i].vocabulary, sets[i].pattern, &e) == 0,
		"%s loads", sets[i].vocabulary)) {
		printf("# %s\n", e.msg);
		return;
	}
	OK(tokenizer_special(t, special ? "all" : "none", &e) == 0,
	    "with special tokens or not");
	if (sets[i].kind == 'j')
		test_json(t, name);
	else if (sets[i].kind == 'l')
		test_lines(t, "vectors/llamacpp/ggml-vocab.inp", name);
	else
		test_binary(t, name);
	tokenizer_free(t);
}

int
main(void)
{
	const char *shared = getenv("QUERN_SHARED");
	size_t i;

	snprintf(folder, sizeof(folder), "%s/data/tokenizer",
	    shared ? shared : "../shared");
	if (access(folder, R_OK) < 0) {
		puts("1..0 # SKIP needs data/tokenizer");
		return 0;
	}
	for (i = 0; i < sizeof(sets) / sizeof(*sets); i++)
		test_set(i);
	return tap_end();
}
