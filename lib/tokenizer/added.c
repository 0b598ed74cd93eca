/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <utf8proc.h>

#include "added.h"
#include "base/err.h"
#include "base/text/uni.h"
#include "uclass.h"

static int
by_content(const void *a, const void *b)
{
	const struct added_entry *x = a, *y = b;

	return str_cmp(x->content, y->content);
}

/* The content as it will stand in normalised text, in s->contents. */
static int
add_entry(struct added_set *s, const struct bpe *b, const struct bpe_added *a,
    struct norm_work *w, struct err *e)
{
	struct str c = bpe_bytes(b, a->id);

	if (a->normalized && norm_run(&b->norm, &c, w, e) < 0)
		return e->code;
	if (!c.n)
		return 0;
	/* The buffer moves: for now a place in it. */
	s->v[s->n].content = (struct str){ NULL, c.n };
	s->v[s->n++].token = a;
	buf_str(&s->contents, c);
	return buf_ok(&s->contents, e);
}

static void
place_entries(struct added_set *s)
{
	size_t i, at = 0;

	for (i = 0; i < s->n; i++) {
		s->v[i].content.p = s->contents.p + at;
		at += s->v[i].content.n;
		s->first[(uint8_t)s->v[i].content.p[0]] = true;
	}
	qsort(s->v, s->n, sizeof(*s->v), by_content);
}

int
added_init(struct added_set *s, const struct bpe *b, bool normalized,
    bool (*want)(void *ctx, const struct bpe_added *a), void *ctx,
    struct err *e)
{
	struct norm_work w = { 0 };
	int rc = 0;
	size_t i;

	*s = (struct added_set){ .classes = uclass_table(0) };
	s->v = calloc(b->nadded + 1, sizeof(*s->v));
	if (!s->v)
		return err_nomem(e, "added tokens");
	for (i = 0; rc == 0 && i < b->nadded; i++)
		if (b->added[i].normalized == normalized &&
		    want(ctx, &b->added[i]))
			rc = add_entry(s, b, &b->added[i], &w, e);
	if (rc == 0)
		place_entries(s);
	norm_work_free(&w);
	return rc;
}

void
added_free(struct added_set *s)
{
	free(s->v);
	buf_free(&s->contents);
	*s = (struct added_set){ 0 };
}

/* The byte of entry i at a depth; -1 for its end, which sorts first. */
static int
byte_at(const struct added_set *s, size_t i, size_t depth)
{
	struct str c = s->v[i].content;

	return depth < c.n ? (uint8_t)c.p[depth] : -1;
}

/* The first entry of [lo, hi) whose byte at depth is >= c. */
static size_t
lower_bound(
    const struct added_set *s, size_t lo, size_t hi, size_t depth, int c)
{
	size_t mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (byte_at(s, mid, depth) < c)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* The longest entry that text begins with at `at`, or NULL. */
static const struct added_entry *
longest(const struct added_set *s, struct str text, size_t at)
{
	const struct added_entry *best = NULL;
	size_t lo = 0, hi = s->n, depth;
	int c;

	for (depth = 0; lo < hi && at + depth < text.n; depth++) {
		c = (uint8_t)text.p[at + depth];
		lo = lower_bound(s, lo, hi, depth, c);
		hi = lower_bound(s, lo, hi, depth, c + 1);
		if (lo < hi && s->v[lo].content.n == depth + 1)
			best = &s->v[lo];
	}
	return best;
}

/* A word character as \w of Unicode Technical Standard 18 has it. */
static bool
is_word(uint32_t cp)
{
	utf8proc_category_t c;

	if (cp < 0x80)
		return uni_is_word(cp);
	if (cp == UINT32_MAX)
		return false;
	if (cp == 0x200c || cp == 0x200d || (cp >= 0x24b6 && cp <= 0x24e9) ||
	    (cp >= 0x1f130 && cp <= 0x1f149) ||
	    (cp >= 0x1f150 && cp <= 0x1f169) ||
	    (cp >= 0x1f170 && cp <= 0x1f189))
		return true;
	c = utf8proc_category((utf8proc_int32_t)cp);
	return c == UTF8PROC_CATEGORY_PC || c == UTF8PROC_CATEGORY_NL ||
	       uni_class(cp) & (UNI_LETTER | UNI_MARK | UNI_DIGIT);
}

/* The character that ends at `at`: its code point and class. */
static uint32_t
char_before(const struct added_set *s, struct str text, size_t at,
    unsigned *class, size_t *len)
{
	const uint8_t *base = (const uint8_t *)text.p, *end = base + at;
	uint32_t cp = utf8_strict_before(base, end, len);
	size_t n = *len;

	*class = uclass_get(s->classes, end - n, end, len);
	return cp;
}

static bool
is_single_word(
    const struct added_set *s, struct str text, size_t from, size_t to)
{
	const uint8_t *base = (const uint8_t *)text.p;
	unsigned class;
	uint32_t cp;
	size_t len;

	if (from) {
		cp = char_before(s, text, from, &class, &len);
		if (is_word(cp))
			return false;
	}
	if (to == text.n)
		return true;
	return !is_word(utf8_strict(base + to, base + text.n, &len));
}

static size_t
strip_left(const struct added_set *s, struct str text, size_t least, size_t at)
{
	unsigned class;
	size_t len;

	while (at > least) {
		char_before(s, text, at, &class, &len);
		if (class != UC_SPACE || at - len < least)
			break;
		at -= len;
	}
	return at;
}

static size_t
strip_right(const struct added_set *s, struct str text, size_t at)
{
	const uint8_t *base = (const uint8_t *)text.p;
	size_t len;

	while (at < text.n && uclass_get(s->classes, base + at, base + text.n,
				  &len) == UC_SPACE)
		at += len;
	return at;
}

bool
added_find(const struct added_set *s, struct str text, size_t from,
    struct added_match *m)
{
	const struct added_entry *hit;
	size_t at, to;

	for (at = from; s->n && at < text.n; at++) {
		if (!s->first[(uint8_t)text.p[at]])
			continue;
		hit = longest(s, text, at);
		if (!hit)
			continue;
		to = at + hit->content.n;
		if (hit->token->single_word &&
		    !is_single_word(s, text, at, to)) {
			at = to - 1;
			continue;
		}
		*m = (struct added_match){ at, to, hit->token->id };
		if (hit->token->lstrip)
			m->from = strip_left(s, text, from, at);
		if (hit->token->rstrip)
			m->to = strip_right(s, text, to);
		return true;
	}
	return false;
}
