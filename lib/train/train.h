/* SPDX-License-Identifier: MIT */
#ifndef TRAIN_TRAIN_H
#define TRAIN_TRAIN_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "io/feedback.h"
#include "io/rows.h"
#include "train/config.h"
#include "train/link.h"
#include "train/net.h"
#include "train/optimiser.h"
#include "train/runlog.h"
#include "train/schedule.h"
#include "train/spike.h"

/*
 * A training run: rows in, checkpoints out.
 *
 * A step's batch is cut into micro-batches of so many rows, in order; their
 * gradients, each computed from 0 and added in that order, are that of the mean
 * loss over the batch's tokens.  Of W ranks, rank R computes those of the
 * micro-batches m with m % W == R.  The same config, rows and options give the
 * same bits for any number of threads and ranks and any interruptions.
 *
 * With ranks every one of them calls train_run() with the same arguments; what
 * one of them returns, all of them do.  Only rank 0 writes files, and only its
 * events are told, but for feedback.
 */
struct train_options {
	const char *dir;       /* where checkpoints and log go; created */
	const char *init;      /* a folder of first weights, or NULL: random */
	const char *tokenizer; /* a file to put into checkpoints, or NULL */
	const char *tensorboard; /* a folder for events (tboard.h), or NULL */
	enum optimiser_kind optimiser;
	enum schedule_kind schedule;
	enum ops_type type; /* that of the device: fp16 scales its loss */
	double lr, min_lr_ratio;
	const char *warmup;   /* "200" steps or "2%" */
	const char *cooldown; /* likewise, of wsd */
	double beta1, beta2, eps;
	double momentum, decay_rate, update_clip; /* adafactor's */
	bool scale_by_rms;
	double decay;          /* of matrices */
	bool spare_embeddings; /* embeddings and head don't decay */
	double label_smoothing, z_loss;
	double embed_grad_scale; /* of the embedding's gradient (net.h) */
	/* Shares that are dropped: of what attention and MLPs add, of the
	 * embeddings, of attention's weights. */
	double dropout, embed_dropout, attention_dropout;
	bool document_mask; /* no token looks before its document */
	/*
	 * A loss so many standard deviations above the mean of those before it
	 * (spike.h), or one that is no number, goes back to the last checkpoint
	 * and leaves out the step and those before it, spike_skip in all.  0:
	 * never.
	 */
	double spike;
	uint64_t spike_skip;
	double clip;          /* largest norm of the gradient; 0: no limit */
	uint32_t micro_batch; /* rows; 0: about TRAIN_MICRO tokens */
	uint64_t save_every;  /* steps; 0: only at the end */
	uint64_t valid_every; /* steps; 0: only at the end */
	uint32_t keep;        /* checkpoints; 0: all */
	/* Write them while training goes on, if there is memory for a copy. */
	bool async_save;
	uint64_t seed;
	uint64_t memory; /* bytes to stay within; 0: what is there */
	double peak; /* operations a second of a rank's device; 0: unknown */
	const char *recompute; /* names as of program_recompute(), or NULL */
	bool offload; /* the optimiser's moments lie on the host (offload.h) */
	bool resume;  /* from the last checkpoint, if there is one */
	/* The others that take part, or NULL: nobody. */
	struct link *ranks;
};

enum { TRAIN_MICRO = 4096 };

/* What the library defaults to. */
void train_defaults(struct train_options *o);

/* What a run is going to be, before its first step. */
struct train_plan {
	uint64_t params, steps, first_step, tokens;
	uint32_t micro_batch, ranks;
	uint64_t warmup;
	struct net_memory memory;
	uint64_t has;    /* bytes it may have; 0: not known */
	uint64_t spared; /* bytes of activations, by recomputing */
	uint64_t copy;   /* bytes of the host for writing meanwhile, or 0 */
	double flops;    /* a token, in the longest rows (peak.h) */
	double peak;     /* of all ranks, operations a second; 0: unknown */
};

/* Told as the run goes; any may be NULL. */
struct train_events {
	void *ctx;
	void (*plan)(void *ctx, const struct train_plan *p);
	void (*step)(void *ctx, const struct step_report *r);
	void (*saved)(void *ctx, uint64_t step); /* it is on the disk */
	void (*spike)(void *ctx, const struct spike *s);
	/* train_audit(): the checkpoint after that step is the same. */
	void (*same)(void *ctx, uint64_t step);
	/* Told the losses of sources, which may change later rows; or NULL. */
	const struct row_feedback *feedback;
	/* Not 0: write a checkpoint after the current step, set it to 0 and go
	 * on. */
	volatile sig_atomic_t *save;
	/* Not 0: write a checkpoint after the current step and return. */
	const volatile sig_atomic_t *stop;
};

/*
 * Run to the end of rows.  valid: rows whose loss is measured, or NULL.
 * *last gets the last step's report (step 0: nothing was left to do) with the
 * last validation.  Returns 0 at the end, 1 if stopped before it.
 * ERR_ARG: options, config and rows don't fit; ERR_FORMAT: the loss is
 * no number (the message names the step); otherwise as reading and writing.
 */
int train_run(const struct model_config *c, const struct train_options *o,
    const struct row_source *rows, const struct row_source *valid,
    const struct ops *ops, const struct train_events *ev,
    struct step_report *last, struct err *e);

/*
 * Make the steps of a run in o->dir again, from the checkpoint after step
 * `from` (0: from the beginning), and hold weights, what the optimiser keeps
 * and state against each later checkpoint that is there.  Spikes and changes of
 * shares are taken from the folder; nothing is written to it.  ERR_CHECK: the
 * first thing that differs; ERR_ARG also if there is no checkpoint to compare
 * with.
 */
int train_audit(const struct model_config *c, const struct train_options *o,
    const struct row_source *rows, const struct ops *ops,
    const struct train_events *ev, uint64_t from, struct err *e);

#endif
