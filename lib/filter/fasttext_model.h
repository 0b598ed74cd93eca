/* SPDX-License-Identifier: MIT */
#ifndef FILTER_FASTTEXT_MODEL_H
#define FILTER_FASTTEXT_MODEL_H

/* A model in memory: fasttext_load.c makes it, fasttext_*.c read it. */

#include <stdbool.h>

#include "filter/fasttext.h"

enum fasttext_loss { LOSS_HS = 1, LOSS_NS = 2, LOSS_SOFTMAX = 3, LOSS_OVA = 4 };

/* Codes of vectors: each part of a vector is one of 256 centroids. */
struct fasttext_pq {
	int32_t dim, parts, width, last; /* numbers a part; in the last one */
	const char *centroids;           /* float[dim][256], maybe unaligned */
};

/* Rows of floats (data), or codes of them. */
struct fasttext_matrix {
	int64_t rows, cols;
	const char *data; /* float, maybe unaligned */
	const uint8_t *codes, *norms;
	struct fasttext_pq pq, npq;
	bool quantised;
};

struct fasttext_word {
	struct str s;
	int64_t count;
};

/* Of a table with open addressing. */
struct fasttext_slot {
	uint32_t key;
	int32_t value; /* -1: free */
};

/* A node of the Huffman tree of hierarchical softmax; leaves: labels. */
struct fasttext_node {
	int64_t count;
	int32_t left, right, parent; /* -1: none */
};

enum { FASTTEXT_STEPS = 512 };

struct fasttext {
	int32_t dim, word_ngrams, minn, maxn, bucket;
	enum fasttext_loss loss;
	int32_t nwords, nlabels;
	struct fasttext_word *words; /* words, then labels */
	struct fasttext_slot *slots; /* a hash table of all, by hash */
	uint32_t mask;
	int64_t pruned;             /* buckets that are left; < 0: all */
	struct fasttext_slot *left; /* those, a hash table by bucket */
	uint32_t left_mask;
	int64_t most_left; /* the highest row of them */
	struct fasttext_matrix in, out;
	struct fasttext_node *tree; /* 2 nlabels - 1, the root last */
	float *blocks; /* the output, laid out by fasttext_score.c */
	float steps[FASTTEXT_STEPS + 1]; /* of the logistic function */
	char *bytes;                     /* what was read, if f owns it */
};

#define FASTTEXT_LABEL "__label__"
#define FASTTEXT_END "</s>" /* the word at the end of a line */
enum { FASTTEXT_MAGIC = 793712314, FASTTEXT_SUPERVISED = 3 };

/* Words between the white space of ASCII. */
static inline bool
fasttext_parts(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r') || c == 0;
}
struct fasttext_words {
	struct str text; /* what is left */
};
bool fasttext_words_next(struct fasttext_words *it, struct str *word);

/* Fill in slots from words; tree from the labels' counts, which fall. */
int fasttext_make_slots(struct fasttext *f, struct err *e);
int fasttext_make_tree(struct fasttext *f, struct err *e);
/* s->ids: the rows of the text; s->hidden (dim): their average. */
void fasttext_average(
    const struct fasttext *f, struct fasttext_scratch *s, struct str text);

/* FNV-1a as fastText has it: bytes are signed. */
static inline uint32_t
fasttext_hash(uint32_t h, char c)
{
	return (h ^ (uint32_t)(int8_t)c) * 16777619u;
}
#define FASTTEXT_HASH_START 2166136261u

/* The id of a word or label, -1 if it is none.  hash is that of its bytes. */
int32_t fasttext_find(const struct fasttext *f, struct str word, uint32_t hash);
/*
 * A word or label of that hash, if there is one, is looked at soon: where it
 * is described, or its bytes, once that is near.
 */
static inline void
fasttext_fetch_word(const struct fasttext *f, uint32_t hash, bool bytes)
{
	const struct fasttext_slot *s = &f->slots[hash & f->mask];
	const struct fasttext_word *w;

	if (s->key != hash || s->value < 0)
		return;
	w = &f->words[s->value];
	if (bytes)
		__builtin_prefetch(w->s.p);
	else
		__builtin_prefetch(w);
}
/* Row i is added soon. */
static inline void
fasttext_fetch_row(const struct fasttext_matrix *m, int64_t i)
{
	__builtin_prefetch(m->quantised
			       ? (const char *)m->codes + i * m->pq.parts
			       : m->data + 4 * i * m->cols);
}
/* The row of a bucket that is left, -1 of another one. */
int32_t fasttext_left(const struct fasttext *f, uint32_t bucket);
/* x += v, of n numbers. */
void fasttext_add_vector(float *x, const float *v, int32_t n);
/* x += row i for each of the n ids, in their order. */
void fasttext_add_rows(
    const struct fasttext_matrix *m, const int32_t *ids, size_t n, float *x);
/* Dot product of x and row i, with its terms in order if asked. */
float fasttext_dot_row(
    const struct fasttext_matrix *m, int64_t i, const float *x, bool in_order);

#endif
