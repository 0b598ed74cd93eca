/* SPDX-License-Identifier: MIT */
/* What documents are like: counts and histograms. */
#include <stdlib.h>

#include "base/err.h"
#include "report/markup.h"
#include "report/report_impl.h"

enum { MOST = 15 /* values shown of a member */ };

static void
put_count(struct buf *out, const struct count *c, const struct stats *s)
{
	buf_puts(out, "<tr><td>");
	markup_text(out, c->value);
	buf_puts(out, "</td><td>");
	markup_count(out, c->documents);
	buf_puts(out, "</td><td>");
	markup_percent(out, c->documents, s->documents);
	buf_puts(out, "</td><td>");
	markup_bytes(out, c->bytes);
	buf_puts(out, "</td></tr>\n");
}

/* Those beyond the first. */
static void
put_rest(
    struct buf *out, const struct count **v, size_t n, const struct stats *s)
{
	struct count rest = { 0 };
	struct buf name = { 0 };
	size_t i;

	for (i = MOST; i < n; i++) {
		rest.documents += v[i]->documents;
		rest.bytes += v[i]->bytes;
	}
	markup_count(&name, n - MOST);
	buf_puts(&name, " others");
	rest.value = buf_view(&name);
	put_count(out, &rest, s);
	buf_free(&name);
}

static int
put_by(const struct stats_by *b, const struct stats *s, struct buf *out,
    struct err *e)
{
	const struct count **v = counts_sorted(&b->counts);
	size_t i, n = b->counts.n;

	if (!v)
		return err_nomem(e, "a report");
	buf_puts(out, "<div><h3>");
	markup_text(out, str_c(b->name));
	buf_puts(out, "</h3><div class=\"wide\"><table><tr><th></th>"
		      "<th>documents</th><th></th><th>text</th></tr>\n");
	for (i = 0; i < n && i < MOST; i++)
		put_count(out, v[i], s);
	if (n > MOST)
		put_rest(out, v, n, s);
	buf_puts(out, "</table></div></div>\n");
	free(v);
	return 0;
}

static void
put_number(const struct stats_number *n, struct buf *out)
{
	static const double at[] = { 0.1, 0.5, 0.9 };
	size_t i;

	buf_puts(out, "<figure><figcaption><b>");
	markup_text(out, str_c(n->name));
	buf_puts(out, "</b><br/>");
	markup_text(out, str_c(n->about));
	buf_puts(out, "</figcaption>");
	plot_hist(out, &n->hist);
	buf_puts(out, "<figcaption title=\"least, 10 %, median, 90 %, "
		      "most\">");
	markup_number(out, n->hist.min);
	for (i = 0; i < 3; i++) {
		buf_puts(out, i == 1 ? " \302\267 <b>" : " \302\267 ");
		markup_number(out, hist_quantile(&n->hist, at[i]));
		buf_puts(out, i == 1 ? "</b>" : "");
	}
	buf_puts(out, " \302\267 ");
	markup_number(out, n->hist.max);
	buf_puts(out, "</figcaption></figure>\n");
}

int
section_survey(const struct survey_page *p, struct buf *out, struct err *e)
{
	const struct stats *s = &p->stats;
	size_t i;

	buf_puts(out, "<h2>Documents of ");
	markup_text(out, str_c(p->name));
	buf_puts(out, "</h2>\n<p class=\"soft\">");
	markup_count(out, s->documents);
	buf_puts(out, " documents, ");
	markup_bytes(out, s->bytes);
	buf_puts(out, " of text");
	if (s->damaged) {
		buf_puts(out, "; damaged lines: ");
		markup_count(out, s->damaged);
	}
	buf_puts(out, ". Below each histogram: least, a tenth, <b>median</b>, "
		      "nine tenths, most.</p>\n<div class=\"grid\">\n");
	for (i = 0; i < s->nby; i++)
		if (s->by[i].counts.n && put_by(&s->by[i], s, out, e) < 0)
			return e->code;
	buf_puts(out, "</div>\n<div class=\"grid\">\n");
	for (i = 0; i < s->nnumber; i++)
		if (s->numbers[i].hist.n)
			put_number(&s->numbers[i], out);
	buf_puts(out, "</div>\n");
	return 0;
}
