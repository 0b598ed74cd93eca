/* SPDX-License-Identifier: MIT */
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "dedup/prefer.h"
#include "io/doc.h"

/* The first byte of a value's rank. */
enum { NUMBER = 1, STRING = 2, NEITHER = 3 };

static bool
parse_named(struct prefer_key *k, struct str s)
{
	static const struct {
		const char *name;
		struct prefer_key key;
	} names[] = {
		{ "longest", { true, true, "" } },
		{ "shortest", { true, false, "" } },
		{ "newest", { false, true, "date" } },
		{ "oldest", { false, false, "date" } },
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (!str_eq(s, str_c(names[i].name)))
			continue;
		*k = names[i].key;
		return true;
	}
	return false;
}

/* metadata.PATH:asc or :desc */
static bool
parse_field(struct prefer_key *k, struct str s)
{
	const struct str before = STR("metadata.");

	if (!str_starts(s, before))
		return false;
	k->length = false;
	k->desc = str_ends(s, STR(":desc"));
	if (!k->desc && !str_ends(s, STR(":asc")))
		return false;
	s.p += before.n;
	s.n -= before.n + (k->desc ? 5 : 4);
	if (s.n == 0 || s.n >= sizeof(k->path))
		return false;
	memcpy(k->path, s.p, s.n);
	k->path[s.n] = '\0';
	return true;
}

int
prefer_parse(struct prefer *p, const char *list, struct err *e)
{
	const char *at = list ? list : "", *comma;
	struct str s;

	p->n = 0;
	while (*at) {
		comma = strchr(at, ',');
		s = (struct str){ at,
			comma ? (size_t)(comma - at) : strlen(at) };
		if (p->n == PREFER_MAX)
			return err_set(e, ERR_ARG,
			    "option --prefer: more than %d criteria",
			    PREFER_MAX);
		if (!parse_named(&p->v[p->n], s) &&
		    !parse_field(&p->v[p->n], s))
			return err_set(e, ERR_ARG,
			    "option --prefer: '%.*s' is none of longest, "
			    "shortest, newest, oldest, metadata.NAME:asc, "
			    "metadata.NAME:desc",
			    (int)s.n, s.p);
		p->n++;
		at += s.n + (comma != NULL);
	}
	return 0;
}

/* Big-endian, so that byte order is numeric order. */
static void
put_number(uint64_t x, bool desc, struct buf *out)
{
	int i;

	for (i = 56; i >= 0; i -= 8)
		buf_putc(out, (char)((desc ? ~x : x) >> i));
}

/* The bits of a double in an order like its value's. */
static uint64_t
ordered_bits(double v)
{
	uint64_t x;

	if (v == 0)
		v = 0; /* no negative zero */
	memcpy(&x, &v, sizeof(x));
	return x >> 63 ? ~x : x | (uint64_t)1 << 63;
}

/* With an end that is less, or for desc more, than any byte. */
static void
put_string(struct str s, bool desc, struct buf *out)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		buf_putc(out, (char)(desc ? ~s.p[i] : s.p[i]));
	buf_putc(out, (char)(desc ? 0xff : 0));
}

void
prefer_rank(const struct prefer *p, const struct doc *d, struct buf *out)
{
	const struct prefer_key *k;
	struct json_val v;

	for (k = p->v; k < p->v + p->n; k++) {
		if (k->length) {
			put_number(d->text.n, k->desc, out);
			continue;
		}
		v = json_path(d->meta, k->path);
		if (json_type(v) == JSON_NUMBER) {
			buf_putc(out, NUMBER);
			put_number(
			    ordered_bits(json_double(v, 0)), k->desc, out);
		} else if (json_type(v) == JSON_STRING) {
			buf_putc(out, STRING);
			put_string(json_str(v), k->desc, out);
		} else {
			buf_putc(out, NEITHER);
		}
	}
}
