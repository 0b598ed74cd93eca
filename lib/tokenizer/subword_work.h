/* SPDX-License-Identifier: MIT */
#ifndef TOKENIZER_SUBWORD_WORK_H
#define TOKENIZER_SUBWORD_WORK_H

#include "base/buf.h"
#include "tokenizer/dropout.h"
#include "tokenizer/merge.h"
#include "tokenizer/subword.h"

/* Scratch of one thread. */
struct subword_work {
	struct merge_scratch merge;
	uint32_t *ids;     /* symbols of a piece, merged in place */
	uint32_t *symbols; /* as they were */
	size_t *ends;      /* where each ends */
	size_t nid;        /* room */
	void *best;        /* Viterbi's nodes */
	size_t nbest;      /* bytes of room */
	struct buf text;
	struct dropout *drop; /* of somebody else; NULL or share 0: none */
};

/* Room for n symbols or bytes of nodes. */
int subword_room(struct subword_work *w, size_t n, struct err *e);
int subword_best_room(struct subword_work *w, size_t bytes, struct err *e);

#endif
