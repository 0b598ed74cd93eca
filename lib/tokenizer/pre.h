/* SPDX-License-Identifier: MIT */
#ifndef TOKENIZER_PRE_H
#define TOKENIZER_PRE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "io/json.h"
#include "tokenizer/normalize.h"

struct err;

/*
 * Pre-tokenisers of several steps, each applied to the pieces of the one
 * before, as the tokenizers library has them.  What its names stand for here:
 *
 *	Split, Digits, Punctuation, Whitespace, WhitespaceSplit,
 *	CharDelimiterSplit, BertPreTokenizer	one or two PRE_SPLIT
 *	Metaspace				PRE_METASPACE, PRE_SPLIT
 *	ByteLevel			PRE_PREFIX, PRE_SPLIT, PRE_BYTES
 *	FixedLength				PRE_LENGTH
 */
enum pre_kind {
	PRE_SPLIT,     /* by a regex */
	PRE_PREFIX,    /* a space before a piece that begins with none */
	PRE_BYTES,     /* bytes become characters (bytelevel.h) */
	PRE_METASPACE, /* spaces become `mark`, one comes before a piece */
	PRE_LENGTH,    /* pieces of `length` characters */
};

/* What becomes of a match and of what lies between matches. */
enum pre_behaviour {
	PRE_ISOLATED,
	PRE_REMOVED,
	PRE_WITH_PREVIOUS,
	PRE_WITH_NEXT,
	PRE_CONTIGUOUS,
};

enum pre_prepend { PRE_ALWAYS, PRE_FIRST, PRE_NEVER };

struct pre_step {
	enum pre_kind kind;
	char *regex; /* or the name of a pattern (pretok.h) */
	enum pre_behaviour behaviour;
	bool invert; /* matches and gaps trade places */
	char mark[8];
	enum pre_prepend prepend;
	size_t length;
};

enum { PRE_STEPS = 32 };

struct pre {
	struct pre_step v[PRE_STEPS];
	size_t n;
	bool bytes; /* there is a PRE_BYTES */
};

/* Append the steps that a "pre_tokenizer" of a tokenizer.json stands for. */
int pre_read(struct pre *p, struct json_val v, struct err *e);
void pre_free(struct pre *p);
/* Do the steps only cut?  Byte for byte the pieces are the text then. */
bool pre_cuts(const struct pre *p);
/* Is no text changed but by a PRE_BYTES at the end, which is left out? */
bool pre_plain(const struct pre *p);
/* The JSON of a named sequence ("deepseek-v3"), or NULL. */
const char *pre_named(const char *name);
/* Append the steps of a named sequence. */
int pre_read_named(struct pre *p, const char *name, struct err *e);
/* A piece of text on its way to the model. */
struct piece {
	struct str s;
	size_t at;                   /* where it lies in its buffer */
	const struct norm_from *map; /* of the buffer; NULL: the text itself */
};

/* Applies the steps.  One a thread; p outlives it. */
struct pre_run;
typedef int pre_emit(void *ctx, const struct piece *piece, struct err *e);

struct pre_run *pre_run_new(const struct pre *p, struct err *e);
void pre_run_free(struct pre_run *r);
/*
 * Hand the pieces of text, in order, to emit.  at_start: nothing of the whole
 * text stands before it.  map: where its bytes come from (NULL: themselves) if
 * want is set.
 */
int pre_pieces(struct pre_run *r, struct str text, bool at_start,
    const struct norm_from *map, bool want, pre_emit *emit, void *ctx,
    struct err *e);

#endif
