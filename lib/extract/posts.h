/* SPDX-License-Identifier: MIT */
#ifndef EXTRACT_POSTS_H
#define EXTRACT_POSTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct err;

/*
 * The rows of a Stack Exchange dump's Posts.xml as threads: a question's row,
 * then those of its answers, the best first, then the oldest.  Answers stand
 * anywhere behind their question, so all rows are sorted, in bounded memory
 * (spill.h).
 */
struct posts;

struct posts *posts_new(size_t memory);
void posts_free(struct posts *p);
/* row: "<row .../>". */
int posts_put(struct posts *p, struct str row, struct err *e);
/* All rows are in. */
int posts_sort(struct posts *p, struct err *e);
/*
 * The next thread, by the question's id: 1, or 0 at the end.  No more than max
 * bytes of rows, but at least one row; *cut: there were more.  thread lives
 * until the next call.
 */
int posts_next(
    struct posts *p, size_t max, struct str *thread, bool *cut, struct err *e);

#endif
