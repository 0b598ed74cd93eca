/* SPDX-License-Identifier: MIT */
/*
 * A sentence chunk by chunk: what white space parts, most of which has no need
 * of all rules.
 */
#include "base/err.h"
#include "base/text/treebank_impl.h"

/* What a chunk's bytes ask for: nothing, marks parted, all rules. */
enum { PLAIN = 0, MARKS = 1, QUOTES = 2 };

static const char *
chunk_end(const char *p, const char *end, unsigned *what)
{
	static const uint8_t kinds[256] = { EARLY,
		LATE, ['\''] = QUOTES, ['"'] = QUOTES, ['`'] = QUOTES,
		[0xc2] = QUOTES, [0xe2] = QUOTES };
	size_t len;

	for (*what = PLAIN; p < end; p += len) {
		len = 1;
		if (treebank_space(p, end, &len))
			break;
		*what |= kinds[(unsigned char)*p];
	}
	return p;
}

static int
add_plain(struct treebank *t, const char *p, const char *end, struct err *e)
{
	if (p == end)
		return 0;
	return treebank_is_plain(p, end) ? treebank_add(t, p, (size_t)(end - p), e)
				: treebank_add_word(t, p, end, false, e);
}

/* A chunk without quotation marks: part_all_marks() of it. */
static int
part_chunk(struct treebank *t, const char *p, const char *to, const char *end,
    const char *stop, struct err *e)
{
	static const bool stops[256] = { EARLY, LATE };
	const char *from = p, *taken = NULL;
	size_t len, n;

	for (; p < to; p += n ? n : 1) {
		n = 0;
		if (!stops[(unsigned char)*p])
			continue;
		if (*p == ',' || *p == ':') {
			if (p == taken && p != end - 1)
				continue;
			n = p + 1 == end ||
			    !(english_class(utf8_get(p + 1, end, &len)) &
				ENG_DIGIT);
			taken = n ? p + 1 : NULL;
		} else {
			n = p == stop ? 1 : treebank_mark(p, end);
		}
		if (!n)
			continue;
		if (add_plain(t, from, p, e) < 0 || treebank_add(t, p, n, e) < 0)
			return e->code;
		from = p + n;
	}
	return add_plain(t, from, to, e);
}

/* Bytes of the white space or closing mark that ends before p > start, or 0. */
static size_t
closed_before(const char *start, const char *p)
{
	const char *q = p - 1;
	size_t len;

	while (q > start && ((unsigned char)*q & 0xc0) == 0x80)
		q--;
	return treebank_space(q, p, &len) || memchr("])}>\"'", *q, 6) ||
		       treebank_closing(q, p)
		   ? (size_t)(p - q)
		   : 0;
}

/*
 * Where the chunk begins that a final full stop would stand in: the last with
 * more than closing marks in it.
 */
static const char *
last_chunk(struct str s)
{
	const char *p = s.p + s.n, *q;
	size_t n;

	while (p > s.p && (n = closed_before(s.p, p)))
		p -= n;
	for (; p > s.p; p = q) {
		for (q = p - 1; q > s.p && ((unsigned char)*q & 0xc0) == 0x80;)
			q--;
		if (treebank_space(q, p, &n))
			break;
	}
	return p;
}

/* The chunks up to `to` of a sentence that ends at end; before: its gap. */
static int
part_chunks(struct treebank *t, const char *p, const char *to, const char *end,
    const char *stop, const char **before, struct err *e)
{
	const char *q, *from;
	unsigned what;
	size_t len;
	int rc;

	for (; p < to; p = q) {
		if (treebank_space(p, end, &len)) {
			*before = p;
			q = p + len;
			continue;
		}
		q = chunk_end(p, to, &what);
		if (what & QUOTES) {
			from = *before ? *before : p;
			treebank_space(q, end, &len);
			rc = treebank_part_fully(t,
			    (struct str){ from, (size_t)(q + len - from) },
			    true, e);
		} else {
			rc = what ? part_chunk(t, p, q, end, stop, e)
				  : add_plain(t, p, q, e);
		}
		if (rc < 0)
			return rc;
	}
	return 0;
}

static bool
has_quotes(const char *p, const char *end)
{
	unsigned what, all = 0;
	size_t len;

	for (; p < end; p += len) {
		p = chunk_end(p, end, &what);
		all |= what;
		len = 0;
		if (p < end)
			treebank_space(p, end, &len);
	}
	return all & QUOTES;
}

/*
 * Rules look no further than the white space around a chunk, but for the full
 * stop at the end: chunk by chunk then, and most have no need of all rules.
 */
int
treebank_part_sentence(struct treebank *t, struct str s, struct err *e)
{
	const char *end = s.p + s.n, *last = last_chunk(s), *before = NULL;

	if (part_chunks(t, s.p, last, end, NULL, &before, e) < 0)
		return e->code;
	if (!has_quotes(last, end))
		return part_chunks(
		    t, last, end, end, treebank_final_stop(s.p, end), &before, e);
	if (!before)
		before = last;
	return treebank_part_fully(
	    t, (struct str){ before, (size_t)(end - before) }, false, e);
}
