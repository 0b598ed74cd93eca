/* SPDX-License-Identifier: MIT */
/* Losses of trainings; tables that other commands hand over. */
#include "report/markup.h"
#include "report/report_impl.h"

static struct plot_line
line_of(const struct series *s, struct str name, bool dots)
{
	return (struct plot_line){ name, s->v, s->n, dots };
}

void
section_training(const struct training *t, struct buf *out)
{
	struct plot_point unigram[2] = { { 1, t->unigram },
		{ (double)t->steps, t->unigram } };
	struct plot_line lines[] = {
		line_of(&t->series[SERIES_LOSS], STR("loss"), false),
		line_of(&t->series[SERIES_VALID], STR("validation"), true),
		{ STR("unigram model"), unigram, t->unigram > 0 ? 2 : 0, false }
	};
	struct plot_line lr =
	    line_of(&t->series[SERIES_LR], STR("learning rate"), false);

	buf_puts(out, "<h2>Training ");
	markup_text(out, str_c(t->name));
	buf_puts(out, "</h2>\n<p class=\"soft\">");
	markup_count(out, t->steps);
	buf_puts(out, " steps, ");
	markup_number(out, (double)t->tokens);
	buf_puts(out, " tokens.</p>\n");
	plot_lines(out, lines, 3, STR("step"), STR("nats a token"));
	plot_lines(out, &lr, 1, STR("step"), STR("learning rate"));
}

static void
put_cell(struct json_val v, const char *tag, struct buf *out)
{
	struct buf text = { 0 };

	buf_printf(out, "<%s>", tag);
	if (json_type(v) == JSON_NUMBER)
		markup_number(out, json_double(v, 0));
	else {
		flat_json(v, &text);
		markup_text(out, buf_view(&text));
	}
	buf_free(&text);
	buf_printf(out, "</%s>", tag);
}

static void
put_row(struct json_val row, const char *tag, struct buf *out)
{
	struct json_iter it = json_each(row);
	struct json_val cell;

	buf_puts(out, "<tr>");
	while (json_next(&it, NULL, &cell))
		put_cell(cell, tag, out);
	buf_puts(out, "</tr>\n");
}

static void
put_table(struct json_val table, struct buf *out)
{
	struct json_iter it = json_each(json_get(table, "rows"));
	struct json_val row;

	buf_puts(out, "<h3>");
	markup_text(out, json_str(json_get(table, "title")));
	buf_puts(out, "</h3>\n<div class=\"wide\"><table>");
	put_row(json_get(table, "columns"), "th", out);
	while (json_next(&it, NULL, &row))
		put_row(row, "td", out);
	buf_puts(out, "</table></div>\n");
}

/* Of statistics without tables: each number, with its name. */
static void
put_numbers(struct json_val root, struct buf *out)
{
	struct json_iter it = json_each(root);
	struct json_val v;
	struct str name;

	buf_puts(out, "<div class=\"wide\"><table>");
	while (json_next(&it, &name, &v)) {
		if (json_type(v) != JSON_NUMBER)
			continue;
		buf_puts(out, "<tr><td>");
		markup_text(out, name);
		buf_puts(out, "</td>");
		put_cell(v, "td", out);
		buf_puts(out, "</tr>\n");
	}
	buf_puts(out, "</table></div>\n");
}

void
section_drawn(const struct drawn *d, struct buf *out)
{
	struct json_val root = json_root(d->json), table;
	struct json_iter it = json_each(json_get(root, "tables"));
	struct str command = json_str(json_get(root, "command"));

	buf_puts(out, "<h2>");
	markup_text(out, command.p ? command : str_c(d->name));
	buf_puts(out, "</h2>\n");
	if (json_type(json_get(root, "tables")) != JSON_ARRAY)
		put_numbers(root, out);
	while (json_next(&it, NULL, &table))
		put_table(table, out);
}
