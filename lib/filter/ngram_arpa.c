/* SPDX-License-Identifier: MIT */
/*
 * ARPA files into the tables of a probing model:
 *
 *	\data\
 *	ngram 1=COUNT
 *	ngram 2=COUNT
 *
 *	\1-grams:
 *	LOG<tab>WORD[<tab>BACK-OFF]
 *
 *	\2-grams:
 *	LOG<tab>WORD WORD[<tab>BACK-OFF]
 *
 *	\end\
 *
 * Logs to base 10, none above 0; a back-off that is missing is 0.  Blank lines
 * and, before \data\, lines that begin with # are passed over.  The context of
 * each n-gram must be an n-gram.  Where the end of one was pruned it is put in,
 * with the probability that backing off gives it, so that a search can stop at
 * the first length that isn't found.
 *
 * Source: ngram-format(5) of SRILM; kpu/kenlm, lm/search_hashed.cc, for blanks
 * and signs (as facts).
 */
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "filter/ngram_impl.h"
#include "filter/ngram_lines.h"

static const float MULTIPLIER = 1.5f;
static const float UNKNOWN_LOG = -100; /* of models without <unk> */
static const uint32_t SIGN = 0x80000000u;

struct arpa {
	struct ngram *m;
	struct ngram_lines lines;
	bool keep_words, unknown;
	uint64_t used[NGRAM_ORDER_MAX]; /* entries of tables, by order - 1 */
	unsigned n;                     /* order that is being read */
	uint64_t record;                /* in its section, from 0 */
};

/* An n-gram of a line, its last word first. */
struct line {
	float log, backoff;
	uint32_t words[NGRAM_ORDER_MAX];
	uint64_t keys[NGRAM_ORDER_MAX]; /* by order - 1, of the last words */
};

__attribute__((format(printf, 3, 4))) static int
bad(struct arpa *a, struct err *e, const char *fmt, ...)
{
	char what[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	if (a->n == 0)
		return err_set(
		    e, ERR_FORMAT, "byte %" PRIu64 ": %s", a->lines.at, what);
	return err_set(e, ERR_FORMAT,
	    "%u-gram %" PRIu64 ", byte %" PRIu64 ": %s", a->n, a->record,
	    a->lines.at, what);
}

static bool
is_blank(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (!strchr(" \t\r\v\f", s.p[i]) || s.p[i] == '\0')
			return false;
	return true;
}

static int
next_line(struct arpa *a, struct str *s, struct err *e)
{
	int rc = ngram_lines_next(&a->lines, s, e);

	if (rc == 0)
		return bad(a, e, "the file ends here");
	return rc;
}

/* The next line that isn't blank. */
static int
next_text(struct arpa *a, struct str *s, struct err *e)
{
	int rc;

	do
		rc = next_line(a, s, e);
	while (rc > 0 && is_blank(*s));
	return rc;
}

static int
expect(struct arpa *a, const char *want, struct err *e)
{
	struct str s;

	if (next_text(a, &s, e) < 0)
		return e->code;
	while (s.n && strchr(" \t", s.p[s.n - 1]))
		s.n--;
	if (!str_eq(s, str_c(want)))
		return bad(a, e, "not %s but \"%.*s\"", want,
		    (int)(s.n < 40 ? s.n : 40), s.p);
	return 0;
}

/* "ngram N=COUNT" */
static int
read_count(struct arpa *a, struct str s, struct err *e)
{
	char text[64], *end;
	unsigned long long count;
	unsigned long n;

	if (s.n >= sizeof(text) || !str_starts(s, STR("ngram ")))
		return bad(a, e, "not \"ngram N=COUNT\"");
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	n = strtoul(text + 6, &end, 10);
	if (*end++ != '=' || n != a->m->order + 1)
		return bad(a, e, "not \"ngram %u=COUNT\"", a->m->order + 1);
	if (n > NGRAM_ORDER_MAX)
		return bad(a, e, "order %lu, but at most %d is read", n,
		    NGRAM_ORDER_MAX);
	while (*end == ' ')
		end++;
	count = strtoull(end, &end, 10);
	while (*end == ' ' || *end == '\t')
		end++;
	if (end[-1] == '=' || *end || count >= (uint64_t)1 << 40 ||
	    (n == 1 && count >= UINT32_MAX))
		return bad(a, e, "no count of n-grams");
	a->m->counts[a->m->order++] = count;
	return 0;
}

static int
read_counts(struct arpa *a, struct err *e)
{
	struct str s;
	int rc;

	do
		rc = next_text(a, &s, e);
	while (rc > 0 && *s.p == '#');
	if (rc < 0)
		return rc;
	if (!str_starts(s, STR("\\data\\")))
		return bad(a, e,
		    "neither \\data\\ of an ARPA file nor a binary file of "
		    "KenLM");
	while ((rc = next_line(a, &s, e)) > 0 && !is_blank(s))
		if (read_count(a, s, e) < 0)
			return e->code;
	if (rc < 0)
		return rc;
	if (a->m->order == 0 || a->m->counts[0] == 0)
		return bad(a, e, "no 1-grams");
	return 0;
}

/* The image that all goes into. */
static int
make_image(struct arpa *a, struct err *e)
{
	struct ngram *m = a->m;
	uint64_t size;

	m->arpa = true;
	m->type = NGRAM_PROBING;
	if (ngram_place_probing(m, MULTIPLIER, &size, e) < 0)
		return e->code;
	m->own = calloc(1, size);
	if (!m->own)
		return err_nomem(e, "the model");
	m->base = m->own;
	m->size = size;
	ngram_put_header(m, MULTIPLIER, m->own);
	return ngram_place_probing(m, MULTIPLIER, &size, e);
}

/* The image may be changed while it is made. */
static char *
writable(const struct ngram *m, const char *p)
{
	return m->own + (p - m->base);
}

static int
read_log(struct arpa *a, struct str *s, float *log, struct err *e)
{
	if (!ngram_number(s, log))
		return bad(a, e, "the probability is no finite number");
	if (*log > 0)
		return bad(a, e, "log10 of the probability is %g, above 0",
		    (double)*log);
	if (s->n == 0 || *s->p != '\t')
		return bad(a, e, "no tab behind the probability");
	s->p++;
	s->n--;
	return 0;
}

/* Words end at a space or tab, which stays. */
static int
read_word(struct arpa *a, struct str *s, struct str *word, struct err *e)
{
	size_t i = 0;

	while (s->n && *s->p == ' ') {
		s->p++;
		s->n--;
	}
	while (i < s->n && s->p[i] != ' ' && s->p[i] != '\t')
		i++;
	if (i == 0)
		return bad(a, e, "less than %u words", a->n);
	*word = (struct str){ s->p, i };
	s->p += i;
	s->n -= i;
	return 0;
}

/* None is -0: no n-gram goes on from here, as far as is known. */
static int
read_backoff(struct arpa *a, struct str s, float *backoff, struct err *e)
{
	*backoff = -0.0f;
	if (s.n == 0)
		return 0;
	s.p++;
	s.n--;
	if (s.p[-1] != '\t' || !ngram_number(&s, backoff) || s.n)
		return bad(a, e, "no back-off where one should be");
	if (*backoff == 0)
		*backoff = -0.0f;
	else if (a->n == a->m->order && a->n > 1)
		return bad(a, e, "the longest n-grams have no back-off");
	return 0;
}

static int
add_word(struct arpa *a, struct str word, uint32_t id, struct err *e)
{
	struct ngram *m = a->m;
	uint64_t hash = ngram_hash(word);
	const char *p =
	    ngram_probe(&m->vocab, hash, ngram_bucket(&m->vocab, hash));

	if (ngram_u64(p) == hash)
		return bad(a, e, "the word \"%.*s\" a second time",
		    (int)(word.n < 80 ? word.n : 80), word.p);
	memcpy(writable(m, p), &hash, 8);
	memcpy(writable(m, p) + 8, &id, 4);
	if (a->keep_words) {
		buf_str(&m->words, word);
		buf_putc(&m->words, '\0');
	}
	return 0;
}

static int
read_unigram(struct arpa *a, struct str s, struct err *e)
{
	struct ngram *m = a->m;
	struct str word;
	uint32_t id = 0;
	float v[2];

	if (read_log(a, &s, v, e) < 0 || read_word(a, &s, &word, e) < 0 ||
	    read_backoff(a, s, v + 1, e) < 0)
		return e->code;
	if (str_eq(word, STR("<unk>")) || str_eq(word, STR("<UNK>"))) {
		if (a->unknown)
			return bad(a, e, "<unk> a second time");
		a->unknown = true;
	} else {
		if (m->bound > m->counts[0])
			return bad(a, e, "more words than were announced");
		id = m->bound++;
		if (add_word(a, word, id, e) < 0)
			return e->code;
	}
	memcpy(writable(m, m->unigrams) + 8 * (size_t)id, v, 8);
	return 0;
}

static int
read_unigrams(struct arpa *a, struct err *e)
{
	static const float lacking[2] = { UNKNOWN_LOG, 0 };
	struct ngram *m = a->m;
	struct str s;

	a->n = 1;
	if (a->keep_words)
		buf_put(&m->words, "<unk>", 6);
	m->bound = 1;
	for (a->record = 0; a->record < m->counts[0]; a->record++)
		if (next_line(a, &s, e) < 0 || read_unigram(a, s, e) < 0)
			return e->code;
	if (!a->unknown)
		memcpy(writable(m, m->unigrams), lacking, 8);
	memcpy(m->own + (m->vocab.at - m->base) - 4, &m->bound, 4);
	if (buf_ok(&m->words, e) < 0)
		return e->code;
	return ngram_specials(m, e);
}

static int
parse_line(struct arpa *a, struct str s, struct line *l, struct err *e)
{
	const struct ngram *m = a->m;
	struct str word;
	unsigned i;

	if (read_log(a, &s, &l->log, e) < 0)
		return e->code;
	for (i = a->n; i-- > 0;) {
		if (read_word(a, &s, &word, e) < 0)
			return e->code;
		l->words[i] = ngram_word(m, word);
		if (l->words[i] == NGRAM_UNKNOWN &&
		    !str_eq(word, STR("<unk>")) && !str_eq(word, STR("<UNK>")))
			return bad(a, e, "\"%.*s\" is no 1-gram",
			    (int)(word.n < 80 ? word.n : 80), word.p);
	}
	l->keys[0] = l->words[0];
	for (i = 1; i < a->n; i++)
		l->keys[i] = ngram_chain(l->keys[i - 1], l->words[i]);
	return read_backoff(a, s, &l->backoff, e);
}

/* The entry of a key; a new one has *fresh set and its key only. */
static int
enter(struct arpa *a, unsigned order, uint64_t key, char **p, bool *fresh,
    struct err *e)
{
	struct ngram_table *t = &a->m->tables[order - 1];
	const char *at = ngram_probe(t, key, ngram_bucket(t, key));

	*fresh = ngram_u64(at) == 0;
	*p = writable(a->m, at);
	if (!*fresh)
		return 0;
	if (++a->used[order - 1] >= t->buckets)
		return bad(a, e,
		    "the ends of too many n-grams were pruned: more %u-grams "
		    "than fit",
		    order);
	memcpy(*p, &key, 8);
	return 0;
}

/* Values of the n-gram of that order with which a line's ends, and its back-off
 * if it has one. */
static char *
values_of(const struct arpa *a, const struct line *l, unsigned order)
{
	const struct ngram *m = a->m;
	const char *p;

	if (order == 1)
		return writable(m, m->unigrams) + 8 * (size_t)l->words[0];
	p = ngram_find(&m->tables[order - 1], l->keys[order - 1]);
	return p ? writable(m, p) + 8 : NULL;
}

/* The back-off of the context of the last `order` words, or NULL. */
static char *
backoff_of(const struct arpa *a, const struct line *l, unsigned order)
{
	const struct ngram *m = a->m;
	uint64_t key = l->words[1];
	const char *p;
	unsigned i;

	if (order == 2)
		return writable(m, m->unigrams) + 8 * (size_t)key + 4;
	for (i = 2; i < order; i++)
		key = ngram_chain(key, l->words[i]);
	p = ngram_find(&m->tables[order - 2], key);
	return p ? writable(m, p) + 12 : NULL;
}

/* A back-off of none says: goes on. */
static float
set_goes_on(char *backoff)
{
	static const float zero = 0;

	if (ngram_f32(backoff) == 0)
		memcpy(backoff, &zero, 4);
	return ngram_f32(backoff);
}

/* Longer n-grams end with this one. */
static void
set_extends(char *values)
{
	uint32_t bits = ngram_u32(values) & ~SIGN;

	memcpy(values, &bits, 4);
}

/* Put in the ends of a line that were pruned, `have` being the longest there.
 */
static int
fill_blanks(struct arpa *a, const struct line *l, unsigned have, struct err *e)
{
	static const float none = -0.0f;
	float log = -fabsf(ngram_f32(values_of(a, l, have)));
	char *backoff, *p;
	bool fresh;
	unsigned i;

	for (i = have + 1; i < a->n; i++) {
		backoff = backoff_of(a, l, i);
		if (backoff)
			log += set_goes_on(backoff);
		if (enter(a, i, l->keys[i - 1], &p, &fresh, e) < 0)
			return e->code;
		memcpy(p + 8, &log, 4);
		memcpy(p + 12, &none, 4);
	}
	return 0;
}

static int
read_ngram(struct arpa *a, struct str s, struct err *e)
{
	struct line l;
	unsigned have, i;
	uint32_t bits;
	char *p;
	bool fresh;

	if (parse_line(a, s, &l, e) < 0 ||
	    enter(a, a->n, l.keys[a->n - 1], &p, &fresh, e) < 0)
		return e->code;
	if (!fresh)
		return bad(a, e, "an n-gram a second time");
	memcpy(&bits, &l.log, 4);
	bits |= SIGN;
	memcpy(p + 8, &bits, 4);
	if (a->n < a->m->order)
		memcpy(p + 12, &l.backoff, 4);
	p = backoff_of(a, &l, a->n);
	if (!p)
		return bad(a, e, "its context is no %u-gram", a->n - 1);
	set_goes_on(p);
	for (have = a->n - 1; !values_of(a, &l, have);)
		have--;
	if (have + 1 < a->n && fill_blanks(a, &l, have, e) < 0)
		return e->code;
	for (i = have; i < a->n; i++)
		set_extends(values_of(a, &l, i));
	return 0;
}

static int
read_section(struct arpa *a, struct err *e)
{
	struct str s;

	for (a->record = 0; a->record < a->m->counts[a->n - 1]; a->record++)
		if (next_line(a, &s, e) < 0 || read_ngram(a, s, e) < 0)
			return e->code;
	return 0;
}

static int
read_sections(struct arpa *a, struct err *e)
{
	char head[24];
	unsigned n;

	for (n = 1; n <= a->m->order; n++) {
		a->n = 0;
		snprintf(head, sizeof(head), "\\%u-grams:", n);
		if (expect(a, head, e) < 0)
			return e->code;
		a->n = n;
		if (n == 1 ? read_unigrams(a, e) < 0 : read_section(a, e) < 0)
			return e->code;
	}
	a->n = 0;
	return expect(a, "\\end\\", e);
}

int
ngram_read_arpa(struct ngram *m, struct in *in, bool words, struct err *e)
{
	struct arpa a = { .m = m, .lines.in = in, .keep_words = words };
	int rc = read_counts(&a, e);

	if (rc == 0)
		rc = make_image(&a, e);
	if (rc == 0)
		rc = read_sections(&a, e);
	ngram_lines_free(&a.lines);
	return rc;
}
