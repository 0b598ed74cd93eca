/* SPDX-License-Identifier: MIT */
#ifndef IO_JSON_H
#define IO_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct err;

/*
 * JSON read into a tree (simdjson behind a thin face).  To write JSON see
 * buf_json() and buf_double() in base/buf.h.
 *
 * A struct json_val is a small handle, valid as long as its struct json; all
 * zeros is "nothing there".  The getters are total: asked for what isn't there
 * or is of another type, they return the given default, so that reading a
 * config is a row of calls; json_type() tells where a check is needed.
 */
struct json;

struct json_val {
	const void *doc;
	size_t at;
};

enum json_type {
	JSON_NONE, /* not there */
	JSON_NULL,
	JSON_BOOL,
	JSON_NUMBER,
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT,
};

/* Goes over the members of an object or the elements of an array, in order. */
struct json_iter {
	struct json_val at, end;
	bool object;
};

#ifdef __cplusplus
extern "C" {
#endif
/* ERR_FORMAT says what is wrong.  p is copied. */
int json_parse(struct json **j, const char *p, size_t n, struct err *e);
/* A whole file; messages begin with its name. */
int json_load(struct json **j, const char *path, struct err *e);
struct json_val json_root(const struct json *j);
void json_free(struct json *j);

enum json_type json_type(struct json_val v);
/* A member of an object (the first of that name), or nothing. */
struct json_val json_get(struct json_val object, const char *key);
/* As json_get(), through several names: "a.b.c". */
struct json_val json_path(struct json_val object, const char *path);
/* Elements of an array or members of an object; 0 for anything else. */
size_t json_count(struct json_val v);

bool json_bool(struct json_val v, bool otherwise);
double json_double(struct json_val v, double otherwise);
/* A number without a fraction that fits. */
int64_t json_int(struct json_val v, int64_t otherwise);
uint64_t json_u64(struct json_val v, uint64_t otherwise);
/* Unescaped UTF-8, owned by the tree; {NULL, 0} if it is no string. */
struct str json_str(struct json_val v);

/* An iterator over v; one over nothing if v is no array or object. */
struct json_iter json_each(struct json_val v);
/* False at the end.  key may be NULL; it gets {NULL, 0} in an array. */
bool json_next(struct json_iter *it, struct str *key, struct json_val *v);
#ifdef __cplusplus
}
#endif

#endif
