/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "filter/lang_net.h"
#include "filter/lang_train.h"
#include "../tap.h"

static void
language_is(const struct langid *m, const char *text, const char *want)
{
	struct lang l;

	langid_guess(m, str_c(text), &l);
	if (!OK(strcmp(l.code, want) == 0 && l.score >= 0 && l.score <= 1,
		"%s: %s", want, text))
		printf("# got %s %g\n", l.code, l.score);
}

static void
words_are(const char *text, const char *want)
{
	static struct lang_chars chars;
	struct lang_scan scan;
	struct buf b = { 0 };
	struct lang_word w;
	unsigned i;
	bool same;

	lang_chars_init(&chars);
	lang_scan_init(&scan, &chars, str_c(text));
	while (lang_scan_next(&scan, &w))
		for (i = 0; i < w.n; i++)
			buf_printf(&b, w.cp[i] < 128 ? "%c" : "<%x>", w.cp[i]);
	same = str_eq(buf_view(&b), str_c(want));
	if (!OK(same, "the words of: %s", text))
		printf("# got %.*s\n", (int)b.n, b.p ? b.p : "");
	buf_free(&b);
}

static void
test_words(void)
{
	char longest[200];

	words_are("The  MILL, 3 times", " the  mill  times ");
	words_are(
	    "don't 'quote' rock' x\xe2\x80\x99y", " don't  quote  rock  x'y ");
	words_are("see https://a.example/b?c=d me@b.example www.x.example end",
	    " see  end ");
	words_are("run `ls -l /tmp` now `open\nline", " run  now  open  line ");
	words_are("a\xd0\x90"
		  "b \xcc\x81z e\xcc\x81",
	    " a  <430>  b  z  e<301> ");
	memset(longest, 'x', 100);
	longest[100] = 0;
	words_are(longest, " xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx "
			   " xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx "
			   " xxxx ");
}

/* The k code points from cp on, hashed one by one. */
static uint32_t
hash_gram(const uint32_t *cp, unsigned k)
{
	uint32_t h = 0x4f6cdd1du;

	while (k--)
		h = (h ^ *cp++) * 0x9e3779b1u;
	return h;
}

/* N-grams one by one, the shortest first, of words of every length. */
static void
test_rows(void)
{
	struct lang_word w = { .script = 1 };
	struct lang_grams g = { 2, 5, 20 };
	uint32_t rows[LANG_ROWS];
	unsigned i, k, n, at;
	bool same = true;

	for (w.n = 3; w.n <= LANG_WORD + 2; w.n++) {
		for (i = 0; i < w.n; i++)
			w.cp[i] =
			    i == 0 || i == w.n - 1 ? ' ' : 'a' + i * i % 26;
		n = lang_word_rows(&w, g, rows);
		at = 0;
		for (k = g.min; k <= g.max; k++)
			for (i = 0; i + k <= w.n; i++)
				same &= rows[at++] ==
					hash_gram(w.cp + i, k) >> (32 - g.bits);
		same &= n == at + (w.n > g.max) && n <= LANG_GRAMS;
	}
	OK(same, "rows of a word: its n-grams, and itself");
}

/* Words of made-up languages: syllables of few letters. */
static void
make_line(struct buf *b, uint64_t *seed, const char *letters)
{
	unsigned i, k, n = 1 + (unsigned)(mix64(++*seed) % 9);

	buf_clear(b);
	for (i = 0; i < n; i++) {
		for (k = 0; k < 2 + mix64(*seed + i) % 3; k++) {
			buf_putc(b, letters[mix64(++*seed) % 4]);
			buf_putc(b, letters[4 + mix64(++*seed) % 3]);
		}
		buf_putc(b, ' ');
	}
}

static int
train(struct buf *out, int threads, struct err *e)
{
	static const char *const letters[] = { "bdgraeo", "bdgniuo",
		"kptsaui" };
	static const char *const codes[] = { "aa", "bb", "ccc" };
	struct lang_train_opts o = { 5, 1, 7, threads };
	struct lang_train *t = lang_train_new();
	struct langid *m;
	struct buf line = { 0 };
	uint64_t seed = 1;
	unsigned i;
	int rc = 0;

	for (i = 0; rc == 0 && i < 600; i++) {
		make_line(&line, &seed, letters[i % 3]);
		rc = lang_train_add(t, buf_view(&line), str_c(codes[i % 3]), e);
	}
	for (i = 0; rc == 0 && i < 40; i++)
		rc = lang_train_add(t, STR("\xd0\xb0\xd0\xb1"), STR("dd"), e);
	if (rc == 0)
		rc = lang_train_run(t, &o, &m, e);
	lang_train_free(t);
	if (rc == 0) {
		rc = langid_write(m, out, e);
		langid_free(m);
	}
	buf_free(&line);
	return rc;
}

static void
test_training(void)
{
	struct buf one = { 0 }, four = { 0 };
	struct lang_train *t = lang_train_new();
	struct langid *m = NULL;
	struct err e;
	size_t i;
	bool all = true;

	OK(train(&one, 1, &e) == 0 && train(&four, 4, &e) == 0, "trains");
	OK(str_eq(buf_view(&one), buf_view(&four)),
	    "the same model by one thread and by four");
	OK(langid_parse(&m, buf_view(&one), &e) == 0, "which can be read");
	if (!m)
		return;
	language_is(m, "bare dogreda", "aa");
	language_is(m, "nibu dogiduno", "bb");
	language_is(m, "kapitu saku", "ccc");
	language_is(m, "\xd0\x96", "dd");
	language_is(m, "\xce\xb1", "el");
	OK(langid_knows(m, STR("ccc")) && langid_knows(m, STR("el")) &&
		!langid_knows(m, STR("en")),
	    "knows what it was trained on, and scripts");
	langid_free(m);
	for (i = 0; i < one.n; i += 1 + i / 50) {
		one.p[i] ^= 1;
		all &= langid_parse(&m, buf_view(&one), &e) == ERR_FORMAT;
		one.p[i] ^= 1;
		all &= langid_parse(&m, (struct str){ one.p, i }, &e) ==
		       ERR_FORMAT;
	}
	OK(all, "a changed byte or a lost end is an error");
	OK(lang_train_add(t, STR("a"), STR("e1"), &e) == ERR_FORMAT &&
		lang_train_add(t, STR("a"), STR("und"), &e) == ERR_FORMAT,
	    "codes that are none");
	OK(lang_train_run(t, &(struct lang_train_opts){ 1, 1, 0, 1 }, &m, &e) ==
		ERR_FORMAT,
	    "nothing to train on");
	lang_train_free(t);
	buf_free(&one);
	buf_free(&four);
}

/* What is not looked at counts for nothing; the windows' ends may cut words. */
static void
test_long(const struct langid *m)
{
	struct buf b = { 0 };
	struct lang l;
	size_t i;

	for (i = 0; i < 3000; i++)
		buf_puts(&b, "the old mill grinds the corn of m\xc3\xbcller ");
	for (i = 0; i < 50; i++) {
		langid_guess(m, (struct str){ b.p + i, 4080 + i }, &l);
		if (strcmp(l.code, "en") != 0)
			break;
	}
	OK(i == 50, "texts about as long as the windows together");
	langid_guess(m, buf_view(&b), &l);
	OK(strcmp(l.code, "en") == 0 && l.reliable, "a long text");
	memset(b.p, 'x', b.n);
	langid_guess(m, buf_view(&b), &l);
	OK(l.score >= 0, "one long word");
	for (i = 0; i < b.n; i++)
		b.p[i] = (char)(mix64(i) & 0xff);
	langid_guess(m, buf_view(&b), &l);
	OK(l.score >= 0, "random bytes");
	buf_free(&b);
}

int
main(void)
{
	static const char *const old[] = { "iw", "jw", "mo", "zh-Hant", "sr-ME",
		"bh", "un", "xx", "", "xx-Goth", "zzp" };
	static const char *const codes[] = { "en", "de", "fr", "zh", "he", "jv",
		"ro", "ceb", "und", "chr", "no", "nn", "uz", "si", "sr" };
	struct langid *m;
	struct lang l;
	struct err e;
	size_t i;

	test_words();
	test_rows();
	test_training();
	if (!OK(langid_builtin(&m, &e) == 0, "the built-in model"))
		return tap_end();
	language_is(
	    m, "The old mill stands by the river and turns all day.", "en");
	language_is(m,
	    "Die alte M\xc3\xbchle steht am Fluss und mahlt das Korn.", "de");
	language_is(
	    m, "Le vieux moulin est au bord de la rivi\xc3\xa8re.", "fr");
	language_is(m,
	    "\xd7\x94\xd7\x98\xd7\x97\xd7\xa0\xd7\x94 "
	    "\xd7\x94\xd7\x99\xd7\xa9\xd7\xa0\xd7\x94 "
	    "\xd7\xa2\xd7\x95\xd7\x9e\xd7\x93\xd7\xaa",
	    "he");
	language_is(m,
	    "\xe6\x88\x91\xe5\x80\x91\xe5\x9c\xa8\xe9\x80\x99\xe8\xa3"
	    "\xa1\xe7\x9c\x8b\xe8\xa6\x8b\xe5\xa4\xa7\xe9\x96\x80",
	    "zh");
	language_is(m,
	    "\xe6\x88\x91\xe4\xbb\xac\xe5\x9c\xa8\xe8\xbf\x99\xe9\x87"
	    "\x8c\xe7\x9c\x8b\xe8\xa7\x81\xe5\xa4\xa7\xe9\x97\xa8",
	    "zh");
	language_is(m, "", "und");
	language_is(m, "12 34 56, 78.", "und");
	langid_guess(m, (struct str){ "a\0b\x01", 4 }, &l);
	OK(l.score >= 0, "control characters");
	test_long(m);
	for (i = 0; i < sizeof(codes) / sizeof(*codes); i++)
		OK(langid_knows(m, str_c(codes[i])), "%s is known", codes[i]);
	for (i = 0; i < sizeof(old) / sizeof(*old); i++)
		OK(!langid_knows(m, str_c(old[i])), "'%s' is not", old[i]);
	langid_free(m);
	return tap_end();
}
