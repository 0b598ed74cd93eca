/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "filter/lang_sums.h"

/* e^-16 adds nothing to the digits of a score. */
#define NEGLIGIBLE 16
#define DIGITS 1e4

/* What a text has shown so far. */
struct evidence {
	uint64_t scripts;             /* bit i: script i was met */
	uint64_t bytes[LANG_SCRIPTS]; /* of those met */
	uint8_t at[LANG_SCRIPTS];     /* of those met: 1 + index of its sums */
	struct lang_sums sums[8];
	unsigned nsums;
};

/*
 * The sums of a script; NULL if it needs none, or if there are too many scripts
 * in the text.
 */
static struct lang_sums *
sums_of(const struct langid *m, struct evidence *v, unsigned script)
{
	const struct lang_group *g = m->groups[script];

	if (v->at[script])
		return &v->sums[v->at[script] - 1];
	if (!g || g->n == 1 || v->nsums == sizeof(v->sums) / sizeof(*v->sums))
		return NULL;
	lang_sums_init(&v->sums[v->nsums], g);
	v->at[script] = (uint8_t)++v->nsums;
	return &v->sums[v->nsums - 1];
}

static void
count_bytes(struct evidence *v, const struct lang_word *w)
{
	uint64_t bit = UINT64_C(1) << w->script;

	if (!(v->scripts & bit)) {
		v->scripts |= bit;
		v->bytes[w->script] = 0;
		v->at[w->script] = 0;
	}
	v->bytes[w->script] += w->bytes;
}

static void
look_at(
    const struct langid *m, struct evidence *v, const char *p, const char *end)
{
	struct lang_scan scan;
	struct lang_sums *s;
	struct lang_word w;

	lang_scan_init(&scan, &m->chars, (struct str){ p, (size_t)(end - p) });
	while (lang_scan_next(&scan, &w)) {
		count_bytes(v, &w);
		s = sums_of(m, v, w.script);
		if (s)
			lang_sums_word(s, &w);
	}
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
best_class(struct lang_sums *s, double *p)
{
	const struct lang_group *g = s->g;
	double z[LANG_CLASSES], sum = 0, scale;
	unsigned k, best = 0;

	lang_sums_end(s);
	scale = (double)g->scale / pow((double)s->rows + 1, (double)g->power);
#pragma omp simd
	for (k = 0; k < LANG_CLASSES; k++)
		z[k] = (double)g->bias[k] + scale * s->total[k];
	for (k = 1; k < g->n; k++)
		best = z[k] > z[best] ? k : best;
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
	return g->code[best_class(&v->sums[v->at[script] - 1], p)];
}

void
langid_guess(const struct langid *m, struct str text, struct lang *l)
{
	struct evidence v;
	uint64_t all = 0, most = 0, left;
	unsigned i, script = 0;
	const char *code;
	double p = 0;

	*l = (struct lang){ "und", 0, false };
	v.scripts = 0;
	v.nsums = 0;
	if (text.n <= LANG_WHOLE)
		look_at(m, &v, text.p, text.p + text.n);
	else
		look_at_windows(m, &v, text);
	for (left = v.scripts; left; left &= left - 1) {
		i = (unsigned)__builtin_ctzll(left);
		all += v.bytes[i];
		if (v.bytes[i] > most) {
			most = v.bytes[i];
			script = i;
		}
	}
	code = all ? best_language(m, &v, script, &p) : NULL;
	if (!code)
		return;
	strcpy(l->code, code);
	/* Last digits differ between math libraries. */
	l->score = nearbyint(p * (double)most / (double)all * DIGITS) / DIGITS;
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
