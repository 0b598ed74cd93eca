/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "extract/tags.h"

enum { SLOTS = 512 }; /* several times the tags */

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

static struct {
	uint64_t w[2];
	enum tag tag; /* TAG_NONE: free */
} slots[SLOTS];

static size_t
slot_of(const uint64_t w[2])
{
	return ((w[0] ^ w[1] << 7) * UINT64_C(0x9e3779b97f4a7c15)) >> 55;
}

void
tags_init(void)
{
	struct tag_name n;
	size_t i, k;

	for (i = 1; i < TAG_COUNT; i++) {
		n = (struct tag_name){ .n = strlen(names[i]) };
		memcpy(n.w, names[i], n.n);
		if (tags_find(&n) != TAG_NONE)
			return;
		k = slot_of(n.w);
		while (slots[k].tag)
			k = (k + 1) % SLOTS;
		memcpy(slots[k].w, n.w, sizeof(n.w));
		slots[k].tag = (enum tag)i;
	}
}

enum tag
tags_find(const struct tag_name *n)
{
	size_t k = slot_of(n->w);

	for (; slots[k].tag; k = (k + 1) % SLOTS)
		if (slots[k].w[0] == n->w[0] && slots[k].w[1] == n->w[1])
			return n->n <= sizeof(n->w) ? slots[k].tag : TAG_NONE;
	return TAG_NONE;
}
