/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/text/uni.h"
#include "base/text/utf8.h"
#include "filter/lang_scan.h"

/*
 * Scripts, and the language that a script stands for where it is the only
 * usual one, for scripts that a model was not trained on.
 * Source: ISO 15924; Unicode Scripts.txt.
 */
static const struct lang_script scripts[] = {
	{ "Zzzz", NULL },
	{ "Latn", NULL },
	{ "Grek", "el" },
	{ "Cyrl", NULL },
	{ "Armn", "hy" },
	{ "Hebr", "he" },
	{ "Arab", NULL },
	{ "Thaa", "dv" },
	{ "Nkoo", "nqo" },
	{ "Deva", NULL },
	{ "Beng", "bn" },
	{ "Guru", "pa" },
	{ "Gujr", "gu" },
	{ "Orya", "or" },
	{ "Taml", "ta" },
	{ "Telu", "te" },
	{ "Knda", "kn" },
	{ "Mlym", "ml" },
	{ "Sinh", "si" },
	{ "Thai", "th" },
	{ "Laoo", "lo" },
	{ "Tibt", "bo" },
	{ "Mymr", "my" },
	{ "Geor", "ka" },
	{ "Hang", "ko" },
	{ "Ethi", "am" },
	{ "Cher", "chr" },
	{ "Cans", "iu" },
	{ "Khmr", "km" },
	{ "Mong", "mn" },
	{ "Limb", "lif" },
	{ "Olck", "sat" },
	{ "Hani", "zh" },
	{ "Yiii", "ii" },
	{ "Vaii", "vai" },
	{ "Syrc", "syr" },
};

/* Blocks that hold the letters of a script, in order. */
static const struct {
	uint16_t first, last;
	char name[5];
} blocks[] = {
	{ 0x0041, 0x02af, "Latn" },
	{ 0x0370, 0x03ff, "Grek" },
	{ 0x0400, 0x052f, "Cyrl" },
	{ 0x0531, 0x058f, "Armn" },
	{ 0x0590, 0x05ff, "Hebr" },
	{ 0x0600, 0x06ff, "Arab" },
	{ 0x0700, 0x074f, "Syrc" },
	{ 0x0750, 0x077f, "Arab" },
	{ 0x0780, 0x07bf, "Thaa" },
	{ 0x07c0, 0x07ff, "Nkoo" },
	{ 0x0870, 0x08ff, "Arab" },
	{ 0x0900, 0x097f, "Deva" },
	{ 0x0980, 0x09ff, "Beng" },
	{ 0x0a00, 0x0a7f, "Guru" },
	{ 0x0a80, 0x0aff, "Gujr" },
	{ 0x0b00, 0x0b7f, "Orya" },
	{ 0x0b80, 0x0bff, "Taml" },
	{ 0x0c00, 0x0c7f, "Telu" },
	{ 0x0c80, 0x0cff, "Knda" },
	{ 0x0d00, 0x0d7f, "Mlym" },
	{ 0x0d80, 0x0dff, "Sinh" },
	{ 0x0e00, 0x0e7f, "Thai" },
	{ 0x0e80, 0x0eff, "Laoo" },
	{ 0x0f00, 0x0fff, "Tibt" },
	{ 0x1000, 0x109f, "Mymr" },
	{ 0x10a0, 0x10ff, "Geor" },
	{ 0x1100, 0x11ff, "Hang" },
	{ 0x1200, 0x139f, "Ethi" },
	{ 0x13a0, 0x13ff, "Cher" },
	{ 0x1400, 0x167f, "Cans" },
	{ 0x1780, 0x17ff, "Khmr" },
	{ 0x1800, 0x18af, "Mong" },
	{ 0x18b0, 0x18ff, "Cans" },
	{ 0x1900, 0x194f, "Limb" },
	{ 0x1c50, 0x1c7f, "Olck" },
	{ 0x1c80, 0x1c8f, "Cyrl" },
	{ 0x1c90, 0x1cbf, "Geor" },
	{ 0x1e00, 0x1eff, "Latn" },
	{ 0x1f00, 0x1fff, "Grek" },
	{ 0x2c60, 0x2c7f, "Latn" },
	{ 0x2d00, 0x2d2f, "Geor" },
	{ 0x2d80, 0x2ddf, "Ethi" },
	{ 0x3005, 0x3007, "Hani" },
	{ 0x3040, 0x312f, "Hani" },
	{ 0x3130, 0x318f, "Hang" },
	{ 0x31a0, 0x31ff, "Hani" },
	{ 0x3400, 0x9fff, "Hani" },
	{ 0xa000, 0xa4cf, "Yiii" },
	{ 0xa500, 0xa63f, "Vaii" },
	{ 0xa720, 0xa7ff, "Latn" },
	{ 0xac00, 0xd7ff, "Hang" },
	{ 0xf900, 0xfaff, "Hani" },
	{ 0xfb00, 0xfb06, "Latn" },
	{ 0xfb13, 0xfb17, "Armn" },
	{ 0xfb1d, 0xfb4f, "Hebr" },
	{ 0xfb50, 0xfdff, "Arab" },
	{ 0xfe70, 0xfefe, "Arab" },
	{ 0xff21, 0xff5a, "Latn" },
	{ 0xff66, 0xff9f, "Hani" },
};

const struct lang_script *
lang_script(unsigned i)
{
	return i < sizeof(scripts) / sizeof(*scripts) ? &scripts[i] : NULL;
}

static unsigned
script_number(const char *name)
{
	unsigned i;

	for (i = 0; str_cmp(str_c(scripts[i].name), str_c(name)) != 0; i++)
		;
	return i;
}

static void
init_block(struct lang_chars *c, uint32_t first, uint32_t last, unsigned script)
{
	uint32_t cp, lower;

	for (cp = first; cp <= last; cp++) {
		if (!(uni_class(cp) & (UNI_LETTER | UNI_MARK)))
			continue;
		lower = uni_lower(cp);
		c->script[cp] = (uint8_t)script;
		c->lower[cp] = (uint16_t)(lower < LANG_PLANE ? lower : cp);
	}
}

void
lang_chars_init(struct lang_chars *c)
{
	size_t i;

	*c = (struct lang_chars){ .script = { 0 } };
	for (i = 0; i < sizeof(blocks) / sizeof(*blocks); i++)
		init_block(c, blocks[i].first, blocks[i].last,
		    script_number(blocks[i].name));
	init_block(c, 0x300, 0x36f, LANG_MARK);
}

/* Ideographs beyond the first plane are letters like the others. */
static unsigned
class_of(const struct lang_chars *c, uint32_t cp)
{
	if (cp < LANG_PLANE)
		return c->script[cp];
	return cp >= 0x20000 && cp <= 0x3ffff ? c->script[0x4e00] : 0;
}

static uint32_t
lower_of(const struct lang_chars *c, uint32_t cp)
{
	return cp < LANG_PLANE ? c->lower[cp] : cp;
}

static bool
is_blank(char ch)
{
	return (unsigned char)ch <= ' ';
}

static const char *
find(const char *p, const char *end, char ch)
{
	const char *q = memchr(p, ch, (size_t)(end - p));

	return q ? q : end;
}

void
lang_scan_init(struct lang_scan *s, const struct lang_chars *c, struct str text)
{
	const char *end = text.p + text.n;

	*s = (struct lang_scan){ .chars = c,
		.at = text.p,
		.end = end,
		.chunk = text.p,
		.mail = text.n ? find(text.p, end, '@') : end,
		.scheme = text.n ? find(text.p, end, ':') : end };
}

/* Does the run of non-space bytes from p to q name a mailbox or a page? */
static bool
is_address(struct lang_scan *s, const char *p, const char *q)
{
	if (s->mail < p)
		s->mail = find(p, s->end, '@');
	if (s->scheme < p)
		s->scheme = find(p, s->end, ':');
	while (s->scheme < q) {
		if (q - s->scheme > 2 && s->scheme[1] == '/' &&
		    s->scheme[2] == '/')
			return true;
		s->scheme = find(s->scheme + 1, s->end, ':');
	}
	return s->mail < q;
}

static const char *
run_end(const char *p, const char *end)
{
	while (p < end && !is_blank(*p) && *p != '`')
		p++;
	return p;
}

/*
 * Behind the address that the run at p is, or p.  A run is looked at once, and
 * only if the text has an @ or : left.
 */
static const char *
skip_address(struct lang_scan *s, const char *p)
{
	const char *q;

	if (p < s->chunk || (s->mail == s->end && s->scheme == s->end))
		return p;
	q = s->chunk = run_end(p, s->end);
	return is_address(s, p, q) ? q : p;
}

/* Behind what stands between backquotes at p; p + 1 if none closes. */
static const char *
skip_code(const char *p, const char *end)
{
	const char *q;

	for (q = p + 1; q < end && *q != '\n' && q - p < 512; q++)
		if (*q == '`')
			return q + 1;
	return p + 1;
}

/* To the first letter that counts. */
static bool
skip_to_letter(struct lang_scan *s)
{
	const char *p = s->at, *q;
	unsigned script;
	size_t len;

	while (p < s->end) {
		if (is_blank(*p)) {
			p++;
			continue;
		}
		if (*p == '`') {
			p = skip_code(p, s->end);
			continue;
		}
		q = skip_address(s, p);
		if (q != p) {
			p = q;
			continue;
		}
		script = class_of(s->chars, utf8_get(p, s->end, &len));
		if (script && script != LANG_MARK) {
			if (*p != 'w' || s->end - p <= 4 ||
			    memcmp(p, "www.", 4) != 0)
				break;
			p = run_end(p, s->end);
			continue;
		}
		p += len;
	}
	s->at = p;
	return p < s->end;
}

/* Bytes of an apostrophe at p, 0 if there is none. */
static size_t
apostrophe(const char *p, const char *end)
{
	size_t len;
	uint32_t cp;

	if (*p == '\'')
		return 1;
	if (end - p < 2 || (unsigned char)*p < 0xc0)
		return 0;
	cp = utf8_get(p, end, &len);
	return cp == 0x2019 || cp == 0x2bc ? len : 0;
}

enum { LETTERS = 8 /* looked at together */ };

typedef uint8_t letters __attribute__((vector_size(LETTERS)));
typedef uint32_t points __attribute__((vector_size(4 * LETTERS), aligned(4)));

/* The byte b eight times. */
#define EACH(b) (UINT64_C(0x0101010101010101) * (b))

/*
 * The letters of ASCII that p begins with, at most LETTERS, in lower case; cp
 * has room for LETTERS.  Sums of bytes below 128 carry nothing over.
 */
static inline unsigned
put_letters(const char *p, uint32_t *cp)
{
	uint64_t x, low, others;
	letters v;

	memcpy(&x, p, sizeof(x));
	low = (x | EACH(0x20)) & EACH(0x7f);
	others = ~((low + EACH(0x80 - 'a')) & ~(low + EACH(0x7f - 'z')) & ~x) &
		 EACH(0x80);
	memcpy(&v, &low, sizeof(v));
	*(points *)cp = __builtin_convertvector(v, points);
	return others ? (unsigned)__builtin_ctzll(others) / 8 : LETTERS;
}

/*
 * The letter, mark or apostrophe within the word at p, to *cp; its bytes, 0 if
 * the word ends here.
 */
static size_t
next_letter(
    const struct lang_scan *s, const char *p, unsigned script, uint32_t *cp)
{
	unsigned class;
	size_t len, mark;

	*cp = utf8_get(p, s->end, &len);
	class = class_of(s->chars, *cp);
	if (class == LANG_MARK)
		return len;
	if (class == script) {
		*cp = lower_of(s->chars, *cp);
		return len;
	}
	mark = apostrophe(p, s->end);
	*cp = '\'';
	return mark && p + mark < s->end &&
		       class_of(s->chars, utf8_get(p + mark, s->end, &len)) ==
			   script
		   ? mark
		   : 0;
}

bool
lang_scan_next(struct lang_scan *s, struct lang_word *w)
{
	const char *p, *start;
	unsigned n = 0, most;
	bool latin;
	size_t len;

	if (!skip_to_letter(s))
		return false;
	w->script = class_of(s->chars, utf8_get(s->at, s->end, &len));
	latin = w->script == s->chars->script['a'];
	w->cp[n++] = ' ';
	for (p = start = s->at; p < s->end && n <= LANG_WORD; p += len) {
		if (latin && s->end - p >= LETTERS) {
			most = LANG_WORD + 1 - n;
			len = put_letters(p, w->cp + n);
			len = len < most ? len : most;
			n += (unsigned)len;
			if (len)
				continue;
		}
		len = next_letter(s, p, w->script, w->cp + n);
		if (!len)
			break;
		n++;
	}
	w->cp[n++] = ' ';
	w->n = n;
	w->bytes = (size_t)(p - start);
	s->at = p;
	return true;
}
