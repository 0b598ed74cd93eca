/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "filter/fasttext_model.h"

size_t
fasttext_labels(const struct fasttext *f)
{
	return (size_t)f->nlabels;
}

struct str
fasttext_label(const struct fasttext *f, size_t i)
{
	struct str s = f->words[(size_t)f->nwords + i].s;

	if (!str_starts(s, STR(FASTTEXT_LABEL)))
		return s;
	return (struct str){ s.p + sizeof(FASTTEXT_LABEL) - 1,
		s.n - (sizeof(FASTTEXT_LABEL) - 1) };
}

void
fasttext_scratch_free(struct fasttext_scratch *s)
{
	free(s->ids);
	free(s->hashes);
	free(s->cache);
	free(s->hidden);
	free(s->output);
	*s = (struct fasttext_scratch){ 0 };
}

/* Append to one of the scratch's arrays. */
static bool
grow(struct fasttext_scratch *s, int32_t **v, size_t *cap)
{
	int32_t *more = realloc(*v, (2 * *cap + 256) * sizeof(*more));

	if (!more) {
		s->failed = 1;
		return false;
	}
	*v = more;
	*cap = 2 * *cap + 256;
	return true;
}

static inline void
push(struct fasttext_scratch *s, int32_t **v, size_t *n, size_t *cap, int32_t x)
{
	if (*n < *cap || grow(s, v, cap))
		(*v)[(*n)++] = x;
}

static inline void
push_id(struct fasttext_scratch *s, int32_t id)
{
	push(s, &s->ids, &s->nid, &s->id_cap, id);
}

/* A bucket's row, if it was not pruned. */
static inline void
push_bucket(
    const struct fasttext *f, struct fasttext_scratch *s, int32_t bucket)
{
	int32_t row = bucket;

	if (f->pruned >= 0)
		row = f->pruned ? fasttext_left(f, (uint32_t)bucket) : -1;
	if (row >= 0)
		push_id(s, f->nwords + row);
}

/* The i-th byte of <word>. */
static inline char
bracketed(struct str word, size_t i)
{
	return i == 0 ? '<' : i <= word.n ? word.p[i - 1] : '>';
}

/* The character n-grams of <word>. */
static void
push_subwords(
    const struct fasttext *f, struct fasttext_scratch *s, struct str word)
{
	size_t size = word.n + 2, i, j;
	uint32_t h;
	int32_t n;

	for (i = 0; i < size; i++) {
		if ((bracketed(word, i) & 0xc0) == 0x80)
			continue;
		h = FASTTEXT_HASH_START;
		for (j = i, n = 1; j < size && n <= f->maxn; n++) {
			do
				h = fasttext_hash(h, bracketed(word, j++));
			while (j < size && (bracketed(word, j) & 0xc0) == 0x80);
			if (n >= f->minn && !(n == 1 && (i == 0 || j == size)))
				push_bucket(
				    f, s, (int32_t)(h % (uint32_t)f->bucket));
		}
	}
}

/* A word that was met before: its rows added up.  The sum, dim floats, follows.
 */
struct cached {
	char word[24];
	uint8_t n;
	bool counts; /* for word n-grams */
	int32_t rows;
};
enum { CACHE_BYTES = 4 << 20 };

static size_t
cached_size(const struct fasttext *f)
{
	return sizeof(struct cached) + ((size_t)f->dim + 3) / 4 * 16;
}

static struct cached *
cached_at(const struct fasttext *f, const struct fasttext_scratch *s, size_t i)
{
	return (struct cached *)(s->cache + i * cached_size(f));
}

static float *
cached_sum(struct cached *c)
{
	return (float *)(c + 1);
}

static uint32_t
hash_bytes(struct str s)
{
	uint32_t h = FASTTEXT_HASH_START;
	size_t i;

	for (i = 0; i < s.n; i++)
		h = fasttext_hash(h, s.p[i]);
	return h;
}

/* The ids of a word's rows; does it count for word n-grams? */
static bool
push_word(const struct fasttext *f, struct fasttext_scratch *s, struct str word,
    uint32_t h)
{
	int32_t id = fasttext_find(f, word, h);

	if (id >= f->nwords ||
	    (id < 0 && str_starts(word, STR(FASTTEXT_LABEL))))
		return false;
	if (id >= 0)
		push_id(s, id);
	if (f->maxn > 0 && f->bucket > 0 && !str_eq(word, STR(FASTTEXT_END)))
		push_subwords(f, s, word);
	return true;
}

enum { AHEAD = 12 /* rows */ };

static void
sum_rows(const struct fasttext *f, const struct fasttext_scratch *s, float *x)
{
	size_t i;

	for (i = 0; i < s->nid; i++) {
		if (i + AHEAD < s->nid)
			fasttext_fetch_row(&f->in, s->ids[i + AHEAD]);
		fasttext_add_row(&f->in, s->ids[i], x);
	}
}

/* Each word is summed up by itself, in the cache or not: the same sums. */
static void
add_word(const struct fasttext *f, struct fasttext_scratch *s, struct str word)
{
	struct cached *c;
	uint32_t h = hash_bytes(word);
	float *sum, *hidden = s->hidden;
	int32_t k;
	bool fits = word.n <= sizeof(c->word);

	c = cached_at(f, s, fits ? 1 + h % s->cached : 0);
	sum = cached_sum(c);
	if (!fits || c->n != word.n || memcmp(c->word, word.p, word.n) != 0) {
		s->nid = 0;
		c->counts = push_word(f, s, word, h);
		memset(sum, 0, (size_t)f->dim * sizeof(*sum));
		sum_rows(f, s, sum);
		c->rows = (int32_t)s->nid;
		c->n = fits ? (uint8_t)word.n : 0;
		memcpy(c->word, word.p, c->n);
	}
#pragma omp simd
	for (k = 0; k < f->dim; k++)
		hidden[k] += sum[k];
	s->nrow += (size_t)c->rows;
	if (c->counts)
		push(s, &s->hashes, &s->nhash, &s->hash_cap, (int32_t)h);
}

/* Word n-grams; hashes are signed, as in fastText. */
static void
push_ngrams(const struct fasttext *f, struct fasttext_scratch *s)
{
	size_t i, j, n = f->word_ngrams > 0 ? (size_t)f->word_ngrams : 0;
	uint64_t h;

	if (f->bucket <= 0)
		return;
	for (i = 0; i < s->nhash; i++) {
		h = (uint64_t)(int64_t)s->hashes[i];
		for (j = i + 1; j < s->nhash && j < i + n; j++) {
			h = h * 116049371 + (uint64_t)(int64_t)s->hashes[j];
			push_bucket(f, s, (int32_t)(h % (uint64_t)f->bucket));
		}
	}
}

bool
fasttext_words_next(struct fasttext_words *it, struct str *word)
{
	const char *p = it->text.p, *end = p + it->text.n;

	while (p < end && fasttext_parts(*p))
		p++;
	word->p = p;
	while (p < end && !fasttext_parts(*p))
		p++;
	word->n = (size_t)(p - word->p);
	it->text = (struct str){ p, (size_t)(end - p) };
	return word->n > 0;
}

/* n rows are added up in s->hidden. */
static void
divide(const struct fasttext *f, struct fasttext_scratch *s, size_t n)
{
	int32_t k;

	for (k = 0; n && k < f->dim; k++)
		s->hidden[k] *= (float)(1.0 / (double)n);
}

/* The average of the rows of the input that stand for the text, by the cache.
 */
static void
average(const struct fasttext *f, struct fasttext_scratch *s, struct str text)
{
	struct fasttext_words it = { text };
	struct str word;

	s->nrow = s->nhash = 0;
	memset(s->hidden, 0, (size_t)f->dim * sizeof(*s->hidden));
	while (fasttext_words_next(&it, &word))
		add_word(f, s, word);
	add_word(f, s, STR(FASTTEXT_END));
	s->nid = 0;
	push_ngrams(f, s);
	sum_rows(f, s, s->hidden);
	s->nrow += s->nid;
	divide(f, s, s->nrow);
}

static void
push_counting(
    const struct fasttext *f, struct fasttext_scratch *s, struct str word)
{
	uint32_t h = hash_bytes(word);

	if (push_word(f, s, word, h))
		push(s, &s->hashes, &s->nhash, &s->hash_cap, (int32_t)h);
}

void
fasttext_average(
    const struct fasttext *f, struct fasttext_scratch *s, struct str text)
{
	struct fasttext_words it = { text };
	struct str word;

	s->nid = s->nhash = 0;
	while (fasttext_words_next(&it, &word))
		push_counting(f, s, word);
	push_counting(f, s, STR(FASTTEXT_END));
	push_ngrams(f, s);
	memset(s->hidden, 0, (size_t)f->dim * sizeof(*s->hidden));
	sum_rows(f, s, s->hidden);
	divide(f, s, s->nid);
}

/* fastText's table of the logistic function, by formula. */
static float
sigmoid(float x)
{
	int i;

	if (x < -8)
		return 0;
	if (x > 8)
		return 1;
	i = (int)((x + 8) * 512 / 8 / 2);
	return (float)(1.0 / (1.0 + exp(-((double)(i * 16) / 512 - 8))));
}

/*
 * Where fastText takes that table, a sum's last bit may turn a step of it, so
 * that sums have to be in its order: term by term, row by row.
 */
static bool
in_steps(const struct fasttext *f)
{
	return f->loss == LOSS_OVA || f->loss == LOSS_NS;
}

static void
softmax(float *v, int32_t n)
{
	float max = v[0], sum = 0;
	int32_t i;

	for (i = 1; i < n; i++)
		max = v[i] > max ? v[i] : max;
	for (i = 0; i < n; i++)
		sum += v[i] = (float)exp((double)(v[i] - max));
	for (i = 0; i < n; i++)
		v[i] /= sum;
}

/* Probabilities of all labels into s->output. */
static void
score_labels(const struct fasttext *f, struct fasttext_scratch *s)
{
	int32_t i;

	for (i = 0; i < f->nlabels; i++)
		s->output[i] =
		    fasttext_dot_row(&f->out, i, s->hidden, in_steps(f));
	if (f->loss == LOSS_SOFTMAX) {
		softmax(s->output, f->nlabels);
		return;
	}
	for (i = 0; i < f->nlabels; i++)
		s->output[i] = sigmoid(s->output[i]);
}

/* fastText adds this to every probability that it takes the logarithm of. */
#define FLOOR 1e-5

static float
log_of(float p)
{
	return (float)log((double)p + FLOOR);
}

static size_t
child(const struct fasttext_guess *v, size_t at)
{
	size_t right = 2 * at + 2;

	return v[right].p > v[right - 1].p ? right - 1 : right;
}

static void
sift_up(struct fasttext_guess *v, size_t hole, struct fasttext_guess x)
{
	for (; hole > 0 && v[(hole - 1) / 2].p > x.p; hole = (hole - 1) / 2)
		v[hole] = v[(hole - 1) / 2];
	v[hole] = x;
}

/* Move the least of the n guesses behind the others. */
static void
pop_least(struct fasttext_guess *v, size_t n)
{
	struct fasttext_guess x = v[n - 1];
	size_t hole = 0, left = n - 1, next;

	v[n - 1] = v[0];
	while (2 * hole + 2 < left) {
		next = child(v, hole);
		v[hole] = v[next];
		hole = next;
	}
	if (2 * hole + 2 == left) {
		v[hole] = v[left - 1];
		hole = left - 1;
	}
	sift_up(v, hole, x);
}

/*
 * The k best as a heap, by logarithm.  Of equals one would do as well as the
 * other; which stays, and in what order, is as with fastText's heap.
 */
static void
insert(struct fasttext_guess *v, size_t *n, size_t k, size_t label, float p)
{
	if (*n == k && p < v[0].p)
		return;
	sift_up(v, (*n)++, (struct fasttext_guess){ label, p });
	if (*n > k)
		pop_least(v, (*n)--);
}

/* The best first, as probabilities. */
static void
sort_guesses(struct fasttext_guess *v, size_t n)
{
	size_t left, i;

	for (left = n; left > 1; left--)
		pop_least(v, left);
	for (i = 0; i < n; i++) {
		v[i].p = exp(v[i].p);
		if (v[i].p > 1)
			v[i].p = 1;
	}
}

static float
logistic(float x)
{
	return (float)(1 / (1 + exp(-(double)x)));
}

enum { TREE_DEPTH = 4096 };

/*
 * The best leaves of the tree: a walk that leaves out what is worse than the
 * k-th so far.  Each step pushes at most one node more than it takes; a tree
 * deeper than the stack would take more labels than counts can make.
 */
static void
walk_tree(const struct fasttext *f, const struct fasttext_scratch *s, size_t k,
    struct fasttext_guess *out, size_t *n)
{
	struct {
		int32_t node;
		float p;
	} stack[TREE_DEPTH];
	size_t depth = 0;

	stack[depth].node = 2 * f->nlabels - 2;
	stack[depth++].p = 0;
	while (depth) {
		int32_t node = stack[--depth].node;
		const struct fasttext_node *t = &f->tree[node];
		float p = stack[depth].p, right;

		if (*n == k && p < out[0].p)
			continue;
		if (t->left < 0) {
			insert(out, n, k, (size_t)node, p);
			continue;
		}
		if (depth + 2 > TREE_DEPTH)
			continue;
		right = logistic(fasttext_dot_row(
		    &f->out, node - f->nlabels, s->hidden, false));
		stack[depth].node = t->right;
		stack[depth++].p = p + log_of(right);
		stack[depth].node = t->left;
		stack[depth++].p = p + log_of(1 - right);
	}
}

static int
prepare(const struct fasttext *f, struct fasttext_scratch *s, struct err *e)
{
	if (!s->hidden)
		s->hidden = malloc((size_t)f->dim * sizeof(*s->hidden));
	if (!s->output)
		s->output = malloc((size_t)f->nlabels * sizeof(*s->output));
	if (!s->cache) {
		s->cached = CACHE_BYTES / cached_size(f) + 16;
		s->cache = calloc(s->cached + 1, cached_size(f));
	}
	s->failed = 0;
	return s->hidden && s->output && s->cache
		   ? 0
		   : err_nomem(e, "a classifier");
}

int
fasttext_guess(const struct fasttext *f, struct fasttext_scratch *s,
    struct str text, size_t k, struct fasttext_guess *guesses, size_t *n,
    struct err *e)
{
	size_t i;

	*n = 0;
	if (prepare(f, s, e) < 0)
		return e->code;
	if (in_steps(f)) {
		fasttext_average(f, s, text);
		s->nrow = s->nid;
	} else {
		average(f, s, text);
	}
	if (s->failed)
		return err_nomem(e, "a text");
	if (s->nrow == 0 || k == 0)
		return 0;
	if (f->loss == LOSS_HS) {
		walk_tree(f, s, k, guesses, n);
	} else {
		score_labels(f, s);
		for (i = 0; i < (size_t)f->nlabels; i++)
			insert(guesses, n, k, i, log_of(s->output[i]));
	}
	sort_guesses(guesses, *n);
	return 0;
}
