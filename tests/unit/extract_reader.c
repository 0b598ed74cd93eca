/* SPDX-License-Identifier: MIT */
/*
 * The HTML reader: which elements tags open and close, what character
 * references say, where comments and scripts end.  Expectations are the HTML
 * Standard's, but for what html.h says of tables and depth.
 */
#include <stdlib.h>

#include "../tap.h"
#include "base/err.h"
#include "extract/entity.h"
#include "extract/html.h"

static struct html *html;
static struct page page;
static struct buf out;

static const char *const tag_names[TAG_COUNT] = { "",
#define X(name, flags) #name,
	HTML_TAGS(X)
#undef X
};

static void
parse(const char *in)
{
	struct err e;

	if (html_parse(html, str_c(in), &page, &e) < 0)
		abort();
}

/* Element i with its blocks and children: "div(one p(two) three)". */
static size_t
put_elem(size_t i)
{
	const struct elem *x = &page.elem[i];
	size_t child = i + 1, k = x->first;
	bool any = false;

	buf_puts(&out, tag_names[x->tag]);
	buf_puts(&out, "(");
	while (k < x->last || child < page.nelem) {
		bool inner = child < page.nelem && page.elem[child].parent == i;

		if (!inner && k == x->last)
			break;
		buf_puts(&out, any ? " " : "");
		any = true;
		if (inner && page.elem[child].first <= k) {
			k = page.elem[child].last;
			child = put_elem(child);
		} else {
			buf_str(&out, page_text(&page, &page.block[k++]));
		}
	}
	buf_puts(&out, ")");
	return child;
}

static void
tree(const char *in, const char *want)
{
	parse(in);
	buf_clear(&out);
	put_elem(0);
	buf_putc(&out, '\0');
	if (!OK(strcmp(out.p, want) == 0, "%s", in))
		printf("# got:  %s\n# want: %s\n", out.p, want);
}

/* What stands in <body>. */
static void
body(const char *in, const char *want)
{
	struct buf whole = { 0 };

	buf_printf(&whole, "(html(body(%s)))", want);
	buf_putc(&whole, '\0');
	tree(in, whole.p);
	buf_free(&whole);
}

static void
frame(void)
{
	tree("", "()");
	tree("x", "(html(body(x)))");
	tree("<title>t</title>x", "(html(head() body(x)))");
	tree("<!doctype html><html><head></head><body>x</body></html>y",
	    "(html(head() body(x y)))");
	tree("<p>a<html><head><body>b", "(html(body(p(a b))))");
	tree("<head><div>a</div></head>b", "(html(head() body(div(a) b)))");
	tree("<body><title>t</title>a", "(html(body(a)))");
	OK(str_eq(buf_view(&page.title), STR("t")), "a title in the body");
	parse("<title>one</title><p>x<title>two</title>");
	OK(str_eq(buf_view(&page.title), STR("one")), "the first title counts");
	tree("<head><template><div>a</template><meta name=x></head>b",
	    "(html(head() body(b)))");
	tree("<head><noscript><link><style></style></noscript></head>a",
	    "(html(head(noscript()) body(a)))");
	tree("<noscript><img src=x></noscript>a<p>b",
	    "(html(head(noscript()) body(a p(b))))");
	tree("<noscript>a</noscript>b",
	    "(html(head(noscript()) body(noscript(a) b)))");
	tree("<frameset><frame><noframes><body>a</noframes></frameset>",
	    "(html(body(noframes(a))))");
}

static void
blocks(void)
{
	body("<p>a<p>b", "p(a) p(b)");
	body("<p>a<div>b</div>c", "p(a) div(b) c");
	body("<p>a<span><div>b</div></span>", "p(a) div(b)");
	body("<div><p>a</div>b", "div(p(a)) b");
	body("a</p>b", "a b");
	body("<button><p>a</button><p>b", "p(a) p(b)");
	body("<p><button><p>a</button>b", "p(p(a) b)");
	body("<h1>a<h2>b</h1>c", "h1(a) h2(b) c");
	body("<h1>a</h3>b", "h1(a) b");
	body("<ul><li>a<li>b<ul><li>c</ul><li>d</ul>",
	    "ul(li(a) li(b ul(li(c))) li(d))");
	body("<li>a<div><li>b", "li(a div()) li(b)");
	body("<ul><li>a</ul></li>b", "ul(li(a)) b");
	body("<ol><li>a<ul></li>b</ul></ol>", "ol(li(a ul(b)))");
	body("<dl><dt>a<dd>b<dt>c</dl>", "dl(dt(a) dd(b) dt(c))");
	body("<div>a</section>b</div>", "div(a\nb)");
	body("<section><div>a</section>b", "section(div(a)) b");
	body("<form>a<form>b</form>c</form>d", "form(a b) c\nd");
	body("<form><div>a</form>b</div>c", "form(div(a\nb)) c");
	body("<p>a<hr>b", "p(a) hr() b");
	body("<div/>a</div>b", "div(a) b");
	body("<p/>a<p>b", "p(a) p(b)");
	body("<x-y>a<div>b</x-y>c</div>d", "a div(bc) d");
	body("<fieldset><legend>a</legend>b</fieldset>c",
	    "fieldset(legend(a) b) c");
}

static void
tables(void)
{
	body("<table><tr><td>a<td>b<tr><th>c</table>d",
	    "table(tr(td(a) td(b)) tr(th(c))) d");
	body("<table><thead><tr><td>a<tbody><tr><td>b</table>",
	    "table(thead(tr(td(a))) tbody(tr(td(b))))");
	body("<table><caption>a<tr><td>b</table>",
	    "table(caption(a) tr(td(b)))");
	body("<table><colgroup><col><tr><td><p>a<td>b</table>",
	    "table(tr(td(p(a)) td(b)))");
	body("<table><tr><td>a<table><tr><td>b</table>c</table>d",
	    "table(tr(td(a table(tr(td(b))) c))) d");
	body("<table><tr><table><tr><td>a</table>b",
	    "table(tr()) table(tr(td(a))) b");
	body("<table><tr><td><div>a</td></div>b</table>c",
	    "table(tr(td(div(a)) b)) c");
	body("<table><tr><td>a</div></p>b</td></table>", "table(tr(td(a b)))");
	body("<table><td>a<td>b<tbody><th>c</table>",
	    "table(tr(td(a) td(b)) tbody(tr(th(c))))");
	body("<td>a</td><td>b", "a b");
	body("<div><table><tr><td>a</div>b</table>c",
	    "div(table(tr(td(a\nb))) c)");
	body("<p>a<table><tr><td>b</table>c", "p(a) table(tr(td(b))) c");
}

static uint32_t
link_bytes(const char *in)
{
	uint32_t n = 0;
	size_t i;

	parse(in);
	for (i = 0; i < page.nblock; i++)
		n += page.block[i].link;
	return n;
}

static void
inlines(void)
{
	body("a<b>b<i>c</b>d</i>e", "abcde");
	body("<b>a<div>b</b>c</div>d", "a div(bc) d");
	OK(link_bytes("<a>one<a>two</a>three") == 6, "links don't nest");
	OK(link_bytes("<a>one<div>two</a>three</div>four") == 6,
	    "a link ends where it says so, blocks or no");
	OK(link_bytes("<a><b>one</a>two</b>") == 3, "also within <b>");
	OK(link_bytes("<p><a>one<p>two") == 3, "or with its paragraph");
	body("<b><a>x</a></b><i><a>y</a></i>", "x y");
	body("a<select><option>b<p>c", "a p(c)");
	body("a<ruby>b<rp>(<rt>c<rp>)</ruby>d", "abcd");
	body("<span hidden>a</span>b<span style='display: none'>c</span>", "b");
	body("<math><mi>a</mi><mspace/><mi>b</mi></math>c", "abc");
	body("<math><mi>a<p>b", "a p(b)");
}

static void
tokens(void)
{
	body("a<!-- b -- > c --!>d<!-->e<!--->f", "adef");
	body("<!--a--!b-->c", "c");
	body("a<script><!-- <script> </script> b --></script>c", "ac");
	body("a<script><!-- <script> --></script>c", "ac");
	body("a<script><!-- <script> b</script>c", "ac");
	body("a<script>'</scripty>'</script >b", "ab");
	body("<math><![CDATA[a<b]]></math>", "a<b");
	body("a<![CDATA[b]]>c", "ac");
	body("a</>b</ c>d<?e?>f<!g>h", "abdfh");
	body("a</", "a</");
	body("a<1>&<2", "a<1>&<2");
	body("<p =a b='c>d' e=f>g<p a=\"b\"c='d'/e>h", "p(g) p(h)");
	body("<svg><p>a</svg>b<iframe><p>c</iframe>d", "bd");
	body("<xmp><b>&amp;</xmp>c", "xmp(<b>&amp;) c");
	parse("<pre>\r\na\r\nb\rc&#10;d</pre>");
	OK(str_eq(page_text(&page, page.block), STR("a\nb\nc\nd")),
	    "line ends in <pre>");
	parse("<html lang='a' LANG=b><title>x &amp <b></title>");
	OK(str_eq(buf_view(&page.lang), STR("a")),
	    "the first attribute counts");
	OK(str_eq(buf_view(&page.title), STR("x & <b>")), "a title is text");
	parse("<meta property=og:title content='a&amp;b &copy=1 &copy &lt;'>");
	OK(str_eq(buf_view(&page.title), STR("a&b &copy=1 \u00a9 <")),
	    "references in attributes");
}

static void
reference(const char *in, enum entity_mode mode, const char *want)
{
	buf_clear(&out);
	entity_decode(str_c(in), mode, &out);
	buf_putc(&out, '\0');
	if (!OK(strcmp(out.p, want) == 0, "%s", in))
		printf("# got: %s\n", out.p);
}

static void
references(void)
{
	reference("&amp;&AMP;&amp&lt", ENTITY_TEXT, "&&&<");
	reference(
	    "&notit; &notin; &not", ENTITY_TEXT, "\u00acit; \u2209 \u00ac");
	reference(
	    "&notit; &not=1 &not", ENTITY_ATTRIBUTE, "&notit; &not=1 \u00ac");
	reference("&lt &lt; &copy;", ENTITY_XML, "&lt < \u00a9");
	reference("&NotEqualTilde;", ENTITY_TEXT, "\u2242\u0338");
	reference("&CounterClockwiseContourIntegral;", ENTITY_TEXT, "\u2233");
	reference("&bogus; & &; &# &#; &#x; &#xg", ENTITY_TEXT,
	    "&bogus; & &; &# &#; &#x; &#xg");
	reference("&#65&#x42;&#X43 &#0;&#xd800;&#x110000;&#99999999999999;",
	    ENTITY_TEXT, "ABC \ufffd\ufffd\ufffd\ufffd");
	reference(
	    "&#x80;&#150;&#x1f600;", ENTITY_TEXT, "\u20ac\u2013\U0001f600");
	reference("&#65 &#66;", ENTITY_XML, "&#65 B");
	reference("&zwnj;&zzz", ENTITY_TEXT, "\u200c&zzz");
}

/* Any name of the table is found, and no name is cut short. */
static void
table(void)
{
	const char *p = entity_table, *text;
	struct buf in = { 0 };
	size_t i, right = 0, n;

	for (i = 0; i < entity_names; i++) {
		n = strcspn(p, "\1\2");
		text = p + n + 1;
		buf_clear(&in);
		buf_putc(&in, '&');
		buf_put(&in, p, n);
		buf_puts(&in, ";;");
		buf_clear(&out);
		entity_decode(buf_view(&in), ENTITY_TEXT, &out);
		right += out.n == strlen(text) + 1 &&
			 memcmp(out.p, text, out.n - 1) == 0;
		p = text + strlen(text) + 1;
	}
	OK(right == entity_names, "all %zu names", right);
	buf_free(&in);
}

int
main(void)
{
	html_init();
	html = html_new();
	if (!html)
		return 1;
	frame();
	blocks();
	tables();
	inlines();
	tokens();
	references();
	table();
	html_free(html);
	page_free(&page);
	buf_free(&out);
	return tap_end();
}
