/* SPDX-License-Identifier: MIT */
/*
 * Any bytes up to a NUL as a list of URLs, of a kind that the first one says,
 * those behind it as a URL, which is looked up; so is each line of the list.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "filter/urllist.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
demand(bool ok)
{
	if (!ok)
		abort();
}

static void
look(const struct urllist *l, struct str url)
{
	struct urllist_scratch s = { 0 };
	struct urllist_hit hit;
	struct err e;

	demand(urllist_look(l, url, &s, &hit, &e) == 0);
	demand(!hit.rule || (hit.match.n && hit.value > hit.threshold) ||
	       hit.value >= hit.threshold);
	urllist_scratch_free(&s);
}

static void
look_at_lines(const struct urllist *l, struct str list)
{
	const char *p = list.p, *end = p + list.n, *stop;

	for (; p < end; p = stop + 1) {
		stop = memchr(p, '\n', (size_t)(end - p));
		if (!stop)
			stop = end;
		look(l, (struct str){ p, (size_t)(stop - p) });
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	enum urllist_kind kind;
	struct urllist *l;
	const uint8_t *stop;
	struct str list;
	struct err e;

	if (!n)
		return 0;
	kind = *data++ % URL_KINDS;
	n--;
	stop = n ? memchr(data, 0, n) : NULL;
	list = (struct str){ (const char *)data,
		stop ? (size_t)(stop - data) : n };
	l = urllist_new();
	demand(l);
	if (urllist_parse(l, kind, STR("some"), list, "f", &e) < 0) {
		demand(e.code == ERR_FORMAT);
	} else {
		demand(urllist_seal(l, &e) == 0);
		look_at_lines(l, list);
		if (stop)
			look(l, (struct str){
				    (const char *)stop + 1, n - list.n - 1 });
	}
	urllist_free(l);
	return 0;
}
