/* SPDX-License-Identifier: MIT */
#ifndef IO_RUN_H
#define IO_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/opt.h"
#include "base/progress.h"

struct doc;
struct err;
struct out;

/*
 * A command's run over records: where they go, what became of each, and the
 * proof at the end that none got lost.
 *
 * Workers fill a struct emit each (a batch's output); run_take() takes them in
 * input order.  in = kept + dropped + damaged is checked by run_close().
 */

/* One reason for which records were dropped, and how often. */
struct drop {
	const char *rule; /* outlives the run: a literal, or a profile's name */
	uint64_t n;
};

enum { MAX_RULES = 256 };

struct tally {
	uint64_t in, kept, dropped, damaged; /* records */
	uint64_t bytes_in;                   /* of records as read */
	uint64_t text_in, text_out;          /* bytes of text, unescaped */
	struct drop drops[MAX_RULES];
	size_t ndrop;
};

/* What a batch of records came to. */
struct emit {
	const char *stage; /* "filter" */
	bool strict;
	bool keep_rejects; /* --rejects was given */
	/* Documents: first the unchanged lines of the input with which the
	 * batch begins, where they stand, then what was copied. */
	struct str passed;
	struct buf out;
	struct buf rejects;  /* JSON Lines */
	struct buf side;     /* whatever else the command writes, in order */
	struct buf warnings; /* one line each */
	struct tally tally;
};

/* Why a document was dropped: goes to metadata.reject. */
struct reason {
	const char *rule;
	bool has_value;
	double value, threshold;
	struct str detail; /* raw JSON put in as "detail", or {NULL, 0} */
};

struct run {
	const struct opt_cmd *cmd;
	const struct opt_common *opt;
	/* Prints a line for the user; set by the command. */
	void (*warn)(struct run *r, struct str line);
	struct out *out, *rejects; /* out: NULL if the command has none */
	struct tally tally;
	struct progress progress;
	/* The command's own statistics: members of a JSON object, each
	 * followed by a comma: "\"tokens\":12," */
	struct buf extra;
};

/* Opens the output (unless no_output) and the rejects. */
int
run_open(struct run *r, const struct opt_cmd *cmd, const struct opt_common *opt,
    bool no_output, void (*warn)(struct run *, struct str), struct err *e);
/* An empty batch for this run. */
void run_emit_init(const struct run *r, struct emit *em);
void emit_clear(struct emit *em);
void emit_free(struct emit *em);
/* Write what a batch came to, side excepted, and add up its tally. */
int run_take(struct run *r, struct emit *em, struct err *e);
/*
 * The end: check the counts, write --stats, finish and rename all files.
 * Frees the run whatever happens; on an error no file of it is left.
 */
int run_close(struct run *r, struct err *e);
/* Give up: frees everything, leaves no file. */
void run_abort(struct run *r);

/* Count n more records as dropped for rule. ERR_ARG beyond MAX_RULES. */
int tally_drop(struct tally *t, const char *rule, uint64_t n, struct err *e);

/* The document goes out as it stands, with its edits. */
int emit_keep(struct emit *em, const struct doc *d, struct err *e);
/* The document is dropped; the rejects get the original with the reason. */
int emit_drop(
    struct emit *em, struct doc *d, const struct reason *why, struct err *e);
/*
 * A record that is no document is dropped: id, its bytes, why.  Counts it as
 * read.
 */
int emit_drop_raw(struct emit *em, struct str id, struct str raw,
    const struct reason *why, struct err *e);
/*
 * A damaged record: warned of by file, record and byte, kept in the rejects.
 * Counts it as read.  With --strict that's an error, returned.
 */
int emit_damage(struct emit *em, const char *file, uint64_t record,
    uint64_t offset, struct str raw, const char *what, struct err *e);

#endif
