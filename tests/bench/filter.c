/* SPDX-License-Identifier: MIT */
/*
 * Signals, personal data and language of made-up web text, one core: CPU
 * time, so that other work on the machine matters little.
 */
#include <stdio.h>
#include <time.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "filter/lang.h"
#include "filter/pii.h"
#include "filter/judge.h"

enum { DOCS = 4000 };

static const char *const words[] = { "the", "mill", "of", "grain", "water",
	"stone", "and", "turning,", "river.", "miller's", "wheel", "bread",
	"to", "that", "farmers", "carried", "from", "(old)", "valley", "every",
	"autumn;", "with", "their", "carts", "flour", "baker", "\"good\"", "in",
	"1890", "north-west", "don't", "be" };

static double
cpu_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* About 2,600 bytes: words, some of them made up, in sentences and lines. */
static void
make_text(struct buf *b, uint64_t *seed)
{
	size_t i, n = 250 + mix64(++*seed) % 400;

	for (i = 0; i < n; i++) {
		if (mix64(++*seed) % 3 == 0)
			buf_printf(b, "w%x", (unsigned)(mix64(++*seed) % 4096));
		else
			buf_puts(b, words[mix64(++*seed) % 32]);
		buf_puts(b, mix64(++*seed) % 40 ? " " : ".\n\n");
	}
}

static void
report(const char *what, double seconds, size_t bytes)
{
	printf("%s: %.0f documents/s, %.0f MB/s\n", what, DOCS / seconds,
	    (double)bytes / 1e6 / seconds);
}

int
main(void)
{
	static size_t at[DOCS + 1];
	const struct profile *gopher, *chain;
	struct pii_found found = { 0 };
	struct judge *j = judge_new();
	struct verdict v;
	struct buf b = { 0 };
	uint64_t seed = 0, kept = 0, finds = 0, english = 0;
	struct langid *m = NULL;
	struct lang l;
	struct err e;
	double start;
	size_t i;

	for (i = 0; i < DOCS; i++, at[i] = b.n)
		make_text(&b, &seed);
	if (profile_find(STR("gopher"), &gopher, &e) < 0 || !j ||
	    profile_find(STR("datatrove-0.10"), &chain, &e) < 0 ||
	    langid_builtin(&m, &e) < 0)
		return 1;
#define EACH(what, doing) \
	start = cpu_seconds(); \
	for (i = 0; i < DOCS; i++) { \
		struct str text = { b.p + at[i], at[i + 1] - at[i] }; \
\
		doing; \
	} \
	report(what, cpu_seconds() - start, b.n)
	EACH("filter: all signals, gopher's verdict",
	     judge_text(j, text, NULL, &e);
	     judge_by(j, gopher, &v, &e); kept += !v.reason);
	EACH("filter: all signals, datatrove-0.10's verdict",
	     judge_text(j, text, NULL, &e);
	     judge_by(j, chain, &v, &e); kept += !v.reason);
	EACH("pii: e-mail and IP addresses",
	     pii_find(text, (1 << PII_TYPES) - 1, &found, &e);
	     finds += found.n);
	EACH("lang: the built-in model", langid_guess(m, text, &l);
	     english += l.code[0] == 'e');
	printf("# kept %d, found %d, English %d\n", (int)kept, (int)finds,
	    (int)english);
	judge_free(j);
	langid_free(m);
	pii_free(&found);
	buf_free(&b);
	return 0;
}
