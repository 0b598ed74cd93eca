/* SPDX-License-Identifier: MIT */
#ifndef REPORT_COPY_H
#define REPORT_COPY_H

#include <stdlib.h>

#include "base/str.h"

/* A heap copy with a NUL behind it; NULL when memory is out. */
static inline char *
copy_str(struct str s)
{
	char *p = malloc(s.n + 1);

	if (!p)
		return NULL;
	if (s.n)
		memcpy(p, s.p, s.n);
	p[s.n] = 0;
	return p;
}

#endif
