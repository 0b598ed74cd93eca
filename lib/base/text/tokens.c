/* SPDX-License-Identifier: MIT */
#include "base/text/lines.h"
#include "base/text/uni.h"
#include "base/text/utf8.h"
#include "base/text/words.h"

enum { BETWEEN, PREFIX, CORE, SUFFIX };

/* What a character of ASCII may be. */
enum {
	SPACE = 1,
	OPENS = 2,  /* a token of its own at the start of a chunk */
	CLOSES = 4, /* ... at its end */
	LOWER = 8,
	UPPER = 16,
	DIGIT = 32,
	QUOTE = 64,
	ALPHA = LOWER | UPPER,
	ALNUM = ALPHA | DIGIT,
};

#define O OPENS
#define B (OPENS | CLOSES)
#define Q (OPENS | CLOSES | QUOTE)
#define S SPACE
#define D DIGIT
#define U UPPER
#define L LOWER
static const unsigned char ascii[128] = {
	/* clang-format off */
	0, 0, 0, 0, 0, 0, 0, 0, 0, S, S, S, S, S, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, S, S, S, S,
	/* !  "  #  $  %  &  '  (  )  *  +  ,  -  .  / */
	S, B, Q, B, O, O, B, Q, B, B, B, 0, B, 0, 0, 0,
	D, D, D, D, D, D, D, D, D, D, B, B, B, O, B, B,
	0, U, U, U, U, U, U, U, U, U, U, U, U, U, U, U,
	U, U, U, U, U, U, U, U, U, U, U, B, 0, B, 0, B,
	Q, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L,
	L, L, L, L, L, L, L, L, L, L, L, B, 0, B, 0, 0,
	/* clang-format on */
};
#undef O
#undef B
#undef Q
#undef S
#undef D
#undef U
#undef L

/* Where the run of letters and digits of ASCII at p ends. */
static const char *
skip_alnum(const char *p, const char *end)
{
	while (p < end && (unsigned char)*p < 0x80 &&
	       ascii[(unsigned char)*p] & ALNUM)
		p++;
	return p;
}

static unsigned
wide_class(uint32_t cp)
{
	unsigned c = uni_class(cp);

	/* Hyphens bind; the degree sign is part of a unit. */
	if (cp == 0x2010 || cp == 0x2011 || cp == 0xb0)
		return 0;
	if (c & UNI_LETTER)
		return uni_lower(cp) != cp ? UPPER : LOWER;
	if (c & UNI_SPACE)
		return SPACE;
	if ((cp >= 0x2018 && cp <= 0x201f) || cp == 0xab || cp == 0xbb)
		return OPENS | CLOSES | QUOTE;
	return c & (UNI_PUNCT | UNI_SYMBOL) ? OPENS | CLOSES : 0;
}

/* The class of the character at p < end; *len gets its bytes. */
static inline unsigned
class_at(const char *p, const char *end, size_t *len)
{
	unsigned char c = (unsigned char)*p;

	if (c < 0x80) {
		*len = 1;
		return ascii[c];
	}
	return wide_class(utf8_get(p, end, len));
}

/* The class of the character that ends at p > start. */
static unsigned
class_before(const char *start, const char *p, const char *end, size_t *len)
{
	const char *at = p;

	do
		at--;
	while (at > start && ((unsigned char)*at & 0xc0) == 0x80);
	return class_at(at, end, len);
}

static bool
among(char c, const char *set)
{
	return c && strchr(set, c);
}

static size_t
dots(const char *p, const char *end)
{
	const char *at = p;

	while (at < end && *at == '.')
		at++;
	return (size_t)(at - p);
}

/* Bytes of the token that opens the chunk [p, end), or 0. */
static size_t
prefix_at(const char *p, const char *end)
{
	size_t len, n;

	if (*p == '.')
		return (n = dots(p, end)) > 1 ? n : 0;
	if (*p == '+') /* a sign belongs to its number */
		return end - p > 1 && !(class_at(p + 1, end, &len) & DIGIT);
	return class_at(p, end, &len) & OPENS ? len : 0;
}

static bool
is_apostrophe(const char *p, const char *end, size_t *len)
{
	*len = 1;
	if (*p == '\'')
		return true;
	*len = 3;
	return end - p >= 3 && memcmp(p, "\xe2\x80\x99", 3) == 0;
}

/* Bytes of 's (with either apostrophe) that ends at `end`, or 0. */
static size_t
possessive_before(const char *start, const char *end)
{
	ptrdiff_t n = end - start;
	size_t len;

	if (n < 2 || (end[-1] | 0x20) != 's')
		return 0;
	if (is_apostrophe(end - 2, end, &len) && len == 1)
		return 2;
	if (n >= 4 && is_apostrophe(end - 4, end, &len) && len == 3)
		return 4;
	return 0;
}

/* May a single full stop be parted from what stands before it? */
static bool
stop_parts(const char *start, const char *stop, const char *end)
{
	unsigned c, d;
	size_t len, len2;

	if (stop == start)
		return false;
	c = class_before(start, stop, end, &len);
	if (stop - start == 1 && c & ALPHA)
		return false; /* a letter for a name */
	if (c & (LOWER | DIGIT | OPENS | CLOSES) || among(stop[-1], "%+-"))
		return true;
	if (!(c & UPPER) || stop - len == start)
		return false;
	d = class_before(start, stop - len, end, &len2);
	return d & UPPER;
}

/* Bytes of the token that closes the chunk [start, end), or 0. */
static size_t
suffix_before(const char *start, const char *end)
{
	size_t len, n = possessive_before(start, end), before;
	unsigned c;

	if (n)
		return n;
	if (end[-1] == '.') {
		for (n = 0; end - n > start && end[-1 - (ptrdiff_t)n] == '.';)
			n++;
		return n > 1 || stop_parts(start, end - 1, end) ? n : 0;
	}
	c = class_before(start, end, end, &len);
	if (c & CLOSES)
		return len;
	if (end - start > 1 && among(end[-1], "%$+")) {
		c = class_before(start, end - 1, end, &before);
		return c & DIGIT ? 1 : 0;
	}
	return 0;
}

/* A token of what suffix_before() took off, read forwards. */
static size_t
suffix_at(const char *p, const char *end)
{
	size_t len, n;

	if (*p == '.')
		return dots(p, end);
	if (is_apostrophe(p, end, &n) && p + n < end && (p[n] | 0x20) == 's')
		return n + 1;
	class_at(p, end, &len);
	return len;
}

/* Bytes of the clitic that ends the core, or 0: n't 're 've 'll 'd 'm. */
static size_t
clitic_before(const char *start, const char *end)
{
	static const struct {
		char before, tail[3];
	} clitics[] = { { 'n', "t" }, { 0, "re" }, { 0, "ve" }, { 0, "ll" },
		{ 0, "d" }, { 0, "m" } };
	size_t i, j, n, len, mark;
	const char *at;

	if (end - start < 3 || !among((char)(end[-1] | 0x20), "teldm"))
		return 0;
	for (i = 0; i < sizeof(clitics) / sizeof(*clitics); i++) {
		n = strlen(clitics[i].tail);
		for (mark = 1; mark <= 3; mark += 2) {
			if ((size_t)(end - start) <=
			    n + mark + (clitics[i].before != 0))
				continue;
			at = end - n - mark;
			if (!is_apostrophe(at, end, &len) || len != mark)
				continue;
			for (j = 0; j < n; j++)
				if ((at[mark + j] | 0x20) != clitics[i].tail[j])
					break;
			if (j < n)
				continue;
			if (!clitics[i].before)
				return n + mark;
			if ((at[-1] | 0x20) == clitics[i].before)
				return n + mark + 1;
		}
	}
	return 0;
}

static bool
is_address(const char *p, const char *end)
{
	const char *colon;

	if (end - p > 4 && memcmp(p, "www.", 4) == 0)
		return true;
	for (; end - p > 3; p = colon + 1) {
		colon = memchr(p, ':', (size_t)(end - p) - 2);
		if (!colon)
			return false;
		if (colon[1] == '/' && colon[2] == '/')
			return true;
	}
	return false;
}

/* Bytes of a hyphen or dash at p, at most three hyphens; or 0. */
static size_t
dash_at(const char *p, const char *end)
{
	size_t n = 0;

	while (p + n < end && n < 3 && p[n] == '-')
		n++;
	if (n || *p == '~')
		return n ? n : 1;
	if (end - p < 3 || p[0] != '\xe2' || p[1] != '\x80' ||
	    (p[2] != '\x93' && p[2] != '\x94'))
		return 0;
	if (p[2] == '\x94' && end - p >= 6 && memcmp(p + 3, p, 3) == 0)
		return 6;
	return 3;
}

static unsigned
class_or_none(const char *p, const char *end)
{
	size_t len;

	return p < end ? class_at(p, end, &len) : 0;
}

/* Bytes of the token at p that parts what is before from what is behind. */
static size_t
infix_at(const char *start, const char *p, const char *end)
{
	unsigned before, behind;
	size_t len, n;

	if (*p == '.' && (n = dots(p, end)) > 1)
		return n;
	if (end - p >= 3 && memcmp(p, "\xe2\x80\xa6", 3) == 0)
		return 3; /* U+2026, the ellipsis */
	before = class_before(start, p, end, &len);
	n = dash_at(p, end);
	behind = class_or_none(p + (n ? n : 1), end);
	if (n && before & ALNUM && behind & ALPHA)
		return n;
	if (among(*p, "+-*^") && before & DIGIT)
		return behind & DIGIT || (p + 1 < end && p[1] == '-');
	if (*p == '.')
		return before & (LOWER | QUOTE) && behind & (UPPER | QUOTE);
	if (*p == ',')
		return before & ALPHA && behind & ALPHA;
	if (among(*p, ":<>=/"))
		return before & ALNUM && behind & ALPHA;
	return 0;
}

/* Where the next infix in the core begins, if not at core_end. */
static const char *
next_infix(const struct tokens *t, const char *p)
{
	size_t len;

	for (; p < t->core_end; p += len) {
		p = skip_alnum(p, t->core_end);
		if (p == t->core_end)
			break;
		if (class_at(p, t->core_end, &len) & ALNUM)
			continue;
		if (p > t->core && infix_at(t->core, p, t->core_end))
			break;
	}
	return p;
}

static struct str
take(struct tokens *t, size_t n)
{
	struct str s = { t->p, n };

	t->p += n;
	return s;
}

/* Go to the next chunk; false at the end. */
static bool
next_chunk(struct tokens *t)
{
	size_t len = 0;

	while (t->p < t->end && class_at(t->p, t->end, &len) & SPACE)
		t->p += len;
	if (t->p == t->end)
		return false;
	t->chunk_end = skip_alnum(t->p, t->end);
	t->plain = t->chunk_end == t->end || *t->chunk_end == ' ';
	while (t->chunk_end < t->end &&
	       !(class_at(t->chunk_end, t->end, &len) & SPACE))
		t->chunk_end += len;
	t->phase = PREFIX;
	return true;
}

/* The prefixes are off: find where the suffixes begin. */
static void
find_core(struct tokens *t)
{
	size_t n;

	t->core = t->p;
	t->core_end = t->chunk_end;
	while (
	    t->core_end > t->core && (n = suffix_before(t->core, t->core_end)))
		t->core_end -= n;
	t->whole = is_address(t->core, t->core_end);
	t->phase = CORE;
}

static size_t
core_token(const struct tokens *t)
{
	const char *stop;
	size_t n;

	if (t->whole)
		return (size_t)(t->core_end - t->p);
	if (t->p > t->core && (n = infix_at(t->core, t->p, t->core_end)))
		return n;
	stop = next_infix(t, t->p);
	n = (size_t)(stop - t->p);
	if (stop < t->core_end || t->core_end == t->p)
		return n;
	n -= clitic_before(t->p, t->core_end);
	return n;
}

bool
tokens_next(struct tokens *t, struct str *token)
{
	size_t n;

	for (;;) {
		if (t->phase == BETWEEN && !next_chunk(t))
			return false;
		if (t->plain) { /* most chunks are */
			t->phase = BETWEEN;
			t->plain = false;
			*token = take(t, (size_t)(t->chunk_end - t->p));
			return true;
		}
		if (t->phase == PREFIX) {
			n = t->p < t->chunk_end ? prefix_at(t->p, t->chunk_end)
						: 0;
			if (n) {
				*token = take(t, n);
				return true;
			}
			find_core(t);
		}
		if (t->phase == CORE && t->p < t->core_end) {
			*token = take(t, core_token(t));
			return true;
		}
		t->phase = SUFFIX;
		if (t->p < t->chunk_end) {
			*token = take(t, suffix_at(t->p, t->chunk_end));
			return true;
		}
		t->phase = BETWEEN;
	}
}

static bool
ends_sentence(uint32_t cp)
{
	static const uint32_t marks[] = { 0x589, 0x61e, 0x61f, 0x6d4, 0x700,
		0x701, 0x702, 0x964, 0x965, 0x104a, 0x104b, 0x1362, 0x1367,
		0x1368, 0x166e, 0x17d4, 0x17d5, 0x1803, 0x1809, 0x203c, 0x203d,
		0x2047, 0x2048, 0x2049, 0x3002, 0xfe52, 0xfe56, 0xfe57, 0xff01,
		0xff0e, 0xff1f, 0xff61 };
	size_t i;

	if (cp < 0x80)
		return cp == '.' || cp == '!' || cp == '?';
	for (i = 0; i < sizeof(marks) / sizeof(*marks); i++)
		if (cp == marks[i])
			return true;
	return false;
}

static bool
all_punct(struct str token)
{
	const char *p = token.p, *end = p + token.n;
	size_t len;

	for (; p < end; p += len)
		if (!(uni_class(utf8_get(p, end, &len)) & UNI_PUNCT))
			return false;
	return true;
}

void
sentences_add(struct sentences *s, struct str token)
{
	const char *end = token.p + token.n;
	size_t len;
	bool mark =
	    ends_sentence(utf8_get(token.p, end, &len)) && len == token.n;

	s->n += s->n == 0;
	if (mark) {
		s->armed = true;
	} else if (s->armed && !all_punct(token)) {
		s->n++;
		s->armed = false;
	}
}
