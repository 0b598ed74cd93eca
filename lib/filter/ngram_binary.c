/* SPDX-License-Identifier: MIT */
/*
 * Binary files of KenLM, version 5.  Little-endian, nothing compressed:
 *
 *	"mmap lm http://kheafield.com/code format version 5\n", NULs up to 56
 *	float 0, 1, -0.5; u32 1, 2^32 - 1, 0; u64 1	test values
 *	u8 order, 3 bytes; float multiplier; u32 type; u8 words follow, 3 bytes;
 *	u32 version of the type (0, of tries 1)
 *	u64 n-grams, by order; NULs up to a multiple of 8
 *	vocabulary, n-grams
 *	words, NUL behind each, "<unk>" first, if they follow
 *
 * Probing: u32 0, u32 words; a table of (u64 hash, u32 word); unigrams and one
 * more, (float log, float back-off) each; a table for each order between, of
 * (u64 key, float log, float back-off); of the longest (u64 key, float log).  A
 * table has max(n + 1, multiplier x n) buckets.  A log without its sign: longer
 * n-grams end with this one.
 *
 * Source: kpu/kenlm, lm/binary_format.cc, lm/search_hashed.hh, lm/vocab.cc (as
 * facts).
 */
#include <math.h>

#include "base/err.h"
#include "filter/ngram_impl.h"

/* More n-grams of an order than any file holds. */
static const uint64_t COUNT_MAX = (uint64_t)1 << 48;

static const char magic[] = "mmap lm http://kheafield.com/code format version";

bool
ngram_is_binary(struct str s)
{
	return str_starts(s, str_c("mmap lm http://kheafield.com/code"));
}

static uint64_t
header_size(const struct ngram *m)
{
	return (NGRAM_SANITY + NGRAM_FIXED + 8 * m->order + 7) & ~7u;
}

static void
put_sanity(char to[NGRAM_SANITY])
{
	static const float f[3] = { 0, 1, -0.5f };
	static const uint32_t w[3] = { 1, UINT32_MAX, 0 };
	static const uint64_t one = 1;

	memset(to, 0, NGRAM_SANITY);
	memcpy(to, magic, sizeof(magic) - 1);
	memcpy(to + sizeof(magic) - 1, " 5\n", 3);
	memcpy(to + NGRAM_MAGIC, f, sizeof(f));
	memcpy(to + NGRAM_MAGIC + 12, w, sizeof(w));
	memcpy(to + NGRAM_MAGIC + 24, &one, sizeof(one));
}

void
ngram_put_header(const struct ngram *m, float multiplier, char *to)
{
	uint32_t type = m->type;
	unsigned i;

	memset(to, 0, header_size(m));
	put_sanity(to);
	to += NGRAM_SANITY;
	*to = (char)m->order;
	memcpy(to + 4, &multiplier, 4);
	memcpy(to + 8, &type, 4);
	to[12] = 1;
	for (i = 0; i < m->order; i++)
		memcpy(to + NGRAM_FIXED + 8 * i, &m->counts[i], 8);
}

/* A part of n bytes of the image; what comes next. */
static uint64_t
place(const struct ngram *m, const char **p, uint64_t at, uint64_t n)
{
	*p = m->base ? m->base + at : NULL;
	return at + n;
}

static uint64_t
place_table(const struct ngram *m, struct ngram_table *t, uint64_t at,
    uint64_t n, float multiplier, size_t entry)
{
	double want = (double)(multiplier * (float)n);

	t->buckets = n + 1;
	if (want >= (double)t->buckets)
		t->buckets = (uint64_t)want;
	t->magic = UINT64_MAX / t->buckets;
	t->entry = entry;
	return place(m, &t->at, at, t->buckets * entry);
}

int
ngram_place_probing(
    struct ngram *m, float multiplier, uint64_t *size, struct err *e)
{
	uint64_t at = header_size(m) + 8;
	unsigned i;

	at =
	    place_table(m, &m->vocab, at, m->counts[0], multiplier, NGRAM_WORD);
	m->unigram = 8;
	at = place(m, &m->unigrams, at, (m->counts[0] + 1) * m->unigram);
	for (i = 1; i < m->order; i++)
		at = place_table(m, &m->tables[i], at, m->counts[i], multiplier,
		    i + 1 < m->order ? NGRAM_MIDDLE : NGRAM_LONGEST);
	*size = at;
	if (at > SIZE_MAX / 2)
		return err_nomem(e, "the model");
	return 0;
}

/* Log and back-off of every word are numbers. */
static int
check_unigrams(const struct ngram *m, struct err *e)
{
	uint64_t i;
	const char *p;

	for (i = 0; i < m->bound; i++) {
		p = m->unigrams + i * m->unigram;
		if (!isfinite(ngram_f32(p)) || !isfinite(ngram_f32(p + 4)))
			return err_set(e, ERR_FORMAT,
			    "byte %llu: the probability of word %llu is no "
			    "number",
			    (unsigned long long)(p - m->base),
			    (unsigned long long)i);
	}
	return 0;
}

static int
open_probing(struct ngram *m, uint64_t at, struct err *e)
{
	uint64_t i;
	const char *p;

	if (ngram_u32(m->base + at) != 0)
		return err_set(e, ERR_FORMAT,
		    "byte %llu: a vocabulary of version %u, not 0",
		    (unsigned long long)at, ngram_u32(m->base + at));
	m->bound = ngram_u32(m->base + at + 4);
	if (m->bound == 0 || m->bound > m->counts[0] + 1)
		return err_set(e, ERR_FORMAT,
		    "byte %llu: %u words, but %llu unigrams",
		    (unsigned long long)at + 4, m->bound,
		    (unsigned long long)m->counts[0]);
	for (i = 0; i < m->vocab.buckets; i++) {
		p = m->vocab.at + i * NGRAM_WORD;
		if (ngram_u32(p + 8) >= m->bound)
			return err_set(e, ERR_FORMAT,
			    "byte %llu: word %u of %u",
			    (unsigned long long)(p + 8 - m->base),
			    ngram_u32(p + 8), m->bound);
	}
	return 0;
}

static int
open_trie(struct ngram *m, uint64_t at, struct err *e)
{
	uint64_t i, next, last = 0;
	const char *p;

	m->nsorted = ngram_u64(m->base + at);
	if (m->nsorted >= m->counts[0] || m->nsorted >= UINT32_MAX)
		return err_set(e, ERR_FORMAT,
		    "byte %llu: %llu words, but %llu unigrams",
		    (unsigned long long)at, (unsigned long long)m->nsorted,
		    (unsigned long long)m->counts[0]);
	m->bound = (uint32_t)m->nsorted + 1;
	for (i = 1; i < m->nsorted; i++)
		if (ngram_u64(m->sorted + 8 * i) <=
		    ngram_u64(m->sorted + 8 * (i - 1)))
			return err_set(e, ERR_FORMAT,
			    "byte %llu: words out of order",
			    (unsigned long long)(m->sorted + 8 * i - m->base));
	for (i = 0; i <= m->bound; i++) {
		p = m->unigrams + i * m->unigram + 8;
		next = ngram_u64(p);
		if (next < last || next > m->counts[1])
			return err_set(e, ERR_FORMAT,
			    "byte %llu: bigrams of word %llu begin at %llu of "
			    "%llu",
			    (unsigned long long)(p - m->base),
			    (unsigned long long)i, (unsigned long long)next,
			    (unsigned long long)m->counts[1]);
		last = next;
	}
	return 0;
}

/* Order, type, versions and counts. */
static int
read_header(struct ngram *m, float *multiplier, struct err *e)
{
	const char *p = m->base + NGRAM_SANITY;
	uint32_t type = ngram_u32(p + 8), version = ngram_u32(p + 16);
	unsigned i;

	m->order = (unsigned char)*p;
	*multiplier = ngram_f32(p + 4);
	if (m->order < 2 || m->order > NGRAM_ORDER_MAX)
		return err_set(e, ERR_FORMAT, "byte %d: order %u, not 2 to %d",
		    NGRAM_SANITY, m->order, NGRAM_ORDER_MAX);
	if (!(*multiplier >= 1 && *multiplier <= 1e6f))
		return err_set(e, ERR_FORMAT,
		    "byte %d: tables of %g x as many buckets", NGRAM_SANITY + 4,
		    (double)*multiplier);
	if (type >= NGRAM_TYPES || type == NGRAM_REST)
		return err_set(e, ERR_FORMAT,
		    "byte %d: models of type %u%s are not read; build_binary "
		    "makes probing and trie",
		    NGRAM_SANITY + 8, type,
		    type == NGRAM_REST ? ", with rest costs," : "");
	m->type = (enum ngram_type)type;
	if (version != (m->type >= NGRAM_TRIE))
		return err_set(e, ERR_FORMAT,
		    "byte %d: version %u of type %u, not %d", NGRAM_SANITY + 16,
		    version, type, m->type >= NGRAM_TRIE);
	if (m->size < header_size(m))
		return err_set(e, ERR_FORMAT,
		    "byte %zu: the file ends in its header", m->size);
	for (i = 0; i < m->order; i++) {
		m->counts[i] = ngram_u64(p + NGRAM_FIXED + 8 * i);
		if (m->counts[i] >= COUNT_MAX || m->counts[i] * 2 / 8 > m->size)
			return err_set(e, ERR_FORMAT,
			    "byte %u: %llu %u-grams in a file of %zu bytes",
			    NGRAM_SANITY + NGRAM_FIXED + 8 * i,
			    (unsigned long long)m->counts[i], i + 1, m->size);
	}
	return 0;
}

static int
check_magic(const struct ngram *m, struct err *e)
{
	char want[NGRAM_SANITY];
	size_t i;

	if (m->size < NGRAM_SANITY + NGRAM_FIXED)
		return err_set(e, ERR_FORMAT,
		    "byte %zu: the file ends in its header", m->size);
	put_sanity(want);
	if (memcmp(m->base, want, sizeof(magic) - 1) != 0)
		return err_set(e, ERR_FORMAT,
		    "byte 0: this binary model was never finished");
	for (i = 0; i < NGRAM_SANITY; i++)
		if (m->base[i] != want[i])
			return err_set(e, ERR_FORMAT,
			    i < NGRAM_MAGIC
				? "byte %zu: another version of KenLM's binary "
				  "files than 5; build it anew from the ARPA "
				  "file"
				: "byte %zu: made on a machine that stores "
				  "numbers otherwise",
			    i);
	return 0;
}

int
ngram_open_binary(struct ngram *m, struct err *e)
{
	float multiplier;
	uint64_t size, at;
	int rc;

	if (check_magic(m, e) < 0 || read_header(m, &multiplier, e) < 0)
		return e->code;
	rc = m->type == NGRAM_PROBING
		 ? ngram_place_probing(m, multiplier, &size, e)
		 : ngram_place_trie(m, &size, e);
	if (rc < 0)
		return rc;
	if (size > m->size)
		return err_set(e, ERR_FORMAT,
		    "byte %zu: the file ends, but its header speaks of %llu "
		    "bytes",
		    m->size, (unsigned long long)size);
	if (m->base[NGRAM_SANITY + 12] &&
	    (m->size - size < 6 || memcmp(m->base + size, "<unk>", 6) != 0))
		return err_set(e, ERR_FORMAT,
		    "byte %llu: the words are not where they should be",
		    (unsigned long long)size);
	at = header_size(m);
	rc = m->type == NGRAM_PROBING ? open_probing(m, at, e)
				      : open_trie(m, at, e);
	if (rc < 0 || check_unigrams(m, e) < 0)
		return e->code;
	return ngram_specials(m, e);
}
