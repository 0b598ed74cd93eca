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
 * time i forward; what runs after that stands in `back`: the nodes' ways back
 * and, before they are needed, the nodes whose outputs weren't kept, once
 * more.  A tensor is alive from the first time that a node touches it to the
 * last; tensors that are never alive together share memory (plan.c).
 */
enum node_kind {
	NODE_RELATIVE,  /* the biases of scores from T5's shares (param) */
	NODE_EMBED,     /* out = table[ids], + positions (param2) */
	NODE_RMSNORM,   /* out = norm(in), aux: rstd */
	NODE_LAYERNORM, /* the same with bias (param2), aux: mean, rstd */
	NODE_QKNORM,    /* queries' and keys' (param2) norms, aux: rstd */
	NODE_LINEAR,    /* out = in * W' (in * W if in_out), + bias (param2) */
	NODE_ROPE,      /* out is in, rotated in place */
	NODE_ATTENTION, /* out = attention(in), aux: lse */
	NODE_GLU,       /* out = act(half of in) * other half */
	NODE_ACT,       /* out = act(in) */
	NODE_DROPOUT,   /* out is in, some of it 0, when training */
	NODE_ADD,       /* out = alpha * in + in2 */
	NODE_LOSS,      /* logits of in, their loss, and in's gradient */
	NODE_KINDS
};

/* So many elements a token: activations, or what operations keep beside. */
struct tensor {
	uint32_t width;
	bool aux;        /* no activation: of the device's full width */
	bool recompute;  /* not kept for the way back, but made again */
	int first, last; /* times between which it is alive; first -1: unused */
	size_t at;       /* place in the arena, in elements */
};

/* Tensors are indices into program.tensor; -1: none. */
struct node {
	enum node_kind kind;
	uint32_t layer;
	uint32_t draw; /* of dropout: the same number, the same elements */
	double alpha;
	int in, in2, out, aux;
	/* Where in, out and aux are on the way back. */
	int kept_in, kept_out, kept_aux;
	/* Places of its parameters in their arena; PARAM_NONE: none. */
	size_t param, param2;
	/* Gradients of in, in2, out, and whether those of the inputs have been
	 * written by a later node, so that this one adds to them. */
	int gin, gin2, gout;
	int gaux; /* of attention's biases, (B, heads, 2T) */
	bool add_in, add_in2;
};

/* What a program is for, and what it doesn't keep: flags, by which tensors. */
enum program_flag {
	PROGRAM_BACKWARD = 1,     /* gradients too */
	RECOMPUTE_NORM = 2,       /* outputs of norms */
	RECOMPUTE_ACT = 4,        /* outputs of activations and GLU */
	RECOMPUTE_QKV = 8,        /* queries, keys, values */
	RECOMPUTE_ATTENTION = 16, /* outputs of attention */
	RECOMPUTE_UP = 32,        /* what activations are taken of */
	RECOMPUTE_LAYER = 64,     /* all but what a layer begins with */
	PROGRAM_HALF = 128,       /* activations of half the width (ops->act) */
};

struct program {
	struct model_config config;
	struct params params;
	struct tensor *tensor;
	struct node *node; /* forward, then those that run again */
	int *back;         /* < nodes: that one's way back; else it runs */
	size_t tensors, nodes, again, backs;
	size_t tokens; /* the most in one pass: B * T */
	unsigned flags;
	bool backward;
	uint32_t moments; /* that its optimiser keeps: 0 to 2; 2 at first */
	/* Sides of matrices (params_sides()) that it keeps a vector of each;
	 * none at first. */
	struct params rows, cols;
	/*
	 * Parameters first .. end are a rank's own: what an optimiser keeps,
	 * and the sum of several micro-batches' gradients, is there for them
	 * only. All of them at first, and one micro-batch.
	 */
	size_t first, end;
	bool several;
	uint32_t
	    row[2];   /* tokens of rows there will be; 0: one of all tokens */
	bool offload; /* moments lie on the host */
	size_t arena; /* of activations and their gradients, in elements */
	size_t whole; /* what it would be if all were kept */
	int last_hidden; /* what the logits are made of: (N, dim) */
};

/*
 * For passes of at most `tokens` tokens; without PROGRAM_BACKWARD for
 * inference.  What is recomputed changes no bit of any result.  ERR_NOMEM if
 * it is too large to address.
 */
int program_build(struct program *p, const struct model_config *c,
    size_t tokens, unsigned flags, struct err *e);
/*
 * RECOMPUTE_* flags from names between commas: norm, act, qkv, attention, up,
 * layer.  ERR_ARG naming one that isn't known; NULL and "": none.
 */
int program_recompute(unsigned *flags, const char *names, struct err *e);
void program_free(struct program *p);

/* Called by program_build(): the way back and what lives when (backward.c). */
int program_backward(struct program *p, struct err *e);
/* Give every tensor its place; sets arena.  Called by program_build(). */
int program_plan(struct program *p, struct err *e);

#endif
