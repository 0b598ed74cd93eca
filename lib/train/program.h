/* SPDX-License-Identifier: MIT */
#ifndef TRAIN_PROGRAM_H
#define TRAIN_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "train/config.h"
#include "train/params.h"

struct err;

/*
 * A model as a static list of coarse nodes over tensors.  Node i of n runs at
 * time i forward and at time 2n - 1 - i backward.  A tensor is alive from the
 * first time that a node touches it to the last; tensors that are never alive
 * together share memory (plan.c).
 */
enum node_kind {
	NODE_EMBED,     /* out = table[ids], + positions (param2) */
	NODE_RMSNORM,   /* out = norm(in), aux: rstd */
	NODE_LAYERNORM, /* the same with bias (param2), aux: mean, rstd */
	NODE_QKNORM,    /* queries' and keys' (param2) norms, aux: rstd */
	NODE_LINEAR,    /* out = in * W' (in * W if in_out), + bias (param2) */
	NODE_ROPE,      /* out is in, rotated in place */
	NODE_ATTENTION, /* out = attention(in), aux: lse */
	NODE_GLU,       /* out = act(half of in) * other half */
	NODE_ACT,       /* out = act(in) */
	NODE_ADD,       /* out = in + in2 */
	NODE_LOSS,      /* logits of in, their loss, and in's gradient */
	NODE_KINDS
};

/* So many elements a token. */
struct tensor {
	uint32_t width;
	int first, last; /* times between which it is alive; first -1: unused */
	size_t at;       /* place in the arena, in elements */
};

/* Tensors are indices into program.tensor; -1: none. */
struct node {
	enum node_kind kind;
	uint32_t layer;
	int in, in2, out, aux;
	/* Places of its parameters in their arena; PARAM_NONE: none. */
	size_t param, param2;
	/* Gradients of in, in2, out, and whether those of the inputs have been
	 * written by a later node, so that this one adds to them. */
	int gin, gin2, gout;
	bool add_in, add_in2;
};

struct program {
	struct model_config config;
	struct params params;
	struct tensor *tensor;
	struct node *node;
	size_t tensors, nodes;
	size_t tokens; /* the most in one pass: B * T */
	bool backward;
	uint32_t moments; /* that its optimiser keeps: 0 to 2; 2 at first */
	size_t arena;     /* of activations and their gradients, in elements */
	int last_hidden;  /* what the logits are made of: (N, dim) */
};

/*
 * For passes of at most `tokens` tokens; without backward for inference.
 * ERR_NOMEM if it is too large to address.
 */
int program_build(struct program *p, const struct model_config *c,
    size_t tokens, bool backward, struct err *e);
void program_free(struct program *p);

/* Give every tensor its place; sets arena.  Called by program_build(). */
int program_plan(struct program *p, struct err *e);

#endif
