/* SPDX-License-Identifier: MIT */
#ifndef TRAIN_PRESET_H
#define TRAIN_PRESET_H

#include "train/config.h"

/*
 * Shapes that papers and model cards give, by name: gpt2-124m, gpt2-355m,
 * gpt2-774m, gpt2-1558m, llama-15m, llama-110m, llama-1b, llama-8b, qwen3-0.6b.
 * Source: Radford et al. 2019, table 2; karpathy/llama2.c (15m, 110m); the
 * config.json of Llama 3.2 1B, Llama 3 8B and Qwen3 0.6B.
 */
/* False if there is none of that name. */
bool preset_find(struct model_config *c, const char *name);
/* "gpt2-124m, ..."; one call at a time the first time. */
const char *preset_names(void);

#endif
