/* SPDX-License-Identifier: MIT */
#ifndef EXTRACT_HTTP_H
#define EXTRACT_HTTP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

struct err;

/*
 * HTTP/1 responses as archives hold them: head and body of one message.
 * Source: RFC 9110 (fields, codings), RFC 9112 (message framing).
 */
struct http {
	struct str head;         /* status line and fields, blank line too */
	struct str body;         /* as stored */
	int status;              /* 0: there is no status line */
	struct str content_type; /* "text/html; charset=utf-8", or empty */
};

/* Total: a payload without a status line is all body. */
void http_parse(struct http *h, struct str payload);

/* Scratch memory of one thread; all zeros is fine. */
struct http_scratch {
	struct buf a, b;
	void *inflate, *zstd;
};
void http_scratch_free(struct http_scratch *s);

/* What became of a body. */
struct http_body {
	struct str body; /* in the message or the scratch memory */
	bool limited;    /* as long as the limit or longer: cut there */
	bool cut;        /* a coding broke off; what came out is kept */
};

/*
 * Undo Transfer-Encoding (chunked) and Content-Encoding (gzip, deflate with or
 * without the zlib wrapper, br, zstd; several in a row).  Headers often speak
 * of codings that the archiver has undone: a body that doesn't look like its
 * coding, or fails at its very start, is taken as it is.  No more than limit
 * bytes come out.  Errors: ERR_NOMEM only.
 */
int http_decode(const struct http *h, struct http_scratch *s, uint64_t limit,
    struct http_body *out, struct err *e);

/*
 * One content coding undone ("gzip", "deflate", "br", "zstd"), appended to
 * out up to limit bytes.  1: done or as far as it went (*cut), 0: not so coded.
 */
int http_inflate(struct http_scratch *s, struct str coding, struct str in,
    uint64_t limit, struct buf *out, bool *cut, struct err *e);

#endif
