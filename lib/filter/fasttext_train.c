/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <omp.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "filter/fasttext_model.h"
#include "filter/fasttext_train.h"
#include "filter/fasttext_vocab.h"
#include "io/stream.h"

struct sample {
	size_t text, n; /* bytes in t->texts */
	uint32_t label; /* as first met */
};

struct fasttext_train {
	struct fasttext_vocab words, labels;
	struct buf texts, samples, spare;
	struct fasttext f;
	struct fasttext_train_opts o;
	uint32_t *rank; /* of a label as first met */
	float *in, *out;
	int64_t tokens;
};

struct fasttext_train *
fasttext_train_new(void)
{
	return calloc(1, sizeof(struct fasttext_train));
}

void
fasttext_train_free(struct fasttext_train *t)
{
	if (!t)
		return;
	fasttext_vocab_free(&t->words);
	fasttext_vocab_free(&t->labels);
	buf_free(&t->texts);
	buf_free(&t->samples);
	buf_free(&t->spare);
	free(t->f.words);
	free(t->f.slots);
	free(t->f.tree);
	free(t->rank);
	free(t->in);
	free(t->out);
	free(t);
}

int
fasttext_train_add(
    struct fasttext_train *t, struct str text, struct str label, struct err *e)
{
	struct sample s = { t->texts.n, text.n, 0 };
	struct fasttext_words it = { text };
	struct str word;
	size_t i;

	for (i = 0; i < label.n; i++)
		if (fasttext_parts(label.p[i]))
			return err_set(e, ERR_FORMAT,
			    "the label '%.*s' has white space in it",
			    label.n < 64 ? (int)label.n : 64, label.p);
	while (fasttext_words_next(&it, &word)) {
		t->tokens++;
		if (!str_starts(word, STR(FASTTEXT_LABEL)))
			fasttext_vocab_add(&t->words, word);
	}
	t->tokens++;
	fasttext_vocab_add(&t->words, STR(FASTTEXT_END));
	buf_clear(&t->spare);
	buf_puts(&t->spare, FASTTEXT_LABEL);
	buf_str(&t->spare, label);
	s.label = fasttext_vocab_add(&t->labels, buf_view(&t->spare));
	buf_str(&t->texts, text);
	buf_put(&t->samples, &s, sizeof(s));
	return t->words.failed || t->labels.failed || t->texts.oom ||
		       t->samples.oom || t->spare.oom
		   ? err_nomem(e, "texts to train on")
		   : 0;
}

/* Words that are met often enough, then labels, each by falling counts. */
static int
make_words(struct fasttext_train *t, struct err *e)
{
	struct fasttext *f = &t->f;
	size_t i, n;

	fasttext_vocab_sort(&t->words);
	fasttext_vocab_sort(&t->labels);
	for (n = 0; n < t->words.n && t->words.v[n].count >= t->o.min_count;)
		n++;
	f->nwords = (int32_t)n;
	f->nlabels = (int32_t)t->labels.n;
	f->words = calloc(n + t->labels.n, sizeof(*f->words));
	t->rank = calloc(t->labels.n, sizeof(*t->rank));
	if (!f->words || !t->rank)
		return err_nomem(e, "a model");
	for (i = 0; i < n; i++)
		f->words[i] = (struct fasttext_word){ t->words.v[i].s,
			t->words.v[i].count };
	for (i = 0; i < t->labels.n; i++) {
		f->words[n + i] = (struct fasttext_word){ t->labels.v[i].s,
			t->labels.v[i].count };
		t->rank[t->labels.v[i].first] = (uint32_t)i;
	}
	return fasttext_make_slots(f, e);
}

static int
make_weights(struct fasttext_train *t, struct err *e)
{
	struct fasttext *f = &t->f;
	int64_t rows = (int64_t)f->nwords + f->bucket, i;

	t->in = calloc((size_t)rows * (size_t)f->dim, sizeof(float));
	t->out = calloc((size_t)f->nlabels * (size_t)f->dim, sizeof(float));
	if (!t->in || !t->out)
		return err_nomem(e, "a model");
#pragma omp parallel for num_threads(t->o.threads)
	for (i = 0; i < rows * f->dim; i++)
		t->in[i] = ((float)(mix64(t->o.seed + (uint64_t)i) >> 40) /
				   (float)(1 << 23) -
			       1) /
			   (float)f->dim;
	f->in = (struct fasttext_matrix){
		.rows = rows, .cols = f->dim, .data = (const char *)t->in
	};
	f->out = (struct fasttext_matrix){
		.rows = f->nlabels, .cols = f->dim, .data = (const char *)t->out
	};
	return t->o.hs ? fasttext_make_tree(f, e) : 0;
}

/* A row of the output and how far it is to move along the hidden vector. */
struct move {
	int32_t row;
	float by;
};

/* What a sample of a batch has come to. */
struct step {
	struct fasttext_scratch s; /* ids: the rows; hidden: their average */
	float *grad;               /* of the average */
	struct move *moves;
	int32_t nmoves;
};

static void
move_row(const struct fasttext *f, struct step *x, int32_t row, float by)
{
	const float *w =
	    (const float *)(const void *)f->out.data + (int64_t)row * f->dim;
	int32_t k;

	x->moves[x->nmoves++] = (struct move){ row, by };
#pragma omp simd
	for (k = 0; k < f->dim; k++)
		x->grad[k] += by * w[k];
}

static void
softmax_step(const struct fasttext *f, struct step *x, int32_t label, float lr)
{
	float *p = x->s.output, max, sum = 0;
	int32_t k;

	for (k = 0; k < f->nlabels; k++)
		p[k] = fasttext_dot_row(&f->out, k, x->s.hidden, false);
	for (max = p[0], k = 1; k < f->nlabels; k++)
		max = p[k] > max ? p[k] : max;
	for (k = 0; k < f->nlabels; k++)
		sum += p[k] = expf(p[k] - max);
	for (k = 0; k < f->nlabels; k++)
		move_row(f, x, k, lr * ((float)(k == label) - p[k] / sum));
}

/* Along the path from the leaf to the root, right turns are ones. */
static void
tree_step(const struct fasttext *f, struct step *x, int32_t label, float lr)
{
	int32_t node = label, up;
	float p;

	for (; (up = f->tree[node].parent) >= 0; node = up) {
		p = 1 / (1 + expf(-fasttext_dot_row(&f->out, up - f->nlabels,
				 x->s.hidden, false)));
		move_row(f, x, up - f->nlabels,
		    lr * ((float)(f->tree[up].right == node) - p));
	}
}

/* Everything that a sample wants changed; changes nothing. */
static void
find_step(
    const struct fasttext_train *t, size_t sample, struct step *x, float lr)
{
	const struct fasttext *f = &t->f;
	const struct sample *s =
	    (const struct sample *)(const void *)t->samples.p + sample;
	int32_t label = (int32_t)t->rank[s->label], k;

	x->nmoves = 0;
	fasttext_average(f, &x->s, (struct str){ t->texts.p + s->text, s->n });
	if (x->s.failed || x->s.nid == 0)
		return;
	memset(x->grad, 0, (size_t)f->dim * sizeof(*x->grad));
	if (t->o.hs)
		tree_step(f, x, label, lr);
	else
		softmax_step(f, x, label, lr);
	for (k = 0; k < f->dim; k++)
		x->grad[k] /= (float)x->s.nid;
}

static void
add_scaled(float *restrict to, const float *restrict v, float by, int32_t n)
{
	int32_t k;

#pragma omp simd
	for (k = 0; k < n; k++)
		to[k] += by * v[k];
}

/* Thread me of n moves the rows that are its own, in the samples' order. */
static void
take_steps(
    struct fasttext_train *t, const struct step *x, size_t steps, int me, int n)
{
	int64_t dim = t->f.dim;
	size_t i, k;

	for (i = 0; i < steps; i++, x++) {
		for (k = 0; k < (size_t)x->nmoves; k++)
			if (x->moves[k].row % n == me)
				add_scaled(t->out + x->moves[k].row * dim,
				    x->s.hidden, x->moves[k].by, t->f.dim);
		for (k = 0; x->nmoves && k < x->s.nid; k++)
			if (x->s.ids[k] % n == me)
				add_scaled(t->in + x->s.ids[k] * dim, x->grad,
				    1, t->f.dim);
	}
}

static void
shuffle_samples(uint32_t *order, size_t n, uint64_t seed)
{
	uint32_t x;
	size_t i, k;

	for (i = n; i > 1; i--) {
		k = mix64(seed * UINT64_C(0x9e3779b97f4a7c15) + i) % i;
		x = order[i - 1];
		order[i - 1] = order[k];
		order[k] = x;
	}
}

static void
run_epoch(struct fasttext_train *t, struct step *x, uint32_t *order, size_t n,
    int epoch)
{
	size_t all = n * (size_t)t->o.epochs, done = n * (size_t)epoch;

	shuffle_samples(order, n, t->o.seed + (uint64_t)epoch);
#pragma omp parallel num_threads(t->o.threads)
	{
		size_t at, i, batch;

		for (at = 0; at < n; at += batch) {
			float lr = (float)(t->o.lr * (1 - (double)(done + at) /
							      (double)all));

			batch =
			    n - at < FASTTEXT_BATCH ? n - at : FASTTEXT_BATCH;
#pragma omp for schedule(dynamic, 1)
			for (i = 0; i < batch; i++)
				find_step(t, order[at + i], &x[i], lr);
			take_steps(t, x, batch, omp_get_thread_num(),
			    omp_get_num_threads());
#pragma omp barrier
		}
	}
}

static bool
steps_ready(const struct fasttext *f, struct step *x)
{
	int i;
	bool ok = true;

	for (i = 0; i < FASTTEXT_BATCH; i++) {
		x[i].s.hidden = calloc((size_t)f->dim, sizeof(float));
		x[i].s.output = calloc((size_t)f->nlabels, sizeof(float));
		x[i].grad = calloc((size_t)f->dim, sizeof(float));
		x[i].moves = calloc((size_t)f->nlabels, sizeof(*x[i].moves));
		ok &= x[i].s.hidden && x[i].s.output && x[i].grad && x[i].moves;
	}
	return ok;
}

static int
teach(struct fasttext_train *t, struct err *e)
{
	struct step x[FASTTEXT_BATCH] = { 0 };
	size_t n = t->samples.n / sizeof(struct sample), i;
	uint32_t *order = malloc((n + 1) * sizeof(*order));
	bool failed = !order || !steps_ready(&t->f, x);
	int epoch;

	for (i = 0; order && i < n; i++)
		order[i] = (uint32_t)i;
	for (epoch = 0; !failed && epoch < t->o.epochs; epoch++)
		run_epoch(t, x, order, n, epoch);
	for (i = 0; i < FASTTEXT_BATCH; i++) {
		failed |= x[i].s.failed;
		fasttext_scratch_free(&x[i].s);
		free(x[i].grad);
		free(x[i].moves);
	}
	free(order);
	return failed ? err_nomem(e, "training") : 0;
}

static int
check_opts(const struct fasttext_train_opts *o, struct err *e)
{
	if (o->dim < 1 || o->dim > 4096)
		return err_set(e, ERR_ARG, "--dim: 1 to 4096");
	if (o->minn > o->maxn || o->maxn > 32)
		return err_set(
		    e, ERR_ARG, "--minn and --maxn: at most 32, in order");
	if (o->word_ngrams > 16)
		return err_set(e, ERR_ARG, "--word-ngrams: at most 16");
	if ((o->maxn > 0 || o->word_ngrams > 1) && o->bucket < 1)
		return err_set(e, ERR_ARG, "n-grams need a --bucket");
	if (!(o->lr > 0 && o->lr <= 100))
		return err_set(e, ERR_ARG, "--lr: above 0, at most 100");
	return 0;
}

int
fasttext_train_run(struct fasttext_train *t,
    const struct fasttext_train_opts *o, const struct fasttext **f,
    struct err *e)
{
	t->o = *o;
	if (check_opts(o, e) < 0)
		return e->code;
	if (t->labels.n < 2 || t->samples.n / sizeof(struct sample) > INT32_MAX)
		return err_set(e, ERR_FORMAT,
		    "%zu labels in %zu documents: two labels are needed, and "
		    "at most 2^31 documents",
		    t->labels.n, t->samples.n / sizeof(struct sample));
	t->f = (struct fasttext){ .dim = o->dim,
		.word_ngrams = o->word_ngrams,
		.minn = o->minn,
		.maxn = o->maxn,
		.bucket = o->maxn > 0 || o->word_ngrams > 1 ? o->bucket : 0,
		.loss = o->hs ? LOSS_HS : LOSS_SOFTMAX,
		.pruned = -1 };
	if (make_words(t, e) < 0 || make_weights(t, e) < 0 || teach(t, e) < 0)
		return e->code;
	*f = &t->f;
	return 0;
}

static void
put_i32(struct buf *b, int64_t v)
{
	int32_t x = (int32_t)v;

	buf_put(b, &x, 4);
}

static void
put_i64(struct buf *b, int64_t v)
{
	buf_put(b, &v, 8);
}

/* As fasttext_load.c reads it. */
static void
put_head(const struct fasttext_train *t, struct buf *b)
{
	const struct fasttext *f = &t->f;
	const int32_t args[] = { FASTTEXT_MAGIC, 12, f->dim, 5, t->o.epochs,
		t->o.min_count, 5, f->word_ngrams, (int32_t)f->loss, 3,
		f->bucket, f->minn, f->maxn, 100 };
	double sampling = 1e-4;
	int32_t i;

	buf_put(b, args, sizeof(args));
	buf_put(b, &sampling, 8);
	put_i32(b, (int64_t)f->nwords + f->nlabels);
	put_i32(b, f->nwords);
	put_i32(b, f->nlabels);
	put_i64(b, t->tokens);
	put_i64(b, -1);
	for (i = 0; i < f->nwords + f->nlabels; i++) {
		buf_str(b, f->words[i].s);
		buf_putc(b, 0);
		put_i64(b, f->words[i].count);
		buf_putc(b, i >= f->nwords);
	}
}

static int
write_matrix(struct buf *b, struct out *out, const struct fasttext_matrix *m,
    struct err *e)
{
	buf_putc(b, 0); /* not quantised */
	put_i64(b, m->rows);
	put_i64(b, m->cols);
	if (buf_ok(b, e) < 0 || out_write(out, b->p, b->n, e) < 0)
		return e->code;
	buf_clear(b);
	return out_write(
	    out, m->data, 4 * (size_t)m->rows * (size_t)m->cols, e);
}

int
fasttext_train_write(
    const struct fasttext_train *t, struct out *out, struct err *e)
{
	struct buf b = { 0 };
	int rc;

	put_head(t, &b);
	rc = write_matrix(&b, out, &t->f.in, e);
	if (rc == 0)
		rc = write_matrix(&b, out, &t->f.out, e);
	buf_free(&b);
	return rc;
}
