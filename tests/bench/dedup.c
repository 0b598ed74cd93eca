/* SPDX-License-Identifier: MIT */
/*
 * Signatures: text to words, shingles and the keys of its bands, on one core;
 * by processor time.  Goal: >= 50 MB/s with 112 values.
 *
 *	build/bench/dedup [FILE.jsonl]     speed, on made-up text or the file's
 *	build/bench/dedup --signatures FILE.jsonl
 *	                                   datatrove's 112 values of each
 *	                                   document; "-" for one without
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "dedup/shingles.h"
#include "dedup/signer.h"
#include "io/json.h"
#include "io/stream.h"

enum { TEXTS = 400, WORDS = 1000, ROUNDS = 20, VALUES = 112 };

struct texts {
	struct buf *v;
	size_t n;
	double mb;
};

static const char *const syllables[] = { "mil", "ler", "gra", "in", "wa", "ter",
	"sto", "ne", "the", "of", "and", "tur", "ning", "ri", "ver", "whe" };

/* English has 4.7 letters a word; so have these, nearly. */
static void
make_text(struct buf *b, uint64_t *seed)
{
	uint64_t x;
	size_t i, k;

	for (i = 0; i < WORDS; i++) {
		x = mix64(++*seed);
		for (k = 0; k <= (x & 3) % 3; k++)
			buf_puts(b, syllables[x >> (8 + 4 * k) & 15]);
		buf_puts(b, i % 11 == 10 ? ". " : " ");
	}
}

static int
add_text(struct texts *t, struct str text, struct err *e)
{
	struct buf *v = realloc(t->v, (t->n + 1) * sizeof(*v));

	if (!v)
		return err_nomem(e, "texts");
	t->v = v;
	v[t->n] = (struct buf){ 0 };
	buf_str(&v[t->n], text);
	t->mb += (double)text.n / 1e6;
	return buf_ok(&v[t->n++], e);
}

static int
make_texts(struct texts *t, struct err *e)
{
	struct buf b = { 0 };
	uint64_t seed = 0;
	int rc = 0;

	while (rc == 0 && t->n < TEXTS) {
		buf_clear(&b);
		make_text(&b, &seed);
		rc = add_text(t, buf_view(&b), e);
	}
	buf_free(&b);
	return rc;
}

static int
read_texts(struct texts *t, const char *file, struct err *e)
{
	char *p, *at, *eol;
	struct json *j;
	size_t n;
	int rc = in_slurp(file, &p, &n, e);

	if (rc < 0)
		return rc;
	for (at = p; rc == 0 && (eol = memchr(at, '\n', n - (size_t)(at - p)));
	     at = eol + 1) {
		rc = json_parse(&j, at, (size_t)(eol - at), e);
		if (rc < 0)
			break;
		rc = add_text(t, json_str(json_get(json_root(j), "text")), e);
		json_free(j);
	}
	free(p);
	return rc;
}

/* Seconds for all texts, once. */
static double
once(const struct texts *t, struct shingles *s, const struct signer *g,
    uint64_t *signature, uint64_t *keys, struct err *e)
{
	clock_t start = clock();
	size_t i;

	for (i = 0; i < t->n; i++) {
		if (shingles_of(s, buf_view(&t->v[i]), e) < 0)
			return -1;
		if (g && s->n)
			signer_keys(g, s->v, s->n, signature, keys);
	}
	return (double)(clock() - start) / CLOCKS_PER_SEC;
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void
measure(const struct texts *texts, const char *what, enum unit unit,
    size_t nband, size_t nrow)
{
	struct signer g = { 0 };
	struct shingles s = { 0 };
	uint64_t signature[256];
	uint64_t keys[64];
	double t[ROUNDS], all = 0;
	struct err e;
	int n;

	if (shingles_init(&s, unit, 5, &e) < 0)
		return;
	if (nband &&
	    (unit == UNIT_JOINED ? signer_init_datatrove(&g, nband, nrow, &e)
				 : signer_init(&g, nband, nrow, 0, &e)) < 0)
		return;
	/* Three rounds at least, about two seconds. */
	for (n = 0; n < ROUNDS && (n < 3 || all < 2); all += t[n++])
		t[n] = once(texts, &s, nband ? &g : NULL, signature, keys, &e);
	qsort(t, (size_t)n, sizeof(*t), by_value);
	printf("%s, one core: %.1f MB/s (median of %d; best %.1f)\n", what,
	    texts->mb / t[n / 2], n, texts->mb / t[0]);
	signer_free(&g);
	shingles_free(&s);
}

static int
print_signatures(const struct texts *t, struct err *e)
{
	struct signer g;
	struct shingles s;
	uint64_t signature[256], keys[64];
	size_t i, k;

	if (shingles_init(&s, UNIT_JOINED, 5, e) < 0 ||
	    signer_init_datatrove(&g, 14, 8, e) < 0)
		return e->code;
	for (i = 0; i < t->n; i++) {
		if (shingles_of(&s, buf_view(&t->v[i]), e) < 0)
			return e->code;
		if (s.n)
			signer_keys(&g, s.v, s.n, signature, keys);
		for (k = 0; s.n && k < VALUES; k++)
			printf("%s%" PRIu64, k ? " " : "", signature[k]);
		puts(s.n ? "" : "-");
	}
	signer_free(&g);
	shingles_free(&s);
	return 0;
}

int
main(int argc, char **argv)
{
	bool print = argc > 2 && strcmp(argv[1], "--signatures") == 0;
	struct texts t = { 0 };
	struct err e;
	size_t i;
	int rc;

	rc = argc > 1 ? read_texts(&t, argv[argc - 1], &e) : make_texts(&t, &e);
	if (rc == 0 && print) {
		rc = print_signatures(&t, &e);
	} else if (rc == 0) {
		measure(&t, "shingles", UNIT_WORDS, 0, 0);
		measure(&t, "shingles and 112 values", UNIT_WORDS, 14, 8);
		measure(&t, "shingles and 160 values", UNIT_WORDS, 40, 4);
		measure(&t, "tokens and 112 values", UNIT_TOKENS, 14, 8);
		measure(&t, "datatrove's 112 values", UNIT_JOINED, 14, 8);
	}
	if (rc < 0)
		printf("bench: %s\n", e.msg);
	for (i = 0; i < t.n; i++)
		buf_free(&t.v[i]);
	free(t.v);
	return rc < 0;
}
