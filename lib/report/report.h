/* SPDX-License-Identifier: MIT */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include "base/buf.h"

struct err;

/*
 * One page for people of what commands wrote for machines: the way from records
 * to tokens, reasons for dropping with sampled documents, what documents are
 * like, tables, losses.
 *
 * A page holds everything it needs: no script, nothing to be fetched.  It is a
 * function of the files' contents and their order.  Not thread-safe.
 */
struct report;

struct report *report_new(void); /* NULL when memory is out */
void report_free(struct report *r);
/*
 * Takes a file in: what --stats wrote, what quern stats wrote, or a training
 * log.  Runs of one command with the same options, and statistics with the same
 * file name without folder, add up.  ERR_FORMAT for anything else.
 */
int report_add(struct report *r, const char *path, struct err *e);
/* The page, appended to out.  ERR_NOMEM. */
int report_page(
    const struct report *r, struct str title, struct buf *out, struct err *e);

#endif
