/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "word_runs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "io/scratch.h"

enum { BLOCK = 1 << 16 };

/* ---- in order ---- */

static int
compare_words(const void *a, const void *b, void *words)
{
	const struct words *w = words;

	return str_cmp(words_str(w, a), words_str(w, b));
}

int
words_each(const struct words *w, word_take *take, void *ctx, struct err *e)
{
	struct word *v = malloc((w->used + 1) * sizeof(*v));
	uint64_t i, n = 0;
	int rc = 0;

	if (!v)
		return err_nomem(e, "the words counted");
	for (i = 0; i < w->nslot; i++)
		if (w->slots[i].n)
			v[n++] = w->slots[i];
	qsort_r(v, n, sizeof(*v), compare_words, (void *)w);
	for (i = 0; rc == 0 && i < n; i++)
		rc = take(ctx, words_str(w, &v[i]), v[i].n, e);
	free(v);
	return rc;
}

/* ---- writing ---- */

/* A word in a run: its length, its count, its bytes. */
struct head {
	uint64_t n;
	uint32_t len;
};

static int
write_word(void *ctx, struct str word, uint64_t n, struct err *e)
{
	struct head h = { n, (uint32_t)word.n };
	FILE *f = ctx;

	if (fwrite(&h, sizeof(h), 1, f) == 1 &&
	    fwrite(word.p, 1, word.n, f) == word.n)
		return 0;
	return err_errno(e, "$TMPDIR", "write counts");
}

/* A stream of its own over the run's file, at its beginning. */
static FILE *
open_run(int fd, const char *mode, struct err *e)
{
	int copy = dup(fd);
	FILE *f = copy < 0 ? NULL : fdopen(copy, mode);

	if (f && fseek(f, 0, SEEK_SET) == 0 &&
	    setvbuf(f, NULL, _IOFBF, BLOCK) == 0)
		return f;
	err_errno(e, "$TMPDIR", "open counts");
	if (f)
		fclose(f);
	else if (copy >= 0)
		close(copy);
	return NULL;
}

/* A new run of what `put` gives to write_word(). */
static int
add_run(struct word_runs *r, int (*put)(void *from, FILE *f, struct err *e),
    void *from, struct err *e)
{
	FILE *f;
	int fd, rc;

	if (scratch_open(&fd, e) < 0)
		return e->code;
	r->fds[r->n++] = fd;
	f = open_run(fd, "w", e);
	if (!f)
		return e->code;
	rc = put(from, f, e);
	if (fclose(f) != 0 && rc == 0)
		rc = err_errno(e, "$TMPDIR", "write counts");
	return rc;
}

static int
put_table(void *from, FILE *f, struct err *e)
{
	return words_each(from, write_word, f, e);
}

static int
put_runs(void *from, FILE *f, struct err *e)
{
	return word_runs_merge(from, write_word, f, e);
}

int
word_runs_spill(struct word_runs *r, struct words *w, struct err *e)
{
	struct word_runs all;

	if (r->n == WORD_RUNS) {
		all = *r;
		*r = (struct word_runs){ .n = 0 };
		if (add_run(r, put_runs, &all, e) < 0) {
			word_runs_free(&all);
			return e->code;
		}
	}
	if (add_run(r, put_table, w, e) < 0)
		return e->code;
	words_free(w);
	return 0;
}

/* ---- reading ---- */

struct reader {
	FILE *f;
	struct buf word;
	uint64_t n;
};

struct merger {
	struct reader all[WORD_RUNS];
	struct reader *heap[WORD_RUNS]; /* the least word first */
	size_t nheap;
	struct buf word; /* the one being added up */
	uint64_t n;
};

/* 1 if there is a word, 0 at the end. */
static int
read_word(struct reader *r, struct err *e)
{
	struct head h;
	char *to;

	buf_clear(&r->word);
	if (fread(&h, sizeof(h), 1, r->f) != 1)
		return ferror(r->f) ? err_errno(e, "$TMPDIR", "read counts")
				    : 0;
	to = buf_room(&r->word, h.len);
	if (!to)
		return err_nomem(e, "a word");
	if (fread(to, 1, h.len, r->f) != h.len)
		return err_set(e, ERR_IO, "$TMPDIR: counts are cut off");
	r->word.n = h.len;
	r->n = h.n;
	return 1;
}

static bool
is_before(const struct reader *a, const struct reader *b)
{
	return str_cmp(buf_view(&a->word), buf_view(&b->word)) < 0;
}

static void
sift_down(struct merger *m, size_t i)
{
	struct reader *x = m->heap[i];
	size_t c;

	while ((c = 2 * i + 1) < m->nheap) {
		if (c + 1 < m->nheap && is_before(m->heap[c + 1], m->heap[c]))
			c++;
		if (!is_before(m->heap[c], x))
			break;
		m->heap[i] = m->heap[c];
		i = c;
	}
	m->heap[i] = x;
}

/* Open all runs; the heap holds those that have a word. */
static int
start(struct merger *m, const struct word_runs *r, struct err *e)
{
	size_t i;
	int rc;

	for (i = 0; i < r->n; i++) {
		m->all[i].f = open_run(r->fds[i], "r", e);
		if (!m->all[i].f)
			return e->code;
		rc = read_word(&m->all[i], e);
		if (rc < 0)
			return rc;
		if (rc > 0)
			m->heap[m->nheap++] = &m->all[i];
	}
	for (i = m->nheap / 2; i-- > 0;)
		sift_down(m, i);
	return 0;
}

/* Add up the least word in m->word and m->n. */
static int
next_word(struct merger *m, struct err *e)
{
	struct reader *top = m->heap[0];
	int rc;

	buf_clear(&m->word);
	buf_str(&m->word, buf_view(&top->word));
	if (buf_ok(&m->word, e) < 0)
		return e->code;
	m->n = 0;
	do {
		m->n += top->n;
		rc = read_word(top, e);
		if (rc < 0)
			return rc;
		if (rc == 0)
			m->heap[0] = m->heap[--m->nheap];
		if (m->nheap)
			sift_down(m, 0);
		top = m->heap[0];
	} while (m->nheap && str_eq(buf_view(&top->word), buf_view(&m->word)));
	return 0;
}

int
word_runs_merge(struct word_runs *r, word_take *take, void *ctx, struct err *e)
{
	struct merger *m = calloc(1, sizeof(*m));
	int rc = m ? start(m, r, e) : err_nomem(e, "the words counted");
	size_t i;

	while (rc == 0 && m->nheap) {
		rc = next_word(m, e);
		if (rc == 0)
			rc = take(ctx, buf_view(&m->word), m->n, e);
	}
	for (i = 0; m && i < r->n; i++) {
		if (m->all[i].f)
			fclose(m->all[i].f);
		buf_free(&m->all[i].word);
	}
	if (m)
		buf_free(&m->word);
	free(m);
	word_runs_free(r);
	return rc;
}

void
word_runs_free(struct word_runs *r)
{
	while (r->n)
		close(r->fds[--r->n]);
}
