/* SPDX-License-Identifier: MIT */
#ifndef TRAIN_CUDA_ATTENTION_TYPED_H
#define TRAIN_CUDA_ATTENTION_TYPED_H

#include "train/ops.h"

/*
 * As cuda_attention_*, the factors of products rounded first (enum ops_type):
 * queries, keys, values and gradients of outputs, and the weights and their
 * gradients that products are made of; sums and powers are float32's.  Heads of
 * other than 64, 80, 96 or 128 channels: as cuda_attention_*.
 */
void bf16_attention_fwd(void *out, void *lse, const void *qkv, int B, int T,
    const struct attention *o);
void f16_attention_fwd(void *out, void *lse, const void *qkv, int B, int T,
    const struct attention *o);
void
bf16_attention_bwd(void *dqkv, void *dbias, const void *dout, const void *out,
    const void *qkv, const void *lse, int B, int T, const struct attention *o);
void
f16_attention_bwd(void *dqkv, void *dbias, const void *dout, const void *out,
    const void *qkv, const void *lse, int B, int T, const struct attention *o);

#endif
