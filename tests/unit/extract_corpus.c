/* SPDX-License-Identifier: MIT */
/* What archives hold, item by item, against what a reader would expect. */
#include <stdlib.h>

#include "../tap.h"
#include "base/err.h"
#include "base/hash.h"
#include "extract/charset.h"
#include "extract/corpus.h"
#include "extract/corpus_tex.h"
#include "extract/html.h"
#include "extract/posts.h"
#include "extract/spill.h"
#include "extract/texstore.h"

static struct corpus corpus;
static struct corpus_doc doc;

static void
is(struct str got, const char *want, const char *what)
{
	struct buf b = { 0 };

	buf_json_lossy(&b, str_c(what));
	if (!OK(str_eq(got, str_c(want)), "%.*s", (int)b.n, b.p)) {
		buf_puts(&b, " gave ");
		buf_json_lossy(&b, got);
		printf("# %.*s\n", (int)b.n, b.p);
	}
	buf_free(&b);
}

static void
read_item(enum corpus_kind kind, const char *text, const char *extra)
{
	struct corpus_item it = { .kind = kind,
		.file = STR("file"),
		.path = STR("a.tex"),
		.text = str_c(text),
		.extra = str_c(extra) };
	struct err e;

	if (corpus_read(&corpus, &it, &doc, &e) < 0)
		doc.rule = "error";
}

static void
wikitext(const char *in, const char *want)
{
	struct corpus_wikitext w = {
		.file = STR("Datei"), .markdown = true, .links = true
	};
	struct buf out = { 0 };

	corpus_wikitext(&w, str_c(in), &out);
	corpus_tidy(&out);
	is(buf_view(&out), want, in);
	buf_free(&out);
	buf_free(&w.stripped);
	buf_free(&w.categories);
}

static void
test_wikitext(void)
{
	wikitext("", "");
	wikitext("a [[b]] c", "a b c");
	wikitext("[[b|c [[d|e]] f]]", "c e f");
	wikitext("[[File:x.png|thumb|a [[b]] c]]d", "d");
	wikitext("[[Datei:x.png|a]]d [[:Datei:y|z]]", "d z");
	wikitext("[[de:Mühle]]x", "x");
	wikitext("{{a|{{b|c}}|d}}x", "x");
	wikitext("{{lang|fr|{{nowrap|le moulin}}}}", "le moulin");
	wikitext("a{{b", "ab");
	wikitext("a}}b]]c", "abc");
	wikitext("x<ref>y</ref>z<ref name=a/>.", "xz.");
	wikitext("x<ref>y", "xy");
	wikitext("x<!-- y", "x y");
	wikitext("1 < 2 <b and c", "1 < 2 <b and c");
	wikitext("a<br>b<br />c", "a b c");
	wikitext("'''b''' and ''i''", "b and i");
	wikitext("[http://x.example y z]", "[y z](http://x.example)");
	wikitext("a\nb\n\nc", "a b\n\nc");
	wikitext("== a ==\n== b ==\nc", "## b\n\nc");
	wikitext("= a =\n== b ==\nc", "# a\n\n## b\n\nc");
	wikitext("* a\n* b\n\nc", "- a\n- b\n\nc");
	wikitext("{|\n|a\n|b\n|}", "| a | b |\n| --- | --- |");
	wikitext("{|\n|a\n{|\n|b\n|}\n|-\n|c\n|}\nd",
	    "| a | b |\n| --- | --- |\n| c |\n\nd");
	wikitext("{|\n|a", "| a |\n| --- |");
	wikitext("<nowiki>[[a]] ''b''</nowiki>", "[[a]] ''b''");
	wikitext("&nbsp;a&amp;b&#65;&bogus;", "\u00a0a&bA&bogus;");
}

static void
tex(const char *in, const char *included, const char *want)
{
	struct buf bundle = { 0 };

	corpus_bundle_put(&bundle, STR("part.tex"), str_c(included));
	buf_putc(&bundle, '\0');
	bundle.n--;
	{
		struct corpus_item it = { .kind = CORPUS_TEX,
			.path = STR("a.tex"),
			.text = str_c(in),
			.extra = buf_view(&bundle) };
		struct err e;

		if (corpus_read(&corpus, &it, &doc, &e) < 0)
			doc.rule = "error";
	}
	is(buf_view(&doc.text), want, in);
	buf_free(&bundle);
}

static void
test_tex(void)
{
	tex("a % b\nc", "", "a c");
	tex("a\n  % b\nc", "", "a\nc");
	tex("5\\% of", "", "5\\% of");
	tex("a \\input{part} c", "b", "a b c");
	tex("a \\input part c", "b", "a b c");
	tex("a \\input{part.tex} c", "b\\endinput x", "a b c");
	tex("a \\input{part}", "b \\input{part}", "a b"); /* a circle */
	tex("a \\inputs{part} c", "b", "a \\inputs{part} c");
	tex("a\\begin{document}b\\end{document}c", "", "b");
	tex("\\newcommand{\\x}{y}\\x{} \\x, \\xx", "", "y{} y, \\xx");
	tex("\\newcommand\\x[2]{#2#1}\\x{a}b", "", "ba");
	tex("\\def\\x#1{<#1>}\\x\\alpha", "", "<\\alpha>");
	tex("\\def\\x{\\x a}\\x", "", "\\def\\x{\\x a}\\x");
	tex("\\def\\x{\\y}\\def\\y{\\z}\\x", "", "\\z");
	tex("\\newcommand{\\x}[2][o]{#1}\\x b", "",
	    "\\newcommand{\\x}[2][o]{#1}\\x b");
	tex("\\DeclareMathOperator{\\im}{im} $\\im f$", "",
	    " $\\operatorname{im} f$");
	tex("\\begin{verbatim}%\\def\\x{y}\\end{verbatim}", "",
	    "\\begin{verbatim}%\\def\\x{y}\\end{verbatim}");
	tex("a\\iffalse b\\fi c\\iffalse d", "", "a c\\iffalse d");
	tex("a\\bibliography{x}b\\begin{thebibliography}c", "",
	    "ab\\begin{thebibliography}c");
}

static void
test_names(void)
{
	static const struct {
		const char *path, *start;
		enum corpus_kind kind;
	} files[] = { { "a.tex.gz", "", CORPUS_TEX },
		{ "0001001.gz", "\\documentclass{x}", CORPUS_TEX },
		{ "a.c", "int x;", CORPUS_CODE },
		{ "run", "#!/usr/bin/env -S python3 -u\n", CORPUS_CODE },
		{ "a.txt", "hello", CORPUS_BOOK },
		{ "README", "hello", CORPUS_BOOK },
		{ "a.html", "hello", CORPUS_HTML },
		{ "a.bin", "hello", CORPUS_NONE },
		{ "x", "<mediawiki>", CORPUS_WIKI },
		{ "x", "<?xml?><posts>", CORPUS_STACK },
		{ "RS_2020", "{}", CORPUS_REDDIT },
		{ "x.json", "{\"subreddit\":\"a\",\"body\":1}", CORPUS_REDDIT },
		{ "x.json", "{\"body\":1}", CORPUS_NONE } };
	size_t i;

	for (i = 0; i < sizeof(files) / sizeof(*files); i++)
		OK(corpus_guess(str_c(files[i].path), str_c(files[i].start)) ==
			files[i].kind,
		    "%s is %s", files[i].path, corpus_name(files[i].kind));
	OK(corpus_language(STR("x/Makefile"), STR("")) &&
		strcmp(corpus_language(STR("a.py"), STR("")), "Python") == 0 &&
		strcmp(corpus_language(STR("a.h"), STR("\nclass X")), "C++") ==
		    0 &&
		!corpus_language(STR("a.xyz"), STR("")) &&
		!corpus_language(STR(".py"), STR("")),
	    "languages");
	OK(strcmp(
	       corpus_licence(STR("GNU General Public License\n version\n3")),
	       "GPL-3.0") == 0 &&
		!corpus_licence(STR("all rights reserved")),
	    "licences, however wrapped");
}

static void
test_code(void)
{
	read_item(CORPUS_CODE, "", "MIT");
	OK(doc.rule != NULL, "a source of no language is none");
}

static void
test_books(void)
{
	is(corpus_book_body(STR("a letter\n")), "a letter\n", "no licence");
	is(corpus_book_body(STR("Gutenberg\n*** START OF THE PROJECT "
				"GUTENBERG X ***\nbody\n*** END OF THE "
				"PROJECT GUTENBERG X ***\nterms")),
	    "body\n", "between the marks");
	is(corpus_book_body(STR("x *** START OF THE GAME ***\nbody")),
	    "x *** START OF THE GAME ***\nbody", "marks of others");
}

/* Records in order, with a memory so small that nearly each is its own run. */
static void
test_spill(size_t memory, const char *what)
{
	enum { N = 2000 };
	struct spill *s = spill_new(memory);
	struct spill_key k, last = { { 0 } };
	struct str got;
	uint64_t sum = 0, want = 0, last_put = 0, v, put;
	struct err e;
	size_t i, n = 0;
	bool ok = true;
	char text[32];

	for (i = 0; i < N; i++) {
		k = (struct spill_key){ { mix64(i) % 50, mix64(i + N) % 3,
		    0 } };
		v = i;
		memcpy(text, &v, sizeof(v));
		want += mix64(v);
		ok &= spill_put(s, &k, (struct str){ text, sizeof(v) + i % 20 },
			  &e) == 0;
	}
	ok &= spill_sort(s, &e) == 0;
	while (ok && spill_next(s, &k, &got, &e) == 1) {
		memcpy(&put, got.p, sizeof(put));
		sum += mix64(put);
		ok &= got.n == sizeof(put) + put % 20 &&
		      k.v[0] == mix64(put) % 50;
		if (n++)
			ok &=
			    memcmp(&k, &last, sizeof(k)) == 0
				? put > last_put
				: k.v[0] > last.v[0] || (k.v[0] == last.v[0] &&
							    k.v[1] > last.v[1]);
		last = k;
		last_put = put;
	}
	OK(ok && n == N && sum == want, "%s", what);
	spill_free(s);
}

static void
test_posts(void)
{
	struct posts *p = posts_new(100);
	struct str thread;
	struct err e;
	bool cut;

	posts_put(p,
	    STR("<row Id=\"9\" PostTypeId=\"2\" ParentId=\"1\" "
		"Score=\"-3\"/>"),
	    &e);
	posts_put(p,
	    STR("<row Id=\"5\" PostTypeId=\"2\" ParentId=\"1\" "
		"Score=\"7\"/>"),
	    &e);
	posts_put(p, STR("<row Id=\"1\" PostTypeId=\"1\"/>"), &e);
	posts_put(p,
	    STR("<row Id=\"4\" PostTypeId=\"2\" ParentId=\"1\" "
		"Score=\"7\"/>"),
	    &e);
	posts_sort(p, &e);
	OK(posts_next(p, 1000, &thread, &cut, &e) == 1 && !cut, "a thread");
	is(thread,
	    "<row Id=\"1\" PostTypeId=\"1\"/>"
	    "<row Id=\"4\" PostTypeId=\"2\" ParentId=\"1\" Score=\"7\"/>"
	    "<row Id=\"5\" PostTypeId=\"2\" ParentId=\"1\" Score=\"7\"/>"
	    "<row Id=\"9\" PostTypeId=\"2\" ParentId=\"1\" Score=\"-3\"/>",
	    "the question, then the best answer");
	OK(posts_next(p, 1000, &thread, &cut, &e) == 0, "no more");
	posts_free(p);
}

static void
test_bundle(void)
{
	struct buf b = { 0 };
	struct str at;

	corpus_bundle_put(&b, STR("p/main.tex"), STR("1"));
	corpus_bundle_put(&b, STR("p/s/x.tex"), STR("2"));
	is(corpus_bundle_find(buf_view(&b), STR("s/x"), STR("p/main.tex"), &at),
	    "2", "a name without .tex");
	is(corpus_bundle_find(
	       buf_view(&b), STR("../main"), STR("p/s/x.tex"), &at),
	    "1", "a folder up");
	is(corpus_bundle_find(
	       buf_view(&b), STR("s/x.tex"), STR("p/s/x.tex"), &at),
	    "2", "by the paper's folder");
	OK(!corpus_bundle_find(buf_view(&b), STR("y"), STR("p/a"), &at).p,
	    "nothing of that name");
	buf_free(&b);
}

static void
test_xml(void)
{
	struct str s = STR("t<!-- <x> --><a:b c='>' d=\"e\"/>u</f>");
	struct corpus_tag t;

	OK(corpus_xml_next(&s, &t) && !t.name.n, "a comment is no tag");
	OK(corpus_xml_next(&s, &t) && t.empty, "an empty tag");
	is(t.name, "b", "its name without prefix");
	is(corpus_xml_att(t.atts, "c"), ">", "a quoted sign");
	is(corpus_xml_att(t.atts, "d"), "e", "the next attribute");
	OK(!corpus_xml_att(t.atts, "f").p, "no such attribute");
	OK(corpus_xml_next(&s, &t) && t.close, "a closing tag");
	is(t.text, "u", "the text before it");
	OK(!corpus_xml_next(&s, &t), "the end");
}

int
main(void)
{
	html_init();
	corpus.html = html_new();
	corpus.charset = charset_new();
	corpus.max_body = 1 << 20;
	test_wikitext();
	test_tex();
	test_names();
	test_code();
	test_books();
	test_spill(1 << 20, "a sort in memory");
	test_spill(3000, "a sort on disk");
	test_spill(1, "a run a record");
	test_posts();
	test_bundle();
	test_xml();
	html_free(corpus.html);
	charset_free(corpus.charset);
	corpus_free(&corpus);
	corpus_doc_free(&doc);
	return tap_end();
}
