/* SPDX-License-Identifier: MIT */
#ifndef FILTER_NGRAM_IMPL_H
#define FILTER_NGRAM_IMPL_H

/* Between the files of lib/filter/ngram*.c. */

#include <string.h>

#include "base/buf.h"
#include "filter/ngram.h"

struct in;

/* As in the file's header. */
enum ngram_type {
	NGRAM_PROBING = 0,
	NGRAM_REST = 1,
	NGRAM_TRIE = 2,
	NGRAM_QUANT = 1, /* added to NGRAM_TRIE */
	NGRAM_ARRAY = 2, /* added to NGRAM_TRIE */
	NGRAM_TYPES = 6,
};

/* Linear probing; a key of 0 is an empty bucket. */
struct ngram_table {
	const char *at;
	uint64_t buckets, magic; /* for ngram_bucket() */
	size_t entry;            /* bytes */
};

/* Entries of a trie's order, bit-packed: word, values, next. */
struct ngram_packed {
	const char *at;
	uint64_t entries, below; /* below: entries of the next order */
	unsigned word_bits, value_bits, next_bits, entry_bits;
	const char *offsets; /* u64 each: where the high part of next grows */
	uint64_t noffset;
	const char *probs, *backoffs; /* quantised: float each */
	unsigned prob_bits, backoff_bits;
};

struct ngram {
	enum ngram_type type;
	bool arpa, quant, array;
	unsigned order;
	uint64_t counts[NGRAM_ORDER_MAX];
	const char *base; /* the image of the file */
	size_t size;
	char *own;        /* to be freed, or NULL */
	size_t map_n;     /* to be unmapped, or 0 */
	struct buf words; /* of ngram_load_all(): NUL behind each */

	uint32_t begin, end, bound; /* ids of words are below bound */
	struct ngram_table vocab;   /* of probing: key, u32 */
	const char *sorted;         /* of tries: u64 hashes, ascending */
	uint64_t nsorted;
	const char *unigrams; /* float log, back-off [, u64 next] */
	size_t unigram;       /* bytes of each */
	struct ngram_table tables[NGRAM_ORDER_MAX]; /* by order - 1 */
	struct ngram_packed packed[NGRAM_ORDER_MAX];
};

enum {
	NGRAM_MAGIC = 56,  /* bytes, NULs behind it */
	NGRAM_SANITY = 88, /* with test values behind that */
	NGRAM_FIXED = 20,
	NGRAM_MIDDLE = 16, /* bytes of an entry: key, log, back-off */
	NGRAM_LONGEST = 12,
	NGRAM_WORD = 12,
};

static inline uint64_t
ngram_u64(const char *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint32_t
ngram_u32(const char *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline float
ngram_f32(const char *p)
{
	float v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* key mod buckets: the quotient by a multiplication is at most two too small.
 */
static inline uint64_t
ngram_bucket(const struct ngram_table *t, uint64_t key)
{
	uint64_t q = (uint64_t)((unsigned __int128)key * t->magic >> 64);
	uint64_t r = key - q * t->buckets;

	while (r >= t->buckets)
		r -= t->buckets;
	return r;
}

/* The entry from bucket on, or the empty bucket's; NULL: the table is full. */
static inline const char *
ngram_probe(const struct ngram_table *t, uint64_t key, uint64_t bucket)
{
	const char *p = t->at + bucket * t->entry;
	const char *end = t->at + t->buckets * t->entry;
	uint64_t i, k;

	for (i = 0; i < t->buckets; i++) {
		k = ngram_u64(p);
		if (k == key || k == 0)
			return p;
		p += t->entry;
		if (p == end)
			p = t->at;
	}
	return NULL;
}

static inline const char *
ngram_find(const struct ngram_table *t, uint64_t key)
{
	const char *p = ngram_probe(t, key, ngram_bucket(t, key));

	return p && ngram_u64(p) == key ? p : NULL;
}

/* The key of an n-gram and the word before it. */
static inline uint64_t
ngram_chain(uint64_t key, uint32_t word)
{
	return key * 8978948897894561157u ^
	       ((uint64_t)word + 1) * 17894857484156487943u;
}

/* How words are known in the files: MurmurHash64A with seed 0. */
uint64_t ngram_hash(struct str word);

/* Bytes of header, of all tables, with positions set; for m->base NULL, too.
 * ERR_FORMAT if they don't fit any memory. */
int ngram_place_probing(
    struct ngram *m, float multiplier, uint64_t *size, struct err *e);
int ngram_place_trie(struct ngram *m, uint64_t *size, struct err *e);
/* The header of a file of this kind. */
void ngram_put_header(const struct ngram *m, float multiplier, char *to);
/* Does it begin as binary files do? */
bool ngram_is_binary(struct str bytes);
/* m->base and m->size are set. */
int ngram_open_binary(struct ngram *m, struct err *e);
int ngram_read_arpa(struct ngram *m, struct in *in, bool words, struct err *e);
/* What every model must have, once it is read. */
int ngram_specials(struct ngram *m, struct err *e);

/* A word's entries in a trie. */
struct ngram_range {
	uint64_t from, to;
};
static inline struct ngram_range
ngram_trie_first(const struct ngram *m, uint32_t word)
{
	const char *p = m->unigrams + (size_t)word * m->unigram + 8;

	return (struct ngram_range){ ngram_u64(p), ngram_u64(p + m->unigram) };
}
/* Touch what ngram_trie_next() reads first. */
void ngram_trie_hint(const struct ngram *m, unsigned order,
    const struct ngram_range *r, uint32_t word);
/*
 * The n-gram of that order in a range of entries: its values, and the range of
 * those that are longer.  False: there is none.
 */
bool ngram_trie_next(const struct ngram *m, unsigned order,
    struct ngram_range *r, uint32_t word, float *log, float *backoff);

#endif
