/* SPDX-License-Identifier: MIT */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct err;

/*
 * A growing byte buffer.  All zeros is an empty one.  Running out of memory is
 * sticky: later puts do nothing, and buf_ok() tells at the end, so that a
 * chain of puts needs one check.
 */
struct buf {
	char *p;
	size_t n;   /* bytes in use */
	size_t cap; /* bytes allocated */
	bool oom;
};

#ifdef __cplusplus
extern "C" {
#endif
void buf_free(struct buf *b);
/* Empty it, keep the memory. */
void buf_clear(struct buf *b);
/* Room for n more bytes after b->n: the place to write them, or NULL. */
char *buf_room(struct buf *b, size_t n);
void buf_put(struct buf *b, const void *p, size_t n);
void buf_putc(struct buf *b, char c);
void buf_str(struct buf *b, struct str s);
void buf_puts(struct buf *b, const char *s);
void buf_printf(struct buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *b, const char *fmt, va_list ap);
/* A JSON string with its quotes; s must be valid UTF-8. */
void buf_json(struct buf *b, struct str s);
/* s as JSON string; bytes that are not UTF-8 become U+FFFD. */
void buf_json_lossy(struct buf *b, struct str s);
/* The shortest decimal that reads back as v; null for NaN and infinities. */
void buf_double(struct buf *b, double v);
void buf_u64(struct buf *b, uint64_t v);
/* Base64 (RFC 4648, padded). */
void buf_base64(struct buf *b, const void *p, size_t n);
/* 0, or ERR_NOMEM if any put since the last clear failed. */
int buf_ok(const struct buf *b, struct err *e);
#ifdef __cplusplus
}
#endif

static inline struct str
buf_view(const struct buf *b)
{
	return (struct str){ b->p, b->n };
}

#endif
