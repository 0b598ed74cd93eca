/* SPDX-License-Identifier: MIT */
#ifndef MIX_JOURNAL_H
#define MIX_JOURNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "io/json.h"

struct err;

/*
 * A journal: what changed the shares of a run, and the losses it followed.  A
 * recipe and a journal together are a stream.  JSON Lines, only appended to;
 * docs/formats.md describes it for others.
 *
 *	{"format":"quern journal 1","recipe":"sha256:HEX","chain":HEX16}
 *	{"step":N,"by":"amend"|"doremi"|"odm"|"skill-it","of":D,
 *	 "shares":{"web":W,...},...,"chain":HEX16}   from step N (from 0) on
 *	{"step":N,"loss":{"web":[SUM,TARGETS],...},"chain":HEX16}
 *	                                             what step N - 1 came to
 *
 * The recipe's digest is the one without a journal.  Steps never fall.  A
 * line's chain is XXH3 of the bytes before its `,"chain"`, with the chain of
 * the line before as seed, so that a line that was changed or lost is found.
 * A last line without its newline was being written when the run was killed:
 * there is none.
 */
struct journal_line {
	uint64_t number; /* in the file, from 1 */
	uint64_t step;
	struct json_val root;
	bool changes; /* has shares */
	struct str by;
	uint64_t chain;
};

/*
 * Call each() for every line, in order; the first has neither shares nor a
 * loss, and step 0.  ERR_CHECK if it is of another recipe or damaged; messages
 * have file and line.
 */
int journal_read(const char *path, const char *digest,
    int (*each)(void *ctx, const struct journal_line *l, struct err *e),
    void *ctx, struct err *e);

/* The same of a text; path for messages. */
int journal_parse(const char *path, const char *p, size_t n, const char *digest,
    int (*each)(void *ctx, const struct journal_line *l, struct err *e),
    void *ctx, struct err *e);
/* A line's chain, from its bytes before `,"chain"` and the one before. */
uint64_t journal_chain(const char *p, size_t n, uint64_t before);

/* Writing; no other process can at the same time. */
struct journal {
	int fd;
	char *path;
	uint64_t chain;
};

/*
 * Open for appending; a new one gets its first line.  Lines of steps beyond
 * `steps` that nobody wrote by hand are cut off (a run that got further than
 * its last checkpoint).  journal_close() in any case.
 */
int journal_open(struct journal *j, const char *path, const char *digest,
    uint64_t steps, struct err *e);
/*
 * The same where another process writes the journal: what is added has its
 * chain and goes nowhere.  It has been opened there, and is not added to yet.
 */
int journal_follow(
    struct journal *j, const char *path, const char *digest, struct err *e);
/* Append a line; members: `"step":5,"by":...`. */
int journal_add(struct journal *j, const struct buf *members, struct err *e);
int journal_sync(struct journal *j, struct err *e);
void journal_close(struct journal *j);

#endif
