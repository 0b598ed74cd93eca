/* SPDX-License-Identifier: MIT */
/*
 * The scanners against PCRE2 running each pattern, written out here once more,
 * on random text: valid, invalid, and made of what patterns trip over.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/text/utf8.h"
#include "../tap.h"
#include "tokenizer/bytemask.h"
#include "tokenizer/pretok.h"
#include "tokenizer/uclass.h"

/* White space by properties: PCRE2's own \s has U+180E as well. */
#define S "\\p{Z}\\x09-\\x0d\\x{85}"
#define TAIL "[" S "]+(?![^" S "])|[" S "]+"
#define CL(D) \
	"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|" D \
	"| ?[^" S "\\p{L}\\p{N}]+[\\r\\n]*|[" S "]*[\\r\\n]+|" TAIL

static const struct {
	const char *name, *regex;
} patterns[] = {
	{ "gpt2", "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^" S
		  "\\p{L}\\p{N}]+|" TAIL },
	{ "cl100k", CL("\\p{N}{1,3}") },
	{ "qwen2", CL("\\p{N}") },
	{ "nanochat", CL("\\p{N}{1,2}") },
	{ "o200k",
	    "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{"
	    "Ll}\\p{Lm}\\p{Lo}\\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|"
	    "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{"
	    "Ll}\\p{Lm}\\p{Lo}\\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|"
	    "\\p{N}{1,3}| ?[^" S "\\p{L}\\p{N}]+[\\r\\n/]*|[" S
	    "]*[\\r\\n]+|" TAIL },
	{ "whitespace", "[^" S "]+|[" S "]+" },
};

enum { NPATTERN = sizeof(patterns) / sizeof(*patterns), MAXCHAR = 200 };

static uint64_t seed = 1;
static int ntext = 3000; /* of a kind; more: argv[1] */

static uint64_t
rnd(uint64_t n)
{
	return mix64(++seed) % n;
}

static pcre2_code *
compile(const char *regex)
{
	PCRE2_SIZE at;
	int bad;
	pcre2_code *c = pcre2_compile((PCRE2_SPTR)regex, strlen(regex),
	    PCRE2_UTF | PCRE2_UCP, &bad, &at, NULL);

	if (!c)
		abort();
	pcre2_jit_compile(c, PCRE2_JIT_COMPLETE);
	return c;
}

/* ---- the classes ---- */

static const struct {
	const char *regex;
	unsigned class;
} classes[] = {
	{ "[" S "]", UC_SPACE },
	{ "\\p{N}", UC_NUMBER },
	{ "\\p{M}", UC_MARK },
	{ "[\\p{Lu}\\p{Lt}]", UC_UPPER },
	{ "\\p{Ll}", UC_LOWER },
	{ "[\\p{Lm}\\p{Lo}]", UC_CASELESS },
	{ "\\p{Cn}", 99 },
};

enum { NCLASS = sizeof(classes) / sizeof(*classes) };

/* PCRE2's class, 99 for a code point that it doesn't know. */
static unsigned
pcre_class(pcre2_code *const *re, pcre2_match_data *m, uint32_t cp)
{
	char s[4];
	size_t n = utf8_put(s, cp), i;

	for (i = 0; i < NCLASS; i++)
		if (pcre2_match(re[i], (PCRE2_SPTR)s, n, 0, PCRE2_NO_UTF_CHECK,
			m, NULL) > 0)
			return classes[i].class;
	return UC_OTHER;
}

/* All code points, for the texts below. */
static uint32_t *pool;
static size_t npool;

/* PCRE2's version of Unicode, or 0 where we lack it. */
static unsigned
pcre_unicode(void)
{
	char s[32] = "";
	int v;

	pcre2_config(PCRE2_CONFIG_UNICODE_VERSION, s);
	v = atoi(s);
	return v < UNICODE_FIRST || v > UNICODE_LAST ? 0 : (unsigned)v;
}

static void
test_classes(void)
{
	pcre2_code *re[NCLASS];
	pcre2_match_data *m = pcre2_match_data_create(1, NULL);
	const uint8_t *table = uclass_table(pcre_unicode());
	size_t differ = 0, i, len;
	uint8_t s[4];
	uint32_t cp;

	for (i = 0; i < NCLASS; i++)
		re[i] = compile(classes[i].regex);
	pool = malloc(0x110000 * sizeof(*pool));
	for (cp = 0; pool && cp < 0x110000; cp++) {
		unsigned want, got;

		if (cp >= 0xd800 && cp < 0xe000)
			continue;
		want = pcre_class(re, m, cp);
		got = uclass_get(table, s, s + utf8_put((char *)s, cp), &len);
		if (want == got || (want == 99 && got == UC_OTHER))
			pool[npool++] = cp;
		else if (want != 99 && got != UC_OTHER)
			differ++;
	}
	OK(differ == 0, "classes are those of PCRE2 (%zu differ)", differ);
	OK(npool > 1100000, "and it knows nearly all (%zu)", npool);
	OK(!pcre_unicode() || npool == 0x110000 - 0x800,
	    "in its version it is all of them");
	for (i = 0; i < NCLASS; i++)
		pcre2_code_free(re[i]);
	pcre2_match_data_free(m);
}

/* Only those that are in the last version what they were in PCRE2's. */
static void
keep_known(void)
{
	const uint8_t *then = uclass_table(pcre_unicode());
	const uint8_t *now = uclass_table(0);
	size_t i, n = 0;

	for (i = 0; i < npool; i++)
		if (pool[i] >= UCLASS_TABLE || then[pool[i]] == now[pool[i]])
			pool[n++] = pool[i];
	npool = n;
}

/* Code points of each class as versions 15 and 16 brought them. */
static void
test_versions(void)
{
	static const struct {
		uint32_t cp;
		unsigned since, class;
	} new[] = { { 0x0cf3, 15, UC_MARK }, { 0x11f04, 15, UC_CASELESS },
		{ 0x1e4d0, 15, UC_CASELESS }, { 0x1d2c0, 15, UC_NUMBER },
		{ 0x31350, 15, UC_CASELESS }, { 0x1c89, 16, UC_UPPER },
		{ 0x1c8a, 16, UC_LOWER }, { 0xa7cd, 16, UC_LOWER },
		{ 0x10d40, 16, UC_NUMBER }, { 0x10d4e, 16, UC_CASELESS },
		{ 0x10d69, 16, UC_MARK }, { 0x16d40, 16, UC_CASELESS },
		{ 'a', 14, UC_LOWER }, { 0x3000, 14, UC_SPACE },
		{ 0x2ff0, 14, UC_OTHER }, { 0xe0100, 14, UC_MARK } };
	size_t i, len, bad = 0;
	uint8_t s[4], n;
	unsigned v, want;

	for (i = 0; i < sizeof(new) / sizeof(*new); i++)
		for (v = 14; v <= 16; v++) {
			n = (uint8_t)utf8_put((char *)s, new[i].cp);
			want = v < new[i].since ? UC_OTHER : new[i].class;
			bad +=
			    uclass_get(uclass_table(v), s, s + n, &len) != want;
		}
	OK(bad == 0, "versions know what they brought (%zu don't)", bad);
	OK(uclass_table(0) == uclass_table(16), "the last is the default");
}

/* ---- masks of 64 bytes ---- */

static void
test_masks(void)
{
	struct bytemask want, got;
	uint8_t p[BYTEMASK];
	int level, i, k, bad;

	for (level = 1; level < BYTEMASK_LEVELS; level++) {
		for (i = bad = 0; i < 2000; i++) {
			for (k = 0; k < BYTEMASK; k++)
				p[k] = (uint8_t)(i < 8 ? (uint64_t)(i * 64 + k)
						       : rnd(256));
			bytemask_force(BYTEMASK_PLAIN);
			bytemask_best()(&want, p);
			if (!bytemask_force((enum bytemask_level)level))
				continue;
			bytemask_best()(&got, p);
			bad += memcmp(&want, &got, sizeof(got)) != 0;
		}
		OK(bad == 0, "masks of level %d are the plain ones (%d differ)",
		    level, bad);
	}
}

/* ---- texts ---- */

/* A text as we get it, and as the oracle does, character by character. */
struct sample {
	char raw[4 * MAXCHAR], clean[4 * MAXCHAR];
	size_t nraw, nclean, nchar;
	size_t raw_at[MAXCHAR + 1], clean_at[MAXCHAR + 1];
};

static void
add_char(struct sample *s, uint32_t cp, int stray)
{
	char c[4];
	size_t n = utf8_put(c, stray >= 0 ? 0xfffd : cp);

	memcpy(s->clean + s->nclean, c, n);
	s->nclean += n;
	if (stray >= 0) {
		s->raw[s->nraw++] = (char)stray;
	} else {
		memcpy(s->raw + s->nraw, c, n);
		s->nraw += n;
	}
	s->nchar++;
	s->raw_at[s->nchar] = s->nraw;
	s->clean_at[s->nchar] = s->nclean;
}

/* What patterns treat in some special way. */
static uint32_t
tricky(void)
{
	static const uint32_t cps[] = { ' ', ' ', ' ', '\n', '\r', '\t', '\'',
		'\'', 's', 'S', 't', 'r', 'e', 'E', 'v', 'm', 'l', 'L', 'd',
		'a', 'A', '1', '2', '.', '/', 0x17f, 0x2019, 0xa0, 0x3000, 0x85,
		0x4e2d, 0x301, 0xe9, 0xc9, 0x1c5, 0x2b0, 0x661, 0xbd, 0x1f600,
		0x180e, 0x200b, 0, 0x7f, 0x10ffff, 0x212a };

	return cps[rnd(sizeof(cps) / sizeof(*cps))];
}

/* Of ASCII only: what scanners take 64 bytes a step. */
static uint32_t
ascii(void)
{
	static const char cs[] = "   \n\n\r\t''''//..!(\f\v012345";
	static const char letters[] = "sStTrReEvVmMlLdDaAxXzZ";
	uint64_t r = rnd(100);

	if (r < 50)
		return (uint8_t)letters[rnd(sizeof(letters) - 1)];
	return r < 99 ? (uint8_t)cs[rnd(sizeof(cs) - 1)] : (uint32_t)rnd(128);
}

/*
 * Bytes that can't be part of a character whatever stands beside them.  (Other
 * forms of invalid text: test_invalid().)
 */
static int
stray(void)
{
	static const uint8_t bytes[] = { 0xc0, 0xc1, 0xf5, 0xff, 0xfe };

	return bytes[rnd(sizeof(bytes))];
}

static void
make_sample(struct sample *s, int how)
{
	size_t n = rnd(MAXCHAR);

	s->nraw = s->nclean = s->nchar = 0;
	s->raw_at[0] = s->clean_at[0] = 0;
	while (s->nchar < n) {
		if (how == 2 && rnd(6) == 0)
			add_char(s, 0, stray());
		else if (how == 1 && rnd(2))
			add_char(s, pool[rnd(npool)], -1);
		else if (how == 3 || (how == 4 && rnd(20)))
			add_char(s, ascii(), -1);
		else
			add_char(s, tricky(), -1);
	}
}

/* Ends of pieces in characters, by the oracle. */
static size_t
oracle(
    pcre2_code *re, pcre2_match_data *m, const struct sample *s, size_t *ends)
{
	PCRE2_SIZE *v = pcre2_get_ovector_pointer(m);
	size_t at = 0, n = 0, ch = 0;

	while (at < s->nclean) {
		if (pcre2_match(re, (PCRE2_SPTR)s->clean, s->nclean, at, 0, m,
			NULL) < 1 ||
		    v[0] != at)
			return 0; /* these patterns match everywhere */
		at = v[1];
		while (s->clean_at[ch] < at)
			ch++;
		ends[n++] = ch;
	}
	return n;
}

static bool
same_as_oracle(struct pretok_scan *scan, pcre2_code *re, pcre2_match_data *m,
    const struct sample *s)
{
	size_t want[MAXCHAR], got[2 * MAXCHAR], n, i, have = 0;
	size_t cap = 1 + rnd(rnd(3) ? (size_t)MAXCHAR - 1 : (size_t)9);
	struct err e;
	ptrdiff_t k;

	n = oracle(re, m, s, want);
	if (pretok_start(scan, (struct str){ s->raw, s->nraw }, &e) < 0)
		return false;
	while (
	    have <= MAXCHAR && (k = pretok_next(scan, got + have, cap, &e)) > 0)
		have += (size_t)k;
	if (k < 0 || have != n)
		return false;
	for (i = 0; i < n; i++)
		if (got[i] != s->raw_at[want[i]])
			return false;
	return true;
}

static void
test_pattern(const char *name, const char *regex)
{
	static const char *const kinds[] = { "tricky", "any", "stray bytes",
		"ASCII", "mostly ASCII" };
	pcre2_match_data *m = pcre2_match_data_create(1, NULL);
	pcre2_code *re = compile(regex);
	struct pretok_scan *scan;
	struct pretok *pt;
	static struct sample s;
	struct err e;
	int how, i, bad, level;

	if (!OK(pretok_open(&pt, name, &e) == 0, "%.20s opens", name))
		return;
	pretok_unicode(pt, pcre_unicode(), &e);
	scan = pretok_scan_new(pt, &e);
	for (how = 0; how < 5; how++) {
		for (i = bad = 0; i < ntext; i++) {
			/* By each way that this processor has. */
			level = i % BYTEMASK_LEVELS;
			bytemask_force((enum bytemask_level)level);
			make_sample(&s, how);
			bad += !same_as_oracle(scan, re, m, &s);
		}
		OK(bad == 0, "%.20s on %d texts of %s characters (%d differ)",
		    name, ntext, kinds[how], bad);
	}
	pretok_scan_free(scan);
	pretok_close(pt);
	pcre2_code_free(re);
	pcre2_match_data_free(m);
}

/* ---- other ways in ---- */

/* The pieces of text, with '|' between. */
static const char *
split(const char *pattern, struct str text)
{
	static char out[512];
	struct pretok_scan *scan;
	struct pretok *pt;
	size_t ends[3], from = 0, n = 0;
	struct err e;
	ptrdiff_t k, i;

	if (pretok_open(&pt, pattern, &e) < 0)
		return e.msg[0] ? "error" : "silent error";
	scan = pretok_scan_new(pt, &e);
	pretok_start(scan, text, &e);
	while ((k = pretok_next(scan, ends, 3, &e)) > 0)
		for (i = 0; i < k; from = ends[i++]) {
			memcpy(out + n, text.p + from, ends[i] - from);
			n += ends[i] - from;
			out[n++] = '|';
		}
	out[n] = '\0';
	pretok_scan_free(scan);
	pretok_close(pt);
	return out;
}

static void
test_split(const char *pattern, const char *text, const char *want)
{
	const char *got = split(pattern, str_c(text));

	if (!OK(strcmp(got, want) == 0, "%s splits a text as it should",
		pattern))
		printf("# not '%s' but '%s'\n", want, got);
}

/* A regex of one's own; what it leaves is a piece, too. */
static void
test_regexes(void)
{
	test_split("gpt2", "it's  a\n\n test", "it|'s| | a|\n\n| test|");
	test_split("[0-9]+", "ab12c", "ab|12|c|");
	test_split("x*", "axxb", "a|xx|b|");
	test_split("(?=b)", "ab", "ab|");
	test_split("[^\\s]+", "a b", "a| |b|");
	test_split("[", "a b", "error");
	/* A letter since Unicode 16, one since 15, a symbol since 15. */
	test_split("\\p{L}+!?", "a\xe1\xb2\x89", "a\xe1\xb2\x89|");
	test_split("[x\\p{Lu}]+!?", "ax\xe1\xb2\x89", "a|x\xe1\xb2\x89|");
	test_split("[^\\p{L}]+", "\xf0\x91\xbc\x84- ", "\xf0\x91\xbc\x84|- |");
	test_split("\\P{L}+", "\xf0\x91\xbc\x84- ", "\xf0\x91\xbc\x84|- |");
	test_split("\\p{S}+", "a\xf0\x9f\xa9\xb7z", "a|\xf0\x9f\xa9\xb7|z|");
	test_split("\\p{Ll}+", "a\xe1\xb2\x89z", "a|\xe1\xb2\x89|z|");
	test_split("gtp2", "a b", "error");
}

/* Each of these is cut into single characters by this pattern. */
static void
test_invalid(void)
{
	static const struct {
		const char *bytes, *want;
	} cases[] = {
		{ "\xe4\xb8", "\xe4|\xb8|" },
		{ "a\xe4\xb8z", "a|\xe4|\xb8|z|" },
		{ "\xed\xa0\x80", "\xed|\xa0|\x80|" },
		{ "\xe0\x80\x80", "\xe0|\x80|\x80|" },
		{ "\xf4\x90\x80\x80", "\xf4|\x90|\x80|\x80|" },
		{ "\xf0\x9f\x98", "\xf0|\x9f|\x98|" },
		{ "\xc3\xa9\xa9", "\xc3\xa9|\xa9|" },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *got = split("(?s).", str_c(cases[i].bytes));

		OK(strcmp(got, cases[i].want) == 0,
		    "invalid UTF-8, form %zu: a character a byte", i);
	}
}

int
main(int argc, char **argv)
{
	size_t i;

	if (argc > 1)
		ntext = atoi(argv[1]);
	test_classes();
	test_versions();
	test_masks();
	for (i = 0; i < NPATTERN; i++)
		test_pattern(patterns[i].name, patterns[i].regex);
	keep_known();
	/* Not the regex that is known by name: this one runs in PCRE2. */
	test_pattern("(?:'s|'t|'re|'ve|'m|'ll|'d)| ?\\p{L}+| ?\\p{N}+|"
		     " ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
	    patterns[0].regex);
	test_regexes();
	test_invalid();
	free(pool);
	return tap_end();
}
