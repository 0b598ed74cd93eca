/* SPDX-License-Identifier: MIT */
/* Are the shards what they were when they were written? */
#include <string.h>

#include "base/err.h"
#include "mix/mix_impl.h"

static int
verify_shard(const struct shard *s, struct err *e)
{
	if (!s->foreign)
		return shard_verify(s, e);
	if (shard_idx_check(&s->idx, s->tokens, e) < 0)
		return err_prefix(e, "%s.idx", s->prefix);
	return 0;
}

/* Sources may stand for the same shards: once is enough. */
static bool
done_before(const struct mix *m, uint32_t i)
{
	uint32_t j;

	for (j = 0; j < i; j++)
		if (strcmp(m->recipe.sources[j].path,
			m->recipe.sources[i].path) == 0)
			return true;
	return false;
}

int
mix_verify(const struct mix *m, struct err *e)
{
	const struct recipe_source *rs;
	uint32_t i;
	size_t j, first;
	int rc = 0;

	for (i = 0; rc == 0 && i < m->nsource; i++) {
		if (done_before(m, i))
			continue;
		rs = &m->recipe.sources[i];
		first = m->sources[i].n;
#pragma omp parallel for schedule(dynamic)
		for (j = 0; j < m->sources[i].n; j++) {
			struct err mine;

			if (verify_shard(&m->sources[i].shards[j], &mine) == 0)
				continue;
#pragma omp critical(mix_verify)
			if (j < first) { /* the first one is told */
				first = j;
				*e = mine;
				rc = mine.code;
			}
		}
		if (rc < 0)
			err_prefix(e, "%s:%u: source %s", m->recipe.file,
			    rs->line, rs->name.p);
	}
	return rc == ERR_FORMAT ? e->code = ERR_CHECK : rc;
}
