/* SPDX-License-Identifier: MIT */
/*
 * KenLM's tries.  Behind the header:
 *
 *	u64 words; u64 hash of each but <unk>, ascending; word k is the k-th
 *	quantised: u8 2, bits of a log, bits of a back-off, 5 bytes; for each
 *	order between a float for each code of logs and of back-offs; of the
 *	longest of logs
 *	unigrams and two more: float log, float back-off, u64 its first bigram
 *	each order between: compressed pointers (below); entries and one more,
 *	bit-packed: word, log, back-off, first longer n-gram; 8 bytes
 *	the longest: entries and one more: word, log; 8 bytes
 *
 * An entry's longer n-grams end where the next entry's begin.  Logs that are
 *not quantised lack their sign: 31 bits.  Quantised ones stand behind
 *back-offs.
 *
 * Compressed pointers: the lowest bits stand in the entry; the rest is how many
 * of an array of u64, ascending, are at most the entry's number.  The array is
 * behind u8 0, u8 the most bits to take out, 6 bytes, aligned to 8 bytes of the
 * file; 7 bytes more are reserved.  As many bits are taken out as make it
 *least.
 *
 * Source: kpu/kenlm, lm/trie.cc, lm/quantize.cc, lm/bhiksha.cc (as facts); Raj
 * and Whittaker, "Lossless Compression of Language Model Structure and Word
 * Identifiers" (2003).
 */
#include "base/err.h"
#include "filter/ngram_impl.h"

enum { QUANT_VERSION = 2, QUANT_BITS_MAX = 25, LOG_BITS = 31, BITS_MAX = 57 };

/* To hold numbers up to v. */
static unsigned
bits_for(uint64_t v)
{
	return v ? 64 - (unsigned)__builtin_clzll(v) : 0;
}

/* n <= 57 bits from a bit on; 8 bytes can be read there. */
static uint64_t
take(const char *p, uint64_t bit, unsigned n)
{
	return ngram_u64(p + (bit >> 3)) >> (bit & 7) &
	       (((uint64_t)1 << n) - 1);
}

/* How many high bits of pointers to take out, so that the whole is least. */
static unsigned
high_bits(uint64_t entries, uint64_t below, unsigned most)
{
	unsigned bits = bits_for(below), best = 0, i;
	int64_t cost, least = INT64_MAX;

	for (i = 0; i <= bits && i <= most; i++) {
		cost = (int64_t)(i ? below >> (bits - i) : 0) * 64 -
		       (int64_t)(entries * i);
		if (cost < least) {
			least = cost;
			best = i;
		}
	}
	return best;
}

/* The codes' values; where the unigrams begin. */
static uint64_t
place_quant(struct ngram *m, uint64_t at, unsigned pb, unsigned bb)
{
	unsigned i;

	at += 8;
	for (i = 1; i < m->order; i++) {
		m->packed[i].probs = m->base + at;
		m->packed[i].prob_bits = pb;
		at += (uint64_t)4 << pb;
		if (i + 1 == m->order)
			break;
		m->packed[i].backoffs = m->base + at;
		m->packed[i].backoff_bits = bb;
		at += (uint64_t)4 << bb;
	}
	return at;
}

static int
read_quant(struct ngram *m, uint64_t *at, struct err *e)
{
	const unsigned char *p = (const unsigned char *)m->base + *at;

	if (!m->quant)
		return 0;
	if (m->size - *at < 8 || p[0] != QUANT_VERSION)
		return err_set(e, ERR_FORMAT,
		    "byte %llu: quantised in another way than version %d",
		    (unsigned long long)*at, QUANT_VERSION);
	if (p[1] == 0 || p[1] > QUANT_BITS_MAX || p[2] == 0 ||
	    p[2] > QUANT_BITS_MAX)
		return err_set(e, ERR_FORMAT,
		    "byte %llu: quantised to %u and %u bits, not 1 to %d",
		    (unsigned long long)*at + 1, p[1], p[2], QUANT_BITS_MAX);
	*at = place_quant(m, *at, p[1], p[2]);
	return 0;
}

/* The array of an order's pointers. */
static uint64_t
place_offsets(
    struct ngram *m, struct ngram_packed *k, uint64_t at, unsigned most)
{
	unsigned high = high_bits(k->entries + 1, k->below, most);
	uint64_t aligned = (at + 7) & ~(uint64_t)7;

	k->next_bits = bits_for(k->below) - high;
	k->noffset = (high ? k->below >> k->next_bits : 0) + 1;
	k->offsets = m->base + aligned + 8;
	return at + 8 * (1 + k->noffset) + 7;
}

static int
place_order(
    struct ngram *m, unsigned i, uint64_t *at, unsigned most, struct err *e)
{
	struct ngram_packed *k = &m->packed[i];
	bool longest = i + 1 == m->order;
	uint64_t bits;

	k->entries = m->counts[i];
	k->word_bits = bits_for(m->counts[0]);
	k->value_bits = m->quant  ? k->prob_bits + k->backoff_bits
			: longest ? LOG_BITS
				  : LOG_BITS + 32;
	if (!longest) {
		k->below = m->counts[i + 1];
		k->next_bits = bits_for(k->below);
		if (m->array)
			*at = place_offsets(m, k, *at, most);
	}
	k->entry_bits = k->word_bits + k->value_bits + k->next_bits;
	if (k->word_bits > BITS_MAX || k->next_bits > BITS_MAX ||
	    __builtin_mul_overflow(
		k->entries + 1, (uint64_t)k->entry_bits, &bits) ||
	    bits > (uint64_t)1 << 62)
		return err_set(e, ERR_FORMAT, "more %u-grams than fit", i + 1);
	if (*at > m->size)
		return err_set(e, ERR_FORMAT,
		    "byte %zu: the file ends before its %u-grams", m->size,
		    i + 1);
	k->at = m->base + *at;
	*at += (bits + 7) / 8 + 8;
	return 0;
}

int
ngram_place_trie(struct ngram *m, uint64_t *size, struct err *e)
{
	uint64_t at = (NGRAM_SANITY + NGRAM_FIXED + 8 * m->order + 7) & ~7u;
	unsigned i, most = 0;

	m->quant = (m->type - NGRAM_TRIE) & NGRAM_QUANT;
	m->array = (m->type - NGRAM_TRIE) & NGRAM_ARRAY;
	m->sorted = m->base + at + 8;
	at += 8 * (1 + m->counts[0]);
	m->unigram = 16;
	if (at + 8 > m->size)
		return err_set(e, ERR_FORMAT,
		    "byte %zu: the file ends among its words", m->size);
	if (read_quant(m, &at, e) < 0)
		return e->code;
	m->unigrams = m->base + at;
	at += (m->counts[0] + 2) * m->unigram;
	if (m->array && m->order > 2) {
		if (at + 2 > m->size || m->base[at] != 0)
			return err_set(e, ERR_FORMAT,
			    "byte %llu: pointers compressed in another way "
			    "than version 0",
			    (unsigned long long)at);
		most = (unsigned char)m->base[at + 1];
	}
	for (i = 1; i < m->order; i++)
		if (place_order(m, i, &at, most, e) < 0)
			return e->code;
	*size = at;
	return 0;
}

/*
 * The last of ascending numbers, the first of which is 0, that is at most v.
 * The search widens from a guess: the numbers grow evenly.
 */
static uint64_t
last_below(const struct ngram_packed *k, uint64_t v, uint64_t guess)
{
	uint64_t from = guess, to = guess + 1, step = 1, mid;

	while (from > 0 && ngram_u64(k->offsets + 8 * from) > v) {
		to = from;
		from -= from < step ? from : step;
		step *= 2;
	}
	while (to < k->noffset && ngram_u64(k->offsets + 8 * to) <= v) {
		from = to;
		to += k->noffset - to < step ? k->noffset - to : step;
		step *= 2;
	}
	while (to - from > 1) {
		mid = from + (to - from) / 2;
		if (ngram_u64(k->offsets + 8 * mid) <= v)
			from = mid;
		else
			to = mid;
	}
	return from;
}

/* Where the longer n-grams of entry `at` begin and end, read from a bit on. */
static void
read_range(const struct ngram_packed *k, uint64_t at, uint64_t bit,
    struct ngram_range *r)
{
	uint64_t high;

	r->from = take(k->at, bit, k->next_bits);
	r->to = take(k->at, bit + k->entry_bits, k->next_bits);
	if (k->offsets) {
		high = last_below(k, at,
		    (uint64_t)((double)at * (double)k->noffset /
			       (double)(k->entries + 1)));
		r->from |= high << k->next_bits;
		r->to |= last_below(k, at + 1, high) << k->next_bits;
	}
	if (r->to > k->below || r->from > r->to)
		r->from = r->to = 0;
}

static float
log_of(uint32_t bits)
{
	float v;

	bits |= 0x80000000u;
	memcpy(&v, &bits, sizeof(v));
	return v;
}

static float
float_of(uint32_t bits)
{
	float v;

	memcpy(&v, &bits, sizeof(v));
	return v;
}

static void
values(const struct ngram_packed *k, uint64_t bit, float *log, float *backoff)
{
	if (!k->probs) {
		*log = log_of((uint32_t)take(k->at, bit, LOG_BITS));
		if (k->value_bits > LOG_BITS)
			*backoff =
			    float_of((uint32_t)take(k->at, bit + LOG_BITS, 32));
		return;
	}
	if (k->backoffs)
		*backoff = ngram_f32(
		    k->backoffs + 4 * take(k->at, bit, k->backoff_bits));
	*log = ngram_f32(
	    k->probs + 4 * take(k->at, bit + k->backoff_bits, k->prob_bits));
}

/*
 * The entry of a word in a range.  Words are spread evenly, so a guess from
 * their size is nearly right; after some steps halves are as good.
 */
static bool
seek(const struct ngram_packed *k, struct ngram_range r, uint64_t word,
    uint64_t words, uint64_t *at)
{
	uint64_t low = 0, high = words, mid, v;
	int guesses = 0;

	while (r.from < r.to) {
		mid = guesses++ < 8 && high > low
			  ? r.from +
				(uint64_t)((unsigned __int128)(word - low) *
					   (r.to - r.from) / (high - low + 1))
			  : r.from + (r.to - r.from) / 2;
		v = take(k->at, mid * k->entry_bits, k->word_bits);
		if (v == word) {
			*at = mid;
			return true;
		}
		if (v < word) {
			r.from = mid + 1;
			low = v;
		} else {
			r.to = mid;
			high = v;
		}
	}
	return false;
}

void
ngram_trie_hint(const struct ngram *m, unsigned order,
    const struct ngram_range *r, uint32_t word)
{
	const struct ngram_packed *k = &m->packed[order - 1];
	uint64_t n = r->to - r->from;
	uint64_t mid = r->from + (uint64_t)((unsigned __int128)word * n /
					    (m->counts[0] + 1));

	__builtin_prefetch(k->at + (mid * k->entry_bits >> 3));
}

bool
ngram_trie_next(const struct ngram *m, unsigned order, struct ngram_range *r,
    uint32_t word, float *log, float *backoff)
{
	const struct ngram_packed *k = &m->packed[order - 1];
	uint64_t at, bit;

	if (r->to > k->entries || !seek(k, *r, word, m->counts[0], &at))
		return false;
	bit = at * k->entry_bits + k->word_bits;
	values(k, bit, log, backoff);
	if (order == m->order)
		return true;
	read_range(k, at, bit + k->value_bits, r);
	return true;
}
