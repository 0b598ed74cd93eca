/* SPDX-License-Identifier: MIT */
#ifndef FILTER_CUTOFFS_H
#define FILTER_CUTOFFS_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct buf;
struct err;

/*
 * Which perplexities part head, middle and tail, by language: percentiles of a
 * sample.  The file is CCNet's cutoff.csv: a column a language, a row a
 * percentile,
 *
 *	,de,en
 *	30,331.2,340.1
 *	60,540.9,520.4
 *
 * Source: Wenzek et al., "CCNet" (2020), section 4.2.
 */
struct cutoffs;

/* Of the rows of two percentiles.  ERR_FORMAT names file and line; ERR_ARG: the
 * file has no such row. */
int cutoffs_load(struct cutoffs **c, const char *path, unsigned head,
    unsigned tail, struct err *e);
/* The same of a file's bytes, which are copied. */
int cutoffs_parse(struct cutoffs **c, struct str text, unsigned head,
    unsigned tail, struct err *e);
void cutoffs_free(struct cutoffs *c);
/*
 * "head", "middle" or "tail"; "all" in a language that isn't in the file.
 * *limit: the cut-off below which a better bucket begins, else 0.
 */
const char *cutoffs_bucket(const struct cutoffs *c, struct str language,
    double perplexity, double *limit);

/*
 * A sample to measure them on: of each language those documents whose hashes
 * are the least, at most `most`.  The order in which they come changes nothing.
 */
struct cutoff_sample;

/* NULL when memory is out. */
struct cutoff_sample *cutoff_sample_new(size_t most);
void cutoff_sample_free(struct cutoff_sample *s);
/* ERR_FORMAT beyond 4096 languages. */
int cutoff_sample_add(struct cutoff_sample *s, struct str language,
    uint64_t hash, double perplexity, struct err *e);
/* Percentiles 0 to 100 as such a file; ERR_FORMAT if there is nothing. */
int
cutoff_sample_write(struct cutoff_sample *s, struct buf *out, struct err *e);

#endif
