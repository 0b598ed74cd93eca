/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "filter/fasttext_text.h"

/* Append to one of the scratch's arrays. */
static bool
grow(struct fasttext_scratch *s, int32_t **v, size_t *cap)
{
	int32_t *more = realloc(*v, (2 * *cap + 256) * sizeof(*more));

	if (!more) {
		s->failed = 1;
		return false;
	}
	*v = more;
	*cap = 2 * *cap + 256;
	return true;
}

static inline void
push(struct fasttext_scratch *s, int32_t **v, size_t *n, size_t *cap, int32_t x)
{
	if (*n < *cap || grow(s, v, cap))
		(*v)[(*n)++] = x;
}

static inline void
push_id(const struct fasttext *f, struct fasttext_scratch *s, int32_t id)
{
	fasttext_fetch_row(&f->in, id);
	push(s, &s->ids, &s->nid, &s->id_cap, id);
}

/* A bucket's row, if it was not pruned. */
static inline void
push_bucket(
    const struct fasttext *f, struct fasttext_scratch *s, int32_t bucket)
{
	int32_t row = bucket;

	if (f->pruned >= 0)
		row = f->pruned ? fasttext_left(f, (uint32_t)bucket) : -1;
	if (row >= 0)
		push_id(f, s, f->nwords + row);
}

/* The i-th byte of <word>. */
static inline char
bracketed(struct str word, size_t i)
{
	return i == 0 ? '<' : i <= word.n ? word.p[i - 1] : '>';
}

/* The character n-grams of <word>. */
static void
push_subwords(
    const struct fasttext *f, struct fasttext_scratch *s, struct str word)
{
	size_t size = word.n + 2, i, j;
	uint32_t h;
	int32_t n;

	for (i = 0; i < size; i++) {
		if ((bracketed(word, i) & 0xc0) == 0x80)
			continue;
		h = FASTTEXT_HASH_START;
		for (j = i, n = 1; j < size && n <= f->maxn; n++) {
			do
				h = fasttext_hash(h, bracketed(word, j++));
			while (j < size && (bracketed(word, j) & 0xc0) == 0x80);
			if (n >= f->minn && !(n == 1 && (i == 0 || j == size)))
				push_bucket(
				    f, s, (int32_t)(h % (uint32_t)f->bucket));
		}
	}
}

uint32_t
fasttext_hash_bytes(struct str s)
{
	uint32_t h = FASTTEXT_HASH_START;
	size_t i;

	for (i = 0; i < s.n; i++)
		h = fasttext_hash(h, s.p[i]);
	return h;
}

bool
fasttext_push_word(const struct fasttext *f, struct fasttext_scratch *s,
    struct str word, uint32_t h)
{
	int32_t id = fasttext_find(f, word, h);

	if (id >= f->nwords ||
	    (id < 0 && str_starts(word, STR(FASTTEXT_LABEL))))
		return false;
	if (id >= 0)
		push_id(f, s, id);
	if (f->maxn > 0 && f->bucket > 0 && !str_eq(word, STR(FASTTEXT_END)))
		push_subwords(f, s, word);
	return true;
}

void
fasttext_push_hash(struct fasttext_scratch *s, uint32_t h)
{
	push(s, &s->hashes, &s->nhash, &s->hash_cap, (int32_t)h);
}

void
fasttext_push_ids(struct fasttext_scratch *s, const int32_t *ids, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		push(s, &s->ids, &s->nid, &s->id_cap, ids[i]);
}

/* Hashes are signed, as in fastText. */
void
fasttext_push_ngrams(const struct fasttext *f, struct fasttext_scratch *s)
{
	size_t i, j, n = f->word_ngrams > 0 ? (size_t)f->word_ngrams : 0;
	uint64_t h;

	if (f->bucket <= 0)
		return;
	for (i = 0; i < s->nhash; i++) {
		h = (uint64_t)(int64_t)s->hashes[i];
		for (j = i + 1; j < s->nhash && j < i + n; j++) {
			h = h * 116049371 + (uint64_t)(int64_t)s->hashes[j];
			push_bucket(f, s, (int32_t)(h % (uint64_t)f->bucket));
		}
	}
}

/* The byte b eight times. */
#define EACH(b) (UINT64_C(0x0101010101010101) * (b))

/* Of the word that p is in: bytes above ' ' are passed eight at a time. */
static const char *
word_end(const char *p, const char *end)
{
	uint64_t x;

	while (end - p >= (ptrdiff_t)sizeof(x)) {
		memcpy(&x, p, sizeof(x));
		x = (x - EACH(' ' + 1)) & ~x & EACH(0x80);
		if (!x) {
			p += sizeof(x);
			continue;
		}
		p += __builtin_ctzll(x) / 8;
		if (fasttext_parts(*p))
			return p;
		p++;
	}
	while (p < end && !fasttext_parts(*p))
		p++;
	return p;
}

bool
fasttext_words_next(struct fasttext_words *it, struct str *word)
{
	const char *p = it->text.p, *end = p + it->text.n;

	while (p < end && fasttext_parts(*p))
		p++;
	word->p = p;
	p = word_end(p, end);
	word->n = (size_t)(p - word->p);
	it->text = (struct str){ p, (size_t)(end - p) };
	return word->n > 0;
}

void
fasttext_divide(const struct fasttext *f, struct fasttext_scratch *s, size_t n)
{
	int32_t k;

	for (k = 0; n && k < f->dim; k++)
		s->hidden[k] *= (float)(1.0 / (double)n);
}

static void
push_counting(
    const struct fasttext *f, struct fasttext_scratch *s, struct str word)
{
	uint32_t h = fasttext_hash_bytes(word);

	if (fasttext_push_word(f, s, word, h))
		fasttext_push_hash(s, h);
}

void
fasttext_average(
    const struct fasttext *f, struct fasttext_scratch *s, struct str text)
{
	struct fasttext_words it = { text };
	struct str word;

	s->nid = s->nhash = 0;
	while (fasttext_words_next(&it, &word))
		push_counting(f, s, word);
	push_counting(f, s, STR(FASTTEXT_END));
	fasttext_push_ngrams(f, s);
	memset(s->hidden, 0, (size_t)f->dim * sizeof(*s->hidden));
	fasttext_add_rows(&f->in, s->ids, s->nid, s->hidden);
	fasttext_divide(f, s, s->nid);
}
