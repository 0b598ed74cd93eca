/* SPDX-License-Identifier: MIT */
#ifndef TRAIN_OPS_H
#define TRAIN_OPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct err;

/* Changes with ops.def: a plugin of another version is refused. */
#define OPS_VERSION 14

enum { OPS_CHUNK = 16384 };

/*
 * One step of AdamW; decay is decoupled from the gradient.
 *	g' = g * scale;  m = b1 m + (1-b1) g';  v = b2 v + (1-b2) g'^2
 *	p -= lr * (m / c1 / (sqrt(v / c2) + eps) + decay * p)
 * Source: Loshchilov and Hutter, arXiv 1711.05101, algorithm 2.
 */
struct adamw {
	double lr, beta1, beta2, eps, decay;
	double scale;  /* of the gradient: clipping */
	double c1, c2; /* 1 - beta^t: bias correction */
};

/*
 * One step of Adafactor for a matrix p (rows,cols); a vector is a matrix of one
 * column, whose second moments are exact that way.  x = g * scale:
 *	row = b2 row + (1-b2) (mean of x^2 over columns + eps); col likewise
 *	u = x sqrt(mean(row)) / sqrt(row col);  u /= max(1, rms(u) / limit)
 *	u *= lr, times max(least, rms(p)) with by_rms
 *	m = b1 m + (1-b1) u;  p -= m (u without m) + lr * decay * p
 * Source: Shazeer and Stern, arXiv 1804.04235, algorithms 4 and 6.
 */
struct adafactor {
	double lr, decay;
	double scale; /* of the gradient: clipping */
	double beta1; /* of the mean of steps; unused without m */
	double beta2; /* of this step: 1 - t^-c */
	double limit; /* of the root mean square of u before lr */
	bool by_rms;
};

/* Added to squares, and the least size of weights. */
#define ADAFACTOR_EPS 1e-30
#define ADAFACTOR_LEAST 1e-3

/*
 * Source: ReLU^2: So et al., arXiv 2109.08668; GELU and its tanh form:
 * Hendrycks and Gimpel, arXiv 1606.08415.
 */
enum act_kind {
	ACT_SILU,      /* x / (1 + exp(-x)) */
	ACT_GELU,      /* x * the normal distribution's share below x */
	ACT_GELU_TANH, /* x / 2 * (1 + tanh(sqrt(2/pi) (x + .044715 x^3))) */
	ACT_RELU,      /* max(x, 0) */
	ACT_RELU2,     /* max(x, 0)^2 */
	ACT_KINDS
};

/*
 * With lse = log(sum(exp(x))) over the logits x of a token:
 *	loss = lse - (1 - smoothing) x[target] - smoothing mean(x) + z lse^2
 * Source: label smoothing: Szegedy et al., arXiv 1512.00567, section 7; z-loss:
 * Chowdhery et al., arXiv 2204.02311, section 5.
 */
struct cross_entropy {
	double scale; /* of the gradient */
	double smoothing, z;
	int backward;
	int stride; /* elements a row of logits takes; 0: V */
	int act;    /* logits are activations */
};

/*
 * Dropping elements at random, by address: the same ones for any number of
 * threads, any cut of a step into micro-batches, and again after a restart.
 * Tokens are counted within their step; o->at is the number of the first one
 * here.  Element c of C of token i is dropped if word c % 4 of Philox block
 * (o->at + i) * ceil(C / 4) + c / 4 of (seed, stream) (philox.h) is below
 * rate * 2^32; those that stay are multiplied by 1 / (1 - rate).
 * Source: Srivastava et al., JMLR 15 (2014), section 4.
 */
struct dropout {
	double rate; /* in [0, 1); 0: none is dropped */
	uint64_t seed, stream, at;
	/*
	 * On the device, or NULL: what stream and the numbers of elements'
	 * tokens are greater by, [1] times `each`.  So a recording of the
	 * operation draws anew each time.
	 */
	const uint64_t *more;
	uint64_t each;
};

/*
 * Position t of a row looks at no position behind last (B*T)[t] >= t (NULL: t,
 * causal), nor before first (B*T)[t] <= t (NULL: 0), nor, with a window, before
 * t - window + 1; neither first nor last falls along a row.
 */
struct attention {
	int H, K, D;  /* query heads, key heads, channels a head */
	int window;   /* or 0 */
	double scale; /* of products of queries and keys; 1 / sqrt(D) */
	const int32_t *first, *last; /* on the device, or NULL */
	/*
	 * (H, 2*span) on the device, or NULL: [h][span + j - t] is added to the
	 * scaled score of position t for position j; distances < span.
	 */
	const void *bias;
	int span;
	/*
	 * Of weights: the element of token i, head h, position j of T is that
	 * of token i * H + h, element j of T in struct dropout.
	 */
	struct dropout drop;
};

/*
 * How a product is made, by bits: added to what c holds; and which of its
 * matrices are activations.
 */
enum matmul_how { MATMUL_ADD = 1, MATMUL_C = 2, MATMUL_A = 4, MATMUL_B = 8 };

/*
 * What a device is asked for goes into one of these; each is done in order, and
 * they wait for each other only where that is said.
 */
enum ops_queue { OPS_COMPUTE, OPS_IN, OPS_OUT, OPS_QUEUES };

/* A device: how to hold memory on it and how to compute on it. */
struct ops {
	int version; /* OPS_VERSION */
	const char *name;
	size_t real; /* bytes an element: 4 float, 8 double */
	size_t act;  /* ... of activations: real, or 2 (enum ops_type) */
	/*
	 * Logits held at a time: those of at most `chunk` tokens, which is part
	 * of the order of sums, fewer if they would take more than so many
	 * bytes (0: no limit); rows are whole multiples of `wide` elements.
	 */
	uint32_t chunk;
	uint64_t chunk_bytes;
	uint32_t wide;
	/* NULL when memory is out. */
	void *(*alloc)(size_t size);
	void (*free)(void *p);
	void (*put)(void *dev, const void *host, size_t size);
	void (*get)(void *host, const void *dev, size_t size);
	/* Wait for everything; the only place device errors surface. */
	int (*sync)(struct err *e);
	/*
	 * Memory of the host's that carry() needn't wait for; NULL when that is
	 * out.
	 */
	void *(*pin)(size_t size);
	void (*unpin)(void *p);
	/* A copy, in its turn; what is of the host's is pinned. */
	void (*carry)(
	    enum ops_queue q, void *to, const void *from, size_t size);
	/* What q is asked for from now on waits for what `other` was so far. */
	void (*follow)(enum ops_queue q, enum ops_queue other);
	/* Wait for that queue alone.  Any thread. */
	int (*wait)(enum ops_queue q, struct err *e);
	/* The queue of operations as libraries of the device call it; NULL: it
	 * has none. */
	void *(*stream)(void);
	/* Is all done that it was asked for?  Doesn't wait. */
	bool (*idle)(void);
	/* Bytes that may still be asked for; 0: not known. */
	uint64_t (*memory)(void);
	/*
	 * Bytes that operations keep beside their arrays.  Between rehearse()
	 * and scratch() nothing is done that is asked for, and no array looked
	 * at: only what it would keep is noted.  rehearse is NULL where that
	 * doesn't depend on what is asked for.
	 */
	void (*rehearse)(void);
	uint64_t (*scratch)(void);
	/*
	 * What operations are asked for between record() and recorded() is
	 * noted, not done; play() does it, with what arrays then hold.  The
	 * same must have been done before, and in between nothing but
	 * operations be asked for.  False and NULL: it can't be, or, of play(),
	 * memory has moved since.  record is NULL where nothing is gained.
	 */
	bool (*record)(void);
	void *(*recorded)(void);
	bool (*play)(void *recording);
	void (*erase)(void *recording);
/* Every device has every operation. */
#define OP(name, args) void(*name) args;
#include "train/ops.def"
#undef OP
};

#define OP(name, args) void cpu_##name args;
#include "train/ops.def"
#undef OP
#define OP(name, args) void cuda_##name args;
#include "train/ops.def"
#undef OP

/*
 * float32 on the processor, on this many OpenMP threads in total (0: leave as
 * it is).  Never NULL.
 */
const struct ops *ops_cpu(int threads);
/*
 * What the factors of matrix products are rounded to, the nearest, ties to the
 * even.  On the processor everything else stays float32: what products add up
 * to, weights and gradients, norms, softmax, attention.  The CUDA twin keeps
 * activations and their gradients so, and rounds what attention's products are
 * made of; what operations compute with is float32.
 * Source: Micikevicius et al., arXiv 1710.03740, sections 3.1 and 3.3.
 */
enum ops_type { OPS_F32, OPS_BF16, OPS_F16, OPS_TYPES };
/* "f32", "bf16", "fp16"; ERR_ARG for anything else. */
int ops_type(enum ops_type *t, const char *name, struct err *e);
const char *ops_type_name(enum ops_type t);
const struct ops *ops_cpu_typed(int threads, enum ops_type type);
/* False if the processor can't: the same rounding, then products of float32. */
bool ops_cpu_has(enum ops_type type);
/*
 * The fp64 reference: every operation as its formula says, in plain loops on
 * one thread.  For tests.  Never NULL.
 */
const struct ops *ops_ref(void);
/*
 * The CUDA twin, for the life of the process.  NULL without the plugin, or
 * without a device that answers; e says which.
 */
const struct ops *ops_cuda(enum ops_type type, struct err *e);
/* On one of the machine's cards, from 0; the first call decides. */
const struct ops *
ops_cuda_card(enum ops_type type, uint32_t card, struct err *e);
/*
 * The device of that name, "cpu" or "cuda", products of the type so named;
 * threads as of ops_cpu().  ERR_ARG for an unknown type.
 */
const struct ops *
ops_open(const char *device, const char *type, int threads, struct err *e);
/* After ops_cuda(): what the user should be told of the device, or NULL. */
const char *ops_cuda_note(void);

#ifdef __cplusplus
}
#endif
#endif
