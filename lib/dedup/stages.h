/* SPDX-License-Identifier: MIT */
#ifndef DEDUP_STAGES_H
#define DEDUP_STAGES_H

#include <stdbool.h>

#include "base/opt.h"
#include "dedup/minhash.h"

struct buf;
struct docs;
struct err;
struct paths;
struct run;

/*
 * dedup_minhash() as jobs that hand each other files (dedup/recfile.h); the
 * formats are described in docs/formats.md.  Any division into shards and parts
 * gives the documents, the pairs and the reasons that one run gives.
 *
 *	signatures	a job for each shard of the documents
 *	buckets		a job for each part of the band keys: all signatures
 *	clusters	one job: all signatures, all buckets
 *	apply		a job for each shard of the documents: the verdicts
 *
 * Files that don't belong together are refused: other options, a shard or part
 * that is missing or there twice, buckets of other signatures.
 *
 * out is opt->out of r: a file that is whole or absent.
 */
int stage_signatures(struct docs *in, struct run *r,
    const struct minhash_opt *opt, struct err *e);
int stage_buckets(const struct paths *files, struct run *r,
    const struct opt_shard *part, struct err *e);
/* pairs: as in struct minhash_opt. */
int stage_clusters(
    const struct paths *files, struct run *r, const char *pairs, struct err *e);
int stage_apply(
    struct docs *in, struct run *r, const char *verdicts, struct err *e);

/* What signatures follow from, as text: one line. */
void
stage_options(const struct minhash_opt *opt, uint64_t seed, struct buf *out);

#endif
