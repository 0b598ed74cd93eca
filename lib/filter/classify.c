/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/err.h"
#include "filter/classify.h"

static int
check_labels(const struct fasttext *f, const struct strs *labels,
    const char *option, struct err *e)
{
	size_t i, k;

	for (i = 0; i < labels->n; i++) {
		for (k = 0; k < fasttext_labels(f); k++)
			if (str_eq(fasttext_label(f, k), labels->v[i]))
				break;
		if (k == fasttext_labels(f))
			return err_set(e, ERR_ARG,
			    "%s: the model has no label '%.*s'", option,
			    (int)labels->v[i].n, labels->v[i].p);
	}
	return 0;
}

int
classify_rules_check(const struct classify_rules *r, struct err *e)
{
	return check_labels(r->model, &r->keep, "--keep", e) < 0 ||
		       check_labels(r->model, &r->drop, "--drop", e) < 0
		   ? e->code
		   : 0;
}

bool
classify_rules_any(const struct classify_rules *r)
{
	return r->keep.n || r->drop.n || r->min_score > 0;
}

void
classify_scratch_free(struct classify_scratch *s)
{
	fasttext_scratch_free(&s->fasttext);
	free(s->guesses);
	*s = (struct classify_scratch){ 0 };
}

static bool
is_among(const struct strs *labels, struct str label)
{
	size_t i;

	for (i = 0; i < labels->n; i++)
		if (str_eq(labels->v[i], label))
			return true;
	return false;
}

/* The likeliest of the labels to drop, if it is too likely. */
static void
find_drop(const struct classify_rules *r, const struct classify_scratch *s,
    struct classify_verdict *v)
{
	struct str label;
	size_t i;

	for (i = 0; i < s->n && s->guesses[i].p > r->drop_above; i++) {
		label = fasttext_label(r->model, s->guesses[i].label);
		if (!is_among(&r->drop, label))
			continue;
		v->rule = "label_above";
		v->why = label;
		v->value = s->guesses[i].p;
		v->threshold = r->drop_above;
		return;
	}
}

static void
apply_rules(const struct classify_rules *r, const struct classify_scratch *s,
    struct classify_verdict *v)
{
	v->why = v->label;
	if (r->keep.n && !is_among(&r->keep, v->label)) {
		v->rule = "label";
		v->value = -1;
	} else if (v->score < r->min_score) {
		v->rule = "label_score";
		v->value = v->score;
		v->threshold = r->min_score;
	} else if (r->drop.n) {
		find_drop(r, s, v);
	}
}

int
classify_judge(const struct classify_rules *r, struct classify_scratch *s,
    struct str text, size_t n, struct classify_verdict *v, struct err *e)
{
	size_t labels = fasttext_labels(r->model);
	struct fasttext_guess *more;

	if (r->drop.n || n > labels)
		n = labels;
	if (n > s->cap) {
		more = realloc(s->guesses, (n + 1) * sizeof(*more));
		if (!more)
			return err_nomem(e, "a classifier");
		s->guesses = more;
		s->cap = n;
	}
	*v = (struct classify_verdict){ .score = 0 };
	if (fasttext_guess(
		r->model, &s->fasttext, text, n, s->guesses, &s->n, e) < 0)
		return e->code;
	if (s->n) {
		v->label = fasttext_label(r->model, s->guesses->label);
		v->score = s->guesses->p;
	}
	apply_rules(r, s, v);
	return 0;
}
