/* SPDX-License-Identifier: MIT */
#include "tokenizer/as_words.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "tokenizer/bpe.h"
#include "tokenizer/normalize.h"

/* How SentencePiece shows a space. */
static const struct str space = { "\xe2\x96\x81", 3 };

uint32_t
tokenizer_unknown(const struct tokenizer *t)
{
	const struct bpe *b = tokenizer_bpe(t);

	return b->sub.kind == SUBWORD_NONE ? BPE_NONE : b->sub.unk;
}

static void
put_as_word(struct buf *b, struct str token)
{
	size_t i;
	char c;

	for (i = 0; i < token.n; i++) {
		c = token.p[i];
		if (c == ' ')
			buf_str(b, space);
		else if ((c >= '\t' && c <= '\r') || c == '\0')
			buf_printf(b, "<0x%02X>", (unsigned)c);
		else
			buf_putc(b, c);
	}
}

int
tokenizer_words(const struct tokenizer *t, struct str **words,
    struct buf *bytes, struct err *e)
{
	const struct bpe *b = tokenizer_bpe(t);
	uint32_t n = tokenizer_vocab(t), i;
	size_t at = 0;

	*words = calloc((size_t)n + 1, sizeof(**words));
	if (!*words)
		return err_nomem(e, "the tokenizer");
	for (i = 0; i < n; i++) {
		if (i < b->ntoken)
			put_as_word(bytes, bpe_bytes(b, i));
		(*words)[i].n = bytes->n - at;
		at = bytes->n;
	}
	if (buf_ok(bytes, e) < 0)
		return e->code;
	/* The bytes stay where they are from now on. */
	for (at = 0, i = 0; i < n; at += (*words)[i++].n)
		(*words)[i].p = bytes->p + at;
	return 0;
}

static int
put_unknown(const struct bpe *b, struct str s, struct buf *words,
    struct norm_work *w, struct err *e)
{
	if (norm_run(&b->norm, &s, w, e) < 0)
		return e->code;
	if (str_starts(s, space))
		s = (struct str){ s.p + space.n, s.n - space.n };
	buf_str(words, s);
	buf_putc(words, '\0');
	return buf_ok(words, e);
}

int
tokenizer_spell_unknown(const struct tokenizer *t, struct tokenizer_worker *w,
    struct str text, struct buf *words, struct err *e)
{
	const struct bpe *b = tokenizer_bpe(t);
	struct tokens_at at = { 0 };
	struct norm_work work = { 0 };
	size_t i;
	int rc = tokenizer_encode_spans(t, w, text, &at, e);

	for (i = 0; rc == 0 && i < at.n; i++)
		if (at.v[i].id == b->sub.unk)
			rc = put_unknown(b,
			    (struct str){ text.p + at.v[i].from,
				at.v[i].to - at.v[i].from },
			    words, &work, e);
	norm_work_free(&work);
	tokens_at_free(&at);
	return rc;
}
