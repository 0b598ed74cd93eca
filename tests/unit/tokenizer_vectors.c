/* SPDX-License-Identifier: MIT */
/*
 * GPT-2's ids, as other implementations give them.  The files are no part of
 * the repository: $QUERN_SHARED/data/tokenizer, or ../shared/.
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

int
main(void)
{
	const char *shared = getenv("QUERN_SHARED");
	struct tokenizer *t;
	struct err e;

	snprintf(folder, sizeof(folder), "%s/data/tokenizer",
	    shared ? shared : "../shared");
	if (access(file("hf-json/gpt2_tokenizer.json.zst"), R_OK) < 0) {
		puts("1..0 # SKIP needs gpt2_tokenizer.json.zst");
		return 0;
	}
	if (!OK(tokenizer_load(
		    &t, file("hf-json/gpt2_tokenizer.json.zst"), &e) == 0,
		"GPT-2's tokenizer.json loads"))
		return tap_end();
	OK(tokenizer_vocab(t) == 50257 && tokenizer_end_text(t) == 50256,
	    "it has 50257 tokens");
	test_lines(t, "vectors/llamacpp/ggml-vocab.inp",
	    "vectors/llamacpp/ggml-vocab-gpt-2.out");
	/* As tiktoken does by default. */
	OK(tokenizer_special(t, "none", &e) == 0, "without special tokens");
	test_json(t, "vectors/goliajp/r50k_base.json");
	tokenizer_free(t);
	return tap_end();
}
