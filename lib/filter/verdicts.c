/* SPDX-License-Identifier: MIT */
#include "filter/verdicts.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "io/run.h"

/* By the words it begins with; WORDS_KINDS if it cleans first. */
static enum words
kind_of(const struct profile *p)
{
	return p->n && p->steps->rules ? p->steps->words : WORDS_KINDS;
}

/*
 * English first: what is known of its tokens tells something of others.  Those
 * that clean first are asked last: they read but some lines, and where the text
 * is parted by then, its tokens save parting those again.
 */
static void
put_in_order(struct verdicts *v)
{
	size_t i, n = 0;
	int kind;

	for (kind = 0; kind <= WORDS_KINDS; kind++)
		for (i = 0; i < v->n; i++)
			if ((int)kind_of(v->profiles[i]) == kind)
				v->order[n++] = i;
}

int
verdicts_init(struct verdicts *v, const struct profile *const *profiles,
    size_t n, struct err *e)
{
	*v = (struct verdicts){ .profiles = profiles, .n = n };
	v->tallies = calloc(n + 1, sizeof(*v->tallies));
	v->order = calloc(n + 1, sizeof(*v->order));
	if (!v->tallies || !v->order)
		return err_nomem(e, "profiles");
	put_in_order(v);
	return 0;
}

void
verdicts_free(struct verdicts *v)
{
	free(v->tallies);
	free(v->order);
	*v = (struct verdicts){ 0 };
}

int
verdicts_put(const struct verdicts *v, struct judge *j, struct buf *out,
    struct buf *side, struct err *e)
{
	struct verdict *all = judge_room(j, v->n);
	size_t i;

	if (!all)
		return err_nomem(e, "profiles");
	for (i = 0; i < v->n; i++)
		if (judge_by(
			j, v->profiles[v->order[i]], &all[v->order[i]], e) < 0)
			return e->code;
	for (i = 0; i < v->n; i++) {
		buf_putc(out, i ? ',' : '{');
		buf_json(out, str_c(v->profiles[i]->name));
		buf_putc(out, ':');
		verdict_json(&all[i], out);
		buf_put(side, &all[i].reason, sizeof(all[i].reason));
	}
	buf_putc(out, '}');
	return buf_ok(out, e);
}

int
verdicts_count(struct verdicts *v, struct str side, struct err *e)
{
	const char *reason;
	size_t at, i = 0;

	for (at = 0; at + sizeof(reason) <= side.n; at += sizeof(reason)) {
		struct tally *t = &v->tallies[i++ % v->n];

		memcpy(&reason, side.p + at, sizeof(reason));
		if (!reason)
			t->kept++;
		else if (tally_drop(t, reason, 1, e) < 0)
			return e->code;
	}
	return 0;
}

static void
put_tally(const struct tally *t, struct buf *out)
{
	size_t i;

	buf_puts(out, "{\"kept\":");
	buf_u64(out, t->kept);
	buf_puts(out, ",\"dropped\":{");
	for (i = 0; i < t->ndrop; i++) {
		buf_puts(out, i ? "," : "");
		buf_json(out, str_c(t->drops[i].rule));
		buf_putc(out, ':');
		buf_u64(out, t->drops[i].n);
	}
	buf_puts(out, "}}");
}

void
verdicts_json(const struct verdicts *v, struct buf *out)
{
	size_t i;

	for (i = 0; i < v->n; i++) {
		buf_putc(out, i ? ',' : '{');
		buf_json(out, str_c(v->profiles[i]->name));
		buf_putc(out, ':');
		put_tally(&v->tallies[i], out);
	}
	buf_putc(out, '}');
}
