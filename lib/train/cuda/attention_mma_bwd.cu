/* SPDX-License-Identifier: MIT */
/*
 * A block has 128 keys of a head, each of its eight warps 16 of them, and goes
 * over tiles of the queries that look at them; their gradients stay in
 * registers.  To a query's gradient each block adds its share in turn: those of
 * lower keys first, so that the sum is the same each time.  Blocks take their
 * keys in that order too, so what a block waits for is always under way.
 * Source: Dao, arXiv 2307.08691, algorithm 2.
 */
#include "train/cuda/attention_mma.h"

static const int BWD_KEYS = 128, BWD_QUERIES = 64;
static const int BWD_WARPS = 8, BWD_THREADS = BWD_WARPS * WARP;
/* The gradients of scores in shared memory: (keys, queries). */
static const int DS_PITCH = BWD_QUERIES + 8;

/* What the way back reads; delta (B*T,H) = out . dout of each query. */
template <typename Number> struct mma_back {
	struct scene<Number> s;
	Number *dqkv;
	const Number *dout;
	const float *lse, *delta;
	float *dq; /* (B*T,H*D) while it is added up */
	/* turn (B,H,tiles of queries): whose it is; next: keys to be taken */
	int *turn, *next;

	__device__ size_t
	at(int b, int t, int h) const
	{
		return ((size_t)b * s.T + t) * s.o.H + h;
	}
};

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

/* One tile of keys, and the tiles of queries that look at it. */
struct tile_of_keys {
	int b, kv, j0, from, tiles; /* tiles: of queries, a head */
};

/* A warp a query. */
template <typename Number>
static __global__ void
sum_deltas(
    float *delta, const Number *out, const Number *dout, size_t n, int D)
{
	size_t i = element() / WARP;
	float sum = 0;

	for (int d = threadIdx.x % WARP * 2; i < n && d < D; d += 2 * WARP) {
		uint32_t g = *(const uint32_t *)(dout + i * D + d);
		uint32_t y = *(const uint32_t *)(out + i * D + d);

		sum += Number::low(y) * Number::low(g) +
		       Number::high(y) * Number::high(g);
	}
	sum = warp_sum(sum);
	if (i < n && threadIdx.x % WARP == 0)
		delta[i] = sum;
}

template <typename Number>
static __device__ __forceinline__ struct tile_of_keys
take_keys(const struct mma_back<Number> &x, int *shared)
{
	const struct sight &s = x.s;
	int tiles = (s.T + BWD_KEYS - 1) / BWD_KEYS, n, to;
	int last = (s.T + BWD_QUERIES - 1) / BWD_QUERIES - 1;
	struct tile_of_keys k;

	if (threadIdx.x == 0)
		*shared = take_number(x.next);
	__syncthreads();
	n = *shared;
	k.j0 = n % tiles * BWD_KEYS;
	k.kv = n / tiles % s.o.K;
	k.b = n / tiles / s.o.K;
	/* What a position looks at never falls along a row. */
	k.from = s.o.last ? 0 : k.j0 / BWD_QUERIES;
	while (s.to(k.b, min((k.from + 1) * BWD_QUERIES, s.T) - 1) < k.j0)
		k.from++;
	to = last;
	while (to > k.from &&
	       s.from(k.b, to * BWD_QUERIES) >= k.j0 + BWD_KEYS)
		to--;
	k.tiles = to - k.from + 1;
	return k;
}

/* Begin to bring tile m of the queries of head h. */
template <int D, typename Number>
static __device__ __forceinline__ void
fetch_queries(struct queries<D> &to, const struct mma_back<Number> &x, int b, int h, int m)
{
	int t0 = m * BWD_QUERIES, rows = x.s.T - t0, i = threadIdx.x;

	fetch<D, BWD_QUERIES, BWD_THREADS>(
	    to.q, x.s.query(b, t0, h), x.s.stride, rows);
	fetch<D, BWD_QUERIES, BWD_THREADS>(
	    to.dout, x.dout + x.at(b, t0, h) * D, x.s.o.H * D, rows);
	if (i < BWD_QUERIES)
		copy_4_bytes(to.lse + i,
		    x.lse + x.at(b, i < rows ? t0 + i : t0, h), i < rows);
	else if (i < 2 * BWD_QUERIES)
		copy_4_bytes(to.delta + i - BWD_QUERIES,
		    x.delta + x.at(b,
				  i - BWD_QUERIES < rows ? t0 + i - BWD_QUERIES
							 : t0,
				  h),
		    i - BWD_QUERIES < rows);
}

/* The key of number i of this thread's sums, in its tile; and the query. */
static __device__ __forceinline__ int
key_of(int i)
{
	return threadIdx.x / WARP * 16 + threadIdx.x % WARP / 4 + i / 2 * 8;
}

static __device__ __forceinline__ int
query_of(int n, int i)
{
	return n * 8 + threadIdx.x % 4 * 2 + i % 2;
}

/* Scores (keys, queries) become weights. */
template <bool BIASED, int N>
static __device__ __forceinline__ void
weigh_keys(float (&x)[1][N][4], const struct sight &s, const float *lse, int b,
    int h, int t0, int j0)
{
	float factor = (float)s.o.scale * LOG2_E;
	bool whole = t0 + BWD_QUERIES <= s.T &&
		     s.from(b, t0 + BWD_QUERIES - 1) <= j0 &&
		     j0 + BWD_KEYS - 1 <= s.to(b, t0);

	UNROLL
	for (int n = 0; n < N; n++)
		UNROLL
		for (int i = 0; i < 4; i++) {
			float y = x[0][n][i] * factor;
			int d = j0 + key_of(i) - t0 - query_of(n, i);

			if (BIASED)
				y += s.bias(h,
					 max(min(d, s.o.span - 1),
					     -s.o.span)) *
				     LOG2_E;
			x[0][n][i] =
			    power_of_2(y - lse[query_of(n, i)] * LOG2_E);
		}
	if (whole)
		return;
	UNROLL
	for (int n = 0; n < N; n++)
		UNROLL
		for (int e = 0; e < 2; e++) {
			int t = t0 + query_of(n, e), to = -1, from = 0;

			if (t < s.T) {
				from = s.from(b, t);
				to = s.to(b, t);
			}
			UNROLL
			for (int i = e; i < 4; i += 2)
				if (j0 + key_of(i) < from ||
				    j0 + key_of(i) > to)
					x[0][n][i] = 0;
		}
}

/* ds (.., keys of this warp) = weights * (dweights - delta), as a factor; and
 * into shared memory, where all warps need it. */
template <typename Number, int N>
static __device__ __forceinline__ void
score_grads(float (&dw)[1][N][4], const float (&w)[1][N][4],
    const float *delta, uint16_t *ds)
{
	UNROLL
	for (int n = 0; n < N; n++)
		UNROLL
		for (int i = 0; i < 4; i++)
			dw[0][n][i] = w[0][n][i] *
				      (dw[0][n][i] - delta[query_of(n, i)]);
	UNROLL
	for (int n = 0; n < N; n++)
		UNROLL
		for (int i = 0; i < 4; i += 2)
			*(uint32_t *)(ds + key_of(i) * DS_PITCH +
				      query_of(n, 0)) =
			    Number::pack(dw[0][n][i], dw[0][n][i + 1]);
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

template <int D, typename Number>
static __device__ __forceinline__ void
add_query_grads(const struct mma_back<Number> &x, const float (&dq)[1][D / 16][4], int b,
    int h, int t0, bool first)
{
	int lane = threadIdx.x % WARP, warp = threadIdx.x / WARP;
	float scale = (float)x.s.o.scale;

	UNROLL
	for (int r = 0; r < 2; r++) {
		int t = t0 + warp / 2 * 16 + lane / 4 + r * 8;
		float *to = x.dq + x.at(b, t, h) * D + warp % 2 * (D / 2) +
			    lane % 4 * 2;

		if (t >= x.s.T)
			continue;
		UNROLL
		for (int n = 0; n < D / 16; n++) {
			float u = dq[0][n][2 * r] * scale;
			float v = dq[0][n][2 * r + 1] * scale;

			if (first)
				put_pair(to + n * 8, u, v);
			else
				add_pair(to + n * 8, u, v);
		}
	}
}

template <int D, typename Number>
static __device__ __forceinline__ void
write_key_grads(const struct mma_back<Number> &x, const struct tile_of_keys &k,
    const float (&dk)[1][D / 8][4], const float (&dv)[1][D / 8][4])
{
	const struct sight &s = x.s;
	float scale = (float)s.o.scale;

	UNROLL
	for (int i = 0; i < 4; i += 2) {
		int j = k.j0 + key_of(i);
		Number *to = x.dqkv + ((size_t)k.b * s.T + j) * x.s.stride +
			    (s.o.H + k.kv) * D + query_of(0, 0);

		if (j >= s.T)
			continue;
		UNROLL
		for (int n = 0; n < D / 8; n++) {
			put_pair(to + n * 8, dk[0][n][i] * scale,
			    dk[0][n][i + 1] * scale);
			put_pair(to + s.o.K * D + n * 8, dv[0][n][i],
			    dv[0][n][i + 1]);
		}
	}
}

/* Which of those that add to a tile of queries has these keys? */
static __device__ __forceinline__ int
turn_of(const struct sight &s, const struct tile_of_keys &k, int m)
{
	return k.j0 / BWD_KEYS - s.from(k.b, m * BWD_QUERIES) / BWD_KEYS;
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

	k = take_keys(x, &y->number);
	in_row = (s.T + BWD_QUERIES - 1) / BWD_QUERIES;
	fetch<D, BWD_KEYS, BWD_THREADS>(
	    y->k, s.key(k.b, k.j0, k.kv), s.stride, s.T - k.j0);
	fetch<D, BWD_KEYS, BWD_THREADS>(
	    y->v, s.value(k.b, k.j0, k.kv), s.stride, s.T - k.j0);
	fetch_queries<D>(y->queries[0], x, k.b, k.kv * group, k.from);
	for (int i = 0; i < k.tiles * group; i++) {
		int h = k.kv * group + i / k.tiles, m = k.from + i % k.tiles;
		int mine = turn_of(s, k, m);
		const struct queries<D> &q = y->queries[i % 2];
		float w[1][N][4] = {}, dw[1][N][4] = {};
		float dq[1][D / 16][4] = {};
		uint32_t a[1][N / 2][4];

		wait_for_copies();
		__syncthreads();
		if (threadIdx.x == 0 && turn)
			end_turn(turn);
		turn = x.turn + (k.b * s.o.H + h) * in_row + m;
		if (i + 1 < k.tiles * group)
			fetch_queries<D>(y->queries[(i + 1) % 2], x, k.b,
			    k.kv * group + (i + 1) / k.tiles,
			    k.from + (i + 1) % k.tiles);
		times_rows<Number, D>(w, y->k + warp_at, 0, q.q);
		weigh_keys<BIASED>(
		    w, s, q.lse, k.b, h, m * BWD_QUERIES, k.j0);
		times_rows<Number, D>(dw, y->v + warp_at, 0, q.dout);
		as_factor<Number>(a, w);
		times_columns<Number, P>(dv, a, q.dout);
		score_grads<Number>(dw, w, q.delta, y->ds);
		as_factor<Number>(a, dw);
		times_columns<Number, P>(dk, a, q.q);
		if (threadIdx.x == 0)
			wait_for_turn(turn, mine);
		__syncthreads();
		query_grads<Number, D>(dq, y->ds, y->k);
		add_query_grads<D>(x, dq, k.b, h, m * BWD_QUERIES, mine == 0);
	}
	__syncthreads();
	if (threadIdx.x == 0)
		end_turn(turn);
	write_key_grads<D>(x, k, dk, dv);
}

/* A thread four channels: the sums where they belong, rounded. */
template <typename Number>
static __global__ void
round_query_grads(const struct mma_back<Number> x, size_t n)
{
	size_t i = element() * 4, row = (size_t)x.s.o.H * x.s.o.D;

	if (i < n)
		put_aligned(x.dqkv + i / row * x.s.stride + i % row,
		    get_aligned(x.dq + i));
}

static __global__ void
clear(int *p, size_t n)
{
	if (element() < n)
		p[element()] = 0;
}

template <typename Number, int D, bool BIASED>
static void
launch(const struct mma_back<Number> &x, int B)
{
	unsigned tiles = (unsigned)((x.s.T + BWD_KEYS - 1) / BWD_KEYS);

	allow_shared(
	    all_grads<Number, D, BIASED>, sizeof(struct bwd_shared<D>));
	LAUNCH((all_grads<Number, D, BIASED>),
	    tiles * (unsigned)x.s.o.K * (unsigned)B, BWD_THREADS,
	    sizeof(struct bwd_shared<D>), x);
}

template <typename Number>
bool
mma_attention_bwd(Number *dqkv, const Number *dout, const Number *out,
    const struct scene<Number> &s, const float *lse, int B)
{
	const struct attention *o = &s.o;
	size_t heads = (size_t)B * s.T * o->H, n = heads * o->D;
	size_t turns = 1 + (size_t)B * o->H *
			       ((s.T + BWD_QUERIES - 1) / BWD_QUERIES);
	struct mma_back<Number> x = {};
	float *delta;

	if (!mma_fits(o))
		return false;
	x.s = s;
	x.dqkv = dqkv;
	x.dout = dout;
	x.lse = lse;
	x.dq = (float *)device_scratch(
	    (n + heads) * sizeof(float) + turns * sizeof(int));
	if (!x.dq)
		return true;
	x.delta = delta = x.dq + n;
	x.next = (int *)(delta + heads);
	x.turn = x.next + 1;
	LAUNCH(clear, blocks(turns), THREADS, 0, x.next, turns);
	LAUNCH(sum_deltas<Number>, blocks(heads * WARP), THREADS, 0, delta, out,
	    dout, heads, o->D);
#define RUN(D) \
	(o->bias ? launch<Number, D, true> : launch<Number, D, false>)(x, B)
	BY_HEAD(o->D, RUN);
#undef RUN
	LAUNCH(round_query_grads<Number>, blocks(n / 4), THREADS, 0, x, n);
	return true;
}

template bool mma_attention_bwd(bf16 *, const bf16 *, const bf16 *,
    const struct scene<bf16> &, const float *, int);
template bool mma_attention_bwd(f16 *, const f16 *, const f16 *,
    const struct scene<f16> &, const float *, int);
