/* SPDX-License-Identifier: MIT */
/*
 * Macros of LaTeX that only stand for text: no conditions, no optional
 * arguments, not calling themselves.  Others stay as they are.
 */
#include <stdlib.h>

#include "base/hash.h"
#include "extract/corpus.h"
#include "extract/corpus_tex.h"
#include "extract/field.h"

enum { SLOTS = 4096, MAX_MACROS = SLOTS / 2, MAX_BODY = 2000, MAX_NEST = 12 };

struct macro {
	struct str name; /* "\\x" */
	struct str body;
	int args;
	bool operator; /* \operatorname{body} */
};

struct macros {
	struct macro v[MAX_MACROS];
	uint16_t slot[SLOTS]; /* index + 1 */
	size_t n;
};

struct expansion {
	const struct macros *m;
	struct buf *out;
	size_t max, work; /* bytes that macros stood for, so far */
};

static bool
letter(char c)
{
	c = field_lower(c);
	return c >= 'a' && c <= 'z';
}

/* The command at i, "\\name" or "\\+": its bytes. */
static struct str
command_at(struct str s, size_t i)
{
	size_t end = i + 1;

	while (end < s.n && letter(s.p[end]))
		end++;
	if (end == i + 1 && end < s.n)
		end++;
	while (end < s.n && ((unsigned char)s.p[end] & 0xc0) == 0x80)
		end++;
	return (struct str){ s.p + i, end - i };
}

static uint16_t *
slot_of(struct macros *m, struct str name)
{
	size_t k = hash64(name.p, name.n, 0) % SLOTS;

	while (m->slot[k] && !str_eq(m->v[m->slot[k] - 1].name, name))
		k = (k + 1) % SLOTS;
	return &m->slot[k];
}

static const struct macro *
find(const struct macros *m, struct str name)
{
	uint16_t i = *slot_of((struct macros *)(uintptr_t)m, name);

	return i ? &m->v[i - 1] : NULL;
}

static bool
is_simple(const struct macro *x)
{
	static const struct str tricks[] = { { "\\if", 3 }, { "\\def", 4 },
		{ "\\newcommand", 11 }, { "\\csname", 7 },
		{ "\\expandafter", 12 }, { "\\futurelet", 10 }, { "@", 1 },
		{ "##", 2 } };
	size_t i;

	if (x->body.n > MAX_BODY || x->args > 9)
		return false;
	for (i = 0; i < sizeof(tricks) / sizeof(*tricks); i++)
		if (corpus_find(x->body, tricks[i]) < x->body.n)
			return false;
	for (i = 0; i < x->body.n; i++)
		if (x->body.p[i] == '\\' &&
		    str_eq(command_at(x->body, i), x->name))
			return false;
	return true;
}

static void
define(struct macros *m, const struct macro *x)
{
	uint16_t *slot;

	if (m->n == MAX_MACROS || x->name.n < 2 || !is_simple(x))
		return;
	slot = slot_of(m, x->name);
	if (*slot) { /* the last definition counts */
		m->v[*slot - 1] = *x;
		return;
	}
	m->v[m->n] = *x;
	*slot = (uint16_t)++m->n;
}

/* "{\x}" or "\x": where it ends, or 0. */
static size_t
macro_name(struct str s, size_t i, struct str *name)
{
	size_t end = tex_group(s, i, name);

	while (!end && i < s.n && field_is_space(s.p[i]))
		i++;
	if (!end && i < s.n && s.p[i] == '\\') {
		*name = command_at(s, i);
		end = i + name->n;
	}
	if (!end)
		return 0;
	*name = field_trim(*name);
	return name->n > 1 && name->p[0] == '\\' &&
		       str_eq(command_at(*name, 0), *name)
		   ? end
		   : 0;
}

/* Behind "\newcommand": \newcommand{\x}[2]{body}; 0 if it is not simple. */
static size_t
new_command(struct str s, size_t i, struct macro *x)
{
	if (i < s.n && s.p[i] == '*')
		i++;
	i = macro_name(s, i, &x->name);
	if (!i)
		return 0;
	if (i + 2 < s.n && s.p[i] == '[' && field_is_digit(s.p[i + 1]) &&
	    s.p[i + 2] == ']') {
		x->args = s.p[i + 1] - '0';
		i += 3;
	}
	return i < s.n && s.p[i] == '[' ? 0 : tex_group(s, i, &x->body);
}

/* Behind "\def": \def\x#1#2{body}. */
static size_t
def(struct str s, size_t i, struct macro *x)
{
	i = macro_name(s, i, &x->name);
	if (!i)
		return 0;
	while (i + 1 < s.n && s.p[i] == '#' && s.p[i + 1] == '1' + x->args) {
		x->args++;
		i += 2;
	}
	return i < s.n && s.p[i] == '{' ? tex_group(s, i, &x->body) : 0;
}

static size_t
math_operator(struct str s, size_t i, struct macro *x)
{
	x->operator= true;
	if (i < s.n && s.p[i] == '*')
		i++;
	i = macro_name(s, i, &x->name);
	return i ? tex_group(s, i, &x->body) : 0;
}

/* A definition at i: where it ends, or 0. */
static size_t
definition(struct str s, size_t i, struct macro *x)
{
	static const struct {
		struct str name;
		size_t (*read)(struct str, size_t, struct macro *);
	} ways[] = { { { "\\newcommand", 11 }, new_command },
		{ { "\\renewcommand", 13 }, new_command },
		{ { "\\providecommand", 15 }, new_command },
		{ { "\\DeclareMathOperator", 20 }, math_operator },
		{ { "\\def", 4 }, def } };
	size_t k;

	*x = (struct macro){ 0 };
	for (k = 0; k < sizeof(ways) / sizeof(*ways); k++)
		if (tex_command(s, i, ways[k].name))
			return ways[k].read(s, i + ways[k].name.n, x);
	return 0;
}

static void
collect(struct macros *m, struct str s)
{
	struct macro x;
	size_t i = 0, end;

	while (i < s.n) {
		const char *hit = memchr(s.p + i, '\\', s.n - i);

		if (!hit)
			break;
		i = (size_t)(hit - s.p);
		end = definition(s, i, &x);
		if (end)
			define(m, &x);
		i = end ? end : i + 2;
	}
}

/* An argument: a group, a command or a sign.  Where it ends, or 0. */
static size_t
argument(struct str s, size_t i, struct str *arg)
{
	size_t end = tex_group(s, i, arg);

	if (end)
		return end;
	while (i < s.n && field_is_space(s.p[i]))
		i++;
	if (i >= s.n || s.p[i] == '{' || s.p[i] == '}' ||
	    (unsigned char)s.p[i] >= 0x80)
		return 0;
	*arg = s.p[i] == '\\' ? command_at(s, i) : (struct str){ s.p + i, 1 };
	return i + arg->n;
}

static void expand(struct expansion *x, struct str s, int nest);

/* body with its #1 ... in place, into out. */
static void
substitute(const struct macro *m, const struct str *args, struct buf *out)
{
	size_t i, k;

	if (m->operator)
		buf_puts(out, "\\operatorname{");
	for (i = 0; i < m->body.n; i++) {
		k = i + 1 < m->body.n ? (size_t)(m->body.p[i + 1] - '1')
				      : SIZE_MAX;
		if (m->body.p[i] != '#' || k >= (size_t)m->args) {
			buf_putc(out, m->body.p[i]);
			continue;
		}
		buf_str(out, args[k]);
		i++;
	}
	if (m->operator)
		buf_putc(out, '}');
}

/* The macro at i put out; where its call ends, or 0. */
static size_t
call(struct expansion *x, struct str s, size_t i, const struct macro *m,
    int nest)
{
	struct str args[9];
	struct buf text = { 0 };
	size_t end = i + m->name.n;
	int k;

	for (k = 0; k < m->args; k++) {
		end = argument(s, end, &args[k]);
		if (!end)
			return 0;
	}
	substitute(m, args, &text);
	x->work += text.n + 16;
	expand(x, buf_view(&text), nest + 1);
	/* TeX eats the blanks behind a command, but what a macro stands for
	 * may end in a letter: then "\x y" must not become one word. */
	if (m->args == 0 && end < s.n && letter(s.p[end - 1]) && text.n &&
	    letter(text.p[text.n - 1]) && letter(s.p[end]))
		buf_puts(x->out, "{}");
	x->out->oom |= text.oom;
	buf_free(&text);
	return end;
}

/* What stands verbatim at i: where it ends, or 0. */
static size_t
verbatim(struct str s, size_t i)
{
	static const struct str begin[] = { { "\\begin{verbatim}", 16 },
		{ "\\begin{lstlisting}", 18 }, { "\\begin{minted}", 14 } };
	struct str rest = { s.p + i, s.n - i };
	size_t k, n;

	for (k = 0; k < 3; k++)
		if (str_starts(rest, begin[k])) {
			n = corpus_find(rest, STR("\\end{"));
			return n < rest.n ? i + n : 0;
		}
	return 0;
}

static void
expand(struct expansion *x, struct str s, int nest)
{
	size_t i = 0, from = 0, end;
	const struct macro *m;
	struct macro ignored;
	struct str name;

	if (!s.n)
		return;
	while (i < s.n && nest < MAX_NEST && x->work < x->max) {
		const char *hit = memchr(s.p + i, '\\', s.n - i);

		if (!hit)
			break;
		i = (size_t)(hit - s.p);
		end = verbatim(s, i);
		if (end) {
			i = end + 1;
			continue;
		}
		name = command_at(s, i);
		end = definition(s, i, &ignored);
		if (end && find(x->m, ignored.name)) {
			buf_put(x->out, s.p + from, i - from);
			from = i = end; /* it has done its work */
			continue;
		}
		m = find(x->m, name);
		if (m) {
			buf_put(x->out, s.p + from, i - from);
			from = i;
			end = call(x, s, i, m, nest);
			if (end) {
				from = i = end;
				continue;
			}
		}
		i += name.n;
	}
	buf_put(x->out, s.p + from, s.n - from);
}

void
tex_expand(struct str preamble, struct str body, size_t max, struct buf *out)
{
	struct macros *m = calloc(1, sizeof(*m));
	size_t limit = 4 * body.n + 16384;
	struct expansion x = { m, out, limit < max ? limit : max, 0 };

	if (!m) {
		out->oom = true;
		return;
	}
	collect(m, preamble);
	collect(m, body);
	expand(&x, body, 0);
	free(m);
}
