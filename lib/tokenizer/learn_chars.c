/* SPDX-License-Identifier: MIT */
#include "learn_chars.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/text/utf8.h"
#include "uclass.h"

enum { CODE_POINTS = 0x110000 };

int
learn_chars_start(struct learn_vocab *v, struct bpe *b,
    const struct learn_opts *opts, struct err *e)
{
	struct bpe_added a = { .special = true, .in_vocab = true };
	char name[8];
	uint32_t id;
	size_t i, n;

	for (i = 0; i < opts->nspecial; i++) {
		if (bpe_find_added(b, opts->specials[i]) != BPE_NONE)
			continue;
		if (learn_vocab_id(v, opts->specials[i], &a.id, e) < 0 ||
		    bpe_add_added(b, a, e) < 0)
			return e->code;
	}
	for (i = 0; i < 256; i++) {
		n = subword_byte_name(name, (uint8_t)i);
		if (learn_vocab_id(v, (struct str){ name, n }, &id, e) < 0)
			return e->code;
		v->b->sub.byte_token[i] = id;
	}
	return 0;
}

/* ---- the alphabet ---- */

struct letter {
	uint64_t n;
	uint32_t cp;
};

static int
by_count(const void *a, const void *b)
{
	const struct letter *x = a, *y = b;

	if (x->n != y->n)
		return x->n > y->n ? -1 : 1;
	return (x->cp > y->cp) - (x->cp < y->cp);
}

static int
by_code_point(const void *a, const void *b)
{
	const struct letter *x = a, *y = b;

	return (x->cp > y->cp) - (x->cp < y->cp);
}

/* n more of each character, or all that can be if n is UINT64_MAX. */
static void
count_chars(uint64_t *counts, struct str s, uint64_t n)
{
	const uint8_t *p = (const uint8_t *)s.p, *end = p + s.n;
	uint32_t cp;
	size_t len;

	for (; p < end; p += len) {
		cp = utf8_strict(p, end, &len);
		if (cp == UINT32_MAX)
			continue;
		if (__builtin_add_overflow(counts[cp], n, &counts[cp]))
			counts[cp] = UINT64_MAX;
	}
}

/* The characters met, in v; returns their number. */
static size_t
list_letters(const uint64_t *counts, struct letter *v)
{
	size_t n = 0;
	uint32_t cp;

	for (cp = 0; cp < CODE_POINTS; cp++)
		if (counts[cp])
			v[n++] = (struct letter){ counts[cp], cp };
	return n;
}

static int
add_letters(struct learn_vocab *v, const struct letter *letters, size_t n,
    const struct learn_opts *opts, struct err *e)
{
	uint32_t id;
	char s[4];
	size_t i;

	if (v->room < n)
		return err_set(e, ERR_ARG,
		    "a vocabulary of %u: %zu special tokens, 256 bytes and %zu "
		    "characters take more; limit the alphabet",
		    opts->vocab, opts->nspecial, n);
	for (i = 0; i < n; i++)
		if (learn_vocab_id(v,
			(struct str){ s, utf8_put(s, letters[i].cp) }, &id,
			e) < 0)
			return e->code;
	return 0;
}

int
learn_chars_alphabet(struct learn_vocab *v, const struct words *w,
    const struct learn_opts *opts, struct err *e)
{
	uint64_t *counts = calloc(CODE_POINTS, sizeof(*counts)), i;
	struct letter *letters = malloc(CODE_POINTS * sizeof(*letters));
	size_t n;
	int rc;

	if (counts && letters) {
		for (i = 0; i < w->nslot; i++)
			if (w->slots[i].n)
				count_chars(counts, words_str(w, &w->slots[i]),
				    w->slots[i].n);
		count_chars(counts, opts->initial, UINT64_MAX);
		n = list_letters(counts, letters);
		if (opts->alphabet && n > opts->alphabet) {
			qsort(letters, n, sizeof(*letters), by_count);
			n = opts->alphabet;
			qsort(letters, n, sizeof(*letters), by_code_point);
		}
		rc = add_letters(v, letters, n, opts, e);
	} else {
		rc = err_nomem(e, "the alphabet");
	}
	free(counts);
	free(letters);
	return rc;
}

uint32_t
learn_chars_symbols(const struct learn_vocab *v, struct str s, uint32_t *to)
{
	const uint8_t *p = (const uint8_t *)s.p;
	size_t at, len;
	uint32_t n = 0;

	for (at = 0; at < s.n; at += len) {
		utf8_strict(p + at, p + s.n, &len);
		to[n] = learn_vocab_find(v, (struct str){ s.p + at, len });
		n += to[n] != BPE_NONE;
	}
	return n;
}

int
learn_chars_end(struct learn_vocab *v, struct err *e)
{
	struct bpe *b = v->b;

	b->sub.kind = SUBWORD_BPE;
	b->sub.byte_fallback = true;
	b->sub.unk = BPE_NONE;
	b->decoder_json = strdup(SUBWORD_BYTES_DECODER);
	return b->decoder_json ? 0 : err_nomem(e, "the vocabulary");
}
