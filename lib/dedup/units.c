/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "dedup/units.h"

void
units_free(struct units *u)
{
	free(u->v);
	free(u->worded);
	folded_free(&u->words);
	tokens_free(&u->tokens);
}

static int
add_unit(struct units *u, size_t start, struct err *e)
{
	size_t cap = u->cap ? 2 * u->cap : 256;
	struct text_unit *v = u->v;

	if (u->n == u->cap) {
		v = realloc(v, cap * sizeof(*v));
		if (!v)
			return err_nomem(e, "lines");
		u->v = v;
		u->cap = cap;
	}
	v[u->n++] = (struct text_unit){ .start = (uint32_t)start };
	return 0;
}

static int
find_lines(struct units *u, struct str text, struct err *e)
{
	const char *p = text.p, *end = text.p + text.n, *eol;

	do {
		if (add_unit(u, (size_t)(p - text.p), e) < 0)
			return e->code;
		eol = p < end ? memchr(p, '\n', (size_t)(end - p)) : NULL;
		u->v[u->n - 1].end = (uint32_t)((eol ? eol : end) - text.p);
		p = eol ? eol + 1 : NULL;
	} while (p);
	return 0;
}

static int
find_sentences(struct units *u, struct str text, struct err *e)
{
	struct sentences s = { 0 };
	uint64_t before;
	size_t i, at, end;

	if (tokens_split(&u->tokens, text, e) < 0)
		return e->code;
	for (i = 0; i < u->tokens.n; i++) {
		before = s.n;
		at = (size_t)(u->tokens.v[i].p - text.p);
		end = at + u->tokens.v[i].n;
		sentences_add(&s, u->tokens.v[i]);
		if ((u->n == 0 || s.n > before) && add_unit(u, at, e) < 0)
			return e->code;
		u->v[u->n - 1].end = (uint32_t)end;
	}
	return 0;
}

/* Words belong to the unit in which they begin. */
static int
deal_words(struct units *u, struct err *e)
{
	size_t i, w = 0;
	struct text_unit *x;
	uint32_t *worded;

	if (u->worded_cap < u->cap) {
		worded = realloc(u->worded, u->cap * sizeof(*worded));
		if (!worded)
			return err_nomem(e, "lines");
		u->worded = worded;
		u->worded_cap = u->cap;
	}
	u->nworded = 0;
	for (i = 0; i < u->n; i++) {
		x = &u->v[i];
		x->word = (uint32_t)w;
		while (w < u->words.n &&
		       (i + 1 == u->n || u->words.start[w] < x[1].start))
			w++;
		x->nword = (uint32_t)w - x->word;
		if (x->nword)
			u->worded[u->nworded++] = (uint32_t)i;
	}
	return 0;
}

int
units_of(struct units *u, struct str text, bool sentences, struct err *e)
{
	u->sentences = sentences;
	u->n = 0;
	if (folded_of(&u->words, text, e) < 0 ||
	    (sentences ? find_sentences(u, text, e) : find_lines(u, text, e)) <
		0)
		return e->code;
	return deal_words(u, e);
}

size_t
units_spans(const struct units *u, size_t span)
{
	return u->nworded < span ? 0 : u->nworded - span + 1;
}

uint64_t
units_hash(const struct units *u, size_t i, size_t span, size_t least)
{
	const struct text_unit *first = &u->v[u->worded[i]],
			       *last = &u->v[u->worded[i + span - 1]];
	size_t n = last->word + last->nword - first->word;

	if (n < least)
		return 0;
	return folded_gram(&u->words, first->word, n, folded_power(n));
}

static void
join_lines(
    const struct units *u, const bool *cut, struct str text, struct buf *out)
{
	const struct text_unit *x;
	size_t i, kept = 0;

	for (i = 0; i < u->n; i++) {
		x = &u->v[i];
		if (cut[i])
			continue;
		if (kept++)
			buf_putc(out, '\n');
		buf_put(out, text.p + x->start, x->end - x->start);
	}
}

static size_t
count_lf(struct str s)
{
	size_t i, n = 0;

	for (i = 0; i < s.n; i++)
		n += s.p[i] == '\n';
	return n;
}

static void
join_sentences(
    const struct units *u, const bool *cut, struct str text, struct buf *out)
{
	const struct text_unit *x;
	struct str gap = { text.p, u->n ? u->v[0].start : text.n }, next;
	size_t i, kept = 0;

	for (i = 0; i < u->n; i++) {
		x = &u->v[i];
		next = (struct str){ text.p + x->end,
			(i + 1 < u->n ? x[1].start : text.n) - x->end };
		if (!cut[i]) {
			buf_str(out, gap);
			buf_put(out, text.p + x->start, x->end - x->start);
			gap = next;
			kept++;
		} else if (kept && count_lf(next) > count_lf(gap)) {
			gap = next;
		}
	}
	/* A blank before a sentence that is gone is none of the last one's. */
	if (u->n == 0 || !cut[u->n - 1] || count_lf(gap))
		buf_str(out, gap);
}

void
units_join(
    const struct units *u, const bool *cut, struct str text, struct buf *out)
{
	if (u->sentences)
		join_sentences(u, cut, text, out);
	else
		join_lines(u, cut, text, out);
}
