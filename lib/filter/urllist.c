/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/path.h"
#include "filter/urllist.h"
#include "filter/urlset.h"
#include "io/stream.h"

enum { LINE_MAX_BYTES = 4096, SOFT_WORDS = 2, LONGEST = 255 };

struct urllist {
	struct arena arena;
	const char *categories[URLSET_CATEGORIES];
	size_t ncategory;
	struct urlset set;
	bool any[URL_KINDS];      /* are there entries of the kind? */
	bool length[LONGEST + 1]; /* ... of substrings of so many bytes? */
	uint64_t begins[1024];    /* bits: what substrings begin with */
};

struct urllist *
urllist_new(void)
{
	return calloc(1, sizeof(struct urllist));
}

void
urllist_free(struct urllist *l)
{
	if (!l)
		return;
	arena_free(&l->arena);
	urlset_free(&l->set);
	free(l);
}

uint64_t
urllist_size(const struct urllist *l)
{
	return l->set.n;
}

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static bool
is_alnum(char c)
{
	return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9');
}

/* Host and path without what doesn't tell pages apart. */
static struct str
simple_page(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (s.p[i] == '?' || s.p[i] == '#')
			s.n = i;
	while (s.n && s.p[s.n - 1] == '/')
		s.n--;
	return s;
}

static struct str
simple_host(struct str s)
{
	while (s.n && s.p[s.n - 1] == '.')
		s.n--;
	return s;
}

static uint64_t
entry_hash(enum urllist_kind kind, struct str s)
{
	return hash64(s.p, s.n, kind);
}

static int
add_entry(struct urllist *l, enum urllist_kind kind, size_t category,
    struct str s, struct err *e)
{
	unsigned two;

	l->any[kind] = true;
	if (kind == URL_SUBSTRINGS) {
		two = (unsigned char)s.p[0] << 8 | (unsigned char)s.p[1];
		l->begins[two >> 6] |= UINT64_C(1) << (two & 63);
		l->length[s.n] = true;
	}
	return urlset_add(
	    &l->set, entry_hash(kind, s), (unsigned char)category, e);
}

static struct str
trim(struct str s)
{
	while (s.n && (unsigned char)s.p[0] <= ' ')
		s = (struct str){ s.p + 1, s.n - 1 };
	while (s.n && (unsigned char)s.p[s.n - 1] <= ' ')
		s.n--;
	return s;
}

/* A scheme and "www." at the start of s. */
static struct str
without_start(struct str s)
{
	size_t i;

	for (i = 0; i + 3 <= s.n && s.p[i] != '/' && s.p[i] != '?'; i++)
		if (memcmp(s.p + i, "://", 3) == 0) {
			s = (struct str){ s.p + i + 3, s.n - i - 3 };
			break;
		}
	if (str_starts(s, STR("//")))
		s = (struct str){ s.p + 2, s.n - 2 };
	if (str_starts(s, STR("www.")))
		s = (struct str){ s.p + 4, s.n - 4 };
	return s;
}

/* An entry in its one form, in place; ERR_FORMAT if it is none. */
static int
read_entry(enum urllist_kind kind, char *p, struct str *s, struct err *e)
{
	size_t i, n = 0;

	for (i = 0; i < s->n; i++) {
		if ((unsigned char)s->p[i] <= ' ' ||
		    (kind == URL_DOMAINS && s->p[i] == '/'))
			return err_set(e, ERR_FORMAT, "'%.*s' is no %s",
			    (int)(s->n < 80 ? s->n : 80), s->p,
			    kind == URL_DOMAINS ? "domain"
			    : kind == URL_PAGES ? "host and path"
						: "word");
		if (kind < URL_WORDS || is_alnum(s->p[i]))
			p[n++] = lower(s->p[i]);
	}
	*s = (struct str){ p, n };
	if (kind == URL_DOMAINS) {
		while (s->n && *s->p == '.')
			*s = (struct str){ s->p + 1, s->n - 1 };
		*s = simple_host(*s);
	} else if (kind == URL_PAGES) {
		*s = simple_page(without_start(*s));
	}
	if (!s->n || (kind == URL_SUBSTRINGS && (s->n < 2 || s->n > LONGEST)))
		return err_set(e, ERR_FORMAT,
		    kind == URL_SUBSTRINGS
			? "a substring has 2 to 255 letters and digits"
			: "an entry without letters and digits");
	return 0;
}

/* One file of entries. */
struct reader {
	struct urllist *l;
	const char *file;
	enum urllist_kind kind;
	size_t category;
	char line[LINE_MAX_BYTES];
	size_t n; /* of a line that isn't whole yet */
	uint64_t number;
};

static int
take_line(struct reader *r, struct err *e)
{
	struct str s = trim((struct str){ r->line, r->n });

	r->n = 0;
	r->number++;
	if (!s.n || *s.p == '#')
		return 0;
	if (read_entry(r->kind, r->line, &s, e) < 0)
		return err_prefix(
		    e, "%s, line %llu", r->file, (unsigned long long)r->number);
	return add_entry(r->l, r->kind, r->category, s, e);
}

static int
take_bytes(struct reader *r, const char *p, size_t n, struct err *e)
{
	const char *end = p + n, *stop;

	while (p < end) {
		stop = memchr(p, '\n', (size_t)(end - p));
		n = (size_t)((stop ? stop : end) - p);
		if (r->n + n > sizeof(r->line))
			return err_set(e, ERR_FORMAT,
			    "%s, line %llu: over %d bytes", r->file,
			    (unsigned long long)r->number + 1, LINE_MAX_BYTES);
		memcpy(r->line + r->n, p, n);
		r->n += n;
		if (stop && take_line(r, e) < 0)
			return e->code;
		p += n + 1;
	}
	return 0;
}

static int
read_all(struct reader *r, struct in *in, struct err *e)
{
	static const size_t size = 1 << 16;
	char *piece = malloc(size);
	ptrdiff_t n = 0;
	int rc = piece ? 0 : err_nomem(e, "a list");

	while (rc == 0 && (n = in_read(in, piece, size, e)) > 0)
		rc = take_bytes(r, piece, (size_t)n, e);
	free(piece);
	if (rc < 0)
		return rc;
	if (n < 0)
		return err_prefix(e, "%s", r->file);
	return r->n ? take_line(r, e) : 0;
}

static int
read_file(struct urllist *l, const char *file, enum urllist_kind kind,
    size_t category, struct err *e)
{
	struct reader r = {
		.l = l, .file = file, .kind = kind, .category = category
	};
	struct in *in;
	int rc;

	if (in_open(&in, file, e) < 0)
		return e->code;
	rc = read_all(&r, in, e);
	in_close(in);
	return rc;
}

/* The name of the folder that the file is in. */
static struct str
folder_of(const char *file)
{
	const char *end = path_base(file), *p;

	if (end == file)
		return STR("");
	for (p = --end; p > file && p[-1] != '/';)
		p--;
	return (struct str){ p, (size_t)(end - p) };
}

static int
category_number(
    struct urllist *l, struct str name, size_t *number, struct err *e)
{
	struct str copy;
	size_t i;

	for (i = 0; i < l->ncategory; i++)
		if (str_eq(name, str_c(l->categories[i]))) {
			*number = i;
			return 0;
		}
	if (i == URLSET_CATEGORIES)
		return err_set(e, ERR_ARG, "over %d categories of URLs",
		    URLSET_CATEGORIES);
	copy = arena_dup(&l->arena, name);
	if (!copy.p)
		return err_nomem(e, "a list");
	l->categories[l->ncategory++] = copy.p;
	*number = i;
	return 0;
}

static bool
wanted(const struct strs *categories, struct str name)
{
	size_t i;

	for (i = 0; i < categories->n; i++)
		if (str_eq(name, categories->v[i]))
			return true;
	return categories->n == 0;
}

/* A file of a folder of lists; *taken: it is one. */
static int
take_file(struct urllist *l, const char *file, const struct strs *categories,
    bool *taken, struct err *e)
{
	const char *base = path_base(file);
	bool domains = strcmp(base, "domains") == 0;
	struct str name = folder_of(file);
	size_t number = 0;

	*taken = false;
	if ((!domains && strcmp(base, "urls") != 0) ||
	    !wanted(categories, name))
		return 0;
	*taken = true;
	if (category_number(l, name, &number, e) < 0)
		return e->code;
	return read_file(l, file, domains ? URL_DOMAINS : URL_PAGES, number, e);
}

static int
check_categories(struct urllist *l, const char *folder,
    const struct strs *categories, struct err *e)
{
	size_t i, k;

	for (i = 0; i < categories->n; i++) {
		for (k = 0; k < l->ncategory; k++)
			if (str_eq(categories->v[i], str_c(l->categories[k])))
				break;
		if (k == l->ncategory)
			return err_set(e, ERR_ARG, "%s has no category '%.*s'",
			    folder, (int)categories->v[i].n,
			    categories->v[i].p);
	}
	return 0;
}

int
urllist_add_folder(struct urllist *l, const char *folder,
    const struct strs *categories, struct err *e)
{
	char *args[] = { (char *)(uintptr_t)folder };
	bool taken, any = false;
	struct paths paths;
	size_t i;
	int rc = 0;

	if (paths_expand(&paths, args, 1, NULL, e) < 0)
		return e->code;
	for (i = 0; rc == 0 && i < paths.n; i++) {
		rc = take_file(l, paths.v[i], categories, &taken, e);
		any |= taken;
	}
	paths_free(&paths);
	if (rc < 0)
		return rc;
	rc = check_categories(l, folder, categories, e);
	if (rc == 0 && !any)
		rc = err_set(e, ERR_FORMAT,
		    "%s: no CATEGORY/domains or CATEGORY/urls in it", folder);
	return rc;
}

int
urllist_add_words(
    struct urllist *l, const char *file, enum urllist_kind kind, struct err *e)
{
	return read_file(l, file, kind, 0, e);
}

int
urllist_parse(struct urllist *l, enum urllist_kind kind, struct str category,
    struct str source, const char *file, struct err *e)
{
	struct reader r = { .l = l, .file = file, .kind = kind };

	if (kind <= URL_PAGES &&
	    category_number(l, category, &r.category, e) < 0)
		return e->code;
	if (take_bytes(&r, source.p, source.n, e) < 0)
		return e->code;
	return r.n ? take_line(&r, e) : 0;
}

int
urllist_seal(struct urllist *l, struct err *e)
{
	return urlset_seal(&l->set, e);
}

static bool
find(const struct urllist *l, enum urllist_kind kind, struct str s,
    struct urllist_hit *hit)
{
	static const char *const rules[] = { "url_domain", "url_page",
		"url_words", "url_soft_words", "url_substring" };
	int category = urlset_find(&l->set, entry_hash(kind, s));

	if (category < 0)
		return false;
	*hit = (struct urllist_hit){ rules[kind],
		kind < URL_WORDS ? l->categories[category] : NULL, s, 1, 0 };
	return true;
}

/* The host, and the page that begins with it, of a URL in lower case. */
static void
part_url(struct str url, struct str *host, struct str *page)
{
	size_t i, from = 0, to; /* host */

	*page = without_start(url);
	for (i = 0; i < page->n && !memchr("/?#", page->p[i], 3); i++)
		if (page->p[i] == '@')
			from = i + 1;
	to = i;
	page->p += from;
	page->n -= from;
	*host = (struct str){ page->p, to - from };
	if (from && str_starts(*page, STR("www."))) {
		page->p += 4;
		page->n -= 4;
		*host = (struct str){ page->p, to - from - 4 };
	}
	*page = simple_page(*page);
	for (i = host->n;
	     i > 0 && host->p[i - 1] >= '0' && host->p[i - 1] <= '9';)
		i--;
	if (i > 0 && host->p[i - 1] == ':')
		host->n = i - 1;
}

/* The host, or what is behind one of its dots. */
static bool
find_domain(const struct urllist *l, struct str host, struct urllist_hit *hit)
{
	const char *dot;

	for (host = simple_host(host); host.n;) {
		if (find(l, URL_DOMAINS, host, hit))
			return true;
		dot = memchr(host.p, '.', host.n);
		if (!dot)
			return false;
		host.n -= (size_t)(dot + 1 - host.p);
		host.p = dot + 1;
	}
	return false;
}

/* As the lists have it: without a port. */
static bool
find_page(const struct urllist *l, struct str host, struct str page, char *room,
    struct urllist_hit *hit)
{
	size_t skip = host.n;

	if (skip < page.n && page.p[skip] == ':')
		while (skip < page.n && page.p[skip] != '/')
			skip++;
	memcpy(room, host.p, host.n);
	memcpy(room + host.n, page.p + skip, page.n - skip);
	return find(
	    l, URL_PAGES, (struct str){ room, host.n + page.n - skip }, hit);
}

/* The next run of letters and digits from *i on; false at the end. */
static bool
next_word(struct str url, size_t *i, struct str *word)
{
	size_t from;

	while (*i < url.n && !is_alnum(url.p[*i]))
		++*i;
	for (from = *i; *i < url.n && is_alnum(url.p[*i]);)
		++*i;
	*word = (struct str){ url.p + from, *i - from };
	return word->n;
}

static bool
is_before(struct str url, struct str word)
{
	struct str other;
	size_t i = 0;

	while (next_word(url, &i, &other) && other.p < word.p)
		if (str_eq(other, word))
			return true;
	return false;
}

static bool
find_words(const struct urllist *l, struct str url, struct urllist_hit *hit)
{
	struct urllist_hit soft;
	struct str word;
	size_t i, n = 0;

	for (i = 0; l->any[URL_WORDS] && next_word(url, &i, &word);)
		if (find(l, URL_WORDS, word, hit))
			return true;
	for (i = 0; l->any[URL_SOFT_WORDS] && next_word(url, &i, &word);) {
		if (!find(l, URL_SOFT_WORDS, word, &soft) ||
		    is_before(url, word))
			continue;
		*hit = soft;
		if (++n < SOFT_WORDS)
			continue;
		hit->value = n;
		hit->threshold = SOFT_WORDS;
		return true;
	}
	hit->rule = NULL;
	return false;
}

static bool
find_substring(const struct urllist *l, struct str url, char *room,
    struct urllist_hit *hit)
{
	size_t i, n = 0, len;
	unsigned two;

	for (i = 0; i < url.n; i++)
		if (is_alnum(url.p[i]))
			room[n++] = url.p[i];
	for (i = 0; i + 2 <= n; i++) {
		two = (unsigned char)room[i] << 8 | (unsigned char)room[i + 1];
		if (!(l->begins[two >> 6] >> (two & 63) & 1))
			continue;
		for (len = 2; len <= LONGEST && i + len <= n; len++)
			if (l->length[len] &&
			    find(l, URL_SUBSTRINGS,
				(struct str){ room + i, len }, hit))
				return true;
	}
	return false;
}

int
urllist_look(const struct urllist *l, struct str url, struct urllist_scratch *s,
    struct urllist_hit *hit, struct err *e)
{
	struct str host, page;
	size_t i;
	char *more;

	*hit = (struct urllist_hit){ 0 };
	url = trim(url);
	/* The URL in lower case, and room for one made of it. */
	if (2 * url.n > s->room) {
		more = realloc(s->p, 2 * url.n);
		if (!more)
			return err_nomem(e, "a URL");
		s->p = more;
		s->room = 2 * url.n;
	}
	if (!url.n)
		return 0;
	for (i = 0; i < url.n; i++)
		s->p[i] = lower(url.p[i]);
	url.p = s->p;
	part_url(url, &host, &page);
	if ((l->any[URL_DOMAINS] && find_domain(l, host, hit)) ||
	    (l->any[URL_PAGES] &&
		find_page(l, host, page, s->p + url.n, hit)) ||
	    find_words(l, url, hit))
		return 0;
	if (l->any[URL_SUBSTRINGS])
		find_substring(l, url, s->p + url.n, hit);
	return 0;
}

void
urllist_scratch_free(struct urllist_scratch *s)
{
	free(s->p);
	*s = (struct urllist_scratch){ 0 };
}
