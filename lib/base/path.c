/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/path.h"

enum { MAX_DEPTH = 64 };

const char *
path_base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Match one character against [...]; *end gets what follows the bracket. */
static bool
match_class(const char *p, char c, const char **end)
{
	bool negate = *p == '!' || *p == '^', found = false;
	const char *start;

	p += negate;
	for (start = p; *p && (*p != ']' || p == start); p++) {
		if (p[1] == '-' && p[2] && p[2] != ']') {
			found |= p[0] <= c && c <= p[2];
			p += 2;
		} else {
			found |= *p == c;
		}
	}
	*end = *p ? p + 1 : p;
	return c && c != '/' && found != negate;
}

bool
path_match(const char *p, const char *s)
{
	const char *end;

	for (; *p; p++, s++) {
		if (p[0] == '*' && p[1] == '*') {
			p += 2;
			p += *p == '/';
			for (;; s++) {
				if (path_match(p, s))
					return true;
				if (!*s)
					return false;
			}
		}
		if (*p == '*') {
			for (;; s++) {
				if (path_match(p + 1, s))
					return true;
				if (!*s || *s == '/')
					return false;
			}
		}
		if (*p == '[') {
			if (!match_class(p + 1, *s, &end))
				return false;
			p = end - 1;
		} else if (*p == '?' ? !*s || *s == '/' : *p != *s) {
			return false;
		}
	}
	return !*s;
}

static int
add(struct paths *p, const char *name, struct err *e)
{
	char **v = realloc(p->v, (p->n + 1) * sizeof(*v));
	char *copy = strdup(name);

	if (v)
		p->v = v;
	if (!v || !copy) {
		free(copy);
		return err_nomem(e, "file names");
	}
	p->v[p->n++] = copy;
	return 0;
}

/* Add every file below dir that matches (NULL: every file). */
static int
walk(struct paths *p, const char *dir, const char *pattern, int depth,
    struct err *e)
{
	char name[4096];
	struct dirent *d;
	struct stat st;
	DIR *at = opendir(*dir ? dir : ".");
	int rc = 0;

	if (!at)
		return err_errno(e, *dir ? dir : ".", "list the folder");
	while (rc == 0 && (d = readdir(at))) {
		if (d->d_name[0] == '.')
			continue;
		if ((size_t)snprintf(name, sizeof(name), "%s%s%s", dir,
			*dir && dir[strlen(dir) - 1] != '/' ? "/" : "",
			d->d_name) >= sizeof(name))
			rc = err_set(e, ERR_ARG, "%s: name too long", dir);
		else if (stat(name, &st) < 0)
			rc = err_errno(e, name, "look at it");
		else if (S_ISDIR(st.st_mode) && depth < MAX_DEPTH)
			rc = walk(p, name, pattern, depth + 1, e);
		else if (!S_ISDIR(st.st_mode) &&
			 (!pattern || path_match(pattern, name)))
			rc = add(p, name, e);
	}
	closedir(at);
	return rc;
}

static int
by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Walk from the last folder named before the first wildcard. */
static int
expand_pattern(struct paths *p, const char *pattern, struct err *e)
{
	size_t fixed = strcspn(pattern, "*?["), from = p->n;
	char dir[4096];

	while (fixed && pattern[fixed - 1] != '/')
		fixed--;
	if (fixed >= sizeof(dir))
		return err_set(e, ERR_ARG, "%s: name too long", pattern);
	memcpy(dir, pattern, fixed);
	dir[fixed] = '\0';
	if (walk(p, dir, pattern, 0, e) < 0)
		return e->code;
	if (p->n == from)
		return err_set(e, ERR_ARG, "%s: no file matches", pattern);
	return 0;
}

static int
expand(struct paths *p, const char *arg, struct err *e)
{
	size_t from = p->n;
	struct stat st;
	int rc;

	if (strcmp(arg, "-") == 0)
		return add(p, arg, e);
	if (stat(arg, &st) == 0 && !S_ISDIR(st.st_mode))
		return add(p, arg, e);
	if (stat(arg, &st) == 0)
		rc = walk(p, arg, NULL, 0, e);
	else if (strpbrk(arg, "*?["))
		rc = expand_pattern(p, arg, e);
	else
		return err_errno(e, arg, "open it");
	/* Of nothing there is no array either. */
	if (rc == 0 && p->n > from)
		qsort(p->v + from, p->n - from, sizeof(*p->v), by_bytes);
	return rc;
}

static int
take_shard(struct paths *p, const struct opt_shard *shard, struct err *e)
{
	size_t i, n = 0;

	qsort(p->v, p->n, sizeof(*p->v), by_bytes);
	for (i = 0; i < p->n; i++)
		if (strcmp(p->v[i], "-") == 0)
			return err_set(e, ERR_ARG,
			    "--shard takes every N-th file: name files, "
			    "stdin cannot be split");
	for (i = 0; i < p->n; i++) {
		if (i % shard->n == shard->i)
			p->v[n++] = p->v[i];
		else
			free(p->v[i]);
	}
	p->n = n;
	return 0;
}

int
paths_expand(struct paths *p, char *const *args, int n,
    const struct opt_shard *shard, struct err *e)
{
	int i, rc = 0;

	*p = (struct paths){ 0 };
	if (n == 0)
		rc = add(p, "-", e);
	for (i = 0; i < n && rc == 0; i++)
		rc = expand(p, args[i], e);
	if (rc == 0 && shard && shard->n)
		rc = take_shard(p, shard, e);
	if (rc < 0)
		paths_free(p);
	return rc;
}

void
paths_free(struct paths *p)
{
	size_t i;

	for (i = 0; i < p->n; i++)
		free(p->v[i]);
	free(p->v);
	*p = (struct paths){ 0 };
}

uint64_t
paths_size(const struct paths *p)
{
	uint64_t n = 0;
	struct stat st;
	size_t i;

	for (i = 0; i < p->n; i++)
		if (stat(p->v[i], &st) == 0 && S_ISREG(st.st_mode))
			n += (uint64_t)st.st_size;
	return n;
}
