/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "extract/lookup.h"
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

static struct lookup tag_names;

void
tags_init(void)
{
	uint32_t i;

	if (tags_find(names[1], strlen(names[1])) == 1)
		return;
	for (i = 1; i < TAG_COUNT; i++)
		lookup_add(&tag_names, names[i], i);
}

enum tag
tags_find(const char *name, size_t n)
{
	return (enum tag)lookup_find(&tag_names, name, n, TAG_NONE);
}
