/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <nettle/sha1.h>
#include <xxhash.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/opt.h"
#include "dedup/budget.h"
#include "dedup/exact.h"
#include "dedup/groups.h"
#include "dedup/key.h"
#include "dedup/prefer.h"
#include "dedup/shingles.h"
#include "dedup/roots.h"
#include "dedup/signer.h"
#include "dedup/simple.h"
#include "dedup/sort.h"
#include "io/doc.h"
#include "../tap.h"

static uint64_t seed;

static uint64_t
rnd(uint64_t n)
{
	return mix64(++seed * 0x9e3779b97f4a7c15u) % n;
}

static int
by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* n hashes of which the top bits, or the low ones, may all be the same. */
static void
hashes_sorted(size_t n, uint64_t mask)
{
	uint64_t *v = calloc(n + 1, 8), *w = calloc(n + 1, 8),
		 *tmp = calloc(n + 1, 8);
	size_t i;

	for (i = 0; i < n; i++)
		v[i] = w[i] = mix64(++seed) & mask;
	sort_hashes(v, tmp, n);
	qsort(w, n, 8, by_value);
	OK(memcmp(v, w, n * 8) == 0, "sort_hashes: %zu hashes & %llx", n,
	    (unsigned long long)mask);
	free(v);
	free(w);
	free(tmp);
}

static void
keyed_sorted(uint32_t n)
{
	struct keyed *v = calloc(n, sizeof(*v)), *tmp = calloc(n, sizeof(*v));
	bool ok = true;
	uint32_t i;

	for (i = 0; i < n; i++)
		v[i] = (struct keyed){ mix64(rnd(n / 3 + 1)), i };
	sort_keyed(v, tmp, n);
	for (i = 1; i < n; i++)
		ok &= v[i - 1].key < v[i].key ||
		      (v[i - 1].key == v[i].key && v[i - 1].group < v[i].group);
	OK(ok, "sort_keyed: %u elements, stable", n);
	free(v);
	free(tmp);
}

/* Ascending numbers out of `range`; returns how many. */
static size_t
random_set(uint64_t *v, uint64_t range, uint64_t odds)
{
	size_t n = 0;
	uint64_t x;

	for (x = 0; x < range; x++)
		if (rnd(100) < odds)
			v[n++] = mix64(x);
	qsort(v, n, 8, by_value);
	return n;
}

static double
naive_jaccard(const uint64_t *a, size_t na, const uint64_t *b, size_t nb)
{
	size_t i, j, both = 0;

	for (i = 0; i < na; i++)
		for (j = 0; j < nb; j++)
			both += a[i] == b[j];
	return (double)both / (double)(na + nb - both);
}

static void
jaccard_as_defined(void)
{
	static const double least[] = { 1e-9, .1, .25, .5, .8, 1 };
	uint64_t a[40], b[40];
	size_t i, k, na, nb, bad = 0;
	double want, got;

	for (i = 0; i < 4000; i++) {
		na = random_set(a, 1 + rnd(40), 30 + rnd(71));
		nb = random_set(b, 1 + rnd(40), 30 + rnd(71));
		if (na + nb == 0)
			continue;
		want = naive_jaccard(a, na, b, nb);
		for (k = 0; k < sizeof(least) / sizeof(*least); k++) {
			got = jaccard(a, na, b, nb, least[k]);
			bad += want >= least[k] ? got != want : got >= least[k];
		}
		/* A threshold that is met exactly is reached. */
		bad += want > 0 && jaccard(a, na, b, nb, want) != want;
	}
	OK(bad == 0, "jaccard: as counted one by one, at any threshold");
}

/* The set of text's shingles as keys: |set|, and its identity. */
static struct hash128
key_of(const char *text, size_t nword, size_t *n)
{
	struct shingles s;
	struct hash128 key = { 0, 0 };
	struct err e;

	if (shingles_init(&s, UNIT_WORDS, nword, &e) == 0 &&
	    shingles_of(&s, str_c(text), &e) == 0) {
		*n = s.n;
		key = shingles_key(&s);
		shingles_sort(&s);
	}
	shingles_free(&s);
	return key;
}

static void
shingle_count(const char *text, size_t nword, size_t want)
{
	size_t n = 0;

	key_of(text, nword, &n);
	OK(n == want, "%zu shingles of %zu words in '%s'", want, nword, text);
}

static void
same_set(const char *a, const char *b, bool want)
{
	size_t na = 0, nb = 0;
	struct hash128 x = key_of(a, 2, &na), y = key_of(b, 2, &nb);

	OK((x.lo == y.lo && x.hi == y.hi && na == nb) == want,
	    "'%s' and '%s' have %s pairs of words", a, b,
	    want ? "the same" : "other");
}

static void
shingles_as_defined(void)
{
	shingle_count("", 5, 0);
	shingle_count(" ... !", 5, 0);
	shingle_count("one", 5, 1);
	shingle_count("one two three four", 5, 1);
	shingle_count("one two three four five", 5, 1);
	shingle_count("one two three four five six", 5, 2);
	shingle_count("a a a a a a a a a", 5, 1);
	shingle_count("a b a b a b a b", 2, 2);
	shingle_count("a b c d", 1, 4);
	same_set("The mill, the river.", "the MILL;  the river", true);
	same_set("a b a b a", "b a b a b", true);
	same_set("a b c", "c b a", false);
	same_set("a b", "b a", false);
	same_set("ab c", "a bc", false);
	same_set("a", "a b", false);
}

/* The signature's values follow from a and b; whatever the instructions. */
static void
signature_as_defined(size_t n)
{
	uint32_t sig[48], want;
	uint64_t set[100], keys[15], x;
	struct signer s;
	struct err e;
	size_t i, k, bad = 0;

	if (signer_init(&s, 15, 3, n, &e) < 0)
		return;
	for (i = 0; i < n; i++)
		set[i] = mix64(++seed);
	signer_keys(&s, set, n, sig, keys);
	for (k = 0; k < 45; k++) {
		want = UINT32_MAX;
		for (i = 0; i < n; i++) {
			x = s.a[k] * (set[i] & UINT32_MAX) +
			    s.b[k] * (set[i] >> 32);
			if ((uint32_t)x < want)
				want = (uint32_t)x;
		}
		bad += sig[k] != want;
	}
	OK(s.npad == 48 && bad == 0, "signature of %zu hashes", n);
	signer_free(&s);
}

/* The first values of a and b, and a signature, as NumPy and datatrove say. */
static void
signature_as_datatrove(void)
{
	static const char *const grams[] = { "the quick brown fox jumps",
		"quick brown fox jumps over", "brown fox jumps over the",
		"fox jumps over the lazy", "jumps over the lazy dog" };
	static const uint64_t want[] = { 585594454516184072, 284080765670708113,
		594234408324153881, 226360113463360020 };
	uint64_t sig[112], keys[14], set[5];
	uint8_t digest[SHA1_DIGEST_SIZE];
	struct sha1_ctx sha1;
	struct signer s;
	struct err e;
	size_t i, k;

	if (signer_init_datatrove(&s, 14, 8, &e) < 0)
		return;
	OK(s.wide_a[0] == 775169054918279404 &&
		s.wide_a[1] == 1758426461858698313 &&
		s.wide_a[2] == 2109959069025162 &&
		s.wide_a[111] == 223865076026037746,
	    "datatrove's a");
	OK(s.wide_b[0] == 1062448801025099917 &&
		s.wide_b[1] == 1324811268927594100 &&
		s.wide_b[2] == 1217488311597731462 &&
		s.wide_b[111] == 1097409548522419201,
	    "datatrove's b");
	for (i = 0; i < 5; i++) {
		sha1_init(&sha1);
		sha1_update(&sha1, strlen(grams[i]), (const uint8_t *)grams[i]);
		sha1_digest(&sha1, sizeof(digest), digest);
		for (k = 8, set[i] = 0; k-- > 0;)
			set[i] = set[i] << 8 | digest[k];
	}
	signer_keys(&s, set, 5, sig, keys);
	OK(memcmp(sig, want, sizeof(want)) == 0, "datatrove's signature");
	signer_free(&s);
}

/* Wide values by 128-bit arithmetic, one at a time. */
static void
wide_as_defined(size_t n)
{
	uint64_t sig[48], set[100], keys[15], x, want;
	struct signer s;
	struct err e;
	size_t i, k, bad = 0;

	if (signer_init_datatrove(&s, 15, 3, &e) < 0)
		return;
	for (i = 0; i < n; i++)
		set[i] = i ? mix64(++seed) : UINT64_MAX;
	signer_keys(&s, set, n, sig, keys);
	for (k = 0; k < 45; k++) {
		for (i = 0, want = UINT64_MAX; i < n; i++) {
			x = s.wide_a[k] * set[i] + s.wide_b[k];
			x %= ((uint64_t)1 << 61) - 1;
			want = x < want ? x : want;
		}
		bad += sig[k] != want;
	}
	OK(bad == 0, "datatrove's signature of %zu hashes", n);
	signer_free(&s);
}

/* The XXH64 of tokens joined by blanks: as many as there are, in order. */
static void
joined_as_defined(void)
{
	static const char text[] = "The \u00c9lan of 3,14 mills, turning.";
	static const char *const grams[] = { "the elan of", "elan of 0",
		"of 0 mills", "0 mills turning" };
	struct shingles s;
	struct err e;
	size_t i, bad = 0;

	if (shingles_init(&s, UNIT_JOINED, 3, &e) < 0 ||
	    shingles_of(&s, str_c(text), &e) < 0)
		return;
	for (i = 0; i < 4 && s.n == 4; i++)
		bad += s.v[i] != XXH64(grams[i], strlen(grams[i]), 0);
	OK(s.n == 4 && bad == 0, "joined shingles are XXH64 of the tokens");
	OK(shingles_of(&s, STR("two tokens"), &e) == 0 && s.n == 0,
	    "and too few tokens have none");
	shingles_free(&s);
}

static void
simple(const char *text, const char *want)
{
	struct buf low = { 0 }, out = { 0 };
	struct err e;

	OK(simple_form(str_c(text), &low, &out, &e) == 0 &&
		str_eq(buf_view(&out), str_c(want)),
	    "simple form: %s", want);
	buf_free(&low);
	buf_free(&out);
}

static void
simple_as_defined(void)
{
	simple("  The\n MILL\t's ", "the mill s");
	simple("12,5 and 1.2.3, 7.", "0 and 0 0 0");
	simple("3rd \u0663\u066b\u0665x", "0rd 0x");
	simple("\u00c9t\u00e9 na\u00efve", "ete naive");
	simple("\u201ca\u201d \u2014 b\u2026", "a b");
	simple("...", "");
	simple("\ud55c\uae00", "\u1112\u1161\u11ab\u1100\u1173\u11af");
}

/* How many distinct shingles a text has, by unit. */
static void
units(enum unit unit, size_t nword, const char *text, size_t want)
{
	struct shingles s;
	struct err e;

	if (shingles_init(&s, unit, nword, &e) < 0)
		return;
	OK(shingles_of(&s, str_c(text), &e) == 0 && s.n == want,
	    "%zu shingles of %zu, unit %d", want, nword, (int)unit);
	shingles_free(&s);
}

static void
roots_as_defined(void)
{
	/* Two bands of one row; 0-1, 2-3 by the first, 1-2 by the second. */
	static const uint64_t sig[][2] = { { 5, 1 }, { 5, 2 }, { 4, 2 },
		{ 4, 3 }, { 6, 4 } };
	struct roots r;
	struct err e;
	size_t i;

	roots_init(&r, 2, 1, 1 << 20);
	for (i = 0; i < 5; i++)
		if (roots_add(&r, (const char *)sig[i], &e) < 0)
			return;
	OK(roots_run(&r, &e) == 0 && r.head[0] == 0 && r.head[1] == 0 &&
		r.head[2] == 0 && r.head[3] == 0 && r.head[4] == 4 &&
		r.joined == 3,
	    "roots: clusters that meet are one, of the first's root");
	roots_free(&r);
}

enum { TRIALS = 1500, BANDS = 40, ROWS = 4, PERMS = BANDS * ROWS };

/* Sets of which `both` elements are common and `apart` are each one's own. */
static void
estimate(size_t both, size_t apart)
{
	double j = (double)both / (double)(both + 2 * apart), n = PERMS;
	double d, sum = 0, squares = 0, found = 0, want, se;
	static uint64_t a[1000], b[1000];
	uint64_t ka[BANDS], kb[BANDS];
	uint32_t sa[PERMS], sb[PERMS];
	struct signer s;
	struct err e;
	size_t t, i, same, hit;

	if (signer_init(&s, BANDS, ROWS, 7, &e) < 0)
		return;
	for (t = 0; t < TRIALS; t++) {
		for (i = 0; i < both + apart; i++) {
			a[i] = mix64(++seed);
			b[i] = i < both ? a[i] : mix64(++seed);
		}
		signer_keys(&s, a, both + apart, sa, ka);
		signer_keys(&s, b, both + apart, sb, kb);
		for (i = same = 0; i < PERMS; i++)
			same += sa[i] == sb[i];
		for (i = hit = 0; i < BANDS; i++)
			hit |= ka[i] == kb[i];
		d = (double)same / n - j;
		sum += d;
		squares += d * d;
		found += (double)hit;
	}
	signer_free(&s);
	se = sqrt(j * (1 - j) / n / TRIALS);
	OK(fabs(sum / TRIALS) < 4 * se, "J %.3f: estimate off by %.5f", j,
	    sum / TRIALS);
	want = j * (1 - j) / n;
	OK(squares / TRIALS < want * 1.2 && squares / TRIALS > want * .8,
	    "J %.3f: variance %.3g, binomial %.3g", j, squares / TRIALS, want);
	want = signer_recall(BANDS, ROWS, j);
	se = sqrt(want * (1 - want) / TRIALS) + 1. / TRIALS;
	OK(fabs(found / TRIALS - want) < 4 * se,
	    "J %.3f: %.3f share a band key, %.3f expected", j, found / TRIALS,
	    want);
}

static void
normal_is(const char *text, const char *want)
{
	struct buf low = { 0 }, out = { 0 };
	struct err e;
	bool ok = normal_form(str_c(text), &low, &out, &e) == 0 &&
		  str_eq(buf_view(&out), str_c(want));

	OK(ok, "normal form '%s'", want);
	buf_free(&low);
	buf_free(&out);
}

/* A document whose line is n blanks, at a place. */
static void
add_doc(
    struct sorter *s, uint64_t key, const char *id, size_t n, uint64_t place)
{
	struct doc d = { .id = str_c(id), .place = place };
	struct hash128 h = { key, 7 };
	struct buf b = { 0 }, rank = { 0 };
	struct prefer none = { .n = 0 };
	struct err e;

	d.line = (struct str){ "          ", n };
	groups_key(&b, &h);
	groups_who(&b, &d, &none, &rank);
	buf_putc(&b, '!');
	if (sorter_add(s, buf_view(&b), &e) < 0)
		exit(1);
	buf_free(&b);
	buf_free(&rank);
}

static void
add_earlier(struct sorter *s, uint64_t key, const char *id, uint64_t place)
{
	struct hash128 h = { key, 7 };
	struct buf b = { 0 };
	struct err e;

	groups_key(&b, &h);
	groups_earlier(&b, str_c(id), place);
	if (sorter_add(s, buf_view(&b), &e) < 0)
		exit(1);
	buf_free(&b);
}

static void
best_of_a_group(void)
{
	struct sorter s;
	struct groups g = { .docs = &s };
	struct member m;
	struct buf got = { 0 }, id = { 0 };
	struct err e;

	sorter_init(&s, false, 1 << 20);
	add_doc(&s, 1, "b", 5, 0);
	add_doc(&s, 2, "a2", 5, 1);
	add_doc(&s, 1, "a", 3, 6);
	add_doc(&s, 1, "a", 3, 4);
	add_doc(&s, 3, "a", 1, 9);
	add_earlier(&s, 3, "z", 2);
	sorter_sort(&s, &e);
	while (groups_next(&g, &m, &e) > 0) {
		buf_clear(&id);
		key_get_str(&m.who.id, &id);
		buf_printf(&got, "%s%.*s@%d%s", m.first ? "\n" : " ", (int)id.n,
		    id.p, (int)m.who.place, m.who.earlier ? "!" : "");
		OK(m.who.earlier || str_eq(m.payload, STR("!")),
		    "groups: the payload comes back");
	}
	OK(str_eq(buf_view(&got), STR("\na@4 a@6 b@0\na2@1\nz@2! a@9")),
	    "groups: earlier dumps, then the smallest id, line hash, place is "
	    "first");
	sorter_free(&s);
	buf_free(&got);
	buf_free(&id);
}

static void
refuses(void)
{
	struct opt_common opt = { .threads = 2, .memory = 64 << 20 };
	struct budget b;
	struct err e;
	void *p;

	OK(budget_init(&b, &opt, &e) == 0, "budget: 64M is enough to start");
	p = budget_calloc(&b, 1 << 20, 64, "testing", &e);
	OK(!p && e.code == ERR_NOMEM && strstr(e.msg, "testing"),
	    "budget: refuses with '%s'", e.msg);
	opt.memory = 1 << 20;
	OK(budget_init(&b, &opt, &e) == ERR_NOMEM, "budget: 1M is too little");
}

int
main(void)
{
	static const uint64_t masks[] = { UINT64_MAX, 0xff, 0xff00000000000000,
		3 };
	size_t i;

	for (i = 0; i < 4; i++) {
		hashes_sorted(0, masks[i]);
		hashes_sorted(1, masks[i]);
		hashes_sorted(48, masks[i]);
		hashes_sorted(49, masks[i]);
		hashes_sorted(5000, masks[i]);
	}
	keyed_sorted(10);
	keyed_sorted(10000);
	jaccard_as_defined();
	shingles_as_defined();
	signature_as_datatrove();
	wide_as_defined(1);
	wide_as_defined(100);
	joined_as_defined();
	simple_as_defined();
	units(UNIT_CHARS, 3, "\u8336 \u9986\uff0cabC_D", 4);
	units(UNIT_CHARS, 3, "\u8336", 1);
	units(UNIT_CHARS, 3, "?!", 0);
	units(UNIT_POINTS, 3, "a? B", 2);
	units(UNIT_TOKENS, 2, "1 mill, 22 mills", 3);
	roots_as_defined();
	for (i = 1; i < 10; i++)
		signature_as_defined(i);
	signature_as_defined(100);
	estimate(20, 20);
	estimate(160, 20);
	estimate(60, 220);
	normal_is("", "");
	normal_is(" \t\n", "");
	normal_is("  The\t\tMill \xc2\xa0\xe2\x80\xa9 \xc3\x84rger\r\n",
	    "the mill \xc3\xa4rger");
	best_of_a_group();
	refuses();
	return tap_end();
}
