/* SPDX-License-Identifier: MIT */
#include "base/bytes.h"
#include "base/text/uni.h"
#include "base/text/utf8.h"
#include "filter/spaces.h"
#include "filter/unicode_words.h"

enum kind {
	OTHER,
	LETTER,
	NUMERIC,
	KATAKANA,
	JOINER,     /* underscores and the like */
	MID_LETTER, /* between letters */
	MID_NUMBER, /* between numbers */
	MID_EITHER, /* between letters, or between numbers */
	EXTEND,     /* belongs to what is before it */
	LINE_END,
	SPACE
};

static bool
in(uint32_t cp, const uint32_t (*runs)[2], size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (cp >= runs[i][0] && cp <= runs[i][1])
			return true;
	return false;
}
#define IN(cp, runs) in(cp, runs, sizeof(runs) / sizeof(*(runs)))

static enum kind
ascii_kind(uint32_t cp)
{
	if ((cp | 0x20) >= 'a' && (cp | 0x20) <= 'z')
		return LETTER;
	if (cp >= '0' && cp <= '9')
		return NUMERIC;
	switch (cp) {
	case '_':
		return JOINER;
	case ':':
		return MID_LETTER;
	case ',':
	case ';':
		return MID_NUMBER;
	case '.':
	case '\'':
		return MID_EITHER;
	case '\n':
	case '\r':
	case '\v':
	case '\f':
		return LINE_END;
	case ' ':
		return SPACE;
	}
	return OTHER;
}

/* Letters that are words each: Han, Hiragana, and the scripts of South-East
 * Asia that put no spaces. */
static bool
stands_alone(uint32_t cp)
{
	static const uint32_t runs[][2] = { { 0x0e00, 0x0eff },
		{ 0x1000, 0x109f }, { 0x1780, 0x17ff }, { 0x1950, 0x19df },
		{ 0x1a20, 0x1aaf }, { 0x2e80, 0x2fff }, { 0x3006, 0x3007 },
		{ 0x3021, 0x3029 }, { 0x3038, 0x303a }, { 0x3041, 0x3096 },
		{ 0x309f, 0x309f }, { 0x3400, 0x4dbf }, { 0x4e00, 0x9fff },
		{ 0xa9e0, 0xa9ff }, { 0xaa60, 0xaadf }, { 0xf900, 0xfaff },
		{ 0x1b001, 0x1b11f }, { 0x1b150, 0x1b152 },
		{ 0x20000, 0x3ffff } };

	return cp >= 0xe00 && IN(cp, runs);
}

static bool
is_katakana(uint32_t cp)
{
	static const uint32_t runs[][2] = { { 0x3031, 0x3035 },
		{ 0x309b, 0x309c }, { 0x30a0, 0x30fa }, { 0x30fc, 0x30ff },
		{ 0x31f0, 0x31ff }, { 0x32d0, 0x32fe }, { 0x3300, 0x3357 },
		{ 0xff66, 0xff9d }, { 0x1b000, 0x1b000 },
		{ 0x1b164, 0x1b167 } };

	return cp >= 0x3000 && IN(cp, runs);
}

/* The kind of frequent letters and marks beyond ASCII, without looking at all
 * there is: as rare_kind() has it. */
static inline bool
frequent_kind(uint32_t cp, enum kind *kind)
{
	if ((cp >= 0xc0 && cp <= 0x2c1 && cp != 0xd7 && cp != 0xf7) ||
	    (cp >= 0x3a3 && cp <= 0x3f5) || (cp >= 0x400 && cp <= 0x481) ||
	    (cp >= 0x620 && cp <= 0x64a) || (cp >= 0xac00 && cp <= 0xd7a3))
		*kind = LETTER;
	else if ((cp >= 0x4e00 && cp <= 0x9fff) ||
		 (cp >= 0x2010 && cp <= 0x2023 && (cp & ~1u) != 0x2018))
		*kind = OTHER;
	else
		return false;
	return true;
}

static enum kind
rare_kind(uint32_t cp)
{
	static const uint32_t spaces[][2] = { { 0x1680, 0x1680 },
		{ 0x2000, 0x2006 }, { 0x2008, 0x200a }, { 0x205f, 0x205f },
		{ 0x3000, 0x3000 } };
	static const uint32_t formats[][2] = { { 0xad, 0xad }, { 0x600, 0x605 },
		{ 0x61c, 0x61c }, { 0x6dd, 0x6dd }, { 0x70f, 0x70f },
		{ 0x180e, 0x180e }, { 0x200c, 0x200f }, { 0x202a, 0x202e },
		{ 0x2060, 0x2064 }, { 0x2066, 0x206f }, { 0xfeff, 0xfeff },
		{ 0xff9e, 0xff9f }, { 0xfff9, 0xfffb }, { 0x1f3fb, 0x1f3ff },
		{ 0xe0001, 0xe007f } };
	unsigned class;

	if (cp == 0xb7 || cp == 0x387 || cp == 0x55f || cp == 0x5f4 ||
	    cp == 0x2027 || cp == 0xfe13 || cp == 0xfe55 || cp == 0xff1a)
		return MID_LETTER;
	if (cp == 0x2018 || cp == 0x2019 || cp == 0x2024 || cp == 0xfe52 ||
	    cp == 0xff07 || cp == 0xff0e)
		return MID_EITHER;
	if (cp == 0x37e || cp == 0x589 || cp == 0x60c || cp == 0x60d ||
	    cp == 0x66c || cp == 0x7f8 || cp == 0x2044 || cp == 0xfe10 ||
	    cp == 0xfe14 || cp == 0xfe50 || cp == 0xfe54 || cp == 0xff0c ||
	    cp == 0xff1b)
		return MID_NUMBER;
	if (cp == 0x66b)
		return NUMERIC;
	if (cp == 0x85 || cp == 0x2028 || cp == 0x2029)
		return LINE_END;
	if (IN(cp, spaces))
		return SPACE;
	if (cp == 0x202f || cp == 0x203f || cp == 0x2040 || cp == 0x2054 ||
	    cp == 0xfe33 || cp == 0xfe34 || (cp >= 0xfe4d && cp <= 0xfe4f) ||
	    cp == 0xff3f)
		return JOINER;
	class = uni_class(cp);
	if (class & UNI_MARK || IN(cp, formats))
		return EXTEND;
	if (class & UNI_DIGIT)
		return NUMERIC;
	if (is_katakana(cp))
		return KATAKANA;
	if (class & UNI_LETTER && !stands_alone(cp))
		return LETTER;
	return OTHER;
}

static inline enum kind
kind_of(uint32_t cp)
{
	enum kind kind;

	if (cp < 0x80)
		return ascii_kind(cp);
	return frequent_kind(cp, &kind) ? kind : rare_kind(cp);
}

/* The kind at p, and where what belongs to it ends. */
static enum kind
look(const char *p, const char *end, const char **behind)
{
	enum kind kind;
	size_t len;

	kind = kind_of(utf8_get(p, end, &len));
	p += len;
	if (kind != LINE_END)
		while (
		    p < end && ((unsigned char)*p >= 0x80 &&
				   kind_of(utf8_get(p, end, &len)) == EXTEND))
			p += len;
	*behind = p;
	return kind;
}

/* Does no word end between the two? */
static bool
joined(enum kind a, enum kind b)
{
	bool letters = a == LETTER || a == NUMERIC;

	if (letters && (b == LETTER || b == NUMERIC))
		return true;
	if (a == KATAKANA && b == KATAKANA)
		return true;
	if (b == JOINER)
		return letters || a == KATAKANA || a == JOINER;
	return a == JOINER && (b == LETTER || b == NUMERIC || b == KATAKANA);
}

/* Is the mark of kind `mid` between the two part of the word? */
static bool
joins(enum kind a, enum kind mid, enum kind b)
{
	if (a == LETTER && b == LETTER)
		return mid == MID_LETTER || mid == MID_EITHER;
	return a == NUMERIC && b == NUMERIC &&
	       (mid == MID_NUMBER || mid == MID_EITHER);
}

bool
unicode_words_next(struct unicode_words *w, struct str *piece)
{
	const char *p = w->text.p, *end = p + w->text.n, *stop, *behind;
	enum kind kind, next, third;

	if (!w->text.n)
		return false;
	kind = look(p, end, &stop);
	if (*p == '\r' && stop < end && *stop == '\n')
		stop++;
	for (; stop < end && kind != LINE_END; stop = behind) {
		next = look(stop, end, &behind);
		if (kind == SPACE && next == SPACE)
			continue;
		if (joined(kind, next)) {
			kind = next;
			continue;
		}
		if (behind == end || (kind != LETTER && kind != NUMERIC))
			break;
		third = look(behind, end, &behind);
		if (!joins(kind, next, third))
			break;
		kind = third;
	}
	*piece = (struct str){ p, (size_t)(stop - p) };
	w->text = (struct str){ stop, (size_t)(end - stop) };
	return true;
}

/* Characters of ASCII: part of a word, no part of any, or what is around must
 * tell. */
enum { AROUND = 0, WITHIN = 1, WITHOUT = 2 };

#define A AROUND
#define I WITHIN
#define O WITHOUT
static const uint8_t places[256] = {
	O, O, O, O, O, O, O, O, O, O, O, O, O, O, O, O, /* 00 */
	O, O, O, O, O, O, O, O, O, O, O, O, O, O, O, O, /* 10 */
	O, O, O, O, O, O, O, A, O, O, O, O, A, O, A, O, /* 20 */
	I, I, I, I, I, I, I, I, I, I, A, A, O, O, O, O, /* 30 */
	O, I, I, I, I, I, I, I, I, I, I, I, I, I, I, I, /* 40 */
	I, I, I, I, I, I, I, I, I, I, I, O, O, O, O, A, /* 50 */
	O, I, I, I, I, I, I, I, I, I, I, I, I, I, I, I, /* 60 */
	I, I, I, I, I, I, I, I, I, I, I, O, O, O, O, O, /* 70 */
};
#undef A
#undef I
#undef O

static inline uint8_t
place_of(const char *p)
{
	return places[(unsigned char)*p];
}

/* What belongs to no word at p < end, up to where the rules must be asked. */
static const char *
skip_marks(const char *p, const char *end)
{
	while (p < end && place_of(p) != WITHIN && *p != '_' &&
	       (unsigned char)*p < 0x80) {
		/* What is beyond ASCII may belong to it. */
		if (p + 1 < end && (unsigned char)p[1] >= 0x80)
			break;
		p++;
	}
	return p;
}

/* Where the word at p ends, all of it letters and numbers of ASCII; NULL if the
 * rules must be asked. */
static const char *
plain_end(const char *p, const char *end)
{
	bytes v, other;

	for (; end - p >= BYTES; p += BYTES) {
		v = bytes_load(p);
		other = (bytes)(((v | 0x20) - 'a' >= 26) & (v - '0' >= 10));
		if (bytes_mask(other)) {
			p += bytes_first(other);
			break;
		}
	}
	while (p < end && place_of(p) == WITHIN)
		p++;
	if (p == end || place_of(p) == WITHOUT)
		return p;
	/* A mark joins what is on both sides of it. */
	if (*p == '_' || (unsigned char)*p >= 0x80)
		return NULL;
	return p + 1 == end ||
		       ((unsigned char)p[1] < 0x80 && place_of(p + 1) != WITHIN)
		   ? p
		   : NULL;
}

bool
unicode_words_begun(struct unicode_words *w, struct str *word)
{
	const char *end = w->text.p + w->text.n, *p, *stop;
	size_t len;

	for (;;) {
		p = skip_marks(w->text.p, end);
		stop =
		    p < end && place_of(p) == WITHIN ? plain_end(p, end) : NULL;
		w->text = (struct str){ p, (size_t)(end - p) };
		if (stop) {
			*word = (struct str){ p, (size_t)(stop - p) };
			w->text = (struct str){ stop, (size_t)(end - stop) };
			return true;
		}
		if (!unicode_words_next(w, word))
			return false;
		if (begun_at(word->p, word->p + word->n, &len))
			return true;
	}
}
