/* SPDX-License-Identifier: MIT */
#ifndef TRAIN_NET_H
#define TRAIN_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "io/rows.h"
#include "train/ops.h"
#include "train/program.h"

struct err;

/*
 * Rates of dropout, and what decides its draws: the seed, the step, and the
 * number within that of the first row that net_train() gets.
 */
struct net_dropout {
	double embedding, residual, attention;
	uint64_t seed, step;
	uint32_t row;
};

/* What a pass is, but for what its arrays hold. */
struct pass_key {
	int B, T;
	bool first, last, train, fresh;
	const void *grads; /* sums over micro-batches swap it */
	double scale, smoothing, z, embed_grad;
	double embedding, residual, attention; /* dropout */
	uint64_t seed;
};

/* A pass as the device has it noted (struct ops). */
struct recorded_pass {
	struct pass_key key;
	void *it;      /* NULL: not yet */
	unsigned seen; /* how often it was asked for */
	uint64_t used; /* when it was used last */
};

enum { NET_RECORDED = 8 };

/*
 * A model program with its memory on a device.  Not thread-safe; the device's
 * operations use threads of their own.
 */
struct net {
	const struct program *p;
	const struct ops *ops;
	/* Arenas of the same layout (params.h); grads only with backward, m
	 * and v only as many as p->moments, and of those and of total only the
	 * part p->first .. p->end: net_kept(). */
	void *params, *grads, *m, *v;
	/* The parameters as activations, for products; NULL: those do it. */
	void *narrow;
	bool stale;  /* they have changed since */
	void *total; /* gradients of several micro-batches; NULL: of one only */
	void *rows, *cols; /* of p->rows and p->cols; NULL: it has none */
	bool fresh; /* the gradients of matrices are to be written, not added to
		     */
	void *arena;  /* activations and their gradients */
	void *logits; /* of net_chunk() tokens at a time */
	void *loss;   /* (tokens) */
	/* Tables of positions (positions.c); NULL: the model has none. */
	void *rope, *rope_keys; /* (max_seq, rotary); xPos: one for keys */
	void *positions;        /* (max_seq, dim), sinusoidal */
	void *bias;             /* (heads, 2*max_seq) of ALiBi and T5 */
	int32_t *bucket;        /* (2*max_seq), T5's: of each distance */
	int32_t *ids, *targets;
	int32_t *first, *last; /* as in io/rows.h */
	double *sum;
	uint64_t *draws; /* (2), as `more` of struct dropout */
	struct recorded_pass recorded[NET_RECORDED];
	uint64_t passes; /* so far */
	/* Of the loss that is trained on; net_loss() measures without them. */
	double smoothing, z;
	/*
	 * The gradient of the table of embeddings is multiplied by this before
	 * it is added; 1 at first, less for steadier large models.  The head's
	 * share of a tied table is left.  Source: Zeng et al., GLM-130B, arXiv
	 * 2210.02414, section 3.3.
	 */
	double embed_grad;
	struct net_dropout dropout; /* of net_train() only */
	/* On the host, for getting tokens in and losses out. */
	int32_t *host_ids;
	void *host_loss;
};

/* Tokens whose logits are held at a time: part of the order of sums. */
size_t net_chunk(const struct program *p, const struct ops *ops);
/* Elements of a row of logits: the vocabulary and what fills it up. */
size_t net_logits_row(const struct program *p, const struct ops *ops);

/* What net_open() will ask of the device, in bytes. */
struct net_memory {
	uint64_t params;    /* the parameters, as they are used */
	uint64_t optimiser; /* gradients and moments */
	uint64_t activations;
	uint64_t logits;
	uint64_t scratch; /* that operations keep beside */
	uint64_t total;   /* all that and the rest */
	uint64_t host;    /* not in total: moments that lie there */
};

/* Flags of programs that run on ops: PROGRAM_HALF or 0. */
unsigned net_flags(const struct ops *ops);
/* more(): asks a net that isn't there for what else will be asked for, so that
 * what that keeps is counted; or NULL. */
void net_memory(const struct program *p, const struct ops *ops,
    struct net_memory *m, void (*more)(void *ctx, struct net *n), void *ctx);
/* ERR_NOMEM naming both, if the device hasn't so many bytes. */
int net_fits(uint64_t bytes, const struct ops *ops, struct err *e);
/* All parameters are 0.  p and ops must outlive the net. */
int net_open(struct net *n, const struct program *p, const struct ops *ops,
    struct err *e);
/* All zeros is fine. */
void net_close(struct net *n);

/*
 * Forward and backward over B rows of T + 1 tokens, the last of each only a
 * target; B * T <= p->tokens.  Adds scale * (gradient of the sum of losses) to
 * grads and the sum of losses (nats) to *loss.  With rows->first no token looks
 * at anything before its document, and learned positions begin anew in each;
 * with rows->last some look ahead; with rows->loss only those targets count.
 * ERR_FORMAT for a token that is not in the vocabulary.
 */
int net_train(struct net *n, const struct rows *rows, uint32_t B, uint32_t T,
    double scale, double *loss, struct err *e);
/* Of the last net_train() or net_loss(), rows of T: the sum of a row's losses.
 */
double net_row_loss(const struct net *n, uint32_t row, uint32_t T);
/* Only adds the sum of losses to *loss. */
int net_loss(struct net *n, const struct rows *rows, uint32_t B, uint32_t T,
    double *loss, struct err *e);
/* After the parameters have changed. */
void net_changed(struct net *n);
/* The next net_train() begins with gradients of 0; none is read before. */
void net_zero_grads(struct net *n);
/* All moments are 0. */
void net_forget(struct net *n);
/*
 * The squares (p->params.n) of the norms of parameters' gradients: of the step,
 * p->first .. p->end; the others' are left alone.  ERR_IO if the device failed.
 */
int net_grad_squares(struct net *n, double *squares, struct err *e);
/* The norm of all gradients, which are all here; ERR_IO likewise. */
int net_grad_norm(struct net *n, double *norm, struct err *e);
/* The gradient of the step of parameter i, which is of this rank's own. */
void *net_gradient(const struct net *n, size_t i);
/* Keys and values of one sequence, for generation; freed by cache_close(). */
struct cache {
	const struct ops *ops;
	void *keys, *values; /* (layers, max, kv_heads * head_dim) */
	uint32_t max;        /* positions there is room for */
	uint32_t used;       /* positions filled */
};

int
cache_open(struct cache *c, const struct net *n, uint32_t max, struct err *e);
void cache_close(struct cache *c);
/*
 * Run n tokens at positions c->used ..., n <= p->tokens; logits (vocab) gets
 * those after the last of them, if not NULL.
 */
int net_step(struct net *n, struct cache *c, const uint32_t *tokens,
    uint32_t count, float *logits, struct err *e);
/* As net_step(), on count + 1 tokens, the last only a target: adds the sum of
 * losses (nats) to *loss. */
int net_score(struct net *n, struct cache *c, const uint32_t *tokens,
    uint32_t count, double *loss, struct err *e);
/* Logits (B*T, vocab) of rows of T tokens, no targets, without a cache: for
 * tests. */
int net_logits(struct net *n, const struct rows *rows, uint32_t B, uint32_t T,
    float *logits, struct err *e);

/* Copy n elements between the host's floats and a device array. */
int net_put(const struct ops *ops, void *to, size_t at, const float *from,
    size_t n, struct err *e);
int net_get(const struct ops *ops, float *to, const void *from, size_t at,
    size_t n, struct err *e);

/* The tables of positions that a model has (positions.c), in elements. */
size_t positions_size(const struct program *p);
int positions_open(struct net *n, struct err *e);
void positions_close(struct net *n);

/* One pass over the nodes (nodes.c). */
struct pass {
	struct net *n;
	int B, T, N; /* N = B * T */
	int pos;     /* of the first token of each row */
	/* As in ops.def, on the device, or NULL. */
	const int32_t *first, *last;
	bool train;
	bool losses; /* the loss node does its work */
	double scale;
	struct cache *cache; /* or NULL */
};

/* Forward and, in training, back; from the second time on recorded (replay.c).
 */
void pass_rows(const struct pass *s);
/* The parameters from `at` on as the factor b of a product, and MATMUL_B if
 * that is activations; as net_refresh() left them. */
const void *net_weights(const struct net *n, size_t at, int *how);
/* Before a pass: what products read is what the parameters are. */
void net_refresh(struct net *n);
/* Before the net's arrays go. */
void pass_forget(struct net *n);
void pass_forward(const struct pass *s);
void pass_backward(const struct pass *s);
/* Number i of `of`, in an arena that holds those p->first .. p->end. */
void *net_kept(
    const struct net *n, const void *arena, const struct params *of, size_t i);
/* How many elements such an arena has. */
size_t net_kept_size(const struct program *p, const struct params *of);
/* Element `at` of a device array; of one of activations. */
void *net_at(const struct ops *ops, const void *array, size_t at);
void *net_act(const struct ops *ops, const void *array, size_t at);

#endif
