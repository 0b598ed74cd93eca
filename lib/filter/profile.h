/* SPDX-License-Identifier: MIT */
#ifndef FILTER_PROFILE_H
#define FILTER_PROFILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "filter/signals.h"

struct buf;
struct err;

/*
 * A profile is data: rules in order, each a signal, a comparison and a
 * threshold.  A document that a rule holds for is rejected; the first such
 * rule is the reason.
 */
enum compare { LESS, LESS_EQUAL, MORE, MORE_EQUAL, EQUAL, UNEQUAL };

struct rule {
	const char *reason;
	enum signal signal;
	enum compare compare;
	double threshold;
};

struct profile {
	const char *name, *about;
	const struct rule *rules;
	size_t n;
};

/* "<", "<=", ... */
const char *compare_name(enum compare c);
bool compare_holds(double a, enum compare c, double b);

/* The i-th profile, NULL behind the last. */
const struct profile *profile_at(size_t i);
/* ERR_ARG names those there are. */
int profile_find(struct str name, const struct profile **p, struct err *e);
/* The first rule that rejects, or NULL.  Thread-safe. */
const struct rule *
profile_judge(const struct profile *p, const struct signals *s);
/* The profile for people: a line a rule. */
void profile_print(const struct profile *p, struct buf *out);

/*
 * JSON objects (put into out):
 * verdict	{"keep":false,"rule":"short","value":12,"threshold":50}, of
 *		which a kept document's has only the first;
 * explanation	{"signals":{"words":12,...},"verdicts":{"gopher":{"keep":false,
 *		"fails":[{"rule","signal","value","comparison","threshold",
 *		"span":[start,end]},...]},...}}, all rules that reject, in
 *		order; span, where there is one, in bytes of the text.
 */
void
verdict_json(const struct rule *r, const struct signals *s, struct buf *out);
void explain_json(const struct profile *const *p, size_t n,
    const struct signals *s, struct buf *out);

#endif
