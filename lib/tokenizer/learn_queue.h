/* SPDX-License-Identifier: MIT */
#ifndef TOKENIZER_LEARN_QUEUE_H
#define TOKENIZER_LEARN_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tokenizer/learn.h"

struct err;

/*
 * The queue of training: pairs by count and, on a tie, by the rule, each with
 * the words to look for it in.  Inside lib/tokenizer/learn.c.
 */
struct learn_entry {
	uint64_t count, key;
	uint64_t place;  /* LEARN_FIRST: where the pair stands first, or before
			    that; else 0 */
	uint32_t from;   /* words before this one have lost it */
	uint32_t *words; /* owned by the entry */
	uint32_t n;
};

struct learn_queue {
	enum learn_ties ties;
	const struct bpe *b;      /* the tokens that keys are made of */
	struct learn_entry *heap; /* four children a node */
	size_t n, cap;
	struct learn_entry
	    *staged; /* not in the heap yet: words being filled */
	size_t nstaged, staged_cap;
};

/* A new entry at staged[nstaged - 1], with room for nword words and n = 0. */
int learn_queue_stage(struct learn_queue *q, uint64_t key, uint64_t count,
    uint32_t nword, struct err *e);
int learn_queue_push_staged(struct learn_queue *q, struct err *e);
/* Takes over top->words, frees them on failure. */
int learn_queue_push(
    struct learn_queue *q, const struct learn_entry *x, struct err *e);
/* The first entry, whose words are the caller's to free; false if empty. */
bool learn_queue_pop(struct learn_queue *q, struct learn_entry *top);
void learn_queue_free(struct learn_queue *q);

#endif
