/* SPDX-License-Identifier: MIT */
#ifndef MIX_CONVERT_H
#define MIX_CONVERT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "io/shard.h"

struct err;

/*
 * Token files of other tools, to and from shards.  Tokens are little-endian.
 *
 *	nanogpt   one file: uint16, nothing else
 *	raw       one file: uint16 or uint32 (numpy's memmap, OLMo's .npy)
 *	llmc      one file: 256 int32 (magic, version, tokens), then uint16
 *	          (20240520, 1) or uint32 (20240801, 7)
 *	ds        datatrove: X.ds raw, X.ds.index u64 ends in tokens,
 *	          X.ds.metadata ("tokenizer|bytes a token", tokens, the same
 *	          for people)
 *	mds       MosaicML: a folder with index.json and shard.NNNNN.mds (u32
 *	          samples, u32 offsets[samples + 1], JSON, samples); the column
 *	          "tokens", ndarray:uint16 and the like, one document a sample
 *	megatron  X.bin and X.idx without our .docs (only read; ours are that)
 *
 * Source: karpathy/nanoGPT data/openwebtext/prepare.py; karpathy/llm.c
 * dev/data/data_common.py; huggingface/datatrove pipeline/tokens/tokenizer.py;
 * mosaicml/streaming base/format/mds.
 */
enum convert_format {
	CONVERT_NANOGPT,
	CONVERT_RAW,
	CONVERT_LLMC,
	CONVERT_DS,
	CONVERT_MDS,
	CONVERT_MEGATRON
};

/* "nanogpt" and so on; false for anything else. */
bool convert_format(const char *name, enum convert_format *f);

/*
 * A shard to `path`: a file, X.ds, or a new folder (mds).  ERR_ARG where the
 * format can't hold it: too many tokens, or too large a vocabulary.
 */
int convert_to(const struct shard *s, enum convert_format f, const char *path,
    struct err *e);

/* Documents read one after the other from files of one format. */
struct convert_in {
	enum convert_format format;
	unsigned width;         /* of raw's tokens, in bytes: 2 or 4 */
	struct shard_head head; /* what they mean; end_text parts raw files */
	bool eod;               /* every document has to end in end_text */
	struct shard_writer *out;
	uint64_t documents, empty; /* written; left out */
};

/*
 * Append a file's documents to in->out.  Where nothing else does, end_text
 * parts documents: it ends them, or begins them if the file begins with it.
 * ERR_FORMAT names file and token for one that is not < vocab.
 */
int convert_add(struct convert_in *in, const char *path, struct err *e);

/* Private to lib/mix/convert*.c */
enum { MDS_FILE = 1 << 26 }; /* bytes a file of MDS has at most, about */

/* A file as it is: tokens may look like a compressed file's first bytes. */
struct mapped {
	const unsigned char *p; /* NULL if it is empty */
	size_t n;
};

int convert_map(
    const char *path, const char *more, struct mapped *m, struct err *e);
void convert_unmap(struct mapped *m);
int convert_to_mds(const struct shard *s, const char *path, struct err *e);
int convert_add_mds(struct convert_in *in, const char *path, struct err *e);
/*
 * A document of n tokens of `width` bytes, number i of the file: checked,
 * widened into v (room for n) and added.
 */
int convert_doc(struct convert_in *in, const char *path, uint64_t i,
    const unsigned char *p, uint64_t n, unsigned width, struct err *e);

#endif
