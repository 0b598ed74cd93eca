/* SPDX-License-Identifier: MIT */
/*
 * The second pass over wikitext, line by line: headings, lists, tables,
 * paragraphs; then, within a line, quotes and outer links.  A heading is held
 * back until something stands below it: sections whose references and
 * templates have gone leave nothing.
 *
 * Source: https://www.mediawiki.org/wiki/Help:Formatting, Help:Tables.
 */
#include "extract/corpus.h"
#include "extract/field.h"

enum { MAX_LEVEL = 7 };

struct lines {
	const struct corpus_wikitext *w;
	struct buf *out;
	struct str heading[MAX_LEVEL]; /* held back, by level */
	bool list, para;               /* what the last line was */
	int table;                     /* depth */
	size_t rows, cells;            /* of the table, the row */
	struct buf row, cell;
	bool in_cell;
	struct buf line; /* scratch */
};

/* "[http://x label]" at s.p[0]: what it becomes; 0 bytes if it is none. */
static size_t
outer_link(const struct lines *l, struct str s, struct buf *out)
{
	const char *end, *blank;
	struct str url, label;
	size_t n;

	if (!str_starts(s, STR("[http")) && !str_starts(s, STR("[//")))
		return 0;
	n = s.n < 4000 ? s.n : 4000;
	end = memchr(s.p, ']', n);
	if (!end)
		return 0;
	blank = memchr(s.p, ' ', (size_t)(end - s.p));
	url =
	    (struct str){ s.p + 1, (size_t)((blank ? blank : end) - s.p) - 1 };
	label = blank ? field_trim((struct str){ blank, (size_t)(end - blank) })
		      : (struct str){ NULL, 0 };
	if (l->w->links && l->w->markdown && label.n) {
		buf_putc(out, '[');
		buf_str(out, label);
		buf_puts(out, "](");
		buf_str(out, url);
		buf_putc(out, ')');
	} else {
		buf_str(out, label);
	}
	return (size_t)(end - s.p) + 1;
}

/* "__NOTOC__": its bytes, or 0. */
static size_t
magic_word(struct str s)
{
	size_t i = 2;

	if (!str_starts(s, STR("__")))
		return 0;
	while (i < s.n && s.p[i] >= 'A' && s.p[i] <= 'Z')
		i++;
	return i > 3 && i + 1 < s.n && s.p[i] == '_' && s.p[i + 1] == '_'
		   ? i + 2
		   : 0;
}

static void
put_char(struct buf *out, char c)
{
	if (c == '\t' || c == '\n')
		c = ' ';
	if (c == ' ' && out->n &&
	    (out->p[out->n - 1] == ' ' || out->p[out->n - 1] == '\n'))
		return;
	buf_putc(out, c);
}

/* Text within a line. */
static void
put_inline(struct lines *l, struct str s, struct buf *out)
{
	size_t i = 0, n;
	const char *end;

	s = field_trim(s);
	buf_clear(&l->line);
	while (i < s.n) {
		struct str rest = { s.p + i, s.n - i };

		if (s.p[i] == WIKITEXT_RAW) {
			end = memchr(rest.p, WIKITEXT_END, rest.n);
			n = end ? (size_t)(end - rest.p) : rest.n;
			buf_put(&l->line, rest.p + 1, n - 1);
			i += n + 1;
		} else if (str_starts(rest, STR("''"))) {
			while (i < s.n && s.p[i] == '\'')
				i++;
		} else if ((n = outer_link(l, rest, &l->line)) ||
			   (n = magic_word(rest))) {
			i += n;
		} else if (s.p[i] == WIKITEXT_END) {
			i++;
		} else {
			put_char(&l->line, s.p[i++]);
		}
	}
	corpus_unescape(buf_view(&l->line), out);
}

static void
gap(struct lines *l)
{
	if (l->out->n)
		buf_puts(l->out, "\n\n");
	l->list = l->para = false;
}

static void
put_headings(struct lines *l)
{
	int i;

	for (i = 1; i < MAX_LEVEL; i++) {
		if (!l->heading[i].n)
			continue;
		gap(l);
		if (l->w->markdown)
			buf_put(l->out, "#######", (size_t)i);
		if (l->w->markdown)
			buf_putc(l->out, ' ');
		put_inline(l, l->heading[i], l->out);
		l->heading[i].n = 0;
	}
}

/* "== Name ==": the level, or 0. */
static int
heading(struct str s, struct str *name)
{
	size_t n = 0, m = 0;

	s = field_trim(s);
	while (n < s.n && s.p[n] == '=')
		n++;
	while (m < s.n && s.p[s.n - 1 - m] == '=')
		m++;
	n = n < m ? n : m;
	n = n < MAX_LEVEL - 1 ? n : MAX_LEVEL - 1;
	if (n == 0 || s.n <= 2 * n)
		return 0;
	*name = field_trim((struct str){ s.p + n, s.n - 2 * n });
	return (int)n;
}

static void
hold_heading(struct lines *l, int level, struct str name)
{
	int i;

	for (i = level; i < MAX_LEVEL; i++)
		l->heading[i].n = 0;
	l->heading[level] = name;
	l->list = l->para = false;
}

static void
list_item(struct lines *l, struct str s)
{
	size_t n = 0, i;
	struct str text;

	while (n < s.n && strchr("*#:;", s.p[n]))
		n++;
	text = field_trim((struct str){ s.p + n, s.n - n });
	if (!text.n)
		return;
	put_headings(l);
	if (l->list)
		buf_putc(l->out, '\n');
	else
		gap(l);
	for (i = 1; i < n && i < 10; i++)
		buf_puts(l->out, "  ");
	if (s.p[n - 1] == '*')
		buf_puts(l->out, "- ");
	else if (s.p[n - 1] == '#')
		buf_puts(l->out, l->w->markdown ? "1. " : "- ");
	put_inline(l, text, l->out);
	l->list = true;
	l->para = false;
}

static void
paragraph(struct lines *l, struct str s)
{
	s = field_trim(s);
	if (!s.n)
		return;
	put_headings(l);
	if (l->para)
		buf_putc(l->out, ' ');
	else
		gap(l);
	put_inline(l, s, l->out);
	l->para = true;
	l->list = false;
}

/* Tables ------------------------------------------------------------------ */

static void
end_cell(struct lines *l)
{
	struct str s = buf_view(&l->cell);
	size_t i;

	if (!l->in_cell)
		return;
	/* "style=... | text" */
	for (i = s.n; i > 0; i--)
		if (s.p[i - 1] == '|')
			break;
	if (s.n)
		s = field_trim((struct str){ s.p + i, s.n - i });
	if (l->cells++)
		buf_puts(&l->row, " | ");
	put_inline(l, s, &l->row);
	buf_clear(&l->cell);
	l->in_cell = false;
}

static void
end_row(struct lines *l)
{
	size_t i, text = 0;

	end_cell(l);
	for (i = 0; i < l->row.n; i++)
		text += l->row.p[i] != ' ' && l->row.p[i] != '|';
	if (text) {
		put_headings(l);
		if (l->rows == 0)
			gap(l);
		else
			buf_putc(l->out, '\n');
		if (l->w->markdown)
			buf_puts(l->out, "| ");
		buf_str(l->out, buf_view(&l->row));
		if (l->w->markdown)
			buf_puts(l->out, " |");
		if (l->w->markdown && l->rows == 0) {
			buf_puts(l->out, "\n|");
			for (i = 0; i < l->cells; i++)
				buf_puts(l->out, " --- |");
		}
		l->rows++;
	}
	buf_clear(&l->row);
	l->cells = 0;
	l->list = l->para = false;
}

/* "a || b || c" */
static void
cells(struct lines *l, struct str s, char sign)
{
	size_t i, from = 0;

	for (i = 0; i <= s.n; i++) {
		bool bars = i + 1 < s.n && s.p[i] == s.p[i + 1] &&
			    (s.p[i] == '|' || (s.p[i] == '!' && sign == '!'));

		if (i < s.n && !bars)
			continue;
		end_cell(l);
		l->in_cell = true;
		buf_put(&l->cell, s.p + from, i - from);
		from = i + 2;
		i++;
	}
}

static void
table_line(struct lines *l, struct str s)
{
	struct str t = field_trim(s);

	if (str_starts(t, STR("{|"))) {
		l->table++; /* one within a cell: its cells join */
	} else if (str_starts(t, STR("|}"))) {
		end_row(l);
		if (--l->table == 0)
			l->rows = 0;
	} else if (str_starts(t, STR("|-"))) {
		end_row(l);
	} else if (str_starts(t, STR("|+"))) {
		end_row(l);
		if (!l->rows) /* the caption stands above */
			paragraph(l, (struct str){ t.p + 2, t.n - 2 });
	} else if (t.n && (t.p[0] == '|' || t.p[0] == '!')) {
		cells(l, (struct str){ t.p + 1, t.n - 1 }, t.p[0]);
	} else if (l->in_cell && t.n) {
		buf_putc(&l->cell, ' ');
		buf_str(&l->cell, t);
	}
}

/* ------------------------------------------------------------------------- */

/* Code and the like, which may span lines. */
static void
raw_block(struct lines *l, struct str s)
{
	put_headings(l);
	gap(l);
	buf_put(l->out, s.p, s.n);
}

static void
line(struct lines *l, struct str s)
{
	struct str t = field_trim(s), name;
	int level = heading(t, &name);

	if (l->table || str_starts(t, STR("{|")))
		table_line(l, s);
	else if (!t.n)
		l->list = l->para = false;
	else if (level)
		hold_heading(l, level, name);
	else if (strchr("*#:;", t.p[0]))
		list_item(l, t);
	else if (str_starts(t, STR("----")))
		l->list = l->para = false;
	else
		paragraph(l, t);
}

/* The end of the line at i: a raw part is never cut. */
static size_t
line_end(struct str s, size_t i, bool *raw)
{
	const char *end;

	*raw = i < s.n && s.p[i] == WIKITEXT_RAW;
	for (; i < s.n && s.p[i] != '\n'; i++) {
		if (s.p[i] != WIKITEXT_RAW)
			continue;
		end = memchr(s.p + i, WIKITEXT_END, s.n - i);
		if (!end)
			return s.n;
		i = (size_t)(end - s.p);
		*raw &= i + 1 == s.n || s.p[i + 1] == '\n';
	}
	return i;
}

void
corpus_wikitext_lines(
    const struct corpus_wikitext *w, struct str s, struct buf *out)
{
	struct lines l = { .w = w, .out = out };
	size_t i, end;
	bool raw;

	for (i = 0; i < s.n; i = end + 1) {
		end = line_end(s, i, &raw);
		if (raw && end > i + 2 && !l.table)
			raw_block(&l, (struct str){ s.p + i + 1, end - i - 2 });
		else
			line(&l, (struct str){ s.p + i, end - i });
	}
	if (l.table)
		end_row(&l);
	out->oom |= l.row.oom | l.cell.oom | l.line.oom;
	buf_free(&l.row);
	buf_free(&l.cell);
	buf_free(&l.line);
}

void
corpus_wikitext(struct corpus_wikitext *w, struct str s, struct buf *out)
{
	buf_clear(&w->stripped);
	buf_clear(&w->categories);
	corpus_wikitext_strip(w, s, &w->stripped);
	corpus_wikitext_lines(w, buf_view(&w->stripped), out);
	out->oom |= w->stripped.oom;
}
