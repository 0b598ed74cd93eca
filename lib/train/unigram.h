/* SPDX-License-Identifier: MIT */
#ifndef TRAIN_UNIGRAM_H
#define TRAIN_UNIGRAM_H

#include <stdint.h>

#include "io/rows.h"

/*
 * The yardstick for a validation loss: a model that knows only how often each
 * token stood in the training stream so far, one added to each count.
 * Nats a token of a text with the counts `text`; both (vocab).
 * Source: add-one smoothing, Laplace; Manning and Schuetze 1999, 6.2.2.
 */
double unigram_loss(const uint64_t *seen, const uint64_t *text, uint32_t vocab);
/* Count the targets of B rows that count in the loss, each < vocab. */
void unigram_count(
    uint64_t *counts, const struct rows *rows, uint32_t B, uint32_t T);

#endif
