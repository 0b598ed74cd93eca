/* SPDX-License-Identifier: MIT */
#include "normalize.h"

#include <stdlib.h>
#include <utf8proc.h>

#include "base/err.h"
#include "base/text/utf8.h"
#include "uclass.h"

static const char *const names[] = {
	[NORM_NFC] = "NFC",
	[NORM_NFD] = "NFD",
	[NORM_NFKC] = "NFKC",
	[NORM_NFKD] = "NFKD",
	[NORM_LOWERCASE] = "Lowercase",
	[NORM_PREPEND] = "Prepend",
};

const char *
norm_name(enum norm_kind k)
{
	return names[k];
}

int
norm_find(struct str name)
{
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (str_eq(name, str_c(names[i])))
			return (int)i;
	return -1;
}

int
norm_add(struct norm *n, enum norm_kind k, struct err *e)
{
	if (n->n == NORM_STEPS)
		return err_set(
		    e, ERR_FORMAT, "normalizer: over %d steps", NORM_STEPS);
	n->steps[n->n++] = k;
	return 0;
}

bool
norm_can_cut(const struct norm *n)
{
	size_t i;

	for (i = 0; i < n->n; i++)
		if (n->steps[i] == NORM_PREPEND)
			return false;
	return true;
}

/* ---- the Unicode forms ---- */

/* Bytes at the front that are ASCII, which every form leaves alone. */
static size_t
ascii_run(const uint8_t *p, size_t n)
{
	size_t i;

	for (i = 0; i < n && p[i] < 0x80; i++)
		;
	return i;
}

/* Bytes at the front that are well-formed. */
static size_t
valid_run(const uint8_t *p, size_t n)
{
	size_t i = 0, len;

	while (i < n && utf8_strict(p + i, p + n, &len) != UINT32_MAX)
		i += len;
	return i;
}

static int
put_form(struct buf *out, const uint8_t *p, size_t n, enum norm_kind k,
    struct err *e)
{
	bool compose = k == NORM_NFC || k == NORM_NFKC;
	bool compat = k == NORM_NFKC || k == NORM_NFKD;
	utf8proc_option_t how = UTF8PROC_STABLE;
	utf8proc_uint8_t *to;
	utf8proc_ssize_t len;

	how |= compose ? UTF8PROC_COMPOSE : UTF8PROC_DECOMPOSE;
	if (compat)
		how |= UTF8PROC_COMPAT;
	len = utf8proc_map(p, (utf8proc_ssize_t)n, &to, how);
	if (len < 0)
		return err_set(e, ERR_FORMAT, "normalising a text: %s",
		    utf8proc_errmsg(len));
	buf_put(out, to, (size_t)len);
	free(to);
	return 0;
}

static int
form(struct buf *out, const uint8_t *p, size_t n, enum norm_kind k,
    struct err *e)
{
	size_t run;
	int rc = 0;

	for (; rc == 0 && n; p += run, n -= run) {
		run = valid_run(p, n);
		if (run) {
			rc = put_form(out, p, run, k, e);
		} else {
			run = 1;
			buf_putc(out, (char)*p);
		}
	}
	return rc;
}

/* ---- other steps ---- */

static void
put_lower(struct buf *out, uint32_t cp)
{
	char *to = buf_room(out, 8);

	if (!to)
		return;
	/* The one letter whose small form is two characters. */
	if (cp == 0x130) {
		buf_puts(out, "i\xcc\x87");
		return;
	}
	cp = (uint32_t)utf8proc_tolower((utf8proc_int32_t)cp);
	out->n += (size_t)utf8_put(to, cp);
}

static void
lowercase(struct buf *out, const uint8_t *p, size_t n)
{
	const uint8_t *end = p + n;
	uint32_t cp;
	size_t len;

	for (; p < end; p += len) {
		cp = utf8_strict(p, end, &len);
		if (cp == UINT32_MAX)
			buf_putc(out, (char)*p);
		else
			put_lower(out, cp);
	}
}

static int
step(const struct norm *n, enum norm_kind k, struct str text, struct buf *out,
    struct err *e)
{
	const uint8_t *p = (const uint8_t *)text.p;
	int rc = 0;

	buf_clear(out);
	if (k == NORM_LOWERCASE) {
		lowercase(out, p, text.n);
	} else if (k == NORM_PREPEND) {
		buf_puts(out, n->prefix);
		buf_str(out, text);
	} else {
		rc = form(out, p, text.n, k, e);
	}
	return rc < 0 ? rc : buf_ok(out, e);
}

int
norm_run(
    const struct norm *n, struct str *text, struct buf to[2], struct err *e)
{
	size_t i, k = 0;

	for (i = 0; text->n && i < n->n; i++) {
		if (n->steps[i] < NORM_LOWERCASE &&
		    ascii_run((const uint8_t *)text->p, text->n) == text->n)
			continue;
		if (step(n, n->steps[i], *text, &to[k], e) < 0)
			return e->code;
		*text = buf_view(&to[k]);
		k = !k;
	}
	return 0;
}
