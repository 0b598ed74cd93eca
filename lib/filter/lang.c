/* SPDX-License-Identifier: MIT */
#if defined(__x86_64__)
#	include <immintrin.h>
#endif
#include <math.h>
#include <string.h>

#include "filter/lang_net.h"

enum { BATCH = 4, BATCHES = 256 /* of 4 x 31, fit 16 bits */ };

/* e^-30 adds nothing that a reader of the score would see. */
#define NEGLIGIBLE 30
#define DIGITS 1e4

/* Rows added up for one script. */
struct sums {
	int32_t total[LANG_CLASSES];
	int16_t part[LANG_CLASSES];
	unsigned batches; /* in part */
	uint64_t rows;
};

/* What a text has shown so far. */
struct evidence {
	uint64_t bytes[LANG_SCRIPTS];
	uint8_t at[LANG_SCRIPTS]; /* 1 + index of its sums */
	struct sums sums[8];
	unsigned nsums;
};

static void
flush(struct sums *s, unsigned width)
{
	unsigned k;

	for (k = 0; k < width; k++)
		s->total[k] += s->part[k];
	memset(s->part, 0, sizeof(s->part));
	s->batches = 0;
}

/* Add n rows, a multiple of BATCH. */
static void
add_plain(struct sums *s, const struct lang_group *g, const uint32_t *rows,
    unsigned n)
{
	unsigned i, k;

	for (i = 0; i < n; i++) {
		const int8_t *row = g->rows + (size_t)rows[i] * g->width;

#pragma omp simd
		for (k = 0; k < g->width; k++)
			s->part[k] = (int16_t)(s->part[k] + row[k]);
	}
}

#if defined(__x86_64__)
/* 32 columns of a batch: bytes added up first, then widened. */
#	define ADD_HALF(at, low, high) \
		v = _mm256_loadu_si256((const void *)(row[0] + (at))); \
		for (k = 1; k < BATCH; k++) \
			v = _mm256_add_epi8( \
			    v, _mm256_loadu_si256( \
				   (const void *)(row[k] + (at)))); \
		low = _mm256_add_epi16( \
		    low, _mm256_cvtepi8_epi16(_mm256_castsi256_si128(v))); \
		high = _mm256_add_epi16(high, \
		    _mm256_cvtepi8_epi16(_mm256_extracti128_si256(v, 1)))

/* The same for LANG_CLASSES columns, all of them in registers. */
__attribute__((target("avx2"), optimize("unroll-loops"))) static void
add_avx2(struct sums *s, const struct lang_group *g, const uint32_t *rows,
    unsigned n)
{
	__m256i *part = (__m256i *)s->part, v, a, b, c, d;
	const int8_t *row[BATCH];
	unsigned i, k;

	a = _mm256_loadu_si256(part);
	b = _mm256_loadu_si256(part + 1);
	c = _mm256_loadu_si256(part + 2);
	d = _mm256_loadu_si256(part + 3);
	for (i = 0; i < n; i += BATCH) {
		for (k = 0; k < BATCH; k++)
			row[k] = g->rows + (size_t)rows[i + k] * LANG_CLASSES;
		ADD_HALF(0, a, b);
		ADD_HALF(32, c, d);
	}
	_mm256_storeu_si256(part, a);
	_mm256_storeu_si256(part + 1, b);
	_mm256_storeu_si256(part + 2, c);
	_mm256_storeu_si256(part + 3, d);
}

static bool
is_wide(const struct lang_group *g)
{
	return g->width == LANG_CLASSES && __builtin_cpu_supports("avx2");
}
#else
#	define add_avx2 add_plain

static bool
is_wide(const struct lang_group *g)
{
	(void)g;
	return false;
}
#endif

/* Rows of one word; room for BATCH - 1 more, which are taken. */
static void
add_rows(struct sums *s, const struct lang_group *g, uint32_t *rows, unsigned n)
{
	s->rows += n;
	while (n % BATCH)
		rows[n++] = (uint32_t)1 << g->grams.bits; /* zeros */
	if (s->batches + n / BATCH > BATCHES)
		flush(s, g->width);
	s->batches += n / BATCH;
	(is_wide(g) ? add_avx2 : add_plain)(s, g, rows, n);
}

/* The sums of a script; NULL if there are too many scripts in the text. */
static struct sums *
sums_of(struct evidence *v, unsigned script)
{
	if (!v->at[script]) {
		if (v->nsums == sizeof(v->sums) / sizeof(*v->sums))
			return NULL;
		memset(&v->sums[v->nsums], 0, sizeof(*v->sums));
		v->at[script] = (uint8_t)++v->nsums;
	}
	return &v->sums[v->at[script] - 1];
}

/* A word whose rows are on their way to the cache. */
struct waiting {
	const struct lang_group *g;
	struct sums *s;
	uint32_t rows[LANG_GRAMS + BATCH];
	unsigned n;
};

static void
fetch_rows(struct waiting *x)
{
	unsigned i;

	for (i = 0; i < x->n; i++)
		__builtin_prefetch(
		    x->g->rows + (size_t)x->rows[i] * x->g->width);
}

static void
look_at(
    const struct langid *m, struct evidence *v, const char *p, const char *end)
{
	struct lang_scan scan = { &m->chars, p, end, p };
	struct waiting two[2], *x = two, *last = NULL;
	struct lang_word w;

	while (lang_scan_next(&scan, &w)) {
		v->bytes[w.script] += w.bytes;
		x->g = m->groups[w.script];
		if (!x->g || x->g->n == 1 || !(x->s = sums_of(v, w.script)))
			continue;
		x->n = lang_word_rows(&w, x->g->grams, x->rows);
		fetch_rows(x);
		if (last)
			add_rows(last->s, last->g, last->rows, last->n);
		last = x;
		x = x == two ? two + 1 : two;
	}
	if (last)
		add_rows(last->s, last->g, last->rows, last->n);
}

/* Behind the first space from p on; p if there is none near. */
static const char *
word_start(const char *p, const char *end)
{
	const char *q;

	for (q = p; q < end && q - p < LANG_WINDOW / 8; q++)
		if (*q == ' ' || *q == '\n')
			return q + 1;
	while (p < end && (*p & 0xc0) == 0x80)
		p++;
	return p;
}

static void
look_at_windows(const struct langid *m, struct evidence *v, struct str text)
{
	size_t i, gap = (text.n - LANG_WINDOW) / (LANG_WINDOWS - 1);
	const char *p, *end;

	for (i = 0; i < LANG_WINDOWS; i++) {
		p = text.p + i * gap;
		end = p + LANG_WINDOW;
		look_at(m, v, i ? word_start(p, end) : p, end);
	}
}

/* The likeliest class and its probability. */
static unsigned
best_class(const struct lang_group *g, struct sums *s, double *p)
{
	double z[LANG_CLASSES], sum = 0, scale;
	unsigned k, best = 0;

	flush(s, g->width);
	scale = (double)g->scale / pow((double)s->rows + 1, (double)g->power);
	for (k = 0; k < g->n; k++) {
		z[k] = (double)g->bias[k] + scale * s->total[k];
		if (z[k] > z[best])
			best = k;
	}
	for (k = 0; k < g->n; k++)
		if (z[k] > z[best] - NEGLIGIBLE)
			sum += exp(z[k] - z[best]);
	*p = 1 / sum;
	return best;
}

static const char *
best_language(
    const struct langid *m, struct evidence *v, unsigned script, double *p)
{
	const struct lang_group *g = m->groups[script];

	*p = 1;
	if (!g)
		return lang_script(script)->only;
	if (g->n == 1)
		return g->code[0];
	if (!v->at[script])
		return NULL;
	return g->code[best_class(g, &v->sums[v->at[script] - 1], p)];
}

void
langid_guess(const struct langid *m, struct str text, struct lang *l)
{
	struct evidence v;
	uint64_t all = 0;
	unsigned i, most = 0;
	const char *code;
	double p = 0;

	*l = (struct lang){ "und", 0, false };
	memset(v.bytes, 0, sizeof(v.bytes));
	memset(v.at, 0, sizeof(v.at));
	v.nsums = 0;
	if (text.n <= LANG_WHOLE)
		look_at(m, &v, text.p, text.p + text.n);
	else
		look_at_windows(m, &v, text);
	for (i = 1; i < LANG_SCRIPTS; i++) {
		all += v.bytes[i];
		if (v.bytes[i] > v.bytes[most])
			most = i;
	}
	code = all ? best_language(m, &v, most, &p) : NULL;
	if (!code)
		return;
	strcpy(l->code, code);
	/* Last digits differ between math libraries. */
	l->score = nearbyint(p * (double)v.bytes[most] / (double)all * DIGITS) /
		   DIGITS;
	l->reliable = l->score >= 0.5;
}

bool
langid_language(const struct langid *m, size_t i, struct str *code)
{
	unsigned script;

	for (script = 0; script < LANG_SCRIPTS; script++) {
		const struct lang_group *g = m->groups[script];

		if (g && i < g->n) {
			*code = str_c(g->code[i]);
			return true;
		}
		i -= g ? g->n : 0;
	}
	return false;
}

bool
langid_knows(const struct langid *m, struct str code)
{
	const struct lang_script *s;
	struct str known;
	size_t i;
	unsigned k;

	for (i = 0; langid_language(m, i, &known); i++)
		if (str_eq(known, code))
			return true;
	for (k = 1; (s = lang_script(k)) != NULL; k++)
		if (!m->groups[k] && s->only && str_eq(str_c(s->only), code))
			return true;
	return str_eq(code, STR("und"));
}
