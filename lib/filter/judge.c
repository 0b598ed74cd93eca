/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "filter/c4.h"
#include "filter/judge.h"
#include "filter/linefix.h"
#include "io/doc.h"

struct judge {
	struct meter *meter, *then; /* of text, and of now if it differs */
	struct str text, now;       /* as given; as the steps so far left it */
	const struct doc *doc;      /* or NULL */
	struct c4_result c4;
	struct linefix_result fix;
	bool c4_begun;               /* with the text */
	const struct linefix *fixed; /* what fix is of the text by; or NULL */
	bool changed;                /* now differs from text */
	struct verdict *room;
	size_t nroom;
};

struct judge *
judge_new(void)
{
	struct judge *j = calloc(1, sizeof(*j));

	if (!j)
		return NULL;
	j->meter = meter_new();
	j->then = meter_new();
	if (j->meter && j->then)
		return j;
	judge_free(j);
	return NULL;
}

void
judge_free(struct judge *j)
{
	if (!j)
		return;
	meter_free(j->meter);
	meter_free(j->then);
	c4_result_free(&j->c4);
	linefix_free(&j->fix);
	free(j->room);
	free(j);
}

struct verdict *
judge_room(struct judge *j, size_t n)
{
	if (n <= j->nroom)
		return j->room;
	free(j->room);
	j->room = calloc(n, sizeof(*j->room));
	j->nroom = j->room ? n : 0;
	return j->room;
}

int
judge_text(struct judge *j, struct str text, const struct doc *d, struct err *e)
{
	j->text = text;
	j->doc = d;
	j->fixed = NULL;
	j->c4_begun = false;
	return meter_begin(j->meter, text, e);
}

int
judge_signal(struct judge *j, enum signal s, double *v, struct err *e)
{
	return meter_signal(j->meter, WORDS_ENGLISH, s, v, NULL, e);
}

/* What a rule finds in the text as it is now, or in the metadata. */
struct finding {
	bool holds;
	double value; /* if it does; NaN of a text: */
	struct str text;
	struct signal_span span;
};

static void
look_at_metadata(struct judge *j, const struct rule *r, struct finding *f)
{
	struct json_val v;

	if (!j->doc)
		return;
	v = json_path(j->doc->meta, r->meta);
	f->value = r->text ? NAN : json_double(v, NAN);
	f->text = json_str(v);
	if (r->text && f->text.p)
		f->holds = compare_holds(
		    str_cmp(f->text, str_c(r->text)), r->compare, 0);
	else if (!isnan(f->value))
		f->holds = compare_holds(f->value, r->compare, r->threshold);
}

static int
look(struct judge *j, const struct step *s, const struct rule *r,
    struct finding *f, struct err *e)
{
	struct meter *m = j->changed ? j->then : j->meter;
	bool known = false;

	*f = (struct finding){ 0 };
	if (r->meta) {
		look_at_metadata(j, r, f);
		return 0;
	}
	if (r->compare == MORE &&
	    meter_at_most(m, s->words, r->signal, r->threshold, &known, e) < 0)
		return e->code;
	if (r->compare == LESS &&
	    meter_at_least(m, s->words, r->signal, r->threshold, &known, e) < 0)
		return e->code;
	if (known)
		return 0;
	if (meter_signal(m, s->words, r->signal, &f->value, &f->span, e) < 0)
		return e->code;
	f->holds = compare_holds(f->value, r->compare, r->threshold);
	return 0;
}

/* Clean by C4's rules: of the text itself, what lines are is found once. */
static int
clean_c4(struct judge *j, const struct step *s, struct str now, struct err *e)
{
	struct meter_words tokens;
	bool there = !j->changed && meter_words(j->meter, s->words, &tokens);

	if ((j->changed || !j->c4_begun) && c4_begin(&j->c4, now, e) < 0)
		return e->code;
	j->c4_begun = !j->changed;
	return c4_clean(s->clean, s->words, there ? &tokens : NULL, &j->c4, e);
}

/* Clean by RefinedWeb's: of the text itself, once for all profiles that do. */
static int
clean_lines(
    struct judge *j, const struct step *s, struct str now, struct err *e)
{
	if (!j->changed && j->fixed == s->fix)
		return 0;
	j->fixed = j->changed ? NULL : s->fix;
	return linefix_clean(s->fix, now, &j->fix, e);
}

/* Clean the text: v gets the reason if that rejects it. */
static int
clean(struct judge *j, const struct step *s, struct verdict *v, struct err *e)
{
	struct buf copy = { 0 };
	struct str now = j->now;
	bool changed;
	int rc;

	/* A second cleaning reads what the first one wrote. */
	if (j->changed) {
		buf_str(&copy, now);
		now = buf_view(&copy);
	}
	rc = buf_ok(&copy, e);
	if (rc == 0)
		rc = s->clean ? clean_c4(j, s, now, e)
			      : clean_lines(j, s, now, e);
	buf_free(&copy);
	if (rc < 0)
		return rc;
	v->reason = s->clean ? j->c4.reason : j->fix.reason;
	v->value = s->clean ? j->c4.value : j->fix.value;
	v->threshold = s->clean ? j->c4.threshold : j->fix.threshold;
	changed = s->clean ? j->c4.changed : j->fix.changed;
	if (v->reason || (!changed && !j->changed))
		return 0;
	j->changed = true;
	j->now = s->clean ? j->c4.left : j->fix.left;
	return meter_begin(j->then, j->now, e);
}

static void
begin(struct judge *j)
{
	j->now = j->text;
	j->changed = false;
}

/* One step: its first reason, if any, in v. */
static int
take_step(
    struct judge *j, const struct step *s, struct verdict *v, struct err *e)
{
	const struct rule *r;
	struct finding f;

	if (!s->rules)
		return clean(j, s, v, e);
	for (r = s->rules; r < s->rules + s->n && !v->reason; r++) {
		if (look(j, s, r, &f, e) < 0)
			return e->code;
		if (f.holds)
			*v = (struct verdict){ .reason = r->reason,
				.value = f.value,
				.threshold = r->text ? NAN : r->threshold };
	}
	return 0;
}

int
judge_by(
    struct judge *j, const struct profile *p, struct verdict *v, struct err *e)
{
	size_t i;

	begin(j);
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
	if (!isnan(v->value)) {
		buf_putc(out, ',');
		put_measure(v->value, v->threshold, out);
	}
	buf_putc(out, '}');
}

static void
put_fail(
    const struct rule *r, const struct finding *f, bool spans, struct buf *out)
{
	buf_puts(out, "{\"rule\":");
	buf_json(out, str_c(r->reason));
	buf_printf(out, ",\"%s\":", r->meta ? "metadata" : "signal");
	buf_json(out, str_c(r->meta ? r->meta : signal_name(r->signal)));
	buf_printf(out, ",\"comparison\":\"%s\",", compare_name(r->compare));
	if (r->text) {
		buf_puts(out, "\"value\":");
		buf_json(out, f->text);
		buf_puts(out, ",\"threshold\":");
		buf_json(out, str_c(r->text));
	} else {
		put_measure(f->value, r->threshold, out);
	}
	if (f->span.n && spans)
		buf_printf(out, ",\"span\":[%u,%u]", f->span.at,
		    f->span.at + f->span.n);
	buf_putc(out, '}');
}

/* What rejects in a step; *more: do the next ones have a say? */
static int
put_step(struct judge *j, const struct step *s, const char **comma, bool *more,
    struct buf *out, struct err *e)
{
	struct verdict v = { 0 };
	const struct rule *r;
	struct finding f;

	if (!s->rules) {
		if (clean(j, s, &v, e) < 0)
			return e->code;
		*more = !v.reason;
		if (*more)
			return 0;
		buf_printf(out, "%s{\"rule\":\"%s\",", *comma, v.reason);
		put_measure(v.value, v.threshold, out);
		buf_putc(out, '}');
		return 0;
	}
	for (r = s->rules; r < s->rules + s->n; r++) {
		if (look(j, s, r, &f, e) < 0)
			return e->code;
		if (!f.holds)
			continue;
		buf_puts(out, *comma);
		put_fail(r, &f, !j->changed, out);
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
	begin(j);
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
	double v;
	size_t i;

	buf_puts(out, "{\"signals\":{");
	for (i = 0; i < SIGNALS; i++) {
		if (judge_signal(j, (enum signal)i, &v, e) < 0)
			return e->code;
		buf_printf(out, "%s\"%s\":", i ? "," : "", signal_name(i));
		buf_double(out, v);
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
