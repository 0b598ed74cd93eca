/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/err.h"
#include "extract/corpus.h"
#include "extract/texstore.h"

enum { MAX_FILES = 4096, MAX_INPUTS = 10000 /* looked at in one file */ };

void
texstore_free(struct texstore *t)
{
	buf_free(&t->bytes);
	free(t->file);
	free(t->seen);
}

void
texstore_clear(struct texstore *t)
{
	buf_clear(&t->bytes);
	t->n = t->next = 0;
	t->sorted = false;
}

bool
texstore_fits(const struct texstore *t, size_t n, uint64_t max)
{
	return t->n < MAX_FILES && t->bytes.n + n <= max;
}

int
texstore_add(struct texstore *t, const struct texfile *f, struct str path,
    struct str text, struct err *e)
{
	struct texfile *more, *to;
	size_t cap;

	if (t->n == t->cap) {
		cap = t->cap ? 2 * t->cap : 16;
		more = realloc(t->file, cap * sizeof(*more));
		if (!more)
			return err_nomem(e, "TeX files");
		t->file = more;
		t->cap = cap;
	}
	to = &t->file[t->n++];
	*to = *f;
	to->path = t->bytes.n;
	to->path_n = path.n;
	buf_str(&t->bytes, path);
	to->text = t->bytes.n;
	to->text_n = text.n;
	buf_str(&t->bytes, text);
	return buf_ok(&t->bytes, e);
}

/* The file that `name` means in file i; t->n if it isn't there. */
static size_t
resolve(
    const struct texstore *t, const struct buf *all, struct str name, size_t i)
{
	struct str at, found;
	size_t k;

	found =
	    corpus_bundle_find(buf_view(all), name, texstore_path(t, i), &at);
	for (k = 0; found.p && k < t->n; k++)
		if (str_eq(texstore_path(t, k), at))
			return k;
	return t->n;
}

static void
all_files(const struct texstore *t, struct buf *all)
{
	size_t i;

	for (i = 0; i < t->n; i++)
		corpus_bundle_put(
		    all, texstore_path(t, i), (struct str){ NULL, 0 });
}

static bool
declares_class(struct str s)
{
	return corpus_find(s, STR("\\documentclass")) < s.n ||
	       corpus_find(s, STR("\\documentstyle")) < s.n;
}

int
texstore_sort(struct texstore *t, struct err *e)
{
	struct buf all = { 0 };
	struct str name;
	size_t i, k, rest, at, looks;

	all_files(t, &all);
	for (i = 0; i < t->n; i++) {
		t->file[i].by = i;
		t->file[i].root = true;
	}
	for (i = 0; i < t->n; i++) {
		rest = looks = 0;
		while (
		    looks++ < MAX_INPUTS &&
		    corpus_tex_input(texstore_text(t, i), &rest, &at, &name)) {
			k = resolve(t, &all, name, i);
			if (k == t->n || k == i ||
			    declares_class(texstore_text(t, k)))
				continue;
			t->file[k].root = false;
			t->file[k].by = i;
		}
	}
	t->sorted = true;
	i = (size_t)buf_ok(&all, e);
	buf_free(&all);
	return (int)i;
}

/* Depth first; t->seen stops circles. */
static void
gather(struct texstore *t, const struct buf *all, size_t i, int depth,
    struct buf *bundle)
{
	struct str name;
	size_t rest = 0, at, k, looks = 0;

	while (depth < 16 && looks++ < MAX_INPUTS &&
	       corpus_tex_input(texstore_text(t, i), &rest, &at, &name)) {
		k = resolve(t, all, name, i);
		if (k == t->n || t->seen[k])
			continue;
		t->seen[k] = true;
		corpus_bundle_put(
		    bundle, texstore_path(t, k), texstore_text(t, k));
		gather(t, all, k, depth + 1, bundle);
	}
}

int
texstore_bundle(struct texstore *t, size_t i, struct buf *bundle, struct err *e)
{
	struct buf all = { 0 };
	int rc;

	free(t->seen);
	t->seen = calloc(t->n, sizeof(*t->seen));
	if (!t->seen)
		return err_nomem(e, "TeX files");
	t->seen[i] = true;
	all_files(t, &all);
	gather(t, &all, i, 0, bundle);
	rc = buf_ok(&all, e);
	buf_free(&all);
	return rc < 0 ? rc : buf_ok(bundle, e);
}
