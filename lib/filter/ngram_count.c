/* SPDX-License-Identifier: MIT */
/* Counting n-grams, and adjusting the counts of shorter ones. */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/hash.h"
#include "filter/ngram_train_impl.h"

/* ---- words ---- */

void
ngram_vocab_free(struct ngram_vocab *v)
{
	buf_free(&v->text);
	free(v->at);
	free(v->table);
}

uint64_t
ngram_vocab_bytes(const struct ngram_vocab *v)
{
	return v->text.cap + v->cap * sizeof(*v->at) +
	       (v->mask + 1) * sizeof(*v->table);
}

static int
grow_table(struct ngram_vocab *v, struct err *e)
{
	size_t size = v->mask ? 2 * (v->mask + 1) : 1024, i, k;
	uint32_t *table = calloc(size, sizeof(*table));
	const char *w;

	if (!table)
		return err_nomem(e, "words");
	for (i = 0; i < v->n; i++) {
		w = ngram_vocab_word(v, (uint32_t)i);
		k = hash64(w, strlen(w), 0) & (size - 1);
		while (table[k])
			k = (k + 1) & (size - 1);
		table[k] = (uint32_t)i + 1;
	}
	free(v->table);
	v->table = table;
	v->mask = size - 1;
	return 0;
}

static int
grow_words(struct ngram_vocab *v, struct err *e)
{
	size_t cap = v->cap ? 2 * v->cap : 1024;
	uint64_t *at = realloc(v->at, cap * sizeof(*at));

	if (!at)
		return err_nomem(e, "words");
	v->at = at;
	v->cap = cap;
	return 0;
}

int
ngram_vocab_add(
    struct ngram_vocab *v, struct str word, uint32_t *id, struct err *e)
{
	const char *w;
	size_t k;

	if (3 * (v->n + 1) > 2 * v->mask && grow_table(v, e) < 0)
		return e->code;
	for (k = hash64(word.p, word.n, 0) & v->mask; v->table[k];
	     k = (k + 1) & v->mask) {
		*id = v->table[k] - 1;
		w = ngram_vocab_word(v, *id);
		if (memcmp(w, word.p, word.n) == 0 && w[word.n] == '\0')
			return 0;
	}
	if (v->n == v->cap && grow_words(v, e) < 0)
		return e->code;
	*id = (uint32_t)v->n;
	v->at[v->n++] = v->text.n;
	v->table[k] = *id + 1;
	buf_str(&v->text, word);
	buf_putc(&v->text, '\0');
	return buf_ok(&v->text, e);
}

/* ---- n-grams of sentences ---- */

static int
check_vocab(const struct ngram_train *t, struct err *e)
{
	if (ngram_vocab_bytes(&t->vocab) > t->o.memory / 2 ||
	    t->vocab.n == UINT32_MAX - 1)
		return err_set(e, ERR_NOMEM,
		    "%zu different words take more than half of --memory",
		    t->vocab.n);
	return 0;
}

/* The n-gram that ends with a word; key has it and those before, newest first.
 */
static int
count_word(struct ngram_train *t, uint32_t *key, uint32_t word, struct err *e)
{
	memmove(key + 1, key, (t->o.order - 1) * sizeof(*key));
	key[0] = word;
	return ngram_sort_put(&t->counts, key, 1, e);
}

static int
count_line(struct ngram_train *t, const char *p, const char *end, struct err *e)
{
	uint32_t key[NGRAM_ORDER_MAX], id;
	const char *from;
	unsigned i;

	for (i = 0; i < t->o.order; i++)
		key[i] = WORD_BEGIN;
	for (;;) {
		while (p < end && ngram_is_white(*p))
			p++;
		if (p == end)
			break;
		for (from = p; p < end && !ngram_is_white(*p);)
			p++;
		if (ngram_vocab_add(&t->vocab,
			(struct str){ from, (size_t)(p - from) }, &id, e) < 0)
			return e->code;
		if (id <= WORD_END)
			continue;
		t->words++;
		if (count_word(t, key, id, e) < 0)
			return e->code;
	}
	t->sentences++;
	return count_word(t, key, WORD_END, e);
}

int
ngram_train_add(struct ngram_train *t, struct str lines, struct err *e)
{
	const char *p = lines.p, *end = p + lines.n, *nl;

	while (p < end) {
		nl = memchr(p, '\n', (size_t)(end - p));
		if (count_line(t, p, nl ? nl : end, e) < 0)
			return e->code;
		p = nl ? nl + 1 : end;
	}
	return check_vocab(t, e);
}

/* ---- adjusted counts ---- */

/* An n-gram that is still being counted. */
struct pending {
	bool open;
	uint64_t adjusted, actual;
};

struct adjust {
	struct ngram_train *t;
	uint32_t
	    key[NGRAM_ORDER_MAX]; /* the last record's, its last word first */
	struct pending orders[NGRAM_ORDER_MAX]; /* by order - 1 */
};

static void
tally_stats(struct ngram_stats *s, uint64_t count, bool pruned)
{
	s->n++;
	s->kept += !pruned;
	if (count < 5)
		s->with[count]++;
}

/* Done with the last n words of a->key. */
static int
put_ngram(struct adjust *a, unsigned n, uint64_t count, uint64_t actual,
    struct err *e)
{
	struct ngram_train *t = a->t;
	uint32_t key[NGRAM_ORDER_MAX];
	bool pruned = actual <= t->o.prune[n - 1];

	tally_stats(&t->stats[n - 1], count, pruned);
	if (n == 1) {
		t->unigrams[a->key[0]] = count;
		return 0;
	}
	memcpy(key, a->key + 1, (n - 1) * sizeof(*key));
	key[n - 1] = a->key[0];
	return ngram_sort_put(
	    &t->by_context[n - 1], key, count | (pruned ? NGRAM_PRUNED : 0), e);
}

/* Those of more than `same` words have changed. */
static int
close_orders(struct adjust *a, unsigned same, struct err *e)
{
	struct pending *p;
	unsigned n;

	for (n = same + 1; n < a->t->o.order; n++) {
		p = &a->orders[n - 1];
		if (p->open && put_ngram(a, n, p->adjusted, p->actual, e) < 0)
			return e->code;
		*p = (struct pending){ 0 };
	}
	return 0;
}

/* Words up to and with the first beginning of a sentence, from the end. */
static unsigned
length_of(const uint32_t *key, unsigned order)
{
	unsigned n = 1;

	while (n < order && key[n - 1] != WORD_BEGIN)
		n++;
	return n;
}

static int
add_record(struct adjust *a, const uint32_t *key, uint64_t count, struct err *e)
{
	unsigned order = a->t->o.order, length = length_of(key, order),
		 same = 0, n;

	while (same < order && key[same] == a->key[same])
		same++;
	if (close_orders(a, same, e) < 0)
		return e->code;
	memcpy(a->key, key, order * sizeof(*key));
	for (n = 1; n <= length && n < order; n++) {
		a->orders[n - 1].open = true;
		a->orders[n - 1].actual += count;
		if (n == length)
			a->orders[n - 1].adjusted = count;
		else
			a->orders[n - 1].adjusted += same <= n;
	}
	return length == order ? put_ngram(a, order, count, count, e) : 0;
}

int
ngram_adjust(struct ngram_train *t, struct err *e)
{
	struct adjust a = { .t = t };
	struct ngram_reader r;
	const uint32_t *record;
	int rc;

	t->unigrams = calloc(t->vocab.n, sizeof(*t->unigrams));
	if (!t->unigrams)
		return err_nomem(e, "words");
	memset(a.key, 0xff, sizeof(a.key));
	/* <unk> and <s> are never met. */
	tally_stats(&t->stats[0], 0, false);
	tally_stats(&t->stats[0], 0, false);
	rc = ngram_reader_open(&r, &t->counts, e);
	while (rc == 0 && (rc = ngram_reader_next(&r, &record, e)) > 0)
		rc = add_record(
		    &a, record, ngram_payload(record, t->o.order), e);
	if (rc == 0)
		rc = close_orders(&a, 0, e);
	ngram_reader_free(&r);
	return rc;
}
