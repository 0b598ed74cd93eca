/* SPDX-License-Identifier: MIT */
#ifndef FILTER_STRS_H
#define FILTER_STRS_H

#include "base/opt.h"
#include "base/str.h"

struct err;

/* The parts of lists that were given as "a,b" "c". */
struct strs {
	struct str *v;
	size_t n;
};

/* The parts point into the list; none is empty (ERR_ARG, naming option). */
int strs_split(struct strs *s, const struct opt_list *list, const char *option,
    struct err *e);
void strs_free(struct strs *s);

#endif
