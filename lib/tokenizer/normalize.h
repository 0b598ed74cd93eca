/* SPDX-License-Identifier: MIT */
#ifndef TOKENIZER_NORMALIZE_H
#define TOKENIZER_NORMALIZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"
#include "tokenizer/charsmap.h"
#include "tokenizer/trie.h"

struct err;
struct pretok_re;

/*
 * What some tokenizers do to a text before they split it.  Bytes that are not
 * UTF-8 stay, and characters on both sides of one don't join.
 * Source: Unicode Standard Annex 15 (by utf8proc); the tokenizers library;
 * SentencePiece's normalizer.
 */
enum norm_kind {
	NORM_NFC,
	NORM_NFD,
	NORM_NFKC,
	NORM_NFKD,
	NORM_LOWERCASE,   /* character by character, whatever stands around */
	NORM_PREPEND,     /* `to` before every text that isn't empty */
	NORM_REPLACE,     /* each `from`, or match of `regex`, by `to` */
	NORM_STRIP,       /* white space at the ends: left, right */
	NORM_UNACCENT,    /* marks go */
	NORM_NMT,         /* control characters go, odd spaces become ' ' */
	NORM_BERT,        /* cleaning, and spaces around Chinese characters */
	NORM_PRECOMPILED, /* `map`, by graphemes */
	NORM_SPM,         /* SentencePiece's own: see norm_spm.c */
};

enum { NORM_STEPS = 24 };

struct norm_step {
	enum norm_kind kind;
	char *from, *to; /* NUL-terminated; their lengths: */
	size_t nfrom, nto;
	struct pretok_re *re; /* from is a regex */
	bool left, right;
	bool clean, chinese;  /* NORM_BERT, the first part of it */
	bool nonspacing_only; /* NORM_UNACCENT: Mn, not all of M */
	bool implied;         /* part of the step before, in the file */
	struct charsmap map;
	/* NORM_SPM: */
	bool dummy_prefix, one_space, escape, suffix;
	struct trie keep; /* user-defined pieces, left as they are */
};

struct norm {
	struct norm_step steps[NORM_STEPS]; /* in this order */
	size_t n;
};

/* Where a byte of a normalised text comes from: bytes of the text. */
struct norm_from {
	uint32_t from, to;
};

/* Scratch of one thread; all zeros is empty. */
struct norm_work {
	struct buf text[2];
	struct buf map[2];    /* struct norm_from by byte, if `want` is set */
	const struct buf *at; /* map of the last text; NULL: it is unchanged */
	bool want;
};

/* The name in tokenizer.json ("NFC"), and back; -1 if there is none. */
const char *norm_name(enum norm_kind k);
int norm_find(struct str name);
/* A new step at the end, to be filled in; NULL if there are too many. */
struct norm_step *norm_add(struct norm *n, enum norm_kind k, struct err *e);
int norm_set_text(char **to, size_t *n, struct str s, struct err *e);
void norm_free(struct norm *n);
void norm_work_free(struct norm_work *w);
/*
 * Does each step leave this character, whatever stands around it, and join
 * nothing over its front?  Then parts of a text that is cut between two such
 * may be normalised alone.
 */
bool norm_keeps(const struct norm *n, struct str c, struct norm_work *w);
/*
 * *text becomes the normalised one, which lies in w, or still where it was if
 * nothing changes.
 */
int norm_run(
    const struct norm *n, struct str *text, struct norm_work *w, struct err *e);

/* ---- between the files that do it ---- */

struct norm_out {
	struct buf *text;
	struct buf *map;             /* NULL: not asked for */
	const struct norm_from *old; /* NULL: the input is the text itself */
};

/* Put bytes that stand for input[from, to). */
void
norm_put(struct norm_out *o, size_t from, size_t to, const char *p, size_t n);
int
norm_form(struct norm_out *o, struct str s, enum norm_kind k, struct err *e);
void norm_lower(struct norm_out *o, struct str s);
void norm_unaccent(struct norm_out *o, struct str s, bool all_marks);
void norm_nmt(struct norm_out *o, struct str s);
void norm_bert(const struct norm_step *st, struct norm_out *o, struct str s);
void
norm_precompiled(const struct norm_step *st, struct norm_out *o, struct str s);
int norm_spm(const struct norm_step *st, struct norm_out *o, struct str s,
    struct err *e);

#endif
