/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "filter/lang_net.h"
#include "filter/lang_train.h"

/* Rows are kept as whole hashes, of which a group takes the first few bits. */
enum { MAX_ROWS_BITS = 17, CODES = 1024, WIDTH_STEP = 16 };

/*
 * A weight's unit, and how evidence grows with length: n^0.7, since neighbours
 * tell much the same.
 */
#define SCALE 0.22f
#define POWER 0.3f

/*
 * Languages with few texts get them repeated, at most so many times, up to this
 * share of what the language with most has: else they would hardly be guessed.
 */
enum { MOST_REPEATS = 8, SHARE = 4 };

struct example {
	uint32_t word, words; /* in t->words; one more word marks the end */
	uint16_t code;
	uint16_t script;
};

struct lang_train {
	struct buf rows;     /* uint32_t each */
	struct buf words;    /* uint64_t each: its first row */
	struct buf examples; /* struct example each */
	struct buf spare;    /* words of the text at hand */
	char codes[CODES][4];
	unsigned ncodes;
	struct lang_chars chars;
};

static struct lang_grams
grams_of(unsigned script)
{
	if (strcmp(lang_script(script)->name, "Hani") == 0)
		return (struct lang_grams){ 1, 3, LANG_HASH };
	return (struct lang_grams){ 2, LANG_GRAM, LANG_HASH };
}

struct lang_train *
lang_train_new(void)
{
	struct lang_train *t = calloc(1, sizeof(*t));

	if (t)
		lang_chars_init(&t->chars);
	return t;
}

void
lang_train_free(struct lang_train *t)
{
	if (!t)
		return;
	buf_free(&t->rows);
	buf_free(&t->words);
	buf_free(&t->examples);
	buf_free(&t->spare);
	free(t);
}

/* The number of a code, a new one if need be; < 0 if it can be none. */
static int
code_number(struct lang_train *t, struct str code)
{
	unsigned i;

	if (code.n < 2 || code.n > 3 || !memcmp(code.p, "und", code.n))
		return -1;
	for (i = 0; i < code.n; i++)
		if (code.p[i] < 'a' || code.p[i] > 'z')
			return -1;
	for (i = 0; i < t->ncodes; i++)
		if (str_eq(str_c(t->codes[i]), code))
			return (int)i;
	if (t->ncodes == CODES)
		return -1;
	memcpy(t->codes[t->ncodes], code.p, code.n);
	return (int)t->ncodes++;
}

/* All words to t->spare; the script of most bytes, 0 if there are no words. */
static unsigned
scan_words(struct lang_train *t, struct str text)
{
	struct lang_scan scan;
	size_t bytes[LANG_SCRIPTS] = { 0 };
	struct lang_word w;
	unsigned i, most = 0;

	buf_clear(&t->spare);
	lang_scan_init(&scan, &t->chars, text);
	while (lang_scan_next(&scan, &w)) {
		bytes[w.script] += w.bytes;
		buf_put(&t->spare, &w, sizeof(w));
	}
	for (i = 1; i < LANG_SCRIPTS; i++)
		if (bytes[i] > bytes[most])
			most = i;
	return most;
}

static void
mark_word(struct lang_train *t)
{
	uint64_t at = t->rows.n / sizeof(uint32_t);

	buf_put(&t->words, &at, sizeof(at));
}

int
lang_train_add(
    struct lang_train *t, struct str text, struct str code, struct err *e)
{
	int number = code_number(t, code);
	unsigned script = scan_words(t, text);
	struct example x = { .word = (uint32_t)(t->words.n / sizeof(uint64_t)),
		.code = (uint16_t)number,
		.script = (uint16_t)script };
	const struct lang_word *w = (const void *)t->spare.p;
	size_t i;

	if (number < 0)
		return err_set(e, ERR_FORMAT,
		    "'%.*s' is no code of ISO 639, or one too many",
		    code.n < 64 ? (int)code.n : 64, code.p);
	if (!script)
		return 0;
	for (i = 0; i < t->spare.n / sizeof(*w); i++) {
		uint32_t rows[LANG_ROWS];

		if (w[i].script != script)
			continue;
		mark_word(t);
		buf_put(&t->rows, rows,
		    sizeof(*rows) *
			lang_word_rows(&w[i], grams_of(script), rows));
		x.words++;
	}
	mark_word(t);
	buf_put(&t->examples, &x, sizeof(x));
	if (t->words.n / sizeof(uint64_t) > UINT32_MAX)
		return err_set(e, ERR_FORMAT, "too many words to train on");
	return t->rows.oom || t->words.oom || t->examples.oom || t->spare.oom
		   ? err_nomem(e, "texts to train on")
		   : 0;
}

/* The training of one script. */
struct lesson {
	const struct lang_train *t;
	const struct lang_train_opts *o;
	struct lang_group *g;
	const struct example **order;
	size_t n;
	uint8_t class[CODES]; /* 1 + class of a code */
	size_t repeats[LANG_CLASSES];
	float *weights; /* (1 << bits, width) */
	float *squares; /* (1 << bits) */
	uint64_t random;
};

static uint64_t
draw(struct lesson *l, uint64_t below)
{
	l->random += UINT64_C(0x9e3779b97f4a7c15);
	return mix64(l->random) % below;
}

static void
shuffle(struct lesson *l)
{
	const struct example *x;
	size_t i, k;

	for (i = l->n; i > 1; i--) {
		k = draw(l, i);
		x = l->order[i - 1];
		l->order[i - 1] = l->order[k];
		l->order[k] = x;
	}
}

/*
 * Which words of the example to learn from: of four long texts three are cut,
 * mostly to a few words.
 */
static void
choose_words(
    struct lesson *l, const struct example *x, uint32_t *from, uint32_t *n)
{
	uint32_t most;

	*from = x->word;
	*n = x->words;
	if (x->words <= LANG_TRAIN_SHORT || draw(l, 4) == 0)
		return;
	most = draw(l, 4) ? LANG_TRAIN_SHORT : 3 * LANG_TRAIN_SHORT;
	most = 1 + (uint32_t)draw(l, most);
	if (most >= x->words)
		return;
	*n = most;
	*from += (uint32_t)draw(l, x->words - most + 1);
}

/* z: the probabilities of all classes, less 1 for the right one. */
static void
softmax_error(const struct lang_group *g, float *z, unsigned right)
{
	float max = z[0], sum = 0;
	unsigned k;

	for (k = 1; k < g->n; k++)
		max = z[k] > max ? z[k] : max;
	for (k = 0; k < g->n; k++)
		sum += z[k] = expf(z[k] - max);
	for (k = 0; k < g->n; k++)
		z[k] /= sum;
	for (; k < g->width; k++)
		z[k] = 0;
	z[right] -= 1;
}

static void
add_to(float *restrict z, const float *restrict w, float a, unsigned width)
{
	unsigned k;

	width = width / WIDTH_STEP * WIDTH_STEP;
#pragma omp simd
	for (k = 0; k < width; k++)
		z[k] += a * w[k];
}

static void
learn(struct lesson *l, const struct example *x, float lr)
{
	struct lang_group *g = l->g;
	const uint64_t *words = (const void *)l->t->words.p;
	const uint32_t *rows = (const void *)l->t->rows.p;
	unsigned shift = LANG_HASH - g->grams.bits, k;
	float z[LANG_CLASSES] = { 0 }, scale, square = 0, rate;
	uint32_t from, n;
	uint64_t i, end;
	size_t row;

	choose_words(l, x, &from, &n);
	end = words[from + n];
	for (i = words[from]; i < end; i++)
		add_to(z, l->weights + (size_t)(rows[i] >> shift) * g->width, 1,
		    g->width);
	scale = 1 / powf((float)(end - words[from] + 1), g->power);
	for (k = 0; k < g->n; k++)
		z[k] = z[k] * scale + g->bias[k];
	softmax_error(g, z, l->class[x->code] - 1u);
	for (k = 0; k < g->n; k++) {
		square += z[k] * z[k];
		g->bias[k] -= lr / 100 * z[k];
	}
	for (i = words[from]; i < end; i++) {
		row = rows[i] >> shift;
		l->squares[row] += square * scale * scale;
		rate = lr * scale / sqrtf(l->squares[row] + 0.1f);
		add_to(l->weights + row * g->width, z, -rate, g->width);
	}
}

/* Weights to bytes; what all classes of a row share decides nothing. */
static void
round_weights(struct lesson *l)
{
	struct lang_group *g = l->g;
	size_t row;
	unsigned k;

	for (row = 0; row < (size_t)1 << g->grams.bits; row++) {
		const float *w = l->weights + row * g->width;
		float mean = 0, v;

		for (k = 0; k < g->n; k++)
			mean += w[k] / (float)g->n;
		for (k = 0; k < g->n; k++) {
			v = nearbyintf((w[k] - mean) / g->scale);
			v = v > LANG_MOST ? LANG_MOST : v;
			v = v < -LANG_MOST ? -LANG_MOST : v;
			g->rows[row * g->width + k] = (int8_t)v;
		}
	}
}

static int
teach(struct lesson *l)
{
	size_t rows = (size_t)1 << l->g->grams.bits, i, step = 0;
	size_t steps = l->o->epochs * l->n;
	unsigned epoch;

	l->random = l->o->seed + l->g->script;
	l->weights = calloc(rows * l->g->width, sizeof(*l->weights));
	l->squares = calloc(rows, sizeof(*l->squares));
	if (!l->weights || !l->squares)
		return ERR_NOMEM;
	for (epoch = 0; epoch < l->o->epochs; epoch++) {
		shuffle(l);
		for (i = 0; i < l->n; i++, step++)
			learn(l, l->order[i],
			    (float)(l->o->lr *
				    (1 - (double)step / (double)steps)));
	}
	round_weights(l);
	return 0;
}

/* Classes of a script: the codes with the most texts, in the codes' order. */
static unsigned
choose_classes(struct lesson *l, unsigned script, char code[][4])
{
	const struct example *x = (const void *)l->t->examples.p;
	size_t all = l->t->examples.n / sizeof(*x), i, least = LANG_TRAIN_LEAST;
	size_t texts[CODES] = { 0 };
	unsigned n = LANG_CLASSES + 1, k;

	for (i = 0; i < all; i++)
		texts[x[i].code] += x[i].script == script;
	for (; n > LANG_CLASSES; least++)
		for (n = k = 0; k < l->t->ncodes; k++)
			n += texts[k] >= least;
	for (n = k = 0; k < l->t->ncodes; k++) {
		if (texts[k] < least - 1)
			continue;
		memcpy(code[n++], l->t->codes[k], 4);
		l->class[k] = (uint8_t)n;
	}
	return n;
}

/* How often each class's examples are repeated; returns the sum over all. */
static size_t
count_repeats(struct lesson *l, const size_t *texts, unsigned n)
{
	size_t most = 0, all = 0, r;
	unsigned k;

	for (k = 0; k < n; k++)
		most = texts[k] > most ? texts[k] : most;
	for (k = 0; k < n; k++) {
		r = most / (SHARE * texts[k]);
		l->repeats[k] = r < 1 ? 1 : r > MOST_REPEATS ? MOST_REPEATS : r;
		all += l->repeats[k] * texts[k];
	}
	return all;
}

/* The script's examples; *grams: how many n-grams they hold. */
static int
take_examples(struct lesson *l, unsigned script, unsigned n, size_t *grams)
{
	const struct example *x = (const void *)l->t->examples.p, *end;
	const uint64_t *words = (const void *)l->t->words.p;
	size_t texts[LANG_CLASSES] = { 0 }, k;

	end = x + l->t->examples.n / sizeof(*x);
	for (; x < end; x++)
		if (x->script == script && l->class[x->code])
			texts[l->class[x->code] - 1]++;
	l->order = malloc((count_repeats(l, texts, n) + 1) * sizeof(*l->order));
	if (!l->order)
		return ERR_NOMEM;
	for (x = (const void *)l->t->examples.p; x < end; x++) {
		if (x->script != script || !l->class[x->code])
			continue;
		for (k = 0; k < l->repeats[l->class[x->code] - 1]; k++)
			l->order[l->n++] = x;
		*grams += words[x->word + x->words] - words[x->word];
	}
	return 0;
}

/* 64 n-grams of the texts a row; 1 << 10 rows at least. */
static uint8_t
bits_for(size_t grams)
{
	uint8_t bits = 10;

	while (bits < MAX_ROWS_BITS && (size_t)64 << bits < grams)
		bits++;
	return bits;
}

/* Prepare a script: *g stays NULL if too few texts are in it. */
static int
lesson_open(struct lesson *l, unsigned script)
{
	char code[LANG_CLASSES][4];
	unsigned n = choose_classes(l, script, code);
	struct lang_grams grams = grams_of(script);
	size_t all = 0;

	if (n == 0)
		return 0;
	if (take_examples(l, script, n, &all) < 0)
		return ERR_NOMEM;
	grams.bits = bits_for(all);
	l->g = lang_group_new(script, n, grams);
	if (!l->g)
		return ERR_NOMEM;
	l->g->scale = SCALE;
	l->g->power = POWER;
	memcpy(l->g->code, code, sizeof(code));
	return 0;
}

static void
lesson_close(struct lesson *l)
{
	free(l->order);
	free(l->weights);
	free(l->squares);
}

int
lang_train_run(struct lang_train *t, const struct lang_train_opts *o,
    struct langid **out, struct err *e)
{
	struct langid *m = calloc(1, sizeof(*m));
	int rc = m ? 0 : ERR_NOMEM, trained = 0, i;

#pragma omp parallel for schedule(dynamic, 1) num_threads(o->threads) \
    reduction(+ : trained)
	for (i = 1; i < LANG_SCRIPTS; i++) {
		struct lesson l = { .t = t, .o = o };
		int bad = ERR_NOMEM;

		if (m && lang_script((unsigned)i))
			bad = lesson_open(&l, (unsigned)i);
		if (bad == 0 && l.g && l.g->n > 1)
			bad = teach(&l);
		if (m)
			m->groups[i] = l.g;
		trained += l.g != NULL;
		lesson_close(&l);
		if (bad < 0 && lang_script((unsigned)i)) {
#pragma omp atomic write
			rc = bad;
		}
	}
	if (rc == 0 && trained) {
		m->chars = t->chars;
		*out = m;
		return 0;
	}
	langid_free(m);
	return rc < 0 ? err_nomem(e, "training")
		      : err_set(e, ERR_FORMAT,
			    "no language has %d texts to train on",
			    LANG_TRAIN_LEAST);
}
