/* SPDX-License-Identifier: MIT */
#ifndef EXTRACT_CORPUS_H
#define EXTRACT_CORPUS_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"
#include "extract/page.h"

struct charset;
struct err;
struct html;

/*
 * What archives hold beside pages, and how each becomes a document.  A reader
 * (entries.h) cuts files into items; corpus_read() makes of one item one
 * document, or says why not.
 *
 *	kind    item                          document
 *	tex     a root file, what it inputs   LaTeX without comments
 *	epub    the whole zip                 its chapters in spine order
 *	book    a text                        without its licence's boilerplate
 *	wiki    <page> of a MediaWiki dump    its wikitext as text
 *	stack   rows of Posts.xml             a question with its answers
 *	reddit  a line of a JSON dump         a submission or a comment
 *	code    a source file                 itself; language, licence
 *	wat     a metadata record of a WAT    title, description, links' texts
 */
enum corpus_kind {
	CORPUS_NONE, /* nothing that holds text */
	CORPUS_TEX,
	CORPUS_EPUB,
	CORPUS_BOOK,
	CORPUS_WIKI,
	CORPUS_STACK,
	CORPUS_REDDIT,
	CORPUS_CODE,
	CORPUS_HTML, /* the pages' own way is taken, not corpus_read() */
	CORPUS_WARC,
	CORPUS_WAT, /* a record of a WARC: worker.h */
};

/* What a file is, by its path and its first bytes (some kilobytes). */
enum corpus_kind corpus_guess(struct str path, struct str start);
const char *corpus_name(enum corpus_kind kind);
/* The path without .gz, .zst, .bz2, .xz, .lz4. */
struct str corpus_plain_path(struct str path);

/* Is a record with this Content-Type, of which this is the start, one of a
 * WAT? */
bool corpus_is_wat(struct str type, struct str payload);

/* Where documents are made; one a thread. */
struct corpus {
	struct html *html;       /* the caller's */
	struct charset *charset; /* too */
	bool markdown, links;
	uint64_t max_body; /* bytes unpacked or expanded of one item */
	struct page page;
	struct buf a, b; /* scratch */
	uint8_t *keep;
	size_t keep_cap;
};

struct corpus_item {
	enum corpus_kind kind;
	struct str file; /* the archive's name */
	struct str path; /* in the archive; empty if the file is none */
	struct str text; /* UTF-8; epub: the zip */
	/* tex: bundle of files; wiki: <base>; code: licence of the tree */
	struct str extra;
};

/* What came of an item.  Buffers are cleared by corpus_read(). */
struct corpus_doc {
	struct buf text;
	struct buf meta;  /* members: "\"title\":\"x\"," */
	struct buf id;    /* within the file; empty: the path */
	const char *rule; /* dropped for it; NULL: a document */
	bool has_value;
	double value, threshold;
	struct buf detail; /* of the rule: raw JSON, or empty */
};

void corpus_free(struct corpus *c);
void corpus_doc_free(struct corpus_doc *d);
/* ERR_NOMEM only: what's wrong with an item is d->rule. */
int corpus_read(struct corpus *c, const struct corpus_item *it,
    struct corpus_doc *d, struct err *e);

/* Inside corpus*.c ------------------------------------------------------ */

/* One a kind; these are what corpus_read() calls. */
int corpus_tex(struct corpus *c, const struct corpus_item *it,
    struct corpus_doc *d, struct err *e);
int corpus_epub(struct corpus *c, const struct corpus_item *it,
    struct corpus_doc *d, struct err *e);
int corpus_book(struct corpus *c, const struct corpus_item *it,
    struct corpus_doc *d, struct err *e);
int corpus_wiki(struct corpus *c, const struct corpus_item *it,
    struct corpus_doc *d, struct err *e);
int corpus_stack(struct corpus *c, const struct corpus_item *it,
    struct corpus_doc *d, struct err *e);
int corpus_reddit(struct corpus *c, const struct corpus_item *it,
    struct corpus_doc *d, struct err *e);
int corpus_code(struct corpus *c, const struct corpus_item *it,
    struct corpus_doc *d, struct err *e);
int corpus_wat(struct corpus *c, const struct corpus_item *it,
    struct corpus_doc *d, struct err *e);

/* The item is dropped: for a value, or for what a text says. */
int corpus_drop(struct corpus_doc *d, const char *rule, struct str detail);
int corpus_drop_value(
    struct corpus_doc *d, const char *rule, double value, double threshold);
/* A member of metadata, unless the value is empty. */
void corpus_member(struct corpus_doc *d, const char *key, struct str value);
/* All of a page's or fragment's text, appended to out. */
int
corpus_html(struct corpus *c, struct str html, struct buf *out, struct err *e);
/* "&amp;" and the like as characters, appended to out. */
void corpus_unescape(struct str s, struct buf *out);
/* Where needle begins in s; s.n if nowhere. */
size_t corpus_find(struct str s, struct str needle);
/* Text without trailing blanks on lines, and empty lines in a row. */
void corpus_tidy(struct buf *text);

/* The text of a book without the licence of who digitised it. */
struct str corpus_book_body(struct str s);
/* Wikitext to text: what a wiki calls its own files and categories. */
struct corpus_wikitext {
	struct str file, category; /* in its language, or empty */
	bool markdown, links;
	struct buf stripped;   /* scratch */
	struct buf categories; /* found: JSON strings with commas */
};
/* s: unescaped; the text is appended to out. */
void corpus_wikitext(struct corpus_wikitext *w, struct str s, struct buf *out);
/* The two passes: braces, brackets and tags; then lines. */
void
corpus_wikitext_strip(struct corpus_wikitext *w, struct str s, struct buf *out);
void corpus_wikitext_lines(
    const struct corpus_wikitext *w, struct str s, struct buf *out);
/* What stands between these is out of reach for the second pass. */
enum { WIKITEXT_RAW = 1, WIKITEXT_END = 2 };
/*
 * The next file that a TeX source inputs, comments left out: its name without
 * braces; rest moves behind it.  at: where the command begins.
 */
bool corpus_tex_input(struct str s, size_t *rest, size_t *at, struct str *name);
/* The licence that a text is: its SPDX id, or NULL. */
const char *corpus_licence(struct str s);
/* Is it named like the licence of the tree around it? */
bool corpus_is_licence(struct str path);
/* The language of a source file by name and first line; NULL if none. */
const char *corpus_language(struct str path, struct str start);

/* XML as dumps have it: tag after tag, no tree. */
struct corpus_tag {
	struct str name; /* without prefix; empty for comments and the like */
	struct str atts; /* as they stand there */
	struct str text; /* in front of the tag, escaped */
	bool close;      /* </name> */
	bool empty;      /* <name/> */
};
/* The next tag from *rest on; false at the end. */
bool corpus_xml_next(struct str *rest, struct corpus_tag *t);
/* An attribute's value, escaped as it stands; {NULL, 0} if missing. */
struct str corpus_xml_att(struct str atts, const char *name);

/* Files in one string: path and bytes, one after the other. */
void corpus_bundle_put(struct buf *b, struct str path, struct str bytes);
bool corpus_bundle_next(struct str *rest, struct str *path, struct str *bytes);
/* The file that `name` stands for in a TeX file at `from`; NULL p if none. */
struct str corpus_bundle_find(
    struct str bundle, struct str name, struct str from, struct str *path);

#endif
