/* SPDX-License-Identifier: MIT */
#ifndef TRAIN_SCHEDULE_H
#define TRAIN_SCHEDULE_H

#include <stdint.h>

struct err;

/*
 * The learning rate of a step: rises over `warmup` steps to lr, then falls to
 * min_ratio * lr at the last step.
 * Source: cosine: Loshchilov and Hutter, arXiv 1608.03983.
 */
enum schedule_kind { SCHEDULE_COSINE, SCHEDULE_LINEAR, SCHEDULE_CONSTANT };

struct schedule {
	enum schedule_kind kind;
	double lr, min_ratio;
	uint64_t warmup, steps;
};

/* Step from 0. */
double schedule_lr(const struct schedule *s, uint64_t step);
/* "cosine", "linear", "constant"; ERR_ARG for anything else. */
int schedule_kind(enum schedule_kind *k, const char *name, struct err *e);
const char *schedule_name(enum schedule_kind k);
/* "200" steps or "2%" of all; ERR_ARG quotes what is neither. */
int schedule_warmup(
    uint64_t *warmup, const char *text, uint64_t steps, struct err *e);

#endif
