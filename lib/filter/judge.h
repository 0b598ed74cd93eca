/* SPDX-License-Identifier: MIT */
#ifndef FILTER_JUDGE_H
#define FILTER_JUDGE_H

#include "filter/profile.h"

struct buf;
struct doc;

/* What profiles say of a text.  Scratch memory of one thread. */
struct judge;
struct judge *judge_new(void); /* NULL when memory is out */
void judge_free(struct judge *j);

struct verdict {
	const char *reason;      /* NULL: keep */
	double value, threshold; /* of the reason; NaN if they are texts */
	struct str text;         /* as the profile leaves it */
};

/*
 * Begin with a text and what rules read metadata of (or NULL); both must stay
 * as they are until the next.  What is asked for is measured.  Errors:
 * meter_begin(), and ERR_NOMEM below.
 */
int judge_text(
    struct judge *j, struct str text, const struct doc *d, struct err *e);
/* A signal of the text, in English words. */
int judge_signal(struct judge *j, enum signal s, double *v, struct err *e);
/* Room for n verdicts, in j until the next call; NULL when memory is out. */
struct verdict *judge_room(struct judge *j, size_t n);
/* v->text is j's or the text itself, until the next call. */
int judge_by(
    struct judge *j, const struct profile *p, struct verdict *v, struct err *e);

/*
 * JSON objects (put into out):
 * verdict	{"keep":false,"rule":"short","value":12,"threshold":50}, of
 *		which a kept document's has only the first;
 * explanation	{"signals":{"words":12,...},"verdicts":{"gopher":{"keep":false,
 *		"fails":[{"rule","signal","value","comparison","threshold",
 *		"span":[start,end]},...]},...}}, all rules that reject, in
 *		order, up to where a cleaning rejects; span, where there is one,
 *		in bytes of the text, unless that has been cleaned.
 */
void verdict_json(const struct verdict *v, struct buf *out);
int explain_json(struct judge *j, const struct profile *const *p, size_t n,
    struct buf *out, struct err *e);

#endif
