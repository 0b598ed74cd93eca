/* SPDX-License-Identifier: MIT */
#ifndef EXTRACT_SOURCE_H
#define EXTRACT_SOURCE_H

#include "base/path.h"
#include "extract/corpus.h"
#include "extract/extract.h"

/*
 * The reader's side of extract: records one after the other out of archives,
 * dumps, pages and texts, told apart by their first bytes, then by name.
 */
enum source_kind {
	SOURCE_WARC, /* raw: header, payload */
	SOURCE_ARC,  /* the same */
	SOURCE_HTML, /* raw: a file */
	SOURCE_TEXT,
	SOURCE_ENTRY,  /* of an archive or a dump; raw: what corpus.h says */
	SOURCE_DROP,   /* the same, not worth a look: for `rule` */
	SOURCE_DAMAGE, /* what: what's wrong; raw: bytes lost, if known */
};

struct source_rec {
	enum source_kind kind;
	struct str raw;
	size_t head;      /* bytes of raw that are the header */
	const char *file; /* for messages */
	uint64_t number;  /* in its file */
	uint64_t offset;  /* in the file as stored */
	bool truncated;
	const char *what;
	/* Of entries: */
	enum corpus_kind corpus;
	struct str path;  /* within the file */
	struct str extra; /* as corpus_item has it; of a drop, its detail */
	const char *rule;
};

struct source;

/* paths and opts stay the caller's.  NULL when memory is out. */
struct source *
source_new(const struct paths *paths, const struct extract_opts *opts);
void source_free(struct source *s);
/* The next record: 1, 0 at the end.  Strings live until the next call. */
int source_next(struct source *s, struct source_rec *r, struct err *e);
/* Bytes of all files read so far. */
uint64_t source_raw_offset(const struct source *s);

/* What bytes at a file's start are; FROM_AUTO if nobody can tell. */
enum extract_from source_sniff(const char *name, struct str s);

#endif
