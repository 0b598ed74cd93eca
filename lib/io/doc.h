/* SPDX-License-Identifier: MIT */
#ifndef IO_DOC_H
#define IO_DOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"
#include "io/json.h"

struct buf;
struct err;

/*
 * A document: one line of JSON Lines,
 *
 *	{"id":"...","text":"...","metadata":{"url":"...",...},...}
 *
 * Whatever a command doesn't change is passed through byte for byte:
 *doc_write() copies the line and replaces only the values that were set.
 *
 * Everything a struct doc points to belongs to its parser, its line or its
 * arena, and is gone with the next doc_parse() of that parser.
 */
enum { DOC_PADDING = 64 /* readable bytes needed behind a line */ };

struct doc_parser;

/* A metadata value to be set: key and raw JSON. */
struct doc_edit {
	struct str key, json;
	struct doc_edit *next;
};

struct doc {
	/* Set by the caller before doc_parse(). */
	struct str line;     /* without its newline; DOC_PADDING bytes follow */
	const char *file;    /* as the user named it */
	uint64_t record;     /* in its file, from 0 */
	uint64_t offset;     /* of the line in its decompressed file */
	uint64_t ordinal;    /* in the whole input, from 0 */
	uint64_t place;      /* number of its file << 32 | record */
	struct str *note;    /* what docs_ops.note said of its batch */
	struct arena *arena; /* for the edits; reset by the caller */

	/* Set by doc_parse(). */
	struct str id;   /* unescaped; made from file and record if missing */
	struct str text; /* unescaped, valid UTF-8 */
	struct json_val root;
	struct json_val meta; /* the object "metadata", or nothing */
	bool has_id;

	/* Private. */
	struct doc_parser *parser;
	struct doc_edit *edits, **last_edit;
	struct str new_text;
	bool text_set, oom;
};

#ifdef __cplusplus
extern "C" {
#endif
/* One a thread; NULL when memory is out. */
struct doc_parser *doc_parser_new(void);
void doc_parser_free(struct doc_parser *p);

/*
 * Parse d->line: all of it, UTF-8 checked.  ERR_FORMAT if it is no document:
 * malformed JSON, no object, "text" missing or no string, a second "id",
 * "text" or "metadata", "metadata" neither object nor null.
 */
int doc_parse(struct doc_parser *p, struct doc *d, struct err *e);

/* A metadata value, or nothing. */
struct json_val doc_meta(const struct doc *d, const char *key);

/* Replace the text.  Kept by pointer until doc_write(). */
void doc_set_text(struct doc *d, struct str text);
/* Set metadata.key, replacing a value that is there.  Copied. */
void doc_set_str(struct doc *d, const char *key, struct str value);
void doc_set_double(struct doc *d, const char *key, double value);
void doc_set_u64(struct doc *d, const char *key, uint64_t value);
void doc_set_bool(struct doc *d, const char *key, bool value);
/* value is a whole JSON value. */
void doc_set_json(struct doc *d, const char *key, struct str value);
/* Drop the edits made so far. */
void doc_unset(struct doc *d);
/* Does doc_write() differ from the line? */
bool doc_changed(const struct doc *d);
/* The line with its edits and a newline; ERR_NOMEM if an edit got lost. */
int doc_write(const struct doc *d, struct buf *out, struct err *e);
#ifdef __cplusplus
}
#endif

/*
 * Raw spans of the members of an object in the line, in order: value.p to
 * value.p + value.n is the value as it stands there.  For doc_write().
 */
struct doc_span {
	struct str key; /* unescaped */
	struct str value;
};

#ifdef __cplusplus
extern "C"
#endif
    /* Spans of the record or of its metadata; false when memory is out. */
    bool
    doc_spans(const struct doc *d, bool meta, const struct doc_span **spans,
	size_t *n);

#endif
