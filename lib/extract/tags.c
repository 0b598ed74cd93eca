/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "extract/tags.h"

static const char *const names[TAG_COUNT] = { "",
#define X(name, flags) #name,
	HTML_TAGS(X)
#undef X
};

const unsigned char tags_flags[TAG_COUNT] = { 0,
#define X(name, flags) flags,
	HTML_TAGS(X)
#undef X
};

static int
compare(const char *name, size_t n, const char *with)
{
	int c = strncmp(name, with, n);

	return c ? c : -(with[n] != '\0');
}

enum tag
tags_find(const char *name, size_t n)
{
	int lo = 1, hi = TAG_COUNT, mid, c;

	while (lo < hi) {
		mid = (lo + hi) / 2;
		c = compare(name, n, names[mid]);
		if (c == 0)
			return (enum tag)mid;
		if (c < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return TAG_NONE;
}
