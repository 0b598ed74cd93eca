/* SPDX-License-Identifier: MIT */
/*
 * Language models against plain definitions: back-off by looking n-grams up in
 * a list, modified Kneser-Ney by summing over all n-grams, in double precision.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "filter/ccnet_text.h"
#include "filter/cutoffs.h"
#include "filter/ngram.h"
#include "filter/ngram_lines.h"
#include "filter/ngram_sort.h"
#include "filter/ngram_train.h"
#include "io/stream.h"
#include "tap.h"

enum { WORDS = 9, ORDER = 4, SENTENCES = 400, LENGTH = 12 };

static struct err e;
static uint64_t state = 7;

static unsigned
roll(unsigned n)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(state >> 33) % n;
}

/* Sentences of words 3 to WORDS + 2; 1 begins, 2 ends, 0 is unknown. */
static int text[SENTENCES][LENGTH + 2];
static int length[SENTENCES]; /* begin and end counted */

static void
make_text(void)
{
	int i, j, n;

	for (i = 0; i < SENTENCES; i++) {
		n = (int)roll(LENGTH + 1);
		text[i][0] = 1;
		for (j = 1; j <= n; j++)
			text[i][j] =
			    3 + (int)(roll(WORDS) * roll(WORDS) / (WORDS - 1));
		text[i][n + 1] = 2;
		length[i] = n + 2;
	}
}

static const char *
word(int w)
{
	static const char *const special[] = { "<unk>", "<s>", "</s>" };
	static char name[4][16];
	static int at;

	if (w < 3)
		return special[w];
	at = (at + 1) % 4;
	snprintf(name[at], sizeof(name[at]), "w%d", w);
	return name[at];
}

/* ---- modified Kneser-Ney, as defined ---- */

static bool
stands_at(const int *gram, int n, int i, int j)
{
	return j + n <= length[i] &&
	       memcmp(text[i] + j, gram, (size_t)n * sizeof(int)) == 0;
}

/* Paddings are no words: an n-gram begins with <s> at most. */
static int
raw_count(const int *gram, int n)
{
	int i, j, c = 0;

	for (i = 0; i < SENTENCES; i++)
		for (j = 0; j + n <= length[i]; j++)
			c += stands_at(gram, n, i, j);
	return c;
}

static int
adjusted(const int *gram, int n, int order)
{
	int longer[ORDER + 1], w, c = 0;

	if (n == 1 && gram[0] == 1)
		return 0;
	if (n == order || gram[0] == 1)
		return raw_count(gram, n);
	memcpy(longer + 1, gram, (size_t)n * sizeof(int));
	for (w = 1; w < WORDS + 3; w++) {
		longer[0] = w;
		c += raw_count(longer, n + 1) > 0;
	}
	return c;
}

struct order_of {
	double d[4];
};
static struct order_of orders[ORDER + 1];

/* Go over all n-grams there can be; how many have which adjusted count. */
static void
tally(int *gram, int at, int n, int order, double with[5])
{
	int c;

	if (at == n) {
		c = adjusted(gram, n, order);
		if (c > 0 && c < 5)
			with[c]++;
		return;
	}
	for (gram[at] = 1; gram[at] < WORDS + 3; gram[at]++)
		if (raw_count(gram, at + 1) > 0 || n == 1)
			tally(gram, at + 1, n, order, with);
}

static void
estimate(int order)
{
	static const double fallback[4] = { 0, 0.5, 1, 1.5 };
	int gram[ORDER], n, i;
	double with[5], y;
	bool bad;

	for (n = 1; n <= order; n++) {
		memset(with, 0, sizeof(with));
		tally(gram, 0, n, order, with);
		bad = with[1] == 0 || with[2] == 0 || with[3] == 0;
		y = with[1] / (with[1] + 2 * with[2]);
		for (i = 1; i < 4 && !bad; i++) {
			orders[n].d[i] =
			    i - (i + 1) * y * with[i + 1] / with[i];
			bad = orders[n].d[i] < 0 || orders[n].d[i] > i;
		}
		if (bad)
			memcpy(orders[n].d, fallback, sizeof(fallback));
	}
}

/* P(last | those before), of a gram of n words. */
static double
prob(const int *gram, int n, int order, uint64_t threshold)
{
	double sum = 0, gamma = 0, own = 0, lower;
	int g[ORDER], w, c;
	bool pruned;

	lower = n == 1 ? 1.0 / (WORDS + 2)
		       : prob(gram + 1, n - 1, order, threshold);
	memcpy(g, gram, (size_t)n * sizeof(int));
	for (w = 0; w < WORDS + 3; w++) {
		g[n - 1] = w;
		c = adjusted(g, n, order);
		pruned =
		    n == order && n > 1 && c > 0 && (uint64_t)c <= threshold;
		sum += c;
		gamma += c == 0 ? 0 : pruned ? c : orders[n].d[c < 3 ? c : 3];
		if (w == gram[n - 1] && c > 0 && !pruned)
			own = c - orders[n].d[c < 3 ? c : 3];
	}
	return sum > 0 ? own / sum + gamma / sum * lower : lower;
}

static void
put_text(struct buf *b)
{
	int i, j;

	for (i = 0; i < SENTENCES; i++) {
		for (j = 1; j + 1 < length[i]; j++)
			buf_printf(b, " %s", word(text[i][j]));
		buf_putc(b, '\n');
	}
}

/* A model of the text, by our own trainer, through a file. */
static struct ngram *
train(int order, uint64_t threshold, uint64_t memory, struct buf *arpa)
{
	struct ngram_train_opts o = { .order = (unsigned)order,
		.fallback = true,
		.memory = memory,
		.threads = 2 };
	struct buf b = { 0 }, info = { 0 };
	char path[64], *p;
	struct ngram_train *t;
	struct ngram *m = NULL;
	struct out *out;
	size_t n;

	snprintf(
	    path, sizeof(path), "/tmp/quern-ngram-%ld.arpa", (long)getpid());
	o.prune[order - 1] = threshold;
	put_text(&b);
	if (ngram_train_new(&t, &o, &e) < 0)
		return NULL;
	if (ngram_train_add(t, buf_view(&b), &e) == 0 &&
	    out_open(&out, path, &e) == 0) {
		if (ngram_train_write(t, out, &info, &e) < 0)
			out_close(out);
		else if (out_commit(out, &e) == 0 &&
			 in_slurp(path, &p, &n, &e) == 0) {
			buf_put(arpa, p, n);
			free(p);
			ngram_parse(&m, buf_view(arpa), &e);
		}
	}
	remove(path);
	ngram_train_free(t);
	buf_free(&b);
	buf_free(&info);
	return m;
}

/* How far the model is from the definition at its worst, over the text. */
static double
worst(const struct ngram *m, int order, uint64_t threshold)
{
	struct ngram_row r = { 0 };
	double bad = 0, want;
	int i, j, n;
	size_t at = 0;

	for (i = 0; i < 40; i++) {
		ngram_row_add(&r, NGRAM_BEGIN, &e);
		for (j = 1; j < length[i]; j++)
			ngram_row_add(
			    &r, ngram_word(m, str_c(word(text[i][j]))), &e);
	}
	if (ngram_score(m, &r, &e) < 0)
		return 1e9;
	for (i = 0; i < 40; i++, at++)
		for (j = 1; j < length[i]; j++) {
			n = j + 1 < order ? j + 1 : order;
			want = log10(
			    prob(text[i] + j + 1 - n, n, order, threshold));
			bad = fmax(bad, fabs(want - (double)r.logs[++at]));
		}
	ngram_row_free(&r);
	return bad;
}

static void
test_training(void)
{
	struct buf a = { 0 }, b = { 0 };
	struct ngram *m;
	int order;

	make_text();
	for (order = 2; order <= ORDER; order++) {
		estimate(order);
		m = train(order, 0, 1 << 20, &a);
		OK(m && worst(m, order, 0) < 1e-5,
		    "order %d: modified Kneser-Ney as defined (%s)", order,
		    m ? "" : e.msg);
		ngram_free(m);
		buf_clear(&a);
		m = train(order, 2, 1 << 20, &a);
		OK(m && worst(m, order, 2) < 1e-5, "order %d: pruned", order);
		ngram_free(m);
		buf_clear(&a);
	}
	m = train(4, 1, 1 << 26, &a);
	ngram_free(m);
	m = train(4, 1, 1 << 17, &b);
	OK(m && str_eq(buf_view(&a), buf_view(&b)),
	    "any memory gives the same model");
	ngram_free(m);
	buf_free(&a);
	buf_free(&b);
}

/* ---- sorting ---- */

static void
test_sort(void)
{
	enum { KEY = 3, N = 30000 };
	static uint32_t sums[10][10][10];
	struct ngram_sort s;
	struct ngram_reader r;
	const uint32_t *record;
	uint32_t key[KEY], last[KEY] = { 0 };
	bool good = true;
	int i, rc, n = 0;

	ngram_sort_init(&s, KEY, true, 0, 2);
	for (i = 0; i < N && good; i++) {
		key[0] = roll(10);
		key[1] = roll(10);
		key[2] = roll(10);
		sums[key[0]][key[1]][key[2]] += (uint32_t)i;
		good = ngram_sort_put(&s, key, (uint64_t)i, &e) == 0;
	}
	good = good && ngram_sort_end(&s, &e) == 0 &&
	       ngram_reader_open(&r, &s, &e) == 0;
	while (good && (rc = ngram_reader_next(&r, &record, &e)) > 0) {
		good = (n++ == 0 || ngram_compare(last, record, KEY) < 0) &&
		       sums[record[0]][record[1]][record[2]] ==
			   ngram_payload(record, KEY);
		memcpy(last, record, sizeof(last));
	}
	OK(good && n == 1000, "counts are added up over several runs");
	ngram_reader_free(&r);
	ngram_sort_free(&s);
}

/* ---- numbers ---- */

static void
test_numbers(void)
{
	struct buf b = { 0 };
	struct str s;
	bool good = true, read = true;
	uint32_t bits;
	float v, got;
	int i;

	for (i = 0; i < 200000; i++) {
		bits = (uint32_t)roll(1u << 31) * 2 + roll(2);
		memcpy(&v, &bits, 4);
		if (!isfinite(v))
			continue;
		buf_clear(&b);
		ngram_put_float(&b, v);
		buf_putc(&b, '\0');
		good = good && strtof(b.p, NULL) == v;
		s = (struct str){ b.p, b.n - 1 };
		read = read && ngram_number(&s, &got) && got == v && s.n == 0;
	}
	OK(good, "floats are written so that they read back");
	OK(read, "and read as strtof() reads them");
	s = STR("nan\t");
	OK(!ngram_number(&s, &got), "NaN is no number");
	s = STR("1e99\t");
	OK(!ngram_number(&s, &got), "nor is what no float holds");
	buf_free(&b);
}

/* ---- bad files ---- */

/* A good file with one string in it replaced by another. */
static void
refused(const char *what, const char *from, const char *to, const char *say)
{
	static const char good[] =
	    "\\data\\\nngram 1=5\nngram 2=3\nngram 3=1\n\n\\1-grams:\n"
	    "-1.5\t<unk>\n0\t<s>\t-0.3\n-1\t</s>\n-0.7\ta\t-0.2\n"
	    "-0.9\tb\t-0.1\n\n\\2-grams:\n-0.4\t<s> a\t-0.25\n-0.3\ta b\t0\n"
	    "-0.2\tb </s>\n\n\\3-grams:\n-0.1\t<s> a b\n\n\\end\\\n";
	const char *at = strstr(good, from);
	struct buf b = { 0 };
	struct ngram *m;
	int rc;

	buf_put(&b, good, (size_t)(at - good));
	buf_puts(&b, to);
	buf_puts(&b, at + strlen(from));
	rc = ngram_parse(&m, buf_view(&b), &e);
	OK(say ? rc == ERR_FORMAT && strstr(e.msg, say) : rc == 0, "%s: %s",
	    what, rc < 0 ? e.msg : "read");
	ngram_free(m);
	buf_free(&b);
}

static void
test_bad_arpa(void)
{
	refused("a good file", "-1.5", "-1.5", NULL);
	refused("a missing back-off is none", "\t-0.25", "", NULL);
	refused("ends of lines of Windows", "-0.4\t<s> a\t-0.25\n",
	    "-0.4\t<s> a\t-0.25\r\n", NULL);
	refused("fewer words announced", "ngram 1=5", "ngram 1=4",
	    "not \\2-grams:");
	refused("fewer n-grams than announced", "ngram 2=3", "ngram 2=4",
	    "2-gram 3");
	refused(
	    "more than announced", "ngram 2=3", "ngram 2=2", "not \\3-grams:");
	refused(
	    "orders out of order", "ngram 2=3", "ngram 3=3", "ngram 2=COUNT");
	refused("a count of 2^63", "ngram 2=3", "ngram 2=9223372036854775808",
	    "count");
	refused("a positive log", "-0.3\ta b", "0.3\ta b", "above 0");
	refused("NaN", "-0.3\ta b", "nan\ta b", "no finite number");
	refused("infinity", "-0.3\ta b", "-inf\ta b", "no finite number");
	refused("a back-off of NaN", "\t-0.25", "\tnan", "back-off");
	refused("a back-off of the longest", "<s> a b\n", "<s> a b\t-1\n",
	    "no back-off");
	refused("a context that is missing", "-0.4\t<s> a\t-0.25\n",
	    "-0.4\t</s> a\t-0.25\n", "context");
	refused(
	    "an n-gram twice", "-0.3\ta b\t0", "-0.3\t<s> a\t0", "second time");
	refused("a word twice", "-0.9\tb", "-0.9\ta", "second time");
	refused("a word that is none", "-0.3\ta b", "-0.3\ta c", "no 1-gram");
	refused("too few words", "-0.3\ta b\t0", "-0.3\ta\t0", "2-gram 1");
	refused("no end", "\\end\\", "", "ends here");
	refused("no <s>", "0\t<s>\t-0.3", "0\t<t>\t-0.3", "lacks the word <s>");
	refused("text behind a number", "-0.7\ta", "-0.7x\ta", "no tab");
}

static void
test_long_line(void)
{
	struct buf b = { 0 };
	struct ngram *m;
	size_t n = 100 << 20;
	int rc;

	buf_puts(&b, "\\data\\\nngram 1=5\n\n\\1-grams:\n-1.5\t");
	memset(buf_room(&b, n), 'x', n);
	b.n += n;
	rc = ngram_parse(&m, buf_view(&b), &e);
	OK(rc == ERR_FORMAT && strstr(e.msg, "a line of over"),
	    "a line of 100 MB: %s", e.msg);
	ngram_free(m);
	buf_free(&b);
}

/* Each byte of a binary file changed, each length cut: no crash, and what is
 * left out of the file is missed. */
static void
test_bad_binary(const char *path)
{
	struct ngram_row r = { 0 };
	struct ngram *m;
	size_t n, i, cut = 0, cuts = 0;
	char *p;

	if (in_slurp(path, &p, &n, &e) < 0) {
		OK(false, "%s", e.msg);
		return;
	}
	for (i = 1; i < n; i += 13, cuts++) {
		cut += ngram_parse(&m, (struct str){ p, n - i }, &e) < 0;
		ngram_free(m);
	}
	for (i = 0; i < n; i++) {
		p[i] = (char)(p[i] ^ 0x55);
		if (ngram_parse(&m, (struct str){ p, n }, &e) == 0) {
			r.n = 0;
			ngram_row_line(m, &r, STR("the mill of the a"), &e);
			ngram_score(m, &r, &e);
		}
		ngram_free(m);
		p[i] = (char)(p[i] ^ 0x55);
	}
	OK(cut * 2 > cuts, "%s: cut short is found out", path);
	ngram_row_free(&r);
	free(p);
}

/* ---- texts and cut-offs ---- */

static void
same_text(const char *from, const char *to)
{
	struct buf low = { 0 }, out = { 0 };
	int rc = ccnet_text(str_c(from), &low, &out, &e);

	OK(rc == 0 && str_eq(buf_view(&out), str_c(to)), "%s -> %.*s", to,
	    (int)out.n, out.p);
	buf_free(&low);
	buf_free(&out);
}

static void
test_texts(void)
{
	same_text("  Caf\u00e9 1984\u2026 ", "cafe 0000...");
	same_text("\u00abA\u00bb \u2013 b\u2014c\u3002", "\"a\" - b - c.");
	same_text("\u0130stanbul \uff11\u0663", "istanbul 00");
	same_text("two\nlines\tand a\x7f bell\a", "twolinesand a bell");
	same_text("\uac00 \u03a3\u03a3", "\u1100\u1161 \u03c3\u03c2");
	same_text(" \n ", "");
}

static void
test_cutoffs(void)
{
	struct cutoff_sample *s = cutoff_sample_new(1000);
	struct buf b = { 0 };
	struct cutoffs *c = NULL;
	double limit;
	int i;

	for (i = 0; i <= 100; i++)
		cutoff_sample_add(
		    s, STR("en"), (uint64_t)(i * 7919 % 101), i * 10, &e);
	OK(cutoff_sample_write(s, &b, &e) == 0 && strstr(b.p, "\n30,300\n") &&
		strstr(b.p, "\n100,1000\n"),
	    "percentiles of 0, 10, ... 1000");
	OK(cutoffs_parse(&c, buf_view(&b), 30, 60, &e) == 0 &&
		strcmp(cutoffs_bucket(c, STR("en"), 299.9, &limit), "head") ==
		    0 &&
		strcmp(cutoffs_bucket(c, STR("en"), 300, &limit), "middle") ==
		    0 &&
		limit == 300 &&
		strcmp(cutoffs_bucket(c, STR("en"), 600, &limit), "tail") ==
		    0 &&
		strcmp(cutoffs_bucket(c, STR("fr"), 600, &limit), "all") == 0,
	    "buckets by them");
	cutoffs_free(c);
	OK(cutoffs_parse(&c, STR(",en\n30,1\n"), 30, 60, &e) == ERR_ARG,
	    "a percentile that is missing: %s", e.msg);
	OK(cutoffs_parse(&c, STR(",en\n30,1\n60,x\n"), 30, 60, &e) ==
		ERR_FORMAT,
	    "no number: %s", e.msg);
	cutoff_sample_free(s);
	buf_free(&b);
}

int
main(void)
{
	test_sort();
	test_numbers();
	test_training();
	test_bad_arpa();
	test_long_line();
	test_bad_binary("tests/models/ngram.probing");
	test_bad_binary("tests/models/ngram.qatrie");
	test_bad_binary("tests/models/ngram.trie");
	test_texts();
	test_cutoffs();
	return tap_end();
}
