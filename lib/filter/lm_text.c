/* SPDX-License-Identifier: MIT */
#include "filter/lm_text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "filter/ccnet_text.h"

void
lm_scratch_free(struct lm_scratch *s)
{
	if (s->codec)
		s->pieces->codec.worker_free(s->codec);
	buf_free(&s->low);
	buf_free(&s->plain);
	buf_free(&s->unknown);
	ids_free(&s->ids);
	*s = (struct lm_scratch){ 0 };
}

int
lm_pieces_words(const struct lm_pieces *p, const struct ngram *m,
    uint32_t **words, struct err *e)
{
	uint32_t *v = calloc((size_t)p->codec.vocab + 1, sizeof(*v)), i;

	*words = v;
	if (!v)
		return err_nomem(e, "words");
	for (i = 0; i < p->codec.vocab; i++)
		v[i] = ngram_word(m, p->names[i]);
	return 0;
}

/* The next sentence's text, whole lines joined if it is a document. */
static bool
next_sentence(const struct lm_text *t, struct str *rest, struct str *sentence)
{
	const char *nl;

	if (!rest->p)
		return false;
	nl =
	    t->document || rest->n == 0 ? NULL : memchr(rest->p, '\n', rest->n);
	*sentence = *rest;
	if (!nl) {
		rest->p = NULL;
		return true;
	}
	sentence->n = (size_t)(nl - rest->p);
	rest->p += sentence->n + 1;
	rest->n -= sentence->n + 1;
	return true;
}

/* Its normalised text, in s->plain if it isn't as it stands. */
static int
normalise(const struct lm_text *t, struct lm_scratch *s, struct str *text,
    struct err *e)
{
	if (!t->normal)
		return 0;
	buf_clear(&s->plain);
	if (ccnet_text(*text, &s->low, &s->plain, e) < 0)
		return e->code;
	*text = buf_view(&s->plain);
	return 0;
}

/* Its tokens in s->ids, and the words of unknown ones in s->unknown. */
static int
tokenize(const struct lm_pieces *p, struct lm_scratch *s, struct str text,
    struct err *e)
{
	size_t i;

	if (s->pieces != p) {
		if (s->codec)
			s->pieces->codec.worker_free(s->codec);
		s->pieces = p;
		s->codec = p->codec.worker_new(p->codec.ctx, e);
		if (!s->codec)
			return e->code;
	}
	s->ids.n = 0;
	buf_clear(&s->unknown);
	if (p->codec.encode(p->codec.ctx, s->codec, text, &s->ids, e) < 0)
		return e->code;
	for (i = 0; i < s->ids.n; i++)
		if (s->ids.v[i] == p->unknown)
			return p->spell(
			    p->codec.ctx, s->codec, text, &s->unknown, e);
	return 0;
}

/* The next word of those in s->unknown. */
static struct str
next_unknown(const struct lm_scratch *s, size_t *at)
{
	struct str word = { NULL, 0 };

	if (*at < s->unknown.n)
		word = str_c(s->unknown.p + *at);
	*at += word.n + 1;
	return word;
}

static int
add_pieces(const struct lm_text *t, struct lm_scratch *s, const struct ngram *m,
    const uint32_t *words, struct str text, struct ngram_row *row,
    struct err *e)
{
	size_t i, at = 0;
	uint32_t w;

	if (tokenize(t->pieces, s, text, e) < 0 ||
	    ngram_row_add(row, NGRAM_BEGIN, e) < 0)
		return e->code;
	for (i = 0; i < s->ids.n; i++) {
		w = s->ids.v[i] == t->pieces->unknown
			? ngram_word(m, next_unknown(s, &at))
			: words[s->ids.v[i]];
		if (ngram_row_add(row, w, e) < 0)
			return e->code;
	}
	return ngram_row_add(row, ngram_end(m), e);
}

int
lm_text_row(const struct lm_text *t, struct lm_scratch *s,
    const struct ngram *m, const uint32_t *words, struct str text,
    struct ngram_row *row, struct err *e)
{
	struct str rest = text, line;
	int rc = 0;

	if (rest.n == 0)
		return 0;
	while (rc == 0 && next_sentence(t, &rest, &line)) {
		rc = normalise(t, s, &line, e);
		if (rc < 0 || (t->document && line.n == 0))
			continue;
		rc = t->pieces ? add_pieces(t, s, m, words, line, row, e)
			       : ngram_row_line(m, row, line, e);
	}
	return rc;
}

/* Without what parts words. */
static void
put_word(struct buf *out, struct str word, bool first)
{
	size_t i;

	if (!first)
		buf_putc(out, ' ');
	for (i = 0; i < word.n; i++)
		if (!ngram_is_white(word.p[i]))
			buf_putc(out, word.p[i]);
}

static int
put_pieces(const struct lm_text *t, struct lm_scratch *s, struct str text,
    struct buf *out, struct err *e)
{
	size_t i, at = 0;

	if (tokenize(t->pieces, s, text, e) < 0)
		return e->code;
	for (i = 0; i < s->ids.n; i++)
		put_word(out,
		    s->ids.v[i] == t->pieces->unknown
			? next_unknown(s, &at)
			: t->pieces->names[s->ids.v[i]],
		    i == 0);
	buf_putc(out, '\n');
	return buf_ok(out, e);
}

static int
put_words(struct str text, struct buf *out, struct err *e)
{
	const char *p = text.p, *end = p + text.n, *from;
	bool first = true;

	while (p < end) {
		for (from = p; p < end && !ngram_is_white(*p);)
			p++;
		if (from < p) {
			put_word(out, (struct str){ from, (size_t)(p - from) },
			    first);
			first = false;
		}
		p += p < end;
	}
	buf_putc(out, '\n');
	return buf_ok(out, e);
}

int
lm_text_lines(const struct lm_text *t, struct lm_scratch *s, struct str text,
    struct buf *out, struct err *e)
{
	struct str rest = text, line;
	int rc = 0;

	if (rest.n == 0)
		return 0;
	while (rc == 0 && next_sentence(t, &rest, &line)) {
		rc = normalise(t, s, &line, e);
		if (rc < 0 || (t->document && line.n == 0))
			continue;
		rc = t->pieces ? put_pieces(t, s, line, out, e)
			       : put_words(line, out, e);
	}
	return rc;
}

double
lm_rounded(double perplexity)
{
	char digits[32];

	snprintf(digits, sizeof(digits), "%.1f", fmin(perplexity, 1e15));
	return strtod(digits, NULL);
}
