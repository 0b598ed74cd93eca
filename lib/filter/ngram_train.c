/* SPDX-License-Identifier: MIT */
/*
 * Training: counts, smoothing, and then all orders at once in the order of
 * their ends, where an n-gram comes right behind the shorter ones that it ends
 * with: each probability is its own share and a weight times the shorter one's.
 */
#include "filter/ngram_train.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/num.h"
#include "filter/ngram_lines.h"
#include "filter/ngram_train_impl.h"
#include "io/scratch.h"
#include "io/stream.h"

enum { CHUNK = 1 << 18 };

int
ngram_train_prune(struct ngram_train_opts *o, const char *list, struct err *e)
{
	char text[NUM_DIGITS + 1];
	const char *p = list, *comma;
	unsigned i, commas = 0;
	size_t n;

	for (i = 0; p && p[i]; i++)
		commas += p[i] == ',';
	if (p && commas >= o->order)
		return err_set(e, ERR_ARG,
		    "--prune: more numbers than the order, %u", o->order);

	for (i = 0; p && i < o->order && i < NGRAM_ORDER_MAX; i++) {
		comma = strchr(p, ',');
		n = comma ? (size_t)(comma - p) : strlen(p);
		if (n >= sizeof(text))
			n = sizeof(text) - 1;
		memcpy(text, p, n);
		text[n] = '\0';
		if (num_u64(text, &o->prune[i], e) < 0)
			return err_prefix(e, "--prune");
		p = comma ? comma + 1 : p;
	}
	return 0;
}

static int
check_opts(const struct ngram_train_opts *o, struct err *e)
{
	unsigned i;

	if (o->order < 1 || o->order > NGRAM_ORDER_MAX)
		return err_set(e, ERR_ARG, "--order: 1 to %d", NGRAM_ORDER_MAX);
	if (o->prune[0])
		return err_set(
		    e, ERR_ARG, "--prune: words are never left out: 0,...");
	for (i = 1; i < o->order; i++)
		if (o->prune[i] < o->prune[i - 1])
			return err_set(e, ERR_ARG,
			    "--prune: %llu after %llu, but longer n-grams must "
			    "go first",
			    (unsigned long long)o->prune[i],
			    (unsigned long long)o->prune[i - 1]);
	return 0;
}

/* Half the memory is for words; what sorts at the same time shares the rest. */
static void
init_sorts(struct ngram_train *t)
{
	uint64_t half = t->o.memory / 2, share = half / (2 * t->o.order);
	unsigned n;

	ngram_sort_init(&t->counts, t->o.order, true, half / 2, t->o.threads);
	for (n = 1; n <= t->o.order; n++) {
		ngram_sort_init(
		    &t->by_context[n - 1], n, false, share, t->o.threads);
		ngram_sort_init(
		    &t->by_end[n - 1], n, false, share / 2, t->o.threads);
		ngram_sort_init(
		    &t->weights[n - 1], n, false, share / 2, t->o.threads);
	}
}

int
ngram_train_new(
    struct ngram_train **out, const struct ngram_train_opts *o, struct err *e)
{
	static const struct str specials[] = { { "<unk>", 5 }, { "<s>", 3 },
		{ "</s>", 4 } };
	struct ngram_train *t;
	uint32_t id;
	size_t i;

	*out = NULL;
	if (check_opts(o, e) < 0)
		return e->code;
	t = calloc(1, sizeof(*t));
	if (!t)
		return err_nomem(e, "training");
	t->o = *o;
	init_sorts(t);
	for (i = 0; i < 3; i++)
		if (ngram_vocab_add(&t->vocab, specials[i], &id, e) < 0) {
			ngram_train_free(t);
			return e->code;
		}
	*out = t;
	return 0;
}

void
ngram_train_free(struct ngram_train *t)
{
	unsigned n;

	if (!t)
		return;
	ngram_vocab_free(&t->vocab);
	ngram_sort_free(&t->counts);
	free(t->unigrams);
	for (n = 0; n < t->o.order; n++) {
		ngram_sort_free(&t->by_context[n]);
		ngram_sort_free(&t->by_end[n]);
		ngram_sort_free(&t->weights[n]);
	}
	free(t);
}

/* ---- all orders at once ---- */

/* Lines of an order, until their section comes: a nameless file. */
struct section {
	struct buf buf;
	int fd;
	uint64_t n;
};

struct join {
	struct ngram_train *t;
	float unigram_sum, unigram_weight;
	struct ngram_reader grams[NGRAM_ORDER_MAX], weights[NGRAM_ORDER_MAX];
	const uint32_t *gram[NGRAM_ORDER_MAX]; /* next ones; NULL at the end */
	const uint32_t *weight[NGRAM_ORDER_MAX];
	float probs[NGRAM_ORDER_MAX + 1]; /* of the n-gram at hand, by order */
	struct section sections[NGRAM_ORDER_MAX];
};

static int
next_of(struct ngram_reader *r, const uint32_t **record, struct err *e)
{
	int rc = ngram_reader_next(r, record, e);

	if (rc == 0)
		*record = NULL;
	return rc < 0 ? rc : 0;
}

static int
open_readers(struct join *j, struct err *e)
{
	unsigned i, order = j->t->o.order;

	for (i = 0; i < order; i++)
		j->sections[i].fd = -1;
	for (i = 0; i < order; i++) {
		if (i &&
		    (ngram_reader_open(&j->grams[i], &j->t->by_end[i], e) < 0 ||
			next_of(&j->grams[i], &j->gram[i], e) < 0))
			return e->code;
		if (i + 1 < order &&
		    (ngram_reader_open(&j->weights[i], &j->t->weights[i], e) <
			    0 ||
			next_of(&j->weights[i], &j->weight[i], e) < 0))
			return e->code;
	}
	return 0;
}

static void
close_readers(struct join *j)
{
	unsigned i;

	for (i = 0; i < j->t->o.order; i++) {
		ngram_reader_free(&j->grams[i]);
		ngram_reader_free(&j->weights[i]);
		buf_free(&j->sections[i].buf);
		if (j->sections[i].fd >= 0)
			close(j->sections[i].fd);
	}
}

static int
flush(struct section *s, struct err *e)
{
	if (s->fd < 0 && scratch_open(&s->fd, e) < 0)
		return e->code;
	if (scratch_write(s->fd, s->buf.p, s->buf.n, s->n, e) < 0)
		return e->code;
	s->n += s->buf.n;
	buf_clear(&s->buf);
	return 0;
}

/* A line: log, words from the first, back-off of all but the longest. */
static int
put_line(struct join *j, unsigned n, const uint32_t *words, float prob,
    float backoff, struct err *e)
{
	struct section *s = &j->sections[n - 1];
	unsigned i;

	ngram_put_float(&s->buf, fminf(log10f(prob), 0));
	for (i = n; i-- > 0;) {
		buf_putc(&s->buf, i + 1 == n ? '\t' : ' ');
		buf_puts(&s->buf, ngram_vocab_word(&j->t->vocab, words[i]));
	}
	if (n < j->t->o.order) {
		buf_putc(&s->buf, '\t');
		ngram_put_float(&s->buf, log10f(backoff));
	}
	buf_putc(&s->buf, '\n');
	if (s->buf.n >= CHUNK && flush(s, e) < 0)
		return e->code;
	return buf_ok(&s->buf, e);
}

/* The weight of backing off from an n-gram; 1: nothing goes on from it. */
static int
take_weight(struct join *j, unsigned n, const uint32_t *words, float *weight,
    struct err *e)
{
	const uint32_t **w = &j->weight[n - 1];
	float none;
	int c;

	*weight = 1;
	if (n == j->t->o.order)
		return 0;
	while (*w && (c = ngram_compare(*w, words, n)) <= 0) {
		if (c == 0)
			ngram_unpack(ngram_payload(*w, n), weight, &none);
		if (next_of(&j->weights[n - 1], w, e) < 0)
			return e->code;
	}
	return 0;
}

static int
put_ngram(struct join *j, unsigned n, const uint32_t *words, float own,
    float share, struct err *e)
{
	float weight;

	j->probs[n] = own + share * j->probs[n - 1];
	if (take_weight(j, n, words, &weight, e) < 0)
		return e->code;
	return put_line(j, n, words, j->probs[n], weight, e);
}

/* Those of n words that end with the n - 1 words given, and the longer ones. */
static int
put_longer(struct join *j, unsigned n, const uint32_t *words, struct err *e)
{
	const uint32_t **g = &j->gram[n - 1];
	uint32_t own_words[NGRAM_ORDER_MAX];
	float own, share;

	if (n > j->t->o.order)
		return 0;
	while (*g && ngram_compare(*g, words, n - 1) == 0) {
		memcpy(own_words, *g, n * sizeof(*own_words));
		ngram_unpack(ngram_payload(*g, n), &own, &share);
		if (put_ngram(j, n, own_words, own, share, e) < 0 ||
		    next_of(&j->grams[n - 1], g, e) < 0 ||
		    put_longer(j, n + 1, own_words, e) < 0)
			return e->code;
	}
	return 0;
}

static void
weigh_unigrams(struct join *j)
{
	const struct ngram_stats *s = &j->t->stats[0];
	uint64_t sum = 0, with[4] = { 0 }, c;
	float weight = 0;
	size_t i;

	for (i = 0; i < j->t->vocab.n; i++) {
		c = j->t->unigrams[i];
		sum += c;
		with[c < 3 ? c : 3]++;
	}
	for (i = 1; i < 4; i++)
		weight += s->discount[i] * (float)with[i];
	j->unigram_sum = (float)sum;
	j->unigram_weight = weight / j->unigram_sum;
	/* <s> is no word to be guessed. */
	j->probs[0] = (float)(1.0 / (double)(float)(j->t->vocab.n - 1));
}

static int
put_all(struct join *j, struct err *e)
{
	const struct ngram_stats *s = &j->t->stats[0];
	uint64_t count;
	uint32_t i;
	float own;

	weigh_unigrams(j);
	for (i = 0; i < j->t->vocab.n; i++) {
		count = j->t->unigrams[i];
		own =
		    count
			? ((float)count - s->discount[count < 3 ? count : 3]) /
			      j->unigram_sum
			: 0;
		if (i == WORD_BEGIN
			? put_ngram(j, 1, &i, 1, 0, e) < 0
			: put_ngram(j, 1, &i, own, j->unigram_weight, e) < 0)
			return e->code;
		if (put_longer(j, 2, &i, e) < 0)
			return e->code;
	}
	return 0;
}

/* ---- the file ---- */

static int
write_section(struct join *j, unsigned n, struct out *out, struct err *e)
{
	struct section *s = &j->sections[n - 1];
	char head[32], *chunk;
	uint64_t at;
	size_t k;
	int rc;

	k = (size_t)snprintf(head, sizeof(head), "\n\\%u-grams:\n", n);
	if (flush(s, e) < 0 || out_write(out, head, k, e) < 0)
		return e->code;
	chunk = malloc(CHUNK);
	rc = chunk ? 0 : err_nomem(e, "the model");
	for (at = 0; rc == 0 && at < s->n; at += k) {
		k = s->n - at < CHUNK ? s->n - at : CHUNK;
		rc = scratch_read(s->fd, chunk, k, at, e);
		if (rc == 0)
			rc = out_write(out, chunk, k, e);
	}
	free(chunk);
	return rc;
}

static int
write_file(struct join *j, struct out *out, struct err *e)
{
	struct buf b = { 0 };
	unsigned n;
	int rc;

	buf_puts(&b, "\\data\\\n");
	for (n = 1; n <= j->t->o.order; n++)
		buf_printf(&b, "ngram %u=%llu\n", n,
		    (unsigned long long)j->t->stats[n - 1].kept);
	rc = buf_ok(&b, e);
	if (rc == 0)
		rc = out_write(out, b.p, b.n, e);
	buf_free(&b);
	for (n = 1; rc == 0 && n <= j->t->o.order; n++)
		rc = write_section(j, n, out, e);
	return rc < 0 ? rc : out_write(out, "\n\\end\\\n", 7, e);
}

static void
put_info(const struct ngram_train *t, struct buf *b)
{
	const struct ngram_stats *s;
	unsigned n;

	buf_printf(b,
	    "\"sentences\":%llu,\"words\":%llu,\"vocabulary\":%zu,\"orders\":[",
	    (unsigned long long)t->sentences, (unsigned long long)t->words,
	    t->vocab.n);
	for (n = 1; n <= t->o.order; n++) {
		s = &t->stats[n - 1];
		buf_printf(b,
		    "%s{\"ngrams\":%llu,\"kept\":%llu,\"discounts\":[",
		    n > 1 ? "," : "", (unsigned long long)s->n,
		    (unsigned long long)s->kept);
		buf_printf(b, "%.6g,%.6g,%.6g]}", (double)s->discount[1],
		    (double)s->discount[2], (double)s->discount[3]);
	}
	buf_puts(b, "],");
}

int
ngram_train_write(
    struct ngram_train *t, struct out *out, struct buf *info, struct err *e)
{
	struct join j = { .t = t };
	int rc;

	if (t->words == 0)
		return err_set(e, ERR_FORMAT, "no words to train on");
	if (ngram_sort_end(&t->counts, e) < 0 || ngram_adjust(t, e) < 0)
		return e->code;
	ngram_sort_free(&t->counts);
	if (ngram_discounts(t, e) < 0 || ngram_smooth(t, e) < 0)
		return e->code;
	rc = open_readers(&j, e);
	if (rc == 0)
		rc = put_all(&j, e);
	if (rc == 0)
		rc = write_file(&j, out, e);
	close_readers(&j);
	put_info(t, info);
	return rc;
}
