/* SPDX-License-Identifier: MIT */
/*
 * The first pass over wikitext: comments, references and templates go, links
 * become their labels, tags their effect.  One walk with a stack of what is
 * open, so that anything unclosed costs nothing but itself.
 *
 * Source: https://www.mediawiki.org/wiki/Help:Formatting, Help:Links,
 * Help:Templates.
 */
#include "extract/corpus.h"
#include "extract/field.h"

enum { MAX_OPEN = 200, MAX_TAG = 20, MAX_ATTS = 2000 };

struct opened {
	size_t at; /* in out */
	char kind; /* '{' or '[' */
};

struct strip {
	struct corpus_wikitext *w;
	struct str s;
	size_t i;
	struct buf *out;
	struct opened open[MAX_OPEN];
	size_t n, deeper;  /* open ones; those beyond the limit */
	uint64_t unclosed; /* tags whose end was looked for in vain */
};

static bool
at(const struct strip *t, const char *what)
{
	size_t n = strlen(what);

	return t->s.n - t->i >= n && memcmp(t->s.p + t->i, what, n) == 0;
}

/* The n-th unnamed argument of "name|a|b|k=v", from 1; or nothing. */
static struct str
argument(struct str s, int nth)
{
	size_t i, from = 0, eq = 0;
	bool named = false;

	for (i = 0; i <= s.n; i++) {
		if (i < s.n && s.p[i] == '=' && !named && i > eq)
			named = true;
		if (i < s.n && s.p[i] != '|')
			continue;
		if (!named || from == 0) {
			if (nth-- == 0)
				return field_trim(
				    (struct str){ s.p + from, i - from });
		}
		from = eq = i + 1;
		named = false;
	}
	return (struct str){ NULL, 0 };
}

/* Templates that stand for text: which argument is it? */
static int
text_argument(struct str name)
{
	static const struct {
		const char *name;
		int arg;
	} known[] = { { "lang", 2 }, { "nowrap", 1 }, { "nobr", 1 },
		{ "small", 1 }, { "smallcaps", 1 }, { "sc", 1 }, { "em", 1 },
		{ "strong", 1 }, { "kbd", 1 }, { "var", 1 }, { "mvar", 1 },
		{ "math", 1 }, { "abbr", 1 }, { "vanchor", 1 },
		{ "visible anchor", 1 }, { "quote", 1 }, { "blockquote", 1 },
		{ "cquote", 1 }, { "term", 1 }, { "defn", 1 }, { "code", 1 },
		{ "big", 1 }, { "nihongo", 1 }, { "transl", 2 },
		{ "transliteration", 2 }, { "langx", 2 }, { "ill", 1 },
		{ "interlanguage link", 1 }, { "linktext", 1 }, { "val", 1 },
		{ "audio", 2 }, { "not a typo", 1 }, { "sic", 1 },
		{ "chem", 1 }, { "chem2", 1 }, { "ipa", 1 } };
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (field_is(name, known[i].name))
			return known[i].arg;
	return str_starts(name, STR("lang-")) ? 1 : 0;
}

static const char *
sign_of(struct str name)
{
	static const char *const signs[][2] = { { "ndash", "\u2013" },
		{ "mdash", "\u2014" }, { "snd", " \u2013 " },
		{ "spaced ndash", " \u2013 " }, { "nbsp", " " },
		{ "spaces", " " }, { "=", "=" }, { "'", "'" }, { "\"", "\"" },
		{ "dot", " \u00b7 " }, { "\u00b7", " \u00b7 " },
		{ "bullet", " \u2022 " }, { "half", "\u00bd" } };
	size_t i;

	for (i = 0; i < sizeof(signs) / sizeof(*signs); i++)
		if (field_is(name, signs[i][0]))
			return signs[i][1];
	return NULL;
}

/* out[from..] is a template's inside: leave the text that it stands for. */
static void
close_template(struct strip *t, size_t from)
{
	struct str s = { t->out->p + from, t->out->n - from }, name, text;
	struct buf kept = { 0 };
	const char *sign;
	int arg;

	name = argument(s, 0);
	arg = text_argument(name);
	sign = sign_of(name);
	if (sign) {
		buf_puts(&kept, sign);
	} else if (arg) {
		buf_str(&kept, argument(s, arg));
	} else if (field_is(name, "convert") || field_is(name, "cvt")) {
		buf_str(&kept, argument(s, 1));
		buf_putc(&kept, ' ');
		buf_str(&kept, argument(s, 2));
	} else if (field_is(name, "as of")) {
		text = argument(s, 1);
		buf_puts(&kept, "as of ");
		buf_str(&kept, text);
	}
	t->out->n = from;
	buf_str(t->out, buf_view(&kept));
	t->out->oom |= kept.oom;
	buf_free(&kept);
}

static bool
same_name(struct str a, struct str b)
{
	size_t i;

	if (a.n != b.n || !a.n)
		return false;
	for (i = 0; i < a.n; i++)
		if (field_lower(a.p[i]) != field_lower(b.p[i]))
			return false;
	return true;
}

/* "fr", "pt-br", "zh-min-nan": the page in another language. */
static bool
is_language(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (!(s.p[i] >= 'a' && s.p[i] <= 'z') && s.p[i] != '-')
			return false;
	return s.n == 2 || s.n == 3 || (s.n < 13 && s.n > 3 && s.p[2] == '-') ||
	       str_eq(s, STR("simple"));
}

static void
add_category(struct strip *t, struct str name)
{
	struct buf *b = &t->w->categories;

	name = field_trim(name);
	if (!name.n)
		return;
	if (b->n)
		buf_putc(b, ',');
	buf_json_lossy(b, name);
}

/* Files, categories, other languages show nothing in the text. */
static bool
is_hidden(struct strip *t, struct str target)
{
	const char *colon = target.n ? memchr(target.p, ':', target.n) : NULL;
	struct str space, rest;

	if (!colon)
		return false;
	space =
	    field_trim((struct str){ target.p, (size_t)(colon - target.p) });
	rest = (struct str){ colon + 1,
		target.n - (size_t)(colon + 1 - target.p) };
	if (field_is(space, "category") || same_name(space, t->w->category)) {
		add_category(t, rest);
		return true;
	}
	return field_is(space, "file") || field_is(space, "image") ||
	       field_is(space, "media") || same_name(space, t->w->file) ||
	       is_language(space);
}

/* out[from..] is a link's inside: leave its label. */
static void
close_link(struct strip *t, size_t from)
{
	struct str s = { t->out->p + from, t->out->n - from }, label = s;
	const char *bar = s.n ? memchr(s.p, '|', s.n) : NULL;
	struct str target = { s.p, bar ? (size_t)(bar - s.p) : s.n };

	if (target.n && target.p[0] == ':') {
		target.p++;
		target.n--;
		label = target;
	} else if (is_hidden(t, target)) {
		t->out->n = from;
		return;
	}
	if (bar)
		label = (struct str){ bar + 1, s.n - (size_t)(bar + 1 - s.p) };
	memmove(t->out->p + from, label.p, label.n);
	t->out->n = from + label.n;
}

static void
push(struct strip *t, char kind)
{
	t->i += 2;
	if (t->n == MAX_OPEN) {
		t->deeper++;
		return;
	}
	t->open[t->n++] = (struct opened){ t->out->n, kind };
}

/* "}}" or "]]": what it closes, if anything of its kind is open. */
static void
close_any(struct strip *t, char kind)
{
	size_t n = t->n;

	t->i += 2;
	if (t->deeper) {
		t->deeper--;
		return;
	}
	if (kind == '{')
		while (n && t->open[n - 1].kind != kind)
			n--;
	if (!n || t->open[n - 1].kind != kind)
		return;
	t->n = n - 1;
	(kind == '{' ? close_template : close_link)(t, t->open[n - 1].at);
}

/* The name of the tag at '<', in lower case; false if it is none. */
static bool
tag_name(const struct strip *t, char name[MAX_TAG])
{
	size_t i = t->i + 1, n = 0;

	if (i < t->s.n && t->s.p[i] == '/')
		i++;
	for (; i < t->s.n && n + 1 < MAX_TAG; i++) {
		char c = field_lower(t->s.p[i]);

		if (!(c >= 'a' && c <= 'z') && !(n && field_is_digit(c)))
			break;
		name[n++] = c;
	}
	name[n] = '\0';
	return n > 0 && i < t->s.n;
}

/* Where "</name" begins behind from; s.n if nowhere, which is remembered. */
static size_t
find_close(struct strip *t, const char *name, int bit, size_t from)
{
	struct str rest = { t->s.p + from, t->s.n - from };
	char close[MAX_TAG + 3] = "</";
	const char *hit;

	if (t->unclosed >> bit & 1)
		return t->s.n;
	strcat(close, name);
	hit = field_find(rest, close);
	if (!hit)
		t->unclosed |= UINT64_C(1) << bit;
	return hit ? (size_t)(hit - t->s.p) : t->s.n;
}

/* Behind the tag that begins at i; i if it doesn't end soon. */
static size_t
skip_tag(const struct strip *t, size_t i)
{
	size_t end = t->s.n - i < MAX_ATTS ? t->s.n : i + MAX_ATTS, j;

	for (j = i + 1; j < end && t->s.p[j] != '<'; j++)
		if (t->s.p[j] == '>')
			return j + 1;
	return i;
}

static void
put_raw(struct strip *t, struct str s)
{
	size_t i;

	buf_putc(t->out, WIKITEXT_RAW);
	for (i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= ' ' || s.p[i] == '\n' ||
		    s.p[i] == '\t')
			buf_putc(t->out, s.p[i]);
	buf_putc(t->out, WIKITEXT_END);
}

/* <syntaxhighlight lang="c"> and <pre>. */
static void
put_code(struct strip *t, struct str atts, struct str code)
{
	struct buf b = { 0 };

	while (code.n && code.p[0] == '\n') {
		code.p++;
		code.n--;
	}
	while (code.n && field_is_space(code.p[code.n - 1]))
		code.n--;
	if (t->w->markdown) {
		buf_puts(&b, "```");
		buf_str(&b, corpus_xml_att(atts, "lang"));
		buf_putc(&b, '\n');
	}
	buf_str(&b, code);
	if (t->w->markdown)
		buf_puts(&b, "\n```");
	buf_puts(t->out, "\n\n");
	put_raw(t, buf_view(&b));
	buf_puts(t->out, "\n\n");
	t->out->oom |= b.oom;
	buf_free(&b);
}

static void
put_math(struct strip *t, struct str tex)
{
	tex = field_trim(tex);
	buf_putc(t->out, '$');
	put_raw(t, tex);
	buf_putc(t->out, '$');
}

/* Tags whose inside is not wikitext: 'x' goes, 'n' stays, code, math. */
static const struct {
	const char *name;
	char effect;
} blocks[] = { { "ref", 'x' }, { "gallery", 'x' }, { "timeline", 'x' },
	{ "imagemap", 'x' }, { "score", 'x' }, { "templatestyles", 'x' },
	{ "graph", 'x' }, { "mapframe", 'x' }, { "maplink", 'x' },
	{ "hiero", 'x' }, { "chem", 'x' }, { "ce", 'x' }, { "style", 'x' },
	{ "script", 'x' }, { "nowiki", 'n' }, { "pre", 'c' },
	{ "syntaxhighlight", 'c' }, { "source", 'c' }, { "math", 'm' } };

static bool
block_tag(struct strip *t, const char *name)
{
	size_t b, end, inside;
	struct str s, atts;

	for (b = 0; b < sizeof(blocks) / sizeof(*blocks); b++)
		if (strcmp(blocks[b].name, name) == 0)
			break;
	if (b == sizeof(blocks) / sizeof(*blocks))
		return false;
	inside = skip_tag(t, t->i);
	atts = (struct str){ t->s.p + t->i, inside - t->i };
	t->i = inside;
	if (atts.n < 3 || atts.p[1] == '/' || atts.p[atts.n - 2] == '/')
		return true;
	end = find_close(t, name, (int)b, inside);
	if (end == t->s.n)
		return true;
	s = (struct str){ t->s.p + inside, end - inside };
	if (blocks[b].effect == 'n')
		put_raw(t, s);
	else if (blocks[b].effect == 'c')
		put_code(t, atts, s);
	else if (blocks[b].effect == 'm')
		put_math(t, s);
	t->i = skip_tag(t, end);
	return true;
}

static void
tag(struct strip *t)
{
	static const char *const lines[] = { "p", "div", "blockquote", "center",
		"poem", "dl", "dd", "dt", "ul", "ol", NULL };
	char name[MAX_TAG];
	size_t i;

	if (!tag_name(t, name) || skip_tag(t, t->i) == t->i) {
		buf_putc(t->out, t->s.p[t->i++]);
		return;
	}
	if (block_tag(t, name))
		return;
	t->i = skip_tag(t, t->i);
	if (strcmp(name, "br") == 0)
		buf_putc(t->out, '\n');
	for (i = 0; lines[i]; i++)
		if (strcmp(name, lines[i]) == 0)
			buf_puts(t->out, "\n\n");
	if (strcmp(name, "li") == 0)
		buf_puts(t->out, "\n* ");
}

static void
comment(struct strip *t)
{
	struct str rest = { t->s.p + t->i, t->s.n - t->i };
	size_t n = t->unclosed >> 63 ? rest.n : corpus_find(rest, STR("-->"));

	if (n == rest.n) {
		t->unclosed |= UINT64_C(1) << 63;
		t->i += 4;
	} else {
		t->i += n + 3;
	}
}

void
corpus_wikitext_strip(struct corpus_wikitext *w, struct str s, struct buf *out)
{
	struct strip t = { .w = w, .s = s, .out = out };
	unsigned char c;

	if (!buf_room(out, s.n + 1)) /* never without a place */
		return;
	while (t.i < s.n) {
		c = (unsigned char)s.p[t.i];
		if (c == '<' && at(&t, "<!--"))
			comment(&t);
		else if (c == '<')
			tag(&t);
		else if (at(&t, "{{"))
			push(&t, '{');
		else if (at(&t, "[["))
			push(&t, '[');
		else if (at(&t, "}}"))
			close_any(&t, '{');
		else if (at(&t, "]]"))
			close_any(&t, '[');
		else if (c >= ' ' || c == '\n' || c == '\t')
			buf_putc(out, s.p[t.i++]);
		else
			t.i++;
	}
}
