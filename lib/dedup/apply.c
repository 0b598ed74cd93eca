/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/err.h"
#include "base/hash.h"
#include "dedup/apply.h"
#include "dedup/key.h"
#include "dedup/sorter.h"
#include "io/docs.h"

static int
changed(const struct apply *a, struct err *e)
{
	return err_set(e, ERR_IO, "%s",
	    a->changed ? a->changed
		       : "the input changed between the first pass over it "
			 "and the last");
}

struct scratch_of {
	struct buf json, id;
};

int
verdict_put(struct sorter *s, struct buf *b, uint64_t place, uint64_t line,
    double value, struct str id, struct err *e)
{
	buf_clear(b);
	key_u64(b, place);
	key_u64(b, line);
	key_raw(b, &value, sizeof(value));
	buf_str(b, id);
	return buf_ok(b, e) < 0 ? e->code : sorter_add(s, buf_view(b), e);
}

void
digest_add(struct digest *d, uint64_t line)
{
	d->lines = mix64(d->lines ^ line);
}

static uint64_t
place_at(struct str verdict)
{
	return key_get_u64(&verdict);
}

static int
advance(struct apply *a, struct err *e)
{
	int rc = sorter_record(a->verdicts, &a->next, e);

	if (rc == 0)
		a->next = (struct str){ NULL, 0 };
	return rc < 0 ? rc : 0;
}

/* The verdicts on a batch: each behind its length. */
static int
note(void *ctx, uint64_t from, uint64_t to, struct buf *b, struct err *e)
{
	struct apply *a = ctx;
	uint32_t n;

	if (!a->begun && advance(a, e) < 0)
		return e->code;
	a->begun = true;
	if (a->next.p && place_at(a->next) < from)
		return changed(a, e);
	while (a->next.p && place_at(a->next) < to) {
		n = (uint32_t)a->next.n;
		buf_put(b, &n, sizeof(n));
		buf_str(b, a->next);
		if (advance(a, e) < 0)
			return e->code;
	}
	return 0;
}

/* The verdict on d, taken from its batch's note; p NULL: none, it stays. */
static struct str
verdict_on(struct doc *d)
{
	struct str none = { NULL, 0 }, v;
	uint32_t n;

	if (d->note->n == 0)
		return none;
	memcpy(&n, d->note->p, sizeof(n));
	v = (struct str){ d->note->p + sizeof(n), n };
	if (place_at(v) > d->place)
		return none;
	d->note->p += sizeof(n) + n;
	d->note->n -= sizeof(n) + n;
	return v;
}

static int
drop(const struct apply *a, struct doc *d, struct str v, struct scratch_of *w,
    struct emit *em, struct err *e)
{
	struct reason why = { .rule = a->rule,
		.has_value = a->has_value,
		.threshold = a->threshold };
	uint64_t place = key_get_u64(&v), line = key_get_u64(&v);

	key_get_raw(&v, &why.value, sizeof(why.value));
	if (place != d->place || line != hash64(d->line.p, d->line.n, 0))
		return changed(a, e);
	buf_clear(&w->id);
	key_get_str(&v, &w->id);
	buf_clear(&w->json);
	buf_puts(&w->json, "{\"of\":");
	buf_json_lossy(&w->json, buf_view(&w->id));
	buf_putc(&w->json, '}');
	if (buf_ok(&w->id, e) < 0 || buf_ok(&w->json, e) < 0)
		return e->code;
	why.detail = buf_view(&w->json);
	return emit_drop(em, d, &why, e);
}

static int
judge(void *ctx, void *worker, struct doc *d, struct emit *em, struct err *e)
{
	const struct apply *a = ctx;
	uint64_t line = hash64(d->line.p, d->line.n, 0);
	struct str v = verdict_on(d);

	buf_put(&em->side, &line, sizeof(line));
	if (!v.p)
		return emit_keep(em, d, e);
	return drop(a, d, v, worker, em, e);
}

static int
add_lines(void *ctx, struct str side, struct err *e)
{
	struct apply *a = ctx;
	uint64_t line;

	(void)e;
	for (; side.n; side.p += sizeof(line), side.n -= sizeof(line)) {
		memcpy(&line, side.p, sizeof(line));
		digest_add(&a->now, line);
	}
	return 0;
}

static void *
new_scratch(void *ctx, struct err *e)
{
	struct scratch_of *w = calloc(1, sizeof(*w));

	(void)ctx;
	if (!w)
		err_nomem(e, "threads");
	return w;
}

static void
free_scratch(void *worker)
{
	struct scratch_of *w = worker;

	buf_free(&w->json);
	buf_free(&w->id);
	free(w);
}

int
apply_run(struct apply *a, struct docs *in, struct run *r, struct err *e)
{
	static const struct docs_ops ops = { .worker_new = new_scratch,
		.worker_free = free_scratch,
		.doc = judge,
		.fold = add_lines,
		.note = note };
	int rc;

	a->now.lines = 0;
	a->begun = false;
	a->next = (struct str){ NULL, 0 };
	rc = docs_run(in, &ops, a, r, e);
	if (rc < 0)
		return rc;
	if (!a->begun && advance(a, e) < 0)
		return e->code;
	if (a->next.p || (a->lines && a->now.lines != a->lines->lines))
		return changed(a, e);
	return 0;
}
