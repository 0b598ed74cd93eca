/* SPDX-License-Identifier: MIT */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "filter/pii_fineweb.h"

#include <pcre2.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "filter/pii_find.h"

#define ATOM "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
#define LABEL "[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
#define BYTE "(?:25[0-5]|2[0-4][0-9]|[01]?[0-9][0-9]?"

static const char email_pattern[] =
    "\\b" ATOM "(?:\\." ATOM ")*@(?:(?:" LABEL "\\.)+" LABEL "|\\[(?:" BYTE
    ")\\.){3}" BYTE "|[A-Za-z0-9-]*[A-Za-z0-9]:)])";
static const char ip_pattern[] = "(?:" BYTE ")\\.){3}" BYTE ")";

static const char *const emails[] = { "email@example.com",
	"firstname.lastname@example.org" };
/* Addresses that answered nobody when they were drawn. */
static const char *const ips[] = { "22.214.171.124", "126.96.36.199",
	"188.8.131.52", "184.108.40.206", "220.127.116.11", "18.104.22.168" };

/* A pattern and what takes its matches' places, in turn. */
struct replacer {
	pcre2_code *code;
	pcre2_match_data *match;
	enum pii_type type;
	const char *const *with;
	size_t nwith;
	bool (*check)(struct str match); /* or NULL */
};

struct pii_fineweb {
	struct replacer email, ip;
	struct buf first, second;
};

/* Python's ipaddress: no leading zeros, no private network; multicast is. */
static bool
is_replaced(struct str s)
{
	static const struct {
		uint32_t net;
		int bits;
	} local[] = { { 0x00000000, 8 }, { 0x0a000000, 8 }, { 0x64400000, 10 },
		{ 0x7f000000, 8 }, { 0xa9fe0000, 16 }, { 0xac100000, 12 },
		{ 0xc0000000, 29 }, { 0xc00000aa, 31 }, { 0xc0000200, 24 },
		{ 0xc0a80000, 16 }, { 0xc6120000, 15 }, { 0xc6336400, 24 },
		{ 0xcb007100, 24 }, { 0xf0000000, 4 } };
	uint32_t ip;
	size_t i;

	if (pii_ipv4(s.p, s.p + s.n, &ip) != s.n)
		return false;
	for (i = 0; i < sizeof(local) / sizeof(*local); i++)
		if ((ip ^ local[i].net) >> (32 - local[i].bits) == 0)
			return false;
	return true;
}

static int
replacer_init(struct replacer *r, const char *pattern, struct err *e)
{
	PCRE2_SIZE at;
	int code;

	/* \b is Unicode's, as in Python. */
	r->code = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED,
	    PCRE2_UTF | PCRE2_UCP | PCRE2_NO_UTF_CHECK, &code, &at, NULL);
	if (r->code)
		r->match = pcre2_match_data_create(1, NULL);
	if (!r->match)
		return err_nomem(e, "a pattern");
	pcre2_jit_compile(r->code, PCRE2_JIT_COMPLETE);
	return 0;
}

static void
replacer_free(struct replacer *r)
{
	pcre2_match_data_free(r->match);
	pcre2_code_free(r->code);
}

int
pii_fineweb_new(struct pii_fineweb **made, struct err *e)
{
	struct pii_fineweb *f = calloc(1, sizeof(*f));

	if (!f)
		return err_nomem(e, "patterns");
	f->email = (struct replacer){ .type = PII_EMAIL,
		.with = emails,
		.nwith = sizeof(emails) / sizeof(*emails) };
	f->ip = (struct replacer){ .type = PII_IP,
		.with = ips,
		.nwith = sizeof(ips) / sizeof(*ips),
		.check = is_replaced };
	if (replacer_init(&f->email, email_pattern, e) < 0 ||
	    replacer_init(&f->ip, ip_pattern, e) < 0) {
		pii_fineweb_free(f);
		return e->code;
	}
	*made = f;
	return 0;
}

void
pii_fineweb_free(struct pii_fineweb *f)
{
	if (!f)
		return;
	replacer_free(&f->email);
	replacer_free(&f->ip);
	buf_free(&f->first);
	buf_free(&f->second);
	free(f);
}

/* The next match from `from` on: its place; 0 if there is none. */
static int
next_match(const struct replacer *r, struct str text, size_t from,
    struct str *found, struct err *e)
{
	const PCRE2_SIZE *at = pcre2_get_ovector_pointer(r->match);
	int rc = pcre2_match(r->code, (PCRE2_SPTR)text.p, text.n, from,
	    PCRE2_NO_UTF_CHECK, r->match, NULL);

	if (rc == PCRE2_ERROR_NOMATCH)
		return 0;
	if (rc < 0)
		return err_set(e, ERR_ARG,
		    "looking for %s takes too many steps (PCRE2 says %d)",
		    pii_name(r->type), rc);
	*found = (struct str){ text.p + at[0], at[1] - at[0] };
	return 1;
}

static int
replace_all(const struct replacer *r, struct str text, struct pii_found *found,
    struct buf *out, struct err *e)
{
	size_t at = 0, turn = 0;
	struct str m;
	int rc;

	buf_clear(out);
	while ((rc = next_match(r, text, at, &m, e)) > 0) {
		size_t from = (size_t)(m.p - text.p);

		buf_put(out, text.p + at, from - at);
		at = from + m.n;
		if (r->check && !r->check(m)) {
			buf_str(out, m);
			continue;
		}
		buf_puts(out, r->with[turn++ % r->nwith]);
		found->count[r->type]++;
		if (pii_add(found, r->type, from, m.n, e) < 0)
			return e->code;
	}
	if (rc < 0)
		return rc;
	buf_put(out, text.p + at, text.n - at);
	return buf_ok(out, e);
}

int
pii_fineweb_apply(struct pii_fineweb *f, struct str text,
    struct pii_found *found, struct str *out, struct err *e)
{
	found->n = 0;
	memset(found->count, 0, sizeof(found->count));
	*out = text;
	if (memchr(text.p, '@', text.n)) {
		if (replace_all(&f->email, text, found, &f->first, e) < 0)
			return e->code;
		*out = buf_view(&f->first);
	}
	if (memchr(out->p, '.', out->n)) {
		if (replace_all(&f->ip, *out, found, &f->second, e) < 0)
			return e->code;
		*out = buf_view(&f->second);
	}
	return 0;
}
