/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/err.h"
#include "base/num.h"
#include "base/opt.h"
#include "base/par.h"
#include "dedup/budget.h"

/*
 * A batch of lines, what it came to and its side bytes; a thread's parser.
 * Measured with documents of a few KB; a longer line comes on top.  Sorters
 * (dedup/sorter.h) are of 1 MB in all even if nothing is left for them.
 */
enum { FIXED = 9 << 20, PER_BATCH = 3 << 20, PER_THREAD = 4 << 20 };

static uint64_t
machine_memory(void)
{
	long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);

	if (pages <= 0 || size <= 0)
		return (uint64_t)1 << 32;
	return (uint64_t)pages * (uint64_t)size;
}

int
budget_init(struct budget *b, const struct opt_common *opt, struct err *e)
{
	int n = opt->threads > 1 ? opt->threads : 1;

	b->used = 0;
	b->limit = opt->memory ? opt->memory : machine_memory() / 4 * 3;
	return budget_take(b,
	    FIXED + par_jobs(n) * (uint64_t)PER_BATCH +
		(uint64_t)n * PER_THREAD,
	    "threads and batches", e);
}

static uint64_t
mebibytes(uint64_t n)
{
	return (n + (1 << 20) - 1) >> 20;
}

int
budget_take(struct budget *b, uint64_t n, const char *what, struct err *e)
{
	if (b->used <= b->limit && n <= b->limit - b->used) {
		b->used += n;
		return 0;
	}
	return err_set(e, ERR_NOMEM,
	    "%s would take it to %" PRIu64 "M so far, but --memory allows "
	    "%" PRIu64 "M: give more",
	    what, mebibytes(b->used + n), b->limit >> 20);
}

uint64_t
budget_share(const struct budget *b, unsigned part, unsigned of)
{
	return (b->limit - b->used) / of * part;
}

void
budget_give(struct budget *b, uint64_t n)
{
	b->used -= n;
}

void *
budget_grow(struct budget *b, void *p, size_t *cap, size_t need, size_t size,
    const char *what, struct err *e)
{
	size_t n = *cap + *cap / 2, bytes;
	void *more;

	if (need <= *cap)
		return p;
	if (n < need)
		n = need + 64;
	if (!num_mul(n, size, &bytes)) {
		err_nomem(e, what);
		return NULL;
	}
	if (budget_take(b, bytes - *cap * size, what, e) < 0)
		return NULL;
	more = realloc(p, bytes);
	if (!more) {
		err_nomem(e, what);
		return NULL;
	}
	*cap = n;
	return more;
}

void *
budget_calloc(
    struct budget *b, size_t n, size_t size, const char *what, struct err *e)
{
	size_t bytes;
	void *p;

	if (!num_mul(n, size, &bytes)) {
		err_nomem(e, what);
		return NULL;
	}
	if (budget_take(b, bytes, what, e) < 0)
		return NULL;
	p = calloc(n ? n : 1, size);
	if (!p)
		err_nomem(e, what);
	return p;
}
