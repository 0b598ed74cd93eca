/* SPDX-License-Identifier: MIT */
#ifndef QUERN_H
#define QUERN_H

#include <stddef.h>
#include <stdint.h>

/*
 * Rows of tokens for any trainer: what `quern mix stream` writes, from a
 * library.  Link with -lquern, or load libquern.so (ctypes, cgo, ...).
 *
 * A recipe (quern-recipe(5)) stands for steps; a step is a batch of rows; a row
 * of length T is T + 1 tokens, the last of which is only a target.  Any row can
 * be asked for at any time, in any order and by any thread: there is no
 * position to save, and resuming is asking for the next step.
 *
 *	char why[256];
 *	struct quern_stream *s = quern_open("run.mix", 4, why, sizeof(why));
 *	uint32_t *tokens;
 *	struct quern_step step;
 *	uint64_t i;
 *
 *	if (!s)
 *		die(why);
 *	tokens = malloc(quern_max_rows(s) * (quern_max_seq(s) + 1ull) * 4);
 *	for (i = 0; i < quern_steps(s); i++) {
 *		quern_step(s, i, &step, why, sizeof(why));
 *		quern_read(s, i, 0, step.rows,
 *		    &(struct quern_rows){ .tokens = tokens }, why, sizeof(why));
 *		... tokens is (step.rows, step.seq + 1) ...
 *	}
 *	quern_close(s);
 *
 * Functions that can fail return 0 or -1 (or NULL) and say why in `why`, a
 * string of at most `size` bytes; why may be NULL.
 */
#ifdef __cplusplus
extern "C" {
#endif

/* Grows when something is added; nothing is ever taken away. */
#define QUERN_API 1

struct quern_stream;

struct quern_step {
	uint32_t rows;          /* in the whole batch */
	uint32_t seq;           /* T */
	uint64_t tokens_before; /* places before this step: sum rows * T */
	double lr_scale;        /* times the trainer's learning rate */
	uint32_t phase;         /* index */
	const char *phase_name; /* lives as long as the stream */
};

/*
 * Where n rows go; all but tokens may be NULL.  Column t of the T inputs:
 *	first  the column at which its document begins in this row (attention
 *	       may stop there; t - first is its position in the document)
 *	last   the last column that it may look at; t, but in a prefix that is
 *	       read in both directions
 *	loss   1 if column t + 1 counts as a target, 0 if it is only given
 */
struct quern_rows {
	uint32_t *tokens;      /* (n, T + 1) */
	int32_t *first, *last; /* (n, T) */
	uint8_t *loss;         /* (n, T) */
	uint32_t *source;      /* (n): index, see quern_source() */
};

/* The API that the library has: >= the header's. */
int quern_api(void);
/*
 * Open a recipe and its shards.  ahead: how many batches a thread of the
 * library's own reads in advance, if they are asked for in order; 0: none.
 */
struct quern_stream *
quern_open(const char *recipe, uint32_t ahead, char *why, size_t size);
void quern_close(struct quern_stream *s);

uint64_t quern_steps(const struct quern_stream *s);
uint32_t quern_max_rows(const struct quern_stream *s);
uint32_t quern_max_seq(const struct quern_stream *s);
/* Tokens are below this. */
uint32_t quern_vocab(const struct quern_stream *s);
/* sha256 (hex) of everything that rows depend on: keep it with checkpoints. */
const char *quern_digest(const struct quern_stream *s);
/* The name of a source of the recipe; NULL behind the last. */
const char *quern_source(const struct quern_stream *s, uint32_t i);
int quern_step(const struct quern_stream *s, uint64_t step,
    struct quern_step *out, char *why, size_t size);
/* Rows first .. first + n of a step.  Thread-safe. */
int quern_read(const struct quern_stream *s, uint64_t step, uint32_t first,
    uint32_t n, const struct quern_rows *out, char *why, size_t size);

#ifdef __cplusplus
}
#endif
#endif
