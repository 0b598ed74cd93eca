/* SPDX-License-Identifier: MIT */
#ifndef TOKENIZER_LEARN_MEMORY_H
#define TOKENIZER_LEARN_MEMORY_H

#include <stdint.h>

struct err;

/* What the tables of learning take, against --memory.  Not thread-safe. */
struct learn_memory {
	uint64_t used, most; /* bytes; most = 0: no limit */
};

/* Take so many bytes more; ERR_ARG if that is more than there is. */
int learn_claim(struct learn_memory *m, uint64_t bytes, struct err *e);
static inline void
learn_release(struct learn_memory *m, uint64_t bytes)
{
	m->used -= bytes;
}

#endif
