/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/err.h"
#include "base/text/lines.h"
#include "filter/meter.h"

static const struct {
	const char *name, *about;
	enum meter_group group;
} names[SIGNALS] = {
#define SIGNAL(name, group, what) { #name, what, METER_##group },
#include "filter/signals.def"
#undef SIGNAL
};

const char *
signal_name(enum signal s)
{
	return names[s].name;
}

const char *
signal_about(enum signal s)
{
	return names[s].about;
}

enum signal
signal_find(struct str name)
{
	int i;

	for (i = 0; i < SIGNALS; i++)
		if (str_eq(name, str_c(names[i].name)))
			break;
	return (enum signal)i;
}

static const char *const words_names[] = { "english", "treebank", "spaces",
	"unicode" };

const char *
words_name(enum words w)
{
	return words_names[w];
}

enum words
words_find(struct str name)
{
	int i;

	for (i = 0; i < WORDS_KINDS; i++)
		if (str_eq(name, str_c(words_names[i])))
			break;
	return (enum words)i;
}

struct meter *
meter_new(void)
{
	struct meter *m = calloc(1, sizeof(*m));
	int i;

	for (i = 0; m && i < WORDS_KINDS; i++)
		m->sets[i] = (struct token_set){
			.words = (enum words)i,
			.rows[1].gap = 1,
		};
	return m;
}

static void
numbers_free(struct numbers *n)
{
	free(n->ids);
	free(n->counts);
	free(n->first);
}

static void
set_free(struct token_set *t)
{
	int i;

	free(t->tokens);
	for (i = 0; i < 2; i++) {
		free(t->rows[i].p);
		free(t->rows[i].list);
	}
}

void
meter_free(struct meter *m)
{
	int i;

	if (!m)
		return;
	for (i = 0; i < WORDS_KINDS; i++)
		set_free(&m->sets[i]);
	free(m->scratch);
	numbers_free(&m->numbers.ids);
	numbers_free(&m->numbers.grams);
	seen_free(&m->seen);
	pairs_free(&m->pairs);
	again_free(&m->again);
	again_free(&m->again_few);
	free(m->rough.counts);
	tokens_free(&m->english);
	treebank_free(&m->treebank);
	free(m->spaced.v);
	free(m->unicode.v);
	free(m);
}

int
meter_begin(struct meter *m, struct str text, struct err *e)
{
	int i, k;

	/* The Treebank's quotation marks are two bytes. */
	if (text.n >= METER_MAX)
		return err_set(
		    e, ERR_ARG, "a text of over %d bytes", METER_MAX);
	m->text = (struct str){ text.p ? text.p : "", text.n };
	m->done = 0;
	m->symbols = false;
	m->numbers.of = NULL;
	memset(&m->s, 0, sizeof(m->s));
	for (i = 0; i < WORDS_KINDS; i++) {
		struct token_set *t = &m->sets[i];

		if (t->done)
			memset(&t->s, 0, sizeof(t->s));
		t->done = t->n = 0;
		t->split = t->bounded = t->placed = false;
		for (k = 0; k < 2; k++) {
			t->rows[k].made = t->rows[k].listed = false;
			t->rows[k].pruned = 0;
		}
	}
	return 0;
}

double
meter_ratio(uint64_t part, uint64_t whole)
{
	return whole ? (double)part / (double)whole : 0;
}

static int
top(struct meter *m, struct token_set *t, enum meter_group g, struct err *e)
{
	return meter_top(m, t, 2 + (uint32_t)(g - METER_TOP2), e);
}

static int
dup(struct meter *m, struct token_set *t, enum meter_group g, struct err *e)
{
	return meter_dup(m, t, 5 + (uint32_t)(g - METER_DUP5), e);
}

static int
measure(struct meter *m, struct token_set *t, enum meter_group g, struct err *e)
{
	static int (*const how[])(
	    struct meter *, struct token_set *, struct err *) = {
		[METER_SIZE] = meter_size,
		[METER_CHARS] = meter_chars,
		[METER_LINES] = meter_lines,
		[METER_TEXT_LINES] = meter_text_lines,
		[METER_ROWS] = meter_rows,
		[METER_PARAGRAPHS] = meter_paragraphs,
		[METER_PIECES] = meter_pieces,
		[METER_ALL_LINES] = meter_all_lines,
		[METER_TOKENS] = meter_tokens,
		[METER_COUNT] = meter_count,
		[METER_SENTENCES] = meter_sentences,
		[METER_LENGTHS] = meter_lengths,
		[METER_SYMBOLS] = meter_symbols,
		[METER_NEWLINES] = meter_newlines,
		[METER_ROW_CHARS] = meter_row_chars,
		[METER_BEGUN] = meter_begun,
		[METER_COPIES] = meter_copies,
		[METER_MARKS] = meter_marks,
	};

	if (g >= METER_COPIED5)
		return meter_copied(m, t, 5 + (uint32_t)(g - METER_COPIED5), e);
	if (g >= METER_COPIED2)
		return meter_copied_top(
		    m, t, 2 + (uint32_t)(g - METER_COPIED2), e);
	if (g >= METER_DUP5)
		return dup(m, t, g, e);
	return g >= METER_TOP2 ? top(m, t, g, e) : how[g](m, t, e);
}

int
meter_want(
    struct meter *m, struct token_set *t, enum meter_group g, struct err *e)
{
	uint64_t *done = g < METER_TOKENS ? &m->done : &t->done;

	if (*done >> g & 1)
		return 0;
	if (measure(m, t, g, e) < 0)
		return e->code;
	*done |= UINT64_C(1) << g;
	return 0;
}

enum meter_group
meter_group_of(enum signal s)
{
	return names[s].group;
}

static const struct signals *
signals_of(const struct meter *m, enum words words, enum signal s)
{
	return names[s].group < METER_TOKENS ? &m->s : &m->sets[words].s;
}

int
meter_signal(struct meter *m, enum words words, enum signal s, double *v,
    struct signal_span *span, struct err *e)
{
	const struct signals *from = signals_of(m, words, s);

	if (meter_want(m, &m->sets[words], names[s].group, e) < 0)
		return e->code;
	*v = from->v[s];
	if (span)
		*span = from->where[s];
	return 0;
}

bool
meter_words(const struct meter *m, enum words words, struct meter_words *w)
{
	const struct token_set *t = &m->sets[words];

	*w = (struct meter_words){ t->v, t->n };
	return t->split;
}

int
meter_all(struct meter *m, enum words words, struct signals *s, struct err *e)
{
	int i;

	for (i = 0; i < SIGNALS; i++)
		if (meter_signal(m, words, (enum signal)i, &s->v[i],
			&s->where[i], e) < 0)
			return e->code;
	return 0;
}
