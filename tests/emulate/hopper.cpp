/* SPDX-License-Identifier: MIT */
/*
 * Barriers that count bytes, the copy engine and products of groups of warps,
 * by the PTX ISA 9.0: "Parallel Synchronization: mbarrier", "Tensor", "Matrix
 * Descriptor Format", "Canonical Layouts" (with 128-byte swizzling, of 16-bit
 * numbers), "Register Fragments for wgmma.m64nNk16".
 */
#include <string.h>

#include <deque>
#include <vector>

#include "emulate.h"
#include "train/cuda/grid.h"
#include "train/cuda/hopper.h"

enum { MOST_THREADS = 1024, MOST_NAMED = 16, MOST_COLUMNS = 256 };

/*
 * A barrier's 64 bits here: arrivals that are pending and expected (20 bits
 * each), bytes that are pending (23, with a sign), the phase's parity.
 */
struct counts {
	int pending, expected, bytes, parity;
};

static const uint64_t MASK = 0xfffff;

static struct counts
read_barrier(const struct barrier *b)
{
	uint64_t u = b->state;

	emulate_address(b);
	if (u == ~(uint64_t)0)
		emulate_fail("a barrier that nobody made");
	return { (int)(u & MASK), (int)(u >> 20 & MASK),
		(int)(u >> 40 & 0x7fffff) - 0x400000, (int)(u >> 63) };
}

static void
write_barrier(struct barrier *b, struct counts c)
{
	if (c.bytes <= -(1 << 20) || c.bytes >= 1 << 20)
		emulate_fail("a barrier counts no more than 2^20 - 1 bytes");
	if (c.pending == 0 && c.bytes == 0) {
		c.pending = c.expected;
		c.parity ^= 1;
		emulate_event();
	}
	b->state = (uint64_t)c.pending | (uint64_t)c.expected << 20 |
		   (uint64_t)(c.bytes + 0x400000) << 40 |
		   (uint64_t)c.parity << 63;
}

void
barrier::init(int arrivals)
{
	if (shared_address(this) % 8 || arrivals < 1)
		emulate_fail("a barrier that can't be");
	write_barrier(this, { arrivals, arrivals, 0, 0 });
}

void
barrier::arrive_expecting(int more)
{
	struct counts c = read_barrier(this);

	if (c.pending == 0)
		emulate_fail("more arrive than a barrier expects");
	c.bytes += more;
	c.pending--;
	write_barrier(this, c);
}

void
barrier::arrive(void)
{
	arrive_expecting(0);
}

void
barrier::wait(int parity)
{
	while (read_barrier(this).parity == parity)
		emulate_look_again();
}

/* Named barriers: who came, and how often all had come. */
static struct {
	int came;
	unsigned turn;
} named[MOST_NAMED];

void
wait_for_threads(int id, int number)
{
	unsigned turn = named[id].turn;

	if (id < 1 || id >= MOST_NAMED || number % warpSize)
		emulate_fail("a named barrier that can't be");
	if (++named[id].came == number) {
		named[id].came = 0;
		named[id].turn++;
		emulate_event();
	}
	while (named[id].turn == turn)
		emulate_look_again();
}

/* A copy that is under way: a panel, or with `from` that many bytes. */
struct panel_copy {
	uint32_t to; /* in the window of shared memory */
	CUtensorMap map;
	int at[3];
	struct barrier *done;
	const void *from;
	uint32_t bytes;
};

static std::vector<struct panel_copy> copies;

/* 16 bytes number 0 .. 7 of a row change places by the row's number, both of
 * which are read from the address. */
static uint32_t
swizzled(uint32_t address)
{
	return address ^ (address >> 7 & 7) << 4;
}

static uint32_t
bytes_of(const CUtensorMap *map)
{
	return map->box[0] * map->box[1] * map->box[2] * 2;
}

void
bring_panel(
    void *panel, const CUtensorMap *map, int x, int y, int z, struct barrier *b)
{
	uint32_t to = shared_address(panel);

	if (to % PATTERN)
		emulate_fail("a panel where no pattern begins");
	emulate_place(to + bytes_of(map) - 1);
	memset(panel, 0xff, bytes_of(map)); /* NaN */
	copies.push_back({ to, *map, { x, y, z }, b, nullptr, bytes_of(map) });
}

void
bring_bytes(void *to, const void *from, int bytes, struct barrier *b)
{
	uint32_t at = shared_address(to);

	if (at % 16 || (uintptr_t)from % 16 || bytes % 16 || bytes <= 0)
		emulate_fail("a copy of bytes that aren't aligned");
	emulate_place(at + (uint32_t)bytes - 1);
	memset(to, 0xff, (size_t)bytes); /* NaN */
	copies.push_back({ at, {}, {}, b, from, (uint32_t)bytes });
}

/* Element (x, y, z) of the box, zero where the array has none. */
static uint16_t
element_of(const struct panel_copy &c, uint32_t x, uint32_t y, uint32_t z)
{
	const CUtensorMap &m = c.map;
	int64_t at[3] = { (int64_t)c.at[0] + x, (int64_t)c.at[1] + y,
		(int64_t)c.at[2] + z };
	uint16_t u;
	int i;

	for (i = 0; i < 3; i++)
		if (at[i] < 0 || (uint64_t)at[i] >= m.sizes[i])
			return 0;
	memcpy(&u,
	    m.from + (uint64_t)at[0] * m.apart[0] +
		(uint64_t)at[1] * m.apart[1] + (uint64_t)at[2] * m.apart[2],
	    sizeof(u));
	return u;
}

static void
deliver_panel(const struct panel_copy &c)
{
	uint32_t x, y, z, to = c.to;
	uint16_t u;

	for (z = 0; z < c.map.box[2]; z++)
		for (y = 0; y < c.map.box[1]; y++)
			for (x = 0; x < c.map.box[0]; x++, to += sizeof(u)) {
				u = element_of(c, x, y, z);
				memcpy(
				    emulate_place(swizzled(to)), &u, sizeof(u));
			}
}

void
emulate_engine(unsigned which)
{
	struct counts n;

	if (copies.empty())
		return;
	which %= copies.size();
	struct panel_copy c = copies[which];

	copies.erase(copies.begin() + which);
	if (c.from)
		memcpy(emulate_place(c.to), c.from, c.bytes);
	else
		deliver_panel(c);
	n = read_barrier(c.done);
	n.bytes -= (int)c.bytes;
	write_barrier(c.done, n);
	emulate_event();
}

/* A thread's products, and after how many of them each batch ends. */
struct begun {
	std::deque<struct emulated_product> products;
	std::deque<size_t> batches; /* products of each */
	size_t open;                /* products in no batch yet */
	bool fenced;
};

static struct begun begun[MOST_THREADS];

void
begin_products(void)
{
	begun[emulate_thread()].fenced = true;
}

void
emulate_product(const struct emulated_product *p)
{
	struct begun &b = begun[emulate_thread()];

	if (!b.fenced)
		emulate_fail("a product before the fence");
	b.products.push_back(*p);
	b.open++;
}

void
commit_products(void)
{
	struct begun &b = begun[emulate_thread()];

	b.batches.push_back(b.open);
	b.open = 0;
}

/*
 * Number (row, k) of a factor in shared memory: k's side by side, or with by_k
 * rows side by side.  By the tables of canonical layouts, T = 8 numbers:
 *	((8,m),(T,2)) : ((8T,SBO),(1,T))
 *	((T,8,m),(8,k)) : ((1,T,LBO),(8T,SBO))
 */
static uint16_t
number_at(uint64_t factor, bool by_k, int row, int k)
{
	uint32_t start = (uint32_t)(factor & 0x3fff) << 4;
	uint32_t lead = (uint32_t)(factor >> 16 & 0x3fff) << 4;
	uint32_t stride = (uint32_t)(factor >> 32 & 0x3fff) << 4;
	uint32_t at;
	uint16_t u;

	if (factor >> 62 != 1 || factor >> 49 & 7 || factor >> 52 & 0x3ff)
		emulate_fail("a factor without 128-byte swizzling");
	if (start >> 7 & 7)
		emulate_fail("a factor that begins within a pattern");
	if (by_k)
		at = row % 64 * 2u + row / 64 * lead + k % 8 * 128u +
		     k / 8 * stride;
	else
		at = row % 8 * 128u + row / 8 * stride + k * 2u;
	memcpy(&u, emulate_place(swizzled(start + at)), sizeof(u));
	return u;
}

/* What lanes bring to a product, and the second factor, read once a warp. */
static const struct emulated_product *brought[MOST_THREADS];
static float second[MOST_THREADS / 32][16][MOST_COLUMNS];
static float first[MOST_THREADS / 32][16][16];

static void
read_factors(unsigned warp, const struct emulated_product *p)
{
	int i, k;

	for (k = 0; k < 16; k++)
		for (i = 0; i < p->columns; i++)
			second[warp][k][i] =
			    p->low(number_at(p->of_b, p->b_by_k, i, k));
	for (i = 0; !p->a && i < 16; i++)
		for (k = 0; k < 16; k++)
			first[warp][i][k] = p->low(number_at(
			    p->of_a, p->a_by_k, (int)warp % 4 * 16 + i, k));
}

/* A lane's part of the first factor: rows g and g + 8. */
static void
share_registers(unsigned warp, int lane, const struct emulated_product *p)
{
	int g = lane / 4, c = lane % 4, i;

	for (i = 0; i < 4; i++) {
		float *to = &first[warp][g + i % 2 * 8][2 * c + i / 2 * 8];

		to[0] = p->low(p->a[i]);
		to[1] = p->high(p->a[i]);
	}
}

static void
make_product(const struct emulated_product *p)
{
	unsigned me = emulate_thread(), warp = me / warpSize;
	int lane = (int)(me % warpSize), g = lane / 4, c = lane % 4, n, i, k;
	struct emulate_share unused = {};

	brought[me] = p;
	emulate_exchange(&unused);
	if (lane == 0)
		read_factors(warp, p);
	if (p->a)
		share_registers(warp, lane, p);
	if (p->of_b != brought[me - lane]->of_b ||
	    p->of_a != brought[me - lane]->of_a)
		emulate_fail("a warp's threads with different factors");
	emulate_exchanged();
	for (n = 0; n < p->columns / 8; n++)
		for (i = 0; i < 4; i++) {
			float *d = p->d + n * 4 + i;
			float sum = p->add ? *d : 0;

			for (k = 0; k < 16; k++)
				sum += first[warp][g + i / 2 * 8][k] *
				       second[warp][k][n * 8 + c * 2 + i % 2];
			*d = sum;
		}
	emulate_exchanged();
}

void
emulate_wait_for_products(int but)
{
	struct begun &b = begun[emulate_thread()];

	if (b.open)
		emulate_fail("products in no batch");
	while ((int)b.batches.size() > but) {
		for (; b.batches.front(); b.batches.front()--) {
			make_product(&b.products.front());
			b.products.pop_front();
		}
		b.batches.pop_front();
	}
	b.fenced = false;
}

void
emulate_begin_block(void)
{
	memset(named, 0, sizeof(named));
}

void
emulate_end_block(void)
{
	if (!copies.empty())
		emulate_fail("a copy that nobody waited for");
	for (const struct begun &b : begun)
		if (!b.products.empty())
			emulate_fail("products that nobody waited for");
	for (int i = 0; i < MOST_NAMED; i++)
		if (named[i].came)
			emulate_fail("threads wait at a named barrier");
}

/* The conditions of the driver's documentation. */
static CUresult
encode_tiled(CUtensorMap *map, CUtensorMapDataType type, cuuint32_t rank,
    void *from, const cuuint64_t *sizes, const cuuint64_t *apart,
    const cuuint32_t *box, const cuuint32_t *each, CUtensorMapInterleave,
    CUtensorMapSwizzle swizzle, CUtensorMapL2promotion, CUtensorMapFloatOOBfill)
{
	if (type != CU_TENSOR_MAP_DATA_TYPE_UINT16 || rank != 3 ||
	    swizzle != CU_TENSOR_MAP_SWIZZLE_128B || (uintptr_t)map % 64 ||
	    (uintptr_t)from % 16 || box[0] * 2 > 128)
		return CUDA_ERROR_INVALID_VALUE;
	*map = { (const unsigned char *)from, { sizes[0], sizes[1], sizes[2] },
		{ 2, apart[0], apart[1] }, { box[0], box[1], box[2] } };
	for (int i = 0; i < 3; i++)
		if (!sizes[i] || sizes[i] > (uint64_t)1 << 32 || !box[i] ||
		    box[i] > 256 || each[i] != 1 ||
		    (i && (map->apart[i] % 16 || map->apart[i] >= (uint64_t)1
								      << 40)))
			return CUDA_ERROR_INVALID_VALUE;
	return CUDA_SUCCESS;
}

cudaError_t
cudaGetDriverEntryPointByVersion(const char *name, void **f, unsigned,
    unsigned long long, enum cudaDriverEntryPointQueryResult *found)
{
	*f = NULL;
	*found = cudaDriverEntryPointSymbolNotFound;
	if (strcmp(name, "cuTensorMapEncodeTiled") == 0) {
		*f = (void *)encode_tiled;
		*found = cudaDriverEntryPointSuccess;
	}
	return cudaSuccess;
}
