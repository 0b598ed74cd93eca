/* SPDX-License-Identifier: MIT */
#ifndef DEDUP_KEY_H
#define DEDUP_KEY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

/*
 * Records whose order as bytes is that of the values in them, one after the
 * other: numbers stand with their most significant byte first, strings with
 * each zero byte as 00 ff and 00 00 behind them.
 */
void key_u8(struct buf *b, uint8_t v);
void key_u32(struct buf *b, uint32_t v);
void key_u64(struct buf *b, uint64_t v);
void key_str(struct buf *b, struct str s);
/* What has no order, or needs none: n bytes as they are. */
#define key_raw(b, p, n) buf_put(b, p, n)

/*
 * The same from the front of *r, which moves on.  A record that ends too early
 * gives zeros and makes r->p NULL.
 */
uint8_t key_get_u8(struct str *r);
uint32_t key_get_u32(struct str *r);
uint64_t key_get_u64(struct str *r);
/* Appended to out. */
void key_get_str(struct str *r, struct buf *out);
/* Over a string; its bytes as they stand in the record. */
struct str key_skip_str(struct str *r);
void key_get_raw(struct str *r, void *p, size_t n);

#endif
