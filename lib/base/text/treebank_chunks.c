/* SPDX-License-Identifier: MIT */
/*
 * A sentence chunk by chunk: what white space parts, most of which has no need
 * of all rules.
 */
#include "base/bytes.h"
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
	return treebank_is_plain(p, end)
		   ? treebank_add(t, p, (size_t)(end - p), e)
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
		if (add_plain(t, from, p, e) < 0 ||
		    treebank_add(t, p, n, e) < 0)
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

/* What may stand behind a word: it is apart, or if full stop part of it. */
enum behind { NOTHING, SPACE, MARK, STOP };

static inline enum behind
behind_at(const char *p)
{
	static const uint8_t kinds[256] = { [' '] = SPACE,
		['\n'] = SPACE,
		[','] = MARK,
		[':'] = MARK,
		[';'] = MARK,
		['?'] = MARK,
		['!'] = MARK,
		[')'] = MARK,
		['.'] = STOP };

	return (enum behind)kinds[(unsigned char)*p];
}

/* Has a word the length of a contraction, and its first letter? */
static inline bool
may_part(const char *p, size_t n)
{
	unsigned char c = *p | 0x20;

	return n - 5 < 2 && (c == 'c' || c == 'g' || c == 'l' || c == 'w');
}

/*
 * What most chunks are: letters and digits of ASCII, a space behind them or a
 * mark and a space.  The chunk's bytes; 0 if it is something else.
 */
static inline size_t
add_simple(struct treebank *t, const char *p, const char *to, const char *stop)
{
	char *made = t->made + t->at;
	enum behind behind;
	bytes v, other;
	size_t n, mark = 0;

	if (t->limit - p < BYTES || t->cap - t->n < 2)
		return 0;
	v = bytes_load(p);
	other = (bytes)(((v | 0x20) - 'a' >= 26) & (v - '0' >= 10));
	if (!bytes_mask(other))
		return 0;
	n = bytes_first(other);
	behind = behind_at(p + n);
	if (!n || behind == NOTHING || (size_t)(to - p) < n + 2 ||
	    may_part(p, n))
		return 0;
	if (behind != SPACE) {
		if (behind_at(p + n + 1) != SPACE)
			return 0;
		mark = behind == MARK || p + n == stop;
		n += !mark;
	}
	memcpy(made, p, BYTES);
	t->v[t->n++] = (struct str){ made, n };
	t->v[t->n] = (struct str){ made + n, 1 };
	made[n + mark - 1] = p[n + mark - 1];
	t->n += mark;
	t->at += n + mark;
	return n + mark;
}

/* A part of a sentence: where it ends, and what is before and within. */
struct stretch {
	const char *to, *end; /* of the chunks, of the sentence */
	const char *stop;     /* the full stop that is a token, or NULL */
	const char *before;   /* the white space before the chunk, or NULL */
};

/* The chunk p .. q. */
static int
part(struct treebank *t, const char *p, const char *q, unsigned what,
    const struct stretch *s, struct err *e)
{
	const char *from = s->before ? s->before : p;
	size_t len;

	if (!(what & QUOTES))
		return what ? part_chunk(t, p, q, s->end, s->stop, e)
			    : add_plain(t, p, q, e);
	treebank_space(q, s->end, &len);
	return treebank_part_fully(
	    t, (struct str){ from, (size_t)(q + len - from) }, true, e);
}

/* The chunks from p on. */
static int
part_chunks(struct treebank *t, const char *p, struct stretch *s, struct err *e)
{
	const char *q;
	unsigned what;
	size_t len;

	for (; p < s->to; p = q) {
		if ((len = add_simple(t, p, s->to, s->stop))) {
			s->before = p + len;
			q = s->before + 1;
			continue;
		}
		if (treebank_space(p, s->end, &len)) {
			s->before = p;
			q = p + len;
			continue;
		}
		q = chunk_end(p, s->to, &what);
		if (part(t, p, q, what, s, e) < 0)
			return e->code;
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
	const char *end = s.p + s.n, *last = last_chunk(s);
	struct stretch x = { .to = last, .end = end };

	if (part_chunks(t, s.p, &x, e) < 0)
		return e->code;
	if (has_quotes(last, end)) {
		if (!x.before)
			x.before = last;
		return treebank_part_fully(t,
		    (struct str){ x.before, (size_t)(end - x.before) }, false,
		    e);
	}
	x.to = end;
	x.stop = treebank_final_stop(s.p, end);
	return part_chunks(t, last, &x, e);
}
