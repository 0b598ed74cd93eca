/* SPDX-License-Identifier: MIT */
#ifndef IO_SAFETENSORS_H
#define IO_SAFETENSORS_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct err;

/*
 * Named arrays in a file.  Source: the format's description in
 * huggingface/safetensors:
 *	u64 LE  N, bytes of the header, at most 100,000,000
 *	N bytes JSON, begins with '{', may end in spaces:
 *		{"__metadata__": {"key": "string", ...},
 *		 "name": {"dtype": "F32", "shape": [2,3],
 *			  "data_offsets": [begin, end]}, ...}
 *	the data, little-endian, row-major; offsets count from here
 * The arrays cover the data without gaps or overlaps.  Whatever breaks these
 * rules is refused when the file is opened.
 */
enum st_dtype {
	ST_BOOL,
	ST_U8,
	ST_I8,
	ST_F8_E4M3,
	ST_F8_E5M2,
	ST_I16,
	ST_U16,
	ST_F16,
	ST_BF16,
	ST_I32,
	ST_U32,
	ST_F32,
	ST_I64,
	ST_U64,
	ST_F64,
	ST_DTYPES
};

enum { ST_MAX_RANK = 8 };

struct st_tensor {
	const char *name;
	enum st_dtype dtype;
	uint32_t rank; /* 0: one element */
	uint64_t shape[ST_MAX_RANK];
	uint64_t count; /* elements; set by the reader */
	uint64_t at;    /* first byte in the file; set by the reader */
	uint64_t size;  /* bytes; set by the reader */
};

struct safetensors;

/* ERR_FORMAT names the file and what is wrong with it. */
int st_open(struct safetensors **s, const char *path, struct err *e);
/* As st_open() of a header of n bytes before data_size bytes of data; such an
 * object can't be read from. */
int st_parse(struct safetensors **s, const char *header, size_t n,
    uint64_t data_size, struct err *e);
void st_close(struct safetensors *s);
/* Arrays in the order of their data. */
size_t st_count(const struct safetensors *s);
const struct st_tensor *st_at(const struct safetensors *s, size_t i);
/* NULL if there is none of that name. */
const struct st_tensor *st_find(const struct safetensors *s, const char *name);
/* A string of the metadata; p is NULL if it isn't there. */
struct str st_meta(const struct safetensors *s, const char *key);
/* Bytes `from` .. from + n of an array as they stand.  Thread-safe. */
int st_read(const struct safetensors *s, const struct st_tensor *t,
    uint64_t from, void *to, size_t n, struct err *e);
/*
 * Elements `from` .. from + n as float, from F32, F16, BF16 or F64 (rounded).
 * ERR_FORMAT for other types.  Thread-safe.
 */
int st_read_f32(const struct safetensors *s, const struct st_tensor *t,
    uint64_t from, float *to, size_t n, struct err *e);

/* Bytes an element, and "F32". */
size_t st_dtype_size(enum st_dtype d);
const char *st_dtype_name(enum st_dtype d);

/*
 * Writing: the arrays are declared first, then their data follows in the same
 * order.  Data begins at a multiple of 64 bytes.  The file is whole or absent.
 */
struct st_writer;

/* meta: pairs of strings (key, value), npair of them. */
int st_create(struct st_writer **w, const char *path,
    const struct st_tensor *tensors, size_t n, const char *const (*meta)[2],
    size_t npair, struct err *e);
int st_write(struct st_writer *w, const void *p, size_t n, struct err *e);
/* Sync and give the file its name; frees w whatever happens.  ERR_ARG if the
 * data written isn't what was declared. */
int st_commit(struct st_writer *w, struct err *e);
/* Without st_commit(): no file.  NULL is fine. */
void st_abandon(struct st_writer *w);

#endif
