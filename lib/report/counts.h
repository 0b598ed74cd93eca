/* SPDX-License-Identifier: MIT */
#ifndef REPORT_COUNTS_H
#define REPORT_COUNTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "io/json.h"

struct err;

/*
 * How many documents, and bytes of their texts, have each value of something:
 * a language, a domain.  Exact; two of them add up.  All zeros is an empty one.
 * Not thread-safe.
 */
struct count {
	struct str value;
	uint64_t hash;
	uint64_t documents, bytes;
};

struct counts {
	struct count *slots; /* a hash table: value.p NULL where empty */
	size_t n, cap;       /* cap: a power of two */
	struct arena values;
	size_t memory; /* bytes in use, about */
};

void counts_free(struct counts *c);
/*
 * ERR_NOMEM; ERR_ARG when more than limit bytes (0: no limit) would be needed.
 */
int counts_add(struct counts *c, struct str value, uint64_t documents,
    uint64_t bytes, size_t limit, struct err *e);
int counts_merge(
    struct counts *c, const struct counts *x, size_t limit, struct err *e);
/*
 * All of them, those with the most documents first, then by bytes of value:
 * an array of c->n pointers, to be freed; NULL when memory is out.
 */
const struct count **counts_sorted(const struct counts *c);

/* {"en":[documents,bytes],...} in that order. */
int counts_json(const struct counts *c, struct buf *out, struct err *e);
/* Reads that into an empty one; ERR_FORMAT. */
int
counts_read(struct counts *c, struct json_val v, size_t limit, struct err *e);

#endif
