/* SPDX-License-Identifier: MIT */
#ifndef IO_SHARD_H
#define IO_SHARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

struct err;

/*
 * A token shard: three files, whole or absent together.
 *
 *	PREFIX.bin   the tokens of all documents, one document after the other:
 *	             uint16 if the vocabulary is < 65500, else int32;
 *	             little-endian
 *	PREFIX.idx   Megatron-LM's index: "MMIDIDX\0\0", u64 version 1, u8 dtype
 *	             (8 uint16, 4 int32), u64 sequences, u64 documents + 1; from
 *	             byte 34: i32 lengths[sequences] in tokens, i64
 *	             pointers[sequences] in bytes, i64 first sequence of each
 *	             document and the end.  Here a document is one sequence.
 *	PREFIX.docs  JSON Lines: a header (tokenizer digest, vocabulary), a line
 *	             a document, a trailer (counts, digests of the two others).
 *	             zstd frames - header; SHARD_FRAME documents each; trailer -
 *	             and the seek table of zstd's seekable format behind them.
 *
 * PREFIX.docs gets its name last, so a shard without it is none.
 * Source: Megatron-LM, core/datasets/indexed_dataset.py; zstd,
 * contrib/seekable_format/zstd_seekable_compression_format.md.
 */
enum {
	SHARD_FRAME = 1024,       /* documents in a frame of .docs */
	SHARD_U16_BELOW = 65500,  /* vocabularies that fit uint16 */
	SHARD_IDX_HEAD = 34,      /* bytes */
	SHARD_MAX_DOC = INT32_MAX /* tokens; the index has 32-bit lengths */
};

/* What a shard's tokens mean. */
struct shard_head {
	char tokenizer[65]; /* sha256 (hex) of the tokenizer file */
	uint32_t vocab;     /* tokens are < vocab */
	int64_t end_text;   /* the token that ends each document, or -1 */
};

/* What is known of a document. */
struct shard_doc {
	struct str id, url; /* url.p is NULL if it had none */
	uint64_t tokens;    /* with the one that ends it */
	uint64_t bytes;     /* of its text */
	/* A JSON object of numbers to keep, written to its line as "numbers";
	 * p NULL: none.  Not read back: shard_lines_each() has it. */
	struct str numbers;
};

/* Bytes a token: 2 or 4. */
unsigned shard_width(uint32_t vocab);
/* n tokens as they stand in the .bin; out has room for n * shard_width(). */
void shard_pack(
    const uint32_t *tokens, size_t n, uint32_t vocab, unsigned char *out);

/* Writing.  Memory: O(1), also in documents. */
struct shard_writer;

int shard_create(struct shard_writer **w, const char *prefix,
    const struct shard_head *head, struct err *e);
/* Append a document; packed is d->tokens tokens from shard_pack(). */
int shard_add(struct shard_writer *w, const struct shard_doc *d,
    const void *packed, struct err *e);
/* All three files get their names; on an error none does.  Frees w. */
int shard_commit(struct shard_writer *w, struct err *e);
/* Give up: frees w (or NULL), leaves no file. */
void shard_abort(struct shard_writer *w);
uint64_t shard_writer_tokens(const struct shard_writer *w);

/* An index in memory, checked for its size only. */
struct shard_idx {
	const unsigned char *p;
	uint64_t docs;
	unsigned width; /* bytes a token */
};

/* ERR_FORMAT if p is no index of n bytes as described above. */
int shard_idx_parse(
    struct shard_idx *idx, const void *p, uint64_t n, struct err *e);
/* Tokens of document i < docs, and where its first one stands. */
uint64_t shard_idx_len(const struct shard_idx *idx, uint64_t i);
uint64_t shard_idx_first(const struct shard_idx *idx, uint64_t i);
/* Every length, pointer and document against `tokens`: ERR_CHECK. */
int
shard_idx_check(const struct shard_idx *idx, uint64_t tokens, struct err *e);

/* An open shard.  Reading is thread-safe; the fields are read only. */
struct shard {
	char *prefix;
	struct shard_head head;
	uint64_t docs, tokens;
	char bin_sha256[65], idx_sha256[65]; /* as the trailer has them */
	struct shard_idx idx;
	/* Private: the files, mapped; where the frames of .docs begin. */
	const unsigned char *bin, *docs_map;
	uint64_t bin_bytes, idx_bytes, docs_bytes;
	uint64_t *frames;
	uint64_t nframe;
	bool foreign; /* without .docs */
};

/*
 * path is the prefix or one of the three files.  Sizes are checked here,
 * contents by shard_verify().  ERR_CHECK where the files don't fit together.
 */
int shard_open(struct shard *s, const char *path, struct err *e);
/*
 * A .bin and .idx of Megatron's that have no .docs, whatever else is there;
 * head says what the tokens mean, since nothing in them does.  Documents are
 * called FILE:NUMBER; bin_sha256 is the index's digest, so that a changed
 * token is not noticed.
 */
int shard_open_foreign(struct shard *s, const char *path,
    const struct shard_head *head, struct err *e);
void shard_close(struct shard *s);
/* Tokens at .. at + n; ERR_FORMAT for one that is not < vocab. */
int shard_read(const struct shard *s, uint64_t at, uint64_t n, uint32_t *out,
    struct err *e);
/* Tokens at .. at + n will be read soon: begin to get them from the disk. */
void shard_hint(const struct shard *s, uint64_t at, uint64_t n);
/* Where document i stands: its first token and how many; ERR_FORMAT if the
 * index is damaged. */
int shard_doc_range(const struct shard *s, uint64_t i, uint64_t *first,
    uint64_t *n, struct err *e);
/* The document that token `at` < tokens belongs to. */
uint64_t shard_doc_of(const struct shard *s, uint64_t at);
/* Document i's line; strings are in the arena. */
int shard_doc_read(const struct shard *s, uint64_t i, struct arena *a,
    struct shard_doc *d, struct err *e);
/*
 * Call each(ctx, i, d) for every document, in order; d lives for the call.
 * Ends early when each returns non-zero, and returns that.
 */
int shard_docs_each(const struct shard *s,
    int (*each)(
	void *ctx, uint64_t i, const struct shard_doc *d, struct err *e),
    void *ctx, struct err *e);
/* The same for the lines of .docs as they stand; none of a foreign shard. */
int shard_lines_each(const struct shard *s,
    int (*each)(void *ctx, uint64_t i, struct str line, struct err *e),
    void *ctx, struct err *e);
/*
 * The same for the documents with this id or URL.  Only lines with these bytes
 * are parsed, so that it takes about as long as unpacking .docs.
 */
int shard_docs_find(const struct shard *s, struct str name,
    int (*each)(
	void *ctx, uint64_t i, const struct shard_doc *d, struct err *e),
    void *ctx, struct err *e);
/* Everything: offsets, tokens < vocab, documents, digests.  ERR_CHECK. */
int shard_verify(const struct shard *s, struct err *e);

/* Private to lib/io/shard*.c: .docs as frames. */
struct frames {
	struct buf table; /* of the seek table: u32 packed, u32 size a frame */
	struct buf packed;
	uint64_t n;
	void *zstd;
};

struct out;
/* text becomes a frame of its own. */
int
frames_put(struct frames *f, struct out *out, struct str text, struct err *e);
int frames_end(struct frames *f, struct out *out, struct err *e);
void frames_free(struct frames *f);
/* Where frames begin, from the seek table: *at has *n + 1 offsets. */
int frames_index(const unsigned char *p, uint64_t bytes, uint64_t **at,
    uint64_t *n, struct err *e);
/* Unpack frame i of a shard's .docs into text (cleared first). */
int
frames_get(const struct shard *s, uint64_t i, struct buf *text, struct err *e);
/* Parse a document's line. */
struct json_val;
int shard_doc_parse(
    struct str line, struct arena *a, struct shard_doc *d, struct err *e);

#endif
