/* SPDX-License-Identifier: MIT */
#include "unigram_learn.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/progress.h"
#include "uclass.h"

enum { EM_STEPS = 2, FRACTION = 24 /* bits of expected counts */ };

static const double shrink = 0.75, surplus = 1.1;

/* A thread's counts, added up as whole numbers. */
struct tally {
	uint64_t *v;     /* by piece */
	uint64_t *words; /* words that a piece is in, by their counts */
};

/* Source: Abramowitz and Stegun, 6.3.5 and 6.3.18. */
static double
digamma(double x)
{
	double y = 0, z;

	for (; x < 7; x++)
		y -= 1 / x;
	z = 1 / (x * x);
	return y + log(x) - 0.5 / x -
	       z * (1.0 / 12 - z * (1.0 / 120 - z / 252));
}

static int
build_trie(struct trie *t, const struct unigram_state *u, struct err *e)
{
	struct trie_key *keys = malloc((u->npiece + 1) * sizeof(*keys));
	size_t i;
	int rc;

	if (!keys)
		return err_nomem(e, "pieces");
	for (i = 0; i < u->npiece; i++)
		keys[i] = (struct trie_key){ u->pieces[i].s, (uint32_t)i };
	rc = trie_build(t, keys, u->npiece, e);
	free(keys);
	return rc;
}

/* ---- E: all ways through a word ---- */

/* A piece that fits from one place of a word to another. */
struct edge {
	uint32_t piece;
	uint16_t from, to;
};

enum { EDGES = UNIGRAM_WORD * UNIGRAM_LONGEST };

struct lattice {
	struct edge edges[EDGES];
	size_t n;
	double forward[UNIGRAM_WORD + 1], backward[UNIGRAM_WORD + 1];
};

/*
 * Edges in the order of their beginnings.  A character that no piece begins
 * with is passed over: as if the word were two there.
 */
static void
find_edges(struct lattice *l, const struct trie *t, struct str s)
{
	const uint8_t *p = (const uint8_t *)s.p;
	size_t at, i, len;
	uint32_t node;

	for (l->n = at = 0; at < s.n; at += len) {
		bool any = false;

		utf8_strict(p + at, p + s.n, &len);
		for (node = 0, i = at; i < s.n && trie_step(t, &node, p[i]);
		     i++) {
			uint32_t v = t->nodes[node].value;

			if (v == TRIE_NONE)
				continue;
			any |= i + 1 == at + len;
			l->edges[l->n++] =
			    (struct edge){ v, (uint16_t)at, (uint16_t)(i + 1) };
		}
		if (!any)
			l->edges[l->n++] = (struct edge){ TRIE_NONE,
				(uint16_t)at, (uint16_t)(at + len) };
	}
}

static double
edge_chance(const double *chance, const struct edge *x)
{
	return x->piece == TRIE_NONE ? 1e-10 : chance[x->piece];
}

/*
 * Sums of chances up to each place and from it on.  Words are short enough for
 * doubles; one whose chance vanishes all the same is left out.
 */
static double
sum_ways(struct lattice *l, const double *chance, size_t n)
{
	size_t i;

	memset(l->forward, 0, (n + 1) * sizeof(*l->forward));
	memset(l->backward, 0, (n + 1) * sizeof(*l->backward));
	l->forward[0] = l->backward[n] = 1;
	for (i = 0; i < l->n; i++)
		l->forward[l->edges[i].to] += l->forward[l->edges[i].from] *
					      edge_chance(chance, &l->edges[i]);
	for (i = l->n; i-- > 0;)
		l->backward[l->edges[i].from] +=
		    l->backward[l->edges[i].to] *
		    edge_chance(chance, &l->edges[i]);
	return l->forward[n];
}

static void
expect_word(struct lattice *l, const struct trie *t, const double *chance,
    const struct unigram_word *w, uint64_t *counts)
{
	double all, part;
	size_t i;

	find_edges(l, t, w->s);
	all = sum_ways(l, chance, w->s.n);
	if (!(all > 0))
		return;
	for (i = 0; i < l->n; i++) {
		const struct edge *x = &l->edges[i];

		if (x->piece == TRIE_NONE)
			continue;
		part = l->forward[x->from] * chance[x->piece] *
		       l->backward[x->to] / all;
		counts[x->piece] +=
		    (uint64_t)(part * (double)w->n * (1 << FRACTION));
	}
}

/* ---- the best way ---- */

/* Pieces of the best way through s without piece `but`; 0: there is none. */
static size_t
best_way(struct lattice *l, const struct trie *t, const struct unigram_state *u,
    struct str s, uint32_t but, uint32_t *out)
{
	uint32_t last[UNIGRAM_WORD + 1], turned;
	size_t i, at, n = 0;
	double *best = l->forward;

	find_edges(l, t, s);
	for (i = 0; i <= s.n; i++)
		best[i] = -INFINITY;
	best[0] = 0;
	for (i = 0; i < l->n; i++) {
		const struct edge *x = &l->edges[i];
		double v =
		    x->piece == TRIE_NONE ? -30 : u->pieces[x->piece].score;

		if (x->piece == but || !(best[x->from] + v > best[x->to]))
			continue;
		best[x->to] = best[x->from] + v;
		last[x->to] = (uint32_t)i;
	}
	if (isinf(best[s.n]))
		return 0;
	for (at = s.n; at; at = l->edges[last[at]].from)
		out[n++] = l->edges[last[at]].piece;
	for (i = 0; i < n / 2; i++) {
		turned = out[i];
		out[i] = out[n - 1 - i];
		out[n - 1 - i] = turned;
	}
	return n;
}

static void
count_word(struct lattice *l, const struct trie *t,
    const struct unigram_state *u, const struct unigram_word *w,
    struct tally *to)
{
	uint32_t way[UNIGRAM_WORD];
	size_t n = best_way(l, t, u, w->s, TRIE_NONE - 1, way), i, j;

	for (i = 0; i < n; i++) {
		if (way[i] == TRIE_NONE)
			continue;
		to->v[way[i]] += w->n;
		for (j = 0; j < i && way[j] != way[i]; j++)
			;
		if (j == i)
			to->words[way[i]] += w->n;
	}
}

/* ---- all words, by threads ---- */

static void
add_tally(struct tally *sum, const struct tally *part, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		sum->v[i] += part->v[i];
		sum->words[i] += part->words[i];
	}
}

static void
tally_free(struct tally *t)
{
	free(t->v);
	free(t->words);
}

static bool
tally_new(struct tally *t, size_t n)
{
	t->v = calloc(n + 1, sizeof(*t->v));
	t->words = calloc(n + 1, sizeof(*t->words));
	return t->v && t->words;
}

/* What a round over the words takes beside them and the pieces. */
static uint64_t
round_memory(const struct unigram_state *u, const struct trie *t)
{
	uint64_t threads = (uint64_t)u->threads;

	return threads * sizeof(struct lattice) + t->cap * sizeof(*t->nodes) +
	       u->npiece * (2 * (threads + 1) * sizeof(uint64_t) +
			       sizeof(double) + sizeof(struct trie_key));
}

/*
 * Over all words: expected counts, if there are chances, else those of the best
 * ways.  Sums of whole numbers don't depend on who adds them.
 */
static int
run_words(struct unigram_state *u, const struct trie *t, const double *chance,
    struct tally *sum, struct err *e)
{
	uint64_t bytes = round_memory(u, t);
	bool failed = false;

	if (learn_claim(&u->memory, bytes, e) < 0)
		return e->code;
	learn_release(&u->memory, bytes);
	if (!tally_new(sum, u->npiece)) {
		tally_free(sum);
		return err_nomem(e, "counts");
	}
#pragma omp parallel num_threads(u->threads)
	{
		struct lattice *l = malloc(sizeof(*l));
		struct tally own;
		bool ok = tally_new(&own, u->npiece) && l;
		size_t i;

#pragma omp for schedule(dynamic, 256)
		for (i = 0; i < u->nword; i++) {
			if (!ok)
				continue;
			if (chance)
				expect_word(l, t, chance, &u->words[i], own.v);
			else
				count_word(l, t, u, &u->words[i], &own);
		}
#pragma omp critical(unigram_tally)
		{
			if (ok)
				add_tally(sum, &own, u->npiece);
			failed |= !ok;
		}
		tally_free(&own);
		free(l);
	}
	if (!failed)
		return 0;
	tally_free(sum);
	return err_nomem(e, "counts");
}

/* ---- M ---- */

/* New scores; pieces that are hardly ever used go, but no character does. */
static void
set_scores(struct unigram_state *u, const uint64_t *counts)
{
	const double one = 1 << FRACTION;
	double sum = 0, log_sum, c;
	size_t i, n = 0;

	for (i = 0; i < u->npiece; i++) {
		c = (double)counts[i] / one;
		if (c < 0.5 && !u->pieces[i].keep)
			continue;
		if (c < 0.5)
			c = 0.5;
		u->pieces[n] = u->pieces[i];
		u->pieces[n++].score = c;
		sum += c;
	}
	u->npiece = n;
	log_sum = digamma(sum);
	for (i = 0; i < n; i++)
		u->pieces[i].score = digamma(u->pieces[i].score) - log_sum;
}

static int
em_step(struct unigram_state *u, struct err *e)
{
	double *chance = malloc((u->npiece + 1) * sizeof(*chance));
	struct trie t = { 0 };
	struct tally sum;
	size_t i;
	int rc;

	if (!chance)
		return err_nomem(e, "pieces");
	for (i = 0; i < u->npiece; i++)
		chance[i] = exp(u->pieces[i].score);
	rc = build_trie(&t, u, e);
	if (rc == 0)
		rc = run_words(u, &t, chance, &sum, e);
	if (rc == 0) {
		set_scores(u, sum.v);
		tally_free(&sum);
	}
	trie_free(&t);
	free(chance);
	return rc;
}

/* ---- pruning ---- */

struct loss {
	double loss;
	uint32_t piece;
};

static int
loss_order(const void *a, const void *b)
{
	const struct loss *x = a, *y = b;

	if (x->loss != y->loss)
		return x->loss > y->loss ? -1 : 1;
	return (x->piece > y->piece) - (x->piece < y->piece);
}

/*
 * What the likelihood loses without a piece, its words going the best other
 * way; characters are never lost.
 */
static double
loss_of(const struct unigram_state *u, const struct trie *t, struct lattice *l,
    const struct tally *k, uint32_t piece, double sum)
{
	uint32_t way[UNIGRAM_WORD];
	double with, without = 0, log_sum, c = (double)k->v[piece];
	size_t n, i;

	if (u->pieces[piece].keep)
		return INFINITY;
	if (!k->v[piece])
		return -1;
	n = best_way(l, t, u, u->pieces[piece].s, piece, way);
	if (!n)
		return INFINITY;
	with = log(c) - log(sum);
	log_sum = log(sum + c * (double)(n - 1));
	for (i = 0; i < n; i++)
		without +=
		    log((way[i] == TRIE_NONE ? 0 : (double)k->v[way[i]]) + c) -
		    log_sum;
	return (double)k->words[piece] / (double)u->total * (with - without);
}

static int
fill_losses(const struct unigram_state *u, const struct trie *t,
    const struct tally *k, struct loss *v, struct err *e)
{
	bool failed = false;
	double sum = 0;
	size_t i;

	for (i = 0; i < u->npiece; i++)
		sum += (double)k->v[i];
#pragma omp parallel num_threads(u->threads)
	{
		struct lattice *l = malloc(sizeof(*l));
		size_t j;

		if (!l) {
#pragma omp atomic write
			failed = true;
		}
#pragma omp for schedule(dynamic, 256)
		for (j = 0; j < u->npiece; j++)
			if (l)
				v[j] = (struct loss){ loss_of(u, t, l, k,
							  (uint32_t)j, sum),
					(uint32_t)j };
		free(l);
	}
	return failed ? err_nomem(e, "pieces") : 0;
}

/* The `want` pieces of most loss stay. */
static int
keep_best(struct unigram_state *u, struct loss *v, size_t want, struct err *e)
{
	struct unigram_piece *pieces;
	size_t n = u->npiece, i;

	qsort(v, n, sizeof(*v), loss_order);
	if (n > want)
		n = want;
	while (n && v[n - 1].loss < 0)
		n--;
	pieces = malloc((n + 1) * sizeof(*pieces));
	if (!pieces)
		return err_nomem(e, "pieces");
	for (i = 0; i < n; i++)
		pieces[i] = u->pieces[v[i].piece];
	free(u->pieces);
	u->pieces = pieces;
	u->npiece = n;
	return 0;
}

static int
prune(struct unigram_state *u, size_t want, struct err *e)
{
	struct loss *v = malloc((u->npiece + 1) * sizeof(*v));
	struct trie t = { 0 };
	struct tally k;
	int rc;

	if (!v)
		return err_nomem(e, "pieces");
	if ((double)want < shrink * (double)u->npiece)
		want = (size_t)(shrink * (double)u->npiece);
	rc = build_trie(&t, u, e);
	if (rc == 0 && (rc = run_words(u, &t, NULL, &k, e)) == 0) {
		rc = fill_losses(u, &t, &k, v, e);
		tally_free(&k);
	}
	if (rc == 0)
		rc = keep_best(u, v, want, e);
	trie_free(&t);
	free(v);
	return rc;
}

/* ---- all of it ---- */

static void
start_scores(struct unigram_state *u)
{
	double sum = 0;
	size_t i;

	for (i = 0; i < u->npiece; i++)
		sum += u->pieces[i].score;
	for (i = 0; i < u->npiece; i++)
		u->pieces[i].score = log(u->pieces[i].score) - log(sum);
}

static int
shrink_to(
    struct unigram_state *u, size_t want, struct progress *pg, struct err *e)
{
	size_t above = (size_t)(surplus * (double)want), before;
	uint64_t rounds = 0;
	int i, rc = 0;

	for (;;) {
		for (i = 0; rc == 0 && i < EM_STEPS; i++)
			rc = em_step(u, e);
		if (rc < 0 || u->npiece <= above)
			return rc;
		before = u->npiece;
		rc = prune(u, above, e);
		if (pg)
			progress_tick(pg, ++rounds, 1);
		if (rc < 0 || u->npiece >= before)
			return rc;
	}
}

/* Characters first, then the most probable. */
static int
final_order(const void *a, const void *b)
{
	const struct unigram_piece *x = a, *y = b;

	if (x->keep != y->keep)
		return x->keep ? -1 : 1;
	if (x->score != y->score)
		return x->score > y->score ? -1 : 1;
	return str_cmp(x->s, y->s);
}

static int
by_probability(const void *a, const void *b)
{
	const struct unigram_piece *x = a, *y = b;

	if (x->score != y->score)
		return x->score > y->score ? -1 : 1;
	return str_cmp(x->s, y->s);
}

static size_t
count_kept(const struct unigram_state *u)
{
	size_t n = 0, i;

	for (i = 0; i < u->npiece; i++)
		n += u->pieces[i].keep;
	return n;
}

static int
learn_pieces(
    struct unigram_state *u, const struct learn_opts *opts, struct err *e)
{
	size_t fixed = 257 + opts->nspecial, want;

	if (opts->vocab < fixed + count_kept(u))
		return err_set(e, ERR_ARG,
		    "a vocabulary of %u: unknown, %zu special tokens, 256 "
		    "bytes and the %zu characters of the text take more",
		    opts->vocab, opts->nspecial, count_kept(u));
	want = opts->vocab - fixed;
	start_scores(u);
	if (shrink_to(u, want, opts->progress, e) < 0)
		return e->code;
	if (u->npiece)
		qsort(u->pieces, u->npiece, sizeof(*u->pieces), final_order);
	if (u->npiece > want)
		u->npiece = want;
	if (u->npiece)
		qsort(u->pieces, u->npiece, sizeof(*u->pieces), by_probability);
	return 0;
}

int
unigram_learn(struct bpe *b, const struct words *w,
    const struct learn_opts *opts, int threads, struct err *e)
{
	struct unigram_state u = { .threads = threads > 0 ? threads : 1,
		.memory = { 0, opts->memory } };
	int rc = unigram_words(&u, w, e);

	if (rc == 0)
		rc = unigram_seed(&u, e);
	if (rc == 0)
		rc = learn_pieces(&u, opts, e);
	if (rc == 0)
		rc = unigram_vocabulary(b, &u, opts, e);
	free(u.pieces);
	free(u.words);
	if (rc < 0)
		bpe_free(b);
	return rc;
}
