/* SPDX-License-Identifier: MIT */
/* The steps of a run once more, held against its checkpoints. */
#include <stdlib.h>

#include "base/err.h"
#include "train/run.h"

/* Where to begin, and that there is something behind it. */
static int
begin_audit(struct run *t, const uint64_t *steps, size_t n, uint64_t from,
    struct err *e)
{
	int rc;

	if (n == 0 || steps[n - 1] <= from)
		return err_set(e, ERR_ARG,
		    "%s: no checkpoint after step %llu to compare with",
		    t->o->dir, (unsigned long long)from);
	if (steps[n - 1] > t->rows->steps)
		return err_set(e, ERR_ARG,
		    "%s: a checkpoint of step %llu, but the recipe has %llu",
		    t->o->dir, (unsigned long long)steps[n - 1],
		    (unsigned long long)t->rows->steps);
	rc = from ? checkpoint_load_step(t->o->dir, from, &t->n, &t->c, e)
		  : run_fresh(t, e);
	if (rc < 0 || run_load_spikes(t, e) < 0)
		return e->code;
	spikes_only_read(&t->spikes);
	return run_begin_journal(t, e);
}

/* After a step that has a checkpoint. */
static int
compare(struct run *t, struct err *e)
{
	const struct row_feedback *f = t->ev->feedback;

	t->c.journal[0] = '\0';
	if (f)
		f->digest(f->ctx, t->c.step, t->c.journal);
	if (run_count(t, e) < 0 ||
	    checkpoint_same(t->o->dir, &t->n, &t->c, e) < 0)
		return e->code;
	if (t->ev->same)
		t->ev->same(t->ev->ctx, t->c.step);
	return 0;
}

static int
audit(struct run *t, const uint64_t *steps, size_t n, uint64_t from,
    struct err *e)
{
	size_t next = 0;

	if (begin_audit(t, steps, n, from, e) < 0)
		return e->code;
	while (next < n && steps[next] <= from)
		next++;
	while (next < n) {
		if (run_advance(t, e) < 0)
			return e->code;
		if (t->ev->step)
			t->ev->step(t->ev->ctx, &t->r);
		if (t->ev->stop && *t->ev->stop)
			return err_set(e, ERR_IO, "stopped by a signal");
		if (t->c.step == steps[next]) {
			if (compare(t, e) < 0)
				return e->code;
			next++;
		}
	}
	return 0;
}

int
train_audit(const struct model_config *c, const struct train_options *o,
    const struct row_source *rows, const struct ops *ops,
    const struct train_events *ev, uint64_t from, struct err *e)
{
	struct run t = { .o = o,
		.rows = rows,
		.ev = ev,
		.log = { .fd = -1 },
		.board = { .fd = -1 },
		.audited = true };
	uint64_t *steps = NULL;
	size_t n;
	int rc = run_set_up(&t, c, ops, e);

	if (rc == 0 && t.ranks.link->size > 1)
		rc = err_set(e, ERR_ARG, "an audit takes no ranks");
	if (rc == 0)
		rc = checkpoint_steps(o->dir, &steps, &n, e);
	if (rc == 0)
		rc = audit(&t, steps, n, from, e);
	free(steps);
	run_tear_down(&t);
	return rc;
}
