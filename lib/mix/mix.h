/* SPDX-License-Identifier: MIT */
#ifndef MIX_MIX_H
#define MIX_MIX_H

#include <stdint.h>

#include "base/arena.h"
#include "io/rows.h"
#include "io/shard.h"
#include "mix/plan.h"
#include "mix/recipe.h"
#include "mix/source.h"

struct err;

/*
 * A recipe with its shards open: the stream that training sees.  Which token
 * stands at (step, row, column) is a function of the recipe and the shards
 * alone; nothing is stored but the recipe.
 */
struct mix;

/*
 * The stream of a recipe as a row_source; its close() frees everything.
 * ERR_FORMAT for a malformed recipe, ERR_CHECK for one that cannot be run: a
 * foreign or broken shard, too few tokens under the epoch caps, a source
 * without a row, a failed assertion.
 */
int mix_open(struct row_source *out, const char *recipe_path, struct err *e);

/* The same, opened even if its plan has problems (plan.problems). */
int mix_load(struct mix **m, const char *recipe_path, struct err *e);
void mix_close(struct mix *m);
/*
 * Read every shard and hold it against the digests that it was written with
 * (of shards without .docs, only what the index says).  ERR_CHECK names the
 * recipe's line, the source and the file.  Works on all threads.
 */
int mix_verify(const struct mix *m, struct err *e);
/* View it as rows; m stays the caller's, close is NULL. */
void mix_rows(struct mix *m, struct row_source *out);
const struct plan *mix_plan(const struct mix *m);
const struct recipe *mix_recipe(const struct mix *m);
/* The source of that index. */
const struct source *mix_source(const struct mix *m, uint32_t i);
/* sha256 (hex) of what the rows depend on. */
const char *mix_digest(const struct mix *m);

/*
 * Change the shares as a journal tells (mix/journal.h): the stream is then that
 * of the run that wrote it.  Before any row is read.  ERR_CHECK if it is of
 * another recipe or damaged; what the changes make of caps and assertions is
 * in the plan's problems.
 */
int mix_journal(struct mix *m, const char *path, struct err *e);
/* Digest of the changes before a step: "" if there are none. */
void mix_journal_digest(const struct mix *m, uint64_t step, char hex[17]);
/* How many changes there are, and the step of the last one. */
uint32_t mix_changes(const struct mix *m, uint64_t *last);

struct row_feedback;

/*
 * What training tells of a run whose journal is at `path`: shares follow the
 * losses if the recipe adapts, each change a line of the journal; changes that
 * are in it already are made.  out->ctx is freed by mix_feedback_close().  m
 * must outlive it, and be read by the same thread.
 *
 * follows: another process writes the journal and is told the same; its begin()
 * comes first.
 */
int mix_feedback(struct row_feedback *out, struct mix *m, const char *path,
    bool follows, struct err *e);
void mix_feedback_close(struct row_feedback *f);
/*
 * Append a change by hand to a journal (a new one if there is none): from a
 * step on, shares as the words of a recipe's phase name them.
 */
int mix_amend(struct mix *m, const char *path, uint64_t step,
    char *const *words, int n, struct err *e);

/*
 * What the sources are, as JSON for a run's folder: tokens and a digest of
 * each.  mix_same_sources() holds those there are now against it: ERR_CHECK
 * names the recipe's line and the source that is another, and how.
 */
int mix_keep_sources(const struct mix *m, const char *path, struct err *e);
int mix_same_sources(const struct mix *m, const char *path, struct err *e);

/* A piece of a row: tokens of one document. */
struct mix_piece {
	uint32_t source;
	uint64_t epoch;
	const struct shard *shard;
	uint64_t document;    /* in the shard */
	uint64_t token;       /* of the first, within the document */
	uint32_t column, n;   /* in the row */
	struct shard_doc doc; /* strings in the arena */
};

/*
 * What stands in columns first .. first + n (<= T + 1) of a row, document by
 * document.  each() returns 0 to go on.  ERR_ARG beyond the run.
 */
int
mix_at(struct mix *m, uint64_t step, uint32_t row, uint32_t first, uint32_t n,
    int (*each)(void *ctx, const struct mix_piece *p, struct err *e), void *ctx,
    struct err *e);

/* Where a document's tokens are inputs: some columns of a row. */
struct mix_place {
	uint32_t source;
	const struct shard *shard;
	const struct shard_doc *doc;
	uint64_t document, epoch;
	uint64_t token; /* within the document */
	uint64_t step;
	uint32_t row, column, n;
};

/*
 * Every place in the run where a document with this id or URL is input, by
 * source, document, epoch, phase, token.  *documents gets how many there are.
 */
int mix_seen(struct mix *m, struct str name,
    int (*each)(void *ctx, const struct mix_place *p, struct err *e), void *ctx,
    uint64_t *documents, struct err *e);

#endif
