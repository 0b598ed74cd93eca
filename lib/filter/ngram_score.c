/* SPDX-License-Identifier: MIT */
/*
 * Scoring.  A word's longest n-gram is found by its length, from one word up,
 * which is a chain of look-ups, each in memory that is seldom in a cache.  So
 * BLOCK words go through them together: one length at a time, first all places
 * are computed and asked for, then read.
 */
#include <math.h>
#include <stdlib.h>

#include "base/err.h"
#include "filter/ngram_impl.h"

enum { BLOCK = 64 };

/* A word on its way. */
struct place {
	union {
		uint64_t key;
		struct ngram_range range;
	};
	uint64_t bucket;
	float log;
	unsigned length;                 /* of the n-gram found */
	float backoffs[NGRAM_ORDER_MAX]; /* of it and its ends, by length - 1 */
};

struct block {
	const struct ngram *m;
	uint32_t words[BLOCK + NGRAM_ORDER_MAX]; /* behind their histories */
	unsigned reach[BLOCK]; /* words that may be looked at, itself too */
	size_t n;
	/* places[0] is the last word of the block before. */
	struct place places[BLOCK + 1];
	uint16_t active[BLOCK];
	size_t nactive;
};

int
ngram_row_add(struct ngram_row *r, uint32_t word, struct err *e)
{
	size_t cap = r->cap ? 2 * r->cap : 256;
	uint32_t *v;

	if (r->n == r->cap) {
		v = realloc(r->words, cap * sizeof(*v));
		if (!v)
			return err_nomem(e, "words");
		r->words = v;
		r->cap = cap;
	}
	r->words[r->n++] = word;
	return 0;
}

int
ngram_row_line(
    const struct ngram *m, struct ngram_row *r, struct str line, struct err *e)
{
	const char *p = line.p, *end = p + line.n, *from;

	if (ngram_row_add(r, NGRAM_BEGIN, e) < 0)
		return e->code;
	for (;;) {
		while (p < end && ngram_is_white(*p))
			p++;
		if (p == end)
			return ngram_row_add(r, m->end, e);
		for (from = p; p < end && !ngram_is_white(*p);)
			p++;
		if (ngram_row_add(r,
			ngram_word(m, (struct str){ from, (size_t)(p - from) }),
			e) < 0)
			return e->code;
	}
}

void
ngram_row_free(struct ngram_row *r)
{
	free(r->words);
	free(r->logs);
	free(r->lengths);
	*r = (struct ngram_row){ 0 };
}

static int
make_room(struct ngram_row *r, struct err *e)
{
	float *logs;
	uint8_t *lengths;

	if (r->n <= r->out_cap)
		return 0;
	logs = realloc(r->logs, r->cap * sizeof(*logs));
	if (logs)
		r->logs = logs;
	lengths = realloc(r->lengths, r->cap);
	if (lengths)
		r->lengths = lengths;
	if (!logs || !lengths)
		return err_nomem(e, "scores");
	r->out_cap = r->cap;
	return 0;
}

/* The next words, their histories before them, and how far those reach. */
static void
fill(struct block *b, const struct ngram_row *r, size_t from)
{
	const struct ngram *m = b->m;
	unsigned reach = from ? b->reach[BLOCK - 1] : 0;
	uint32_t w;
	size_t i;

	memmove(
	    b->words, b->words + BLOCK, NGRAM_ORDER_MAX * sizeof(*b->words));
	b->n = r->n - from < BLOCK ? r->n - from : BLOCK;
	for (i = 0; i < b->n; i++) {
		w = r->words[from + i];
		reach = w == NGRAM_BEGIN ? 1 : reach + (reach < m->order);
		b->reach[i] = reach;
		w = w == NGRAM_BEGIN ? m->begin : w;
		b->words[NGRAM_ORDER_MAX + i] = w;
		__builtin_prefetch(m->unigrams + (size_t)w * m->unigram);
	}
}

/* The first length; does a longer n-gram end with it? */
static bool
look_first(const struct ngram *m, uint32_t word, struct place *p)
{
	const char *v = m->unigrams + (size_t)word * m->unigram;
	float log = ngram_f32(v);

	p->length = 1;
	p->backoffs[0] = ngram_f32(v + 4);
	if (m->type == NGRAM_PROBING) {
		p->key = word;
		p->log = -fabsf(log);
		return !signbit(log);
	}
	p->range = ngram_trie_first(m, word);
	p->log = log;
	return p->range.from < p->range.to;
}

static void
begin(struct block *b)
{
	size_t i;

	b->nactive = 0;
	for (i = 0; i < b->n; i++)
		if (look_first(b->m, b->words[NGRAM_ORDER_MAX + i],
			&b->places[i + 1]) &&
		    b->reach[i] > 1)
			b->active[b->nactive++] = (uint16_t)i;
}

/* One length more in a table; false if no longer n-gram is to be looked for. */
static bool
look_table(const struct ngram *m, unsigned order, struct place *p)
{
	const struct ngram_table *t = &m->tables[order - 1];
	const char *at = ngram_probe(t, p->key, p->bucket);
	float log;

	if (!at || ngram_u64(at) != p->key)
		return false;
	log = ngram_f32(at + 8);
	p->length = order;
	p->log = -fabsf(log);
	if (order == m->order)
		return false;
	p->backoffs[order - 1] = ngram_f32(at + 12);
	return !signbit(log);
}

static void
level_tables(struct block *b, unsigned order)
{
	const struct ngram_table *t = &b->m->tables[order - 1];
	size_t i, k, left = 0;
	struct place *p;

	for (i = 0; i < b->nactive; i++) {
		k = b->active[i];
		p = &b->places[k + 1];
		p->key = ngram_chain(
		    p->key, b->words[NGRAM_ORDER_MAX + k + 1 - order]);
		p->bucket = ngram_bucket(t, p->key);
		__builtin_prefetch(t->at + p->bucket * t->entry);
	}
	for (i = 0; i < b->nactive; i++) {
		k = b->active[i];
		if (look_table(b->m, order, &b->places[k + 1]) &&
		    b->reach[k] > order)
			b->active[left++] = (uint16_t)k;
	}
	b->nactive = left;
}

static void
level_trie(struct block *b, unsigned order)
{
	size_t i, k, left = 0;
	struct place *p;
	float backoff = 0;

	for (i = 0; i < b->nactive; i++) {
		k = b->active[i];
		ngram_trie_hint(b->m, order, &b->places[k + 1].range,
		    b->words[NGRAM_ORDER_MAX + k + 1 - order]);
	}
	for (i = 0; i < b->nactive; i++) {
		k = b->active[i];
		p = &b->places[k + 1];
		if (!ngram_trie_next(b->m, order, &p->range,
			b->words[NGRAM_ORDER_MAX + k + 1 - order], &p->log,
			&backoff))
			continue;
		p->length = order;
		p->backoffs[order - 1] = backoff;
		if (order < b->m->order && b->reach[k] > order &&
		    p->range.from < p->range.to)
			b->active[left++] = (uint16_t)k;
	}
	b->nactive = left;
}

/* The log and the back-offs of the histories longer than the n-gram. */
static float
finish(const struct ngram *m, const struct place *before, const struct place *p)
{
	unsigned most =
	    before->length < m->order - 1 ? before->length : m->order - 1;
	float log = p->log;
	unsigned i;

	for (i = p->length - 1; i < most; i++)
		log += before->backoffs[i];
	return log;
}

static int
put(struct block *b, struct ngram_row *r, size_t from, struct err *e)
{
	size_t i;
	float log;

	for (i = 0; i < b->n; i++) {
		log = 0;
		if (r->words[from + i] != NGRAM_BEGIN)
			log = finish(b->m, &b->places[i], &b->places[i + 1]);
		if (!isfinite(log))
			return err_set(e, ERR_FORMAT,
			    "the language model holds a probability that is no "
			    "number");
		r->logs[from + i] = log;
		r->lengths[from + i] = (uint8_t)b->places[i + 1].length;
	}
	b->places[0] = b->places[b->n];
	return 0;
}

int
ngram_score(const struct ngram *m, struct ngram_row *r, struct err *e)
{
	struct block b = { .m = m };
	unsigned order;
	size_t at;

	if (make_room(r, e) < 0)
		return e->code;
	for (at = 0; at < r->n; at += b.n) {
		fill(&b, r, at);
		begin(&b);
		for (order = 2; order <= m->order && b.nactive; order++)
			if (m->type == NGRAM_PROBING)
				level_tables(&b, order);
			else
				level_trie(&b, order);
		if (put(&b, r, at, e) < 0)
			return e->code;
	}
	return 0;
}

double
ngram_sum(const struct ngram_row *r, uint64_t *words)
{
	double sum = 0;
	float sentence = 0;
	size_t i;

	*words = 0;
	for (i = 0; i < r->n; i++) {
		if (r->words[i] == NGRAM_BEGIN) {
			sum += (double)sentence;
			sentence = 0;
			continue;
		}
		sentence += r->logs[i];
		++*words;
	}
	return sum + (double)sentence;
}

double
ngram_perplexity(double sum, uint64_t words)
{
	return pow(10, -sum / (double)words);
}
