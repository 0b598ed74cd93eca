/* SPDX-License-Identifier: MIT */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

#include "base/str.h"

/*
 * Memory given back all at once.  All zeros is an empty arena.  Meant for a
 * worker's batch: arena_reset() keeps the blocks, so a warm arena allocates
 * nothing.  Not thread-safe: one arena a thread.
 */
struct arena_block;
struct arena {
	struct arena_block *first, *at;
	size_t used; /* bytes used in at */
};

#ifdef __cplusplus
extern "C" {
#endif
/* n bytes aligned to 16, not cleared; NULL when memory is out. */
void *arena_alloc(struct arena *a, size_t n);
/* A NUL-terminated copy; p is NULL when memory is out. */
struct str arena_dup(struct arena *a, struct str s);
/* "fmt" printed into the arena; p is NULL when memory is out. */
struct str arena_printf(struct arena *a, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Everything allocated so far becomes invalid; the memory is kept. */
void arena_reset(struct arena *a);
void arena_free(struct arena *a);
#ifdef __cplusplus
}
#endif

#endif
