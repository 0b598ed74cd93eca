/* SPDX-License-Identifier: MIT */
#include "uage.h"

#include <stddef.h>

#include "base/buf.h"

/* Code points of consequence; since: 9, or 10 for all later ones. */
struct run {
	uint32_t first;
	uint16_t n, since;
};

static const struct run runs[] = {
#include "uage.def"
};

enum { RUNS = sizeof(runs) / sizeof(*runs) };

/* 0: it was there, or is of no consequence. */
static unsigned
age(uint32_t cp)
{
	size_t from = 0, to = RUNS, mid;

	while (from < to) {
		mid = (from + to) / 2;
		if (cp < runs[mid].first)
			to = mid;
		else if (cp - runs[mid].first >= runs[mid].n)
			from = mid + 1;
		else
			return runs[mid].since;
	}
	return 0;
}

bool
uage_behind_8(uint32_t cp)
{
	return age(cp) > 8;
}

bool
uage_behind_9(uint32_t cp)
{
	return age(cp) > 9;
}

void
uage_ranges_behind_8(struct buf *to)
{
	size_t i;

	for (i = 0; i < RUNS; i++)
		buf_printf(to, "\\x{%x}-\\x{%x}", runs[i].first,
		    runs[i].first + runs[i].n - 1);
}
