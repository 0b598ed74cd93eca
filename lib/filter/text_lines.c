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
static int
count_rows(struct meter *m, struct str text, uint64_t rows, struct signals *s,
    struct err *e)
{
	const char *p = text.p ? text.p : "", *end = p + text.n, *at = p;
	uint64_t bullets = 0, ellipses = 0, copies = 0, chars = 0, n;
	const struct seen_slot *x;
	struct str line;

	if (seen_begin(&m->seen, p, (uint32_t)rows, e) < 0)
		return e->code;
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
		chars += n * utf8_length(line);
	}
	s->v[SIG_bullet_rows] = meter_ratio(bullets, rows);
	s->v[SIG_ellipsis_rows] = meter_ratio(ellipses, rows);
	s->v[SIG_repeated_rows] = meter_ratio(copies, rows);
	s->v[SIG_repeated_row_chars] =
	    meter_ratio(chars, m->tokens[m->ntoken].chars);
	return 0;
}

/* Source: datatrove 0.10, fineweb_quality_filter.py. */
int
meter_text_lines(
    struct meter *m, struct str text, struct signals *s, struct err *e)
{
	uint64_t lines = 0, newlines = 0, marks = 0, shorts = 0, dups = 0, n;
	uint64_t row_marks = 0, row_shorts = 0, rows;
	const char *p = text.p ? text.p : "", *end = p + text.n, *at = p;
	struct str line;

	while (next_line(&at, end, &line))
		newlines++;
	rows = newlines--;
	if (seen_begin(&m->seen, p, (uint32_t)rows, e) < 0)
		return e->code;
	for (at = p; next_line(&at, end, &line);) {
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
	    meter_ratio(dups, (uint64_t)s->v[SIG_chars] - newlines);
	s->v[SIG_newlines_per_token] = meter_ratio(newlines, m->ntoken);
	return count_rows(m, text, rows, s, e);
}
