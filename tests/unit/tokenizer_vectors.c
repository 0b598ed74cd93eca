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
#include "tokenizer/tokenizer.h"

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
};

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
	if (!OK(tokenizer_load(
		    &t, file(sets[i].vocabulary), sets[i].pattern, &e) == 0,
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
