/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "pretok_scan.h"

struct pretok {
	const struct pretok_kind *kind; /* NULL: a regex without a name */
	char *regex;
	struct pretok_re *re; /* NULL: kind->fill does it */
};

struct pretok_scan {
	const struct pretok *pt;
	struct str text;
	size_t at;
	struct pretok_re_scan *re;
};

static const struct pretok_kind *
find_kind(const char *pattern)
{
	const struct pretok_kind *k;

	for (k = pretok_kinds; k->name; k++)
		if (strcmp(pattern, k->name) == 0 ||
		    strcmp(pattern, k->regex) == 0)
			return k;
	return NULL;
}

/* A pattern without any of a regex's signs is a misspelt name. */
static int
check_name(const char *pattern, struct err *e)
{
	if (pattern[0] && strpbrk(pattern, "\\[](){}|+*?.^$ '"))
		return 0;
	return err_set(e, ERR_ARG,
	    "no pattern is named '%s': there are %s, or give a regex", pattern,
	    pretok_names());
}

int
pretok_open(struct pretok **out, const char *pattern, struct err *e)
{
	const struct pretok_kind *k = find_kind(pattern);
	struct pretok *pt;
	int rc = 0;

	*out = NULL;
	if (!k && check_name(pattern, e) < 0)
		return e->code;
	pt = calloc(1, sizeof(*pt));
	if (!pt)
		return err_nomem(e, "a pattern");
	pt->kind = k;
	pt->regex = strdup(k ? k->regex : pattern);
	if (!pt->regex)
		rc = err_nomem(e, "a pattern");
	else if (!k || !k->fill)
		rc = pretok_re_open(&pt->re, pt->regex, e);
	if (rc < 0)
		pretok_close(pt);
	else
		*out = pt;
	return rc;
}

void
pretok_close(struct pretok *pt)
{
	if (!pt)
		return;
	pretok_re_close(pt->re);
	free(pt->regex);
	free(pt);
}

const char *
pretok_names(void)
{
	return "gpt2,cl100k,qwen2,nanochat,o200k,whitespace";
}

const char *
pretok_name(const struct pretok *pt)
{
	return pt->kind ? pt->kind->name : NULL;
}

const char *
pretok_regex(const struct pretok *pt)
{
	return pt->regex;
}

bool
pretok_can_cut(const struct pretok *pt)
{
	return pt->kind != NULL;
}

struct pretok_scan *
pretok_scan_new(const struct pretok *pt, struct err *e)
{
	struct pretok_scan *s = calloc(1, sizeof(*s));

	if (!s) {
		err_nomem(e, "a pre-tokeniser");
		return NULL;
	}
	s->pt = pt;
	if (pt->re && !(s->re = pretok_re_scan_new(pt->re, e))) {
		free(s);
		return NULL;
	}
	return s;
}

void
pretok_scan_free(struct pretok_scan *s)
{
	if (!s)
		return;
	pretok_re_scan_free(s->re);
	free(s);
}

int
pretok_start(struct pretok_scan *s, struct str text, struct err *e)
{
	s->text = text;
	s->at = 0;
	return s->re ? pretok_re_start(s->re, text, e) : 0;
}

ptrdiff_t
pretok_next(struct pretok_scan *s, size_t *ends, size_t cap, struct err *e)
{
	if (s->re)
		return pretok_re_next(s->re, ends, cap, e);
	return (ptrdiff_t)s->pt->kind->fill(s->text, &s->at, ends, cap);
}
