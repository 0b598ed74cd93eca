/* SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/par.h"

enum state { FREE, FILLED, BUSY, DONE };

struct slot {
	enum state state;
	void *job;
	int rc; /* of read or work */
	struct err err;
};

struct par {
	const struct par_ops *ops;
	void *ctx;
	struct slot *ring;
	size_t n;
	pthread_mutex_t mu; /* guards everything below and slot states */
	pthread_cond_t cv;
	uint64_t nread;        /* slots filled so far */
	uint64_t nwork;        /* slots taken by workers so far */
	uint64_t nwritten;     /* slots emptied so far */
	bool reading, writing; /* somebody is at it */
	bool eof;              /* nothing more to read */
	bool stop;             /* a failure was reported: drop everything */
	int rc;
	struct err err;
};

struct thread {
	struct par *p;
	pthread_t tid;
	int w;
};

static struct slot *
slot(struct par *p, uint64_t i)
{
	return &p->ring[i % p->n];
}

static bool
can_write(const struct par *p)
{
	return !p->writing && p->nwritten < p->nread &&
	       p->ring[p->nwritten % p->n].state == DONE;
}

static bool
can_read(const struct par *p)
{
	return !p->reading && !p->eof && p->nread - p->nwritten < p->n;
}

static bool
can_work(const struct par *p)
{
	return p->nwork < p->nread;
}

static bool
finished(const struct par *p)
{
	return p->stop || (p->eof && p->nwritten == p->nread);
}

/* Each of the three is called, and returns, with the lock held. */
static void
do_write(struct par *p)
{
	struct slot *s = slot(p, p->nwritten);
	struct err e;
	int rc = s->rc;

	if (rc < 0) {
		e = s->err;
	} else {
		p->writing = true;
		pthread_mutex_unlock(&p->mu);
		rc = p->ops->write(p->ctx, s->job, &e);
		pthread_mutex_lock(&p->mu);
		p->writing = false;
	}
	if (rc < 0) {
		p->stop = true;
		p->rc = rc;
		p->err = e;
	}
	s->state = FREE;
	p->nwritten++;
}

static void
do_read(struct par *p)
{
	struct slot *s = slot(p, p->nread);
	int rc;

	p->reading = true;
	pthread_mutex_unlock(&p->mu);
	rc = p->ops->read(p->ctx, s->job, &s->err);
	pthread_mutex_lock(&p->mu);
	p->reading = false;
	s->rc = rc;
	if (rc > 0)
		s->state = FILLED;
	else if (rc < 0)
		s->state = DONE; /* the error keeps its place in line */
	if (rc != 0)
		p->nread++;
	p->eof = rc <= 0;
}

static void
do_work(struct par *p, int w)
{
	struct slot *s = slot(p, p->nwork++);
	int rc;

	if (s->state != FILLED)
		return; /* a read error */
	s->state = BUSY;
	pthread_mutex_unlock(&p->mu);
	rc = p->ops->work(p->ctx, s->job, w, &s->err);
	pthread_mutex_lock(&p->mu);
	s->rc = rc;
	s->state = DONE;
}

static void *
run(void *arg)
{
	struct thread *t = arg;
	struct par *p = t->p;

	pthread_mutex_lock(&p->mu);
	while (!finished(p)) {
		if (can_write(p))
			do_write(p);
		else if (can_read(p))
			do_read(p);
		else if (can_work(p))
			do_work(p, t->w);
		else {
			pthread_cond_wait(&p->cv, &p->mu);
			continue;
		}
		pthread_cond_broadcast(&p->cv);
	}
	pthread_mutex_unlock(&p->mu);
	return NULL;
}

static int
serial(const struct par_ops *ops, void *ctx, void *job, struct err *e)
{
	int rc;

	while ((rc = ops->read(ctx, job, e)) > 0) {
		if ((rc = ops->work(ctx, job, 0, e)) < 0)
			return rc;
		if ((rc = ops->write(ctx, job, e)) < 0)
			return rc;
	}
	return rc;
}

int
par_run(const struct par_ops *ops, void *ctx, void **jobs, size_t njob,
    int nthread, struct err *e)
{
	struct par p = { .ops = ops, .ctx = ctx, .n = njob };
	struct thread *t;
	int i, n;

	if (nthread <= 1)
		return serial(ops, ctx, jobs[0], e);
	p.ring = calloc(njob, sizeof(*p.ring));
	t = calloc((size_t)nthread, sizeof(*t));
	if (!p.ring || !t) {
		free(t);
		free(p.ring);
		return err_nomem(e, "threads");
	}
	for (size_t k = 0; k < njob; k++)
		p.ring[k].job = jobs[k];
	pthread_mutex_init(&p.mu, NULL);
	pthread_cond_init(&p.cv, NULL);
	for (n = 1; n < nthread; n++) {
		t[n] = (struct thread){ .p = &p, .w = n };
		if (pthread_create(&t[n].tid, NULL, run, &t[n]) != 0)
			break; /* fewer threads give the same bytes */
	}
	t[0] = (struct thread){ .p = &p };
	run(&t[0]);
	for (i = 1; i < n; i++)
		pthread_join(t[i].tid, NULL);
	pthread_cond_destroy(&p.cv);
	pthread_mutex_destroy(&p.mu);
	if (p.rc < 0)
		*e = p.err;
	free(t);
	free(p.ring);
	return p.rc;
}
