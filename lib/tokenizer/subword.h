/* SPDX-License-Identifier: MIT */
#ifndef TOKENIZER_SUBWORD_H
#define TOKENIZER_SUBWORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/str.h"
#include "tokenizer/trie.h"

struct bpe;
struct err;
struct json_val;

/*
 * Models whose tokens are texts, not byte strings: character BPE, Unigram and
 * WordPiece, as SentencePiece and the tokenizers library have them.  A token's
 * bytes in struct bpe are its name there ("_the", "##ing", "<0x0A>").
 * Source: Kudo, "Subword regularization" (2018); Song et al., "Fast WordPiece
 * tokenization" (2021), for what they are.
 */
enum subword_kind {
	SUBWORD_NONE, /* byte-level BPE */
	SUBWORD_BPE,
	SUBWORD_UNIGRAM,
	SUBWORD_WORDPIECE,
};

/* SentencePiece's types of pieces. */
enum subword_type {
	SUBWORD_NORMAL = 1,
	SUBWORD_UNKNOWN,
	SUBWORD_CONTROL,
	SUBWORD_USER,
	SUBWORD_UNUSED,
	SUBWORD_BYTE,
};

/* A character that is no token, but part of some: BPE merges begin with it. */
enum { SUBWORD_VIRTUAL = 1u << 30 };

struct subword {
	enum subword_kind kind;
	bool sentencepiece; /* a .model: arithmetic and unknowns as there */
	bool byte_fallback, fuse_unk;
	uint32_t unk;             /* BPE_NONE: there is none */
	uint32_t byte_token[256]; /* "<0x00>", ...; BPE_NONE */
	double *scores;           /* by id, or NULL */
	uint8_t *types;           /* enum subword_type by id, or NULL */
	char *prefix;             /* of all but a word's first piece, or NULL */
	char *suffix;             /* of a word's last character, or NULL */
	size_t max_chars;         /* WordPiece: longer words are unknown */
	struct trie trie;         /* pieces by content */
	struct trie user;         /* user-defined pieces (BPE of a .model) */
	double unk_score, max_score;
	bool words; /* no piece has a space mark behind another character */
};

/* The decoder of a tokenizer.json whose model writes rare characters as bytes.
 */
#define SUBWORD_BYTES_DECODER \
	"{\"type\":\"Sequence\",\"decoders\":[" \
	"{\"type\":\"ByteFallback\"},{\"type\":\"Fuse\"}]}"

/* The name of a byte's token; its length is returned. */
static inline size_t
subword_byte_name(char to[8], uint8_t byte)
{
	static const char hex[] = "0123456789ABCDEF";

	memcpy(to, "<0x00>", 7);
	to[3] = hex[byte >> 4];
	to[4] = hex[byte & 15];
	return 6;
}

void subword_free(struct subword *s);
/*
 * What a user-defined piece of a Unigram .model counts for: nearly always more
 * than any way through its inside.
 * Source: measured of sentencepiece 0.2.3 (tests/parity/spm.py); before that
 * all had -0.1.
 */
double subword_user_score(const struct subword *s, struct str piece);
/* The tables that encoding needs; b's tokens, scores and types are set. */
int subword_index(struct bpe *b, struct err *e);
/* Merges of b from the scores of a .model's pieces; before bpe_index(). */
int subword_merges(struct bpe *b, struct err *e);
static inline enum subword_type
subword_type(const struct subword *s, uint32_t id)
{
	return s->types ? (enum subword_type)s->types[id] : SUBWORD_NORMAL;
}

/* A token and where it stands in its piece. */
struct token_at {
	uint32_t id, from, to;
};

struct tokens_at {
	struct token_at *v;
	size_t n, cap;
};

int tokens_at_put(
    struct tokens_at *t, uint32_t id, size_t from, size_t to, struct err *e);
void tokens_at_free(struct tokens_at *t);

struct subword_work;
struct dropout;

struct subword_work *subword_work_new(struct err *e);
void subword_work_free(struct subword_work *w);
/* Drop merges (dropout.h); d outlives w. */
void subword_work_dropout(struct subword_work *w, struct dropout *d);
/* Append the tokens of a piece; ERR_FORMAT where there is none and no unk. */
int subword_encode(const struct bpe *b, struct subword_work *w,
    struct str piece, struct tokens_at *out, struct err *e);

/* ---- between the files that do it ---- */

int unigram_encode(const struct bpe *b, struct subword_work *w,
    struct str piece, struct tokens_at *out, struct err *e);
int wordpiece_encode(const struct bpe *b, struct subword_work *w,
    struct str piece, struct tokens_at *out, struct err *e);
int charbpe_encode(const struct bpe *b, struct subword_work *w,
    struct str piece, struct tokens_at *out, struct err *e);
/* Are there tokens for all bytes of text, and is it to be written so? */
bool subword_has_bytes(const struct subword *s, struct str text);
/* Text that no token stands for: its bytes, or unk; joins one before it. */
int subword_unknown(const struct bpe *b, struct str text, size_t from,
    struct tokens_at *out, size_t first, struct err *e);

#endif
