/* SPDX-License-Identifier: MIT */
#ifndef FILTER_URLLIST_H
#define FILTER_URLLIST_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "filter/strs.h"

struct err;

/*
 * Which URLs are unwanted, by lists that are read at run time:
 *
 *	folders	of the Universite Toulouse Capitole's layout: each category is a
 *		folder, with a file `domains` (a line each) and a file `urls`
 *		(host and path); others in it are not read
 *	words	a line each
 *
 * A URL is unwanted, in this order,
 *
 *	url_domain	if its host, or one that it lies in, is listed
 *	url_page	if its host and path are; without scheme, "www.", port,
 *			query, fragment and a slash at the end
 *	url_words	if one of its words is: runs of letters and digits of
 *			ASCII; case doesn't matter
 *	url_soft_words	if at least two different ones are soft words
 *	url_substring	if its letters and digits, joined, hold a substring
 *
 * Blank lines and those that begin with # don't count.  Entries are kept as
 * hashes of 64 bits and a byte (10 bytes an entry in all): with five million
 * of them one look-up in 10^12 finds what isn't listed.
 *
 * Source: Penedo et al., "The RefinedWeb Dataset for Falcon LLM" (2023),
 * appendix G.1; how words are found is datatrove's (url_filter.py).
 */
struct urllist;

enum urllist_kind {
	URL_DOMAINS,
	URL_PAGES,
	URL_WORDS,
	URL_SOFT_WORDS,
	URL_SUBSTRINGS,
	URL_KINDS
};

struct urllist *urllist_new(void); /* NULL when memory is out */
void urllist_free(struct urllist *l);
/*
 * Read the categories of a folder, all if there are none named.  ERR_FORMAT
 * names file and line; ERR_ARG: a category that isn't there, too many.
 */
int urllist_add_folder(struct urllist *l, const char *folder,
    const struct strs *categories, struct err *e);
/* kind: none of the folders'. */
int urllist_add_words(
    struct urllist *l, const char *file, enum urllist_kind kind, struct err *e);
/* The same of the bytes of a list of any kind; category: of domains and pages;
 * file is for messages. */
int urllist_parse(struct urllist *l, enum urllist_kind kind,
    struct str category, struct str source, const char *file, struct err *e);
/* After the last; before it nothing is found.  ERR_NOMEM. */
int urllist_seal(struct urllist *l, struct err *e);
/* Entries there are. */
uint64_t urllist_size(const struct urllist *l);

struct urllist_hit {
	const char *rule;        /* NULL: not unwanted */
	const char *category;    /* of domains and pages, or NULL */
	struct str match;        /* in scratch: what is listed */
	size_t value, threshold; /* soft words; else 1 and 0 */
};

/* Scratch memory of one thread; all zeros at first. */
struct urllist_scratch {
	char *p;
	size_t room;
};
void urllist_scratch_free(struct urllist_scratch *s);
/* Any bytes are a URL.  ERR_NOMEM.  Thread-safe with a scratch a thread. */
int urllist_look(const struct urllist *l, struct str url,
    struct urllist_scratch *s, struct urllist_hit *hit, struct err *e);

#endif
