/* SPDX-License-Identifier: MIT */
/*
 * The way back on Hopper's own instructions; see attention_grads.h.  Two groups
 * of warps have 64 keys each, whose gradients stay in registers.  A third one's
 * first thread has the copy engine bring keys and values, then tiles of queries
 * and of their gradients, two ahead.  Gradients of scores go through shared
 * memory, since each group multiplies those of all keys for its half of the
 * queries' gradients: half of 128 channels, or of 128 queries.
 * Source: Shah et al., arXiv 2407.08608, section 3 and appendix B.
 */
#include "train/cuda/attention_grads.h"
#include "train/cuda/attention_wgmma.h"

/* How many tiles of queries are in memory at a time, and who computes. */
static const int STAGES = 2, COMPUTING = BWD_KEYS / 64 * GROUP;

/* Names of barriers: of all that compute, and of each group. */
enum { ALL_COMPUTING = 1, ONE_GROUP };

/* Queries a tile: as registers allow. */
static constexpr __host__ __device__ int
query_rows(int D)
{
	return D == 64 ? 128 : 64;
}

template <int D> struct bwd_tiles {
	uint16_t k[BWD_KEYS * D], v[BWD_KEYS * D];
	uint16_t q[STAGES][query_rows(D) * D], dout[STAGES][query_rows(D) * D];
	/* (keys, queries), in panels of 64 queries */
	uint16_t ds[STAGES][BWD_KEYS * query_rows(D)];
	float lse[STAGES][query_rows(D)], delta[STAGES][query_rows(D)];
	struct barrier keys_there, q_there[STAGES], dout_there[STAGES];
	struct barrier free[STAGES];
	int number;
};

struct bwd_maps {
	CUtensorMap keys, queries, dout;
};

template <int D>
static __device__ __forceinline__ void
make_barriers(struct bwd_tiles<D> *y)
{
	y->keys_there.init(1);
	UNROLL
	for (int i = 0; i < STAGES; i++) {
		y->q_there[i].init(1);
		y->dout_there[i].init(1);
		y->free[i].init(BWD_WARPS);
	}
	show_barriers();
}

/* One thread brings all tiles; a stage's turns are told by parity. */
template <int D, typename Number>
static __device__ __forceinline__ void
bring_all(struct bwd_tiles<D> *y, const struct mma_back<Number> &x,
    const struct bwd_maps *maps, const struct tile_of_keys &k)
{
	constexpr int Q = query_rows(D), numbers = Q * (int)sizeof(float);
	const struct attention &o = x.s.o;
	int group = o.H / o.K, parity = 1;

	y->keys_there.arrive_expecting(2 * BWD_KEYS * D * 2);
	bring<D, BWD_KEYS>(
	    y->k, &maps->keys, (o.H + k.kv) * D, k.j0, k.b, &y->keys_there);
	bring<D, BWD_KEYS>(y->v, &maps->keys, (o.H + o.K + k.kv) * D, k.j0, k.b,
	    &y->keys_there);
	for (int i = 0; i < k.tiles * group; i++) {
		int h = k.kv * group + i / k.tiles, at = i % STAGES;
		int t0 = (k.from + i % k.tiles) * Q;

		y->free[at].wait(parity);
		y->q_there[at].arrive_expecting(Q * D * 2 + numbers);
		bring<D, Q>(
		    y->q[at], &maps->queries, h * D, t0, k.b, &y->q_there[at]);
		bring_bytes(y->lse[at], x.lse + x.of_query(k.b, t0, h), numbers,
		    &y->q_there[at]);
		y->dout_there[at].arrive_expecting(Q * D * 2 + numbers);
		bring<D, Q>(y->dout[at], &maps->dout, h * D, t0, k.b,
		    &y->dout_there[at]);
		bring_bytes(y->delta[at], x.delta + x.of_query(k.b, t0, h),
		    numbers, &y->dout_there[at]);
		if (at == STAGES - 1)
			parity ^= 1;
	}
}

/* ds (keys, queries) into panels, as factors have them. */
template <typename Number, int N>
static __device__ __forceinline__ void
store_score_grads(const float (&x)[1][N][4], uint16_t *ds)
{
	int lane = threadIdx.x % WARP;

	UNROLL
	for (int n = 0; n < N; n++)
		UNROLL
	for (int i = 0; i < 4; i += 2) {
		int key = key_of(i), piece = (n % 8) ^ (key % 8);
		uint16_t *row = ds + n / 8 * BWD_KEYS * PANEL + key * PANEL;

		*(uint32_t *)(row + piece * 8 + lane % 4 * 2) =
		    Number::pack(x[0][n][i], x[0][n][i + 1]);
	}
}

/*
 * A group's part of the queries' gradients, ds' * k: 64 queries (panel number
 * `of` of ds), 64 channels (panel number `to` of k).
 */
template <typename Number>
static __device__ __forceinline__ void
times_keys(
    float (&dq)[1][8][4], const uint16_t *ds, int of, const uint16_t *k, int to)
{
	uint64_t a = factor_at(ds + of * BWD_KEYS * PANEL, 16, PATTERN);
	uint64_t b = factor_at(k + to * BWD_KEYS * PANEL, 16, PATTERN);

	UNROLL
	for (int j = 0; j < BWD_KEYS; j += 16)
		product<Number, 1, 1>(dq[0], factor_on(a, j * PANEL * 2),
		    factor_on(b, j * PANEL * 2), j > 0);
}

/* Adds a group's part of a tile in its turn. */
template <int D, typename Number>
static __device__ __forceinline__ void
add_in_turn(const struct mma_back<Number> &x, const float (&dq)[1][8][4],
    const struct tile_of_keys &k, int h, int m)
{
	constexpr int Q = query_rows(D);
	int group = threadIdx.x / GROUP, mine = turn_of<Q>(x.s, k, m);
	int tiles = (x.s.T + Q - 1) / Q;
	int *turn = x.turn + 2 * ((k.b * x.s.o.H + h) * tiles + m) + group;
	int row = threadIdx.x % GROUP / WARP * 16 + threadIdx.x % WARP / 4;

	if (threadIdx.x % GROUP == 0)
		wait_for_turn(turn, mine);
	wait_for_threads(ONE_GROUP + group, GROUP);
	add_query_grads(x, dq, k.b, h, m * Q + (D == 64 ? group * 64 : 0) + row,
	    D == 64 ? 0 : group * 64, mine == 0);
	wait_for_threads(ONE_GROUP + group, GROUP);
	if (threadIdx.x % GROUP == 0)
		end_turn(turn);
}

/* The gradients of a group's 64 keys. */
template <int D> struct key_grads {
	float k[1][D / 8][4], v[1][D / 8][4];
};

/*
 * 64 of a tile's queries, from `row` on: adds to the gradients of a group's
 * keys, and leaves those of the scores in ds.  The last product reads `a` until
 * it has been waited for.
 */
template <typename Number, int D, bool BIASED>
static __device__ __forceinline__ void
add_queries(struct key_grads<D> &grads, uint32_t (&a)[1][4][4],
    struct bwd_tiles<D> *y, int at, int parity, int row, const struct sight &s,
    int b, int h, int t0, int j0)
{
	constexpr int Q = query_rows(D);
	int mine = threadIdx.x / GROUP * 64 * PANEL, of = row * PANEL;
	float w[1][8][4], dw[1][8][4];

	y->q_there[at].wait(parity);
	begin_products();
	times_rows<Number, D, BWD_KEYS, Q>(w, y->k + mine, y->q[at] + of);
	commit_products();
	y->dout_there[at].wait(parity);
	begin_products();
	times_rows<Number, D, BWD_KEYS, Q>(dw, y->v + mine, y->dout[at] + of);
	commit_products();
	wait_for_products<1>(w);
	weigh_keys<BIASED>(w, s, y->lse[at] + row, b, h, t0 + row, j0);
	as_factor<Number>(a, w);
	wait_for_products<0>(dw);
	begin_products();
	times_columns<Number, Q>(grads.v, a, y->dout[at] + of);
	commit_products();
	score_grads(dw, w, y->delta[at] + row);
	store_score_grads<Number>(dw, y->ds[at] + row / 64 * BWD_KEYS * PANEL);
	wait_for_products<0>(grads.v);
	as_factor<Number>(a, dw);
	begin_products();
	times_columns<Number, Q>(grads.k, a, y->q[at] + of);
	commit_products();
}

/* What a group of warps computes, of 64 keys. */
template <typename Number, int D, bool BIASED>
static __device__ __forceinline__ void
add_all(struct bwd_tiles<D> *y, const struct mma_back<Number> &x,
    const struct tile_of_keys &k)
{
	constexpr int Q = query_rows(D);
	int heads = x.s.o.H / x.s.o.K, at = 0, parity = 0;
	int group = threadIdx.x / GROUP, h, m, row;
	struct key_grads<D> grads = {
	};

	y->keys_there.wait(0);
	for (h = k.kv * heads; h < (k.kv + 1) * heads; h++)
		for (m = k.from; m < k.from + k.tiles; m++) {
			float dq[1][8][4];
			uint32_t a[1][4][4];

			UNROLL
			for (row = 0; row < Q; row += 64) {
				add_queries<Number, D, BIASED>(grads, a, y, at,
				    parity, row, x.s, k.b, h, m * Q, k.j0);
				if (row + 64 < Q)
					wait_for_products<0>(grads.k);
			}
			show_writes();
			wait_for_threads(ALL_COMPUTING, COMPUTING);
			begin_products();
			times_keys<Number>(dq, y->ds[at], D == 64 ? group : 0,
			    y->k, D == 64 ? 0 : group);
			commit_products();
			wait_for_products<1>(grads.k);
			if (threadIdx.x % WARP == 0)
				y->free[at].arrive();
			wait_for_products<0>(dq);
			add_in_turn<D>(x, dq, k, h, m);
			if (++at == STAGES) {
				at = 0;
				parity ^= 1;
			}
		}
	write_key_grads<D>(x, k, grads.k, grads.v);
}

template <typename Number, int D, bool BIASED>
static __global__ void
__launch_bounds__(COMPUTING + GROUP, 1)
all_grads_wgmma(const struct mma_back<Number> x,
    const __grid_constant__ struct bwd_maps maps)
{
	if constexpr (HOPPER) {
		struct tile_of_keys k;

		SHARED(unsigned char, memory);
		struct bwd_tiles<D> *y =
		    (struct bwd_tiles<D> *)panel_aligned(memory);

		if (threadIdx.x == 0)
			make_barriers(y);
		k = take_keys<query_rows(D)>(x, &y->number);
		if (threadIdx.x >= COMPUTING) {
			fewer_registers<24>();
			if (threadIdx.x == COMPUTING)
				bring_all(y, x, &maps, k);
		} else {
			more_registers<240>();
			add_all<Number, D, BIASED>(y, x, k);
		}
	}
}

template <typename Number, int D, bool BIASED>
static void
launch(const struct mma_back<Number> &x, int B, const struct bwd_maps &maps)
{
	size_t shared = sizeof(struct bwd_tiles<D>) + PATTERN;

	allow_shared(all_grads_wgmma<Number, D, BIASED>, shared);
	LAUNCH((all_grads_wgmma<Number, D, BIASED>), blocks_of_keys(x.s, B),
	    COMPUTING + GROUP, shared, x, maps);
}

/* Heads of 64 or 128 channels; of others, halves are no panels. */
template <typename Number>
bool
wgmma_attention_bwd(Number *dqkv, const Number *dout, const Number *out,
    const struct scene<Number> &s, const float *lse, int B)
{
	int D = s.o.D, wide = s.o.H * D;
	struct bwd_maps maps;
	auto add = [&](const struct mma_back<Number> &x) {
		if (D == 64)
			(s.o.bias ? launch<Number, 64, true>
				  : launch<Number, 64, false>)(x, B, maps);
		else
			(s.o.bias ? launch<Number, 128, true>
				  : launch<Number, 128, false>)(x, B, maps);
	};

	if (!mma_fits(&s.o) || (D != 64 && D != 128) ||
	    !map_panels(
		&maps.keys, s.qkv, s.stride, s.T, B, s.stride, BWD_KEYS) ||
	    !map_panels(&maps.queries, s.qkv, s.stride, s.T, B, s.stride,
		query_rows(D)) ||
	    !map_panels(&maps.dout, dout, wide, s.T, B, wide, query_rows(D)))
		return false;
	if (D == 64)
		all_attention_grads<query_rows(64)>(
		    dqkv, dout, out, s, lse, B, add);
	else
		all_attention_grads<query_rows(128)>(
		    dqkv, dout, out, s, lse, B, add);
	return true;
}

template bool wgmma_attention_bwd(bf16 *, const bf16 *, const bf16 *,
    const struct scene<bf16> &, const float *, int);
template bool wgmma_attention_bwd(f16 *, const f16 *, const f16 *,
    const struct scene<f16> &, const float *, int);
