/* SPDX-License-Identifier: MIT */
/*
 * Documents to deduplicate, any amount of them, from the words of some texts:
 *
 *	dedup_text BYTES SEED FILE... >documents.jsonl
 *
 * A document is made of spans of 8 to 30 words of the texts with every fifth
 * word replaced by any other, so that two of them have hardly a shingle in
 * common.  Of ten documents six are new; one is a copy of one made before and
 * three are copies in which up to a tenth of the words was replaced.  The i-th
 * document is a function of SEED and i: nothing is kept.
 *
 * Without arguments: how fast it is, on noise.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/num.h"
#include "base/progress.h"
#include "io/stream.h"

struct words {
	struct buf text;
	uint32_t *at; /* where each begins in text; one more */
	size_t n, cap;
};

static uint64_t
rnd(uint64_t *state, uint64_t n)
{
	return mix64(*state += 0x9e3779b97f4a7c15u) % n;
}

/* A word that needs no escapes in JSON. */
static bool
is_plain(const char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if ((unsigned char)p[i] < ' ' || strchr("\"\\{}[]", p[i]))
			return false;
	return n > 0 && n < 40;
}

static void
add_word(struct words *w, const char *p, size_t n)
{
	if (w->n + 1 >= w->cap) {
		w->cap = w->cap ? 2 * w->cap : 1 << 16;
		w->at = realloc(w->at, w->cap * sizeof(*w->at));
		if (!w->at)
			exit(1);
	}
	w->at[w->n++] = (uint32_t)w->text.n;
	buf_put(&w->text, p, n);
	buf_putc(&w->text, ' ');
	w->at[w->n] = (uint32_t)w->text.n;
}

static int
add_file(struct words *w, const char *path, struct err *e)
{
	char *text, *p;
	size_t n;

	if (in_slurp(path, &text, &n, e) < 0)
		return e->code;
	for (p = strtok(text, " \n\r\t"); p && w->text.n < UINT32_MAX / 2;
	     p = strtok(NULL, " \n\r\t"))
		if (is_plain(p, strlen(p)))
			add_word(w, p, strlen(p));
	free(text);
	return buf_ok(&w->text, e);
}

static void
put_words(const struct words *w, size_t from, size_t n, struct buf *out)
{
	buf_put(out, w->text.p + w->at[from], w->at[from + n] - w->at[from]);
}

/* Text number nth; of a thousand words `edit` are replaced as `edits` says. */
static void
put_text(const struct words *w, uint64_t seed, uint64_t nth, uint64_t edits,
    uint64_t edit, struct buf *out)
{
	uint64_t s = mix64(seed + nth), spans = 10 + rnd(&s, 30), i, k, n, from;

	for (i = 0; i < spans; i++) {
		n = 8 + rnd(&s, 23);
		from = rnd(&s, w->n - n);
		for (k = 0; k < n; k++, from++) {
			uint64_t at = from;

			if (rnd(&s, 5) == 0)
				at = rnd(&s, w->n);
			if (edit && rnd(&edits, 1000) < edit)
				at = rnd(&edits, w->n);
			put_words(w, at, 1, out);
		}
	}
}

static void
put_doc(const struct words *w, uint64_t seed, uint64_t nth, struct buf *out)
{
	static const uint64_t edit[] = { 0, 5, 30, 100 };
	uint64_t s = mix64(seed ^ mix64(nth)), kind = rnd(&s, 10);
	uint64_t of = kind < 6 || nth == 0 ? nth : rnd(&s, nth);

	buf_printf(out, "{\"id\":\"%010llx\",\"text\":\"",
	    (unsigned long long)(mix64(seed + 1 + nth) >> 24));
	put_text(w, seed, of, s, of == nth ? 0 : edit[kind - 6], out);
	buf_puts(out, "\"}\n");
}

static uint64_t
generate(const struct words *w, uint64_t bytes, uint64_t seed, FILE *to)
{
	struct buf b = { 0 };
	uint64_t nth = 0, n = 0;

	while (n < bytes) {
		buf_clear(&b);
		while (b.n < 1 << 20 && n + b.n < bytes)
			put_doc(w, seed, nth++, &b);
		if (to && fwrite(b.p, 1, b.n, to) != b.n)
			exit(1);
		n += b.n;
	}
	buf_free(&b);
	return n;
}

static int
measure(void)
{
	struct words w = { 0 };
	char word[20];
	uint64_t i;
	double t;

	for (i = 0; i < 100000; i++) {
		snprintf(word, sizeof(word), "%llx",
		    (unsigned long long)(mix64(i) >> (20 + i % 40)));
		add_word(&w, word, strlen(word));
	}
	t = progress_now();
	i = generate(&w, 32 << 20, 1, NULL);
	t = progress_now() - t;
	printf("dedup_text: %.0f MB/s\n", (double)i / 1e6 / t);
	buf_free(&w.text);
	free(w.at);
	return 0;
}

int
main(int argc, char **argv)
{
	struct words w = { 0 };
	uint64_t bytes, seed;
	struct err e;
	int i;

	if (argc == 1)
		return measure();
	if (argc < 4 || num_size(argv[1], &bytes, &e) < 0 ||
	    num_u64(argv[2], &seed, &e) < 0) {
		fprintf(stderr, "dedup_text BYTES SEED FILE...\n");
		return 2;
	}
	for (i = 3; i < argc; i++)
		if (add_file(&w, argv[i], &e) < 0) {
			fprintf(stderr, "dedup_text: %s\n", e.msg);
			return 1;
		}
	if (w.n < 100) {
		fprintf(stderr, "dedup_text: too few words\n");
		return 1;
	}
	generate(&w, bytes, seed, stdout);
	buf_free(&w.text);
	free(w.at);
	return fflush(stdout) != 0;
}
