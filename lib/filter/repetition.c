/* SPDX-License-Identifier: MIT */
#include "base/err.h"
#include "base/hash.h"
#include "base/text/lines.h"
#include "base/text/utf8.h"
#include "filter/meter.h"

static uint64_t
count_pieces(struct text_pieces it)
{
	struct str piece;
	uint64_t n = 0;

	while (text_pieces_next(&it, &piece))
		n++;
	return n;
}

/* Where a piece stands in the text. */
static struct signal_span
span_of(struct str text, struct str piece)
{
	return (struct signal_span){ (uint32_t)(piece.p - text.p),
		(uint32_t)piece.n };
}

/* Duplicates among the pieces: their fraction in *frac, of characters next. */
static int
dup_pieces(struct meter *m, struct str text, struct text_pieces it,
    struct signals *s, enum signal frac, struct err *e)
{
	uint64_t n = count_pieces(it), dups = 0, chars = 0;
	struct str piece;

	if (seen_begin(&m->seen, text.p, (uint32_t)n, e) < 0)
		return e->code;
	while (text_pieces_next(&it, &piece)) {
		struct signal_span at = span_of(text, piece);

		if (seen_add(&m->seen, at.at, at.n)->count == 1)
			continue;
		if (dups++ == 0)
			s->where[frac] = s->where[frac + 1] = at;
		chars += utf8_length(piece);
	}
	s->v[frac] = meter_ratio(dups, n);
	s->v[frac + 1] = meter_ratio(chars, (uint64_t)s->v[SIG_chars]);
	return 0;
}

/* The same of lines, blank ones too, whatever ends them. */
static int
dup_all_lines(
    struct meter *m, struct str text, struct signals *s, struct err *e)
{
	struct text_lines it = { text };
	uint64_t n = (uint64_t)s->v[SIG_lines], dups = 0, chars = 0;
	struct str line;

	if (seen_begin(&m->seen, text.p, (uint32_t)n, e) < 0)
		return e->code;
	while (text_lines_next(&it, &line)) {
		struct signal_span at = span_of(text, line);

		if (seen_add(&m->seen, at.at, at.n)->count == 1)
			continue;
		if (dups++ == 0)
			s->where[SIG_dup_all_lines] =
			    s->where[SIG_dup_all_line_chars] = at;
		chars += utf8_length(line);
	}
	s->v[SIG_dup_all_lines] = meter_ratio(dups, n);
	s->v[SIG_dup_all_line_chars] =
	    meter_ratio(chars, (uint64_t)s->v[SIG_chars]);
	return 0;
}

static uint64_t
power(const struct meter *m, uint32_t n)
{
	uint64_t p = 1;

	for (; n >= METER_POWERS; n -= METER_POWERS - 1)
		p *= m->powers[METER_POWERS - 1];
	return p * m->powers[n];
}

uint64_t
meter_hash(const struct meter *m, uint32_t i, uint32_t n)
{
	const struct meter_token *a = &m->tokens[i], *b = a + n;

	return mix64(b->hash - a->hash * power(m, b->at - a->at));
}

/* Give equal tokens equal ids. */
static int
number_tokens(struct meter *m, struct err *e)
{
	const struct meter_token *t = m->tokens;
	uint32_t i;

	if (seen_begin(&m->seen, m->joined, m->ntoken, e) < 0)
		return e->code;
	for (i = 0; i < m->ntoken; i++)
		m->ids[i] = seen_add_hashed(&m->seen, t[i].at,
		    t[i + 1].at - t[i].at, meter_hash(m, i, 1))
				->at;
	return 0;
}

static uint64_t
hash_ids(const uint32_t *ids, uint32_t n)
{
	uint64_t h = 0;
	uint32_t i;

	for (i = 0; i < n; i++)
		h = h * METER_BASE + ids[i] + 1;
	return mix64(h);
}

/* Bytes of the text that tokens i .. i + n take. */
static struct signal_span
gram_span(const struct meter *m, uint32_t i, uint32_t n)
{
	const struct meter_token *t = m->tokens, *last = &t[i + n - 1];

	if (m->words == WORDS_TREEBANK)
		return (struct signal_span){ 0 };
	return (struct signal_span){ t[i].from,
		last->from + (last[1].at - last->at) - t[i].from };
}

/*
 * The most frequent n-gram, of equals the first: its length, joined by spaces,
 * times its count.
 */
static int
top_gram(struct meter *m, uint32_t n, struct signals *s, enum signal sig,
    struct err *e)
{
	const struct meter_token *t = m->tokens;
	uint32_t i, best = 0, count = 0, size = sizeof(*m->ids);
	const struct seen_slot *x;

	if (m->ntoken < n)
		return 0;
	if (seen_begin(&m->seen, m->ids, m->ntoken, e) < 0)
		return e->code;
	for (i = 0; i + n <= m->ntoken; i++) {
		x = seen_add_hashed(
		    &m->seen, i * size, n * size, hash_ids(m->ids + i, n));
		if (x->count > count ||
		    (x->count == count && x->at / size < best)) {
			count = x->count;
			best = x->at / size;
		}
	}
	s->v[sig] = meter_ratio(
	    (uint64_t)count * (t[best + n].chars - t[best].chars + n - 1),
	    (uint64_t)s->v[SIG_chars]);
	s->where[sig] = gram_span(m, best, n);
	return 0;
}

/*
 * Characters in n-grams whose joined bytes were seen before; what is counted
 * is skipped, so that no character counts twice.
 */
static int
dup_gram(struct meter *m, uint32_t n, struct signals *s, enum signal sig,
    struct err *e)
{
	const struct meter_token *t = m->tokens;
	const struct seen_slot *x;
	uint64_t chars = 0;
	uint32_t i = 0;

	if (seen_begin(&m->seen, m->joined, m->ntoken, e) < 0)
		return e->code;
	while (i + n <= m->ntoken) {
		x = seen_add_hashed(&m->seen, t[i].at, t[i + n].at - t[i].at,
		    meter_hash(m, i, n));
		if (x->count == 1) {
			i++;
			continue;
		}
		if (chars == 0)
			s->where[sig] = gram_span(m, i, n);
		chars += t[i + n].chars - t[i].chars;
		i += n;
	}
	s->v[sig] = meter_ratio(chars, (uint64_t)s->v[SIG_chars]);
	return 0;
}

int
meter_repetition(
    struct meter *m, struct str text, struct signals *s, struct err *e)
{
	struct text_pieces paragraphs = { .text = text_strip(text), .min = 2 };
	struct text_pieces lines = { .text = text, .min = 1 };
	uint32_t n;

	if (text.n == 0)
		return 0;
	s->v[SIG_paragraphs] = (double)count_pieces(paragraphs);
	if (dup_pieces(m, text, paragraphs, s, SIG_dup_paragraphs, e) < 0 ||
	    dup_pieces(m, text, lines, s, SIG_dup_lines, e) < 0 ||
	    dup_all_lines(m, text, s, e) < 0 || number_tokens(m, e) < 0)
		return e->code;
	for (n = 2; n <= 4; n++)
		if (top_gram(m, n, s, SIG_top_2gram + (n - 2), e) < 0)
			return e->code;
	for (n = 5; n <= 10; n++)
		if (dup_gram(m, n, s, SIG_dup_5gram + (n - 5), e) < 0)
			return e->code;
	return 0;
}
