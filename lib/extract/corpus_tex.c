/* SPDX-License-Identifier: MIT */
/*
 * A LaTeX source as a document: its parts put together, macros of its own
 * expanded, the preamble, comments and bibliography gone.  The text stays
 * LaTeX, formulas above all.
 */
#include "base/err.h"
#include "extract/corpus.h"
#include "extract/corpus_tex.h"
#include "extract/field.h"

enum { MAX_DEPTH = 16, MAX_INPUTS = 2000 };

bool
tex_command(struct str s, size_t i, struct str name)
{
	struct str rest = { s.p + i, s.n - i };
	char next;

	if (!str_starts(rest, name))
		return false;
	next = rest.n > name.n ? field_lower(rest.p[name.n]) : ' ';
	return !(next >= 'a' && next <= 'z') && next != '@';
}

size_t
tex_group(struct str s, size_t i, struct str *inside)
{
	size_t from, end = s.n - i < TEX_GROUP ? s.n : i + TEX_GROUP;
	int depth = 0;

	while (i < end && field_is_space(s.p[i]))
		i++;
	if (i == end || s.p[i] != '{')
		return 0;
	from = i + 1;
	for (; i < end; i++) {
		if (s.p[i] == '\\')
			i++;
		else if (s.p[i] == '{')
			depth++;
		else if (s.p[i] == '}' && --depth == 0) {
			*inside = (struct str){ s.p + from, i - from };
			return i + 1;
		}
	}
	return 0;
}

/* Putting together --------------------------------------------------------- */

struct flat {
	struct str bundle;
	struct buf *out;
	size_t max, inputs;
	const char
	    *within[MAX_DEPTH + 1]; /* the files around, by their bytes */
	int depth;
	bool full, ended;
	unsigned endless; /* parts whose end is nowhere in this file */
};

static void flatten(struct flat *f, struct str s, struct str path);

static bool
put(struct flat *f, const char *p, size_t n)
{
	if (f->out->n + n > f->max) {
		f->full = true;
		return false;
	}
	buf_put(f->out, p, n);
	return true;
}

/* "\input{x}", "\include{x}", "\input x": where it ends, 0 if it is none. */
static size_t
input_at(struct str s, size_t i, struct str *name)
{
	static const struct str commands[] = { { "\\input", 6 },
		{ "\\include", 8 }, { "\\subfile", 8 } };
	size_t k, end, from;

	*name = (struct str){ NULL, 0 };
	for (k = 0; k < 3; k++)
		if (tex_command(s, i, commands[k]))
			break;
	if (k == 3)
		return 0;
	i += commands[k].n;
	end = tex_group(s, i, name);
	if (!end && k == 0) { /* \input file */
		while (i < s.n && s.p[i] == ' ')
			i++;
		for (from = i; i < s.n && !field_is_space(s.p[i]) &&
			       s.p[i] != '\\' && s.p[i] != '%' &&
			       s.p[i] != '{';)
			i++;
		*name = (struct str){ s.p + from, i - from };
		end = name->n ? i : 0;
	}
	*name = field_trim(*name);
	return name->n && name->n < 500 ? end : 0;
}

bool
corpus_tex_input(struct str s, size_t *rest, size_t *at, struct str *name)
{
	size_t i = *rest, end;

	for (; i < s.n; i++) {
		if (s.p[i] == '%') {
			while (i < s.n && s.p[i] != '\n')
				i++;
			continue;
		}
		if (s.p[i] != '\\')
			continue;
		end = input_at(s, i, name);
		if (end) {
			*at = i;
			*rest = end;
			return true;
		}
		i++;
	}
	return false;
}

/* Behind "\end{name}"; 0 if it is missing, which is remembered. */
static size_t
environment_end(
    struct flat *f, struct str s, size_t i, const char *end, size_t part)
{
	struct str rest = { s.p + i, s.n - i };
	size_t n;

	if (f->endless >> part & 1)
		return 0;
	n = corpus_find(rest, str_c(end));
	if (n == rest.n)
		f->endless |= 1u << part;
	return n == rest.n ? 0 : i + n + strlen(end);
}

/* Parts that are taken as they are, or not at all: where they end, or 0. */
static size_t
special(struct flat *f, struct str s, size_t i)
{
	static const struct {
		struct str begin;
		const char *end;
		bool keep;
	} parts[] = { { { "\\begin{verbatim}", 16 }, "\\end{verbatim}", true },
		{ { "\\begin{lstlisting}", 18 }, "\\end{lstlisting}", true },
		{ { "\\begin{minted}", 14 }, "\\end{minted}", true },
		{ { "\\begin{comment}", 15 }, "\\end{comment}", false },
		{ { "\\begin{thebibliography}", 23 }, "\\end{thebibliography}",
		    false },
		{ { "\\iffalse", 8 }, "\\fi", false } };
	struct str rest = { s.p + i, s.n - i };
	size_t k, end;

	for (k = 0; k < sizeof(parts) / sizeof(*parts); k++) {
		if (!str_starts(rest, parts[k].begin))
			continue;
		end = environment_end(f, s, i, parts[k].end, k);
		if (end && parts[k].keep)
			put(f, s.p + i, end - i);
		return end;
	}
	return 0;
}

/* Commands that make or call a bibliography: where they end, or 0. */
static size_t
bibliography(struct str s, size_t i)
{
	static const struct str commands[] = { { "\\bibliographystyle", 18 },
		{ "\\bibliography", 13 }, { "\\addbibresource", 15 },
		{ "\\printbibliography", 18 } };
	struct str inside;
	size_t k, end;

	for (k = 0; k < 4; k++)
		if (tex_command(s, i, commands[k])) {
			i += commands[k].n;
			end = tex_group(s, i, &inside);
			return end ? end : i;
		}
	return 0;
}

static void
input(struct flat *f, struct str name, struct str path)
{
	unsigned endless = f->endless;
	struct str found, at;
	int i;

	found = corpus_bundle_find(f->bundle, name, path, &at);
	if (!found.p || f->depth == MAX_DEPTH || ++f->inputs > MAX_INPUTS)
		return;
	for (i = 0; i < f->depth; i++)
		if (f->within[i] == found.p)
			return; /* a circle */
	f->within[f->depth++] = found.p;
	f->endless = 0;
	flatten(f, found, at);
	f->endless = endless;
	f->depth--;
}

/* A comment goes with its line's end, as TeX reads it. */
static size_t
skip_comment(struct flat *f, struct str s, size_t i)
{
	size_t n = f->out->n;
	bool whole;

	while (n && (f->out->p[n - 1] == ' ' || f->out->p[n - 1] == '\t'))
		n--;
	whole = n == 0 || f->out->p[n - 1] == '\n';
	if (whole)
		f->out->n = n;
	while (i < s.n && s.p[i] != '\n')
		i++;
	i += i < s.n;
	while (!whole && i < s.n && (s.p[i] == ' ' || s.p[i] == '\t'))
		i++;
	return i;
}

/* One command at i: where the reader is to go on. */
static size_t
command(struct flat *f, struct str s, size_t i, struct str path)
{
	struct str name;
	size_t end = special(f, s, i);

	if (end)
		return end;
	end = input_at(s, i, &name);
	if (end) {
		input(f, name, path);
		return end;
	}
	end = bibliography(s, i);
	if (end)
		return end;
	if (tex_command(s, i, STR("\\endinput")))
		return s.n;
	if (str_starts(
		(struct str){ s.p + i, s.n - i }, STR("\\end{document}"))) {
		f->ended = true;
		return s.n;
	}
	put(f, s.p + i, s.n - i < 2 ? 1 : 2);
	return i + 2;
}

static void
flatten(struct flat *f, struct str s, struct str path)
{
	size_t i = 0, from = 0;

	while (i < s.n && !f->full && !f->ended) {
		if (s.p[i] != '%' && s.p[i] != '\\') {
			i++;
			continue;
		}
		if (!put(f, s.p + from, i - from))
			return;
		from = i = s.p[i] == '%' ? skip_comment(f, s, i)
					 : command(f, s, i, path);
	}
	if (from < s.n && !f->full && !f->ended)
		put(f, s.p + from, s.n - from);
}

bool
tex_flatten(struct str s, struct str path, struct str bundle, size_t max,
    struct buf *out)
{
	struct flat f = { .bundle = bundle, .out = out, .max = max };

	flatten(&f, s, path);
	return !f.full;
}

/* ---------------------------------------------------------------------------
 */

/* What \title{...} says, its own commands left out. */
static void
named(struct corpus *c, struct str s, struct str command_name, const char *key,
    struct corpus_doc *d)
{
	size_t i = corpus_find(s, command_name), end, k;
	struct str inside;

	if (i == s.n || !tex_command(s, i, command_name))
		return;
	i += command_name.n;
	if (i < s.n && s.p[i] == '[') /* a short form */
		while (i < s.n && s.p[i] != ']' && s.p[i] != '\n')
			i++;
	i += i < s.n && s.p[i] == ']';
	end = tex_group(s, i, &inside);
	if (!end || inside.n > 2000)
		return;
	buf_clear(&c->b);
	for (k = 0; k < inside.n; k++) {
		char ch = inside.p[k];
		bool blank = field_is_space(ch) || ch == '~';

		if (ch == '\\' && k + 1 < inside.n && inside.p[k + 1] == '\\') {
			k++;
			blank = true;
		} else if (ch == '\\') { /* \emph and the like */
			while (k + 1 < inside.n &&
			       field_lower(inside.p[k + 1]) >= 'a' &&
			       field_lower(inside.p[k + 1]) <= 'z')
				k++;
			continue;
		} else if (ch == '{' || ch == '}') {
			continue;
		}
		if (!blank)
			buf_putc(&c->b, ch);
		else if (c->b.n && c->b.p[c->b.n - 1] != ' ')
			buf_putc(&c->b, ' ');
	}
	corpus_member(d, key, field_trim(buf_view(&c->b)));
}

int
corpus_tex(struct corpus *c, const struct corpus_item *it, struct corpus_doc *d,
    struct err *e)
{
	static const struct str begin = { "\\begin{document}", 16 };
	size_t max = (size_t)c->max_body, i;
	struct str all, head = { NULL, 0 }, body;

	buf_clear(&c->a);
	if (!tex_flatten(it->text, it->path, it->extra, max, &c->a))
		buf_puts(&d->meta, "\"truncated\":true,");
	if (buf_ok(&c->a, e) < 0)
		return e->code;
	all = body = buf_view(&c->a);
	i = corpus_find(all, begin);
	if (i < all.n) {
		head = (struct str){ all.p, i };
		body = (struct str){ all.p + i + begin.n, all.n - i - begin.n };
	}
	named(c, all, STR("\\title"), "title", d);
	named(c, all, STR("\\author"), "author", d);
	tex_expand(head, body, max, &d->text);
	corpus_tidy(&d->text);
	return 0;
}
