/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "train/saver.h"

/* An arena of the net, if it has one, and its copy. */
struct arena_pair {
	void **to;
	const void *from;
	size_t n; /* elements */
};
enum { ARENAS = 5 };

static void
pairs(struct net *to, const struct net *from, struct arena_pair v[ARENAS])
{
	const struct program *p = from->p;

	v[0] = (struct arena_pair){ &to->params, from->params, p->params.size };
	v[1] = (struct arena_pair){ &to->m, from->m, p->params.size };
	v[2] = (struct arena_pair){ &to->v, from->v, p->params.size };
	v[3] = (struct arena_pair){ &to->rows, from->rows, p->rows.size };
	v[4] = (struct arena_pair){ &to->cols, from->cols, p->cols.size };
}

uint64_t
saver_memory(const struct program *p, const struct ops *ops)
{
	return ((1 + p->moments) * p->params.size + p->rows.size +
		   p->cols.size) *
	       ops->real;
}

static void
get_host(void *to, const void *from, size_t n)
{
	memcpy(to, from, n);
}

static int
sync_host(struct err *e)
{
	(void)e;
	return 0;
}

static void
free_copy(struct saver *s)
{
	struct arena_pair v[ARENAS];
	int i;

	if (s->copy.p) {
		pairs(&s->copy, &s->copy, v);
		for (i = 0; i < ARENAS; i++)
			free(*v[i].to);
	}
	free(s->c.counts);
	*s = (struct saver){ 0 };
}

int
saver_open(struct saver *s, const struct net *n, const char *dir,
    const char *tokenizer, uint32_t keep, struct err *e)
{
	struct arena_pair v[ARENAS];
	bool ok = true;
	int i;

	*s = (struct saver){ .open = true,
		.copy = { .p = n->p },
		.host = { .real = n->ops->real,
		    .name = n->ops->name,
		    .get = get_host,
		    .sync = sync_host },
		.dir = dir,
		.tokenizer = tokenizer,
		.keep = keep };
	pairs(&s->copy, n, v);
	for (i = 0; i < ARENAS; i++)
		if (v[i].from) {
			*v[i].to = malloc(v[i].n * n->ops->real);
			ok = ok && *v[i].to;
		}
	s->c.counts = malloc(n->p->config.vocab * sizeof(*s->c.counts));
	if (ok && s->c.counts)
		return 0;
	free_copy(s);
	return err_nomem(e, "a copy of what a checkpoint holds");
}

static int
take_copy(struct saver *s, const struct net *n, const struct checkpoint *c,
    struct err *e)
{
	uint64_t *counts = s->c.counts;
	struct arena_pair v[ARENAS];
	int i;

	pairs(&s->copy, n, v);
	for (i = 0; i < ARENAS; i++)
		if (v[i].from)
			n->ops->get(*v[i].to, v[i].from, v[i].n * n->ops->real);
	s->c = *c;
	s->c.counts = counts;
	memcpy(counts, c->counts, n->p->config.vocab * sizeof(*counts));
	return n->ops->sync(e);
}

static void *
write_copy(void *ctx)
{
	struct saver *s = ctx;

	s->copy.ops = &s->host;
	s->rc = checkpoint_save(
	    s->dir, &s->copy, &s->c, s->tokenizer, s->keep, &s->e);
	atomic_store(&s->done, true);
	return NULL;
}

int
saver_start(struct saver *s, const struct net *n, const struct checkpoint *c,
    struct err *e)
{
	if (take_copy(s, n, c, e) < 0)
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
	*step = s->c.step;
	return 1;
}

void
saver_close(struct saver *s)
{
	if (s->under_way)
		pthread_join(s->thread, NULL);
	free_copy(s);
}
