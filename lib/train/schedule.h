/* SPDX-License-Identifier: MIT */
#ifndef TRAIN_SCHEDULE_H
#define TRAIN_SCHEDULE_H

#include <stdint.h>

struct err;

/*
 * The learning rate of a step: rises over `warmup` steps to lr, then falls to
 * min_ratio * lr at the last step, but for the inverse square root.
 * Source: cosine: Loshchilov and Hutter, arXiv 1608.03983; inverse square
 * root: Vaswani et al., arXiv 1706.03762, equation 3; warm-up, stable, decay:
 * Hu et al., arXiv 2404.06395, section 4.
 */
enum schedule_kind {
	SCHEDULE_COSINE,
	SCHEDULE_LINEAR,
	SCHEDULE_CONSTANT,
	SCHEDULE_INVERSE_SQRT, /* lr * sqrt(warmup / (step + 1)) */
	SCHEDULE_WSD,          /* constant, then linear over the last steps */
};

struct schedule {
	enum schedule_kind kind;
	double lr, min_ratio;
	uint64_t warmup, steps;
	uint64_t cooldown; /* steps at the end in which wsd falls */
};

/* Step from 0. */
double schedule_lr(const struct schedule *s, uint64_t step);
/* "cosine", "inverse-sqrt" and so on; ERR_ARG for anything else. */
int schedule_kind(enum schedule_kind *k, const char *name, struct err *e);
const char *schedule_name(enum schedule_kind k);
/* "200" steps or "2%" of all; ERR_ARG quotes what is neither. */
int schedule_share(uint64_t *n, const char *what, const char *text,
    uint64_t steps, struct err *e);

#endif
