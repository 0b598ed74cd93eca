/* SPDX-License-Identifier: MIT */
/* Files in one string: lengths as 8 bytes each, path, bytes. */
#include "extract/corpus.h"
#include "extract/field.h"

void
corpus_bundle_put(struct buf *b, struct str path, struct str bytes)
{
	uint64_t n[2] = { path.n, bytes.n };

	buf_put(b, n, sizeof(n));
	buf_str(b, path);
	buf_str(b, bytes);
}

bool
corpus_bundle_next(struct str *rest, struct str *path, struct str *bytes)
{
	uint64_t n[2];

	if (rest->n < sizeof(n))
		return false;
	memcpy(n, rest->p, sizeof(n));
	rest->p += sizeof(n);
	rest->n -= sizeof(n);
	if (n[0] > rest->n || n[1] > rest->n - n[0])
		return false;
	*path = (struct str){ rest->p, (size_t)n[0] };
	*bytes = (struct str){ rest->p + n[0], (size_t)n[1] };
	rest->p += n[0] + n[1];
	rest->n -= (size_t)(n[0] + n[1]);
	return true;
}

static struct str
folder_of(struct str path)
{
	while (path.n && path.p[path.n - 1] != '/')
		path.n--;
	return path;
}

/* Is `path` folder + name, or that with .tex, "./" and "../" worked out? */
static bool
is_path(struct str path, struct str folder, struct str name)
{
	struct str base;

	for (;;) {
		if (str_starts(name, STR("./"))) {
			name = (struct str){ name.p + 2, name.n - 2 };
		} else if (str_starts(name, STR("../")) && folder.n) {
			name = (struct str){ name.p + 3, name.n - 3 };
			folder.n--;
			folder = folder_of(folder);
		} else {
			break;
		}
	}
	if (!str_starts(path, folder))
		return false;
	base = corpus_plain_path(
	    (struct str){ path.p + folder.n, path.n - folder.n });
	if (str_eq(base, name))
		return true;
	return base.n == name.n + 4 && str_starts(base, name) &&
	       str_ends(base, STR(".tex"));
}

struct str
corpus_bundle_find(
    struct str bundle, struct str name, struct str from, struct str *at)
{
	struct str rest, path, bytes, folder = folder_of(from);

	/* By the file that asks, then by any folder above it. */
	for (;;) {
		rest = bundle;
		while (corpus_bundle_next(&rest, &path, &bytes))
			if (is_path(path, folder, name)) {
				*at = path;
				return bytes;
			}
		if (!folder.n)
			break;
		folder.n--;
		folder = folder_of(folder);
	}
	return (struct str){ NULL, 0 };
}
