/* SPDX-License-Identifier: MIT */
/*
 * What DCLM measures: all copies count, the first one too.
 * Source: mlfoundations/dclm, baselines/mappers/filters/content_filters.py.
 */
#include "base/err.h"
#include "base/text/lines.h"
#include "base/text/utf8.h"
#include "filter/meter.h"
#include "filter/spaces.h"

/* Words that white space of ASCII (and NUL) parts. */
int
meter_begun(struct meter *m, struct token_set *t, struct err *e)
{
	(void)t, (void)e;
	m->s.v[SIG_begun_words] = (double)count_begun(m->text, UINT64_MAX);
	return 0;
}

static uint64_t
count(struct str text, struct str what)
{
	const char *p = text.p, *end = p + text.n;
	uint64_t n = 0;

	while ((size_t)(end - p) >= what.n &&
	       (p = memchr(p, *what.p, (size_t)(end - p)))) {
		if (!str_starts((struct str){ p, (size_t)(end - p) }, what)) {
			p++;
			continue;
		}
		n++;
		p += what.n;
	}
	return n;
}

int
meter_marks(struct meter *m, struct token_set *t, struct err *e)
{
	if (meter_split(m, t, e) < 0)
		return e->code;
	meter_count_symbols(m);
	t->s.v[SIG_symbols_per_token] = meter_ratio(
	    m->hashes + m->ellipses + count(m->text, STR(". . .")), t->n);
	return 0;
}

/* Pieces without white space around them, but for empty ones. */
struct pieces {
	uint64_t n, chars, copies, copied_chars;
	uint64_t bullets, ellipses;
	struct signal_span first; /* copy */
};

static void
add_piece(struct meter *m, struct str s, struct pieces *x)
{
	const struct seen_slot *slot;
	uint64_t chars, times;

	s = text_strip(s);
	if (!s.n)
		return;
	x->n++;
	chars = utf8_length(s);
	x->chars += chars;
	x->bullets += *s.p == '*' || *s.p == '-' ||
		      str_starts(s, STR("\xe2\x97\x8f")) ||
		      str_starts(s, STR("\xe2\x80\xa2"));
	x->ellipses += str_ends(s, STR("...")) || str_ends(s, STR(". . .")) ||
		       str_ends(s, STR("\xe2\x80\xa6"));
	slot = seen_add(&m->seen, (uint32_t)(s.p - m->text.p), (uint32_t)s.n);
	if (slot->count == 1)
		return;
	/* With the second copy the first one counts too. */
	times = slot->count == 2 ? 2 : 1;
	if (!x->copies)
		x->first = (struct signal_span){ (uint32_t)(s.p - m->text.p),
			(uint32_t)s.n };
	x->copies += times;
	x->copied_chars += times * chars;
}

/* What n LFs part: exactly n, the first that come. */
static int
part(struct meter *m, size_t n, struct pieces *x, struct err *e)
{
	const char *p = m->text.p, *end = p + m->text.n, *stop = p;

	if (seen_begin(&m->seen, p, (uint32_t)m->newlines + 1, e) < 0)
		return e->code;
	while (
	    stop < end && (stop = memchr(stop, '\n', (size_t)(end - stop)))) {
		if (n == 2 && (stop + 1 == end || stop[1] != '\n')) {
			stop++;
			continue;
		}
		add_piece(m, (struct str){ p, (size_t)(stop - p) }, x);
		p = stop += n;
	}
	add_piece(m, (struct str){ p, (size_t)(end - p) }, x);
	return 0;
}

static void
set(struct meter *m, enum signal sig, const struct pieces *x)
{
	bool several = x->n > 1;

	m->s.v[sig] = several ? meter_ratio(x->copies, x->n) : 0;
	m->s.v[sig + 1] = several ? meter_ratio(x->copied_chars, x->chars) : 0;
	m->s.where[sig] = m->s.where[sig + 1] = x->first;
}

int
meter_copies(struct meter *m, struct token_set *t, struct err *e)
{
	struct pieces lines = { 0 }, paragraphs = { 0 };

	if (meter_want(m, t, METER_SIZE, e) < 0 || part(m, 1, &lines, e) < 0 ||
	    part(m, 2, &paragraphs, e) < 0)
		return e->code;
	m->s.v[SIG_bulleted_lines] = meter_ratio(lines.bullets, lines.n);
	m->s.v[SIG_dotted_lines] = meter_ratio(lines.ellipses, lines.n);
	set(m, SIG_copied_lines, &lines);
	set(m, SIG_copied_paragraphs, &paragraphs);
	return 0;
}
