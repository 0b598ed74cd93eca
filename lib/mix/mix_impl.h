/* SPDX-License-Identifier: MIT */
#ifndef MIX_MIX_IMPL_H
#define MIX_MIX_IMPL_H

/* What mix.c and its like share. */
#include <pthread.h>

#include "io/json.h"
#include "mix/mix.h"
#include "mix/objective.h"

struct journal_line;

/* Periods kept worked out: readers are within a few rows of each other. */
enum { MIX_TABLES = 4, MIX_EPOCHS = 16, MIX_ROWS = 64 };

struct kept_table {
	const struct plan_phase *phase; /* NULL: empty */
	uint64_t used;
	struct blend_table table;
};

/* A change of shares that a journal told. */
struct told_change {
	uint64_t step, chain; /* of its line */
};

struct mix {
	char *path, *text;
	struct recipe recipe;
	struct plan plan;
	bool planned;
	struct source *sources;
	struct pack *packs; /* of each source */
	uint32_t nsource;   /* opened */
	uint32_t vocab;
	char digest[65];
	pthread_mutex_t lock; /* guards the tables */
	struct kept_table tables[MIX_TABLES];
	uint64_t clock;
	struct told_change *changes;
	uint32_t nchange;
	/* What the recipe's adapt line names: (nsource), (nsource, nsource). */
	double *reference, *matrix;
};

/* A row of a phase: its source among the phase's, and its number there. */
struct slot {
	uint32_t i;
	uint64_t rank;
};

/*
 * The table of the period that a row of the phase is in, worked out up to the
 * row and n - 1 behind it, or to its end.  Lock held.
 */
int mix_table(struct mix *m, const struct plan_phase *ph, uint64_t row,
    uint64_t n, const struct blend_table **t, struct err *e);
/* n slots from row `first` of the phase on.  Thread-safe. */
int mix_slots(struct mix *m, const struct plan_phase *ph, uint64_t first,
    uint32_t n, struct slot *out, struct err *e);
/*
 * The phase of a step that has rows first .. first + n, and the first one's
 * number in the phase.  ERR_ARG if there are none such.
 */
int mix_find_rows(const struct mix *m, uint64_t step, uint32_t first,
    uint32_t n, const struct plan_phase **ph, uint64_t *row, struct err *e);

/* Rows one by one.  All zeros at first; row_maker_free() in the end. */
struct row_maker {
	struct packed packed; /* the window packed last */
	struct spans base, made;
	struct plan_epoch epochs[MIX_EPOCHS]; /* by source, as they came */
	/* Of the row made last: */
	const struct spans *spans; /* T + 1 tokens */
	bool apart;                /* no document's first token is a target */
};

void row_maker_free(struct row_maker *k);
/* What is made of the rows of a phase's i-th source: NULL if nothing. */
const struct recipe_objective *
mix_objective(const struct mix *m, const struct plan_phase *ph, uint32_t i);
/* Are its rows consecutive tokens of the source? */
bool mix_is_plain(const struct mix *m, const struct plan_phase *ph, uint32_t i);
/* A row will be read soon. */
void mix_hint_row(
    const struct mix *m, const struct plan_phase *ph, struct slot slot);
/* Which tokens a row has.  Thread-safe for different k. */
int mix_make_row(const struct mix *m, const struct plan_phase *ph,
    struct slot slot, struct row_maker *k, struct err *e);
/* n <= MIX_ROWS rows into places j and on of out. */
int mix_fill_rows(const struct mix *m, const struct plan_phase *ph,
    const struct slot *slots, uint32_t n, struct row_maker *k,
    const struct rows *out, size_t j, struct err *e);
/* A plan without changes, in place of the one there was.  mix.c */
int mix_replan(struct mix *m, struct err *e);
/* Make a change that a journal's line tells; plan_settle() has to follow. */
int mix_apply(struct mix *m, const struct journal_line *l, struct err *e);
/* Read the file that the recipe's adapt line names, if it does, into m; *text
 * (freed by the caller) is what is in it. */
int mix_adapt_file(struct mix *m, char **text, size_t *n, struct err *e);
/* Of row_source. */
struct str mix_source_name(void *ctx, uint32_t source);
/* The source of that name; false if there is none. */
bool mix_find_source(const struct mix *m, struct str name, uint32_t *i);

#endif
