/* SPDX-License-Identifier: MIT */
/*
 * The signals against an oracle that shares no code with them: texts of plain
 * words and marks that spaces part, judged by loops over all pairs.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "filter/judge.h"
#include "filter/unicode_words.h"
#include "../tap.h"

enum { WORDS = 200, ROUNDS = 400 };

/* An oracle's view of a text: its tokens, as C strings. */
struct view {
	char text[8192];
	char token[WORDS][16];
	int n;
};

static void
look(struct view *v, const char *text)
{
	const char *p = text;
	size_t len;

	snprintf(v->text, sizeof(v->text), "%s", text);
	for (v->n = 0;; v->n++) {
		p += strspn(p, " \n");
		if (!*p)
			break;
		len = strcspn(p, " \n");
		snprintf(v->token[v->n], 16, "%.*s", (int)len, p);
		p += len;
	}
}

static void
join(const struct view *v, int from, int n, const char *by, char *out)
{
	int i;

	*out = '\0';
	for (i = from; i < from + n; i++) {
		strcat(out, v->token[i]);
		if (i + 1 < from + n)
			strcat(out, by);
	}
}

/* The most frequent n-gram, the first of equals, by comparing all pairs. */
static double
naive_top(const struct view *v, int n)
{
	char a[512], b[512], best[512] = "";
	int i, j, count, most = 0;

	for (i = 0; i + n <= v->n; i++) {
		join(v, i, n, " ", a);
		for (count = 0, j = 0; j + n <= v->n; j++) {
			join(v, j, n, " ", b);
			count += strcmp(a, b) == 0;
		}
		if (count > most) {
			most = count;
			strcpy(best, a);
		}
	}
	return v->text[0]
		   ? (double)strlen(best) * most / (double)strlen(v->text)
		   : 0;
}

/* n-grams that the ones kept so far hold, skipping what is counted. */
static double
naive_dup(const struct view *v, int n)
{
	static char kept[WORDS][512];
	char a[512];
	int i = 0, j, nkept = 0;
	size_t chars = 0;

	while (i + n <= v->n) {
		join(v, i, n, "", a);
		for (j = 0; j < nkept && strcmp(kept[j], a) != 0; j++)
			;
		if (j < nkept) {
			chars += strlen(a);
			i += n;
		} else {
			strcpy(kept[nkept++], a);
			i++;
		}
	}
	return v->text[0] ? (double)chars / (double)strlen(v->text) : 0;
}

/* Pieces between runs of min or more newlines: copies of an earlier one. */
static void
naive_pieces(const char *text, size_t min, size_t whole, double *frac,
    double *chars_frac)
{
	const char *from[1000];
	size_t len[1000], run, chars = 0, i, n = 0, dups = 0;
	const char *p = text, *start = text;

	for (;;) {
		run = strspn(p, "\n");
		if (*p && (run == 0 || run < min)) {
			p += run ? run : 1;
			continue;
		}
		from[n] = start;
		len[n++] = (size_t)(p - start);
		if (!*p)
			break;
		p += run;
		start = p;
	}
	for (i = 0; i < n; i++) {
		size_t j;

		for (j = 0; j < i; j++)
			if (len[i] == len[j] &&
			    memcmp(from[i], from[j], len[i]) == 0)
				break;
		dups += j < i;
		chars += j < i ? len[i] : 0;
	}
	*frac = (double)dups / (double)n;
	*chars_frac = whole ? (double)chars / (double)whole : 0;
}

static void
naive_quality(const struct view *v, double *want)
{
	static const char *const stops[] = { "the", "be", "to", "of", "and",
		"that", "have", "with" };
	int words = 0, count = 0, chars = 0, alpha = 0, hashes = 0, dots = 0, i,
	    j;
	bool stop[8] = { 0 };

	for (i = 0; i < v->n; i++) {
		const char *t = v->token[i];
		bool mark = strspn(t, "#.,-") == strlen(t);

		words += !mark;
		chars += mark ? 0 : (int)strlen(t);
		alpha += t[0] >= 'A';
		hashes += strcmp(t, "#") == 0;
		dots += strcmp(t, "...") == 0;
		for (j = 0; j < 8; j++)
			if (strcmp(t, stops[j]) == 0) {
				stop[j] = true;
				count++;
			}
	}
	want[SIG_tokens] = v->n;
	want[SIG_words] = words;
	want[SIG_mean_word_length] = words ? (double)chars / words : 0;
	want[SIG_hash_ratio] = v->n ? (double)hashes / v->n : 0;
	want[SIG_ellipsis_ratio] = v->n ? (double)dots / v->n : 0;
	want[SIG_alpha_words] = v->n ? (double)alpha / v->n : 0;
	want[SIG_stop_word_count] = count;
	want[SIG_stop_words] = 0;
	for (j = 0; j < 8; j++)
		want[SIG_stop_words] += stop[j];
}

static void
naive_lines(const char *text, double *want)
{
	int n = 0, bullets = 0, ends = 0;
	const char *p = text, *eol, *a, *b;

	for (; *p; p = *eol ? eol + 1 : eol, n++) {
		eol = strchr(p, '\n') ? strchr(p, '\n') : p + strlen(p);
		for (a = p; a < eol && *a == ' ';)
			a++;
		for (b = eol; b > a && b[-1] == ' ';)
			b--;
		bullets += a < eol && *a == '-';
		ends += b - a >= 3 && memcmp(b - 3, "...", 3) == 0;
	}
	want[SIG_lines] = n;
	want[SIG_bullet_lines] = n ? (double)bullets / n : 0;
	want[SIG_ellipsis_lines] = n ? (double)ends / n : 0;
}

/* Lines with the blank ones, and what stands between LFs. */
static void
naive_rows(const char *text, double *want)
{
	const char *p, *q, *from[1000];
	int n, rows = 1, marks = 0, shorts = 0, dups = 0, i, j;
	size_t len[1000], chars = 0;

	for (n = 0, p = text;; p = q + 1, n++) {
		q = p + strcspn(p, "\n");
		from[n] = p;
		len[n] = (size_t)(q - p);
		shorts += len[n] <= 30;
		marks += q > p && q[-1] == '.';
		if (!*q)
			break;
	}
	rows += n;
	n += len[n] > 0;
	for (i = 0; i < n; i++) {
		for (j = 0; j < i; j++)
			if (len[i] == len[j] &&
			    memcmp(from[i], from[j], len[i]) == 0)
				break;
		dups += j < i;
		chars += j < i ? len[i] : 0;
	}
	want[SIG_end_mark_rows] = (double)marks / rows;
	want[SIG_short_rows] = (double)shorts / rows;
	want[SIG_dup_all_lines] = (double)dups / n;
	want[SIG_dup_all_line_chars] = (double)chars / (double)strlen(text);
}

static int
by_size(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/* Lengths of tokens, characters of kinds, and rows that stand there twice. */
static void
naive_more(const struct view *v, double *want)
{
	int len[WORDS] = { 0 }, i, n = v->n, total = 0, symbols = 0, rows = 0;
	int bullets = 0, twice = 0, chars = 0, other = 0;
	const char *t = v->text, *p, *q, *row[1000];
	int j, size[1000];

	for (i = 0; i < n; i++) {
		len[i] = (int)strlen(v->token[i]);
		total += len[i];
		symbols += strchr(v->token[i], '#') != NULL;
	}
	qsort(len, (size_t)n, sizeof(*len), by_size);
	want[SIG_mean_token_length] = n ? (double)total / n : 0;
	want[SIG_median_token_length] =
	    n ? (len[(n - 1) / 2] + len[n / 2]) / 2. : 0;
	want[SIG_longest_token] = n ? len[n - 1] : 0;
	want[SIG_symbol_tokens] = n ? (double)symbols / n : 0;
	for (p = t; *p; p++)
		other += *p == ' ' || *p == '#' || *p == '-';
	want[SIG_other_chars] = (double)other / (double)strlen(t);
	for (p = t;; p = q + 1) {
		q = p + strcspn(p, "\n");
		row[rows] = p;
		size[rows++] = (int)(q - p);
		bullets += *p == '-' || *p == '*';
		if (!*q)
			break;
	}
	for (i = 0; i < rows; i++) {
		for (j = 0; j < rows; j++)
			if (i != j && size[i] == size[j] &&
			    memcmp(row[i], row[j], (size_t)size[i]) == 0)
				break;
		twice += j < rows;
		chars += j < rows ? size[i] : 0;
	}
	want[SIG_bullet_rows] = (double)bullets / rows;
	want[SIG_repeated_rows] = (double)twice / rows;
	want[SIG_repeated_row_chars] = total ? (double)chars / total : 0;
}

/* Stretches between n newlines, as many as there are, without white space. */
static int
naive_parts(const char *text, const char *by, char parts[][512])
{
	const char *p = text, *q;
	size_t len;
	int n = 0;

	for (;; p = q + strlen(by)) {
		q = strstr(p, by);
		snprintf(parts[n], 512, "%.*s",
		    q ? (int)(q - p) : (int)strlen(p), p);
		p = parts[n] + strspn(parts[n], " \n");
		len = strlen(p);
		memmove(parts[n], p, len + 1);
		while (len && strchr(" \n", parts[n][len - 1]))
			parts[n][--len] = '\0';
		n += len > 0;
		if (!q)
			return n;
	}
}

static void
naive_copied_parts(const char *text, const char *by, double *want)
{
	static char parts[1000][512];
	int n = naive_parts(text, by, parts), i, j, copies = 0;
	size_t chars = 0, copied = 0;

	for (i = 0; i < n; i++) {
		for (j = 0; j < n; j++)
			if (i != j && strcmp(parts[i], parts[j]) == 0)
				break;
		copies += j < n;
		chars += strlen(parts[i]);
		copied += j < n ? strlen(parts[i]) : 0;
	}
	want[0] = n > 1 ? (double)copies / n : 0;
	want[1] = n > 1 ? (double)copied / (double)chars : 0;
}

/* n-grams as DCLM counts them, by comparing all pairs. */
static double
naive_copied(const struct view *v, int n)
{
	char a[512], b[512];
	bool in[WORDS] = { false };
	int i, j, k, count, most = 1;
	size_t chars = 0, all = 0, best = 0;

	for (i = 0; i + n <= v->n; i++) {
		join(v, i, n, " ", a);
		for (count = 0, j = 0; j + n <= v->n; j++) {
			join(v, j, n, " ", b);
			count += strcmp(a, b) == 0;
		}
		for (k = i; count > 1 && k < i + n; k++)
			in[k] = true;
		join(v, i, n, "", a);
		if (count > most || (count == most && strlen(a) > best))
			best = strlen(a);
		most = count > most ? count : most;
	}
	for (i = 0; i < v->n; i++) {
		all += strlen(v->token[i]);
		chars += in[i] ? strlen(v->token[i]) : 0;
	}
	if (n <= 4)
		chars = most > 1 ? best * (size_t)most : 0;
	return all ? (double)chars / (double)all : 0;
}

static void
naive_dclm(const struct view *v, double *want)
{
	static char lines[1000][512];
	int n = naive_parts(v->text, "\n", lines), i, bullets = 0, dots = 0;
	double begun = 0, symbols = 0;
	size_t len;

	naive_copied_parts(v->text, "\n", &want[SIG_copied_lines]);
	naive_copied_parts(v->text, "\n\n", &want[SIG_copied_paragraphs]);
	for (i = 0; i < n; i++) {
		len = strlen(lines[i]);
		bullets += lines[i][0] == '-' || lines[i][0] == '*';
		dots += len >= 3 && strcmp(lines[i] + len - 3, "...") == 0;
	}
	want[SIG_bulleted_lines] = n ? (double)bullets / n : 0;
	want[SIG_dotted_lines] = n ? (double)dots / n : 0;
	for (i = 0; i < v->n; i++) {
		begun += v->token[i][0] >= '0';
		symbols += strcmp(v->token[i], "#") == 0 ||
			   strcmp(v->token[i], "...") == 0;
	}
	want[SIG_begun_words] = begun;
	want[SIG_symbols_per_token] = v->n ? symbols / v->n : 0;
	want[SIG_stop_words_any_case] = want[SIG_stop_word_count];
	for (i = 2; i <= 4; i++)
		want[SIG_copied_top_2gram + i - 2] = naive_copied(v, i);
	for (; i <= 10; i++)
		want[SIG_copied_5gram + i - 5] = naive_copied(v, i);
}

static void
naive(const struct view *v, double *want)
{
	char stripped[8192], *s = stripped;
	size_t whole = strlen(v->text), len;
	int n;

	naive_quality(v, want);
	naive_lines(v->text, want);
	naive_rows(v->text, want);
	naive_more(v, want);
	naive_dclm(v, want);
	strcpy(stripped, v->text);
	s += strspn(s, " \n");
	for (len = strlen(s); len && strchr(" \n", s[len - 1]);)
		s[--len] = '\0';
	naive_pieces(s, 2, whole, &want[SIG_dup_paragraphs],
	    &want[SIG_dup_paragraph_chars]);
	naive_pieces(
	    v->text, 1, whole, &want[SIG_dup_lines], &want[SIG_dup_line_chars]);
	for (n = 2; n <= 4; n++)
		want[SIG_top_2gram + n - 2] = naive_top(v, n);
	for (n = 5; n <= 10; n++)
		want[SIG_dup_5gram + n - 5] = naive_dup(v, n);
}

/* Few different words, so that much repeats; "ab" "c" joins like "a" "bc". */
static void
random_text(char *text, uint64_t *seed)
{
	static const char *const few[] = { "mill", "the", "of", "ab", "c", "a",
		"bc", "wheel", "7", "...", "-", "#", ",", "stone" };
	static const char *const gaps[] = { " ", " ", " ", " ", " ", " ", " \n",
		"\n", "\n\n", "\n\n\n" };
	uint64_t kinds = 1 + mix64(++*seed) % 14;
	uint64_t n = mix64(++*seed) % (WORDS - 1), i;

	*text = '\0';
	if (mix64(++*seed) % 4 == 0)
		strcat(text, gaps[mix64(++*seed) % 10]);
	for (i = 0; i < n; i++) {
		strcat(text, few[mix64(++*seed) % kinds]);
		strcat(text, gaps[mix64(++*seed) % 10]);
	}
}

static int
meter_text(struct meter *m, struct str text, enum words words,
    struct signals *s, struct err *e)
{
	int rc = meter_begin(m, text, e);

	return rc < 0 ? rc : meter_all(m, words, s, e);
}

static void
against_oracle(struct meter *m)
{
	static struct view v;
	double want[SIGNALS] = { 0 };
	char text[8192];
	uint64_t seed = 7;
	struct signals s;
	struct err e;
	int i, bad[SIGNALS] = { 0 }, k;

	for (i = 0; i < ROUNDS; i++) {
		do
			random_text(text, &seed);
		while (!text[0]);
		look(&v, text);
		naive(&v, want);
		meter_text(m, str_c(text), WORDS_SPACES, &s, &e);
		for (k = SIG_dup_paragraphs; k < SIGNALS; k++)
			bad[k] += s.v[k] != want[k];
		for (k = SIG_mean_token_length; k <= SIG_symbol_tokens; k++)
			bad[k] += s.v[k] != want[k];
		meter_text(m, str_c(text), WORDS_ENGLISH, &s, &e);
		for (k = 0; k < SIGNALS; k++)
			bad[k] += want[k] != 0 && s.v[k] != want[k];
		for (k = SIG_dup_paragraphs; k < SIGNALS; k++)
			bad[k] += s.v[k] != want[k];
	}
	for (k = 0; k < SIGNALS; k++)
		OK(bad[k] == 0, "%s is the oracle's", signal_name(k));
}

static void
chars_are(struct meter *m, const char *text, enum signal sig, int part)
{
	struct signals s;
	struct err e;

	meter_text(m, str_c(text), WORDS_SPACES, &s, &e);
	OK(s.v[sig] == (double)part / s.v[SIG_chars], "%s: %s",
	    signal_name(sig), text);
}

static void
test_chars(struct meter *m)
{
	chars_are(m, "see http://mill.example/a?b=1 or", SIG_url_chars, 25);
	chars_are(m, "https://x~https:// http", SIG_url_chars, 9);
	chars_are(m, "HTTP://mill http:/x", SIG_url_chars, 0);
	chars_are(m, "hhttp://x", SIG_url_chars, 8);
	chars_are(m, "([{\xe2\x9f\xa8x\xe2\x9f\xa9}])<", SIG_paren_chars, 8);
	chars_are(m, "a1.,?!\n -\xc3\xa9", SIG_other_chars, 3);
}

static const char *
verdict(struct meter *m, const char *profile, struct str text)
{
	struct judge *j = judge_new();
	const struct profile *p;
	struct verdict v;
	struct err e;

	(void)m;
	if (!j || profile_find(str_c(profile), &p, &e) < 0 ||
	    judge_text(j, text, NULL, &e) < 0 || judge_by(j, p, &v, &e) < 0)
		v.reason = "error";
	judge_free(j);
	return v.reason ? v.reason : "keep";
}

static void
verdict_by(struct meter *m, const char *profile, struct str text,
    const char *want, const char *what)
{
	const char *got = verdict(m, profile, text);

	if (!OK(strcmp(got, want) == 0, "%s: %s", what, want))
		printf("# got %s\n", got);
}

static void
verdict_is(struct meter *m, struct str text, const char *want, const char *what)
{
	verdict_by(m, "gopher", text, want, what);
}

static void
same_words(struct meter *m, size_t n)
{
	struct buf b = { 0 };
	struct signals s;
	struct err e;
	size_t i;

	for (i = 0; i < n; i++)
		buf_puts(&b, "mill ");
	OK(meter_text(m, buf_view(&b), WORDS_ENGLISH, &s, &e) == 0 &&
		s.v[SIG_words] == (double)n && s.v[SIG_lines] == 1 &&
		s.v[SIG_dup_10gram] > 0.7 && s.v[SIG_top_2gram] > 1,
	    "%d same words", (int)n);
	verdict_is(m, buf_view(&b), "top_2gram", "the same word over and over");
	buf_free(&b);
}

static void
edges(struct meter *m)
{
	struct buf b = { 0 };
	int i;

	verdict_is(m, STR(""), "empty", "no text");
	verdict_is(m, STR("word"), "short", "one word");
	verdict_is(m, STR("\n\n\n"), "dup_lines", "newlines only");
	verdict_is(m, STR("\xe2\x80\xa8"), "short", "a line separator");
	verdict_is(m, STR("\xe6\xb0\xb4\xe8\xbb\x8a\xe5\xb0\x8f\xe5\xb1\x8b"),
	    "short", "one chunk of Chinese");
	verdict_is(m, STR("a\nb\nb\nb\n"), "dup_lines", "lines repeat");
	verdict_is(m, STR("a b\n\na b"), "dup_paragraphs", "paragraphs repeat");
	for (i = 0; i < 60; i++)
		buf_printf(&b, "the %c%c and\n", 'a' + i % 26, 'a' + i / 26);
	verdict_by(
	    m, "gopher-quality", buf_view(&b), "short_words", "short words");
	buf_clear(&b);
	for (i = 0; i < 60; i++)
		buf_printf(&b, "%c%cabcdefghij\n", 'a' + i % 26, 'a' + i / 26);
	verdict_by(
	    m, "gopher-quality", buf_view(&b), "long_words", "long words");
	buf_clear(&b);
	for (i = 0; i < 60; i++)
		buf_printf(&b, "- the %c%c miller of the\n", 'a' + i % 26,
		    'a' + i / 26);
	verdict_by(
	    m, "gopher-quality", buf_view(&b), "bullet_lines", "bullets");
	buf_free(&b);
}

/* Words of Unicode; those that begin with a letter or number count. */
static void
unicode_words(const char *text, const char *want)
{
	struct unicode_words w = { str_c(text) };
	struct buf b = { 0 };
	struct str s;

	while (unicode_words_next(&w, &s)) {
		buf_str(&b, s);
		buf_putc(&b, '|');
	}
	if (!OK(str_eq(buf_view(&b), str_c(want)), "words: %s", want))
		printf("# got %.*s\n", (int)b.n, b.p);
	buf_free(&b);
}

static void
test_unicode_words(void)
{
	unicode_words("", "");
	unicode_words("can't say 3.14, e.g. 1,000",
	    "can't| |say| |3.14|,| |e.g|.| |1,000|");
	unicode_words("a_b :c  d\r\ne", "a_b| |:|c|  |d|\r\n|e|");
	unicode_words("a. b '1'2' x:y 1:2", "a|.| |b| |'|1'2|'| |x:y| |1|:|2|");
	unicode_words("\xe6\xb0\xb4\xe8\xbb\x8a\xe3\x82\xab\xe3\x83\x8a",
	    "\xe6\xb0\xb4|\xe8\xbb\x8a|\xe3\x82\xab\xe3\x83\x8a|");
	unicode_words("e\xcc\x81t\xc3\xa9\xe2\x80\x99s -\xcc\x81-",
	    "e\xcc\x81t\xc3\xa9\xe2\x80\x99s| |-\xcc\x81|-|");
}

static void
spans(struct meter *m)
{
	static const char text[] = "one two\nthree four\none two\n";
	struct signals s;
	struct err e;

	meter_text(m, str_c(text), WORDS_ENGLISH, &s, &e);
	OK(s.where[SIG_dup_lines].at == 19 && s.where[SIG_dup_lines].n == 7,
	    "where the first duplicate line stands");
	OK(s.where[SIG_top_2gram].at == 0 && s.where[SIG_top_2gram].n == 7,
	    "where the most frequent 2-gram stands");
}

static void
profiles_are_sound(void)
{
	const struct profile *p;
	struct buf b = { 0 };
	struct err e;
	size_t i;

	for (i = 0; (p = profile_at(i)); i++) {
		buf_clear(&b);
		profile_print(p, &b);
		OK(p->n > 0 && buf_ok(&b, &e) == 0, "profile %s", p->name);
	}
	OK(profile_find(STR("gofer"), &p, &e) == ERR_ARG &&
		strstr(e.msg, "gopher"),
	    "an unknown profile's error names those there are");
	OK(signal_find(STR("wordz")) == SIGNALS, "an unknown signal");
	OK(compare_holds(1, LESS_EQUAL, 1) && !compare_holds(1, UNEQUAL, 1) &&
		compare_holds(2, MORE_EQUAL, 1) && compare_holds(2, EQUAL, 2),
	    "comparisons");
	profile_find(STR("gopher"), &p, &e);
	buf_clear(&b);
	verdict_json(&(struct verdict){ "empty", 0, 1, { NULL, 0 } }, &b);
	OK(str_eq(buf_view(&b), STR("{\"keep\":false,\"rule\":\"empty\","
				    "\"value\":0,\"threshold\":1}")),
	    "a verdict as JSON");
	buf_free(&b);
}

int
main(void)
{
	struct meter *m = meter_new();

	against_oracle(m);
	test_chars(m);
	edges(m);
	same_words(m, 1000000);
	edges(m); /* with memory that was much larger */
	spans(m);
	test_unicode_words();
	profiles_are_sound();
	meter_free(m);
	return tap_end();
}
