/* SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE
#include "charsmap.h"

#include <endian.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"

static uint32_t
unit_at(const char *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return le32toh(v);
}

int
charsmap_read(struct charsmap *m, struct str file, struct err *e)
{
	size_t bytes = file.n >= 4 ? unit_at(file.p) : 0, i;

	if (file.n < 8 || bytes < 4 || bytes % 4 || bytes > file.n - 4)
		return err_set(e, ERR_FORMAT,
		    "the precompiled rules of normalisation are cut off");
	m->nunit = bytes / 4;
	m->ntext = file.n - 4 - bytes;
	m->units = malloc(bytes);
	m->texts = malloc(m->ntext + 1);
	m->file = (struct str){ malloc(file.n), file.n };
	if (!m->units || !m->texts || !m->file.p) {
		charsmap_free(m);
		return err_nomem(e, "rules of normalisation");
	}
	memcpy((char *)m->file.p, file.p, file.n);
	for (i = 0; i < m->nunit; i++)
		m->units[i] = unit_at(file.p + 4 + 4 * i);
	memcpy(m->texts, file.p + 4 + bytes, m->ntext);
	m->texts[m->ntext] = '\0';
	return 0;
}

void
charsmap_free(struct charsmap *m)
{
	free(m->units);
	free(m->texts);
	free((char *)m->file.p);
	*m = (struct charsmap){ 0 };
}

static uint32_t
offset(uint32_t unit)
{
	return (unit >> 10) << ((unit & 0x200) >> 6);
}

static bool
text_at(const struct charsmap *m, uint32_t at, struct str *to)
{
	if (at >= m->ntext)
		return false;
	*to = str_c(m->texts + at);
	return true;
}

static size_t
search(const struct charsmap *m, struct str s, bool first, struct str *to)
{
	size_t i, found = 0;
	uint32_t at, unit;

	if (!m->nunit)
		return 0;
	at = offset(m->units[0]);
	for (i = 0; i < s.n; i++) {
		at ^= (uint8_t)s.p[i];
		if (at >= m->nunit)
			break;
		unit = m->units[at];
		if ((unit & 0x800000ff) != (uint8_t)s.p[i])
			break;
		at ^= offset(unit);
		if (at >= m->nunit)
			break;
		if (unit >> 8 & 1 &&
		    text_at(m, m->units[at] & 0x7fffffff, to)) {
			found = i + 1;
			if (first)
				break;
		}
	}
	return found;
}

size_t
charsmap_longest(const struct charsmap *m, struct str s, struct str *to)
{
	return search(m, s, false, to);
}

size_t
charsmap_shortest(const struct charsmap *m, struct str s, struct str *to)
{
	return search(m, s, true, to);
}
