/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "base/buf.h"
#include "base/err.h"
#include "filter/profile.h"

#define RULE(reason, signal, compare, threshold) \
	{ \
		reason, SIG_##signal, compare, threshold \
	}

/*
 * Rae et al. 2021, table A1 (repetition), then appendix A.1 (quality): the
 * order in which FineWeb applies them.
 */
static const struct rule gopher[] = {
	RULE("empty", chars, LESS, 1),
	RULE("dup_paragraphs", dup_paragraphs, MORE, 0.30),
	RULE("dup_paragraph_chars", dup_paragraph_chars, MORE, 0.20),
	RULE("dup_lines", dup_lines, MORE, 0.30),
	RULE("dup_line_chars", dup_line_chars, MORE, 0.20),
	RULE("top_2gram", top_2gram, MORE, 0.20),
	RULE("top_3gram", top_3gram, MORE, 0.18),
	RULE("top_4gram", top_4gram, MORE, 0.16),
	RULE("dup_5gram", dup_5gram, MORE, 0.15),
	RULE("dup_6gram", dup_6gram, MORE, 0.14),
	RULE("dup_7gram", dup_7gram, MORE, 0.13),
	RULE("dup_8gram", dup_8gram, MORE, 0.12),
	RULE("dup_9gram", dup_9gram, MORE, 0.11),
	RULE("dup_10gram", dup_10gram, MORE, 0.10),
	RULE("short", words, LESS, 50),
	RULE("long", words, MORE, 100000),
	RULE("short_words", mean_word_length, LESS, 3),
	RULE("long_words", mean_word_length, MORE, 10),
	RULE("hashes", hash_ratio, MORE, 0.1),
	RULE("ellipses", ellipsis_ratio, MORE, 0.1),
	RULE("bullet_lines", bullet_lines, MORE, 0.9),
	RULE("ellipsis_lines", ellipsis_lines, MORE, 0.3),
	RULE("alpha_words", alpha_words, LESS, 0.8),
	RULE("stop_words", stop_words, LESS, 2),
};

enum { GOPHER = sizeof(gopher) / sizeof(*gopher), REPETITION = 14 };

static const struct profile profiles[] = {
	{ "gopher", "Gopher's repetition, then quality rules; English", gopher,
	    GOPHER },
	{ "gopher-repetition", "the first part of gopher; any language", gopher,
	    REPETITION },
	{ "gopher-quality", "the second part of gopher; English",
	    gopher + REPETITION, GOPHER - REPETITION },
};

enum { PROFILES = sizeof(profiles) / sizeof(*profiles) };

const char *
compare_name(enum compare c)
{
	static const char *const names[] = { "<", "<=", ">", ">=", "==", "!=" };

	return names[c];
}

bool
compare_holds(double a, enum compare c, double b)
{
	switch (c) {
	case LESS:
		return a < b;
	case LESS_EQUAL:
		return a <= b;
	case MORE:
		return a > b;
	case MORE_EQUAL:
		return a >= b;
	case EQUAL:
		return a == b;
	case UNEQUAL:
		return a != b;
	}
	return false;
}

const struct profile *
profile_at(size_t i)
{
	return i < PROFILES ? &profiles[i] : NULL;
}

int
profile_find(struct str name, const struct profile **p, struct err *e)
{
	char known[256] = "";
	size_t i, n = 0;

	for (i = 0; i < PROFILES; i++)
		if (str_eq(name, str_c(profiles[i].name))) {
			*p = &profiles[i];
			return 0;
		}
	for (i = 0; i < PROFILES && n < sizeof(known); i++)
		n += (size_t)snprintf(known + n, sizeof(known) - n, "%s%s",
		    i ? ", " : "", profiles[i].name);
	return err_set(e, ERR_ARG, "no profile '%.*s'; there are: %s",
	    (int)name.n, name.p, known);
}

const struct rule *
profile_judge(const struct profile *p, const struct signals *s)
{
	const struct rule *r;

	for (r = p->rules; r < p->rules + p->n; r++)
		if (compare_holds(s->v[r->signal], r->compare, r->threshold))
			return r;
	return NULL;
}

void
profile_print(const struct profile *p, struct buf *out)
{
	const struct rule *r;

	buf_printf(out, "%s: %s\n", p->name, p->about);
	for (r = p->rules; r < p->rules + p->n; r++) {
		buf_printf(out, "  %-20s %s %s ", r->reason,
		    signal_name(r->signal), compare_name(r->compare));
		buf_double(out, r->threshold);
		buf_putc(out, '\n');
	}
}
