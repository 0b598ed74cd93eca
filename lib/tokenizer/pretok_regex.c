/* SPDX-License-Identifier: MIT */
/*
 * Any pattern, run by PCRE2.  \s is spelt out: with UCP PCRE2 counts U+180E
 * to it, which has not been White_Space since Unicode 6.3.  Properties are
 * extended to the last version that uclass.h knows.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/text/utf8.h"
#include "pretok_scan.h"
#include "uclass.h"

enum { JIT_STACK_MIN = 32 * 1024, JIT_STACK_MAX = 64 << 20 };

struct pretok_re {
	pcre2_code *code;
	pcre2_code *newer; /* for text that it takes, being slower, or NULL */
	unsigned version;  /* of Unicode, of PCRE2 */
};

struct pretok_re_scan {
	const struct pretok_re *re;
	const pcre2_code *code; /* one of re's */
	pcre2_match_data *match;
	pcre2_match_context *limits;
	pcre2_jit_stack *stack;
	struct str text;  /* valid: the caller's, or clean */
	struct str raw;   /* the caller's */
	struct buf clean; /* raw with U+FFFD for each stray byte */
	size_t at;        /* in text: pieces before it are out */
	size_t pending;   /* end of a match whose gap was put out, or 0 */
	size_t seen_text, seen_raw; /* the same place in both */
};

/*
 * \s outside and \s, \S inside classes, by properties.  \w is what Unicode
 * Technical Standard 18 says (letters, marks, digits, connectors).
 */
static void
spell_class(struct buf *b, char c, bool in_class)
{
	static const char word[] =
	    "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\x{200c}\\x{200d}";

	if (c == 's' && in_class)
		buf_puts(b, "\\p{Z}\\x09-\\x0d\\x{85}");
	else if (c == 's')
		buf_puts(b, "[\\p{Z}\\x09-\\x0d\\x{85}]");
	else if (c == 'S' && !in_class)
		buf_puts(b, "[^\\p{Z}\\x09-\\x0d\\x{85}]");
	else if (c == 'w')
		buf_printf(b, in_class ? "%s" : "[%s]", word);
	else if (c == 'W' && !in_class)
		buf_printf(b, "[^%s]", word);
	else
		buf_printf(b, "\\%c", c);
}

/* The version of Unicode that PCRE2 has. */
static unsigned
pcre2_version(void)
{
	char s[32] = "";

	return pcre2_config(PCRE2_CONFIG_UNICODE_VERSION, s) < 0
		   ? UNICODE_LAST
		   : (unsigned)atoi(s);
}

/*
 * \p{..} at p, of UNICODE_LAST where PCRE2, of a version, is older; \P{..} too,
 * but within a class, which can't say it.  Returns the bytes of it, 0 for
 * anything else.
 */
static size_t
spell_property(struct buf *b, const char *p, bool in_class, unsigned version)
{
	size_t n = strcspn(p, "}"), start = b->n, before;

	if ((p[1] != 'p' && (p[1] != 'P' || in_class)) || p[2] != '{' || !p[n])
		return 0;
	if (!in_class)
		buf_puts(b, p[1] == 'P' ? "[^" : "[");
	buf_puts(b, "\\p");
	buf_put(b, p + 2, n - 1);
	before = b->n;
	uclass_newer(b, (struct str){ p + 3, n - 3 }, version);
	if (b->n == before) {
		b->n = start;
		return 0;
	}
	if (!in_class)
		buf_putc(b, ']');
	return n + 1;
}

/* The [ of a class within a class, as in [a[bc]]: all of it is one class. */
static bool
is_nested(const char *p, size_t depth)
{
	return depth && p[1] != ':' && p[1] != '^' && strchr(p, ']');
}

/*
 * The regex as PCRE2 is to have it.  Classes nest there where these patterns
 * come from (Oniguruma, Rust's regex).
 */
static int
translate(const char *regex, unsigned version, struct buf *b, struct err *e)
{
	size_t depth = 0, n;
	const char *p, *end;

	for (p = regex; *p; p++) {
		if (*p == '\\' &&
		    (n = spell_property(b, p, depth > 0, version))) {
			p += n - 1;
		} else if (*p == '\\' && p[1]) {
			spell_class(b, *++p, depth > 0);
		} else if (depth && *p == '[' && p[1] == ':' &&
			   (end = strstr(p, ":]"))) {
			buf_put(b, p, (size_t)(end + 2 - p));
			p = end + 1;
		} else if (*p == '[' && is_nested(p, depth)) {
			depth++;
		} else if (*p == '[' && !depth) {
			depth = 1;
			buf_putc(b, '[');
			if (p[1] == '^')
				buf_putc(b, *++p);
			if (p[1] == ']')
				buf_putc(b, *++p);
		} else if (*p != ']' || !depth || --depth == 0) {
			buf_putc(b, *p);
		}
	}
	return buf_ok(b, e);
}

static int
compile_re(pcre2_code **to, struct str s, struct err *e)
{
	unsigned char msg[160];
	PCRE2_SIZE at = 0;
	int bad = 0;

	*to = pcre2_compile(
	    (PCRE2_SPTR)s.p, s.n, PCRE2_UTF | PCRE2_UCP, &bad, &at, NULL);
	if (!*to) {
		pcre2_get_error_message(bad, msg, sizeof(msg));
		return err_set(e, ERR_ARG,
		    "the pattern is no regex: %s (near byte %zu)", msg,
		    (size_t)at);
	}
	/* Without JIT support matching is slower, that's all. */
	pcre2_jit_compile(*to, PCRE2_JIT_COMPLETE);
	return 0;
}

/* The regex as it is, and with the code points that PCRE2 doesn't know. */
static int
compile_both(struct pretok_re *re, const char *regex, struct err *e)
{
	struct buf b = { 0 }, more = { 0 };
	int rc = translate(regex, UNICODE_LAST, &b, e);

	re->version = pcre2_version();
	if (rc == 0)
		rc = translate(regex, re->version, &more, e);
	if (rc == 0)
		rc = compile_re(&re->code, buf_view(&b), e);
	if (rc == 0 && !str_eq(buf_view(&b), buf_view(&more)))
		rc = compile_re(&re->newer, buf_view(&more), e);
	buf_free(&b);
	buf_free(&more);
	return rc;
}

int
pretok_re_open(struct pretok_re **out, const char *regex, struct err *e)
{
	struct pretok_re *re = calloc(1, sizeof(*re));
	int rc = re ? compile_both(re, regex, e) : err_nomem(e, "a pattern");

	if (rc < 0)
		pretok_re_close(re);
	*out = rc < 0 ? NULL : re;
	return rc;
}

void
pretok_re_close(struct pretok_re *re)
{
	if (!re)
		return;
	pcre2_code_free(re->code);
	pcre2_code_free(re->newer);
	free(re);
}

struct pretok_re_scan *
pretok_re_scan_new(const struct pretok_re *re, struct err *e)
{
	struct pretok_re_scan *s = calloc(1, sizeof(*s));

	if (!s) {
		err_nomem(e, "a pattern");
		return NULL;
	}
	s->re = re;
	s->match = pcre2_match_data_create(1, NULL);
	s->limits = pcre2_match_context_create(NULL);
	s->stack = pcre2_jit_stack_create(JIT_STACK_MIN, JIT_STACK_MAX, NULL);
	if (!s->match || !s->limits || !s->stack) {
		pretok_re_scan_free(s);
		err_nomem(e, "a pattern");
		return NULL;
	}
	pcre2_jit_stack_assign(s->limits, NULL, s->stack);
	return s;
}

void
pretok_re_scan_free(struct pretok_re_scan *s)
{
	if (!s)
		return;
	pcre2_match_data_free(s->match);
	pcre2_match_context_free(s->limits);
	pcre2_jit_stack_free(s->stack);
	buf_free(&s->clean);
	free(s);
}

/* The code for a text. */
static const pcre2_code *
code_for(const struct pretok_re *re, struct str s)
{
	return re->newer && uclass_has_newer(s, re->version) ? re->newer
							     : re->code;
}

int
pretok_re_takes(const struct pretok_re *re, struct str s)
{
	pcre2_match_data *m = pcre2_match_data_create(1, NULL);
	PCRE2_SIZE *place = m ? pcre2_get_ovector_pointer(m) : NULL;
	int rc = PCRE2_ERROR_NOMEMORY;

	if (m)
		rc = pcre2_match(code_for(re, s), (PCRE2_SPTR)s.p, s.n, 0,
		    PCRE2_NO_UTF_CHECK | PCRE2_NOTEMPTY, m, NULL);
	if (rc >= 0)
		rc = place[0] == 0 && place[1] == s.n;
	else if (rc == PCRE2_ERROR_NOMATCH)
		rc = 0;
	pcre2_match_data_free(m);
	return rc;
}

static int
clean_copy(struct pretok_re_scan *s, struct err *e)
{
	const uint8_t *p = (const uint8_t *)s->raw.p, *end = p + s->raw.n;
	size_t len;

	buf_clear(&s->clean);
	for (; p < end; p += len) {
		if (utf8_strict(p, end, &len) == UINT32_MAX)
			buf_puts(&s->clean, "\xef\xbf\xbd");
		else
			buf_put(&s->clean, p, len);
	}
	s->text = buf_view(&s->clean);
	return buf_ok(&s->clean, e);
}

int
pretok_re_start(struct pretok_re_scan *s, struct str text, struct err *e)
{
	s->raw = s->text = text;
	s->at = s->pending = s->seen_text = s->seen_raw = 0;
	if (!utf8_valid(text) && clean_copy(s, e) < 0)
		return e->code;
	s->code = code_for(s->re, s->text);
	return 0;
}

/* The place in raw of a place in text; places come in rising order. */
static size_t
to_raw(struct pretok_re_scan *s, size_t place)
{
	const uint8_t *raw = (const uint8_t *)s->raw.p;
	size_t len;

	if (s->text.p == s->raw.p)
		return place;
	while (s->seen_text < place) {
		if (utf8_strict(raw + s->seen_raw, raw + s->raw.n, &len) ==
		    UINT32_MAX)
			s->seen_text += 3;
		else
			s->seen_text += len;
		s->seen_raw += len;
	}
	return s->seen_raw;
}

/* The next match that isn't empty, from s->at on: 1, or 0. */
static int
find(struct pretok_re_scan *s, size_t *from, size_t *to, struct err *e)
{
	PCRE2_SIZE *place = pcre2_get_ovector_pointer(s->match);
	unsigned char msg[160];
	int rc;

	rc = pcre2_match(s->code, (PCRE2_SPTR)s->text.p, s->text.n, s->at,
	    PCRE2_NO_UTF_CHECK | PCRE2_NOTEMPTY, s->match, s->limits);
	if (rc == PCRE2_ERROR_NOMATCH)
		return 0;
	if (rc < 0) {
		pcre2_get_error_message(rc, msg, sizeof(msg));
		return err_set(e, ERR_FORMAT,
		    "the pattern gave up behind byte %zu: %s", to_raw(s, s->at),
		    msg);
	}
	*from = place[0];
	*to = place[1];
	return 1;
}

/* \K can make a match begin anywhere; only forward makes sense. */
static int
next_piece(struct pretok_re_scan *s, size_t *end, bool *match, struct err *e)
{
	size_t from = 0, to = 0;
	int rc;

	*match = true;
	if (s->pending) {
		*end = s->pending;
		s->pending = 0;
		return 1;
	}
	rc = find(s, &from, &to, e);
	if (rc < 0)
		return rc;
	if (rc == 0 || to <= s->at || from < s->at) {
		*end = s->text.n;
		*match = false;
	} else if (from > s->at) {
		*end = from;
		*match = false;
		s->pending = to;
	} else {
		*end = to;
	}
	return 1;
}

ptrdiff_t
pretok_re_next(
    struct pretok_re_scan *s, size_t *ends, size_t cap, struct err *e)
{
	size_t n = 0, end;
	bool match;
	int rc;

	while (n < cap && s->at < s->text.n) {
		rc = next_piece(s, &end, &match, e);
		if (rc < 0)
			return rc;
		s->at = end;
		ends[n++] = to_raw(s, end);
	}
	return (ptrdiff_t)n;
}

int
pretok_re_span(
    struct pretok_re_scan *s, size_t *end, bool *match, struct err *e)
{
	int rc;

	if (s->at >= s->text.n)
		return 0;
	rc = next_piece(s, end, match, e);
	if (rc < 0)
		return rc;
	s->at = *end;
	*end = to_raw(s, *end);
	return 1;
}
