/* SPDX-License-Identifier: MIT */
#ifndef EXTRACT_JSONLD_H
#define EXTRACT_JSONLD_H

#include "extract/page.h"

/*
 * What a page says of itself in JSON-LD: title, author, dates and site, where
 * its <head> has not said so.  Taken from nodes that describe an article (they
 * have a headline or a date of publication), at the top, in an array or in
 * "@graph".  What is no JSON is passed over.
 *
 * Source: https://schema.org/Article; JSON-LD 1.1, W3C Recommendation 2020.
 */
void jsonld_read(struct str json, struct page *p);

#endif
