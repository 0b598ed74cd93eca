/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "base/buf.h"
#include "base/err.h"
#include "filter/c4.h"
#include "filter/linefix.h"
#include "filter/profile.h"

#define RULE(reason, signal, compare, threshold) \
	{ \
		reason, SIG_##signal, compare, threshold, NULL, NULL \
	}

/* Rae et al. 2021, table A1 and appendix A.1. */
static const struct rule repetition[] = {
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
};

static const struct rule quality[] = {
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

/* Penedo et al. 2024, "The FineWeb Datasets", 3.6; datatrove 0.10's reading. */
static const struct rule fineweb[] = {
	RULE("no_lines", text_lines, LESS, 1),
	RULE("end_mark_lines", end_mark_lines, LESS, 0.12),
	RULE("short_lines", short_lines, MORE, 0.67),
	RULE("dup_text_line_chars", dup_text_line_chars, MORE, 0.01),
	RULE("newlines", newlines_per_token, MORE, 0.3),
};

/*
 * FineWeb's release: datatrove at commit 05194d39 (April 2024); 0.2.0 of two
 * days later has the same rules.
 */
static const struct rule repetition_2024[] = {
	RULE("empty", chars, LESS, 1),
	RULE("dup_paragraphs", dup_paragraphs, MORE, 0.30),
	RULE("dup_paragraph_chars", dup_paragraph_chars, MORE, 0.20),
	RULE("dup_lines", dup_all_lines, MORE, 0.30),
	RULE("dup_line_chars", dup_all_line_chars, MORE, 0.20),
	RULE("top_2gram", top_2gram, MORE, 0.20),
	RULE("top_3gram", top_3gram, MORE, 0.18),
	RULE("top_4gram", top_4gram, MORE, 0.16),
	RULE("dup_5gram", dup_5gram, MORE, 0.15),
	RULE("dup_6gram", dup_6gram, MORE, 0.14),
	RULE("dup_7gram", dup_7gram, MORE, 0.13),
	RULE("dup_8gram", dup_8gram, MORE, 0.12),
	RULE("dup_9gram", dup_9gram, MORE, 0.11),
	RULE("dup_10gram", dup_10gram, MORE, 0.10),
};

static const struct rule quality_2024[] = {
	RULE("short", words, LESS, 50),
	RULE("long", words, MORE, 100000),
	RULE("short_words", mean_word_length, LESS, 3),
	RULE("long_words", mean_word_length, MORE, 10),
	RULE("hashes", hash_ratio, MORE, 0.1),
	RULE("ellipses", ellipsis_ratio, MORE, 0.1),
	RULE("bullet_lines", bullet_lines, MORE, 0.9),
	RULE("ellipsis_lines", ellipsis_lines, MORE, 0.3),
	RULE("alpha_words", alpha_words, LESS, 0.8),
	RULE("stop_words", stop_word_count, LESS, 2),
};

static const struct rule fineweb_2024[] = {
	RULE("end_mark_lines", end_mark_rows, LESS_EQUAL, 0.12),
	RULE("short_lines", short_rows, MORE_EQUAL, 0.67),
	RULE("dup_text_line_chars", dup_text_line_chars, MORE_EQUAL, 0.01),
	RULE("newlines", newlines_per_token, MORE, 0.3),
};

/*
 * Soldaini et al. 2024, "Dolma"; the tagger gopher_v1 of allenai/dolma.  The
 * n-gram rules of its configurations name attributes that no tagger writes and
 * so never rejected anything: they are left out.
 */
static const struct rule dolma[] = {
	RULE("short", tokens, LESS, 50),
	RULE("long", tokens, MORE, 100000),
	RULE("short_words", median_token_length, LESS, 3),
	RULE("long_words", median_token_length, MORE, 10),
	RULE("symbols", symbol_tokens, MORE, 0.1),
	RULE("alpha_words", alpha_words, LESS, 0.8),
	RULE("stop_words", stop_word_count, LESS, 2),
	RULE("bullet_lines", bullet_rows, MORE, 0.9),
	RULE("ellipsis_lines", ellipsis_rows, MORE, 0.3),
	RULE("dup_lines", repeated_rows, MORE, 0.3),
	RULE("dup_line_chars", repeated_row_chars, MORE, 0.3),
};

/* NVIDIA-NeMo/Curator, config/heuristic_filter_en.yaml: its thresholds. */
static const struct rule nemo[] = {
	RULE("empty", chars, LESS, 1),
	RULE("other_chars", other_chars, MORE, 0.25),
	RULE("symbols", symbol_tokens, MORE, 0.1),
	RULE("digits", digit_ratio, MORE, 0.15),
	RULE("urls", url_chars, MORE, 0.2),
	RULE("spaces", space_ratio, MORE, 0.25),
	RULE("parentheses", paren_chars, MORE, 0.1),
	RULE("dup_lines", dup_lines, MORE, 0.3),
	RULE("dup_paragraphs", dup_paragraphs, MORE, 0.3),
	RULE("dup_line_chars", dup_line_chars, MORE, 0.2),
	RULE("dup_paragraph_chars", dup_paragraph_chars, MORE, 0.2),
	RULE("short", tokens, LESS, 50),
	RULE("long", tokens, MORE, 100000),
	RULE("end_mark_lines", end_mark_rows, LESS, 0.15),
	RULE("alpha_words", alpha_words, LESS, 0.8),
	RULE("stop_words", stop_word_count, LESS, 2),
	RULE("short_words", mean_token_length, LESS, 3),
	RULE("long_words", mean_token_length, MORE, 10),
	RULE("long_word", longest_token, MORE, 1000),
	RULE("ellipsis_lines", ellipsis_lines, MORE, 0.3),
	RULE("top_2gram", top_2gram, MORE, 0.20),
	RULE("top_3gram", top_3gram, MORE, 0.18),
	RULE("top_4gram", top_4gram, MORE, 0.16),
	RULE("dup_5gram", dup_5gram, MORE, 0.15),
	RULE("dup_6gram", dup_6gram, MORE, 0.14),
	RULE("dup_7gram", dup_7gram, MORE, 0.13),
	RULE("dup_8gram", dup_8gram, MORE, 0.12),
	RULE("dup_9gram", dup_9gram, MORE, 0.11),
	RULE("dup_10gram", dup_10gram, MORE, 0.10),
	RULE("bullet_lines", bullet_lines, MORE, 0.9),
};

static const struct c4 c4 = {
	.word_max = 1000, .line_words = 3, .sentences = 5, .end_marks = true
};
/* FineWeb's pipeline leaves the end marks to its own rules. */
static const struct c4 c4_fineweb = {
	.word_max = 1000, .line_words = 3, .sentences = 5
};

/* Penedo et al. 2023, "The RefinedWeb Dataset", appendix G.2. */
static const struct linefix refinedweb_lines = {
	.upper = 0.5,
	.digits = 0.999999,
	.words = 2,
	.edit = 10,
	.removed = 0.05,
};

/* Li et al. 2024, "DataComp-LM"; dclm_baseline_refinedweb.yaml. */
static const struct rule dclm[] = {
	RULE("short", begun_words, LESS, 50),
	RULE("long", begun_words, MORE, 100000),
	RULE("short_words", mean_token_length, LESS, 3),
	RULE("long_words", mean_token_length, MORE, 10),
	RULE("symbols", symbols_per_token, MORE, 0.1),
	RULE("bullet_lines", bulleted_lines, MORE, 0.9),
	RULE("ellipsis_lines", dotted_lines, MORE, 0.3),
	RULE("alpha_words", alpha_words, LESS, 0.8),
	RULE("stop_words", stop_words_any_case, LESS, 2),
	RULE("dup_lines", copied_lines, MORE, 0.3),
	RULE("dup_paragraphs", copied_paragraphs, MORE, 0.3),
	RULE("dup_line_chars", copied_line_chars, MORE, 0.2),
	RULE("dup_paragraph_chars", copied_paragraph_chars, MORE, 0.2),
};

static const struct rule dclm_grams[] = {
	RULE("top_2gram", copied_top_2gram, MORE, 0.20),
	RULE("top_3gram", copied_top_3gram, MORE, 0.18),
	RULE("top_4gram", copied_top_4gram, MORE, 0.16),
	RULE("dup_5gram", copied_5gram, MORE, 0.15),
	RULE("dup_6gram", copied_6gram, MORE, 0.14),
	RULE("dup_7gram", copied_7gram, MORE, 0.13),
	RULE("dup_8gram", copied_8gram, MORE, 0.12),
	RULE("dup_9gram", copied_9gram, MORE, 0.11),
	RULE("dup_10gram", copied_10gram, MORE, 0.10),
};

/* Wenzek et al. 2020, "CCNet", section 4; cc_net's defaults. */
static const struct rule ccnet[] = {
	RULE("short", chars, LESS, 300),
	{ "language_score", 0, LESS, 0.5, "language_score", NULL },
	{ "tail", 0, EQUAL, 0, "bucket", "tail" },
};

#define RULES(r, words) \
	{ \
		NULL, NULL, r, sizeof(r) / sizeof(*(r)), WORDS_##words \
	}
static const struct step gopher_steps[] = { RULES(repetition, ENGLISH),
	RULES(quality, ENGLISH) };
static const struct step c4_steps[] = { { .clean = &c4 } };
static const struct step fineweb_steps[] = { RULES(fineweb, ENGLISH) };
static const struct step datatrove_steps[] = { RULES(repetition, ENGLISH),
	RULES(quality, ENGLISH), { .clean = &c4_fineweb },
	RULES(fineweb, ENGLISH) };
static const struct step fineweb_2024_steps[] = {
	RULES(repetition_2024, TREEBANK), RULES(quality_2024, TREEBANK),
	{ .clean = &c4_fineweb, .words = WORDS_TREEBANK },
	RULES(fineweb_2024, TREEBANK)
};
static const struct step dolma_steps[] = { RULES(dolma, SPACES) };
static const struct step nemo_steps[] = { RULES(nemo, SPACES) };
static const struct step refinedweb_steps[] = { RULES(repetition, ENGLISH),
	RULES(quality, ENGLISH), { .fix = &refinedweb_lines } };
static const struct step dclm_steps[] = { RULES(dclm, SPACES),
	RULES(dclm_grams, UNICODE), { .fix = &refinedweb_lines } };
static const struct step ccnet_steps[] = { RULES(ccnet, ENGLISH) };

static const struct profile profiles[] = {
	{ "gopher", "Gopher's repetition, then quality rules; English",
	    gopher_steps, 2 },
	{ "gopher-repetition", "the first part of gopher; any language",
	    gopher_steps, 1 },
	{ "gopher-quality", "the second part of gopher; English",
	    gopher_steps + 1, 1 },
	{ "c4", "C4's cleaning; rewrites the text; English", c4_steps, 1 },
	{ "fineweb-2024-04",
	    "FineWeb's rules as at its release; rewrites the text; English",
	    fineweb_2024_steps, 4 },
	{ "refinedweb",
	    "Gopher's rules, then RefinedWeb's corrections of lines; rewrites "
	    "the text; English",
	    refinedweb_steps, 3 },
	{ "dclm",
	    "the heuristics of DCLM's baseline; rewrites the text; English",
	    dclm_steps, 3 },
	{ "dolma-1.6", "Dolma's Gopher rules; English", dolma_steps, 1 },
	{ "nemo", "the thresholds of NeMo Curator's heuristics; English",
	    nemo_steps, 1 },
	{ "ccnet",
	    "CCNet's length, and what quern lang and quern perplexity set; any "
	    "language",
	    ccnet_steps, 1 },
	{ "datatrove-0.10",
	    "FineWeb's rules as datatrove 0.10 has them; rewrites the text; "
	    "English",
	    datatrove_steps, 4 },
	{ "datatrove-0.10-repetition", "its GopherRepetitionFilter",
	    gopher_steps, 1 },
	{ "datatrove-0.10-quality", "its GopherQualityFilter", gopher_steps + 1,
	    1 },
	{ "datatrove-0.10-c4", "its C4QualityFilter; rewrites the text",
	    c4_steps, 1 },
	{ "datatrove-0.10-fineweb", "its FineWebQualityFilter", fineweb_steps,
	    1 },
};

enum { PROFILES = sizeof(profiles) / sizeof(*profiles) };

static const char *const compares[] = { "<", "<=", ">", ">=", "==", "!=" };

const char *
compare_name(enum compare c)
{
	return compares[c];
}

bool
compare_find(struct str s, enum compare *c)
{
	size_t i;

	for (i = 0; i < sizeof(compares) / sizeof(*compares); i++)
		if (str_eq(s, str_c(compares[i]))) {
			*c = (enum compare)i;
			return true;
		}
	return false;
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
	char known[512] = "";
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

static void
print_clean(const struct step *s, struct buf *out)
{
	if (s->clean) {
		buf_printf(out,
		    "  clean c4 word_max=%u line_words=%u end_marks=%d "
		    "sentences=%u\n",
		    s->clean->word_max, s->clean->line_words,
		    s->clean->end_marks, s->clean->sentences);
		return;
	}
	buf_puts(out, "  clean refinedweb upper=");
	buf_double(out, s->fix->upper);
	buf_puts(out, " digits=");
	buf_double(out, s->fix->digits);
	buf_printf(
	    out, " words=%u edit=%u removed=", s->fix->words, s->fix->edit);
	buf_double(out, s->fix->removed);
	buf_putc(out, '\n');
}

static void
print_rule(const struct rule *r, struct buf *out)
{
	buf_printf(out, "  %-20s %s%s %s ", r->reason,
	    r->meta ? "metadata." : "",
	    r->meta ? r->meta : signal_name(r->signal),
	    compare_name(r->compare));
	if (r->text)
		buf_printf(out, "\"%s\"", r->text);
	else
		buf_double(out, r->threshold);
	buf_putc(out, '\n');
}

void
profile_print(const struct profile *p, struct buf *out)
{
	enum words words = WORDS_ENGLISH;
	const struct step *s;
	const struct rule *r;

	buf_printf(out, "profile %s: %s\n", p->name, p->about);
	for (s = p->steps; s < p->steps + p->n; s++) {
		if (s->words != words)
			buf_printf(out, "  words %s\n", words_name(s->words));
		words = s->words;
		if (!s->rules)
			print_clean(s, out);
		for (r = s->rules; r < s->rules + s->n; r++)
			print_rule(r, out);
	}
}
