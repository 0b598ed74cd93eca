/* SPDX-License-Identifier: MIT */
/*
 * Every operation of a device against the fp64 reference, on random data and
 * awkward shapes: NMSE = |a - b|^2 / |b|^2 below a bound, bytes round every
 * buffer untouched, the same bits for 1, 2 and 7 threads.
 */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "acts.h"
#include "tap.h"
#include "train/ops.h"
#include "train/philox.h"

enum { MAX_ARRAYS = 8, GUARD = 64, BATCH = 2 };

/* One argument: the same values as float on the device and as double here. */
struct array {
	size_t n, size; /* size: bytes on the device */
	bool act;
	char *dev;   /* GUARD bytes, size bytes, GUARD bytes */
	float *host; /* what was put there */
	double *ref;
};

struct bench {
	const struct ops *dev, *ref;
	enum ops_type type; /* of dev's activations, where they are rounded */
	struct array a[MAX_ARRAYS];
	int n;
	uint64_t stream;
	/* An element of one of an operation's arrays is that; 0: of none. */
	float odd;
	int which;
	/* It may come out in other elements too: attention multiplies tiles,
	 * in which a weight of 0 is no number times what is none. */
	bool spreads;
	int wrong; /* operations in which it came out otherwise */
};

static void *
at(struct bench *b, int i)
{
	return b->a[i].dev + GUARD;
}

static void
guards(struct bench *b, struct array *a)
{
	char fill[GUARD];

	memset(fill, 0x5a, GUARD);
	b->dev->put(a->dev, fill, GUARD);
	b->dev->put(a->dev + GUARD + a->size, fill, GUARD);
}

static bool
guarded(struct bench *b, struct array *a)
{
	char got[2 * GUARD];
	int i;

	b->dev->get(got, a->dev, GUARD);
	b->dev->get(got + GUARD, a->dev + GUARD + a->size, GUARD);
	for (i = 0; i < 2 * GUARD; i++)
		if (got[i] != 0x5a)
			return false;
	return true;
}

/* Random values; returns the array's index. */
static int
any_array(struct bench *b, size_t n, double std, bool act)
{
	struct array *a = &b->a[b->n];
	size_t i;

	a->n = n;
	a->act = act;
	a->size = n * (act ? b->dev->act : b->dev->real);
	a->dev = b->dev->alloc(a->size + 2 * GUARD);
	a->host = malloc(n * sizeof(float));
	a->ref = malloc(n * sizeof(double));
	philox_normal(a->host, n, std, 7, ++b->stream, 0);
	if (b->odd != 0 && b->which == b->n)
		a->host[n / 2] = b->odd;
	if (act)
		acts_round(b->dev, b->type, a->host, a->host, n);
	for (i = 0; i < n; i++)
		a->ref[i] = (double)a->host[i];
	if (act)
		acts_put(b->dev, b->type, a->dev + GUARD, a->host, n);
	else
		b->dev->put(a->dev + GUARD, a->host, a->size);
	guards(b, a);
	return b->n++;
}

static int
array(struct bench *b, size_t n, double std)
{
	return any_array(b, n, std, false);
}

/* Of activations. */
static int
acts(struct bench *b, size_t n, double std)
{
	return any_array(b, n, std, true);
}

static void
release(struct bench *b)
{
	int i;

	for (i = 0; i < b->n; i++) {
		b->dev->free(b->a[i].dev);
		free(b->a[i].host);
		free(b->a[i].ref);
	}
	b->n = 0;
}

/* What a float can't hold, or no number; comes out so where it does here. */
static bool
number(double x)
{
	return fabs(x) <= FLT_MAX;
}

/*
 * What is rounded is off by NMSE eps^2 / 12 (train_types.c); what comes of
 * several such numbers, or of a result that was, by several times that.
 */
static double
rounded_bound(const struct bench *b, double bound)
{
	double eps = b->type == OPS_BF16 ? 0x1p-7 : 0x1p-10;

	return b->dev->act == b->dev->real ? bound : 4 * eps * eps / 12;
}

/* Are the device's values those of the reference?  Frees all arrays. */
static void
compare(struct bench *b, const char *what, double bound)
{
	double diff, norm, worst = 0;
	bool whole = true;
	struct err e;
	size_t j;
	int i;

	if (b->dev->sync(&e) < 0)
		worst = INFINITY;
	for (i = 0; i < b->n; i++) {
		struct array *a = &b->a[i];

		diff = norm = 0;
		if (a->act)
			acts_get(
			    b->dev, b->type, a->host, a->dev + GUARD, a->n);
		else
			b->dev->get(a->host, a->dev + GUARD, a->size);
		for (j = 0; j < a->n; j++) {
			if (number((double)a->host[j])
				? !number(a->ref[j])
				: number(a->ref[j]) && !b->spreads)
				worst = INFINITY;
			if (!number(a->ref[j]) || !number((double)a->host[j]))
				continue;
			diff += pow((double)a->host[j] - a->ref[j], 2);
			norm += a->ref[j] * a->ref[j];
		}
		worst = fmax(worst, diff / (norm + 1e-30));
		whole = whole && guarded(b, a);
	}
	release(b);
	bound = rounded_bound(b, bound);
	if (b->odd == 0)
		OK(worst <= bound && whole, "%s: %s, NMSE %.1e%s", b->dev->name,
		    what, worst, whole ? "" : ", wrote outside its arrays");
	else if (!(worst <= bound && whole)) {
		b->wrong++;
		printf(
		    "# %s: %g in array %d\n", what, (double)b->odd, b->which);
	}
}

static int32_t *
tokens(struct bench *b, int32_t *host, int n, int vocab)
{
	int32_t *dev = b->dev->alloc((size_t)n * sizeof(*dev));
	int i;

	for (i = 0; i < n; i++)
		host[i] = (int32_t)(philox_uniform(3, 5, (uint64_t)i) * vocab);
	b->dev->put(dev, host, (size_t)n * sizeof(*dev));
	return dev;
}

#define BOTH(op, dev_args, ref_args) \
	do { \
		b->dev->op dev_args; \
		b->ref->op ref_args; \
	} while (0)
#define D(i) at(b, i)
#define R(i) b->a[i].ref

static void
test_elementwise(struct bench *b, size_t n)
{
	acts(b, n, 1), acts(b, n, 1), acts(b, n, 1), acts(b, n, 1);
	array(b, n, 1), array(b, n, 1), array(b, n, 1);
	BOTH(add, (D(0), D(1), D(2), n), (R(0), R(1), R(2), n));
	BOTH(add, (D(1), D(1), D(2), n), (R(1), R(1), R(2), n));
	BOTH(scaled_add, (D(1), D(0), D(1), n, -.7, 2),
	    (R(1), R(0), R(1), n, -.7, 2));
	BOTH(zero, (D(4), n), (R(4), n));
	BOTH(copy, (D(6), D(5), n), (R(6), R(5), n));
	compare(b, "add, copy, zero", 1e-14);
}

static void
test_matmul(struct bench *b, int m, int n, int k, int ta, int tb, int how)
{
	char what[80];

	any_array(b, (size_t)m * (size_t)n, 1, how & MATMUL_C);
	any_array(b, (size_t)m * (size_t)k, 1, how & MATMUL_A);
	any_array(b, (size_t)k * (size_t)n, 1, how & MATMUL_B);
	BOTH(matmul, (D(0), D(1), D(2), m, n, k, ta, tb, how),
	    (R(0), R(1), R(2), m, n, k, ta, tb, how));
	snprintf(what, sizeof(what), "matmul %dx%dx%d%s%s%s", m, n, k,
	    ta ? " ta" : "", tb ? " tb" : "",
	    how & MATMUL_ADD ? " accumulate" : "");
	compare(b, what, 1e-12);
}

static void
test_embed(struct bench *b, int N, int V, int C)
{
	int32_t host[512], *ids = tokens(b, host, N, V);

	acts(b, (size_t)(N * C), 1);
	array(b, (size_t)(V * C), 1);
	array(b, (size_t)(V * C), 1);
	BOTH(embed_fwd, (D(0), D(1), ids, N, C), (R(0), R(1), host, N, C));
	BOTH(embed_bwd, (D(2), D(0), ids, N, C), (R(2), R(0), host, N, C));
	compare(b, "embed", 1e-13);
	b->dev->free(ids);
}

static void
test_rmsnorm(struct bench *b, int N, int C, int acc)
{
	size_t n = (size_t)(N * C), c = (size_t)C;

	acts(b, n, 1), array(b, (size_t)N, 1), acts(b, n, 3), array(b, c, 1);
	acts(b, n, 1), array(b, c, 1), acts(b, n, 1);
	BOTH(rmsnorm_fwd, (D(0), D(1), D(2), D(3), N, C, 1e-5),
	    (R(0), R(1), R(2), R(3), N, C, 1e-5));
	BOTH(rmsnorm_bwd, (D(4), D(5), D(6), D(2), D(3), D(1), N, C, acc),
	    (R(4), R(5), R(6), R(2), R(3), R(1), N, C, acc));
	compare(b, acc ? "rmsnorm, adding" : "rmsnorm", 1e-12);
}

static void
test_rope(struct bench *b, int T, int H, int D_, int R_)
{
	int stride = (H + 2) * D_, N = BATCH * T;

	acts(b, (size_t)(N * stride), 1);
	array(b, (size_t)((T + 3) * R_), 1);
	BOTH(rope, (D(0), D(1), BATCH, T, H, D_, R_, stride, 3, 0),
	    (R(0), R(1), BATCH, T, H, D_, R_, stride, 3, 0));
	BOTH(rope, (D(0), D(1), BATCH, T, H, D_, R_, stride, 0, 1),
	    (R(0), R(1), BATCH, T, H, D_, R_, stride, 0, 1));
	compare(b, "rope", 1e-13);
}

enum marks { CAUSAL, DOCUMENTS, PREFIXES };

/*
 * Rows of documents that are 1, 2, 3 ... positions long, and half of each is
 * its prefix; then (B,T) of one, (B,T) of the other.
 */
static void
documents(int32_t *first, int T)
{
	int i, t, end, n, at, prefix;

	for (i = 0; i < BATCH; i++)
		for (t = 0, end = n = i + 1; t < T; t++) {
			if (t == end)
				end += ++n;
			at = i * T + t;
			prefix = end - n + n / 2 < T ? end - n + n / 2 : T;
			first[at] = end - n;
			first[BATCH * T + at] = t < prefix ? prefix - 1 : t;
		}
}

/* What the options of attention have on the device and in the reference. */
struct marked {
	struct attention dev, ref;
	int32_t host[2 * BATCH * 512], *marks;
	void *drawn;
};

/* The same draws, further on, as a recorded pass asks for them. */
static void *
draw_more(struct bench *b, struct dropout *dev, struct dropout *ref)
{
	static const uint64_t more[] = { (uint64_t)3 << 33, 700 };
	void *p = b->dev->alloc(sizeof(more));

	b->dev->put(p, more, sizeof(more));
	dev->more = p;
	ref->more = more;
	return p;
}

static void
mark(struct bench *b, struct marked *m, int T, enum marks marks)
{
	size_t N = (size_t)(BATCH * T);

	if (!marks)
		return;
	documents(m->host, T);
	m->marks = b->dev->alloc(2 * N * sizeof(*m->marks));
	b->dev->put(m->marks, m->host, 2 * N * sizeof(*m->marks));
	m->dev.first = m->marks;
	m->ref.first = m->host;
	if (marks == PREFIXES) {
		m->dev.last = m->marks + N;
		m->ref.last = m->host + N;
	}
}

/* What scores get beside products, by bits. */
enum { BIASED = 1, DROPPED = 2 };

static void
test_attention(struct bench *b, int T, int H, int K, int D_, int window,
    enum marks marks, int more)
{
	static struct marked m;
	size_t n = (size_t)(BATCH * T * H * D_);
	size_t q = (size_t)(BATCH * T * (H + 2 * K) * D_);
	size_t wide = (size_t)(BATCH * H * 2 * T);
	char what[96];

	m = (struct marked){ .dev = { .H = H,
				 .K = K,
				 .D = D_,
				 .window = window,
				 .scale = (more ? 1.2 : 1) / sqrt(D_),
				 .span = T + 3 } };
	if (more & DROPPED)
		m.dev.drop =
		    (struct dropout){ .2, 17, 5, 300, NULL, (uint64_t)H };
	m.ref = m.dev;
	if ((more & DROPPED) && b->type == OPS_F32)
		m.drawn = draw_more(b, &m.dev.drop, &m.ref.drop);
	mark(b, &m, T, marks);
	acts(b, n, 1), array(b, (size_t)(BATCH * T * H), 1), acts(b, q, 1.5);
	acts(b, q, 1), acts(b, n, 1);
	array(b, (size_t)(H * 2 * (T + 3)), 1), array(b, wide, 1);
	if (more & BIASED) {
		m.dev.bias = D(5);
		m.ref.bias = R(5);
	}
	BOTH(attention_fwd, (D(0), D(1), D(2), BATCH, T, &m.dev),
	    (R(0), R(1), R(2), BATCH, T, &m.ref));
	BOTH(attention_bwd,
	    (D(3), more & BIASED ? D(6) : NULL, D(4), D(0), D(2), D(1), BATCH,
		T, &m.dev),
	    (R(3), more & BIASED ? R(6) : NULL, R(4), R(0), R(2), R(1), BATCH,
		T, &m.ref));
	snprintf(what, sizeof(what),
	    "attention T %d, heads %d/%d of %d, window %d%s%s%s", T, H, K, D_,
	    window,
	    marks == PREFIXES    ? ", prefixes in documents"
	    : marks == DOCUMENTS ? ", documents"
				 : "",
	    more & BIASED ? ", biases" : "", more & DROPPED ? ", dropout" : "");
	compare(b, what, 1e-11);
	if (m.marks)
		b->dev->free(m.marks);
	if (m.drawn)
		b->dev->free(m.drawn);
}

static void
test_attention_step(struct bench *b, int n, int pos, int H, int K, int D_,
    int window, bool biased)
{
	size_t kept = (size_t)((pos + n) * K * D_);
	struct attention dev = { .H = H,
		.K = K,
		.D = D_,
		.window = window,
		.scale = .4,
		.span = pos + n + 2 };
	struct attention ref = dev;

	acts(b, (size_t)(n * H * D_), 1), array(b, kept, 1);
	array(b, kept, 1), acts(b, (size_t)(n * (H + 2 * K) * D_), 1.5);
	array(b, (size_t)(2 * H * dev.span), 1);
	if (biased) {
		dev.bias = D(4);
		ref.bias = R(4);
	}
	BOTH(attention_step, (D(0), D(1), D(2), D(3), n, pos, &dev),
	    (R(0), R(1), R(2), R(3), n, pos, &ref));
	compare(b, biased ? "attention_step, biases" : "attention_step", 1e-11);
}

/* The mean of what is kept of ones, and the share that is dropped. */
static void
test_dropout(struct bench *b, int N, int C)
{
	struct dropout o = { .25, 7, 3, 1000, NULL, 1 }, dev = o, ref = o;
	size_t n = (size_t)(N * C), i, zeros = 0;
	void *drawn = draw_more(b, &dev, &ref);
	char what[40];

	acts(b, n, 1);
	BOTH(dropout, (D(0), N, C, &o), (R(0), N, C, &o));
	if (b->type == OPS_F32) {
		acts(b, n, 1);
		BOTH(dropout, (D(1), N, C, &dev), (R(1), N, C, &ref));
	}
	for (i = 0; i < n; i++)
		zeros += R(0)[i] == 0;
	if (n > 10000)
		OK(fabs((double)zeros / (double)n - .25) < .02,
		    "dropout: %zu of %zu", zeros, n);
	snprintf(what, sizeof(what), "dropout %d of %d", N, C);
	compare(b, what, 1e-13);
	b->dev->free(drawn);
}

static void
test_relative(struct bench *b, int T, int H, int span, int buckets)
{
	int32_t host[1024], *dev = tokens(b, host, 2 * span, buckets);

	array(b, (size_t)(2 * span * H), 1), array(b, (size_t)(buckets * H), 1);
	array(b, (size_t)(buckets * H), 1);
	array(b, (size_t)(BATCH * H * 2 * T), 1);
	BOTH(relative_fwd, (D(0), D(1), dev, H, 2 * span),
	    (R(0), R(1), host, H, 2 * span));
	BOTH(relative_bwd, (D(2), D(3), dev, BATCH, H, T, span),
	    (R(2), R(3), host, BATCH, H, T, span));
	compare(b, "relative", 1e-12);
	b->dev->free(dev);
}

static void
test_act(struct bench *b, int N, int F, int kind)
{
	size_t n = (size_t)(N * F);
	char what[40];

	acts(b, n, 1), acts(b, 2 * n, 3), acts(b, 2 * n, 1), acts(b, n, 1);
	BOTH(glu_fwd, (D(0), D(1), N, F, kind), (R(0), R(1), N, F, kind));
	BOTH(glu_bwd, (D(2), D(3), D(1), N, F, kind),
	    (R(2), R(3), R(1), N, F, kind));
	snprintf(what, sizeof(what), "glu %d of %d, %d", kind, N, F);
	compare(b, what, 1e-12);
	acts(b, n, 1), acts(b, n, 3), acts(b, n, 1), acts(b, n, 1);
	BOTH(act_fwd, (D(0), D(1), n, kind), (R(0), R(1), n, kind));
	BOTH(act_bwd, (D(2), D(3), D(1), n, kind), (R(2), R(3), R(1), n, kind));
	snprintf(what, sizeof(what), "act %d of %d, %d", kind, N, F);
	compare(b, what, 1e-12);
}

static void
test_layernorm(struct bench *b, int N, int C, int acc)
{
	size_t n = (size_t)(N * C), c = (size_t)C;

	acts(b, n, 1), array(b, (size_t)(2 * N), 1), acts(b, n, 3);
	array(b, c, 1), array(b, c, 1), acts(b, n, 1), array(b, c, 1);
	acts(b, n, 1);
	BOTH(layernorm_fwd, (D(0), D(1), D(2), D(3), D(4), N, C, 1e-5),
	    (R(0), R(1), R(2), R(3), R(4), N, C, 1e-5));
	/* Gradients: of the input 5, of the weights 6 and the bias 4. */
	BOTH(layernorm_bwd,
	    (D(5), D(6), D(4), D(7), D(2), D(3), D(1), N, C, acc),
	    (R(5), R(6), R(4), R(7), R(2), R(3), R(1), N, C, acc));
	compare(b, acc ? "layernorm, adding" : "layernorm", 1e-12);
}

static void
test_qknorm(struct bench *b, int N, int H, int K, int D_)
{
	size_t n = (size_t)(N * (H + 2 * K) * D_), d = (size_t)D_;

	acts(b, n, 1), array(b, (size_t)(N * (H + K)), 1), acts(b, n, 3);
	array(b, d, 1), array(b, d, 1), acts(b, n, 1), array(b, d, 1);
	array(b, d, 1);
	BOTH(qknorm_fwd, (D(0), D(1), D(2), D(3), D(4), N, H, K, D_, 1e-5),
	    (R(0), R(1), R(2), R(3), R(4), N, H, K, D_, 1e-5));
	BOTH(qknorm_bwd,
	    (D(5), D(6), D(7), D(0), D(2), D(3), D(4), D(1), N, H, K, D_),
	    (R(5), R(6), R(7), R(0), R(2), R(3), R(4), R(1), N, H, K, D_));
	compare(b, "qknorm", 1e-12);
}

static void
test_bias(struct bench *b, int T, int C)
{
	int N = BATCH * T;
	size_t n = (size_t)(N * C), c = (size_t)C;
	int32_t host[2 * BATCH * 512], *first;

	acts(b, n, 1), array(b, c, 1), array(b, c, 1);
	array(b, (size_t)(T + 3) * c, 1), array(b, (size_t)T * c, 1);
	BOTH(bias_fwd, (D(0), D(1), N, C), (R(0), R(1), N, C));
	BOTH(bias_bwd, (D(2), D(0), N, C), (R(2), R(0), N, C));
	documents(host, T);
	first = b->dev->alloc((size_t)N * sizeof(*first));
	b->dev->put(first, host, (size_t)N * sizeof(*first));
	BOTH(position_fwd, (D(0), D(3), NULL, BATCH, T, C, 3),
	    (R(0), R(3), NULL, BATCH, T, C, 3));
	BOTH(position_bwd, (D(4), D(0), NULL, BATCH, T, C),
	    (R(4), R(0), NULL, BATCH, T, C));
	BOTH(position_fwd, (D(0), D(3), first, BATCH, T, C, 0),
	    (R(0), R(3), host, BATCH, T, C, 0));
	BOTH(position_bwd, (D(4), D(0), first, BATCH, T, C),
	    (R(4), R(0), host, BATCH, T, C));
	b->dev->free(first);
	compare(b, "bias, position", 1e-13);
}

static void
test_cross_entropy(struct bench *b, int N, int V, int backward, double extra,
    int behind, bool act)
{
	size_t row = (size_t)(V + behind), n = (size_t)N * row;
	struct cross_entropy o = { .scale = .3,
		.smoothing = extra,
		.z = extra * .1,
		.backward = backward,
		.stride = behind ? V + behind : 0,
		.act = act };
	int32_t host[512], *ids = tokens(b, host, N, V);
	int i;

	for (i = 4; i < N; i += 5) /* masked */
		host[i] = -1;
	b->dev->put(ids, host, (size_t)N * sizeof(*ids));
	array(b, (size_t)N, 1), any_array(b, n, 4, act);
	BOTH(cross_entropy, (D(0), D(1), ids, N, V, &o),
	    (R(0), R(1), host, N, V, &o));
	/* Forward only, the logits are left as they please. */
	if (!backward)
		memset(R(1), 0, n * sizeof(double)),
		    b->dev->zero(D(1), b->a[1].size / b->dev->real);
	compare(b, backward ? "cross_entropy" : "cross_entropy, forward only",
	    1e-12);
	b->dev->free(ids);
}

static void
test_narrow(struct bench *b, size_t n)
{
	acts(b, n, 1), array(b, n, 1);
	BOTH(narrow, (D(0), D(1), n), (R(0), R(1), n));
	compare(b, "narrow", 1e-14);
}

static void
test_adamw(struct bench *b, size_t n)
{
	struct adamw o = { .lr = 1e-2,
		.beta1 = .9,
		.beta2 = .95,
		.eps = 1e-8,
		.decay = .1,
		.scale = .7,
		.c1 = .271,
		.c2 = .142625 };
	size_t i;

	array(b, n, 1), array(b, n, 1), array(b, n, 1), array(b, n, 1);
	for (i = 0; i < n; i++) {
		b->a[3].host[i] = fabsf(b->a[3].host[i]);
		R(3)[i] = fabs(R(3)[i]);
	}
	b->dev->put(at(b, 3), b->a[3].host, n * 4);
	BOTH(adamw, (D(0), D(1), D(2), D(3), n, &o),
	    (R(0), R(1), R(2), R(3), n, &o));
	compare(b, "adamw", 1e-12);
	o.decay = .2;
	array(b, n, 1), array(b, n, 1), array(b, n, 1);
	BOTH(lion, (D(0), D(1), D(2), n, &o), (R(0), R(1), R(2), n, &o));
	BOTH(blend, (D(1), D(1), D(2), n, .7, -.4),
	    (R(1), R(1), R(2), n, .7, -.4));
	compare(b, "lion, blend", 1e-12);
}

/* How: 1: with a running mean of steps; 2: a share of the weights. */
static void
test_adafactor(struct bench *b, int rows, int cols, int how)
{
	struct adafactor o = { .lr = 1e-2,
		.decay = .1,
		.scale = .7,
		.beta1 = .9,
		.beta2 = .6,
		.limit = how & 1 ? 1 : 100,
		.by_rms = how & 2 };
	size_t n = (size_t)rows * (size_t)cols;
	bool mean = how & 1;
	int i;

	array(b, n, .2), array(b, n, 1), array(b, n, 1);
	array(b, (size_t)rows, 0), array(b, (size_t)cols, 0);
	for (i = 0; i < 2; i++)
		BOTH(adafactor,
		    (D(0), D(1), mean ? D(2) : NULL, D(3), D(4), rows, cols,
			&o),
		    (R(0), R(1), mean ? R(2) : NULL, R(3), R(4), rows, cols,
			&o));
	compare(b, how ? "adafactor with options" : "adafactor", 1e-12);
}

static void
test_sumsq(struct bench *b, size_t n)
{
	double *out, got, want;

	out = b->dev->alloc(sizeof(*out));
	array(b, n, 1);
	b->dev->sumsq(out, D(0), n);
	b->ref->sumsq(&want, R(0), n);
	b->dev->get(&got, out, sizeof(got));
	OK(fabs(got - want) <= 1e-12 * want, "%s: sumsq of %zu", b->dev->name,
	    n);
	compare(b, "sumsq leaves its input alone", 0);
	b->dev->free(out);
}

static void
test_all(const struct ops *dev)
{
	struct bench bench = { .dev = dev, .ref = ops_ref() }, *b = &bench;
	int i;

	test_elementwise(b, 1);
	test_elementwise(b, 40000);
	for (i = 0; i < 8; i++)
		test_matmul(b, 37, 53, 29, i & 1, i >> 1 & 1, i >> 2);
	test_matmul(b, 1, 257, 64, 0, 1, 0);
	test_matmul(b, 300, 800, 70, 0, 1, 1);
	test_matmul(b, 270, 33, 300, 1, 0, 1);
	test_embed(b, 300, 17, 24);
	test_rmsnorm(b, 37, 129, 0);
	test_rmsnorm(b, 5, 64, 1);
	test_rmsnorm(b, 1, 1, 1);
	test_rmsnorm(b, 40, 1030, 0);
	test_rmsnorm(b, 3, 8200, 1);
	test_rope(b, 11, 3, 10, 10);
	test_rope(b, 11, 3, 10, 4);
	test_attention(b, 1, 1, 1, 2, 0, CAUSAL, 0);
	test_attention(b, 37, 4, 2, 10, 0, CAUSAL, 0);
	test_attention(b, 64, 2, 2, 16, 0, CAUSAL, 0);
	test_attention(b, 300, 3, 1, 8, 0, CAUSAL, 0);
	test_attention(b, 37, 4, 2, 10, 1, CAUSAL, 0);
	test_attention(b, 400, 3, 1, 8, 70, CAUSAL, 0);
	test_attention(b, 37, 4, 2, 10, 0, DOCUMENTS, 0);
	test_attention(b, 400, 2, 1, 8, 20, DOCUMENTS, 0);
	test_attention(b, 37, 4, 2, 10, 0, PREFIXES, 0);
	test_attention(b, 400, 2, 1, 8, 0, PREFIXES, 0);
	test_attention(b, 400, 2, 1, 8, 20, PREFIXES, 0);
	for (i = 1; i < 4; i++) {
		test_attention(b, 1, 1, 1, 2, 0, CAUSAL, i);
		test_attention(b, 37, 4, 2, 10, 0, CAUSAL, i);
		test_attention(b, 300, 3, 1, 8, 0, DOCUMENTS, i);
		test_attention(b, 301, 2, 1, 8, 20, PREFIXES, i);
	}
	test_attention_step(b, 1, 0, 2, 1, 8, 0, false);
	test_attention_step(b, 5, 70, 6, 2, 10, 0, false);
	test_attention_step(b, 5, 70, 6, 2, 10, 0, true);
	test_attention_step(b, 5, 2, 6, 2, 10, 4, false);
	test_attention_step(b, 5, 2, 6, 2, 10, 4, true);
	test_dropout(b, 1, 1);
	test_dropout(b, 3, 1111);
	test_dropout(b, 300, 70);
	test_relative(b, 37, 3, 40, 8);
	test_relative(b, 1, 1, 1, 2);
	for (i = 0; i < ACT_KINDS; i++)
		test_act(b, 7, 33, i), test_act(b, 3, 1100, i);
	test_layernorm(b, 37, 129, 0);
	test_layernorm(b, 5, 64, 1);
	test_layernorm(b, 40, 2060, 0);
	test_layernorm(b, 3, 8200, 1);
	test_qknorm(b, 37, 4, 2, 10);
	test_qknorm(b, 1, 1, 1, 2);
	test_bias(b, 11, 70);
	test_cross_entropy(b, 9, 1, 1, 0, 0, false);
	test_cross_entropy(b, 300, 61, 1, 0, 0, false);
	test_cross_entropy(b, 9, 61, 0, 0, 0, false);
	test_cross_entropy(b, 300, 61, 1, .2, 0, false);
	test_cross_entropy(b, 30, 61, 1, .2, 3, false);
	test_cross_entropy(b, 30, 1300, 1, 0, 4, true);
	test_cross_entropy(b, 30, 61, 0, .2, 7, true);
	test_adamw(b, 40001);
	for (i = 0; i < 4; i++) {
		test_adafactor(b, 1, 1, i);
		test_adafactor(b, 37, 129, i);
		test_adafactor(b, 700, 48, i);
		test_adafactor(b, 301, 1, i);
	}
	test_narrow(b, 1), test_narrow(b, 1030);
	test_sumsq(b, 1);
	test_sumsq(b, 5000001);
	test_rmsnorm(b, 300, 200, 1); /* several rows a block, two blocks */
	test_rmsnorm(b, 70, 520, 1);
	test_rmsnorm(b, 37, 4104, 1);
	test_layernorm(b, 300, 250, 1);
	test_layernorm(b, 70, 512, 0);
	test_layernorm(b, 3, 4100, 1);
}

/*
 * What is no number, in one element of one array, is none in the same elements
 * of the results as in the reference: it is not lost, nor does it spread.
 */
static void
test_odd(const struct ops *dev)
{
	static const float odd[] = { NAN, INFINITY, -INFINITY };
	struct bench bench = { .dev = dev, .ref = ops_ref() }, *b = &bench;
	size_t i;

	for (i = 0; i < 3; i++)
		for (b->which = 0; b->which < MAX_ARRAYS; b->which++) {
			b->odd = odd[i];
			test_elementwise(b, 9);
			test_matmul(b, 5, 7, 9, 0, 1, 1);
			test_embed(b, 20, 7, 6);
			test_rmsnorm(b, 5, 33, 1);
			test_layernorm(b, 5, 33, 1);
			test_qknorm(b, 5, 4, 2, 6);
			test_rope(b, 5, 3, 6, 4);
			b->spreads = true;
			test_attention(b, 41, 4, 2, 6, 0, CAUSAL, 0);
			test_attention(b, 41, 4, 2, 6, 5, DOCUMENTS, 0);
			test_attention(b, 41, 4, 2, 6, 0, PREFIXES, 3);
			test_attention_step(b, 5, 3, 4, 2, 6, 4, true);
			b->spreads = false;
			test_dropout(b, 3, 11);
			test_relative(b, 5, 3, 7, 3);
			test_bias(b, 11, 7);
			test_act(b, 3, 11, (int)i);
			test_act(b, 3, 11, (int)i + 2);
			test_cross_entropy(b, 9, 13, 1, .2, 0, false);
			test_adamw(b, 77);
		}
	OK(b->wrong == 0, "%s: NaN and infinity come out where they should",
	    dev->name);
}

/*
 * Activations of 16 bits, of rows that are whole eights and of others: what
 * test_all() tells of float holds for the rest.
 */
static void
test_acts(const struct ops *dev, enum ops_type type)
{
	struct bench bench = { .dev = dev, .ref = ops_ref(), .type = type };
	struct bench *b = &bench;
	int i, C;

	test_elementwise(b, 1);
	test_elementwise(b, 1027);
	for (i = 0; i < 16; i++) {
		test_matmul(b, 24, 40, 16, i & 1, i >> 1 & 1, i);
		test_matmul(b, 21, 43, 19, i >> 1 & 1, i & 1, i);
	}
	for (C = 24; C < 26; C++) {
		test_embed(b, 60, 17, C);
		test_rmsnorm(b, 37, C, 1);
		test_layernorm(b, 37, C, 1);
		test_bias(b, 11, C);
		test_dropout(b, 30, C);
		for (i = 0; i < ACT_KINDS; i++)
			test_act(b, 7, C, i);
	}
	test_rmsnorm(b, 33, 1104, 0);
	test_layernorm(b, 70, 512, 1);
	test_layernorm(b, 33, 2100, 0);
	test_rmsnorm(b, 3, 8196, 0);
	test_layernorm(b, 3, 8200, 0);
	test_rope(b, 11, 3, 10, 4);
	test_qknorm(b, 37, 4, 2, 10);
	test_attention(b, 37, 4, 2, 10, 0, CAUSAL, 0);
	test_attention(b, 70, 2, 1, 8, 20, PREFIXES, BIASED | DROPPED);
	test_attention(b, 70, 2, 1, 64, 0, CAUSAL, DROPPED);
	test_attention(b, 70, 2, 1, 64, 0, CAUSAL, BIASED);
	test_attention_step(b, 5, 70, 6, 2, 10, 0, true);
	test_relative(b, 37, 3, 40, 8);
	test_cross_entropy(b, 30, 61, 1, 0, 0, false);
	test_cross_entropy(b, 30, 61, 1, .2, 3, true);
	test_cross_entropy(b, 30, 1300, 1, .2, 4, true);
	test_narrow(b, 1), test_narrow(b, 1030);
	test_adamw(b, 77);
}

static void
test_card(enum ops_type type)
{
	struct err e = { 0 };
	const struct ops *gpu = ops_cuda(type, &e);

	if (!gpu)
		printf("ok %d # SKIP %s\n", ++tap_run, e.msg);
	else if (type == OPS_F32)
		test_all(gpu), test_odd(gpu);
	else
		test_acts(gpu, type);
}

/* The bits of products and attention on so many threads. */
static uint64_t
bits(int threads, float *x, size_t n)
{
	const struct ops *o = ops_cpu(threads);
	float *y = x + n, *z = y + n;
	struct attention a = { .H = 4, .K = 2, .D = 32, .scale = .18 };
	struct adafactor f = { .lr = .1,
		.scale = 1,
		.beta2 = .5,
		.limit = 1,
		.beta1 = .5,
		.by_rms = true };
	uint64_t h = 0;
	size_t i;

	memset(y, 0, 2 * n * sizeof(*y));
	o->matmul(y, x, x + 1000, 700, 900, 120, 0, 1, 0);
	o->matmul(z, y, x, 900, 64, 700, 1, 0, 1);
	o->attention_fwd(y, z, x, 2, 200, &a);
	a.window = 70;
	o->attention_bwd(z + 10000, NULL, x, y, x, z, 2, 200, &a);
	a.bias = x + 5000;
	a.span = 200;
	a.drop = (struct dropout){ .1, 1, 2, 3, NULL, 1 };
	o->attention_bwd(z + 120000, z + 250000, x, y, x, z, 2, 200, &a);
	o->dropout(z + 300000, 100, 1000, &a.drop);
	o->layernorm_bwd(
	    y + 250000, z + 6000, z + 7000, x, x + 5, x, x, 300, 130, 0);
	o->rmsnorm_bwd(y + 200000, z + 5000, x, x + 5, x, x, 300, 130, 0);
	o->zero(y + 500000, 1000);
	o->adafactor(
	    y + 400000, x, y + 450000, y + 500000, y + 500400, 333, 131, &f);
	for (i = 0; i < 3 * n; i++) {
		uint32_t u;

		memcpy(&u, x + i, sizeof(u));
		h = (h ^ u) * 0x100000001b3u;
	}
	return h;
}

int
main(void)
{
	int type;
	size_t n = 640000;
	float *x = calloc(3 * n, sizeof(*x));
	uint64_t one, two, seven;

	test_all(ops_cpu(2));
	test_odd(ops_cpu(2));
	philox_normal(x, n, 1, 1, 1, 0);
	one = bits(1, x, n);
	two = bits(2, x, n);
	seven = bits(7, x, n);
	OK(one == two && two == seven, "same bits for 1, 2 and 7 threads");
	free(x);
	for (type = 0; type < OPS_TYPES; type++)
		test_card((enum ops_type)type);
	return tap_end();
}
