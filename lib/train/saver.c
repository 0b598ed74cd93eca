/* SPDX-License-Identifier: MIT */
#include "train/saver.h"

int
saver_open(struct saver *s, const struct net *n, const char *dir,
    const char *tokenizer, uint32_t keep, struct err *e)
{
	*s = (struct saver){ .dir = dir, .tokenizer = tokenizer, .keep = keep };
	if (checkpoint_copy_open(&s->copy, n, e) < 0)
		return e->code;
	s->open = true;
	return 0;
}

static void *
write_copy(void *ctx)
{
	struct saver *s = ctx;

	s->rc =
	    checkpoint_write(s->dir, &s->copy, s->tokenizer, s->keep, &s->e);
	atomic_store(&s->done, true);
	return NULL;
}

int
saver_start(struct saver *s, const struct net *n, struct ranks *ranks,
    const struct checkpoint *c, struct err *e)
{
	if (checkpoint_take(&s->copy, n, ranks, c, e) < 0)
		return e->code;
	atomic_store(&s->done, false);
	if (pthread_create(&s->thread, NULL, write_copy, s) != 0)
		return err_set(
		    e, ERR_IO, "cannot start a thread that writes checkpoints");
	s->under_way = true;
	return 0;
}

int
saver_end(struct saver *s, bool wait, uint64_t *step, struct err *e)
{
	if (!s->under_way || (!wait && !atomic_load(&s->done)))
		return 0;
	pthread_join(s->thread, NULL);
	s->under_way = false;
	if (s->rc < 0) {
		*e = s->e;
		return e->code;
	}
	*step = s->copy.c.step;
	return 1;
}

void
saver_close(struct saver *s)
{
	if (s->under_way)
		pthread_join(s->thread, NULL);
	checkpoint_copy_close(&s->copy);
	*s = (struct saver){ 0 };
}
