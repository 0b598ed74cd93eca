/* SPDX-License-Identifier: MIT */
/*
 * Which of the tensor cores' attention kernels a card gets.  Hopper's are asked
 * the same as the older ones first: they have less behind them, and where the
 * two disagree the older ones stay.
 */
#include <stdlib.h>
#include <string.h>

#include "train/cuda/attention_choice.h"
#include "train/cuda/attention_wgmma.h"
#include "train/cuda/table.h"

/* One row, more than a tile of queries and of keys, and a part of one. */
enum { CHECK_T = 200, CHECK_H = 2, CHECK_K = 1, CHECK_ARRAYS = 7 };

static bool hopper_chosen;
static const char *told;

bool
attention_hopper(void)
{
	return hopper_chosen;
}

const char *
attention_note(void)
{
	return told;
}

/* Numbers between -1 and 1, the same each time. */
template <typename number>
static __global__ void
fill(number *x, size_t n, uint32_t seed)
{
	uint32_t i = (uint32_t)element(), u = (i + seed) * 2654435761u;

	u = (u ^ u >> 15) * 2246822519u;
	if (i < n)
		put(x + i, (float)(int32_t)(u ^ u >> 13) * 0x1p-31f);
}

/* out[0] = |a - b|^2, out[1] = |b|^2, by one block. */
template <typename number>
static __global__ void
compare(float *out, const number *a, const number *b, size_t n)
{
	float apart = 0, whole = 0;

	for (size_t i = threadIdx.x; i < n; i += THREADS) {
		float y = get(b[i]), d = get(a[i]) - y;

		apart += d * d;
		whole += y * y;
	}
	apart = block_sum(apart);
	whole = block_sum(whole);
	if (threadIdx.x == 0) {
		out[0] = apart;
		out[1] = whole;
	}
}

/* Arrays of a check on the device, each with room for the largest. */
struct check {
	char *x[CHECK_ARRAYS];
	size_t n, heads, wide; /* numbers of qkv, of lse, of the output */
};

enum { QKV, DOUT, OUT, OUT_TOO, LSE, GRAD, GRAD_TOO };

/* Are they the same but for rounding?  NaN isn't. */
template <typename number>
static bool
alike(const struct check *c, int a, int b, size_t n)
{
	float *sums = (float *)device_scratch(2 * sizeof(float)), host[2];
	float eps = sizeof(number) == 4 ? 1e-5f : 0x1p-6f;

	if (!sums)
		return false;
	LAUNCH(compare<number>, 1, THREADS, 0, sums, (number *)c->x[a],
	    (number *)c->x[b], n);
	device_check(cudaDeviceSynchronize());
	device_get(host, sums, sizeof(host));
	return host[1] > 0 && host[0] <= eps * eps * host[1];
}

template <typename number>
static bool
agree(const struct check *c, int D)
{
	struct attention o = {};
	struct scene<number> s;
	number *out = (number *)c->x[OUT], *out2 = (number *)c->x[OUT_TOO];
	number *dout = (number *)c->x[DOUT], *grad = (number *)c->x[GRAD];
	number *grad2 = (number *)c->x[GRAD_TOO];
	float *lse = (float *)c->x[LSE];
	size_t wide = (size_t)CHECK_T * CHECK_H * D;
	size_t n = (size_t)CHECK_T * (CHECK_H + 2 * CHECK_K) * D;

	o.H = CHECK_H;
	o.K = CHECK_K;
	o.D = D;
	o.scale = 4 / sqrt((double)D); /* so that weights differ */
	s = scene_of((const number *)c->x[QKV], CHECK_T, &o);
	LAUNCH(fill<number>, blocks(n), THREADS, 0, (number *)c->x[QKV], n, 1);
	LAUNCH(fill<number>, blocks(wide), THREADS, 0, dout, wide, 77777);
	return wgmma_attention_fwd(out, lse, s, 1) &&
	       mma_attention_fwd(out2, lse, s, 1) &&
	       alike<number>(c, OUT, OUT_TOO, wide) &&
	       (D == 96 || /* there the older kernels go back */
		   (wgmma_attention_bwd(grad, dout, out2, s, lse, 1) &&
		       mma_attention_bwd(grad2, dout, out2, s, lse, 1) &&
		       alike<number>(c, GRAD, GRAD_TOO, n)));
}

template <typename number>
static bool
all_agree(void)
{
	size_t size =
	    (size_t)CHECK_T * (CHECK_H + 2 * CHECK_K) * 128 * sizeof(float);
	struct check c = {};
	bool well = true;
	int i;

	for (i = 0; i < CHECK_ARRAYS; i++) {
		c.x[i] = (char *)device_alloc(size);
		well = well && c.x[i];
	}
	/* Of each way to cut heads into panels and groups, one. */
	well = well && agree<number>(&c, 64) && agree<number>(&c, 96) &&
	       agree<number>(&c, 128);
	for (i = 0; i < CHECK_ARRAYS; i++)
		if (c.x[i])
			device_free(c.x[i]);
	return well;
}

const char *
attention_choose(int major, enum ops_type type)
{
	const char *wanted = getenv("QUERN_CUDA_ATTENTION");

	if (wanted && strcmp(wanted, "mma") != 0 &&
	    strcmp(wanted, "wgmma") != 0)
		return "QUERN_CUDA_ATTENTION is mma or wgmma, or isn't set";
	hopper_chosen = false;
	told = nullptr;
	if (type == OPS_F32 || (wanted && strcmp(wanted, "mma") == 0))
		return nullptr;
	if (major != 9)
		return wanted ? "QUERN_CUDA_ATTENTION=wgmma is for cards of "
				"compute capability 9.0"
			      : nullptr;
	if (wanted || (type == OPS_BF16 ? all_agree<bf16>() : all_agree<f16>()))
		hopper_chosen = true;
	else
		told = "attention for Hopper (wgmma) gave other results than "
		       "the older kernels on this card: the older ones are "
		       "used; please report this";
	return nullptr;
}
