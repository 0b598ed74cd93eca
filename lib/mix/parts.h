/* SPDX-License-Identifier: MIT */
#ifndef MIX_PARTS_H
#define MIX_PARTS_H

#include <stddef.h>
#include <stdint.h>

struct err;

/*
 * Weights v, (n), >= 0 and not all 0, as w, (n), of `parts` in all: rounded
 * down, and up for those with the largest remainders (the first of equals).
 */
int parts_round(
    const double *v, size_t n, uint64_t parts, uint64_t *w, struct err *e);

#endif
