/* SPDX-License-Identifier: MIT */
/* Lines and paragraphs that repeat. */
#include "base/err.h"
#include "base/text/lines.h"
#include "base/text/utf8.h"
#include "filter/meter.h"

/* Where a piece stands in the text. */
static struct signal_span
span_of(struct str text, struct str piece)
{
	return (struct signal_span){ (uint32_t)(piece.p - text.p),
		(uint32_t)piece.n };
}

/* What is counted of pieces, and the first that is a duplicate. */
struct copies {
	uint64_t n, dups, chars;
	struct signal_span first;
};

static void
add_piece(struct meter *m, struct str piece, struct copies *c)
{
	struct signal_span at = span_of(m->text, piece);

	c->n++;
	if (seen_add(&m->seen, at.at, at.n)->count == 1)
		return;
	if (c->dups++ == 0)
		c->first = at;
	c->chars += utf8_length(piece);
}

/* Their fraction, and that of their characters, which is the next signal. */
static void
set_copies(struct meter *m, const struct copies *c, enum signal frac)
{
	m->s.v[frac] = meter_ratio(c->dups, c->n);
	m->s.v[frac + 1] = meter_ratio(c->chars, (uint64_t)m->s.v[SIG_chars]);
	m->s.where[frac] = m->s.where[frac + 1] = c->first;
}

static int
dup_pieces(struct meter *m, struct text_pieces it, enum signal frac,
    struct copies *c, struct err *e)
{
	struct str piece;

	if (meter_want(m, NULL, METER_SIZE, e) < 0 ||
	    seen_begin(&m->seen, m->text.p, (uint32_t)m->newlines + 1, e) < 0)
		return e->code;
	while (text_pieces_next(&it, &piece))
		add_piece(m, piece, c);
	set_copies(m, c, frac);
	return 0;
}

int
meter_paragraphs(struct meter *m, struct token_set *t, struct err *e)
{
	struct text_pieces it = { .text = text_strip(m->text), .min = 2 };
	struct copies c = { 0 };

	(void)t;
	if (m->text.n == 0)
		return 0;
	if (dup_pieces(m, it, SIG_dup_paragraphs, &c, e) < 0)
		return e->code;
	m->s.v[SIG_paragraphs] = (double)c.n;
	return 0;
}

/* Lines between runs of LFs. */
int
meter_pieces(struct meter *m, struct token_set *t, struct err *e)
{
	struct text_pieces it = { .text = m->text, .min = 1 };
	struct copies c = { 0 };

	(void)t;
	return m->text.n ? dup_pieces(m, it, SIG_dup_lines, &c, e) : 0;
}

/* Lines, blank ones too, whatever ends them. */
int
meter_all_lines(struct meter *m, struct token_set *t, struct err *e)
{
	struct text_lines it = { m->text };
	struct copies c = { 0 };
	struct str line;

	if (meter_want(m, t, METER_SIZE, e) < 0 ||
	    meter_want(m, t, METER_LINES, e) < 0 ||
	    seen_begin(&m->seen, m->text.p, (uint32_t)m->s.v[SIG_lines], e) < 0)
		return e->code;
	while (text_lines_next(&it, &line))
		add_piece(m, line, &c);
	set_copies(m, &c, SIG_dup_all_lines);
	return 0;
}
