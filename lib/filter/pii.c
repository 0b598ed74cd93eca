/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/text/uni.h"
#include "base/text/utf8.h"
#include "filter/pii_find.h"

static const struct {
	const char *name, *tag;
	int (*find)(struct str text, struct pii_found *f, struct err *e);
} kinds[PII_TYPES] = {
	[PII_EMAIL] = { "email", "|||EMAIL|||", pii_find_email },
	[PII_IP] = { "ip", "|||IP|||", pii_find_ip },
};

const char *
pii_name(int type)
{
	return type < PII_TYPES ? kinds[type].name : NULL;
}

static int
unknown_type(struct str name, struct err *e)
{
	char known[128] = "";
	size_t n = 0;
	int i;

	for (i = 0; i < PII_TYPES && n < sizeof(known); i++)
		n += (size_t)snprintf(known + n, sizeof(known) - n, "%s%s",
		    i ? ", " : "", kinds[i].name);
	return err_set(e, ERR_ARG,
	    "no type '%.*s' of personal data; there "
	    "are: %s",
	    (int)name.n, name.p, known);
}

int
pii_types(const struct str *names, size_t n, unsigned *types, struct err *e)
{
	size_t i;
	int t;

	*types = 0;
	for (i = 0; i < n; i++) {
		for (t = 0; t < PII_TYPES; t++)
			if (str_eq(names[i], str_c(kinds[t].name)))
				break;
		if (t == PII_TYPES)
			return unknown_type(names[i], e);
		*types |= 1u << t;
	}
	return 0;
}

int
pii_add(
    struct pii_found *f, enum pii_type type, size_t at, size_t n, struct err *e)
{
	struct pii_span *more;
	size_t cap;

	if (f->n == f->cap) {
		cap = f->cap ? 2 * f->cap : 64;
		more = realloc(f->v, cap * sizeof(*more));
		if (!more)
			return err_nomem(e, "a text's personal data");
		f->v = more;
		f->cap = cap;
	}
	f->v[f->n++] = (struct pii_span){ type, (uint32_t)at, (uint32_t)n };
	return 0;
}

bool
pii_word_before(const char *start, const char *p, const char *end)
{
	size_t len;

	if (p == start)
		return false;
	do
		p--;
	while (p > start && ((unsigned char)*p & 0xc0) == 0x80);
	return uni_is_word(utf8_get(p, end, &len));
}

bool
pii_word_at(const char *p, const char *end)
{
	size_t len;

	return p < end && uni_is_word(utf8_get(p, end, &len));
}

/* By position; of two at the same, the longer first. */
static int
by_place(const void *a, const void *b)
{
	const struct pii_span *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	if (x->n != y->n)
		return x->n > y->n ? -1 : 1;
	return (x->type > y->type) - (x->type < y->type);
}

/* Of overlapping spans keep the first. */
static void
settle(struct pii_found *f)
{
	size_t i, n = 0, end = 0;

	if (f->n > 1)
		qsort(f->v, f->n, sizeof(*f->v), by_place);
	for (i = 0; i < f->n; i++) {
		if (f->v[i].at < end)
			continue;
		end = (size_t)f->v[i].at + f->v[i].n;
		f->count[f->v[i].type]++;
		f->v[n++] = f->v[i];
	}
	f->n = n;
}

int
pii_find(struct str text, unsigned types, struct pii_found *f, struct err *e)
{
	int t;

	f->n = 0;
	memset(f->count, 0, sizeof(f->count));
	for (t = 0; t < PII_TYPES; t++)
		if (types >> t & 1 && kinds[t].find(text, f, e) < 0)
			return e->code;
	settle(f);
	return 0;
}

void
pii_free(struct pii_found *f)
{
	free(f->v);
	*f = (struct pii_found){ 0 };
}

int
pii_mask(
    struct str text, const struct pii_found *f, struct buf *out, struct err *e)
{
	size_t i, at = 0;

	for (i = 0; i < f->n; i++) {
		buf_put(out, text.p + at, f->v[i].at - at);
		buf_puts(out, kinds[f->v[i].type].tag);
		at = (size_t)f->v[i].at + f->v[i].n;
	}
	buf_put(out, text.p + at, text.n - at);
	return buf_ok(out, e);
}

void
pii_counts_json(const struct pii_found *f, unsigned types, struct buf *out)
{
	char comma = '{';
	int t;

	for (t = 0; t < PII_TYPES; t++) {
		if (!(types >> t & 1))
			continue;
		buf_printf(
		    out, "%c\"%s\":%u", comma, kinds[t].name, f->count[t]);
		comma = ',';
	}
	buf_putc(out, '}');
}

void
pii_spans_json(const struct pii_found *f, struct buf *out)
{
	const struct pii_span *s;

	buf_putc(out, '[');
	for (s = f->v; s < f->v + f->n; s++)
		buf_printf(out, "%s{\"type\":\"%s\",\"start\":%u,\"end\":%u}",
		    s > f->v ? "," : "", kinds[s->type].name, s->at,
		    s->at + s->n);
	buf_putc(out, ']');
}
