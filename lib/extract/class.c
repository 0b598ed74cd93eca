/* SPDX-License-Identifier: MIT */
#include "base/hash.h"
#include "extract/class.h"
#include "extract/field.h"
#include "extract/page.h"

enum { MAX_WORD = 24 };

struct word {
	const char *s;
	uint32_t bits;
};

/* Whole words, sorted. */
static const struct word words[] = {
	{ "ad", E_JUNK },
	{ "ads", E_JUNK },
	{ "article", E_CONTENT },
	{ "articlebody", E_ARTICLE },
	{ "author", E_WEAK },
	{ "banner", E_JUNK },
	{ "bio", E_WEAK },
	{ "body", E_CONTENT },
	{ "byline", E_WEAK },
	{ "caption", E_FIGURE },
	{ "comment", E_COMMENT },
	{ "content", E_CONTENT },
	{ "contentinfo", E_FOOTER },
	{ "cookie", E_JUNK },
	{ "cookies", E_JUNK },
	{ "credit", E_FIGURE },
	{ "credits", E_WEAK },
	{ "date", E_WEAK },
	{ "dateline", E_WEAK },
	{ "disclaimer", E_WEAK },
	{ "entry", E_CONTENT },
	{ "footer", E_FOOTER },
	{ "gdpr", E_JUNK },
	{ "hentry", E_CONTENT },
	{ "login", E_JUNK },
	{ "main", E_MAIN },
	{ "masthead", E_HEADER },
	{ "menu", E_NAV },
	{ "meta", E_WEAK },
	{ "metadata", E_WEAK },
	{ "modal", E_JUNK },
	{ "more", E_WEAK },
	{ "nav", E_NAV },
	{ "navbar", E_NAV },
	{ "navbox", E_NAV },
	{ "navi", E_NAV },
	{ "navigation", E_NAV },
	{ "noprint", E_WEAK },
	{ "pager", E_NAV },
	{ "pagination", E_NAV },
	{ "popular", E_JUNK },
	{ "popup", E_JUNK },
	{ "post", E_CONTENT },
	{ "promo", E_JUNK },
	{ "rating", E_WEAK },
	{ "recommend", E_JUNK },
	{ "recommended", E_JUNK },
	{ "related", E_JUNK },
	{ "reply", E_COMMENT },
	{ "respond", E_COMMENT },
	{ "rss", E_JUNK },
	{ "search", E_JUNK },
	{ "share", E_JUNK },
	{ "sharing", E_JUNK },
	{ "signin", E_JUNK },
	{ "signup", E_JUNK },
	{ "skip", E_JUNK },
	{ "social", E_JUNK },
	{ "sponsor", E_JUNK },
	{ "sponsored", E_JUNK },
	{ "story", E_CONTENT },
	{ "tags", E_WEAK },
	{ "teaser", E_WEAK },
	{ "teasers", E_JUNK },
	{ "text", E_CONTENT },
	{ "timestamp", E_WEAK },
	{ "toolbar", E_NAV },
	{ "trending", E_JUNK },
	{ "widget", E_WEAK },
};

/* Found anywhere. */
static const struct word parts[] = {
	{ "addthis", E_JUNK },
	{ "advert", E_JUNK },
	{ "articlebody", E_ARTICLE },
	{ "breadcrumb", E_NAV },
	{ "comments", E_COMMENT },
	{ "disqus", E_COMMENT },
	{ "newsletter", E_JUNK },
	{ "outbrain", E_JUNK },
	{ "promotion", E_JUNK },
	{ "screen-reader", E_HIDDEN },
	{ "sharedaddy", E_JUNK },
	{ "sidebar", E_ASIDE },
	{ "signup", E_JUNK },
	{ "socialshar", E_JUNK },
	{ "subscri", E_JUNK },
	{ "taboola", E_JUNK },
	{ "tagcloud", E_JUNK },
	{ "visually-hidden", E_HIDDEN },
	{ "visuallyhidden", E_HIDDEN },
};

/* A name's bits count together. */
static uint32_t
word_bits(const char *s, size_t n)
{
	size_t lo = 0, hi = sizeof(words) / sizeof(*words), mid;
	struct str key = { s, n };
	int c;

	while (lo < hi) {
		mid = (lo + hi) / 2;
		c = str_cmp(key, str_c(words[mid].s));
		if (c == 0)
			return words[mid].bits;
		if (c < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return 0;
}

static bool
is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool
is_alnum(char c)
{
	c = field_lower(c);
	return (c >= 'a' && c <= 'z') || field_is_digit(c);
}

static uint32_t
all_words(struct str v)
{
	char word[MAX_WORD];
	uint32_t bits = 0;
	size_t i, n = 0;

	for (i = 0; i <= v.n; i++) {
		bool in = i < v.n && is_alnum(v.p[i]);
		bool hump =
		    in && i && is_upper(v.p[i]) && !is_upper(v.p[i - 1]);

		if ((!in || hump) && n) {
			bits |= word_bits(word, n);
			n = 0;
		}
		if (in && n < MAX_WORD)
			word[n++] = field_lower(v.p[i]);
	}
	return bits;
}

static uint32_t
find_bits(struct str v)
{
	uint32_t bits = all_words(v);
	size_t i;

	for (i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		if (field_find(v, parts[i].s))
			bits |= parts[i].bits;
	return bits;
}

uint32_t
class_bits(struct class_cache *c, struct str value)
{
	uint64_t h = hash64(value.p, value.n, 0);
	size_t i = h % CLASS_CACHE;

	h += h == 0; /* 0 marks an empty slot */
	if (c->key[i] != h) {
		c->key[i] = h;
		c->bits[i] = find_bits(value);
	}
	return c->bits[i];
}
