/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/err.h"
#include "filter/fasttext_score.h"
#include "filter/fasttext_text.h"

size_t
fasttext_labels(const struct fasttext *f)
{
	return (size_t)f->nlabels;
}

struct str
fasttext_label(const struct fasttext *f, size_t i)
{
	struct str s = f->words[(size_t)f->nwords + i].s;

	if (!str_starts(s, STR(FASTTEXT_LABEL)))
		return s;
	return (struct str){ s.p + sizeof(FASTTEXT_LABEL) - 1,
		s.n - (sizeof(FASTTEXT_LABEL) - 1) };
}

void
fasttext_scratch_free(struct fasttext_scratch *s)
{
	free(s->ids);
	free(s->hashes);
	free(s->cache);
	free(s->hidden);
	free(s->output);
	*s = (struct fasttext_scratch){ 0 };
}

/*
 * Where fastText takes the logistic function from a table, a sum's last bit may
 * turn a step of it, so that sums have to be in its order: row by row.
 */
static bool
in_steps(const struct fasttext *f)
{
	return f->loss == LOSS_OVA || f->loss == LOSS_NS;
}

static int
prepare(const struct fasttext *f, struct fasttext_scratch *s, struct err *e)
{
	if (!s->hidden)
		s->hidden = malloc((size_t)f->dim * sizeof(*s->hidden));
	if (!s->output)
		s->output = malloc(fasttext_score_room(f) * sizeof(*s->output));
	s->failed = 0;
	return s->hidden && s->output && fasttext_cache_open(f, s, in_steps(f))
		   ? 0
		   : err_nomem(e, "a classifier");
}

int
fasttext_guess(const struct fasttext *f, struct fasttext_scratch *s,
    struct str text, size_t k, struct fasttext_guess *guesses, size_t *n,
    struct err *e)
{
	*n = 0;
	if (prepare(f, s, e) < 0)
		return e->code;
	fasttext_average_cached(f, s, text, in_steps(f));
	if (s->failed)
		return err_nomem(e, "a text");
	if (s->nrow && k)
		*n = fasttext_score(f, s, k, guesses);
	return 0;
}
