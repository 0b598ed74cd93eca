/* SPDX-License-Identifier: MIT */
#ifndef DEDUP_EVALS_H
#define DEDUP_EVALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"
#include "dedup/folded.h"

struct budget;
struct err;

enum {
	EVAL_LEAST = 8,   /* words; shorter texts are too short to detect */
	EVAL_ENOUGH = 40, /* n-grams that give away a text of any length */
	EVAL_NEAR = 30,   /* words within which an answer follows */
	EVAL_ANSWER = 64, /* words; a longer answer is not looked for */
	EVAL_COMMON = 64  /* texts with an n-gram that is worth no look */
};

#define NO_PASSAGE UINT32_MAX

/*
 * What is looked for: the words of a text out of an evaluation set, once for
 * all items that have the same.  It is found where `need` of its n-grams
 * stand.  A text of fewer words than an n-gram is one gram of all its words,
 * and found where its answer, if it has one, stands close behind as well.
 */
struct passage {
	uint64_t at;     /* its grams: evals.grams[at .. at + n] */
	uint32_t n, len; /* grams, words in each */
	uint32_t need;   /* of them */
	uint32_t nanswer;
	uint64_t answer, answer_power;
};

/* A text of an item. */
struct eval_text {
	uint32_t item, passage; /* or NO_PASSAGE: too short */
	uint32_t nword;
	const char *field;
};

struct eval_item {
	const char *file; /* without its folder */
	uint64_t record;  /* in it, from 0 */
	struct str id;    /* or {NULL, 0} */
};

/* Evaluation sets and the index over their n-grams. */
struct evals {
	struct budget *budget;
	size_t ngram; /* words */
	size_t least; /* words */
	double share; /* of a text's n-grams that give it away */
	struct eval_item *items;
	size_t nitem, item_cap;
	struct eval_text *texts;
	size_t ntext, text_cap;
	struct passage *passages;
	size_t npassage, passage_cap;
	uint64_t *raw; /* hashes of grams, until evals_index() */
	size_t nraw, raw_cap;
	/* The index: number the distinct grams. */
	uint32_t *grams;    /* of passages, as numbers */
	uint64_t *keys;     /* hash of each number, ascending */
	uint64_t *postings; /* nkey + 1 places in posted */
	uint32_t *posted;   /* the passages that a gram suggests */
	size_t nkey;
	uint64_t *filter; /* a bit for hash % bits: may be there */
	uint32_t *table;  /* 1 + number, open addressing */
	size_t filter_mask, table_mask;
	uint64_t lengths[16]; /* bit n: there are grams of n < 1024 words */
	/* Private. */
	uint32_t *same; /* 1 + passage by its words; open addressing */
	size_t same_cap;
	struct folded words, answer;
	struct arena names;
};

enum { EVAL_MAX_NGRAM = 1000 };

/* ngram in 1..EVAL_MAX_NGRAM, share over 0 and up to 1. */
void evals_init(struct evals *v, struct budget *b, size_t ngram, double share);
void evals_free(struct evals *v);
/* A new item; strings are copied. */
int evals_item(struct evals *v, const char *file, uint64_t record,
    struct str id, struct err *e);
/* A text of the newest item. field is copied. */
int evals_text(struct evals *v, struct str field, struct str text,
    struct str answer, struct err *e);
/* After the last text. */
int evals_index(struct evals *v, struct err *e);
/* The number of a gram by its hash, or NO_GRAM. */
#define NO_GRAM UINT32_MAX
uint32_t evals_find(const struct evals *v, uint64_t hash);

/*
 * The items of a file (JSON Lines or one array of objects; compressed or not).
 * fields (nfield of them; "a.b" is b of a): every one that an item has is a
 * text of it; with nfield 0 the first it has of the usual ones.  An array of
 * strings is as many texts.  ERR_FORMAT for what is no JSON, and for a file in
 * which no item has any of the fields.
 */
int evals_read(struct evals *v, const char *path, const struct str *fields,
    size_t nfield, struct err *e);

#endif
