/* SPDX-License-Identifier: MIT */
/* HTML to text: what must stay together, come apart, survive. */
#include <stdlib.h>

#include "../tap.h"
#include "base/err.h"
#include "base/progress.h"
#include "base/text/utf8.h"
#include "extract/html.h"
#include "extract/render.h"
#include "extract/select.h"

enum { SECONDS = 20 }; /* for any one page, on a slow sanitized machine */

static struct html *html;
static struct page page;
static struct select choice;
static struct buf out;

/* All of a page's text, or its main text. */
static const char *
text_of(struct str s, bool all)
{
	struct err e;

	buf_clear(&out);
	if (html_parse(html, s, &page, &e) < 0 ||
	    select_main(&choice, &page, SELECT_BALANCED, &e) < 0)
		abort();
	if (all)
		memset(choice.keep, 1, page.nblock);
	render_text(&page, choice.keep, &out);
	buf_putc(&out, '\0');
	return out.p;
}

static void
gives(const char *in, const char *want, const char *what)
{
	const char *got = text_of(str_c(in), true);

	if (!OK(strcmp(got, want) == 0, "%s", what))
		printf("# got: %s\n", got);
}

static void
words(void)
{
	gives("<p>un<b>break</b>able, <i>two</i> words</p>",
	    "unbreakable, two words", "inline tags don't break words");
	gives("<div>one<div>two</div>three</div>", "one\n\ntwo\n\nthree",
	    "blocks do");
	gives("a<br>b<br/>c", "a\nb\nc", "line breaks");
	gives("a<br><br>b", "a\n\nb", "two are a paragraph");
	gives("<a href=x>Home</a><a href=y>News</a>", "Home News",
	    "links side by side are words");
	gives("say <a href=x>hel</a>lo", "say hello", "text behind a link");
	gives("<table><tr><td>a<td>b</table>", "a | b", "cells");
	gives("<p>  a \n\t b&nbsp;&nbsp;c  </p>", "a b c", "white space");
	gives("a<img src=x>b<wbr>c<script>x</script>d<!-- y -->e", "abcde",
	    "what isn't text leaves no trace");
	gives("<option>a</option><span>b</span><select><option>x</select>", "b",
	    "options are no text");
	gives("<button>Go</button><p>On", "Go\n\nOn", "buttons");
}

static void
structure(void)
{
	gives("<h2>Wheels</h2><p>Round.<h3>Teeth</h3>Few.",
	    "Wheels\n\nRound.\n\nTeeth\n\nFew.", "headings are lines");
	gives("<ul><li>one<li>two<ul><li>three</ul></ul><p>four",
	    "- one\n- two\n- three\n\nfour", "lists");
	gives("<ol><li><p>one</p><p>more</p><li>two</ol>", "- one\nmore\n- two",
	    "an item of two paragraphs");
	gives("<table><tr><th>Mill<th>Stones<tr><td>Upper<td>2"
	      "<tr><td>Lower<td>3</table>",
	    "Mill | Stones\nUpper | 2\nLower | 3", "a table's rows");
	gives("<pre>\nif x:\n    y()\n\n\tz</pre>after",
	    "if x:\n    y()\n\n\tz\n\nafter", "pre keeps its white space");
	gives("<p>a</p><hr><p>b</p>", "a\n\nb", "a rule");
	gives(
	    "<dl><dt>sluice<dd>a gate</dl>", "sluice\na gate", "a definition");
	gives("<title>T &amp; U</title><body>x", "x", "a title is no text");
	OK(str_eq(buf_view(&page.title), STR("T & U")), "but known");
	gives("<html lang=de><head><link rel=canonical href=/c>"
	      "<meta property=og:title content='O'></head>x",
	    "x", "a head");
	OK(str_eq(buf_view(&page.lang), STR("de")) &&
		str_eq(buf_view(&page.canonical), STR("/c")) &&
		str_eq(buf_view(&page.title), STR("O")),
	    "language, canonical URL, title");
}

static void
characters(void)
{
	gives("&lt;p&gt; &amp; &eacute; &#x6c34; &#27700; &bogus; AT&T",
	    "<p> & \xc3\xa9 \xe6\xb0\xb4 \xe6\xb0\xb4 &bogus; AT&T",
	    "references");
	gives("it&#146;s", "it\xe2\x80\x99s", "a reference to windows-1252");
	gives("1 < 2 and 3 <4 <", "1 < 2 and 3 <4 <", "'<' that opens nothing");
	text_of((struct str){ "a\0b<p title='\0'>c\0</p>", 21 }, true);
	OK(strcmp(out.p, "ab\n\nc") == 0, "NUL");
	gives("", "", "nothing");
	gives(" \n\t ", "", "blanks");
	gives("<", "<", "only '<'");
	gives("<p", "", "only the start of a tag");
	gives("\xf0\x9f\x8c\xbe<b>\xe6\xb0\xb4</b>",
	    "\xf0\x9f\x8c\xbe\xe6\xb0\xb4", "four and three bytes");
}

static void
unclosed(void)
{
	gives("<p>a<!-- never closed <p>x</p><p>b", "a\n\nx\n\nb",
	    "a comment that is never closed");
	gives("<p>a<!-- x --><p>b<!--", "a\n\nb", "an empty one at the end");
	gives("a<!-->b<!--->c<!-- -- -->d", "abcd", "odd comments");
	gives("<p>a<script>var x = '<b>y</b>';\n<p>b", "a\n\nb",
	    "a script that is never closed");
	gives("<p>a<script src=x /><p>b<script>z</script>c", "a\n\nbc",
	    "a script closed by itself");
	gives("<p>a<script>document.write('<script>x<\\/script>')</script>b",
	    "ab", "a script within a script");
	gives("<p>a<style>p { } <p>b", "a\n\nb", "style never closed");
	gives("<title>T<p>a", "a", "a title that is never closed");
	gives("<p>a<textarea>x<p>b", "a\n\nb", "a text area never closed");
	gives(
	    "<p class=\"a>b</p><p>c", "b\n\nc", "a quote that is never closed");
	gives("<body><p>a</body><body class=x><p>b</body>", "a\n\nb",
	    "two bodies");
	gives("<p>a</html><p>b", "a\n\nb", "text behind the end");
	gives("</div></p></b>a</x>", "a", "end tags of nothing");
	gives("<SCRIPT>x</script  >a<Style>y</STYLE>b", "ab", "any case");
	gives("<![CDATA[a]]><?php echo 1 ?>b", "b", "bogus comments");
	gives("<svg><title>x</title><text>y</text></svg>a", "a", "svg");
}

/* Words "mill" in out.  (Not by strstr: sanitizers make it take the time of
 * the whole rest at every call.) */
static size_t
count_mills(void)
{
	size_t i, n = 0;

	for (i = 0; i + 4 <= out.n; i++)
		n += out.p[i] == 'm' && memcmp(out.p + i, "mill", 4) == 0;
	return n;
}

/* A page of n times `piece` between `before` and `after`. */
static void
survives(const char *before, const char *piece, size_t n, const char *after,
    const char *what)
{
	struct buf b = { 0 };
	double start;
	size_t i, words_in;
	bool ok;

	buf_puts(&b, "<p>First words.</p>");
	buf_puts(&b, before);
	for (i = 0; i < n; i++)
		buf_puts(&b, piece);
	buf_puts(&b, after);
	buf_puts(&b, "<p>Last words.</p>");
	start = progress_now();
	text_of(buf_view(&b), true);
	ok = strstr(out.p, "First words.") && strstr(out.p, "Last words.");
	words_in = count_mills();
	if (strstr(piece, "mill"))
		ok &= words_in == n;
	if (!OK(ok && progress_now() - start < SECONDS, "%s", what))
		printf("# %.1f s, %zu of %zu words, %zu bytes\n",
		    progress_now() - start, words_in, n, out.n);
	OK(utf8_valid(buf_view(&out)), "... as valid UTF-8");
	text_of(buf_view(&b), false);
	buf_free(&b);
}

static void
monsters(void)
{
	survives("", "<div>mill ", 300, "", "300 levels");
	survives("", "<div>mill ", 100000, "", "100,000 levels");
	survives("", "<b>mill ", 100000, "", "100,000 open <b>");
	survives("", "<b><div>mill</b> ", 100000, "", "crossing tags");
	survives("", "<table><tr><td>mill ", 20000, "", "20,000 tables");
	survives("", "<x-y>mill ", 50000, "", "50,000 foreign tags");
	survives("", "mill ", 2500000, "", "a text over 10 MB");
	survives("<script>", "var x = 1; ", 1200000, "</script>",
	    "a script over 10 MB");
	survives("<!--", "no words ", 1200000, "-->", "a comment over 10 MB");
	survives("<p ", "a='b' ", 50000, ">", "50,000 attributes");
	survives("<p class='", "word ", 500000, "'>", "a value of 2.5 MB");
	survives("", "<br>", 1000000, "", "a million <br>");
	survives("<ul>", "<li>mill", 500000, "", "500,000 open <li>");
	survives("", "<script/>", 200000, "</script>", "200,000 <script/>");
	survives("", "<!--", 500000, "", "500,000 open comments");
	survives("", "<a href=\"", 300000, "", "300,000 open quotes");
	survives("", "</q>", 500000, "", "500,000 stray end tags");
	survives("", "<q><b></q>", 200000, "", "200,000 crossing pairs");
	survives("", "<", 1000000, "", "a million '<'");
	survives("<table><tr><td colspan=9007199254740991>", "mill ", 3,
	    "</table>", "a colspan of 2^53");
	survives("", "&amp;mill", 500000, "", "500,000 references");
	survives("", "<textarea>", 100000, "", "100,000 open text areas");
	survives("", "<title>", 100000, "", "100,000 open titles");
	survives("", "<svg>", 100000, "", "100,000 open <svg>");
}

static const char article[] =
    "<html><body><header><a href=/>The Gazette</a></header>"
    "<nav><ul><li><a href=/1>Mills</a><li><a href=/2>Rivers</a></ul></nav>"
    "<div class=layout><article><h1>The wheel turns again</h1>"
    "<p>After forty years of standing still, the wheel of the lower mill "
    "turned on Sunday, and half of the village came to see it.</p>"
    "<div class='share-buttons'><a href=x>Share</a></div>"
    "<p>It was the miller's granddaughter who opened the sluice, slowly, as "
    "the carpenters had told her, and the water did the rest.</p>"
    "<h2>Read more</h2><ul class=related><li><a href=a>Of sluices</a>"
    "<li><a href=b>Of stones</a></ul></article>"
    "<aside><p>Subscribe to our letter, which comes every Friday, with news "
    "of mills, rivers, bridges and more, for nothing at all.</p></aside></div>"
    "<div id=comments><p>I was there, and it was a fine day, with cake and "
    "music, and the wheel was louder than the band, I can tell you.</p></div>"
    "<footer><p>Copyright, imprint, all rights reserved, since 1871.</p>"
    "</footer></body></html>";

static void
as_markdown(const char *in, const char *want, const char *what)
{
	text_of(str_c(in), true);
	buf_clear(&out);
	render_markdown(&page, choice.keep, &out);
	buf_putc(&out, '\0');
	if (!OK(strcmp(out.p, want) == 0, "markdown: %s", what))
		printf("# got: %s\n", out.p);
}

static void
markdown(void)
{
	as_markdown("<h1>The <b>mill</b></h1>a<h3>Stones</h3>b",
	    "# The mill\n\na\n\n### Stones\n\nb", "headings");
	as_markdown("<ul><li>a<ul><li>b<li>c</ul><li>d</ul>",
	    "- a\n    - b\n    - c\n- d", "lists in lists");
	as_markdown("<ol><li>a<li>b</ol>x<ol><li>c</ol>",
	    "1. a\n2. b\n\nx\n\n1. c", "numbered lists");
	as_markdown("<table><tr><th>a|b<th>c<tr><td>1<td><p>2<p>3</table>x",
	    "| a\\|b | c |\n| --- | --- |\n| 1 | 2 3 |\n\nx", "tables");
	as_markdown("<pre>\n  if (x)\n\ty();\n</pre>z",
	    "```\n  if (x)\n\ty();\n```\n\nz", "code keeps its white space");
	as_markdown("<pre>a ``` b</pre>", "````\na ``` b\n````",
	    "a fence longer than those within");
	as_markdown("<blockquote><p>a<br>b<p>c</blockquote>",
	    "> a\n> b\n>\n> c", "quotes");
}

static void
facts(void)
{
	text_of(STR("<html lang=de><head><title>T</title>"
		    "<meta name=Author content=' A. Miller '>"
		    "<meta property=article:author content=http://x/a>"
		    "<meta property=og:site_name content='The Gazette'>"
		    "<meta property=article:published_time content=2020-01-02>"
		    "<link rel=canonical href=http://mill.example/>"
		    "</head><p>Text"),
	    true);
	OK(str_eq(buf_view(&page.author), STR("A. Miller")), "author");
	OK(str_eq(buf_view(&page.site), STR("The Gazette")), "site's name");
	OK(str_eq(buf_view(&page.published), STR("2020-01-02")), "published");
	OK(str_eq(buf_view(&page.canonical), STR("http://mill.example/")),
	    "canonical URL");
	text_of(STR("<p>Text"), true);
	OK(!page.author.n && !page.site.n && !page.published.n,
	    "nothing stays from the page before");
}

static void
json_ld(void)
{
	text_of(STR("<script type='application/ld+json'>[{\"@type\":\"Person\","
		    "\"name\":\"N\",\"author\":\"no article\"},"
		    "{\"headline\":\"H\",\"author\":[{\"name\":\"A. "
		    "Miller\"}],\"datePublished\":\"2020-01-02\","
		    "\"dateModified\":\"2021\",\"publisher\":{\"name\":"
		    "\"The Gazette\"}}]</script><p>Text"),
	    true);
	OK(str_eq(buf_view(&page.title), STR("H")) &&
		str_eq(buf_view(&page.author), STR("A. Miller")) &&
		str_eq(buf_view(&page.published), STR("2020-01-02")) &&
		str_eq(buf_view(&page.modified), STR("2021")) &&
		str_eq(buf_view(&page.site), STR("The Gazette")),
	    "facts from JSON-LD");
	text_of(STR("<title>T</title><meta name=author content=B>"
		    "<script type=application/ld+json>{\"@graph\":[{"
		    "\"headline\":\"H\",\"author\":\"A\"}]}</script>"
		    "<p>Text"),
	    true);
	OK(str_eq(buf_view(&page.title), STR("T")) &&
		str_eq(buf_view(&page.author), STR("B")),
	    "the head comes first");
	text_of(STR("<script type=application/ld+json>{broken</script><p>Text"),
	    true);
	OK(!page.author.n && page.nblock == 1, "what is no JSON");
}

static void
formulas(void)
{
	gives("x<math alttext='{\\displaystyle a^2}'><mi>a</mi></math> y",
	    "x$a^2$ y", "LaTeX from alttext");
	gives("<math><semantics><mi>a</mi><annotation "
	      "encoding='application/x-tex'>\\frac ab</annotation>"
	      "</semantics></math>",
	    "$\\frac ab$", "from an annotation");
	gives("so <script type='math/tex; mode=inline'>a<b</script>.",
	    "so $a<b$.", "from MathJax");
	gives("<math display=block alttext=x></math>", "$$x$$",
	    "a formula by itself");
	gives("<math><mi>a</mi><annotation>b</annotation></math>", "a",
	    "without LaTeX its text");
}

/* A page of n paragraphs among links, large enough for the forest. */
static void
put_large(struct buf *b, int n)
{
	int i;

	buf_puts(b, "<title>The mill</title><body><nav><ul>");
	for (i = 0; i < 20; i++)
		buf_printf(b, "<li><a href=/%d>Place %d</a></li>", i, i);
	buf_puts(b, "</ul></nav><article><h1>The mill</h1>");
	for (i = 0; i < n; i++)
		buf_printf(b,
		    "<p>In year %d the wheel was repaired, since the river, "
		    "which is short of water in summer, had taken its boards "
		    "away once more.</p>",
		    1800 + i);
	buf_puts(b, "</article><footer><p>All rights reserved.</p>");
	for (i = 0; i < 10; i++)
		buf_printf(b, "<p><a href=/f%d>Legal notice %d</a></p>", i, i);
	buf_puts(b, "</footer>");
}

static void
large(void)
{
	struct buf b = { 0 };
	const char *t;

	put_large(&b, 30);
	t = text_of(buf_view(&b), false);
	OK(strstr(t, "In year 1800") && strstr(t, "In year 1829"),
	    "a long article's paragraphs are kept");
	OK(!strstr(t, "Place") && !strstr(t, "notice"),
	    "a long article's navigation and footer aren't");
	buf_clear(&b);
	put_large(&b, 30000);
	t = text_of(buf_view(&b), false);
	OK(strstr(t, "In year 1800") && strstr(t, "In year 31799"),
	    "a page of very many blocks is kept as well");
	buf_free(&b);
}

static void
choices(void)
{
	const char *t = text_of(str_c(article), false);

	OK(strstr(t, "forty years") && strstr(t, "did the rest") &&
		strstr(t, "turns again"),
	    "an article's heading and paragraphs are kept");
	OK(!strstr(t, "Gazette") && !strstr(t, "Rivers") &&
		!strstr(t, "Share") && !strstr(t, "Of sluices") &&
		!strstr(t, "Subscribe") && !strstr(t, "imprint") &&
		!strstr(t, "I was there"),
	    "and nothing around them");
	OK(!strstr(t, "Read more"), "nor a heading that heads nothing");
	t = text_of(STR("<body><nav><a href=x>Only this</a></nav>"), false);
	OK(strcmp(t, "Only this") == 0, "a page of links is not empty");
	t = text_of(STR("<p>Short.</p>"), false);
	OK(strcmp(t, "Short.") == 0, "nor one of a word");
	t = text_of(STR("<form id=aspnet class=sidebar><p>All that this page "
			"has to say stands within a form whose class is that "
			"of a sidebar, and is kept.</p></form>"),
	    false);
	OK(strstr(t, "stands within"), "names are not believed blindly");
}

int
main(void)
{
	html_init();
	html = html_new();
	words();
	structure();
	characters();
	unclosed();
	choices();
	markdown();
	facts();
	json_ld();
	formulas();
	large();
	monsters();
	html_free(html);
	page_free(&page);
	select_free(&choice);
	buf_free(&out);
	return tap_end();
}
