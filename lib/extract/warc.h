/* SPDX-License-Identifier: MIT */
#ifndef EXTRACT_WARC_H
#define EXTRACT_WARC_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct err;
struct window;

/*
 * WARC 0.17 to 1.1, record by record, from any stream of io/stream.h (a gzip
 * member or zstd frame a record, one for the whole file, or plain):
 *
 *	WARC/1.0 CRLF
 *	WARC-Type: response CRLF ... Content-Length: N CRLF
 *	CRLF
 *	N bytes of payload, then CRLF CRLF
 *
 * Archives in the wild break every line of this, so the reader takes LF for
 * CRLF, any number of line ends between records, and where Content-Length is
 * missing or contradicted by what follows, the record ends where the next one
 * begins.  What can't be read is skipped up to the next "WARC/d.d" at the
 * start of a line or of a member, and reported.
 *
 * Source: ISO 28500:2017, sections 4 to 6.
 */
struct warc;

struct warc_rec {
	struct str raw;     /* the whole record, as far as it was read */
	struct str head;    /* its header, blank line included */
	struct str payload; /* behind it */
	/* From the header; empty if missing.  Brackets <> are stripped. */
	struct str type, id, uri, date, content_type;
	uint64_t number; /* of the record in its file, from 0 */
	uint64_t offset; /* in the file as stored: the record's first byte,
			    or that of the member that holds it */
	uint64_t at;     /* of the record in the decompressed stream */
	bool cut;        /* the stream ended within the payload */
	bool limited;    /* longer than the limit: the rest was skipped */
	bool repaired;   /* Content-Length missing or wrong */
};

/*
 * Reads through w, which stays the caller's.  Of a longer record max_record
 * bytes are given.  NULL when memory is out.
 */
struct warc *warc_new(struct window *w, uint64_t max_record);
void warc_free(struct warc *w);

/*
 * The next record: 1, or 0 at the end.  ERR_DAMAGE says what was lost between
 * two records (reading may go on): then r has number, offset, at, and in raw
 * the bytes skipped, of which no more than the limit are given at a time.  A
 * record that the stream's damage cuts short comes first, with r->cut.
 * r's strings live until the next call.
 */
int warc_next(struct warc *w, struct warc_rec *r, struct err *e);

/* The value of a header field, any case, or nothing. */
struct str warc_field(struct str head, const char *name);

/* Does s begin with "WARC/d.d"? */
bool warc_starts(struct str s);

#endif
