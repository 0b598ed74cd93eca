/* SPDX-License-Identifier: MIT */
/*
 * SentencePiece's normaliser, and the tokenizers library's reading of its
 * rules.
 *
 * From left to right: a user-defined piece stays; else the longest rule that
 * fits gives its text; else a character stays, and a byte that is not UTF-8
 * becomes U+FFFD.  White space at the ends goes and runs become one space, if
 * the model says so; spaces become U+2581; one is put in front, or behind.
 */
#include <string.h>
#include <utf8proc.h>

#include "base/err.h"
#include "normalize.h"
#include "uclass.h"

#define SPACE_MARK "\xe2\x96\x81"

/* What the next bytes of s become; returns how many those are. */
static size_t
next_prefix(const struct norm_step *st, struct str s, struct str *to)
{
	const uint8_t *p = (const uint8_t *)s.p;
	size_t len;

	trie_longest(&st->keep, s, &len);
	if (!len) {
		len = charsmap_longest(&st->map, s, to);
		if (len)
			return len;
		if (utf8_strict(p, p + s.n, &len) == UINT32_MAX) {
			*to = STR("\xef\xbf\xbd");
			return 1;
		}
	}
	*to = (struct str){ s.p, len };
	return len;
}

static void
put_space(
    const struct norm_step *st, struct norm_out *o, size_t from, size_t to)
{
	norm_put(
	    o, from, to, st->escape ? SPACE_MARK : " ", st->escape ? 3 : 1);
}

/* Put what bytes [from, end) have become. */
static void
put_prefix(const struct norm_step *st, struct norm_out *o, size_t from,
    size_t end, struct str to)
{
	size_t i, run;

	for (i = 0; i < to.n; i += run) {
		for (run = 0; i + run < to.n && to.p[i + run] != ' '; run++)
			;
		if (run) {
			norm_put(o, from, end, to.p + i, run);
		} else {
			put_space(st, o, from, end);
			run = 1;
		}
	}
}

static size_t
skip_leading(const struct norm_step *st, struct str s)
{
	size_t at = 0, len;
	struct str to;

	while (at < s.n) {
		len = next_prefix(st, (struct str){ s.p + at, s.n - at }, &to);
		if (!str_eq(to, STR(" ")))
			break;
		at += len;
	}
	return at;
}

static void
cut_trailing(const struct norm_step *st, struct norm_out *o)
{
	struct str space = st->escape ? STR(SPACE_MARK) : STR(" ");

	while (str_ends(buf_view(o->text), space)) {
		o->text->n -= space.n;
		if (o->map)
			o->map->n -= space.n * sizeof(struct norm_from);
	}
}

int
norm_spm(
    const struct norm_step *st, struct norm_out *o, struct str s, struct err *e)
{
	bool after_space = st->one_space;
	size_t at = st->one_space ? skip_leading(st, s) : 0, len;
	struct str to;

	if (at == s.n)
		return 0;
	if (st->dummy_prefix && !st->suffix)
		put_space(st, o, at,
		    at + next_prefix(
			     st, (struct str){ s.p + at, s.n - at }, &to));
	for (; at < s.n; at += len) {
		len = next_prefix(st, (struct str){ s.p + at, s.n - at }, &to);
		while (after_space && to.n && to.p[0] == ' ') {
			to.p++;
			to.n--;
		}
		put_prefix(st, o, at, at + len, to);
		if (to.n)
			after_space = st->one_space && to.p[to.n - 1] == ' ';
	}
	if (st->one_space)
		cut_trailing(st, o);
	if (st->dummy_prefix && st->suffix)
		put_space(st, o, s.n, s.n);
	return buf_ok(o->text, e);
}

/* ---- by graphemes ---- */

static size_t
grapheme_len(struct str s, bool *valid)
{
	const uint8_t *p = (const uint8_t *)s.p, *end = p + s.n;
	utf8proc_int32_t state = 0;
	uint32_t cp, next;
	size_t at, len;

	cp = utf8_strict(p, end, &len);
	*valid = cp != UINT32_MAX;
	for (at = len; *valid && at < s.n; at += len, cp = next) {
		next = utf8_strict(p + at, end, &len);
		if (next == UINT32_MAX ||
		    utf8proc_grapheme_break_stateful(
			(utf8proc_int32_t)cp, (utf8proc_int32_t)next, &state))
			break;
	}
	return at;
}

/* That library asks for the shortest rule, whatever it leaves over. */
static void
put_grapheme(const struct norm_step *st, struct norm_out *o, struct str s,
    size_t at, size_t n)
{
	const uint8_t *p = (const uint8_t *)s.p;
	size_t end = at + n, len;
	struct str to;

	if (n < 6 &&
	    charsmap_shortest(&st->map, (struct str){ s.p + at, n }, &to)) {
		norm_put(o, at, end, to.p, to.n);
		return;
	}
	for (; at < end; at += len) {
		utf8_strict(p + at, p + end, &len);
		if (charsmap_shortest(
			&st->map, (struct str){ s.p + at, len }, &to))
			norm_put(o, at, at + len, to.p, to.n);
		else
			norm_put(o, at, at + len, s.p + at, len);
	}
}

void
norm_precompiled(const struct norm_step *st, struct norm_out *o, struct str s)
{
	size_t at, len;
	bool valid;

	for (at = 0; at < s.n; at += len) {
		len = grapheme_len((struct str){ s.p + at, s.n - at }, &valid);
		if (valid)
			put_grapheme(st, o, s, at, len);
		else
			norm_put(o, at, at + len, s.p + at, len);
	}
}
