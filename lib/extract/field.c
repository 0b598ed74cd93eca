/* SPDX-License-Identifier: MIT */
#include "extract/field.h"

struct str
field_trim(struct str s)
{
	while (s.n && field_is_space(s.p[0])) {
		s.p++;
		s.n--;
	}
	while (s.n && field_is_space(s.p[s.n - 1]))
		s.n--;
	return s;
}

bool
field_is(struct str s, const char *lower)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (!lower[i] || field_lower(s.p[i]) != lower[i])
			return false;
	return !lower[s.n];
}

/* As field_is(), for a name of any case. */
static bool
same_name(struct str s, const char *name)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (!name[i] || field_lower(s.p[i]) != field_lower(name[i]))
			return false;
	return !name[s.n];
}

const char *
field_find(struct str s, const char *lower)
{
	size_t n = strlen(lower), i = 0, j;
	bool letter = lower[0] >= 'a' && lower[0] <= 'z';
	const char *p;

	for (; i + n <= s.n; i++) {
		if (!letter) { /* only one byte to look for */
			p = memchr(s.p + i, lower[0], s.n - n - i + 1);
			if (!p)
				break;
			i = (size_t)(p - s.p);
		}
		for (j = 0; j < n && field_lower(s.p[i + j]) == lower[j]; j++)
			;
		if (j == n)
			return s.p + i;
	}
	return NULL;
}

/* The end of the line at i, its continuation lines included. */
static size_t
line_end(struct str head, size_t i)
{
	const char *nl;

	while (i < head.n) {
		nl = memchr(head.p + i, '\n', head.n - i);
		if (!nl)
			return head.n;
		i = (size_t)(nl - head.p) + 1;
		if (i >= head.n || (head.p[i] != ' ' && head.p[i] != '\t'))
			break;
	}
	return i;
}

struct str
field_get(struct str head, const char *name)
{
	size_t i = line_end(head, 0), end, colon;
	struct str line;
	const char *p;

	for (; i < head.n; i = end) {
		end = line_end(head, i);
		line = (struct str){ head.p + i, end - i };
		p = memchr(line.p, ':', line.n);
		if (!p)
			continue;
		colon = (size_t)(p - line.p);
		if (same_name(field_trim((struct str){ line.p, colon }), name))
			return field_trim((struct str){
			    line.p + colon + 1, line.n - colon - 1 });
	}
	return (struct str){ NULL, 0 };
}

struct str
field_main(struct str value)
{
	const char *p = value.n ? memchr(value.p, ';', value.n) : NULL;

	if (p)
		value.n = (size_t)(p - value.p);
	return field_trim(value);
}

static struct str
unquote(struct str s)
{
	const char *end;

	s = field_trim(s);
	if (s.n && (s.p[0] == '"' || s.p[0] == '\'')) {
		end = memchr(s.p + 1, s.p[0], s.n - 1);
		s.p++;
		s.n = end ? (size_t)(end - s.p) : s.n - 1;
	}
	return field_trim(s);
}

struct str
field_param(struct str value, const char *name)
{
	struct str part, key;
	const char *p, *eq;

	while (value.n && (p = memchr(value.p, ';', value.n))) {
		value.n -= (size_t)(p + 1 - value.p);
		value.p = p + 1;
		part = field_main(value);
		eq = part.n ? memchr(part.p, '=', part.n) : NULL;
		if (!eq)
			continue;
		key = (struct str){ part.p, (size_t)(eq - part.p) };
		if (same_name(field_trim(key), name))
			return unquote(
			    (struct str){ eq + 1, part.n - key.n - 1 });
	}
	return (struct str){ NULL, 0 };
}

struct str
field_unbracket(struct str s)
{
	if (s.n >= 2 && s.p[0] == '<' && s.p[s.n - 1] == '>')
		return field_trim((struct str){ s.p + 1, s.n - 2 });
	return s;
}
