/* SPDX-License-Identifier: MIT */
#ifndef TRAIN_SCALE_H
#define TRAIN_SCALE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * What the loss is multiplied by, so that small gradients don't vanish in fp16:
 * halved when the gradient is no number, and then the step changes no weights;
 * doubled after SCALE_PATIENCE steps without that.  Powers of two: taking it
 * out again costs no bits.
 * Source: Micikevicius et al., arXiv 1710.03740, section 3.2.
 */
enum { SCALE_PATIENCE = 2000 };

struct loss_scale {
	bool on;
	double by;        /* 1 if off */
	uint32_t good;    /* steps since it last changed */
	uint64_t skipped; /* steps that changed no weights */
};

void loss_scale_init(struct loss_scale *s, bool on);
/*
 * A step whose gradient was a number, or not.  False: it must change no
 * weights.  If off, or if the scale can't fall any further, it is always true.
 */
bool loss_scale_step(struct loss_scale *s, bool finite);

#endif
