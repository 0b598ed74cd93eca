/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "filter/c4.h"
#include "filter/judge.h"

struct judge {
	struct meter *meter;
	struct str text, now; /* as given; as the steps so far left it */
	/* Of the text, in each kind of words; of now, if it differs. */
	struct signals first[WORDS_KINDS], then;
	enum measured { NOTHING, SINGLE, ALL } measured[WORDS_KINDS];
	/* Of the profile at work: its words; does it ask for repetition? */
	enum words words;
	bool repetition;
	struct c4_result c4;
	bool changed; /* now differs from text */
};

struct judge *
judge_new(void)
{
	struct judge *j = calloc(1, sizeof(*j));

	if (j && (j->meter = meter_new()))
		return j;
	free(j);
	return NULL;
}

void
judge_free(struct judge *j)
{
	if (!j)
		return;
	meter_free(j->meter);
	c4_result_free(&j->c4);
	free(j);
}

/* The signals of the text in this kind of words. */
static int
measure(struct judge *j, enum words words, bool repetition, struct err *e)
{
	enum measured want = repetition ? ALL : SINGLE;

	if (j->measured[words] >= want)
		return 0;
	if (meter_text(
		j->meter, j->text, words, repetition, &j->first[words], e) < 0)
		return e->code;
	j->measured[words] = want;
	return 0;
}

int
judge_text(struct judge *j, struct str text, bool signals, struct err *e)
{
	int i;

	j->text = text;
	for (i = 0; i < WORDS_KINDS; i++)
		j->measured[i] = NOTHING;
	return signals ? measure(j, WORDS_ENGLISH, true, e) : 0;
}

const struct signals *
judge_signals(const struct judge *j)
{
	return &j->first[WORDS_ENGLISH];
}

static bool
wants_repetition(const struct step *s)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (s->rules[i].signal >= SIG_dup_paragraphs)
			return true;
	return false;
}

/* The signals of the text as it is now. */
static int
signals_now(struct judge *j, const struct step *s, const struct signals **out,
    struct err *e)
{
	*out = j->changed ? &j->then : &j->first[j->words];
	if (!j->changed)
		return measure(j, j->words, j->repetition, e);
	return meter_text(
	    j->meter, j->now, j->words, wants_repetition(s), &j->then, e);
}

/* Clean the text; the reason is in j->c4. */
static int
clean(struct judge *j, const struct step *s, struct err *e)
{
	struct str before = j->now;
	struct buf copy = { 0 };
	int rc;

	/* A second cleaning reads what the first one wrote. */
	if (j->changed) {
		buf_str(&copy, before);
		before = buf_view(&copy);
	}
	rc = buf_ok(&copy, e);
	if (rc == 0)
		rc = c4_clean(s->clean, before, j->words, &j->c4, e);
	buf_free(&copy);
	if (rc < 0)
		return rc;
	j->changed |= j->c4.changed;
	j->now = j->changed ? j->c4.left : j->text;
	return 0;
}

static void
begin(struct judge *j, const struct profile *p)
{
	size_t i;

	j->words = p->words;
	j->repetition = false;
	for (i = 0; i < p->n; i++)
		j->repetition |= wants_repetition(&p->steps[i]);
	j->now = j->text;
	j->changed = false;
}

/* One step: its first reason, if any, in v. */
static int
take_step(
    struct judge *j, const struct step *s, struct verdict *v, struct err *e)
{
	const struct signals *now;
	const struct rule *r;

	if (s->clean) {
		if (clean(j, s, e) < 0)
			return e->code;
		v->reason = j->c4.reason;
		v->value = j->c4.value;
		v->threshold = j->c4.threshold;
		return 0;
	}
	if (signals_now(j, s, &now, e) < 0)
		return e->code;
	for (r = s->rules; r < s->rules + s->n && !v->reason; r++)
		if (compare_holds(now->v[r->signal], r->compare, r->threshold))
			*v = (struct verdict){ .reason = r->reason,
				.value = now->v[r->signal],
				.threshold = r->threshold };
	return 0;
}

int
judge_by(
    struct judge *j, const struct profile *p, struct verdict *v, struct err *e)
{
	size_t i;

	begin(j, p);
	*v = (struct verdict){ 0 };
	for (i = 0; i < p->n && !v->reason; i++)
		if (take_step(j, &p->steps[i], v, e) < 0)
			return e->code;
	v->text = v->reason ? j->text : j->now;
	return 0;
}

static void
put_measure(double value, double threshold, struct buf *out)
{
	buf_puts(out, "\"value\":");
	buf_double(out, value);
	buf_puts(out, ",\"threshold\":");
	buf_double(out, threshold);
}

void
verdict_json(const struct verdict *v, struct buf *out)
{
	if (!v->reason) {
		buf_puts(out, "{\"keep\":true}");
		return;
	}
	buf_puts(out, "{\"keep\":false,\"rule\":");
	buf_json(out, str_c(v->reason));
	buf_putc(out, ',');
	put_measure(v->value, v->threshold, out);
	buf_putc(out, '}');
}

static void
put_fail(
    const struct rule *r, const struct signals *s, bool spans, struct buf *out)
{
	const struct signal_span *at = &s->where[r->signal];

	buf_puts(out, "{\"rule\":");
	buf_json(out, str_c(r->reason));
	buf_printf(out, ",\"signal\":\"%s\",\"comparison\":\"%s\",",
	    signal_name(r->signal), compare_name(r->compare));
	put_measure(s->v[r->signal], r->threshold, out);
	if (at->n && spans)
		buf_printf(out, ",\"span\":[%u,%u]", at->at, at->at + at->n);
	buf_putc(out, '}');
}

/* What rejects in a step; *more: do the next ones have a say? */
static int
put_step(struct judge *j, const struct step *s, const char **comma, bool *more,
    struct buf *out, struct err *e)
{
	const struct signals *now;
	const struct rule *r;

	if (s->clean) {
		if (clean(j, s, e) < 0)
			return e->code;
		*more = !j->c4.reason;
		if (*more)
			return 0;
		buf_printf(out, "%s{\"rule\":\"%s\",", *comma, j->c4.reason);
		put_measure(j->c4.value, j->c4.threshold, out);
		buf_putc(out, '}');
		return 0;
	}
	if (signals_now(j, s, &now, e) < 0)
		return e->code;
	for (r = s->rules; r < s->rules + s->n; r++) {
		if (!compare_holds(now->v[r->signal], r->compare, r->threshold))
			continue;
		buf_puts(out, *comma);
		put_fail(r, now, !j->changed, out);
		*comma = ",";
	}
	return 0;
}

static int
put_fails(
    struct judge *j, const struct profile *p, struct buf *out, struct err *e)
{
	const char *comma = "";
	struct verdict v;
	bool more = true;
	size_t i;

	if (judge_by(j, p, &v, e) < 0)
		return e->code;
	buf_json(out, str_c(p->name));
	buf_printf(
	    out, ":{\"keep\":%s,\"fails\":[", v.reason ? "false" : "true");
	begin(j, p);
	for (i = 0; i < p->n && more; i++)
		if (put_step(j, &p->steps[i], &comma, &more, out, e) < 0)
			return e->code;
	buf_puts(out, "]}");
	return 0;
}

int
explain_json(struct judge *j, const struct profile *const *p, size_t n,
    struct buf *out, struct err *e)
{
	size_t i;

	buf_puts(out, "{\"signals\":{");
	for (i = 0; i < SIGNALS; i++) {
		buf_printf(out, "%s\"%s\":", i ? "," : "", signal_name(i));
		buf_double(out, j->first[WORDS_ENGLISH].v[i]);
	}
	buf_puts(out, "},\"verdicts\":{");
	for (i = 0; i < n; i++) {
		buf_puts(out, i ? "," : "");
		if (put_fails(j, p[i], out, e) < 0)
			return e->code;
	}
	buf_puts(out, "}}");
	return 0;
}
