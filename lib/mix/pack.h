/* SPDX-License-Identifier: MIT */
#ifndef MIX_PACK_H
#define MIX_PACK_H

#include <stddef.h>
#include <stdint.h>

#include "mix/recipe.h"
#include "mix/source.h"

struct err;

/*
 * Documents into rows of T + 1 columns without cutting those that fit.
 *
 * A source's documents are taken in windows of so many.  Documents longer than
 * a row are cut into pieces of T + 1 tokens that share their ends, so that
 * every token but a document's first is a target once, whatever T is; a
 * document of one token has none and is left out.  Within its window a piece
 * goes, the longest first, to the fullest row that still has room for it (or
 * each into a row of its own).  What stays free is padding.  So a row is a
 * function of its window and T.
 *
 * A window that a run has read in part with another T goes on with the pieces
 * that are left: that is a cut of it, and there may be several.
 *
 * Source: best-fit decreasing: Johnson, "Near-optimal bin packing algorithms",
 * MIT 1973; for documents: Ding et al., "Fewer truncations improve language
 * modeling", arXiv 2404.10830.
 */
enum { PACK_WINDOW = 1024 }; /* documents, unless the recipe says */

struct pack {
	const struct source *s;
	enum recipe_packing kind;
	uint64_t window; /* documents */
	uint64_t docs, windows;
	uint64_t targets;      /* of all documents */
	uint64_t *docs_before; /* (s->n + 1): of each shard */
};

/* Some rows of a window, packed for seq, that have been read already. */
struct pack_cut {
	uint32_t seq, rows;
};

/* A window's number and what has been read of it. */
struct pack_window {
	uint64_t number;
	const struct pack_cut *cuts;
	uint32_t ncut;
};

/* n >= 2 tokens of a document, from token `at` of the source on. */
struct pack_piece {
	uint64_t at, n;
};

/* A packed window: row r has pieces row[r] .. row[r + 1] - 1. */
struct packed {
	struct pack_piece *v;
	uint32_t *row;
	uint32_t rows;
	struct packer *scratch; /* private, with room for more */
};

/* ERR_FORMAT if an index is damaged.  s must outlive p; pack_close() in any
 * case. */
int pack_open(struct pack *p, const struct source *s, enum recipe_packing kind,
    uint64_t window, struct err *e);
void pack_close(struct pack *p);
/*
 * Pack a window into rows of seq inputs.  out: all zeros at first, and then
 * reused; packed_free() in the end.  Thread-safe for different out.
 */
int pack_lay(const struct pack *p, const struct pack_window *w, uint32_t seq,
    struct packed *out, struct err *e);
void packed_free(struct packed *p);
/* Targets in the first `rows` rows. */
uint64_t packed_targets(const struct packed *p, uint32_t rows);
/* The window of the document that token `at` of the source is in. */
uint64_t pack_window_of(const struct pack *p, uint64_t at);
/*
 * Rows and targets of every window for seq: both (windows), freed by the
 * caller.  Works on all threads.
 */
int pack_count(const struct pack *p, uint32_t seq, uint32_t **rows,
    uint64_t **targets, struct err *e);

#endif
