/* SPDX-License-Identifier: MIT */
#include "seam_rule.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/text/utf8.h"
#include "pretok_scan.h"

enum { PLACES = 62, DEPTH = 50 };

/* In what is remembered of a code point, above the places. */
static const uint64_t known_bit = (uint64_t)1 << 63;
static const uint64_t whole_bit = (uint64_t)1 << 62;

struct place {
	char *class; /* a regex of one character; NULL: an assertion */
	struct pretok_re *re;
	int same; /* the first place of this class */
};

struct seam_rule {
	struct place v[PLACES];
	uint64_t follow[PLACES];
	int n;
	uint64_t assertions;
	uint64_t behind; /* of them: look at the character before */
	bool greedy;     /* a group or quantifier that gives nothing back */
	char *regex;
	struct pretok_re *re;
	uint64_t *facts; /* by code point; NULL: nothing was asked yet */
};

/* Part of a regex: where a match of it may begin and end. */
struct node {
	uint64_t first, last;
	bool empty; /* may match nothing */
};

struct parser {
	struct seam_rule *r;
	const char *p;
	int depth;
	bool fold;    /* within (?i:) */
	bool foreign; /* something that isn't known */
	bool oom;
};

/* ---- reading a regex ---- */

static struct node
give_up(struct parser *s)
{
	s->foreign = true;
	return (struct node){ 0 };
}

static char *
spell(const struct parser *s, const char *p, size_t n)
{
	struct buf b = { 0 };

	buf_puts(&b, s->fold ? "(?i:" : "(?:");
	buf_put(&b, p, n);
	buf_put(&b, ")", 2);
	if (!b.oom)
		return b.p;
	buf_free(&b);
	return NULL;
}

/* The first place of a class, or the next. */
static int
same_place(const struct seam_rule *r, const char *class)
{
	int i;

	for (i = 0; i < r->n; i++)
		if (r->v[i].class && strcmp(r->v[i].class, class) == 0)
			break;
	return i;
}

/* A place for n bytes at p, or, with n = 0, for an assertion. */
static struct node
add_place(struct parser *s, const char *p, size_t n)
{
	struct seam_rule *r = s->r;
	uint64_t bit = (uint64_t)1 << r->n;
	struct place new = { NULL, NULL, r->n };

	if (r->n == PLACES)
		return give_up(s);
	if (n && !(new.class = spell(s, p, n))) {
		s->oom = true;
		return give_up(s);
	}
	if (n)
		new.same = same_place(r, new.class);
	else
		r->assertions |= bit;
	r->v[r->n++] = new;
	return (struct node){ bit, bit, !n };
}

/*
 * Behind the class that begins at p; NULL if it doesn't end.  They nest as
 * pretok_regex.c reads them.
 */
static const char *
class_end(const char *p)
{
	size_t depth = 1;
	const char *end;

	p += 1 + (p[1] == '^');
	p += *p == ']';
	for (; *p && depth; p++) {
		if (*p == '\\' && p[1])
			p++;
		else if (*p == '[' && p[1] == ':' && (end = strstr(p, ":]")))
			p = end + 1;
		else if (*p == '[' && p[1] != '^' && strchr(p, ']'))
			depth++;
		else if (*p == ']')
			depth--;
	}
	return depth ? NULL : p;
}

/* Bytes of the escape at p that takes one character; 0: of another kind. */
static size_t
escape_length(const char *p)
{
	static const char classes[] = "sSwWdDhHvVrntfae";
	const char *end;

	if (p[1] == 'p' || p[1] == 'P' || p[1] == 'x') {
		if (p[2] == '{')
			return (end = strchr(p, '}')) ? (size_t)(end + 1 - p)
						      : 0;
		if (p[1] != 'x')
			return p[2] ? 3 : 0;
		return 2 + (isxdigit((uint8_t)p[2]) != 0) +
		       (isxdigit((uint8_t)p[2]) && isxdigit((uint8_t)p[3]));
	}
	if (!p[1] || (uint8_t)p[1] >= 0x80)
		return 0;
	if (strchr(classes, p[1]))
		return 2;
	return (p[1] | 32) < 'a' || (p[1] | 32) > 'z'
		   ? 2 * (p[1] < '0' || p[1] > '9')
		   : 0;
}

/* Bytes at p that take one character: a class, an escape, a literal; or 0. */
static size_t
char_length(const char *p)
{
	const char *end;
	size_t len;

	switch (*p) {
	case '[':
		end = class_end(p);
		return end ? (size_t)(end - p) : 0;
	case '\\':
		return escape_length(p);
	case '\0':
	case '(':
	case ')':
	case '|':
	case '*':
	case '+':
	case '?':
	case '{':
	case '^':
	case '$':
		return 0;
	default:
		utf8_get(p, p + strnlen(p, 4), &len);
		return len;
	}
}

/* An assertion on one character, at its "(?". */
static struct node
read_look(struct parser *s, bool behind)
{
	struct node n;
	size_t len;

	s->p += behind ? 4 : 3;
	len = char_length(s->p);
	if (!len || s->p[len] != ')')
		return give_up(s);
	s->p += len + 1;
	n = add_place(s, NULL, 0);
	if (behind)
		s->r->behind |= n.first;
	return n;
}

static struct node read_alternatives(struct parser *s);

static bool
starts(const struct parser *s, const char *with)
{
	return strncmp(s->p, with, strlen(with)) == 0;
}

static struct node
read_group(struct parser *s)
{
	bool fold = s->fold;
	struct node n;

	if (starts(s, "(?=") || starts(s, "(?!"))
		return read_look(s, false);
	if (starts(s, "(?<=") || starts(s, "(?<!"))
		return read_look(s, true);
	if (starts(s, "(?i:"))
		s->fold = true;
	s->r->greedy |= starts(s, "(?>");
	if (starts(s, "(?i:"))
		s->p += 4;
	else if (starts(s, "(?:") || starts(s, "(?>"))
		s->p += 3;
	else if (s->p[1] == '?' || s->p[1] == '*')
		return give_up(s);
	else
		s->p++;
	n = read_alternatives(s);
	s->fold = fold;
	if (*s->p != ')')
		return give_up(s);
	s->p++;
	return n;
}

static void
follow(struct seam_rule *r, uint64_t from, uint64_t to)
{
	for (; from; from &= from - 1)
		r->follow[__builtin_ctzll(from)] |= to;
}

/* The end, or a newline that stands before it. */
static struct node
read_end(struct parser *s)
{
	struct node end = add_place(s, NULL, 0), eol;

	eol = add_place(s, "\\n", 2);
	follow(s->r, eol.last, end.first);
	s->p++;
	return (struct node){ end.first | eol.first, end.last, true };
}

static struct node
read_atom(struct parser *s)
{
	struct node n;
	size_t len;

	if (*s->p == '(')
		return read_group(s);
	if (*s->p == '$')
		return read_end(s);
	if (starts(s, "\\b")) {
		n = add_place(s, NULL, 0);
		s->r->behind |= n.first;
		s->p += 2;
		return n;
	}
	len = char_length(s->p);
	if (!len)
		return give_up(s);
	n = add_place(s, s->p, len);
	s->p += len;
	return n;
}

/* The quantifier at p: its bytes, and what is least and most; 0: none. */
static size_t
quantifier(const char *p, unsigned long *least, bool *many)
{
	char *end;

	*least = *p == '+';
	*many = *p != '?';
	if (*p == '*' || *p == '+' || *p == '?')
		return 1;
	if (*p != '{' || p[1] < '0' || p[1] > '9')
		return 0;
	*least = strtoul(p + 1, &end, 10);
	*many = true;
	if (*end == ',')
		strtoul(end + 1, &end, 10);
	return *end == '}' ? (size_t)(end + 1 - p) : 0;
}

static struct node
read_item(struct parser *s)
{
	struct node n = read_atom(s);
	unsigned long least;
	size_t len;
	bool many;

	if (s->foreign || !(len = quantifier(s->p, &least, &many)))
		return n;
	s->p += len;
	if (many)
		follow(s->r, n.last, n.first);
	n.empty |= !least;
	s->r->greedy |= *s->p == '+';
	s->p += *s->p == '+' || *s->p == '?';
	return n;
}

static struct node
read_sequence(struct parser *s)
{
	struct node all = { 0, 0, true }, n;

	while (!s->foreign && *s->p && *s->p != '|' && *s->p != ')') {
		n = read_item(s);
		follow(s->r, all.last, n.first);
		all.first |= all.empty ? n.first : 0;
		all.last = n.last | (n.empty ? all.last : 0);
		all.empty &= n.empty;
	}
	return all;
}

static struct node
read_alternatives(struct parser *s)
{
	struct node all, n;

	if (++s->depth > DEPTH)
		return give_up(s);
	all = read_sequence(s);
	while (!s->foreign && *s->p == '|') {
		s->p++;
		n = read_sequence(s);
		all.first |= n.first;
		all.last |= n.last;
		all.empty |= n.empty;
	}
	s->depth--;
	return all;
}

/* ---- the rule ---- */

int
seam_rule_open(struct seam_rule **out, const char *regex, struct err *e)
{
	struct seam_rule *r = calloc(1, sizeof(*r));
	struct parser s = { .r = r, .p = regex };
	struct node all;

	*out = NULL;
	if (!r || !(r->regex = strdup(regex))) {
		free(r);
		return err_nomem(e, "a pattern");
	}
	all = read_alternatives(&s);
	/* What a match can see before its start differs behind a cut. */
	if (!s.foreign && !*s.p && !(all.first & r->behind)) {
		*out = r;
		return 0;
	}
	seam_rule_free(r);
	return s.oom ? err_nomem(e, "a pattern") : 0;
}

void
seam_rule_free(struct seam_rule *r)
{
	int i;

	if (!r)
		return;
	for (i = 0; i < r->n; i++) {
		free(r->v[i].class);
		pretok_re_close(r->v[i].re);
	}
	pretok_re_close(r->re);
	free(r->regex);
	free(r->facts);
	free(r);
}

/* What stays closed is as if it took every character. */
static void
open_classes(struct seam_rule *r)
{
	struct err e;
	int i;

	r->facts = calloc(SEAM_CODE_POINTS, sizeof(*r->facts));
	for (i = 0; i < r->n; i++)
		if (r->v[i].class && r->v[i].same == i)
			pretok_re_open(&r->v[i].re, r->v[i].class, &e);
	pretok_re_open(&r->re, r->regex, &e);
}

static uint64_t
find_facts(const struct seam_rule *r, uint32_t cp)
{
	uint64_t facts = known_bit, bit = 1;
	char c[4];
	struct str s = { c, utf8_put(c, cp) };
	int i;

	for (i = 0; i < r->n; i++, bit <<= 1) {
		const struct place *p = &r->v[r->v[i].same];

		if (!p->class)
			continue;
		if (r->v[i].same < i)
			facts |= facts & (uint64_t)1 << r->v[i].same ? bit : 0;
		else if (!p->re || pretok_re_takes(p->re, s) != 0)
			facts |= bit;
	}
	if (r->re && pretok_re_takes(r->re, s) == 1)
		facts |= whole_bit;
	return facts;
}

struct seam_facts
seam_rule_facts(struct seam_rule *r, uint32_t cp)
{
	static const struct seam_facts nothing = { UINT64_MAX, false };
	uint64_t *f;

	if (!r->facts)
		open_classes(r);
	if (!r->facts)
		return nothing;
	f = &r->facts[cp];
	if (!*f)
		*f = find_facts(r, cp);
	return (struct seam_facts){ *f & ~(known_bit | whole_bit),
		(*f & whole_bit) != 0 };
}

bool
seam_rule_apart(
    const struct seam_rule *r, struct seam_facts a, struct seam_facts b)
{
	uint64_t from = a.places & (((uint64_t)1 << PLACES) - 1), next = 0;

	for (; from; from &= from - 1)
		next |= r->follow[__builtin_ctzll(from)];
	return !(next & (b.places | r->assertions));
}

bool
seam_rule_begins(const struct seam_rule *r, struct seam_facts b)
{
	return b.whole && !r->assertions && !r->greedy;
}
