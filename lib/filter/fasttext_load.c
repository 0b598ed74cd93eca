/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/err.h"
#include "base/num.h"
#include "filter/fasttext_score.h"
#include "io/stream.h"

/*
 * The file, little-endian:
 *
 *	int32	magic, version (11 or 12)
 *	int32	dim, ws, epoch, minCount, neg, wordNgrams, loss, model, bucket,
 *		minn, maxn, lrUpdateRate
 *	double	t
 *	int32	words and labels, words, labels
 *	int64	tokens read in training, pairs of pruned buckets or -1
 *	a word or label each: bytes, 0, int64 count, int8 1 if a label
 *	a pair each: int32 bucket, int32 its row among those that are left
 *	int8	is the input quantised?
 *	matrix	input: a row a word, then a row a bucket
 *	int8	is the output quantised? (counts only if the input is)
 *	matrix	output: a row a label
 *
 * matrix: int64 rows, columns; float each.  Quantised: int8 are there norms?
 * int64 rows, columns; int32 codes; int8 each code; pq; with norms int8 a row,
 * pq.  pq: int32 dim, parts, width, last width; float each centroid.
 */
enum { MAX_DIM = 1 << 16 };

struct reader {
	const char *p, *end;
	struct err *e;
	bool bad;
};

static const char *
take(struct reader *r, uint64_t n)
{
	const char *p = r->p;

	if (r->bad || n > (uint64_t)(r->end - r->p)) {
		r->bad = true;
		return NULL;
	}
	r->p += n;
	return p;
}

static int32_t
take_i32(struct reader *r)
{
	const char *p = take(r, 4);
	int32_t v = 0;

	if (p)
		memcpy(&v, p, 4);
	return v;
}

static int64_t
take_i64(struct reader *r)
{
	const char *p = take(r, 8);
	int64_t v = 0;

	if (p)
		memcpy(&v, p, 8);
	return v;
}

static bool
take_bool(struct reader *r)
{
	const char *p = take(r, 1);

	return p && *p;
}

/* a * b * c bytes; too many for any file where the product doesn't fit. */
static const char *
take_array(struct reader *r, int64_t a, int64_t b, size_t c)
{
	size_t n, all;

	if (a < 0 || b < 0 || !num_mul((size_t)a, (size_t)b, &n) ||
	    !num_mul(n, c, &all)) {
		r->bad = true;
		return NULL;
	}
	return take(r, all);
}

static void
read_args(struct reader *r, struct fasttext *f, int32_t version)
{
	int32_t model;

	f->dim = take_i32(r);
	take(r, 4 * 4); /* ws, epoch, minCount, neg */
	f->word_ngrams = take_i32(r);
	f->loss = (enum fasttext_loss)take_i32(r);
	model = take_i32(r);
	f->bucket = take_i32(r);
	f->minn = take_i32(r);
	f->maxn = take_i32(r);
	take(r, 4 + 8); /* lrUpdateRate, t */
	if (version == 11)
		f->maxn = 0; /* they had no character n-grams */
	r->bad |= f->dim < 1 || f->dim > MAX_DIM || f->bucket < 0 ||
		  model != FASTTEXT_SUPERVISED || f->loss < LOSS_HS ||
		  f->loss > LOSS_OVA;
}

static void
read_word(struct reader *r, struct fasttext_word *w)
{
	const char *stop = r->bad || r->p == r->end
			       ? NULL
			       : memchr(r->p, 0, (size_t)(r->end - r->p));

	r->bad |= !stop;
	if (!stop)
		return;
	w->s = (struct str){ r->p, (size_t)(stop - r->p) };
	r->p = stop + 1;
	w->count = take_i64(r);
	take(r, 1);
}

/* A table for n keys, half empty; *mask gets its size less 1. */
static struct fasttext_slot *
new_slots(int64_t n, uint32_t *mask, struct err *e)
{
	struct fasttext_slot *slots;
	size_t size = 16;

	while (size < 2 * (uint64_t)n)
		size *= 2;
	slots = malloc(size * sizeof(*slots));
	if (!slots) {
		err_nomem(e, "a model");
		return NULL;
	}
	memset(slots, 0xff, size * sizeof(*slots));
	*mask = (uint32_t)(size - 1);
	return slots;
}

static void
add_slot(struct fasttext_slot *slots, uint32_t mask, uint32_t at, uint32_t key,
    int32_t value)
{
	for (at &= mask; slots[at].value >= 0; at = (at + 1) & mask)
		;
	slots[at] = (struct fasttext_slot){ key, value };
}

int
fasttext_make_slots(struct fasttext *f, struct err *e)
{
	int64_t id, all = (int64_t)f->nwords + f->nlabels;

	f->slots = new_slots(all, &f->mask, e);
	if (!f->slots)
		return e->code;
	for (id = 0; id < all; id++) {
		struct str s = f->words[id].s;
		uint32_t h = FASTTEXT_HASH_START;
		size_t k;

		for (k = 0; k < s.n; k++)
			h = fasttext_hash(h, s.p[k]);
		add_slot(f->slots, f->mask, h, h, (int32_t)id);
	}
	return 0;
}

int32_t
fasttext_find(const struct fasttext *f, struct str word, uint32_t hash)
{
	const struct fasttext_slot *s;
	uint32_t i;

	for (i = hash & f->mask; (s = &f->slots[i])->value >= 0;
	     i = (i + 1) & f->mask)
		if (s->key == hash && str_eq(f->words[s->value].s, word))
			return s->value;
	return -1;
}

/* Buckets are near each other, their products are not. */
static uint32_t
scatter(uint32_t bucket)
{
	bucket *= 0x9e3779b9u;
	return bucket ^ bucket >> 15;
}

int32_t
fasttext_left(const struct fasttext *f, uint32_t bucket)
{
	const struct fasttext_slot *s;
	uint32_t i;

	for (i = scatter(bucket) & f->left_mask; (s = &f->left[i])->value >= 0;
	     i = (i + 1) & f->left_mask)
		if (s->key == bucket)
			return s->value;
	return -1;
}

/* Which buckets are left, and where. */
static int
read_pruned(struct reader *r, struct fasttext *f, struct err *e)
{
	size_t n = f->pruned > 0 ? (size_t)f->pruned : 0, i;
	const char *p = take_array(r, (int64_t)n, 8, 1);
	int32_t pair[2];

	if (!p || f->pruned < 0)
		return 0;
	f->left = new_slots((int64_t)n, &f->left_mask, e);
	if (!f->left)
		return e->code;
	for (i = 0; i < n; i++) {
		memcpy(pair, p + 8 * i, 8);
		if (pair[1] < 0 || pair[1] >= INT32_MAX - f->nwords) {
			r->bad = true;
			return 0;
		}
		if (f->nwords + pair[1] > f->most_left)
			f->most_left = f->nwords + pair[1];
		add_slot(f->left, f->left_mask, scatter((uint32_t)pair[0]),
		    (uint32_t)pair[0], pair[1]);
	}
	return 0;
}

static int
read_words(struct reader *r, struct fasttext *f, struct err *e)
{
	int32_t all = take_i32(r), i;

	f->nwords = take_i32(r);
	f->nlabels = take_i32(r);
	take(r, 8);
	f->pruned = take_i64(r);
	/* A word is 10 bytes at least. */
	r->bad |= f->nwords < 0 || f->nlabels < 1 ||
		  (int64_t)f->nwords + f->nlabels != all ||
		  all > (r->end - r->p) / 10;
	if (r->bad)
		return 0;
	f->words = calloc((size_t)all, sizeof(*f->words));
	if (!f->words)
		return err_nomem(e, "a model");
	for (i = 0; i < all; i++)
		read_word(r, &f->words[i]);
	if (r->bad)
		return 0;
	return fasttext_make_slots(f, e) < 0 ? e->code : read_pruned(r, f, e);
}

static void
read_pq(struct reader *r, struct fasttext_pq *q)
{
	q->dim = take_i32(r);
	q->parts = take_i32(r);
	q->width = take_i32(r);
	q->last = take_i32(r);
	if (q->dim < 1 || q->dim > MAX_DIM || q->parts < 1 || q->width < 1 ||
	    q->last < 1 || q->width > MAX_DIM || q->parts > MAX_DIM ||
	    (int64_t)(q->parts - 1) * q->width + q->last != q->dim)
		r->bad = true;
	q->centroids = take_array(r, q->dim, 256, 4);
}

static void
read_matrix(struct reader *r, struct fasttext_matrix *m, bool quantised)
{
	bool norms = quantised && take_bool(r);
	int32_t codes;

	m->quantised = quantised;
	m->rows = take_i64(r);
	m->cols = take_i64(r);
	r->bad |= m->rows < 0 || m->cols < 0;
	if (!quantised) {
		m->data = take_array(r, m->rows, m->cols, 4);
		return;
	}
	codes = take_i32(r);
	m->codes = (const uint8_t *)take_array(r, codes, 1, 1);
	read_pq(r, &m->pq);
	r->bad |=
	    m->pq.dim != m->cols || r->bad || codes != m->rows * m->pq.parts;
	if (!norms)
		return;
	m->norms = (const uint8_t *)take_array(r, m->rows, 1, 1);
	read_pq(r, &m->npq);
}

/* Do the parts fit each other? */
static bool
is_sound(const struct fasttext *f)
{
	int64_t rows = f->nwords;

	if (f->pruned < 0)
		rows += f->bucket;
	else if (f->pruned > 0)
		rows = f->most_left + 1;
	rows = rows > f->nwords ? rows : f->nwords;
	return f->in.cols == f->dim && f->out.cols == f->dim &&
	       f->in.rows >= rows && f->out.rows >= f->nlabels;
}

/*
 * The Huffman tree over the labels' counts, which fall; ties go as in
 * fastText, since codes depend on them.
 */
int
fasttext_make_tree(struct fasttext *f, struct err *e)
{
	int32_t n = f->nlabels, leaf = n - 1, node = n, i, k, min[2];
	struct fasttext_node *t = calloc((size_t)n * 2, sizeof(*t));

	f->tree = t;
	if (!t)
		return err_nomem(e, "a model");
	for (i = 0; i < 2 * n; i++)
		t[i] = (struct fasttext_node){ INT64_C(1000000000000000), -1,
			-1, -1 };
	for (i = 0; i < n; i++)
		t[i].count = f->words[f->nwords + i].count;
	for (i = n; i < 2 * n - 1; i++) {
		for (k = 0; k < 2; k++)
			min[k] = leaf >= 0 && t[leaf].count < t[node].count
				     ? leaf--
				     : node++;
		if (min[0] >= i || min[1] >= i) /* counts beyond all bounds */
			return err_set(e, ERR_FORMAT, "labels without counts");
		t[i].left = min[0];
		t[i].right = min[1];
		t[min[0]].parent = t[min[1]].parent = i;
		if (__builtin_add_overflow(
			t[min[0]].count, t[min[1]].count, &t[i].count))
			return err_set(e, ERR_FORMAT, "labels without counts");
	}
	return 0;
}

static int
read_model(struct reader *r, struct fasttext *f, struct err *e)
{
	int32_t magic = take_i32(r), version = take_i32(r);
	bool quantised, out;

	if (r->bad || magic != FASTTEXT_MAGIC)
		return err_set(e, ERR_FORMAT, "no fastText model");
	if (version < 11 || version > 12)
		return err_set(e, ERR_FORMAT,
		    "a fastText model of version %d, not 11 or 12", version);
	read_args(r, f, version);
	if (r->bad)
		return err_set(
		    e, ERR_FORMAT, "no model of supervised fastText");
	if (read_words(r, f, e) < 0)
		return e->code;
	quantised = take_bool(r);
	read_matrix(r, &f->in, quantised);
	out = take_bool(r);
	read_matrix(r, &f->out, quantised && out);
	if (r->bad || !is_sound(f))
		return err_set(e, ERR_FORMAT,
		    "the fastText model is damaged or cut short");
	return f->loss == LOSS_HS ? fasttext_make_tree(f, e) : 0;
}

int
fasttext_parse(struct fasttext **out, struct str bytes, struct err *e)
{
	struct fasttext *f = calloc(1, sizeof(*f));
	struct reader r = { .p = bytes.p, .end = bytes.p + bytes.n };

	if (!f)
		return err_nomem(e, "a model");
	if (read_model(&r, f, e) < 0 || fasttext_score_open(f, e) < 0) {
		fasttext_free(f);
		return e->code;
	}
	*out = f;
	return 0;
}

int
fasttext_take(struct fasttext **f, char *p, size_t n, struct err *e)
{
	if (fasttext_parse(f, (struct str){ p, n }, e) < 0) {
		free(p);
		return e->code;
	}
	(*f)->bytes = p;
	return 0;
}

int
fasttext_load(struct fasttext **f, const char *path, struct err *e)
{
	char *p;
	size_t n;

	if (in_slurp(path, &p, &n, e) < 0)
		return e->code;
	return fasttext_take(f, p, n, e) < 0 ? err_prefix(e, "%s", path) : 0;
}

void
fasttext_free(struct fasttext *f)
{
	if (!f)
		return;
	free(f->words);
	free(f->slots);
	free(f->left);
	free(f->tree);
	free(f->bytes);
	fasttext_score_close(f);
	free(f);
}
