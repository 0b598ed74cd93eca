/* SPDX-License-Identifier: MIT */
#include "report/samples.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/err.h"
#include "report/copy.h"

static const char *const names[SAMPLE_FIELDS] = { "id", "url", "why", "text" };

static void
sample_free(struct sample *x)
{
	size_t f;

	for (f = 0; f < SAMPLE_FIELDS; f++)
		free((char *)x->field[f].p);
}

void
samples_free(struct samples *s)
{
	size_t i, k;

	for (i = 0; i < s->n; i++) {
		for (k = 0; k < s->kinds[i].n; k++)
			sample_free(&s->kinds[i].v[k]);
		free((char *)s->kinds[i].name.p);
	}
	free(s->kinds);
	*s = (struct samples){ 0 };
}

static int
own(struct str *to, struct str from, struct err *e)
{
	char *p = copy_str(from);

	if (!p)
		return err_nomem(e, "samples");
	*to = (struct str){ p, from.n };
	return 0;
}

/* The first kind whose name is not before name. */
static size_t
kind_at(const struct samples *s, struct str name)
{
	size_t lo = 0, hi = s->n, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (str_cmp(s->kinds[mid].name, name) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

const struct sample_kind *
samples_find(const struct samples *s, struct str name)
{
	size_t i = kind_at(s, name);

	return i < s->n && str_eq(s->kinds[i].name, name) ? &s->kinds[i] : NULL;
}

static int
kind_insert(struct samples *s, size_t i, struct str name, struct err *e)
{
	struct sample_kind *kinds = s->kinds, kind = { 0 };
	size_t cap = s->cap ? 2 * s->cap : 16;

	if (s->n == s->cap) {
		kinds = realloc(kinds, cap * sizeof(*kinds));
		if (!kinds)
			return err_nomem(e, "samples");
		s->kinds = kinds;
		s->cap = cap;
	}
	if (own(&kind.name, name, e) < 0)
		return e->code;
	memmove(kinds + i + 1, kinds + i, (s->n - i) * sizeof(*kinds));
	kinds[i] = kind;
	s->n++;
	return 0;
}

static int
sample_cmp(const struct sample *a, const struct sample *b)
{
	size_t f = 0;

	if (a->hash != b->hash)
		return a->hash < b->hash ? -1 : 1;
	while (f + 1 < SAMPLE_FIELDS && str_eq(a->field[f], b->field[f]))
		f++;
	return str_cmp(a->field[f], b->field[f]);
}

static int
sample_copy(struct sample *to, const struct sample *from, struct err *e)
{
	size_t f;

	*to = (struct sample){ .hash = from->hash };
	for (f = 0; f < SAMPLE_FIELDS; f++)
		if (own(&to->field[f], from->field[f], e) < 0) {
			sample_free(to);
			return e->code;
		}
	return 0;
}

/* Takes a document in if it is among the first of its kind. */
static int
kind_take(struct sample_kind *k, const struct sample *from, struct err *e)
{
	struct sample x;
	size_t i = 0;

	while (i < k->n && sample_cmp(&k->v[i], from) <= 0)
		i++;
	if (i == SAMPLES_EACH)
		return 0;
	if (sample_copy(&x, from, e) < 0)
		return e->code;
	if (k->n == SAMPLES_EACH)
		sample_free(&k->v[--k->n]);
	memmove(k->v + i + 1, k->v + i, (k->n - i) * sizeof(k->v[0]));
	k->v[i] = x;
	k->n++;
	return 0;
}

/* The kind, made if it isn't there; NULL when memory is out. */
static struct sample_kind *
kind_get(struct samples *s, struct str name, struct err *e)
{
	size_t i = kind_at(s, name);

	if ((i == s->n || !str_eq(s->kinds[i].name, name)) &&
	    kind_insert(s, i, name, e) < 0)
		return NULL;
	return &s->kinds[i];
}

int
samples_add(
    struct samples *s, struct str kind, const struct sample *x, struct err *e)
{
	struct sample_kind *k = kind_get(s, kind, e);

	if (!k)
		return e->code;
	k->seen++;
	return kind_take(k, x, e);
}

int
samples_merge(struct samples *s, const struct samples *x, struct err *e)
{
	struct sample_kind *k;
	size_t i, d;

	for (i = 0; i < x->n; i++) {
		k = kind_get(s, x->kinds[i].name, e);
		if (!k)
			return e->code;
		k->seen += x->kinds[i].seen;
		for (d = 0; d < x->kinds[i].n; d++)
			if (kind_take(k, &x->kinds[i].v[d], e) < 0)
				return e->code;
	}
	return 0;
}

static void
sample_json(const struct sample *x, struct buf *out)
{
	size_t f;

	buf_printf(out, "{\"hash\":\"%016" PRIx64 "\"", x->hash);
	for (f = 0; f < SAMPLE_FIELDS; f++) {
		buf_printf(out, ",\"%s\":", names[f]);
		buf_json(out, x->field[f]);
	}
	buf_putc(out, '}');
}

static void
kind_json(const struct sample_kind *k, struct buf *out)
{
	size_t i;

	buf_json(out, k->name);
	buf_puts(out, ":{\"seen\":");
	buf_u64(out, k->seen);
	buf_puts(out, ",\"documents\":[");
	for (i = 0; i < k->n; i++) {
		buf_puts(out, i ? "," : "");
		sample_json(&k->v[i], out);
	}
	buf_puts(out, "]}");
}

void
samples_json(const struct samples *s, struct buf *out)
{
	size_t i;

	buf_putc(out, '{');
	for (i = 0; i < s->n; i++) {
		buf_puts(out, i ? "," : "");
		kind_json(&s->kinds[i], out);
	}
	buf_putc(out, '}');
}

static bool
hash_read(struct str s, uint64_t *hash)
{
	char digits[17], *end;

	if (s.n != 16)
		return false;
	memcpy(digits, s.p, 16);
	digits[16] = 0;
	*hash = strtoull(digits, &end, 16);
	return *end == 0;
}

static int
sample_read(struct sample *x, struct json_val v, struct err *e)
{
	size_t f;

	if (!hash_read(json_str(json_get(v, "hash")), &x->hash))
		return err_set(e, ERR_FORMAT, "a sample has no \"hash\"");
	for (f = 0; f < SAMPLE_FIELDS; f++) {
		x->field[f] = json_str(json_get(v, names[f]));
		if (!x->field[f].p)
			return err_set(
			    e, ERR_FORMAT, "a sample has no \"%s\"", names[f]);
	}
	return 0;
}

static int
kind_read(struct sample_kind *k, struct json_val v, struct err *e)
{
	struct json_iter it = json_each(json_get(v, "documents"));
	struct json_val item;
	struct sample x;

	k->seen = json_u64(json_get(v, "seen"), 0);
	while (json_next(&it, NULL, &item))
		if (sample_read(&x, item, e) < 0 || kind_take(k, &x, e) < 0)
			return e->code;
	return 0;
}

int
samples_read(struct samples *s, struct json_val v, struct err *e)
{
	struct json_iter it = json_each(v);
	struct sample_kind *k;
	struct json_val item;
	struct str name;

	while (json_next(&it, &name, &item)) {
		k = kind_get(s, name, e);
		if (!k || kind_read(k, item, e) < 0)
			return e->code;
	}
	return 0;
}
