/* SPDX-License-Identifier: MIT */
#ifndef REPORT_STATS_H
#define REPORT_STATS_H

#include <stddef.h>
#include <stdint.h>

#include "report/counts.h"
#include "report/hist.h"
#include "report/samples.h"

struct err;

/*
 * What a set of documents is like: a histogram of every number, how often each
 * value of some members occurs, a few documents of each reason for dropping.
 * The statistics of two sets add up to those of their union, exactly, in any
 * order.  Not thread-safe.
 */
struct stats_number {
	char *name;
	char *about; /* what it is, for people; may be "" */
	struct hist hist;
};

struct stats_by {
	char *name; /* "language" */
	struct counts counts;
};

struct stats {
	uint64_t documents, damaged;
	uint64_t bytes; /* of texts */
	struct stats_number *numbers;
	size_t nnumber;
	struct stats_by *by;
	size_t nby;
	struct samples samples;
	size_t limit; /* bytes for the counts of one member; 0: no limit */
};

/* A number and a member to count; they get the indices 0, 1, ...; ERR_NOMEM. */
int stats_add_number(
    struct stats *s, struct str name, struct str about, struct err *e);
int stats_add_by(struct stats *s, struct str name, struct err *e);
void stats_free(struct stats *s);

/* Adds all of x; numbers and members that s has not are added. */
int stats_merge(struct stats *s, const struct stats *x, struct err *e);

/* One JSON object and a newline (docs/formats.md). */
int stats_json(const struct stats *s, struct buf *out, struct err *e);
/* Is this what stats_json() wrote? */
bool stats_is(struct json_val v);
/* Reads it into an empty one (limit may be set); ERR_FORMAT. */
int stats_read(struct stats *s, struct json_val v, struct err *e);

#endif
