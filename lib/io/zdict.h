/* SPDX-License-Identifier: MIT */
#ifndef IO_ZDICT_H
#define IO_ZDICT_H

#include <stddef.h>
#include <zstd.h>

struct err;

/*
 * The dictionary that a zstd file brings with it, in a skippable frame of this
 * number at its start: as it is, or a zstd frame itself.
 * Source: IIPC, "WARC compressed with zstd", version 0.1.
 */
#define ZDICT_MAGIC 0x184d2a5du
enum { ZDICT_MAX = 64 << 20 }; /* bytes of one, plain or not */

/* Let z use the dictionary in the frame's n bytes (copied). ERR_DAMAGE. */
int zdict_use(ZSTD_DStream *z, const void *p, size_t n, struct err *e);

#endif
