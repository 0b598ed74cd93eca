/* SPDX-License-Identifier: MIT */
#include "filter/expr_node.h"
#include "io/doc.h"

bool
expr_wants(const struct expr *x, enum signal s)
{
	return x->wanted[s];
}

static struct value
meta_value(const struct doc *d, const char *path)
{
	struct json_val v = json_path(d->meta, path);

	switch (json_type(v)) {
	case JSON_BOOL:
		return (
		    struct value){ .kind = BOOL, .truth = json_bool(v, false) };
	case JSON_NUMBER:
		return (struct value){ .kind = NUMBER,
			.number = json_double(v, 0) };
	case JSON_STRING:
		return (struct value){ .kind = STRING, .string = json_str(v) };
	case JSON_ARRAY:
	case JSON_OBJECT:
		return (struct value){ .kind = OTHER };
	default:
		return (struct value){ .kind = NONE };
	}
}

static bool
is_true(struct value v)
{
	switch (v.kind) {
	case BOOL:
		return v.truth;
	case NUMBER:
		return v.number != 0;
	case STRING:
		return v.string.n != 0;
	default:
		return v.kind == OTHER;
	}
}

static bool
compare(struct value a, enum compare c, struct value b)
{
	if (a.kind != b.kind || a.kind == OTHER)
		return c == UNEQUAL;
	switch (a.kind) {
	case NUMBER:
		return compare_holds(a.number, c, b.number);
	case STRING:
		return compare_holds(str_cmp(a.string, b.string), c, 0);
	case BOOL:
		return compare_holds(a.truth, c, b.truth);
	default:
		return c == EQUAL || c == LESS_EQUAL || c == MORE_EQUAL;
	}
}

static struct value
truth(bool t)
{
	return (struct value){ .kind = BOOL, .truth = t };
}

static struct value
eval(const struct node *n, const struct signals *s, const struct doc *d,
    const double *more)
{
	switch (n->type) {
	case OR:
		return truth(is_true(eval(n->a, s, d, more)) ||
			     is_true(eval(n->b, s, d, more)));
	case AND:
		return truth(is_true(eval(n->a, s, d, more)) &&
			     is_true(eval(n->b, s, d, more)));
	case NOT:
		return truth(!is_true(eval(n->a, s, d, more)));
	case COMPARE:
		return truth(compare(eval(n->a, s, d, more), n->compare,
		    eval(n->b, s, d, more)));
	case SIGNAL_NAME:
		return (
		    struct value){ .kind = NUMBER, .number = s->v[n->signal] };
	case MORE_NAME:
		return (
		    struct value){ .kind = NUMBER, .number = more[n->more] };
	case META_NAME:
		return meta_value(d, n->path);
	case ID:
		return (struct value){ .kind = STRING, .string = d->id };
	default:
		return n->value;
	}
}

bool
expr_true(const struct expr *x, const struct signals *s, const struct doc *d,
    const double *more)
{
	return is_true(eval(x->root, s, d, more));
}
