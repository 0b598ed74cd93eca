/* SPDX-License-Identifier: MIT */
#include "spm_json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/text/utf8.h"
#include "uclass.h"

#define SPACE_MARK "\xe2\x96\x81"

/* ---- the text's way to the model and back ---- */

static int
check_normaliser(const struct norm_step *st, struct err *e)
{
	if (st->map.nunit)
		return err_set(e, ERR_FORMAT,
		    "its rules of normalisation take the longest that fits; "
		    "a tokenizer.json's go by graphemes: other ids would come "
		    "of it");
	if (st->suffix)
		return err_set(e, ERR_FORMAT,
		    "spaces stand behind words, which a tokenizer.json can't "
		    "say");
	return 0;
}

static void
put_step(struct buf *to, const char *json)
{
	buf_puts(to, to->n ? "," : "");
	buf_puts(to, json);
}

/*
 * In that order a text of spaces becomes empty before anything is put in
 * front.  The last pattern has the mark as well: SentencePiece doesn't tell
 * one in the text from its own.
 */
static void
put_normalizer(const struct norm_step *st, struct buf *to)
{
#define REPLACE(KIND, FROM, BY) \
	"{\"type\":\"Replace\",\"pattern\":{\"" KIND "\":\"" FROM \
	"\"},\"content\":\"" BY "\"}"
	if (st->one_space) {
		put_step(to, REPLACE("Regex", "\\\\A +", ""));
		put_step(to,
		    st->escape ? REPLACE("Regex", "[ " SPACE_MARK "]+\\\\z", "")
			       : REPLACE("Regex", " +\\\\z", ""));
		put_step(to, REPLACE("Regex", " {2,}", " "));
	}
	if (st->dummy_prefix)
		put_step(to,
		    "{\"type\":\"Prepend\",\"prepend\":\"" SPACE_MARK "\"}");
	if (st->escape)
		put_step(to, REPLACE("String", " ", SPACE_MARK));
#undef REPLACE
}

static int
keep(char **to, struct buf *b, struct err *e)
{
	buf_putc(b, '\0');
	if (buf_ok(b, e) < 0)
		return e->code;
	free(*to);
	*to = b->p;
	*b = (struct buf){ 0 };
	return 0;
}

static int
set_normalizer(struct bpe *b, struct err *e)
{
	const struct norm_step *st = &b->norm.steps[0];
	struct buf steps = { 0 }, all = { 0 };
	int rc;

	put_normalizer(st, &steps);
	if (steps.n)
		buf_printf(&all,
		    "{\"type\":\"Sequence\",\"normalizers\":[%.*s]}",
		    (int)steps.n, steps.p);
	else
		buf_puts(&all, "null");
	rc = buf_ok(&steps, e);
	if (rc == 0)
		rc = keep(&b->norm_json, &all, e);
	buf_free(&steps);
	buf_free(&all);
	return rc;
}

static int
set_decoder(struct bpe *b, struct err *e)
{
	struct buf all = { 0 };
	int rc;

	buf_puts(&all,
	    "{\"type\":\"Sequence\",\"decoders\":[{\"type\":\"Replace\","
	    "\"pattern\":{\"String\":\"" SPACE_MARK "\"},\"content\":\" \"},"
	    "{\"type\":\"ByteFallback\"},{\"type\":\"Fuse\"}");
	if (b->norm.steps[0].dummy_prefix)
		buf_puts(&all,
		    ",{\"type\":\"Strip\",\"content\":\" \",\"start\":1,"
		    "\"stop\":0}");
	buf_puts(&all, "]}");
	rc = keep(&b->decoder_json, &all, e);
	buf_free(&all);
	return rc;
}

static int
set_no_pretokenizer(struct bpe *b, struct err *e)
{
	struct buf all = { 0 };

	buf_puts(&all, "null");
	return keep(&b->pre_json, &all, e);
}

/* ---- Unigram ---- */

/*
 * A user-defined piece has a score that beats others, which it can have there
 * as well.  What is unknown costs 10 more than the least of all scores there,
 * of normal pieces here.
 */
static int
check_unigram(struct bpe *b, struct err *e)
{
	struct subword *s = &b->sub;
	double least = s->unk_score + 10;
	enum subword_type t;
	uint32_t id;

	for (id = 0; id < b->ntoken; id++) {
		t = subword_type(s, id);
		if (t == SUBWORD_UNUSED)
			return err_set(e, ERR_FORMAT,
			    "piece %u is not in use, which a tokenizer.json "
			    "can't say",
			    id);
		if (t == SUBWORD_USER)
			s->scores[id] = subword_user_score(s, bpe_bytes(b, id));
		if (b->tokens[id].len && s->scores[id] < least - 1e-6)
			return err_set(e, ERR_FORMAT,
			    "piece %u, no normal one, has the least score: "
			    "what is unknown would cost more in a "
			    "tokenizer.json",
			    id);
	}
	return 0;
}

/* ---- BPE ---- */

/* A piece's own merge: that which makes it of its characters. */
struct own {
	struct bpe_merge m;
	double score;
};

/* The characters of a piece as symbols; false: merges can't be about it. */
static size_t
spell(const struct bpe *b, uint32_t id, uint32_t *to, bool *unknown)
{
	struct str s = bpe_bytes(b, id), c;
	size_t at, len, n = 0;
	uint32_t cp;

	*unknown = false;
	for (at = 0; at < s.n; at += len) {
		cp = utf8_strict((const uint8_t *)s.p + at,
		    (const uint8_t *)s.p + s.n, &len);
		c = (struct str){ s.p + at, len };
		to[n] = bpe_find(b, c);
		if (to[n] == BPE_NONE ||
		    subword_type(&b->sub, to[n]) != SUBWORD_NORMAL) {
			to[n] = SUBWORD_VIRTUAL + cp;
			*unknown = true;
		}
		n++;
	}
	return n;
}

/* The best pair of s; n - 1 if none merges. */
static size_t
best_pair(const struct bpe *b, const uint32_t *s, size_t n, uint32_t *id)
{
	const struct bpe_pair *p, *best = NULL;
	size_t i, at = n - 1;

	for (i = 0; i + 1 < n; i++) {
		p = bpe_pair(b, s[i], s[i + 1]);
		if (p && (!best || p->rank < best->rank)) {
			best = p;
			at = i;
			*id = p->id;
		}
	}
	return at;
}

/* 1: the merge that makes piece id, in *m; 0: its characters don't give it. */
static int
own_merge(const struct bpe *b, uint32_t id, uint32_t *s, struct bpe_merge *m,
    struct err *e)
{
	bool unknown;
	size_t n = spell(b, id, s, &unknown), at;

	while (n > 1) {
		at = best_pair(b, s, n, &m->id);
		if (at == n - 1)
			return 0;
		m->left = s[at];
		m->right = s[at + 1];
		s[at] = m->id;
		n--;
		memmove(s + at + 1, s + at + 2, (n - at - 1) * sizeof(*s));
	}
	if (s[0] != id || bpe_bytes(b, id).n == 0)
		return 0;
	if (unknown)
		return err_set(e, ERR_FORMAT,
		    "piece %u has a character that is no piece, which merges "
		    "know here, but not in a tokenizer.json",
		    id);
	return 1;
}

static int
by_score(const void *a, const void *b)
{
	const struct own *x = a, *y = b;

	if (x->score != y->score)
		return x->score > y->score ? -1 : 1;
	return (x->m.id > y->m.id) - (x->m.id < y->m.id);
}

static int
find_own(const struct bpe *b, struct own *v, size_t *n, struct err *e)
{
	uint32_t *symbols = malloc(BPE_MAX_SPLIT * sizeof(*symbols)), id;
	int rc = symbols ? 0 : err_nomem(e, "a token");

	for (id = 0; rc >= 0 && id < b->ntoken; id++) {
		if (subword_type(&b->sub, id) != SUBWORD_NORMAL ||
		    utf8_length(bpe_bytes(b, id)) < 2)
			continue;
		rc = own_merge(b, id, symbols, &v[*n].m, e);
		v[*n].score = b->sub.scores[id];
		*n += rc > 0;
	}
	free(symbols);
	return rc < 0 ? rc : 0;
}

/*
 * One merge a piece, as convert.h has it for bytes: any two neighbours merge
 * that are a piece together, so that of its cuts only one is ever seen.
 */
static int
list_merges(struct bpe *b, struct err *e)
{
	struct own *v = malloc(((size_t)b->ntoken + 1) * sizeof(*v));
	size_t n = 0, i;
	int rc = v ? find_own(b, v, &n, e) : err_nomem(e, "merges");

	if (rc == 0 && n)
		qsort(v, n, sizeof(*v), by_score);
	b->nmerge = 0;
	for (i = 0; rc == 0 && i < n; i++) {
		if (i && v[i].score == v[i - 1].score)
			rc = err_set(e, ERR_FORMAT,
			    "pieces %u and %u have the same score: the "
			    "leftmost is merged first, in a tokenizer.json "
			    "always the same one",
			    v[i - 1].m.id, v[i].m.id);
		else
			rc = bpe_add_merge(b, v[i].m, e);
	}
	free(v);
	return rc;
}

/*
 * User-defined pieces are found in the normalised text, before all else; and
 * they are normalised themselves there, which must not change them.
 */
static int
add_user_pieces(struct bpe *b, struct err *e)
{
	const struct norm_step *st = &b->norm.steps[0];
	struct bpe_added a = { .normalized = true, .in_vocab = true };

	for (a.id = 0; a.id < b->ntoken; a.id++) {
		if (subword_type(&b->sub, a.id) != SUBWORD_USER)
			continue;
		if (st->dummy_prefix || st->one_space ||
		    memchr(bpe_bytes(b, a.id).p, ' ', b->tokens[a.id].len))
			return err_set(e, ERR_FORMAT,
			    "the user-defined piece %u would be normalised "
			    "itself in a tokenizer.json, spaces put in front "
			    "or taken away",
			    a.id);
		if (bpe_add_added(b, a, e) < 0)
			return e->code;
	}
	return 0;
}

int
spm_as_json(struct bpe *b, struct err *e)
{
	bool unigram = b->sub.kind == SUBWORD_UNIGRAM;

	if (check_normaliser(&b->norm.steps[0], e) < 0)
		return e->code;
	if (unigram && check_unigram(b, e) < 0)
		return e->code;
	if (!unigram && (list_merges(b, e) < 0 || add_user_pieces(b, e) < 0))
		return e->code;
	if (set_normalizer(b, e) < 0 || set_no_pretokenizer(b, e) < 0)
		return e->code;
	return set_decoder(b, e);
}
