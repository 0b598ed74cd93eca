/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/text/lines.h"
#include "base/text/uni.h"
#include "base/text/utf8.h"
#include "filter/lexicon.h"
#include "io/stream.h"

struct entry {
	uint64_t hash; /* of its first unit */
	struct str text;
	uint32_t list;
	struct str language; /* or empty */
};

struct lexicons {
	struct arena arena;
	const char *names[LEXICONS_MAX];
	size_t nname;
	struct entry *entries;
	size_t n, cap;
	uint32_t *slots; /* first entry of a hash + 1, or 0 */
	size_t mask;
};

struct lexicons *
lexicons_new(void)
{
	return calloc(1, sizeof(struct lexicons));
}

void
lexicons_free(struct lexicons *l)
{
	if (!l)
		return;
	arena_free(&l->arena);
	free(l->entries);
	free(l->slots);
	free(l);
}

size_t
lexicons_count(const struct lexicons *l)
{
	return l->nname;
}

const char *
lexicons_name(const struct lexicons *l, size_t i)
{
	return l->names[i];
}

/* Does the character's script put no spaces between words? */
static bool
is_unspaced(uint32_t cp)
{
	static const uint32_t runs[][2] = { { 0x0e00, 0x0eff },
		{ 0x1000, 0x109f }, { 0x1780, 0x17ff }, { 0x2e80, 0x2fdf },
		{ 0x3005, 0x3007 }, { 0x3040, 0x30ff }, { 0x3400, 0x4dbf },
		{ 0x4e00, 0x9fff }, { 0xf900, 0xfaff }, { 0xff66, 0xff9f },
		{ 0x20000, 0x3ffff } };
	size_t i;

	for (i = 0; cp >= 0xe00 && i < sizeof(runs) / sizeof(*runs); i++)
		if (cp >= runs[i][0] && cp <= runs[i][1])
			return true;
	return false;
}

/* Part of a word that spaces or marks end? */
static bool
is_letter(uint32_t cp)
{
	if (cp < 0x80)
		return uni_is_word(cp);
	return (uni_is_word(cp) || uni_class(cp) & UNI_MARK) &&
	       !is_unspaced(cp);
}

/*
 * The next character in lower case, white space being one space: bytes at p
 * that it stands for.
 */
static size_t
fold(const char *p, const char *end, uint32_t *cp)
{
	const char *q = p;
	size_t len;

	*cp = utf8_get(p, end, &len);
	if (*cp >= 'A' && *cp <= 'Z')
		*cp |= 0x20;
	if (*cp > ' ' && *cp < 0x80)
		return len;
	if (!text_is_space(*cp)) {
		*cp = uni_lower(*cp);
		return len;
	}
	*cp = ' ';
	for (q += len; q < end && text_is_space(utf8_get(q, end, &len));)
		q += len;
	return (size_t)(q - p);
}

/* Bytes of the unit at p: a word, or one character that is none. */
static size_t
unit_at(const char *p, const char *end, bool *word)
{
	const char *q = p;
	size_t len;
	uint32_t cp = utf8_get(p, end, &len);

	*word = is_letter(cp);
	if (!*word) {
		*word = is_unspaced(cp);
		return len;
	}
	do
		q += len;
	while (q < end && is_letter(utf8_get(q, end, &len)));
	return (size_t)(q - p);
}

static int
fold_all(struct str text, char **low, size_t *room, size_t *n, struct err *e)
{
	const char *p = text.p, *end = p + text.n;
	/* Lower case takes at most three bytes for two. */
	size_t most = text.n + text.n / 2 + 4;
	uint32_t cp;
	char *more;

	if (most > *room) {
		more = realloc(*low, most);
		if (!more)
			return err_nomem(e, "a text");
		*low = more;
		*room = most;
	}
	for (*n = 0; p < end; *n += utf8_put(*low + *n, cp))
		p += fold(p, end, &cp);
	return 0;
}

static int
list_number(
    struct lexicons *l, struct str name, uint32_t *number, struct err *e)
{
	struct str copy;
	uint32_t i;

	for (i = 0; i < l->nname; i++)
		if (str_eq(name, str_c(l->names[i]))) {
			*number = i;
			return 0;
		}
	if (i == LEXICONS_MAX)
		return err_set(
		    e, ERR_ARG, "over %d lists of words", LEXICONS_MAX);
	copy = arena_dup(&l->arena, name);
	if (!copy.p)
		return err_nomem(e, "a list");
	l->names[l->nname++] = copy.p;
	*number = i;
	return 0;
}

static int
add_entry(struct lexicons *l, const struct entry *x, struct err *e)
{
	size_t cap = l->cap ? 2 * l->cap : 256;
	struct entry *more;

	if (l->n == l->cap) {
		more = realloc(l->entries, cap * sizeof(*more));
		if (!more)
			return err_nomem(e, "a list");
		l->entries = more;
		l->cap = cap;
	}
	l->entries[l->n++] = *x;
	return 0;
}

static int
add_line(struct lexicons *l, struct str line, struct entry *x, struct err *e)
{
	size_t n, room = 0;
	char *low = NULL;
	bool word;

	line = text_strip(line);
	if (!line.n || *line.p == '#')
		return 0;
	if (!utf8_valid(line))
		return err_set(e, ERR_FORMAT, "no UTF-8");
	if (fold_all(line, &low, &room, &n, e) == 0) {
		x->text = arena_dup(&l->arena, (struct str){ low, n });
		if (!x->text.p)
			err_nomem(e, "a list");
	}
	free(low);
	if (!x->text.p)
		return e->code;
	n = unit_at(x->text.p, x->text.p + x->text.n, &word);
	x->hash = hash64(x->text.p, n, 0);
	return add_entry(l, x, e);
}

static int
add_lines(struct lexicons *l, struct str all, const char *file, struct entry *x,
    struct err *e)
{
	const char *p = all.p, *end = p + all.n, *stop;
	uint64_t number = 1;

	for (; p < end; p = stop + 1, number++) {
		stop = memchr(p, '\n', (size_t)(end - p));
		if (!stop)
			stop = end;
		x->text.p = NULL;
		if (add_line(l, (struct str){ p, (size_t)(stop - p) }, x, e) <
		    0)
			return err_prefix(e, "%s, line %llu", file,
			    (unsigned long long)number);
	}
	return 0;
}

int
lexicons_parse(struct lexicons *l, struct str name, struct str language,
    struct str source, const char *file, struct err *e)
{
	struct entry x = { .language = arena_dup(&l->arena, language) };
	size_t before = l->n;

	if (!x.language.p)
		return err_nomem(e, "a list");
	if (list_number(l, name, &x.list, e) < 0 ||
	    add_lines(l, source, file, &x, e) < 0)
		return e->code;
	return l->n > before
		   ? 0
		   : err_set(e, ERR_FORMAT, "%s has no entries", file);
}

int
lexicons_add(struct lexicons *l, struct str name, struct str language,
    const char *file, struct err *e)
{
	size_t n;
	char *all;
	int rc;

	if (in_slurp(file, &all, &n, e) < 0)
		return e->code;
	rc = lexicons_parse(l, name, language, (struct str){ all, n }, file, e);
	free(all);
	return rc;
}

int
lexicons_read(struct lexicons *l, const char *option, struct err *e)
{
	size_t name = strcspn(option, ":="), all = strcspn(option, "=");
	struct str language = STR("");

	if (!option[all] || !option[all + 1] || !name)
		return err_set(e, ERR_ARG,
		    "--lexicon '%s': give NAME=FILE or NAME:LANGUAGE=FILE",
		    option);
	if (name < all)
		language = (struct str){ option + name + 1, all - name - 1 };
	return lexicons_add(
	    l, (struct str){ option, name }, language, option + all + 1, e);
}

/* By the hash of the first unit, the longest first. */
static int
compare(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int c;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	if (x->text.n != y->text.n)
		return x->text.n > y->text.n ? -1 : 1;
	c = str_cmp(x->text, y->text);
	if (c == 0)
		c = (x->list > y->list) - (x->list < y->list);
	return c ? c : str_cmp(x->language, y->language);
}

int
lexicons_seal(struct lexicons *l, struct err *e)
{
	size_t i, slots = 64, at;

	if (!l->n)
		return 0;
	qsort(l->entries, l->n, sizeof(*l->entries), compare);
	while (slots < 4 * l->n)
		slots *= 2;
	l->slots = calloc(slots, sizeof(*l->slots));
	if (!l->slots)
		return err_nomem(e, "a list");
	l->mask = slots - 1;
	for (i = 0; i < l->n; i++) {
		if (i && l->entries[i].hash == l->entries[i - 1].hash)
			continue;
		for (at = l->entries[i].hash & l->mask; l->slots[at];)
			at = (at + 1) & l->mask;
		l->slots[at] = (uint32_t)i + 1;
	}
	return 0;
}

/* The first entry that begins with a unit of that hash, or NULL. */
static const struct entry *
entries_of(const struct lexicons *l, uint64_t hash)
{
	size_t at = hash & l->mask;

	for (; l->slots[at]; at = (at + 1) & l->mask)
		if (l->entries[l->slots[at] - 1].hash == hash)
			return &l->entries[l->slots[at] - 1];
	return NULL;
}

/* A search; places are in the text in lower case. */
struct search {
	const struct lexicons *l;
	struct str language;
	const char *low, *low_end;
	/* The same place in the text and in lower case. */
	const char *at, *at_end, *at_low;
	const char *busy[LEXICONS_MAX]; /* up to where lists have matched */
};

/* Where a place stands in the text; places don't go back. */
static const char *
place_of(struct search *s, const char *low)
{
	char out[4];
	uint32_t cp;
	size_t n;

	while (s->at_low < low) {
		n = fold(s->at, s->at_end, &cp);
		s->at += n;
		s->at_low += utf8_put(out, cp);
	}
	return s->at;
}

/* Does the entry stand at p, and no letter that its last word goes on with? */
static bool
stands_at(const struct search *s, const struct entry *x, const char *p)
{
	const char *end = p + x->text.n, *last = end - 1;
	size_t len;

	if ((size_t)(s->low_end - p) < x->text.n ||
	    memcmp(p, x->text.p, x->text.n) != 0)
		return false;
	if (end == s->low_end || !is_letter(utf8_get(end, s->low_end, &len)))
		return true;
	while (last > p && ((unsigned char)*last & 0xc0) == 0x80)
		last--;
	return !is_letter(utf8_get(last, end, &len));
}

static int
add_match(struct lexicon_found *f, struct lexicon_match m, struct err *e)
{
	size_t cap = f->cap ? 2 * f->cap : 64;
	struct lexicon_match *more;

	if (f->n == f->cap) {
		more = realloc(f->v, cap * sizeof(*more));
		if (!more)
			return err_nomem(e, "a text");
		f->v = more;
		f->cap = cap;
	}
	f->v[f->n++] = m;
	return 0;
}

static int
match_at(struct search *s, const char *text, const char *p, size_t unit,
    struct lexicon_found *f, struct err *e)
{
	const struct lexicons *l = s->l;
	const struct entry *x = entries_of(l, hash64(p, unit, 0));
	const struct entry *end = l->entries + l->n;
	uint64_t hash = x ? x->hash : 0;
	struct search behind;
	const char *start;

	for (; x && x < end && x->hash == hash; x++) {
		if (s->busy[x->list] > p || !stands_at(s, x, p) ||
		    (x->language.n && !str_eq(x->language, s->language)))
			continue;
		s->busy[x->list] = p + x->text.n;
		start = place_of(s, p);
		behind = *s;
		if (add_match(f,
			(struct lexicon_match){ (uint32_t)(start - text),
			    (uint32_t)(place_of(&behind, s->busy[x->list]) -
				       start),
			    x->list },
			e) < 0)
			return e->code;
	}
	return 0;
}

int
lexicons_find(const struct lexicons *l, struct str text, struct str language,
    struct lexicon_found *f, struct err *e)
{
	struct search s = { .l = l, .language = language };
	const char *p;
	size_t n, unit;
	bool word;

	f->n = f->words = 0;
	if (!text.n || !l->slots)
		return 0;
	if (text.n > UINT32_MAX)
		return err_set(e, ERR_ARG, "a text of over 4 GiB");
	if (fold_all(text, &f->low, &f->room, &n, e) < 0)
		return e->code;
	s.low = s.at_low = f->low;
	s.low_end = f->low + n;
	s.at = text.p;
	s.at_end = text.p + text.n;
	for (p = s.low; p < s.low_end; p += unit) {
		unit = unit_at(p, s.low_end, &word);
		f->words += word;
		if (*p != ' ' && match_at(&s, text.p, p, unit, f, e) < 0)
			return e->code;
	}
	return 0;
}

void
lexicon_found_free(struct lexicon_found *f)
{
	free(f->v);
	free(f->low);
	*f = (struct lexicon_found){ 0 };
}
