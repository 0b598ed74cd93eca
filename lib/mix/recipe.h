/* SPDX-License-Identifier: MIT */
#ifndef MIX_RECIPE_H
#define MIX_RECIPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

struct err;
struct json;

/*
 * A recipe (.mix): which sources, in which shares, for how many tokens.  One
 * statement a line, '#' begins a comment; the format is in quern-recipe(5).
 * Shares are exact: percent as written, resolved through groups to fractions
 * of the phase.
 */
enum { RECIPE_MAX_SEQ = 1 << 24 };

#define RECIPE_BATCH 32768 /* tokens a step, where there is no batch line */
#define RECIPE_SEQ 1024    /* tokens a row, where a phase has no seq= */

/* An exact number >= 0 in lowest terms. */
struct ratio {
	uint64_t num, den;
};

struct recipe_share {
	uint32_t source; /* index */
	struct ratio w;
};

/* Only documents whose number `key` is >= (sign 1) or <= (-1) v. */
struct recipe_bound {
	struct str key;
	int sign;
	double v;
};

/*
 * Which documents of its shards a source has, and in which order: by numbers
 * that PREFIX.order holds (mix/order.h).  All zeros: all, as they stand.
 */
struct recipe_pick {
	struct recipe_bound *bounds;
	uint32_t nbound;
	/*
	 * NAME[key:from..to]: of the documents within the bounds, by rising
	 * key, those that begin from this part of their tokens up to that;
	 * part.p NULL: all.
	 */
	struct str part;
	struct ratio from, to;
	struct str order; /* p NULL: shuffled by blocks */
	bool falling;
};

/* How documents become rows: cut where a row ends; or packed (mix/pack.h),
 * as many as fit, or one a row. */
enum recipe_packing { PACK_CUT, PACK_FIT, PACK_DOCUMENT };

/* What a row is made into (mix/objective.h). */
enum recipe_task {
	TASK_NONE,   /* not said */
	TASK_CAUSAL, /* nothing */
	TASK_FIM,    /* fill in the middle */
	TASK_PREFIX, /* a prefix read both ways */
	TASK_SPANS,  /* span corruption */
	TASK_UL2     /* a mixture of denoisers */
};

struct recipe_objective {
	enum recipe_task task;
	struct ratio rate;        /* of the documents */
	struct ratio spm;         /* of those with fim: suffix first */
	struct ratio noise, mean; /* spans: part of the tokens; tokens a span */
};

/* Tokens that objectives put into rows; UINT32_MAX: not named. */
struct recipe_specials {
	uint32_t fim[3];   /* prefix, suffix, middle */
	uint32_t spans[2]; /* from, to; either may be the larger one */
	uint32_t modes[3]; /* R, S, X */
	uint32_t line[3];  /* that name these */
};

struct recipe_source {
	struct str name;
	const char *path;    /* as written */
	struct ratio epochs; /* at most this many; den 0: no limit */
	uint32_t vocab;      /* foreign=: of shards without .docs; else 0 */
	struct recipe_pick pick;
	enum recipe_packing packing;
	uint64_t window; /* documents that are packed together */
	struct recipe_objective objective;
	uint32_t line;
};

/* How the learning rate's factor changes over a phase. */
enum recipe_curve { CURVE_LINEAR, CURVE_COSINE };

/* A phase's shares, or a group's; they add up to 1. */
struct recipe_blend {
	struct str name;
	struct recipe_share *v;
	uint32_t n;
	uint32_t line;
};

/*
 * A stretch of the run.  Its shares are the blend's or, where they change
 * linearly, go from w to `to`, and the blend has their means.  A phase whose
 * sequence length changes is one for each length here.
 */
struct recipe_phase {
	struct recipe_blend blend; /* sources in order, each once, w > 0 */
	uint64_t *w, *to, d;       /* (n): over a common d < 2^62; to or NULL */
	uint64_t tokens;           /* asked */
	uint32_t seq;
	/* Sources with epochs= (w) of them read in this phase; the others
	 * share what these leave. */
	struct recipe_share *whole;
	uint32_t nwhole;
	/* What the learning rate is multiplied by: from lr[0] to lr[1], of
	 * which way the phase goes from lr_part[0] to lr_part[1]. */
	double lr[2], lr_part[2];
	enum recipe_curve curve;
	/* Of all its sources; TASK_NONE: each has its own. */
	struct recipe_objective objective;
};

/*
 * From `tokens` on a step has `size` tokens, until the next one; ramp: on the
 * way from the one before, the size changed linearly to this.
 */
struct recipe_batch {
	uint64_t tokens, size;
	bool ramp;
};

/*
 * assert repeats(NAME) <= LIMIT; share(NAME) <= or >= LIMIT; tokens(NAME) the
 * same; replay(NAME) >= LIMIT: its part of every phase after the first that
 * has it.
 */
enum recipe_claim { CLAIM_REPEATS, CLAIM_SHARE, CLAIM_TOKENS, CLAIM_REPLAY };

struct recipe_assert {
	enum recipe_claim claim;
	struct recipe_blend of; /* a source or a group */
	int sign;               /* -1: <=, 1: >= */
	struct ratio limit;
	struct str text;
	uint32_t line;
};

/* Shares that follow the losses of sources, every so many steps. */
enum recipe_adapts { ADAPT_NONE, ADAPT_DOREMI, ADAPT_ODM, ADAPT_SKILLIT };

struct recipe_adapt {
	enum recipe_adapts kind;
	uint64_t every;      /* steps */
	double rate, smooth; /* what they mean: mix/adapt.h */
	const char *file;    /* as written; NULL: none */
	uint32_t line;
};

struct recipe {
	struct arena arena; /* owns everything below */
	const char *file;   /* for messages */
	uint64_t seed;
	char tokenizer[65];  /* hex, or "" */
	struct json *tokens; /* the tokenizer.json, if it was named */
	struct recipe_specials specials;
	struct ratio scale; /* of the numbers of tokens below, which have it */
	/* Tokens a step, by the tokens trained on before it. */
	struct recipe_batch *batches; /* the first from 0 on */
	uint32_t nbatch;
	struct recipe_source *sources;
	uint32_t nsource;
	struct recipe_blend *groups;
	uint32_t ngroup;
	struct recipe_phase *phases;
	uint32_t nphase;
	struct recipe_assert *asserts;
	uint32_t nassert;
	struct recipe_adapt adapt;
};

/*
 * How large a source is: r->sources[i].  ERR codes stop the parse; a message
 * of ERR_FORMAT gets line and column.
 */
struct recipe_sizes {
	int (*tokens)(void *ctx, const struct recipe *r, uint32_t i,
	    uint64_t *tokens, struct err *e);
	void *ctx;
};

/*
 * Parse the n bytes at p.  sizes: asked where shares follow from the sizes of
 * sources (temperature=, proportional, unimax=); may be NULL, and such shares
 * are then an error.  ERR_FORMAT: "file:line:column: what is wrong and
 * what to write".  r is to be freed in either case.  file is kept by pointer.
 */
int recipe_parse(struct recipe *r, const char *file, const char *p, size_t n,
    const struct recipe_sizes *sizes, struct err *e);
void recipe_free(struct recipe *r);
/* Do the phase's shares follow losses? */
bool recipe_adapts(const struct recipe *r, const struct recipe_phase *ph);
/*
 * Shares as a phase of the recipe has them, in n words: ph->blend, w and d.
 * The recipe's arena has them.
 */
int recipe_parse_shares(struct recipe *r, char *const *words, int n,
    struct recipe_phase *ph, struct err *e);

/* Exact arithmetic; false if the result does not fit. */
bool ratio_add(struct ratio a, struct ratio b, struct ratio *out);
bool ratio_sub(struct ratio a, struct ratio b, struct ratio *out);
bool ratio_mul(struct ratio a, struct ratio b, struct ratio *out);
/* <0, 0, >0 */
int ratio_cmp(struct ratio a, struct ratio b);
/* "12.5", "1/3", "1e-8": false if s is nothing like that or does not fit. */
bool ratio_parse(struct str s, struct ratio *out);
double ratio_double(struct ratio a);

#endif
