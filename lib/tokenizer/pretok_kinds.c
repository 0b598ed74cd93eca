/* SPDX-License-Identifier: MIT */
/*
 * The named patterns and their scanners.  Each scanner's comments follow the
 * alternatives of its regex in order; tests/unit/tokenizer_pretok.c compares
 * them with PCRE2 running the regex.
 */
#include <string.h>

#include "ascii.h"
#include "pretok_scan.h"
#include "pretok_window.h"
#include "uclass.h"

#define TAIL "\\s+(?!\\S)|\\s+"
#define CL100K(DIGITS) \
	"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|" DIGITS \
	"| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|" TAIL
#define O200K_WORD(U, W) \
	"[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]" U \
	"[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]" W "(?i:'s|'t|'re|'ve|'m|'ll|'d)?|"

/* Source: the tokenizers these patterns are named after. */
const struct pretok_kind pretok_kinds[] = {
	{ "gpt2",
	    "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+|"
	    " ?[^\\s\\p{L}\\p{N}]+|" TAIL,
	    pretok_fill_gpt2 },
	{ "cl100k", CL100K("\\p{N}{1,3}"), pretok_fill_cl100k },
	{ "qwen2", CL100K("\\p{N}"), pretok_fill_qwen2 },
	{ "nanochat", CL100K("\\p{N}{1,2}"), pretok_fill_nanochat },
	{ "o200k",
	    O200K_WORD("*", "+") O200K_WORD(
		"+", "*") "\\p{N}{1,3}|"
			  " ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|" TAIL,
	    pretok_fill_o200k },
	{ "whitespace", "\\S+|\\s+", pretok_fill_whitespace },
	{ 0 },
};

/* The classes of gpt2: marks are as other as punctuation. */
enum kind { OTHER, SPACE, NUMBER, LETTER };

static const uint8_t kinds[] = {
	[UC_OTHER] = OTHER,
	[UC_MARK] = OTHER,
	[UC_SPACE] = SPACE,
	[UC_NUMBER] = NUMBER,
	[UC_UPPER] = LETTER,
	[UC_LOWER] = LETTER,
	[UC_CASELESS] = LETTER,
};

static inline enum kind
kind_at(const uint8_t *table, const uint8_t *p, const uint8_t *end, size_t *len)
{
	return kinds[uclass_get(table, p, end, len)];
}

/* Behind the characters of a kind from p on. */
static inline const uint8_t *
run_of(enum kind k, const uint8_t *table, const uint8_t *p, const uint8_t *end)
{
	size_t len;

	while (p < end && kind_at(table, p, end, &len) == k)
		p += len;
	return p;
}

/* The same for letters, of which most are ASCII. */
static inline const uint8_t *
letters(const uint8_t *table, const uint8_t *p, const uint8_t *end)
{
	p = ascii_letters(p, end);
	if (p == end || *p < 0x80)
		return p;
	return run_of(LETTER, table, p, end);
}

/* \s+(?!\S)|\s+ : the last of several spaces belongs to what follows. */
static inline const uint8_t *
space_run(const uint8_t *table, const uint8_t *p, const uint8_t *end)
{
	const uint8_t *q = p, *last = p;
	size_t len;

	while (q < end && kind_at(table, q, end, &len) == SPACE) {
		last = q;
		q += len;
	}
	return q < end && last > p ? last : q;
}

/* Bytes behind the apostrophe at p that make 's 't 're 've 'm 'll 'd. */
static inline size_t
contraction(const uint8_t *p, const uint8_t *end)
{
	size_t left = (size_t)(end - p);

	if (left < 2)
		return 0;
	switch (p[1]) {
	case 's':
	case 't':
	case 'm':
	case 'd':
		return 1;
	case 'r':
	case 'v':
		return left > 2 && p[2] == 'e' ? 2 : 0;
	case 'l':
		return left > 2 && p[2] == 'l' ? 2 : 0;
	default:
		return 0;
	}
}

/* The same with (?i): U+017F folds to s. */
static inline size_t
contraction_fold(const uint8_t *p, const uint8_t *end)
{
	size_t left = (size_t)(end - p);
	uint8_t low[3];

	if (left < 2)
		return 0;
	if (left > 2 && p[1] == 0xc5 && p[2] == 0xbf)
		return 2;
	low[0] = '\'';
	low[1] = p[1] | 0x20;
	low[2] = left > 2 ? p[2] | 0x20 : 0;
	return contraction(low, low + (left > 2 ? 3 : 2));
}

static inline const uint8_t *
gpt2_piece(const uint8_t *table, const uint8_t *p, const uint8_t *end)
{
	size_t len, more;
	enum kind k;

	if (end - p > 1 && ascii_is_letter(p[*p == ' ']))
		return letters(table, p + 1, end);
	if (*p == '\'' && (more = contraction(p, end)))
		return p + 1 + more;
	k = kind_at(table, p, end, &len);
	if (k != SPACE)
		return run_of(k, table, p + len, end);
	if (*p == ' ' && p + 1 < end) {
		k = kind_at(table, p + 1, end, &len);
		if (k != SPACE)
			return run_of(k, table, p + 1 + len, end);
	}
	return space_run(table, p, end);
}

static inline bool
is_eol(uint8_t c)
{
	return c == '\r' || c == '\n';
}

/* \s*[\r\n]+ or else the spaces as above. */
static inline const uint8_t *
cl100k_space(const uint8_t *table, const uint8_t *p, const uint8_t *end)
{
	const uint8_t *q = p, *eol = NULL, *last = p;
	size_t len;

	while (q < end && kind_at(table, q, end, &len) == SPACE) {
		last = q;
		if (is_eol(*q))
			eol = q + 1;
		q += len;
	}
	if (eol)
		return eol;
	return q < end && last > p ? last : q;
}

static inline const uint8_t *
cl100k_digits(
    const uint8_t *table, const uint8_t *p, const uint8_t *end, int most)
{
	size_t len;

	for (; most && p < end && kind_at(table, p, end, &len) == NUMBER;
	     most--)
		p += len;
	return p;
}

static inline const uint8_t *
cl100k_other(const uint8_t *table, const uint8_t *p, const uint8_t *end)
{
	p = run_of(OTHER, table, p, end);
	while (p < end && is_eol(*p))
		p++;
	return p;
}

static inline const uint8_t *
cl100k_piece(
    const uint8_t *table, const uint8_t *p, const uint8_t *end, int most)
{
	enum kind k, then = SPACE;
	size_t len, more;

	if (end - p > 1 && ascii_is_letter(p[*p == ' ']))
		return letters(table, p + 1, end);
	if (*p == '\'' && (more = contraction_fold(p, end)))
		return p + 1 + more;
	k = kind_at(table, p, end, &len);
	if (k == LETTER)
		return letters(table, p + len, end);
	if (k == NUMBER)
		return cl100k_digits(table, p, end, most);
	if (p + len < end)
		then = kind_at(table, p + len, end, &more);
	if (then == LETTER && !is_eol(*p))
		return letters(table, p + len, end);
	if (k == OTHER)
		return cl100k_other(table, p, end);
	if (*p == ' ' && then == OTHER)
		return cl100k_other(table, p + 1, end);
	return cl100k_space(table, p, end);
}

/* o200k's [\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}] and the same with \p{Ll}. */
static inline bool
is_upper(unsigned class)
{
	return class == UC_UPPER || class == UC_CASELESS || class == UC_MARK;
}

static inline bool
is_lower(unsigned class)
{
	return class == UC_LOWER || class == UC_CASELESS || class == UC_MARK;
}

/*
 * upper* lower+ from p: *lower is its end, or NULL.  Where no small letter
 * follows the first run, that gives back down to its last caseless one.
 * Returns the end of upper+, p if that doesn't match.
 */
static inline const uint8_t *
o200k_runs(const uint8_t *table, const uint8_t *p, const uint8_t *end,
    const uint8_t **lower)
{
	unsigned class = UC_OTHER;
	const uint8_t *upper;
	size_t len;

	*lower = NULL;
	while (p < end && is_upper(class = uclass_get(table, p, end, &len))) {
		p += len;
		if (class != UC_UPPER)
			*lower = p;
	}
	upper = p;
	p = ascii_small(p, end);
	while (p < end && is_lower(uclass_get(table, p, end, &len)))
		p += len;
	if (p > upper)
		*lower = p;
	return upper;
}

/* A word that begins at p or behind the character of len bytes there. */
static inline const uint8_t *
o200k_word(const uint8_t *table, const uint8_t *p, const uint8_t *end,
    unsigned class, size_t len)
{
	bool prefix = class < UC_UPPER && class != UC_NUMBER &&
		      (*p != '\r' && *p != '\n') && p + len < end;
	const uint8_t *lower = NULL, *upper, *after = p + len;
	bool some = false;

	if (prefix) {
		after = o200k_runs(table, p + len, end, &lower);
		some = after > p + len;
	}
	if (!lower && (class == UC_MARK || class >= UC_UPPER)) {
		upper = o200k_runs(table, p, end, &lower);
		if (!some) {
			some = upper > p;
			after = upper;
		}
	}
	if (!lower && !some)
		return NULL;
	p = lower ? lower : after;
	if (p < end && *p == '\'' && (len = contraction_fold(p, end)))
		p += 1 + len;
	return p;
}

/* [^\s\p{L}\p{N}]+[\r\n/]* */
static inline const uint8_t *
o200k_other(const uint8_t *table, const uint8_t *p, const uint8_t *end)
{
	p = run_of(OTHER, table, p, end);
	while (p < end && (is_eol(*p) || *p == '/'))
		p++;
	return p;
}

static inline const uint8_t *
o200k_piece(const uint8_t *table, const uint8_t *p, const uint8_t *end)
{
	const uint8_t *word;
	size_t len, more;
	unsigned class = uclass_get(table, p, end, &len);

	if (class == UC_NUMBER)
		return cl100k_digits(table, p, end, 3);
	word = o200k_word(table, p, end, class, len);
	if (word)
		return word;
	if (kinds[class] == OTHER)
		return o200k_other(table, p, end);
	if (*p == ' ' && p + 1 < end &&
	    kind_at(table, p + 1, end, &more) == OTHER)
		return o200k_other(table, p + 1, end);
	return cl100k_space(table, p, end);
}

static inline const uint8_t *
whitespace_piece(const uint8_t *table, const uint8_t *p, const uint8_t *end)
{
	size_t len;
	bool space = kind_at(table, p, end, &len) == SPACE;

	do
		p += len;
	while (p < end && (kind_at(table, p, end, &len) == SPACE) == space);
	return p;
}

static inline const uint8_t *
cl100k3(const uint8_t *table, const uint8_t *p, const uint8_t *end)
{
	return cl100k_piece(table, p, end, 3);
}

static inline const uint8_t *
cl100k2(const uint8_t *table, const uint8_t *p, const uint8_t *end)
{
	return cl100k_piece(table, p, end, 2);
}

static inline const uint8_t *
cl100k1(const uint8_t *table, const uint8_t *p, const uint8_t *end)
{
	return cl100k_piece(table, p, end, 1);
}

/*
 * Pieces that a window of 64 bytes shows.  Returns their number; *pos moves to
 * where the last of them ends.
 */
static inline __attribute__((always_inline)) size_t
fill_window(window_starts *window, bytemask_fn *mask, struct str text,
    size_t *pos, size_t *ends)
{
	const uint8_t *p = (const uint8_t *)text.p + *pos;
	size_t left = text.n - *pos, n = 0;
	uint8_t copy[BYTEMASK] = { 0 };
	struct bytemask m;
	uint64_t starts;
	unsigned size = BYTEMASK;

	if (left < BYTEMASK) {
		memcpy(copy, p, left);
		p = copy;
		size = (unsigned)left;
	}
	mask(&m, p);
	if (m.high && (unsigned)__builtin_ctzll(m.high) < size)
		size = (unsigned)__builtin_ctzll(m.high);
	if (!size)
		return 0;
	for (starts = window(&m, p, size); starts; starts &= starts - 1)
		ends[n++] = *pos + (unsigned)__builtin_ctzll(starts);
	if (n)
		*pos = ends[n - 1];
	return n;
}

/*
 * The loop, made once for each pattern, whose functions the compiler inlines:
 * by windows where text is ASCII, else character by character.
 */
static inline __attribute__((always_inline)) size_t
fill(pretok_piece *piece, window_starts *window, const uint8_t *table,
    struct str text, size_t *at, size_t *ends, size_t cap)
{
	bytemask_fn *mask = bytemask_best();
	const uint8_t *base = (const uint8_t *)text.p;
	size_t n = 0, pos = *at, more;

	while (n < cap && pos < text.n) {
		if (window && cap - n < BYTEMASK && n)
			break;
		if (window && cap >= BYTEMASK && pos + 1 < text.n &&
		    (base[pos] | base[pos + 1]) < 0x80 &&
		    (more = fill_window(window, mask, text, &pos, ends + n))) {
			n += more;
			continue;
		}
		pos = (size_t)(piece(table, base + pos, base + text.n) - base);
		ends[n++] = pos;
	}
	*at = pos;
	return n;
}

size_t
pretok_fill_gpt2(
    const uint8_t *table, struct str text, size_t *at, size_t *ends, size_t cap)
{
	return fill(gpt2_piece, window_gpt2, table, text, at, ends, cap);
}

size_t
pretok_fill_cl100k(
    const uint8_t *table, struct str text, size_t *at, size_t *ends, size_t cap)
{
	return fill(cl100k3, window_cl100k, table, text, at, ends, cap);
}

size_t
pretok_fill_qwen2(
    const uint8_t *table, struct str text, size_t *at, size_t *ends, size_t cap)
{
	return fill(cl100k1, window_qwen2, table, text, at, ends, cap);
}

size_t
pretok_fill_nanochat(
    const uint8_t *table, struct str text, size_t *at, size_t *ends, size_t cap)
{
	return fill(cl100k2, window_nanochat, table, text, at, ends, cap);
}

size_t
pretok_fill_o200k(
    const uint8_t *table, struct str text, size_t *at, size_t *ends, size_t cap)
{
	return fill(o200k_piece, window_o200k, table, text, at, ends, cap);
}

size_t
pretok_fill_whitespace(
    const uint8_t *table, struct str text, size_t *at, size_t *ends, size_t cap)
{
	return fill(whitespace_piece, NULL, table, text, at, ends, cap);
}
