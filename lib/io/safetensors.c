/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "io/json.h"
#include "io/safetensors.h"

enum { MAX_HEADER = 100000000, PREFIX = 8, PIECE = 16384 };

struct safetensors {
	int fd; /* -1: of a header alone */
	char *path;
	struct json *json;
	struct arena names;
	struct st_tensor *t; /* by place */
	size_t n;
	const struct st_tensor **by_name;
};

static const struct {
	const char *name;
	size_t size;
} dtypes[ST_DTYPES] = {
	[ST_BOOL] = { "BOOL", 1 },
	[ST_U8] = { "U8", 1 },
	[ST_I8] = { "I8", 1 },
	[ST_F8_E4M3] = { "F8_E4M3", 1 },
	[ST_F8_E5M2] = { "F8_E5M2", 1 },
	[ST_I16] = { "I16", 2 },
	[ST_U16] = { "U16", 2 },
	[ST_F16] = { "F16", 2 },
	[ST_BF16] = { "BF16", 2 },
	[ST_I32] = { "I32", 4 },
	[ST_U32] = { "U32", 4 },
	[ST_F32] = { "F32", 4 },
	[ST_I64] = { "I64", 8 },
	[ST_U64] = { "U64", 8 },
	[ST_F64] = { "F64", 8 },
};

size_t
st_dtype_size(enum st_dtype d)
{
	return dtypes[d].size;
}

const char *
st_dtype_name(enum st_dtype d)
{
	return dtypes[d].name;
}

static int
read_dtype(struct st_tensor *t, struct json_val v, struct err *e)
{
	struct str s = json_str(v);
	int d;

	for (d = 0; d < ST_DTYPES; d++)
		if (str_eq(s, str_c(dtypes[d].name))) {
			t->dtype = (enum st_dtype)d;
			return 0;
		}
	return err_set(e, ERR_FORMAT, "tensor \"%s\": unknown dtype \"%.*s\"",
	    t->name, (int)(s.n < 20 ? s.n : 20), s.p ? s.p : "");
}

static int
read_shape(struct st_tensor *t, struct json_val v, struct err *e)
{
	struct json_iter it = json_each(v);
	struct json_val x;
	uint64_t dim;

	if (json_type(v) != JSON_ARRAY || json_count(v) > ST_MAX_RANK)
		return err_set(e, ERR_FORMAT,
		    "tensor \"%s\": shape is no list of at most %d numbers",
		    t->name, ST_MAX_RANK);
	t->count = 1;
	while (json_next(&it, NULL, &x)) {
		dim = json_u64(x, UINT64_MAX);
		if (dim == UINT64_MAX ||
		    __builtin_mul_overflow(t->count, dim, &t->count))
			return err_set(e, ERR_FORMAT,
			    "tensor \"%s\": impossible shape", t->name);
		t->shape[t->rank++] = dim;
	}
	if (__builtin_mul_overflow(t->count, st_dtype_size(t->dtype), &t->size))
		return err_set(
		    e, ERR_FORMAT, "tensor \"%s\": impossible shape", t->name);
	return 0;
}

/* Leaves in t->at the offset into the data. */
static int
read_offsets(
    struct st_tensor *t, struct json_val v, uint64_t data_size, struct err *e)
{
	struct json_iter it = json_each(v);
	struct json_val a, b;
	uint64_t begin, end;

	if (json_type(v) != JSON_ARRAY || json_count(v) != 2 ||
	    !json_next(&it, NULL, &a) || !json_next(&it, NULL, &b))
		return err_set(e, ERR_FORMAT,
		    "tensor \"%s\": data_offsets are not two numbers", t->name);
	begin = json_u64(a, UINT64_MAX);
	end = json_u64(b, UINT64_MAX);
	if (begin > end || end > data_size || end - begin != t->size)
		return err_set(e, ERR_FORMAT,
		    "tensor \"%s\": data_offsets don't hold its %llu bytes "
		    "within %llu bytes of data",
		    t->name, (unsigned long long)t->size,
		    (unsigned long long)data_size);
	t->at = begin;
	return 0;
}

static int
read_tensor(struct safetensors *s, struct st_tensor *t, struct str key,
    struct json_val v, uint64_t data_size, struct err *e)
{
	int rc;

	t->name = arena_dup(&s->names, key).p;
	if (!t->name)
		return err_nomem(e, "tensor names");
	if ((rc = read_dtype(t, json_get(v, "dtype"), e)) < 0 ||
	    (rc = read_shape(t, json_get(v, "shape"), e)) < 0)
		return rc;
	return read_offsets(t, json_get(v, "data_offsets"), data_size, e);
}

static int
by_place(const void *a, const void *b)
{
	const struct st_tensor *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	if (x->size != y->size)
		return x->size < y->size ? -1 : 1;
	return strcmp(x->name, y->name);
}

static int
by_name(const void *a, const void *b)
{
	const struct st_tensor *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

static int
check_layout(struct safetensors *s, uint64_t data_size, struct err *e)
{
	uint64_t at = 0;
	size_t i;

	qsort(s->t, s->n, sizeof(*s->t), by_place);
	for (i = 0; i < s->n; i++) {
		if (s->t[i].at != at)
			return err_set(e, ERR_FORMAT,
			    "tensor \"%s\": %s before it", s->t[i].name,
			    s->t[i].at < at ? "overlaps the one"
					    : "a gap in the data");
		at += s->t[i].size;
		s->by_name[i] = &s->t[i];
	}
	if (at != data_size)
		return err_set(e, ERR_FORMAT,
		    "%llu bytes of data belong to no tensor",
		    (unsigned long long)(data_size - at));
	qsort(s->by_name, s->n, sizeof(*s->by_name), by_name);
	for (i = 1; i < s->n; i++)
		if (strcmp(s->by_name[i - 1]->name, s->by_name[i]->name) == 0)
			return err_set(e, ERR_FORMAT,
			    "two tensors are called \"%s\"",
			    s->by_name[i]->name);
	return 0;
}

static int
read_header(struct safetensors *s, const char *p, size_t n, uint64_t data_size,
    struct err *e)
{
	struct json_iter it;
	struct json_val v;
	struct str key;

	if (n == 0 || p[0] != '{')
		return err_set(e, ERR_FORMAT, "the header is no JSON object");
	if (json_parse(&s->json, p, n, e) < 0)
		return err_prefix(e, "the header");
	s->t = calloc(json_count(json_root(s->json)) + 1, sizeof(*s->t));
	s->by_name =
	    calloc(json_count(json_root(s->json)) + 1, sizeof(*s->by_name));
	if (!s->t || !s->by_name)
		return err_nomem(e, "a list of tensors");
	it = json_each(json_root(s->json));
	while (json_next(&it, &key, &v)) {
		if (str_eq(key, STR("__metadata__")))
			continue;
		if (read_tensor(s, &s->t[s->n++], key, v, data_size, e) < 0)
			return e->code;
	}
	return check_layout(s, data_size, e);
}

int
st_parse(struct safetensors **out, const char *header, size_t n,
    uint64_t data_size, struct err *e)
{
	struct safetensors *s = calloc(1, sizeof(*s));
	int rc;

	*out = NULL;
	if (!s)
		return err_nomem(e, "a safetensors header");
	s->fd = -1;
	rc = read_header(s, header, n, data_size, e);
	if (rc < 0)
		st_close(s);
	else
		*out = s;
	return rc;
}

/* All n bytes at an offset; the file ending before them is ERR_FORMAT. */
static int
read_at(int fd, const char *path, void *p, size_t n, uint64_t at, struct err *e)
{
	size_t done = 0;
	ssize_t r;

	while (done < n) {
		r = pread(fd, (char *)p + done, n - done, (off_t)(at + done));
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return err_errno(e, path, "read it");
		if (r == 0)
			return err_set(e, ERR_FORMAT, "%s: ends at byte %llu",
			    path, (unsigned long long)(at + done));
		done += (size_t)r;
	}
	return 0;
}

/* The header of an open file, malloc'd. */
static int
get_header(int fd, const char *path, char **p, uint64_t *n, uint64_t *rest,
    struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_errno(e, path, "look at it");
	if (read_at(fd, path, n, PREFIX, 0, e) < 0)
		return e->code;
	if (*n > MAX_HEADER || *n > (uint64_t)st.st_size - PREFIX)
		return err_set(e, ERR_FORMAT,
		    "%s: a header of %llu bytes: no safetensors file", path,
		    (unsigned long long)*n);
	*rest = (uint64_t)st.st_size - PREFIX - *n;
	*p = malloc((size_t)*n + 1);
	if (!*p)
		return err_nomem(e, "a safetensors header");
	return read_at(fd, path, *p, (size_t)*n, PREFIX, e);
}

int
st_open(struct safetensors **out, const char *path, struct err *e)
{
	struct safetensors *s = NULL;
	char *header = NULL;
	uint64_t n = 0, rest = 0;
	size_t i;
	int fd, rc;

	*out = NULL;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_errno(e, path, "open it");
	rc = get_header(fd, path, &header, &n, &rest, e);
	if (rc == 0) {
		rc = st_parse(&s, header, (size_t)n, rest, e);
		if (rc < 0)
			err_prefix(e, "%s", path);
	}
	free(header);
	if (rc < 0) {
		close(fd);
		return rc;
	}
	s->fd = fd;
	s->path = strdup(path);
	for (i = 0; i < s->n; i++)
		s->t[i].at += PREFIX + n;
	if (!s->path) {
		st_close(s);
		return err_nomem(e, "a file name");
	}
	*out = s;
	return 0;
}

void
st_close(struct safetensors *s)
{
	if (!s)
		return;
	if (s->fd >= 0)
		close(s->fd);
	json_free(s->json);
	arena_free(&s->names);
	free(s->path);
	free(s->t);
	free(s->by_name);
	free(s);
}

size_t
st_count(const struct safetensors *s)
{
	return s->n;
}

const struct st_tensor *
st_at(const struct safetensors *s, size_t i)
{
	return &s->t[i];
}

const struct st_tensor *
st_find(const struct safetensors *s, const char *name)
{
	const struct st_tensor key = { .name = name }, *k = &key, **at;

	if (s->n == 0)
		return NULL;
	at = bsearch(&k, s->by_name, s->n, sizeof(*s->by_name), by_name);
	return at ? *at : NULL;
}

struct str
st_meta(const struct safetensors *s, const char *key)
{
	return json_str(
	    json_get(json_get(json_root(s->json), "__metadata__"), key));
}

int
st_read(const struct safetensors *s, const struct st_tensor *t, uint64_t from,
    void *to, size_t n, struct err *e)
{
	if (s->fd < 0 || from > t->size || n > t->size - from)
		return err_set(e, ERR_ARG, "tensor \"%s\" has %llu bytes",
		    t->name, (unsigned long long)t->size);
	return read_at(s->fd, s->path, to, n, t->at + from, e);
}

static float
from_bits(uint32_t u)
{
	float f;

	memcpy(&f, &u, sizeof(f));
	return f;
}

/* IEEE 754 binary16: 1 sign, 5 exponent, 10 fraction bits. */
static float
from_f16(uint16_t h)
{
	uint32_t sign = (uint32_t)(h & 0x8000) << 16, rest = h & 0x7fff;
	float f;

	if (rest >= 0x7c00)
		return from_bits(sign | 0x7f800000 | (rest & 0x3ff) << 13);
	/* Read as a float, the value is 2^112 too small. */
	f = from_bits(rest << 13) * 0x1p112f;
	return sign ? -f : f;
}

static float
element(enum st_dtype d, const char *p, size_t i)
{
	uint16_t half;
	double wide;
	float f;

	if (d == ST_F32) {
		memcpy(&f, p + i * 4, sizeof(f));
		return f;
	}
	if (d == ST_F64) {
		memcpy(&wide, p + i * 8, sizeof(wide));
		return (float)wide;
	}
	memcpy(&half, p + i * 2, sizeof(half));
	return d == ST_F16 ? from_f16(half) : from_bits((uint32_t)half << 16);
}

int
st_read_f32(const struct safetensors *s, const struct st_tensor *t,
    uint64_t from, float *to, size_t n, struct err *e)
{
	size_t size = st_dtype_size(t->dtype), i, j, m;
	char raw[PIECE];

	if (t->dtype == ST_F32)
		return st_read(s, t, from * size, to, n * size, e);
	if (t->dtype != ST_F16 && t->dtype != ST_BF16 && t->dtype != ST_F64)
		return err_set(e, ERR_FORMAT, "tensor \"%s\": %s is no float",
		    t->name, st_dtype_name(t->dtype));
	for (i = 0; i < n; i += m) {
		m = n - i < PIECE / size ? n - i : PIECE / size;
		if (st_read(s, t, (from + i) * size, raw, m * size, e) < 0)
			return e->code;
		for (j = 0; j < m; j++)
			to[i + j] = element(t->dtype, raw, j);
	}
	return 0;
}
