/* SPDX-License-Identifier: MIT */
#include "learn_vocab.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/hash.h"
#include "bytelevel.h"
#include "learn_chars.h"

static uint64_t
known_slot(const struct learn_vocab *v, struct str s)
{
	uint64_t i = hash64(s.p, s.n, 0) & (v->nknown - 1);

	while (
	    v->known[i] != BPE_NONE && !str_eq(bpe_bytes(v->b, v->known[i]), s))
		i = (i + 1) & (v->nknown - 1);
	return i;
}

int
learn_vocab_id(struct learn_vocab *v, struct str s, uint32_t *id, struct err *e)
{
	uint64_t i = known_slot(v, s);

	if (v->known[i] == BPE_NONE) {
		if (bpe_set_token(v->b, v->b->ntoken, s, e) < 0)
			return e->code;
		v->known[i] = v->b->ntoken - 1;
		v->room -= v->room > 0;
	}
	*id = v->known[i];
	return 0;
}

uint32_t
learn_vocab_find(const struct learn_vocab *v, struct str s)
{
	return v->known[known_slot(v, s)];
}

/*
 * A special token whose content reads the same as byte-level text is that
 * token, should training ever make it; any other has a name that only the
 * matching of special tokens knows.
 */
static int
add_special(struct learn_vocab *v, struct str content, struct err *e)
{
	struct bpe_added a = { .special = true, .in_vocab = true };
	struct buf bytes = { 0 };
	bool decodes = bytelevel_decode(&bytes, content);
	bool same = decodes && str_eq(buf_view(&bytes), content);
	size_t n = bytes.n;

	buf_free(&bytes);
	if (decodes && !same && n == 1)
		return err_set(e, ERR_ARG,
		    "the special token '%.*s' is the name of a byte",
		    (int)content.n, content.p);
	if (bpe_find_added(v->b, content) != BPE_NONE)
		return 0;
	if (same) {
		if (learn_vocab_id(v, content, &a.id, e) < 0)
			return e->code;
	} else {
		a.id = v->b->ntoken;
		if (bpe_set_token(v->b, a.id, content, e) < 0)
			return e->code;
		v->b->tokens[a.id].plain = true;
		v->room -= v->room > 0;
	}
	return bpe_add_added(v->b, a, e);
}

static int
add_specials(
    struct learn_vocab *v, const struct learn_opts *opts, struct err *e)
{
	size_t i;

	for (i = 0; i < opts->nspecial; i++)
		if (add_special(v, opts->specials[i], e) < 0)
			return e->code;
	return 0;
}

static int
add_bytes(struct learn_vocab *v, enum learn_ties ties, struct err *e)
{
	uint32_t id, i;
	uint8_t byte;
	char c;

	for (i = 0; i < 256; i++) {
		byte = ties == LEARN_HF ? bytelevel_order()[i] : (uint8_t)i;
		c = (char)byte;
		if (learn_vocab_id(v, (struct str){ &c, 1 }, &id, e) < 0)
			return e->code;
		v->b->byte_id[byte] = id;
	}
	return 0;
}

static int
make_table(struct learn_vocab *v, uint32_t vocab, struct err *e)
{
	for (v->nknown = 1024; v->nknown < 4 * (uint64_t)vocab;)
		v->nknown *= 2;
	v->known = malloc(v->nknown * sizeof(*v->known));
	if (!v->known)
		return err_nomem(e, "the vocabulary");
	memset(v->known, 0xff, v->nknown * sizeof(*v->known));
	return 0;
}

/*
 * Room is left for special tokens that come last, of which each takes one id,
 * those that training makes by chance or that are given twice none.
 */
int
learn_vocab_start(struct learn_vocab *v, struct bpe *b,
    const struct learn_opts *opts, struct err *e)
{
	bool first = opts->ties == LEARN_HF;
	uint64_t later = first ? 0 : opts->nspecial;

	v->b = b;
	v->room = opts->vocab;
	if (make_table(v, opts->vocab, e) < 0)
		return e->code;
	if (opts->chars) {
		if (learn_chars_start(v, b, opts, e) < 0)
			return e->code;
	} else if ((first && add_specials(v, opts, e) < 0) ||
		   add_bytes(v, opts->ties, e) < 0) {
		return e->code;
	}
	if (b->ntoken + later > opts->vocab)
		return err_set(e, ERR_ARG,
		    "a vocabulary of %u has no room for %zu special tokens and "
		    "256 bytes",
		    opts->vocab, opts->nspecial);
	v->room -= later;
	return 0;
}

int
learn_vocab_end(
    struct learn_vocab *v, const struct learn_opts *opts, struct err *e)
{
	return opts->ties == LEARN_HF ? 0 : add_specials(v, opts, e);
}

void
learn_vocab_free(struct learn_vocab *v)
{
	free(v->known);
	v->known = NULL;
}
