/* SPDX-License-Identifier: MIT */
/* The way back on tensor cores that every card has; see attention_grads.h. */
#include "train/cuda/attention_grads.h"

static const int BWD_QUERIES = 64, BWD_THREADS = BWD_WARPS * WARP;
/* The gradients of scores in shared memory: (keys, queries). */
static const int DS_PITCH = BWD_QUERIES + 8;

/* A tile of queries with all that is known of them; there are two. */
template <int D> struct queries {
	uint16_t q[BWD_QUERIES * pitch(D)], dout[BWD_QUERIES * pitch(D)];
	float lse[BWD_QUERIES], delta[BWD_QUERIES];
};

template <int D> struct bwd_shared {
	uint16_t k[BWD_KEYS * pitch(D)], v[BWD_KEYS * pitch(D)];
	struct queries<D> queries[2];
	uint16_t ds[BWD_KEYS * DS_PITCH];
	int number;
};

/* Begin to bring tile m of the queries of head h. */
template <int D, typename Number>
static __device__ __forceinline__ void
fetch_queries(struct queries<D> &to, const struct mma_back<Number> &x, int b,
    int h, int m)
{
	int t0 = m * BWD_QUERIES, rows = x.s.T - t0, i = threadIdx.x;

	fetch<D, BWD_QUERIES, BWD_THREADS>(
	    to.q, x.s.query(b, t0, h), x.s.stride, rows);
	fetch<D, BWD_QUERIES, BWD_THREADS>(
	    to.dout, x.dout + x.at(b, t0, h) * D, x.s.o.H * D, rows);
	if (i < BWD_QUERIES / 4)
		copy_16_bytes(
		    to.lse + 4 * i, x.lse + x.of_query(b, t0, h) + 4 * i, true);
	else if (i < BWD_QUERIES / 2)
		copy_16_bytes(to.delta + 4 * i - BWD_QUERIES,
		    x.delta + x.of_query(b, t0, h) + 4 * i - BWD_QUERIES, true);
}

/* Into shared memory, where all warps need them. */
template <typename Number, int N>
static __device__ __forceinline__ void
store_score_grads(const float (&ds)[1][N][4], uint16_t *to)
{
	UNROLL
	for (int n = 0; n < N; n++)
		UNROLL
	for (int i = 0; i < 4; i += 2)
		*(uint32_t *)(to + key_of(i) * DS_PITCH + query_of(n, 0)) =
		    Number::pack(ds[0][n][i], ds[0][n][i + 1]);
}

/*
 * A warp's part of the queries' gradients: 16 queries, half of the channels:
 * ds' (queries, keys) * k (keys, D).
 */
template <typename Number, int D>
static __device__ __forceinline__ void
query_grads(float (&dq)[1][D / 16][4], const uint16_t *ds, const uint16_t *k)
{
	int lane = threadIdx.x % WARP, warp = threadIdx.x / WARP;

	ds += (lane % 8 + lane / 16 * 8) * DS_PITCH + warp / 2 * 16 +
	      lane / 8 % 2 * 8;
	k += warp % 2 * (D / 2);
	UNROLL
	for (int j = 0; j < BWD_KEYS; j += 32) {
		uint32_t a[1][2][4];

		load_transposed(a[0][0], ds + j * DS_PITCH);
		load_transposed(a[0][1], ds + (j + 16) * DS_PITCH);
		times_columns<Number, pitch(D)>(dq, a, k + j * pitch(D));
	}
}

/* As many blocks as there are tiles of keys in all heads of keys. */
template <typename Number, int D, bool BIASED>
static __global__ void
__launch_bounds__(BWD_THREADS, 1)
all_grads(const struct mma_back<Number> x)
{
	constexpr int N = BWD_QUERIES / 8, P = pitch(D);
	const struct scene<Number> &s = x.s;
	int group = s.o.H / s.o.K, in_row;
	struct tile_of_keys k;
	float dk[1][D / 8][4] = {}, dv[1][D / 8][4] = {};

	SHARED(struct bwd_shared<D>, y);
	int warp_at = threadIdx.x / WARP * 16 * P, *turn = nullptr;

	k = take_keys<BWD_QUERIES>(x, &y->number);
	in_row = (s.T + BWD_QUERIES - 1) / BWD_QUERIES;
	fetch<D, BWD_KEYS, BWD_THREADS>(
	    y->k, s.key(k.b, k.j0, k.kv), s.stride, s.T - k.j0);
	fetch<D, BWD_KEYS, BWD_THREADS>(
	    y->v, s.value(k.b, k.j0, k.kv), s.stride, s.T - k.j0);
	fetch_queries<D>(y->queries[0], x, k.b, k.kv * group, k.from);
	for (int i = 0; i < k.tiles * group; i++) {
		int h = k.kv * group + i / k.tiles, m = k.from + i % k.tiles;
		int mine = turn_of<BWD_QUERIES>(s, k, m);
		const struct queries<D> &q = y->queries[i % 2];
		float w[1][N][4] = {}, dw[1][N][4] = {};
		float dq[1][D / 16][4] = {};
		uint32_t a[1][N / 2][4];

		wait_for_copies();
		__syncthreads();
		if (threadIdx.x == 0 && turn)
			end_turn(turn);
		turn = x.turn + 2 * ((k.b * s.o.H + h) * in_row + m);
		if (i + 1 < k.tiles * group)
			fetch_queries<D>(y->queries[(i + 1) % 2], x, k.b,
			    k.kv * group + (i + 1) / k.tiles,
			    k.from + (i + 1) % k.tiles);
		times_rows<Number, D>(w, y->k + warp_at, 0, q.q);
		weigh_keys<BIASED>(w, s, q.lse, k.b, h, m * BWD_QUERIES, k.j0);
		times_rows<Number, D>(dw, y->v + warp_at, 0, q.dout);
		as_factor<Number>(a, w);
		times_columns<Number, P>(dv, a, q.dout);
		score_grads(dw, w, q.delta);
		store_score_grads<Number>(dw, y->ds);
		as_factor<Number>(a, dw);
		times_columns<Number, P>(dk, a, q.q);
		if (threadIdx.x == 0)
			wait_for_turn(turn, mine);
		__syncthreads();
		query_grads<Number, D>(dq, y->ds, y->k);
		add_query_grads(x, dq, k.b, h,
		    m * BWD_QUERIES + threadIdx.x / WARP / 2 * 16 +
			threadIdx.x % WARP / 4,
		    threadIdx.x / WARP % 2 * (D / 2), mine == 0);
	}
	__syncthreads();
	if (threadIdx.x == 0)
		end_turn(turn);
	write_key_grads<D>(x, k, dk, dv);
}

template <typename Number, int D, bool BIASED>
static void
launch(const struct mma_back<Number> &x, int B)
{
	allow_shared(
	    all_grads<Number, D, BIASED>, sizeof(struct bwd_shared<D>));
	LAUNCH((all_grads<Number, D, BIASED>), blocks_of_keys(x.s, B),
	    BWD_THREADS, sizeof(struct bwd_shared<D>), x);
}

template <typename Number>
bool
mma_attention_bwd(Number *dqkv, const Number *dout, const Number *out,
    const struct scene<Number> &s, const float *lse, int B)
{
	if (!mma_fits(&s.o))
		return false;
	all_attention_grads<BWD_QUERIES>(
	    dqkv, dout, out, s, lse, B, [&](const struct mma_back<Number> &x) {
#define RUN(D) \
	(s.o.bias ? launch<Number, D, true> : launch<Number, D, false>)(x, B)
		    BY_HEAD(s.o.D, RUN);
#undef RUN
	    });
	return true;
}

template bool mma_attention_bwd(bf16 *, const bf16 *, const bf16 *,
    const struct scene<bf16> &, const float *, int);
template bool mma_attention_bwd(f16 *, const f16 *, const f16 *,
    const struct scene<f16> &, const float *, int);
