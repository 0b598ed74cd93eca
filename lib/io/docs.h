/* SPDX-License-Identifier: MIT */
#ifndef IO_DOCS_H
#define IO_DOCS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/path.h"
#include "io/doc.h"
#include "io/run.h"

struct err;

/*
 * A filter over documents: every command that reads JSON Lines is one of these.
 *
 *	read lines --> [batches] --> parse, judge x threads --> write, in order
 *
 * A line that is no document is damage: counted, named, kept in the rejects.
 * Blank lines are not records.
 */
struct docs_ops {
	/* State of one worker (its scratch memory), or NULL if none is needed.
	 */
	void *(*worker_new)(void *ctx, struct err *e);
	void (*worker_free)(void *worker);
	/*
	 * Judge one document: call emit_keep() or emit_drop() exactly once,
	 * append to em->side what is to be handed to fold().  ctx is shared by
	 * all threads: read only.  <0 ends the run.
	 */
	int (*doc)(void *ctx, void *worker, struct doc *d, struct emit *em,
	    struct err *e);
	/* Take a batch's side bytes, in input order, one at a time; or NULL. */
	int (*fold)(void *ctx, struct str side, struct err *e);
	/*
	 * Or NULL.  In input order, one batch at a time, before its documents
	 * are judged: append what is to be known of those at places
	 * [from, to).  Each finds it in doc.note and may take from its front.
	 */
	int (*note)(void *ctx, uint64_t from, uint64_t to, struct buf *note,
	    struct err *e);
};

/* The files to read; may be run over several times. */
struct docs {
	struct paths paths;
	int *spool; /* by path: a copy of what is no file, or -1; or NULL */
	/* With --shard I/N the k-th path is file I + k * N: doc.place has the
	 * same number whatever the shards. */
	struct opt_shard shard;
};

/* Expand operands (base/path.h). */
int docs_open(struct docs *in, char *const *args, int n,
    const struct opt_common *opt, struct err *e);
/*
 * Make the input readable more than once: copies stdin, pipes and whatever
 * else is no regular file to nameless files in $TMPDIR.  Memory: O(files).
 */
int docs_spool(struct docs *in, struct err *e);
void docs_close(struct docs *in);

/*
 * Run over all documents with r->opt->threads threads.  Several calls over the
 * same input number the documents alike (doc.ordinal).
 */
int docs_run(struct docs *in, const struct docs_ops *ops, void *ctx,
    struct run *r, struct err *e);

/*
 * Run over all documents only to look at them, before the docs_run() that
 * writes: ops->doc calls neither emit_keep() nor emit_drop(), only em->side is
 * used; nothing is counted, and damage is left for docs_run() to report (with
 * --strict it ends the scan).  r is the command's run, open or not.
 */
int docs_scan(struct docs *in, const struct docs_ops *ops, void *ctx,
    const struct run *r, struct err *e);

#endif
