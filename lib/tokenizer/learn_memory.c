/* SPDX-License-Identifier: MIT */
#include "learn_memory.h"

#include "base/err.h"

int
learn_claim(struct learn_memory *m, uint64_t bytes, struct err *e)
{
	m->used += bytes;
	if (!m->most || m->used <= m->most)
		return 0;
	return err_set(e, ERR_ARG,
	    "learning takes more than --memory: over %llu MB, for what it "
	    "knows of all distinct pieces at once",
	    (unsigned long long)(m->used >> 20));
}
