/* SPDX-License-Identifier: MIT */
/*
 * Bad input to models whose tokens are texts: every form of bytes that are no
 * UTF-8, NUL, and special tokens, at every place of a text; what goes in comes
 * out, or what the model says becomes of it.
 */
#include <stdlib.h>
#include <string.h>

#include "../tap.h"
#include "base/err.h"
#include "base/hash.h"
#include "tokenizer/learn.h"
#include "tokenizer/spm.h"
#include "tokenizer/tokenizer.h"
#include "tokenizer/tokjson.h"
#include "tokenizer/tokstream.h"
#include "tokenizer/unigram_learn.h"
#include "tokenizer/wordpiece_vocab.h"

/* None of these bytes belongs to a character, also before ASCII. */
static const struct str forms[] = { STR("\x80"), STR("\xbf"), STR("\xbf\x80"),
	STR("\xc0\x80"), STR("\xc0\xaf"), STR("\xc1\xbf"), STR("\xc3"),
	STR("\xdf"), STR("\xe0\x80\x80"), STR("\xe0\x9f\xbf"), STR("\xe0\xa0"),
	STR("\xe2\x96"), STR("\xe2"), STR("\xed\xa0\x80"), STR("\xed\xbf\xbf"),
	STR("\xed\xa0\x80\xed\xb0\x80"), STR("\xef\xbf"),
	STR("\xf0\x80\x80\x80"), STR("\xf0\x8f\xbf\xbf"), STR("\xf0\x9f\x98"),
	STR("\xf0\x9f"), STR("\xf0"), STR("\xf4\x90\x80\x80"),
	STR("\xf5\x80\x80\x80"), STR("\xf8\x88\x80\x80\x80"),
	STR("\xfc\x84\x80\x80\x80\x80"), STR("\xfe"), STR("\xff"),
	STR("\xff\xfe\xff\xfe") };

/* Characters of one to four bytes; pieces of the models in it and not. */
static const char filler[] =
    "the mill \xc3\xa9 grinds\xe6\xb0\xb4\xe8\xbb\x8a <0x41> \xf0\x9f\x98\x80 "
    "the\n river \xe2\x96\x81 the mill stands by the river";

enum { FORMS = sizeof(forms) / sizeof(*forms), TEXT = 256 };

struct model {
	const char *name;
	struct tokenizer *t;
	struct tokenizer_worker *w;
};

static bool
is_start(size_t at)
{
	return (filler[at] & 0xc0) != 0x80;
}

/* The filler with s put in at a place. */
static struct str
put_in(char *to, size_t at, struct str s)
{
	size_t n = sizeof(filler) - 1;

	memcpy(to, filler, at);
	memcpy(to + at, s.p, s.n);
	memcpy(to + at + s.n, filler + at, n - at);
	return (struct str){ to, n + s.n };
}

static bool
same_ids(const struct ids *a, const struct ids *b)
{
	return a->n == b->n &&
	       (!a->n || memcmp(a->v, b->v, a->n * sizeof(*a->v)) == 0);
}

/* Ids one after another, as they'd come from a model. */
static bool
streams(const struct model *m, const struct ids *ids, struct str want)
{
	struct tokenizer_stream s = { 0 };
	struct buf out = { 0 };
	struct err e;
	bool ok = true;
	size_t i;

	for (i = 0; i < ids->n; i++)
		ok &= tokenizer_stream_put(m->t, &s, &ids->v[i], 1, &out, &e) ==
		      0;
	ok &= tokenizer_stream_end(&s, &out, &e) == 0 &&
	      str_eq(buf_view(&out), want);
	tokenizer_stream_free(&s);
	buf_free(&out);
	return ok;
}

static bool
comes_back(const struct model *m, struct str text)
{
	struct ids ids = { 0 };
	struct buf out = { 0 };
	struct err e;
	bool ok;

	ok = tokenizer_encode(m->t, m->w, text, &ids, &e) == 0 &&
	     tokenizer_decode(m->t, ids.v, ids.n, &out, &e) == 0 &&
	     str_eq(buf_view(&out), text) && streams(m, &ids, text);
	ids_free(&ids);
	buf_free(&out);
	return ok;
}

/* Spans have the ids of encode and lie in the text, in order. */
static bool
spans_fit(const struct model *m, struct str text)
{
	struct tokens_at spans = { 0 };
	struct ids ids = { 0 };
	struct err e;
	bool ok;
	size_t i;

	ok = tokenizer_encode(m->t, m->w, text, &ids, &e) == 0 &&
	     tokenizer_encode_spans(m->t, m->w, text, &spans, &e) == 0 &&
	     spans.n == ids.n;
	for (i = 0; ok && i < ids.n; i++)
		ok = spans.v[i].id == ids.v[i] &&
		     spans.v[i].from <= spans.v[i].to &&
		     spans.v[i].to <= text.n &&
		     (!i || spans.v[i].from >= spans.v[i - 1].from);
	tokens_at_free(&spans);
	ids_free(&ids);
	return ok;
}

static bool
encodes_as(const struct model *m, struct str text, struct str other)
{
	struct ids a = { 0 }, b = { 0 };
	struct err e;
	bool ok;

	ok = tokenizer_encode(m->t, m->w, text, &a, &e) == 0 &&
	     tokenizer_encode(m->t, m->w, other, &b, &e) == 0 &&
	     same_ids(&a, &b);
	ids_free(&a);
	ids_free(&b);
	return ok;
}

/* What stands for s in a model that doesn't keep stray bytes. */
static struct str
replaced(char *to, struct str s, const char *by)
{
	size_t i;

	for (to[0] = '\0', i = 0; i < s.n; i++)
		strcat(to, by);
	return str_c(to);
}

/* by: what a stray byte counts as; NULL: itself. */
static void
test_forms(const struct model *m, const char *by)
{
	char text[TEXT], other[TEXT], small[TEXT];
	int bad = 0, spans = 0, places = 0;
	size_t i, at;
	struct str s;

	for (i = 0; i < FORMS; i++)
		for (at = 0; at < sizeof(filler); at++) {
			if (at + 1 < sizeof(filler) && !is_start(at))
				continue;
			s = put_in(text, at, forms[i]);
			places++;
			spans += !spans_fit(m, s);
			if (by)
				bad += !encodes_as(m, s,
				    put_in(other, at,
					replaced(small, forms[i], by)));
			else
				bad += !comes_back(m, s);
		}
	OK(bad == 0, "%s: stray bytes, %d times: %s (%d not)", m->name, places,
	    by ? "each is one character" : "they come back", bad);
	OK(spans == 0, "%s: their spans fit (%d don't)", m->name, spans);
}

/* Text torn anywhere, within characters too, and NULs. */
static void
test_torn(const struct model *m, bool exact)
{
	int bad = 0, nul = 0;
	char text[TEXT];
	size_t from, to, at;
	struct str s;

	for (from = 0; from < sizeof(filler) - 1; from++)
		for (to = from + 1; to < sizeof(filler); to++) {
			s = (struct str){ filler + from, to - from };
			bad += exact ? !comes_back(m, s) : !spans_fit(m, s);
		}
	OK(bad == 0, "%s: torn texts (%d not)", m->name, bad);
	for (at = 0; at < sizeof(filler); at++) {
		s = put_in(text, at, STR("\0\0"));
		nul += !spans_fit(m, s) || (exact && !comes_back(m, s));
	}
	OK(nul == 0, "%s: NULs anywhere (%d not)", m->name, nul);
}

/* A special token is one id, whatever it stands in; a part of it is none. */
static void
test_special(const struct model *m, const char *name, uint32_t id)
{
	char text[TEXT];
	size_t at, i, n, whole = 0, part = 0, places = 0;
	struct ids ids = { 0 };
	struct err e;
	struct str s = str_c(name);

	tokenizer_special(m->t, "all", &e);
	for (at = 0; at < sizeof(filler); at++) {
		/* There the filler would end the part. */
		if (filler[at] == name[s.n - 1])
			continue;
		places++;
		for (i = 0; i < 2; i++) {
			ids.n = 0;
			if (tokenizer_encode(m->t, m->w,
				put_in(text, at, (struct str){ s.p, s.n - i }),
				&ids, &e) < 0)
				continue;
			for (n = 0; n < ids.n; n++)
				*(i ? &part : &whole) += ids.v[n] == id;
		}
	}
	OK(whole == places, "%s: %s anywhere (%zu times of %zu)", m->name, name,
	    whole, places);
	OK(part == 0, "%s: no part of it (%zu)", m->name, part);
	ids_free(&ids);
}

/* ---- the models ---- */

static bool
open_model(struct model *m, const char *name, struct bpe *b)
{
	struct err e;

	m->name = name;
	return OK(tokenizer_of(&m->t, b, &e) == 0 &&
		      (m->w = tokenizer_worker_new(m->t, &e)) != NULL,
	    "%s", name);
}

static void
close_model(struct model *m)
{
	tokenizer_worker_free(m->w);
	tokenizer_free(m->t);
}

static void
train_model(struct bpe *b, bool chars)
{
	static const struct str special = { "<|end|>", 7 };
	struct learn_opts opts = { .vocab = 330,
		.chars = chars,
		.alphabet = chars ? 20 : 0,
		.specials = &special,
		.nspecial = 1 };
	struct words w = { 0 };
	struct err e;

	words_add(&w, STR("the"), 90, &e);
	words_add(&w, STR(" the"), 50, &e);
	words_add(&w, STR(" mill"), 20, &e);
	words_add(&w, STR(" river"), 20, &e);
	words_add(&w, STR(" grinds\xe6\xb0\xb4"), 9, &e);
	words_add(&w, STR(" \xf0\x9f\x98\x80\xf0\x9f\x98\x80"), 9, &e);
	words_add(&w, STR("\xff\xfe"), 9, &e);
	if (chars)
		bpe_learn(b, &w, &opts, &e);
	else
		unigram_learn(b, &w, &opts, 1, &e);
	words_free(&w);
	bpe_set_pattern(b, "gpt2", &e);
}

/* By way of its file. */
static void
reread(struct bpe *b)
{
	struct buf json = { 0 };
	struct err e;

	tokjson_write(b, &json, &e);
	bpe_free(b);
	OK(tokjson_read(b, json.p, json.n, &e) == 0, "a file");
	buf_free(&json);
}

static void
test_trained(const char *name, bool chars)
{
	struct model m = { 0 };
	struct bpe b = { 0 };

	train_model(&b, chars);
	reread(&b);
	if (open_model(&m, name, &b)) {
		test_forms(&m, NULL);
		test_torn(&m, true);
		test_special(&m, "<|end|>", chars ? 0 : 1);
	}
	close_model(&m);
}

/* ---- models as others write them ---- */

/* A message of a protocol buffer: a field of bytes. */
static void
put_field(struct buf *b, unsigned field, struct str s)
{
	buf_putc(b, (char)(field << 3 | 2));
	buf_putc(b, (char)s.n);
	buf_str(b, s);
}

static void
put_piece(struct buf *b, const char *text, float score, unsigned type)
{
	struct buf p = { 0 };

	put_field(&p, 1, str_c(text));
	buf_putc(&p, 2 << 3 | 5);
	buf_put(&p, &score, sizeof(score));
	buf_putc(&p, 3 << 3);
	buf_putc(&p, (char)type);
	put_field(b, 1, buf_view(&p));
	buf_free(&p);
}

/* model: 1 Unigram, 2 BPE.  White space stays as it is. */
static void
make_spm(struct buf *b, unsigned model, bool bytes)
{
	static const char *const pieces[] = { "\xe2\x96\x81the", "the", "ill",
		"m", "\xe2\x96\x81", "r", "i", "v", "e", "t", "h", "l",
		"\xc3\xa9", "\xe6\xb0\xb4", "\xef\xbf\xbd", "th", "il" };
	char name[8], train[] = { 3 << 3, (char)model, (char)0x98, 2, bytes };
	size_t i;

	put_piece(b, "<unk>", 0, SUBWORD_UNKNOWN);
	put_piece(b, "<s>", 0, SUBWORD_CONTROL);
	for (i = 0; i < sizeof(pieces) / sizeof(*pieces); i++)
		put_piece(b, pieces[i], -1 - (float)i / 4, SUBWORD_NORMAL);
	for (i = 0; bytes && i < 256; i++) {
		subword_byte_name(name, (uint8_t)i);
		put_piece(b, name, 0, SUBWORD_BYTE);
	}
	put_field(b, 2, (struct str){ train, sizeof(train) });
	put_field(b, 3, (struct str){ "\x18\0\x20\0\x28\1", 6 });
}

/* Stray bytes are U+FFFD to that library, each of them. */
static void
test_spm(const char *name, unsigned model, bool bytes)
{
	struct model m = { 0 };
	struct buf file = { 0 };
	struct bpe b = { 0 };
	struct err e = { 0 };

	make_spm(&file, model, bytes);
	if (OK(spm_read(&b, file.p, file.n, &e) == 0, "a .model: %s", e.msg) &&
	    open_model(&m, name, &b)) {
		test_forms(&m, "\xef\xbf\xbd");
		test_torn(&m, false);
		test_special(&m, "<s>", 1);
	}
	close_model(&m);
	buf_free(&file);
}

/* BERT's way: a stray byte is part of a word that is unknown. */
static void
test_wordpiece(void)
{
	static const struct str vocab =
	    STR("[UNK]\n[CLS]\n[SEP]\nthe\nmill\n##s\nriver\nby\n<\n>\n0\n");
	struct model m = { 0 };
	struct bpe b = { 0 };
	struct err e;

	if (OK(wordpiece_read(&b, vocab.p, vocab.n, &e) == 0, "a vocab.txt") &&
	    open_model(&m, "WordPiece", &b)) {
		test_forms(&m, "\xc3\xb8");
		test_torn(&m, false);
		test_special(&m, "[SEP]", 2);
	}
	close_model(&m);
}

int
main(void)
{
	test_trained("Unigram with bytes", false);
	test_trained("BPE over characters", true);
	test_spm("a .model: Unigram", 1, false);
	test_spm("a .model: Unigram with bytes", 1, true);
	test_spm("a .model: BPE", 2, false);
	test_spm("a .model: BPE with bytes", 2, true);
	test_wordpiece();
	return tap_end();
}
