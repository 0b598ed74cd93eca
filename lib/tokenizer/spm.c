/* SPDX-License-Identifier: MIT */
#include "spm.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/path.h"
#include "base/text/utf8.h"
#include "proto.h"

/* What a file says before its pieces make sense. */
struct spm {
	struct bpe *b;
	size_t npiece;
	uint64_t model; /* 1 Unigram, 2 BPE */
	struct norm_step norm;
	struct str rules;
};

bool
spm_is(const char *path)
{
	struct str s = str_c(path_base(path));

	return str_ends(s, STR(".model")) || str_ends(s, STR(".model.zst")) ||
	       str_ends(s, STR(".model.gz"));
}

/* ---- pieces ---- */

static int
check_piece(const struct spm *s, struct str piece, float score, uint64_t type,
    struct err *e)
{
	uint32_t id = s->b->ntoken;

	if (!piece.n || !utf8_valid(piece))
		return err_set(
		    e, ERR_FORMAT, "piece %u is empty or no UTF-8", id);
	if (!isfinite(score))
		return err_set(
		    e, ERR_FORMAT, "piece %u has no finite score", id);
	if (type < SUBWORD_NORMAL || type > SUBWORD_BYTE)
		return err_set(e, ERR_FORMAT,
		    "piece %u has the unknown type %llu", id,
		    (unsigned long long)type);
	return 0;
}

static int
read_one_piece(struct spm *s, struct str message, struct err *e)
{
	struct proto p = { .left = message };
	struct str piece = { NULL, 0 };
	uint32_t id = s->b->ntoken;
	uint64_t type = SUBWORD_NORMAL;
	float score = 0;

	while (proto_next(&p)) {
		if (p.field == 1)
			piece = p.bytes;
		else if (p.field == 2)
			score = proto_float(&p);
		else if (p.field == 3)
			type = p.number;
	}
	if (p.bad)
		return err_set(e, ERR_FORMAT, "piece %u is damaged", id);
	if (check_piece(s, piece, score, type, e) < 0)
		return e->code;
	s->b->sub.scores[id] = score;
	s->b->sub.types[id] = (uint8_t)type;
	return bpe_set_token(s->b, id, piece, e);
}

static int
read_pieces(struct spm *s, struct str file, struct err *e)
{
	struct proto p = { .left = file };
	int rc = 0;

	if (!s->npiece || s->npiece > BPE_MAX_ID)
		return err_set(e, ERR_FORMAT, "there are no pieces");
	s->b->sub.scores = calloc(s->npiece, sizeof(double));
	s->b->sub.types = calloc(s->npiece, 1);
	if (!s->b->sub.scores || !s->b->sub.types)
		return err_nomem(e, "the vocabulary");
	while (rc == 0 && proto_next(&p))
		if (p.field == 1)
			rc = read_one_piece(s, p.bytes, e);
	return rc;
}

/* ---- settings ---- */

static int
read_training(struct spm *s, struct str message, struct err *e)
{
	struct proto p = { .left = message };

	while (proto_next(&p)) {
		if (p.field == 3)
			s->model = p.number;
		else if (p.field == 24)
			s->norm.suffix = p.number != 0;
		else if (p.field == 35)
			s->b->sub.byte_fallback = p.number != 0;
	}
	return p.bad ? err_set(e, ERR_FORMAT,
			   "what it says of its training is damaged")
		     : 0;
}

static int
read_normaliser(struct spm *s, struct str message, struct err *e)
{
	struct proto p = { .left = message };

	while (proto_next(&p)) {
		if (p.field == 2)
			s->rules = p.bytes;
		else if (p.field == 3)
			s->norm.dummy_prefix = p.number != 0;
		else if (p.field == 4)
			s->norm.one_space = p.number != 0;
		else if (p.field == 5)
			s->norm.escape = p.number != 0;
	}
	return p.bad ? err_set(e, ERR_FORMAT,
			   "what it says of its normaliser is damaged")
		     : 0;
}

static int
read_settings(struct spm *s, struct str file, struct err *e)
{
	struct proto p = { .left = file };
	int rc = 0;

	while (rc == 0 && proto_next(&p)) {
		if (!p.bytes.p && p.field <= 3)
			rc = err_set(
			    e, ERR_FORMAT, "this is no SentencePiece model");
		else if (p.field == 1)
			s->npiece++;
		else if (p.field == 2)
			rc = read_training(s, p.bytes, e);
		else if (p.field == 3)
			rc = read_normaliser(s, p.bytes, e);
	}
	if (rc == 0 && p.bad)
		rc = err_set(e, ERR_FORMAT,
		    "damaged or cut off %zu bytes before its end", p.left.n);
	if (rc == 0 && s->model != 1 && s->model != 2)
		rc = err_set(e, ERR_FORMAT,
		    "its model has the type %llu: Unigram (1) and BPE (2) are "
		    "read",
		    (unsigned long long)s->model);
	return rc;
}

/* ---- putting it together ---- */

static int
check_pieces(struct bpe *b, struct err *e)
{
	struct subword *s = &b->sub;
	uint32_t id;

	s->unk = BPE_NONE;
	for (id = 0; id < b->ntoken; id++) {
		if (bpe_find(b, bpe_bytes(b, id)) != id)
			return err_set(e, ERR_FORMAT,
			    "pieces %u and %u are the same",
			    bpe_find(b, bpe_bytes(b, id)), id);
		if (s->types[id] != SUBWORD_UNKNOWN)
			continue;
		if (s->unk != BPE_NONE)
			return err_set(e, ERR_FORMAT,
			    "pieces %u and %u are both the unknown one", s->unk,
			    id);
		s->unk = id;
	}
	return s->unk == BPE_NONE
		   ? err_set(e, ERR_FORMAT, "there is no unknown piece")
		   : 0;
}

static int
add_controls(struct bpe *b, struct err *e)
{
	struct bpe_added a = { .special = true, .in_vocab = true };

	for (a.id = 0; a.id < b->ntoken; a.id++)
		if (b->sub.types[a.id] == SUBWORD_CONTROL &&
		    bpe_add_added(b, a, e) < 0)
			return e->code;
	return 0;
}

/* The normaliser leaves user-defined pieces alone. */
static int
keep_user(struct bpe *b, struct norm_step *st, struct err *e)
{
	struct trie_key *keys = calloc((size_t)b->ntoken + 1, sizeof(*keys));
	size_t n = 0;
	uint32_t id;
	int rc = 0;

	if (!keys)
		return err_nomem(e, "the vocabulary");
	for (id = 0; id < b->ntoken; id++)
		if (b->sub.types[id] == SUBWORD_USER)
			keys[n++] = (struct trie_key){ bpe_bytes(b, id), id };
	if (n)
		rc = trie_build(&st->keep, keys, n, e);
	free(keys);
	return rc;
}

static int
add_decoder(struct bpe *b, const struct norm_step *norm, struct err *e)
{
	struct decoder_step *d = decoder_add(&b->decoder, DECODER_SPM, e);

	if (!d)
		return e->code;
	memcpy(d->from, "\u2581", 4);
	d->prefix = norm->dummy_prefix || norm->one_space;
	d->one_space = norm->one_space;
	return 0;
}

int
spm_finish(struct bpe *b, const struct norm_step *norm, struct err *e)
{
	struct norm_step *st = norm_add(&b->norm, NORM_SPM, e);

	if (!st)
		return e->code;
	*st = *norm;
	st->kind = NORM_SPM;
	b->sub.sentencepiece = b->sub.fuse_unk = true;
	if (bpe_index_tokens(b, e) < 0 || check_pieces(b, e) < 0 ||
	    keep_user(b, st, e) < 0 || add_controls(b, e) < 0 ||
	    add_decoder(b, norm, e) < 0)
		return e->code;
	if (b->sub.kind == SUBWORD_BPE && subword_merges(b, e) < 0)
		return e->code;
	return bpe_index(b, e);
}

static int
read_file(struct spm *s, struct str file, struct err *e)
{
	if (read_settings(s, file, e) < 0 || read_pieces(s, file, e) < 0)
		return e->code;
	s->b->sub.kind = s->model == 2 ? SUBWORD_BPE : SUBWORD_UNIGRAM;
	if (s->rules.n && charsmap_read(&s->norm.map, s->rules, e) < 0)
		return e->code;
	return spm_finish(s->b, &s->norm, e);
}

int
spm_read(struct bpe *b, const char *p, size_t n, struct err *e)
{
	struct spm s = { .b = b,
		.model = 1,
		.norm = {
		    .dummy_prefix = true, .one_space = true, .escape = true } };
	int rc = read_file(&s, (struct str){ p, n }, e);

	if (rc < 0 && !b->norm.n)
		charsmap_free(&s.norm.map);
	if (rc < 0)
		bpe_free(b);
	return rc;
}
