/* SPDX-License-Identifier: MIT */
#ifndef EXTRACT_HTML_RULES_H
#define EXTRACT_HTML_RULES_H

#include "extract/tags.h"

/*
 * Inside html_tree.c: what tree construction asks of a tag.
 * Source: HTML Standard, 13.2.4.2 (the stack of open elements), 13.2.4.3,
 * 13.2.6.4.7 (in body).
 */
enum {
	CLOSES_P = 1,    /* its start tag closes an open <p> */
	SPECIAL = 2,     /* end tags of ordinary elements don't reach over it */
	SCOPE = 4,       /* no end tag reaches over it, but a table's */
	FORMAT = 8,      /* its end tag leaves the blocks within open */
	HEADING = 16,    /* one's end tag closes another */
	OF_HEAD = 32,    /* may stand in <head> */
	OF_TABLE = 64,   /* means nothing outside of a table */
	ROW_GROUP = 128, /* a table's parts, where rows stand */
	BLOCK = CLOSES_P | SPECIAL
};

extern const unsigned char html_rules[TAG_COUNT];

#endif
