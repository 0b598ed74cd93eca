/* SPDX-License-Identifier: MIT */
#include "base/err.h"
#include "base/text/english.h"
#include "base/text/lines.h"
#include "base/text/utf8.h"
#include "filter/meter.h"

enum { SHORT_LINE = 30 };

/* The next piece between LFs; false at the end. */
static bool
next_line(const char **p, const char *end, struct str *line)
{
	const char *stop;

	if (!*p)
		return false;
	stop = memchr(*p, '\n', (size_t)(end - *p));
	*line = (struct str){ *p, (size_t)((stop ? stop : end) - *p) };
	*p = stop ? stop + 1 : NULL;
	return true;
}

static bool
ends_with_mark(struct str line)
{
	const char *end = line.p + line.n, *last = end - 1;
	size_t len;

	while (last > line.p && ((unsigned char)*last & 0xc0) == 0x80)
		last--;
	return english_class(utf8_get(last, end, &len)) & ENG_END;
}

/* Source: Dolma 1.6 (allenai/dolma), taggers/gopher.py. */
int
meter_rows(struct meter *m, struct token_set *t, struct err *e)
{
	const char *p = m->text.p, *end = p + m->text.n, *at = p;
	uint64_t bullets = 0, ellipses = 0, copies = 0, rows, n;
	const struct seen_slot *x;
	struct str line;

	if (meter_want(m, t, METER_SIZE, e) < 0)
		return e->code;
	rows = m->newlines + 1;
	if (seen_begin(&m->seen, p, (uint32_t)rows, e) < 0)
		return e->code;
	m->row_copies = 0;
	while (next_line(&at, end, &line)) {
		bullets += line.n && (*line.p == '*' || *line.p == '-');
		ellipses += str_ends(line, STR("\xe2\x80\xa6"));
		x = seen_add(
		    &m->seen, (uint32_t)(line.p - p), (uint32_t)line.n);
		if (x->count == 1)
			continue;
		/* With the second copy the first one counts too. */
		n = x->count == 2 ? 2 : 1;
		copies += n;
		m->row_copies += n * utf8_length(line);
	}
	m->s.v[SIG_bullet_rows] = meter_ratio(bullets, rows);
	m->s.v[SIG_ellipsis_rows] = meter_ratio(ellipses, rows);
	m->s.v[SIG_repeated_rows] = meter_ratio(copies, rows);
	return 0;
}

/* Source: datatrove 0.10, fineweb_quality_filter.py. */
int
meter_text_lines(struct meter *m, struct token_set *t, struct err *e)
{
	uint64_t lines = 0, marks = 0, shorts = 0, dups = 0, n;
	uint64_t row_marks = 0, row_shorts = 0, rows;
	const char *p = m->text.p, *end = p + m->text.n, *at = p;
	struct signals *s = &m->s;
	struct str line;

	if (meter_want(m, t, METER_SIZE, e) < 0)
		return e->code;
	rows = m->newlines + 1;
	if (seen_begin(&m->seen, p, (uint32_t)rows, e) < 0)
		return e->code;
	while (next_line(&at, end, &line)) {
		n = utf8_length(line);
		row_shorts += n <= SHORT_LINE;
		row_marks += line.n && memchr(".'\"!?", line.p[line.n - 1], 5);
		if (!text_lstrip(line).n)
			continue;
		lines++;
		marks += ends_with_mark(line);
		shorts += n <= SHORT_LINE;
		if (seen_add(&m->seen, (uint32_t)(line.p - p), (uint32_t)line.n)
			->count == 1)
			continue;
		if (!dups)
			s->where[SIG_dup_text_line_chars] =
			    (struct signal_span){ (uint32_t)(line.p - p),
				    (uint32_t)line.n };
		dups += n;
	}
	s->v[SIG_end_mark_rows] = meter_ratio(row_marks, rows);
	s->v[SIG_short_rows] = meter_ratio(row_shorts, rows);
	s->v[SIG_text_lines] = (double)lines;
	s->v[SIG_end_mark_lines] = meter_ratio(marks, lines);
	s->v[SIG_short_lines] = meter_ratio(shorts, lines);
	s->v[SIG_dup_text_line_chars] =
	    meter_ratio(dups, (uint64_t)s->v[SIG_chars] - m->newlines);
	return 0;
}

/* Lines, whatever ends them. */
int
meter_lines(struct meter *m, struct token_set *t, struct err *e)
{
	struct text_lines it = { m->text };
	uint64_t n = 0, bullets = 0, ellipses = 0;
	struct str line, part;

	(void)t, (void)e;
	for (; text_lines_next(&it, &line); n++) {
		part = text_lstrip(line);
		bullets += str_starts(part, STR("\xe2\x80\xa2")) ||
			   str_starts(part, STR("-"));
		part = text_rstrip(line);
		ellipses += str_ends(part, STR("...")) ||
			    str_ends(part, STR("\xe2\x80\xa6"));
	}
	m->s.v[SIG_lines] = (double)n;
	m->s.v[SIG_bullet_lines] = meter_ratio(bullets, n);
	m->s.v[SIG_ellipsis_lines] = meter_ratio(ellipses, n);
	return 0;
}
