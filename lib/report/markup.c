/* SPDX-License-Identifier: MIT */
#include "report/markup.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "base/text/utf8.h"
#include "base/version.h"

static const char *
escape_of(char c)
{
	switch (c) {
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '&':
		return "&amp;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	}
	/* No character reference may stand for these. */
	if ((unsigned char)c < 32 && c != '\n' && c != '\t')
		return " ";
	return NULL;
}

/* Valid UTF-8. */
static void
put_valid(struct buf *out, struct str s)
{
	const char *escape;
	size_t i;

	for (i = 0; i < s.n; i++) {
		escape = escape_of(s.p[i]);
		if (escape)
			buf_puts(out, escape);
		else
			buf_putc(out, s.p[i]);
	}
}

void
markup_text(struct buf *out, struct str s)
{
	size_t n;

	for (;;) {
		n = utf8_valid_prefix(s);
		put_valid(out, (struct str){ s.p, n });
		if (n == s.n)
			return;
		buf_puts(out, "\357\277\275"); /* U+FFFD */
		s = (struct str){ s.p + n + 1, s.n - n - 1 };
	}
}

void
markup_count(struct buf *out, uint64_t n)
{
	char digits[24];
	int i, len = snprintf(digits, sizeof(digits), "%" PRIu64, n);

	for (i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			buf_putc(out, ',');
		buf_putc(out, digits[i]);
	}
}

/* v with three digits, more in front of the point if it has them. */
static void
put_digits(struct buf *out, double v, const char *unit)
{
	int decimals = v < 9.995 ? 2 : v < 99.95 ? 1 : 0;

	buf_printf(out, "%.*f%s", decimals, v, unit);
}

void
markup_bytes(struct buf *out, uint64_t n)
{
	static const char *const units[] = { " KiB", " MiB", " GiB", " TiB",
		" PiB", " EiB" };
	double v = (double)n;
	int u = -1;

	if (n < 1024) {
		buf_printf(out, "%" PRIu64 " B", n);
		return;
	}
	for (; v >= 1023.5; u++)
		v /= 1024;
	put_digits(out, v, units[u]);
}

void
markup_number(struct buf *out, double v)
{
	static const char *const units[] = { "", "K", "M", "B", "T", "Q" };
	double size = fabs(v);
	int u = 0;

	if (size < 10000) {
		buf_printf(out, "%.4g", v);
		return;
	}
	for (; size >= 999.5 && u < 5; u++)
		size /= 1000;
	buf_puts(out, v < 0 ? "-" : "");
	put_digits(out, size, units[u]);
}

void
markup_percent(struct buf *out, uint64_t part, uint64_t whole)
{
	double v = whole ? 100.0 * (double)part / (double)whole : 0;

	if (part && v < 0.05)
		buf_puts(out, "&lt; 0.1 %");
	else
		buf_printf(out, "%.*f %%", v == floor(v) ? 0 : 1, v);
}

/* Colours: Okabe, Ito (2008), told apart by colour-blind readers too. */
static const char style[] =
    ":root{--ink:#1c2430;--soft:#5d6878;--line:#dfe4ea;--paper:#fff;"
    "--panel:#f6f8fa;--main:#0072b2;--a:#d55e00;--b:#e69f00;--c:#009e73;"
    "--d:#cc79a7;--e:#56b4e9;--f:#8a93a0}"
    "@media(prefers-color-scheme:dark){:root{--ink:#e6e9ee;--soft:#9aa5b4;"
    "--line:#333c48;--paper:#14181e;--panel:#1c222a;--main:#4aa8de}}"
    "*{box-sizing:border-box}"
    "body{margin:0 auto;padding:1.2rem;max-width:68rem;color:var(--ink);"
    "background:var(--paper);font:16px/1.5 system-ui,-apple-system,"
    "'Segoe UI',Roboto,'Noto Sans',sans-serif}"
    "h1{font-size:1.6rem;margin:.2rem 0 .8rem}"
    "h2{font-size:1.2rem;margin:2.4rem 0 .6rem;padding-top:.6rem;"
    "border-top:1px solid var(--line)}h3{font-size:1rem;margin:1rem 0 .3rem}"
    "p{margin:.4rem 0;max-width:46rem}.soft,small{color:var(--soft)}"
    ".facts{display:flex;flex-wrap:wrap;gap:.6rem;margin:.8rem 0}"
    ".fact{background:var(--panel);border-radius:.5rem;padding:.6rem 1rem;"
    "min-width:8rem;flex:1}.fact b{display:block;font-size:1.35rem;"
    "font-variant-numeric:tabular-nums}"
    ".row{display:grid;grid-template-columns:9.5rem 1fr 13rem;gap:.8rem;"
    "align-items:center;padding:.25rem 0}"
    ".row>*{min-width:0;overflow-wrap:anywhere}"
    ".row .n{text-align:right;font-variant-numeric:tabular-nums}"
    ".bar{display:flex;height:1.4rem;background:var(--panel);"
    "border-radius:.2rem;overflow:hidden}.bar i{display:block;height:100%}"
    ".thin{height:.8rem}"
    ".k{background:var(--main)}.a{background:var(--a)}.b{background:var(--b)}"
    ".c{background:var(--c)}.d{background:var(--d)}.e{background:var(--e)}"
    ".f{background:var(--f)}"
    ".grid{display:grid;gap:1rem 1.4rem;"
    "grid-template-columns:repeat(auto-fill,minmax(18rem,1fr))}"
    ".grid>*{min-width:0}"
    "figure{margin:0}figcaption{font-size:.85rem;color:var(--soft)}"
    "figcaption b{color:var(--ink);font-size:.95rem}"
    "svg{display:block;width:100%;height:auto}"
    "svg text{fill:var(--soft);font:11px system-ui,sans-serif}"
    "table{border-collapse:collapse;font-variant-numeric:tabular-nums;"
    "font-size:.9rem}th,td{padding:.25rem .7rem;text-align:right;"
    "border-bottom:1px solid var(--line);white-space:nowrap}"
    "th:first-child,td:first-child{text-align:left;white-space:normal;"
    "overflow-wrap:anywhere;min-width:6rem}"
    "th{color:var(--soft);font-weight:600}.wide{overflow-x:auto}"
    "details{margin:.2rem 0 .6rem}summary{cursor:pointer;color:var(--main)}"
    "blockquote{margin:.5rem 0;padding:.5rem .9rem;background:var(--panel);"
    "border-left:3px solid var(--line);white-space:pre-wrap;"
    "overflow-wrap:anywhere;font-size:.88rem}"
    "code{font-size:.88em;overflow-wrap:anywhere}"
    ".key{display:flex;flex-wrap:wrap;gap:.2rem 1rem;font-size:.85rem;"
    "color:var(--soft)}.key i{display:inline-block;width:.8em;height:.8em;"
    "border-radius:.15em;margin-right:.35em}"
    "@media(max-width:40rem){.row{grid-template-columns:1fr 8rem;gap:.1rem "
    ".6rem}.row .bar{grid-column:1/-1;order:3}h1{font-size:1.3rem}}";

void
markup_begin(struct buf *out, struct str title)
{
	buf_puts(out,
	    "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"/>"
	    "<meta name=\"viewport\" content=\"width=device-width, "
	    "initial-scale=1\"/><meta name=\"generator\" content=\"quern " //
	    QUERN_VERSION "\"/><meta name=\"color-scheme\" content=\"light "
	    "dark\"/>\n<title>");
	markup_text(out, title);
	buf_puts(out, "</title>\n<style>");
	buf_puts(out, style);
	buf_puts(out, "</style></head>\n<body>\n<h1>");
	markup_text(out, title);
	buf_puts(out, "</h1>\n");
}

void
markup_end(struct buf *out)
{
	buf_puts(out, "</body></html>\n");
}
