/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/err.h"
#include "filter/strs.h"

static size_t
most_parts(const struct opt_list *list)
{
	size_t i, n = 0;

	for (i = 0; i < list->n; i++)
		n += strlen(list->v[i]) + 1;
	return n;
}

int
strs_split(struct strs *s, const struct opt_list *list, const char *option,
    struct err *e)
{
	const char *p;
	size_t i, n;

	s->n = 0;
	s->v = calloc(most_parts(list) + 1, sizeof(*s->v));
	if (!s->v)
		return err_nomem(e, "options");
	for (i = 0; i < list->n; i++) {
		for (p = list->v[i];; p += n + 1) {
			n = strcspn(p, ",");
			if (n == 0)
				return err_set(e, ERR_ARG,
				    "%s: an empty name in '%s'", option,
				    list->v[i]);
			s->v[s->n++] = (struct str){ p, n };
			if (!p[n])
				break;
		}
	}
	return 0;
}

void
strs_free(struct strs *s)
{
	free(s->v);
	*s = (struct strs){ 0 };
}
