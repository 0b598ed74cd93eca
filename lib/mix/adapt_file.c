/* SPDX-License-Identifier: MIT */
/* The file of an adapt line: losses of a reference, or what helps what. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/path.h"
#include "io/stream.h"
#include "mix/mix_impl.h"

/* {"web":3.2,"code":1.1}: every source has one. */
static int
read_reference(struct mix *m, struct json_val root, struct err *e)
{
	uint32_t i;

	m->reference = calloc((size_t)m->nsource + 1, sizeof(double));
	if (!m->reference)
		return err_nomem(e, "losses");
	for (i = 0; i < m->nsource; i++) {
		m->reference[i] = json_double(
		    json_get(root, m->recipe.sources[i].name.p), NAN);
		if (!isfinite(m->reference[i]))
			return err_set(e, ERR_FORMAT,
			    "no loss of source '%s': write {\"%s\":3.2,...}",
			    m->recipe.sources[i].name.p,
			    m->recipe.sources[i].name.p);
	}
	return 0;
}

/* {"web":{"code":0.5}}: reading web helps code; what is missing is 0. */
static int
read_matrix(struct mix *m, struct json_val root, struct err *e)
{
	struct json_iter rows = json_each(root), row;
	struct json_val r, v;
	struct str from, to;
	uint32_t i, j;

	m->matrix = calloc((size_t)m->nsource * m->nsource + 1, sizeof(double));
	if (!m->matrix)
		return err_nomem(e, "a matrix");
	while (json_next(&rows, &from, &r)) {
		if (!mix_find_source(m, from, &i))
			return err_set(e, ERR_FORMAT,
			    "no source is called '%.*s'",
			    (int)(from.n < 60 ? from.n : 60), from.p);
		row = json_each(r);
		while (json_next(&row, &to, &v)) {
			if (!mix_find_source(m, to, &j) ||
			    json_type(v) != JSON_NUMBER)
				return err_set(e, ERR_FORMAT,
				    "'%.*s' of '%s' is no number of a source",
				    (int)(to.n < 60 ? to.n : 60), to.p,
				    m->recipe.sources[i].name.p);
			m->matrix[(size_t)i * m->nsource + j] =
			    json_double(v, 0);
		}
	}
	return 0;
}

static int
read_text(struct mix *m, const char *text, size_t n, struct err *e)
{
	struct json *j;
	int rc = json_parse(&j, text, n, e);

	if (rc < 0)
		return rc;
	rc = json_type(json_root(j)) != JSON_OBJECT
		 ? err_set(e, ERR_FORMAT, "no JSON object")
	     : m->recipe.adapt.kind == ADAPT_DOREMI
		 ? read_reference(m, json_root(j), e)
		 : read_matrix(m, json_root(j), e);
	json_free(j);
	return rc;
}

int
mix_adapt_file(struct mix *m, char **text, size_t *n, struct err *e)
{
	const char *file = m->recipe.adapt.file;
	int dir = (int)(path_base(m->path) - m->path), rc;
	char path[4096];

	*text = NULL;
	*n = 0;
	if (!file)
		return 0;
	if (snprintf(path, sizeof(path), "%.*s%s", *file == '/' ? 0 : dir,
		m->path, file) >= (int)sizeof(path))
		return err_set(e, ERR_ARG, "%s: name too long", file);
	rc = in_slurp(path, text, n, e);
	if (rc == 0 && (rc = read_text(m, *text, *n, e)) < 0)
		err_prefix(e, "%s", path);
	if (rc == 0)
		return 0;
	free(*text);
	*text = NULL;
	return err_prefix(e, "%s:%u", m->recipe.file, m->recipe.adapt.line);
}
