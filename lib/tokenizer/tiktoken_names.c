/* SPDX-License-Identifier: MIT */
#include "tiktoken_names.h"

#include <string.h>

#include "base/err.h"

static const struct tiktoken_special r50k[] = { { 50256, "<|endoftext|>" },
	{ 0 } };

static const struct tiktoken_special p50k_edit[] = { { 50256, "<|endoftext|>" },
	{ 50281, "<|fim_prefix|>" }, { 50282, "<|fim_middle|>" },
	{ 50283, "<|fim_suffix|>" }, { 0 } };

static const struct tiktoken_special cl100k[] = { { 100257, "<|endoftext|>" },
	{ 100258, "<|fim_prefix|>" }, { 100259, "<|fim_middle|>" },
	{ 100260, "<|fim_suffix|>" }, { 100276, "<|endofprompt|>" }, { 0 } };

static const struct tiktoken_special o200k[] = { { 199999, "<|endoftext|>" },
	{ 200018, "<|endofprompt|>" }, { 0 } };

static const struct tiktoken_special llama3[] = {
	{ 128000, "<|begin_of_text|>" }, { 128001, "<|end_of_text|>" },
	{ 128002, "<|reserved_special_token_0|>" },
	{ 128003, "<|reserved_special_token_1|>" },
	{ 128004, "<|reserved_special_token_2|>" },
	{ 128005, "<|reserved_special_token_3|>" },
	{ 128006, "<|start_header_id|>" }, { 128007, "<|end_header_id|>" },
	{ 128008, "<|reserved_special_token_4|>" }, { 128009, "<|eot_id|>" },
	{ 0 }
};

static const struct tiktoken_special qwen2[] = { { 151643, "<|endoftext|>" },
	{ 151644, "<|im_start|>" }, { 151645, "<|im_end|>" }, { 0 } };

static const struct tiktoken_special none[] = { { 0 } };

/* o200k's words without contractions, and single digits. */
static const char tekken[] =
    "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*"
    "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+|"
    "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+"
    "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|"
    "\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

static const struct tiktoken_name names[] = {
	{ "r50k_base", "gpt2", false, r50k },
	{ "gpt2", "gpt2", false, r50k },
	{ "p50k_base", "gpt2", false, r50k },
	{ "p50k_edit", "gpt2", false, p50k_edit },
	{ "cl100k_base", "cl100k", false, cl100k },
	{ "o200k_base", "o200k", false, o200k },
	{ "llama3", "cl100k", false, llama3 },
	{ "qwen2", "qwen2", true, qwen2 },
	{ "qwen3", "qwen2", true, qwen2 },
	{ "mistral_v3", tekken, false, none },
	{ "deepseek_v3", "deepseek-v3", false, none },
};

const struct tiktoken_name *
tiktoken_known(const char *file)
{
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (str_starts(str_c(file), str_c(names[i].name)))
			return &names[i];
	return NULL;
}

/* Of a file that is another vocabulary after all, whose ids are taken. */
static bool
is_free(const struct bpe *b, uint32_t id)
{
	return id >= b->ntoken || !b->tokens[id].len;
}

int
tiktoken_add_specials(
    struct bpe *b, const struct tiktoken_name *k, struct err *e)
{
	const struct tiktoken_special *s;
	struct bpe_added a = { .special = true };

	for (s = k->specials; s->content; s++) {
		if (!is_free(b, s->id))
			return err_set(e, ERR_FORMAT,
			    "rank %u is that of the special token '%s'", s->id,
			    s->content);
		a.id = s->id;
		if (bpe_set_token(b, s->id, str_c(s->content), e) < 0)
			return e->code;
		b->tokens[s->id].added = true;
		if (bpe_add_added(b, a, e) < 0)
			return e->code;
	}
	return 0;
}
