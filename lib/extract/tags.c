/* SPDX-License-Identifier: MIT */
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

	for (i = 1; i < TAG_COUNT; i++)
		lookup_add(&tag_names, names[i], i);
}

enum tag
tags_find(const struct lookup_word *name)
{
	return (enum tag)lookup_find(&tag_names, name, TAG_NONE);
}
