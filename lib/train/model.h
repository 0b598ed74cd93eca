/* SPDX-License-Identifier: MIT */
#ifndef TRAIN_MODEL_H
#define TRAIN_MODEL_H

#include <stdint.h>

#include "train/config.h"
#include "train/ops.h"

struct err;

/*
 * A trained model for generation: a checkpoint or a Hugging Face folder
 * (config.json, model.safetensors or an index of several), and one sequence
 * with its keys and values.
 */
struct model;

/* positions: the longest sequence; 0: as many as the model knows. */
int model_open(struct model **m, const char *dir, const struct ops *ops,
    uint32_t positions, struct err *e);
void model_close(struct model *m);
const struct model_config *model_config(const struct model *m);
/* Positions that there is room for, and that are filled. */
uint32_t model_room(const struct model *m);
uint32_t model_used(const struct model *m);
/*
 * Append n >= 1 tokens to the sequence; logits (vocab) after the last of them.
 * ERR_ARG beyond the room.
 */
int model_feed(struct model *m, const uint32_t *tokens, uint32_t n,
    float *logits, struct err *e);
/*
 * Adds to *nats the loss of tokens[1..n), each predicted from those before it:
 * from all of them, or, beyond the room, from at least half as many as there is
 * room for.  Uses the sequence.
 */
int model_score(struct model *m, const uint32_t *tokens, size_t n, double *nats,
    struct err *e);
/* Back to an empty sequence. */
void model_rewind(struct model *m);

#endif
