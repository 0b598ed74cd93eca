/* SPDX-License-Identifier: MIT */
/*
 * Attention on tensor cores, of factors of 16 bits, against fp64 attention of
 * queries, keys, values and gradients rounded so: at every edge of the tiles,
 * with everything that decides who looks at whom; and the same bits again.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "acts.h"
#include "tap.h"
#include "train/ops.h"
#include "train/philox.h"

enum { B = 2, GUARD = 64, MOST_T = 320 };
enum marks { CAUSAL, DOCUMENTS, PREFIXES };

struct shape {
	int T, H, K, D, window;
	enum marks marks;
	bool biased;
};

/* Numbers on the device between bytes that nobody may touch. */
struct array {
	size_t n;
	bool act;
	char *dev;
	float *host;
	double *ref;
};

struct bench {
	const struct ops *o;
	enum ops_type type;
	struct array qkv, dout, bias, out, lse, dqkv;
	int32_t host[2 * B * MOST_T], *marks;
};

static void *
inside(const struct array *a)
{
	return a->dev + GUARD;
}

static size_t
bytes(const struct bench *b, const struct array *a)
{
	return a->n * (a->act ? b->o->act : b->o->real);
}

/* Random values; activations as the device rounds them. */
static void
make(struct bench *b, struct array *a, size_t n, double std, uint64_t stream,
    bool act)
{
	char *fill;
	size_t i;

	a->n = n;
	a->act = act;
	a->dev = b->o->alloc(bytes(b, a) + 2 * GUARD);
	a->host = malloc(n * sizeof(*a->host));
	a->ref = malloc(n * sizeof(*a->ref));
	fill = malloc(bytes(b, a) + 2 * GUARD);
	memset(fill, 0x5a, bytes(b, a) + 2 * GUARD);
	b->o->put(a->dev, fill, bytes(b, a) + 2 * GUARD);
	free(fill);
	philox_normal(a->host, n, std, 11, stream, 0);
	if (act) {
		acts_round(b->o, b->type, a->host, a->host, n);
		acts_put(b->o, b->type, inside(a), a->host, n);
	} else {
		b->o->put(inside(a), a->host, n * sizeof(float));
	}
	for (i = 0; i < n; i++)
		a->ref[i] = (double)a->host[i];
}

static bool
guarded(struct bench *b, const struct array *a)
{
	char got[2 * GUARD];
	int i;

	b->o->get(got, a->dev, GUARD);
	b->o->get(got + GUARD, a->dev + GUARD + bytes(b, a), GUARD);
	for (i = 0; i < 2 * GUARD; i++)
		if (got[i] != 0x5a)
			return false;
	return true;
}

static void
fetch(struct bench *b, struct array *a)
{
	if (a->act)
		acts_get(b->o, b->type, a->host, inside(a), a->n);
	else
		b->o->get(a->host, inside(a), a->n * sizeof(float));
}

static void
release(struct bench *b, struct array *a)
{
	b->o->free(a->dev);
	free(a->host);
	free(a->ref);
}

/* |a - b|^2 and |b|^2 of columns from .. to of rows of `width`. */
struct error {
	double diff, norm;
};

static struct error
error_of(const struct array *a, size_t width, size_t from, size_t to)
{
	struct error e = { 0, 0 };
	double d;
	size_t i;

	for (i = 0; i < a->n; i++) {
		if (i % width < from || i % width >= to)
			continue;
		d = (double)a->host[i] - a->ref[i];
		e.diff += d * d;
		e.norm += a->ref[i] * a->ref[i];
	}
	return e;
}

/* What should be 0, where nobody has a choice, is measured by `least`. */
static double
nmse(struct error e, double least)
{
	if (!(e.diff == e.diff))
		return INFINITY;
	return e.diff / (e.norm > 1e-12 * least ? e.norm : least);
}

/* Documents of 30, 31, 32 .. positions, the first third of each its prefix. */
static void
mark(struct bench *b, const struct shape *s, struct attention *dev,
    struct attention *ref)
{
	int32_t *first = b->host, *last = b->host + B * s->T;
	size_t size = 2 * (size_t)(B * s->T) * sizeof(*first);
	int i, t, begin, n, prefix;

	for (i = 0; i < B; i++)
		for (t = 0, begin = 0, n = 30 + i; t < s->T; t++) {
			if (t == begin + n)
				begin = t, n++;
			prefix = begin + n / 3 < s->T ? begin + n / 3 : s->T;
			first[i * s->T + t] = begin;
			last[i * s->T + t] = t < prefix ? prefix - 1 : t;
		}
	b->marks = b->o->alloc(size);
	b->o->put(b->marks, b->host, size);
	if (s->marks == CAUSAL)
		return;
	dev->first = b->marks;
	ref->first = first;
	if (s->marks == PREFIXES) {
		dev->last = b->marks + B * s->T;
		ref->last = last;
	}
}

static void
run(struct bench *b, const struct shape *s, const struct attention *dev,
    uint64_t *bits)
{
	size_t i;
	uint32_t u;

	b->o->attention_fwd(
	    inside(&b->out), inside(&b->lse), inside(&b->qkv), B, s->T, dev);
	b->o->attention_bwd(inside(&b->dqkv), NULL, inside(&b->dout),
	    inside(&b->out), inside(&b->qkv), inside(&b->lse), B, s->T, dev);
	fetch(b, &b->out);
	fetch(b, &b->lse);
	fetch(b, &b->dqkv);
	for (i = *bits = 0; i < b->dqkv.n; i++) {
		memcpy(&u, b->dqkv.host + i, sizeof(u));
		*bits = (*bits ^ u) * 0x100000001b3u;
	}
}

/*
 * What is rounded is off by NMSE eps^2 / 12 (train_types.c).  Outputs: weights
 * (on tensor cores) and the output itself.  Gradients of values: weights, and
 * the gradient.  Of queries and keys: gradients of scores, in which the output
 * is, and they themselves.
 */
static void
check(struct bench *b, const struct shape *s, double once)
{
	size_t H = (size_t)(s->H * s->D), K = (size_t)(s->K * s->D);
	size_t row = H + 2 * K;
	double bound = 2 * once, most = 4 * once;
	struct error values = error_of(&b->dqkv, row, H + K, row);
	double out = nmse(error_of(&b->out, 1, 0, 1), 0);
	double lse = nmse(error_of(&b->lse, 1, 0, 1), 0);
	double dq = nmse(error_of(&b->dqkv, row, 0, H), values.norm);
	double dk = nmse(error_of(&b->dqkv, row, H, H + K), values.norm);
	double dv = nmse(values, 0);

	OK(out <= bound && lse <= 1e-11 && dv <= bound && dq <= most &&
		dk <= most && guarded(b, &b->out) && guarded(b, &b->lse) &&
		guarded(b, &b->dqkv),
	    "%s: %s, T %d, heads %d/%d of %d, window %d%s%s: NMSE of out "
	    "%.1e, lse %.1e, q %.1e, k %.1e, v %.1e <= %.1e",
	    b->o->name, ops_type_name(b->type), s->T, s->H, s->K, s->D,
	    s->window,
	    s->marks == PREFIXES    ? ", prefixes"
	    : s->marks == DOCUMENTS ? ", documents"
				    : "",
	    s->biased ? ", biases" : "", out, lse, dq, dk, dv, bound);
}

static void
test(const struct ops *o, enum ops_type type, struct shape s)
{
	static struct bench bench;
	struct bench *b = &bench;
	struct attention dev = { .H = s.H,
		.K = s.K,
		.D = s.D,
		.window = s.window,
		.scale = 1 / sqrt(s.D),
		.span = s.T };
	struct attention ref;
	size_t N = (size_t)(B * s.T), heads = (size_t)s.H;
	size_t wide = heads * (size_t)s.D;
	size_t row = wide + 2 * (size_t)(s.K * s.D);
	double eps = type == OPS_BF16 ? 0x1p-7 : 0x1p-10;
	uint64_t once, again;
	struct err e;

	b->o = o;
	b->type = type;
	make(b, &b->qkv, N * row, 1.5, 1, true);
	make(b, &b->dout, N * wide, 1, 2, true);
	make(b, &b->bias, heads * 2 * (size_t)s.T, 1, 3, false);
	make(b, &b->out, N * wide, 1, 4, true);
	make(b, &b->lse, N * heads, 1, 5, false);
	make(b, &b->dqkv, N * row, 1, 6, true);
	ref = dev;
	if (s.biased) {
		dev.bias = inside(&b->bias);
		ref.bias = b->bias.ref;
	}
	mark(b, &s, &dev, &ref);
	run(b, &s, &dev, &once);
	run(b, &s, &dev, &again);
	if (o->sync(&e) < 0 || once != again)
		b->out.host[0] = NAN;
	ops_ref()->attention_fwd(
	    b->out.ref, b->lse.ref, b->qkv.ref, B, s.T, &ref);
	ops_ref()->attention_bwd(b->dqkv.ref, NULL, b->dout.ref, b->out.ref,
	    b->qkv.ref, b->lse.ref, B, s.T, &ref);
	check(b, &s, eps * eps / 12);
	release(b, &b->qkv), release(b, &b->dout), release(b, &b->bias);
	release(b, &b->out), release(b, &b->lse), release(b, &b->dqkv);
	o->free(b->marks);
}

/* Rows of a tile's edges, then all that decides who looks at whom. */
static const struct shape shapes[] = {
	{ 1, 1, 1, 64, 0, CAUSAL, false },
	{ 64, 2, 1, 128, 0, CAUSAL, false },
	{ 65, 2, 2, 80, 0, CAUSAL, false },
	{ 129, 1, 1, 96, 0, CAUSAL, false },
	{ 257, 1, 1, 64, 0, CAUSAL, false },
	{ 300, 2, 1, 128, 0, CAUSAL, false },
	{ 70, 1, 1, 64, 1, CAUSAL, false },
	{ 290, 1, 1, 128, 130, DOCUMENTS, false },
	{ 300, 1, 1, 64, 70, CAUSAL, false },
	{ 200, 1, 1, 96, 0, DOCUMENTS, false },
	{ 260, 1, 1, 64, 20, PREFIXES, false },
	{ 140, 1, 1, 80, 0, PREFIXES, true },
	{ 70, 4, 2, 128, 0, CAUSAL, true },
	{ 37, 2, 1, 24, 0, CAUSAL, false },
};

/*
 * By the kernels that the environment asks for: mma, wgmma, or those that the
 * card is found to have; every so many of the shapes.
 */
static void
test_kernels(const char *kernels, enum ops_type type, size_t every)
{
	struct err e = { 0 };
	const struct ops *o;
	size_t i;

	if (kernels)
		setenv("QUERN_CUDA_ATTENTION", kernels, 1);
	else
		unsetenv("QUERN_CUDA_ATTENTION");
	o = ops_cuda(type, &e);
	if (!o) {
		printf("ok %d # SKIP %s\n", ++tap_run, e.msg);
		return;
	}
	OK(!ops_cuda_note(), "cuda: %s, %s kernels: %s", ops_type_name(type),
	    kernels ? kernels : "the card's",
	    ops_cuda_note() ? ops_cuda_note() : "they agree");
	for (i = 0; i < sizeof(shapes) / sizeof(*shapes); i += every)
		test(o, type, shapes[i]);
}

static void
test_unknown(void)
{
	struct err e = { 0 };
	const struct ops *o;

	setenv("QUERN_CUDA_ATTENTION", "fast", 1);
	o = ops_cuda(OPS_BF16, &e);
	if (!o && !strstr(e.msg, "QUERN_CUDA_ATTENTION"))
		printf("ok %d # SKIP %s\n", ++tap_run, e.msg);
	else
		OK(!o, "cuda: kernels that there are not: %s", e.msg);
}

int
main(void)
{
	test_kernels("mma", OPS_BF16, 2);
	test_kernels("wgmma", OPS_BF16, 1);
	test_kernels("wgmma", OPS_F16, 3); /* the same but for the rounding */
	test_kernels(NULL, OPS_F16, 4);
	test_kernels(NULL, OPS_BF16, 4);
	test_unknown();
	return tap_end();
}
