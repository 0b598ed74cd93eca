/* SPDX-License-Identifier: MIT */
#include "base/buf.h"
#include "filter/profile.h"

static void
put_measure(const struct rule *r, const struct signals *s, struct buf *out)
{
	buf_puts(out, "\"value\":");
	buf_double(out, s->v[r->signal]);
	buf_puts(out, ",\"threshold\":");
	buf_double(out, r->threshold);
}

void
verdict_json(const struct rule *r, const struct signals *s, struct buf *out)
{
	if (!r) {
		buf_puts(out, "{\"keep\":true}");
		return;
	}
	buf_puts(out, "{\"keep\":false,\"rule\":");
	buf_json(out, str_c(r->reason));
	buf_putc(out, ',');
	put_measure(r, s, out);
	buf_putc(out, '}');
}

static void
put_fail(const struct rule *r, const struct signals *s, struct buf *out)
{
	const struct signal_span *at = &s->where[r->signal];

	buf_puts(out, "{\"rule\":");
	buf_json(out, str_c(r->reason));
	buf_printf(out, ",\"signal\":\"%s\",\"comparison\":\"%s\",",
	    signal_name(r->signal), compare_name(r->compare));
	put_measure(r, s, out);
	if (at->n)
		buf_printf(out, ",\"span\":[%u,%u]", at->at, at->at + at->n);
	buf_putc(out, '}');
}

static void
put_fails(const struct profile *p, const struct signals *s, struct buf *out)
{
	const struct rule *r;
	const char *comma = "";

	buf_printf(out, "\"%s\":{\"keep\":%s,\"fails\":[", p->name,
	    profile_judge(p, s) ? "false" : "true");
	for (r = p->rules; r < p->rules + p->n; r++) {
		if (!compare_holds(s->v[r->signal], r->compare, r->threshold))
			continue;
		buf_puts(out, comma);
		put_fail(r, s, out);
		comma = ",";
	}
	buf_puts(out, "]}");
}

void
explain_json(const struct profile *const *p, size_t n, const struct signals *s,
    struct buf *out)
{
	size_t i;

	buf_puts(out, "{\"signals\":{");
	for (i = 0; i < SIGNALS; i++) {
		buf_printf(out, "%s\"%s\":", i ? "," : "", signal_name(i));
		buf_double(out, s->v[i]);
	}
	buf_puts(out, "},\"verdicts\":{");
	for (i = 0; i < n; i++) {
		buf_puts(out, i ? "," : "");
		put_fails(p[i], s, out);
	}
	buf_puts(out, "}}");
}
