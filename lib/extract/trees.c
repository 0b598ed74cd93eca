/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/err.h"
#include "extract/corpus.h"
#include "extract/trees.h"
#include "extract/unpack.h"
#include "io/stream.h"

enum { MAX_TREES = 100000, MAX_HELD = 16 << 20, LICENCE = 65536 };

void
trees_free(struct trees *t)
{
	buf_free(&t->names);
	free(t->v);
}

void
trees_clear(struct trees *t)
{
	t->n = 0;
	buf_clear(&t->names);
}

int
trees_add(struct trees *t, struct str path, struct str text, struct err *e)
{
	const char *licence = corpus_licence(text);
	struct tree *more;
	size_t cap;

	if (!licence || t->n == MAX_TREES)
		return 0;
	while (path.n && path.p[path.n - 1] != '/')
		path.n--;
	if (t->n == t->cap) {
		cap = t->cap ? 2 * t->cap : 16;
		more = realloc(t->v, cap * sizeof(*more));
		if (!more)
			return err_nomem(e, "licences");
		t->v = more;
		t->cap = cap;
	}
	t->v[t->n++] = (struct tree){ t->names.n, path.n, licence };
	buf_str(&t->names, path);
	return buf_ok(&t->names, e);
}

int
trees_scan(struct trees *t, const char *archive, struct err *e)
{
	struct unpack_entry x;
	struct unpack *u;
	int rc = unpack_open(&u, archive, MAX_HELD, e);

	while (rc == 0 && (rc = unpack_next(u, &x, e)) != 0) {
		if (rc < 0 && rc != ERR_DAMAGE)
			break;
		if (rc == 1 && corpus_is_licence(x.path)) {
			rc = window_fill(x.win, LICENCE, e);
			if (rc == 0)
				rc = trees_add(
				    t, x.path, buf_view(&x.win->b), e);
		} else {
			rc = 0;
		}
	}
	unpack_close(u);
	return rc == ERR_DAMAGE ? 0 : rc;
}

int
trees_scan_paths(struct trees *t, const struct paths *paths, struct err *e)
{
	char text[LICENCE];
	struct in *in;
	ptrdiff_t n;
	size_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < paths->n; i++) {
		if (!corpus_is_licence(str_c(paths->v[i])) ||
		    in_open(&in, paths->v[i], e) < 0)
			continue;
		n = in_fill(in, text, sizeof(text), e);
		if (n > 0)
			rc = trees_add(t, str_c(paths->v[i]),
			    (struct str){ text, (size_t)n }, e);
		in_close(in);
	}
	return rc;
}

const char *
trees_find(const struct trees *t, struct str path)
{
	const char *licence = NULL;
	size_t i, longest = 0;

	for (i = 0; i < t->n; i++) {
		struct str dir = { t->names.p + t->v[i].dir, t->v[i].n };

		if (str_starts(path, dir) && (!licence || dir.n > longest)) {
			licence = t->v[i].licence;
			longest = dir.n;
		}
	}
	return licence;
}
