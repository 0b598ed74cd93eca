/* SPDX-License-Identifier: MIT */
#ifndef TRAIN_CUDA_ATTENTION_CHOICE_H
#define TRAIN_CUDA_ATTENTION_CHOICE_H

#include "train/ops.h"

/*
 * Once a device is started, for activations of that type: a card of compute
 * capability 9.0 gets Hopper's kernels (attention_wgmma.h) if they compute a
 * small attention, forward and back, as the older ones do.  The environment's
 * QUERN_CUDA_ATTENTION=mma leaves them out, =wgmma takes them unasked.  NULL,
 * or what is wrong with the environment.
 */
const char *attention_choose(int major, enum ops_type type);
/* What was chosen. */
bool attention_hopper(void);
/* What the user should be told of it, or NULL. */
const char *attention_note(void);

#endif
