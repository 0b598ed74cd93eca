/* SPDX-License-Identifier: MIT */
#ifndef EXTRACT_ARC_H
#define EXTRACT_ARC_H

#include "extract/warc.h"

/*
 * ARC, WARC's predecessor, versions 1 and 2: records whose header is a line,
 *
 *	URL IP date content-type length LF                         (version 1)
 *	URL IP date content-type result checksum location offset
 *	    filename length LF                        (version 2; one line too)
 *
 * then `length` bytes (an HTTP response, mostly) and LF.  The first record,
 * "filedesc://...", describes the file.  URLs may hold blanks.
 *
 * Source: Burner and Kahle, "Arc File Format", Internet Archive, 1996.
 */
struct arc;

enum { ARC_MAX_LINE = 64 * 1024 }; /* bytes; a longer header is none */

/* Does an archive that begins like this hold ARC, and not WARC? */
bool arc_starts(struct str s);

struct arc *arc_new(struct window *w, uint64_t max_record);
void arc_free(struct arc *a);

/*
 * As warc_next().  Of the strings only raw, head and payload are set; the head
 * tells the others by arc_parse().  A line that is no header is damage, and
 * skipped up to the next that is one, or the next member.
 */
int arc_next(struct arc *a, struct warc_rec *r, struct err *e);

struct arc_head {
	struct str uri, content_type;
	char date[24]; /* "2014-02-16T05:02:20Z", or empty */
	bool has_length;
	uint64_t length;
};
/* False: the line is no header. */
bool arc_parse(struct str line, struct arc_head *h);

#endif
