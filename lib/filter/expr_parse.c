/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/err.h"
#include "base/num.h"
#include "filter/expr_node.h"

enum { MAX_NODES = 4096, MAX_DEPTH = 64 };

struct parser {
	struct expr *x;
	const struct expr_names *more; /* or NULL */
	const char *start, *p, *end;
	int nodes, depth;
	struct err *e;
};

static const char *const keys[] = { "bucket", "charset", "content_type", "date",
	"file", "language", "language_reliable", "language_score", "offset",
	"page_kind", "perplexity", "title", "url" };

enum { KEYS = sizeof(keys) / sizeof(*keys) };

const char *
expr_key(size_t i)
{
	return i < KEYS ? keys[i] : NULL;
}

/* An error at byte `at` of the source. */
static struct node *
wrong(struct parser *p, const char *at, const char *what)
{
	int n = p->end - at > 20 ? 20 : (int)(p->end - at);

	if (at < p->end)
		err_set(p->e, ERR_ARG, "byte %zu, at '%.*s': %s",
		    (size_t)(at - p->start), n, at, what);
	else
		err_set(p->e, ERR_ARG, "at the end: %s", what);
	return NULL;
}

static struct node *
make(struct parser *p, enum node_type type)
{
	struct node *n;

	if (p->nodes++ == MAX_NODES)
		return wrong(p, p->p, "the expression is too long");
	n = arena_alloc(&p->x->arena, sizeof(*n));
	if (!n) {
		err_nomem(p->e, "an expression");
		return NULL;
	}
	*n = (struct node){ .type = type };
	return n;
}

static void
skip_space(struct parser *p)
{
	while (p->p < p->end && (*p->p == ' ' || (*p->p >= 9 && *p->p <= 13)))
		p->p++;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_name(char c)
{
	return ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || is_digit(c) ||
	       c == '_';
}

/* The name at p, with dots and hyphens within; nothing is consumed. */
static struct str
peek_name(struct parser *p)
{
	const char *at = p->p;

	if (at == p->end || !is_name(*at) || is_digit(*at))
		return (struct str){ at, 0 };
	while (at < p->end &&
	       (is_name(*at) || ((*at == '.' || *at == '-') &&
				    at + 1 < p->end && is_name(at[1]))))
		at++;
	return (struct str){ p->p, (size_t)(at - p->p) };
}

/* Consume the keyword if it is next. */
static bool
take_word(struct parser *p, struct str word)
{
	skip_space(p);
	if (!str_eq(peek_name(p), word))
		return false;
	p->p += word.n;
	return true;
}

static bool
take_char(struct parser *p, char c)
{
	skip_space(p);
	if (p->p == p->end || *p->p != c)
		return false;
	p->p++;
	return true;
}

static const struct node *parse_or(struct parser *p);

static struct node *
parse_number(struct parser *p)
{
	const char *at = p->p;
	struct node *n;
	struct str copy;
	struct err why;

	at += *at == '-';
	while (at < p->end && (is_digit(*at) || *at == '.'))
		at++;
	if (at < p->end && (*at | 0x20) == 'e') {
		at++;
		at += at < p->end && (*at == '+' || *at == '-');
		while (at < p->end && is_digit(*at))
			at++;
	}
	copy =
	    arena_dup(&p->x->arena, (struct str){ p->p, (size_t)(at - p->p) });
	n = make(p, LITERAL);
	if (!n || !copy.p)
		return NULL;
	n->value.kind = NUMBER;
	if ((at < p->end && is_name(*at)) ||
	    num_double(copy.p, &n->value.number, &why) < 0)
		return wrong(p, p->p, "no number");
	p->p = at;
	return n;
}

static char
escaped(char c)
{
	return c == 'n' ? '\n' : c == 't' ? '\t' : c;
}

static struct node *
parse_string(struct parser *p)
{
	const char *at = p->p + 1;
	struct node *n = make(p, LITERAL);
	char quote = *p->p, *to;
	size_t len = 0;

	if (!n)
		return NULL;
	to = arena_alloc(&p->x->arena, (size_t)(p->end - at) + 1);
	if (!to) {
		err_nomem(p->e, "an expression");
		return NULL;
	}
	for (; at < p->end && *at != quote; at++) {
		if (*at == '\\') {
			if (at + 1 == p->end || !strchr("nt\\\"'", at[1]) ||
			    !at[1])
				return wrong(p, at, "no such escape");
			at++;
			to[len++] = escaped(*at);
		} else {
			to[len++] = *at;
		}
	}
	if (at == p->end)
		return wrong(p, p->p, "the string has no end");
	p->p = at + 1;
	n->value.kind = STRING;
	n->value.string = (struct str){ to, len };
	return n;
}

static struct node *
literal(struct parser *p, enum kind kind, bool truth)
{
	struct node *n = make(p, LITERAL);

	if (n)
		n->value = (struct value){ .kind = kind, .truth = truth };
	return n;
}

static struct node *
meta_name(struct parser *p, struct str path)
{
	struct node *n = make(p, META_NAME);

	if (!n)
		return NULL;
	n->path = arena_dup(&p->x->arena, path).p;
	if (!n->path) {
		err_nomem(p->e, "an expression");
		return NULL;
	}
	return n;
}

static struct node *
more_name(struct parser *p, size_t i)
{
	struct node *n = make(p, MORE_NAME);

	if (n)
		n->more = i;
	return n;
}

static bool
is_key(struct str name)
{
	size_t i;

	for (i = 0; i < KEYS; i++)
		if (str_eq(name, str_c(keys[i])))
			return true;
	return false;
}

static struct node *
unknown(struct parser *p, struct str name)
{
	if (str_starts(name, STR("lexicon.")) ||
	    str_starts(name, STR("lexicon_ratio.")))
		return wrong(p, name.p, "no list of that name is given");
	err_set(p->e, ERR_ARG,
	    "byte %zu: '%.*s' is no signal and no metadata key of quern's; "
	    "metadata.%.*s reads any key",
	    (size_t)(name.p - p->start), (int)(name.n < 60 ? name.n : 60),
	    name.p, (int)(name.n < 60 ? name.n : 60), name.p);
	return NULL;
}

static struct node *
parse_name(struct parser *p, struct str name)
{
	static const struct str meta = { "metadata.", 9 };
	enum signal s = signal_find(name);
	struct node *n;
	size_t i;

	p->p = name.p + name.n;
	if (s != SIGNALS) {
		n = make(p, SIGNAL_NAME);
		if (n)
			n->signal = s;
		p->x->wanted[s] = true;
		return n;
	}
	if (str_eq(name, STR("true")))
		return literal(p, BOOL, true);
	if (str_eq(name, STR("false")))
		return literal(p, BOOL, false);
	if (str_eq(name, STR("null")))
		return literal(p, NONE, false);
	if (str_eq(name, STR("id")))
		return make(p, ID);
	for (i = 0; p->more && i < p->more->n; i++)
		if (str_eq(name, str_c(p->more->v[i])))
			return more_name(p, i);
	if (is_key(name))
		return meta_name(p, name);
	if (str_starts(name, meta))
		return meta_name(
		    p, (struct str){ name.p + meta.n, name.n - meta.n });
	return unknown(p, name);
}

static const struct node *
parse_value(struct parser *p)
{
	const struct node *n;
	struct str name;

	if (take_char(p, '(')) {
		n = parse_or(p);
		if (n && !take_char(p, ')'))
			return wrong(p, p->p, "a ) is missing");
		return n;
	}
	if (p->p == p->end)
		return wrong(p, p->p, "a value is missing");
	if (*p->p == '"' || *p->p == '\'')
		return parse_string(p);
	if (is_digit(*p->p) || *p->p == '-' || *p->p == '.')
		return parse_number(p);
	name = peek_name(p);
	if (name.n == 0 || str_eq(name, STR("and")) ||
	    str_eq(name, STR("or")) || str_eq(name, STR("not")))
		return wrong(p, p->p, "a value is missing");
	return parse_name(p, name);
}

static bool
take_compare(struct parser *p, enum compare *c)
{
	static const enum compare longest_first[] = { LESS_EQUAL, MORE_EQUAL,
		EQUAL, UNEQUAL, LESS, MORE };
	size_t i;
	struct str op, rest;

	skip_space(p);
	rest = (struct str){ p->p, (size_t)(p->end - p->p) };
	for (i = 0; i < sizeof(longest_first) / sizeof(*longest_first); i++) {
		op = str_c(compare_name(longest_first[i]));
		if (str_starts(rest, op)) {
			*c = longest_first[i];
			p->p += op.n;
			return true;
		}
	}
	return false;
}

static const struct node *
parse_compare(struct parser *p)
{
	const struct node *a = parse_value(p), *b;
	enum compare c, again;
	struct node *n;

	if (!a || !take_compare(p, &c))
		return a;
	b = parse_value(p);
	if (!b)
		return NULL;
	if (take_compare(p, &again))
		return wrong(p, p->p, "two comparisons in a row: use 'and'");
	n = make(p, COMPARE);
	if (n) {
		n->a = a;
		n->b = b;
		n->compare = c;
	}
	return n;
}

static const struct node *
parse_not(struct parser *p)
{
	const struct node *a;
	struct node *n;

	if (!take_word(p, STR("not")))
		return parse_compare(p);
	if (++p->depth > MAX_DEPTH)
		return wrong(p, p->p, "nested too deeply");
	a = parse_not(p);
	p->depth--;
	n = a ? make(p, NOT) : NULL;
	if (n)
		n->a = a;
	return n;
}

static const struct node *
join(struct parser *p, enum node_type type, const struct node *a,
    const struct node *b)
{
	struct node *n = a && b ? make(p, type) : NULL;

	if (n) {
		n->a = a;
		n->b = b;
	}
	return n;
}

static const struct node *
parse_and(struct parser *p)
{
	const struct node *a = parse_not(p);

	while (a && take_word(p, STR("and")))
		a = join(p, AND, a, parse_not(p));
	return a;
}

static const struct node *
parse_or(struct parser *p)
{
	const struct node *a;

	if (++p->depth > MAX_DEPTH)
		return wrong(p, p->p, "nested too deeply");
	a = parse_and(p);
	while (a && take_word(p, STR("or")))
		a = join(p, OR, a, parse_and(p));
	p->depth--;
	return a;
}

int
expr_parse(struct expr **x, struct str source, const struct expr_names *more,
    struct err *e)
{
	struct parser p = { .more = more,
		.start = source.p,
		.p = source.p,
		.end = source.p + source.n,
		.e = e };

	p.x = *x = calloc(1, sizeof(**x));
	if (!p.x)
		return err_nomem(e, "an expression");
	/* Whatever fails below without a reason failed for memory. */
	err_nomem(e, "an expression");
	p.x->root = parse_or(&p);
	skip_space(&p);
	if (p.x->root && p.p < p.end) {
		wrong(&p, p.p, "and, or, a comparison or the end is due");
		p.x->root = NULL;
	}
	if (p.x->root)
		return 0;
	expr_free(p.x);
	*x = NULL;
	return e->code;
}

void
expr_free(struct expr *x)
{
	if (!x)
		return;
	arena_free(&x->arena);
	free(x);
}
