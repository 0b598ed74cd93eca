/* SPDX-License-Identifier: MIT */
#ifndef EXTRACT_ARCHIVE_H
#define EXTRACT_ARCHIVE_H

#include "base/buf.h"
#include "extract/arc.h"
#include "extract/warc.h"

struct err;

/* One archive, WARC or ARC by its first line, record by record. */
struct archive;

int archive_open(
    struct archive **a, const char *path, uint64_t max_record, struct err *e);
void archive_close(struct archive *a);
/*
 * As warc_next(); for ARC the record's type, uri, date and content_type are
 * set too: "response", or "filedesc" for what describes the file.
 */
int archive_next(struct archive *a, struct warc_rec *r, struct err *e);
/* Go on with the record at that offset, as archive_next() gives offsets.
 * ERR_ARG for a pipe. */
int archive_seek(struct archive *a, uint64_t offset, struct err *e);
/* Is it without compression, so that offsets are the records' own? */
bool archive_is_plain(const struct archive *a);
/* Bytes of the file read so far. */
uint64_t archive_raw(const struct archive *a);

/*
 * What is wrong with a record that was read: appends "no WARC-Date; ..." to
 * out, nothing if all is well.  Looks at the fields every record must have,
 * Content-Length, and WARC-Block-Digest (SHA-1, SHA-256, MD5; base32 or hex).
 */
void archive_faults(
    const struct archive *a, const struct warc_rec *r, struct buf *out);

/*
 * A line of a CDX index with the fields N b a m s k r M S V g, without the
 * record's size S and what follows it, appended to out; false for records that
 * an index leaves out.  Source: the CDX file format, Internet Archive, 2003.
 */
bool archive_cdx(const struct warc_rec *r, struct buf *out);

/* The URL as a sort-friendly key, "org,example)/path?a&b", appended. */
void archive_surt(struct str url, struct buf *out);

#endif
