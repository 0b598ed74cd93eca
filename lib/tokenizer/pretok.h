/* SPDX-License-Identifier: MIT */
#ifndef TOKENIZER_PRETOK_H
#define TOKENIZER_PRETOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct err;

/*
 * Pre-tokenisers: text is cut into pieces by a pattern before pairs are
 * merged, and no token crosses a piece.  The pieces together are the text:
 * what a regex leaves unmatched is a piece, too.
 *
 * A known pattern has a scanner of ours; any other regex runs in PCRE2 (JIT;
 * UTF, UCP).  Either way a byte that is not part of well-formed UTF-8 counts as
 * one character that is no letter, number, mark or space; to a regex it looks
 * like U+FFFD.
 */
struct pretok;

/*
 * pattern is a name of pretok_names() or a regex; a regex that equals a known
 * one gets its scanner.  ERR_ARG for a malformed regex.
 */
int pretok_open(struct pretok **pt, const char *pattern, struct err *e);
/*
 * The classes of characters are those of a version of Unicode, UNICODE_FIRST to
 * UNICODE_LAST (uclass.h), 0: the last, as at first.  Before a scan is made.
 * ERR_ARG for another version, and for a regex or a pattern of several steps,
 * which have no other than the last (pretok_regex.c).
 */
int pretok_unicode(struct pretok *pt, unsigned version, struct err *e);
/*
 * Steps (pre.h) that only cut; they outlive pt.  name: that of the sequence, or
 * NULL.  A text's pieces are all found when it is started on.
 */
struct pre;
int pretok_open_steps(struct pretok **pt, const struct pre *steps,
    const char *name, struct err *e);
void pretok_close(struct pretok *pt);
/* The names, with commas. */
const char *pretok_names(void);
/* The pattern's name, or NULL if it has none. */
const char *pretok_name(const struct pretok *pt);
const char *pretok_regex(const struct pretok *pt);
/* Where texts may be cut (seam.h); as seams_open(), of this pattern. */
struct seams;
struct norm;
int pretok_seams(struct seams **s, const struct pretok *pt,
    const struct norm *norm, bool at_space, struct err *e);

/* One pass over a text; one a thread, used over and over. */
struct pretok_scan;

struct pretok_scan *pretok_scan_new(const struct pretok *pt, struct err *e);
void pretok_scan_free(struct pretok_scan *s);
/* Start on a text, which is kept by pointer. */
int pretok_start(struct pretok_scan *s, struct str text, struct err *e);
/*
 * Offsets behind the next pieces, at most cap of them: returns their number,
 * 0 at the end of the text.  ERR_FORMAT if PCRE2 gives up.
 */
ptrdiff_t
pretok_next(struct pretok_scan *s, size_t *ends, size_t cap, struct err *e);

/*
 * The next span: 1 and its end; match: the pattern matched it (with a scanner
 * of ours: all do).  0 at the end of the text.
 */
int pretok_span(struct pretok_scan *s, size_t *end, bool *match, struct err *e);

#endif
