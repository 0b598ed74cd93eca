/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/err.h"
#include "base/hash.h"
#include "mix/objective.h"

int
spans_add(struct spans *s, struct span x, struct err *e)
{
	struct span *more;
	size_t cap;

	if (x.n == 0)
		return 0;
	if (s->n == s->cap) {
		cap = s->cap ? 2 * s->cap : 64;
		more = realloc(s->v, cap * sizeof(*more));
		if (!more)
			return err_nomem(e, "a row");
		s->v = more;
		s->cap = cap;
	}
	s->v[s->n++] = x;
	return 0;
}

void
spans_free(struct spans *s)
{
	free(s->v);
	*s = (struct spans){ 0 };
}

/* A document's spans in the making. */
struct making {
	const struct recipe_specials *sp;
	struct spans *out;
	uint64_t state;  /* of random numbers */
	struct span doc; /* the document: tokens of the source */
	uint32_t tail;   /* 1 if its last token ends it, and stays last */
	unsigned begins; /* SPAN_BEGINS until a span has it */
	struct err *e;
};

static uint64_t
draw(struct making *m, uint64_t n)
{
	uint64_t h = mix64(m->state += 0x9e3779b97f4a7c15u);

	return (uint64_t)((unsigned __int128)h * n >> 64);
}

static bool
happens(struct making *m, struct ratio p)
{
	return draw(m, p.den) < p.num;
}

static int
put(struct making *m, struct span x)
{
	if (x.n == 0)
		return 0;
	x.flags |= m->begins;
	m->begins = 0;
	return spans_add(m->out, x, m->e);
}

/* n of the document's tokens from its token `from` on. */
static int
put_text(struct making *m, uint32_t from, uint32_t n, unsigned flags)
{
	return put(
	    m, (struct span){ .at = m->doc.at + from, .n = n, .flags = flags });
}

static int
put_token(struct making *m, uint32_t token, unsigned flags)
{
	return put(
	    m, (struct span){
		   .n = 1, .token = token, .flags = flags | SPAN_TOKEN });
}

static int
put_tail(struct making *m)
{
	return put_text(m, m->doc.n - m->tail, m->tail, SPAN_ENDS);
}

static int
fim(struct making *m, const struct recipe_objective *o)
{
	uint32_t n = m->doc.n - m->tail, a, b, t;
	const uint32_t *s = m->sp->fim;
	int rc;

	if (!happens(m, o->rate))
		return put(m, m->doc);
	a = (uint32_t)draw(m, (uint64_t)n + 1);
	b = (uint32_t)draw(m, (uint64_t)n + 1);
	t = a < b ? a : b;
	b = a < b ? b : a;
	a = t;
	rc = put_token(m, s[0], 0);
	if (rc == 0 && happens(m, o->spm))
		rc = put_token(m, s[1], 0) < 0 ||
			     put_text(m, b, n - b, 0) < 0 ||
			     put_token(m, s[2], 0) < 0 ||
			     put_text(m, 0, a, 0) < 0
			 ? m->e->code
			 : 0;
	else if (rc == 0)
		rc = put_text(m, 0, a, 0) < 0 || put_token(m, s[1], 0) < 0 ||
			     put_text(m, b, n - b, 0) < 0 ||
			     put_token(m, s[2], 0) < 0
			 ? m->e->code
			 : 0;
	if (rc == 0)
		rc = put_text(m, a, b - a, 0);
	return rc < 0 ? rc : put_tail(m);
}

enum { GIVEN = SPAN_GIVEN | SPAN_TWO_WAY };

/* The first `given` tokens, the others after them; at least one of each. */
static int
prefix(struct making *m, uint32_t given, uint32_t n)
{
	if (put_text(m, 0, given, GIVEN) < 0)
		return m->e->code;
	return put_text(
	    m, given, n - given, n == m->doc.n ? m->doc.flags & SPAN_ENDS : 0);
}

/* Settings of span corruption: noise tokens in so many spans. */
struct noise {
	uint32_t tokens, spans;
};

static struct noise
noise_of(const struct making *m, uint32_t n, double part, double mean)
{
	uint32_t from = m->sp->spans[0], to = m->sp->spans[1];
	uint32_t most = (from < to ? to - from : from - to) + 1;
	struct noise x = { (uint32_t)(n * part + .5), 0 };

	x.tokens = x.tokens < 1 ? 1 : x.tokens > n - 1 ? n - 1 : x.tokens;
	x.spans = (uint32_t)(x.tokens / mean + .5);
	x.spans = x.spans < 1 ? 1 : x.spans;
	x.spans = x.spans < x.tokens ? x.spans : x.tokens;
	x.spans = x.spans < n - x.tokens ? x.spans : n - x.tokens;
	x.spans = x.spans < most ? x.spans : most;
	return x;
}

/* The length of the next of `parts` parts >= 1 of `left`, all cuts as likely;
 * the cuts are drawn one by one, each in or out. */
static uint32_t
next_length(struct making *m, uint32_t left, uint32_t parts)
{
	uint32_t n = 1;

	/* Of left - n places for a cut, parts - 1 are taken. */
	while (parts > 1 && draw(m, left - n) >= parts - 1)
		n++;
	return parts > 1 ? n : left;
}

static uint32_t
sentinel(const struct making *m, uint32_t i)
{
	uint32_t from = m->sp->spans[0];

	return from < m->sp->spans[1] ? from + i : from - i;
}

/* Given text and spans by turns, given text first; spans: what to put. */
static int
corrupt(struct making *m, uint32_t n, struct noise x, bool spans)
{
	uint32_t kept = n - x.tokens, noise = x.tokens, at = 0, i, k, len;
	int rc = 0;

	for (i = 0; rc == 0 && i < x.spans; i++) {
		k = next_length(m, kept, x.spans - i);
		len = next_length(m, noise, x.spans - i);
		if (!spans)
			rc = put_text(m, at, k, GIVEN) < 0 ||
				     put_token(m, sentinel(m, i), GIVEN) < 0
				 ? m->e->code
				 : 0;
		else
			rc = put_token(m, sentinel(m, i), 0) < 0 ||
				     put_text(m, at + k, len, 0) < 0
				 ? m->e->code
				 : 0;
		at += k + len;
		kept -= k;
		noise -= len;
	}
	return rc;
}

/* In the room of the document, less what stands before. */
static int
denoise(struct making *m, double part, double mean, uint32_t before)
{
	uint32_t room = m->doc.n - before, n = room;
	uint64_t state = m->state;
	struct noise x;

	do
		x = noise_of(m, --n, part, mean);
	while (n > 2 && n + 2 * x.spans > room);
	if (corrupt(m, n, x, false) < 0)
		return m->e->code;
	m->state = state; /* the same spans again */
	return corrupt(m, n, x, true);
}

static int
ul2(struct making *m)
{
	static const struct {
		double part, mean; /* mean 0: prefix */
		int mode;
	} settings[] = { { .15, 3, 0 }, { .15, 8, 0 }, { .25, 0, 1 },
		{ .5, 3, 2 }, { .5, 8, 2 }, { .15, 64, 2 }, { .5, 64, 2 } };
	uint64_t i = draw(m, sizeof(settings) / sizeof(*settings));
	uint32_t token = m->sp->modes[settings[i].mode], n = m->doc.n, before;

	before = token != UINT32_MAX;
	if (before && put_token(m, token, GIVEN) < 0)
		return m->e->code;
	if (settings[i].mean > 0)
		return denoise(m, settings[i].part, settings[i].mean, before);
	n -= before;
	/* Half of the document in the most, a quarter in the mean. */
	return prefix(m, n - 1 - (uint32_t)draw(m, n / 2), n);
}

static int
one_document(struct making *m, const struct recipe_objective *o)
{
	switch (o->task) {
	case TASK_FIM:
		return fim(m, o);
	case TASK_PREFIX:
		return prefix(m, 1 + (uint32_t)draw(m, m->doc.n - 1), m->doc.n);
	case TASK_SPANS:
		return denoise(
		    m, ratio_double(o->noise), ratio_double(o->mean), 0);
	case TASK_UL2:
		return ul2(m);
	default:
		return put(m, m->doc);
	}
}

int
objective_apply(const struct recipe_objective *o,
    const struct recipe_specials *sp, uint64_t key, int64_t end,
    const struct spans *in, struct spans *out, struct err *e)
{
	struct making m = { .sp = sp, .out = out, .state = key, .e = e };
	size_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < in->n; i++) {
		m.doc = in->v[i];
		m.tail = end >= 0 && m.doc.flags & SPAN_ENDS;
		m.begins = m.doc.flags & SPAN_BEGINS;
		m.doc.flags &= ~(unsigned)SPAN_BEGINS;
		if (m.doc.flags & SPAN_TOKEN || m.doc.n < OBJECTIVE_LEAST)
			rc = put(&m, m.doc);
		else
			rc = one_document(&m, o);
	}
	return rc;
}
