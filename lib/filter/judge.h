/* SPDX-License-Identifier: MIT */
#ifndef FILTER_JUDGE_H
#define FILTER_JUDGE_H

#include "filter/profile.h"

struct buf;

/* What profiles say of a text.  Scratch memory of one thread. */
struct judge;
struct judge *judge_new(void); /* NULL when memory is out */
void judge_free(struct judge *j);

struct verdict {
	const char *reason;      /* NULL: keep */
	double value, threshold; /* of the reason */
	struct str text;         /* as the profile leaves it */
};

/*
 * Measure a text for the calls that follow; it must stay as it is until the
 * last.  signals: judge_signals() and explain_json() will be asked, or several
 * profiles; without, only what a profile needs is measured.  The signals are
 * j's, until the next text.  Errors: meter_text().
 */
int judge_text(struct judge *j, struct str text, bool signals, struct err *e);
const struct signals *judge_signals(const struct judge *j);
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
