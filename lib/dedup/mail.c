/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "dedup/mail.h"
#include "io/scratch.h"

enum { MOST = 1024, FEWEST = 4 };

#define NO_BLOCK UINT64_MAX

/* The letters at hand; where the block before them stands. */
struct box {
	struct letter *v; /* NULL until the first comes */
	size_t n;
	uint64_t before;
};

/* A block in the file; letters follow. */
struct block {
	uint64_t n, before;
};

int
mail_init(struct mail *m, size_t nbox, uint64_t memory, struct err *e)
{
	size_t i;

	*m = (struct mail){ .nbox = nbox, .letters = -1, .sets = -1 };
	m->per_block = memory / sizeof(struct letter) / (nbox ? nbox : 1);
	if (m->per_block > MOST)
		m->per_block = MOST;
	if (m->per_block < FEWEST)
		m->per_block = FEWEST;
	m->boxes = calloc(nbox ? nbox : 1, sizeof(*m->boxes));
	if (!m->boxes)
		return err_nomem(e, "chunks");
	for (i = 0; i < nbox; i++)
		m->boxes[i].before = NO_BLOCK;
	return 0;
}

void
mail_free(struct mail *m)
{
	size_t i;

	for (i = 0; m->boxes && i < m->nbox; i++)
		free(m->boxes[i].v);
	if (m->boxes && m->letters >= 0)
		close(m->letters);
	if (m->boxes && m->sets >= 0)
		close(m->sets);
	free(m->boxes);
	*m = (struct mail){ 0 };
}

static int
append(int *fd, uint64_t *end, const void *from, size_t n, struct err *e)
{
	if (*fd < 0 && scratch_open(fd, e) < 0)
		return e->code;
	if (scratch_write(*fd, from, n, *end, e) < 0)
		return e->code;
	*end += n;
	return 0;
}

static int
send_block(struct mail *m, struct box *x, struct err *e)
{
	struct block b = { x->n, x->before };
	uint64_t at = m->letters_end;

	if (append(&m->letters, &m->letters_end, &b, sizeof(b), e) < 0 ||
	    append(&m->letters, &m->letters_end, x->v, x->n * sizeof(*x->v),
		e) < 0)
		return e->code;
	x->before = at;
	x->n = 0;
	return 0;
}

int
mail_put(struct mail *m, size_t box, const struct letter *l, struct err *e)
{
	struct box *x = &m->boxes[box];

	if (!x->v)
		x->v = calloc(m->per_block, sizeof(*x->v));
	if (!x->v)
		return err_nomem(e, "chunks");
	x->v[x->n++] = *l;
	return x->n == m->per_block ? send_block(m, x, e) : 0;
}

static int
take_all(const struct box *x,
    int (*take)(void *to, const struct letter *l, struct err *e), void *to,
    struct err *e)
{
	size_t i;

	for (i = 0; i < x->n; i++)
		if (take(to, &x->v[i], e) < 0)
			return e->code;
	return 0;
}

int
mail_take(struct mail *m, size_t box,
    int (*take)(void *to, const struct letter *l, struct err *e), void *to,
    struct err *e)
{
	struct box *x = &m->boxes[box];
	struct block b;
	int rc = take_all(x, take, to, e);

	while (rc == 0 && x->before != NO_BLOCK) {
		rc = scratch_read(m->letters, &b, sizeof(b), x->before, e);
		if (rc == 0)
			rc = scratch_read(m->letters, x->v, b.n * sizeof(*x->v),
			    x->before + sizeof(b), e);
		if (rc < 0)
			break;
		x->n = b.n;
		x->before = b.before;
		rc = take_all(x, take, to, e);
	}
	free(x->v);
	*x = (struct box){ .before = NO_BLOCK };
	return rc;
}

int
mail_keep_set(
    struct mail *m, const uint64_t *set, size_t n, uint64_t *at, struct err *e)
{
	*at = m->sets_end;
	return append(&m->sets, &m->sets_end, set, n * sizeof(*set), e);
}

int
mail_read_set(
    struct mail *m, uint64_t at, uint64_t *set, size_t n, struct err *e)
{
	return scratch_read(m->sets, set, n * sizeof(*set), at, e);
}
