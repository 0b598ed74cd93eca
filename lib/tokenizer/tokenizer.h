/* SPDX-License-Identifier: MIT */
#ifndef TOKENIZER_TOKENIZER_H
#define TOKENIZER_TOKENIZER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "io/textcodec.h"
#include "tokenizer/subword.h"

struct bpe;
struct buf;
struct err;

/*
 * A tokenizer read from its file: text to ids and back.
 *
 *	tokenizer_load(&t, "tokenizer.json", NULL, e);
 *	tokenizer_special(t, "all", e);
 *	w = tokenizer_worker_new(t, e);
 *	tokenizer_encode(t, w, text, &ids, e);
 *
 * Read only once it is set up: shared by threads, each with a worker.
 * decode(encode(x)) == x for any bytes x, unless the vocabulary lacks a byte
 * (encoding that is ERR_FORMAT), an added token strips white space, or the
 * file asks for a space before every text (add_prefix_space).
 */
struct tokenizer;
struct tokenizer_worker;

/* A file as bpe_load() (load.h) reads it. */
int tokenizer_load(
    struct tokenizer **t, const char *path, const char *pattern, struct err *e);
/* Of an indexed vocabulary, which becomes its own and empty, even on error. */
int tokenizer_of(struct tokenizer **t, struct bpe *b, struct err *e);
void tokenizer_free(struct tokenizer *t);
/*
 * Which special tokens are recognised in text: "all" (the default),
 * "none" (a .tiktoken file's default), or a list with commas; ERR_ARG for one
 * that there isn't.  Added tokens that are not special are always recognised.
 */
int tokenizer_special(struct tokenizer *t, const char *which, struct err *e);

/* As pretok_unicode() (pretok.h); before workers are made. */
int tokenizer_unicode(struct tokenizer *t, unsigned version, struct err *e);

const struct bpe *tokenizer_bpe(const struct tokenizer *t);
/* "gpt2", or NULL for a pattern without a name. */
const char *tokenizer_pattern(const struct tokenizer *t);
const char *tokenizer_digest(const struct tokenizer *t);
/* Ids are below this. */
uint32_t tokenizer_vocab(const struct tokenizer *t);
/* The id of the token that ends a document, or -1. */
int64_t tokenizer_end_text(const struct tokenizer *t);
/*
 * Where texts may be cut (seam.h) and their parts be encoded alone; t outlives
 * *s, which is NULL where there is no such place.
 */
struct seams;
int tokenizer_seams(struct seams **s, const struct tokenizer *t, struct err *e);

struct tokenizer_worker *
tokenizer_worker_new(const struct tokenizer *t, struct err *e);
void tokenizer_worker_free(struct tokenizer_worker *w);
/* Append the ids of text. */
int tokenizer_encode(const struct tokenizer *t, struct tokenizer_worker *w,
    struct str text, struct ids *ids, struct err *e);
/*
 * The same with the bytes of text that each token stands for; of a character
 * that normalisation or a byte token took apart, all of it.  ERR_ARG for a text
 * of 4 GiB.
 */
int
tokenizer_encode_spans(const struct tokenizer *t, struct tokenizer_worker *w,
    struct str text, struct tokens_at *to, struct err *e);
/*
 * Each merge that could be done is left out with this probability each time
 * (BPE-dropout); a text's draws are those of its seed.  Before workers are
 * made.  ERR_ARG for a model without merges.
 * Source: Provilkov et al., "BPE-dropout" (2020).
 */
int tokenizer_dropout(struct tokenizer *t, double share, struct err *e);
void tokenizer_worker_seed(struct tokenizer_worker *w, uint64_t seed);
/* Append the bytes of n ids; ERR_FORMAT for an id that has no token. */
int tokenizer_decode(const struct tokenizer *t, const uint32_t *ids, size_t n,
    struct buf *out, struct err *e);

/*
 * The tokenizer for other rooms (io/textcodec.h).  The digest is that of the
 * file's content, decompressed.
 */
int tokenizer_open(struct textcodec *out, const char *path, struct err *e);

#endif
