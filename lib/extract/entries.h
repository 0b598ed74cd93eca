/* SPDX-License-Identifier: MIT */
#ifndef EXTRACT_ENTRIES_H
#define EXTRACT_ENTRIES_H

#include "extract/source.h"

struct in;
struct window;

/*
 * A file that is an archive, a dump or a source: its records one by one, as
 * source_next() gives them.  Dumps are cut where they are read, so that any
 * length streams; what answers a question, and what a TeX file inputs, is
 * brought together here.
 */
struct entries;

/* in and win are taken over, whatever comes. */
int entries_open(struct entries **en, const struct paths *paths,
    const char *file, struct in *in, const struct window *win,
    const struct extract_opts *opts, struct err *e);
void entries_close(struct entries *en);
int entries_next(struct entries *en, struct source_rec *r, struct err *e);
uint64_t entries_raw(const struct entries *en);

#endif
