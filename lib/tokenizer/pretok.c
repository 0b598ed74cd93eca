/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/buf.h"
#include "pre.h"
#include "pretok_scan.h"
#include "seam.h"
#include "uclass.h"

struct pretok {
	const struct pretok_kind *kind; /* NULL: a regex without a name */
	char *regex;
	struct pretok_re *re; /* NULL: kind->fill or steps do it */
	const struct pre *steps;
	struct pre own; /* of a named sequence */
	struct pre one; /* the regex as a step; not its owner */
	bool named;
	const uint8_t *table; /* of kind->fill */
};

struct pretok_scan {
	const struct pretok *pt;
	struct str text;
	size_t at; /* in text; of steps: in ends */
	struct pretok_re_scan *re;
	struct pre_run *run;
	struct buf ends; /* size_t, of all pieces that steps have made */
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

const char *
pretok_spelt(const char *pattern)
{
	const struct pretok_kind *k = find_kind(pattern);

	return k ? k->regex : pattern;
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
pretok_open_steps(struct pretok **out, const struct pre *steps,
    const char *name, struct err *e)
{
	struct pretok *pt = calloc(1, sizeof(*pt));

	*out = pt;
	if (!pt)
		return err_nomem(e, "a pattern");
	pt->steps = steps;
	pt->named = name && pre_named(name);
	pt->regex = strdup(name ? name : "");
	if (pt->regex)
		return 0;
	pretok_close(pt);
	*out = NULL;
	return err_nomem(e, "a pattern");
}

static int
open_named(struct pretok **out, const char *name, struct err *e)
{
	int rc = pretok_open_steps(out, NULL, name, e);

	if (rc == 0)
		rc = pre_read_named(&(*out)->own, name, e);
	if (rc == 0) {
		(*out)->steps = &(*out)->own;
		return 0;
	}
	pretok_close(*out);
	*out = NULL;
	return rc;
}

int
pretok_open(struct pretok **out, const char *pattern, struct err *e)
{
	const struct pretok_kind *k = find_kind(pattern);
	struct pretok *pt;
	int rc = 0;

	*out = NULL;
	if (pre_named(pattern))
		return open_named(out, pattern, e);
	if (!k && check_name(pattern, e) < 0)
		return e->code;
	pt = calloc(1, sizeof(*pt));
	if (!pt)
		return err_nomem(e, "a pattern");
	pt->kind = k;
	pt->table = uclass_table(0);
	pt->regex = strdup(k ? k->regex : pattern);
	pt->one.v[pt->one.n++] =
	    (struct pre_step){ .kind = PRE_SPLIT, .regex = pt->regex };
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

int
pretok_unicode(struct pretok *pt, unsigned version, struct err *e)
{
	if (version && (version < UNICODE_FIRST || version > UNICODE_LAST))
		return err_set(e, ERR_ARG, "there are Unicode %d to %d, not %u",
		    UNICODE_FIRST, UNICODE_LAST, version);
	if (version && !pt->kind)
		return err_set(e, ERR_ARG,
		    "a version of Unicode can be chosen for named patterns of "
		    "one regex only");
	pt->table = uclass_table(version);
	return 0;
}

void
pretok_close(struct pretok *pt)
{
	if (!pt)
		return;
	pretok_re_close(pt->re);
	pre_free(&pt->own);
	free(pt->regex);
	free(pt);
}

const char *
pretok_names(void)
{
	return "gpt2,cl100k,qwen2,nanochat,o200k,whitespace,deepseek-v3,"
	       "starcoder,falcon";
}

const char *
pretok_name(const struct pretok *pt)
{
	if (pt->named)
		return pt->regex;
	return pt->kind ? pt->kind->name : NULL;
}

const char *
pretok_regex(const struct pretok *pt)
{
	return pt->regex;
}

int
pretok_seams(struct seams **s, const struct pretok *pt, const struct norm *norm,
    bool at_space, struct err *e)
{
	const struct pre *all = pt->steps ? pt->steps : &pt->one;

	return seams_open(s, all->v, all->n, norm, at_space, e);
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
	if (pt->steps && !(s->run = pre_run_new(pt->steps, e))) {
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
	pre_run_free(s->run);
	buf_free(&s->ends);
	free(s);
}

static int
note_end(void *ctx, const struct piece *p, struct err *e)
{
	struct pretok_scan *s = ctx;
	size_t end = p->map ? p->map[p->at + p->s.n - 1].to : p->at + p->s.n;

	buf_put(&s->ends, &end, sizeof(end));
	return buf_ok(&s->ends, e);
}

static int
start_steps(struct pretok_scan *s, struct str text, struct err *e)
{
	buf_clear(&s->ends);
	if (text.n > UINT32_MAX)
		return err_set(e, ERR_ARG,
		    "a text of over 4 GiB: patterns of several steps take no "
		    "longer ones");
	return pre_pieces(
	    s->run, text, true, NULL, !pre_plain(s->pt->steps), note_end, s, e);
}

static ptrdiff_t
next_ends(struct pretok_scan *s, size_t *ends, size_t cap)
{
	size_t n = s->ends.n / sizeof(size_t) - s->at;

	if (n > cap)
		n = cap;
	if (n)
		memcpy(
		    ends, (const size_t *)s->ends.p + s->at, n * sizeof(*ends));
	s->at += n;
	return (ptrdiff_t)n;
}

int
pretok_start(struct pretok_scan *s, struct str text, struct err *e)
{
	s->text = text;
	s->at = 0;
	if (s->run)
		return start_steps(s, text, e);
	return s->re ? pretok_re_start(s->re, text, e) : 0;
}

ptrdiff_t
pretok_next(struct pretok_scan *s, size_t *ends, size_t cap, struct err *e)
{
	if (s->re)
		return pretok_re_next(s->re, ends, cap, e);
	if (s->run)
		return next_ends(s, ends, cap);
	return (ptrdiff_t)s->pt->kind->fill(
	    s->pt->table, s->text, &s->at, ends, cap);
}

int
pretok_span(struct pretok_scan *s, size_t *end, bool *match, struct err *e)
{
	if (s->re)
		return pretok_re_span(s->re, end, match, e);
	*match = true;
	if (s->run)
		return (int)next_ends(s, end, 1);
	return (int)s->pt->kind->fill(s->pt->table, s->text, &s->at, end, 1);
}
