/* SPDX-License-Identifier: MIT */
#include "report/counts.h"

#include <stdlib.h>

#include "base/err.h"
#include "base/hash.h"

void
counts_free(struct counts *c)
{
	free(c->slots);
	arena_free(&c->values);
	*c = (struct counts){ 0 };
}

/* The slot of value, or the empty one where it belongs. */
static struct count *
slot_of(const struct counts *c, struct str value, uint64_t hash)
{
	size_t i = hash & (c->cap - 1);

	while (c->slots[i].value.p &&
	       (c->slots[i].hash != hash || !str_eq(c->slots[i].value, value)))
		i = (i + 1) & (c->cap - 1);
	return &c->slots[i];
}

static int
table_grow(struct counts *c, struct err *e)
{
	struct counts grown = { .cap = c->cap ? 2 * c->cap : 64 };
	size_t i;

	grown.slots = calloc(grown.cap, sizeof(*grown.slots));
	if (!grown.slots)
		return err_nomem(e, "counts");
	for (i = 0; i < c->cap; i++)
		if (c->slots[i].value.p)
			*slot_of(&grown, c->slots[i].value, c->slots[i].hash) =
			    c->slots[i];
	c->memory += (grown.cap - c->cap) * sizeof(*grown.slots);
	free(c->slots);
	c->slots = grown.slots;
	c->cap = grown.cap;
	return 0;
}

static int
slot_fill(struct counts *c, struct count *slot, struct str value, uint64_t hash,
    size_t limit, struct err *e)
{
	if (limit && c->memory + value.n + 1 > limit)
		return err_set(e, ERR_ARG,
		    "%zu distinct values do not fit into %zu KiB: give more "
		    "memory",
		    c->n, limit >> 10);
	slot->value = arena_dup(&c->values, value);
	if (!slot->value.p)
		return err_nomem(e, "counts");
	slot->hash = hash;
	c->memory += value.n + 16;
	c->n++;
	return 0;
}

int
counts_add(struct counts *c, struct str value, uint64_t documents,
    uint64_t bytes, size_t limit, struct err *e)
{
	uint64_t hash = hash64(value.p, value.n, 0);
	struct count *slot;

	if (4 * (c->n + 1) > 3 * c->cap && table_grow(c, e) < 0)
		return e->code;
	slot = slot_of(c, value, hash);
	if (!slot->value.p && slot_fill(c, slot, value, hash, limit, e) < 0)
		return e->code;
	slot->documents += documents;
	slot->bytes += bytes;
	return 0;
}

int
counts_merge(
    struct counts *c, const struct counts *x, size_t limit, struct err *e)
{
	size_t i;

	for (i = 0; i < x->cap; i++)
		if (x->slots[i].value.p &&
		    counts_add(c, x->slots[i].value, x->slots[i].documents,
			x->slots[i].bytes, limit, e) < 0)
			return e->code;
	return 0;
}

static int
by_documents(const void *a, const void *b)
{
	const struct count *x = *(const struct count *const *)a;
	const struct count *y = *(const struct count *const *)b;

	if (x->documents != y->documents)
		return x->documents > y->documents ? -1 : 1;
	return str_cmp(x->value, y->value);
}

const struct count **
counts_sorted(const struct counts *c)
{
	const struct count **v = malloc((c->n + 1) * sizeof(*v));
	size_t i, n = 0;

	if (!v)
		return NULL;
	for (i = 0; i < c->cap; i++)
		if (c->slots[i].value.p)
			v[n++] = &c->slots[i];
	qsort(v, n, sizeof(*v), by_documents);
	return v;
}

int
counts_json(const struct counts *c, struct buf *out, struct err *e)
{
	const struct count **v = counts_sorted(c);
	size_t i;

	if (!v)
		return err_nomem(e, "counts");
	buf_putc(out, '{');
	for (i = 0; i < c->n; i++) {
		buf_puts(out, i ? "," : "");
		buf_json(out, v[i]->value);
		buf_puts(out, ":[");
		buf_u64(out, v[i]->documents);
		buf_putc(out, ',');
		buf_u64(out, v[i]->bytes);
		buf_putc(out, ']');
	}
	buf_putc(out, '}');
	free(v);
	return 0;
}

int
counts_read(struct counts *c, struct json_val v, size_t limit, struct err *e)
{
	struct json_iter it = json_each(v), pair;
	struct json_val item, documents, bytes;
	struct str value;

	while (json_next(&it, &value, &item)) {
		pair = json_each(item);
		if (json_count(item) != 2 ||
		    !json_next(&pair, NULL, &documents) ||
		    !json_next(&pair, NULL, &bytes) ||
		    json_int(documents, -1) < 0 || json_int(bytes, -1) < 0)
			return err_set(
			    e, ERR_FORMAT, "a count is no [documents, bytes]");
		if (counts_add(c, value, json_u64(documents, 0),
			json_u64(bytes, 0), limit, e) < 0)
			return e->code;
	}
	return 0;
}
