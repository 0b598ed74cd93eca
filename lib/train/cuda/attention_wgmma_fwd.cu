/* SPDX-License-Identifier: MIT */
/*
 * A block has queries of a head, each of its groups of warps 64 of them; one
 * more group's first thread has the copy engine bring tiles of keys and values,
 * two of each ahead.  While a group takes powers of one tile's scores, its
 * products of the tile before are still under way, and so are other groups'.
 * Source: Shah et al., arXiv 2407.08608, algorithm 2.
 */
#include "train/cuda/attention_wgmma.h"

/* How many tiles of keys, and of values, are in memory at a time. */
static const int STAGES = 2;

/* Groups that compute, and keys of a tile: as registers allow. */
static constexpr __host__ __device__ int
groups(int D)
{
	return D == 64 ? 3 : 2;
}

static constexpr __host__ __device__ int
key_rows(int D)
{
	return D == 64 ? 96 : 128;
}

static constexpr __host__ __device__ int
query_rows(int D)
{
	return groups(D) * 64;
}

/* Registers of a thread that computes, and of one that brings. */
static constexpr __host__ __device__ int
registers(int D, bool computes)
{
	return groups(D) == 3 ? computes ? 160 : 32 : computes ? 240 : 24;
}

template <int D> struct fwd_tiles {
	uint16_t q[query_rows(D) * wide(D)];
	uint16_t k[STAGES][key_rows(D) * wide(D)],
	    v[STAGES][key_rows(D) * wide(D)];
	struct barrier q_there, k_there[STAGES], v_there[STAGES];
	struct barrier k_free[STAGES], v_free[STAGES];
};

struct maps {
	CUtensorMap queries, keys;
};

/* Which queries a block has, and which keys they look at. */
struct block_of_queries {
	int b, h, kv, t0, j0, end;
	/* Tiles between these are seen whole by every query. */
	int clear, clear_to;
};

template <int D>
static __device__ __forceinline__ struct block_of_queries
find_block(const struct sight &s)
{
	struct block_of_queries x;
	int last;

	x.b = blockIdx.z;
	x.h = blockIdx.y;
	x.kv = x.h / (s.o.H / s.o.K);
	x.t0 = (gridDim.x - 1 - blockIdx.x) * query_rows(D);
	last = min(s.T, x.t0 + query_rows(D)) - 1;
	x.j0 = s.from(x.b, x.t0) / key_rows(D) * key_rows(D);
	x.end = s.to(x.b, last);
	x.clear = s.from(x.b, last);
	x.clear_to = s.to(x.b, x.t0);
	return x;
}

template <int D>
static __device__ __forceinline__ void
make_barriers(struct fwd_tiles<D> *y)
{
	y->q_there.init(1);
	UNROLL
	for (int i = 0; i < STAGES; i++) {
		y->k_there[i].init(1);
		y->v_there[i].init(1);
		y->k_free[i].init(groups(D) * GROUP / WARP);
		y->v_free[i].init(groups(D) * GROUP / WARP);
	}
	show_barriers();
}

/* One thread brings all tiles; a stage's turns are told by parity. */
template <int D>
static __device__ __forceinline__ void
bring_all(struct fwd_tiles<D> *y, const struct maps *maps,
    const struct attention &o, const struct block_of_queries &x)
{
	const int bytes = key_rows(D) * wide(D) * 2;
	int stage = 0, parity = 1;

	y->q_there.arrive_expecting(query_rows(D) * wide(D) * 2);
	bring<D, query_rows(D)>(
	    y->q, &maps->queries, x.h * D, x.t0, x.b, &y->q_there);
	for (int j = x.j0; j <= x.end; j += key_rows(D)) {
		y->k_free[stage].wait(parity);
		y->k_there[stage].arrive_expecting(bytes);
		bring<D, key_rows(D)>(y->k[stage], &maps->keys,
		    (o.H + x.kv) * D, j, x.b, &y->k_there[stage]);
		y->v_free[stage].wait(parity);
		y->v_there[stage].arrive_expecting(bytes);
		bring<D, key_rows(D)>(y->v[stage], &maps->keys,
		    (o.H + o.K + x.kv) * D, j, x.b, &y->v_there[stage]);
		if (++stage == STAGES) {
			stage = 0;
			parity ^= 1;
		}
	}
}

/* This warp has read what the barrier guards. */
static __device__ __forceinline__ void
release(struct barrier *b)
{
	if (threadIdx.x % WARP == 0)
		b->arrive();
}

/* Biases, and what nobody looks at. */
template <bool BIASED, int N>
static __device__ __forceinline__ void
mask(float (&x)[1][N][4], const struct sight &s,
    const struct block_of_queries &at, int j)
{
	if (BIASED)
		add_biases(x, s, at.h, j - at.t0);
	if (j < at.clear || j + 8 * N - 1 > at.clear_to)
		hide(x, s, at.b, at.t0, j);
}

/* The queries of one group: scores of a tile while those before are weighed. */
template <typename Number, int D, bool BIASED>
static __device__ __forceinline__ void
attend_group(Number *out, float *lse, const struct scene<Number> &s,
    struct fwd_tiles<D> *y, const struct block_of_queries &at)
{
	float factor = BIASED ? 1 : (float)s.o.scale * LOG2_E;
	const uint16_t *q = y->q + threadIdx.x / GROUP * 64 * PANEL;
	float x[1][key_rows(D) / 8][4], shrink[1][2];
	uint32_t weights[1][key_rows(D) / 16][4];
	int stage = 0, parity = 0;
	struct answer<1, D> a;

	begin_answer(a);
	y->q_there.wait(0);
	y->k_there[0].wait(0);
	begin_products();
	times_rows<Number, D, query_rows(D), key_rows(D)>(x, q, y->k[0]);
	commit_products();
	wait_for_products<0>(x);
	release(&y->k_free[0]);
	mask<BIASED>(x, s, at, at.j0);
	weigh(x, a, shrink, factor);
	as_factor<Number>(weights, x);
	for (int j = at.j0 + key_rows(D); j <= at.end; j += key_rows(D)) {
		int before = stage, parity_before = parity;

		if (++stage == STAGES) {
			stage = 0;
			parity ^= 1;
		}
		y->k_there[stage].wait(parity);
		begin_products();
		times_rows<Number, D, query_rows(D), key_rows(D)>(
		    x, q, y->k[stage]);
		commit_products();
		y->v_there[before].wait(parity_before);
		begin_products();
		times_columns<Number, key_rows(D)>(
		    a.out, weights, y->v[before]);
		commit_products();
		wait_for_products<1>(x);
		release(&y->k_free[stage]);
		mask<BIASED>(x, s, at, j);
		weigh(x, a, shrink, factor);
		wait_for_products<0>(a.out);
		release(&y->v_free[before]);
		shrink_output(a, shrink);
		as_factor<Number>(weights, x);
	}
	y->v_there[stage].wait(parity);
	begin_products();
	times_columns<Number, key_rows(D)>(a.out, weights, y->v[stage]);
	commit_products();
	wait_for_products<0>(a.out);
	write_answer(out, lse, s, a, at.b, at.h, at.t0, factor);
}

/* (tiles of queries, H, B), the longest first. */
template <typename Number, int D, bool BIASED>
static __global__ void
__launch_bounds__((groups(D) + 1) * GROUP, 1)
attend_wgmma(Number *out, float *lse, const struct scene<Number> s,
    const __grid_constant__ struct maps maps)
{
	if constexpr (HOPPER) {
		struct block_of_queries at = find_block<D>(s);

		SHARED(unsigned char, memory);
		struct fwd_tiles<D> *y =
		    (struct fwd_tiles<D> *)panel_aligned(memory);

		if (threadIdx.x == 0)
			make_barriers(y);
		__syncthreads();
		if (threadIdx.x / GROUP == groups(D)) {
			fewer_registers<registers(D, false)>();
			if (threadIdx.x % GROUP == 0)
				bring_all(y, &maps, s.o, at);
		} else {
			more_registers<registers(D, true)>();
			attend_group<Number, D, BIASED>(out, lse, s, y, at);
		}
	}
}

template <typename Number, int D, bool BIASED>
static void
launch(Number *out, float *lse, const struct scene<Number> &s, int B,
    const struct maps &maps)
{
	size_t shared = sizeof(struct fwd_tiles<D>) + PATTERN;
	dim3 grid((unsigned)((s.T + query_rows(D) - 1) / query_rows(D)),
	    (unsigned)s.o.H, (unsigned)B);

	allow_shared(attend_wgmma<Number, D, BIASED>, shared);
	LAUNCH((attend_wgmma<Number, D, BIASED>), grid, (groups(D) + 1) * GROUP,
	    shared, out, lse, s, maps);
}

template <typename Number>
bool
wgmma_attention_fwd(
    Number *out, float *lse, const struct scene<Number> &s, int B)
{
	struct maps maps;

	if (!mma_fits(&s.o) ||
	    !map_panels(&maps.queries, s.qkv, s.stride, s.T, B, s.stride,
		query_rows(s.o.D)) ||
	    !map_panels(
		&maps.keys, s.qkv, s.stride, s.T, B, s.stride, key_rows(s.o.D)))
		return false;
#define RUN(D) \
	(s.o.bias ? launch<Number, D, true> : launch<Number, D, false>)(out, \
	    lse, s, B, maps)
	BY_HEAD(s.o.D, RUN);
#undef RUN
	return true;
}

template bool
wgmma_attention_fwd(bf16 *, float *, const struct scene<bf16> &, int);
template bool
wgmma_attention_fwd(f16 *, float *, const struct scene<f16> &, int);
