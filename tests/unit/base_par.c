/* SPDX-License-Identifier: MIT */
/* The ordered parallel filter against its serial self, failures included. */
#include <stdint.h>
#include <string.h>

#include "base/err.h"
#include "base/par.h"
#include "tap.h"

enum { NEVER = -9, MAX_JOBS = 40 };

struct ctx {
	int n, total, read_fails, work_fails, write_fails;
	uint64_t sum;
	int nout;
};

struct job {
	int id;
	uint64_t v;
};

static int
rd(void *c, void *j, struct err *e)
{
	struct ctx *x = c;
	struct job *b = j;

	if (x->n == x->read_fails)
		return err_set(e, ERR_FORMAT, "read %d", x->n);
	if (x->n == x->total)
		return 0;
	b->id = x->n++;
	return 1;
}

static int
wk(void *c, void *j, int w, struct err *e)
{
	struct ctx *x = c;
	struct job *b = j;
	volatile int spin = (b->id * 7919) % 3000;

	(void)w;
	while (spin > 0)
		spin--;
	if (b->id == x->work_fails || b->id == x->work_fails + 3)
		return err_set(e, ERR_FORMAT, "work %d", b->id);
	b->v = (uint64_t)b->id * 2654435761u;
	return 0;
}

static int
wr(void *c, void *j, struct err *e)
{
	struct ctx *x = c;
	struct job *b = j;

	if (b->id == x->write_fails)
		return err_set(e, ERR_IO, "write %d", b->id);
	x->sum = x->sum * 31 + b->v;
	x->nout++;
	return 0;
}

static const struct par_ops ops = { rd, wk, wr };

static int
run(struct ctx *x, int nthread, size_t njob, struct err *e)
{
	struct job jobs[MAX_JOBS];
	void *p[MAX_JOBS];
	int i;

	for (i = 0; i < MAX_JOBS; i++)
		p[i] = &jobs[i];
	return par_run(&ops, x, p, njob, nthread, e);
}

static bool
same_for_all(struct ctx start)
{
	static const int threads[] = { 1, 2, 3, 8, 16 };
	struct ctx ref = start, x;
	struct err re = { 0 }, e;
	int rc = run(&ref, 1, 1, &re), again, rep;
	size_t i, njob;

	for (i = 0; i < sizeof(threads) / sizeof(*threads); i++)
		for (rep = 0; rep < 5; rep++)
			for (njob = 1; njob < MAX_JOBS; njob += 12) {
				x = start;
				e = (struct err){ 0 };
				again = run(&x, threads[i], njob, &e);
				if (again != rc || x.sum != ref.sum ||
				    x.nout != ref.nout ||
				    strcmp(e.msg, re.msg) != 0)
					return false;
			}
	return true;
}

int
main(void)
{
	static const int cases[][4] = { { 2000, NEVER, NEVER, NEVER },
		{ 0, NEVER, NEVER, NEVER }, { 1, NEVER, NEVER, NEVER },
		{ 500, 137, NEVER, NEVER }, { 500, NEVER, 200, NEVER },
		{ 500, NEVER, NEVER, 77 }, { 500, 203, 200, NEVER },
		{ 500, 0, NEVER, NEVER }, { 500, NEVER, 0, NEVER },
		{ 500, NEVER, 499, NEVER } };
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		OK(same_for_all((struct ctx){ .total = cases[i][0],
		       .read_fails = cases[i][1],
		       .work_fails = cases[i][2],
		       .write_fails = cases[i][3] }),
		    "%d jobs, failing read %d, work %d, write %d", cases[i][0],
		    cases[i][1], cases[i][2], cases[i][3]);
	return tap_end();
}
