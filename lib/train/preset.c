/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "train/ops.h"
#include "train/preset.h"

static const struct preset {
	const char *name;
	enum model_family family;
	uint32_t vocab, dim, hidden, layers, heads, kv_heads, head_dim, max_seq;
	double eps, theta;
	bool tied;
} presets[] = {
	{ "gpt2-124m", FAMILY_GPT2, 50257, 768, 3072, 12, 12, 12, 64, 1024,
	    1e-5, 10000, true },
	{ "gpt2-355m", FAMILY_GPT2, 50257, 1024, 4096, 24, 16, 16, 64, 1024,
	    1e-5, 10000, true },
	{ "gpt2-774m", FAMILY_GPT2, 50257, 1280, 5120, 36, 20, 20, 64, 1024,
	    1e-5, 10000, true },
	{ "gpt2-1558m", FAMILY_GPT2, 50257, 1600, 6400, 48, 25, 25, 64, 1024,
	    1e-5, 10000, true },
	{ "llama-15m", FAMILY_LLAMA, 32000, 288, 768, 6, 6, 6, 48, 256, 1e-5,
	    10000, true },
	{ "llama-110m", FAMILY_LLAMA, 32000, 768, 2048, 12, 12, 12, 64, 1024,
	    1e-5, 10000, true },
	{ "llama-1b", FAMILY_LLAMA, 128256, 2048, 8192, 16, 32, 8, 64, 8192,
	    1e-5, 500000, true },
	{ "llama-8b", FAMILY_LLAMA, 128256, 4096, 14336, 32, 32, 8, 128, 8192,
	    1e-5, 500000, false },
	{ "qwen3-0.6b", FAMILY_QWEN3, 151936, 1024, 3072, 28, 16, 8, 128, 40960,
	    1e-6, 1000000, true },
};

bool
preset_find(struct model_config *c, const char *name)
{
	const struct preset *p = presets;
	size_t n = sizeof(presets) / sizeof(*presets);

	for (; n > 0 && strcmp(p->name, name) != 0; n--)
		p++;
	if (n == 0)
		return false;
	*c = (struct model_config){ .vocab = p->vocab,
		.dim = p->dim,
		.hidden = p->hidden,
		.layers = p->layers,
		.heads = p->heads,
		.kv_heads = p->kv_heads,
		.head_dim = p->head_dim,
		.max_seq = p->max_seq,
		.eps = p->eps,
		.theta = p->theta,
		.init_std = .02,
		.tied = p->tied,
		.bos = -1,
		.eos = -1,
		.act = p->family == FAMILY_GPT2 ? ACT_GELU_TANH : ACT_SILU };
	config_family(c, p->family);
	return true;
}

const char *
preset_names(void)
{
	static char list[256];
	size_t i, n = 0;

	if (*list)
		return list;
	for (i = 0; i < sizeof(presets) / sizeof(*presets); i++)
		n += (size_t)snprintf(list + n, sizeof(list) - n, "%s%s",
		    i ? ", " : "", presets[i].name);
	return list;
}
