/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as two steps' regexes, in lines, and a text behind them: cut at its
 * seams, the text's parts give the pieces of the whole.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../seam_pieces.h"
#include "base/buf.h"
#include "base/err.h"
#include "tokenizer/pre.h"
#include "tokenizer/seam.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* The parts from the last to the first, each with its pieces. */
static bool
put_parts(struct pre_run *run, struct seams *m, struct str s, struct buf *to)
{
	size_t at = seams_last(m, s, 0);

	if (at && !put_parts(run, m, (struct str){ s.p, at }, to))
		return false;
	return put_pieces(run, (struct str){ s.p + at, s.n - at }, to);
}

static void
compare(const struct pre *p, struct str s)
{
	struct buf whole = { 0 }, parts = { 0 };
	struct pre_run *run;
	struct seams *m = NULL;
	struct err e;

	run = pre_run_new(p, &e);
	if (run && seams_open(&m, p->v, p->n, NULL, false, &e) == 0 && m &&
	    put_pieces(run, s, &whole) && put_parts(run, m, s, &parts) &&
	    !str_eq(buf_view(&whole), buf_view(&parts)))
		abort();
	seams_free(m);
	pre_run_free(run);
	buf_free(&whole);
	buf_free(&parts);
}

/* The line at *at as a step; the next is at *at then. */
static bool
add_step(struct pre *p, char **at, char *end)
{
	char *eol = memchr(*at, '\n', (size_t)(end - *at));

	if (!eol || memchr(*at, '\0', (size_t)(eol - *at)))
		return false;
	*eol = '\0';
	p->v[p->n++] = (struct pre_step){ .kind = PRE_SPLIT, .regex = *at };
	*at = eol + 1;
	return true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct pre p = { 0 };
	char *copy, *at, *end;

	if (n > 4096)
		return 0;
	copy = at = malloc(n + 1);
	memcpy(copy, data, n);
	end = copy + n;
	if (add_step(&p, &at, end) && add_step(&p, &at, end)) {
		/* An empty line is no step. */
		p.n -= !p.v[1].regex[0];
		compare(&p, (struct str){ at, (size_t)(end - at) });
	}
	free(copy);
	return 0;
}
