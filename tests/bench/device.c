/* SPDX-License-Identifier: MIT */
/*
 * Each operation of a device by itself, as a share of what the device copies
 * or multiplies at most.
 *
 *	device [cpu|cuda [TYPE [FILE [NAME]]]]
 *
 * TYPE: f32, bf16 or fp16.  FILE: the table again, as JSON.  NAME: only the
 * operations whose names begin so, and the ceilings.  Medians of several
 *runs by the clock.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/progress.h"
#include "acts.h"
#include "train/ops.h"
#include "train/philox.h"

enum { RUNS = 9, ARRAYS = 8 };

/* Sizes: of a large model on a card, smaller on the processor. */
struct sizes {
	int N, C, F, V; /* tokens, channels, hidden, vocabulary */
	int B, T, H, D; /* attention */
	int side;       /* of the product that shows the ceiling */
};

static const struct sizes on_card = { 16384, 2048, 5632, 50304, 4, 4096, 16,
	128, 8192 };
static const struct sizes on_processor = { 512, 768, 2048, 8192, 1, 512, 12, 64,
	1024 };

struct bench {
	const struct ops *o;
	struct sizes s;
	enum ops_type type;
	/* Of the device, room elements each: activations, and others. */
	char *a[ARRAYS], *x[ARRAYS];
	size_t room;
	int32_t *ids;
	double copy, product; /* bytes and operations a second at most */
	FILE *json;
	const char *only; /* what names begin with */
	int rows;
};

/* What one operation moves and computes, and how it is started. */
struct kernel {
	const char *name;
	void (*run)(struct bench *b);
	double bytes, flops;
};

static int
ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Median seconds of a run; negative if the device failed. */
static double
seconds(struct bench *b, void (*run)(struct bench *))
{
	struct err e = { 0 };
	double s[RUNS], start;
	int i;

	run(b); /* libraries choose how they do it the first time */
	for (i = 0; i < RUNS; i++) {
		if (b->o->sync(&e) < 0)
			break;
		start = progress_now();
		run(b);
		if (b->o->sync(&e) < 0)
			break;
		s[i] = progress_now() - start;
	}
	if (i < RUNS) {
		fprintf(stderr, "bench: %s\n", e.msg);
		return -1;
	}
	qsort(s, RUNS, sizeof(*s), ascending);
	return s[RUNS / 2];
}

static size_t
elements(struct bench *b)
{
	return (size_t)b->s.N * (size_t)b->s.C;
}

static struct attention
heads(struct bench *b)
{
	return (struct attention){
		.H = b->s.H, .K = b->s.H, .D = b->s.D, .scale = .08
	};
}

static void
run_copy(struct bench *b)
{
	b->o->copy(b->x[0], b->x[1], b->room);
}

static void
run_product(struct bench *b)
{
	int n = b->s.side;

	b->o->matmul(b->a[0], b->a[1], b->a[2], n, n, n, 0, 1,
	    MATMUL_C | MATMUL_A | MATMUL_B);
}

static void
run_matmul(struct bench *b)
{
	b->o->matmul(b->a[0], b->a[1], b->x[2], b->s.N, b->s.F, b->s.C, 0, 1,
	    MATMUL_C | MATMUL_A);
}

static void
run_matmul_weights(struct bench *b)
{
	b->o->matmul(b->x[0], b->a[1], b->a[2], b->s.F, b->s.C, b->s.N, 1, 0,
	    MATMUL_ADD | MATMUL_A | MATMUL_B);
}

static void
run_add(struct bench *b)
{
	b->o->add(b->a[0], b->a[1], b->a[2], elements(b));
}

static void
run_rmsnorm_fwd(struct bench *b)
{
	b->o->rmsnorm_fwd(
	    b->a[0], b->x[3], b->a[1], b->x[2], b->s.N, b->s.C, 1e-5);
}

static void
run_rmsnorm_bwd(struct bench *b)
{
	b->o->rmsnorm_bwd(b->a[0], b->x[4], b->a[1], b->a[2], b->x[5], b->x[3],
	    b->s.N, b->s.C, 0);
}

static void
run_layernorm_fwd(struct bench *b)
{
	b->o->layernorm_fwd(
	    b->a[0], b->x[3], b->a[1], b->x[2], b->x[2], b->s.N, b->s.C, 1e-5);
}

static void
run_layernorm_bwd(struct bench *b)
{
	b->o->layernorm_bwd(b->a[0], b->x[4], b->x[6], b->a[1], b->a[2],
	    b->x[5], b->x[3], b->s.N, b->s.C, 0);
}

static void
run_glu_fwd(struct bench *b)
{
	b->o->glu_fwd(b->a[0], b->a[1], b->s.N, b->s.F, ACT_SILU);
}

static void
run_glu_bwd(struct bench *b)
{
	b->o->glu_bwd(b->a[0], b->a[1], b->a[2], b->s.N, b->s.F, ACT_SILU);
}

static void
run_rope(struct bench *b)
{
	b->o->rope(b->a[0], b->x[1], b->s.B, b->s.T, b->s.H, b->s.D, b->s.D,
	    b->s.H * b->s.D, 0, 0);
}

static void
run_embed_fwd(struct bench *b)
{
	b->o->embed_fwd(b->a[0], b->x[1], b->ids, b->s.N, b->s.C);
}

static void
run_embed_bwd(struct bench *b)
{
	b->o->embed_bwd(b->x[1], b->a[0], b->ids, b->s.N, b->s.C);
}

static void
run_attention_fwd(struct bench *b)
{
	struct attention o = heads(b);

	b->o->attention_fwd(b->a[0], b->x[3], b->a[1], b->s.B, b->s.T, &o);
}

static void
run_attention_bwd(struct bench *b)
{
	struct attention o = heads(b);

	b->o->attention_bwd(b->a[4], NULL, b->a[2], b->a[0], b->a[1], b->x[3],
	    b->s.B, b->s.T, &o);
}

static void
run_attention_step(struct bench *b)
{
	struct attention o = heads(b);

	b->o->attention_step(
	    b->a[0], b->x[1], b->x[2], b->a[3], 1, b->s.T - 1, &o);
}

static void
run_cross_entropy(struct bench *b)
{
	struct cross_entropy o = { .scale = 1e-3, .backward = 1 };
	int rows = (int)(b->room / (size_t)b->s.V);

	b->o->cross_entropy(b->x[0], b->x[1], b->ids,
	    rows < b->s.N ? rows : b->s.N, b->s.V, &o);
}

static void
run_adamw(struct bench *b)
{
	struct adamw o = { .lr = 1e-4,
		.beta1 = .9,
		.beta2 = .95,
		.eps = 1e-8,
		.decay = .1,
		.scale = 1,
		.c1 = .1,
		.c2 = .05 };

	b->o->adamw(b->x[0], b->x[1], b->x[2], b->x[3], b->room, &o);
}

static void
run_sumsq(struct bench *b)
{
	b->o->sumsq((double *)b->x[7], b->x[0], b->room);
}

static void
print_row(struct bench *b, const struct kernel *k, double s)
{
	double gbs = k->bytes / s * 1e-9, tflops = k->flops / s * 1e-12;
	double share =
	    k->flops ? k->flops / s / b->product : k->bytes / s / b->copy;

	printf("%-22s %10.3f ms", k->name, s * 1e3);
	if (k->flops)
		printf(" %9.2f TFLOP/s %6.1f %% of the product\n", tflops,
		    share * 100);
	else
		printf(
		    " %9.1f GB/s    %6.1f %% of the copy\n", gbs, share * 100);
	if (b->json)
		fprintf(b->json,
		    "%s\n {\"op\":\"%s\",\"ms\":%.4f,\"gb_s\":%.2f,"
		    "\"tflop_s\":%.4f,\"share\":%.4f}",
		    b->rows++ ? "," : "", k->name, s * 1e3, gbs, tflops, share);
}

static int
measure(struct bench *b)
{
	const struct sizes *s = &b->s;
	double real = 4, act = (double)b->o->act, n = (double)elements(b) * act;
	double room = (double)b->room * real, F = (double)s->N * s->F;
	double pairs = (double)s->B * s->H * s->T * (s->T + 1) / 2 * s->D;
	double gemm = 2.0 * s->N * s->F * s->C;
	double rows = room / real / s->V < s->N ? room / real / s->V : s->N;
	const struct kernel kernels[] = {
		{ "copy", run_copy, 2 * room, 0 },
		{ "product", run_product, 0,
		    2.0 * s->side * s->side * s->side },
		{ "matmul", run_matmul, 0, gemm },
		{ "matmul, of weights", run_matmul_weights, 0, gemm },
		{ "add", run_add, 3 * n, 0 },
		{ "rmsnorm_fwd", run_rmsnorm_fwd, 2 * n, 0 },
		{ "rmsnorm_bwd", run_rmsnorm_bwd, 3 * n, 0 },
		{ "layernorm_fwd", run_layernorm_fwd, 2 * n, 0 },
		{ "layernorm_bwd", run_layernorm_bwd, 3 * n, 0 },
		{ "glu_fwd", run_glu_fwd, 3 * F * act, 0 },
		{ "glu_bwd", run_glu_bwd, 5 * F * act, 0 },
		{ "rope", run_rope, 2.0 * s->B * s->T * s->H * s->D * act, 0 },
		{ "embed_fwd", run_embed_fwd, n / act * (act + real), 0 },
		{ "embed_bwd", run_embed_bwd, n / act * (act + 2 * real), 0 },
		{ "cross_entropy", run_cross_entropy, 2 * rows * s->V * real,
		    0 },
		{ "adamw", run_adamw, 7 * room, 0 },
		{ "sumsq", run_sumsq, room, 0 },
		{ "attention_fwd", run_attention_fwd, 0, 4 * pairs },
		{ "attention_bwd", run_attention_bwd, 0, 10 * pairs },
		{ "attention_step", run_attention_step,
		    2.0 * s->T * s->H * s->D * real, 0 },
	};
	size_t i;
	double t;

	for (i = 0; i < sizeof(kernels) / sizeof(*kernels); i++) {
		if (i > 1 && strncmp(kernels[i].name, b->only, strlen(b->only)))
			continue;
		t = seconds(b, kernels[i].run);
		if (t < 0)
			return -1;
		if (i == 0)
			b->copy = kernels[i].bytes / t;
		if (i == 1)
			b->product = kernels[i].flops / t;
		print_row(b, &kernels[i], t);
	}
	return 0;
}

static size_t
largest(const struct sizes *s)
{
	size_t glu = 2 * (size_t)s->N * (size_t)s->F;
	size_t table = (size_t)s->V * (size_t)s->C;
	size_t side = (size_t)s->side * (size_t)s->side;
	size_t qkv =
	    3 * (size_t)s->B * (size_t)s->T * (size_t)s->H * (size_t)s->D;
	size_t n = glu > table ? glu : table;

	n = n > side ? n : side;
	return n > qkv ? n : qkv;
}

/* room elements of a device, the same n of them over and over. */
static char *
filled(struct bench *b, const void *values, size_t n, size_t size)
{
	char *x = b->o->alloc(b->room * size);
	size_t at, m;

	for (at = 0; x && at < b->room; at += m) {
		m = b->room - at < n ? b->room - at : n;
		b->o->put(x + at * size, values, m * size);
	}
	return x;
}

/* Arrays of small random values, and tokens. */
static int
prepare(struct bench *b)
{
	enum { PIECE = 1 << 20 };
	static float values[PIECE];
	static uint16_t bits[PIECE];
	bool half = b->o->act < b->o->real;
	int32_t *ids = malloc((size_t)b->s.N * sizeof(*ids));
	int i;

	philox_normal(values, PIECE, .1, 1, 2, 0);
	for (i = 0; i < PIECE; i++) /* as deviations and second moments too */
		values[i] = values[i] < 0 ? -values[i] : values[i];
	if (half)
		acts_bits(b->type, bits, values, PIECE);
	b->room = largest(&b->s);
	for (i = 0; i < ARRAYS; i++) {
		b->x[i] = filled(b, values, PIECE, sizeof(*values));
		b->a[i] =
		    half ? filled(b, bits, PIECE, sizeof(*bits)) : b->x[i];
		if (!b->x[i] || !b->a[i])
			return -1;
	}
	b->ids = b->o->alloc((size_t)b->s.N * sizeof(*ids));
	for (i = 0; i < b->s.N; i++)
		ids[i] = (int32_t)(philox_uniform(3, 1, (uint64_t)i) *
				   philox_uniform(3, 2, (uint64_t)i) * b->s.V);
	b->o->put(b->ids, ids, (size_t)b->s.N * sizeof(*ids));
	free(ids);
	return 0;
}

int
main(int argc, char **argv)
{
	bool card = argc > 1 && strcmp(argv[1], "cuda") == 0;
	struct bench b = { .s = card ? on_card : on_processor, .only = "" };
	struct err e = { 0 };
	int rc;

	if (argc > 2 && ops_type(&b.type, argv[2], &e) < 0) {
		fprintf(stderr, "bench: %s\n", e.msg);
		return 2;
	}
	b.o = card ? ops_cuda(b.type, &e) : ops_cpu_typed(0, b.type);
	if (!b.o) {
		fprintf(stderr, "bench: %s\n", e.msg);
		return 1;
	}
	if (prepare(&b) < 0) {
		fprintf(stderr, "bench: out of the device's memory\n");
		return 1;
	}
	if (argc > 3)
		b.json = fopen(argv[3], "w");
	if (argc > 4)
		b.only = argv[4];
	if (b.json)
		fprintf(b.json, "[");
	rc = measure(&b);
	if (b.json) {
		fprintf(b.json, "\n]\n");
		fclose(b.json);
	}
	return rc < 0;
}
