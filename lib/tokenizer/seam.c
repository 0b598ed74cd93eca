/* SPDX-License-Identifier: MIT */
#include "seam.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "normalize.h"
#include "pre.h"
#include "pretok_scan.h"
#include "seam_rule.h"
#include "uclass.h"

/* What is known of a character whatever stands around it. */
enum { UNKNOWN, UNFIT, FIT, FIT_SPACE };

struct seams {
	const struct pre_step *steps;
	size_t n;
	struct seam_rule *rules[PRE_STEPS]; /* of splits */
	const struct norm *norm;
	struct norm_work work;
	bool at_space;
	uint8_t fit[SEAM_CODE_POINTS];
	uint8_t spared[256][256 / 8]; /* bits: pairs of bytes */
};

/* Steps behind the first that nothing can be said of don't matter. */
static int
open_rules(struct seams *s, size_t n, struct err *e)
{
	const char *regex;

	for (s->n = 0; s->n < n; s->n++) {
		if (s->steps[s->n].kind != PRE_SPLIT)
			continue;
		regex = pretok_spelt(s->steps[s->n].regex);
		if (seam_rule_open(&s->rules[s->n], regex, e) < 0)
			return e->code;
		if (!s->rules[s->n])
			break;
	}
	return 0;
}

int
seams_open(struct seams **out, const struct pre_step *steps, size_t n,
    const struct norm *norm, bool at_space, struct err *e)
{
	struct seams *s = calloc(1, sizeof(*s));

	*out = NULL;
	if (!s)
		return err_nomem(e, "places to cut");
	s->steps = steps;
	s->norm = norm;
	s->at_space = at_space;
	if (open_rules(s, n, e) < 0) {
		seams_free(s);
		return e->code;
	}
	if (s->n)
		*out = s;
	else
		seams_free(s);
	return 0;
}

void
seams_free(struct seams *s)
{
	size_t i;

	if (!s)
		return;
	for (i = 0; i < s->n; i++)
		seam_rule_free(s->rules[i]);
	norm_work_free(&s->work);
	free(s);
}

/* ---- added tokens ---- */

static void
spare(struct seams *s, char before, char behind)
{
	s->spared[(uint8_t)before][(uint8_t)behind / 8] |=
	    (uint8_t)(1 << (uint8_t)behind % 8);
}

static bool
is_spared(const struct seams *s, char before, char behind)
{
	return s->spared[(uint8_t)before][(uint8_t)behind / 8] >>
		   (uint8_t)behind % 8 &
	       1;
}

void
seams_spare(struct seams *s, struct str token)
{
	size_t i;

	for (i = 1; i < token.n; i++)
		spare(s, token.p[i - 1], token.p[i]);
}

void
seams_spare_front(struct seams *s, struct str token)
{
	int c;

	for (c = 0; token.n && c < 256; c++)
		spare(s, (char)c, token.p[0]);
}

void
seams_spare_back(struct seams *s, struct str token)
{
	if (token.n)
		memset(s->spared[(uint8_t)token.p[token.n - 1]], 0xff,
		    sizeof(s->spared[0]));
}

/* ---- characters ---- */

static int
find_fit(struct seams *s, struct str c)
{
	const uint8_t *p = (const uint8_t *)c.p;
	size_t len;

	if (uclass_has_newer(c, UNICODE_FIRST) ||
	    (s->norm && !norm_keeps(s->norm, c, &s->work)))
		return UNFIT;
	return uclass_get(uclass_table(0), p, p + c.n, &len) == UC_SPACE
		   ? FIT_SPACE
		   : FIT;
}

static int
fit(struct seams *s, uint32_t cp, struct str c)
{
	if (cp >= SEAM_CODE_POINTS)
		return UNFIT;
	if (s->fit[cp] == UNKNOWN)
		s->fit[cp] = (uint8_t)find_fit(s, c);
	return s->fit[cp];
}

/* ---- pairs ---- */

/* Does a step that keeps the two apart part them for sure? */
static bool
parts(const struct pre_step *st, const struct seam_rule *r, struct seam_facts a,
    struct seam_facts b)
{
	bool between =
	    st->behaviour == PRE_ISOLATED || st->behaviour == PRE_REMOVED;

	if (a.whole) /* what follows is a match, or lies between matches */
		switch (st->behaviour) {
		case PRE_CONTIGUOUS:
			return !b.places;
		case PRE_WITH_PREVIOUS:
			return !st->invert;
		case PRE_WITH_NEXT:
			return st->invert;
		default:
			return between;
		}
	if (a.places || !seam_rule_begins(r, b))
		return false;
	switch (st->behaviour) {
	case PRE_CONTIGUOUS:
		return true;
	case PRE_WITH_PREVIOUS:
		return st->invert;
	case PRE_WITH_NEXT:
		return !st->invert;
	default:
		return between;
	}
}

static bool
is_parted(struct seams *s, uint32_t a, uint32_t b)
{
	const struct pre_step *st;
	struct seam_facts x, y;
	size_t i, len;

	for (i = 0; i < s->n; i++) {
		st = &s->steps[i];
		switch (st->kind) {
		case PRE_SPLIT:
			x = seam_rule_facts(s->rules[i], a);
			y = seam_rule_facts(s->rules[i], b);
			if (!seam_rule_apart(s->rules[i], x, y))
				return false;
			if (parts(st, s->rules[i], x, y))
				return true;
			break;
		case PRE_METASPACE:
		case PRE_PREFIX:
			/* Nothing is put before a space. */
			if (a == ' ' || b != ' ')
				return false;
			if (st->kind == PRE_METASPACE)
				b = utf8_strict((const uint8_t *)st->mark,
				    (const uint8_t *)st->mark +
					strlen(st->mark),
				    &len);
			if (b >= SEAM_CODE_POINTS)
				return false;
			break;
		default:
			return false;
		}
	}
	return false;
}

size_t
seams_last(struct seams *s, struct str text, size_t from)
{
	const uint8_t *p = (const uint8_t *)text.p;
	size_t at = text.n, len;
	uint32_t a, b = 0;
	int fit_a, fit_b = UNFIT;

	for (; at > from; at -= len, b = a, fit_b = fit_a) {
		a = utf8_strict_before(p, p + at, &len);
		fit_a = fit(s, a, (struct str){ text.p + at - len, len });
		if (fit_a == UNFIT || fit_b == UNFIT ||
		    (fit_a == FIT_SPACE && fit_b == FIT_SPACE) ||
		    (s->at_space && b != ' ') ||
		    is_spared(s, text.p[at - 1], text.p[at]))
			continue;
		if (is_parted(s, a, b))
			return at;
	}
	return 0;
}
