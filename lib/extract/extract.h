/* SPDX-License-Identifier: MIT */
#ifndef EXTRACT_EXTRACT_H
#define EXTRACT_EXTRACT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/path.h"
#include "extract/select.h"
#include "io/run.h"

struct err;

/*
 * Files in, documents out: the command's work.
 *
 *	one thread reads records --> [batches] --> pages x threads --> write
 *
 * Documents have id (the WARC record's id without brackets, or the path of an
 * HTML or text file), text, and in metadata: url, date, title, charset,
 * content_type, file, offset, of HTML page_kind, and where there, html_lang,
 * canonical, author, site_name, published, modified, truncated.  Records that
 *are no pages are dropped by rule:
 *
 *	not_a_response  request, metadata, warcinfo, continuation ...
 *	revisit         its content stands elsewhere
 *	http_status     not 2xx
 *	content_type    neither HTML nor plain text
 *	empty           no text
 *
 * and entries of archives for what corpus_*.c find: redirect, namespace,
 * content_model, no_question, post_type, deleted, no_text, not_json, generated,
 * minified_line, minified_mean, licence, included, broken_epub.
 */
enum extract_from {
	FROM_AUTO,
	FROM_WARC,
	FROM_WET,
	FROM_HTML,
	FROM_TEXT,
	FROM_ARCHIVE, /* tar, zip, 7z; dumps, books, sources */
};

struct extract_opts {
	enum extract_from from;
	bool markdown; /* the text of pages */
	bool links;    /* in Markdown, with their addresses */
	enum select_mode mode;
	uint64_t max_record; /* bytes read of one record */
	uint64_t max_body;   /* bytes of one page after decoding */
};

/* Run over the files with r->opt->threads threads. */
int extract_run(const struct paths *paths, const struct extract_opts *opts,
    struct run *r, struct err *e);

#endif
