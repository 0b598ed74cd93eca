/* SPDX-License-Identifier: MIT */
/* The way from records to tokens, and why records were dropped. */
#include <stdlib.h>

#include "base/err.h"
#include "report/markup.h"
#include "report/report_impl.h"

static const char classes[] = "abcdef";
enum { COLOURED = sizeof(classes) - 2 /* the last is for all others */ };

/* Stages that judge documents stand in the way from records to tokens. */
static bool
judges(const struct stage *s)
{
	struct str c = str_c(s->command);

	return !str_starts(c, STR("tokenizer")) &&
	       !str_starts(c, STR("eval")) && !str_starts(c, STR("mix"));
}

static void
put_part(
    struct buf *out, char class, uint64_t part, uint64_t whole, struct str what)
{
	if (!part)
		return;
	buf_printf(out, "<i class=\"%c\" style=\"width:%.3f%%\" title=\"",
	    class, 100.0 * (double)part / (double)whole);
	markup_text(out, what);
	buf_puts(out, ": ");
	markup_count(out, part);
	buf_puts(out, "\"></i>");
}

/* Kept, then what was dropped by reason, of the records of the first stage. */
static int
put_bar(const struct stage *s, uint64_t whole, struct buf *out, struct err *e)
{
	const struct count **v = counts_sorted(&s->reasons);
	uint64_t others = 0;
	size_t i;

	if (!v)
		return err_nomem(e, "a report");
	buf_puts(out, "<div class=\"bar\">");
	put_part(out, 'k', s->kept, whole, STR("kept"));
	for (i = 0; i < s->reasons.n; i++)
		if (i < COLOURED)
			put_part(out, classes[i], v[i]->documents, whole,
			    v[i]->value);
		else
			others += v[i]->documents;
	put_part(out, classes[COLOURED], others, whole, STR("other reasons"));
	put_part(out, classes[COLOURED], s->damaged, whole, STR("damaged"));
	buf_puts(out, "</div>");
	free(v);
	return 0;
}

static void
put_kept(const struct stage *s, struct buf *out)
{
	buf_puts(out, "<div class=\"n\">");
	markup_count(out, s->kept);
	buf_puts(out, " <small>");
	markup_percent(out, s->kept, s->in);
	if (s->tokens) {
		buf_puts(out, ", ");
		markup_number(out, (double)s->tokens);
		buf_puts(out, " tokens");
	} else if (s->text_out) {
		buf_puts(out, ", ");
		markup_bytes(out, s->text_out);
	}
	buf_puts(out, "</small></div>");
}

static int
put_stage(const struct stage *s, uint64_t whole, struct buf *out, struct err *e)
{
	buf_puts(out, "<div class=\"row\"><div title=\"");
	markup_text(out, str_c(s->options));
	buf_puts(out, "\">");
	markup_text(out, str_c(s->command));
	if (s->runs > 1)
		buf_printf(out, " <small>%zu runs</small>", (size_t)s->runs);
	buf_puts(out, "</div>");
	if (put_bar(s, whole, out, e) < 0)
		return e->code;
	put_kept(s, out);
	buf_puts(out, "</div>\n");
	return 0;
}

int
section_stages(const struct report *r, struct buf *out, struct err *e)
{
	uint64_t whole = 0;
	size_t i;

	for (i = 0; i < r->nstage; i++)
		if (judges(&r->stages[i]) && r->stages[i].in > whole)
			whole = r->stages[i].in;
	if (!whole)
		return 0;
	buf_puts(out,
	    "<h2>From records to tokens</h2>\n<p class=\"soft\">Each bar is "
	    "what a stage read, in the order the files were given: kept in "
	    "blue, then what it dropped, by reason. The numbers: records "
	    "kept, their share of those read, their text.</p>\n");
	for (i = 0; i < r->nstage; i++)
		if (judges(&r->stages[i]) &&
		    put_stage(&r->stages[i], whole, out, e) < 0)
			return e->code;
	return 0;
}

/* {"value":1,"threshold":2,"detail":...}: in words. */
static void
put_why(struct str why, struct buf *out)
{
	struct json_val v, item;
	struct json_iter it;
	struct buf text = { 0 };
	struct json *j;
	struct str key;
	struct err e;

	if (json_parse(&j, why.p, why.n, &e) < 0)
		return;
	v = json_root(j);
	it = json_each(v);
	while (json_next(&it, &key, &item)) {
		if (str_eq(key, STR("stage")) || str_eq(key, STR("rule")) ||
		    json_type(item) == JSON_NULL)
			continue;
		buf_puts(&text, text.n ? ", " : "");
		if (!str_eq(key, STR("detail"))) {
			buf_str(&text, key);
			buf_putc(&text, ' ');
		}
		flat_json(item, &text);
	}
	markup_text(out, buf_view(&text));
	buf_free(&text);
	json_free(j);
}

static void
put_sample(const struct sample *x, struct buf *out)
{
	buf_puts(out, "<p><code>");
	markup_text(out, x->field[SAMPLE_ID]);
	buf_puts(out, "</code>");
	if (x->field[SAMPLE_URL].n) {
		buf_puts(out, "<br/><code>");
		markup_text(out, x->field[SAMPLE_URL]);
		buf_puts(out, "</code>");
	}
	buf_puts(out, "<br/><span class=\"soft\">");
	put_why(x->field[SAMPLE_WHY], out);
	buf_puts(out, "</span></p><blockquote>");
	markup_text(out, x->field[SAMPLE_TEXT]);
	buf_puts(out, "</blockquote>\n");
}

static void
put_samples(const struct report *r, const struct stage *s, struct str rule,
    struct buf *out)
{
	const struct sample_kind *k = NULL;
	struct buf name = { 0 };
	size_t i;

	buf_puts(&name, s->command);
	buf_putc(&name, '/');
	buf_str(&name, rule);
	if (!name.oom)
		k = samples_find(&r->samples, buf_view(&name));
	buf_free(&name);
	if (!k)
		return;
	buf_puts(out, "<details><summary>samples</summary>\n");
	for (i = 0; i < k->n; i++)
		put_sample(&k->v[i], out);
	buf_puts(out, "</details>\n");
}

static void
put_reason(const struct report *r, const struct stage *s, size_t i,
    const struct count *c, struct buf *out)
{
	buf_puts(out, "<div class=\"row\"><div>");
	markup_text(out, c->value);
	buf_puts(out, "</div><div class=\"bar thin\">");
	put_part(out, classes[i < COLOURED ? i : COLOURED], c->documents,
	    s->dropped, c->value);
	buf_puts(out, "</div><div class=\"n\">");
	markup_count(out, c->documents);
	buf_puts(out, " <small>");
	markup_percent(out, c->documents, s->in);
	buf_puts(out, "</small></div></div>\n");
	put_samples(r, s, c->value, out);
}

static int
put_reasons(const struct report *r, const struct stage *s, struct buf *out,
    struct err *e)
{
	const struct count **v = counts_sorted(&s->reasons);
	size_t i;

	if (!v)
		return err_nomem(e, "a report");
	buf_puts(out, "<h3>");
	markup_text(out, str_c(s->command));
	buf_puts(out, " <small>");
	markup_count(out, s->dropped);
	buf_puts(out, " of ");
	markup_count(out, s->in);
	buf_puts(out, "</small></h3>\n");
	for (i = 0; i < s->reasons.n; i++)
		put_reason(r, s, i, v[i], out);
	free(v);
	return 0;
}

int
section_reasons(const struct report *r, struct buf *out, struct err *e)
{
	bool any = false;
	size_t i;

	for (i = 0; i < r->nstage; i++) {
		if (!r->stages[i].dropped)
			continue;
		if (!any)
			buf_puts(out,
			    "<h2>Why records were dropped</h2>\n<p "
			    "class=\"soft\">Bars: shares of what the stage "
			    "dropped; per cent: of what it read.</p>\n");
		any = true;
		if (put_reasons(r, &r->stages[i], out, e) < 0)
			return e->code;
	}
	return 0;
}
