/* SPDX-License-Identifier: MIT */
/*
 * dedup minhash and exact against an oracle that compares all pairs of small
 * corpora word by word.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "dedup/exact.h"
#include "dedup/minhash.h"
#include "io/docs.h"
#include "io/stream.h"
#include "../tap.h"

enum { NDOC = 90, NWORD = 30, NGRAM = 3, MAXSET = NWORD };

/* A document: words are small numbers, a shingle is NGRAM of them. */
struct text {
	unsigned id; /* printed with 3 digits: order is byte order */
	int n;
	unsigned w[NWORD];
	uint64_t set[MAXSET];
	int nset;
	bool kept;
	unsigned of;
	double j;
	bool seen;
};

static uint64_t seed;
static char dir[] = "/tmp/quern-dedup-XXXXXX";

static unsigned
rnd(unsigned n)
{
	return (unsigned)(mix64(++seed * 0x9e3779b97f4a7c15u) % n);
}

static void
add_shingle(struct text *t, const unsigned *w, int n)
{
	uint64_t s = (uint64_t)n;
	int i;

	for (i = 0; i < n; i++)
		s = s * 1000 + w[i];
	for (i = 0; i < t->nset; i++)
		if (t->set[i] == s)
			return;
	t->set[t->nset++] = s;
}

static void
make_set(struct text *t)
{
	int i;

	t->nset = 0;
	if (t->n && t->n < NGRAM)
		add_shingle(t, t->w, t->n);
	for (i = 0; i + NGRAM <= t->n; i++)
		add_shingle(t, t->w + i, NGRAM);
}

/* Fresh texts, copies, copies with a few words changed; some very short. */
static void
make_corpus(struct text *t)
{
	int i, k;

	for (i = 0; i < NDOC; i++) {
		t[i] = (struct text){ 0 };
		if (i && rnd(4)) {
			t[i] = t[rnd((unsigned)i)];
			for (k = (int)rnd(3); k > 0 && t[i].n; k--)
				t[i].w[rnd((unsigned)t[i].n)] = rnd(50);
		} else {
			t[i].n = (int)(rnd(8) ? 3 + rnd(NWORD - 2) : rnd(4));
			for (k = 0; k < t[i].n; k++)
				t[i].w[k] = rnd(50);
		}
		t[i].id = (unsigned)(i * 37 % NDOC); /* 37 and 90: coprime */
		make_set(&t[i]);
	}
}

static double
similarity(const struct text *a, const struct text *b)
{
	int i, k, both = 0;

	for (i = 0; i < a->nset; i++)
		for (k = 0; k < b->nset; k++)
			both += a->set[i] == b->set[k];
	if (a->nset + b->nset == 0)
		return 0; /* no words: like nothing */
	return (double)both / (a->nset + b->nset - both);
}

static const char *
path(const char *name)
{
	static char s[16][64]; /* in turn */
	static int at;

	at = (at + 1) % 16;
	snprintf(s[at], sizeof(s[at]), "%s/%s", dir, name);
	return s[at];
}

static int
write_corpus(const struct text *t, const int *order, struct err *e)
{
	static const char *const between[] = { " ", "  ", ", ", "\\n" };
	struct buf b = { 0 };
	const struct text *x;
	int i, k, rc;

	for (i = 0; i < NDOC; i++) {
		x = &t[order[i]];
		buf_printf(&b, "{\"id\":\"%03u\",\"text\":\"", x->id);
		for (k = 0; k < x->n; k++)
			buf_printf(&b, "w%u%s", x->w[k], between[rnd(4)]);
		buf_puts(&b, "\"}\n");
	}
	rc = out_whole(path("in.jsonl"), b.p, b.n, e);
	buf_free(&b);
	return rc;
}

static void
warn(struct run *r, struct str line)
{
	(void)r;
	printf("# %.*s\n", (int)line.n, line.p);
}

/*
 * Run minhash (or exact, opt NULL) over the corpus; one thread alone with so
 * little memory that each document is a chunk (dedup/choose.h).
 */
static int
run_dedup(const struct minhash_opt *opt, int threads, struct err *e)
{
	static const struct opt_cmd cmd = { .name = "dedup" };
	static const struct exact_opt plain;
	struct opt_common common = { .threads = threads, .quiet = true };
	char *in_path = strdup(path("in.jsonl"));
	struct docs in;
	struct run r;
	int rc;

	common.memory = threads == 1 ? 16 << 20 : 0;
	common.out = path("out.jsonl");
	common.rejects = path("rejects.jsonl");
	common.stats = path("stats.json");
	rc = docs_open(&in, &in_path, 1, &common, e);
	if (rc == 0)
		rc = run_open(&r, &cmd, &common, false, warn, e);
	if (rc == 0 && opt)
		rc = dedup_minhash(&in, &r, opt, NULL, e);
	else if (rc == 0)
		rc = dedup_exact(&in, &r, &plain, e);
	if (rc == 0)
		rc = run_close(&r, e);
	docs_close(&in);
	free(in_path);
	return rc;
}

static struct text *
by_id(struct text *t, unsigned id)
{
	int i;

	for (i = 0; i < NDOC && t[i].id != id; i++)
		;
	return &t[i];
}

static unsigned
id_of(struct json_val v)
{
	struct str s = json_str(v);
	char digits[8] = "";

	memcpy(digits, s.p, s.n < 7 ? s.n : 7);
	return (unsigned)strtoul(digits, NULL, 10);
}

/* Each line of a file of JSON Lines. */
static int
each_line(const char *name, struct text *t,
    void (*take)(struct text *t, struct json_val doc), struct err *e)
{
	char *p, *at, *eol;
	struct json *j;
	size_t n;

	if (in_slurp(path(name), &p, &n, e) < 0)
		return e->code;
	for (at = p; (eol = strchr(at, '\n')); at = eol + 1) {
		if (json_parse(&j, at, (size_t)(eol - at), e) < 0)
			break;
		take(t, json_root(j));
		json_free(j);
	}
	free(p);
	return 0;
}

static void
take_kept(struct text *t, struct json_val doc)
{
	struct text *x = by_id(t, id_of(json_get(doc, "id")));

	x->kept = x->seen = true;
}

static void
take_reject(struct text *t, struct json_val doc)
{
	struct text *x = by_id(t, id_of(json_get(doc, "id")));
	struct json_val why = json_path(doc, "metadata.reject");

	x->seen = true;
	x->kept = false;
	x->of = id_of(json_path(why, "detail.of"));
	x->j = json_double(json_get(why, "value"), -1);
}

static int
read_result(struct text *t, struct err *e)
{
	int i;

	for (i = 0; i < NDOC; i++)
		t[i].seen = t[i].kept = false;
	if (each_line("out.jsonl", t, take_kept, e) < 0)
		return e->code;
	return each_line("rejects.jsonl", t, take_reject, e);
}

/* Each dropped one names a kept one of a smaller id, and the similarity. */
static bool
drops_hold(struct text *t, double least)
{
	const struct text *of;
	bool ok = true;
	int i;

	for (i = 0; i < NDOC; i++) {
		ok &= t[i].seen;
		if (t[i].kept)
			continue;
		of = by_id(t, t[i].of);
		ok &= of->kept && of->id < t[i].id &&
		      similarity(of, &t[i]) == t[i].j && t[i].j >= least;
	}
	return ok;
}

/* What greedy choice by id keeps if every pair is compared. */
static bool
is_greedy(struct text *t, double least)
{
	bool kept[NDOC], ok = true;
	unsigned a, b;

	for (b = 0; b < NDOC; b++) {
		kept[b] = true;
		for (a = 0; a < b; a++)
			if (kept[a] &&
			    similarity(by_id(t, a), by_id(t, b)) >= least)
				kept[b] = false;
		ok &= kept[b] == by_id(t, b)->kept;
	}
	return ok;
}

/* The file of all pairs at least that similar. */
static void
want_pairs(struct text *t, double least, struct buf *out)
{
	unsigned a, b;
	double j;

	for (a = 0; a < NDOC; a++)
		for (b = a + 1; b < NDOC; b++) {
			j = similarity(by_id(t, a), by_id(t, b));
			if (j >= least)
				buf_printf(out, "%03u\t%03u\t%.4f\n", a, b, j);
		}
}

static bool
file_is(const char *name, const struct buf *want)
{
	struct err e;
	char *p;
	size_t n;
	bool same;

	if (in_slurp(path(name), &p, &n, &e) < 0)
		return false;
	same = n == want->n && (n == 0 || memcmp(p, want->p, n) == 0);
	free(p);
	return same;
}

static void
shuffle(int *order)
{
	int i, k, swap;

	for (i = NDOC - 1; i > 0; i--) {
		k = (int)rnd((unsigned)i + 1);
		swap = order[i];
		order[i] = order[k];
		order[k] = swap;
	}
}

/* Bands of one row each, and many: no pair is missed. */
static bool
one_corpus(double least, bool pairs)
{
	struct minhash_opt opt = { .profile = "plain",
		.ngram = NGRAM,
		.bands = 600,
		.rows = 1,
		.verify = least };
	struct text t[NDOC];
	struct buf want = { 0 };
	struct err e;
	int order[NDOC], i;
	bool ok = true;

	make_corpus(t);
	want_pairs(t, least, &want);
	for (i = 0; i < NDOC; i++)
		order[i] = i;
	for (i = 0; i < 3; i++) {
		if (pairs)
			opt.pairs = path("pairs.tsv");
		if (write_corpus(t, order, &e) < 0 ||
		    run_dedup(&opt, i + 1, &e) < 0 || read_result(t, &e) < 0) {
			printf("# %s\n", e.msg);
			return false;
		}
		ok &= drops_hold(t, least) && is_greedy(t, least);
		ok &= !pairs || file_is("pairs.tsv", &want);
		shuffle(order);
	}
	buf_free(&want);
	return ok;
}

/* With few bands pairs may be missed, but what is dropped is right. */
static bool
few_bands(double least)
{
	struct minhash_opt opt = { .profile = "plain",
		.ngram = NGRAM,
		.bands = 4,
		.rows = 4,
		.verify = least };
	struct text t[NDOC];
	struct err e;
	int order[NDOC], i;

	make_corpus(t);
	for (i = 0; i < NDOC; i++)
		order[i] = i;
	if (write_corpus(t, order, &e) < 0 || run_dedup(&opt, 2, &e) < 0 ||
	    read_result(t, &e) < 0) {
		printf("# %s\n", e.msg);
		return false;
	}
	return drops_hold(t, least);
}

static bool
same_words(const struct text *a, const struct text *b)
{
	return a->n == b->n &&
	       memcmp(a->w, b->w, (size_t)a->n * sizeof(*a->w)) == 0;
}

/* Words are parted at random, so only short texts are likely the same. */
static bool
exact_choice(void)
{
	struct text t[NDOC];
	struct err e;
	int order[NDOC], i, dropped = 0;
	bool ok = true;

	make_corpus(t);
	for (i = 0; i < NDOC; i++) {
		order[i] = i;
		t[i].n = t[i].n > 1 ? 1 : t[i].n;
	}
	if (write_corpus(t, order, &e) < 0 || run_dedup(NULL, 2, &e) < 0 ||
	    read_result(t, &e) < 0) {
		printf("# %s\n", e.msg);
		return false;
	}
	for (i = 0; i < NDOC; i++) {
		ok &= t[i].seen;
		dropped += !t[i].kept;
		if (!t[i].kept)
			ok &= by_id(t, t[i].of)->kept && t[i].of < t[i].id &&
			      same_words(by_id(t, t[i].of), &t[i]);
	}
	return ok && dropped > 0;
}

int
main(void)
{
	static const double least[] = { .05, .3, .5, .8, 1 };
	static const char *const made[] = { "in.jsonl", "out.jsonl",
		"rejects.jsonl", "stats.json", "pairs.tsv" };
	size_t i, k;

	if (!mkdtemp(dir))
		return 1;
	for (i = 0; i < 5; i++) {
		for (k = 0; k < 4; k++) {
			OK(one_corpus(least[i], true),
			    "J %g, with pairs: as all pairs say, in any order",
			    least[i]);
			OK(one_corpus(least[i], false),
			    "J %g: as all pairs say, in any order", least[i]);
			OK(few_bands(least[i]),
			    "J %g, few bands: what is dropped is like a kept "
			    "one",
			    least[i]);
		}
	}
	for (i = 0; i < 5; i++)
		OK(exact_choice(), "exact: the dropped name their equal");
	for (i = 0; i < 5; i++)
		unlink(path(made[i]));
	rmdir(dir);
	return tap_end();
}
