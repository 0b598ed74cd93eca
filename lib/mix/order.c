/* SPDX-License-Identifier: MIT */
/* PREFIX.order, read. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/hash.h"
#include "io/safetensors.h"
#include "mix/order_impl.h"

int
order_path(const struct shard *s, char path[ORDER_PATH], struct err *e)
{
	if (snprintf(path, ORDER_PATH, "%s.order", s->prefix) < ORDER_PATH)
		return 0;
	return err_set(e, ERR_ARG, "%s: name too long", s->prefix);
}

int
order_digest(const double *v, uint64_t n, char hex[65], struct err *e)
{
	struct sha256 *h = sha256_new();

	if (!h)
		return err_nomem(e, "a digest");
	sha256_add(h, v, n * sizeof(*v));
	sha256_hex(h, hex);
	sha256_free(h);
	return 0;
}

int
order_open(const struct shard *s, const char *path, struct safetensors **f,
    struct err *e)
{
	struct str made;

	if (st_open(f, path, e) < 0)
		return e->code == ERR_FORMAT ? e->code = ERR_CHECK : e->code;
	made = st_meta(*f, "bin_sha256");
	if (str_eq(st_meta(*f, "format"), STR("quern order 1")) &&
	    str_eq(made, str_c(s->bin_sha256)))
		return 0;
	st_close(*f);
	*f = NULL;
	return err_set(e, ERR_CHECK,
	    made.p ? "%s: it was made from another %s.bin than this"
		   : "%s: this is no order of the documents of %s",
	    path, s->prefix);
}

int
order_values(const struct shard *s, struct safetensors *f, const char *path,
    const char *key, double **v, char digest[65], struct err *e)
{
	const struct st_tensor *t = st_find(f, key);
	char name[ORDER_KEY + 8];
	uint64_t i;
	int rc;

	*v = NULL;
	snprintf(name, sizeof(name), "sha256.%.*s", ORDER_KEY, key);
	if (t->dtype != ST_F64 || t->rank != 1 || t->shape[0] != s->docs)
		return err_set(e, ERR_CHECK,
		    "%s: '%s' is not a number for each of the %llu documents",
		    path, key, (unsigned long long)s->docs);
	*v = malloc(s->docs * sizeof(**v) + 1);
	if (!*v)
		return err_nomem(e, "an order");
	rc = st_read(f, t, 0, *v, s->docs * sizeof(**v), e);
	if (rc == 0)
		rc = order_digest(*v, s->docs, digest, e);
	if (rc == 0 && !str_eq(st_meta(f, name), str_c(digest)))
		rc = err_set(e, ERR_CHECK,
		    "%s: '%s' has not the digest that it was written with: "
		    "damaged",
		    path, key);
	for (i = 0; rc == 0 && i < s->docs; i++)
		if (!isfinite((*v)[i]))
			rc = err_set(e, ERR_CHECK,
			    "%s: '%s' of document %llu is no number", path, key,
			    (unsigned long long)i);
	if (rc == 0)
		return 0;
	free(*v);
	*v = NULL;
	return rc;
}

/* What is missing or wrong, and the command that writes the file anew. */
static int
say_how(const char *recipe, struct err *e)
{
	struct err why = *e;

	return err_set(e, ERR_CHECK,
	    "%.400s; write it with: quern mix index %s", why.msg, recipe);
}

int
order_read(const struct shard *s, const char *recipe, const char *key,
    double **v, char digest[65], struct err *e)
{
	char path[ORDER_PATH];
	struct safetensors *f = NULL;
	int rc;

	*v = NULL;
	if (order_path(s, path, e) < 0)
		return e->code;
	if (access(path, F_OK) < 0)
		rc = err_set(e, ERR_CHECK,
		    "%s: there is none to tell '%s' of the documents", path,
		    key);
	else
		rc = order_open(s, path, &f, e);
	if (rc == 0 && !st_find(f, key))
		rc = err_set(e, ERR_CHECK,
		    "%s: it does not tell '%s' of the documents", path, key);
	if (rc == 0)
		rc = order_values(s, f, path, key, v, digest, e);
	st_close(f);
	return rc == ERR_CHECK ? say_how(recipe, e) : rc;
}
