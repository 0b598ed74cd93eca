/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/num.h"
#include "base/text/utf8.h"
#include "filter/c4.h"
#include "filter/linefix.h"
#include "filter/profile.h"

struct profile_file {
	struct arena arena; /* all below */
	struct profile profile;
	struct step *steps;
	struct rule *rules;
	size_t nrule;
	bool
	    cleaned; /* the last step is no list of rules, or has other words */
	enum words words;
};

enum { FIELDS = 8 };

/* A line, parted at blanks; the parts are C strings in the arena. */
struct fields {
	char *v[FIELDS];
	size_t n;
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Part a line; fields beyond the last are left out but counted. */
static int
part(struct profile_file *f, struct str line, struct fields *x, struct err *e)
{
	struct str copy = arena_dup(&f->arena, line);
	char *p = (char *)copy.p;

	*x = (struct fields){ 0 };
	if (!p)
		return err_nomem(e, "a profile");
	while (*p) {
		while (is_blank(*p))
			*p++ = 0;
		if (!*p)
			break;
		if (x->n < FIELDS)
			x->v[x->n] = p;
		x->n++;
		while (*p && !is_blank(*p))
			p++;
	}
	return 0;
}

/* profile NAME: ABOUT */
static int
read_head(struct profile_file *f, struct str line, struct err *e)
{
	const char *p = line.p, *end = p + line.n, *colon, *name;

	while (p < end && is_blank(*p))
		p++;
	if (end - p < 9 || memcmp(p, "profile ", 8) != 0)
		return err_set(
		    e, ERR_FORMAT, "begin with: profile NAME: ABOUT");
	for (name = p + 8; name < end && is_blank(*name);)
		name++;
	colon = memchr(name, ':', (size_t)(end - name));
	if (!colon || colon == name)
		return err_set(e, ERR_FORMAT, "a profile needs NAME: ABOUT");
	for (p = colon + 1; p < end && is_blank(*p);)
		p++;
	f->profile.name =
	    arena_dup(&f->arena, (struct str){ name, (size_t)(colon - name) })
		.p;
	f->profile.about =
	    arena_dup(&f->arena, (struct str){ p, (size_t)(end - p) }).p;
	return f->profile.name && f->profile.about ? 0
						   : err_nomem(e, "a profile");
}

/* What NAME=NUMBER behind clean sets. */
struct setting {
	const char *name; /* "sentences=" */
	uint32_t *count;  /* or */
	double *ratio;    /* 0 to 1, or */
	bool *flag;       /* 0 or 1 */
};

static int
set_to(const struct setting *to, const char *s, struct err *e)
{
	uint64_t v;

	if (to->ratio) {
		if (num_double(s, to->ratio, e) < 0)
			return e->code;
		return *to->ratio >= 0 && *to->ratio <= 1
			   ? 0
			   : err_set(e, ERR_FORMAT, "%s%s: give 0 to 1",
				 to->name, s);
	}
	if (num_u64(s, &v, e) < 0)
		return e->code;
	if (v > (to->flag ? 1 : UINT32_MAX))
		return err_set(e, ERR_FORMAT, "%s%s is too large", to->name, s);
	if (to->flag)
		*to->flag = v;
	else
		*to->count = (uint32_t)v;
	return 0;
}

static int
read_settings(const struct fields *x, const struct setting *settings, size_t n,
    struct err *e)
{
	size_t i, k, len;

	if (x->n > FIELDS)
		return err_set(e, ERR_FORMAT, "too much behind clean");
	for (i = 2; i < x->n; i++) {
		for (k = 0; k < n; k++) {
			len = strlen(settings[k].name);
			if (strncmp(x->v[i], settings[k].name, len) == 0)
				break;
		}
		if (k == n)
			return err_set(e, ERR_FORMAT,
			    "clean %s has no '%s'; quern filter "
			    "--list-profiles shows what it has",
			    x->v[1], x->v[i]);
		if (set_to(&settings[k], x->v[i] + len, e) < 0)
			return e->code;
	}
	return 0;
}

static int
read_c4(struct profile_file *f, const struct fields *x, struct step *step,
    struct err *e)
{
	struct c4 *c = arena_alloc(&f->arena, sizeof(*c));

	if (!c)
		return err_nomem(e, "a profile");
	*c = (struct c4){ 1000, 3, 5, true };
	step->clean = c;
	return read_settings(x,
	    (struct setting[]){ { "word_max=", .count = &c->word_max },
		{ "line_words=", .count = &c->line_words },
		{ "end_marks=", .flag = &c->end_marks },
		{ "sentences=", .count = &c->sentences } },
	    4, e);
}

static int
read_fix(struct profile_file *f, const struct fields *x, struct step *step,
    struct err *e)
{
	struct linefix *l = arena_alloc(&f->arena, sizeof(*l));

	if (!l)
		return err_nomem(e, "a profile");
	*l = (struct linefix){ 0.5, 0.999999, 0.05, 2, 10 };
	step->fix = l;
	return read_settings(x,
	    (struct setting[]){ { "upper=", .ratio = &l->upper },
		{ "digits=", .ratio = &l->digits },
		{ "words=", .count = &l->words },
		{ "edit=", .count = &l->edit },
		{ "removed=", .ratio = &l->removed } },
	    5, e);
}

static int
read_clean(struct profile_file *f, const struct fields *x, struct err *e)
{
	struct step *step = &f->steps[f->profile.n++];

	*step = (struct step){ .words = f->words };
	f->cleaned = true;
	if (x->n >= 2 && strcmp(x->v[1], "c4") == 0)
		return read_c4(f, x, step, e);
	if (x->n >= 2 && strcmp(x->v[1], "refinedweb") == 0)
		return read_fix(f, x, step, e);
	return err_set(
	    e, ERR_FORMAT, "the ways to clean are c4 and refinedweb");
}

/* words KIND */
static int
read_words(struct profile_file *f, const struct fields *x, struct err *e)
{
	if (x->n == 2)
		f->words = words_find(str_c(x->v[1]));
	f->cleaned = true;
	return x->n == 2 && f->words != WORDS_KINDS
		   ? 0
		   : err_set(e, ERR_FORMAT,
			 "words are english, treebank, spaces or "
			 "unicode");
}

/* What the rule looks at. */
static int
read_subject(struct rule *r, const char *name, struct err *e)
{
	static const char meta[] = "metadata.";

	*r = (struct rule){ .reason = r->reason };
	if (strncmp(name, meta, sizeof(meta) - 1) == 0) {
		r->meta = name + sizeof(meta) - 1;
		return *r->meta
			   ? 0
			   : err_set(e, ERR_FORMAT, "metadata. needs a key");
	}
	r->signal = signal_find(str_c(name));
	return r->signal != SIGNALS
		   ? 0
		   : err_set(e, ERR_FORMAT,
			 "no signal '%s'; quern filter -h lists them", name);
}

/* A number, or of metadata a text in quotation marks without blanks. */
static int
read_threshold(struct rule *r, char *s, struct err *e)
{
	size_t n = strlen(s);

	if (r->meta && n >= 2 && s[0] == '"' && s[n - 1] == '"' &&
	    !memchr(s + 1, '"', n - 2)) {
		s[n - 1] = 0;
		r->text = s + 1;
		return 0;
	}
	if (num_double(s, &r->threshold, e) < 0)
		return e->code;
	return isfinite(r->threshold)
		   ? 0
		   : err_set(e, ERR_FORMAT, "%s is no threshold", s);
}

/* REASON SIGNAL COMPARISON NUMBER */
static int
read_rule(struct profile_file *f, const struct fields *x, struct err *e)
{
	struct rule *r = &f->rules[f->nrule];

	if (x->n != 4)
		return err_set(
		    e, ERR_FORMAT, "a rule is REASON SIGNAL COMPARISON NUMBER");
	r->reason = x->v[0];
	if (read_subject(r, x->v[1], e) < 0)
		return e->code;
	if (!compare_find(str_c(x->v[2]), &r->compare))
		return err_set(
		    e, ERR_FORMAT, "'%s' is none of < <= > >= == !=", x->v[2]);
	if (read_threshold(r, x->v[3], e) < 0)
		return e->code;
	if (f->profile.n == 0 || f->cleaned)
		f->steps[f->profile.n++] =
		    (struct step){ .rules = r, .words = f->words };
	f->cleaned = false;
	f->steps[f->profile.n - 1].n++;
	f->nrule++;
	return 0;
}

static int
read_line(struct profile_file *f, struct str line, struct err *e)
{
	struct fields x;

	if (part(f, line, &x, e) < 0)
		return e->code;
	if (x.n == 0 || *x.v[0] == '#')
		return 0;
	if (!f->profile.name)
		return read_head(f, line, e);
	if (x.n == 2 && strcmp(x.v[0], "words") == 0)
		return read_words(f, &x, e);
	if (strcmp(x.v[0], "clean") == 0)
		return read_clean(f, &x, e);
	return read_rule(f, &x, e);
}

static int
read_lines(
    struct profile_file *f, struct str source, const char *file, struct err *e)
{
	const char *p = source.p, *end = p + source.n, *stop;
	uint64_t number;

	for (number = 1; p < end; number++, p = stop + 1) {
		stop = memchr(p, '\n', (size_t)(end - p));
		if (!stop)
			stop = end;
		if (read_line(f, (struct str){ p, (size_t)(stop - p) }, e) <
		    0) {
			e->code = e->code == ERR_NOMEM ? ERR_NOMEM : ERR_FORMAT;
			return err_prefix(e, "%s, line %llu", file,
			    (unsigned long long)number);
		}
	}
	if (!f->profile.n)
		return err_set(e, ERR_FORMAT, "%s has no rules", file);
	return 0;
}

static size_t
count_lines(struct str s)
{
	size_t i, n = 1;

	for (i = 0; i < s.n; i++)
		n += s.p[i] == '\n';
	return n;
}

int
profile_parse(struct profile_file **out, struct str source, const char *file,
    struct err *e)
{
	struct profile_file *f = calloc(1, sizeof(*f));
	size_t n = count_lines(source);

	if (f) {
		f->steps = arena_alloc(&f->arena, n * sizeof(*f->steps));
		f->rules = arena_alloc(&f->arena, n * sizeof(*f->rules));
	}
	if (!f || !f->steps || !f->rules) {
		profile_file_free(f);
		return err_nomem(e, "a profile");
	}
	f->profile.steps = f->steps;
	if (!utf8_valid(source) || (source.n && memchr(source.p, 0, source.n)))
		err_set(e, ERR_FORMAT, "%s is no text in UTF-8", file);
	else if (read_lines(f, source, file, e) == 0) {
		*out = f;
		return 0;
	}
	profile_file_free(f);
	return e->code;
}

const struct profile *
profile_of(const struct profile_file *f)
{
	return &f->profile;
}

void
profile_file_free(struct profile_file *f)
{
	if (!f)
		return;
	arena_free(&f->arena);
	free(f);
}
