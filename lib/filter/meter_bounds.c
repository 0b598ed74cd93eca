/* SPDX-License-Identifier: MIT */
/* What is certain of signals without measuring them. */
#include "base/err.h"
#include "base/text/lines.h"
#include "filter/meter.h"
#include "filter/spaces.h"

static bool
is_ascii_space(char c)
{
	return c == ' ' || (c >= 9 && c <= 13) || (c >= 0x1c && c <= 0x1f);
}

/*
 * Are there enough tokens for the newlines?  What white space of ASCII parts
 * is at least one, if it begins with a character of ASCII.
 */
static bool
newlines_at_most(const struct meter *m, double limit)
{
	const char *p = m->text.p, *end = p + m->text.n;
	uint64_t chunks = 0;
	bool space = true;

	for (; p < end; p++) {
		if (is_ascii_space(*p)) {
			space = true;
			continue;
		}
		chunks += space && (unsigned char)*p < 0x80;
		space = false;
		if (chunks % 64 == 63 &&
		    meter_ratio(m->newlines, chunks) <= limit)
			return true;
	}
	return chunks && meter_ratio(m->newlines, chunks) <= limit;
}

/* Of tokens no more have a symbol than there are symbols. */
static int
symbols_at_most(struct meter *m, struct token_set *t, double limit, bool *known,
    struct err *e)
{
	if (meter_split(m, t, e) < 0)
		return e->code;
	meter_count_symbols(m);
	*known = meter_ratio(m->hashes + m->ellipses, t->n) <= limit;
	return 0;
}

static int
tops_at_most(struct meter *m, struct token_set *t, enum meter_group g,
    double limit, bool *known, struct err *e)
{
	bool copied = g >= METER_COPIED2;
	uint64_t most;

	if (meter_bound_tops(m, t, copied, e) < 0 ||
	    meter_want(m, t, METER_SIZE, e) < 0)
		return e->code;
	most = t->most[copied ? g - METER_COPIED2 : g - METER_TOP2];
	*known =
	    meter_ratio(most, copied ? t->tokens[t->n].chars
				     : (uint64_t)m->s.v[SIG_chars]) <= limit;
	return 0;
}

int
meter_at_most(struct meter *m, enum words words, enum signal s, double limit,
    bool *known, struct err *e)
{
	struct token_set *t = &m->sets[words];
	enum meter_group g = meter_group_of(s);

	*known = false;
	if (t->done >> g & 1)
		return 0;
	if ((g >= METER_TOP2 && g <= METER_TOP4) ||
	    (g >= METER_COPIED2 && g <= METER_COPIED4))
		return tops_at_most(m, t, g, limit, known, e);
	if (s == SIG_symbol_tokens)
		return symbols_at_most(m, t, limit, known, e);
	if (s == SIG_longest_token && words == WORDS_SPACES) {
		if (meter_split(m, t, e) < 0)
			return e->code;
		*known = (double)m->longest <= limit;
	} else if (s == SIG_begun_words) {
		/* A word takes two bytes, but for the last. */
		*known = (double)(m->text.n / 2 + 1) <= limit;
	} else if (g == METER_NEWLINES && !t->split) {
		if (meter_want(m, t, METER_SIZE, e) < 0)
			return e->code;
		*known = newlines_at_most(m, limit);
	}
	return 0;
}

/* Are there so many stop words? */
static int
stops_at_least(struct meter *m, struct token_set *t, bool any_case,
    double limit, bool *known, struct err *e)
{
	uint64_t n = 0;
	bool exact;
	uint32_t i;

	if (meter_split(m, t, e) < 0)
		return e->code;
	for (i = 0; i < t->n && (double)n < limit; i++)
		n += meter_stop_bit(t->v[i], &exact) && (exact || any_case);
	*known = (double)n >= limit;
	return 0;
}

/*
 * What has no letter between white space is tokens of English without one, and
 * these may have been counted.
 */
static int
letters_at_least(struct meter *m, struct token_set *t, double limit,
    bool *known, struct err *e)
{
	const struct token_set *english = &m->sets[WORDS_ENGLISH];

	if (t->words != WORDS_SPACES || !(english->done >> METER_TOKENS & 1))
		return 0;
	if (meter_split(m, t, e) < 0)
		return e->code;
	*known = english->no_letter <= t->n &&
		 meter_ratio(t->n - english->no_letter, t->n) >= limit;
	return 0;
}

int
meter_at_least(struct meter *m, enum words words, enum signal s, double limit,
    bool *known, struct err *e)
{
	struct token_set *t = &m->sets[words];
	enum meter_group g = meter_group_of(s);

	*known = false;
	if ((g < METER_TOKENS ? m->done : t->done) >> g & 1)
		return 0;
	switch (s) {
	case SIG_begun_words:
		*known = (double)count_begun(m->text,
			     limit > 0 ? (uint64_t)limit + 1 : 0) >= limit;
		return 0;
	case SIG_stop_word_count:
		return stops_at_least(m, t, false, limit, known, e);
	case SIG_stop_words_any_case:
		return stops_at_least(m, t, true, limit, known, e);
	case SIG_alpha_words:
		return letters_at_least(m, t, limit, known, e);
	default:
		return 0;
	}
}
