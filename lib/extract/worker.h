/* SPDX-License-Identifier: MIT */
#ifndef EXTRACT_WORKER_H
#define EXTRACT_WORKER_H

#include "extract/source.h"

/* The workers' side of extract: a record to a document, or to its reason. */
struct worker; /* one a thread */

struct worker *worker_new(const struct extract_opts *opts);
void worker_free(struct worker *w);
/* Put what becomes of r into em.  ERR_NOMEM, or --strict's ERR_FORMAT. */
int worker_record(struct worker *w, const struct source_rec *r, struct emit *em,
    struct err *e);

#endif
