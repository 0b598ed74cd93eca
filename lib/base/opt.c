/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/num.h"
#include "base/opt.h"

void
opt_common_init(struct opt_common *c)
{
	cpu_set_t set;

	*c = (struct opt_common){ .threads = 1 };
	if (sched_getaffinity(0, sizeof(set), &set) == 0)
		c->threads = CPU_COUNT(&set);
}

/* Calls of the two tables in turn: *at walks from {0,0}; NULL at the end. */
static const struct opt *
each(const struct opt_cmd *c, size_t *at)
{
	size_t i = (*at)++, n = 0;

	while (c->opts && c->opts[n].name)
		n++;
	if (i < n)
		return &c->opts[i];
	if (!c->common || !c->common[i - n].name)
		return NULL;
	return &c->common[i - n];
}

static const struct opt *
by_name(const struct opt_cmd *c, const char *name, size_t n)
{
	const struct opt *o;
	size_t at = 0;

	while ((o = each(c, &at)))
		if (strlen(o->name) == n && memcmp(o->name, name, n) == 0)
			return o;
	return NULL;
}

static const struct opt *
by_letter(const struct opt_cmd *c, char letter)
{
	const struct opt *o;
	size_t at = 0;

	while ((o = each(c, &at)))
		if (o->letter == letter)
			return o;
	return NULL;
}

static bool
is_choice(const char *choices, const char *s)
{
	size_t n = strlen(s);
	const char *p = choices;

	for (; p; p = strchr(p, ',') ? strchr(p, ',') + 1 : NULL)
		if (strncmp(p, s, n) == 0 && (p[n] == ',' || p[n] == '\0'))
			return true;
	return false;
}

static int
set_shard(struct opt_shard *sh, const char *s, struct err *e)
{
	const char *slash = strchr(s, '/');
	char part[16] = "";
	uint64_t i, n;

	if (slash && (size_t)(slash - s) < sizeof(part))
		memcpy(part, s, (size_t)(slash - s));
	if (!slash || num_u64(part, &i, e) < 0 ||
	    num_u64(slash + 1, &n, e) < 0 || i >= n || n > UINT32_MAX)
		return err_set(e, ERR_ARG,
		    "'%s' is not I/N with 0 <= I < N, as in 0/4", s);
	*sh = (struct opt_shard){ (uint32_t)i, (uint32_t)n };
	return 0;
}

static int
set_int(int *dst, uint64_t least, const char *s, struct err *e)
{
	uint64_t v;

	if (num_u64(s, &v, e) < 0)
		return e->code;
	if (v < least)
		return err_set(e, ERR_ARG, "%s is too small", s);
	if (v > INT_MAX)
		return err_set(e, ERR_ARG, "%s is too large", s);
	*dst = (int)v;
	return 0;
}

static int
add_to_list(struct opt_list *l, const char *s, struct err *e)
{
	const char **v = realloc(l->v, (l->n + 1) * sizeof(*v));

	if (!v)
		return err_nomem(e, "options");
	l->v = v;
	l->v[l->n++] = s;
	return 0;
}

static int
set_value(const struct opt *o, const char *s, struct err *e)
{
	if (o->choices && !is_choice(o->choices, s))
		return err_set(
		    e, ERR_ARG, "'%s' is not one of %s", s, o->choices);
	switch (o->type) {
	case OPT_FLAG:
		return err_set(e, ERR_ARG, "it takes no value");
	case OPT_STR:
	case OPT_OUT:
		*(const char **)o->dst = s;
		return 0;
	case OPT_INT:
		return set_int(o->dst, 0, s, e);
	case OPT_POSITIVE:
		return set_int(o->dst, 1, s, e);
	case OPT_U64:
		return num_u64(s, o->dst, e);
	case OPT_SIZE:
		return num_size(s, o->dst, e);
	case OPT_COUNT:
		return num_count(s, o->dst, e);
	case OPT_DOUBLE:
		return num_double(s, o->dst, e);
	case OPT_LIST:
		return add_to_list(o->dst, s, e);
	case OPT_SHARD:
		return set_shard(o->dst, s, e);
	}
	return err_set(e, ERR_ARG, "unknown option type");
}

/* Letters by which a and b differ (Levenshtein), for "did you mean". */
static size_t
distance(const char *a, size_t na, const char *b)
{
	size_t row[64], i, j, diag, up, nb = strlen(b);

	if (nb >= 64)
		return 64;
	for (j = 0; j <= nb; j++)
		row[j] = j;
	for (i = 1; i <= na; i++) {
		diag = row[0];
		row[0] = i;
		for (j = 1; j <= nb; j++) {
			up = row[j];
			diag += a[i - 1] != b[j - 1];
			if (up + 1 < diag)
				diag = up + 1;
			if (row[j - 1] + 1 < diag)
				diag = row[j - 1] + 1;
			row[j] = diag;
			diag = up;
		}
	}
	return row[nb];
}

static int
unknown(const struct opt_cmd *c, const char *arg, size_t n, struct err *e)
{
	const struct opt *o, *best = NULL;
	size_t at = 0, d, least = 3;

	while ((o = each(c, &at))) {
		d = distance(arg, n, o->name);
		if (d < least) {
			least = d;
			best = o;
		}
	}
	if (best)
		return err_set(e, ERR_ARG,
		    "unknown option --%.*s; did you mean --%s?", (int)n, arg,
		    best->name);
	return err_set(e, ERR_ARG, "unknown option --%.*s; see quern %s -h",
	    (int)n, arg, c->name);
}

/* --name, --name=value, --name value, --no-name; *i moves past a value. */
static int
parse_long(
    const struct opt_cmd *c, int argc, char **argv, int *i, struct err *e)
{
	const char *arg = argv[*i] + 2, *eq = strchr(arg, '=');
	size_t n = eq ? (size_t)(eq - arg) : strlen(arg);
	const struct opt *o = by_name(c, arg, n);

	if (!o && !eq && n > 3 && memcmp(arg, "no-", 3) == 0) {
		o = by_name(c, arg + 3, n - 3);
		if (o && o->type == OPT_FLAG) {
			*(bool *)o->dst = false;
			return 0;
		}
		o = NULL;
	}
	if (!o)
		return unknown(c, arg, n, e);
	if (o->type == OPT_FLAG && !eq) {
		*(bool *)o->dst = true;
		return 0;
	}
	if (!eq && *i + 1 >= argc)
		return err_set(
		    e, ERR_ARG, "option --%s needs %s", o->name, o->arg);
	if (set_value(o, eq ? eq + 1 : argv[++*i], e) < 0)
		return err_prefix(e, "option --%s", o->name);
	return 0;
}

/* -q, -oFILE, -o FILE, -qo FILE. */
static int
parse_short(
    const struct opt_cmd *c, int argc, char **argv, int *i, struct err *e)
{
	const char *p = argv[*i] + 1;
	const struct opt *o;

	for (; *p; p++) {
		o = by_letter(c, *p);
		if (!o)
			return err_set(e, ERR_ARG,
			    "unknown option -%c; see quern %s -h", *p, c->name);
		if (o->type == OPT_FLAG) {
			*(bool *)o->dst = true;
			continue;
		}
		if (!p[1] && *i + 1 >= argc)
			return err_set(
			    e, ERR_ARG, "option -%c needs %s", *p, o->arg);
		if (set_value(o, p[1] ? p + 1 : argv[++*i], e) < 0)
			return err_prefix(e, "option -%c", *p);
		return 0;
	}
	return 0;
}

int
opt_parse(const struct opt_cmd *c, int argc, char **argv, struct err *e)
{
	int i, n = 0, rc;

	for (i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--") == 0) {
			for (i++; i < argc; i++)
				argv[++n] = argv[i];
			break;
		}
		if (argv[i][0] != '-' || !argv[i][1]) {
			argv[++n] = argv[i];
			continue;
		}
		rc = argv[i][1] == '-' ? parse_long(c, argc, argv, &i, e)
				       : parse_short(c, argc, argv, &i, e);
		if (rc < 0)
			return rc;
	}
	return n;
}

void
opt_free(const struct opt_cmd *c)
{
	const struct opt *o;
	struct opt_list *l;
	size_t at = 0;

	while ((o = each(c, &at))) {
		if (o->type != OPT_LIST)
			continue;
		l = o->dst;
		free(l->v);
		*l = (struct opt_list){ 0 };
	}
}

bool
opt_wants(int argc, char **argv, const char *name, char letter)
{
	int i;

	for (i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (strncmp(argv[i], "--", 2) == 0 &&
		    strcmp(argv[i] + 2, name) == 0)
			return true;
		if (letter && argv[i][0] == '-' && argv[i][1] == letter &&
		    !argv[i][2])
			return true;
	}
	return false;
}

/* A size or count with the largest unit that divides it. */
static void
put_scaled(struct buf *b, uint64_t v, const char *units, uint64_t base)
{
	int i = 0;

	while (v && v % base == 0 && units[i]) {
		v /= base;
		i++;
	}
	buf_u64(b, v);
	if (i)
		buf_putc(b, units[i - 1]);
}

/* The value in dst; nothing where there is none worth showing. */
static void
put_value(struct buf *b, const struct opt *o)
{
	const struct opt_list *l = o->dst;
	const struct opt_shard *sh = o->dst;

	switch (o->type) {
	case OPT_FLAG:
		buf_puts(b, *(bool *)o->dst ? "true" : "false");
		break;
	case OPT_STR:
	case OPT_OUT:
		if (*(const char **)o->dst)
			buf_puts(b, *(const char **)o->dst);
		break;
	case OPT_INT:
	case OPT_POSITIVE:
		buf_printf(b, "%d", *(int *)o->dst);
		break;
	case OPT_U64:
		buf_u64(b, *(uint64_t *)o->dst);
		break;
	case OPT_SIZE:
		put_scaled(b, *(uint64_t *)o->dst, "KMGT", 1024);
		break;
	case OPT_COUNT:
		put_scaled(b, *(uint64_t *)o->dst, "KMBT", 1000);
		break;
	case OPT_DOUBLE:
		buf_double(b, *(double *)o->dst);
		break;
	case OPT_LIST:
		for (size_t i = 0; i < l->n; i++)
			buf_printf(b, "%s%s", i ? "," : "", l->v[i]);
		break;
	case OPT_SHARD:
		if (sh->n)
			buf_printf(b, "%u/%u", sh->i, sh->n);
		break;
	}
}

static bool
has_default(const struct opt *o)
{
	switch (o->type) {
	case OPT_FLAG:
		return *(bool *)o->dst;
	case OPT_SIZE:
	case OPT_COUNT:
		return *(uint64_t *)o->dst != 0;
	case OPT_STR:
	case OPT_OUT:
		return *(const char **)o->dst != NULL;
	case OPT_LIST:
		return ((struct opt_list *)o->dst)->n > 0;
	case OPT_SHARD:
		return false;
	default:
		return true;
	}
}

enum { HELP_COLUMN = 26, HELP_WIDTH = 79 };

/* Words of s from column HELP_COLUMN, wrapped. */
static void
put_wrapped(struct buf *b, const char *s, size_t column)
{
	size_t n;

	while (*s) {
		n = strcspn(s, " ");
		if (column + 1 + n > HELP_WIDTH && column > HELP_COLUMN) {
			buf_printf(b, "\n%*s", HELP_COLUMN, "");
			column = HELP_COLUMN;
		}
		buf_printf(
		    b, "%s%.*s", column > HELP_COLUMN ? " " : "", (int)n, s);
		column += n + (column > HELP_COLUMN);
		s += n + strspn(s + n, " ");
	}
}

static void
help_option(const struct opt *o, struct buf *b)
{
	struct buf text = { 0 };
	size_t from = b->n, used;

	if (o->letter)
		buf_printf(b, "  -%c, --%s", o->letter, o->name);
	else
		buf_printf(b, "      --%s", o->name);
	if (o->arg)
		buf_printf(b, " %s", o->arg);
	used = b->n - from;
	if (used + 2 > HELP_COLUMN)
		buf_printf(b, "\n%*s", HELP_COLUMN, "");
	else
		buf_printf(b, "%*s", (int)(HELP_COLUMN - used), "");
	buf_puts(&text, o->help);
	if (o->choices)
		buf_printf(&text, ": one of %s", o->choices);
	if (has_default(o)) {
		buf_puts(&text, " (default: ");
		put_value(&text, o);
		buf_putc(&text, ')');
	}
	buf_putc(&text, '\0');
	if (!text.oom)
		put_wrapped(b, text.p, HELP_COLUMN);
	buf_putc(b, '\n');
	buf_free(&text);
}

void
opt_help(const struct opt_cmd *c, struct buf *out)
{
	const struct opt *o;
	const char *p, *eol;

	buf_printf(out, "usage: quern %s [options] %s\n%s\n", c->name, c->args,
	    c->summary);
	if (c->opts && c->opts[0].name) {
		buf_puts(out, "\noptions:\n");
		for (o = c->opts; o->name; o++)
			help_option(o, out);
	}
	if (c->common) {
		buf_puts(out, "\noptions of every command:\n");
		for (o = c->common; o->name; o++)
			help_option(o, out);
		buf_puts(out, "  -h, --help              this text\n"
			      "      --version           name and version\n");
	}
	if (c->more)
		buf_printf(out, "\n%s\n", c->more);
	if (c->example) {
		buf_puts(out, "\nexample:\n");
		for (p = c->example; p; p = eol ? eol + 1 : NULL) {
			eol = strchr(p, '\n');
			buf_printf(out, "  %.*s\n",
			    eol ? (int)(eol - p) : (int)strlen(p), p);
		}
	}
}

static void
json_value(struct buf *out, const struct opt *o)
{
	struct buf text = { 0 };

	put_value(&text, o);
	if (o->type == OPT_STR || o->type == OPT_OUT || o->type == OPT_LIST ||
	    o->type == OPT_SHARD)
		buf_json_lossy(out, buf_view(&text));
	else if (o->type == OPT_SIZE || o->type == OPT_COUNT)
		buf_u64(out, *(uint64_t *)o->dst);
	else
		buf_str(out, buf_view(&text));
	buf_free(&text);
}

void
opt_json(const struct opt_cmd *c, struct buf *out)
{
	const struct opt *o;

	buf_putc(out, '{');
	for (o = c->opts; o && o->name; o++) {
		if (o != c->opts)
			buf_putc(out, ',');
		buf_json(out, str_c(o->name));
		buf_putc(out, ':');
		json_value(out, o);
	}
	buf_putc(out, '}');
}
