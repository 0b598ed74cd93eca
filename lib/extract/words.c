/* SPDX-License-Identifier: MIT */
#include "extract/words.h"
#include "extract/field.h"
#include "extract/lookup.h"

static const struct {
	const char *s;
	int group;
} words[] = {
	{ "abonnieren", WORDS_ACTION },
	{ "accessibility", WORDS_LEGAL },
	{ "account", WORDS_ACTION },
	{ "add", WORDS_SHOP },
	{ "agb", WORDS_LEGAL },
	{ "ago", WORDS_BYLINE },
	{ "am", WORDS_BYLINE },
	{ "anmelden", WORDS_ACTION },
	{ "apr", WORDS_BYLINE },
	{ "april", WORDS_BYLINE },
	{ "aug", WORDS_BYLINE },
	{ "august", WORDS_BYLINE },
	{ "author", WORDS_BYLINE },
	{ "aviso", WORDS_LEGAL },
	{ "back", WORDS_ACTION },
	{ "buscar", WORDS_ACTION },
	{ "buy", WORDS_SHOP },
	{ "by", WORDS_BYLINE },
	{ "cancel", WORDS_ACTION },
	{ "cart", WORDS_SHOP },
	{ "cerca", WORDS_ACTION },
	{ "checkout", WORDS_SHOP },
	{ "click", WORDS_ACTION },
	{ "close", WORDS_ACTION },
	{ "color", WORDS_SHOP },
	{ "comentarios", WORDS_ACTION },
	{ "comment", WORDS_ACTION },
	{ "comments", WORDS_ACTION },
	{ "compare", WORDS_SHOP },
	{ "compartir", WORDS_ACTION },
	{ "condividi", WORDS_ACTION },
	{ "confidentialit\xc3"
	  "\xa9"
	  "",
	    WORDS_LEGAL },
	{ "continue", WORDS_ACTION },
	{ "cookie", WORDS_LEGAL },
	{ "cookierichtlinie", WORDS_LEGAL },
	{ "cookies", WORDS_LEGAL },
	{ "copyright", WORDS_LEGAL },
	{ "credit", WORDS_BYLINE },
	{ "datenschutz", WORDS_LEGAL },
	{ "dec", WORDS_BYLINE },
	{ "december", WORDS_BYLINE },
	{ "delivery", WORDS_SHOP },
	{ "derechos", WORDS_LEGAL },
	{ "disclaimer", WORDS_LEGAL },
	{ "discount", WORDS_SHOP },
	{ "download", WORDS_ACTION },
	{ "drucken", WORDS_ACTION },
	{ "edited", WORDS_BYLINE },
	{ "editor", WORDS_BYLINE },
	{ "email", WORDS_ACTION },
	{ "eur", WORDS_SHOP },
	{ "facebook", WORDS_ACTION },
	{ "feb", WORDS_BYLINE },
	{ "february", WORDS_BYLINE },
	{ "follow", WORDS_ACTION },
	{ "getty", WORDS_BYLINE },
	{ "hide", WORDS_ACTION },
	{ "home", WORDS_ACTION },
	{ "hours", WORDS_BYLINE },
	{ "image", WORDS_BYLINE },
	{ "impressum", WORDS_LEGAL },
	{ "imprimer", WORDS_ACTION },
	{ "imprimir", WORDS_ACTION },
	{ "imprint", WORDS_LEGAL },
	{ "inc", WORDS_LEGAL },
	{ "instagram", WORDS_ACTION },
	{ "jan", WORDS_BYLINE },
	{ "january", WORDS_BYLINE },
	{ "join", WORDS_ACTION },
	{ "jul", WORDS_BYLINE },
	{ "july", WORDS_BYLINE },
	{ "jun", WORDS_BYLINE },
	{ "june", WORDS_BYLINE },
	{ "kommentar", WORDS_ACTION },
	{ "kommentare", WORDS_ACTION },
	{ "leer", WORDS_ACTION },
	{ "legal", WORDS_LEGAL },
	{ "lieferung", WORDS_SHOP },
	{ "like", WORDS_ACTION },
	{ "linkedin", WORDS_ACTION },
	{ "lire", WORDS_ACTION },
	{ "llc", WORDS_LEGAL },
	{ "loading", WORDS_ACTION },
	{ "log", WORDS_ACTION },
	{ "login", WORDS_ACTION },
	{ "l\xc3"
	  "\xa9"
	  "gales",
	    WORDS_LEGAL },
	{ "mar", WORDS_BYLINE },
	{ "march", WORDS_BYLINE },
	{ "may", WORDS_BYLINE },
	{ "mehr", WORDS_ACTION },
	{ "mentions", WORDS_LEGAL },
	{ "menu", WORDS_ACTION },
	{ "min", WORDS_BYLINE },
	{ "minutes", WORDS_BYLINE },
	{ "more", WORDS_ACTION },
	{ "m\xc3"
	  "\xa1"
	  "s",
	    WORDS_ACTION },
	{ "newsletter", WORDS_ACTION },
	{ "next", WORDS_ACTION },
	{ "nov", WORDS_BYLINE },
	{ "november", WORDS_BYLINE },
	{ "oct", WORDS_BYLINE },
	{ "october", WORDS_BYLINE },
	{ "off", WORDS_SHOP },
	{ "order", WORDS_SHOP },
	{ "panier", WORDS_SHOP },
	{ "par", WORDS_BYLINE },
	{ "partager", WORDS_ACTION },
	{ "photo", WORDS_BYLINE },
	{ "pinterest", WORDS_ACTION },
	{ "pm", WORDS_BYLINE },
	{ "policy", WORDS_LEGAL },
	{ "popular", WORDS_ACTION },
	{ "por", WORDS_BYLINE },
	{ "posted", WORDS_BYLINE },
	{ "preis", WORDS_SHOP },
	{ "prev", WORDS_ACTION },
	{ "previous", WORDS_ACTION },
	{ "price", WORDS_SHOP },
	{ "print", WORDS_ACTION },
	{ "privacidad", WORDS_LEGAL },
	{ "privacy", WORDS_LEGAL },
	{ "published", WORDS_BYLINE },
	{ "qty", WORDS_SHOP },
	{ "quantity", WORDS_SHOP },
	{ "rating", WORDS_SHOP },
	{ "ratings", WORDS_SHOP },
	{ "read", WORDS_ACTION },
	{ "recommended", WORDS_ACTION },
	{ "register", WORDS_ACTION },
	{ "related", WORDS_ACTION },
	{ "reply", WORDS_ACTION },
	{ "reservados", WORDS_LEGAL },
	{ "reserved", WORDS_LEGAL },
	{ "returns", WORDS_SHOP },
	{ "review", WORDS_SHOP },
	{ "reviews", WORDS_SHOP },
	{ "rights", WORDS_LEGAL },
	{ "sale", WORDS_SHOP },
	{ "save", WORDS_SHOP },
	{ "search", WORDS_ACTION },
	{ "send", WORDS_ACTION },
	{ "sep", WORDS_BYLINE },
	{ "sept", WORDS_BYLINE },
	{ "september", WORDS_BYLINE },
	{ "share", WORDS_ACTION },
	{ "shipping", WORDS_SHOP },
	{ "show", WORDS_ACTION },
	{ "sign", WORDS_ACTION },
	{ "sitemap", WORDS_LEGAL },
	{ "size", WORDS_SHOP },
	{ "skip", WORDS_ACTION },
	{ "sku", WORDS_SHOP },
	{ "stars", WORDS_SHOP },
	{ "stock", WORDS_SHOP },
	{ "submit", WORDS_ACTION },
	{ "subscribe", WORDS_ACTION },
	{ "suche", WORDS_ACTION },
	{ "suite", WORDS_ACTION },
	{ "teilen", WORDS_ACTION },
	{ "terms", WORDS_LEGAL },
	{ "top", WORDS_ACTION },
	{ "trademark", WORDS_LEGAL },
	{ "trademarks", WORDS_LEGAL },
	{ "trending", WORDS_ACTION },
	{ "tweet", WORDS_ACTION },
	{ "twitter", WORDS_ACTION },
	{ "uhr", WORDS_BYLINE },
	{ "updated", WORDS_BYLINE },
	{ "usd", WORDS_SHOP },
	{ "ver\xc3"
	  "\xb6"
	  "ffentlicht",
	    WORDS_BYLINE },
	{ "view", WORDS_ACTION },
	{ "views", WORDS_BYLINE },
	{ "von", WORDS_BYLINE },
	{ "warenkorb", WORDS_SHOP },
	{ "warranty", WORDS_SHOP },
	{ "weiterlesen", WORDS_ACTION },
	{ "whatsapp", WORDS_ACTION },
	{ "wishlist", WORDS_SHOP },
	{ "written", WORDS_BYLINE },
	{ "youtube", WORDS_ACTION },
};

static struct lookup word_groups;
/* Letters in lower case, bytes of others as they are; 0: not of a word. */
static char folded[256];

void
words_init(void)
{
	size_t i;
	int c;

	if (folded['a'])
		return;
	for (c = 0; c < 256; c++) {
		char low = field_lower((char)c);

		if ((low >= 'a' && low <= 'z') || c >= 0x80)
			folded[c] = low;
	}
	for (i = 0; i < sizeof(words) / sizeof(*words); i++)
		lookup_add(&word_groups, words[i].s, (uint32_t)words[i].group);
}

static void
count_word(const struct lookup_word *word, struct cues *c)
{
	uint32_t group = lookup_find(&word_groups, word, UINT32_MAX);

	if (group != UINT32_MAX && c->n[group] < UINT8_MAX)
		c->n[group]++;
}

void
cues_count(struct str s, struct cues *c)
{
	const unsigned char *p = (const unsigned char *)s.p, *end = p + s.n;
	struct lookup_word word;
	size_t n;

	while (p < end) {
		while (p < end && !folded[*p])
			p++;
		word = (struct lookup_word){ 0, 0 };
		for (n = 0; p < end && folded[*p]; p++, n++)
			lookup_put(&word, folded[*p]);
		if (n && n <= LOOKUP_BYTES)
			count_word(&word, c);
	}
}
