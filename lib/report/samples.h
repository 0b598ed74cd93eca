/* SPDX-License-Identifier: MIT */
#ifndef REPORT_SAMPLES_H
#define REPORT_SAMPLES_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "io/json.h"

struct err;

enum { SAMPLES_EACH = 3 };

/*
 * A few documents of each kind (of each reason for dropping), chosen by the
 * hash of their ids: those with the smallest.  So the choice depends on the set
 * of documents alone, and two sets of samples add up.  All zeros is empty.
 * Source: bottom-k sampling (Cohen, Kaplan, PODC 2007).
 */
enum { SAMPLE_ID, SAMPLE_URL, SAMPLE_WHY, SAMPLE_TEXT, SAMPLE_FIELDS };

struct sample {
	uint64_t hash;                   /* of the id */
	struct str field[SAMPLE_FIELDS]; /* what is shown of the document */
};

struct sample_kind {
	struct str name; /* owned */
	uint64_t seen;   /* documents of this kind */
	struct sample v[SAMPLES_EACH];
	size_t n;
};

struct samples {
	struct sample_kind *kinds; /* by name */
	size_t n, cap;
};

void samples_free(struct samples *s);
/* A document of a kind; copied if it is taken.  ERR_NOMEM. */
int samples_add(
    struct samples *s, struct str kind, const struct sample *x, struct err *e);
int samples_merge(struct samples *s, const struct samples *x, struct err *e);
/* The kind of that name, or NULL. */
const struct sample_kind *
samples_find(const struct samples *s, struct str name);

/*
 * {"filter/short":{"seen":9,"documents":[
 *	{"hash":"16 digits","id":"","url":"","why":"","text":""}]}}
 */
void samples_json(const struct samples *s, struct buf *out);
/* Reads that into an empty one; ERR_FORMAT. */
int samples_read(struct samples *s, struct json_val v, struct err *e);

#endif
