/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/text/uni.h"
#include "base/text/utf8.h"
#include "filter/pii_find.h"

static const struct {
	const char *name, *what;
} kinds[PII_TYPES] = {
#define PII(type, name, what) { name, what },
#include "filter/pii.def"
#undef PII
};

/* Finders of one type; all others are pii_find_digits(). */
static const struct {
	enum pii_type type;
	int (*find)(struct str text, struct pii_found *f, struct err *e);
} finders[] = {
	{ PII_EMAIL, pii_find_email },
	{ PII_IP, pii_find_ip },
	{ PII_MAC, pii_find_mac },
	{ PII_URL_CREDENTIALS, pii_find_url },
	{ PII_PRIVATE_KEY, pii_find_armour },
};
enum {
	FINDERS = sizeof(finders) / sizeof(*finders),
	ALONE = 1 << PII_EMAIL | 1 << PII_IP | 1 << PII_MAC |
		1 << PII_URL_CREDENTIALS | 1 << PII_PRIVATE_KEY
};

const char *
pii_name(int type)
{
	return type < PII_TYPES ? kinds[type].name : NULL;
}

const char *
pii_about(int type)
{
	return type < PII_TYPES ? kinds[type].what : NULL;
}

static int
unknown_type(struct str name, struct err *e)
{
	char known[256] = "";
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
	int i;

	f->n = 0;
	memset(f->count, 0, sizeof(f->count));
	for (i = 0; i < FINDERS; i++)
		if (types >> finders[i].type & 1 &&
		    finders[i].find(text, f, e) < 0)
			return e->code;
	if (types & ~(unsigned)ALONE && pii_find_digits(text, types, f, e) < 0)
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

/* Letters, digits and marks of s by their shape. */
static void
put_shape(struct str s, struct buf *out)
{
	const char *p = s.p, *end = p + s.n;
	size_t len;

	for (; p < end; p += len) {
		uint32_t cp = utf8_get(p, end, &len);

		if (cp < 0x80 && !pii_alnum(*p))
			buf_putc(out, *p);
		else if (cp < 0x80)
			buf_putc(out, pii_digit(*p)            ? '0'
				      : *p >= 'A' && *p <= 'Z' ? 'X'
							       : 'x');
		else if (uni_is_word(cp))
			buf_putc(out, 'x');
		else
			buf_put(out, p, len);
	}
}

static void
put_tag(struct buf *out, const char *name)
{
	buf_puts(out, "|||");
	for (; *name; name++)
		buf_putc(
		    out, (char)(pii_letter(*name) ? *name & ~0x20 : *name));
	buf_puts(out, "|||");
}

int
pii_mask(
    struct str text, const struct pii_found *f, struct buf *out, struct err *e)
{
	const struct pii_span *s;
	size_t at = 0;

	for (s = f->v; s && s < f->v + f->n; s++) {
		buf_put(out, text.p + at, s->at - at);
		put_shape((struct str){ text.p + s->at, s->n }, out);
		at = (size_t)s->at + s->n;
	}
	buf_put(out, text.p + at, text.n - at);
	return buf_ok(out, e);
}

int
pii_tag(
    struct str text, const struct pii_found *f, struct buf *out, struct err *e)
{
	const struct pii_span *s;
	size_t at = 0;

	for (s = f->v; s && s < f->v + f->n; s++) {
		buf_put(out, text.p + at, s->at - at);
		put_tag(out, kinds[s->type].name);
		at = (size_t)s->at + s->n;
	}
	buf_put(out, text.p + at, text.n - at);
	return buf_ok(out, e);
}

void
pii_counts_json(const struct pii_found *f, struct buf *out)
{
	const char *comma = "{";
	int t;

	for (t = 0; t < PII_TYPES; t++) {
		if (!f->count[t])
			continue;
		buf_printf(
		    out, "%s\"%s\":%u", comma, kinds[t].name, f->count[t]);
		comma = ",";
	}
	buf_puts(out, *comma == '{' ? "{}" : "}");
}

void
pii_spans_json(const struct pii_found *f, struct buf *out)
{
	const struct pii_span *s;

	buf_putc(out, '[');
	for (s = f->v; s && s < f->v + f->n; s++)
		buf_printf(out, "%s{\"type\":\"%s\",\"start\":%u,\"end\":%u}",
		    s > f->v ? "," : "", kinds[s->type].name, s->at,
		    s->at + s->n);
	buf_putc(out, ']');
}
