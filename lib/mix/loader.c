/* SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "mix/loader.h"

/* Rows first .. first + n of a step. */
struct job {
	uint64_t step;
	uint32_t first, n, seq;
};

struct slot {
	struct job job;
	struct rows rows;
	bool ready, failed;
};

struct loader {
	struct row_source in;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake; /* the thread: there is something to do */
	pthread_cond_t done; /* who waits for a batch, or for the thread */
	/* Guarded by the lock, but for a slot while it is being read. */
	struct slot *slots; /* (ahead): a ring */
	uint32_t ahead, head, used;
	uint32_t rank, ranks;
	bool begun, busy, over, stop; /* over: nothing comes after `last` */
	unsigned also;
	bool loss;
	uint32_t micro;  /* rows that are asked for at a time */
	struct job last; /* the last job asked for or begun */
	uint64_t epoch;  /* changes when the order is broken */
};

/* What is asked for behind a job; false at the end of the run. */
static bool
next_job(const struct loader *x, const struct job *j, struct job *next)
{
	uint64_t first = j->first + j->n + (x->ranks - 1ull) * x->micro;
	uint64_t step = j->step;
	struct step_info s;
	struct err e;

	if (x->in.step(x->in.ctx, step, &s, &e) < 0)
		return false;
	while (first >= s.rows) {
		first = (uint64_t)x->rank * x->micro;
		if (++step >= x->in.steps ||
		    x->in.step(x->in.ctx, step, &s, &e) < 0)
			return false;
	}
	*next = (struct job){ .step = step, .first = (uint32_t)first };
	next->n = s.rows - next->first;
	next->n = next->n < x->micro ? next->n : x->micro;
	next->seq = s.seq;
	return true;
}

/* A batch for the slot behind those used.  Lock held, let go meanwhile. */
static void
read_next(struct loader *x)
{
	struct slot *s = &x->slots[(x->head + x->used) % x->ahead];
	uint64_t epoch = x->epoch;
	struct job soon;
	struct err e;
	int rc;

	if (!next_job(x, &x->last, &s->job)) {
		x->over = true;
		pthread_cond_broadcast(&x->done);
		return;
	}
	x->last = s->job;
	x->used++;
	x->busy = true;
	s->ready = s->failed = false;
	pthread_mutex_unlock(&x->lock);
	if (x->in.hint && next_job(x, &s->job, &soon))
		x->in.hint(x->in.ctx, soon.step, soon.first, soon.n);
	rc = x->in.read(
	    x->in.ctx, s->job.step, s->job.first, s->job.n, &s->rows, &e);
	pthread_mutex_lock(&x->lock);
	x->busy = false;
	if (epoch == x->epoch) {
		s->ready = true;
		s->failed = rc < 0;
	}
	pthread_cond_broadcast(&x->done);
}

static void *
run(void *arg)
{
	struct loader *x = arg;

	pthread_mutex_lock(&x->lock);
	while (!x->stop)
		if (x->begun && !x->over && x->used < x->ahead)
			read_next(x);
		else
			pthread_cond_wait(&x->wake, &x->lock);
	pthread_mutex_unlock(&x->lock);
	return NULL;
}

/* Are these the arrays that are read ahead? */
static bool
same_arrays(const struct loader *x, const struct rows *r)
{
	return (r->info || !(x->also & ROWS_INFO)) == true &&
	       !r->info == !(x->also & ROWS_INFO) &&
	       !r->first == !(x->also & ROWS_FIRST) &&
	       !r->last == !(x->also & ROWS_LAST) && (!r->loss || x->loss);
}

static bool
same_job(const struct job *a, const struct job *b)
{
	return a->step == b->step && a->first == b->first && a->n == b->n;
}

static void
copy(const struct rows *from, const struct rows *to, const struct job *j)
{
	size_t n = j->n, in = n * j->seq;

	memcpy(to->tokens, from->tokens, (in + n) * sizeof(*to->tokens));
	if (to->info)
		memcpy(to->info, from->info, n * sizeof(*to->info));
	if (to->first)
		memcpy(to->first, from->first, in * sizeof(*to->first));
	if (to->last)
		memcpy(to->last, from->last, in * sizeof(*to->last));
	if (to->loss)
		memcpy(to->loss, from->loss, in);
}

/* Is a job at the head of the ring, or what the thread will put there?  Else a
 * caller faster than the thread would read, and send the thread after it. */
static bool
is_next(const struct loader *x, const struct job *j)
{
	struct job next;

	if (x->used)
		return same_job(&x->slots[x->head].job, j);
	return !x->over && next_job(x, &x->last, &next) && same_job(&next, j);
}

/* The batch at the head of the ring, when it is ready.  Lock held. */
static bool
take(struct loader *x, const struct job *j, const struct rows *out)
{
	uint64_t epoch = x->epoch;
	const struct slot *s;

	if (!is_next(x, j) || !same_arrays(x, out))
		return false;
	while (epoch == x->epoch && (x->used || !x->over) &&
	       !(x->used && x->slots[x->head].ready))
		pthread_cond_wait(&x->done, &x->lock);
	s = &x->slots[x->head];
	if (epoch != x->epoch || !x->used || s->failed || !same_job(&s->job, j))
		return false;
	copy(&s->rows, out, &s->job);
	x->head = (x->head + 1) % x->ahead;
	x->used--;
	pthread_cond_signal(&x->wake);
	return true;
}

static void
free_slots(struct loader *x)
{
	uint32_t i;

	for (i = 0; i < x->ahead; i++)
		rows_free(&x->slots[i].rows);
}

/* Read ahead from a job on, as it was asked for.  Lock held. */
static void
begin(struct loader *x, const struct job *j, const struct rows *out)
{
	unsigned also = (out->info ? ROWS_INFO : 0) |
			(out->first ? ROWS_FIRST : 0) |
			(out->last ? ROWS_LAST : 0);
	size_t room;
	struct err e;
	uint32_t i;

	x->epoch++;
	pthread_cond_broadcast(&x->done);
	while (x->busy)
		pthread_cond_wait(&x->done, &x->lock);
	x->head = x->used = 0;
	x->over = false;
	x->last = *j;
	if (x->begun && also == x->also && x->micro >= j->n)
		return;
	/* Rows may be longer, and more of them, in steps to come. */
	x->begun = true;
	x->also = also;
	x->loss = true;
	x->micro = j->n;
	room = (size_t)x->micro * x->in.max_seq;
	free_slots(x);
	for (i = 0; i < x->ahead; i++)
		if (rows_alloc(&x->slots[i].rows, room, also, &e) < 0)
			x->begun = false; /* then nothing is read ahead */
}

static int
loader_read(void *ctx, uint64_t step, uint32_t first, uint32_t n,
    const struct rows *out, struct err *e)
{
	struct job j = { step, first, n, 0 };
	struct loader *x = ctx;
	bool ready;
	int rc;

	pthread_mutex_lock(&x->lock);
	ready = x->begun && take(x, &j, out);
	pthread_mutex_unlock(&x->lock);
	if (ready)
		return 0;
	rc = x->in.read(x->in.ctx, step, first, n, out, e);
	if (rc < 0 || n == 0)
		return rc;
	pthread_mutex_lock(&x->lock);
	begin(x, &j, out);
	pthread_cond_signal(&x->wake);
	pthread_mutex_unlock(&x->lock);
	return 0;
}

static int
loader_step(void *ctx, uint64_t step, struct step_info *info, struct err *e)
{
	const struct loader *x = ctx;

	return x->in.step(x->in.ctx, step, info, e);
}

static struct str
loader_source_name(void *ctx, uint32_t source)
{
	const struct loader *x = ctx;

	return x->in.source_name(x->in.ctx, source);
}

static void
loader_close(void *ctx)
{
	struct loader *x = ctx;

	pthread_mutex_lock(&x->lock);
	x->stop = true;
	pthread_cond_broadcast(&x->wake);
	pthread_mutex_unlock(&x->lock);
	pthread_join(x->thread, NULL);
	if (x->in.close)
		x->in.close(x->in.ctx);
	free_slots(x);
	pthread_cond_destroy(&x->wake);
	pthread_cond_destroy(&x->done);
	pthread_mutex_destroy(&x->lock);
	free(x->slots);
	free(x);
}

int
loader_open(struct row_source *out, const struct row_source *in, uint32_t ahead,
    uint32_t rank, uint32_t ranks, struct err *e)
{
	struct loader *x = calloc(1, sizeof(*x));

	if (x)
		x->slots = calloc(ahead, sizeof(*x->slots));
	if (!x || !x->slots) {
		free(x);
		return err_nomem(e, "rows read ahead");
	}
	x->in = *in;
	x->ahead = ahead;
	x->rank = rank;
	x->ranks = ranks;
	pthread_mutex_init(&x->lock, NULL);
	pthread_cond_init(&x->wake, NULL);
	pthread_cond_init(&x->done, NULL);
	if (pthread_create(&x->thread, NULL, run, x) != 0) {
		free(x->slots);
		free(x);
		return err_set(e, ERR_NOMEM, "no thread to read ahead");
	}
	*out = *in;
	out->ctx = x;
	out->step = loader_step;
	out->read = loader_read;
	out->hint = NULL;
	if (in->source_name)
		out->source_name = loader_source_name;
	out->close = loader_close;
	return 0;
}
