/* SPDX-License-Identifier: MIT */
#ifndef FILTER_EXPR_NODE_H
#define FILTER_EXPR_NODE_H

/* An expression as expr_parse.c makes it and expr_eval.c reads it. */

#include "base/arena.h"
#include "filter/expr.h"
#include "filter/profile.h"

enum kind { NONE, BOOL, NUMBER, STRING, OTHER };

struct value {
	enum kind kind; /* NONE is null, OTHER an array or object */
	bool truth;
	double number;
	struct str string;
};

enum node_type {
	OR,
	AND,
	NOT,
	COMPARE,
	LITERAL,
	SIGNAL_NAME,
	META_NAME,
	MORE_NAME,
	ID
};

struct node {
	enum node_type type;
	const struct node *a, *b;
	enum compare compare;
	enum signal signal;
	const char *path;
	size_t more;
	struct value value;
};

struct expr {
	struct arena arena;
	const struct node *root;
	bool wanted[SIGNALS];
};

#endif
