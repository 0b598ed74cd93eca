/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/text/english.h"
#include "base/text/tokens_phrases.h"

struct tokens_phrase {
	size_t at, n; /* tokens */
	struct english_exception x;
};

static void
add(struct tokens *t, struct tokens_phrase phrase)
{
	struct tokens_phrase *more;

	if (t->nphrase == t->phrase_cap) {
		more = realloc(
		    t->phrases, (2 * t->phrase_cap + 16) * sizeof(*more));
		if (!more) {
			t->failed = true;
			return;
		}
		t->phrases = more;
		t->phrase_cap = 2 * t->phrase_cap + 16;
	}
	t->phrases[t->nphrase++] = phrase;
}

/* Do tokens at v have the lengths of the exception's split? */
static bool
split_alike(const struct str *v, size_t n, const struct english_exception *x)
{
	size_t i;

	if (!x->apart || !x->split)
		return x->apart && n == 1;
	for (i = 0; i < n; i++)
		if (v[i].n != x->split[i])
			return false;
	return x->split[n] == 0;
}

static bool
adjacent(struct str a, struct str b)
{
	const char *end = a.p + a.n;

	return b.p == end || (b.p == end + 1 && *end == ' ');
}

/* Bytes, no fewer than the longest exception; tokens of a text whose memory is
 * worth keeping twice. */
enum { PHRASE_MAX = 32, SPARE_MOST = 1 << 20 };

/* Every exception that the tokens from i on spell. */
static void
find_at(struct tokens *t, size_t i)
{
	struct english_exception x;
	char joined[PHRASE_MAX];
	size_t j, n = 0;

	for (j = i; j < t->n && n + t->v[j].n <= PHRASE_MAX; j++) {
		if (j > i && (!(english_starts(*t->v[j].p) & ENG_LATER) ||
				 !adjacent(t->v[j - 1], t->v[j])))
			return;
		memcpy(joined + n, t->v[j].p, t->v[j].n);
		n += t->v[j].n;
		if (j == i && !(english_starts(*joined) & ENG_ONLY))
			continue;
		if (english_find((struct str){ joined, n }, &x) &&
		    split_alike(t->v + i, j - i + 1, &x))
			add(t, (struct tokens_phrase){ i, j - i + 1, x });
	}
}

static int
longest_first(const void *a, const void *b)
{
	const struct tokens_phrase *x = a, *y = b;

	if (x->n != y->n)
		return x->n < y->n ? 1 : -1;
	return (x->at > y->at) - (x->at < y->at);
}

static int
by_place(const void *a, const void *b)
{
	const struct tokens_phrase *x = a, *y = b;

	return (x->at > y->at) - (x->at < y->at);
}

/* Leave those phrases that win over the ones they overlap. */
static void
choose(struct tokens *t)
{
	unsigned char *taken = calloc(t->n, 1);
	struct tokens_phrase *p;
	size_t i, kept = 0;

	if (!taken) {
		t->failed = true;
		return;
	}
	qsort(t->phrases, t->nphrase, sizeof(*t->phrases), longest_first);
	for (i = 0; i < t->nphrase; i++) {
		p = &t->phrases[i];
		if (!taken[p->at] && !taken[p->at + p->n - 1])
			t->phrases[kept++] = *p;
		memset(taken + p->at, 1, p->n);
	}
	free(taken);
	t->nphrase = kept;
	qsort(t->phrases, kept, sizeof(*t->phrases), by_place);
}

static void
put(struct tokens *to, const char *p, size_t n)
{
	if (to->n < to->cap || tokens_grow(to))
		to->v[to->n++] = (struct str){ p, n };
}

/* Does the text itself spell the exception, without a space in between? */
static bool
spelled(const struct tokens *t, const struct tokens_phrase *p)
{
	const struct str *last = &t->v[p->at + p->n - 1];

	return last->p + last->n - t->v[p->at].p == p->x.n;
}

static void
replace(const struct tokens *t, struct tokens *to, size_t from,
    const struct tokens_phrase *p)
{
	const uint8_t *cut = p->x.cuts;
	const char *at = t->v[p->at].p;

	for (; from < p->at; from++)
		put(to, t->v[from].p, t->v[from].n);
	if (!cut)
		put(to, at, p->x.n);
	for (; cut && *cut; at += *cut++)
		put(to, at, *cut);
}

/* Can an exception's split begin with the token?  For a quick no. */
static inline bool
may_begin(const struct tokens *t, size_t i)
{
	char c = *t->v[i].p;
	unsigned is = english_starts(c);
	bool letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';

	if (is & ENG_ONLY)
		return true;
	return is & ENG_FIRST && i + 1 < t->n &&
	       english_starts(*t->v[i + 1].p) &
		   (letter ? ENG_BEHIND : ENG_LATER);
}

void
tokens_join_phrases(struct tokens *t)
{
	struct tokens to = { .v = t->spare, .cap = t->spare_cap };
	size_t i, from = 0;

	t->nphrase = 0;
	for (i = 0; i < t->n; i++)
		if (may_begin(t, i))
			find_at(t, i);
	if (!t->nphrase || t->failed)
		return;
	choose(t);
	for (i = 0; i < t->nphrase; i++) {
		if (!spelled(t, &t->phrases[i]))
			continue;
		replace(t, &to, from, &t->phrases[i]);
		from = t->phrases[i].at + t->phrases[i].n;
	}
	for (; from < t->n; from++)
		put(&to, t->v[from].p, t->v[from].n);
	t->spare = t->v;
	t->spare_cap = t->cap;
	if (t->cap > SPARE_MOST) {
		free(t->spare);
		t->spare = NULL;
		t->spare_cap = 0;
	}
	t->failed |= to.failed;
	t->v = to.v;
	t->cap = to.cap;
	t->n = to.n;
}

void
tokens_phrases_free(struct tokens *t)
{
	free(t->spare);
	free(t->phrases);
}
