/* SPDX-License-Identifier: MIT */
#ifndef TRAIN_SPIKE_H
#define TRAIN_SPIKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;

enum {
	SPIKE_WINDOW = 128, /* losses that a new one is compared with */
	SPIKE_LEAST = 16,   /* with fewer there is no spike */
	SPIKE_MOST = 10,    /* roll-backs in a run */
};

/* The last losses of steps that were trained on; part of a checkpoint. */
struct spike_window {
	double v[SPIKE_WINDOW];
	uint32_t n;
};

void spike_push(struct spike_window *w, double loss);

/* A roll-back: what was measured, and what is left out from then on. */
struct spike {
	uint64_t step; /* whose loss it was, from 1 */
	double loss, grad_norm;
	double mean, deviation; /* of the window; 0 if it was too short */
	uint64_t back;          /* steps of the checkpoint gone back to */
	uint64_t from, to;      /* steps left out: from .. to, from 1 */
};

/*
 * Is one of the two no number, or loss more than `sigmas` standard deviations
 * above the mean of the window?  Fills loss, grad_norm, mean and deviation.
 */
bool spike_found(struct spike *s, const struct spike_window *w, double sigmas,
    double loss, double grad_norm);

/*
 * DIR/spikes.jsonl: a line a roll-back.  A run that is resumed leaves out the
 * steps that stand there, so that it goes the same way.
 */
struct spikes {
	char *path;
	struct spike *v;
	size_t n;
};

/* Reads what is there; nothing is fine. */
int spikes_open(struct spikes *s, const char *path, struct err *e);
/* What is added from now on isn't written: another rank does that. */
void spikes_only_read(struct spikes *s);
/* Adds a line and writes the file whole. */
int spikes_add(struct spikes *s, const struct spike *x, struct err *e);
/* Is the step (from 1) left out? */
bool spikes_skip(const struct spikes *s, uint64_t step);
void spikes_close(struct spikes *s);

#endif
