/* SPDX-License-Identifier: MIT */
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
	for (i = 0; i < 128; i++)
		c->latin[i] = (uint8_t)(c->script[i] ? c->lower[i] : 0);
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

/* Does the run of non-space bytes at p name a page or a mailbox? */
static bool
is_address(const char *p, const char *end)
{
	const char *q;

	if (end - p > 4 && memcmp(p, "www.", 4) == 0)
		return true;
	for (q = p; q < end; q++)
		if (*q == '@' ||
		    (*q == ':' && end - q > 2 && q[1] == '/' && q[2] == '/'))
			return true;
	return false;
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

/*
 * To the first letter that counts.  A run of non-space bytes is looked at once:
 * s->chunk is where the one last looked at ends.
 */
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
		if (p >= s->chunk) {
			for (q = p; q < s->end && !is_blank(*q) && *q != '`';)
				q++;
			s->chunk = q;
			if (is_address(p, q)) {
				p = q;
				continue;
			}
		}
		script = class_of(s->chars, utf8_get(p, s->end, &len));
		if (script && script != LANG_MARK)
			break;
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

bool
lang_scan_next(struct lang_scan *s, struct lang_word *w)
{
	const char *p, *start;
	const uint8_t *latin;
	unsigned n = 0, class;
	size_t len, mark;
	uint32_t cp;

	if (!skip_to_letter(s))
		return false;
	w->script = class_of(s->chars, utf8_get(s->at, s->end, &len));
	latin = w->script == s->chars->script['a'] ? s->chars->latin : NULL;
	w->cp[n++] = ' ';
	for (p = start = s->at; p < s->end && n <= LANG_WORD; p += len) {
		len = 1;
		w->cp[n] = latin ? latin[(unsigned char)*p] : 0;
		if (w->cp[n]) {
			n++;
			continue;
		}
		cp = utf8_get(p, s->end, &len);
		class = class_of(s->chars, cp);
		if (class == w->script || class == LANG_MARK) {
			w->cp[n++] =
			    class == LANG_MARK ? cp : lower_of(s->chars, cp);
			continue;
		}
		mark = apostrophe(p, s->end);
		if (!mark || p + mark >= s->end ||
		    class_of(s->chars, utf8_get(p + mark, s->end, &len)) !=
			w->script)
			break;
		w->cp[n++] = '\'';
		len = mark;
	}
	w->cp[n++] = ' ';
	w->n = n;
	w->bytes = (size_t)(p - start);
	s->at = p;
	return true;
}

/* Products spread upwards: the first bits of the last one depend on all. */
#define GRAM_START UINT64_C(0x2545f4914f6cdd1d)
#define GRAM_STEP UINT64_C(0x9e3779b97f4a7c15)

/* The whole word, told from an n-gram of the same letters. */
static uint64_t
hash_word(const struct lang_word *w)
{
	uint64_t h = ~GRAM_START;
	unsigned i;

	for (i = 0; i < w->n; i++)
		h = (h ^ w->cp[i]) * GRAM_STEP;
	return h;
}

unsigned
lang_word_rows(
    const struct lang_word *w, struct lang_grams g, uint32_t rows[LANG_GRAMS])
{
	unsigned i, k, most, n = 0, shift = 64 - g.bits;
	uint64_t h;

	for (i = 0; i < w->n; i++) {
		h = GRAM_START;
		most = w->n - i < g.max ? w->n - i : g.max;
		for (k = 0; k < g.min - 1u && k < most; k++)
			h = (h ^ w->cp[i + k]) * GRAM_STEP;
		for (; k < most; k++) {
			h = (h ^ w->cp[i + k]) * GRAM_STEP;
			rows[n++] = (uint32_t)(h >> shift);
		}
	}
	if (w->n > g.max)
		rows[n++] = (uint32_t)(hash_word(w) >> shift);
	return n;
}
