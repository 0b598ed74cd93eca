/* SPDX-License-Identifier: MIT */
#include "extract/corpus.h"
#include "extract/field.h"

static bool
name_byte(char c)
{
	return (field_lower(c) >= 'a' && field_lower(c) <= 'z') ||
	       field_is_digit(c) || c == '_' || c == '-' || c == '.' ||
	       c == ':' || (unsigned char)c >= 0x80;
}

/* The '>' that ends a tag, not one within quotes; s.n if there is none. */
static size_t
tag_end(struct str s, size_t i)
{
	char quote = 0;

	for (; i < s.n; i++) {
		if (quote) {
			if (s.p[i] == quote)
				quote = 0;
		} else if (s.p[i] == '"' || s.p[i] == '\'') {
			quote = s.p[i];
		} else if (s.p[i] == '>') {
			break;
		}
	}
	return i;
}

/* Comments, processing instructions, declarations: where they end. */
static size_t
special_end(struct str s, size_t i)
{
	struct str rest = { s.p + i, s.n - i };

	if (str_starts(rest, STR("<!--"))) {
		i += corpus_find(rest, STR("-->")) + 2;
		return i < s.n ? i : s.n;
	}
	if (str_starts(rest, STR("<![CDATA["))) {
		i += corpus_find(rest, STR("]]>")) + 2;
		return i < s.n ? i : s.n;
	}
	return tag_end(s, i);
}

bool
corpus_xml_next(struct str *rest, struct corpus_tag *t)
{
	struct str s = *rest;
	const char *lt = s.n ? memchr(s.p, '<', s.n) : NULL;
	size_t i, end, from;

	*t = (struct corpus_tag){ 0 };
	if (!lt)
		return false;
	i = (size_t)(lt - s.p);
	t->text = (struct str){ s.p, i };
	if (i + 1 < s.n && (s.p[i + 1] == '!' || s.p[i + 1] == '?')) {
		end = special_end(s, i);
	} else {
		end = tag_end(s, i);
		t->close = i + 1 < s.n && s.p[i + 1] == '/';
		from = ++i + t->close;
		for (i = from; i < end && name_byte(s.p[i]); i++)
			if (s.p[i] == ':')
				from = i + 1;
		t->name = (struct str){ s.p + from, i - from };
		t->empty = end > i && s.p[end - 1] == '/';
		t->atts = (struct str){ s.p + i, end - i };
	}
	end = end < s.n ? end + 1 : s.n;
	*rest = (struct str){ s.p + end, s.n - end };
	return true;
}

struct str
corpus_xml_att(struct str s, const char *name)
{
	size_t n = strlen(name), i = 0, from;
	struct str key;
	char quote;

	while (i < s.n) {
		while (i < s.n && !name_byte(s.p[i]))
			i++;
		for (from = i; i < s.n && name_byte(s.p[i]);)
			i++;
		key = (struct str){ s.p + from, i - from };
		while (i < s.n && (field_is_space(s.p[i]) || s.p[i] == '='))
			i++;
		if (i == s.n || (s.p[i] != '"' && s.p[i] != '\''))
			continue;
		quote = s.p[i];
		for (from = ++i; i < s.n && s.p[i] != quote;)
			i++;
		if (key.n == n && memcmp(key.p, name, n) == 0)
			return (struct str){ s.p + from, i - from };
		i += i < s.n;
	}
	return (struct str){ NULL, 0 };
}
