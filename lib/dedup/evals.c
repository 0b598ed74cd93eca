/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/num.h"
#include "dedup/budget.h"
#include "dedup/evals.h"
#include "dedup/sort.h"

void
evals_init(struct evals *v, struct budget *b, size_t ngram, double share)
{
	*v = (struct evals){ .budget = b,
		.ngram = ngram,
		.least = ngram < EVAL_LEAST ? ngram : EVAL_LEAST,
		.share = share };
}

void
evals_free(struct evals *v)
{
	free(v->items);
	free(v->texts);
	free(v->passages);
	free(v->raw);
	free(v->grams);
	free(v->keys);
	free(v->postings);
	free(v->posted);
	free(v->filter);
	free(v->table);
	free(v->same);
	folded_free(&v->words);
	folded_free(&v->answer);
	arena_free(&v->names);
}

/* budget_grow() for the array *p with *cap elements of size bytes. */
#define GROW(v, p, cap, need, e) \
	grow((v)->budget, (void **)&(p), &(cap), need, sizeof(*(p)), e)

static int
grow(struct budget *b, void **p, size_t *cap, size_t need, size_t size,
    struct err *e)
{
	void *more = budget_grow(b, *p, cap, need, size, "evaluation sets", e);

	if (!more)
		return e->code;
	*p = more;
	return 0;
}

static int
name_of(struct evals *v, struct str s, struct str *own, struct err *e)
{
	if (budget_take(v->budget, s.n + 16, "evaluation sets", e) < 0)
		return e->code;
	*own = arena_dup(&v->names, s);
	return own->p ? 0 : err_nomem(e, "evaluation sets");
}

int
evals_item(struct evals *v, const char *file, uint64_t record, struct str id,
    struct err *e)
{
	struct eval_item *x;
	struct str name;

	if (v->nitem >= UINT32_MAX - 1)
		return err_set(e, ERR_ARG, "more than 4 G evaluation items");
	if (GROW(v, v->items, v->item_cap, v->nitem + 1, e) < 0)
		return e->code;
	x = &v->items[v->nitem];
	*x = (struct eval_item){ .record = record };
	if (v->nitem && strcmp(x[-1].file, file) == 0)
		x->file = x[-1].file;
	else if (name_of(v, str_c(file), &name, e) < 0)
		return e->code;
	else
		x->file = name.p;
	if (id.p && name_of(v, id, &x->id, e) < 0)
		return e->code;
	v->nitem++;
	return 0;
}

/* The place in v->same of a passage like *p (grams in v->raw). */
static uint32_t *
place_of(const struct evals *v, const struct passage *p)
{
	const uint64_t *grams = v->raw + p->at;
	const struct passage *x;
	size_t i = mix64(hash64(grams, p->n * sizeof(*grams), p->answer)) &
		   (v->same_cap - 1);

	for (; v->same[i]; i = (i + 1) & (v->same_cap - 1)) {
		x = &v->passages[v->same[i] - 1];
		if (x->n == p->n && x->len == p->len &&
		    x->answer == p->answer && x->nanswer == p->nanswer &&
		    memcmp(v->raw + x->at, grams, p->n * sizeof(*grams)) == 0)
			break;
	}
	return &v->same[i];
}

static int
grow_same(struct evals *v, struct err *e)
{
	size_t i, old = v->same_cap, cap = old ? old * 2 : 1024;
	uint32_t *t;

	if (v->npassage + 1 <= old / 2)
		return 0;
	t = budget_calloc(v->budget, cap, sizeof(*t), "evaluation sets", e);
	if (!t)
		return e->code;
	free(v->same);
	budget_give(v->budget, old * sizeof(*t));
	v->same = t;
	v->same_cap = cap;
	for (i = 0; i < v->npassage; i++)
		*place_of(v, &v->passages[i]) = (uint32_t)i + 1;
	return 0;
}

/* The hashes of the grams of v->words behind those in v->raw. */
static int
hash_grams(struct evals *v, struct passage *p, struct err *e)
{
	uint64_t power = folded_power(p->len);
	size_t i;

	if (GROW(v, v->raw, v->raw_cap, v->nraw + p->n, e) < 0)
		return e->code;
	for (i = 0; i < p->n; i++)
		v->raw[v->nraw + i] = folded_gram(&v->words, i, p->len, power);
	return 0;
}

static void
set_answer(struct evals *v, struct passage *p)
{
	size_t n = v->answer.n;

	if (n == 0 || n > EVAL_ANSWER)
		return;
	p->nanswer = (uint32_t)n;
	p->answer_power = folded_power(n);
	p->answer = folded_gram(&v->answer, 0, n, p->answer_power);
}

/* The passage of v->words, a new one if need be. */
static int
passage_of(struct evals *v, uint32_t *number, struct err *e)
{
	size_t n = v->words.n, len = n < v->ngram ? n : v->ngram;
	struct passage p = { .at = v->nraw,
		.n = (uint32_t)(n - len + 1),
		.len = (uint32_t)len };
	double need = ceil(v->share * (double)p.n);
	uint32_t *at;

	p.need = need < EVAL_ENOUGH ? (uint32_t)need : EVAL_ENOUGH;
	if (n < v->ngram)
		set_answer(v, &p);
	if (grow_same(v, e) < 0 || hash_grams(v, &p, e) < 0 ||
	    GROW(v, v->passages, v->passage_cap, v->npassage + 1, e) < 0)
		return e->code;
	at = place_of(v, &p);
	if (!*at) {
		v->passages[v->npassage++] = p;
		v->nraw += p.n;
		*at = (uint32_t)v->npassage;
	}
	*number = *at - 1;
	return 0;
}

int
evals_text(struct evals *v, struct str field, struct str text,
    struct str answer, struct err *e)
{
	struct eval_text *x;
	struct str name;

	if (folded_of(&v->words, text, e) < 0 ||
	    folded_of(&v->answer, answer, e) < 0 ||
	    GROW(v, v->texts, v->text_cap, v->ntext + 1, e) < 0)
		return e->code;
	x = &v->texts[v->ntext];
	*x = (struct eval_text){ .item = (uint32_t)v->nitem - 1,
		.passage = NO_PASSAGE,
		.nword = (uint32_t)v->words.n };
	if (v->ntext && str_eq(str_c(x[-1].field), field))
		x->field = x[-1].field;
	else if (name_of(v, field, &name, e) < 0)
		return e->code;
	else
		x->field = name.p;
	if (v->words.n >= v->least && passage_of(v, &x->passage, e) < 0)
		return e->code;
	v->ntext++;
	return 0;
}

/* Every gram of every passage with its place, by hash. */
static struct keyed *
sorted_grams(struct evals *v, struct err *e)
{
	struct keyed *g, *tmp;
	size_t i;

	if (v->nraw >= UINT32_MAX) {
		err_set(e, ERR_ARG, "more than 4 G n-grams to look for");
		return NULL;
	}
	g = budget_calloc(
	    v->budget, 2 * v->nraw, sizeof(*g), "evaluation sets", e);
	if (!g)
		return NULL;
	tmp = g + v->nraw;
	for (i = 0; i < v->nraw; i++)
		g[i] = (struct keyed){ v->raw[i], (uint32_t)i };
	sort_keyed(g, tmp, v->nraw);
	return g;
}

/* Number the grams: v->grams, v->keys. */
static int
number_grams(struct evals *v, const struct keyed *g, struct err *e)
{
	size_t i, n = 0;

	v->grams = budget_calloc(
	    v->budget, v->nraw, sizeof(*v->grams), "evaluation sets", e);
	if (!v->grams)
		return e->code;
	for (i = 0; i < v->nraw; i++)
		n += i == 0 || g[i].key != g[i - 1].key;
	v->keys =
	    budget_calloc(v->budget, n, sizeof(*v->keys), "evaluation sets", e);
	if (!v->keys)
		return e->code;
	for (i = 0; i < v->nraw; i++) {
		if (i == 0 || g[i].key != g[i - 1].key)
			v->keys[v->nkey++] = g[i].key;
		v->grams[g[i].group] = (uint32_t)v->nkey - 1;
	}
	return 0;
}

static size_t
power_of_two(size_t least)
{
	size_t n = 64;

	while (n < least)
		n *= 2;
	return n;
}

static int
make_table(struct evals *v, struct err *e)
{
	size_t i, at, slots = power_of_two(2 * v->nkey),
		      bits = power_of_two(16 * v->nkey);
	uint64_t h;

	v->table = budget_calloc(
	    v->budget, slots, sizeof(*v->table), "evaluation sets", e);
	if (!v->table)
		return e->code;
	v->filter = budget_calloc(
	    v->budget, bits / 64, sizeof(*v->filter), "evaluation sets", e);
	if (!v->filter)
		return e->code;
	v->table_mask = slots - 1;
	v->filter_mask = bits - 1;
	for (i = 0; i < v->nkey; i++) {
		h = v->keys[i];
		v->filter[(h & v->filter_mask) / 64] |= (uint64_t)1 << h % 64;
		for (at = h >> 20 & v->table_mask; v->table[at];)
			at = (at + 1) & v->table_mask;
		v->table[at] = (uint32_t)i + 1;
	}
	return 0;
}

uint32_t
evals_find(const struct evals *v, uint64_t h)
{
	size_t at;

	if (!(v->filter[(h & v->filter_mask) / 64] >> h % 64 & 1))
		return NO_GRAM;
	for (at = h >> 20 & v->table_mask; v->table[at];
	     at = (at + 1) & v->table_mask)
		if (v->keys[v->table[at] - 1] == h)
			return v->table[at] - 1;
	return NO_GRAM;
}

/*
 * Which grams suggest passage p: those that few have, or if it has none of
 * these the rarest.  A gram that thousands have ("choose the right answer") is
 * then counted, but need not be gone after each time it occurs.
 */
static bool
suggests(const struct evals *v, const uint64_t *count, const struct passage *p,
    size_t i, bool any_rare)
{
	const uint32_t *g = v->grams + p->at;
	size_t k, best = 0;

	if (any_rare || p->n == 1)
		return p->n == 1 || count[g[i]] <= EVAL_COMMON;
	for (k = 1; k < p->n; k++)
		if (count[g[k]] < count[g[best]])
			best = k;
	return i == best;
}

static bool
has_rare(const struct evals *v, const uint64_t *count, const struct passage *p)
{
	size_t i;

	for (i = 0; i < p->n; i++)
		if (count[v->grams[p->at + i]] <= EVAL_COMMON)
			return true;
	return false;
}

/* Call for each gram that suggests a passage; fill: put it, else count it. */
static void
each_suggestion(
    struct evals *v, const uint64_t *count, uint64_t *fill, bool put)
{
	const struct passage *p;
	size_t k, i;
	bool rare;

	for (k = 0; k < v->npassage; k++) {
		p = &v->passages[k];
		rare = has_rare(v, count, p);
		for (i = 0; i < p->n; i++) {
			if (!suggests(v, count, p, i, rare))
				continue;
			if (put)
				v->posted[fill[v->grams[p->at + i]]] =
				    (uint32_t)k;
			fill[v->grams[p->at + i]]++;
		}
	}
}

static int
post(struct evals *v, uint64_t *count, uint64_t *fill, struct err *e)
{
	size_t i;

	for (i = 0; i < v->nraw; i++)
		count[v->grams[i]]++;
	each_suggestion(v, count, fill, false);
	for (i = 0; i < v->nkey; i++) {
		v->postings[i + 1] = v->postings[i] + fill[i];
		fill[i] = v->postings[i];
	}
	v->posted = budget_calloc(v->budget, v->postings[v->nkey],
	    sizeof(*v->posted), "evaluation sets", e);
	if (!v->posted)
		return e->code;
	each_suggestion(v, count, fill, true);
	return 0;
}

static int
make_postings(struct evals *v, struct err *e)
{
	uint64_t *count, *fill = NULL;
	int rc = -1;

	v->postings = budget_calloc(
	    v->budget, v->nkey + 1, sizeof(*v->postings), "evaluation sets", e);
	if (!v->postings)
		return e->code;
	count = budget_calloc(
	    v->budget, v->nkey, sizeof(*count), "evaluation sets", e);
	if (count)
		fill = budget_calloc(
		    v->budget, v->nkey, sizeof(*fill), "evaluation sets", e);
	rc = count && fill ? post(v, count, fill, e) : e->code;
	free(count);
	free(fill);
	budget_give(v->budget, 2 * v->nkey * sizeof(*count));
	return rc;
}

int
evals_index(struct evals *v, struct err *e)
{
	struct keyed *g = sorted_grams(v, e);
	size_t i, len;
	int rc;

	if (!g)
		return e->code;
	rc = number_grams(v, g, e);
	free(g);
	budget_give(v->budget, 2 * v->nraw * sizeof(*g));
	if (rc < 0 || make_table(v, e) < 0 || make_postings(v, e) < 0)
		return e->code;
	for (i = 0; i < v->npassage; i++) {
		len = v->passages[i].len;
		v->lengths[len / 64] |= (uint64_t)1 << len % 64;
	}
	free(v->raw);
	v->raw = NULL;
	budget_give(v->budget, v->raw_cap * sizeof(*v->raw));
	return 0;
}
