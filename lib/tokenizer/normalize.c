/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "normalize.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "pretok_scan.h"
#include "uclass.h"

static const char *const norm_names[] = {
	[NORM_NFC] = "NFC",
	[NORM_NFD] = "NFD",
	[NORM_NFKC] = "NFKC",
	[NORM_NFKD] = "NFKD",
	[NORM_LOWERCASE] = "Lowercase",
	[NORM_PREPEND] = "Prepend",
	[NORM_REPLACE] = "Replace",
	[NORM_STRIP] = "Strip",
	[NORM_UNACCENT] = "StripAccents",
	[NORM_NMT] = "Nmt",
	[NORM_BERT] = "BertNormalizer",
	[NORM_PRECOMPILED] = "Precompiled",
	[NORM_SPM] = "SentencePiece",
};

const char *
norm_name(enum norm_kind k)
{
	return norm_names[k];
}

int
norm_find(struct str name)
{
	int i;

	for (i = 0; i < NORM_SPM; i++)
		if (str_eq(name, str_c(norm_names[i])))
			return i;
	return -1;
}

struct norm_step *
norm_add(struct norm *n, enum norm_kind k, struct err *e)
{
	if (n->n == NORM_STEPS) {
		err_set(e, ERR_FORMAT, "normalizer: over %d steps", NORM_STEPS);
		return NULL;
	}
	n->steps[n->n] = (struct norm_step){ .kind = k };
	return &n->steps[n->n++];
}

int
norm_set_text(char **to, size_t *n, struct str s, struct err *e)
{
	*to = malloc(s.n + 1);
	if (!*to)
		return err_nomem(e, "a normalizer");
	if (s.n)
		memcpy(*to, s.p, s.n);
	(*to)[s.n] = '\0';
	*n = s.n;
	return 0;
}

void
norm_free(struct norm *n)
{
	size_t i;

	for (i = 0; i < n->n; i++) {
		struct norm_step *st = &n->steps[i];

		free(st->from);
		free(st->to);
		pretok_re_close(st->re);
		charsmap_free(&st->map);
		trie_free(&st->keep);
	}
	n->n = 0;
}

void
norm_work_free(struct norm_work *w)
{
	int i;

	for (i = 0; i < 2; i++) {
		buf_free(&w->text[i]);
		buf_free(&w->map[i]);
	}
}

void
norm_put(struct norm_out *o, size_t from, size_t to, const char *p, size_t n)
{
	struct norm_from f = { (uint32_t)from, (uint32_t)to };

	buf_put(o->text, p, n);
	if (!o->map)
		return;
	/* An empty range: what stands before the first byte. */
	if (o->old && to > from)
		f = (struct norm_from){ o->old[from].from, o->old[to - 1].to };
	else if (o->old)
		f.from = f.to = from ? o->old[from - 1].to : 0;
	for (; n; n--)
		buf_put(o->map, &f, sizeof(f));
}

/* ---- the small steps ---- */

static void
put_rest(struct norm_out *o, struct str s, size_t from, size_t to)
{
	const uint8_t *p = (const uint8_t *)s.p;
	size_t len;

	if (!o->map) {
		buf_put(o->text, s.p + from, to - from);
		return;
	}
	for (; from < to; from += len) {
		utf8_strict(p + from, p + to, &len);
		norm_put(o, from, from + len, s.p + from, len);
	}
}

static int
replace_regex(
    const struct norm_step *st, struct norm_out *o, struct str s, struct err *e)
{
	struct pretok_re_scan *scan = pretok_re_scan_new(st->re, e);
	size_t from = 0, end = 0;
	bool match = false;
	int rc;

	if (!scan)
		return e->code;
	rc = pretok_re_start(scan, s, e);
	while (rc >= 0 && (rc = pretok_re_span(scan, &end, &match, e)) > 0) {
		if (match)
			norm_put(o, from, end, st->to, st->nto);
		else
			put_rest(o, s, from, end);
		from = end;
	}
	pretok_re_scan_free(scan);
	return rc < 0 ? rc : 0;
}

static int
replace(
    const struct norm_step *st, struct norm_out *o, struct str s, struct err *e)
{
	size_t at = 0, n = st->nfrom;
	const char *p;

	if (st->re)
		return replace_regex(st, o, s, e);
	for (; n && s.n - at >= n; at = (size_t)(p - s.p) + n) {
		p = memmem(s.p + at, s.n - at, st->from, n);
		if (!p)
			break;
		put_rest(o, s, at, (size_t)(p - s.p));
		norm_put(o, (size_t)(p - s.p), (size_t)(p - s.p) + n, st->to,
		    st->nto);
	}
	put_rest(o, s, at, s.n);
	return 0;
}

static void
strip(const struct norm_step *st, struct norm_out *o, struct str s)
{
	const uint8_t *p = (const uint8_t *)s.p, *table = uclass_table(0);
	size_t from = 0, to = 0, at, len;
	bool seen = false;

	for (at = 0; at < s.n; at += len) {
		if (uclass_get(table, p + at, p + s.n, &len) == UC_SPACE)
			continue;
		if (!seen && st->left)
			from = at;
		seen = true;
		to = at + len;
	}
	if (!seen && st->left)
		from = s.n;
	if (!st->right || (!seen && !st->left))
		to = s.n;
	if (!seen && st->right)
		to = from;
	put_rest(o, s, from, to);
}

static int
norm_step(
    const struct norm_step *st, struct norm_out *o, struct str s, struct err *e)
{
	size_t len;

	switch (st->kind) {
	case NORM_LOWERCASE:
		norm_lower(o, s);
		return 0;
	case NORM_PREPEND:
		utf8_strict(
		    (const uint8_t *)s.p, (const uint8_t *)s.p + s.n, &len);
		norm_put(o, 0, len, st->to, st->nto);
		put_rest(o, s, 0, s.n);
		return 0;
	case NORM_REPLACE:
		return replace(st, o, s, e);
	case NORM_STRIP:
		strip(st, o, s);
		return 0;
	case NORM_UNACCENT:
		norm_unaccent(o, s, !st->nonspacing_only);
		return 0;
	case NORM_NMT:
		norm_nmt(o, s);
		return 0;
	case NORM_BERT:
		norm_bert(st, o, s);
		return 0;
	case NORM_PRECOMPILED:
		norm_precompiled(st, o, s);
		return 0;
	case NORM_SPM:
		return norm_spm(st, o, s, e);
	default:
		return norm_form(o, s, st->kind, e);
	}
}

/*
 * What a form leaves alone is where such text may be cut, but for marks and
 * the later letters of a syllable of Hangul, which may join what is before.
 * Source: Unicode Standard Annex 15, section 9.
 */
static bool
may_join(struct str c)
{
	const uint8_t *p = (const uint8_t *)c.p;
	size_t len;
	uint32_t cp = utf8_strict(p, p + c.n, &len);

	return uclass_get(uclass_table(0), p, p + c.n, &len) == UC_MARK ||
	       (cp >= 0x1160 && cp <= 0x11ff);
}

bool
norm_keeps(const struct norm *n, struct str c, struct norm_work *w)
{
	struct norm_out o = { &w->text[0], NULL, NULL };
	struct err e;
	size_t i;

	for (i = 0; i < n->n; i++) {
		switch (n->steps[i].kind) {
		case NORM_NFC:
		case NORM_NFD:
		case NORM_NFKC:
		case NORM_NFKD:
		case NORM_LOWERCASE:
		case NORM_UNACCENT:
		case NORM_NMT:
		case NORM_BERT:
			break;
		default:
			return false;
		}
		buf_clear(&w->text[0]);
		if (may_join(c) || norm_step(&n->steps[i], &o, c, &e) < 0 ||
		    w->text[0].oom || !str_eq(buf_view(&w->text[0]), c))
			return false;
	}
	return true;
}

/* ASCII is its own normal form. */
static bool
is_idle(const struct norm_step *st, struct str s)
{
	size_t i = 0;

	if (st->kind > NORM_NFKD)
		return false;
	while (i < s.n && (uint8_t)s.p[i] < 0x80)
		i++;
	return i == s.n;
}

int
norm_run(
    const struct norm *n, struct str *text, struct norm_work *w, struct err *e)
{
	struct norm_out o;
	size_t i, k = 0;

	w->at = NULL;
	if (w->want && text->n > UINT32_MAX)
		return err_set(
		    e, ERR_ARG, "a text of over 4 GiB has no offsets");
	for (i = 0; text->n && i < n->n; i++) {
		if (is_idle(&n->steps[i], *text))
			continue;
		buf_clear(&w->text[k]);
		buf_clear(&w->map[k]);
		o = (struct norm_out){ &w->text[k], w->want ? &w->map[k] : NULL,
			w->at ? (const struct norm_from *)w->at->p : NULL };
		if (norm_step(&n->steps[i], &o, *text, e) < 0 ||
		    buf_ok(&w->text[k], e) < 0 || buf_ok(&w->map[k], e) < 0)
			return e->code;
		*text = buf_view(&w->text[k]);
		w->at = w->want ? &w->map[k] : NULL;
		k = !k;
	}
	return 0;
}
