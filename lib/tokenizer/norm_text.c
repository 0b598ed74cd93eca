/* SPDX-License-Identifier: MIT */
/* Steps that go by the properties of characters. */
#include <stdlib.h>
#include <utf8proc.h>

#include "base/err.h"
#include "base/text/uni.h"
#include "base/text/utf8.h"
#include "normalize.h"
#include "uage.h"
#include "uclass.h"

/* ---- the Unicode forms ---- */

static int
map_form(utf8proc_uint8_t **to, size_t *nto, const char *p, size_t n,
    enum norm_kind k, struct err *e)
{
	bool compose = k == NORM_NFC || k == NORM_NFKC;
	utf8proc_option_t how = UTF8PROC_STABLE;
	utf8proc_ssize_t len;

	how |= compose ? UTF8PROC_COMPOSE : UTF8PROC_DECOMPOSE;
	if (k == NORM_NFKC || k == NORM_NFKD)
		how |= UTF8PROC_COMPAT;
	len = utf8proc_map(
	    (const utf8proc_uint8_t *)p, (utf8proc_ssize_t)n, to, how);
	if (len < 0)
		return err_set(e, ERR_FORMAT, "normalising a text: %s",
		    utf8proc_errmsg(len));
	*nto = (size_t)len;
	return 0;
}

/* The end of the grapheme at `at` in s, which is well-formed up to `to`. */
static size_t
grapheme_end(struct str s, size_t at, size_t to)
{
	const uint8_t *p = (const uint8_t *)s.p;
	utf8proc_int32_t state = 0;
	uint32_t cp, next;
	size_t len;

	cp = utf8_strict(p + at, p + to, &len);
	for (at += len; at < to; at += len, cp = next) {
		next = utf8_strict(p + at, p + to, &len);
		if (utf8proc_grapheme_break_stateful(
			(utf8proc_int32_t)cp, (utf8proc_int32_t)next, &state))
			break;
	}
	return at;
}

/* Each grapheme on its own tells where the bytes come from. */
static int
form_by_graphemes(struct norm_out *o, struct str s, size_t from, size_t to,
    enum norm_kind k, struct err *e)
{
	utf8proc_uint8_t *p;
	size_t end, n;

	for (; from < to; from = end) {
		end = grapheme_end(s, from, to);
		if (map_form(&p, &n, s.p + from, end - from, k, e) < 0)
			return e->code;
		norm_put(o, from, end, (char *)p, n);
		free(p);
	}
	return 0;
}

static int
form_run(struct norm_out *o, struct str s, size_t from, size_t to,
    enum norm_kind k, struct err *e)
{
	utf8proc_uint8_t *p;
	size_t n;

	if (o->map)
		return form_by_graphemes(o, s, from, to, k, e);
	if (map_form(&p, &n, s.p + from, to - from, k, e) < 0)
		return e->code;
	norm_put(o, from, to, (char *)p, n);
	free(p);
	return 0;
}

/*
 * The end of the characters at `at` that Unicode 9 has, or, if the first is
 * none of these, of that.
 */
static size_t
known_end(struct str s, size_t at, size_t to, bool *known)
{
	const uint8_t *p = (const uint8_t *)s.p;
	size_t i, len;
	uint32_t cp;

	*known = true;
	for (i = at; i < to; i += len) {
		cp = utf8_strict(p + i, p + to, &len);
		if (cp < 0x80 || !uage_behind_9(cp))
			continue;
		*known = i > at;
		return *known ? i : i + len;
	}
	return to;
}

/*
 * What isn't assigned joins with nothing, so that both sides of it have forms
 * of their own.
 */
static int
form_valid(struct norm_out *o, struct str s, size_t from, size_t to,
    enum norm_kind k, struct err *e)
{
	size_t end;
	bool known;
	int rc = 0;

	for (; rc == 0 && from < to; from = end) {
		end = known_end(s, from, to, &known);
		if (known)
			rc = form_run(o, s, from, end, k, e);
		else
			norm_put(o, from, end, s.p + from, end - from);
	}
	return rc;
}

int
norm_form(struct norm_out *o, struct str s, enum norm_kind k, struct err *e)
{
	size_t at, run;
	int rc = 0;

	for (at = 0; rc == 0 && at < s.n; at += run) {
		run = utf8_valid_prefix((struct str){ s.p + at, s.n - at });
		if (run) {
			rc = form_valid(o, s, at, at + run, k, e);
		} else {
			run = 1;
			norm_put(o, at, at + 1, s.p + at, 1);
		}
	}
	return rc;
}

/* ---- character by character ---- */

/* Small letters; those of Unicode 16 and 17, which utf8proc may lack. */
static uint32_t
to_lower(uint32_t cp)
{
	switch (cp) {
	case 0x1c89:
	case 0xa7cc:
	case 0xa7ce:
	case 0xa7d2:
	case 0xa7d4:
	case 0xa7da:
		return cp + 1;
	case 0xa7cb:
		return 0x264;
	case 0xa7dc:
		return 0x19b;
	default:
		break;
	}
	if (cp >= 0x10d50 && cp <= 0x10d65)
		return cp + 0x20;
	if (cp >= 0x16ea0 && cp <= 0x16eb8)
		return cp + 0x1b;
	return (uint32_t)utf8proc_tolower((utf8proc_int32_t)cp);
}

void
norm_lower(struct norm_out *o, struct str s)
{
	const uint8_t *p = (const uint8_t *)s.p;
	size_t at, len;
	uint32_t cp;
	char to[4];

	for (at = 0; at < s.n; at += len) {
		cp = utf8_strict(p + at, p + s.n, &len);
		if (cp == 0x130) /* its small form is two characters */
			norm_put(o, at, at + len, "i\xcc\x87", 3);
		else if (cp == UINT32_MAX)
			norm_put(o, at, at + 1, s.p + at, 1);
		else
			norm_put(
			    o, at, at + len, to, utf8_put(to, to_lower(cp)));
	}
}

/* Of class Mn in Unicode 8; later classes of a few are others. */
static bool
is_nonspacing(uint32_t cp)
{
	if (cp == 0x1734)
		return true;
	return utf8proc_category((utf8proc_int32_t)cp) ==
		   UTF8PROC_CATEGORY_MN &&
	       !uage_behind_8(cp) && cp != 0x1885 && cp != 0x1886 &&
	       cp != 0xa9bd && cp != 0x111c9;
}

/* Of class M in Unicode 9. */
static bool
is_mark(uint32_t cp)
{
	utf8proc_category_t c = utf8proc_category((utf8proc_int32_t)cp);

	if (cp == 0x1cf2 || cp == 0x1cf3)
		return true;
	return (c == UTF8PROC_CATEGORY_MN || c == UTF8PROC_CATEGORY_MC ||
		   c == UTF8PROC_CATEGORY_ME) &&
	       !uage_behind_9(cp) && cp != 0x111c9;
}

void
norm_unaccent(struct norm_out *o, struct str s, bool all_marks)
{
	const uint8_t *p = (const uint8_t *)s.p;
	size_t at, len;
	uint32_t cp;

	for (at = 0; at < s.n; at += len) {
		cp = utf8_strict(p + at, p + s.n, &len);
		if (cp == UINT32_MAX ||
		    !(all_marks ? is_mark(cp) : is_nonspacing(cp)))
			norm_put(o, at, at + len, s.p + at, len);
	}
}

static bool
nmt_drops(uint32_t cp)
{
	return (cp >= 1 && cp <= 8) || cp == 0xb || (cp >= 0xe && cp <= 0x1f) ||
	       cp == 0x7f || cp == 0x8f || cp == 0x9f;
}

static bool
nmt_space(uint32_t cp)
{
	return cp == 9 || cp == 10 || cp == 12 || cp == 13 || cp == 0x1680 ||
	       (cp >= 0x200b && cp <= 0x200f) || cp == 0x2028 || cp == 0x2029 ||
	       cp == 0x2581 || cp == 0xfeff || cp == 0xfffd;
}

void
norm_nmt(struct norm_out *o, struct str s)
{
	const uint8_t *p = (const uint8_t *)s.p;
	size_t at, len;
	uint32_t cp;

	for (at = 0; at < s.n; at += len) {
		cp = utf8_strict(p + at, p + s.n, &len);
		if (nmt_drops(cp))
			continue;
		if (nmt_space(cp))
			norm_put(o, at, at + len, " ", 1);
		else
			norm_put(o, at, at + len, s.p + at, len);
	}
}

/* ---- BERT ---- */

static bool
is_chinese(uint32_t cp)
{
	return (cp >= 0x4e00 && cp <= 0x9fff) ||
	       (cp >= 0x3400 && cp <= 0x4dbf) ||
	       (cp >= 0x20000 && cp <= 0x2a6df) ||
	       (cp >= 0x2a700 && cp <= 0x2b73f) ||
	       (cp >= 0x2b740 && cp <= 0x2b81f) ||
	       (cp >= 0x2b920 && cp <= 0x2ceaf) ||
	       (cp >= 0xf900 && cp <= 0xfaff) ||
	       (cp >= 0x2f800 && cp <= 0x2fa1f);
}

/* Categories C* of Unicode 8; what is unassigned counts for none. */
static bool
is_control(uint32_t cp)
{
	utf8proc_category_t c = utf8proc_category((utf8proc_int32_t)cp);

	return (c == UTF8PROC_CATEGORY_CC || c == UTF8PROC_CATEGORY_CF ||
		   c == UTF8PROC_CATEGORY_CO) &&
	       !uage_behind_8(cp);
}

/* Clean a character and set Chinese ones apart. */
static void
bert_char(const struct norm_step *st, struct norm_out *o, struct str s,
    size_t at, size_t len, uint32_t cp)
{
	bool space = cp != UINT32_MAX && uni_class(cp) & UNI_SPACE;

	if (cp == UINT32_MAX) {
		norm_put(o, at, at + len, s.p + at, len);
		return;
	}
	if (st->clean && cp != '\t' && cp != '\n' && cp != '\r' &&
	    (!cp || cp == 0xfffd || is_control(cp)))
		return;
	if (st->clean && space) {
		norm_put(o, at, at + len, " ", 1);
	} else if (st->chinese && is_chinese(cp)) {
		norm_put(o, at, at + len, " ", 1);
		norm_put(o, at, at + len, s.p + at, len);
		norm_put(o, at, at + len, " ", 1);
	} else {
		norm_put(o, at, at + len, s.p + at, len);
	}
}

void
norm_bert(const struct norm_step *st, struct norm_out *o, struct str s)
{
	const uint8_t *p = (const uint8_t *)s.p;
	size_t at, len;
	uint32_t cp;

	for (at = 0; at < s.n; at += len) {
		cp = utf8_strict(p + at, p + s.n, &len);
		bert_char(st, o, s, at, len, cp);
	}
}
