/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include <utf8proc.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/text/uni.h"
#include "base/text/utf8.h"
#include "dedup/folded.h"

/* Odd, and 1 less is 4 times an odd number: swapping words changes the sum. */
#define BASE 0x9e3779b97f4a7c15u

enum { CHUNK = 256, MOST = 32 /* code points that one may decompose into */ };

/* A word on its way: its folded bytes, hashed a chunk at a time. */
struct word {
	char p[CHUNK];
	size_t n;
	uint64_t seed;
	uint32_t start, end;
	bool open;
};

/* What a code point is to words. */
enum kind { APART, WITHIN, ALONE, NOTHING };

void
folded_free(struct folded *f)
{
	free(f->sums);
	free(f->start);
	free(f->end);
	*f = (struct folded){ 0 };
}

uint64_t
folded_power(size_t n)
{
	uint64_t x = 1;

	while (n--)
		x *= BASE;
	return x;
}

uint64_t
folded_gram(const struct folded *f, size_t i, size_t n, uint64_t power)
{
	uint64_t h =
	    mix64(folded_sum(f, i, n, power) + n * 0x632be59bd9b4e019u);

	return h + !h;
}

static int
grow(struct folded *f, struct err *e)
{
	size_t cap = f->cap ? 2 * f->cap : 1024;
	uint64_t *sums = realloc(f->sums, (cap + 1) * sizeof(*sums));
	uint32_t *at;

	if (!sums)
		return err_nomem(e, "words");
	f->sums = sums;
	at = realloc(f->start, cap * sizeof(*at));
	if (!at)
		return err_nomem(e, "words");
	f->start = at;
	at = realloc(f->end, cap * sizeof(*at));
	if (!at)
		return err_nomem(e, "words");
	f->end = at;
	f->cap = cap;
	return 0;
}

static int
end_word(struct folded *f, struct word *w, struct err *e)
{
	uint64_t h;

	if (!w->open)
		return 0;
	h = hash64(w->p, w->n, w->seed);
	if (f->n == f->cap && grow(f, e) < 0)
		return e->code;
	f->sums[f->n + 1] = f->sums[f->n] * BASE + h;
	f->start[f->n] = w->start;
	f->end[f->n] = w->end;
	f->n++;
	w->open = false;
	return 0;
}

/* Chunks end at the same bytes of a word, however it comes. */
static void
put(struct word *w, const char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (w->n == CHUNK) {
			w->seed = hash64(w->p, CHUNK, w->seed);
			w->n = 0;
		}
		w->p[w->n++] = p[i];
	}
}

/* Text from..to goes into the word, as the n folded bytes at p. */
static void
extend(struct word *w, size_t from, size_t to, const char *p, size_t n)
{
	if (!w->open) {
		w->open = true;
		w->n = 0;
		w->seed = 0;
		w->start = (uint32_t)from;
	}
	put(w, p, n);
	w->end = (uint32_t)to;
}

static bool
is_apostrophe(uint32_t cp)
{
	return cp == '\'' || cp == '`' || cp == 0xb4 || cp == 0x2bc ||
	       cp == 0x2018 || cp == 0x2019 || cp == 0x2032 || cp == 0xff07;
}

/* Scripts without blanks whose letters mean about as much as a word. */
static bool
stands_alone(uint32_t cp)
{
	return (cp >= 0x3005 && cp <= 0x3007) ||
	       (cp >= 0x3041 && cp <= 0x30ff) ||
	       (cp >= 0x31f0 && cp <= 0x31ff) ||
	       (cp >= 0x3400 && cp <= 0x9fff) ||
	       (cp >= 0xf900 && cp <= 0xfaff) ||
	       (cp >= 0x20000 && cp <= 0x3ffff);
}

/* The folded form of cp, *n bytes at out, and what it is. */
static enum kind
fold(uint32_t cp, char out[4 * MOST], size_t *n)
{
	utf8proc_int32_t v[MOST];
	int boundary = UTF8PROC_BOUNDCLASS_START, i, len;
	enum kind kind = APART;

	*n = 0;
	if (cp < 0x80 && uni_is_word(cp) && cp != '_') {
		out[(*n)++] = (char)uni_lower(cp);
		return WITHIN;
	}
	if (cp < 0x80 || is_apostrophe(cp))
		return APART;
	len = (int)utf8proc_decompose_char((utf8proc_int32_t)cp, v, MOST,
	    UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD |
		UTF8PROC_STRIPMARK | UTF8PROC_IGNORE,
	    &boundary);
	if (len == 0)
		return NOTHING;
	for (i = 0; i < len && i < MOST; i++) {
		if (!(uni_class((uint32_t)v[i]) & (UNI_LETTER | UNI_NUMBER)))
			continue;
		*n += utf8_put(out + *n, (uint32_t)v[i]);
		kind = stands_alone((uint32_t)v[i]) ? ALONE : WITHIN;
	}
	return kind;
}

/* An apostrophe at `at` of cp's len bytes: does the word go on behind it? */
static bool
goes_on(struct str text, size_t at)
{
	char out[4 * MOST];
	size_t len, n;

	return at < text.n && fold(utf8_get(text.p + at, text.p + text.n, &len),
				  out, &n) == WITHIN;
}

/* The code point at byte at, not ASCII or no letter; returns its bytes. */
static int
take(struct folded *f, struct word *w, struct str text, size_t at, size_t *len,
    struct err *e)
{
	uint32_t cp = utf8_get(text.p + at, text.p + text.n, len);
	char out[4 * MOST];
	size_t n;

	if (is_apostrophe(cp) && w->open && goes_on(text, at + *len))
		return 0;
	switch (fold(cp, out, &n)) {
	case NOTHING:
		return 0;
	case WITHIN:
		extend(w, at, at + *len, out, n);
		return 0;
	case ALONE:
		if (end_word(f, w, e) < 0)
			return e->code;
		extend(w, at, at + *len, out, n);
		break;
	case APART:
		break;
	}
	return end_word(f, w, e);
}

/* Lower-case letters and digits of ASCII from *at on, the most at once. */
static void
take_ascii(struct word *w, struct str text, size_t *at)
{
	char low[64];
	size_t i = *at, n = 0;
	unsigned char c;

	for (; i < text.n && n < sizeof(low); i++) {
		c = (unsigned char)text.p[i];
		if (c >= 'A' && c <= 'Z')
			c |= 0x20;
		else if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9'))
			break;
		low[n++] = (char)c;
	}
	if (n)
		extend(w, *at, i, low, n);
	*at = i;
}

int
folded_of(struct folded *f, struct str text, struct err *e)
{
	struct word w = { .open = false };
	size_t at = 0, from, len;

	f->n = 0;
	if (text.n > UINT32_MAX)
		return err_set(e, ERR_FORMAT, "a text of more than 4 GiB");
	if (!f->cap && grow(f, e) < 0)
		return e->code;
	f->sums[0] = 0;
	while (at < text.n) {
		from = at;
		take_ascii(&w, text, &at);
		if (at > from)
			continue;
		if (text.p[at] == ' ' || text.p[at] == '\n') {
			len = 1;
			if (end_word(f, &w, e) < 0)
				return e->code;
		} else if (take(f, &w, text, at, &len, e) < 0) {
			return e->code;
		}
		at += len;
	}
	return end_word(f, &w, e);
}
