/* SPDX-License-Identifier: MIT */
#include "base/hash.h"
#include "extract/class.h"
#include "extract/lookup.h"
#include "extract/field.h"
#include "extract/page.h"

struct word {
	const char *s;
	uint32_t bits;
};

/* Whole words, sorted. */
static const struct word words[] = {
	{ "ad", E_JUNK },
	{ "addtocart", E_PRODUCT },
	{ "ads", E_JUNK },
	{ "answer", E_FORUM },
	{ "answers", E_FORUM },
	{ "api", E_DOCS },
	{ "archive", E_CARDS },
	{ "article", E_CONTENT | E_BLOG },
	{ "articlebody", E_ARTICLE },
	{ "author", E_WEAK | E_BLOG },
	{ "banner", E_JUNK },
	{ "basket", E_PRODUCT },
	{ "bio", E_WEAK },
	{ "blog", E_BLOG },
	{ "body", E_CONTENT },
	{ "buy", E_PRODUCT },
	{ "byline", E_WEAK | E_BLOG },
	{ "caption", E_FIGURE },
	{ "card", E_CARDS },
	{ "cards", E_CARDS },
	{ "cart", E_PRODUCT },
	{ "categories", E_CARDS },
	{ "category", E_CARDS },
	{ "clients", E_SERVICE },
	{ "codehilite", E_DOCS },
	{ "collection", E_CARDS },
	{ "collections", E_CARDS },
	{ "comment", E_COMMENT },
	{ "contact", E_SERVICE },
	{ "content", E_CONTENT },
	{ "contentinfo", E_FOOTER },
	{ "cookie", E_JUNK },
	{ "cookies", E_JUNK },
	{ "credit", E_FIGURE },
	{ "credits", E_WEAK },
	{ "cta", E_SERVICE },
	{ "date", E_WEAK },
	{ "dateline", E_WEAK },
	{ "directory", E_CARDS },
	{ "disclaimer", E_WEAK },
	{ "discourse", E_FORUM },
	{ "discussion", E_FORUM },
	{ "doc", E_DOCS },
	{ "docs", E_DOCS },
	{ "documentation", E_DOCS },
	{ "docusaurus", E_DOCS },
	{ "elementor", E_SERVICE },
	{ "entry", E_CONTENT | E_BLOG },
	{ "faq", E_SERVICE },
	{ "feature", E_SERVICE },
	{ "features", E_SERVICE },
	{ "footer", E_FOOTER },
	{ "forum", E_FORUM },
	{ "forums", E_FORUM },
	{ "gallery", E_CARDS },
	{ "gdpr", E_JUNK },
	{ "gitbook", E_DOCS },
	{ "grid", E_CARDS },
	{ "guide", E_DOCS },
	{ "headline", E_BLOG },
	{ "hentry", E_CONTENT },
	{ "hero", E_SERVICE },
	{ "highlight", E_DOCS },
	{ "home", E_SERVICE },
	{ "item", E_CARDS },
	{ "items", E_CARDS },
	{ "landing", E_SERVICE },
	{ "list", E_CARDS },
	{ "listing", E_CARDS },
	{ "listings", E_CARDS },
	{ "login", E_JUNK },
	{ "loop", E_CARDS },
	{ "main", E_MAIN },
	{ "manual", E_DOCS },
	{ "markdown", E_DOCS },
	{ "masthead", E_HEADER },
	{ "mediawiki", E_DOCS },
	{ "menu", E_NAV },
	{ "message", E_FORUM },
	{ "messages", E_FORUM },
	{ "meta", E_WEAK },
	{ "metadata", E_WEAK },
	{ "mkdocs", E_DOCS },
	{ "modal", E_JUNK },
	{ "more", E_WEAK },
	{ "nav", E_NAV },
	{ "navbar", E_NAV },
	{ "navbox", E_NAV },
	{ "navi", E_NAV },
	{ "navigation", E_NAV },
	{ "news", E_BLOG },
	{ "noprint", E_WEAK },
	{ "offer", E_PRODUCT },
	{ "pager", E_NAV },
	{ "pagination", E_NAV },
	{ "partners", E_SERVICE },
	{ "phpbb", E_FORUM },
	{ "plans", E_SERVICE },
	{ "popular", E_JUNK },
	{ "popup", E_JUNK },
	{ "post", E_CONTENT | E_BLOG },
	{ "postbody", E_FORUM },
	{ "poster", E_FORUM },
	{ "posts", E_FORUM },
	{ "price", E_PRODUCT },
	{ "prices", E_PRODUCT },
	{ "pricing", E_SERVICE },
	{ "product", E_PRODUCT },
	{ "products", E_PRODUCT },
	{ "promo", E_JUNK },
	{ "question", E_FORUM },
	{ "quote", E_FORUM },
	{ "rating", E_WEAK },
	{ "readme", E_DOCS },
	{ "recommend", E_JUNK },
	{ "recommended", E_JUNK },
	{ "reference", E_DOCS },
	{ "related", E_JUNK },
	{ "reply", E_COMMENT },
	{ "respond", E_COMMENT },
	{ "result", E_CARDS },
	{ "results", E_CARDS },
	{ "rss", E_JUNK },
	{ "search", E_JUNK },
	{ "service", E_SERVICE },
	{ "services", E_SERVICE },
	{ "share", E_JUNK },
	{ "sharing", E_JUNK },
	{ "shop", E_PRODUCT },
	{ "showthread", E_FORUM },
	{ "signin", E_JUNK },
	{ "signup", E_JUNK },
	{ "single", E_BLOG },
	{ "skip", E_JUNK },
	{ "sku", E_PRODUCT },
	{ "slider", E_SERVICE },
	{ "social", E_JUNK },
	{ "sphinx", E_DOCS },
	{ "sponsor", E_JUNK },
	{ "sponsored", E_JUNK },
	{ "store", E_PRODUCT },
	{ "story", E_CONTENT | E_BLOG },
	{ "tag", E_CARDS },
	{ "tags", E_WEAK },
	{ "teaser", E_WEAK },
	{ "teasers", E_JUNK },
	{ "testimonial", E_SERVICE },
	{ "testimonials", E_SERVICE },
	{ "text", E_CONTENT },
	{ "thread", E_FORUM },
	{ "threads", E_FORUM },
	{ "tile", E_CARDS },
	{ "tiles", E_CARDS },
	{ "timestamp", E_WEAK },
	{ "toc", E_DOCS },
	{ "toolbar", E_NAV },
	{ "topic", E_FORUM },
	{ "topics", E_FORUM },
	{ "trending", E_JUNK },
	{ "tutorial", E_DOCS },
	{ "userinfo", E_FORUM },
	{ "variant", E_PRODUCT },
	{ "vbulletin", E_FORUM },
	{ "viewtopic", E_FORUM },
	{ "vitepress", E_DOCS },
	{ "widget", E_WEAK },
	{ "wiki", E_DOCS },
	{ "woocommerce", E_PRODUCT },
	{ "xenforo", E_FORUM },
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

static struct lookup class_words;
/* By a byte, any case: the parts whose first, second, third byte it is. */
static uint32_t part_bytes[3][256];
/* Letters and digits in lower case; 0: anything else. */
static char folded[256];

void
class_init(void)
{
	const char *part;
	size_t i, k;
	int c;

	if (folded['a'])
		return;
	for (c = 0; c < 256; c++) {
		char low = field_lower((char)c);

		if ((low >= 'a' && low <= 'z') || field_is_digit(low))
			folded[c] = low;
	}
	for (i = 0; i < sizeof(words) / sizeof(*words); i++)
		lookup_add(&class_words, words[i].s, words[i].bits);
	for (i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		for (k = 0, part = parts[i].s; k < 3; k++) {
			part_bytes[k][(unsigned char)part[k]] |= 1u << i;
			part_bytes[k][(unsigned char)part[k] - 32] |= 1u << i;
		}
}

static bool
is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static uint32_t
look_up(struct lookup_word *word, size_t n)
{
	uint32_t bits = 0;

	if (n && n <= LOOKUP_BYTES)
		bits = lookup_find(&class_words, word, 0);
	*word = (struct lookup_word){ 0, 0 };
	return bits;
}

static uint32_t
all_words(struct str v)
{
	struct lookup_word word = { 0, 0 };
	uint32_t bits = 0;
	size_t i, n = 0;

	for (i = 0; i < v.n; i++) {
		char c = folded[(unsigned char)v.p[i]];
		bool hump = n && is_upper(v.p[i]) && !is_upper(v.p[i - 1]);

		if (!c || hump) {
			bits |= look_up(&word, n);
			n = 0;
		}
		if (c) {
			lookup_put(&word, c);
			n++;
		}
	}
	return bits | look_up(&word, n);
}

/* Does s begin with `lower`, any case? */
static bool
begins(struct str s, const char *lower)
{
	size_t i;

	for (i = 0; lower[i]; i++)
		if (i == s.n || field_lower(s.p[i]) != lower[i])
			return false;
	return true;
}

static uint32_t
all_parts(struct str v)
{
	uint32_t bits = 0, may;

	for (; v.n > 5; v.p++, v.n--) {
		may = part_bytes[0][(unsigned char)v.p[0]] &
		      part_bytes[1][(unsigned char)v.p[1]] &
		      part_bytes[2][(unsigned char)v.p[2]];
		for (; may; may &= may - 1) {
			int i = __builtin_ctz(may);

			if (begins(v, parts[i].s))
				bits |= parts[i].bits;
		}
	}
	return bits;
}

static uint32_t
find_bits(struct str v)
{
	return all_words(v) | all_parts(v);
}

uint32_t
class_bits_by_hash(struct class_cache *c, struct str value, uint64_t h)
{
	size_t i = h % CLASS_CACHE;

	h += h == 0; /* 0 marks an empty slot */
	if (c->slot[i].key != h) {
		c->slot[i].key = h;
		c->slot[i].bits = find_bits(value);
	}
	return c->slot[i].bits;
}

uint32_t
class_bits(struct class_cache *c, struct str value)
{
	return class_bits_by_hash(c, value, hash64(value.p, value.n, 0));
}
