/* SPDX-License-Identifier: MIT */
#ifndef TOKENIZER_TEXTS_H
#define TOKENIZER_TEXTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/path.h"
#include "base/str.h"
#include "io/run.h"

struct err;
struct seams;

/*
 * The texts in files, in order: documents (JSON Lines) give their "text"; any
 * other file is one text, or, by lines, each of its lines with its ending is.
 *
 * A long text comes in parts, if the caller can take it so: each megabyte is
 * cut at its last seam.  Memory is O(threads) then, else, and where a text has
 * no seams, that of the largest text.
 */
enum texts_from { TEXTS_AUTO /* by suffix */, TEXTS_TEXT, TEXTS_JSONL };

struct texts {
	struct paths paths;
	enum texts_from from;
	bool lines;
	struct seams *seams; /* where texts may be cut; NULL: nowhere */
	uint64_t most; /* bytes of what isn't cut, ERR_ARG beyond; 0: any */
};

/* .most for those who make up to TEXTS_GROW bytes of each byte of a text. */
enum { TEXTS_GROW = 32 };
uint64_t texts_most(const struct run *r);

struct text_part {
	struct str bytes; /* UTF-8 or not (a document's is) */
	bool first, last; /* of its text */
	struct str id;    /* the document's; FILE:NUMBER for other texts */
	struct str language, url; /* in a document's metadata; or empty */
	const char *file;         /* as the user named it */
	uint64_t record;          /* the text's number in its file, from 0 */
	uint64_t offset;          /* of the part in its file, decompressed */
};

struct texts_ops {
	/* State of one worker, or NULL if none is needed. */
	void *(*worker_new)(void *ctx, struct err *e);
	void (*worker_free)(void *worker);
	/*
	 * Work on a part: write to em->out, append to em->side what is to be
	 * handed to fold().  Parts of one text come to any workers.
	 * Thread-safe over ctx.  Returns 0; 1 for a text that isn't to be
	 * counted as read and kept, since emit_damage() was called for it (not
	 * for documents); <0 ends the run.
	 */
	int (*part)(void *ctx, void *worker, const struct text_part *t,
	    struct emit *em, struct err *e);
	/* Take side bytes, in input order, one call at a time; or NULL. */
	int (*fold)(void *ctx, struct str side, struct err *e);
};

/*
 * Run over all texts with r->opt->threads threads.  Texts are counted in r's
 * tally as read and kept; a broken stream as damage (base laws: named, text
 * before it used), an error with --strict.
 */
int texts_run(const struct texts *in, const struct texts_ops *ops, void *ctx,
    struct run *r, struct err *e);

#endif
