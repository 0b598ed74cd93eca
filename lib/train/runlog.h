/* SPDX-License-Identifier: MIT */
#ifndef TRAIN_RUNLOG_H
#define TRAIN_RUNLOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

struct err;

/* The loss of a source's rows of the validation. */
struct source_valid {
	struct str name;
	double loss;      /* nats a token */
	uint64_t targets; /* 0: none counted, no loss */
};

/* What a step came to: a line of log.jsonl. */
struct step_report {
	uint64_t step, steps; /* step: done so far, from 1 */
	uint64_t tokens;      /* done so far */
	double loss;          /* nats a token, mean over the step's batch */
	double lr, grad_norm; /* the norm before clipping */
	double tokens_per_s;
	double mfu; /* share of the peak that the model's operations take; 0:
		     * not known (peak.h) */
	double loss_scale; /* 1: not scaled (scale.h) */
	bool overflow;     /* the scaled gradient was no number: no update */
	bool skipped;      /* left out after a spike: no loss */
	bool validated;    /* the next two are there */
	double valid_loss, unigram_loss;
	/* (sources), if there are several; for as long as it is told. */
	const struct source_valid *by_source;
	uint32_t sources;
};

/*
 * DIR/log.jsonl, open for appending: {"step","tokens","loss","lr","grad_norm",
 * "tokens_per_s"}, with "mfu" if the device's peak is known,
 * {"step","tokens","skipped"} for a step left out, and after a validation
 * "valid_loss", "unigram_loss" and, of several sources, "valid_losses" by name.
 * With fp16 "loss_scale" too, and "overflow" in place of "lr" and "grad_norm"
 * where a step changed nothing.
 */
struct runlog {
	int fd;
	char *path;
};

/* Lines of steps beyond `step` (a run that got further than its last
 * checkpoint) and a torn last line are cut off. */
int
runlog_open(struct runlog *l, const char *path, uint64_t step, struct err *e);
int runlog_add(struct runlog *l, const struct step_report *r, struct err *e);
/* Everything added is on the disk. */
int runlog_sync(struct runlog *l, struct err *e);
void runlog_close(struct runlog *l);

#endif
